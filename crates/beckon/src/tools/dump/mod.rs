//! `beckon journal dump`: the journal as JSON lines, one for each event, message, change and tick, so that
//! any tool can look into it.

mod act;
mod line;

use super::{Error, open};
use beckon_core::event::Event;
use beckon_core::id::MachineId;
use beckon_core::shard::message::Message;
use beckon_engine::record::{Body, Changes, Record};
use beckon_journal::{Offset, ReadOnlyLog, RealDisk};
use line::{Forward, Head, Instant, Line, What};
use std::io::Write;
use std::path::Path;

/// Which part of the journal to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The first record's offset; `None` for the oldest there is.
    pub from: Option<u64>,
    /// Lines, at most.
    pub limit: Option<u64>,
}

/// Writes the journal of a data directory as JSON lines; returns how many. Beside a live server it ends
/// where the journal ended when it was opened.
pub fn dump(data: &Path, range: Range, out: &mut dyn Write) -> Result<u64, Error> {
    let log = open(data)?;
    let from = range.from.map_or(log.oldest_offset(), Offset);
    let text = Vec::with_capacity(TEXT_BYTES);
    let mut lines = Lines { out, text, left: range.limit.unwrap_or(u64::MAX), written: 0 };
    let shown = lines.show(&log, from);
    // What could be read before a damage is shown.
    lines.flush()?;
    shown.map(|()| lines.written)
}

/// Text that is gathered before it is written out.
const TEXT_BYTES: usize = 256 << 10;

/// Why a record could not be written.
enum Failed {
    Malformed(beckon_core::bytes::Malformed),
    Output(std::io::Error),
}

impl From<beckon_core::bytes::Malformed> for Failed {
    fn from(malformed: beckon_core::bytes::Malformed) -> Self {
        Failed::Malformed(malformed)
    }
}

struct Lines<'o> {
    out: &'o mut dyn Write,
    text: Vec<u8>,
    left: u64,
    written: u64,
}

impl Lines<'_> {
    fn show(&mut self, log: &ReadOnlyLog<RealDisk>, from: Offset) -> Result<(), Error> {
        let mut records = log.read(from)?;
        while self.left > 0 {
            let Some((offset, bytes)) = records.next()? else { break };
            let malformed = |malformed| Error::Record { offset: offset.0, malformed };
            let record = Record::decode(bytes).map_err(malformed)?;
            self.record(offset, &record).map_err(|failed| match failed {
                Failed::Malformed(it) => malformed(it),
                Failed::Output(error) => Error::Output(error),
            })?;
        }
        Ok(())
    }

    fn record(&mut self, offset: Offset, record: &Record<'_>) -> Result<(), Failed> {
        let head = Head { offset: offset.0, now: Instant(record.now) };
        match &record.body {
            Body::Epoch { logic } => self.line(head, What::Epoch { logic: *logic }),
            Body::Tick => self.line(head, What::Tick {}),
            Body::Erase { shard, id } => self.line(head, What::Erase { shard: shard.0, id }),
            Body::Changes(changes) => self.changes(head, changes),
            Body::Told { from, to, sequence, message } if to.0 >= MachineId::DIRECTOR.0 => {
                let (from, to, sequence, bytes) = (from.0, to.0, *sequence, message.len());
                self.line(head, What::Word { from, to, sequence, bytes })
            }
            Body::Attempt(pushes) => {
                for push in pushes.iter() {
                    self.line(head, What::Attempt { push: push?.to_string() })?;
                }
                Ok(())
            }
            Body::Answered(pushes) => {
                for item in pushes.answers() {
                    let (push, answer) = item?;
                    let answer = format!("{answer:?}").to_lowercase();
                    self.line(head, What::Answered { push: push.to_string(), answer })?;
                }
                Ok(())
            }
            Body::Dropped(pushes) => {
                for item in pushes.reasons() {
                    let (push, reason) = item?;
                    let reason = format!("{reason:?}").to_lowercase();
                    self.line(head, What::Dropped { push: push.to_string(), reason })?;
                }
                Ok(())
            }
            Body::Told { from, to, sequence, message } => {
                let (sent, message) = Message::decode(message)?;
                let forward = match &message {
                    Message::Forward { event, user, .. } => {
                        Some(Forward { user, event: line::Event::from(&Event::decode(event)?) })
                    }
                    _ => None,
                };
                let message = line::message(from.0, to.0, *sequence, sent, &message, forward);
                self.line(head, What::Message(message))
            }
            Body::Events(events) => {
                self.changes(head, &events.changes())?;
                for (item, it) in events.iter().enumerate() {
                    let (shard, bytes) = it?;
                    let event = Event::decode(bytes)?;
                    self.line(
                        head,
                        What::Event(line::Collected {
                            item,
                            shard: shard.0,
                            source: events.source.0,
                            bulk: events.bulk.map(|it| it.0),
                            event: line::Event::from(&event),
                        }),
                    )?;
                }
                Ok(())
            }
        }
    }

    fn changes(&mut self, head: Head, changes: &Changes<'_>) -> Result<(), Failed> {
        for change in changes.iter() {
            let change = change?;
            self.line(head, What::Change(line::Change::from(&change)))?;
        }
        Ok(())
    }

    fn line(&mut self, head: Head, what: What<'_>) -> Result<(), Failed> {
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        self.written += 1;
        let written = serde_json::to_writer(&mut self.text, &Line { head, what });
        written.map_err(|error| Failed::Output(error.into()))?;
        self.text.push(b'\n');
        if self.text.len() >= TEXT_BYTES - TEXT_BYTES / 8 {
            self.flush().map_err(Failed::Output)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.write_all(&self.text)?;
        self.text.clear();
        self.out.flush()
    }
}
