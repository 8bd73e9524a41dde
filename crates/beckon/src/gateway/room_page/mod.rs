//! The room page: `/t/{token}` is a show's page at the product that a push spoke of, `/r/{show}` the same for anyone.
//!
//! The page comes painted: title, host, product and price stand in the markup, and its script has the offer for the
//! picture under way before the rest is read. It then follows the show's live feed and tells what the shopper does.
//! A tap counts only when the page's script says so: what scans links in messages opens pages, too, and is nobody's
//! tap.

mod assets;
mod events;
mod feed;
mod html;
mod limits;
mod source;
mod state;

use super::App;
use super::answer::{Failure, json};
use super::live_control::TICKET_MS;
use super::shows::show_term;
use crate::dispatch::tap::BadToken;
use assets::Language;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beckon_core::event::{Act, Context, Event, PushAct, Text};
use beckon_core::id::{SourceId, Term, message_key};
use beckon_core::names::Kind;
use beckon_core::push::{Push, PushId};
use beckon_core::time::Timestamp;
use beckon_engine::record::EventsWriter;
use beckon_wire::problem::Code;
pub use feed::Feeds;
use std::sync::Arc;

/// The program's own source: no write key opens it.
const OWN: SourceId = SourceId(0);

/// How a page is asked for.
#[derive(serde::Deserialize)]
pub struct Asked {
    lang: Option<String>,
}

/// Whose page it is.
struct Visit {
    show: Term,
    /// The page's own path.
    base: String,
    /// The push whose link was tapped.
    push: Option<(PushId, Push)>,
}

impl Visit {
    /// By a tap link; `Gone` for one whose time is over.
    async fn by_token(app: &App, token: &str) -> Result<Visit, Failure> {
        let id = match app.links.read(token, app.node.clock().now()) {
            Ok(id) => id,
            Err(BadToken::Forged) => return Err(Code::NotFound.into()),
            Err(BadToken::Expired(_)) => return Err(Code::LinkExpired.into()),
        };
        // A push is forgotten a day after its last purchase could come: then the link is over, too.
        let push = app.node.push(id).await?.ok_or(Code::LinkExpired)?;
        Ok(Visit { show: push.show, base: format!("/t/{token}"), push: Some((id, push)) })
    }

    /// By a show's own address.
    fn by_show(app: &App, id: &str) -> Result<Visit, Failure> {
        Ok(Visit { show: show_term(app, id)?, base: html::path_of(id), push: None })
    }

    /// What lets the page watch Beckon's own room: the tap link itself, which leads there, or a ticket. `None` where
    /// the live room is off.
    fn ticket(&self, app: &App, room: &str) -> Option<String> {
        app.rooms.as_ref()?;
        let tapped = self.push.as_ref().and_then(|_| self.base.strip_prefix("/t/"));
        let ends = || Timestamp(app.node.clock().now().0 + TICKET_MS);
        Some(tapped.map(str::to_owned).unwrap_or_else(|| app.tokens.ticket(room, ends())))
    }

    /// The language of the words that the push was sent in, if it was one of the page's.
    fn language(&self, app: &App) -> Option<Language> {
        let template = self.push.as_ref()?.1.template;
        let tag = app.node.director(|it| it.stage().template(template).map(|it| it.language.text.clone()))?;
        Language::of(&tag)
    }
}

/// `GET /t/{token}`: the page, for the shopper whom a push called.
pub async fn of_tap(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let visit = Visit::by_token(&app, &token).await?;
    html::page(&app, &visit, asked.lang.as_deref(), &headers)
}

/// `GET /r/{show}`: the page, for anyone.
pub async fn of_show(
    State(app): State<App>,
    Path(show): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let visit = Visit::by_show(&app, &show)?;
    html::page(&app, &visit, asked.lang.as_deref(), &headers)
}

/// `GET /t/{token}/now`: what the page shows now, with where to play; for a page whose ticket is no longer taken.
pub async fn now_of_tap(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Failure> {
    now(&app, &Visit::by_token(&app, &token).await?)
}

/// `GET /r/{show}/now`: the same.
pub async fn now_of_show(State(app): State<App>, Path(show): Path<String>) -> Result<Response, Failure> {
    now(&app, &Visit::by_show(&app, &show)?)
}

fn now(app: &App, visit: &Visit) -> Result<Response, Failure> {
    let config = html::Config::of(app, visit, Language::English)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], json(&config.now())).into_response())
}

/// `GET /r/{show}/live`: what changes in the show, as it changes.
pub async fn live(State(app): State<App>, Path(show): Path<String>) -> Result<Response, Failure> {
    let following = app.feeds.follow(&app, show_term(&app, &show)?)?;
    let mut response = Response::new(axum::body::Body::new(following));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers what it passes on would turn "live" into "later".
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// `POST /t/{token}/tapped`: the page's script says that a person opened it. Counts once.
pub async fn tapped(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Failure> {
    let visit = Visit::by_token(&app, &token).await?;
    let Some((id, push)) = visit.push.filter(|it| !it.1.shopper.is_empty()) else {
        // He was erased: nobody's tap is counted.
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let message = id.to_string();
    let name = "Push Notification Tapped";
    let event = Event {
        key: message_key(OWN, &format!("tap {message}")),
        at: app.node.clock().now(),
        user: push.known.then_some(&*push.shopper),
        anonymous: (!push.known).then_some(&*push.shopper),
        name: Text { term: app.node.names().intern(Kind::Event, name), text: name },
        context: Context::default(),
        act: Act::Push { what: PushAct::Tapped, message: &message },
    };
    let mut writer = EventsWriter::new(OWN, 0);
    if writer.event(&event) {
        app.node.append(writer.finish(None), None).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /t/{token}/events`: what the shopper whom the push called does on the page.
pub async fn events_of_tap(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Result<Response, Failure> {
    let visit = Visit::by_token(&app, &token).await?;
    events::take(&app, &visit, &headers, body).await
}

/// `POST /r/{show}/events`: what a visitor does on the page.
pub async fn events_of_show(
    State(app): State<App>,
    Path(show): Path<String>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Result<Response, Failure> {
    let visit = Visit::by_show(&app, &show)?;
    events::take(&app, &visit, &headers, body).await
}

/// A product of the catalogue.
fn product(app: &App, term: Term) -> Option<Arc<beckon_core::director::catalogue::Product>> {
    app.node.director(|it| it.catalogue().product(term).cloned())
}
