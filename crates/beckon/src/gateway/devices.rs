//! Devices over HTTP: the customer's server registers one, looks at it, and takes it from its shopper. All of it is
//! an event like those that SDKs send, so that it stands in the journal once and in one order with them.

use super::App;
use super::answer::{Failure, json, read_json};
use super::resource::check_id;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::event::{Act, Address, AddressWord, Context, Device, Event, Text};
use beckon_core::id::SourceId;
use beckon_core::names::Kind;
use beckon_core::profile::cold::Cold;
use beckon_engine::record::EventsWriter;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{DeviceInput, OwnedDevice};
use bytes::Bytes;

/// What the server itself is known as among the sources of events.
const OWN: SourceId = SourceId(0);

/// Whose a device is, with all that is known of him.
async fn owner_of(app: &App, id: &str) -> Result<Cold, Failure> {
    let found = match app.node.device_owner(id).await? {
        Some(owner) => app.node.look(&owner).await?,
        None => None,
    };
    let cold = found.map(|it| it.cold).filter(|it| it.device(id).is_some());
    cold.ok_or(Code::NotFound.into())
}

fn shape(cold: &Cold, id: &str) -> Result<Response, Failure> {
    let device = cold.device(id).ok_or(Code::NotFound)?;
    Ok(json(&OwnedDevice::of(cold, device)))
}

async fn journal(
    app: &App,
    shopper: (bool, &str),
    name: &str,
    context: Context<'_>,
    act: Act<'_>,
) -> Result<(), Failure> {
    let (known, id) = shopper;
    let event = Event {
        key: 0,
        at: app.node.clock().now(),
        user: known.then_some(id),
        anonymous: (!known).then_some(id),
        name: Text { term: app.node.names().intern(Kind::Event, name), text: name },
        context,
        act,
    };
    let mut writer = EventsWriter::new(OWN, 0);
    if writer.event(&event) {
        app.node.append(writer.finish(None), None).await?;
        // Whoever had it before has lost it when the answer leaves.
        app.node.settled().await?;
    }
    Ok(())
}

/// `GET /api/v1/devices/{id}`.
pub async fn device(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    shape(&owner_of(&app, &id).await?, &id)
}

/// `PUT /api/v1/devices/{id}`: registers it with its shopper, whoever had it before.
pub async fn put_device(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    check_id(&id)?;
    let input: DeviceInput = read_json(&body)?;
    let shopper = input.shopper()?;
    let address = input.address()?;
    let platform = input.platform.as_deref().unwrap_or_default();
    let word = match &address {
        None => AddressWord::TakenBack,
        Some((Some(channel), token)) => AddressWord::At(Address { channel: (*channel).into(), token }),
        Some((None, token)) => AddressWord::of(platform, token),
    };
    let device = Device { id: &id, platform, address: word, permission: input.permission.map(Into::into) };
    let language = match input.locale.as_deref().unwrap_or_default() {
        "" => Text::default(),
        tag => Text { term: app.node.names().intern(Kind::Language, tag), text: tag },
    };
    let app_name = input.app.as_deref().filter(|it| !it.is_empty());
    let context = Context { device: Some(device), app: app_name, language, ..Context::default() };
    // It says nothing of the shopper himself, and is none of his acts.
    journal(&app, shopper, "Device Registered", context, Act::Identify { traits: Vec::new() }).await?;
    match owner_of(&app, &id).await {
        Ok(cold) => shape(&cold, &id),
        Err(_) => {
            let detail = "a later word of the device itself says that it is another's, or nobody's";
            Err(Problem::new(Code::NotFound).with_detail(detail).into())
        }
    }
}

/// `DELETE /api/v1/devices/{id}`: takes it from its shopper, as if he had signed out on it.
pub async fn delete_device(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let cold = owner_of(&app, &id).await?;
    let device = Device { id: &id, ..Device::default() };
    let context = Context { device: Some(device), ..Context::default() };
    journal(&app, (cold.known, &cold.id), "Signed Out", context, Act::SignedOut).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
