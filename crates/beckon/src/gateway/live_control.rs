//! The live room for the shop: where and with what a host publishes, tickets to watch, and how a room is doing.

use super::App;
use super::answer::{Failure, json};
use super::live::escaped;
use super::resource::known;
use axum::extract::{Path, State};
use axum::response::Response;
use beckon_core::names::Kind;
use beckon_core::time::Timestamp;
use beckon_wire::problem::Code;
use beckon_wire::shape::{LiveLayer, LiveStatus, LiveWarning, PublishAccess, WatchAccess, rfc3339};

/// How long a ticket is good for, in milliseconds: a long evening.
pub const TICKET_MS: i64 = 12 * 3_600 * 1_000;

/// The room must be in the catalogue: a token for a misspelt one would open a room that nobody finds.
fn known_room(app: &App, id: &str) -> Result<(), Failure> {
    let term = known(app, Kind::Room, id)?;
    if app.node.director(|it| it.catalogue().room(term).is_none()) {
        return Err(Code::NotFound.into());
    }
    Ok(())
}

/// `GET /api/v1/rooms/{id}/publish`: what to enter in the encoder.
pub async fn publish(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    known_room(&app, &id)?;
    let access = PublishAccess {
        url: app.links.absolute(&format!("/whip/{}", escaped(&id))),
        token: app.tokens.publish(&id),
    };
    Ok(json(&access))
}

/// `GET /api/v1/rooms/{id}/watch`: a ticket for a page or an app of the shop.
pub async fn watch(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    known_room(&app, &id)?;
    let ends = Timestamp(app.node.clock().now().0 + TICKET_MS);
    let url = app.links.absolute(&format!("/whep/{}", escaped(&id)));
    Ok(json(&WatchAccess { url, token: app.tokens.ticket(&id, ends), expires_at: rfc3339(ends.secs()) }))
}

/// `GET /api/v1/rooms/{id}/status`: what comes in, who watches, what the host should change.
pub async fn status(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    known_room(&app, &id)?;
    let status = match &app.rooms {
        Some(rooms) => rooms.status(&id).await,
        None => beckon_room::Status::default(),
    };
    let layers = status.layers.iter().map(|layer| LiveLayer {
        name: layer.name.clone(),
        codec: layer.codec.name().to_owned(),
        bits_per_second: layer.bits_per_second,
        key_frame_every_ms: layer.key_frame_every.map(|every| every.as_millis() as u64),
        viewers: layer.viewers as u64,
    });
    let warnings = status
        .warnings
        .iter()
        .map(|warning| LiveWarning { code: warning.code().to_owned(), detail: warning.to_string() });
    Ok(json(&LiveStatus {
        live: status.live,
        publisher: status.publisher,
        audio: status.audio,
        viewers: status.viewers as u64,
        connected: status.connected as u64,
        over_tcp: status.over_tcp as u64,
        layers: layers.collect(),
        warnings: warnings.collect(),
    }))
}
