//! The server's own reader understands all that the market says, and its shapes take what the setup puts.

use crate::evening::{play, start};
use beckon_core::director::catalogue::{Host, Product, Room};
use beckon_core::event::Act;
use beckon_core::id::{SourceId, Term};
use beckon_core::names::{Kind, Names};
use beckon_core::time::Timestamp;
use beckon_market::instant::MINUTE;
use beckon_market::{Event, Market};
use beckon_wire::collect::{Edge, Offsets, Receipt, Route, SourceKind, collect};
use beckon_wire::shape::{HostInput, ProductInput, RoomInput};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An edge that knows nothing but names and the market's zone.
#[derive(Default)]
struct Bare(RefCell<Names>);

impl Edge for Bare {
    fn term(&self, kind: Kind, text: &str) -> Term {
        self.0.borrow_mut().intern(kind, text)
    }
    fn product(&self, _: Term) -> Option<Arc<Product>> {
        None
    }
    fn room(&self, _: Term) -> Option<Arc<Room>> {
        None
    }
    fn host(&self, _: Term) -> Option<Arc<Host>> {
        None
    }
    fn zone(&self, name: &str, _: Timestamp) -> Option<Offsets> {
        assert_eq!(name, "Asia/Shanghai");
        Some(Offsets { offset_min: 480, until: u32::MAX, next_offset_min: 480 })
    }
    fn saw_product(&self, _: Product) {}
}

#[test]
fn every_event_means_something_to_the_server() {
    let mut market = Market::new(41, 400, start());
    let mut events: Vec<Event> = market.history().collect();
    let plan = (0..400).map(|it| (start() + (90 + it as u64 % 120) * MINUTE, it, it % 3)).collect();
    events.extend(play(&mut market, plan));
    let edge = Bare::default();
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    for batch in events.chunks(500) {
        let body = serde_json::json!({"batch": batch}).to_string();
        let receipt = Receipt {
            source: SourceId(1),
            kind: SourceKind::Server,
            verify_identity: true,
            now: Timestamp(batch[batch.len() - 1].at_ms as i64),
            fresh: 1 << 70,
            shopper_token: None,
            verified_user: &|_| None,
        };
        let done = collect(body.as_bytes(), Route::Batch, &receipt, &edge, &mut |item, event| {
            assert!(!matches!(event.act, Act::Other { .. }), "{} means nothing", batch[item].to_json());
            assert_eq!(event.at.0, batch[item].at_ms as i64);
            *names.entry(event.name.text.to_owned()).or_default() += 1;
        });
        let done = done.unwrap();
        assert_eq!((done.accepted as usize, done.clamped, done.traits_left_out), (batch.len(), 0, 0));
    }
    for name in ["identify", "Live Room Entered", "Push Notification Tapped", "Device State Changed"] {
        assert!(names.contains_key(name), "{name} is not among {names:?}");
    }
}

#[test]
fn the_catalogue_takes_what_the_setup_puts() {
    let market = Market::new(42, 100, start());
    let names = RefCell::new(Names::default());
    let term = |kind: Kind, text: &str| names.borrow_mut().intern(kind, text);
    for (_, path, body) in market.setup() {
        let mut parts = path.split('/').skip(3);
        let (kind, id) = (parts.next().unwrap(), parts.next().unwrap());
        match kind {
            "products" => {
                let product: ProductInput = serde_json::from_value(body).unwrap();
                assert!(product.into_core(id, &term).unwrap().price_cents > 0);
            }
            "hosts" => {
                serde_json::from_value::<HostInput>(body).unwrap().into_core(id, &term).unwrap();
            }
            "rooms" => {
                serde_json::from_value::<RoomInput>(body).unwrap().into_core(id, &term).unwrap();
            }
            _ => {}
        }
    }
}
