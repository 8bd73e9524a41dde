//! A shopper's profile, readable: who he is, what he does, what is true of him now, and what follows.
//!
//! Names stand where the columns hold terms, times are RFC 3339 in UTC, money is in whole units of the
//! shop's currency, and what decays is given as of the question. What is unknown is absent.

pub mod attributes;
pub mod behaviour;
pub mod derived;
pub mod export;
pub mod interests;
pub mod live;

use super::instant;
use attributes::Attributes;
use beckon_core::id::Term;
use beckon_core::shard::store;
use beckon_core::time::Timestamp;
use behaviour::Behaviour;
use derived::Derived;
pub use export::Export;
use live::LiveState;
use serde::{Deserialize, Serialize};

/// What is known of one shopper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Profile {
    /// The user id, or the anonymous id while he is not known.
    pub id: String,
    /// Whether he is known.
    pub kind: Kind,
    /// The instant of which this tells.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub as_of: String,
    /// His first activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub first_seen: Option<String>,
    /// His latest activity. What servers and devices say of him is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub last_active: Option<String>,
    /// Events in all.
    pub events: u32,
    /// The anonymous ids whose history is in here.
    pub anonymous_ids: Vec<String>,
    /// Who he is.
    pub attributes: Attributes,
    /// What he does.
    pub behaviour: Behaviour,
    /// What was last heard of his device.
    pub live_state: LiveState,
    /// What follows from all that.
    pub derived: Derived,
}

/// Whether a shopper is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ProfileKind))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Known by a user id.
    Shopper,
    /// Known by an anonymous id only.
    Visitor,
}

/// From where a profile is looked at.
#[derive(Clone, Copy)]
struct Lens<'a> {
    /// Unix seconds.
    now: u32,
    /// The clock of a shopper whose zone is unknown, in minutes east of UTC.
    default_offset_min: i16,
    names: &'a dyn Fn(Term) -> Option<String>,
}

impl Lens<'_> {
    /// The name behind a term; that of none is empty. The dictionary knows every term that was journalled;
    /// if it does not, the number is better than nothing.
    fn name(&self, term: Term) -> String {
        if term == Term::NONE {
            return String::new();
        }
        (self.names)(term).unwrap_or_else(|| format!("#{}", term.0))
    }

    /// The same, of a term that may be "unknown" (0).
    fn named(&self, term: u32) -> Option<String> {
        (term != 0).then(|| self.name(Term(term)))
    }

    /// Seconds since `at`; 0 when that is yet to come.
    fn age(&self, at: u32) -> u32 {
        self.now.saturating_sub(at)
    }
}

impl Profile {
    /// The readable form of a profile at `now`. `names` is the dictionary; `default_offset_min` is the
    /// clock of a shopper whose zone is unknown, in minutes east of UTC.
    pub fn of(
        profile: &store::Profile,
        names: &dyn Fn(Term) -> Option<String>,
        now: Timestamp,
        default_offset_min: i16,
    ) -> Profile {
        Profile::seen(profile, Lens { now: now.secs(), default_offset_min, names })
    }

    fn seen(profile: &store::Profile, lens: Lens<'_>) -> Profile {
        let store::Profile { hot, history, cold } = profile;
        let anonymous_ids = cold.details.iter().flat_map(|it| &it.anonymous_ids);
        Profile {
            id: cold.id.to_string(),
            kind: if cold.known { Kind::Shopper } else { Kind::Visitor },
            as_of: instant::rfc3339(lens.now),
            first_seen: instant::told(hot.activity.first),
            last_active: instant::told(hot.activity.last),
            events: hot.activity.events,
            anonymous_ids: anonymous_ids.map(|it| it.to_string()).collect(),
            attributes: Attributes::of(profile, lens),
            behaviour: Behaviour::of(hot, history, lens),
            live_state: LiveState::of(&hot.live, lens),
            derived: Derived::of(hot, history, lens),
        }
    }
}

/// Two decimals: what a reader takes in. Weights beyond a million million are none.
fn rounded(value: f64) -> f64 {
    (value.min(1e12) * 100.0).round() / 100.0
}

/// Hundredths as whole units.
fn money(cents: u64) -> f64 {
    cents as f64 / 100.0
}

/// One of the core's words (`InApp`) as the wire writes it (`in_app`).
fn word(of: &str) -> String {
    let mut word = String::with_capacity(of.len() + 2);
    for (at, letter) in of.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}
