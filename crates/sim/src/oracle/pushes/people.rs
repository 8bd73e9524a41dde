//! Who is who and what is known of him, told anew: consent, clock and room, each with its time.
//!
//! What a shard hears of an event that another shard took comes with a message of its own; so it counts here
//! from that message on, no earlier. A visitor becomes one user, once; users are not other users here.

use super::devices::Devices;
use beckon_core::event::{Act, Channel, Class, Event, RoomAct, Trait};
use beckon_core::id::{MachineId, ShardId, Term};
use beckon_core::profile::device::ClaimKey;
use beckon_core::shard::claims::Release;
use beckon_core::shard::message::Message;
use beckon_core::shard::{route, store};
use beckon_core::time::Timestamp;
use std::collections::BTreeMap;

/// Whether an id is a user's, and its spelling.
pub type Key = (bool, String);

/// What is known of a shopper.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Minutes east of UTC.
    pub offset_min: Option<i16>,
    /// The room he is in, and since when he is there or outside.
    room: Option<(u32, Option<Term>)>,
    consent: BTreeMap<(Channel, Class), (u32, bool)>,
    /// His devices.
    pub devices: Devices,
}

/// He may have left a room without a word after so long.
const IN_ROOM_S: u32 = 4 * 3600;

impl Person {
    fn hear(&mut self, event: &Event<'_>) {
        let at = event.at.secs();
        self.devices.hear(event);
        if let Some(zone) = event.context.zone {
            self.offset_min = Some(zone.offset_min);
        }
        match &event.act {
            Act::Identify { traits } => {
                for it in traits {
                    let Trait::Consent { channel, class, granted } = *it else { continue };
                    let of = Channel::ALL.iter().copied().filter(|it| channel.is_none_or(|only| only == *it));
                    for channel in of {
                        let said = self.consent.entry((channel, class)).or_insert((at, granted));
                        if at >= said.0 {
                            *said = (at, granted);
                        }
                    }
                }
            }
            Act::Room { what: what @ (RoomAct::Entered | RoomAct::Left), room, .. } => {
                let room = (*what == RoomAct::Entered).then_some(room.term);
                if self.room.is_none_or(|it| at >= it.0) {
                    self.room = Some((at, room));
                }
            }
            _ => {}
        }
    }

    fn absorb(&mut self, other: Person) {
        self.devices.absorb(other.devices);
        self.offset_min = self.offset_min.or(other.offset_min);
        if let Some(theirs) = other.room
            && self.room.is_none_or(|own| theirs.0 > own.0)
        {
            self.room = Some(theirs);
        }
        for (key, theirs) in other.consent {
            let own = self.consent.entry(key).or_insert(theirs);
            if theirs.0 > own.0 {
                *own = theirs;
            }
        }
    }

    /// Whether he is known to be in `room`.
    pub fn is_in(&self, room: Term, now: u32) -> bool {
        self.room.is_some_and(|(at, it)| it == Some(room) && now.saturating_sub(at) < IN_ROOM_S)
    }

    /// What he said of a channel and class.
    pub fn consent(&self, channel: Channel, class: Class) -> Option<bool> {
        self.consent.get(&(channel, class)).map(|it| it.1)
    }
}

/// What happened to names: who moved to whom, who is gone.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// A visitor became a user.
    Joined(Key, Key),
    /// Somebody was forgotten.
    Gone(Key),
}

/// Everybody.
#[derive(Debug, Default)]
pub struct People {
    people: BTreeMap<Key, Person>,
    /// Visitors who are a user.
    bound: BTreeMap<String, String>,
    /// What was known of a visitor, on its way to his user.
    under_way: BTreeMap<(String, String), Person>,
    /// When a user was forgotten: what was sent before must not bring him back.
    forgotten: BTreeMap<String, Timestamp>,
    seen: BTreeMap<(MachineId, MachineId), u64>,
    /// What happened to names since it was last asked.
    pub moved: Vec<Moved>,
}

impl People {
    /// A shopper.
    pub fn get(&self, known: bool, id: &str) -> Option<&Person> {
        self.people.get(&(known, id.to_owned()))
    }

    /// An event that counts is in the journal. `Some` is whose profile it changed at once.
    pub fn event(&mut self, event: &Event<'_>) -> Option<Key> {
        let here = route(event)?;
        match (event.user, event.anonymous) {
            (Some(user), Some(visitor)) => {
                if !self.bound.contains_key(visitor) {
                    let key = (false, visitor.to_owned());
                    let history = self.people.remove(&key);
                    self.bound.insert(visitor.to_owned(), user.to_owned());
                    self.moved.push(Moved::Joined(key, (true, user.to_owned())));
                    let history = history.unwrap_or_default();
                    if here == ShardId::of(user) {
                        self.at(true, user).absorb(history);
                    } else {
                        self.under_way.insert((visitor.to_owned(), user.to_owned()), history);
                    }
                }
                self.deliver(here, user, event)
            }
            (Some(user), None) => self.deliver(here, user, event),
            (None, Some(visitor)) => match self.bound.get(visitor).cloned() {
                Some(user) => self.deliver(here, &user, event),
                None => {
                    self.at(false, visitor).hear(event);
                    Some((false, visitor.to_owned()))
                }
            },
            (None, None) => None,
        }
    }

    fn deliver(&mut self, here: ShardId, user: &str, event: &Event<'_>) -> Option<Key> {
        if here != ShardId::of(user) {
            return None;
        }
        self.at(true, user).hear(event);
        Some((true, user.to_owned()))
    }

    fn at(&mut self, known: bool, id: &str) -> &mut Person {
        self.people.entry((known, id.to_owned())).or_default()
    }

    /// A message between shards is in the journal; hands the event that it brought to `each`.
    pub fn told(
        &mut self,
        link: (MachineId, MachineId),
        sequence: u64,
        bytes: &[u8],
        each: &mut dyn FnMut(&Key, &Event<'_>),
    ) -> Result<(), String> {
        let seen = self.seen.entry(link).or_default();
        if sequence <= *seen {
            return Ok(());
        }
        *seen = sequence;
        let (sent, message) = Message::decode(bytes).map_err(|error| error.to_string())?;
        if let Message::Forward { user, .. } | Message::Join { user, .. } = &message
            && self.forgotten.get(*user).is_some_and(|at| *at >= sent)
        {
            if let Message::Join { key, user, .. } = &message {
                // The visitor's shard hears of it.
                self.under_way.remove(&(key.id.to_owned(), (*user).to_owned()));
                if ShardId::of(key.id) == ShardId::of(user) {
                    self.unbind(key.id, user);
                }
            }
            return Ok(());
        }
        match message {
            Message::Forward { event, user, .. } => {
                let event = Event::decode(event).map_err(|error| error.to_string())?;
                self.at(true, user).hear(&event);
                each(&(true, user.to_owned()), &event);
            }
            Message::Join { user, key, history, .. } => {
                let history_of = self.under_way.remove(&(key.id.to_owned(), user.to_owned()));
                let own = self.at(true, user);
                if history.is_some() {
                    own.absorb(history_of.unwrap_or_default());
                }
            }
            Message::Unbind { key, user } => self.unbind(key.id, user),
            Message::Erase { user, .. } => self.forget_user(user, sent),
            Message::Release { release, .. } => self.released(&release),
            Message::Claim { .. } | Message::Disclaim { .. } | Message::Dead { .. } => {}
        }
        Ok(())
    }

    /// A shopper has lost a device or an address. If he is another by now, his new shard hears of it by itself.
    fn released(&mut self, it: &Release<'_>) {
        let mut holder = (it.holder.known, it.holder.id.to_owned());
        if !holder.0
            && let Some(user) = self.bound.get(&holder.1)
        {
            if ShardId::of(user) != ShardId::of(&holder.1) {
                return;
            }
            holder = (true, user.clone());
        }
        let is_himself = |owner: &store::Key<'_>| match owner.known {
            true => holder.0 && *owner.id == *holder.1,
            false => self.bound.get(owner.id).is_some_and(|it| *it == holder.1),
        };
        if !it.dead && it.owner.is_some_and(|owner| is_himself(&owner)) {
            return;
        }
        if let Some(person) = self.people.get_mut(&holder) {
            match it.dead {
                true => person.devices.bury(it.what),
                false => person.devices.release(it.what, it.at),
            }
        }
    }

    /// A push service called a shopper's address gone.
    pub fn bury(&mut self, holder: &Key, what: ClaimKey) {
        if let Some(person) = self.people.get_mut(holder) {
            person.devices.bury(what);
        }
    }

    fn unbind(&mut self, visitor: &str, user: &str) {
        if self.bound.get(visitor).is_some_and(|it| *it == *user) {
            self.bound.remove(visitor);
        }
    }

    /// Somebody asked to be forgotten.
    pub fn erase(&mut self, now: Timestamp, id: &str) {
        self.forget_user(id, now);
        if let Some(user) = self.bound.remove(id) {
            if ShardId::of(&user) == ShardId::of(id) {
                self.forget_user(&user, now);
            }
        } else if self.people.remove(&(false, id.to_owned())).is_some() {
            self.moved.push(Moved::Gone((false, id.to_owned())));
        }
    }

    fn forget_user(&mut self, user: &str, at: Timestamp) {
        let latest = self.forgotten.entry(user.to_owned()).or_insert(at);
        *latest = at.max(*latest);
        if self.people.remove(&(true, user.to_owned())).is_some() {
            self.moved.push(Moved::Gone((true, user.to_owned())));
            // His other names on this shard lose him at once; those elsewhere when they hear of it.
            let here = ShardId::of(user);
            self.bound.retain(|visitor, it| *it != user || ShardId::of(visitor) != here);
        }
    }
}
