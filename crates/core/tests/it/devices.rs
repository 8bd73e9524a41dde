//! Whose a device and a push address are: one shopper's, wherever he lives, whatever the order of news.

use crate::cluster::Cluster;
use crate::prng::Prng;
use crate::say::*;
use beckon_core::event::*;
use beckon_core::id::ShardId;
use beckon_core::profile::device::ClaimKey;
use beckon_core::shard::claims::Owner;
use std::collections::BTreeMap;

fn on(device: Device<'static>, it: Event<'static>) -> Event<'static> {
    Event { context: Context { device: Some(device), ..it.context }, ..it }
}

fn told(secs: u32, user: &'static str, device: &'static str, token: &'static str) -> Event<'static> {
    on(a_device(device, "ios", Some(token)), event(secs, Some(user), None, nothing()))
}

fn token(cluster: &Cluster, id: &str, device: &str) -> Option<String> {
    let cold = cluster.find(id)?.cold;
    Some(cold.device(device)?.address.as_ref()?.token.to_string())
}

fn owner(cluster: &Cluster, key: ClaimKey) -> Option<&Owner> {
    cluster.shards[usize::from(key.home().0)].claims().owner(key)
}

fn of_apns(token: &str) -> ClaimKey {
    ClaimKey::address(Channel::Apns, token)
}

#[test]
fn an_address_that_turns_up_under_another_shopper_is_no_longer_the_formers() {
    let mut cluster = Cluster::new();
    cluster.collect_settled(&told(T0, "ann", "d-1", "t"));
    cluster.collect_settled(&told(T0 + 5, "bo", "d-2", "t"));
    assert_eq!((token(&cluster, "ann", "d-1"), token(&cluster, "bo", "d-2")), (None, Some("t".into())));
    assert!(cluster.find("ann").unwrap().cold.device("d-1").is_some(), "the device is still hers");
    // Late news of the former owner changes nothing; what is newer does.
    cluster.collect_settled(&told(T0 + 3, "ann", "d-1", "t"));
    assert_eq!((token(&cluster, "ann", "d-1"), token(&cluster, "bo", "d-2")), (None, Some("t".into())));
    cluster.collect_settled(&told(T0 + 9, "ann", "d-1", "t"));
    assert_eq!((token(&cluster, "ann", "d-1"), token(&cluster, "bo", "d-2")), (Some("t".into()), None));
}

#[test]
fn a_device_that_turns_up_under_another_shopper_takes_its_address_along() {
    let mut cluster = Cluster::new();
    cluster.collect_settled(&told(T0, "ann", "d", "t"));
    cluster.collect_settled(&on(a_device("d", "", None), event(T0 + HOUR, Some("bo"), None, nothing())));
    assert!(cluster.find("ann").unwrap().cold.device("d").is_none());
    let bos = cluster.find("bo").unwrap().cold;
    assert_eq!(bos.device("d").unwrap().address, None, "nobody has told his address");
    assert_eq!(owner(&cluster, of_apns("t")), None, "what is nobody's is not remembered as hers");
}

#[test]
fn who_signs_out_leaves_the_device_and_late_news_does_not_bring_it_back() {
    let mut cluster = Cluster::new();
    cluster.collect_settled(&told(T0, "ann", "d", "t"));
    let out = on(a_device("d", "ios", None), event(T0 + 10, Some("ann"), None, Act::SignedOut));
    cluster.collect_settled(&out);
    assert!(cluster.find("ann").unwrap().cold.device("d").is_none());
    cluster.collect_settled(&told(T0 + 5, "ann", "d", "t"));
    assert!(cluster.find("ann").unwrap().cold.device("d").is_none());
    cluster.collect_settled(&told(T0 + 20, "ann", "d", "t"));
    assert_eq!(token(&cluster, "ann", "d"), Some("t".into()));
}

#[test]
fn a_visitor_who_becomes_a_user_keeps_his_device_whatever_comes_first() {
    for seed in 0..200 {
        let mut prng = Prng(seed);
        let mut cluster = Cluster::new();
        let device = a_device("d", "ios", Some("t"));
        cluster.collect(&on(device, event(T0, None, Some("v"), nothing())));
        if prng.once_in(2) {
            cluster.settle(&mut prng);
        }
        cluster.collect(&on(device, event(T0 + 5, Some("ann"), Some("v"), identify(&[]))));
        cluster.settle(&mut prng);
        assert_eq!(token(&cluster, "ann", "d"), Some("t".into()), "seed {seed}");
        let ann = Owner::Shopper { known: true, id: "ann".into() };
        assert_eq!(owner(&cluster, ClaimKey::device("d")), Some(&ann), "seed {seed}");
        assert_eq!(owner(&cluster, of_apns("t")), Some(&ann), "seed {seed}");
    }
}

#[test]
fn who_is_forgotten_owns_nothing_in_any_shard() {
    let mut cluster = Cluster::new();
    cluster.collect_settled(&told(T0, "ann", "d", "t"));
    cluster.collect_settled(&told(T0 + 5, "ann", "d", "another"));
    cluster.collect_settled(&on(a_device("w", "web", Some("{}")), event(T0, None, Some("v"), nothing())));
    cluster.erase("ann");
    cluster.erase("v");
    cluster.settle(&mut Prng(1));
    assert_eq!(cluster.shards.iter().map(|it| it.claims().len()).sum::<usize>(), 0);
}

/// Devices and addresses that go from hand to hand, with news delivered in any order: in the end each is with one
/// shopper at most, and that is whom its home names.
#[test]
fn in_the_end_everything_is_with_one_shopper_and_with_the_one_its_home_names() {
    const USERS: [&str; 4] = ["ann", "bo", "cy", "dee"];
    const VISITORS: [&str; 3] = ["v-1", "v-2", "v-3"];
    for seed in 0..300 {
        let mut prng = Prng(seed);
        let mut cluster = Cluster::new();
        for _ in 0..40 {
            // Some of it comes late.
            let at = T0 + prng.below(5 * HOUR as usize) as u32;
            let device = a_device(
                prng.pick(&["d-1", "d-2", "d-3"]),
                "ios",
                prng.maybe(|it| it.pick(&["t-1", "t-2", "t-3", ""])),
            );
            let act = if prng.once_in(8) { Act::SignedOut } else { nothing() };
            let it = match prng.below(6) {
                0 => event(at, Some(prng.pick(&USERS)), Some(prng.pick(&VISITORS)), identify(&[])),
                1 | 2 => event(at, None, Some(prng.pick(&VISITORS)), act),
                _ => event(at, Some(prng.pick(&USERS)), None, act),
            };
            cluster.collect(&on(device, it));
            (0..prng.below(4)).for_each(|_| cluster.deliver(&mut prng));
        }
        cluster.settle(&mut prng);
        let mut held: BTreeMap<ClaimKey, Vec<(bool, String)>> = BTreeMap::new();
        for (key, profile) in cluster.profiles() {
            let keys: std::collections::BTreeSet<ClaimKey> =
                profile.cold.details.iter().flat_map(|it| it.devices.keys()).map(|it| it.0).collect();
            keys.into_iter().for_each(|it| held.entry(it).or_default().push(key.clone()));
        }
        for (what, by) in held {
            assert_eq!(by.len(), 1, "seed {seed}: {what:?} is with {by:?}");
            let (known, id) = by[0].clone();
            let named = owner(&cluster, what);
            assert_eq!(named, Some(&Owner::Shopper { known, id: id.as_str().into() }), "seed {seed}");
        }
    }
}

#[test]
fn claims_are_spread_over_all_shards() {
    let homes: std::collections::BTreeSet<ShardId> =
        (0..2000).map(|it| ClaimKey::device(&format!("d-{it}")).home()).collect();
    assert_eq!(homes.len(), 64);
}
