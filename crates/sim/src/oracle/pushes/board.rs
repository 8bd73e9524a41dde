//! What is on, told anew: shows, offers, rules and channels as plain values, from the changes in the journal.

use beckon_core::event::{Channel, Class};
use beckon_core::id::Term;
use beckon_core::shard::calling::parcel::{OfferFacts, Parcel};
use beckon_core::show::{ChannelPlan, Cue, CueKind, Offer, Phase, Policy, Trigger};
use beckon_core::stage::Staged;
use beckon_core::time::Timestamp;
use std::collections::BTreeMap;

/// A show.
#[derive(Debug, Default)]
struct OnAir {
    room: Term,
    opens: i64,
    starts: i64,
    ends: i64,
    started: Option<i64>,
    over: Option<i64>,
    pinned: Option<Term>,
}

impl OnAir {
    fn closes(&self) -> i64 {
        self.over.unwrap_or(self.ends + self.started.map_or(0, |it| (it - self.starts).max(0)))
    }
}

/// An offer.
#[derive(Debug)]
struct OnSale {
    offer: Offer,
    opened: bool,
    over: bool,
    former: u64,
    /// Raised by whatever is news: it opens, another price, another end, pieces again.
    news: u64,
}

/// What a shopper learns from a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tells {
    reason: (Trigger, Option<Phase>),
    about: (Term, Option<Term>, u64),
}

impl Tells {
    /// Whether one who has been told `before` learns nothing from it. That this is a good moment is no news.
    pub fn is_old(&self, before: &Tells) -> bool {
        let is_plain = matches!(self.reason.0, Trigger::Moment | Trigger::CameOnline);
        self.about == before.about && (is_plain || self.reason == before.reason)
    }
}

/// Everything that a customer has entered, as it stands.
#[derive(Debug, Default)]
pub struct Board {
    shows: BTreeMap<Term, OnAir>,
    offers: BTreeMap<Term, OnSale>,
    channels: BTreeMap<Channel, ChannelPlan>,
    /// Offers that were put: each begins with news of its own.
    editions: u64,
    pub policy: Policy,
}

impl Board {
    /// A change of the stage is in the journal.
    pub fn change(&mut self, now: Timestamp, change: &Staged) {
        match change {
            Staged::PutShow(it) => {
                let show = self.shows.entry(it.id.term).or_default();
                show.room = it.room.term;
                (show.starts, show.ends) = (it.starts.0, it.ends.0);
                show.opens = it.starts.0 - i64::from(it.opens_before_s) * 1000;
            }
            Staged::DeleteShow(it) => drop(self.shows.remove(it)),
            Staged::PutOffer(it) => {
                self.editions += 1;
                let news = self.editions << 32;
                let ends = self.ends(it);
                let before = self.offers.get(&it.id.term).map_or(ends, |it| self.ends(&it.offer));
                let new = OnSale { offer: it.clone(), opened: false, over: false, former: 0, news };
                let sale = self.offers.entry(it.id.term).or_insert(new);
                sale.price(it.price_cents);
                sale.stock(it.stock);
                sale.end(before, ends);
                (sale.offer, sale.over) = (it.clone(), false);
            }
            Staged::DeleteOffer(it) => drop(self.offers.remove(it)),
            Staged::Cue(cue) => self.cue(now, cue),
            Staged::PutPolicy(it) => self.policy = it.clone(),
            Staged::PutChannel(it) => drop(self.channels.insert(it.channel, it.clone())),
            Staged::DeleteChannel(it) => drop(self.channels.remove(it)),
            _ => {}
        }
    }

    fn cue(&mut self, now: Timestamp, cue: &Cue) {
        let about = match &cue.kind {
            CueKind::OfferOpened(it) => self.offers.get(it),
            CueKind::OfferChanged { offer, .. } => self.offers.get(offer),
            _ => None,
        };
        let was_open = about.is_some_and(|it| self.is_open(it.offer.id.term, now));
        let before = about.map(|it| self.ends(&it.offer));
        let Some(show) = self.shows.get_mut(&cue.show).filter(|it| it.over.is_none()) else { return };
        let sale = match &cue.kind {
            CueKind::Start => {
                show.started.get_or_insert(now.0);
                return;
            }
            CueKind::Pin(product) => {
                show.pinned = Some(product.term);
                return;
            }
            CueKind::End => {
                show.over = Some(now.0);
                return;
            }
            CueKind::Phase(_) | CueKind::OfferLow(_) => return,
            CueKind::OfferOpened(it) | CueKind::OfferEnded(it) => self.offers.get_mut(it),
            CueKind::OfferChanged { offer, .. } | CueKind::Stock { offer, .. } => self.offers.get_mut(offer),
        };
        let Some(sale) = sale else { return };
        match &cue.kind {
            CueKind::OfferOpened(_) => {
                sale.news += u64::from(!was_open);
                (sale.opened, sale.over) = (true, false);
            }
            CueKind::OfferEnded(_) => sale.over = true,
            CueKind::Stock { left, .. } => sale.stock(Some(*left)),
            CueKind::OfferChanged { price_cents, stock, ends, .. } => {
                sale.price(price_cents.unwrap_or(sale.offer.price_cents));
                sale.stock(stock.or(sale.offer.stock));
                if let (Some(ends), Some(before)) = (ends, before) {
                    sale.end(before, *ends);
                }
            }
            _ => {}
        }
    }

    /// Until when an offer holds: its own end, or that of its show.
    fn ends(&self, it: &Offer) -> Timestamp {
        match self.shows.get(&it.show.term).filter(|_| it.ends_with_show) {
            Some(show) => Timestamp(show.closes()),
            None => it.ends,
        }
    }

    fn has_opened(&self, sale: &OnSale, now: Timestamp) -> bool {
        let with_show = sale.offer.opens_with_show;
        let show_began = || self.shows.get(&sale.offer.show.term).is_some_and(|it| it.started.is_some());
        sale.opened || if with_show { show_began() } else { sale.offer.opens <= now }
    }

    fn is_open(&self, offer: Term, now: Timestamp) -> bool {
        self.offers.get(&offer).is_some_and(|it| {
            let in_time = self.has_opened(it, now) && now < self.ends(&it.offer);
            in_time && !it.over && it.offer.stock != Some(0)
        })
    }

    /// The room of a show.
    pub fn room(&self, show: Term) -> Option<Term> {
        self.shows.get(&show).map(|it| it.room)
    }

    /// The cap of a channel; 0 for none.
    pub fn channel_cap(&self, channel: Channel) -> usize {
        self.channels.get(&channel).map_or(0, |it| usize::from(it.day_cap))
    }

    /// What a parcel tells: why, about what, and how often there was news of its offer.
    pub fn tells(&self, parcel: &Parcel) -> Tells {
        let offer = parcel.offer.map(|it| it.offer);
        let news = offer.and_then(|it| self.offers.get(&it)).map_or(0, |it| it.news);
        let phase = (parcel.trigger == Trigger::PhaseBegins).then_some(parcel.phase);
        Tells { reason: (parcel.trigger, phase), about: (parcel.product, offer, news) }
    }

    /// Holds what a parcel says, and where it goes, against what is so.
    pub fn check(&self, now: Timestamp, offset_min: i16, parcel: &Parcel) -> Result<(), String> {
        let wrong = |what: &str| Err(what.to_owned());
        let Some(show) = self.shows.get(&parcel.show) else { return wrong("its show is not there") };
        if show.over.is_some() || now.0 < show.opens || now.0 >= show.closes() {
            return wrong("its show is not open");
        }
        if show.started.is_none() && show.starts <= now.0 {
            return wrong("its show should have begun and has not");
        }
        if parcel.trigger == Trigger::Pinned && show.pinned != Some(parcel.product) {
            return wrong("it says that a product is being shown which is not");
        }
        let Some(plan) = self.channels.get(&parcel.channel).filter(|it| it.enabled) else {
            return wrong("its channel is not in use");
        };
        let minute = (now.0.div_euclid(60_000) + i64::from(offset_min)).rem_euclid(1440);
        let (from, until) = (i64::from(self.policy.quiet_from_min), i64::from(self.policy.quiet_until_min));
        let quiet =
            if from <= until { from <= minute && minute < until } else { minute >= from || minute < until };
        if quiet {
            return wrong("it is quiet hours where the shopper is");
        }
        let hour = minute / 60;
        let taken = i64::from(plan.hours.0) <= hour && hour < i64::from(plan.hours.1);
        if parcel.class == Class::Marketing && !taken {
            return wrong("the vendor takes no marketing at this hour");
        }
        match &parcel.offer {
            Some(facts) => self.check_offer(now, facts, parcel),
            None => Ok(()),
        }
    }

    fn check_offer(&self, now: Timestamp, facts: &OfferFacts, parcel: &Parcel) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{what}: {facts:?}"));
        let Some(sale) = self.offers.get(&facts.offer) else { return wrong("its offer is not there") };
        let it = &sale.offer;
        if it.show.term != parcel.show || it.product.term != parcel.product {
            return wrong("its offer is of another show or product");
        }
        let ends = self.ends(it);
        if sale.over || !self.has_opened(sale, now) || now >= ends {
            return wrong("its offer is not open");
        }
        if it.stock == Some(0) {
            return wrong("its offer is sold out");
        }
        let said = (facts.price_cents, facts.original_cents, facts.stock, facts.ends);
        if said != (it.price_cents, it.original_cents, it.stock, ends) {
            return wrong("price, stock or end are not what they are");
        }
        if parcel.trigger == Trigger::PriceDrop && it.price_cents >= it.original_cents.max(sale.former) {
            return wrong("it says that the price fell, and it did not");
        }
        Ok(())
    }
}

impl OnSale {
    fn price(&mut self, cents: u64) {
        if cents != self.offer.price_cents {
            self.former = self.offer.price_cents;
            self.news += 1;
        }
        self.offer.price_cents = cents;
    }

    fn stock(&mut self, left: Option<u32>) {
        self.news += u64::from(self.offer.stock == Some(0) && left != Some(0));
        self.offer.stock = left;
    }

    fn end(&mut self, before: Timestamp, at: Timestamp) {
        self.news += u64::from(before != at);
        (self.offer.ends, self.offer.ends_with_show) = (at, false);
    }
}
