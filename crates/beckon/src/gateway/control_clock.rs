//! The clock over HTTP: what time it is, and moving virtual time forward.

use super::App;
use super::answer::{Failure, json, read_json};
use axum::extract::State;
use axum::response::Response;
use beckon_core::time::Timestamp;
use beckon_wire::limits::CLOCK_MS_MAX;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{Advance, Clock};
use bytes::Bytes;

fn shape(app: &App) -> Clock {
    let clock = app.node.clock();
    Clock { now: clock.now().0, is_virtual: clock.is_virtual() }
}

/// `GET /api/v1/clock`.
pub async fn show(State(app): State<App>) -> Response {
    json(&shape(&app))
}

/// `POST /api/v1/clock`: answers when everything that fell due has happened.
pub async fn advance(State(app): State<App>, body: Bytes) -> Result<Response, Failure> {
    let (to, field) = match read_json(&body)? {
        Advance::To(at) => (at, "/to"),
        Advance::ByMs(ms) => {
            let ms = i64::try_from(ms).unwrap_or(i64::MAX);
            (app.node.clock().now().0.saturating_add(ms), "/by_ms")
        }
    };
    if app.node.clock().is_virtual() && to > CLOCK_MS_MAX {
        let detail = "the clock stops at the year 2100 (4102444800000 ms)";
        return Err(Problem::new(Code::FieldInvalid).with_field(field).with_detail(detail).into());
    }
    app.node.advance(Timestamp(to)).await?;
    app.keep_policy().await;
    Ok(json(&shape(&app)))
}
