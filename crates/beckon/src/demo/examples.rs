//! A handful of real decisions, told as they happen: who, why now, in which words, and by which numbers.

use super::api::Api;
use super::error::Error;
use super::limits::{EXAMPLE_EVERY_MS, EXAMPLES_MAX};
use super::report::Decided;
use super::sink::Received;
use std::collections::BTreeSet;

/// A decision.
#[derive(Debug, Clone)]
pub struct Example {
    /// The push as it came in.
    pub push: Received,
    /// The numbers behind it.
    pub numbers: Numbers,
}

/// The numbers behind a decision; money in units of the currency.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers {
    /// g: what the push is expected to add.
    pub gain: f64,
    /// λ: what one more push costs now.
    pub price: f64,
    /// C: what waiting for a better moment is worth.
    pub wait: f64,
    /// Probability that it reaches him now.
    pub reach: f64,
    /// Probability that he enters if pushed, and if not.
    pub enter: (f64, f64),
    /// What an entry is worth.
    pub value: f64,
    /// What the push costs in patience.
    pub fatigue: f64,
    /// It goes at a random time, to learn from: the rule was not asked.
    pub is_random_time: bool,
}

impl From<&Decided> for Numbers {
    fn from(it: &Decided) -> Self {
        Numbers {
            gain: it.term("gain"),
            price: it.term("price"),
            wait: it.term("wait"),
            reach: it.term("reach"),
            enter: (it.term("enter"), it.term("enter_anyway")),
            value: it.term("value"),
            fatigue: it.term("fatigue"),
            is_random_time: it.is_random_time,
        }
    }
}

/// Chooses what is told: the first of each trigger in each show, and not too many at once.
#[derive(Debug, Default)]
pub struct Chooser {
    known: BTreeSet<(String, String)>,
    told: usize,
    next_at: u64,
}

impl Chooser {
    /// The push to tell of among those that just came in.
    fn choose(&mut self, pushes: &[Received]) -> Option<Received> {
        let now = pushes.last()?.at_ms;
        if self.told >= EXAMPLES_MAX || now < self.next_at {
            return None;
        }
        let kind = |it: &Received| (it.message.trigger.clone(), it.message.show_id.clone());
        let of_new_trigger = |it: &&Received| !self.known.iter().any(|known| known.0 == it.message.trigger);
        let new = pushes.iter().find(of_new_trigger);
        let chosen = new.or_else(|| pushes.iter().find(|it| !self.known.contains(&kind(it))))?.clone();
        self.known.insert(kind(&chosen));
        self.told += 1;
        self.next_at = now + EXAMPLE_EVERY_MS;
        Some(chosen)
    }

    /// The decision to tell of, with its numbers as the server gives them.
    pub async fn next(&mut self, api: &Api, pushes: &[Received]) -> Result<Option<Example>, Error> {
        let Some(push) = self.choose(pushes) else { return Ok(None) };
        let message = api.get(&format!("/api/v1/messages/{}", push.message.id)).await?;
        let decided: Decided = serde_json::from_value(message).unwrap_or_default();
        Ok(Some(Example { push, numbers: Numbers::from(&decided) }))
    }
}
