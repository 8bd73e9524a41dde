//! What reading an event costs: a single call and a batch of 100, beside the least that any reader of
//! the same bytes with the same parser could cost (passing over them).
//!
//! The edge is a real dictionary behind one lock per part, as in the program.

use beckon_core::director::catalogue::{Host, Name, Product, Room};
use beckon_core::event::Event;
use beckon_core::id::{SourceId, Term};
use beckon_core::names::{Kind, Names, PARTS, part_of};
use beckon_core::time::Timestamp;
use beckon_wire::collect::{Edge, Offsets, Receipt, Route, SourceKind, collect};
use serde::de::IgnoredAny;
use std::hint::black_box;
use std::sync::{Arc, RwLock};
use std::time::Instant;

struct Bench {
    names: Vec<RwLock<Names>>,
    product: Arc<Product>,
}

impl Edge for Bench {
    fn term(&self, kind: Kind, text: &str) -> Term {
        let part = &self.names[part_of(kind, text)];
        let known = part.read().ok().and_then(|it| it.get(kind, text));
        known.unwrap_or_else(|| part.write().map_or(Term::NONE, |mut it| it.intern(kind, text)))
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

fn track(number: usize) -> String {
    format!(
        r#"{{"userId":"shopper-{user}","type":"track","event":"Product Viewed","properties":{{"product_id":"P-{product}","category":"beauty","brand":"Orchid","price":129.9,"quantity":1}},"context":{{"timezone":"Asia/Shanghai","locale":"zh-CN","library":{{"name":"http","version":"1.0"}}}},"messageId":"b3f6-{number:08}","timestamp":"2026-03-01T12:00:{second:02}.123Z"}}"#,
        user = number * 7919 % 100_000,
        product = number * 104_729 % 5_000,
        second = number % 60,
    )
}

fn page(number: usize) -> String {
    format!(
        r#"{{"anonymousId":"visitor-{number}","type":"page","name":"Home","properties":{{"path":"/live/{number}","referrer":"https://shop.example/","title":"直播","url":"https://shop.example/live/{number}"}},"context":{{"locale":"zh-CN","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36"}},"messageId":"m-{number:08}","timestamp":"2026-03-01T12:00:00.123Z"}}"#
    )
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn time(label: &str, bodies: &[String], events: usize, mut each: impl FnMut(&[u8])) {
    let mut best = f64::MAX;
    for _ in 0..25 {
        let start = Instant::now();
        for body in bodies {
            each(body.as_bytes());
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    let bytes = bodies.iter().map(String::len).sum::<usize>();
    println!("{label:42} {:.3} µs an event, {} bytes each", best * 1e6 / events as f64, bytes / events);
}

fn main() {
    let name = |text: &str| Name { term: Term(7), text: text.into() };
    let edge = Bench {
        names: (0..PARTS).map(|_| RwLock::default()).collect(),
        product: Arc::new(Product {
            category: name("beauty"),
            tags: vec![name("new"), name("gift")],
            ..Product::default()
        }),
    };
    let receipt = Receipt {
        source: SourceId(1),
        kind: SourceKind::Web,
        verify_identity: true,
        now: Timestamp(1_772_366_460_000),
        fresh: 1 << 64,
        shopper_token: None,
        verified_user: &|_| None,
    };
    const EVENTS: usize = 20_000;
    let mut encoded = Vec::new();
    let mut run = |label: &str, bodies: &[String], route: Route| {
        time(label, bodies, EVENTS, |body| {
            encoded.clear();
            let done = collect(body, route, &receipt, &edge, &mut |_, event: Event<'_>| {
                black_box(&event);
            });
            black_box(done.is_ok_and(|it| it.rejected_count == 0));
        });
        time("  … and encoded", bodies, EVENTS, |body| {
            encoded.clear();
            let _ =
                black_box(collect(body, route, &receipt, &edge, &mut |_, event| event.encode(&mut encoded)));
        });
        time("  passing over the bytes", bodies, EVENTS, |body| {
            let _ = black_box(serde_json::from_slice::<IgnoredAny>(body));
        });
    };
    let batches = |one: fn(usize) -> String| -> Vec<String> {
        (0..EVENTS / 100)
            .map(|batch| {
                let items: Vec<_> = (0..100).map(|item| one(batch * 100 + item)).collect();
                format!(r#"{{"batch":[{}],"sentAt":"2026-03-01T12:01:00.000Z"}}"#, items.join(","))
            })
            .collect()
    };
    run("track, single", &(0..EVENTS).map(track).collect::<Vec<_>>(), Route::Unnamed);
    run("track, batch of 100", &batches(track), Route::Batch);
    run("page, batch of 100", &batches(page), Route::Batch);
}
