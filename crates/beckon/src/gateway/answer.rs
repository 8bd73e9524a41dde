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

/// A JSON body.
pub fn json<T: serde::Serialize>(body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => Failure(Problem::new(Code::Internal).with_detail(error.to_string())).into_response(),
    }
}

/// Reads a JSON body strictly: a misspelt field is an error with its name.
pub fn read_json<'b, T: serde::Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let code = match error.classify() {
            serde_json::error::Category::Data if text.starts_with("unknown field") => Code::FieldUnknown,
            serde_json::error::Category::Data => Code::FieldInvalid,
            _ => Code::BadJson,
        };
        let field = text.split('`').nth(1).filter(|_| code == Code::FieldUnknown).map(str::to_owned);
        Failure(Problem { field, ..Problem::new(code).with_detail(text) })
    })
}

/// Nothing is at this path.
pub async fn path_unknown() -> Failure {
    Code::PathUnknown.into()
}

/// The path does not take this method.
pub async fn method_not_allowed() -> Failure {
    Code::MethodNotAllowed.into()
}
