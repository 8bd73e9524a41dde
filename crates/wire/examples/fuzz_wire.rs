//! The test's fuzzing for as long as one likes: `fuzz_wire [cases] [seed]`. A panic names its case.

#[path = "../tests/it/mutate.rs"]
mod mutate;

use beckon_core::director::catalogue::{Host, Product, Room};
use beckon_core::event::Event;
use beckon_core::id::{SourceId, Term};
use beckon_core::names::Kind;
use beckon_core::time::Timestamp;
use beckon_wire::collect::{Edge, Offsets, Receipt, SourceKind, collect};
use std::sync::Arc;

/// Knows nothing; names get terms by their length.
struct Blank;

impl Edge for Blank {
    fn term(&self, kind: Kind, text: &str) -> Term {
        Term(kind as u32 * 1000 + text.len() as u32)
    }
    fn product(&self, id: Term) -> Option<Arc<Product>> {
        id.0.is_multiple_of(2).then(Arc::default)
    }
    fn room(&self, _: Term) -> Option<Arc<Room>> {
        Some(Arc::default())
    }
    fn host(&self, _: Term) -> Option<Arc<Host>> {
        Some(Arc::default())
    }
    fn zone(&self, name: &str, _: Timestamp) -> Option<Offsets> {
        (name.len() > 3).then_some(Offsets { offset_min: 480, until: u32::MAX, next_offset_min: 480 })
    }
    fn saw_product(&self, _: Product) {}
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|it| it.parse().unwrap_or(0));
    let (cases, seed) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(1));
    let receipt = Receipt {
        source: SourceId(1),
        kind: SourceKind::Web,
        verify_identity: true,
        now: Timestamp(1_772_366_400_000),
        fresh: 1,
        shopper_token: None,
        verified_user: &|token| Some(token.to_owned()),
    };
    let (mut accepted, mut rejected, mut refused, mut bytes) = (0u64, 0u64, 0u64, Vec::new());
    mutate::fuzz(cases, seed, &mut |body, route| {
        let done = collect(body, route, &receipt, &Blank, &mut |_, event| {
            bytes.clear();
            event.encode(&mut bytes);
            assert_eq!(Event::decode(&bytes).as_ref(), Ok(&event));
        });
        match done {
            Ok(done) => {
                accepted += u64::from(done.accepted);
                rejected += u64::from(done.rejected_count);
            }
            Err(_) => refused += 1,
        }
    });
    println!("{cases} bodies: {accepted} events taken, {rejected} left out, {refused} bodies refused");
}
