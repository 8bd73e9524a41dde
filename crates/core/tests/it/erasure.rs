//! Forgetting a shopper: unreadable at once, and kept so against what was sent before.

use crate::cluster::Cluster;
use crate::order::{act, context};
use crate::prng::Prng;
use crate::say::*;
use beckon_core::event::Event;
use beckon_core::id::ShardId;
use beckon_core::limits::ANONYMOUS_IDS_MAX;

fn both(secs: u32, user: &'static str, id: &'static str) -> Event<'static> {
    event(secs, Some(user), Some(id), identify(&[]))
}

fn by(secs: u32, user: &'static str) -> Event<'static> {
    event(secs, Some(user), None, nothing())
}

fn visitor(secs: u32, id: &'static str) -> Event<'static> {
    event(secs, None, Some(id), nothing())
}

fn settled(events: &[Event<'static>]) -> Cluster {
    let mut cluster = Cluster::new();
    events.iter().for_each(|it| cluster.collect_settled(it));
    cluster
}

#[test]
fn an_erased_user_and_his_visitors_are_unknown_and_their_names_free() {
    let mut cluster = settled(&[visitor(T0, "v1"), both(T0 + 1, "ann", "v1"), both(T0 + 2, "ann", "v2")]);
    cluster.erase("ann");
    assert_eq!(cluster.find("ann"), None, "at once");
    cluster.settle(&mut Prng(1));
    assert_eq!((cluster.find("v1"), cluster.find("v2")), (None, None));
    assert!(cluster.bindings().is_empty() && cluster.profiles().is_empty());
    cluster.collect_settled(&visitor(T0 + 9, "v1"));
    assert_eq!(cluster.find("ann"), None, "what the visitor does now is a stranger's doing");
    assert_eq!(cluster.find("v1").unwrap().hot.activity.events, 1);
}

#[test]
fn a_visitor_is_erased_with_the_user_he_became() {
    let mut cluster = settled(&[visitor(T0, "v1"), both(T0 + 1, "ann", "v1"), visitor(T0, "v9")]);
    cluster.erase("v1");
    cluster.erase("v9");
    cluster.settle(&mut Prng(1));
    assert!(cluster.profiles().is_empty() && cluster.bindings().is_empty());
    assert_eq!(cluster.shards.iter().map(|it| it.counts().erased).sum::<u64>(), 2);
}

#[test]
fn a_former_user_is_erased_with_the_one_he_became_whichever_is_named() {
    for named in ["ann", "bo"] {
        let alias = event(T0 + 1, Some("ann"), None, alias("bo"));
        let mut cluster = settled(&[by(T0, "bo"), alias, by(T0 + 2, "ann")]);
        cluster.erase(named);
        cluster.settle(&mut Prng(1));
        assert!(cluster.profiles().is_empty() && cluster.bindings().is_empty(), "{named}");
        cluster.collect_settled(&by(T0 + 9, "bo"));
        assert_eq!(cluster.find("ann"), None, "{named}");
    }
}

#[test]
fn a_user_and_a_visitor_of_one_spelling_are_both_erased() {
    let mut cluster = settled(&[by(T0, "ann"), visitor(T0, "ann")]);
    cluster.erase("ann");
    assert!(cluster.find("ann").is_none() && cluster.profiles().is_empty());
}

#[test]
fn a_name_that_was_rebound_to_another_stays_his() {
    let mut cluster = settled(&[both(T0, "ann", "v1"), both(T0 + 1, "bo", "v1")]);
    cluster.erase("ann");
    cluster.settle(&mut Prng(1));
    assert_eq!(cluster.bindings(), [(false, "v1".into(), "bo".into())]);
    cluster.erase("bo");
    cluster.settle(&mut Prng(1));
    assert!(cluster.bindings().is_empty(), "who came to the name later gives it back as well");
}

#[test]
fn what_was_under_way_when_a_user_was_erased_does_not_bring_him_back() {
    let mut cluster = Cluster::new();
    cluster.collect(&visitor(T0, "v1"));
    cluster.collect(&both(T0 + 1, "ann", "v1"));
    cluster.collect(&visitor(T0 + 2, "v1"));
    assert!(!cluster.is_settled() && cluster.find("ann").is_none(), "she is not even known yet");
    cluster.erase("ann");
    cluster.settle(&mut Prng(1));
    assert!(cluster.profiles().is_empty() && cluster.bindings().is_empty());
}

#[test]
fn what_is_handed_on_along_a_chain_is_as_old_as_it_was() {
    // Dora became Ann. Dora's visitor acts; before Dora's shard hands that on, Ann is erased.
    let mut cluster = settled(&[both(T0, "dora", "v1"), event(T0 + 1, Some("ann"), None, alias("dora"))]);
    cluster.collect(&visitor(T0 + 2, "v1"));
    // The one message under way reaches Dora's shard, which hands it on to Ann's.
    cluster.deliver(&mut Prng(1));
    assert!(!cluster.is_settled());
    cluster.erase("ann");
    cluster.settle(&mut Prng(1));
    assert!(cluster.profiles().is_empty());
    // And the other way round: she is erased while the message is still under way to Dora's shard.
    for seed in 0..20 {
        let mut cluster = settled(&[both(T0, "dora", "v1"), event(T0 + 1, Some("ann"), None, alias("dora"))]);
        cluster.collect(&visitor(T0 + 2, "v1"));
        cluster.erase("ann");
        cluster.settle(&mut Prng(seed));
        assert!(cluster.profiles().is_empty(), "seed {seed}");
    }
}

#[test]
fn what_a_user_does_after_he_was_erased_is_a_new_life() {
    let mut cluster = settled(&[by(T0, "ann"), both(T0 + 1, "ann", "v1")]);
    cluster.erase("ann");
    cluster.settle(&mut Prng(1));
    cluster.collect_settled(&both(T0 + 2, "ann", "v1"));
    cluster.collect_settled(&by(T0 + 3, "ann"));
    assert_eq!(cluster.find("v1").unwrap().hot.activity.events, 2);
}

#[test]
fn what_was_sent_after_an_erasure_counts_even_before_its_news_has_come() {
    // Erased by the name of a visitor, whose shard has to tell hers; meanwhile she signs in elsewhere.
    let mut lives = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let mut cluster = settled(&[both(T0, "ann", "v1"), by(T0 + 1, "ann")]);
        cluster.erase("v1");
        cluster.collect(&both(T0 + 2, "ann", "v2"));
        cluster.settle(&mut Prng(seed));
        lives.insert(cluster.events());
    }
    // Not defined: what reaches her shard before the news does goes with her former life.
    assert_eq!(lives, [0, 1].into());
}

#[test]
fn erased_at_any_point_of_any_traffic_a_user_stays_unknown() {
    for seed in 0..300 {
        let mut prng = Prng(seed);
        let mut cluster = Cluster::new();
        for i in 0..80 {
            let (user, id) = (prng.pick(&["ann", "bo", "cem"]), prng.pick(&["v1", "v2", "v3", "v4"]));
            let it = match prng.below(4) {
                0 => visitor(T0 + i, id),
                1 => both(T0 + i, user, id),
                2 => by(T0 + i, user),
                _ => Event {
                    context: context(&mut prng),
                    ..event(T0 + i, Some(user), Some(id), act(&mut prng))
                },
            };
            cluster.collect(&it);
            (0..prng.below(4)).for_each(|_| cluster.deliver(&mut prng));
        }
        cluster.erase("ann");
        assert_eq!(cluster.find("ann"), None, "seed {seed}: at once");
        cluster.settle(&mut prng);
        assert_eq!(cluster.find("ann"), None, "seed {seed}: and after all that was under way");
        let to_her: Vec<_> = cluster.bindings().into_iter().filter(|it| it.2 == "ann").collect();
        assert_eq!(to_her, [], "seed {seed}");
    }
}

#[test]
fn the_memory_of_an_erasure_survives_a_snapshot() {
    let mut cluster = Cluster::new();
    cluster.collect(&both(T0, "ann", "v1"));
    cluster.erase("ann");
    let shard = usize::from(ShardId::of("ann").0);
    cluster.shards[shard] = crate::snapshots::restored(&cluster.shards[shard]);
    cluster.settle(&mut Prng(1));
    assert!(cluster.profiles().is_empty());
}

#[test]
fn not_covered_names_beyond_the_bound_stay_bound_and_lead_nowhere() {
    let mut cluster = Cluster::new();
    for i in 0..ANONYMOUS_IDS_MAX + 5 {
        let id: &'static str = Box::leak(format!("w{i:02}").into_boxed_str());
        cluster.collect_settled(&both(T0 + i as u32, "ann", id));
    }
    cluster.erase("ann");
    cluster.settle(&mut Prng(1));
    assert_eq!(cluster.bindings().len(), 5);
    assert!(cluster.bindings().iter().all(|it| cluster.find(&it.1).is_none()));
}
