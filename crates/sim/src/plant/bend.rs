//! Bugs inside of a shard, planted from outside: it folds another record than the one in the journal, as if
//! it had not understood it. The straight fold of the oracle has the same bug, so that only the judge of
//! pushes, which reads the journal itself, can see it.

use super::Plant;
use beckon_core::director::catalogue::Change;
use beckon_core::event::{Act, Connection, Event, RoomAct, Trait};
use beckon_core::profile::device::ClaimKey;
use beckon_core::push::Answer;
use beckon_core::shard::message::Message;
use beckon_core::show::{Cue, CueKind, Policy};
use beckon_core::stage::Staged;
use beckon_core::time::Timestamp;
use beckon_engine::record::{self, Body, EventsWriter, Record};

impl Plant {
    /// Whether it bends what shards fold. A start folds what stands in the journal, so such a bug lives only
    /// until the first.
    pub fn bends(self) -> bool {
        matches!(
            self,
            Plant::RoomUnseen
                | Plant::RefusalUnheard
                | Plant::CapOffByOne
                | Plant::SaidForgotten
                | Plant::QuietUnknown
                | Plant::PriceStale
                | Plant::SoldOutUnheard
                | Plant::EndUnheard
                | Plant::AnswerMistaken
                | Plant::LostIsUnreached
                | Plant::GoneUnheard
                | Plant::TakenUnheard
                | Plant::PermissionUnheard
                | Plant::ClosedUnheard
                | Plant::SignedOutUnheard
        )
    }

    /// What shards take the record for; `None` when for what it is.
    pub fn bend(self, bytes: &[u8]) -> Option<Vec<u8>> {
        if !self.bends() {
            return None;
        }
        let record = Record::decode(bytes).ok()?;
        match &record.body {
            Body::Events(events) if self.bends_events() => {
                let mut writer = EventsWriter::new(events.source, events.default_offset_min);
                for (_, event) in events.iter().flatten() {
                    let mut event = Event::decode(event).ok()?;
                    self.bend_event(&mut event);
                    writer.event(&event);
                }
                Some(stamped(writer.finish(events.bulk), record.now))
            }
            Body::Changes(changes) if !changes.is_empty() => {
                let bent: Vec<Change> =
                    changes.iter().flatten().filter_map(|it| self.bend_change(it)).collect();
                Some(stamped(record::changes(&bent), record.now))
            }
            Body::Told { from, to, sequence, message } => {
                let (sent, told) = Message::decode(message).ok()?;
                let mut bent = Vec::new();
                match told {
                    Message::Release { release, .. } if self == Plant::TakenUnheard && !release.dead => {
                        Message::Disclaim { what: ClaimKey(0), of: release.holder }.encode(sent, &mut bent);
                    }
                    Message::Release { release, .. } if self == Plant::GoneUnheard && release.dead => {
                        Message::Disclaim { what: ClaimKey(0), of: release.holder }.encode(sent, &mut bent);
                    }
                    Message::Forward { event, user, default_offset_min, hops } if self.bends_events() => {
                        let mut event = Event::decode(event).ok()?;
                        self.bend_event(&mut event);
                        let mut bytes = Vec::new();
                        event.encode(&mut bytes);
                        let forward = Message::Forward { event: &bytes, user, default_offset_min, hops };
                        forward.encode(sent, &mut bent);
                    }
                    _ => return None,
                }
                Some(stamped(record::told(*from, *to, *sequence, &bent), record.now))
            }
            Body::Answered(pushes)
                if matches!(self, Plant::AnswerMistaken | Plant::LostIsUnreached | Plant::GoneUnheard) =>
            {
                let mistake = |answer| match (self, answer) {
                    (Plant::AnswerMistaken, Answer::Accepted) => Answer::Ambiguous,
                    (Plant::LostIsUnreached, Answer::Ambiguous) => Answer::Unreached,
                    (Plant::GoneUnheard, Answer::Gone) => Answer::Later(record.now),
                    _ => answer,
                };
                let answers = pushes.answers().flatten().map(|(push, answer)| (push, mistake(answer)));
                Some(stamped(record::answered(answers), record.now))
            }
            _ => None,
        }
    }

    fn bends_events(self) -> bool {
        matches!(
            self,
            Plant::RoomUnseen
                | Plant::RefusalUnheard
                | Plant::PermissionUnheard
                | Plant::ClosedUnheard
                | Plant::SignedOutUnheard
        )
    }

    fn bend_event(self, event: &mut Event<'_>) {
        if self == Plant::PermissionUnheard
            && let Some(device) = &mut event.context.device
        {
            device.permission = None;
        }
        match &mut event.act {
            act @ Act::Connection(Connection::Background | Connection::Closed)
                if self == Plant::ClosedUnheard =>
            {
                *act = Act::Other { raw: "" };
            }
            act @ Act::SignedOut if self == Plant::SignedOutUnheard => *act = Act::Other { raw: "" },
            act => self.bend_act(act),
        }
    }

    fn bend_act(self, act: &mut Act<'_>) {
        match act {
            Act::Room { what, .. } if self == Plant::RoomUnseen && *what == RoomAct::Entered => {
                *act = Act::Other { raw: "" };
            }
            Act::Identify { traits } if self == Plant::RefusalUnheard => {
                traits.retain(|it| !matches!(it, Trait::Consent { granted: false, .. }));
            }
            _ => {}
        }
    }

    fn bend_change(self, change: Change) -> Option<Change> {
        let Change::Staged(staged) = change else { return Some(change) };
        let staged = match (self, staged) {
            (Plant::CapOffByOne, Staged::PutPolicy(it)) => {
                Staged::PutPolicy(Policy { day_cap: it.day_cap + 1, show_cap: it.show_cap + 1, ..it })
            }
            (Plant::SaidForgotten, Staged::PutPolicy(it)) => {
                Staged::PutPolicy(Policy { say_again: true, ..it })
            }
            (Plant::QuietUnknown, Staged::PutPolicy(it)) => {
                Staged::PutPolicy(Policy { quiet_from_min: 0, quiet_until_min: 0, ..it })
            }
            (Plant::PriceStale, Staged::Cue(Cue { kind: CueKind::OfferChanged { .. }, .. })) => return None,
            (Plant::SoldOutUnheard, Staged::Cue(Cue { kind: CueKind::Stock { left: 0, .. }, .. })) => {
                return None;
            }
            (Plant::EndUnheard, Staged::Cue(Cue { kind: CueKind::End, .. })) => return None,
            (_, it) => it,
        };
        Some(Change::Staged(staged))
    }
}

fn stamped(mut bytes: Vec<u8>, now: Timestamp) -> Vec<u8> {
    record::stamp(&mut bytes, now);
    bytes
}
