//! Plays a market against a server, in virtual time: the days before, the plan of the evening, and the evening
//! itself with its cues and sales, as a shop's own systems would tell them.
//!
//! Time goes in steps. The server's clock goes first, so that what is decided in a step rests on what was known
//! before it; then the market lives through the step, with the pushes that came in it, and its events are sent.

use super::api::Api;
use super::error::Error;
use super::limits::{AFTERMATH_MS, DAY_STEP_MS, EVENING_STEP_MS, LIVE_DAYS};
use super::sink::{Shared, Sink};
use beckon_market::{Cue, Event, Market};
use serde_json::json;
use std::collections::VecDeque;

/// A millisecond before the server's slots end, so that what happened in one is known when it looks back on it.
const BEFORE_SLOT_ENDS_MS: u64 = 1;

/// Events of the days before that are handed over at once; they are cut into batches.
const PAST_AT_ONCE: usize = 20_000;

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// What is heard of an evening.
#[derive(Debug, Clone, Copy)]
pub enum Heard<'e> {
    /// A shopper did something.
    Event(&'e Event),
    /// The last piece of an offer was sold, at this time (Unix ms).
    SoldOut(u64, &'e str),
}

/// A market, the server that calls its shoppers in, and where its pushes go.
pub struct Evening<'a> {
    api: &'a Api,
    sink: &'a Sink,
    market: Shared,
    cues: VecDeque<(u64, String, Cue)>,
    now: u64,
    end: u64,
    /// Calls of the tracking API so far.
    pub events: u64,
}

impl<'a> Evening<'a> {
    /// An evening of `market` with these cues, in time order.
    pub fn new(api: &'a Api, sink: &'a Sink, market: Shared, cues: Vec<(u64, String, Cue)>) -> Self {
        let (now, end) = {
            let market = market.lock();
            let end = market.setting().shows.iter().map(|it| it.ends_at).max().unwrap_or(market.now());
            (market.now(), end + AFTERMATH_MS)
        };
        Evening { api, sink, market, cues: cues.into(), now, end, events: 0 }
    }

    /// Sets up what a shop has before any show: its channel and its catalogue.
    pub async fn open_shop(&mut self) -> Result<(), Error> {
        let channel = json!({"url": self.sink.url, "secret": self.sink.secret, "private_network": true});
        self.api.put("/api/v1/channels/webhook", &channel).await?;
        let calls = self.market.lock().setup();
        for (_, path, body) in calls.iter().filter(|it| !is_plan(&it.1)) {
            self.api.put(path, body).await?;
        }
        Ok(())
    }

    /// Brings in what shoppers did before: all but the last days at once, those as they happened.
    pub async fn remember(&mut self, tell: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
        let mut past: VecDeque<Event> = self.market.lock().history().collect();
        let all = past.len() as u64;
        let mut at = (self.now - LIVE_DAYS * DAY_MS) / DAY_STEP_MS * DAY_STEP_MS - BEFORE_SLOT_ENDS_MS;
        while at < self.now {
            self.api.advance(at).await?;
            while !past.is_empty() {
                let due = past.iter().take(PAST_AT_ONCE).take_while(|it| it.at_ms <= at).count();
                if due == 0 {
                    break;
                }
                self.events += self.api.events(past.drain(..due)).await?;
                tell(all - past.len() as u64, all);
            }
            tell(all - past.len() as u64, all);
            at += DAY_STEP_MS;
        }
        self.api.advance(self.now).await?;
        self.events += self.api.events(past).await?;
        tell(all, all);
        Ok(())
    }

    /// Puts the shows of the evening with their offers.
    pub async fn plan(&mut self) -> Result<(), Error> {
        let calls = self.market.lock().setup();
        for (_, path, body) in calls.iter().filter(|it| is_plan(&it.1)) {
            self.api.put(path, body).await?;
        }
        Ok(())
    }

    /// When it is now, Unix ms.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// When it will be over, Unix ms.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Plays one step; false when the evening is over. `heard` hears what shoppers did, and which offers they
    /// bought out.
    pub async fn step(&mut self, heard: &mut dyn FnMut(Heard<'_>)) -> Result<bool, Error> {
        if self.now >= self.end {
            return Ok(false);
        }
        let to = ((self.now / EVENING_STEP_MS + 1) * EVENING_STEP_MS).min(self.end);
        let cue = self.cues.pop_front_if(|it| it.0 <= to);
        let to = cue.as_ref().map_or(to, |it| it.0.max(self.now));
        self.api.advance(to).await?;
        let (events, sales) = {
            let mut market = self.market.lock();
            (market.step(to), market.sales())
        };
        events.iter().for_each(|it| heard(Heard::Event(it)));
        self.events += self.api.events(events).await?;
        for (at, path, body) in sales {
            if body["cue"] == "offer_ended" {
                heard(Heard::SoldOut(at, body["offer_id"].as_str().unwrap_or_default()));
            }
            self.api.post(&path, &body).await?;
        }
        if let Some((_, show, cue)) = cue
            && self.market.lock().is_still_true(&show, &cue)
        {
            for body in cue.to_posts() {
                self.api.post(&format!("/api/v1/shows/{show}/cues"), &body).await?;
            }
            self.market.lock().cue(to, &show, cue);
        }
        self.now = to;
        Ok(true)
    }

    /// The market.
    pub fn market(&self) -> &Shared {
        &self.market
    }
}

/// Is this call's path about tonight, and not about what the shop has every day?
fn is_plan(path: &str) -> bool {
    path.starts_with("/api/v1/shows/") || path.starts_with("/api/v1/offers/")
}

/// A market of so many shoppers, on the evening of a fixed day: its history lies before.
pub fn tonight(seed: u64, shoppers: usize) -> Market {
    use beckon_market::instant::on_day;
    // A Thursday in spring, at six in the evening.
    Market::new(seed, shoppers, on_day(20_524, 18 * 60))
}
