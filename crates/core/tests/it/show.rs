//! A profile as a reader would want to see it: what is empty is left out.

use crate::say::{T0, word};
use beckon_core::decay::{INTEREST_HALF_LIFE_S, Level};
use beckon_core::event::{Channel, Class};
use beckon_core::id::Term;
use beckon_core::profile::cold::consent_bit;
use beckon_core::shard::store::Profile;
use std::fmt::Write;

/// Seconds since [`T0`].
fn when(at: u32) -> String {
    format!("{:+}", i64::from(at) - i64::from(T0))
}

fn line(out: &mut String, name: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if !items.is_empty() {
        writeln!(out, "{name}: {}", items.join(", ")).unwrap();
    }
}

/// The profile; weights as of `now`.
pub fn show(profile: &Profile, now: u32) -> String {
    let mut out = String::new();
    let Profile { hot, history, cold } = profile;
    let a = &hot.activity;
    if a.events > 0 {
        let seen = if a.first == 0 {
            "never active".into()
        } else {
            format!("active {} to {}", when(a.first), when(a.last))
        };
        writeln!(out, "{} events, {seen}", a.events).unwrap();
    }
    let ranked = |it: (Term, Level)| format!("{} {:.2}", word(it.0), it.1.value(now, INTEREST_HALF_LIFE_S));
    let touched = |it: (Term, u32)| format!("{} {}", word(it.0), when(it.1));
    line(&mut out, "categories", hot.categories.iter().map(ranked));
    line(&mut out, "brands", hot.brands.iter().map(ranked));
    line(&mut out, "hosts", hot.hosts.iter().map(ranked));
    line(&mut out, "styles", hot.styles.iter().map(ranked));
    line(&mut out, "tags", hot.tags.iter().map(ranked));
    let bands = |it: (Term, Level)| format!("{} {:.2}", it.0.0, it.1.value(now, INTEREST_HALF_LIFE_S));
    line(&mut out, "price bands", history.price_bands.iter().map(bands));
    line(&mut out, "live", live(profile).into_iter());
    line(&mut out, "attributes", attributes(profile).into_iter());
    line(&mut out, "tallies", tallies(profile).into_iter());
    line(
        &mut out,
        "cart",
        history.cart.lines().map(|it| format!("{}x {} {}", it.quantity, word(Term(it.product)), when(it.at))),
    );
    line(&mut out, "viewed", history.viewed.iter().map(touched));
    line(&mut out, "wished", history.wished.on().map(touched));
    line(&mut out, "bought", history.bought.iter().map(touched));
    line(&mut out, "followed", history.followed.on().map(touched));
    line(&mut out, "reminders", history.reminders.on().map(touched));
    line(
        &mut out,
        "week",
        history.days.iter().map(|it| {
            let day = it.day - T0 / 86_400;
            format!("{} {}x until day {day}", word(Term(it.term)), it.in_week_of(it.day))
        }),
    );
    let hours = (0..48).filter(|bin| history.rhythm.hours(*bin) > 0.0);
    line(
        &mut out,
        "rhythm",
        hours.map(|bin| {
            let kind = if bin < 24 { "weekday" } else { "weekend" };
            format!("{kind} {}h {:.2}", bin % 24, history.rhythm.hours(bin))
        }),
    );
    if history.clock.zone != 0 {
        let zone = word(Term(history.clock.zone));
        writeln!(out, "clock: {zone} {:+} min", history.clock.offset_min).unwrap();
    }
    if let Some(details) = &cold.details {
        line(
            &mut out,
            "traits",
            details.traits.iter().map(|it| format!("{}={} {}", it.name, it.json, when(it.at))),
        );
        line(
            &mut out,
            "devices",
            details.devices.iter().map(|it| {
                let address = it.address.as_ref();
                let address = address.map(|it| format!("{} {}", it.channel.word(), it.token));
                format!("{} ({}) {}", it.id, it.platform, address.unwrap_or("no address".into()))
            }),
        );
        line(&mut out, "apps", details.apps.iter().map(|it| format!("{} {}", it.0, when(it.1))));
        line(&mut out, "anonymous ids", details.anonymous_ids.iter().map(|it| it.to_string()));
    }
    out
}

fn live(profile: &Profile) -> Vec<String> {
    let live = &profile.hot.live;
    let mut all = Vec::new();
    all.extend(live.online().map(|it| format!("online={} {}", it.value, when(it.at))));
    all.extend(live.foreground().map(|it| format!("foreground={} {}", it.value, when(it.at))));
    all.extend(
        live.room().map(|it| format!("room={} {}", it.value.map_or("none".into(), word), when(it.at))),
    );
    all.extend(live.battery_pct().map(|it| format!("battery={}% {}", it.value, when(it.at))));
    all.extend(live.charging().map(|it| format!("charging={} {}", it.value, when(it.at))));
    all.extend(live.network().map(|it| format!("network={:?} {}", it.value, when(it.at))));
    all.extend(live.downlink_kbps().map(|it| format!("downlink={} {}", it.value, when(it.at))));
    all.extend(live.place().map(|it| format!("place={:?} {}", it.value, when(it.at))));
    all
}

fn attributes(profile: &Profile) -> Vec<String> {
    let a = &profile.hot.attributes;
    let numbers = [
        ("birth year", a.birth_year.into()),
        ("sex", u32::from(a.sex)),
        ("city tier", a.city_tier.into()),
        ("spending power", a.spending_power.into()),
    ];
    let mut all: Vec<String> =
        numbers.iter().filter(|it| it.1 != 0).map(|it| format!("{} {}", it.0, it.1)).collect();
    let names = [("region", a.region), ("language", a.language)];
    all.extend(names.iter().filter(|it| it.1 != 0).map(|it| format!("{} {}", it.0, word(Term(it.1)))));
    all.extend(consents(profile));
    all
}

/// What was consented to and what was refused.
pub fn consents(profile: &Profile) -> Vec<String> {
    let a = &profile.hot.attributes;
    let mut all = Vec::new();
    for channel in Channel::ALL {
        for class in Class::ALL {
            let bit = 1u32 << consent_bit(*channel, *class);
            assert!(a.consent_given & a.consent_refused & bit == 0, "given and refused at once");
            if (a.consent_given | a.consent_refused) & bit != 0 {
                let sign = if a.consent_given & bit != 0 { '+' } else { '-' };
                all.push(format!("{sign}{channel:?}/{class:?}"));
            }
        }
    }
    all
}

fn tallies(profile: &Profile) -> Vec<String> {
    let text = format!("{:?}", profile.history.tallies);
    let inside = text.trim_start_matches("Tallies { ").trim_end_matches(" }");
    let fields = inside.split(", ").filter_map(|it| it.split_once(": "));
    let told = fields.filter(|it| it.1 != "0").map(|(name, value)| match value.parse() {
        Ok(at) if name.starts_with("last_") => format!("{name} {}", when(at)),
        _ => format!("{name} {value}"),
    });
    told.collect()
}
