//! Batches strictly in their order, each only after the one before is durable. Whenever an answer is
//! lost or says wait, the target is asked where it stands: that, and nothing kept here, decides how the
//! replay goes on. So it may be killed, and the server too, at any instant.

use super::batches::{Batch, Batches};
use super::error::Error;
use super::limits::{BACKOFF, PATIENCE, RETRY_AFTER_MAX};
use super::options::Options;
use super::pace::Pace;
use super::progress::{Event, Summary};
use super::target::{Clock, Failure, Target};
use beckon_core::time::Timestamp;
use beckon_wire::shape::Answer;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Replays a log into a target, from where the target says to go on. `tell` hears how it goes.
pub async fn replay(
    target: &mut impl Target,
    options: &Options,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Summary, Error> {
    let begun = Instant::now();
    let pace = Pace::new(options, begun);
    let mut delivery =
        Delivery { target, source: &options.source, pace, clock: None, summary: Summary::default(), tell };
    let mut from = delivery.ask_where().await?;
    delivery.summary.known = from;
    let mut first = true;
    loop {
        let batches = Batches::open(options, from)?;
        if std::mem::take(&mut first) {
            let (source, bytes) = (options.source.as_str(), batches.bytes());
            (delivery.tell)(Event::Begins { source, bytes, known: from });
        }
        let bad_lines = batches.bad_lines();
        let mut batches = batches.spawn()?;
        let back = loop {
            let Some(batch) = batches.recv().await else { break None };
            let batch = batch?;
            delivery.pace.wait(&batch).await;
            if let Sent::AskedBack(to) = delivery.send(&batch).await? {
                break Some(to);
            }
            delivery.summary.seconds = begun.elapsed().as_secs_f64();
            let bytes_read = batch.bytes_read;
            (delivery.tell)(Event::Sent { summary: &delivery.summary, bytes_read });
        };
        delivery.summary.bad_lines = bad_lines.load(Ordering::Relaxed);
        match back {
            Some(to) => from = to,
            None => break,
        }
    }
    delivery.summary.seconds = begun.elapsed().as_secs_f64();
    (delivery.tell)(Event::Done(&delivery.summary));
    Ok(delivery.summary)
}

struct Delivery<'d, T> {
    target: &'d mut T,
    source: &'d str,
    pace: Pace,
    /// The target's clock; `None` when it has to be asked.
    clock: Option<Clock>,
    summary: Summary,
    tell: &'d mut (dyn FnMut(Event<'_>) + Send),
}

/// What became of a batch.
enum Sent {
    /// All of it is durable.
    Durable,
    /// The target lacks events that it had: the replay must go back to this number.
    AskedBack(u64),
}

impl<T: Target> Delivery<'_, T> {
    async fn send(&mut self, batch: &Batch) -> Result<Sent, Error> {
        let mut patience = Patience::new("take events");
        let mut contradicted = false;
        loop {
            let failure = match self.try_once(batch).await {
                Ok(answer) => {
                    self.count(batch, &answer);
                    return Ok(Sent::Durable);
                }
                Err(failure) => failure,
            };
            // Whatever happened, the server may be another process by now, with another clock.
            self.clock = None;
            let moved = match failure {
                Failure::Later { after, why } => {
                    patience.wait(after, &why, self.tell).await?;
                    None
                }
                Failure::Moved { why } => Some(why),
                Failure::Refused { why } => return Err(Error::Refused { doing: "take events", why }),
            };
            let next = self.ask_where().await?;
            if next >= batch.end() {
                // The answer was lost, the events were not.
                self.summary.sent += batch.events;
                self.summary.accepted += batch.events;
                return Ok(Sent::Durable);
            }
            if next < batch.first {
                return Ok(Sent::AskedBack(next));
            }
            if let Some(why) = moved
                && std::mem::replace(&mut contradicted, true)
            {
                return Err(Error::Contradiction { at: next, source_name: self.source.to_owned(), why });
            }
        }
    }

    async fn try_once(&mut self, batch: &Batch) -> Result<Answer, Failure> {
        if let Some(latest) = batch.latest {
            self.move_clock(latest).await?;
        }
        self.target.batch(batch.body.clone()).await
    }

    /// Moves a virtual clock forward to `to`: an event must not lie ahead of the time of its receipt.
    async fn move_clock(&mut self, to: Timestamp) -> Result<(), Failure> {
        let clock = match self.clock {
            Some(clock) => clock,
            None => self.target.clock().await?,
        };
        self.clock = Some(clock);
        if let Clock::Virtual(now) = clock
            && now < to
        {
            self.target.advance(to).await?;
            self.clock = Some(Clock::Virtual(to));
        }
        Ok(())
    }

    async fn ask_where(&mut self) -> Result<u64, Error> {
        const DOING: &str = "say where to go on";
        let mut patience = Patience::new(DOING);
        loop {
            match self.target.next(self.source).await {
                Ok(next) => return Ok(next),
                Err(Failure::Later { after, why }) => patience.wait(after, &why, self.tell).await?,
                Err(Failure::Moved { why } | Failure::Refused { why }) => {
                    return Err(Error::Refused { doing: DOING, why });
                }
            }
        }
    }

    fn count(&mut self, batch: &Batch, answer: &Answer) {
        let (accepted, rejected) = (u64::from(answer.accepted), u64::from(answer.rejected_count));
        let summary = &mut self.summary;
        summary.sent += batch.events;
        summary.accepted += accepted;
        summary.rejected += rejected;
        summary.repeated += u64::from(answer.repeated);
        if summary.first_rejected.is_none() {
            let first = answer.rejected.first();
            let said = |it: &beckon_wire::shape::LeftOut| {
                format!("event {} {}", batch.first + it.item as u64, it.detail)
            };
            summary.first_rejected = first.map(said);
        }
    }
}

/// How long a target is waited for.
struct Patience {
    doing: &'static str,
    pause: Duration,
    waited: Duration,
}

impl Patience {
    fn new(doing: &'static str) -> Self {
        Patience { doing, pause: BACKOFF.start, waited: Duration::ZERO }
    }

    async fn wait(
        &mut self,
        after: Option<Duration>,
        why: &str,
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<(), Error> {
        if self.waited >= PATIENCE {
            let (doing, waited_s) = (self.doing, self.waited.as_secs());
            return Err(Error::GaveUp { doing, waited_s, why: why.to_owned() });
        }
        let pause = after.map_or(self.pause, |it| it.clamp(BACKOFF.start, RETRY_AFTER_MAX));
        self.pause = (self.pause * 2).min(BACKOFF.end);
        self.waited += pause;
        tell(Event::Waits { pause, why });
        sleep(pause).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_stays_away_is_given_up_after_a_bounded_time() {
        let mut patience = Patience::new("answer");
        assert!(patience.wait(None, "away", &mut |_| {}).await.is_ok());
        assert_eq!((patience.waited, patience.pause), (BACKOFF.start, BACKOFF.start * 2));
        patience.waited = PATIENCE;
        let gone = patience.wait(None, "away", &mut |_| {}).await;
        assert!(matches!(gone, Err(Error::GaveUp { doing: "answer", .. })));
    }
}
