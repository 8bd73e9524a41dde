//! `GET /`: what this is, for whoever opens a server's address in a browser or asks it with curl.
//!
//! It needs no key, so it says only what anyone may know: the version, and the ways to what else is public.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

const PAGE: &str = include_str!("front.html");

/// The same for programs.
#[derive(Debug, Serialize)]
struct Front {
    name: &'static str,
    version: &'static str,
    about: &'static str,
    links: Links,
}

/// Where to go on.
#[derive(Debug, Serialize)]
struct Links {
    shows: &'static str,
    room: &'static str,
    openapi: &'static str,
    errors: &'static str,
    example: &'static str,
    health: &'static str,
    ready: &'static str,
    metrics: &'static str,
}

const FRONT: Front = Front {
    name: "beckon",
    version: env!("CARGO_PKG_VERSION"),
    about: "precision push for live commerce",
    links: Links {
        shows: "/docs/shows.md",
        room: "/docs/room.md",
        openapi: "/openapi.json",
        errors: "/docs/errors",
        example: "/sdk/example",
        health: "/healthz",
        ready: "/readyz",
        metrics: "/metrics",
    },
};

/// The page for who asks for HTML, as browsers do, and JSON for everyone else.
pub async fn page(headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
        let page = PAGE.replace("{version}", FRONT.version);
        let kind = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::VARY, "accept"),
        ];
        return (kind, page).into_response();
    }
    ([(header::VARY, "accept")], super::answer::json(&FRONT)).into_response()
}
