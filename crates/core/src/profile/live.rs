//! Live state: what is true of a shopper's device this second, each value with its time.
//!
//! Every value is the one with the latest event time (the later arrival, within one second), so a late
//! event never undoes a newer one; and because the time stays with it, stale state is known as stale.

use crate::event::{DeviceState, Network, Place};
use crate::id::Term;
use bytemuck::{Pod, Zeroable};

/// The state of a shopper's device. A time of 0 is "never heard".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Live {
    room: u32,
    room_at: u32,
    online_at: u32,
    foreground_at: u32,
    battery_at: u32,
    charging_at: u32,
    network_at: u32,
    place_at: u32,
    downlink_at: u32,
    downlink_kbps: u32,
    flags: u8,
    battery_pct: u8,
    network: u8,
    place: u8,
}

const ONLINE: u8 = 1;
const FOREGROUND: u8 = 2;
const CHARGING: u8 = 4;
const IN_ROOM: u8 = 8;

/// How long a value says something about now, in seconds. What is older is shown, and said to be stale.
#[derive(Debug, Clone, Copy)]
pub struct Staleness {
    /// Online, foreground, in a room.
    pub presence_s: u32,
    /// Network and bandwidth.
    pub network_s: u32,
    /// Battery and place.
    pub surroundings_s: u32,
}

/// Presence 5 min, network 15 min, battery and place 1 h: an SDK reports changes as they happen, and
/// beyond these the silence says more than the last word.
pub const STALE_AFTER: Staleness = Staleness { presence_s: 300, network_s: 900, surroundings_s: 3600 };

/// A value with its time (Unix seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated<T> {
    /// The value.
    pub value: T,
    /// When it was so.
    pub at: u32,
}

impl Live {
    /// The device's state changed at `at`.
    pub fn change(&mut self, state: &DeviceState, at: u32) {
        if let Some(online) = state.online
            && newer(&mut self.online_at, at)
        {
            self.flag(ONLINE, online);
        }
        if let Some(foreground) = state.foreground
            && newer(&mut self.foreground_at, at)
        {
            self.flag(FOREGROUND, foreground);
        }
        if let Some(pct) = state.battery_pct
            && newer(&mut self.battery_at, at)
        {
            self.battery_pct = pct;
        }
        if let Some(charging) = state.charging
            && newer(&mut self.charging_at, at)
        {
            self.flag(CHARGING, charging);
        }
        if let Some(network) = state.network
            && newer(&mut self.network_at, at)
        {
            self.network = network as u8;
        }
        if let Some(kbps) = state.downlink_kbps
            && newer(&mut self.downlink_at, at)
        {
            self.downlink_kbps = kbps;
        }
        if let Some(place) = state.place
            && newer(&mut self.place_at, at)
        {
            self.place = place as u8;
        }
    }

    /// The shopper came into a room, or (`None`) went out, at `at`.
    pub fn enter(&mut self, room: Option<Term>, at: u32) {
        if newer(&mut self.room_at, at) {
            self.flag(IN_ROOM, room.is_some());
            self.room = room.map_or(0, |it| it.0);
        }
    }

    /// Online or not.
    pub fn online(&self) -> Option<Dated<bool>> {
        dated(self.online_at, self.flags & ONLINE != 0)
    }

    /// The app on screen or not.
    pub fn foreground(&self) -> Option<Dated<bool>> {
        dated(self.foreground_at, self.flags & FOREGROUND != 0)
    }

    /// The room he is in; `None` inside when he left it.
    pub fn room(&self) -> Option<Dated<Option<Term>>> {
        dated(self.room_at, (self.flags & IN_ROOM != 0).then_some(Term(self.room)))
    }

    /// Battery in percent.
    pub fn battery_pct(&self) -> Option<Dated<u8>> {
        dated(self.battery_at, self.battery_pct)
    }

    /// On a charger or not.
    pub fn charging(&self) -> Option<Dated<bool>> {
        dated(self.charging_at, self.flags & CHARGING != 0)
    }

    /// Kind of network.
    pub fn network(&self) -> Option<Dated<Network>> {
        let network = Network::from_number(self.network)?;
        dated(self.network_at, network)
    }

    /// Downlink in kbit/s.
    pub fn downlink_kbps(&self) -> Option<Dated<u32>> {
        dated(self.downlink_at, self.downlink_kbps)
    }

    /// Where he is.
    pub fn place(&self) -> Option<Dated<Place>> {
        let place = Place::from_number(self.place)?;
        dated(self.place_at, place)
    }

    /// Takes over what is newer in another's state.
    pub fn merge(&mut self, other: &Live) {
        if other.room_at > self.room_at {
            self.enter((other.flags & IN_ROOM != 0).then_some(Term(other.room)), other.room_at);
        }
        let flag = |bit: u8| Some(other.flags & bit != 0);
        let none = DeviceState::default();
        let theirs = [
            (other.online_at, self.online_at, DeviceState { online: flag(ONLINE), ..none }),
            (other.foreground_at, self.foreground_at, DeviceState { foreground: flag(FOREGROUND), ..none }),
            (other.battery_at, self.battery_at, DeviceState { battery_pct: Some(other.battery_pct), ..none }),
            (other.charging_at, self.charging_at, DeviceState { charging: flag(CHARGING), ..none }),
            (
                other.network_at,
                self.network_at,
                DeviceState { network: Network::from_number(other.network), ..none },
            ),
            (
                other.downlink_at,
                self.downlink_at,
                DeviceState { downlink_kbps: Some(other.downlink_kbps), ..none },
            ),
            (other.place_at, self.place_at, DeviceState { place: Place::from_number(other.place), ..none }),
        ];
        for (their_time, my_time, state) in theirs {
            if their_time > my_time {
                self.change(&state, their_time);
            }
        }
    }

    fn flag(&mut self, bit: u8, on: bool) {
        self.flags = if on { self.flags | bit } else { self.flags & !bit };
    }
}

/// Whether `at` is not older than the time kept; if so it is kept instead.
fn newer(kept: &mut u32, at: u32) -> bool {
    let newer = at >= *kept;
    if newer {
        *kept = at;
    }
    newer
}

fn dated<T>(at: u32, value: T) -> Option<Dated<T>> {
    (at != 0).then_some(Dated { value, at })
}
