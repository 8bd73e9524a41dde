//! No body makes the reader panic, and whatever it accepts survives the journal.

use crate::edge::{TestEdge, receipt};
use crate::mutate::fuzz;
use beckon_core::event::Event;
use beckon_wire::collect::{Receipt, SourceKind, collect};

#[test]
fn arbitrary_and_mutated_bodies_never_panic() {
    let edge = TestEdge::default();
    let receipt = Receipt { kind: SourceKind::Web, ..receipt() };
    fuzz(50_000, 7, &mut |body, route| {
        let done = collect(body, route, &receipt, &edge, &mut |_, event| check(&event));
        if let Ok(done) = done {
            assert!(done.rejected.len() <= done.rejected_count as usize);
        }
        edge.seen.borrow_mut().clear();
    });
}

fn check(event: &Event<'_>) {
    let mut bytes = Vec::new();
    event.encode(&mut bytes);
    assert_eq!(Event::decode(&bytes).as_ref(), Ok(event));
}
