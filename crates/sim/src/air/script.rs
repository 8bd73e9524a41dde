//! What the customer plans and what then happens: shows that begin late, skip products and end early, offers
//! that change and sell out, rules and channels that are changed in the midst of it.

use crate::random::Random;
use beckon_core::director::catalogue::{Change, Name};
use beckon_core::event::{Channel, Text};
use beckon_core::names::Kind;
use beckon_core::show::{
    ChannelPlan, Cue, CueKind, Item, Offer, Phase, PhasePlan, Policy, Show, Slot, Template, Trigger, Worth,
};
use beckon_core::stage::Staged;
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use std::collections::BTreeMap;

/// Ids of shows.
pub const SHOWS: [&str; 4] = ["show-a", "show-b", "show-c", "show-d"];
/// Their rooms.
pub const ROOMS: [&str; 4] = ["room-a", "room-b", "room-c", "room-d"];
/// Their hosts.
pub const HOSTS: [&str; 4] = ["Mei", "Lan", "Bo", "Qi"];
/// What they sell.
pub const PRODUCTS: [&str; 8] = ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"];
const OFFERS: usize = 6;
const MINUTE: i64 = 60_000;

/// The channels in use.
pub const CHANNELS: [Channel; 5] =
    [Channel::Webhook, Channel::InApp, Channel::WebPush, Channel::Fcm, Channel::Vivo];

/// Everything that is planned, and what is still to come of it.
#[derive(Debug)]
pub struct Script {
    /// What comes next, by when.
    coming: BTreeMap<(i64, u32), Staged>,
    numbers: u32,
    policy: Policy,
    channels: Vec<ChannelPlan>,
    /// When the last show is over by plan.
    pub ends: Timestamp,
    shows: Vec<Show>,
    offers: Vec<Offer>,
}

fn name(names: &Dictionary, kind: Kind, text: &str) -> Name {
    Text { term: names.intern(kind, text), text }.into()
}

fn policy(random: &mut Random, now: Timestamp) -> Policy {
    // Quiet hours begin while shows are on, for those in one of the zones.
    let minute = (now.0 / MINUTE + random.choose(&[480, 330, 60])).rem_euclid(1440);
    let quiet_from_min = ((minute + random.range(20, 150) as i64) % 1440) as u16;
    let quiet_until_min = (quiet_from_min + random.range(1, 60) as u16) % 1440;
    let none = random.one_in(4);
    Policy {
        quiet_from_min: if none { 0 } else { quiet_from_min },
        quiet_until_min: if none { 0 } else { quiet_until_min },
        default_offset_min: 480,
        gap_s: random.choose(&[10, 30, 90]),
        day_cap: random.range(8, 60) as u8,
        show_cap: random.range(4, 30) as u8,
        say_again: random.one_in(2),
        consent_assumed: random.choose(&[0, 0, 1 << Channel::Webhook as u32]),
        never_permille: 30,
        ghost_permille: 70,
        random_permille: random.choose(&[300, 900, 950]),
        salt: random.bits(),
        slot_price_cents: 0,
        fatigue_cents: random.choose(&[0, 0, 1]),
        fatigue_half_life_h: 12,
        channel_order: random.pick(&[vec![], vec![], vec![Channel::Webhook], vec![Channel::Fcm]]).clone(),
    }
}

impl Script {
    /// The plans of a seed, from `now` on.
    pub fn new(random: &mut Random, now: Timestamp, names: &Dictionary, shows: usize) -> Self {
        let mut script = Script {
            coming: BTreeMap::new(),
            numbers: 0,
            policy: policy(random, now),
            channels: Vec::new(),
            ends: now,
            shows: Vec::new(),
            offers: Vec::new(),
        };
        script.at(now.0, Staged::PutPolicy(script.policy.clone()));
        for channel in CHANNELS {
            let day_cap = random.choose(&[0, 6, 30]);
            let rate_per_s = random.choose(&[1, 20, 500]);
            let hours = if channel == Channel::Vivo && random.one_in(2) { (0, 24) } else { (7, 23) };
            let own = matches!(channel, Channel::Webhook | Channel::InApp | Channel::WebPush);
            let hours = if own { (0, 24) } else { hours };
            let url = "https://sink.example/push".into();
            let plan = ChannelPlan { day_cap, rate_per_s, hours, url, ..ChannelPlan::new(channel) };
            script.channels.push(plan.clone());
            if !random.one_in(5) || channel == Channel::Webhook {
                script.at(now.0, Staged::PutChannel(plan));
            }
        }
        for (number, priced) in [("plain", false), ("priced", true)] {
            let template = Template {
                id: name(names, Kind::Template, number),
                language: Name::default(),
                triggers: Trigger::ALL.iter().map(|it| it.bit()).sum(),
                product: Name::default(),
                price_led: false,
                needs_offer: priced,
                title: "Come in".into(),
                body: "".into(),
            };
            script.at(now.0, Staged::PutTemplate(template));
        }
        (0..shows).for_each(|number| script.plan(number, random, now, names));
        script
    }

    fn at(&mut self, at: i64, change: Staged) {
        self.numbers += 1;
        self.coming.insert((at, self.numbers), change);
    }

    /// What is due by `now`.
    pub fn due(&mut self, now: Timestamp) -> Option<Change> {
        let first = self.coming.first_entry().filter(|it| it.key().0 <= now.0)?;
        Some(Change::Staged(first.remove()))
    }

    fn plan(&mut self, number: usize, random: &mut Random, now: Timestamp, names: &Dictionary) {
        let starts = now.0 + random.range(8, 45) as i64 * MINUTE;
        let length = random.range(35, 80) as i64 * MINUTE;
        let ends = starts + length;
        let third = length / 3;
        let phases = [Phase::WarmUp, Phase::Climax, Phase::Closing];
        let slot_ms = length / OFFERS as i64;
        let product =
            |slot: usize| name(names, Kind::Product, PRODUCTS[(number * 3 + slot) % PRODUCTS.len()]);
        let slots = (0..OFFERS).map(|slot| Slot {
            item: Item {
                product: product(slot),
                category: name(names, Kind::Category, "tea"),
                price_cents: 9_900,
                ..Item::default()
            },
            at: Timestamp(starts + slot as i64 * slot_ms),
            until: Timestamp(starts + (slot as i64 + 1) * slot_ms),
        });
        let show = Show {
            id: name(names, Kind::Show, SHOWS[number]),
            room: name(names, Kind::Room, ROOMS[number]),
            host: name(names, Kind::Host, HOSTS[number]),
            style: Name::default(),
            title: "Spring tea".into(),
            starts: Timestamp(starts),
            ends: Timestamp(ends),
            opens_before_s: random.range(60, 1_200) as u32,
            capacity: if random.one_in(6) { 40 } else { 0 },
            push_budget: if random.one_in(6) { 300 } else { 0 },
            audience: None,
            phases: phases
                .iter()
                .enumerate()
                .map(|(at, phase)| PhasePlan { phase: *phase, at: Timestamp(starts + at as i64 * third) })
                .collect(),
            slots: slots.collect(),
            worth: Worth { enter_cents: 2_000, margin_pct: 30 },
        };
        self.at(now.0, Staged::PutShow(Box::new(show.clone())));
        self.ends = self.ends.max(Timestamp(ends + 20 * MINUTE));
        // Late, punctual, early; and some never begin.
        let delay = random.choose(&[0, 0, 1, 4, 12, -2]) * MINUTE;
        let never = random.one_in(15);
        let cue = |kind| Staged::Cue(Cue { show: show.id.term, kind });
        if !never {
            self.at(starts + delay, cue(CueKind::Start));
        }
        let over = ends + random.choose(&[-25, -10, 0, 5]) * MINUTE;
        if !random.one_in(6) {
            self.at(over, cue(CueKind::End));
        }
        if random.one_in(2) {
            self.at(starts + delay + random.below(third as u64) as i64, cue(CueKind::Phase(Phase::Climax)));
        }
        for slot in 0..OFFERS {
            let at = starts + delay + slot as i64 * slot_ms;
            self.plan_offer(&show, slot, product(slot), at, slot_ms, random, names);
        }
        self.shows.push(show);
    }

    #[expect(clippy::too_many_arguments, reason = "what a slot of a rundown is made of")]
    fn plan_offer(
        &mut self,
        show: &Show,
        slot: usize,
        product: Name,
        at: i64,
        slot_ms: i64,
        random: &mut Random,
        names: &Dictionary,
    ) {
        let id = format!("{}-offer-{slot}", show.id.text);
        let offer = Offer {
            id: name(names, Kind::Offer, &id),
            show: show.id.clone(),
            product: product.clone(),
            price_cents: random.range(3_000, 9_000),
            original_cents: 9_900,
            stock: (!random.one_in(3)).then(|| random.range(1, 40) as u32),
            opens: Timestamp(at - random.below(20) as i64 * MINUTE),
            ends: Timestamp(at + slot_ms + random.below(30) as i64 * MINUTE),
            opens_with_show: random.one_in(4),
            ends_with_show: random.one_in(4),
        };
        self.at(at - slot_ms, Staged::PutOffer(offer.clone()));
        let term = offer.id.term;
        let cue = |kind| Staged::Cue(Cue { show: show.id.term, kind });
        // A slot is skipped now and then.
        if random.one_in(6) {
            self.offers.push(offer);
            return;
        }
        self.at(at, cue(CueKind::Pin(product)));
        let within = |random: &mut Random| at + random.below(slot_ms as u64) as i64;
        if random.one_in(2) {
            self.at(within(random), cue(CueKind::OfferOpened(term)));
        }
        if let Some(stock) = offer.stock {
            let mut left = stock;
            while left > 0 && !random.one_in(4) {
                left = left.saturating_sub(random.range(1, 12) as u32);
                self.at(within(random), cue(CueKind::Stock { offer: term, left }));
            }
        }
        for _ in 0..random.below(3) {
            let change = CueKind::OfferChanged {
                offer: term,
                price_cents: (!random.one_in(4)).then(|| random.range(2_000, 9_500)),
                stock: random.one_in(4).then(|| random.below(10) as u32),
                ends: random.one_in(4).then(|| Timestamp(within(random))),
            };
            self.at(within(random), cue(change));
        }
        if random.one_in(4) {
            self.at(within(random), cue(CueKind::OfferLow(term)));
        }
        if random.one_in(4) {
            self.at(within(random), cue(CueKind::OfferEnded(term)));
        }
        self.offers.push(offer);
    }

    /// The customer changes his mind about something.
    pub fn whim(&mut self, random: &mut Random, now: Timestamp) -> Change {
        Change::Staged(match random.below(10) {
            0..4 => {
                let fresh = policy(random, now);
                let it = &mut self.policy;
                match random.below(7) {
                    6 => it.say_again = fresh.say_again,
                    5 => it.channel_order = fresh.channel_order,
                    0 => {
                        (it.quiet_from_min, it.quiet_until_min) =
                            (fresh.quiet_from_min, fresh.quiet_until_min)
                    }
                    1 => it.day_cap = random.range(1, 40) as u8,
                    2 => it.show_cap = random.range(1, 25) as u8,
                    3 => it.consent_assumed = fresh.consent_assumed,
                    _ => it.gap_s = fresh.gap_s,
                }
                Staged::PutPolicy(self.policy.clone())
            }
            4..7 => {
                let plan = &mut self.channels[random.index(CHANNELS.len())];
                let back = Staged::PutChannel(plan.clone());
                let out_for = random.range(1, 10) as i64 * MINUTE;
                match random.below(4) {
                    0 => {
                        let off = Staged::PutChannel(ChannelPlan { enabled: false, ..plan.clone() });
                        self.at(now.0 + out_for, back);
                        return Change::Staged(off);
                    }
                    1 => plan.day_cap = random.choose(&[0, 4, 30]),
                    2 => plan.rate_per_s = random.choose(&[1, 20, 500]),
                    _ => {
                        let gone = Staged::DeleteChannel(plan.channel);
                        self.at(now.0 + out_for, back);
                        return Change::Staged(gone);
                    }
                }
                Staged::PutChannel(plan.clone())
            }
            7 => {
                let show = random.index(self.shows.len());
                let show = &mut self.shows[show];
                show.ends = Timestamp(show.ends.0 + random.choose(&[-10, 10]) * MINUTE);
                Staged::PutShow(Box::new(show.clone()))
            }
            8 => {
                let offer = random.index(self.offers.len());
                let offer = &mut self.offers[offer];
                offer.price_cents = random.range(2_000, 9_900);
                Staged::PutOffer(offer.clone())
            }
            _ => Staged::DeleteOffer(random.pick(&self.offers).id.term),
        })
    }

    /// The shows.
    pub fn shows(&self) -> &[Show] {
        &self.shows
    }
}
