//! The phone's own life: when it is taken up, for what, on which network and with how much battery. Pushes do not
//! change it, so the world with a push and the world without one share it.

use crate::chance::Why;
use crate::instant::{HOUR, MINUTE, SECOND, minute_of};
use crate::limits::{LOOKS_MAX, POCKET_HOURS_MAX};
use crate::rhythm::{Place, intensity, place};
use crate::shopper::Shopper;

/// What a phone is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Network {
    /// Nothing: a tunnel, a flight mode.
    Offline,
    /// Slow.
    Third,
    /// Good.
    Fourth,
    /// Better.
    Fifth,
    /// Wi-Fi.
    Wifi,
}

impl Network {
    /// Its name in events.
    pub fn name(self) -> &'static str {
        match self {
            Network::Offline => "none",
            Network::Third => "3g",
            Network::Fourth => "4g",
            Network::Fifth => "5g",
            Network::Wifi => "wifi",
        }
    }

    /// Typical milliseconds until a room shows a picture.
    pub fn wait_ms(self) -> f64 {
        match self {
            Network::Offline => 60_000.0,
            Network::Third => 5_200.0,
            Network::Fourth => 1_700.0,
            Network::Fifth => 1_000.0,
            Network::Wifi => 800.0,
        }
    }
}

/// One time that a phone is taken up: screen on, perhaps the app, screen off.
#[derive(Debug, Clone, Copy)]
pub struct Episode {
    /// Its number in this shopper's life.
    pub number: u32,
    /// Screen on, Unix ms.
    pub up: u64,
    /// The app from and to, if it is opened.
    pub app: Option<(u64, u64)>,
    /// Screen off.
    pub down: u64,
    /// Connected to.
    pub network: Network,
    /// From 0 to 1.
    pub battery: f64,
    /// Where.
    pub place: Place,
}

/// Hours are walked through in steps of this.
const WALK_STEP: u64 = 10 * MINUTE;
/// Between two looks at things in the app.
const LOOK_EVERY: u64 = 50 * SECOND;

impl Shopper {
    /// The `number`th time that this shopper takes up the phone, which lay there since `from`.
    ///
    /// The stay in the pocket is Weibull in the shopper's own time, which runs faster in busy hours.
    pub(crate) fn episode(&self, number: u32, from: u64) -> Episode {
        let key = self.luck(Why::Phone).and(u64::from(number));
        let up = self.taken_up(key.and(1).weibull(0.8, 0.9), from);
        let place = place(self.luck(Why::Day), self.habit, self.shift_min, up);
        let in_hand = seconds(key.and(2).weibull(0.7, 150.0), 5, 3_600);
        let app = key.and(3).happens(self.fondness).then(|| {
            let open = up + seconds(key.and(4).weibull(0.8, 40.0), 2, 600);
            (open, open + seconds(key.and(5).weibull(0.75, 210.0), 10, 3_600))
        });
        Episode {
            number,
            up,
            app,
            down: app.map_or(up, |it| it.1) + in_hand,
            network: network(place, key.and(6).unit()),
            battery: battery(key.and(7).between(-0.2, 0.25), self.shift_min, place, up),
            place,
        }
    }

    fn taken_up(&self, mut left: f64, from: u64) -> u64 {
        let mut at = from;
        let end = from + POCKET_HOURS_MAX * HOUR;
        while at < end {
            let speed = intensity(self.habit, self.shift_min, at) / self.pocket_min;
            let step = speed * (WALK_STEP / MINUTE) as f64;
            if step >= left {
                return at + ((left / speed) * MINUTE as f64) as u64 + SECOND;
            }
            left -= step;
            at += WALK_STEP;
        }
        end
    }
}

impl Episode {
    /// When things are looked at in the app.
    pub fn looks(&self) -> impl Iterator<Item = (u32, u64)> + use<> {
        let (from, to) = self.app.unwrap_or((0, 0));
        (0..LOOKS_MAX)
            .map(move |it| (it, from + 4 * SECOND + u64::from(it) * LOOK_EVERY))
            .take_while(move |it| it.1 < to)
    }
}

fn seconds(drawn: f64, low: u64, high: u64) -> u64 {
    (drawn as u64).clamp(low, high) * SECOND
}

fn network(place: Place, luck: f64) -> Network {
    let shares = match place {
        Place::Home => [0.01, 0.0, 0.04, 0.06],
        Place::Work => [0.01, 0.01, 0.15, 0.25],
        Place::Commute => [0.09, 0.1, 0.4, 0.4],
        Place::Elsewhere => [0.03, 0.05, 0.45, 0.4],
    };
    let mut sum = 0.0;
    for (share, network) in
        shares.into_iter().zip([Network::Offline, Network::Third, Network::Fourth, Network::Fifth])
    {
        sum += share;
        if luck < sum {
            return network;
        }
    }
    Network::Wifi
}

/// Full in the morning, low at night, better where there is a socket.
fn battery(luck: f64, shift_min: f64, place: Place, at: u64) -> f64 {
    let awake_h = ((minute_of(at) - shift_min - 420.0 + 1_440.0) % 1_440.0) / 60.0;
    let socket = if place == Place::Home { 0.18 } else { 0.0 };
    let level: f64 = 1.0 - 0.052 * awake_h + socket + luck;
    level.clamp(0.02, 1.0)
}
