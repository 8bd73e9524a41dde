//! What a line of a dump says: twins of the journal's records that serialise. Core's own types carry
//! terms and must stay free of serde.

use super::act::Act;
use beckon_core::director::catalogue::{self, Name};
use beckon_core::event::{self, Network, Permission, Text};
use beckon_core::id::Term;
use beckon_core::shard::message::Message as Told;
use beckon_core::stage::Staged;
use beckon_core::time::Timestamp;
use serde::{Serialize, Serializer};

/// A line.
#[derive(Serialize)]
pub(super) struct Line<'r> {
    #[serde(flatten)]
    pub head: Head,
    #[serde(flatten)]
    pub what: What<'r>,
}

/// What every line begins with.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Head {
    pub offset: u64,
    pub now: Instant,
}

/// What a line is about.
#[derive(Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(super) enum What<'r> {
    Event(Collected<'r>),
    Message(Message<'r>),
    Change(Change<'r>),
    Erase {
        shard: u8,
        id: &'r str,
    },
    /// A shard told the director something, or the director every stage.
    Word {
        from: u8,
        to: u8,
        sequence: u64,
        bytes: usize,
    },
    Attempt {
        push: String,
    },
    Answered {
        push: String,
        answer: String,
    },
    Dropped {
        push: String,
        reason: String,
    },
    Tick {},
    Epoch {
        logic: u16,
    },
}

/// An event that came in.
#[derive(Serialize)]
pub(super) struct Collected<'r> {
    /// Its place in the request.
    pub item: usize,
    pub shard: u8,
    pub source: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk: Option<&'r str>,
    #[serde(flatten)]
    pub event: Event<'r>,
}

#[derive(Serialize)]
pub(super) struct Event<'r> {
    at: Instant,
    name: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymous: Option<&'r str>,
    act: Act<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<Device<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'static str>,
    /// The dedup key; a bulk source's events have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Key>,
}

/// A device. Its push token is a means of reaching the shopper and stays in the journal.
#[derive(Serialize)]
struct Device<'r> {
    id: &'r str,
    platform: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<&'static str>,
}

impl<'r> Event<'r> {
    pub fn from(event: &event::Event<'r>) -> Self {
        Event {
            at: Instant(event.at),
            name: event.name.text,
            user: event.user,
            anonymous: event.anonymous,
            act: Act::from(&event.act),
            zone: event.context.zone.map(|it| it.name.text),
            language: some(event.context.language),
            app: event.context.app,
            device: event.context.device.map(|it| Device {
                id: it.id,
                platform: it.platform,
                channel: it.address.address().map(|it| it.channel.word()),
                permission: it.permission.map(Permission::word),
            }),
            network: event.context.network.map(Network::word),
            key: (event.key != 0).then_some(Key(event.key)),
        }
    }
}

/// A message between machines.
#[derive(Serialize)]
pub(super) struct Message<'r> {
    from: u8,
    to: u8,
    sequence: u64,
    sent: Instant,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'r str>,
    /// The other name of the user that this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'r str>,
    /// Whether a profile came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Event<'r>>,
}

/// The inside of a message that hands an event on.
pub(super) struct Forward<'r> {
    pub user: &'r str,
    pub event: Event<'r>,
}

pub(super) fn message<'r>(
    from: u8,
    to: u8,
    sequence: u64,
    sent: Timestamp,
    told: &Told<'r>,
    forward: Option<Forward<'r>>,
) -> Message<'r> {
    let (message, user, id, history) = match told {
        Told::Forward { .. } => ("forward", None, None, None),
        Told::Join { user, key, history, .. } => ("join", Some(*user), Some(key.id), Some(history.is_some())),
        Told::Unbind { key, user } => ("unbind", Some(*user), Some(key.id), None),
        Told::Erase { user, .. } => ("erase", Some(*user), None, None),
        Told::Claim { of, former, .. } => ("claim", of.map(|it| it.id), former.map(|it| it.id), None),
        Told::Release { release, .. } => {
            ("release", release.owner.map(|it| it.id), Some(release.holder.id), None)
        }
        Told::Disclaim { of, .. } => ("disclaim", None, Some(of.id), None),
        Told::Dead { .. } => ("dead", None, None, None),
    };
    let (handed, event) = forward.map(|it| (it.user, it.event)).unzip();
    Message { from, to, sequence, sent: Instant(sent), message, user: user.or(handed), id, history, event }
}

/// A change of the catalogue.
#[derive(Serialize)]
pub(super) struct Change<'r> {
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'r str>,
    /// What a deletion names: only the number stands in the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    term: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_cents: Option<u64>,
}

impl<'r> Change<'r> {
    pub fn from(change: &'r catalogue::Change) -> Self {
        use catalogue::Change as Of;
        match change {
            Of::PutProduct(it) => Change { change: "put-product", ..Self::product(it) },
            Of::SeenProduct(it) => Change { change: "seen-product", ..Self::product(it) },
            Of::PutHost(it) => Change {
                change: "put-host",
                id: given(&it.id),
                title: (!it.name.is_empty()).then_some(&it.name),
                style: given(&it.style),
                ..Self::empty()
            },
            Of::PutRoom(it) => Change {
                change: "put-room",
                id: given(&it.id),
                title: (!it.title.is_empty()).then_some(&it.title),
                host: given(&it.host),
                ..Self::empty()
            },
            Of::DeleteProduct(term) => {
                Change { change: "delete-product", term: Some(term.0), ..Self::empty() }
            }
            Of::DeleteHost(term) => Change { change: "delete-host", term: Some(term.0), ..Self::empty() },
            Of::DeleteRoom(term) => Change { change: "delete-room", term: Some(term.0), ..Self::empty() },
            Of::Staged(staged) => Self::staged(staged),
        }
    }

    fn staged(staged: &'r Staged) -> Self {
        let of = |change, id: &'r catalogue::Name| Change { change, id: given(id), ..Self::empty() };
        let deleted = |change, term: &Term| Change { change, term: Some(term.0), ..Self::empty() };
        match staged {
            Staged::PutShow(it) => Change { title: Some(&it.title), ..of("put-show", &it.id) },
            Staged::DeleteShow(it) => deleted("delete-show", it),
            Staged::PutOffer(it) => Change { price_cents: Some(it.price_cents), ..of("put-offer", &it.id) },
            Staged::DeleteOffer(it) => deleted("delete-offer", it),
            Staged::Cue(it) => Change { title: Some(it.kind.word()), ..deleted("cue", &it.show) },
            Staged::PutCampaign(it) => Change { title: Some(&it.name), ..of("put-campaign", &it.id) },
            Staged::DeleteCampaign(it) => deleted("delete-campaign", it),
            Staged::PutTemplate(it) => Change { title: Some(&it.title), ..of("put-template", &it.id) },
            Staged::DeleteTemplate(it) => deleted("delete-template", it),
            Staged::PutAudience(id, it) => Change { title: Some(&it.text), ..of("put-audience", id) },
            Staged::DeleteAudience(it) => deleted("delete-audience", it),
            Staged::PutPolicy(_) => Change { change: "put-policy", ..Self::empty() },
            Staged::PutChannel(it) => {
                Change { change: "put-channel", title: Some(it.channel.word()), ..Self::empty() }
            }
            Staged::DeleteChannel(it) => {
                Change { change: "delete-channel", title: Some(it.word()), ..Self::empty() }
            }
        }
    }

    fn product(it: &'r catalogue::Product) -> Self {
        Change {
            id: given(&it.id),
            title: (!it.title.is_empty()).then_some(&it.title),
            category: given(&it.category),
            brand: given(&it.brand),
            host: given(&it.host),
            tags: it.tags.iter().map(|tag| &*tag.text).collect(),
            price_cents: (it.price_cents > 0).then_some(it.price_cents),
            ..Self::empty()
        }
    }

    fn empty() -> Self {
        Change {
            change: "",
            id: None,
            term: None,
            title: None,
            category: None,
            brand: None,
            host: None,
            style: None,
            tags: Vec::new(),
            price_cents: None,
        }
    }
}

/// The spelling, if there is a name.
pub(super) fn some(text: Text<'_>) -> Option<&str> {
    (!text.text.is_empty()).then_some(text.text)
}

fn given(name: &Name) -> Option<&str> {
    (!name.text.is_empty()).then_some(&*name.text)
}

/// A point in time as RFC 3339 with milliseconds; one that no calendar has as its number.
#[derive(Clone, Copy)]
pub(super) struct Instant(pub Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match jiff::Timestamp::from_millisecond(self.0.0) {
            Ok(instant) => serializer.collect_str(&format_args!("{instant:.3}")),
            Err(_) => serializer.serialize_i64(self.0.0),
        }
    }
}

/// A dedup key, as hexadecimal digits.
#[derive(Clone, Copy)]
struct Key(u128);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", self.0))
    }
}
