//! How many could be called in: counted when the window opens, and as shoppers are looked at later.

use crate::calls::{Evening, policy};
use beckon_core::id::ShardId;
use beckon_core::show::Policy;
use beckon_core::stage::Staged;

#[test]
fn who_agreed_after_the_window_opened_is_eligible_and_nobody_is_called_who_is_not() {
    let mut evening = Evening::new(ShardId::of("ann"), policy(9, 9));
    let eligible = |it: &Evening| it.shard.report(it.show()).map_or(0, |it| it.eligible());
    evening.tick();
    assert_eq!(eligible(&evening), 0, "nobody is there yet");
    evening.agrees(Some("ann"), None);
    for _ in 0..10 {
        evening.tick();
    }
    assert_eq!(eligible(&evening), 1, "everyone was looked at once");
    evening.until_decided(2);
    let report = evening.shard.report(evening.show()).unwrap();
    assert_eq!((report.total().decided, report.eligible()), (2, 2), "never fewer than were called");
    // Whoever was called stays one who could be, though his cap is reached now.
    evening.change(Staged::PutPolicy(Policy { show_cap: 1, ..policy(9, 9) }));
    for _ in 0..10 {
        evening.tick();
    }
    assert_eq!(evening.shard.report(evening.show()).map(|it| it.eligible), Some(1));
}
