//! Why was he called in, or why not: the numbers of the decision, or of the same question asked now.

use super::evaluate::{No, Question, holdout, is_in_room};
use super::trigger::View;
use super::way::Ask;
use crate::decide::features::Bins;
use crate::decide::holdout::Group;
use crate::event::{Channel, Class};
use crate::id::Term;
use crate::profile::day_of;
use crate::push::{Life, Push, Reason, Terms};
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
    /// Every rule by the reason it would give, and whether it stands in the way now. The decision names the
    /// first that does; here are all.
    pub rules: Vec<(Reason, bool)>,
    /// Every channel that is set up, and what keeps a push off it.
    pub channels: Vec<(Channel, Option<Reason>)>,
}

impl Shard {
    /// Why the shopper who is kept under `id` here is, or is not, called into a show.
    pub fn why(&self, id: &str, show: Term, now: Timestamp, stage: &Stage) -> Option<Why> {
        let found = self.store.find(Key::user(id)).or_else(|| self.store.find(Key::anonymous(id)));
        let Some(Found::Row(slot)) = found else { return None };
        let of_show = self.calling.ledger.of(id).filter(|(_, it)| it.show == show);
        let pushes: Vec<_> = of_show.map(|(number, it)| (number, it.clone())).collect();
        let Some(on) = stage.show(show) else {
            let now = Some(Reason::NotOpen);
            return Some(Why { pushes, now, terms: None, rules: Vec::new(), channels: Vec::new() });
        };
        let question = Question { slot, show, on, stir: None, came_online: false, price: None, now };
        let (now, terms) = match self.evaluate(&question, stage) {
            Ok(push) => {
                let terms = Some((push.terms, push.bins, push.trigger, push.product));
                let shadow = match push.life {
                    Life::Shadow(reason) => Some(reason),
                    _ => None,
                };
                (shadow, terms)
            }
            Err(No { reason, terms }) => (Some(reason), terms),
        };
        let mut why = Why { pushes, now, terms, rules: Vec::new(), channels: Vec::new() };
        self.rules(&question, stage, &mut why);
        Some(why)
    }

    /// Asks every rule and every channel by itself.
    fn rules(&self, question: &Question<'_>, stage: &Stage, why: &mut Why) {
        let &Question { slot, show, on, stir, came_online, now, .. } = question;
        let Some(plan) = stage.plan(show) else { return };
        let (hot, history, cold) = (self.store.hot(slot), self.store.history(slot), self.store.cold(slot));
        let (policy, secs) = (stage.policy(), now.secs());
        let offset_min = Shard::offset_of(history, stage, now);
        let told = self.said(cold, show, policy);
        let view = View { hot, history, offset_min, show, on, plan, stage, now, told };
        let (trigger, product) = view.trigger(stir, came_online);
        let class = trigger.class();
        let marketing = class == Class::Marketing;
        let day = day_of(secs, offset_min);
        let capped = self.check_show_cap(cold, show, class, policy);
        let group = holdout(policy).group(&cold.id, &on.show.id.text);
        let outside = on
            .show
            .audience
            .as_ref()
            .is_some_and(|it| !it.predicate.eval(&hot, &history, secs, policy.default_offset_min));
        let recent = hot.calls.last != 0 && secs.saturating_sub(hot.calls.last) < policy.gap_s;
        let spent = self.day_count(cold, day, None, 0) >= usize::from(policy.day_cap);
        let ask = Ask { hot, cold, class, day, secs, offset_min, number: 0, tried: &[] };
        why.rules = vec![
            (Reason::NotOpen, !on.is_open(now)),
            (Reason::ShowLate, on.is_late(now)),
            (Reason::InRoom, is_in_room(hot.live, on.show.room.term, secs)),
            (Reason::NotInAudience, outside),
            (Reason::ShowCap, capped == Err(Reason::ShowCap)),
            (Reason::QuietHours, policy.is_quiet(secs, offset_min)),
            (Reason::Gap, marketing && recent),
            (Reason::DayCap, marketing && spent),
            (Reason::SaidAlready, view.is_told(trigger, product)),
            (Reason::RoomFull, marketing && stage.is_closed(show, None)),
            (Reason::HeldOut, marketing && group == Group::Global),
            (Reason::Ghost, marketing && group == Group::Ghost),
        ];
        why.rules.extend(self.way(&ask, stage).err().map(|reason| (reason, true)));
        why.channels = stage.channels().map(|it| (it.channel, self.over(it, &ask, policy).err())).collect();
    }
}
