//! An edge whose catalogue is small and known, and a way to print events.

use beckon_core::director::catalogue::{Host, Name, Product, Room};
use beckon_core::event::{Act, Event, ProductRef, Text};
use beckon_core::id::{SourceId, Term};
use beckon_core::names::{Kind, Names};
use beckon_core::time::Timestamp;
use beckon_wire::collect::{Collected, Edge, Offsets, Receipt, Refusal, Route, SourceKind, collect};
use std::cell::RefCell;
use std::fmt::Write;
use std::sync::Arc;

/// When every request of these tests is received: 2026-03-01T12:00:00Z.
pub const NOW: i64 = 1_772_366_400_000;

#[derive(Default)]
pub struct TestEdge {
    names: RefCell<Names>,
    pub seen: RefCell<Vec<Product>>,
}

impl TestEdge {
    fn name(&self, kind: Kind, text: &str) -> Name {
        Name { term: self.term(kind, text), text: text.into() }
    }

    fn is(&self, term: Term, text: &str) -> bool {
        self.names.borrow().text(term) == Some(text)
    }
}

impl Edge for TestEdge {
    fn term(&self, kind: Kind, text: &str) -> Term {
        self.names.borrow_mut().intern(kind, text)
    }
    fn product(&self, id: Term) -> Option<Arc<Product>> {
        self.is(id, "known").then(|| {
            Arc::new(Product {
                id: self.name(Kind::Product, "known"),
                category: self.name(Kind::Category, "beauty"),
                brand: self.name(Kind::Brand, "Orchid"),
                host: self.name(Kind::Host, "h1"),
                tags: vec![self.name(Kind::Tag, "new"), self.name(Kind::Tag, "gift")],
                price_cents: 9900,
                list_price_cents: 12900,
                ..Product::default()
            })
        })
    }
    fn room(&self, id: Term) -> Option<Arc<Room>> {
        self.is(id, "r1").then(|| Arc::new(Room { host: self.name(Kind::Host, "h1"), ..Room::default() }))
    }
    fn host(&self, id: Term) -> Option<Arc<Host>> {
        self.is(id, "h1").then(|| Arc::new(Host { style: self.name(Kind::Style, "calm"), ..Host::default() }))
    }
    fn zone(&self, name: &str, _: Timestamp) -> Option<Offsets> {
        let offset_min = match name {
            "Asia/Shanghai" => 480,
            "UTC" => 0,
            _ => return None,
        };
        Some(Offsets { offset_min, until: u32::MAX, next_offset_min: offset_min })
    }
    fn saw_product(&self, product: Product) {
        self.seen.borrow_mut().push(product);
    }
}

/// A server's request, received at [`NOW`].
pub fn receipt() -> Receipt<'static> {
    Receipt {
        source: SourceId(3),
        kind: SourceKind::Server,
        verify_identity: true,
        now: Timestamp(NOW),
        fresh: 1 << 70,
        shopper_token: None,
        // A token is the user's id after `for:`.
        verified_user: &|token| token.strip_prefix("for:").map(str::to_owned),
    }
}

/// What a request gives: its events as printed by [`print`], each also taken through the journal's bytes.
pub fn run(body: &str, route: Route, receipt: &Receipt<'_>) -> Result<(Vec<String>, Collected), Refusal> {
    let edge = TestEdge::default();
    let mut lines = Vec::new();
    let done = collect(body.as_bytes(), route, receipt, &edge, &mut |_, event| {
        let mut bytes = Vec::new();
        event.encode(&mut bytes);
        assert_eq!(Event::decode(&bytes).as_ref(), Ok(&event));
        lines.push(print(&event));
    })?;
    assert_eq!(done.accepted as usize, lines.len());
    Ok((lines, done))
}

/// The act of one track call with this name and properties.
pub fn act(event: &str, properties: &str) -> String {
    let body = format!(r#"{{"userId":"u","event":"{event}","properties":{properties},"messageId":"m"}}"#);
    let (lines, _) = run(&body, Route::of("track").unwrap(), &receipt()).unwrap();
    lines[0].split_once(" | ").unwrap().1.to_owned()
}

/// The context of one track call with this context.
pub fn context(context: &str) -> String {
    let body = format!(r#"{{"anonymousId":"a","event":"x","context":{context},"messageId":"m"}}"#);
    let (lines, _) = run(&body, Route::of("track").unwrap(), &receipt()).unwrap();
    let (head, _) = lines[0].split_once(" | ").unwrap();
    head.split_once("x").unwrap().1.trim().to_owned()
}

/// An event on one line: who, when (after [`NOW`]), its name, what surrounded it, and what happened.
pub fn print(event: &Event<'_>) -> String {
    let mut line = String::new();
    let id = |id: Option<&str>| id.map_or("-".to_owned(), str::to_owned);
    let after = event.at.0 - NOW;
    let _ = write!(line, "{}/{} {after:+}ms {}", id(event.user), id(event.anonymous), event.name.text);
    let context = &event.context;
    if let Some(zone) = context.zone {
        let _ = write!(line, " zone={}{:+}", zone.name.text, zone.offset_min);
    }
    if context.language.is_some() {
        let _ = write!(line, " language={}", context.language.text);
    }
    if let Some(app) = context.app {
        let _ = write!(line, " app={app}");
    }
    if let Some(device) = context.device {
        let _ = write!(line, " device={}:{} {:?}", device.platform, device.id, device.address);
    }
    if let Some(network) = context.network {
        let _ = write!(line, " network={network:?}");
    }
    line + " | " + &print_act(&event.act)
}

fn text(text: Text<'_>) -> &str {
    if text.is_some() { text.text } else { "-" }
}

fn product(product: &ProductRef<'_>) -> String {
    let tags: Vec<_> = product.tags.iter().map(|it| it.text).collect();
    let [id, category, brand, host] =
        [product.id, product.category, product.brand, product.host].map(|it| text(it).to_owned());
    let (price, list, quantity) = (product.price_cents, product.list_price_cents, product.quantity);
    format!("{id}[{category} {brand} {host} {tags:?} {price}/{list} x{quantity}]")
}

fn print_act(act: &Act<'_>) -> String {
    match act {
        Act::Product { what, product: it } => format!("{what:?} {}", product(it)),
        Act::Order { what, total_cents, discount_cents, coupon, products } => {
            let products: Vec<_> = products.iter().map(product).collect();
            let coupon = if *coupon { " coupon" } else { "" };
            format!("{what:?} {total_cents} -{discount_cents}{coupon} {}", products.join(" "))
                .trim()
                .to_owned()
        }
        Act::Room { what, room, host, style, show, dwell_s } => {
            let [room, host, style, show] = [*room, *host, *style, *show].map(|it| text(it).to_owned());
            format!("{what:?} room={room} host={host} style={style} show={show} {dwell_s}s")
        }
        Act::Category { category } => format!("Category {}", category.text),
        Act::Identify { traits } => {
            traits.iter().map(|it| format!("{it:?}")).map(tidy).collect::<Vec<_>>().join("; ")
        }
        other => format!("{other:?}"),
    }
}

/// Without the terms, which are hashes.
fn tidy(debug: String) -> String {
    let Some((head, rest)) = debug.split_once("Text { term: ") else { return debug };
    let Some((_, text)) = rest.split_once("text: ") else { return debug };
    format!("{head}{}", text.replace(" }", ""))
}
