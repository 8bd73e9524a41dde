//! Shows, and whom they are for.

pub mod audience;
