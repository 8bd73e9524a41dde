//! The shapes of the HTTP interface, one file per thing. Each is what JSON says, no more: the core's
//! own types carry terms and columns, and a change there must not bend what clients see.

mod bulk;
mod catalogue;
mod clock;
mod collected;
mod instant;
mod list;
mod money;
pub mod profile;
pub mod stats;

pub use bulk::BulkStatus;
pub use catalogue::{Host, HostInput, Product, ProductImport, ProductInput, ProductItem, Room, RoomInput};
pub use clock::{Advance, Clock};
pub use collected::{Answer, LeftOut};
pub use instant::rfc3339;
pub use list::Page;
pub use profile::{Export, Profile};
pub use stats::Stats;
