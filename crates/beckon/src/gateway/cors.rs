//! CORS: browsers post events from the shop's pages, and must be able to read every answer.
//!
//! Header names are spelt out: a bare `*` does not cover `Authorization` (Fetch standard, CORS protocol),
//! and Chromium then repeats the preflight for every event. `Retry-After` is exposed because SDKs obey it.

use super::App;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const ALLOW_HEADERS: &str = "authorization, content-type, content-encoding, x-write-key, x-retry-count, \
                             x-enable-debug, x-ip-policy, x-shopper-token, if-match";
const MAX_AGE_S: &str = "7200";

/// Answers preflights and lets pages of the configured origins read answers.
pub async fn cors(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.as_ref().and_then(|it| allowed_origin(&app.origins, it));
    if request.method() == Method::OPTIONS {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let path = request.uri().path();
        if path.starts_with("/whip/") || path.starts_with("/whep/") {
            // RFC 9725, section 4.2: what may be posted there.
            response.headers_mut().insert("accept-post", HeaderValue::from_static("application/sdp"));
        }
        set(response.headers_mut(), allowed, true);
        return response;
    }
    let mut response = next.run(request).await;
    if origin.is_some() {
        set(response.headers_mut(), allowed, false);
    }
    response
}

pub(super) fn allowed_origin(origins: &[String], origin: &HeaderValue) -> Option<HeaderValue> {
    if origins.iter().any(|it| it == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    origins.iter().any(|it| origin.as_bytes() == it.as_bytes()).then(|| origin.clone())
}

fn set(headers: &mut HeaderMap, allowed: Option<HeaderValue>, preflight: bool) {
    let Some(allowed) = allowed else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if preflight {
        let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOW_HEADERS));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_S));
    } else {
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("retry-after, location, etag, link"),
        );
    }
}
