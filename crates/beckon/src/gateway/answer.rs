//! Answers: JSON bodies, and problems with their status and `Retry-After`.

use crate::clock;
use crate::runtime::NotTaken;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beckon_wire::problem::{CONTENT_TYPE, Code, Problem};

/// A problem on its way out.
#[derive(Debug)]
pub struct Failure(pub Problem);

impl<T: Into<Problem>> From<T> for Failure {
    fn from(problem: T) -> Self {
        Failure(problem.into())
    }
}

impl From<NotTaken> for Failure {
    fn from(not_taken: NotTaken) -> Self {
        let code = match &not_taken {
            NotTaken::Overloaded => Code::Overloaded,
            NotTaken::Stalled(_) => Code::JournalUnavailable,
            NotTaken::TooLarge(_) => Code::BodyTooLarge,
            NotTaken::Moved(_) => Code::Conflict,
            NotTaken::Stopping => Code::NotReady,
        };
        Failure(Problem::new(code).with_detail(not_taken.to_string()))
    }
}

impl From<clock::Error> for Failure {
    fn from(error: clock::Error) -> Self {
        let code = match &error {
            clock::Error::NotVirtual => Code::ClockNotVirtual,
            clock::Error::Backwards { .. } => Code::ClockBackwards,
        };
        Failure(Problem::new(code).with_detail(error.to_string()))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = self.0;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, serde_json::to_vec(&problem).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some(after) = problem.code.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"beckon\", Bearer"));
        }
        response
    }
}

/// Makes a problem of what the framework refused on its own: a body too long, a parameter unreadable.
pub async fn problems(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let ours = response.headers().get(header::CONTENT_TYPE).is_some_and(|it| it == CONTENT_TYPE);
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let code = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::MediaTypeUnknown,
        StatusCode::NOT_FOUND => Code::PathUnknown,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        status if status.is_client_error() => Code::BadParameter,
        _ => Code::Internal,
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let body =
        http_body_util::BodyExt::collect(http_body_util::Limited::new(response.into_body(), 4096)).await;
    let detail = body.map(|it| String::from_utf8_lossy(&it.to_bytes()).into_owned()).unwrap_or_default();
    let problem = if detail.is_empty() { Problem::new(code) } else { Problem::new(code).with_detail(detail) };
    let mut response = Failure(problem).into_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// A JSON body.
pub fn json<T: serde::Serialize>(body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => Failure(Problem::new(Code::Internal).with_detail(error.to_string())).into_response(),
    }
}

/// Reads a JSON body strictly: a misspelt field is an error with its place.
pub fn read_json<'b, T: serde::Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, Failure> {
    Ok(beckon_wire::put::read(bytes)?)
}

/// Nothing is at this path.
pub async fn path_unknown() -> Failure {
    Code::PathUnknown.into()
}
