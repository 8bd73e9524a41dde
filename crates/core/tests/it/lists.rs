//! The bounded lists, each against the plain rule it stands for; and the rhythm's own bounds.

use crate::prng::Prng;
use crate::say::{DAY, HOUR, T0};
use beckon_core::decay::{INTEREST_HALF_LIFE_S, Level};
use beckon_core::id::Term;
use beckon_core::profile::lists::{Days, Ranked, Recent, Toggles};
use beckon_core::profile::rhythm::Rhythm;
use std::collections::BTreeMap;

#[test]
fn the_things_touched_last_are_the_latest_of_all_in_any_order_and_over_the_bound() {
    for seed in 0..500 {
        let mut prng = Prng(seed);
        let touches: Vec<(u32, u32)> =
            (0..40).map(|_| (1 + prng.below(12) as u32, T0 + prng.below(60) as u32)).collect();
        let mut latest = BTreeMap::new();
        let (mut one, mut other, mut both) =
            (Recent::<4>::default(), Recent::<4>::default(), Recent::<4>::default());
        for (i, (term, at)) in touches.iter().enumerate() {
            let kept = latest.entry(*term).or_insert(0);
            *kept = (*at).max(*kept);
            let list = if i % 2 == 0 { &mut one } else { &mut other };
            list.touch(Term(*term), *at);
            both.touch(Term(*term), *at);
        }
        let mut expected: Vec<(u32, u32)> = latest.into_iter().map(|(term, at)| (at, term)).collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        expected.truncate(4);
        let expected: Vec<_> = expected.into_iter().map(|(at, term)| (Term(term), at)).collect();
        assert_eq!(both.iter().collect::<Vec<_>>(), expected, "seed {seed}");
        one.merge(&other);
        assert_eq!(one, both, "seed {seed}: two halves merged are the whole");
        assert!(expected.iter().all(|(term, at)| both.when(*term) == Some(*at)));
    }
}

#[test]
fn a_switch_is_as_its_latest_setting_says_in_any_order_and_over_the_bound() {
    for seed in 0..500 {
        let mut prng = Prng(seed);
        let mut sets: Vec<(u32, u32, bool)> =
            (0..30).map(|i| (1 + prng.below(6) as u32, T0 + i / 2, prng.once_in(2))).collect();
        let fold = |sets: &[(u32, u32, bool)]| {
            let mut list = Toggles::<3>::default();
            sets.iter().for_each(|it| list.set(Term(it.0), it.1, it.2));
            list
        };
        let forward = fold(&sets);
        prng.shuffle(&mut sets);
        assert_eq!(fold(&sets), forward, "seed {seed}");
        let (left, right) = sets.split_at(11);
        let mut merged = fold(left);
        merged.merge(&fold(right));
        assert_eq!(merged, forward, "seed {seed}");
    }
}

#[test]
fn the_days_of_the_names_that_fit_are_exact_in_any_order() {
    for seed in 0..500 {
        let mut prng = Prng(seed);
        let mut touches: Vec<(Term, u32)> =
            (0..60).map(|_| (Term(1 + prng.below(5) as u32), 19_000 + prng.below(12) as u32)).collect();
        let fold = |touches: &[(Term, u32)]| {
            let mut days = Days::<5>::default();
            touches.iter().for_each(|it| days.add(it.0, it.1, 1));
            days
        };
        let forward = fold(&touches);
        for term in (1..=5).map(Term) {
            let Some(last) = touches.iter().filter(|it| it.0 == term).map(|it| it.1).max() else { continue };
            let week = forward.get(term).unwrap();
            let in_week = touches.iter().filter(|it| it.0 == term && it.1 + 7 > last);
            assert_eq!((week.day, week.in_week_of(last)), (last, in_week.count() as u32), "seed {seed}");
            assert_eq!(week.in_week_of(last + 7), 0);
        }
        prng.shuffle(&mut touches);
        assert_eq!(fold(&touches), forward, "seed {seed}");
        let (left, right) = touches.split_at(23);
        let mut merged = fold(left);
        merged.merge(&fold(right));
        assert_eq!(merged, forward, "seed {seed}");
    }
}

#[test]
fn a_day_counts_to_fifteen() {
    let mut days = Days::<5>::default();
    (0..40).for_each(|_| days.add(Term(1), 19_000, 1));
    assert_eq!(days.get(Term(1)).map(|it| it.in_week_of(19_000)), Some(15));
}

fn look(at: u32) -> Level {
    Level::of(1.0, at, INTEREST_HALF_LIFE_S)
}

#[test]
fn the_names_cared_for_most_come_first_and_the_least_gives_way() {
    let mut list = Ranked::<2>::default();
    let names = |list: &Ranked<2>| list.iter().map(|it| it.0.0).collect::<Vec<_>>();
    list.add(Term(1), look(T0));
    list.add(Term(2), look(T0 + DAY));
    assert_eq!(names(&list), [2, 1]);
    list.add(Term(1), look(T0));
    assert_eq!(names(&list), [1, 2], "two looks outweigh one that is a day younger");
    list.add(Term(3), look(T0));
    assert_eq!(names(&list), [1, 2], "too little to come in");
    list.add(Term(3), look(T0 + 30 * DAY));
    assert_eq!(names(&list), [3, 1]);
}

#[test]
fn not_defined_a_name_that_fell_off_a_ranked_list_comes_back_without_its_past() {
    let mut in_order = Ranked::<1>::default();
    let mut late = Ranked::<1>::default();
    let touches = [(1, T0), (2, T0 + DAY), (1, T0 + 2 * DAY)];
    touches.iter().for_each(|it| in_order.add(Term(it.0), look(it.1)));
    touches.iter().rev().for_each(|it| late.add(Term(it.0), look(it.1)));
    let weight =
        |list: &Ranked<1>| list.iter().next().map(|it| it.1.value(T0 + 2 * DAY, INTEREST_HALF_LIFE_S));
    assert!(weight(&in_order).unwrap() < 1.01, "its first look was forgotten");
    assert!(weight(&late).unwrap() > 1.8, "it never fell off");
}

#[test]
fn not_defined_an_hour_older_than_the_last_64_is_left_out_when_it_comes_late() {
    let total = |hours: &[u32]| {
        let mut rhythm = Rhythm::default();
        hours.iter().for_each(|hour| rhythm.active(T0 + hour * HOUR, 0));
        rhythm.total()
    };
    assert_eq!((total(&[0, 63]), total(&[63, 0])), (2.0, 2.0));
    assert_eq!((total(&[0, 64]), total(&[64, 0])), (2.0, 1.0));
}

#[test]
fn an_hour_is_one_on_the_shoppers_own_clock_even_at_a_half_hours_offset() {
    // 04:45 and 05:15 UTC are 10:15 and 10:45 in India; 05:45 is 11:15.
    let mut rhythm = Rhythm::default();
    let minutes = [4 * 60 + 45, 5 * 60 + 15, 5 * 60 + 45];
    minutes.iter().for_each(|it| rhythm.active(T0 + it * 60, 330));
    assert_eq!((rhythm.hours(10), rhythm.hours(11), rhythm.total()), (1.0, 1.0, 2.0));
    let mut late = Rhythm::default();
    minutes.iter().rev().for_each(|it| late.active(T0 + it * 60, 330));
    assert_eq!(late, rhythm);
}

#[test]
fn an_hour_in_which_two_joined_ids_were_active_counts_once() {
    let active = |hours: &[u32]| {
        let mut rhythm = Rhythm::default();
        hours.iter().for_each(|hour| rhythm.active(T0 + hour * HOUR, 480));
        rhythm
    };
    for (mine, theirs) in [([1, 2, 60], [2, 30, 60]), ([2, 30, 60], [1, 2, 60]), ([1, 2, 3], [1, 2, 3])] {
        let mut joined = active(&mine);
        joined.merge(&active(&theirs));
        let mut all: Vec<u32> = mine.into_iter().chain(theirs).collect();
        all.sort_unstable();
        assert_eq!(joined, active(&all));
    }
    let mut none = Rhythm::default();
    none.merge(&active(&[1, 2]));
    none.merge(&Rhythm::default());
    assert_eq!(none, active(&[1, 2]));
}
