//! Batches made of a log's calls, ahead of the sender, on a thread of their own: reading and writing JSON
//! must not make the server wait, nor the server the other way round.

use super::calls::Calls;
use super::error::Error;
use super::formats::{Bad, Reader};
use super::limits::{BATCHES_AHEAD, BODY_BYTES_MAX, PACED_EVERY};
use super::lines::{self, Lines};
use super::options::Options;
use beckon_core::time::Timestamp;
use beckon_wire::limits::BATCH_EVENTS_MAX;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Some calls that follow each other in a log, as the body of one request.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The number of the first.
    pub first: u64,
    /// How many there are.
    pub events: u64,
    /// The time of the earliest; `None` when none of them has a time.
    pub earliest: Option<Timestamp>,
    /// The time of the latest.
    pub latest: Option<Timestamp>,
    /// `{"batch":[…],"bulk":{"source":…,"sequence":…}}`.
    pub body: Bytes,
    /// Bytes of the file that were read when it was made.
    pub bytes_read: u64,
}

impl Batch {
    /// The number after the last.
    pub fn end(&self) -> u64 {
        self.first + self.events
    }
}

/// When a batch is full.
#[derive(Debug, Clone, Copy)]
struct Cut {
    events: u64,
    /// Milliseconds of event time.
    span_ms: i64,
}

impl Cut {
    fn of(options: &Options) -> Self {
        let paced = options.rate.map_or(f64::MAX, |rate| (rate * PACED_EVERY.as_secs_f64()).ceil());
        let span_ms = options.speed.map_or(f64::MAX, |speed| speed * PACED_EVERY.as_millis() as f64);
        let events = options.batch.min(paced as usize).clamp(1, BATCH_EVENTS_MAX);
        Cut { events: events as u64, span_ms: span_ms as i64 }
    }
}

/// The batches of a log, one after the other.
pub struct Batches {
    lines: Lines,
    bytes: u64,
    read: Arc<AtomicU64>,
    reader: Reader,
    cut: Cut,
    skip_bad: bool,
    bad_lines: Arc<AtomicU64>,
    context: &'static str,
    /// The bulk source's name, as JSON text.
    source: String,
    calls: Calls,
    /// Which of `calls` comes next.
    next: usize,
    /// Its number.
    number: u64,
}

impl Batches {
    /// The batches of the log that `options` name, from the call with the number `from` on.
    pub fn open(options: &Options, from: u64) -> Result<Self, Error> {
        let (text, bytes, read) = lines::open(&options.file)?;
        let mut batches = Batches {
            lines: Lines::new(text),
            bytes,
            read,
            reader: Reader::new(options.format),
            cut: Cut::of(options),
            skip_bad: options.skip_bad,
            bad_lines: Arc::default(),
            context: options.format.context(),
            source: serde_json::Value::from(options.source.as_str()).to_string(),
            calls: Calls::default(),
            next: 0,
            number: 0,
        };
        batches.pass_over(from)?;
        Ok(batches)
    }

    /// Length of the file, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The count of bad lines that were left out, from the beginning of the file; it goes on counting.
    pub fn bad_lines(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bad_lines)
    }

    fn make(&mut self) -> Result<Option<Batch>, Error> {
        let mut open = Open::new(self.number);
        while self.next < self.calls.len() || self.refill()? {
            let Some((call, at)) = self.calls.get(self.next) else { continue };
            if !open.admits(self.cut, call.len(), at) {
                break;
            }
            open.push(call, at);
            self.next += 1;
            self.number += 1;
        }
        Ok((open.events > 0).then(|| self.finish(open)))
    }

    fn pass_over(&mut self, from: u64) -> Result<(), Error> {
        while self.number < from && (self.next < self.calls.len() || self.refill()?) {
            let calls = (self.calls.len() - self.next).min((from - self.number) as usize);
            self.next += calls;
            self.number += calls as u64;
        }
        Ok(())
    }

    /// Reads on to a line that has calls; `false` at the end of the log.
    fn refill(&mut self) -> Result<bool, Error> {
        self.calls.clear();
        self.next = 0;
        while self.calls.is_empty() {
            let Some(line) = self.lines.next()? else { return Ok(false) };
            match line.and_then(|line| self.reader.line(line, &mut self.calls)) {
                Ok(()) => {}
                Err(Bad::Line(_)) if self.skip_bad => drop(self.bad_lines.fetch_add(1, Ordering::Relaxed)),
                Err(bad) => return Err(self.lines.error(bad)),
            }
        }
        Ok(true)
    }

    fn finish(&self, open: Open) -> Batch {
        let Open { first, events, earliest, latest, mut body } = open;
        body.push(b']');
        if !self.context.is_empty() {
            body.extend_from_slice(br#","context":"#);
            body.extend_from_slice(self.context.as_bytes());
        }
        let bulk = format!(r#","bulk":{{"source":{},"sequence":{first}}}}}"#, self.source);
        body.extend_from_slice(bulk.as_bytes());
        Batch {
            first,
            events,
            earliest,
            latest,
            body: body.into(),
            bytes_read: self.read.load(Ordering::Relaxed),
        }
    }

    /// Goes on making batches on a thread of its own, until the receiver is dropped.
    pub(super) fn spawn(self) -> Result<mpsc::Receiver<Result<Batch, Error>>, Error> {
        let (batches, receiver) = mpsc::channel(BATCHES_AHEAD);
        let make = move || {
            for made in self {
                let failed = made.is_err();
                if batches.blocking_send(made).is_err() || failed {
                    return;
                }
            }
        };
        let spawned = std::thread::Builder::new().name("replay-reader".into()).spawn(make);
        spawned.map(|_| receiver).map_err(|_| Error::ReaderDied)
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.make().transpose()
    }
}

/// A batch that is being put together.
struct Open {
    first: u64,
    events: u64,
    earliest: Option<Timestamp>,
    latest: Option<Timestamp>,
    body: Vec<u8>,
}

impl Open {
    fn new(first: u64) -> Self {
        Open { first, events: 0, earliest: None, latest: None, body: br#"{"batch":["#.to_vec() }
    }

    fn admits(&self, cut: Cut, bytes: usize, at: Option<Timestamp>) -> bool {
        let span_ms = match (self.earliest, at) {
            (Some(earliest), Some(at)) => at.0.saturating_sub(earliest.0),
            _ => 0,
        };
        let fits = self.body.len() + bytes < BODY_BYTES_MAX;
        self.events == 0 || (self.events < cut.events && fits && span_ms <= cut.span_ms)
    }

    fn push(&mut self, call: &[u8], at: Option<Timestamp>) {
        if self.events > 0 {
            self.body.push(b',');
        }
        self.body.extend_from_slice(call);
        self.events += 1;
        if let Some(at) = at {
            self.earliest = Some(self.earliest.map_or(at, |it| it.min(at)));
            self.latest = Some(self.latest.map_or(at, |it| it.max(at)));
        }
    }
}
