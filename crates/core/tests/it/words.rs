//! Words that cannot be put together give way to others; a push is refused only when there are none.

use crate::calls::{Evening, policy};
use crate::say::text;
use beckon_core::event::Channel;
use beckon_core::id::{ShardId, Term};
use beckon_core::push::{Answer, End, Life};
use beckon_core::shard::Input;
use beckon_core::show::Template;
use beckon_core::stage::Staged;
use std::collections::BTreeSet;

/// An evening with so many templates beside the first, and a push that was attempted.
fn evening(more: &[&'static str]) -> Evening {
    let mut evening = Evening::new(ShardId::of("ann"), policy(9, 9));
    let lamps = evening.stage.template(text("lamps").term).unwrap().clone();
    for id in more {
        evening.change(Staged::PutTemplate(Template { id: text(id).into(), ..(*lamps).clone() }));
    }
    evening.agrees(Some("ann"), None);
    evening.until_decided(1);
    assert!(evening.attempt(1));
    evening
}

fn cannot_be_said(evening: &mut Evening) {
    evening.handle(Input::Answered { push: 1, answer: Answer::NotComposed });
}

#[test]
fn a_push_whose_words_cannot_be_put_together_goes_in_others_and_counts_with_them() {
    let mut evening = evening(&["dune"]);
    let first = evening.push(1).template;
    cannot_be_said(&mut evening);
    let (life, second) = (evening.push(1).life, evening.push(1).template);
    assert_eq!(life, Life::Decided);
    assert_ne!(first, second);
    assert_eq!(evening.push(1).propensity, 1.0, "there is no other left");
    assert!(evening.attempt(1));
    evening.handle(Input::Answered { push: 1, answer: Answer::Accepted });
    let report = evening.shard.report(evening.show()).unwrap();
    let of = |template: Term| {
        let cuts = report.funnels.iter().filter(|it| it.0.3 == template && it.0.2 == Channel::Webhook);
        cuts.map(|it| it.1.accepted).sum::<u64>()
    };
    assert_eq!((of(first), of(second)), (0, 1));
    assert_eq!((report.total().decided, report.total().dispatched), (1, 1));
}

#[test]
fn a_push_is_refused_when_no_words_are_left() {
    let mut evening = evening(&["dune"]);
    cannot_be_said(&mut evening);
    assert!(evening.attempt(1));
    cannot_be_said(&mut evening);
    assert_eq!(evening.push(1).life, Life::Ended(End::Refused));
}

#[test]
fn a_push_does_not_try_words_without_end() {
    let mut evening = evening(&["dune", "crane", "acme", "tea", "lids"]);
    let mut tried = BTreeSet::from([evening.push(1).template]);
    for _ in 0..3 {
        cannot_be_said(&mut evening);
        assert!(evening.attempt(1));
        assert!(tried.insert(evening.push(1).template), "none twice");
    }
    cannot_be_said(&mut evening);
    assert_eq!(evening.push(1).life, Life::Ended(End::Refused));
}
