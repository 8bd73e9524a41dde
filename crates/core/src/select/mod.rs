//! Match: one vector space for everything a shop names, and the pass over all shoppers that scores them.
//!
//! Products, categories, brands, hosts, styles, tags and words each have a place in 64 dimensions that
//! follows from the name's term alone ([`vector`]). A shopper's taste is the decayed sum of what was touched
//! ([`taste`]); a show is the sum of what it will present; how well the two match is their cosine. A pass reads rows of 64
//! bytes ([`row`]), scores them all for up to sixteen shows ([`scan`]), and deals everyone out to turns ([`turns`]).

mod kernel;
pub mod row;
pub mod scan;
pub mod taste;
pub mod turns;
pub mod vector;
