//! The tap link: `/t/{token}` is the show's page at the product the push spoke of.
//!
//! A plain page for now, with a place for the player. A tap counts only when the page's script says so: what
//! scans links in messages opens pages, too, and is nobody's tap.

use super::App;
use super::answer::{Failure, json};
use crate::dispatch::tap::{BadToken, TapLinks};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beckon_core::director::catalogue::Product;
use beckon_core::event::{Act, Context, Event, PushAct, Text};
use beckon_core::id::{SourceId, Term, message_key};
use beckon_core::names::Kind;
use beckon_core::push::{Push, PushId};
use beckon_core::stage::OnShow;
use beckon_engine::record::EventsWriter;
use beckon_wire::problem::Code;
use std::sync::Arc;

/// The program's own source: no write key opens it.
const OWN: SourceId = SourceId(0);

/// The page. What it shows is put in as text, never as markup.
const PAGE: &str = include_str!("page.html");

/// What a page shows of its show now.
#[derive(serde::Serialize)]
struct Now {
    title: String,
    host: String,
    /// `planned`, `on_air` or `over`.
    state: &'static str,
    starts_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<Shown>,
}

/// The product a page shows.
#[derive(serde::Serialize)]
struct Shown {
    id: String,
    title: String,
    image: String,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<i64>,
}

fn links(app: &App) -> &TapLinks {
    &app.links
}

/// The push that a token names; `Gone` for a link whose time is over.
async fn find(app: &App, token: &str) -> Result<(PushId, Push), Failure> {
    let id = match links(app).read(token, app.node.clock().now()) {
        Ok(id) => id,
        Err(BadToken::Forged) => return Err(Code::NotFound.into()),
        Err(BadToken::Expired(_)) => return Err(Code::LinkExpired.into()),
    };
    // A push is forgotten a day after its last purchase could come: then the link is over, too.
    let push = app.node.push(id).await?.ok_or(Code::LinkExpired)?;
    Ok((id, push))
}

fn now_of(app: &App, push: &Push) -> Result<Now, Failure> {
    let now = app.node.clock().now();
    let found = app.node.director(|it| {
        let on = it.stage().show(push.show)?.clone();
        let slot = on.slot_at(now).map(|it| it.item.product.term);
        // What is pinned now, else what the push spoke of.
        let product = on.pinned.map(|it| it.0).or(Some(push.product).filter(|it| *it != Term::NONE)).or(slot);
        let offer =
            product.and_then(|it2| it.stage().offer_of(push.show, it2, now)).map(|it| it.1.offer.clone());
        let product = product.and_then(|term| it.catalogue().product(term).cloned());
        let host = it.catalogue().host(on.show.host.term).map(|it| it.name.to_string());
        Some((on, product, offer, host))
    });
    let (on, product, offer, host) = found.ok_or(Code::LinkExpired)?;
    let money = |cents: u64| (cents > 0).then_some(cents as f64 / 100.0);
    let shown = product.map(|it: Arc<Product>| Shown {
        id: it.id.text.to_string(),
        title: if it.title.is_empty() { it.id.text.to_string() } else { it.title.to_string() },
        image: it.image.to_string(),
        currency: if it.currency.is_empty() { "CNY".to_owned() } else { it.currency.to_string() },
        price: money(offer.as_ref().map_or(it.price_cents, |it| it.price_cents)),
        original_price: money(offer.as_ref().map_or(it.list_price_cents, |it| it.original_cents)),
        stock: offer.as_ref().and_then(|it| it.stock),
        ends_at: offer.as_ref().map(|it| it.ends.0),
    });
    Ok(Now {
        title: on.show.title.to_string(),
        host: host.filter(|it| !it.is_empty()).unwrap_or_else(|| on.show.host.text.to_string()),
        state: state(&on, now),
        starts_at: on.show.starts.0,
        product: shown,
    })
}

fn state(on: &OnShow, now: beckon_core::time::Timestamp) -> &'static str {
    match (on.ended.is_some() || on.closes() <= now, on.started.is_some()) {
        (true, _) => "over",
        (false, true) => "on_air",
        (false, false) => "planned",
    }
}

/// `GET /t/{token}`: the page.
pub async fn page(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Failure> {
    let (_, push) = find(&app, &token).await?;
    let now = now_of(&app, &push)?;
    let product = now.product.as_ref();
    let text = |it: &str| escape(it);
    let filled = PAGE
        .replace("{{title}}", &text(&now.title))
        .replace("{{host}}", &text(&now.host))
        .replace("{{product}}", &text(product.map_or("", |it| &it.title)))
        .replace("{{image}}", &text(product.map_or("", |it| &it.image)))
        .replace("{{state}}", now.state);
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], filled).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                  img-src https: http:; connect-src 'self'; base-uri 'none'; form-action 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

/// `GET /t/{token}/now`: what is shown now, for the page to follow.
pub async fn now(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Failure> {
    let (_, push) = find(&app, &token).await?;
    Ok(json(&now_of(&app, &push)?))
}

/// `POST /t/{token}/tapped`: the page's script says that a person opened it. Counts once.
pub async fn tapped(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Failure> {
    let (id, push) = find(&app, &token).await?;
    if push.shopper.is_empty() {
        // He was erased: nobody's tap is counted.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
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

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // The page's own marks cannot be brought in by what it shows.
            '{' => out.push_str("&#123;"),
            other => out.push(other),
        }
    }
    out
}
