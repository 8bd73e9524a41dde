//! Connections of apps and pages: who may open one, and the two ways in which its frames travel. What becomes of
//! them is the hub's (`crates/beckon/src/in_app`).

pub mod socket;
pub mod stream;

use super::{App, cors};
use crate::in_app::Connection;
use crate::in_app::frame::{ClientFrame, HelloFrame, read_session};
use crate::in_app::limits::ID_BYTES_MAX;
use crate::keys;
use axum::http::{HeaderMap, header};
use beckon_sessions::{Close, Frame, Who};
use beckon_wire::collect::SourceKind;

/// Whether the page that connects may. A browser always names its page, and lets any page open a WebSocket; what is no
/// browser names none.
fn is_allowed(app: &App, headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_none_or(|it| cors::allowed_origin(&app.origins, it).is_some())
}

/// Checks a hello and opens its connection.
fn opened(app: &App, hello: &HelloFrame) -> Result<Connection, Close> {
    let who = who(app, hello)?;
    let session = hello.session.as_deref().and_then(read_session);
    let state = hello.state.as_ref().map(|it| it.state()).unwrap_or_default();
    app.hub.open(who, session, state)
}

/// Whose connection it is to be. What matters of a known shopper is proven as in collect: by a token of the
/// customer's server, where the source asks for it.
fn who(app: &App, hello: &HelloFrame) -> Result<Who, Close> {
    let known = app.keys.current();
    let Some(source) = known.source(&hello.write_key) else {
        let is_other = known.is_server_key(&hello.write_key);
        return Err(if is_other { Close::NotAllowed } else { Close::Refused });
    };
    if source.kind == SourceKind::Server {
        // Its key is a secret of the customer's server, and whoever holds a connection is a shopper.
        return Err(Close::NotAllowed);
    }
    let given = |it: &Option<String>| it.as_deref().filter(|it| !it.is_empty()).map(Box::<str>::from);
    let (user, anonymous) = (given(&hello.user_id), given(&hello.anonymous_id));
    let app_id = given(&hello.app).unwrap_or_default();
    let platform = given(&hello.device.kind).unwrap_or_default();
    let ids = [Some(&app_id), Some(&platform), user.as_ref(), anonymous.as_ref()];
    let is_long = ids.into_iter().flatten().any(|it| it.len() > ID_BYTES_MAX);
    let device = hello.device.id.as_str();
    if device.is_empty() || device.len() > ID_BYTES_MAX || is_long || (user.is_none() && anonymous.is_none())
    {
        return Err(Close::Malformed);
    }
    if let Some(user) = &user
        && source.verify_identity
    {
        let token = hello.token.as_deref().unwrap_or_default();
        let vouched = keys::verify_shopper_token(source, token, app.node.clock().now());
        if vouched.as_deref() != Some(&**user) {
            return Err(Close::Refused);
        }
    }
    Ok(Who { source: source.id, app: app_id, device: device.into(), platform, user, anonymous })
}

/// A client's frame as the sessions know it; a second hello is none.
fn heard(frame: ClientFrame) -> Result<Frame, Close> {
    match frame {
        ClientFrame::Hello(_) => Err(Close::Malformed),
        ClientFrame::Ack { ids } => Ok(Frame::Ack(ids)),
        ClientFrame::State(fields) => Ok(Frame::State(fields.state())),
        ClientFrame::Ping => Ok(Frame::Ping),
    }
}
