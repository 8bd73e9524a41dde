//! `/docs/*`: the documents for whoever uses a server, compiled into the program, so that they fit it. Those for whoever
//! changes it are not here. They are Markdown, sent as plain text, which every browser shows, under their files' names.

use super::answer::Failure;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use beckon_wire::problem::Code;

macro_rules! documents {
    ($($file:literal,)+) => {
        /// Name and text of each.
        const DOCUMENTS: &[(&str, &str)] = &[$((
            $file,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/", $file)),
        )),+];
    };
}

documents! {
    "audiences.md",
    "beckon.example.toml",
    "channels.md",
    "events.md",
    "in-app.md",
    "operating.md",
    "room-page.md",
    "room.md",
    "shows.md",
    "templates.md",
}

/// `GET /docs/{file}`.
pub async fn file(Path(file): Path<String>) -> Result<Response, Failure> {
    let (_, text) = DOCUMENTS.iter().find(|it| it.0 == file).ok_or(Code::PathUnknown)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], *text).into_response())
}
