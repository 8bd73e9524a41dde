//! The stage: what every shard sees of the shows, the policy and what was learnt.
//!
//! Each worker folds the stage from the same records as the director, in the order of the journal, so that
//! a shard's decision is a function of what stood before it. A change may stir the shards: a pinned product
//! or an opened offer makes shoppers candidates at once, which [`Stage::apply`] says.

mod change;
mod codec;
mod learned;
pub mod plan;
mod shows;

use crate::event::Channel;
use crate::id::Term;
use crate::limits::{AUDIENCES_MAX, CAMPAIGNS_MAX, OFFERS_MAX, OPEN_SHOWS_MAX, SHOWS_MAX, TEMPLATES_MAX};
use crate::show::{Audience, Campaign, ChannelPlan, Cue, CueKind, Offer, Policy, Show, Template, Trigger};
use crate::time::Timestamp;
pub use change::Staged;
pub use learned::{Learned, Notice};
use plan::Plan;
pub use shows::{OnOffer, OnShow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// Shows, offers, words, rules and what was learnt, as they stand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stage {
    shows: BTreeMap<Term, OnShow>,
    offers: BTreeMap<Term, OnOffer>,
    templates: BTreeMap<Term, Arc<Template>>,
    campaigns: BTreeMap<Term, Campaign>,
    audiences: BTreeMap<Term, (Box<str>, Audience)>,
    /// In the order in which they are tried.
    channels: Vec<ChannelPlan>,
    policy: Policy,
    /// What one more push costs, by show, in hundredths (λ).
    prices: BTreeMap<Term, f64>,
    /// Rooms ([`Term::NONE`]) and offers of shows that are spoken for.
    closed: BTreeSet<(Term, Term)>,
    learned: Arc<Learned>,
    /// The offers of each show; they follow from the offers.
    in_show: BTreeSet<(Term, Term)>,
    /// The shows made ready; they follow from the rest.
    plans: BTreeMap<Term, Ready>,
    /// The last number seen from the director.
    seen: u64,
}

/// A show's plan, made when it is first asked for: a start decodes a stage for every shard and keeps one, and
/// the director never asks. It follows from the stage, so two stages do not differ by it.
#[derive(Debug, Clone, Default)]
struct Ready(OnceLock<Arc<Plan>>);

impl PartialEq for Ready {
    fn eq(&self, _: &Ready) -> bool {
        true
    }
}

/// What a change of the stage makes the shards look at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stir {
    /// In which show something happened.
    pub show: Term,
    /// Why shoppers may have become candidates.
    pub trigger: Trigger,
    /// The product it is about.
    pub product: Option<Term>,
}

impl Stage {
    /// Carries a change out at `now`. `Err` when it changes nothing: the bound is reached, or what it is
    /// about is not there.
    pub fn apply(&mut self, now: Timestamp, change: &Staged) -> Result<Option<Stir>, NotStaged> {
        let stir = self.change(now, change);
        match change {
            Staged::PutShow(it) => self.offers_follow(it.id.term),
            Staged::Cue(Cue { show, kind: CueKind::Start | CueKind::End }) => self.offers_follow(*show),
            _ => {}
        }
        match change {
            Staged::PutShow(it) => self.ready(it.id.term),
            Staged::Cue(Cue { show, kind: CueKind::Start | CueKind::Phase(_) | CueKind::End }) => {
                self.ready(*show)
            }
            Staged::PutPolicy(_) => self.ready_all(),
            _ => {}
        }
        stir
    }

    fn change(&mut self, now: Timestamp, change: &Staged) -> Result<Option<Stir>, NotStaged> {
        match change {
            Staged::PutShow(show) => self.put_show(now, show),
            Staged::DeleteShow(term) if !self.shows.contains_key(term) => Err(NotStaged::Unknown),
            Staged::DeleteShow(term) => {
                self.forget(*term);
                Ok(None)
            }
            Staged::PutOffer(offer) => self.put_offer(now, offer),
            Staged::DeleteOffer(term) => {
                self.in_show.retain(|it| it.1 != *term);
                removed(&mut self.offers, term)
            }
            Staged::Cue(cue) => self.cue(now, cue),
            Staged::PutCampaign(it) => put(&mut self.campaigns, CAMPAIGNS_MAX, it.id.term, it.clone()),
            Staged::DeleteCampaign(term) => removed(&mut self.campaigns, term),
            Staged::PutTemplate(it) => {
                put(&mut self.templates, TEMPLATES_MAX, it.id.term, Arc::new(it.clone()))
            }
            Staged::DeleteTemplate(term) => removed(&mut self.templates, term),
            Staged::PutAudience(name, it) => {
                put(&mut self.audiences, AUDIENCES_MAX, name.term, (name.text.clone(), it.clone()))
            }
            Staged::DeleteAudience(term) => removed(&mut self.audiences, term),
            Staged::PutPolicy(policy) => {
                self.policy = policy.clone();
                self.order_channels();
                Ok(None)
            }
            Staged::PutChannel(it) => {
                self.put_channel(it.clone());
                Ok(None)
            }
            Staged::DeleteChannel(channel) => {
                let before = self.channels.len();
                self.channels.retain(|it| it.channel != *channel);
                if self.channels.len() < before { Ok(None) } else { Err(NotStaged::Unknown) }
            }
        }
    }

    /// Takes a notice of the director; `sequence` tells whether it was taken before.
    pub fn notice(&mut self, sequence: u64, notice: Notice) {
        if sequence <= self.seen {
            return;
        }
        self.seen = sequence;
        match notice {
            Notice::Price { show, price_cents } => {
                if self.shows.contains_key(&show) {
                    self.prices.insert(show, price_cents);
                }
            }
            Notice::Closed { show, offer, closed } => {
                let key = (show, offer.unwrap_or(Term::NONE));
                if !closed {
                    self.closed.remove(&key);
                } else if self.shows.contains_key(&show) {
                    self.closed.insert(key);
                }
            }
            Notice::Learned(learned) => {
                self.learned = learned;
                self.ready_all();
            }
        }
    }

    /// What a show was made ready from has changed.
    fn ready(&mut self, term: Term) {
        if self.shows.contains_key(&term) {
            self.plans.insert(term, Ready::default());
        }
    }

    fn ready_all(&mut self) {
        self.plans = self.shows.keys().map(|term| (*term, Ready::default())).collect();
    }

    /// The offers of a show that have no times of their own take its times.
    fn offers_follow(&mut self, show: Term) {
        let Some(on) = self.shows.get(&show) else { return };
        for (_, offer) in self.in_show.range((show, Term::NONE)..=(show, Term(u32::MAX))) {
            if let Some(it) = self.offers.get_mut(offer) {
                it.follow(on);
            }
        }
    }

    /// What follows from the shows is in no snapshot.
    fn offers_follow_all(&mut self) {
        for it in self.offers.values_mut() {
            if let Some(on) = self.shows.get(&it.offer.show.term) {
                it.show_began = on.started.is_some();
            }
        }
    }

    fn put_show(&mut self, now: Timestamp, show: &Show) -> Result<Option<Stir>, NotStaged> {
        let term = show.id.term;
        if let Some(there) = self.shows.get_mut(&term) {
            // What is planned anew keeps what has happened.
            there.show = Arc::new(show.clone());
            return Ok(None);
        }
        if self.shows.len() >= SHOWS_MAX {
            self.forget_oldest(now)?;
        }
        self.shows.insert(term, OnShow::planned(Arc::new(show.clone())));
        Ok(None)
    }

    /// Makes room: the show that has been over longest gives way, with its offers.
    fn forget_oldest(&mut self, now: Timestamp) -> Result<(), NotStaged> {
        let over = self.shows.iter().filter(|(_, it)| it.closes().0 + KEPT_AFTER_MS < now.0);
        let oldest = over.min_by_key(|(term, it)| (it.closes(), **term)).map(|(term, _)| *term);
        self.forget(oldest.ok_or(NotStaged::Full)?);
        Ok(())
    }

    /// Takes a show out with all that is its own: another one under the same id begins anew.
    fn forget(&mut self, show: Term) {
        self.shows.remove(&show);
        self.prices.remove(&show);
        self.plans.remove(&show);
        self.closed.retain(|it| it.0 != show);
        self.offers.retain(|_, it| it.offer.show.term != show);
        self.in_show.retain(|it| it.0 != show);
    }

    fn put_offer(&mut self, now: Timestamp, offer: &Offer) -> Result<Option<Stir>, NotStaged> {
        let term = offer.id.term;
        // An offer is compared with what it was by the times that hold for it now.
        let mut new = OnOffer::put(offer.clone(), now);
        if let Some(on) = self.shows.get(&offer.show.term) {
            new.follow(on);
        }
        new.version = 1;
        self.in_show.retain(|it| it.1 != term);
        let full = self.offers.len() >= OFFERS_MAX;
        match self.offers.get_mut(&term) {
            Some(there) => {
                self.in_show.insert((offer.show.term, term));
                let changed = OfferChange {
                    price: Some(offer.price_cents),
                    stock: Some(offer.stock),
                    ends: Some(new.offer.ends),
                };
                let stir = change_offer(there, now, changed);
                (there.offer, there.show_began) = (new.offer, new.show_began);
                there.ended = false;
                Ok(stir)
            }
            None if full => Err(NotStaged::Full),
            None => {
                self.in_show.insert((offer.show.term, term));
                self.offers.insert(term, new);
                Ok(None)
            }
        }
    }

    fn cue(&mut self, now: Timestamp, cue: &Cue) -> Result<Option<Stir>, NotStaged> {
        let show = self.shows.get_mut(&cue.show).ok_or(NotStaged::Unknown)?;
        if show.ended.is_some() {
            return Err(NotStaged::Over);
        }
        let stir = |trigger, product| Ok(Some(Stir { show: cue.show, trigger, product }));
        match &cue.kind {
            CueKind::Start => {
                show.started.get_or_insert(now);
                stir(Trigger::HostLive, None)
            }
            CueKind::Phase(phase) => {
                show.phase = Some((*phase, now));
                stir(Trigger::PhaseBegins, None)
            }
            CueKind::Pin(product) => {
                show.pinned = Some((product.term, now));
                stir(Trigger::Pinned, Some(product.term))
            }
            CueKind::End => {
                show.ended = Some(now);
                Ok(None)
            }
            CueKind::OfferOpened(offer) => {
                let it = self.offers.get_mut(offer).ok_or(NotStaged::Unknown)?;
                it.edition += u32::from(!it.is_open(now));
                (it.opened, it.ended) = (true, false);
                it.version += 1;
                let product = it.offer.product.term;
                stir(Trigger::PriceDrop, Some(product))
            }
            CueKind::OfferChanged { offer, price_cents, stock, ends } => {
                let it = self.offers.get_mut(offer).ok_or(NotStaged::Unknown)?;
                let change = OfferChange { price: *price_cents, stock: stock.map(Some), ends: *ends };
                Ok(change_offer(it, now, change))
            }
            CueKind::Stock { offer, left } => {
                let it = self.offers.get_mut(offer).ok_or(NotStaged::Unknown)?;
                Ok(change_offer(it, now, OfferChange { stock: Some(Some(*left)), ..OfferChange::default() }))
            }
            CueKind::OfferLow(offer) => {
                let it = self.offers.get_mut(offer).ok_or(NotStaged::Unknown)?;
                it.low = true;
                let product = it.offer.product.term;
                stir(Trigger::OfferEnding, Some(product))
            }
            CueKind::OfferEnded(offer) => {
                let it = self.offers.get_mut(offer).ok_or(NotStaged::Unknown)?;
                it.ended = true;
                it.version += 1;
                Ok(None)
            }
        }
    }

    /// A show as it stands.
    pub fn show(&self, term: Term) -> Option<&OnShow> {
        self.shows.get(&term)
    }

    /// All shows, by term.
    pub fn shows(&self) -> impl ExactSizeIterator<Item = (Term, &OnShow)> {
        self.shows.iter().map(|(term, it)| (*term, it))
    }

    /// The shows for which pushes may go at `now`, by term, at most [`OPEN_SHOWS_MAX`].
    pub fn open_shows(&self, now: Timestamp) -> impl Iterator<Item = (Term, &OnShow)> {
        self.shows().filter(move |(_, it)| it.is_open(now)).take(OPEN_SHOWS_MAX)
    }

    /// An offer as it stands.
    pub fn offer(&self, term: Term) -> Option<&OnOffer> {
        self.offers.get(&term)
    }

    /// All offers, by term.
    pub fn offers(&self) -> impl ExactSizeIterator<Item = (Term, &OnOffer)> {
        self.offers.iter().map(|(term, it)| (*term, it))
    }

    /// The offers of a show, by term.
    pub fn offers_in(&self, show: Term) -> impl Iterator<Item = (Term, &OnOffer)> {
        let all = self.in_show.range((show, Term::NONE)..=(show, Term(u32::MAX)));
        all.filter_map(|(_, offer)| Some((*offer, self.offers.get(offer)?)))
    }

    /// The open offer of a product in a show: the cheapest, of equals the first by term.
    pub fn offer_of(&self, show: Term, product: Term, now: Timestamp) -> Option<(Term, &OnOffer)> {
        let open = self.offers_in(show).filter(|(_, it)| it.offer.product.term == product && it.is_open(now));
        open.min_by_key(|(term, it)| (it.offer.price_cents, *term))
    }

    /// A template.
    pub fn template(&self, term: Term) -> Option<&Arc<Template>> {
        self.templates.get(&term)
    }

    /// All templates, by term.
    pub fn templates(&self) -> impl ExactSizeIterator<Item = (Term, &Arc<Template>)> {
        self.templates.iter().map(|(term, it)| (*term, it))
    }

    /// All campaigns, by term.
    pub fn campaigns(&self) -> impl ExactSizeIterator<Item = &Campaign> {
        self.campaigns.values()
    }

    /// All named audiences: id and rule.
    pub fn audiences(&self) -> impl ExactSizeIterator<Item = (Term, &str, &Audience)> {
        self.audiences.iter().map(|(term, (id, it))| (*term, &**id, it))
    }

    /// A named audience.
    pub fn audience(&self, term: Term) -> Option<&Audience> {
        self.audiences.get(&term).map(|it| &it.1)
    }

    fn put_channel(&mut self, plan: ChannelPlan) {
        self.channels.retain(|it| it.channel != plan.channel);
        self.channels.push(plan);
        self.order_channels();
    }

    fn order_channels(&mut self) {
        let policy = &self.policy;
        self.channels.sort_by_key(|it| policy.rank(it.channel));
    }

    /// The channels, in the order in which they are tried.
    pub fn channels(&self) -> impl ExactSizeIterator<Item = &ChannelPlan> {
        self.channels.iter()
    }

    /// A channel.
    pub fn channel(&self, channel: Channel) -> Option<&ChannelPlan> {
        self.channels.iter().find(|it| it.channel == channel)
    }

    /// The rules.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What one more push for a show costs now, in hundredths; `None` before the director has set it. A show that may
    /// send what it likes costs nothing from the first.
    pub fn price(&self, show: Term) -> Option<f64> {
        let unbounded = || self.shows.get(&show).is_some_and(|it| it.show.push_budget == 0);
        self.prices.get(&show).copied().or_else(|| unbounded().then_some(0.0))
    }

    /// Whether the room of a show, or the stock of an offer, is spoken for.
    pub fn is_closed(&self, show: Term, offer: Option<Term>) -> bool {
        self.closed.contains(&(show, offer.unwrap_or(Term::NONE)))
    }

    /// A show made ready.
    pub fn plan(&self, show: Term) -> Option<&Arc<Plan>> {
        let (on, ready) = (self.shows.get(&show)?, self.plans.get(&show)?);
        let make = || Arc::new(Plan::of(on, &self.learned, self.policy.default_offset_min));
        Some(ready.0.get_or_init(make))
    }

    /// The last number seen from the director.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// What was learnt.
    pub fn learned(&self) -> &Arc<Learned> {
        &self.learned
    }
}

/// The price of a show that has sent all it may, in hundredths: nothing is worth it.
pub const PRICE_CLOSED: f64 = 1e12;

/// Why a change of the stage changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStaged {
    /// As many as the bound allows are there.
    Full,
    /// What it is about is not there.
    Unknown,
    /// The show is over.
    Over,
}

/// How long a show that is over keeps its place: purchases are credited for a day.
const KEPT_AFTER_MS: i64 = 2 * 86_400_000;

#[derive(Default)]
struct OfferChange {
    price: Option<u64>,
    stock: Option<Option<u32>>,
    ends: Option<Timestamp>,
}

/// Changes an offer and says what that stirs: a lower price, or pieces again after none were left.
fn change_offer(it: &mut OnOffer, now: Timestamp, change: OfferChange) -> Option<Stir> {
    let (before, sold_out) = (it.offer.price_cents, it.offer.stock == Some(0));
    let ended = it.offer.ends;
    it.offer.price_cents = change.price.unwrap_or(before);
    it.offer.stock = change.stock.unwrap_or(it.offer.stock);
    if let Some(ends) = change.ends {
        // From now on it has an end of its own.
        (it.offer.ends, it.offer.ends_with_show) = (ends, false);
    }
    it.version += 1;
    let restocked = sold_out && it.offer.stock != Some(0);
    it.edition += u32::from((it.offer.price_cents, it.offer.ends) != (before, ended) || restocked);
    let product = Some(it.offer.product.term);
    let show = it.offer.show.term;
    if it.offer.price_cents != before {
        it.former_cents = before;
    }
    if !it.is_open(now) {
        return None;
    }
    if it.offer.price_cents < before {
        return Some(Stir { show, trigger: Trigger::PriceDrop, product });
    }
    sold_out.then_some(Stir { show, trigger: Trigger::BackInStock, product })
}

fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, max: usize, key: K, value: V) -> Result<Option<Stir>, NotStaged> {
    if map.len() >= max && !map.contains_key(&key) {
        return Err(NotStaged::Full);
    }
    map.insert(key, value);
    Ok(None)
}

fn removed<K: Ord, V>(map: &mut BTreeMap<K, V>, key: &K) -> Result<Option<Stir>, NotStaged> {
    map.remove(key).map(|_| None).ok_or(NotStaged::Unknown)
}
