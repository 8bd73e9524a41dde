//! The judge of pushes: reads the journal in its order, keeps its own simple picture of people, shows and
//! messages, and holds every parcel against it: where its attempt stands in the order, and again when it
//! leaves. It never asks a shard whether something may be sent; what the straight fold lets go it condemns.

mod board;
mod devices;
pub mod lives;
mod people;

pub use lives::Tally;

use beckon_core::director::catalogue::Change;
use beckon_core::event::{Act, Channel, Class, Event};
use beckon_core::id::{MachineId, Term};
use beckon_core::profile::device::ClaimKey;
use beckon_core::push::report::Report;
use beckon_core::push::{Answer, PushId};
use beckon_core::shard::calling::parcel::Parcel;
use beckon_core::time::Timestamp;
use beckon_engine::record::{Body, Record};
use beckon_engine::worker::Out;
use board::Board;
use lives::Lives;
use people::{Key, Moved, People};
use std::collections::{BTreeMap, BTreeSet};

/// The judge.
#[derive(Debug, Default)]
pub struct Judge {
    board: Board,
    people: People,
    lives: Lives,
    /// Events that counted.
    seen: BTreeSet<u128>,
    /// What may leave: its attempt is durable and right.
    allowed: BTreeMap<(PushId, u8), Parcel>,
    /// What has left.
    left: BTreeSet<(PushId, u8)>,
    /// What the channel said to the last message that left; `None` while it has not been heard.
    said: BTreeMap<PushId, Option<Answer>>,
}

impl Judge {
    /// The next durable record, with what the straight fold wants done on folding it.
    pub fn record(&mut self, bytes: &[u8], outs: &[Out]) -> Result<(), String> {
        let record = Record::decode(bytes).map_err(|error| error.to_string())?;
        let now = record.now;
        match &record.body {
            Body::Events(events) => {
                for (_, bytes) in events.iter().flatten() {
                    let event = Event::decode(bytes).map_err(|error| error.to_string())?;
                    if self.seen.insert(event.key) {
                        let whose = self.people.event(&event);
                        self.follow_names();
                        whose.into_iter().for_each(|it| moved_on(&mut self.lives, &it, &event));
                    }
                }
            }
            Body::Told { from, to, sequence, message } if *to < MachineId::DIRECTOR => {
                let lives = &mut self.lives;
                let mut each = |key: &Key, event: &Event<'_>| moved_on(lives, key, event);
                self.people.told((*from, *to), *sequence, message, &mut each)?;
                self.follow_names();
            }
            Body::Changes(changes) => {
                for change in changes.iter().flatten() {
                    if let Change::Staged(it) = change {
                        self.board.change(now, &it);
                    }
                }
            }
            Body::Erase { id, .. } => {
                self.people.erase(now, id);
                self.follow_names();
            }
            Body::Attempt(pushes) => {
                for push in pushes.iter().flatten() {
                    let parcel = outs.iter().find_map(|it| match it {
                        Out::Carry(it) if it.id == push => Some(&**it),
                        _ => None,
                    });
                    self.attempted(now, push, parcel)?;
                }
            }
            Body::Answered(pushes) => {
                for (push, answer) in pushes.answers().flatten() {
                    // An answer to an attempt that is over already says nothing any more.
                    if self.lives.answered(push, answer) && answer == Answer::Gone {
                        self.is_gone(push);
                    }
                }
            }
            Body::Dropped(pushes) => {
                pushes.reasons().flatten().for_each(|(push, _)| self.lives.dropped(push));
            }
            Body::Told { .. } | Body::Tick | Body::Epoch { .. } => {}
        }
        for out in outs {
            match out {
                Out::Queue(ticket) => self.lives.queued(ticket)?,
                Out::Carry(parcel) if !matches!(record.body, Body::Attempt(_)) => {
                    return Err(format!("{} is let go by a record that is no attempt", parcel.id));
                }
                _ => {}
            }
        }
        self.lives.settle();
        Ok(())
    }

    /// The address that a push went to is dead.
    fn is_gone(&mut self, push: PushId) {
        let last = self.allowed.range((push, 0)..=(push, u8::MAX)).next_back();
        if let Some((_, parcel)) = last
            && !matches!(parcel.channel, Channel::InApp | Channel::Webhook)
            && let Some(holder) = self.lives.holder(push)
        {
            self.people.bury(holder, ClaimKey::address(parcel.channel, &parcel.token));
        }
    }

    fn follow_names(&mut self) {
        for moved in std::mem::take(&mut self.people.moved) {
            match moved {
                Moved::Joined(visitor, user) => self.lives.moved(&visitor, Some(&user)),
                Moved::Gone(key) => self.lives.moved(&key, None),
            }
        }
    }

    fn attempted(&mut self, now: Timestamp, push: PushId, parcel: Option<&Parcel>) -> Result<(), String> {
        let offset_min = parcel.map_or(0, |it| self.offset_of(it));
        let day = day_of(now, offset_min);
        if let Some(parcel) = parcel {
            self.check(now, offset_min, day, parcel)
                .map_err(|what| format!("{push} is let go, but {what}: {parcel:?}"))?;
            self.allowed.insert((push, parcel.attempt), parcel.clone());
        }
        self.lives.attempted(push, parcel.map(|it| (it, self.board.tells(it))), day)
    }

    fn offset_of(&self, parcel: &Parcel) -> i16 {
        let person = self.people.get(parcel.known, &parcel.shopper);
        person.and_then(|it| it.offset_min).unwrap_or(self.board.policy.default_offset_min)
    }

    /// Everything that DESIGN.md §3 promises of a push, where its attempt stands in the order.
    fn check(&self, now: Timestamp, offset_min: i16, day: i64, parcel: &Parcel) -> Result<(), String> {
        let wrong = |what: &str| Err(what.to_owned());
        if now >= parcel.deadline {
            return wrong("its deadline is past");
        }
        let Some(person) = self.people.get(parcel.known, &parcel.shopper) else {
            return wrong("nobody is known by that name");
        };
        self.board.check(now, offset_min, parcel)?;
        if self.board.room(parcel.show).is_some_and(|it| person.is_in(it, now.secs())) {
            return wrong("he is known to be in the room");
        }
        person.devices.check(parcel)?;
        let policy = &self.board.policy;
        let allowed = match (person.consent(parcel.channel, parcel.class), parcel.class) {
            (Some(said), _) => said,
            (None, Class::Service) => true,
            (None, Class::Marketing) => policy.consent_assumed & 1 << parcel.channel as u8 != 0,
        };
        if !allowed {
            return wrong("he did not consent");
        }
        if parcel.class == Class::Marketing {
            let key = (parcel.known, parcel.shopper.to_string());
            let today = 1 + self.lives.count(&key, parcel.id, |_, _, _, on| on == day);
            if today > usize::from(policy.day_cap) {
                return Err(format!("it is the {today}th of the day, the cap is {}", policy.day_cap));
            }
            let of_show = 1 + self.lives.count(&key, parcel.id, |show, _, _, _| show == parcel.show);
            if of_show > usize::from(policy.show_cap) {
                return Err(format!("it is the {of_show}th of the show, the cap is {}", policy.show_cap));
            }
            let tells = self.board.tells(parcel);
            if !policy.say_again && self.lives.was_told(&key, parcel.id, parcel.show, &tells) {
                return wrong("it is the same news told twice");
            }
            let cap = self.board.channel_cap(parcel.channel);
            let to_device = 1 + self.lives.count(&key, parcel.id, |_, channel, device, on| {
                on == day && channel == parcel.channel && *device == *parcel.device
            });
            if cap > 0 && to_device > cap {
                return Err(format!("it is the {to_device}th to the device today, the cap is {cap}"));
            }
        }
        Ok(())
    }

    /// A parcel leaves at `clock`.
    pub fn leaves(&mut self, clock: Timestamp, parcel: &Parcel) -> Result<(), String> {
        let key = (parcel.id, parcel.attempt);
        if self.left.contains(&key) {
            return Err(format!("{} leaves a second time with one attempt", parcel.id));
        }
        match self.allowed.get(&key) {
            None => return Err(format!("{} leaves and no durable record let it go", parcel.id)),
            Some(it) if it != parcel => {
                return Err(format!("{} leaves as {parcel:?}, what was let go is {it:?}", parcel.id));
            }
            Some(_) => {}
        }
        if clock >= parcel.deadline {
            return Err(format!("{} leaves at {clock:?}, its deadline was {:?}", parcel.id, parcel.deadline));
        }
        let before = self.said.insert(parcel.id, None);
        if let Some(said) = before
            && parcel.class == Class::Marketing
            && !said.is_some_and(lives::is_definite)
        {
            return Err(format!("{} leaves again, and what the channel said before was {said:?}", parcel.id));
        }
        self.left.insert(key);
        Ok(())
    }

    /// A channel's answer was heard, whatever the node makes of it.
    pub fn hears(&mut self, push: PushId, answer: Answer) {
        self.said.insert(push, Some(answer));
    }

    /// Nothing is under way any more: holds a show's report against what was counted here.
    pub fn check_report(&self, show: Term, report: &Report) -> Result<(), String> {
        let (counted, said) = (self.lives.counts(show), lives::counts_of(report));
        if counted != said {
            return Err(format!("the report of show {} says {said:?}, what happened is {counted:?}", show.0));
        }
        let total = report.total();
        let ended: u64 = report.ended.values().sum();
        if total.decided != total.accepted + ended {
            let what =
                format!("{} decided, {} accepted, {ended} ended otherwise", total.decided, total.accepted);
            return Err(format!("pushes of show {} end not once each: {what}", show.0));
        }
        Ok(())
    }

    /// The shopper of a push that waits is gone, and with him the push.
    pub fn gone(&mut self, push: PushId) {
        self.lives.dropped(push);
        self.lives.settle();
    }

    /// Messages and how they ended.
    pub fn lives(&self) -> &Lives {
        &self.lives
    }
}

fn day_of(now: Timestamp, offset_min: i16) -> i64 {
    (now.0.div_euclid(60_000) + i64::from(offset_min)).div_euclid(1440)
}

fn moved_on(lives: &mut Lives, key: &Key, event: &Event<'_>) {
    if let Act::Push { what, message } = &event.act
        && let Ok(push) = message.parse()
    {
        lives.moved_on(key, push, *what);
    }
}
