//! What shards tell the director: how values are spread, what was sent, and what was learnt.

use crate::bytes::{Get, Malformed, Put};
use crate::decide::features::Bins;
use crate::decide::hazard::SHAPE;
use crate::decide::histogram::Histogram;
use crate::decide::rhythm::Population;
use crate::id::Term;
use crate::time::Timestamp;

/// A message of a shard to the director.
#[expect(clippy::large_enum_variant, reason = "a word lives for one call: it is read, taken and gone")]
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// How much pushes for a show would be worth here, when its window opened.
    Spread {
        /// The show.
        show: Term,
        /// The values of all who are eligible.
        values: Histogram,
    },
    /// What was sent for a show since the last word.
    Sent {
        /// The show.
        show: Term,
        /// The look it belongs to.
        look: Timestamp,
        /// Pushes.
        pushes: u64,
        /// Entries expected of them.
        entries: f64,
        /// Purchases expected of them, by offer.
        purchases: Vec<(Term, f64)>,
    },
    /// What can be learnt from.
    Lessons(Lessons),
}

/// Outcomes that have matured, and a sample of who was active.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lessons {
    /// Whether one entered.
    pub entries: Vec<EntryLesson>,
    /// Whether one who entered bought.
    pub purchases: Vec<(Bins, bool)>,
    /// Whether somebody was active in a slot.
    pub activity: Vec<ActivityLesson>,
    /// The rhythms of a sample of shoppers; an own sample every time.
    pub population: Option<Population>,
}

/// A slot of a shopper who was watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityLesson {
    /// The bins of his situation before it.
    pub bins: [u8; SHAPE.features.len()],
    /// Whether he was active in it.
    pub active: bool,
    /// His state after it, as [`crate::decide::state::State::index`].
    pub after: u8,
}

/// A push or a ghost whose half hour is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EntryLesson {
    /// What was known when it was decided.
    pub bins: Bins,
    /// What was expected.
    pub expected: f64,
    /// Whether it was sent.
    pub treated: bool,
    /// Whether the shopper entered.
    pub entered: bool,
    /// Seconds since the screen went on, when it was sent.
    pub lag_s: u32,
    /// The template and the trigger, if it was sent, and whether it was tapped.
    pub arm: Option<(Term, u8, bool)>,
}

impl Lessons {
    /// Whether there is nothing to learn.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.purchases.is_empty()
            && self.activity.is_empty()
            && self.population.is_none()
    }
}

impl Word {
    /// This word as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        match self {
            Word::Spread { show, values } => {
                out.push(0);
                out.put_uint(show.0.into());
                values.encode(&mut out);
            }
            Word::Sent { show, look, pushes, entries, purchases } => {
                out.push(1);
                out.put_uint(show.0.into());
                out.put_int(look.0);
                out.put_uint(*pushes);
                out.extend_from_slice(&entries.to_le_bytes());
                out.put_uint(purchases.len() as u64);
                for (offer, expected) in purchases {
                    out.put_uint(offer.0.into());
                    out.extend_from_slice(&expected.to_le_bytes());
                }
            }
            Word::Lessons(lessons) => {
                out.push(2);
                lessons.encode(&mut out);
            }
        }
        out
    }

    /// Reads what [`Word::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut get = Get::new(bytes);
        let word = match get.u8("word of a shard")? {
            0 => Word::Spread { show: Term(get.u32("show")?), values: Histogram::decode(&mut get)? },
            1 => {
                let (show, look) = (Term(get.u32("show")?), Timestamp(get.int("look")?));
                let pushes = get.uint("pushes")?;
                let entries = number(&mut get)?;
                let mut purchases = Vec::new();
                for _ in 0..get.len("offers")? {
                    purchases.push((Term(get.u32("offer")?), number(&mut get)?));
                }
                Word::Sent { show, look, pushes, entries, purchases }
            }
            2 => Word::Lessons(Lessons::read(&mut get)?),
            _ => return Err(get.malformed("word of a shard")),
        };
        if get.is_empty() { Ok(word) } else { Err(get.malformed("end of a word")) }
    }
}

fn number(get: &mut Get<'_>) -> Result<f64, Malformed> {
    let number = f64::from_le_bytes(get.array("expected number")?);
    if number.is_finite() { Ok(number) } else { Err(get.malformed("expected number")) }
}

impl Lessons {
    fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.entries.len() as u64);
        for it in &self.entries {
            out.extend_from_slice(&it.bins);
            out.extend_from_slice(&it.expected.to_le_bytes());
            out.put_uint(it.lag_s.into());
            let (template, trigger, tapped) = it.arm.unwrap_or_default();
            let flags = [it.treated, it.entered, it.arm.is_some(), tapped];
            out.push(flags.iter().enumerate().map(|(at, on)| u8::from(*on) << at).sum());
            out.put_uint(template.0.into());
            out.push(trigger);
        }
        out.put_uint(self.purchases.len() as u64);
        for (bins, bought) in &self.purchases {
            out.extend_from_slice(bins);
            out.push((*bought).into());
        }
        out.put_uint(self.activity.len() as u64);
        for it in &self.activity {
            out.extend_from_slice(&it.bins);
            out.extend_from_slice(&[it.active.into(), it.after]);
        }
        out.push(self.population.is_some().into());
        if let Some(population) = &self.population {
            population.encode(out);
        }
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut lessons = Lessons::default();
        for _ in 0..get.len("entries")? {
            let (bins, expected, lag_s) = (get.array("bins")?, number(get)?, get.u32("lag")?);
            let (flags, template, trigger) =
                (get.u8("flags")?, Term(get.u32("template")?), get.u8("trigger")?);
            lessons.entries.push(EntryLesson {
                bins,
                expected,
                treated: flags & 1 != 0,
                entered: flags & 2 != 0,
                lag_s,
                arm: (flags & 4 != 0).then_some((template, trigger, flags & 8 != 0)),
            });
        }
        for _ in 0..get.len("purchases")? {
            lessons.purchases.push((get.array("bins")?, get.u8("flag")? != 0));
        }
        for _ in 0..get.len("activity")? {
            let bins = get.array("bins")?;
            let [active, after] = get.array("activity")?;
            lessons.activity.push(ActivityLesson { bins, active: active != 0, after });
        }
        if get.u8("population flag")? != 0 {
            lessons.population = Some(Population::decode(get)?);
        }
        Ok(lessons)
    }
}
