//! The stage as bytes: it stands in every shard's snapshot, as of that snapshot's own offset.

use super::{Learned, OnOffer, OnShow, Stage};
use crate::bytes::{Get, Malformed, Put};
use crate::id::Term;
use crate::limits::{AUDIENCES_MAX, CAMPAIGNS_MAX, OFFERS_MAX, SHOWS_MAX, TEMPLATES_MAX};
use crate::show::{Audience, Campaign, ChannelPlan, Offer, Phase, Policy, Show, Template};
use crate::time::Timestamp;
use std::sync::Arc;

/// Raised when the bytes change.
const VERSION: u8 = 3;

fn put_moment(out: &mut Vec<u8>, at: Option<Timestamp>) {
    out.push(at.is_some().into());
    if let Some(at) = at {
        out.put_int(at.0);
    }
}

fn get_moment(get: &mut Get<'_>) -> Result<Option<Timestamp>, Malformed> {
    Ok(if get.u8("flag of a time")? != 0 { Some(Timestamp(get.int("time")?)) } else { None })
}

fn many<T>(
    get: &mut Get<'_>,
    max: usize,
    what: &'static str,
    mut read: impl FnMut(&mut Get<'_>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count = get.len(what)?;
    if count > max {
        return Err(get.malformed(what));
    }
    (0..count).map(|_| read(get)).collect()
}

impl OnShow {
    fn encode(&self, out: &mut Vec<u8>) {
        self.show.encode(out);
        put_moment(out, self.started);
        put_moment(out, self.ended);
        put_moment(out, self.phase.map(|it| it.1));
        out.push(self.phase.map_or(0, |it| it.0 as u8));
        put_moment(out, self.pinned.map(|it| it.1));
        out.put_uint(self.pinned.map_or(0, |it| it.0.0.into()));
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let show = Arc::new(Show::read(get)?);
        let (started, ended) = (get_moment(get)?, get_moment(get)?);
        let (phase_at, phase) = (get_moment(get)?, Phase::from_number(get.u8("phase")?));
        let (pinned_at, pinned) = (get_moment(get)?, Term(get.u32("pinned product")?));
        Ok(OnShow {
            show,
            started,
            ended,
            phase: phase.zip(phase_at),
            pinned: pinned_at.map(|at| (pinned, at)),
        })
    }
}

impl OnOffer {
    fn encode(&self, out: &mut Vec<u8>) {
        self.offer.encode(out);
        out.put_uint(self.version.into());
        out.put_uint(self.edition.into());
        out.push(u8::from(self.opened) | u8::from(self.ended) << 1 | u8::from(self.low) << 2);
        out.put_uint(self.former_cents);
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (offer, version) = (Offer::read(get)?, get.u32("version")?);
        let (edition, flags) = (get.u32("edition")?, get.u8("flags of an offer")?);
        Ok(OnOffer {
            offer,
            version,
            edition,
            opened: flags & 1 != 0,
            ended: flags & 2 != 0,
            low: flags & 4 != 0,
            former_cents: get.uint("former price")?,
            show_began: false,
        })
    }
}

impl Stage {
    /// Appends the stage to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.put_uint(self.seen);
        self.policy.encode(out);
        out.put_uint(self.shows.len() as u64);
        self.shows.values().for_each(|it| it.encode(out));
        out.put_uint(self.offers.len() as u64);
        self.offers.values().for_each(|it| it.encode(out));
        out.put_uint(self.templates.len() as u64);
        self.templates.values().for_each(|it| it.encode(out));
        out.put_uint(self.campaigns.len() as u64);
        self.campaigns.values().for_each(|it| it.encode(out));
        out.put_uint(self.audiences.len() as u64);
        for (term, (id, it)) in &self.audiences {
            out.put_uint(term.0.into());
            out.put_str(id);
            it.encode(out);
        }
        out.put_uint(self.channels.len() as u64);
        self.channels.iter().for_each(|it| it.encode(out));
        out.put_uint(self.prices.len() as u64);
        for (show, price) in &self.prices {
            out.put_uint(show.0.into());
            out.extend_from_slice(&price.to_le_bytes());
        }
        out.put_uint(self.closed.len() as u64);
        for (show, offer) in &self.closed {
            out.put_uint(show.0.into());
            out.put_uint(offer.0.into());
        }
        self.learned.encode(out);
    }

    /// Reads what [`Stage::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let get = &mut Get::new(bytes);
        if get.u8("version of the stage")? != VERSION {
            return Err(get.malformed("version of the stage"));
        }
        let mut stage = Stage { seen: get.uint("sequence")?, policy: Policy::read(get)?, ..Stage::default() };
        let shows = many(get, SHOWS_MAX, "shows", OnShow::read)?;
        stage.shows = shows.into_iter().map(|it| (it.show.id.term, it)).collect();
        let offers = many(get, OFFERS_MAX, "offers", OnOffer::read)?;
        stage.offers = offers.into_iter().map(|it| (it.offer.id.term, it)).collect();
        stage.in_show = stage.offers.iter().map(|(term, it)| (it.offer.show.term, *term)).collect();
        let templates = many(get, TEMPLATES_MAX, "templates", Template::read)?;
        stage.templates = templates.into_iter().map(|it| (it.id.term, Arc::new(it))).collect();
        let campaigns = many(get, CAMPAIGNS_MAX, "campaigns", Campaign::read)?;
        stage.campaigns = campaigns.into_iter().map(|it| (it.id.term, it)).collect();
        let audiences = many(get, AUDIENCES_MAX, "audiences", |get| {
            let (term, id) = (Term(get.u32("audience")?), get.str("audience")?.into());
            Ok((term, (id, Audience::read(get)?)))
        })?;
        stage.audiences = audiences.into_iter().collect();
        let channels = many(get, 64, "channels", ChannelPlan::read)?;
        channels.into_iter().for_each(|it| stage.put_channel(it));
        let prices = many(get, SHOWS_MAX, "prices", |get| {
            Ok((Term(get.u32("show")?), f64::from_le_bytes(get.array("price")?)))
        })?;
        stage.prices = prices.into_iter().collect();
        let closed = many(get, SHOWS_MAX + OFFERS_MAX, "closed", |get| {
            Ok((Term(get.u32("show")?), Term(get.u32("offer")?)))
        })?;
        stage.closed = closed.into_iter().collect();
        stage.learned = Arc::new(Learned::read(get)?);
        if !get.is_empty() {
            return Err(get.malformed("end of the stage"));
        }
        stage.offers_follow_all();
        stage.ready_all();
        Ok(stage)
    }
}
