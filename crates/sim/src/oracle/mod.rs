//! The judge: knows what was promised, keeps its own copy of all that is durable, and holds the node
//! against it.
//!
//! Three witnesses: the [`Ledger`] of durable records says whether anything acknowledged was lost or
//! changed; the [`Straight`] fold of that ledger, from the first record on and on one thread, says
//! whether snapshots, replay and the interleaving of workers gave the same state to the byte; the
//! [`Model`], written without the engine's rules of identity, says whether that state is right.

mod identity;
pub mod image;
mod ledger;
mod model;
pub mod pushes;
mod straight;

pub use ledger::{Difference, Ledger};
pub use model::Model;
pub use pushes::Judge;
pub use straight::Straight;
