//! Why was he called in, or why not: the numbers of the decision, or of the same question asked now.

use super::evaluate::{No, Question};
use crate::decide::features::Bins;
use crate::id::Term;
use crate::push::{Push, Reason, Terms};
use crate::shard::Shard;
use crate::shard::store::{Found, Key};
use crate::show::Trigger;
use crate::stage::Stage;
use crate::time::Timestamp;

/// An answer to "why", or "why not".
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The pushes and ghosts for this show, latest first, with their terms.
    pub pushes: Vec<(u64, Push)>,
    /// What the rule says now: `None` when it would push.
    pub now: Option<Reason>,
    /// The numbers behind that, if it came to numbers.
    pub terms: Option<(Terms, Bins, Trigger, Term)>,
}

impl Shard {
    /// Why the shopper who is kept under `id` here is, or is not, called into a show.
    pub fn why(&self, id: &str, show: Term, now: Timestamp, stage: &Stage) -> Option<Why> {
        let found = self.store.find(Key::user(id)).or_else(|| self.store.find(Key::anonymous(id)));
        let Some(Found::Row(slot)) = found else { return None };
        let of_show = self.calling.ledger.of(id).filter(|(_, it)| it.show == show);
        let pushes: Vec<_> = of_show.map(|(number, it)| (number, it.clone())).collect();
        let Some(on) = stage.show(show) else {
            return Some(Why { pushes, now: Some(Reason::NotOpen), terms: None });
        };
        let question = Question { slot, show, on, stir: None, came_online: false, price: None, now };
        Some(match self.evaluate(&question, stage) {
            Ok(push) => {
                let terms = Some((push.terms, push.bins, push.trigger, push.product));
                let now = match push.life {
                    crate::push::Life::Shadow(reason) => Some(reason),
                    _ => None,
                };
                Why { pushes, now, terms }
            }
            Err(No { reason, terms }) => Why { pushes, now: Some(reason), terms },
        })
    }
}
