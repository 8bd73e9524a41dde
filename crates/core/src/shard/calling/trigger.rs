//! Why a shopper would be called in now, and about what: the strongest reason there is.

use crate::event::Class;
use crate::id::Term;
use crate::profile::purchase::hesitation;
use crate::profile::{HistoryRef, HotRef};
use crate::push::Reason;
use crate::push::said::Said;
use crate::select::taste::Taste;
use crate::show::Trigger;
use crate::stage::plan::Plan;
use crate::stage::{OnOffer, OnShow, Stage, Stir};
use crate::time::Timestamp;

/// An offer that ends within so long is ending.
const ENDING_MS: i64 = 15 * 60 * 1000;
/// A product pinned, or a phase begun, so long ago is news.
const NEWS_MS: i64 = 5 * 60 * 1000;
/// A campaign that ends within so long is ending.
const CAMPAIGN_ENDING_MS: i64 = 2 * 3600 * 1000;
/// A host who went live so long ago has just gone live.
const LIVE_NEWS_MS: i64 = 10 * 60 * 1000;
/// A reminder goes this long before the start.
const REMIND_BEFORE_MS: i64 = 5 * 60 * 1000;
/// Slots ahead among which the product of a plain moment is chosen.
const SLOTS_AHEAD: usize = 12;

/// What is looked at.
pub(super) struct View<'v> {
    pub hot: HotRef<'v>,
    pub history: HistoryRef<'v>,
    pub offset_min: i16,
    pub show: Term,
    pub on: &'v OnShow,
    pub plan: &'v Plan,
    pub stage: &'v Stage,
    pub now: Timestamp,
    /// What he was told for this show, or is about to be.
    pub told: Vec<Said>,
}

impl View<'_> {
    fn secs(&self) -> u32 {
        self.now.secs()
    }

    /// Whether something happened at most `ms` ago.
    fn is_news(&self, at: Timestamp, ms: i64) -> bool {
        at <= self.now && self.now.0 - at.0 <= ms
    }

    fn touched(&self, product: Term) -> bool {
        self.hot.lately.when(product).is_some()
            || self.history.viewed.when(product).is_some()
            || self.history.wished.on().any(|it| it.0 == product)
            || self.history.cart.lines().any(|it| it.product == product.0)
    }

    fn cares_for(&self, product: Term) -> bool {
        let category = self.plan.shown(product).map(|it| it.category);
        self.touched(product)
            || category
                .is_some_and(|it| it != Term::NONE && self.hot.categories.iter().any(|own| own.0 == it))
    }

    /// The offer of a product that may be spoken of: it is open, and its stock is not spoken for.
    pub fn offer_of(&self, product: Term) -> Option<(Term, &OnOffer)> {
        let offer = self.stage.offer_of(self.show, product, self.now);
        offer.filter(|(term, _)| !self.stage.is_closed(self.show, Some(*term)))
    }

    /// Why no offer of a product may be spoken of; `None` if it has none in this show.
    pub fn why_no_offer(&self, product: Term) -> Option<Reason> {
        let of_it = || self.stage.offers_in(self.show).filter(|(_, it)| it.offer.product.term == product);
        if of_it().any(|(_, it)| it.is_open(self.now)) {
            return Some(Reason::StockSpoken);
        }
        let to_come = |it: &OnOffer| !it.has_opened(self.now) && !it.ended && self.now < it.offer.ends;
        let waits = of_it().any(|(_, it)| to_come(it));
        if waits { Some(Reason::OfferNotOpen) } else { of_it().next().map(|_| Reason::OfferGone) }
    }

    /// Whether he was told this for the show, and nothing about it is new since.
    pub fn is_told(&self, trigger: Trigger, product: Term) -> bool {
        if self.told.is_empty() || trigger.class() == Class::Service {
            return false;
        }
        let (offer, edition) = self.offer_of(product).map_or((Term::NONE, 0), |it| (it.0, it.1.edition));
        let news = Said::new(trigger, self.on.phase_at(self.now), product, offer, edition);
        self.told.iter().any(|it| news.repeats(it))
    }

    fn is_new(&self, it: &(Trigger, Term)) -> bool {
        !self.is_told(it.0, it.1)
    }

    /// The trigger and the product, if the push is about one; what he was told already is no reason. `stir` is what just
    /// happened in the show;
    /// `came_online` whether his own event woke this up.
    pub fn trigger(&self, stir: Option<Stir>, came_online: bool) -> (Trigger, Term) {
        self.booked()
            .or_else(|| self.hesitates().filter(|it| self.is_new(it)))
            .or_else(|| self.stirred(stir).filter(|it| self.is_new(it)))
            .or_else(|| self.cheaper())
            .or_else(|| self.ending())
            .or_else(|| self.host_live().filter(|it| self.is_new(it)))
            .or_else(|| self.pinned().filter(|it| self.is_new(it)))
            .or_else(|| self.campaign().filter(|it| self.is_new(it)))
            .or_else(|| self.phase_began().filter(|it| self.is_new(it)))
            .unwrap_or((if came_online { Trigger::CameOnline } else { Trigger::Moment }, self.best_product()))
    }

    fn booked(&self) -> Option<(Trigger, Term)> {
        let show = &self.on.show;
        // Once it is on there is nothing to remind of: what is shown then has triggers of its own.
        let time = self.on.started.is_none() && show.starts.0 - REMIND_BEFORE_MS <= self.now.0;
        let booked = self.history.reminders.on().any(|it| it.0 == self.show || it.0 == show.room.term);
        (time && booked).then_some((Trigger::Reminder, Term::NONE))
    }

    fn hesitates(&self) -> Option<(Trigger, Term)> {
        let history = &self.history;
        let it = hesitation(history.cart, history.tallies, history.days, self.secs(), self.offset_min)?;
        self.plan.shown(it.product).map(|shown| (Trigger::CartHesitation, shown.product))
    }

    fn stirred(&self, stir: Option<Stir>) -> Option<(Trigger, Term)> {
        let stir = stir.filter(|it| it.show == self.show)?;
        match (stir.trigger, stir.product) {
            (Trigger::PriceDrop | Trigger::BackInStock, Some(product)) => {
                self.touched(product).then_some((stir.trigger, product))
            }
            (Trigger::Pinned | Trigger::OfferEnding, Some(product)) => {
                self.cares_for(product).then_some((stir.trigger, product))
            }
            _ => None,
        }
    }

    fn cheaper(&self) -> Option<(Trigger, Term)> {
        let touched = self.hot.lately.iter().map(|it| it.0).chain(self.history.wished.on().map(|it| it.0));
        for product in touched.filter(|it| self.plan.shown(*it).is_some()) {
            if let Some((_, on)) = self.stage.offer_of(self.show, product, self.now) {
                let usual = on.offer.original_cents.max(on.former_cents);
                let drop = (Trigger::PriceDrop, product);
                if on.offer.price_cents < usual && self.is_new(&drop) {
                    return Some(drop);
                }
            }
        }
        None
    }

    fn ending(&self) -> Option<(Trigger, Term)> {
        let ends = |(_, on): &(Term, &OnOffer)| {
            on.is_open(self.now)
                && (on.low || on.offer.ends.0 - self.now.0 <= ENDING_MS)
                && self.cares_for(on.offer.product.term)
                && self.is_new(&(Trigger::OfferEnding, on.offer.product.term))
        };
        let (_, on) = self.stage.offers_in(self.show).find(ends)?;
        Some((Trigger::OfferEnding, on.offer.product.term))
    }

    fn host_live(&self) -> Option<(Trigger, Term)> {
        let host = self.on.show.host.term;
        let news = self.on.started.is_some_and(|at| self.is_news(at, LIVE_NEWS_MS));
        let follows = host != Term::NONE && self.history.followed.on().any(|it| it.0 == host);
        (news && follows).then_some((Trigger::HostLive, Term::NONE))
    }

    fn pinned(&self) -> Option<(Trigger, Term)> {
        let (product, at) = self.on.pinned?;
        (self.is_news(at, NEWS_MS) && self.cares_for(product)).then_some((Trigger::Pinned, product))
    }

    fn campaign(&self) -> Option<(Trigger, Term)> {
        let ending = self.stage.campaigns().any(|it| {
            it.starts <= self.now && self.now < it.ends && it.ends.0 - self.now.0 <= CAMPAIGN_ENDING_MS
        });
        ending.then(|| (Trigger::CampaignEnding, self.best_product()))
    }

    fn phase_began(&self) -> Option<(Trigger, Term)> {
        let begins =
            |it: &crate::show::PhasePlan| self.is_news(Timestamp(it.at.0 + self.on.delay_ms()), NEWS_MS);
        let cued = self.on.phase.is_some_and(|(_, at)| self.is_news(at, NEWS_MS));
        let began = self.on.started.is_some() && (cued || self.on.show.phases.iter().any(begins));
        began.then(|| (Trigger::PhaseBegins, self.best_product()))
    }

    /// The product on show or still to come that suits him best; of equals the one shown first.
    fn best_product(&self) -> Term {
        let taste: &Taste = self.hot.taste;
        let mut best = (f32::NEG_INFINITY, Term::NONE);
        for slot in self.on.slots_left(self.now).take(SLOTS_AHEAD) {
            let product = slot.item.product.term;
            if let Some(shown) = self.plan.shown(product) {
                let suits = taste.cosine(&shown.direction);
                if suits > best.0 {
                    best = (suits, product);
                }
            }
        }
        best.1
    }
}
