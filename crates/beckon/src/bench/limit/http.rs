//! HTTP: the same requests to the same listener, behind which nothing is done with them.

use crate::bench::error::Error;
use crate::bench::limits::WARM_UP;
use crate::bench::load::{self, Outcome, Plan};
use crate::bench::target::{ANY_PORT, runtime};
use crate::gateway;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderName, header};
use axum::routing::post;

/// The load of `plan`, on a server that reads each body and says yes.
pub fn alone(plan: &Plan) -> Result<Outcome, Error> {
    let runtime = runtime()?;
    let bound = runtime.block_on(gateway::bind(ANY_PORT, None)).map_err(Error::io("listen"))?;
    let address = bound.address().map_err(Error::io("listen"))?;
    let router = Router::new().route("/v1/{call}", post(take));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(bound.serve(router, async move {
        let _ = stopped.await;
    }));
    let plan = Plan { address, ..plan.clone() };
    load::run(&Plan { time: WARM_UP / 4, ..plan.clone() })?;
    let outcome = load::run(&plan);
    let _ = stop.send(());
    let _ = runtime.block_on(serving);
    outcome
}

async fn take(body: Bytes) -> ([(HeaderName, &'static str); 1], &'static str) {
    drop(body);
    ([(header::CONTENT_TYPE, "application/json")], "{\"success\":true,\"accepted\":100}")
}
