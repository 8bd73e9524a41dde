//! `/ws`: a WebSocket a connection (RFC 6455), with one task and small buffers.

use super::super::App;
use super::super::answer::Failure;
use super::{heard, is_allowed, opened};
use crate::in_app::frame::{self, ClientFrame};
use crate::in_app::limits::{
    CLOSE_WAIT, FRAME_BYTES_MAX, HELLO_WAIT, READ_BYTES, WRITE_BYTES, WRITE_BYTES_MAX,
};
use crate::in_app::{Connection, Place};
use axum::Error;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use beckon_sessions::{Close, Frame, Out};
use beckon_wire::problem::Code;
use futures_util::SinkExt as _;

/// The subprotocol.
const PROTOCOL: &str = "beckon.v1";

/// `GET /ws`: a connection.
pub async fn open(
    State(app): State<App>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Failure> {
    if !is_allowed(&app, &headers) {
        return Err(Code::OriginNotAllowed.into());
    }
    let (place, refused) = match app.hub.enter() {
        Ok(place) => (place, None),
        Err(Some(place)) => (place, Some(Close::Full)),
        Err(None) => return Err(Code::Overloaded.into()),
    };
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(WRITE_BYTES)
        .max_write_buffer_size(WRITE_BYTES_MAX)
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| serve(app, socket, place, refused)).into_response())
}

/// A connection from its hello to its end. The place is free when this is over.
async fn serve(app: App, mut socket: WebSocket, _place: Place, refused: Option<Close>) {
    let why = match refused {
        Some(why) => Some(why),
        None => match greet(&app, &mut socket).await {
            Ok(connection) => talk(&connection, &mut socket).await,
            Err(why) => why.inspect(|it| app.hub.tallies().closed(*it)),
        },
    };
    if let Some(why) = why {
        let _ = tokio::time::timeout(CLOSE_WAIT, leave(&mut socket, why)).await;
    }
}

/// Waits for the hello. Without a reason the client has left.
async fn greet(app: &App, socket: &mut WebSocket) -> Result<Connection, Option<Close>> {
    let first = tokio::time::timeout(HELLO_WAIT, async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => return other,
            }
        }
    });
    let text = match first.await {
        Ok(Some(Ok(Message::Text(text)))) => text,
        Ok(Some(Ok(Message::Close(_))) | None) => return Err(None),
        Ok(Some(Err(error))) => return Err(ended_by(&error)),
        Ok(Some(Ok(_))) | Err(_) => return Err(Some(Close::Malformed)),
    };
    match frame::read(&text)? {
        ClientFrame::Hello(hello) => Ok(opened(app, &hello)?),
        _ => Err(Some(Close::Malformed)),
    }
}

/// Frames in both directions, until one of the two ends it. With a reason if that is to be told.
async fn talk(connection: &Connection, socket: &mut WebSocket) -> Option<Close> {
    loop {
        tokio::select! {
            why = connection.changed() => {
                if why.is_some() {
                    return why;
                }
            }
            it = socket.recv() => {
                if let Err(why) = take(connection, it) {
                    return why.inspect(|it| connection.hub().tallies().closed(*it));
                }
            }
        }
        loop {
            let mut out = Vec::new();
            connection.poll(&mut out);
            if out.is_empty() {
                break;
            }
            tokio::select! {
                why = connection.closed() => return Some(why),
                written = write(connection, socket, out) => written.ok()?,
            }
        }
    }
}

/// Takes what the client said. An error without a reason is the end.
fn take(connection: &Connection, it: Option<Result<Message, Error>>) -> Result<(), Option<Close>> {
    match it {
        Some(Ok(Message::Text(text))) => connection.heard(heard(frame::read(&text)?)?),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => connection.heard(Frame::Heard),
        Some(Ok(Message::Binary(_))) => return Err(Some(Close::Malformed)),
        Some(Ok(Message::Close(_))) | None => return Err(None),
        Some(Err(error)) => return Err(ended_by(&error)),
    }
    Ok(())
}

async fn write(
    connection: &Connection,
    socket: &mut WebSocket,
    out: Vec<Out<Utf8Bytes>>,
) -> Result<(), Error> {
    let hub = connection.hub();
    for it in out {
        let message = match it {
            Out::Welcome { session, resumed } => {
                Message::Text(frame::welcome(session, resumed, hub.ping_s(), hub.clock_now()).into())
            }
            Out::Pong => Message::Text(Utf8Bytes::from_static(frame::PONG)),
            Out::Ping => Message::Ping(Bytes::new()),
            Out::Message(text) => Message::Text(text),
        };
        socket.feed(message).await?;
    }
    socket.flush().await
}

/// Says why, and waits until the client has heard it.
async fn leave(socket: &mut WebSocket, why: Close) {
    let frame = CloseFrame { code: why.code(), reason: Utf8Bytes::from_static(why.reason()) };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        while let Some(Ok(_)) = socket.recv().await {}
    }
}

/// What an error of the protocol is told as; `None` when the connection is gone.
fn ended_by(error: &Error) -> Option<Close> {
    let mut source = std::error::Error::source(error);
    while let Some(it) = source {
        let text = it.to_string();
        if text.starts_with("Space limit exceeded") {
            return Some(Close::TooLarge);
        }
        if text.starts_with("UTF-8 encoding error") {
            return Some(Close::Malformed);
        }
        source = it.source();
    }
    None
}
