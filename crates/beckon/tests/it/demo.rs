//! The demo and the rehearsal, small: what the server says it sent is what came in, what came in was allowed, and
//! both end.

use beckon::demo::rehearse::{self, Rehearsal};
use beckon::demo::{Demo, Funnel, Results, Told};
use std::collections::BTreeSet;

const SHOPPERS: usize = 300;

fn args() -> beckon::demo::Args {
    let listen = ([127, 0, 0, 1], 0).into();
    beckon::demo::Args { shoppers: SHOPPERS, seed: 11, listen, data: None, once: true, plain: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_market_is_called_in_as_reported_and_its_show_can_be_rehearsed() {
    let (mut examples, mut steps) = (0, 0);
    let args = args();
    let mut tell = |told: Told<'_>| match told {
        Told::Example(_) => examples += 1,
        Told::Now(_) => steps += 1,
        _ => {}
    };
    let demo = Demo::play(&args, &mut tell).await.expect("the demo comes to its end");
    assert!(examples > 0 && steps > 100, "it tells what is decided: {examples} examples in {steps} steps");
    what_came_in_is_what_was_reported(&demo.results);
    nothing_came_that_must_not(&demo.results);
    no_ghost_was_pushed(&demo).await;
    a_rehearsal_tells_of_the_show(&demo).await;
    demo.stop().await;
}

fn what_came_in_is_what_was_reported(it: &Results) {
    let mut all = Funnel::default();
    it.reports.iter().for_each(|it| all.merge(&it.funnel));
    assert!(it.log.accepted > 0, "somebody was called in");
    assert_eq!(all.accepted, it.log.accepted, "{:?}", it.reports);
    assert_eq!(it.ours.pushes, it.log.accepted);
    let ids: BTreeSet<&str> = it.log.received.iter().map(|it| it.message.id.as_str()).collect();
    assert_eq!(ids.len(), it.log.received.len(), "no message came twice");
    assert_eq!(it.log.unsigned, 0);
    let [decided, sent, accepted, delivered, tapped, entered, _] = all.steps();
    assert!(decided >= sent && sent >= accepted && accepted >= delivered && delivered >= tapped, "{all:?}");
    assert!(entered <= decided);
    for report in &it.reports {
        let mut by_trigger = Funnel::default();
        report.by_trigger.values().for_each(|it| by_trigger.merge(it));
        assert_eq!(by_trigger, report.funnel, "the parts are the whole");
    }
    // The others push no more than Beckon did; whether they add less is told, not promised.
    assert!(it.random.pushes <= it.ours.pushes && it.fixed_hour.pushes <= it.ours.pushes);
}

fn nothing_came_that_must_not(it: &Results) {
    for push in &it.log.received {
        assert!(!push.was_inside, "{} was in the room", push.message.user_id);
        assert!(!push.was_unasked, "{} never agreed", push.message.user_id);
        assert!(!push.message.title.is_empty() && push.message.link.contains("/t/"));
    }
}

async fn no_ghost_was_pushed(demo: &Demo) {
    for push in &demo.results.log.received {
        let message = demo.api.get(&format!("/api/v1/messages/{}", push.message.id)).await.unwrap();
        assert_eq!(message["is_ghost"], false);
        assert_eq!(message["shopper_id"], push.message.user_id.as_str());
        assert_eq!(message["life"]["is_over"], true);
    }
}

async fn a_rehearsal_tells_of_the_show(demo: &Demo) {
    let args =
        rehearse::Args { show: "show-food".into(), to: demo.url.clone(), key: demo.key.clone(), seed: 5 };
    let rehearsal = Rehearsal::play(&args, &mut |_| {}).await.expect("the rehearsal comes to its end");
    assert_eq!(rehearsal.shoppers, (SHOPPERS as u64, SHOPPERS as u64));
    assert_eq!(rehearsal.arrivals.len(), 121, "two hours, minute by minute");
    assert_eq!(rehearsal.arrivals.iter().sum::<u64>(), rehearsal.tally.entries);
    assert_eq!(rehearsal.report.show_id, "show-food");
    let text = rehearsal.lines().join("\n");
    for word in ["warm_up", "climax", "closing", "sold out", "pushes"] {
        assert!(text.contains(word), "{text}");
    }
}
