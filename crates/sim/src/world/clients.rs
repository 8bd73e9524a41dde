//! Who sends: clients that try again until they are answered, sometimes once more after that, in any
//! order; and bulk sources that send a numbered file and go back when told to.

use super::Weather;
use crate::random::Random;
use crate::story::{Draft, Story};
use beckon_core::id::{SourceId, message_key};
use beckon_core::time::Timestamp;
use std::collections::BTreeMap;

/// A request.
#[derive(Debug)]
pub struct Request {
    /// What it asks for.
    pub what: What,
    /// It got its 200.
    pub answered: bool,
    /// Somebody waits for the answer at present.
    pub waiting: bool,
}

/// What a request asks for.
#[derive(Debug, Clone)]
pub enum What {
    /// Take these events.
    Events(Vec<Draft>),
    /// Take events of a bulk source: which, the first sequence, and how many.
    Bulk(usize, u64, u64),
    /// Change the catalogue: of which product, with which price.
    Change(usize, u64),
    /// Forget somebody.
    Erase(String),
}

/// A bulk source.
#[derive(Debug)]
pub struct Bulk {
    /// Its name.
    pub name: String,
    /// All its events.
    pub file: Vec<Draft>,
    /// Where it sends on.
    pub cursor: u64,
    /// What was answered.
    pub answered: u64,
}

/// All who send.
#[derive(Debug)]
pub struct Clients {
    /// Every request there was.
    pub requests: Vec<Request>,
    /// Bulk sources.
    pub bulk: Vec<Bulk>,
    /// The request of each key.
    pub keys: BTreeMap<u128, usize>,
    numbers: u64,
}

impl Clients {
    /// Nobody has sent anything yet.
    pub fn new(random: &mut Random, story: &Story, weather: &Weather) -> Self {
        let bulk = (0..weather.bulk).map(|number| {
            let len = random.range(10, 120);
            let at = Timestamp(1_699_990_000_000);
            let file = (0..len).map(|_| story.draft(0, SourceId(7), at, random)).collect();
            Bulk { name: format!("orders-{number}.csv"), file, cursor: 0, answered: 0 }
        });
        Clients { bulk: bulk.collect(), requests: Vec::new(), keys: BTreeMap::new(), numbers: 0 }
    }

    /// A new request with events.
    pub fn make_events(&mut self, story: &Story, now: Timestamp, random: &mut Random) -> usize {
        let source = SourceId(random.below(3) as u16);
        let count = if random.one_in(3) { random.range(2, 20) } else { 1 };
        let mut drafts = Vec::new();
        for _ in 0..count {
            self.numbers += 1;
            let key = message_key(source, &format!("message-{}", self.numbers));
            self.keys.insert(key, self.requests.len());
            drafts.push(story.draft(self.numbers, source, now, random));
        }
        self.make(What::Events(drafts))
    }

    /// A new request.
    pub fn make(&mut self, what: What) -> usize {
        self.requests.push(Request { what, answered: false, waiting: false });
        self.requests.len() - 1
    }

    /// The next request of a bulk source, unless it is at its end.
    pub fn make_bulk(&mut self, source: usize, random: &mut Random) -> Option<usize> {
        let it = &mut self.bulk[source];
        let left = it.file.len() as u64 - it.cursor;
        let count = left.min(random.range(1, 20));
        let first = it.cursor;
        if count == 0 {
            // All is sent and not all is answered: it sends again from where it knows.
            it.cursor = it.answered;
            return None;
        }
        it.cursor += count;
        Some(self.make(What::Bulk(source, first, count)))
    }

    /// A request got its 200.
    pub fn answered(&mut self, number: usize) {
        let request = &mut self.requests[number];
        (request.answered, request.waiting) = (true, false);
        if let What::Bulk(source, first, count) = request.what {
            let source = &mut self.bulk[source];
            source.answered = source.answered.max(first + count);
        }
    }

    /// A request was told to try again.
    pub fn refused(&mut self, number: usize) {
        let request = &mut self.requests[number];
        request.waiting = false;
        if let What::Bulk(source, first, _) = request.what {
            let source = &mut self.bulk[source];
            source.cursor = source.cursor.min(first).max(source.answered);
        }
    }

    /// The node is gone, and all connections with it.
    pub fn cut_off(&mut self) {
        self.requests.iter_mut().for_each(|it| it.waiting = false);
        self.bulk.iter_mut().for_each(|it| it.cursor = it.answered);
    }

    /// A request to send again: mostly one without an answer, seldom one whose answer got lost.
    pub fn again(&self, random: &mut Random) -> Option<usize> {
        let from = self.requests.len().saturating_sub(60);
        let repeats = random.one_in(4);
        let fit = |it: &usize| {
            let request = &self.requests[*it];
            let kind = matches!(request.what, What::Events(_) | What::Change(..));
            kind && (repeats || (!request.answered && !request.waiting))
        };
        let fit: Vec<usize> = (from..self.requests.len()).filter(fit).collect();
        (!fit.is_empty()).then(|| *random.pick(&fit))
    }

    /// All requests that must be answered at last.
    pub fn open(&self) -> Vec<usize> {
        let open =
            |it: &usize| !self.requests[*it].answered && !matches!(self.requests[*it].what, What::Bulk(..));
        (0..self.requests.len()).filter(open).collect()
    }
}
