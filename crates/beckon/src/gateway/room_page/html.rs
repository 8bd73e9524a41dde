//! The room page as a document: what its script is told, what stands in the markup, and what the browser may do with it.

use super::assets::{Language, assets};
use super::source::{Origins, Source};
use super::state::{Good, Live, good, host_name, picture};
use super::{Failure, Visit, product};
use crate::gateway::{App, packed};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use beckon_core::id::Term;
use beckon_wire::problem::Code;
use beckon_wire::shape::show::State;
use serde::Serialize;
use serde_json::{Value, json};

/// What the page's script is told.
#[derive(Serialize)]
pub struct Config<'a> {
    lang: &'static str,
    words: &'a Value,
    base: &'a str,
    feed: String,
    share: String,
    show: String,
    room: String,
    host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    /// The server's clock, in milliseconds since the epoch.
    now: i64,
    live: Live,
    goods: Vec<Good>,
    #[serde(skip)]
    host_name: String,
    #[serde(skip)]
    language: Language,
}

impl<'a> Config<'a> {
    /// What the page of a visit is told now.
    pub fn of(app: &App, visit: &'a Visit, language: Language) -> Result<Config<'a>, Failure> {
        let now = app.node.clock().now();
        let viewers = app.feeds.viewers(visit.show);
        // The product that the push spoke of is there though it is not of the plan.
        let about = visit.push.as_ref().map(|it| it.1.product).filter(|it| *it != Term::NONE);
        let about = about.and_then(|it| product(app, it));
        app.node
            .director(|it| {
                let on = it.stage().show(visit.show)?;
                let picture = picture(it, visit.show, viewers, now)?;
                let mut goods: Vec<Good> = picture.goods.into_iter().map(|it| it.1).collect();
                if let Some(about) = &about
                    && !goods.iter().any(|it| *it.id == *about.id.text)
                {
                    goods.push(good(it.stage(), on, about, now));
                }
                let room = it.catalogue().room(on.show.room.term);
                let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                let id = &*on.show.id.text;
                let path = path_of(id);
                Some(Config {
                    lang: language.tag(),
                    words: assets().words(language),
                    base: &visit.base,
                    feed: format!("{path}/live"),
                    share: app.links.absolute(&path),
                    show: id.to_owned(),
                    room: on.show.room.text.to_string(),
                    host: on.show.host.text.to_string(),
                    message: visit.push.as_ref().map(|it| it.0.to_string()),
                    about: about.as_ref().map(|it| it.id.text.to_string()),
                    poster: room.and_then(|it| given(&it.playback.poster)),
                    app: room.and_then(|it| given(&it.playback.app)),
                    source: Source::of(
                        &on.show.room.text,
                        room.map(|it| &**it),
                        visit.ticket(app, &on.show.room.text),
                    ),
                    now: now.0,
                    live: picture.live,
                    goods,
                    host_name: host_name(it.catalogue().host(on.show.host.term), on),
                    language,
                })
            })
            .ok_or_else(
                || if visit.push.is_some() { Code::LinkExpired.into() } else { Code::NotFound.into() },
            )
    }

    /// What a page that asks anew is told.
    pub fn now(&self) -> Value {
        json!({ "now": self.now, "live": self.live, "goods": self.goods, "source": self.source })
    }

    /// The product that the page begins with, and what is said above it; as the page's script chooses them.
    fn shown(&self) -> Option<(&Good, &'static str)> {
        let find = |id: &Option<String>| self.goods.iter().find(|it| Some(&it.id) == id.as_ref());
        let on = find(&self.live.shown);
        if let Some(on) = on.filter(|_| self.live.pinned) {
            return Some((on, "now"));
        }
        if let Some(about) = find(&self.about).filter(|_| self.live.state != State::Over) {
            let is_on = on.is_some_and(|it| it.id == about.id);
            return Some((about, if is_on { "now" } else { "for_you" }));
        }
        let first = || {
            let before = matches!(self.live.state, State::Planned | State::Late);
            let planned = self.goods.iter().filter(|it| before && it.at.is_some());
            planned.min_by_key(|it| it.at).map(|it| (it, "tonight"))
        };
        on.map(|it| (it, "now")).or_else(first)
    }

    /// What stands at a mark of the page.
    fn fill(&self, mark: &str) -> String {
        let word = |name: &str| assets().word(self.language, name).to_owned();
        let shown = self.shown();
        let of_good = |get: fn(&Good) -> String| shown.map(|it| get(it.0)).unwrap_or_default();
        let hidden = |it: bool| if it { "hidden".to_owned() } else { String::new() };
        let (cover_word, cover_text) = match self.live.state {
            State::Planned => ("starts_in", ""),
            State::Late => ("late", "late_text"),
            State::Over => ("ended", "ended_text"),
            State::OnAir => ("", ""),
        };
        match mark {
            "lang" => self.lang.to_owned(),
            "show" => self.show.clone(),
            "title" => self.live.title.clone(),
            "host" => self.host_name.clone(),
            "initial" => {
                self.host_name.chars().next().map(|it| it.to_uppercase().collect()).unwrap_or_default()
            }
            "state" => state_word(self.live.state).to_owned(),
            "badge" => word(state_word(self.live.state)),
            "video" => word("video").replace("{title}", &self.live.title),
            "poster" | "backdrop" => {
                let product = shown.map(|it| it.0).or(self.goods.first());
                self.poster.clone().or_else(|| Some(product?.image.clone())).unwrap_or_default()
            }
            "cover" => hidden(self.live.state == State::OnAir),
            "cover_word" if !cover_word.is_empty() => word(cover_word),
            "cover_text" if !cover_text.is_empty() => word(cover_text),
            "app" => self.app.clone().unwrap_or_default(),
            "no_app" => hidden(self.app.is_none() || self.source.is_some()),
            "no_product" => hidden(shown.is_none()),
            "label" => shown.map(|it| word(it.1)).unwrap_or_default(),
            "image" => of_good(|it| it.image.clone()),
            "product" => of_good(|it| it.title.clone()),
            "price" => of_good(|it| it.price.clone().unwrap_or_default()),
            "was" => of_good(|it| it.was.clone().unwrap_or_default()),
            "stock" => match shown.and_then(|it| Some((it.0.stock?, it.0.low))) {
                Some((0, _)) => word("sold_out"),
                Some((left, low)) => word(if low || left <= FEW { "left" } else { "in_stock" })
                    .replace("{n}", &left.to_string()),
                None => String::new(),
            },
            _ => String::new(),
        }
    }
}

/// What a stock of so many or fewer is said to be: few. The page's script has the same.
const FEW: u32 = 100;

fn state_word(state: State) -> &'static str {
    match state {
        State::Planned => "planned",
        State::Late => "late",
        State::OnAir => "on_air",
        State::Over => "over",
    }
}

/// A text as one part of a path, or as a value of a query (RFC 3986, section 2.3).
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The path of a show's page.
pub fn path_of(show: &str) -> String {
    format!("/r/{}", segment(show))
}

/// The page of a visit.
pub fn page(app: &App, visit: &Visit, asked: Option<&str>, headers: &HeaderMap) -> Result<Response, Failure> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let language = asked
        .and_then(Language::of)
        .or_else(|| visit.language(app))
        .or_else(|| Language::accepted(accepted))
        .unwrap_or(Language::English);
    let config = Config::of(app, visit, language)?;
    let told = serde_json::to_string(&config).unwrap_or_default();
    let page = assets().page(language, &told, |mark| config.fill(mark));
    let mut response = match packed::is_taken(headers) {
        true => ([(header::CONTENT_ENCODING, "gzip")], page.packed()).into_response(),
        false => page.plain().into_response(),
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    out.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.insert(header::VARY, HeaderValue::from_static("accept-language, accept-encoding"));
    out.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let origins = config.source.as_ref().map(Source::origins);
    if let Ok(policy) = HeaderValue::from_str(&content_policy(app, visit, origins.as_ref())) {
        out.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// What the browser may do: run and paint what stands in the page, talk to this server and to the room's own, and show
/// the shop's pictures.
fn content_policy(app: &App, visit: &Visit, origins: Option<&Origins>) -> String {
    let it = assets();
    let of = |get: fn(&Origins) -> &String| origins.map(get).cloned().unwrap_or_default();
    let (connect, media, frame) = (of(|it| &it.connect), of(|it| &it.media), of(|it| &it.frame));
    let frame = if frame.is_empty() { "'none'".to_owned() } else { frame };
    // A link that speaks for a shopper is nobody else's to frame; a show's page may stand where events may come from.
    let ancestors = if visit.push.is_some() { "'none'".to_owned() } else { app.origins.join(" ") };
    let ancestors = if ancestors.is_empty() { "'none'".to_owned() } else { ancestors };
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src 'self' data: https: http:; connect-src 'self' {connect} {media}; \
         media-src 'self' blob: {media}; frame-src {frame}; frame-ancestors {ancestors}; base-uri 'none'; form-action 'none'",
        it.script_sources, it.style_sources
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_in_paths_whatever_they_are_made_of() {
        assert_eq!(path_of("tonight"), "/r/tonight");
        assert_eq!(path_of("a/b?c 茶"), "/r/a%2Fb%3Fc%20%E8%8C%B6");
    }
}
