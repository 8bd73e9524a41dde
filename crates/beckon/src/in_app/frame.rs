//! The frames as they travel: JSON texts, described in `docs/in-app.md`.

use super::limits::{FRAME_BYTES_MAX, FRAMES_OF_A_POST_MAX};
use axum::extract::ws::Utf8Bytes;
use beckon_channels::{Content, Message};
use beckon_core::event::DeviceState;
use beckon_core::time::Timestamp;
use beckon_sessions::{Close, SessionId};
use beckon_wire::collect::network;
use beckon_wire::shape::rfc3339;
use serde::{Deserialize, Serialize};

/// A client's frame.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Whose connection it is.
    Hello(Box<HelloFrame>),
    /// These messages were shown or suppressed.
    Ack {
        /// Which.
        ids: Vec<Box<str>>,
    },
    /// The device's state changed.
    State(StateFields),
    /// Say something.
    Ping,
}

/// What a client says first.
#[derive(Debug, Default, Deserialize)]
pub struct HelloFrame {
    /// The source's write key.
    pub write_key: String,
    /// The app or site.
    pub app: Option<String>,
    /// The device.
    pub device: DeviceField,
    /// The visitor.
    pub anonymous_id: Option<String>,
    /// The known shopper.
    pub user_id: Option<String>,
    /// The shopper token that vouches for him.
    pub token: Option<String>,
    /// The session to go on with.
    pub session: Option<String>,
    /// The device's state.
    pub state: Option<StateFields>,
}

/// The device of a hello.
#[derive(Debug, Default, Deserialize)]
pub struct DeviceField {
    /// Its id.
    pub id: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// A device's state in a client's words. What is missing did not change; what we do not know is passed over.
#[derive(Debug, Default, Deserialize)]
pub struct StateFields {
    app_state: Option<String>,
    network: Option<String>,
    battery_level: Option<f64>,
    charging: Option<bool>,
    downlink_kbps: Option<f64>,
}

impl StateFields {
    /// As the sessions know it.
    pub fn state(&self) -> DeviceState {
        let foreground = match self.app_state.as_deref() {
            Some("foreground") => Some(true),
            Some("background") => Some(false),
            _ => None,
        };
        let in_percent = |it: &f64| (0.0..=100.0).contains(it);
        DeviceState {
            foreground,
            battery_pct: self.battery_level.filter(in_percent).map(|it| it.round() as u8),
            charging: self.charging,
            network: self.network.as_deref().and_then(network),
            downlink_kbps: self.downlink_kbps.filter(|it| *it >= 0.0).map(|it| it as u32),
            ..DeviceState::default()
        }
    }
}

/// Reads a client's frame.
pub fn read(text: &str) -> Result<ClientFrame, Close> {
    if text.len() > FRAME_BYTES_MAX {
        return Err(Close::TooLarge);
    }
    serde_json::from_str(text).map_err(|_| Close::Malformed)
}

/// Reads the frames of a post.
pub fn read_post(body: &[u8]) -> Option<Vec<ClientFrame>> {
    #[derive(Deserialize)]
    struct Post {
        frames: Vec<ClientFrame>,
    }
    let post: Post = serde_json::from_slice(body).ok()?;
    (post.frames.len() <= FRAMES_OF_A_POST_MAX).then_some(post.frames)
}

/// A session's name as text.
pub fn session_text(id: SessionId) -> String {
    format!("{:032x}", id.0)
}

/// The session that a text names.
pub fn read_session(text: &str) -> Option<SessionId> {
    let is_one = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
    is_one.then(|| u128::from_str_radix(text, 16).ok().map(SessionId))?
}

/// The answer to a client's ping.
pub const PONG: &str = r#"{"type":"pong"}"#;

/// The answer to a hello.
pub fn welcome(session: SessionId, resumed: bool, ping_s: u32, now: Timestamp) -> String {
    let (session, now) = (session_text(session), rfc3339(now.secs()));
    format!(
        r#"{{"type":"welcome","session":"{session}","resumed":{resumed},"ping_s":{ping_s},"now":"{now}"}}"#
    )
}

/// Why an event stream ends: it has no close codes of its own.
pub fn close(why: Close) -> String {
    serde_json::json!({ "type": "close", "code": why.code(), "reason": why.reason() }).to_string()
}

/// A message's frame.
pub fn message(it: &Message) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Frame<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        message: Content<'a>,
    }
    let frame = Frame { kind: "message", message: Content::of(it) };
    serde_json::to_string(&frame).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_leniently() {
        let read = |text: &str| match read(text) {
            Ok(ClientFrame::State(it)) => it.state(),
            other => panic!("{other:?}"),
        };
        let state = read(
            r#"{"type":"state","app_state":"foreground","network":"wifi","battery_level":41.6,"charging":false,
                "downlink_kbps":2300.5,"room_id":"r-1","show_id":null}"#,
        );
        assert_eq!(state.foreground, Some(true));
        assert_eq!(
            (state.battery_pct, state.charging, state.downlink_kbps),
            (Some(42), Some(false), Some(2300))
        );
        assert_eq!(state.network, Some(beckon_core::event::Network::Wifi));
        let odd = r#"{"type":"state","app_state":"asleep","network":"carrier pigeon","battery_level":101}"#;
        assert_eq!(read(odd), DeviceState::default());
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for text in
            ["", "[]", "{}", r#"{"type":"shout"}"#, r#"{"type":"ack"}"#, r#"{"type":"ack","ids":[1]}"#]
        {
            assert_eq!(read(text).err(), Some(Close::Malformed), "{text}");
        }
        let long = format!(r#"{{"type":"ack","ids":["{}"]}}"#, "x".repeat(FRAME_BYTES_MAX));
        assert_eq!(read(&long).err(), Some(Close::TooLarge));
        assert!(read_post(br#"{"frames":[{"type":"ping"},{"type":"ack","ids":["a"]}]}"#).is_some());
        assert!(read_post(br#"[{"type":"ping"}]"#).is_none());
    }

    #[test]
    fn a_session_is_32_hexadecimal_digits() {
        let id = SessionId(0x0123_4567_89ab_cdef);
        assert_eq!(read_session(&session_text(id)), Some(id));
        for text in ["", "+0123456789abcdef0123456789abcde", "0123", &"g".repeat(32), &"0".repeat(33)] {
            assert_eq!(read_session(text), None, "{text}");
        }
    }
}
