//! WHIP (RFC 9725) and WHEP: a host's encoder or browser posts an offer to publish in a room, a shopper's browser
//! to watch it. The answer holds all that there is to know, so nothing need be trickled and nothing is polled.

use super::App;
use super::answer::Failure;
use super::auth::header_key;
use super::packed;
use crate::dispatch::tap::BadToken;
use crate::room::{Knock, Rooms};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beckon_core::limits::NAME_BYTES_MAX;
use beckon_room::{Manner, OFFER_BYTES_MAX, Refusal};
use beckon_wire::problem::{Code, Problem};
use bytes::Bytes;
use serde::Deserialize;

/// The media type of offers and answers.
const SDP: &str = "application/sdp";
/// The media type of trickled candidates (RFC 8840).
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// Longest body of an offer; one byte more than is read, so that the room says why.
pub const BODY_BYTES_MAX: usize = OFFER_BYTES_MAX + 1;

fn refused(refusal: &Refusal) -> Failure {
    let code = match refusal {
        Refusal::Unreadable(_) => Code::OfferUnreadable,
        Refusal::TooLong => Code::BodyTooLarge,
        Refusal::Nothing { .. } => Code::OfferUnusable,
        Refusal::Occupied => Code::RoomOccupied,
        Refusal::Full { .. } => Code::RoomFull,
        Refusal::Unknown => Code::NotFound,
    };
    Problem::new(code).with_detail(refusal.to_string()).into()
}

fn rooms(app: &App) -> Result<&Rooms, Failure> {
    let off = || Problem::new(Code::PathUnknown).with_detail("the live room is off: set room.enabled = true");
    app.rooms.as_ref().ok_or_else(|| off().into())
}

/// Whether the request may publish.
fn may_publish(app: &App, room: &str, headers: &HeaderMap) -> Result<(), Failure> {
    let token = header_key(headers).ok_or(Code::KeyMissing)?;
    let allowed = app.tokens.may_publish(room, &token) || app.keys.current().is_server_key(&token);
    if allowed { Ok(()) } else { Err(Code::KeyUnknown.into()) }
}

/// Whether the request may watch: by a ticket, by the tap link of a push into a show of the room, or as the host.
async fn may_watch(app: &App, room: &str, headers: &HeaderMap) -> Result<(), Failure> {
    if app.rooms_open {
        return Ok(());
    }
    let token = header_key(headers).ok_or(Code::KeyMissing)?;
    let now = app.node.clock().now();
    if app.tokens.may_watch(room, &token, now) || may_publish(app, room, headers).is_ok() {
        return Ok(());
    }
    let push = match app.links.read(&token, now) {
        Ok(push) => app.node.push(push).await?.ok_or(Code::LinkExpired)?,
        Err(BadToken::Expired(_)) => return Err(Code::LinkExpired.into()),
        Err(BadToken::Forged) => {
            let detail = "the ticket is not one for this room, or its time is over: GET /api/v1/rooms/{id}/watch gives one";
            return Err(Problem::new(Code::KeyUnknown).with_detail(detail).into());
        }
    };
    let leads_here = app
        .node
        .director(|it| it.stage().show(push.show).is_some_and(|on| on.show.room.text.as_ref() == room));
    if leads_here { Ok(()) } else { Err(Code::KeyNotAllowed.into()) }
}

async fn allow(app: &App, room: &str, publishes: bool, headers: &HeaderMap) -> Result<(), Failure> {
    if room.is_empty() || room.len() > NAME_BYTES_MAX {
        return Err(Code::NotFound.into());
    }
    match publishes {
        true => may_publish(app, room, headers),
        false => may_watch(app, room, headers).await,
    }
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

async fn join(
    app: App,
    room: String,
    publishes: bool,
    manner: Manner,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let rooms = rooms(&app)?;
    allow(&app, &room, publishes, headers).await?;
    if !media_type(headers).eq_ignore_ascii_case(SDP) {
        let detail = "offers are application/sdp";
        return Err(Problem::new(Code::MediaTypeUnknown).with_detail(detail).into());
    }
    let encoding = packed::encoding(headers);
    let offer = packed::unpacked(encoding, body, BODY_BYTES_MAX)?;
    let offer = String::from_utf8(offer.to_vec()).map_err(|_| {
        Failure::from(Problem::new(Code::OfferUnreadable).with_detail("the offer is not UTF-8 text"))
    })?;
    let answered = match rooms.join(Knock { room: room.clone(), publishes, manner, offer }).await {
        Ok(answered) => answered,
        Err(refusal) => {
            let after = match refusal {
                Refusal::Full { retry_after_s, .. } => Some(retry_after_s),
                _ => None,
            };
            let mut response = refused(&refusal).into_response();
            if let Some(after) = after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after));
            }
            return Ok(response);
        }
    };
    // Who packs what it sends unpacks what it gets; others may say so without meaning it.
    let mut response = match !encoding.is_empty() && packed::is_taken(headers) {
        true => {
            let body = packed::packed(&answered.answer.sdp);
            (StatusCode::CREATED, [(header::CONTENT_ENCODING, "gzip")], body).into_response()
        }
        false => (StatusCode::CREATED, answered.answer.sdp).into_response(),
    };
    let headers = response.headers_mut();
    let kind = if publishes { "whip" } else { "whep" };
    let location = format!("/{kind}/{}/{}", escaped(&room), answered.answer.ufrag);
    let text = |text: &str| HeaderValue::from_str(text).map_err(|_| Failure::from(Code::Internal));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    headers.insert(header::LOCATION, text(&location)?);
    headers.insert(header::ETAG, text(&format!("\"{}\"", answered.answer.ufrag))?);
    headers.insert("accept-patch", HeaderValue::from_static(FRAGMENT));
    for server in &app.ice_servers {
        headers.append(header::LINK, text(&format!("<{server}>; rel=\"ice-server\""))?);
    }
    Ok(response)
}

/// A room's id as part of a path.
pub fn escaped(room: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    room.bytes().fold(String::new(), |mut out, byte| {
        match plain(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

async fn leave(
    app: App,
    room: &str,
    publishes: bool,
    name: &str,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    allow(&app, room, publishes, headers).await?;
    rooms(&app)?.leave(room, publishes, name).await.map_err(|refusal| refused(&refusal))?;
    Ok(StatusCode::OK.into_response())
}

/// A candidate is acknowledged and not needed: the client is known by where its checks come from. A restart is
/// refused (RFC 9725 §4.3.1), for a new POST is as fast.
async fn patch(
    app: App,
    room: &str,
    publishes: bool,
    name: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Failure> {
    allow(&app, room, publishes, headers).await?;
    let client = rooms(&app)?.client_name(room, publishes, name).await.ok_or(Code::NotFound)?;
    if media_type(headers) != FRAGMENT {
        let detail = "candidates are application/trickle-ice-sdpfrag";
        return Err(Problem::new(Code::MediaTypeUnknown).with_detail(detail).into());
    }
    let fragment = std::str::from_utf8(body).map_err(|_| Failure::from(Code::OfferUnreadable))?;
    let renamed =
        fragment.lines().filter_map(|line| line.strip_prefix("a=ice-ufrag:")).any(|it| it.trim() != client);
    let wanted = headers.get(header::IF_MATCH).and_then(|it| it.to_str().ok());
    if renamed || wanted == Some("*") {
        return Err(Code::RestartUnsupported.into());
    }
    match wanted {
        Some(tag) if tag.trim_matches('"') != name => Err(Code::SessionChanged.into()),
        _ => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// `POST /whip/{room}`: publishes.
pub async fn whip(
    State(app): State<App>,
    Path(room): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    join(app, room, true, Manner::Fast, &headers, body).await
}

/// What a viewer may ask for.
#[derive(Deserialize)]
pub struct Asked {
    /// How it wants to be let in; `plain` to compare with.
    #[serde(default)]
    join: How,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
enum How {
    #[default]
    Fast,
    Plain,
}

/// `POST /whep/{room}`: watches. `?join=plain` does without all that makes a join fast.
pub async fn whep(
    State(app): State<App>,
    Path(room): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let manner = match asked.join {
        How::Fast => Manner::Fast,
        How::Plain => Manner::Plain,
    };
    join(app, room, false, manner, &headers, body).await
}

/// `DELETE /whip/{room}/{session}`: stops publishing.
pub async fn whip_delete(
    State(app): State<App>,
    Path((room, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    leave(app, &room, true, &name, &headers).await
}

/// `DELETE /whep/{room}/{session}`: stops watching.
pub async fn whep_delete(
    State(app): State<App>,
    Path((room, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    leave(app, &room, false, &name, &headers).await
}

/// `PATCH /whip/{room}/{session}`.
pub async fn whip_patch(
    State(app): State<App>,
    Path((room, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    patch(app, &room, true, &name, &headers, &body).await
}

/// `PATCH /whep/{room}/{session}`.
pub async fn whep_patch(
    State(app): State<App>,
    Path((room, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    patch(app, &room, false, &name, &headers, &body).await
}
