//! The shapes of the HTTP interface, one file per thing. Each is what JSON says, no more: the core's
//! own types carry terms and columns, and a change there must not bend what clients see.

mod audience;
mod bulk;
mod campaign;
mod catalogue;
mod channel;
mod clock;
mod collected;
mod cue;
mod field;
mod instant;
mod list;
pub mod message;
mod money;
mod offer;
mod policy;
pub mod profile;
pub mod report;
pub mod show;
pub mod stats;
pub mod template;
mod value;
pub mod why;
mod word;

pub use audience::{Audience, AudienceCount, AudienceInput};
pub use bulk::BulkStatus;
pub use campaign::{Campaign, CampaignInput};
pub use catalogue::{Host, HostInput, Product, ProductImport, ProductInput, ProductItem, Room, RoomInput};
pub use channel::{ChannelInput, ChannelPlan, PushKey};
pub use clock::{Advance, Clock};
pub use collected::{Answer, LeftOut};
pub use cue::Cue;
pub use instant::rfc3339;
pub use list::Page;
pub use message::Message;
pub use offer::{Offer, OfferInput};
pub use policy::{Policy, PolicyInput};
pub use profile::{Export, Profile};
pub use report::Report;
pub use show::{Show, ShowInput};
pub use stats::Stats;
pub use template::{Template, TemplateInput};
pub use value::{At, Money};
pub use why::Why;
pub use word::{Channel, Class, Permission, Phase, Trigger};
