//! One call → one event: who, when, where, and whether the source may say so.

use super::act::{self, Held};
use super::body::{Batch, is_object, read_call};
use super::call::{Call, CallKind, RawProperties, Route, Subscription, SubscriptionCall, compact};
use super::context::Context;
use super::instant::{corrected, instant};
use super::json::{Object, Value};
use super::kept::kept;
use super::names::{Meaning, meaning};
use super::text::{cut, language, named};
use super::traits::Traits;
use super::{Collected, Edge, Reason, Receipt, Sink, SourceKind, consent, words};
use crate::limits::TOKEN_BYTES_MAX;
use beckon_core::event::{
    Act, Address, AddressWord, Context as Surroundings, Device, Event, OrderAct, Permission, Text,
};
use beckon_core::id::message_key;
use beckon_core::limits::{FUTURE_MS_MAX, ID_BYTES_MAX};
use beckon_core::names::Kind;
use beckon_core::time::{Timestamp, Zone};
use std::borrow::Cow;

/// Turns the calls of one request into events.
pub(super) struct Reader<'r> {
    route: Route,
    receipt: &'r Receipt<'r>,
    edge: &'r dyn Edge,
    bulk: bool,
    sent: Option<Timestamp>,
    /// The batch's own context, for what an item's lacks.
    context: Cow<'r, Context<'r>>,
    /// The last shopper token that was asked about, and for whom it speaks.
    vouched: Option<(Box<str>, Option<String>)>,
    collected: Collected,
}

impl<'r> Reader<'r> {
    pub fn new(
        route: Route,
        receipt: &'r Receipt<'r>,
        edge: &'r dyn Edge,
        batch: Option<&'r Batch<'r>>,
    ) -> Self {
        let bulk = batch.and_then(|it| it.bulk.clone());
        Reader {
            route,
            receipt,
            edge,
            bulk: bulk.is_some(),
            sent: batch.and_then(|it| instant(&it.sent_at)),
            context: batch.map_or(Cow::Owned(Context::default()), |it| Cow::Borrowed(&it.context)),
            vouched: None,
            collected: Collected { bulk, ..Collected::default() },
        }
    }

    pub fn finish(self) -> Collected {
        self.collected
    }

    /// One call, as text that is known to be JSON.
    pub fn item(&mut self, item: usize, json: &str, sink: &mut Sink<'_>) {
        let mut call = Call::default();
        match read_call(json, &mut call) {
            Ok(()) if !is_object(json) => self.collected.reject(item, Reason::NotAnObject),
            Ok(()) => self.call(item, &call, json, sink),
            Err(_) => {
                // The grammar was checked: what is left is half a surrogate pair.
                let mended = kept(json);
                let mut call = Call::default();
                match read_call(&mended, &mut call) {
                    Ok(()) => self.call(item, &call, &mended, sink),
                    Err(_) => self.collected.reject(item, Reason::NotAnObject),
                }
            }
        }
    }

    /// One call; `json` is the text it was read from.
    pub fn call(&mut self, item: usize, call: &Call<'_>, json: &str, sink: &mut Sink<'_>) {
        match self.event(item, call, json, sink) {
            Ok(()) => self.collected.accepted += 1,
            Err(reason) => self.collected.reject(item, reason),
        }
    }

    fn event(&mut self, item: usize, call: &Call<'_>, json: &str, sink: &mut Sink<'_>) -> Result<(), Reason> {
        let edge = self.edge;
        let mut who = Who::of(call, self.kind(call)?)?;
        let name = match who.kind {
            CallKind::Track => call.event.text().ok_or(Reason::NoEventName)?,
            kind => kind.word(),
        };
        let at = self.at(call);
        let mut held = Held::default();
        let mut said = Said::read(&who, name, call, json, at);
        self.collected.traits_left_out += said.traits.left_out;
        if (said.needs_proof() || who.joins()) && !self.proven(&who, call) {
            said.strip();
            who.keep_apart();
            self.collected.unverified += 1;
        }
        let key = match call.message_id.text() {
            _ if self.bulk => 0,
            Some(id) => message_key(self.receipt.source, id).max(1),
            None => self.receipt.fresh.wrapping_add(item as u128).max(1),
        };
        let around = Around { own: &call.context, batch: &self.context, said: &said, who: &who };
        let raw;
        let act = match said.meaning {
            _ if who.kind == CallKind::Identify => Act::Identify { traits: said.traits.list(edge) },
            _ if who.previous.is_some() => Act::Alias { previous: who.previous.unwrap_or_default() },
            Some(Meaning::Consent) => Act::Identify { traits: said.traits.list(edge) },
            Some(Meaning::Subscription) => Act::Other { raw: "" },
            Some(meaning) => act::of(meaning, &call.properties, edge, &mut held),
            None => {
                raw = raw_properties(who.kind, call, json);
                Act::Other { raw: &raw }
            }
        };
        sink(
            item,
            Event {
                key,
                at,
                user: who.user,
                anonymous: who.anonymous,
                name: named(edge, Kind::Event, name),
                context: around.read(edge, at),
                act,
            },
        );
        Ok(())
    }

    fn kind(&self, call: &Call<'_>) -> Result<CallKind, Reason> {
        match self.route {
            Route::Call(kind) => Ok(kind),
            Route::Unnamed | Route::Batch => {
                call.kind.text().and_then(CallKind::of).ok_or(Reason::UnknownType)
            }
        }
    }

    /// When it happened. Of a bulk source the times are taken as they are.
    fn at(&mut self, call: &Call<'_>) -> Timestamp {
        let now = self.receipt.now;
        let sent = if self.bulk { None } else { self.sent.or_else(|| instant(&call.sent_at)) };
        let original = instant(&call.original_timestamp).or_else(|| instant(&call.timestamp));
        let at = corrected(now, sent, original);
        if at.0 > now.0 + FUTURE_MS_MAX {
            self.collected.clamped += 1;
            return now;
        }
        at
    }

    /// Whether the source may say what matters of this user.
    fn proven(&mut self, who: &Who<'_>, call: &Call<'_>) -> bool {
        let Some(user) = who.user else { return true };
        if !self.receipt.verify_identity || self.receipt.kind == SourceKind::Server {
            return true;
        }
        let own = call.context.shopper_token.or(&self.context.shopper_token).text();
        let Some(token) = own.or(self.receipt.shopper_token) else { return false };
        let (_, vouched) = match self.vouched.take() {
            Some(known) if *known.0 == *token => self.vouched.insert(known),
            _ => self.vouched.insert((token.into(), (self.receipt.verified_user)(token))),
        };
        vouched.as_deref() == Some(user)
    }
}

/// Of whom a call speaks.
struct Who<'c> {
    kind: CallKind,
    user: Option<&'c str>,
    anonymous: Option<&'c str>,
    previous: Option<&'c str>,
}

impl<'c> Who<'c> {
    /// Whether the call says that another id is the user: his history would then take in that id's.
    fn joins(&self) -> bool {
        self.user.is_some() && (self.anonymous.is_some() || self.previous.is_some())
    }

    /// Takes back what was not proven: the event is the user's, and no other id becomes his.
    fn keep_apart(&mut self) {
        if self.user.is_some() {
            self.anonymous = None;
            self.previous = None;
        }
    }

    fn of(call: &'c Call<'_>, kind: CallKind) -> Result<Self, Reason> {
        let who = Who {
            kind,
            user: call.user_id.text(),
            anonymous: call.anonymous_id.text(),
            previous: call.previous_id.text().filter(|_| kind == CallKind::Alias),
        };
        let ids = [who.user, who.anonymous, who.previous];
        match kind {
            _ if ids.iter().flatten().any(|id| id.len() > ID_BYTES_MAX) => Err(Reason::IdTooLong),
            CallKind::Alias if who.previous.is_none() => Err(Reason::NoPreviousId),
            CallKind::Alias if who.user.is_none() => Err(Reason::NoUserId),
            _ if who.user.is_none() && who.anonymous.is_none() => Err(Reason::NoIdentity),
            _ => Ok(who),
        }
    }
}

/// What a call says that an untrusted source may have to prove, beside what it means.
struct Said<'c> {
    meaning: Option<Meaning>,
    traits: Traits<'c>,
    subscription: Subscription<'c>,
    /// Empty when the device can no longer be reached.
    token: Option<Cow<'c, str>>,
}

impl<'c> Said<'c> {
    fn read(who: &Who<'_>, name: &str, call: &'c Call<'_>, json: &'c str, at: Timestamp) -> Self {
        let meaning = (who.kind == CallKind::Track)
            .then(|| meaning(name))
            .flatten()
            .filter(|meaning| act::is_whole(*meaning, &call.properties));
        let mut traits = Traits::default();
        let identifies = who.kind == CallKind::Identify;
        let consents = identifies || meaning == Some(Meaning::Consent);
        if let Some(json) = call.context.consent.filter(|_| consents) {
            consent::of_context(json, &mut traits.consents);
        }
        if identifies {
            for json in [call.context.traits, call.traits].into_iter().flatten() {
                traits.read(json, at);
            }
        }
        let mut subscription = Subscription::default();
        if meaning == Some(Meaning::Subscription) {
            let read = serde_json::from_str::<Object<SubscriptionCall<'c>>>(json);
            subscription = read.unwrap_or_default().0.0;
        }
        let own = || {
            call.context.device.token.text().map(|it| match it.starts_with('{') {
                true => compact(it),
                false => Cow::Borrowed(it),
            })
        };
        let token = subscription.token().or_else(own).filter(|it| it.len() <= TOKEN_BYTES_MAX);
        Said { meaning, traits, subscription, token }
    }

    fn needs_proof(&self) -> bool {
        let paid = self.meaning == Some(Meaning::Order(OrderAct::Completed));
        let reach = self.token.is_some() || self.permission().is_some();
        paid || reach || !self.traits.consents.is_empty()
    }

    fn permission(&self) -> Option<Permission> {
        self.subscription.permission.text().and_then(words::permission)
    }

    /// Takes back what was not proven.
    fn strip(&mut self) {
        self.token = None;
        self.subscription.permission = Value::Absent;
        self.traits.consents.clear();
        if self.meaning == Some(Meaning::Order(OrderAct::Completed)) {
            self.meaning = None;
        }
    }
}

/// What surrounded an event.
struct Around<'c, 'a> {
    own: &'c Context<'a>,
    batch: &'c Context<'a>,
    said: &'c Said<'a>,
    who: &'c Who<'c>,
}

impl<'c> Around<'c, '_> {
    fn read(&self, edge: &dyn Edge, at: Timestamp) -> Surroundings<'c> {
        let (own, batch) = (self.own, self.batch);
        let app = own.app.namespace.or(&own.app.name).or(batch.app.namespace.or(&batch.app.name));
        Surroundings {
            zone: self.zone(edge, at),
            language: match language(own.locale.or(&batch.locale).text()) {
                Some(tag) => named(edge, Kind::Language, tag),
                None => Text::default(),
            },
            app: app.text().map(cut),
            device: self.device(),
            network: own.network.kind().or(batch.network.kind()),
        }
    }

    fn zone(&self, edge: &dyn Edge, at: Timestamp) -> Option<Zone<'c>> {
        let name = self.own.timezone.or(self.said.traits.timezone.or(&self.batch.timezone)).text()?;
        let offsets = edge.zone(name, at)?;
        Some(Zone {
            name: named(edge, Kind::Zone, name),
            offset_min: offsets.offset_min,
            until: offsets.until,
            next_offset_min: offsets.next_offset_min,
        })
    }

    /// The device, if it has an id or a token. A browser has only a token: there the anonymous id, which
    /// lives as long, tells one browser from another.
    fn device(&self) -> Option<Device<'c>> {
        let (own, batch, said) = (&self.own.device, &self.batch.device, self.said);
        let token = said.token.as_deref();
        let id = said.subscription.device_id.or(own.id.or(own.advertising_id.or(&batch.id))).text();
        let id = id.or_else(|| {
            token.and_then(|token| self.who.anonymous.or(Some(token).filter(|it| !it.is_empty())))
        })?;
        let kind = said.subscription.platform.or(own.kind.or(&batch.kind)).text();
        let web = || if token.is_some_and(|it| it.starts_with('{')) { "web" } else { "" };
        let platform = cut(kind.unwrap_or_else(web));
        let channel = said.subscription.channel.or(&own.channel).text().and_then(words::channel);
        let address = match (token, channel) {
            (None, _) => AddressWord::Silent,
            (Some(""), _) => AddressWord::TakenBack,
            (Some(token), Some(channel)) => AddressWord::At(Address { channel, token }),
            (Some(token), None) => AddressWord::of(platform, token),
        };
        Some(Device { id: cut(id), platform, address, permission: said.permission() })
    }
}

/// The properties of a call that only counts (of a group its traits), as JSON text; empty when none.
fn raw_properties<'j>(kind: CallKind, call: &Call<'j>, json: &'j str) -> Cow<'j, str> {
    let raw = match kind {
        CallKind::Group => call.traits,
        _ => serde_json::from_str::<Object<RawProperties<'j>>>(json).unwrap_or_default().0.0,
    };
    match raw.map_or("", |it| it.get()) {
        "{}" | "null" => Cow::Borrowed(""),
        raw => kept(raw),
    }
}
