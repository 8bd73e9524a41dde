//! Who an event belongs to, across shards: nothing is lost, nothing counts twice, whatever the order in
//! which shards hear of each other.

use crate::cluster::Cluster;
use crate::order::{act, assert_same, context, nameless_act};
use crate::prng::Prng;
use crate::say::*;
use crate::show::show;
use beckon_core::event::{Act, Event, OrderAct, ProductAct};
use beckon_core::id::{MachineId, ShardId};
use beckon_core::shard::message::Message;
use beckon_core::shard::store::Profile;
use beckon_core::shard::{Input, Outcome, Shard, route};
use expect_test::expect;

const USERS: &[&str] = &["ann", "bo", "cem", "dora"];
const VISITORS: &[&str] = &["v1", "v2", "v3", "v4", "v5", "v6"];

fn told(events: &[Event<'static>]) -> Cluster {
    let mut cluster = Cluster::new();
    events.iter().for_each(|it| cluster.collect_settled(it));
    assert_eq!(cluster.events(), cluster.collected);
    cluster
}

fn by(secs: u32, user: &'static str, act: Act<'static>) -> Event<'static> {
    event(secs, Some(user), None, act)
}

fn visitor(secs: u32, id: &'static str, act: Act<'static>) -> Event<'static> {
    event(secs, None, Some(id), act)
}

fn both(secs: u32, user: &'static str, id: &'static str, act: Act<'static>) -> Event<'static> {
    event(secs, Some(user), Some(id), act)
}

#[test]
fn the_tests_users_and_visitors_live_on_different_shards() {
    let mut shards: Vec<_> = USERS.iter().chain(VISITORS).map(|it| ShardId::of(it)).collect();
    shards.sort();
    shards.dedup();
    assert!(shards.len() >= 8, "else these tests say little: {shards:?}");
}

#[test]
fn an_event_routes_by_its_visitor_else_by_its_user_and_an_alias_by_its_former_id() {
    assert_eq!(route(&both(1, "ann", "v1", nothing())), Some(ShardId::of("v1")));
    assert_eq!(route(&by(1, "ann", nothing())), Some(ShardId::of("ann")));
    assert_eq!(route(&by(1, "ann", alias("bo"))), Some(ShardId::of("bo")));
    assert_eq!(route(&event(1, None, None, nothing())), None);
    let nobody = visitor(1, "v1", alias("bo"));
    assert_eq!(route(&nobody), Some(ShardId::of("v1")), "an alias of no user is an event of its visitor");
}

#[test]
fn the_first_identify_moves_the_history_and_doubles_nothing() {
    let cluster = told(&[
        visitor(T0, "v1", viewed("boot", "shoes")),
        visitor(T0 + 1, "v1", added("boot", "shoes")),
        by(T0 + 2, "ann", viewed("pot", "tea")),
        both(T0 + 3, "ann", "v1", identify(&[])),
        visitor(T0 + 4, "v1", viewed("scarf", "coats")),
    ]);
    assert_eq!(cluster.profiles().len(), 1);
    assert_eq!(cluster.find("v1"), cluster.find("ann"));
    expect![[r#"
        5 events, active +0 to +4
        categories: shoes 4.00, coats 1.00, tea 1.00
        tallies: views 3, last_view +4, last_cart +1, carts 1
        cart: 1x boot +1
        viewed: scarf +4, pot +2, boot +0
        week: tea 1x until day 0, shoes 2x until day 0, coats 1x until day 0
        rhythm: weekday 0h 1.00
        anonymous ids: v1
    "#]]
    .assert_eq(&show(&cluster.find("ann").unwrap(), T0));
}

#[test]
fn a_visitor_without_a_history_joins_without_changing_when_his_user_was_active() {
    let cluster = told(&[
        by(T0, "ann", nothing()),
        both(T0 + 9, "ann", "v1", identify(&[])),
        both(T0 + 10, "ann", "v1", nothing()),
    ]);
    let activity = cluster.find("ann").unwrap().hot.activity;
    assert_eq!((activity.first, activity.last, activity.events), (T0, T0 + 10, 3));
}

#[test]
fn any_event_that_names_both_joins_them() {
    let cluster = told(&[visitor(T0, "v1", nothing()), both(T0 + 1, "ann", "v1", viewed("boot", "shoes"))]);
    assert_eq!(cluster.find("v1").unwrap().hot.activity.events, 2);
    assert_eq!(cluster.bindings(), [(false, "v1".into(), "ann".into())]);
}

#[test]
fn a_later_identify_under_another_user_only_rebinds() {
    let cluster = told(&[
        visitor(T0, "v1", viewed("boot", "shoes")),
        both(T0 + 1, "ann", "v1", identify(&[])),
        both(T0 + 2, "bo", "v1", identify(&[])),
        visitor(T0 + 3, "v1", viewed("pot", "tea")),
    ]);
    let viewed =
        |id| cluster.find(id).unwrap().history.viewed.iter().map(|it| word(it.0)).collect::<Vec<_>>();
    assert_eq!((viewed("ann"), viewed("bo")), (vec!["boot".to_owned()], vec!["pot".to_owned()]));
    assert_eq!(cluster.find("v1"), cluster.find("bo"));
    let names = |id| cluster.find(id).unwrap().cold.details.unwrap().anonymous_ids.len();
    assert_eq!((names("ann"), names("bo")), (1, 1), "both know the name, for export and erasure");
}

#[test]
fn an_event_that_merely_names_another_user_does_not_rebind() {
    let cluster = told(&[
        both(T0, "ann", "v1", identify(&[])),
        both(T0 + 1, "bo", "v1", viewed("boot", "shoes")),
        visitor(T0 + 2, "v1", nothing()),
    ]);
    assert_eq!(cluster.bindings(), [(false, "v1".into(), "ann".into())]);
    assert_eq!(cluster.find("bo").unwrap().hot.activity.events, 1, "but it is his event");
}

#[test]
fn whoever_was_identified_last_has_the_name_in_whatever_order_the_identifies_come() {
    for seed in 0..200 {
        let mut prng = Prng(seed);
        let mut events: Vec<_> = (0..8)
            .map(|i| {
                both(T0 + i, prng.pick(USERS), "v1", if prng.once_in(3) { nothing() } else { identify(&[]) })
            })
            .collect();
        events[7].act = identify(&[]);
        let last = events[7].user.unwrap();
        prng.shuffle(&mut events);
        let bindings = told(&events).bindings();
        assert_eq!(bindings, [(false, "v1".to_owned(), last.to_owned())], "seed {seed}");
    }
}

#[test]
fn an_alias_moves_a_former_user_and_the_visitor_of_the_same_spelling() {
    let cluster = told(&[
        by(T0, "bo", viewed("boot", "shoes")),
        visitor(T0 + 1, "bo", viewed("pot", "tea")),
        by(T0 + 2, "ann", viewed("scarf", "coats")),
        by(T0 + 3, "ann", alias("bo")),
        by(T0 + 4, "bo", nothing()),
        visitor(T0 + 5, "bo", nothing()),
    ]);
    assert_eq!(cluster.profiles().len(), 1);
    let ann = cluster.find("bo").unwrap();
    assert_eq!((ann.hot.activity.events, ann.history.tallies.views), (6, 3));
}

#[test]
fn an_alias_to_oneself_is_an_event_and_nothing_more() {
    let cluster = told(&[by(T0, "ann", alias("ann")), by(T0 + 1, "ann", nothing())]);
    assert_eq!((cluster.bindings().len(), cluster.find("ann").unwrap().hot.activity.events), (0, 2));
}

#[test]
fn a_visitor_who_spells_like_his_user_joins_him() {
    let cluster = told(&[visitor(T0, "ann", nothing()), both(T0 + 1, "ann", "ann", identify(&[]))]);
    assert_eq!((cluster.profiles().len(), cluster.find("ann").unwrap().hot.activity.events), (1, 2));
}

#[test]
fn a_chain_of_aliases_leads_to_its_end() {
    let cluster = told(&[
        both(T0, "dora", "v1", identify(&[])),
        by(T0 + 1, "cem", alias("dora")),
        by(T0 + 2, "bo", alias("cem")),
        by(T0 + 3, "ann", alias("bo")),
        visitor(T0 + 4, "v1", viewed("boot", "shoes")),
    ]);
    assert_eq!(cluster.profiles().len(), 1);
    for id in ["v1", "dora", "cem", "bo", "ann"] {
        assert_eq!(cluster.find(id).unwrap().hot.activity.events, 5, "{id}");
    }
}

#[test]
fn a_cycle_of_aliases_ends_and_loses_nothing() {
    for seed in 0..300 {
        let mut prng = Prng(seed);
        let mut cluster = Cluster::new();
        for i in 0..30 {
            let (user, previous) = (prng.pick(USERS), prng.pick(USERS));
            let act = if prng.once_in(3) { alias(previous) } else { viewed("boot", "shoes") };
            cluster.collect(&by(T0 + i, user, act));
            (0..prng.below(4)).for_each(|_| cluster.deliver(&mut prng));
        }
        cluster.settle(&mut prng);
        assert_eq!(cluster.events(), cluster.collected, "seed {seed}");
        cluster.collect_settled(&by(T0 + 99, "ann", nothing()));
        assert_eq!(cluster.events(), cluster.collected, "seed {seed}");
    }
}

#[test]
fn not_defined_a_chain_longer_than_the_bound_is_broken_where_it_is_reached() {
    let ids = ["u0", "u1", "u2", "u3", "u4", "u5", "u6"];
    let mut cluster = Cluster::new();
    for pair in ids.windows(2) {
        cluster.collect_settled(&by(T0, pair[1], alias(pair[0])));
    }
    cluster.collect_settled(&by(T0 + 1, "u0", viewed("boot", "shoes")));
    assert_eq!(cluster.events(), cluster.collected, "nothing is lost");
    assert_eq!(cluster.profiles().len(), 2, "but it is not all in one place");
}

/// Events of some users and visitors, each at a second of its own within 60 hours. Users turn out to be
/// others only upwards, so that there are no cycles and chains stay short.
fn traffic(prng: &mut Prng, events: usize, act: fn(&mut Prng) -> Act<'static>) -> Vec<Event<'static>> {
    let mut times: Vec<u32> = (0..events as u32).map(|i| T0 + i * (60 * HOUR / events as u32)).collect();
    prng.shuffle(&mut times);
    let mut all = Vec::new();
    for at in times {
        let (user, id) = (prng.below(USERS.len()), prng.pick(VISITORS));
        let act = act(prng);
        let it = match prng.below(12) {
            0 if user > 0 => by(at, USERS[user], alias(if prng.once_in(2) { USERS[user - 1] } else { id })),
            0..=4 => visitor(at, id, act),
            5..=8 => both(at, USERS[user], id, act),
            _ => by(at, USERS[user], act),
        };
        // Whose a device is, is a matter of its own: see `devices.rs`.
        all.push(Event { context: beckon_core::event::Context { device: None, ..context(prng) }, ..it });
    }
    all
}

fn deliver_as(seed: u64, events: &[Event<'static>]) -> Cluster {
    let mut prng = Prng(seed);
    let mut cluster = Cluster::new();
    for it in events {
        cluster.collect(it);
        (0..prng.below(5)).for_each(|_| cluster.deliver(&mut prng));
    }
    cluster.settle(&mut prng);
    cluster
}

#[test]
fn every_event_counts_once_however_ids_join_and_messages_travel() {
    for seed in 0..300 {
        let events = traffic(&mut Prng(seed), 150, act);
        let cluster = deliver_as(seed, &events);
        let all = cluster.profiles();
        let sum = |of: fn(&Profile) -> u64| all.values().map(of).sum::<u64>();
        let count = |of: fn(&Act<'_>) -> bool| events.iter().filter(|it| of(&it.act)).count() as u64;
        assert_eq!(sum(|it| it.hot.activity.events.into()), events.len() as u64, "seed {seed}");
        assert_eq!(
            sum(|it| it.history.tallies.views.into()),
            count(|it| matches!(it, Act::Product { what: ProductAct::Viewed, .. })),
            "seed {seed}"
        );
        assert_eq!(
            sum(|it| it.history.tallies.purchases.into()),
            count(|it| matches!(it, Act::Order { what: OrderAct::Completed, .. })),
            "seed {seed}"
        );
        let spent: u64 = events
            .iter()
            .map(|it| match it.act {
                Act::Order { what: OrderAct::Completed, total_cents, .. } => total_cents,
                _ => 0,
            })
            .sum();
        assert_eq!(sum(|it| it.history.tallies.spent_cents), spent, "seed {seed}");
        let counted: u64 = cluster.shards.iter().map(|it| it.counts().events).sum();
        assert_eq!(counted, events.len() as u64, "seed {seed}");
        for (_, id, _) in cluster.bindings() {
            assert!(cluster.find(&id).is_some_and(|it| it.cold.known), "seed {seed}: {id} leads nowhere");
        }
    }
}

#[test]
fn any_delivery_gives_the_same_profiles_but_for_the_rounding_of_decayed_weights() {
    for seed in 0..100 {
        let events = traffic(&mut Prng(seed), 120, act);
        let first = deliver_as(seed, &events);
        for other in 1..4 {
            let second = deliver_as(seed + other * 1_000, &events);
            assert_eq!(first.bindings(), second.bindings(), "seed {seed}");
            let (one, two) = (first.profiles(), second.profiles());
            assert!(one.keys().eq(two.keys()), "seed {seed}");
            for (key, profile) in &one {
                assert_same(profile, &two[key], 6 * events.len(), 120, &format!("seed {seed}, {key:?}"));
            }
        }
    }
}

#[test]
fn any_delivery_gives_the_same_digest_when_no_weight_decays() {
    for seed in 0..150 {
        let events = traffic(&mut Prng(seed), 100, nameless_act);
        let digest = deliver_as(seed, &events).digest();
        assert_eq!(deliver_as(seed + 1_000, &events).digest(), digest, "seed {seed}");
    }
}

#[test]
fn one_seed_gives_one_digest_decayed_weights_and_all() {
    let events = traffic(&mut Prng(7), 300, act);
    let (one, two) = (deliver_as(8, &events), deliver_as(8, &events));
    assert_eq!((one.digest(), one.messages), (two.digest(), two.messages));
}

#[test]
fn a_sender_is_heard_in_its_order_and_what_was_heard_is_not_heard_again() {
    let mut shard = Shard::new(ShardId::of("ann"), WINDOW);
    let mut tell = |sequence, secs| {
        let event = bytes(&by(secs, "ann", nothing()));
        let forward = Message::Forward { event: &event, user: "ann", default_offset_min: 0, hops: 0 };
        let mut message = Vec::new();
        forward.encode(at(secs), &mut message);
        let told = Input::Told { from: MachineId(9), sequence, message: &message };
        shard.handle(at(secs), told, bare(), &mut Vec::new()).unwrap()
    };
    assert_eq!((tell(1, T0), tell(2, T0 + 1)), (Outcome::Folded, Outcome::Folded));
    assert_eq!((tell(1, T0), tell(2, T0 + 1)), (Outcome::Repeated, Outcome::Repeated));
    assert_eq!(tell(3, T0 + 2), Outcome::Folded);
    assert_eq!(found(&shard, "ann").unwrap().hot.activity.events, 3);
    assert_eq!((shard.sequences().1[9], shard.sequences().1[8]), (3, 0));
}
