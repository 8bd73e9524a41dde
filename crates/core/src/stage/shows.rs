//! A show and an offer as they stand now: the plan, moved by what the cues said.

use crate::id::Term;
use crate::show::{Offer, Phase, Show, Slot};
use crate::time::Timestamp;
use std::sync::Arc;

/// A show as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct OnShow {
    /// The plan.
    pub show: Arc<Show>,
    /// When it went on air.
    pub started: Option<Timestamp>,
    /// When it went off air, or was called off.
    pub ended: Option<Timestamp>,
    /// The phase that a cue began, and when.
    pub phase: Option<(Phase, Timestamp)>,
    /// The product that a cue pinned, and when.
    pub pinned: Option<(Term, Timestamp)>,
}

impl OnShow {
    /// A show of which only the plan is known.
    pub fn planned(show: Arc<Show>) -> Self {
        OnShow { show, started: None, ended: None, phase: None, pinned: None }
    }

    /// How much later than planned it runs, in milliseconds; negative when it began early.
    pub fn delay_ms(&self) -> i64 {
        self.started.map_or(0, |it| it.0 - self.show.starts.0)
    }

    /// When it is over: its end, or the planned one, later by what it began late.
    pub fn closes(&self) -> Timestamp {
        self.ended.unwrap_or(Timestamp(self.show.ends.0 + self.delay_ms().max(0)))
    }

    /// Whether pushes for it may go at `now`: from its opening until it is over.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.show.opens() <= now && now < self.closes()
    }

    /// Whether it should have begun and has not: nobody is called into an empty room.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.started.is_none() && self.show.starts <= now
    }

    /// The phase at `now`: as a cue said, else as planned, moved by the delay.
    pub fn phase_at(&self, now: Timestamp) -> Phase {
        let planned = Timestamp(now.0 - self.delay_ms());
        let by_plan = self.show.phases.iter().rev().find(|it| it.at <= planned);
        let cued = self.phase.filter(|(_, at)| {
            // A cue holds until the plan begins the phase after it.
            by_plan.is_none_or(|it| it.at.0 + self.delay_ms() <= at.0)
        });
        match (cued, by_plan) {
            (Some((phase, _)), _) => phase,
            (None, Some(it)) => it.phase,
            (None, None) => Phase::WarmUp,
        }
    }

    /// Until when the phase at `now` lasts.
    pub fn phase_ends(&self, now: Timestamp) -> Timestamp {
        let planned = Timestamp(now.0 - self.delay_ms());
        let next = self.show.phases.iter().find(|it| it.at > planned);
        next.map_or(self.closes(), |it| Timestamp(it.at.0 + self.delay_ms())).min(self.closes())
    }

    /// The slot whose product is shown at `now`: the pinned one if a cue pinned it, else by plan.
    pub fn slot_at(&self, now: Timestamp) -> Option<&Slot> {
        let planned = Timestamp(now.0 - self.delay_ms());
        let by_plan = self.show.slots.iter().find(|it| it.at <= planned && planned < it.until);
        match self.pinned {
            Some((product, _)) => self.show.slot_of(product).or(by_plan),
            None => by_plan,
        }
    }

    /// The slots that are still to come or on at `now`.
    pub fn slots_left(&self, now: Timestamp) -> impl Iterator<Item = &Slot> {
        let planned = Timestamp(now.0 - self.delay_ms());
        self.show.slots.iter().filter(move |it| it.until > planned)
    }
}

/// An offer as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnOffer {
    /// What is true of it now.
    pub offer: Offer,
    /// Raised whenever something that words may state has changed.
    pub version: u32,
    /// Raised whenever there is something new to tell of it: it opened by a cue, its price or end is another, there are
    /// pieces again after none. That fewer are left is not. It begins with the time at which it was put, in seconds, so
    /// that an offer that was taken out and put again under its id is another.
    pub edition: u32,
    /// A cue opened it before its planned time.
    pub opened: bool,
    /// A cue ended it.
    pub ended: bool,
    /// A cue said that it runs low.
    pub low: bool,
    /// Its price before the last change, in hundredths; 0 when it never changed.
    pub former_cents: u64,
    /// Its show is on air or was; this follows from the show.
    pub(super) show_began: bool,
}

impl OnOffer {
    /// An offer as it was put.
    pub fn put(offer: Offer, now: Timestamp) -> Self {
        OnOffer {
            offer,
            version: 1,
            edition: now.secs(),
            opened: false,
            ended: false,
            low: false,
            former_cents: 0,
            show_began: false,
        }
    }

    /// Whether its time to open has come.
    pub fn has_opened(&self, now: Timestamp) -> bool {
        let of_itself = if self.offer.opens_with_show { self.show_began } else { self.offer.opens <= now };
        self.opened || of_itself
    }

    /// What has no times of its own takes those of its show, as things stand there.
    pub(super) fn follow(&mut self, on: &OnShow) {
        let offer = &mut self.offer;
        let before = offer.ends;
        if offer.opens_with_show {
            offer.opens = on.started.unwrap_or(on.show.starts);
        }
        if offer.ends_with_show {
            offer.ends = on.closes();
        }
        // Words may have stated the end.
        self.version += u32::from(offer.ends != before);
        self.show_began = on.started.is_some();
    }

    /// Whether one can buy at it at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.has_opened(now) && !self.ended && now < self.offer.ends && self.offer.stock != Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::{PhasePlan, WORTH_DEFAULT};

    fn show() -> OnShow {
        let min = |it: i64| Timestamp(it * 60_000);
        let name = crate::director::catalogue::Name::default;
        let phases = [(Phase::WarmUp, 100), (Phase::Climax, 130), (Phase::Closing, 160)];
        OnShow::planned(Arc::new(Show {
            id: name(),
            room: name(),
            host: name(),
            style: name(),
            title: "".into(),
            starts: min(100),
            ends: min(180),
            opens_before_s: 600,
            capacity: 0,
            push_budget: 0,
            audience: None,
            phases: phases.map(|(phase, at)| PhasePlan { phase, at: min(at) }).into(),
            slots: Vec::new(),
            worth: WORTH_DEFAULT,
        }))
    }

    #[test]
    fn a_show_that_begins_late_moves_its_plan_with_it() {
        let min = |it: i64| Timestamp(it * 60_000);
        let mut it = show();
        assert!(!it.is_open(min(89)) && it.is_open(min(90)) && !it.is_open(min(180)));
        assert!(!it.is_late(min(99)) && it.is_late(min(100)));
        it.started = Some(min(110));
        assert_eq!((it.phase_at(min(139)), it.phase_at(min(140))), (Phase::WarmUp, Phase::Climax));
        assert_eq!((it.phase_ends(min(139)), it.closes()), (min(140), min(190)));
    }

    #[test]
    fn a_cued_phase_holds_until_the_plan_begins_the_next() {
        let min = |it: i64| Timestamp(it * 60_000);
        let mut it = show();
        it.started = Some(min(100));
        it.phase = Some((Phase::Climax, min(115)));
        assert_eq!(it.phase_at(min(116)), Phase::Climax);
        assert_eq!(it.phase_at(min(161)), Phase::Closing);
        it.phase = Some((Phase::Closing, min(140)));
        assert_eq!(it.phase_at(min(150)), Phase::Closing);
    }
}
