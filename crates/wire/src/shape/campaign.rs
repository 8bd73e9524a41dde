//! Campaigns: times of many shows, e.g. a shopping festival (大促).

use super::At;
use super::field::{Names, invalid, is_said, spelled};
use crate::limits::TITLE_BYTES_MAX;
use crate::problem::Problem;
use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::show as core;
use serde::{Deserialize, Serialize};

/// A campaign, as it is put under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CampaignInput {
    /// What shoppers call it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 512))]
    pub name: String,
    /// From when.
    pub starts_at: At,
    /// Until when. In its last two hours shoppers are told that it ends.
    pub ends_at: At,
}

/// A campaign, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Campaign {
    /// Its id.
    pub id: String,
    /// What was put.
    #[serde(flatten)]
    pub campaign: CampaignInput,
}

impl CampaignInput {
    /// As the stage keeps it under `id`; `term` gives names their numbers.
    pub fn into_core(self, id: &str, term: &dyn Fn(Kind, &str) -> Term) -> Result<core::Campaign, Problem> {
        is_said("/name", &self.name, TITLE_BYTES_MAX)?;
        if self.ends_at <= self.starts_at {
            return Err(invalid("/ends_at", "must be after `starts_at`"));
        }
        Ok(core::Campaign {
            id: Names(term).id(Kind::Campaign, id)?,
            name: self.name.into(),
            starts: self.starts_at.0,
            ends: self.ends_at.0,
        })
    }
}

impl From<&core::Campaign> for Campaign {
    fn from(it: &core::Campaign) -> Self {
        let campaign =
            CampaignInput { name: it.name.to_string(), starts_at: At(it.starts), ends_at: At(it.ends) };
        Campaign { id: spelled(&it.id), campaign }
    }
}
