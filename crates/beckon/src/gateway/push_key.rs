//! `GET /v1/push-key`: what browsers subscribe to Web Push with. The key is made when it is first asked for, and kept
//! in the secret store: subscriptions are bound to it.

use super::App;
use super::answer::{Failure, json};
use super::auth::header_key;
use super::channels::not_kept;
use crate::keys;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use beckon_channels::webpush::vapid::Key;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{Channel, PushKey};
use ring::rand::SystemRandom;
use serde::Deserialize;

/// How long a browser may keep the answer, which hardly ever changes.
const CACHE: &str = "private, max-age=300";

/// The query.
#[derive(Deserialize)]
pub struct Asked {
    write_key: Option<String>,
}

/// Answers a source whose key is known, in a header or in the query.
pub async fn push_key(
    State(app): State<App>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let write_key = header_key(&headers).or(asked.write_key).ok_or(Code::KeyMissing)?;
    let known = app.keys.current();
    let not_ours = if known.is_server_key(&write_key) { Code::KeyNotAllowed } else { Code::KeyUnknown };
    known.source(&write_key).ok_or(not_ours)?;
    let public_key = key(&app)?.public().to_owned();
    Ok(([(header::CACHE_CONTROL, CACHE)], json(&PushKey { public_key })).into_response())
}

/// The key of Web Push, which is made if there is none.
pub(super) fn key(app: &App) -> Result<Key, Failure> {
    let random = SystemRandom::new();
    let kept =
        app.secrets.channel_or_make(Channel::WebPush.word(), || Key::make(&random).map_err(Unkept::from));
    let parsed = kept.and_then(|it| Ok(Key::parse(&random, &it)?));
    parsed.map_err(|Unkept(problem)| problem.into())
}

/// Why there is no key.
struct Unkept(Problem);

impl From<keys::Error> for Unkept {
    fn from(error: keys::Error) -> Self {
        Unkept(not_kept(&error))
    }
}

impl From<beckon_channels::webpush::vapid::KeyError> for Unkept {
    fn from(error: beckon_channels::webpush::vapid::KeyError) -> Self {
        Unkept(Problem::new(Code::Internal).with_detail(format!("the key of Web Push: {error}")))
    }
}
