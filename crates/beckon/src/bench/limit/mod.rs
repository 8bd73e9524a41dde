//! What the machine could do at most: the parts of the work, each alone.

pub mod append;
pub mod http;
pub mod memory;
pub mod parse;
