//! Shows, offers, cues, templates, policy and channels as bytes, for the journal and for snapshots.

use super::audience::Predicate;
use super::{
    Audience, Campaign, ChannelPlan, Cue, CueKind, Item, Offer, Phase, PhasePlan, Policy, Show, Slot,
    Template, Worth,
};
use crate::bytes::{Get, Malformed, Put};
use crate::director::codec::{get_name, put_name};
use crate::event::Channel;
use crate::id::Term;
use crate::limits::{PHASES_MAX, SLOTS_MAX, TAGS_MAX, WORDS_MAX};
use crate::time::Timestamp;

fn put_time(out: &mut Vec<u8>, at: Timestamp) {
    out.put_int(at.0);
}

fn get_time(get: &mut Get<'_>, what: &'static str) -> Result<Timestamp, Malformed> {
    Ok(Timestamp(get.int(what)?))
}

fn count(get: &mut Get<'_>, max: usize, what: &'static str) -> Result<usize, Malformed> {
    let count = get.len(what)?;
    if count > max { Err(get.malformed(what)) } else { Ok(count) }
}

fn phase(get: &mut Get<'_>) -> Result<Phase, Malformed> {
    Phase::from_number(get.u8("phase")?).ok_or(get.malformed("phase"))
}

impl Item {
    fn encode(&self, out: &mut Vec<u8>) {
        put_name(out, &self.product);
        put_name(out, &self.category);
        put_name(out, &self.brand);
        for names in [&self.tags, &self.words] {
            out.put_uint(names.len() as u64);
            names.iter().for_each(|it| put_name(out, it));
        }
        out.put_uint(self.price_cents);
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut item = Item {
            product: get_name(get)?,
            category: get_name(get)?,
            brand: get_name(get)?,
            ..Item::default()
        };
        for _ in 0..count(get, TAGS_MAX, "tags of an item")? {
            item.tags.push(get_name(get)?);
        }
        for _ in 0..count(get, WORDS_MAX, "words of an item")? {
            item.words.push(get_name(get)?);
        }
        item.price_cents = get.uint("price of an item")?;
        Ok(item)
    }
}

impl Audience {
    /// Appends this rule to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_str(&self.text);
        self.predicate.encode(out);
    }

    /// Reads what [`Audience::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(Audience { text: get.str("audience")?.into(), predicate: Predicate::decode(get)? })
    }
}

impl Show {
    /// Appends this show to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for name in [&self.id, &self.room, &self.host, &self.style] {
            put_name(out, name);
        }
        out.put_str(&self.title);
        put_time(out, self.starts);
        put_time(out, self.ends);
        out.put_uint(self.opens_before_s.into());
        out.put_uint(self.capacity.into());
        out.put_uint(self.push_budget);
        out.push(self.audience.is_some().into());
        if let Some(it) = &self.audience {
            it.encode(out);
        }
        out.put_uint(self.phases.len() as u64);
        for it in &self.phases {
            out.push(it.phase as u8);
            put_time(out, it.at);
        }
        out.put_uint(self.slots.len() as u64);
        for it in &self.slots {
            it.item.encode(out);
            put_time(out, it.at);
            put_time(out, it.until);
        }
        out.put_uint(self.worth.enter_cents.into());
        out.push(self.worth.margin_pct);
    }

    /// Reads what [`Show::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (id, room, host, style) = (get_name(get)?, get_name(get)?, get_name(get)?, get_name(get)?);
        let title = get.str("title of a show")?.into();
        let (starts, ends) = (get_time(get, "start of a show")?, get_time(get, "end of a show")?);
        let (opens_before_s, capacity) = (get.u32("opening of a show")?, get.u32("capacity of a show")?);
        let push_budget = get.uint("push budget of a show")?;
        let audience = if get.u8("audience flag")? != 0 { Some(Audience::read(get)?) } else { None };
        let mut phases = Vec::new();
        for _ in 0..count(get, PHASES_MAX, "phases")? {
            phases.push(PhasePlan { phase: phase(get)?, at: get_time(get, "time of a phase")? });
        }
        let mut slots = Vec::new();
        for _ in 0..count(get, SLOTS_MAX, "slots")? {
            slots.push(Slot {
                item: Item::read(get)?,
                at: get_time(get, "start of a slot")?,
                until: get_time(get, "end of a slot")?,
            });
        }
        let worth = Worth { enter_cents: get.u32("worth")?, margin_pct: get.u8("margin")? };
        Ok(Show {
            id,
            room,
            host,
            style,
            title,
            starts,
            ends,
            opens_before_s,
            capacity,
            push_budget,
            audience,
            phases,
            slots,
            worth,
        })
    }
}

impl Offer {
    /// Appends this offer to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for name in [&self.id, &self.show, &self.product] {
            put_name(out, name);
        }
        out.put_uint(self.price_cents);
        out.put_uint(self.original_cents);
        out.put_uint(self.stock.map_or(0, |it| u64::from(it) + 1));
        put_time(out, self.opens);
        put_time(out, self.ends);
        out.push(u8::from(self.opens_with_show) | u8::from(self.ends_with_show) << 1);
    }

    /// Reads what [`Offer::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut offer = Offer {
            id: get_name(get)?,
            show: get_name(get)?,
            product: get_name(get)?,
            price_cents: get.uint("price of an offer")?,
            original_cents: get.uint("original price of an offer")?,
            stock: get_option(get, "stock of an offer")?.map(|it| it.min(u32::MAX.into()) as u32),
            opens: get_time(get, "opening of an offer")?,
            ends: get_time(get, "end of an offer")?,
            opens_with_show: false,
            ends_with_show: false,
        };
        let flags = get.u8("flags of an offer")?;
        (offer.opens_with_show, offer.ends_with_show) = (flags & 1 != 0, flags & 2 != 0);
        Ok(offer)
    }
}

/// A number that may be absent, as one more than itself.
fn get_option(get: &mut Get<'_>, what: &'static str) -> Result<Option<u64>, Malformed> {
    Ok(get.uint(what)?.checked_sub(1))
}

impl Cue {
    /// Appends this cue to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.show.0.into());
        match &self.kind {
            CueKind::Start => out.push(0),
            CueKind::Phase(phase) => out.extend_from_slice(&[1, *phase as u8]),
            CueKind::Pin(product) => {
                out.push(2);
                put_name(out, product);
            }
            CueKind::OfferOpened(offer) => put_offer(out, 3, *offer),
            CueKind::OfferChanged { offer, price_cents, stock, ends } => {
                put_offer(out, 4, *offer);
                out.put_uint(price_cents.map_or(0, |it| it.saturating_add(1)));
                out.put_uint(stock.map_or(0, |it| u64::from(it) + 1));
                out.push(ends.is_some().into());
                put_time(out, ends.unwrap_or_default());
            }
            CueKind::OfferLow(offer) => put_offer(out, 5, *offer),
            CueKind::OfferEnded(offer) => put_offer(out, 6, *offer),
            CueKind::Stock { offer, left } => {
                put_offer(out, 7, *offer);
                out.put_uint((*left).into());
            }
            CueKind::End => out.push(8),
        }
    }

    /// Reads what [`Cue::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let show = Term(get.u32("show of a cue")?);
        let kind = match get.u8("cue")? {
            0 => CueKind::Start,
            1 => CueKind::Phase(phase(get)?),
            2 => CueKind::Pin(get_name(get)?),
            3 => CueKind::OfferOpened(offer(get)?),
            4 => CueKind::OfferChanged {
                offer: offer(get)?,
                price_cents: get_option(get, "price")?,
                stock: get_option(get, "stock")?.map(|it| it.min(u32::MAX.into()) as u32),
                ends: {
                    let is_set = get.u8("end flag")? != 0;
                    let at = get_time(get, "end")?;
                    is_set.then_some(at)
                },
            },
            5 => CueKind::OfferLow(offer(get)?),
            6 => CueKind::OfferEnded(offer(get)?),
            7 => CueKind::Stock { offer: offer(get)?, left: get.u32("stock")? },
            8 => CueKind::End,
            _ => return Err(get.malformed("cue")),
        };
        Ok(Cue { show, kind })
    }
}

fn put_offer(out: &mut Vec<u8>, kind: u8, offer: Term) {
    out.push(kind);
    out.put_uint(offer.0.into());
}

fn offer(get: &mut Get<'_>) -> Result<Term, Malformed> {
    Ok(Term(get.u32("offer of a cue")?))
}

impl Campaign {
    /// Appends this campaign to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_name(out, &self.id);
        out.put_str(&self.name);
        put_time(out, self.starts);
        put_time(out, self.ends);
    }

    /// Reads what [`Campaign::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(Campaign {
            id: get_name(get)?,
            name: get.str("name of a campaign")?.into(),
            starts: get_time(get, "start of a campaign")?,
            ends: get_time(get, "end of a campaign")?,
        })
    }
}

impl Template {
    /// Appends this template to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for name in [&self.id, &self.language, &self.product] {
            put_name(out, name);
        }
        out.put_uint(self.triggers.into());
        out.push(u8::from(self.price_led) | u8::from(self.needs_offer) << 1);
        out.put_str(&self.title);
        out.put_str(&self.body);
    }

    /// Reads what [`Template::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (id, language, product) = (get_name(get)?, get_name(get)?, get_name(get)?);
        let triggers = get.u16("triggers")?;
        let flags = get.u8("flags of a template")?;
        Ok(Template {
            id,
            language,
            product,
            triggers,
            price_led: flags & 1 != 0,
            needs_offer: flags & 2 != 0,
            title: get.str("title of a template")?.into(),
            body: get.str("body of a template")?.into(),
        })
    }
}

impl Policy {
    /// Appends this policy to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_int(self.default_offset_min.into());
        for number in [
            u64::from(self.quiet_from_min),
            self.quiet_until_min.into(),
            self.gap_s.into(),
            self.day_cap.into(),
            self.show_cap.into(),
            self.say_again.into(),
            self.consent_assumed.into(),
            self.never_permille.into(),
            self.ghost_permille.into(),
            self.random_permille.into(),
            self.salt,
            self.slot_price_cents.into(),
            self.fatigue_cents.into(),
            self.fatigue_half_life_h.into(),
        ] {
            out.put_uint(number);
        }
        out.put_uint(self.channel_order.len() as u64);
        out.extend(self.channel_order.iter().map(|it| *it as u8));
    }

    /// Reads what [`Policy::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut policy = Policy {
            default_offset_min: get.i16("default offset")?,
            quiet_from_min: get.u16("quiet from")?,
            quiet_until_min: get.u16("quiet until")?,
            gap_s: get.u32("gap")?,
            day_cap: get.u16("day cap")?.min(u8::MAX.into()) as u8,
            show_cap: get.u16("show cap")?.min(u8::MAX.into()) as u8,
            say_again: get.uint("flag of the policy")? != 0,
            consent_assumed: get.u32("assumed consent")?,
            never_permille: get.u16("holdout")?,
            ghost_permille: get.u16("ghosts")?,
            random_permille: get.u16("random times")?,
            salt: get.uint("salt")?,
            slot_price_cents: get.u32("slot price")?,
            fatigue_cents: get.u32("fatigue")?,
            fatigue_half_life_h: get.u16("half-life of fatigue")?,
            channel_order: Vec::new(),
        };
        for _ in 0..count(get, Channel::ALL.len(), "order of channels")? {
            let channel = get.u8("channel")?;
            policy.channel_order.push(Channel::from_number(channel).ok_or(get.malformed("channel"))?);
        }
        Ok(policy)
    }
}

impl ChannelPlan {
    /// Appends this channel to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[
            self.channel as u8,
            u8::from(self.enabled) | u8::from(self.private_network) << 1,
            self.day_cap,
            self.hours.0,
            self.hours.1,
        ]);
        out.put_str(&self.url);
        out.put_str(&self.secret);
        out.put_uint(self.rate_per_s.into());
        out.put_uint(self.batch_max.into());
        out.put_uint(self.ttl_min_s.into());
    }

    /// Reads what [`ChannelPlan::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let [channel, flags, day_cap, from, until] = get.array("channel")?;
        Ok(ChannelPlan {
            channel: Channel::from_number(channel).ok_or(get.malformed("channel"))?,
            enabled: flags & 1 != 0,
            private_network: flags & 2 != 0,
            day_cap,
            hours: (from, until),
            url: get.str("url of a channel")?.into(),
            secret: get.str("secret of a channel")?.into(),
            rate_per_s: get.u32("rate of a channel")?,
            batch_max: get.u16("batch of a channel")?,
            ttl_min_s: get.u32("shortest life")?,
        })
    }
}
