//! What was last heard of a shopper's device: each value with its time, and whether that is too long ago
//! to say something about now.

use super::{Lens, instant, word};
use beckon_core::profile::live::{Dated, Live, STALE_AFTER};
use serde::{Deserialize, Serialize};

/// What was last heard of his device; what never was is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveState {
    /// Whether it is online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<Heard<bool>>,
    /// Whether the app is on screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreground: Option<Heard<bool>>,
    /// In which room he is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Heard<InRoom>>,
    /// `home`, `commute`, `work` or `elsewhere`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Heard<String>>,
    /// Its battery.
    #[serde(default, skip_serializing_if = "Battery::is_unknown")]
    pub battery: Battery,
    /// `offline`, `slow`, `cellular`, `fast`, `fastest` or `wifi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Heard<String>>,
    /// Downlink in kbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downlink_kbps: Option<Heard<u32>>,
}

/// A value that was heard at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Heard<T> {
    /// The value.
    pub value: T,
    /// When it was so.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub at: String,
    /// How long ago that is.
    pub age_seconds: u32,
    /// Whether that is too long ago to say something about now.
    pub stale: bool,
}

/// The room a shopper is in; `null` after he left it, empty when the event did not name the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct InRoom(pub Option<String>);

/// A device's battery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Battery {
    /// How full, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Heard<u8>>,
    /// Whether it is on a charger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charging: Option<Heard<bool>>,
}

impl Battery {
    fn is_unknown(&self) -> bool {
        self.percent.is_none() && self.charging.is_none()
    }
}

impl LiveState {
    pub(super) fn of(live: &Live, lens: Lens<'_>) -> Self {
        let presence = STALE_AFTER.presence_s;
        let network = STALE_AFTER.network_s;
        let surroundings = STALE_AFTER.surroundings_s;
        LiveState {
            online: lens.heard(live.online(), presence, |it| it),
            foreground: lens.heard(live.foreground(), presence, |it| it),
            room: lens.heard(live.room(), presence, |it| InRoom(it.map(|room| lens.name(room)))),
            place: lens.heard(live.place(), surroundings, |it| word(it.word())),
            battery: Battery {
                percent: lens.heard(live.battery_pct(), surroundings, |it| it),
                charging: lens.heard(live.charging(), surroundings, |it| it),
            },
            network: lens.heard(live.network(), network, |it| word(it.word())),
            downlink_kbps: lens.heard(live.downlink_kbps(), network, |it| it),
        }
    }
}

impl Lens<'_> {
    /// A dated value, `shown` as the wire writes it; it is stale when older than `stale_after_s`.
    fn heard<T, U>(
        &self,
        dated: Option<Dated<T>>,
        stale_after_s: u32,
        shown: impl FnOnce(T) -> U,
    ) -> Option<Heard<U>> {
        dated.map(|Dated { value, at }| Heard {
            value: shown(value),
            at: instant::rfc3339(at),
            age_seconds: self.age(at),
            stale: self.age(at) > stale_after_s,
        })
    }
}
