//! Other words for a push whose own cannot be put together: a fact that they need is missing, or their template was
//! taken out. Nothing has left then, so the push may go in the words that fit next best.

use super::trigger::View;
use crate::id::Term;
use crate::limits::WORDINGS_MAX;
use crate::push::{End, Life, Push};
use crate::shard::{Outbox, Shard};
use crate::stage::Stage;
use crate::time::Timestamp;

impl Shard {
    /// The words of a push could not be put together: it takes others, if there are some and time is left; else it ends.
    pub(super) fn reword(&mut self, number: u64, outbox: &mut Outbox<'_>) {
        let now = outbox.now;
        let Some(push) = self.calling.ledger.get(number).filter(|it| !it.life.is_terminal()) else { return };
        let mut unsaid = push.unsaid.clone();
        unsaid.push(push.template);
        let has_time = now < push.deadline && unsaid.len() < WORDINGS_MAX;
        let other = has_time.then(|| self.other_words(push, &unsaid, now, outbox.stage)).flatten();
        let Some((template, propensity)) = other else { return self.end(number, End::Refused) };
        let report = &mut self.calling.books.entry(push.show).or_default().report;
        let Some(push) = self.calling.ledger.get_mut(number) else { return };
        let before = push.clone();
        (push.template, push.propensity) = (template, propensity);
        (push.unsaid, push.life) = (unsaid, Life::Decided);
        report.reworded(&before, push);
        self.queue(number, now, outbox);
    }

    fn other_words(
        &self,
        push: &Push,
        unsaid: &[Term],
        now: Timestamp,
        stage: &Stage,
    ) -> Option<(Term, f32)> {
        let slot = self.row(&push.shopper, push.known)?;
        let (hot, history, cold) = (self.store.hot(slot), self.store.history(slot), self.store.cold(slot));
        let (on, plan) = (stage.show(push.show)?, stage.plan(push.show)?);
        let offset_min = Shard::offset_of(history, stage, now);
        let view = View { hot, history, offset_min, show: push.show, on, plan, stage, now, told: Vec::new() };
        self.words(&view, cold, (push.trigger, push.product), push.offer != Term::NONE, unsaid)
    }
}
