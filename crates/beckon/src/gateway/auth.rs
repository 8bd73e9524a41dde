//! Keys on requests: where each dialect puts its write key, and the server key of control calls.

use super::App;
use super::answer::Failure;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use beckon_wire::problem::Code;

/// Longest key that is looked at.
const KEY_BYTES_MAX: usize = 512;

/// The key a request carries in its headers: Basic (the user name), Bearer, or `X-Write-Key`.
///
/// A key may hold a colon (Jitsu's `id:secret`), so of the Basic credentials only the last colon, which
/// sets an empty password apart, is taken away.
pub fn header_key(headers: &HeaderMap) -> Option<String> {
    if let Some(key) = headers.get("x-write-key").and_then(|it| it.to_str().ok()) {
        return Some(key.to_owned());
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if rest.len() > KEY_BYTES_MAX {
        return None;
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(rest).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    Some(text.strip_suffix(':').map(str::to_owned).unwrap_or(text))
}

/// Lets control calls through only with a server key.
pub async fn server_key(State(app): State<App>, request: Request, next: Next) -> Response {
    match header_key(request.headers()) {
        None => Failure::from(Code::KeyMissing).into_response(),
        Some(key) if app.keys.current().is_server_key(&key) => next.run(request).await,
        Some(key) if app.keys.current().source(&key).is_some() => {
            Failure::from(Code::KeyNotAllowed).into_response()
        }
        Some(_) => Failure::from(Code::KeyUnknown).into_response(),
    }
}
