//! Policy: what may be sent to whom, when and how often; and the channels it goes over.

use crate::event::{Channel, Class};
use crate::time::LocalHour;

/// The rules that hold for every push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Quiet hours on the shopper's own clock, in minutes after midnight: from, until (may wrap). Equal
    /// values mean none.
    pub quiet_from_min: u16,
    /// See `quiet_from_min`.
    pub quiet_until_min: u16,
    /// The clock of a shopper whose zone is unknown, in minutes east of UTC.
    pub default_offset_min: i16,
    /// Least time between two pushes to one shopper, in seconds.
    pub gap_s: u32,
    /// Marketing pushes a shopper gets in a day of his own clock.
    pub day_cap: u8,
    /// Marketing pushes for one show to one shopper.
    pub show_cap: u8,
    /// A shopper may be told the same again for one show, as often as the caps allow.
    pub say_again: bool,
    /// Bit of a channel: marketing goes out although consent is unknown.
    pub consent_assumed: u32,
    /// Shoppers who are never pushed, in thousandths: the global holdout.
    pub never_permille: u16,
    /// Shoppers withheld for one show, in thousandths: ghosts.
    pub ghost_permille: u16,
    /// Shoppers pushed at a random time of the window, in thousandths.
    pub random_permille: u16,
    /// Salt of the holdouts: another salt draws other people.
    pub salt: u64,
    /// What the last marketing push of a day must at least be worth, in hundredths: the price of a slot
    /// that could be kept for a better show tonight.
    pub slot_price_cents: u32,
    /// What one past push costs the next, in hundredths (γ of DESIGN.md §4).
    pub fatigue_cents: u32,
    /// Half-life of that cost, in hours (τ).
    pub fatigue_half_life_h: u16,
    /// The channels in the order in which they are tried; those not named follow as in [`CHANNEL_ORDER`].
    pub channel_order: Vec<Channel>,
}

/// The order of channels where policy names none: where the shopper is looking now, then what costs nobody a server,
/// then the vendors, and the customer's own server last.
pub const CHANNEL_ORDER: [Channel; 14] = [
    Channel::InApp,
    Channel::WebPush,
    Channel::Fcm,
    Channel::Apns,
    Channel::Huawei,
    Channel::Honor,
    Channel::Xiaomi,
    Channel::Oppo,
    Channel::Vivo,
    Channel::Meizu,
    Channel::Jpush,
    Channel::Getui,
    Channel::Wechat,
    Channel::Webhook,
];

const _: () = assert!(CHANNEL_ORDER.len() == Channel::ALL.len());

impl Default for Policy {
    fn default() -> Self {
        Policy {
            quiet_from_min: 22 * 60 + 30,
            quiet_until_min: 8 * 60,
            default_offset_min: 0,
            gap_s: 30 * 60,
            day_cap: 2,
            show_cap: 1,
            say_again: false,
            consent_assumed: 0,
            never_permille: 30,
            ghost_permille: 70,
            random_permille: 50,
            salt: 0,
            slot_price_cents: 0,
            fatigue_cents: 2,
            fatigue_half_life_h: 48,
            channel_order: Vec::new(),
        }
    }
}

const MINUTES: i64 = 24 * 60;

impl Policy {
    /// Whether `secs` (Unix) is within quiet hours on a clock `offset_min` minutes east of UTC.
    pub fn is_quiet(&self, secs: u32, offset_min: i16) -> bool {
        within(minute_of_day(secs, offset_min), self.quiet_from_min, self.quiet_until_min)
    }

    /// Seconds from `secs` until quiet hours begin; 0 within them, `u32::MAX` when there are none.
    pub fn quiet_in_s(&self, secs: u32, offset_min: i16) -> u32 {
        if self.quiet_from_min == self.quiet_until_min {
            return u32::MAX;
        }
        if self.is_quiet(secs, offset_min) {
            return 0;
        }
        let ahead = (i64::from(self.quiet_from_min) - minute_of_day(secs, offset_min)).rem_euclid(MINUTES);
        (ahead * 60 - i64::from(secs) % 60).max(0) as u32
    }

    /// The place of a channel in the order in which they are tried; a lower one comes first.
    pub fn rank(&self, channel: Channel) -> usize {
        let order = self.channel_order.iter().chain(&CHANNEL_ORDER);
        order.into_iter().position(|it| *it == channel).unwrap_or(usize::MAX)
    }

    /// Whether marketing without a word of consent is allowed on a channel.
    pub fn assumes_consent(&self, channel: Channel) -> bool {
        self.consent_assumed & 1 << channel as u8 != 0
    }
}

fn minute_of_day(secs: u32, offset_min: i16) -> i64 {
    (i64::from(secs) / 60 + i64::from(offset_min)).rem_euclid(MINUTES)
}

fn within(minute: i64, from: u16, until: u16) -> bool {
    let (from, until) = (i64::from(from), i64::from(until));
    if from <= until { (from..until).contains(&minute) } else { minute >= from || minute < until }
}

/// One channel that messages may go over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPlan {
    /// Which.
    pub channel: Channel,
    /// Whether it is in use.
    pub enabled: bool,
    /// Where its requests go. Of Web Push, whose requests go where each subscription says: whom a push service may
    /// write to, as a URL.
    pub url: Box<str>,
    /// The name of its secret in the secret store; the secret itself is never journalled.
    pub secret: Box<str>,
    /// Whether `url` may lie in a private network.
    pub private_network: bool,
    /// Marketing pushes a device gets in a day over this channel; 0 for no bound.
    pub day_cap: u8,
    /// Messages a second that the vendor takes.
    pub rate_per_s: u32,
    /// Messages of one request.
    pub batch_max: u16,
    /// Shortest life of a message that the vendor takes, in seconds.
    pub ttl_min_s: u32,
    /// Local hours in which the vendor takes marketing: from, until.
    pub hours: (u8, u8),
}

impl ChannelPlan {
    /// A channel with the caps that its vendor is known to keep (docs/channels.md).
    pub fn new(channel: Channel) -> Self {
        let (day_cap, rate_per_s, batch_max, ttl_min_s, hours) = match channel {
            Channel::InApp => (0, 100_000, 256, 0, (0, 24)),
            Channel::WebPush => (2, 5_000, 1, 0, (0, 24)),
            Channel::Webhook => (2, 10_000, 256, 0, (0, 24)),
            Channel::Fcm => (2, 10_000, 1, 0, (0, 24)),
            Channel::Apns => (2, 5_000, 1, 0, (0, 24)),
            Channel::Huawei => (2, 6_000, 1000, 0, (6, 24)),
            Channel::Honor => (2, 3_000, 1000, 0, (6, 24)),
            Channel::Xiaomi => (5, 3_000, 1000, 0, (0, 24)),
            Channel::Oppo => (2, 5_000, 1000, 0, (0, 24)),
            Channel::Vivo => (2, 3_000, 1000, 60, (7, 23)),
            Channel::Meizu => (3, 200, 1000, 3_600, (0, 24)),
            Channel::Jpush => (2, 10, 1000, 0, (0, 24)),
            Channel::Getui => (2, 1_000, 1, 0, (0, 24)),
            Channel::Wechat => (1, 1_000, 1, 0, (0, 24)),
        };
        ChannelPlan {
            channel,
            enabled: true,
            url: "".into(),
            secret: "".into(),
            private_network: false,
            day_cap,
            rate_per_s,
            batch_max,
            ttl_min_s,
            hours,
        }
    }

    /// Whether the vendor takes a message of this class at `secs` on the shopper's clock.
    pub fn takes(&self, class: Class, secs: u32, offset_min: i16) -> bool {
        let hour = LocalHour::at(secs, offset_min).hour;
        class == Class::Service || (self.hours.0..self.hours.1).contains(&hour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_wrap_around_midnight_on_the_shoppers_own_clock() {
        let policy = Policy::default();
        let noon_utc = 1_700_000_000 / 86_400 * 86_400 + 12 * 3600;
        assert!(!policy.is_quiet(noon_utc, 0));
        assert!(policy.is_quiet(noon_utc, 11 * 60));
        assert_eq!(policy.quiet_in_s(noon_utc, 0), (10 * 60 + 30) * 60);
        assert_eq!(policy.quiet_in_s(noon_utc + 30, 0), (10 * 60 + 30) * 60 - 30);
        assert_eq!(policy.quiet_in_s(noon_utc, 11 * 60), 0);
        let none = Policy { quiet_from_min: 0, quiet_until_min: 0, ..policy };
        assert_eq!(none.quiet_in_s(noon_utc, 0), u32::MAX);
        assert!(!none.is_quiet(noon_utc, 11 * 60));
    }
}
