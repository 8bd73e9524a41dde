//! Policy: what may be sent to whom, when and how often, in an operator's words.

use super::field::invalid;
use super::{Channel, Money};
use crate::problem::Problem;
use beckon_core::show as core;
use serde::{Deserialize, Serialize};

/// Longest gap between two pushes, in minutes: a week.
const GAP_MINUTES_MAX: u32 = 7 * 24 * 60;

/// Longest half-life of fatigue, in hours: a year.
const HALF_LIFE_H_MAX: u16 = 8760;

/// The policy, as it is put. What is left out is as it is without any policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PolicyInput {
    /// When nobody is pushed, on the shopper's own clock; `null` for never.
    pub quiet_hours: Option<QuietHours>,
    /// Least time between two marketing pushes to one shopper, in minutes.
    #[cfg_attr(feature = "openapi", schema(maximum = 10080))]
    pub gap_minutes: u32,
    /// Marketing pushes a shopper gets in a day of his own clock; 0 for none at all. (A channel's `day_cap` of 0 is no
    /// bound.)
    pub day_cap: u8,
    /// Marketing pushes for one show to one shopper; 0 for none at all.
    pub show_cap: u8,
    /// Whether a shopper may be told the same again for one show. Without it nobody is told twice of one thing (a price,
    /// an offer that ends, a phase that begins), however high the caps are.
    pub say_again: bool,
    /// Channels over which marketing goes out although consent is unknown.
    pub consent_assumed: Vec<Channel>,
    /// Who is left out, or pushed at a random time, so that what pushes add can be measured.
    pub holdouts: Holdouts,
    /// What the last marketing push of a shopper's day must at least be worth.
    pub slot_price: Money,
    /// What one past push costs the next.
    pub fatigue: Money,
    /// Half-life of that cost, in hours.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 8760))]
    pub fatigue_half_life_h: u16,
    /// The channels in the order in which they are tried. Those left out follow: `in_app`, `web_push`, the vendors,
    /// `webhook`.
    #[cfg_attr(feature = "openapi", schema(max_items = 14))]
    pub channel_order: Vec<Channel>,
}

/// A span of the day; `until` may lie on the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// From when, e.g. `22:30`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub from: String,
    /// Until when, e.g. `08:00`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub until: String,
}

/// Shares of shoppers in percent, to a tenth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Holdouts {
    /// Never pushed.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub never_pct: f64,
    /// Withheld for one show: its ghosts.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub ghost_pct: f64,
    /// Pushed at a random time of the window.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub random_pct: f64,
}

/// The policy, as it stands. The salt of the holdouts is drawn once and never shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Policy {
    /// What was put.
    #[serde(flatten)]
    pub policy: PolicyInput,
    /// The zone of shoppers who have not told theirs, from the configuration.
    pub default_timezone: String,
    /// Its clock, in minutes east of UTC.
    pub default_offset_min: i16,
}

impl Default for PolicyInput {
    fn default() -> Self {
        PolicyInput::of(&core::Policy::default())
    }
}

impl Default for Holdouts {
    fn default() -> Self {
        PolicyInput::default().holdouts
    }
}

impl PolicyInput {
    /// The policy in an operator's words.
    pub fn of(it: &core::Policy) -> Self {
        let pct = |permille: u16| f64::from(permille) / 10.0;
        let quiet =
            QuietHours { from: time_of_day(it.quiet_from_min), until: time_of_day(it.quiet_until_min) };
        let assumed = Channel::ALL.iter().filter(|channel| it.assumes_consent((**channel).into()));
        PolicyInput {
            quiet_hours: (it.quiet_from_min != it.quiet_until_min).then_some(quiet),
            gap_minutes: it.gap_s / 60,
            day_cap: it.day_cap,
            show_cap: it.show_cap,
            say_again: it.say_again,
            consent_assumed: assumed.copied().collect(),
            holdouts: Holdouts {
                never_pct: pct(it.never_permille),
                ghost_pct: pct(it.ghost_permille),
                random_pct: pct(it.random_permille),
            },
            slot_price: Money(it.slot_price_cents.into()),
            fatigue: Money(it.fatigue_cents.into()),
            fatigue_half_life_h: it.fatigue_half_life_h,
            channel_order: it.channel_order.iter().map(|it| (*it).into()).collect(),
        }
    }

    /// As the stage keeps it; salt and clock are those of `present`.
    pub fn into_core(self, present: &core::Policy) -> Result<core::Policy, Problem> {
        let (quiet_from_min, quiet_until_min) = match &self.quiet_hours {
            None => (0, 0),
            Some(it) => it.minutes()?,
        };
        if self.gap_minutes > GAP_MINUTES_MAX {
            return Err(invalid("/gap_minutes", format!("at most {GAP_MINUTES_MAX}")));
        }
        if !(1..=HALF_LIFE_H_MAX).contains(&self.fatigue_half_life_h) {
            return Err(invalid("/fatigue_half_life_h", format!("1 to {HALF_LIFE_H_MAX}")));
        }
        let cents = |field: &str, it: Money| {
            u32::try_from(it.0).map_err(|_| invalid(field, "must be an amount below 42949672.96"))
        };
        let Holdouts { never_pct, ghost_pct, random_pct } = self.holdouts;
        Ok(core::Policy {
            quiet_from_min,
            quiet_until_min,
            default_offset_min: present.default_offset_min,
            gap_s: self.gap_minutes * 60,
            day_cap: self.day_cap,
            show_cap: self.show_cap,
            say_again: self.say_again,
            consent_assumed: self
                .consent_assumed
                .iter()
                .fold(0, |bits, it| bits | 1 << beckon_core::event::Channel::from(*it) as u32),
            never_permille: permille("/holdouts/never_pct", never_pct)?,
            ghost_permille: permille("/holdouts/ghost_pct", ghost_pct)?,
            random_permille: permille("/holdouts/random_pct", random_pct)?,
            salt: present.salt,
            slot_price_cents: cents("/slot_price", self.slot_price)?,
            fatigue_cents: cents("/fatigue", self.fatigue)?,
            fatigue_half_life_h: self.fatigue_half_life_h,
            channel_order: order(&self.channel_order)?,
        })
    }
}

/// The order that was meant: of a channel that is named twice, the first place counts.
fn order(channels: &[Channel]) -> Result<Vec<beckon_core::event::Channel>, Problem> {
    let all = beckon_core::event::Channel::ALL.len();
    if channels.len() > all {
        return Err(invalid("/channel_order", format!("at most {all} channels: there are no more")));
    }
    let first = channels.iter().enumerate().filter(|(at, it)| !channels[..*at].contains(it));
    Ok(first.map(|it| (*it.1).into()).collect())
}

fn permille(field: &str, pct: f64) -> Result<u16, Problem> {
    let permille = (pct * 10.0).round();
    if !(0.0..=100.0).contains(&pct) || (pct * 10.0 - permille).abs() > 1e-6 {
        return Err(invalid(field, "0 to 100, to a tenth"));
    }
    Ok(permille as u16)
}

impl QuietHours {
    fn minutes(&self) -> Result<(u16, u16), Problem> {
        let of = |field: &str, text: &str| {
            minute_of_day(text).ok_or_else(|| invalid(field, "a time of day from 00:00 to 23:59"))
        };
        let it = (of("/quiet_hours/from", &self.from)?, of("/quiet_hours/until", &self.until)?);
        if it.0 == it.1 {
            let detail = "must differ from `from`; `quiet_hours: null` says that there are none";
            return Err(invalid("/quiet_hours/until", detail));
        }
        Ok(it)
    }
}

fn time_of_day(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number =
        |it: &str| (it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit())).then(|| it.parse().ok())?;
    let (hour, minute): (u16, u16) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_put_as_it_is_shown_is_the_same_policy() {
        let odd = core::Policy {
            consent_assumed: 1 << beckon_core::event::Channel::Webhook as u32,
            never_permille: 7,
            salt: 9,
            channel_order: vec![beckon_core::event::Channel::Webhook, beckon_core::event::Channel::InApp],
            default_offset_min: 480,
            ..core::Policy::default()
        };
        assert_eq!(PolicyInput::of(&odd).into_core(&odd).unwrap(), odd);
    }

    #[test]
    fn what_cannot_be_a_policy_is_refused_with_its_field() {
        let refused = |text: &str| {
            let input: PolicyInput = serde_json::from_str(text).unwrap();
            input.into_core(&core::Policy::default()).unwrap_err().field.unwrap()
        };
        assert_eq!(refused(r#"{"quiet_hours":{"from":"22:30","until":"24:00"}}"#), "/quiet_hours/until");
        assert_eq!(refused(r#"{"holdouts":{"ghost_pct":7.77}}"#), "/holdouts/ghost_pct");
        assert_eq!(refused(r#"{"gap_minutes":100000}"#), "/gap_minutes");
        assert_eq!(refused(r#"{"fatigue":1e9}"#), "/fatigue");
    }
}
