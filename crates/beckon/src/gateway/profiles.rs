//! Looking at a shopper, taking all that is known of him along, and forgetting him.

use super::App;
use super::answer::{Failure, json};
use super::resource::{Paging, hex, page_limit};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::id::ShardId;
use beckon_core::limits::SHARDS;
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

/// `GET /api/v1/profiles`: shard by shard, which is in no order that means anything: whoever reads only the
/// beginning has a fair sample. Who comes or is forgotten meanwhile may be missed.
pub async fn list_profiles(
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<Response, Failure> {
    let (limit, after) = (page_limit(&paging)?, paging.cursor.as_deref().map(place_of));
    let mut place = match after {
        None => (0, 0),
        Some(place) => place.ok_or(Code::BadCursor)?,
    };
    let mut found: Vec<Profile> = Vec::new();
    while found.len() < limit && usize::from(place.0) < SHARDS {
        let (shard, wanted) = (ShardId(place.0), limit - found.len());
        let more = app.node.profiles(shard, place.1, wanted).await?;
        place = if more.len() < wanted { (place.0 + 1, 0) } else { (place.0, more[wanted - 1].0 + 1) };
        found.extend(more.into_iter().map(|it| it.1));
    }
    let (names, now) = (|term| app.node.names().text(term), app.node.clock().now());
    let offset_min = default_offset_min(&app);
    let items = found.iter().map(|it| shape::Profile::of(it, &names, now, offset_min)).collect();
    let next = (usize::from(place.0) < SHARDS).then(|| format!("{:02x}{:08x}", place.0, place.1));
    Ok(json(&shape::Page { items, next }))
}

/// Shard and first row of a cursor.
fn place_of(cursor: &str) -> Option<(u8, u32)> {
    let (shard, row) = cursor.split_at_checked(2)?;
    let place = (u8::try_from(hex(shard, 2)?).ok()?, hex(row, 8)?);
    (usize::from(place.0) < SHARDS).then_some(place)
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
