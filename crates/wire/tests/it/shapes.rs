//! The shapes that go out, and the table of errors.

use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_wire::collect::Refusal;
use beckon_wire::problem::{Code, Problem, table};
use beckon_wire::shape::{Advance, Clock, Host, HostInput, Product, ProductInput, Room, RoomInput};
use expect_test::expect;

fn term(kind: Kind, text: &str) -> Term {
    Term(kind as u32 * 1000 + text.len() as u32)
}

#[test]
fn a_product_goes_in_and_comes_out_the_same() {
    let json = r#"{"title":"Tea 茶","category":"food","tags":["new"],"price":19.9,"currency":"CNY"}"#;
    let input: ProductInput = serde_json::from_str(json).unwrap();
    let core = input.clone().into_core("p1", &term).unwrap();
    assert_eq!((core.price_cents, core.category.term), (1990, term(Kind::Category, "food")));
    let out = Product::from(&core);
    expect![[r#"{"id":"p1","title":"Tea 茶","category":"food","tags":["new"],"price":19.9,"currency":"CNY","seen_only":false}"#]]
        .assert_eq(&serde_json::to_string(&out).unwrap());
    assert_eq!(out.product, input);
    assert_eq!(serde_json::from_str::<Product>(&serde_json::to_string(&out).unwrap()).unwrap(), out);
}

#[test]
fn hosts_and_rooms_go_in_and_come_out_the_same() {
    let host: HostInput = serde_json::from_str(r#"{"name":"小兰","style":"calm"}"#).unwrap();
    assert_eq!(Host::from(&host.clone().into_core("h", &term).unwrap()).host, host);
    let room: RoomInput = serde_json::from_str(r#"{"title":"Tonight","host_id":"h"}"#).unwrap();
    assert_eq!(Room::from(&room.clone().into_core("r", &term).unwrap()).room, room);
}

#[test]
fn what_does_not_fit_is_refused_by_its_field() {
    let field = |input: ProductInput, id: &str| input.into_core(id, &term).unwrap_err().field.unwrap();
    let none = ProductInput::default;
    assert_eq!(field(none(), ""), "/id");
    assert_eq!(field(ProductInput { title: "x".repeat(513), ..none() }, "p"), "/title");
    assert_eq!(field(ProductInput { category: "x".repeat(257), ..none() }, "p"), "/category");
    assert_eq!(field(ProductInput { currency: "yuan".into(), ..none() }, "p"), "/currency");
    assert_eq!(field(ProductInput { tags: vec!["t".into(); 17], ..none() }, "p"), "/tags");
    for json in [r#"{"prise":1}"#, r#"{"price":-1}"#, r#"{"price":"1"}"#] {
        assert!(serde_json::from_str::<ProductInput>(json).is_err(), "{json}");
    }
}

#[test]
fn the_clock_is_read_and_moved() {
    let clock = Clock { now: 5, is_virtual: true };
    assert_eq!(serde_json::to_string(&clock).unwrap(), r#"{"now":5,"virtual":true}"#);
    assert_eq!(serde_json::from_str::<Advance>(r#"{"by_ms":60000}"#).unwrap(), Advance::ByMs(60_000));
    assert_eq!(serde_json::from_str::<Advance>(r#"{"to":7}"#).unwrap(), Advance::To(7));
    assert!(serde_json::from_str::<Advance>(r#"{"by_ms":-1}"#).is_err());
}

#[test]
fn a_refusal_is_a_problem_that_names_the_item() {
    let refusal = Refusal::EventTooLarge { item: Some(3), bytes: 40_000 };
    expect![[r#"{"type":"/docs/errors#event-too-large","code":"event-too-large","title":"An event is longer than 32 KiB","status":400,"detail":"batch[3]: 40000 bytes are more than the 32768 that a call may have","item":3}"#]]
        .assert_eq(&serde_json::to_string(&Problem::from(&refusal)).unwrap());
}

#[test]
fn every_code_is_documented_once_and_spelled_as_it_is_sent() {
    let table = table();
    for code in Code::ALL {
        let word = code.word();
        assert_eq!(table.matches(&format!("`{word}`")).count(), 1, "{word}");
        assert_eq!(serde_json::to_string(code).unwrap(), format!("{word:?}"));
        assert!(word.bytes().all(|it| it.is_ascii_lowercase() || it == b'-'), "{word}");
        assert!((400..600).contains(&code.status()), "{word}");
        assert_eq!(code.retry_after_s().is_some(), [429, 503].contains(&code.status()), "{word}");
    }
}
