//! Channels over HTTP. A secret goes to the secret store under its channel's word; the journal holds the word.

use super::App;
use super::answer::{Failure, json, read_json};
use super::resource::{on_stage, put, staged};
use crate::keys;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_channels::guard;
use beckon_channels::signature::Secret;
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
    ChannelPlan::of(it, app.secrets.channel(&it.secret).is_some())
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
    if !matches!(channel, Channel::Webhook | Channel::InApp) {
        let detail = format!(
            "`{word}` cannot be set up in this version; `webhook` can, and reaches any vendor through a server of yours"
        );
        return Err(invalid("channel", detail).into());
    }
    let input: ChannelInput = read_json(&body)?;
    if channel == Channel::InApp {
        return put_in_app(&app, input).await;
    }
    check_url(&input.url, input.private_network)?;
    let given = input.secret.clone();
    if let Some(secret) = &given {
        Secret::parse(secret).map_err(|error| invalid("/secret", error.to_string()))?;
    }
    let plan = input.into_core(channel, channel.word())?;
    let made = match (&given, app.secrets.channel(channel.word())) {
        (None, None) => Some(make()?),
        _ => None,
    };
    // The secret comes first: a channel without one would go unsigned.
    if let Some(secret) = given.as_ref().or(made.as_ref()) {
        app.secrets.set_channel(channel.word(), secret).map_err(|error| not_kept(&error))?;
    }
    let entered = put(&app, Staged::PutChannel(plan), |it| it.channel(channel.into()).cloned()).await?;
    Ok(json(&ChannelPlan { secret: made, ..shape(&app, &entered) }))
}

/// The in-app channel goes over the connections of this server: there is nothing to call and nothing to sign.
async fn put_in_app(app: &App, input: ChannelInput) -> Result<Response, Failure> {
    if !input.url.is_empty() || input.private_network {
        return Err(invalid("/url", "the in-app channel calls nobody: leave it out").into());
    }
    if input.secret.is_some() {
        return Err(invalid("/secret", "the in-app channel signs nothing: leave it out").into());
    }
    let plan = input.into_core(Channel::InApp, "")?;
    let entered = put(app, Staged::PutChannel(plan), |it| it.channel(Channel::InApp.into()).cloned()).await?;
    Ok(json(&shape(app, &entered)))
}

/// `DELETE /api/v1/channels/{channel}`: takes a channel out, with its secret.
pub async fn delete_channel(State(app): State<App>, Path(word): Path<String>) -> Result<Response, Failure> {
    let channel = channel_of(&word)?;
    on_stage(&app, |it| it.channel(channel.into()).map(|_| ()))?;
    staged(&app, Staged::DeleteChannel(channel.into())).await?;
    app.secrets.remove_channel(channel.word()).map_err(|error| not_kept(&error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn not_kept(error: &keys::Error) -> Problem {
    Problem::new(Code::Internal).with_detail(error.to_string())
}

fn make() -> Result<String, Failure> {
    let mut bytes = [0; SECRET_BYTES];
    let drawn = SystemRandom::new().fill(&mut bytes);
    drawn.map_err(|_| Problem::new(Code::Internal).with_detail("the system has no randomness"))?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
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
