//! Audiences: rules that say whom a show is for, and how many shoppers they hold for.

use super::value::share;
use serde::{Deserialize, Serialize};

/// A rule, as it is put or tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AudienceInput {
    /// The rule, in CEL; an empty one is for everyone. `docs/audiences.md` lists what it may ask.
    #[cfg_attr(feature = "openapi", schema(max_length = 4096))]
    pub rule: String,
}

/// A named rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Audience {
    /// Its id.
    pub id: String,
    /// The rule.
    pub rule: String,
}

/// How many shoppers a rule holds for now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AudienceCount {
    /// The rule.
    pub rule: String,
    /// Shoppers it holds for.
    pub shoppers: u64,
    /// Shoppers and visitors in all.
    pub of: u64,
    /// The first as a share of the second.
    pub share: f64,
}

impl AudienceCount {
    /// A rule that holds for `shoppers` `of` all.
    pub fn new(rule: String, shoppers: u64, of: u64) -> Self {
        AudienceCount { rule, shoppers, of, share: share(shoppers as f64 / of.max(1) as f64) }
    }
}
