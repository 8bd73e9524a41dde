//! A simulated market for the demo and for rehearsals: shoppers with habits, tastes and moods, the goods, and the
//! shows of an evening.
//!
//! It is there to be called into, not to agree: its equations are not the policy's. People here decide by
//! thresholds on latent inclinations (probit with kinks), stay for Weibull times, and are annoyed evenly and not by
//! halves; what they are is never sent, only what they do. No IO and no clock: time is handed in, luck is a hash of
//! who, why and which time, so a seed is a whole market, and a run with one push less differs in nothing else.

pub mod catalogue;
pub mod chance;
mod copy;
pub mod cue;
pub mod event;
pub mod goods;
mod history;
pub mod instant;
pub mod limits;
mod market;
mod phone;
mod rhythm;
mod script;
mod shopper;
pub mod show;
mod taste;
pub mod truth;

pub use cue::Cue;
pub use event::Event;
pub use market::{Delivery, Market, PushView, Setting, Tally};
pub use script::{ENTRY_YUAN, MARGIN_PCT};
pub use shopper::{Shopper, Sketch};
pub use truth::{Added, Outcome, Truth};
