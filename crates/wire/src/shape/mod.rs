//! The shapes of the HTTP interface, one file per thing. Each is what JSON says, no more: the core's
//! own types carry terms and columns, and a change there must not bend what clients see.

mod bulk;
mod catalogue;
mod clock;
mod collected;
mod list;
mod money;

pub use bulk::BulkStatus;
pub use catalogue::{Host, HostInput, Product, ProductImport, ProductInput, ProductItem, Room, RoomInput};
pub use clock::{Advance, Clock};
pub use collected::{Answer, LeftOut};
pub use list::Page;
