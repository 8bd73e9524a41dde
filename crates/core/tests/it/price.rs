//! The price of a show is there when the show is: nobody waits a minute for it.

use crate::calls::{Evening, T, policy};
use crate::say::text;
use beckon_core::director::word::Word;
use beckon_core::id::{MachineId, ShardId};
use beckon_core::shard::{Effect, Input};
use beckon_core::show::{Cue, CueKind, Show};
use beckon_core::stage::Staged;
use beckon_core::time::Timestamp;

const MINUTE: i64 = 60_000;

impl Evening {
    /// Plans a second show from `starts` on, with so many pushes.
    fn plans(&mut self, starts: i64, push_budget: u64) {
        let show = (*self.stage.show(self.show()).unwrap().show).clone();
        let (id, starts) = (text("dune").into(), Timestamp(starts));
        self.change(Staged::PutShow(Box::new(Show { id, starts, push_budget, ..show })));
    }

    fn starts(&mut self) {
        self.change(Staged::Cue(Cue { show: text("dune").term, kind: CueKind::Start }));
    }

    /// Lets a second pass; whether the director was told how values are spread.
    fn tells_spread(&mut self) -> bool {
        self.effects.clear();
        self.now += 1_000;
        self.handle(Input::Tick);
        self.effects.iter().any(|it| match it {
            Effect::Tell { to: MachineId::DIRECTOR, message, .. } => {
                matches!(Word::decode(message), Ok(Word::Spread { show, .. }) if show == text("dune").term)
            }
            _ => false,
        })
    }
}

#[test]
fn a_show_that_begins_late_or_is_put_when_its_time_has_come_is_priced_at_once() {
    for late in [0, 7 * MINUTE, 25 * MINUTE + 123] {
        let mut evening = Evening::new(ShardId::of("ann"), policy(9, 9));
        evening.now = T + late;
        evening.plans(T, 100);
        assert!(!evening.tells_spread(), "the host is not there yet");
        evening.now += 17_000;
        evening.starts();
        assert!(evening.tells_spread(), "{late}");
        assert!(!evening.tells_spread(), "once");
    }
}

#[test]
fn a_show_that_may_send_what_it_likes_costs_nothing_from_the_first() {
    let mut evening = Evening::new(ShardId::of("ann"), policy(9, 9));
    evening.plans(T, 0);
    assert_eq!(evening.stage.price(text("dune").term), Some(0.0));
    evening.plans(T, 100);
    assert_eq!(
        evening.stage.price(text("dune").term),
        None,
        "its pushes are counted: the price is to be set"
    );
}
