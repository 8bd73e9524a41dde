//! For those who operate it: health, readiness, metrics, the list of errors.

use super::App;
use super::answer::Failure;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use beckon_wire::problem::{self, Code, Problem};
use std::sync::atomic::Ordering;

/// `GET /healthz`: the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: requests would be taken now.
pub async fn readyz(State(app): State<App>) -> Result<&'static str, Failure> {
    if app.draining.load(Ordering::Relaxed) {
        return Err(Problem::new(Code::NotReady).with_detail("shutting down").into());
    }
    app.node.admits()?;
    Ok("ready\n")
}

/// `GET /metrics`: Prometheus' text format.
pub async fn metrics(State(app): State<App>) -> Result<Response, Failure> {
    let text = super::metrics::render(&app).await?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// `GET /docs/errors`: where a problem's `type` leads.
pub async fn errors() -> Response {
    ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], problem::table()).into_response()
}
