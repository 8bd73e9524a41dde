//! What an untrusted source may say of a known shopper.

use crate::edge::{receipt, run};
use beckon_wire::collect::{Receipt, Route, SourceKind};
use std::cell::Cell;

const IDENTIFY: &str =
    r#"{"type":"identify","userId":"u","traits":{"consent":{"marketing":true},"loyalty":"gold"}}"#;
const TOKEN: &str = r#"{"type":"page","userId":"u","context":{"device":{"id":"d","token":"t"}}}"#;
const ORDER: &str = r#"{"type":"track","event":"Order Completed","userId":"u","properties":{"total":5}}"#;
const VIEW: &str = r#"{"type":"track","event":"Product Viewed","userId":"u","properties":{"sku":"s"}}"#;
const REFUND: &str = r#"{"type":"track","event":"Order Refunded","userId":"u","properties":{"total":5}}"#;

fn web() -> Receipt<'static> {
    Receipt { kind: SourceKind::Web, ..receipt() }
}

/// The events of a batch, and how many were not verified.
fn all(receipt: &Receipt<'_>, items: &[&str]) -> (Vec<String>, u32) {
    let body = format!(r#"{{"batch":[{}]}}"#, items.join(","));
    let (lines, done) = run(&body, Route::Batch, receipt).unwrap();
    (lines, done.unverified)
}

#[test]
fn without_a_token_consent_device_tokens_and_purchases_do_not_count() {
    let (lines, unverified) = all(&web(), &[IDENTIFY, TOKEN, ORDER, VIEW, REFUND]);
    assert_eq!(unverified, 3);
    assert!(lines[0].ends_with(r#"| Custom { name: "loyalty", json: "\"gold\"" }"#), "{}", lines[0]);
    assert!(lines[1].contains("device=:d Silent"), "{}", lines[1]);
    assert!(lines[2].contains(r#"Order Completed | Other { raw: "{\"total\":5}" }"#), "{}", lines[2]);
    assert!(lines[3].contains("| Viewed s"));
    assert!(lines[4].contains("| Refunded"));
}

#[test]
fn a_server_an_anonymous_visitor_and_a_source_that_need_not_prove_are_believed() {
    assert_eq!(all(&receipt(), &[IDENTIFY, TOKEN, ORDER]).1, 0);
    assert_eq!(all(&Receipt { verify_identity: false, ..web() }, &[IDENTIFY, TOKEN, ORDER]).1, 0);
    let anonymous = [IDENTIFY, TOKEN, ORDER].map(|it| it.replace("userId", "anonymousId"));
    assert_eq!(all(&web(), &anonymous.each_ref().map(|it| it.as_str())).1, 0);
}

#[test]
fn a_token_proves_its_own_user_only() {
    let with = |token: &'static str| Receipt { shopper_token: Some(token), ..web() };
    assert_eq!(all(&with("for:u"), &[IDENTIFY, TOKEN, ORDER]).1, 0);
    assert_eq!(all(&with("for:v"), &[IDENTIFY, TOKEN, ORDER]).1, 3);
    assert_eq!(all(&with("forged"), &[IDENTIFY, TOKEN, ORDER]).1, 3);
    let own = r#"{"type":"page","userId":"u","context":{"device":{"token":"t"},"shopper_token":"for:u"}}"#;
    assert_eq!(all(&with("for:v"), &[own]).1, 0);
    let batch = format!(r#"{{"batch":[{ORDER}],"context":{{"shopper_token":"for:u"}}}}"#);
    assert_eq!(run(&batch, Route::Batch, &web()).unwrap().1.unverified, 0);
}

#[test]
fn a_token_is_checked_once_and_only_when_it_matters() {
    let asked = Cell::new(0);
    let verified_user = |_: &str| {
        asked.set(asked.get() + 1);
        Some("u".to_owned())
    };
    let receipt = Receipt { shopper_token: Some("x"), verified_user: &verified_user, ..web() };
    all(&receipt, &[VIEW, VIEW]);
    assert_eq!(asked.get(), 0);
    all(&receipt, &[ORDER, TOKEN, IDENTIFY]);
    assert_eq!(asked.get(), 1);
}
