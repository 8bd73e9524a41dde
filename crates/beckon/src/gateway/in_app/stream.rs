//! `/sse`: the same frames for clients between whom and us something breaks WebSockets. The server's frames are an
//! event stream (WHATWG HTML, "Server-sent events"); the client's are posted to the session.

use super::super::App;
use super::super::answer::Failure;
use super::{heard, is_allowed, opened};
use crate::in_app::frame::{self, DeviceField, HelloFrame, read_session};
use crate::in_app::limits::FRAME_BYTES_MAX;
use crate::in_app::{Connection, Place};
use axum::body::Bytes;
use axum::extract::ws::Utf8Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use beckon_sessions::{Close, Out};
use beckon_wire::problem::{Code, Problem};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;

/// A hello as a query.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default, alias = "writeKey")]
    write_key: String,
    app: Option<String>,
    #[serde(default)]
    device: String,
    device_type: Option<String>,
    anonymous_id: Option<String>,
    user_id: Option<String>,
    token: Option<String>,
    session: Option<String>,
}

impl From<Asked> for HelloFrame {
    fn from(it: Asked) -> Self {
        // Browsers are who needs this, and their script has no room for more.
        let kind = Some(it.device_type.unwrap_or_else(|| "web".into()));
        HelloFrame {
            write_key: it.write_key,
            app: it.app,
            device: DeviceField { id: it.device, kind },
            anonymous_id: it.anonymous_id,
            user_id: it.user_id,
            token: it.token,
            session: it.session,
            state: None,
        }
    }
}

/// `GET /sse`: a connection. What a WebSocket is told by its close code is the stream's last event.
pub async fn open(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if !is_allowed(&app, &headers) {
        return Err(Code::OriginNotAllowed.into());
    }
    let opened = match app.hub.enter() {
        Ok(place) => opened(&app, &asked.into()).map(|it| (it, place)),
        Err(Some(_)) => Err(Close::Full),
        Err(None) => return Err(Code::Overloaded.into()),
    };
    let opened = opened.inspect_err(|why| app.hub.tallies().closed(*why));
    let mut response = Sse::new(events(opened)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies of nginx's kind would gather events otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// What an event stream is made from.
enum Reading {
    Open(Connection, Place, VecDeque<Out<Utf8Bytes>>),
    Closing(Close),
    Over,
}

fn events(opened: Result<(Connection, Place), Close>) -> impl Stream<Item = Result<Event, Infallible>> {
    let first = match opened {
        Ok((connection, place)) => Reading::Open(connection, place, VecDeque::new()),
        Err(why) => Reading::Closing(why),
    };
    stream::unfold(first, |reading| async move {
        let (event, reading) = match reading {
            Reading::Open(connection, place, waiting) => next(connection, place, waiting).await,
            Reading::Closing(why) => (Event::default().data(frame::close(why)), Reading::Over),
            Reading::Over => return None,
        };
        Some((Ok(event), reading))
    })
}

async fn next(
    connection: Connection,
    place: Place,
    mut waiting: VecDeque<Out<Utf8Bytes>>,
) -> (Event, Reading) {
    let it = loop {
        if let Some(it) = waiting.pop_front() {
            break it;
        }
        let mut out = Vec::new();
        connection.poll(&mut out);
        if !out.is_empty() {
            waiting.extend(out);
        } else if let Some(why) = connection.changed().await {
            return (Event::default().data(frame::close(why)), Reading::Over);
        }
    };
    let hub = connection.hub();
    let event = match it {
        Out::Welcome { session, resumed } => {
            Event::default().data(frame::welcome(session, resumed, hub.ping_s(), hub.clock_now()))
        }
        Out::Pong => Event::default().data(frame::PONG),
        // Whoever reads the stream does not see it; proxies see that it lives.
        Out::Ping => Event::default().comment("ping"),
        Out::Message(text) => Event::default().data(text.as_str()),
    };
    (event, Reading::Open(connection, place, waiting))
}

/// `POST /sse/{session}`: the client's frames. Whoever knows the session's name speaks for it.
pub async fn post(
    State(app): State<App>,
    Path(session): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    if body.len() > FRAME_BYTES_MAX {
        return Err(Code::BodyTooLarge.into());
    }
    let unfit =
        || Problem::new(Code::BadBody).with_detail("send `{\"frames\": […]}`, each as over the WebSocket");
    let frames = frame::read_post(&body).ok_or_else(unfit)?;
    let frames: Result<Vec<_>, Close> = frames.into_iter().map(heard).collect();
    let frames = frames.map_err(|_| unfit())?;
    let gone = || Problem::new(Code::NotFound).with_detail("the session has no connection: open one first");
    let session = read_session(&session).ok_or_else(gone)?;
    if app.hub.post(session, frames) { Ok(StatusCode::NO_CONTENT) } else { Err(gone().into()) }
}
