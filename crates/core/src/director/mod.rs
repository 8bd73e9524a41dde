//! The director: what belongs to the shops rather than to one shopper, as a pure state machine.
//!
//! It keeps the catalogue, the progress of bulk sources and the shows; it hears from the shards what pushes
//! would be worth and what was sent, sets the price of the next one, learns from outcomes, and tells every
//! worker's stage by [`Notice`]s, which are journalled like every message between machines.

pub mod catalogue;
pub(crate) mod codec;
mod lessons;
mod show_book;
pub mod word;

use crate::bytes::{Get, Malformed, Put};
use crate::id::{MachineId, Term};
use crate::limits::{BULK_SOURCES_MAX, SHARDS};
use crate::show::{Cue, CueKind};
use crate::stage::{Notice, Stage, Staged};
use crate::time::Timestamp;
use catalogue::{Catalogue, Change};
use lessons::School;
use show_book::ShowBook;
use std::collections::BTreeMap;
use word::Word;

/// An input, as it stands in the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Input<'a> {
    /// What the customer entered changes.
    Change(Change),
    /// Events of a bulk source were journalled.
    Bulk {
        /// The source's own name.
        source: &'a str,
        /// The sequence after the last of them.
        next: u64,
    },
    /// A shard told something.
    Told {
        /// Which.
        from: MachineId,
        /// Its number among those this shard sent here, from 1.
        sequence: u64,
        /// Its bytes, see [`Word`].
        message: &'a [u8],
    },
    /// Time passed.
    Tick,
}

/// What the director wants journalled: a notice to every stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tell {
    /// Its number, from 1.
    pub sequence: u64,
    /// Its bytes, see [`Notice`].
    pub message: Vec<u8>,
}

/// What belongs to the shops.
#[derive(Debug, Clone)]
pub struct Director {
    catalogue: Catalogue,
    bulk: Bulk,
    stage: Stage,
    books: BTreeMap<Term, ShowBook>,
    school: School,
    /// The next time at which prices follow the pace; `None` while no show is planned.
    next_pace: Option<Timestamp>,
    sent: u64,
    seen: [u64; SHARDS],
}

impl Default for Director {
    fn default() -> Self {
        Director {
            catalogue: Catalogue::default(),
            bulk: Bulk::default(),
            stage: Stage::default(),
            books: BTreeMap::new(),
            school: School::default(),
            next_pace: None,
            sent: 0,
            seen: [0; SHARDS],
        }
    }
}

/// How often prices follow the pace, in milliseconds.
const PACE_MS: i64 = 60_000;

impl Director {
    /// Folds one input; `tells` takes what is to be journalled for the stages. `true` when it changed
    /// something. An error means that the bytes are not ours.
    pub fn handle(
        &mut self,
        now: Timestamp,
        input: Input<'_>,
        tells: &mut Vec<Tell>,
    ) -> Result<bool, Malformed> {
        while let Some(at) = self.next_pace.filter(|at| *at <= now) {
            self.pace(at, tells);
        }
        Ok(match input {
            Input::Change(Change::Staged(change)) => self.staged(now, &change),
            Input::Change(change) => self.catalogue.apply(change),
            Input::Bulk { source, next } => self.bulk.advance(source, next),
            Input::Told { from, sequence, message } => self.told(now, from, sequence, message, tells)?,
            Input::Tick => false,
        })
    }

    /// When prices next follow the pace.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.next_pace
    }

    fn staged(&mut self, now: Timestamp, change: &Staged) -> bool {
        let changed = self.stage.apply(now, change).is_ok();
        let stock = match change {
            Staged::PutOffer(offer) => Some((offer.show.term, offer.id.term)),
            Staged::Cue(Cue { show, kind: CueKind::Stock { offer, .. } }) => Some((*show, *offer)),
            _ => None,
        };
        if let Some((show, offer)) = stock
            && let Some(book) = self.books.get_mut(&show)
        {
            book.restocked(offer);
        }
        let is_planned = |it: &Term| self.stage.show(*it).is_some();
        self.books.retain(|show, _| is_planned(show));
        if self.next_pace.is_none() {
            self.next_pace = self.pace_after(now);
        }
        changed
    }

    /// The next pace after `now`, while a show is planned that is not over.
    fn pace_after(&self, now: Timestamp) -> Option<Timestamp> {
        let current = self.stage.shows().any(|(_, it)| it.ended.is_none() && now < it.closes());
        current.then(|| Timestamp((now.0.div_euclid(PACE_MS) + 1) * PACE_MS))
    }

    fn pace(&mut self, at: Timestamp, tells: &mut Vec<Tell>) {
        let mut notices = Vec::new();
        for (show, on) in self.stage.open_shows(at) {
            if let Some(book) = self.books.get_mut(&show) {
                book.pace(&self.stage, &on.show, at, &mut notices);
            }
        }
        notices.extend(self.school.tell(at));
        self.tell(notices, tells);
        self.next_pace = self.pace_after(at);
    }

    fn told(
        &mut self,
        now: Timestamp,
        from: MachineId,
        sequence: u64,
        message: &[u8],
        tells: &mut Vec<Tell>,
    ) -> Result<bool, Malformed> {
        let word = Word::decode(message)?;
        let shard = usize::from(from.0).min(SHARDS - 1);
        if sequence <= self.seen[shard] {
            return Ok(false);
        }
        self.seen[shard] = sequence;
        let mut notices = Vec::new();
        match word {
            Word::Spread { show, values } => {
                if let Some(on) = self.stage.show(show) {
                    let book = self.books.entry(show).or_default();
                    notices.extend(book.spread(&on.show, shard, &values));
                }
            }
            Word::Sent { show, pushes, entries, purchases, .. } => {
                if let Some(on) = self.stage.show(show) {
                    let book = self.books.entry(show).or_default();
                    book.sent(pushes, entries, &purchases);
                    book.close(&self.stage, &on.show, &mut notices);
                }
            }
            Word::Lessons(lessons) => {
                self.school.take(&lessons);
                notices.extend(self.school.tell(now));
            }
        }
        self.tell(notices, tells);
        Ok(true)
    }

    fn tell(&mut self, notices: Vec<Notice>, tells: &mut Vec<Tell>) {
        for notice in notices {
            self.sent += 1;
            let mut message = Vec::new();
            notice.encode(&mut message);
            self.stage.notice(self.sent, notice);
            tells.push(Tell { sequence: self.sent, message });
        }
    }

    /// The shows, and all that belongs to them, as far as they are folded here.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Products, hosts and rooms.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How far bulk sources have come.
    pub fn bulk(&self) -> &Bulk {
        &self.bulk
    }

    /// Hands over this machine's state as blocks.
    pub fn write<E>(&self, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut out = Vec::new();
        out.put_uint(self.bulk.next.len() as u64);
        for (source, next) in &self.bulk.next {
            out.put_str(source);
            out.put_uint(*next);
        }
        let mut stage = Vec::new();
        self.stage.encode(&mut stage);
        out.put_bytes(&stage);
        out.put_uint(self.books.len() as u64);
        for (show, book) in &self.books {
            out.put_uint(show.0.into());
            book.encode(&mut out);
        }
        self.school.encode(&mut out);
        out.push(self.next_pace.is_some().into());
        out.put_int(self.next_pace.unwrap_or_default().0);
        out.put_uint(self.sent);
        self.seen.iter().for_each(|it| out.put_uint(*it));
        sink(&out)?;
        let all = self.catalogue.products().map(|it| Change::PutProduct((**it).clone()));
        let all = all.chain(self.catalogue.hosts().map(|it| Change::PutHost((**it).clone())));
        let all = all.chain(self.catalogue.rooms().map(|it| Change::PutRoom((**it).clone())));
        out.clear();
        for change in all {
            change.encode(&mut out);
            if out.len() > BLOCK_BYTES {
                sink(&out)?;
                out.clear();
            }
        }
        if out.is_empty() { Ok(()) } else { sink(&out) }
    }

    /// Takes a block back; `first` for the first of them.
    pub fn restore(&mut self, block: &[u8], first: bool) -> Result<(), Malformed> {
        let mut get = Get::new(block);
        if first {
            for _ in 0..get.len("bulk sources")? {
                let source = get.str("bulk source")?;
                self.bulk.advance(source, get.uint("bulk sequence")?);
            }
            self.stage = Stage::decode(get.bytes("stage")?)?;
            for _ in 0..get.len("books")? {
                let show = Term(get.u32("show of a book")?);
                self.books.insert(show, ShowBook::read(&mut get)?);
            }
            self.school = School::read(&mut get)?;
            let is_set = get.u8("flag of the pace")? != 0;
            let at = Timestamp(get.int("pace")?);
            self.next_pace = is_set.then_some(at);
            self.sent = get.uint("sequence")?;
            for it in &mut self.seen {
                *it = get.uint("sequence")?;
            }
        }
        while !get.is_empty() {
            self.catalogue.apply(Change::read(&mut get)?);
        }
        Ok(())
    }
}

const BLOCK_BYTES: usize = 1 << 20;

/// How far each bulk source has come: what was sent before is known by its number, whatever its age.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bulk {
    next: BTreeMap<Box<str>, u64>,
}

/// What to do with a run of events of a bulk source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Take them, but leave out the first so many: they were taken before.
    Skip(u64),
    /// Events before them are missing: the source must continue at this sequence.
    Gap {
        /// The sequence that is wanted next.
        expected: u64,
    },
    /// There are too many bulk sources already.
    TooManySources,
}

impl Bulk {
    /// What to do with `count` events of `source` that begin at `first`. A source begins at 0.
    pub fn admit(&self, source: &str, first: u64, count: u64) -> Admission {
        if self.next.len() >= BULK_SOURCES_MAX && !self.next.contains_key(source) {
            return Admission::TooManySources;
        }
        let expected = self.next(source);
        if first > expected {
            Admission::Gap { expected }
        } else {
            Admission::Skip((expected - first).min(count))
        }
    }

    /// The sequence that `source` continues at.
    pub fn next(&self, source: &str) -> u64 {
        self.next.get(source).copied().unwrap_or(0)
    }

    /// `source` was taken up to, but without, `next`. `false` when that was known.
    pub fn advance(&mut self, source: &str, next: u64) -> bool {
        if next <= self.next(source) {
            return false;
        }
        self.next.insert(source.into(), next);
        true
    }
}
