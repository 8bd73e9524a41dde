//! A parcel: a push that has passed its last look, with the facts that are true now.

use crate::event::{Channel, Class};
use crate::id::Term;
use crate::push::{Push, PushId};
use crate::show::{Phase, Trigger};
use crate::stage::Stage;
use crate::time::Timestamp;
use std::sync::Arc;

/// Everything that the edge needs to put a message together and send it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// Its name.
    pub id: PushId,
    /// Whom it calls.
    pub shopper: Arc<str>,
    /// Whether that is a user id.
    pub known: bool,
    /// Over which channel.
    pub channel: Channel,
    /// To which device, by its id; empty for a channel that needs none.
    pub device: Box<str>,
    /// The device's token; empty for a channel that needs none.
    pub token: Box<str>,
    /// The app he used last; empty when unknown.
    pub app: Box<str>,
    /// His language.
    pub language: Term,
    /// His clock, in minutes east of UTC: times in the words are his.
    pub offset_min: i16,
    /// Its class.
    pub class: Class,
    /// When it is too late.
    pub deadline: Timestamp,
    /// Which attempt this is, from 1.
    pub attempt: u8,
    /// Into which show.
    pub show: Term,
    /// Why now.
    pub trigger: Trigger,
    /// In which phase it was decided.
    pub phase: Phase,
    /// About which product.
    pub product: Term,
    /// In which words.
    pub template: Term,
    /// What is true of the offer now.
    pub offer: Option<OfferFacts>,
    /// How many pieces of the product are in his cart; 0 for none.
    pub in_cart: u32,
}

/// What is true of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferFacts {
    /// Which.
    pub offer: Term,
    /// Price in hundredths.
    pub price_cents: u64,
    /// Price before, in hundredths; 0 when there was none.
    pub original_cents: u64,
    /// Pieces left; `None` when nobody counts them.
    pub stock: Option<u32>,
    /// Until when it holds.
    pub ends: Timestamp,
}

/// What a push leaves to its shopper's row, as that is when it leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addressee {
    /// See [`Parcel::token`].
    pub token: Box<str>,
    /// See [`Parcel::app`].
    pub app: Box<str>,
    /// See [`Parcel::language`].
    pub language: Term,
    /// See [`Parcel::offset_min`].
    pub offset_min: i16,
    /// See [`Parcel::in_cart`].
    pub in_cart: u32,
}

impl Parcel {
    /// A push with what the stage says of its offer now.
    pub fn of(id: PushId, push: &Push, to: Addressee, stage: &Stage) -> Self {
        let offer = stage.offer(push.offer).map(|it| OfferFacts {
            offer: push.offer,
            price_cents: it.offer.price_cents,
            original_cents: it.offer.original_cents,
            stock: it.offer.stock,
            ends: it.offer.ends,
        });
        Parcel {
            id,
            shopper: push.shopper.clone(),
            known: push.known,
            channel: push.channel,
            device: push.device.clone(),
            token: to.token,
            app: to.app,
            language: to.language,
            offset_min: to.offset_min,
            class: push.class,
            deadline: push.deadline,
            attempt: push.attempts,
            show: push.show,
            trigger: push.trigger,
            phase: push.phase,
            product: push.product,
            template: push.template,
            offer,
            in_cart: to.in_cart,
        }
    }
}
