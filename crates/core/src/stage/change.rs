//! Changes of the stage, as the control API makes them and the journal keeps them.

use crate::bytes::{Get, Malformed, Put};
use crate::director::catalogue::Name;
use crate::director::codec::{get_name, put_name};
use crate::event::Channel;
use crate::id::Term;
use crate::names::Kind;
use crate::show::{Audience, Campaign, ChannelPlan, Cue, CueKind, Offer, Policy, Show, Template};

/// A change of the stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Staged {
    /// Plans a show or plans it anew.
    PutShow(Box<Show>),
    /// Calls a show off.
    DeleteShow(Term),
    /// Enters an offer or replaces it.
    PutOffer(Offer),
    /// Takes an offer out.
    DeleteOffer(Term),
    /// Something happened in a show.
    Cue(Cue),
    /// Enters a campaign or replaces it.
    PutCampaign(Campaign),
    /// Takes a campaign out.
    DeleteCampaign(Term),
    /// Enters a template or replaces it.
    PutTemplate(Template),
    /// Takes a template out.
    DeleteTemplate(Term),
    /// Names an audience rule.
    PutAudience(Name, Audience),
    /// Takes a named rule out; shows that were put with it keep their own copy.
    DeleteAudience(Term),
    /// Sets the policy.
    PutPolicy(Policy),
    /// Sets a channel up.
    PutChannel(ChannelPlan),
    /// Takes a channel out.
    DeleteChannel(Channel),
}

mod kind {
    pub const PUT_SHOW: u8 = 0;
    pub const DELETE_SHOW: u8 = 1;
    pub const PUT_OFFER: u8 = 2;
    pub const DELETE_OFFER: u8 = 3;
    pub const CUE: u8 = 4;
    pub const PUT_CAMPAIGN: u8 = 5;
    pub const DELETE_CAMPAIGN: u8 = 6;
    pub const PUT_TEMPLATE: u8 = 7;
    pub const DELETE_TEMPLATE: u8 = 8;
    pub const PUT_AUDIENCE: u8 = 9;
    pub const DELETE_AUDIENCE: u8 = 10;
    pub const PUT_POLICY: u8 = 11;
    pub const PUT_CHANNEL: u8 = 12;
    pub const DELETE_CHANNEL: u8 = 13;
}

impl Staged {
    /// Appends this change to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let term = |out: &mut Vec<u8>, kind: u8, term: &Term| {
            out.push(kind);
            out.put_uint(term.0.into());
        };
        match self {
            Staged::PutShow(it) => {
                out.push(kind::PUT_SHOW);
                it.encode(out);
            }
            Staged::DeleteShow(it) => term(out, kind::DELETE_SHOW, it),
            Staged::PutOffer(it) => {
                out.push(kind::PUT_OFFER);
                it.encode(out);
            }
            Staged::DeleteOffer(it) => term(out, kind::DELETE_OFFER, it),
            Staged::Cue(it) => {
                out.push(kind::CUE);
                it.encode(out);
            }
            Staged::PutCampaign(it) => {
                out.push(kind::PUT_CAMPAIGN);
                it.encode(out);
            }
            Staged::DeleteCampaign(it) => term(out, kind::DELETE_CAMPAIGN, it),
            Staged::PutTemplate(it) => {
                out.push(kind::PUT_TEMPLATE);
                it.encode(out);
            }
            Staged::DeleteTemplate(it) => term(out, kind::DELETE_TEMPLATE, it),
            Staged::PutAudience(name, it) => {
                out.push(kind::PUT_AUDIENCE);
                put_name(out, name);
                it.encode(out);
            }
            Staged::DeleteAudience(it) => term(out, kind::DELETE_AUDIENCE, it),
            Staged::PutPolicy(it) => {
                out.push(kind::PUT_POLICY);
                it.encode(out);
            }
            Staged::PutChannel(it) => {
                out.push(kind::PUT_CHANNEL);
                it.encode(out);
            }
            Staged::DeleteChannel(it) => out.extend_from_slice(&[kind::DELETE_CHANNEL, *it as u8]),
        }
    }

    /// Reads what [`Staged::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(match get.u8("change of the stage")? {
            kind::PUT_SHOW => Staged::PutShow(Box::new(Show::read(get)?)),
            kind::DELETE_SHOW => Staged::DeleteShow(Term(get.u32("show")?)),
            kind::PUT_OFFER => Staged::PutOffer(Offer::read(get)?),
            kind::DELETE_OFFER => Staged::DeleteOffer(Term(get.u32("offer")?)),
            kind::CUE => Staged::Cue(Cue::read(get)?),
            kind::PUT_CAMPAIGN => Staged::PutCampaign(Campaign::read(get)?),
            kind::DELETE_CAMPAIGN => Staged::DeleteCampaign(Term(get.u32("campaign")?)),
            kind::PUT_TEMPLATE => Staged::PutTemplate(Template::read(get)?),
            kind::DELETE_TEMPLATE => Staged::DeleteTemplate(Term(get.u32("template")?)),
            kind::PUT_AUDIENCE => Staged::PutAudience(get_name(get)?, Audience::read(get)?),
            kind::DELETE_AUDIENCE => Staged::DeleteAudience(Term(get.u32("audience")?)),
            kind::PUT_POLICY => Staged::PutPolicy(Policy::read(get)?),
            kind::PUT_CHANNEL => Staged::PutChannel(ChannelPlan::read(get)?),
            kind::DELETE_CHANNEL => {
                let number = get.u8("channel")?;
                Staged::DeleteChannel(Channel::from_number(number).ok_or(get.malformed("channel"))?)
            }
            _ => return Err(get.malformed("change of the stage")),
        })
    }

    /// Calls `each` with every name in this change.
    pub(crate) fn for_each_name(&self, each: &mut impl FnMut(Kind, &Name)) {
        match self {
            Staged::PutShow(show) => {
                each(Kind::Show, &show.id);
                each(Kind::Room, &show.room);
                each(Kind::Host, &show.host);
                each(Kind::Style, &show.style);
                for item in show.slots.iter().map(|it| &it.item) {
                    each(Kind::Product, &item.product);
                    each(Kind::Category, &item.category);
                    each(Kind::Brand, &item.brand);
                    item.tags.iter().for_each(|it| each(Kind::Tag, it));
                    item.words.iter().for_each(|it| each(Kind::Word, it));
                }
            }
            Staged::PutOffer(offer) => {
                each(Kind::Offer, &offer.id);
                each(Kind::Show, &offer.show);
                each(Kind::Product, &offer.product);
            }
            Staged::Cue(Cue { kind: CueKind::Pin(product), .. }) => each(Kind::Product, product),
            Staged::PutCampaign(it) => each(Kind::Campaign, &it.id),
            Staged::PutTemplate(it) => {
                each(Kind::Template, &it.id);
                each(Kind::Language, &it.language);
                each(Kind::Product, &it.product);
            }
            Staged::PutAudience(name, _) => each(Kind::Audience, name),
            Staged::DeleteShow(_)
            | Staged::DeleteOffer(_)
            | Staged::Cue(_)
            | Staged::DeleteCampaign(_)
            | Staged::DeleteTemplate(_)
            | Staged::DeleteAudience(_)
            | Staged::PutPolicy(_)
            | Staged::PutChannel(_)
            | Staged::DeleteChannel(_) => {}
        }
    }
}
