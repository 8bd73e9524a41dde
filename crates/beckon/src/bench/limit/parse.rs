//! The parser: the same bodies, read on one core and dropped.

use crate::bench::dice::Dice;
use crate::bench::limits::LIMIT_TIME;
use crate::bench::load::Plan;
use crate::bench::request::Request;
use crate::clock::{Clock, Stopwatch};
use beckon_core::director::catalogue::{Host, Name, Product, Room};
use beckon_core::id::{SourceId, Term};
use beckon_core::names::Kind;
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use beckon_wire::collect::{Edge, Offsets, Receipt, Route, SourceKind, collect};
use std::hint::black_box;
use std::sync::Arc;

/// The bodies of a load of batches.
pub fn bodies(plan: &Plan) -> Vec<Request> {
    let mut dice = Dice::new(0);
    (0..plan.connections).flat_map(|connection| plan.requests(connection, &mut dice)).collect()
}

/// Events a second that serde_json passes over.
pub fn json(bodies: &[Request]) -> f64 {
    events_a_second(bodies, |body| {
        let _ = black_box(serde_json::from_slice::<serde::de::IgnoredAny>(body));
    })
}

/// Events a second that the wire reads and hands over, with names looked up in a dictionary.
pub fn collected(bodies: &[Request]) -> f64 {
    let edge = Shop {
        names: Dictionary::default(),
        product: Arc::new(Product {
            category: Name { term: Term(7), text: "beauty".into() },
            ..Product::default()
        }),
    };
    let receipt = Receipt {
        source: SourceId(1),
        kind: SourceKind::Web,
        verify_identity: false,
        now: Clock::System.now(),
        fresh: 1 << 64,
        shopper_token: None,
        verified_user: &|_| None,
    };
    events_a_second(bodies, |body| {
        let read = collect(body, Route::Batch, &receipt, &edge, &mut |_, event| {
            black_box(&event);
        });
        let _ = black_box(read);
    })
}

fn events_a_second(bodies: &[Request], mut read: impl FnMut(&[u8])) -> f64 {
    let (mut events, watch) = (0, Stopwatch::start());
    while watch.elapsed() < LIMIT_TIME / 2 {
        for body in bodies {
            read(body.body());
            events += body.events();
        }
    }
    events as f64 / watch.elapsed_secs()
}

/// A shop whose catalogue knows every product, and no other thing.
struct Shop {
    names: Dictionary,
    product: Arc<Product>,
}

impl Edge for Shop {
    fn term(&self, kind: Kind, text: &str) -> Term {
        self.names.intern(kind, text)
    }

    fn product(&self, _: Term) -> Option<Arc<Product>> {
        Some(self.product.clone())
    }

    fn room(&self, _: Term) -> Option<Arc<Room>> {
        None
    }

    fn host(&self, _: Term) -> Option<Arc<Host>> {
        None
    }

    fn zone(&self, _: &str, _: Timestamp) -> Option<Offsets> {
        Some(Offsets { offset_min: 480, until: u32::MAX, next_offset_min: 480 })
    }

    fn saw_product(&self, _: Product) {}
}
