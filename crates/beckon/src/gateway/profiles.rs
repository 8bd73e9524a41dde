//! Looking at a shopper, taking all that is known of him along, and forgetting him.

use super::App;
use super::answer::{Failure, json};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::shard::store::Profile;
use beckon_wire::problem::Code;
use beckon_wire::shape;

async fn find(app: &App, id: &str) -> Result<Profile, Failure> {
    app.node.look(id).await?.ok_or(Code::NotFound.into())
}

fn default_offset_min(app: &App) -> i16 {
    app.zones.resolve(&app.default_timezone, app.node.clock().now()).map_or(0, |it| it.offset_min)
}

/// `GET /api/v1/profiles/{id}`: by user id, anonymous id, or a former id.
pub async fn profile(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let found = find(&app, &id).await?;
    let names = |term| app.node.names().text(term);
    Ok(json(&shape::Profile::of(&found, &names, app.node.clock().now(), default_offset_min(&app))))
}

/// `GET /api/v1/profiles/{id}/export`: everything that is held of the shopper.
pub async fn export(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let found = find(&app, &id).await?;
    let names = |term| app.node.names().text(term);
    Ok(json(&shape::Export::of(&found, &names, app.node.clock().now(), default_offset_min(&app))))
}

/// `DELETE /api/v1/profiles/{id}`: the profile cannot be read from the answer on.
pub async fn erase(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    find(&app, &id).await?;
    app.node.erase(&id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
