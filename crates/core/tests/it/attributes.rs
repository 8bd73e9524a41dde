//! Consent, attributes, free traits, devices and apps: the latest word counts, within bounds.

use crate::say::*;
use crate::show::consents;
use beckon_core::event::{Channel, Class, Context, Event, Trait};
use beckon_core::limits::{APPS_MAX, DEVICES_MAX, TRAITS_MAX};
use beckon_core::profile::cold::Details;
use std::sync::Arc;

fn says(secs: u32, it: Trait<'static>) -> Event<'static> {
    ann(secs, identify(&[it]))
}

fn consent(secs: u32, channel: Option<Channel>, class: Class, granted: bool) -> Event<'static> {
    says(secs, Trait::Consent { channel, class, granted })
}

fn details(events: &[Event<'static>]) -> Arc<Details> {
    profile(events).cold.details.unwrap_or_default()
}

fn leaked(prefix: &str, number: usize) -> &'static str {
    Box::leak(format!("{prefix}{number:03}").into_boxed_str())
}

#[test]
fn consent_is_unknown_until_it_is_given_or_refused_for_a_channel_and_class() {
    assert!(consents(&profile(&[ann(T0, nothing())])).is_empty());
    let given = consent(T0, Some(Channel::WebPush), Class::Marketing, true);
    let refused = consent(T0 + 1, Some(Channel::Apns), Class::Marketing, false);
    assert_eq!(consents(&profile(&[given, refused])), ["+WebPush/Marketing", "-Apns/Marketing"]);
}

#[test]
fn of_two_words_on_consent_the_later_said_counts_whichever_arrives_first() {
    let yes = consent(T0, Some(Channel::Fcm), Class::Marketing, true);
    let no = consent(T0 + 1, Some(Channel::Fcm), Class::Marketing, false);
    assert_eq!(consents(&profile(&[yes.clone(), no.clone()])), ["-Fcm/Marketing"]);
    assert_eq!(consents(&profile(&[no, yes])), ["-Fcm/Marketing"]);
}

#[test]
fn a_word_on_every_channel_overrides_earlier_ones_and_yields_to_later_ones() {
    let before = consent(T0, Some(Channel::Fcm), Class::Marketing, true);
    let all = consent(T0 + 1, None, Class::Marketing, false);
    let after = consent(T0 + 2, Some(Channel::Wechat), Class::Marketing, true);
    for events in [[before.clone(), all.clone(), after.clone()], [after, all, before]] {
        let consents = consents(&profile(&events));
        assert_eq!(consents.len(), Channel::ALL.len());
        let given: Vec<_> = consents.iter().filter(|it| it.starts_with('+')).collect();
        assert_eq!(given, ["+Wechat/Marketing"]);
    }
}

#[test]
fn service_and_marketing_are_consented_to_apart() {
    let events = [consent(T0, None, Class::Service, true), consent(T0, None, Class::Marketing, false)];
    let consents = consents(&profile(&events));
    assert!(consents.iter().all(|it| it.starts_with('+') == it.ends_with("Service")), "{consents:?}");
}

#[test]
fn an_attribute_is_the_latest_said_and_can_be_unknown_again() {
    let old = says(T0, Trait::BirthYear(1980));
    let new = says(T0 + 1, Trait::BirthYear(1990));
    let gone = says(T0 + 2, Trait::Region(text("")));
    let region = says(T0, Trait::Region(text("Zhejiang")));
    for events in [[old.clone(), new.clone(), region.clone(), gone.clone()], [gone, region, new, old]] {
        let attributes = profile(&events).hot.attributes;
        assert_eq!((attributes.birth_year, attributes.region), (1990, 0));
    }
}

#[test]
fn a_language_of_the_surroundings_counts_from_hour_to_hour_and_yields_to_what_was_said() {
    let around = |secs, tag| {
        let context = Context { language: text(tag), ..Context::default() };
        Event { context, ..ann(secs, nothing()) }
    };
    let language =
        |events: &[Event<'static>]| word(beckon_core::id::Term(profile(events).hot.attributes.language));
    assert_eq!(language(&[around(T0, "en"), around(T0 + HOUR, "zh-CN")]), "zh-CN");
    assert_eq!(language(&[around(T0 + HOUR, "zh-CN"), around(T0, "en")]), "zh-CN");
    let said = says(T0 + 60, Trait::Language(text("en")));
    assert_eq!(language(&[said.clone(), around(T0 + 120, "zh-CN")]), "en");
    assert_eq!(language(&[around(T0 + 120, "zh-CN"), said]), "en");
    // Not defined: two languages of the surroundings within one hour. The first to arrive stays.
    assert_eq!(language(&[around(T0, "en"), around(T0 + 60, "zh-CN")]), "en");
    assert_eq!(language(&[around(T0 + 60, "zh-CN"), around(T0, "en")]), "zh-CN");
}

#[test]
fn a_trait_that_was_taken_away_is_null_and_stays_so_against_an_older_value() {
    let set = says(T0, Trait::Custom { name: "plan", json: "\"gold\"" });
    let null = says(T0 + 1, Trait::Custom { name: "plan", json: "null" });
    for events in [[set.clone(), null.clone()], [null, set]] {
        let details = details(&events);
        assert_eq!(details.traits.len(), 1);
        assert_eq!((&*details.traits[0].json, details.traits[0].at), ("null", T0 + 1));
    }
}

#[test]
fn of_too_many_traits_the_ones_set_longest_ago_give_way_in_any_order() {
    let all = TRAITS_MAX + 9;
    let set = |i| says(T0 + i as u32, Trait::Custom { name: leaked("t", (i * 37) % all), json: "1" });
    let mut events: Vec<_> = (0..all).map(set).collect();
    let forward = details(&events);
    events.reverse();
    assert_eq!(details(&events), forward);
    assert_eq!(forward.traits.len(), TRAITS_MAX);
    assert_eq!(forward.traits.iter().map(|it| it.at).min(), Some(T0 + 9));
    assert!(forward.traits.windows(2).all(|it| it[0].name < it[1].name), "kept by name");
}

fn on_device(secs: u32, id: &'static str, token: Option<&'static str>) -> Event<'static> {
    let context = Context { device: Some(a_device(id, "ios", token)), ..Context::default() };
    Event { context, ..ann(secs, nothing()) }
}

#[test]
fn a_devices_token_is_the_latest_told_and_an_empty_one_takes_it_back() {
    let token = |events: &[Event<'static>]| {
        details(events).devices.get("d").unwrap().address.clone().map(|it| it.token)
    };
    let (first, second) = (on_device(T0, "d", Some("t1")), on_device(T0 + 1, "d", Some("t2")));
    let (silent, back) = (on_device(T0 + 2, "d", None), on_device(T0 + 3, "d", Some("")));
    assert_eq!(token(&[first.clone(), second.clone(), silent.clone()]).as_deref(), Some("t2"));
    assert_eq!(token(&[silent.clone(), second.clone(), first.clone()]).as_deref(), Some("t2"));
    assert_eq!(token(&[first.clone(), second.clone(), back.clone()]), None);
    assert_eq!(token(&[back, second, first]), None);
}

#[test]
fn a_device_whose_platform_comes_later_gets_it() {
    let kind = |kind| {
        let context = Context { device: Some(a_device("d", kind, None)), ..Context::default() };
        Event { context, ..ann(T0, nothing()) }
    };
    assert_eq!(&*details(&[kind(""), kind("web")]).devices.get("d").unwrap().platform, "web");
    assert_eq!(&*details(&[kind("web"), kind("")]).devices.get("d").unwrap().platform, "web");
}

#[test]
fn of_too_many_devices_the_ones_longest_unseen_give_way_in_any_order() {
    let all = DEVICES_MAX + 3;
    let seen = |i: usize| on_device(T0 + i as u32 * HOUR, leaked("d", (i * 7) % all), None);
    let mut events: Vec<_> = (0..all).map(seen).collect();
    let forward = details(&events);
    events.reverse();
    assert_eq!(details(&events), forward);
    assert_eq!(forward.devices.len(), DEVICES_MAX);
    assert_eq!(forward.devices.iter().map(|it| it.seen_at).min(), Some(T0 + 3 * HOUR));
}

#[test]
fn a_token_joins_with_the_date_it_was_told_and_so_does_its_being_taken_back() {
    let on = |secs, user, anonymous, token| Event {
        context: Context { device: Some(a_device("d", "ios", token)), ..Context::default() },
        ..event(secs, user, anonymous, nothing())
    };
    let token = |told: &[Event<'static>]| {
        let mut cluster = crate::cluster::Cluster::new();
        told.iter().for_each(|it| cluster.collect_settled(it));
        cluster.collect_settled(&event(T0 + 9 * HOUR, Some("ann"), Some("v1"), identify(&[])));
        cluster.find("ann").unwrap().cold.device("d").unwrap().address.clone().map(|it| it.token)
    };
    let ann_told = on(T0 + 2 * HOUR, Some("ann"), None, Some("newer"));
    let visitor_told = on(T0, None, Some("v1"), Some("older"));
    let visitor_seen = on(T0 + 8 * HOUR, None, Some("v1"), None);
    assert_eq!(token(&[ann_told.clone(), visitor_told, visitor_seen]).as_deref(), Some("newer"));
    let taken_back = on(T0 + 3 * HOUR, None, Some("v1"), Some(""));
    assert_eq!(token(&[ann_told, taken_back]), None);
}

#[test]
fn the_apps_used_last_are_kept_to_the_hour_in_any_order() {
    let all = APPS_MAX + 4;
    let used = |i: usize| {
        let context = Context { app: Some(leaked("app", i)), ..Context::default() };
        Event { context, ..ann(T0 + i as u32 * HOUR + 59, nothing()) }
    };
    let mut events: Vec<_> = (0..all).map(used).collect();
    let forward = details(&events);
    events.reverse();
    assert_eq!(details(&events), forward);
    assert_eq!(forward.apps.len(), APPS_MAX);
    assert_eq!(forward.apps[0], ("app011".into(), T0 + 11 * HOUR));
}
