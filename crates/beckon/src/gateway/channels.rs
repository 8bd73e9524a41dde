//! Channels over HTTP. A secret goes to the secret store under its channel's word; the journal holds the word.

use super::App;
use super::answer::{Failure, json, read_json};
use super::push_key;
use super::resource::{on_stage, put, staged};
use crate::keys;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_channels::guard;
use beckon_channels::signature::Secret;
use beckon_channels::webpush::vapid;
use beckon_core::show;
use beckon_core::stage::Staged;
use beckon_wire::limits::URL_BYTES_MAX;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{Channel, ChannelInput, ChannelPlan, Page};
use bytes::Bytes;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Random bytes of a secret that is made here; Standard Webhooks advises 32.
const SECRET_BYTES: usize = 32;

/// Which addresses a channel's requests may go to.
pub fn guard_of(private_network: bool) -> guard::Policy {
    guard::Policy { allow_http: private_network, allow_private: private_network }
}

fn invalid(field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Code::FieldInvalid).with_field(field).with_detail(detail)
}

fn channel_of(word: &str) -> Result<Channel, Failure> {
    Channel::of(word).ok_or_else(|| {
        let words: Vec<&str> = Channel::ALL.iter().map(|it| it.word()).collect();
        let detail = format!("`{word}` is not a channel: they are {}", words.join(", "));
        Problem::new(Code::NotFound).with_detail(detail).into()
    })
}

fn shape(app: &App, it: &show::ChannelPlan) -> ChannelPlan {
    let secret = app.secrets.channel(&it.secret);
    let key = secret.as_deref().filter(|_| it.channel == Channel::WebPush.into());
    let key = key.and_then(|it| vapid::Key::parse(&SystemRandom::new(), it).ok());
    ChannelPlan { public_key: key.map(|it| it.public().to_owned()), ..ChannelPlan::of(it, secret.is_some()) }
}

/// `GET /api/v1/channels`: those that are set up, in the order in which they are preferred.
pub async fn list_channels(State(app): State<App>) -> Response {
    let all: Vec<_> = app.node.director(|it| it.stage().channels().cloned().collect());
    json(&Page { items: all.iter().map(|it| shape(&app, it)).collect(), next: None })
}

/// `GET /api/v1/channels/{channel}`.
pub async fn channel(State(app): State<App>, Path(word): Path<String>) -> Result<Response, Failure> {
    let channel = channel_of(&word)?;
    let found = on_stage(&app, |it| it.channel(channel.into()).cloned())?;
    Ok(json(&shape(&app, &found)))
}

/// `PUT /api/v1/channels/{channel}`: sets a channel up. A secret that is made here is shown this once.
pub async fn put_channel(
    State(app): State<App>,
    Path(word): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let channel = channel_of(&word)?;
    if !matches!(channel, Channel::Webhook | Channel::InApp | Channel::WebPush) {
        let detail = format!(
            "`{word}` cannot be set up in this version; `web_push` and `webhook` can, and the latter reaches any vendor \
             through a server of yours"
        );
        return Err(invalid("channel", detail).into());
    }
    let mut input: ChannelInput = read_json(&body)?;
    if channel == Channel::InApp {
        return put_in_app(&app, input).await;
    }
    if channel == Channel::WebPush {
        if !input.url.is_empty() {
            return Err(invalid("/url", "leave it out: messages go where each subscription says").into());
        }
        input.contact = input.contact.or_else(|| app.contact.clone());
        input.contact.as_deref().map_or(Ok(()), check_contact)?;
    } else {
        if input.contact.is_some() {
            return Err(invalid("/contact", "leave it out: only `web_push` has one").into());
        }
        check_url(&input.url, input.private_network)?;
    }
    let given = input.secret.clone();
    let plan = input.into_core(channel, channel.word())?;
    // The secret comes first: a channel without one would go unsigned.
    let made = match channel {
        Channel::WebPush => {
            keep_key(&app, given.as_deref())?;
            None
        }
        _ => keep_secret(&app, channel, given.as_deref())?,
    };
    let entered = put(&app, Staged::PutChannel(plan), |it| it.channel(channel.into()).cloned()).await?;
    Ok(json(&ChannelPlan { secret: made, ..shape(&app, &entered) }))
}

/// The in-app channel goes over the connections of this server: there is nothing to call and nothing to sign.
async fn put_in_app(app: &App, input: ChannelInput) -> Result<Response, Failure> {
    if !input.url.is_empty() || input.private_network {
        return Err(invalid("/url", "the in-app channel calls nobody: leave it out").into());
    }
    if input.contact.is_some() {
        return Err(invalid("/contact", "leave it out: only `web_push` has one").into());
    }
    if input.secret.is_some() {
        return Err(invalid("/secret", "the in-app channel signs nothing: leave it out").into());
    }
    let plan = input.into_core(Channel::InApp, "")?;
    let entered = put(app, Staged::PutChannel(plan), |it| it.channel(Channel::InApp.into()).cloned()).await?;
    Ok(json(&shape(app, &entered)))
}

/// Keeps the signing secret that was given, or makes one where there is none and gives it back.
fn keep_secret(app: &App, channel: Channel, given: Option<&str>) -> Result<Option<String>, Failure> {
    if let Some(secret) = given {
        Secret::parse(secret).map_err(|error| invalid("/secret", error.to_string()))?;
    }
    let made = match (given, app.secrets.channel(channel.word())) {
        (None, None) => Some(make()?),
        _ => None,
    };
    if let Some(secret) = given.or(made.as_deref()) {
        app.secrets.set_channel(channel.word(), secret).map_err(|error| not_kept(&error))?;
    }
    Ok(made)
}

/// Keeps the key of Web Push that was given, or sees to it that there is one.
fn keep_key(app: &App, given: Option<&str>) -> Result<(), Failure> {
    let Some(key) = given else { return push_key::key(app).map(drop) };
    vapid::Key::parse(&SystemRandom::new(), key).map_err(|error| invalid("/secret", error.to_string()))?;
    Ok(app.secrets.set_channel(Channel::WebPush.word(), key).map_err(|error| not_kept(&error))?)
}

/// `DELETE /api/v1/channels/{channel}`: takes a channel out, with its secret. The key of Web Push stays: browsers
/// have subscribed with it, and would have to subscribe again with another.
pub async fn delete_channel(State(app): State<App>, Path(word): Path<String>) -> Result<Response, Failure> {
    let channel = channel_of(&word)?;
    on_stage(&app, |it| it.channel(channel.into()).map(|_| ()))?;
    staged(&app, Staged::DeleteChannel(channel.into())).await?;
    if channel != Channel::WebPush {
        app.secrets.remove_channel(channel.word()).map_err(|error| not_kept(&error))?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) fn not_kept(error: &keys::Error) -> Problem {
    Problem::new(Code::Internal).with_detail(error.to_string())
}

fn make() -> Result<String, Failure> {
    let mut bytes = [0; SECRET_BYTES];
    let drawn = SystemRandom::new().fill(&mut bytes);
    drawn.map_err(|_| Problem::new(Code::Internal).with_detail("the system has no randomness"))?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

/// Whom a push service may write to (RFC 8292, section 2.1).
fn check_contact(contact: &str) -> Result<(), Failure> {
    if contact.len() > URL_BYTES_MAX {
        return Err(invalid("/contact", format!("at most {URL_BYTES_MAX} bytes")).into());
    }
    let is_mail = contact.strip_prefix("mailto:").is_some_and(|it| it.contains('@'));
    let is_page = contact.parse::<Uri>().is_ok_and(|it| it.scheme_str() == Some("https"));
    let detail = "write it as mailto:NAME@HOST or https://HOST/PATH";
    if is_mail || is_page { Ok(()) } else { Err(invalid("/contact", detail).into()) }
}

/// Judges a URL as far as it can be judged before its name is resolved, which is done again at every call.
fn check_url(url: &str, private_network: bool) -> Result<(), Failure> {
    if url.len() > URL_BYTES_MAX {
        return Err(invalid("/url", format!("at most {URL_BYTES_MAX} bytes")).into());
    }
    let uri: Uri =
        url.parse().map_err(|_| invalid("/url", "it is not a URL of the form https://HOST/PATH"))?;
    let policy = guard_of(private_network);
    let refused = |refusal: guard::Refusal| {
        let more = if private_network { "" } else { " (`private_network: true` allows both)" };
        match refusal {
            guard::Refusal::NotHttps | guard::Refusal::Private { .. } => {
                invalid("/url", format!("{refusal}{more}"))
            }
            refusal => invalid("/url", refusal.to_string()),
        }
    };
    let target = policy.target(&uri).map_err(refused)?;
    if let Ok(address) = target.host.parse() {
        policy.judge(address).map_err(refused)?;
    }
    Ok(())
}
