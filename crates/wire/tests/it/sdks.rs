//! Bodies as unmodified SDKs sent them, recorded: all tell the same story (see `tests/peers`).

use crate::edge::{receipt, run};
use beckon_core::time::Timestamp;
use beckon_wire::collect::{Receipt, Route};
use expect_test::{Expect, expect};

/// What an SDK's requests say, without times and without what its own page adds.
fn story(recorded: &str) -> String {
    // An hour after the recording.
    let receipt = Receipt { now: Timestamp(1_795_370_000_000), ..receipt() };
    let mut story = Vec::new();
    for request in recorded.lines() {
        let (path, body) = request.split_once(' ').unwrap();
        let route = Route::of(path.rsplit('/').next().unwrap()).unwrap();
        let (lines, done) = run(body, route, &receipt).unwrap();
        assert_eq!((done.rejected_count, done.clamped), (0, 0), "{body}");
        for line in lines {
            let (head, act) = line.split_once(" | ").unwrap();
            let (who, rest) = head.split_once(' ').unwrap();
            let (_, name) = rest.split_once("ms ").unwrap();
            story.push(format!("{who} {name} | {act}"));
        }
    }
    story.join("\n")
}

fn check(recorded: &str, expected: Expect) {
    expected.assert_eq(&story(recorded));
}

#[test]
fn analytics_node_sends_a_batch() {
    check(
        include_str!("sdk/analytics-node.txt"),
        expect![[r#"
        -/shopper-7-anon Product Viewed | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
        -/shopper-7-anon Product Viewed | Viewed sku-serum-02[beauty Qingya - [] 23900/0 x0]
        -/shopper-7-guest Product Viewed | Viewed sku-tea-03[food Hupao - [] 12800/0 x0]
        shopper-7/shopper-7-anon identify | BirthYear(1996); Sex(Female); Region("Zhejiang"); CityTier(2); Custom { name: "loyalty", json: "\"gold\"" }
        shopper-7/- Product Viewed | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
        shopper-7/- Product Added | Added sku-lip-01[beauty Lumi - [] 8990/0 x2]
        shopper-7/- Order Completed | Completed 17980 -0 sku-lip-01[beauty Lumi - [] 8990/0 x2]
        shopper-7/- page | Other { raw: "{\"section\":\"tonight\",\"category\":\"live\"}" }
        shopper-7/- screen | Other { raw: "{\"section\":\"tonight\"}" }
        shopper-7/- Wheel Spun | Other { raw: "{\"prize\":\"coupon-5\",\"spins\":2}" }
        shopper-7/- group | Other { raw: "{\"name\":\"Gold Club\",\"members\":120}" }
        shopper-7/- alias | Alias { previous: "shopper-7-guest" }"#]],
    );
}

#[test]
fn analytics_python_sends_a_batch_with_escapes() {
    check(
        include_str!("sdk/analytics-python.txt"),
        expect![[r#"
        -/shopper-7-anon Product Viewed | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
        -/shopper-7-anon Product Viewed | Viewed sku-serum-02[beauty Qingya - [] 23900/0 x0]
        -/shopper-7-guest Product Viewed | Viewed sku-tea-03[food Hupao - [] 12800/0 x0]
        shopper-7/shopper-7-anon identify | BirthYear(1996); Sex(Female); Region("Zhejiang"); CityTier(2); Custom { name: "loyalty", json: "\"gold\"" }
        shopper-7/- Product Viewed | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
        shopper-7/- Product Added | Added sku-lip-01[beauty Lumi - [] 8990/0 x2]
        shopper-7/- Order Completed | Completed 17980 -0 sku-lip-01[beauty Lumi - [] 8990/0 x2]
        shopper-7/- page | Other { raw: "{\"section\": \"tonight\"}" }
        shopper-7/- screen | Other { raw: "{\"section\": \"tonight\"}" }
        shopper-7/- Wheel Spun | Other { raw: "{\"prize\": \"coupon-5\", \"spins\": 2}" }
        shopper-7/- group | Other { raw: "{\"name\": \"Gold Club\", \"members\": 120}" }
        shopper-7/- alias | Alias { previous: "shopper-7-guest" }"#]],
    );
}

#[test]
fn rudderstack_sends_batches_that_start_with_one() {
    check(
        include_str!("sdk/rudder-sdk-node.txt"),
        expect![[r#"
            -/shopper-7-anon Product Viewed | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
            -/shopper-7-anon Product Viewed | Viewed sku-serum-02[beauty Qingya - [] 23900/0 x0]
            -/shopper-7-guest Product Viewed | Viewed sku-tea-03[food Hupao - [] 12800/0 x0]
            shopper-7/shopper-7-anon identify | BirthYear(1996); Sex(Female); Region("Zhejiang"); CityTier(2); Custom { name: "loyalty", json: "\"gold\"" }
            shopper-7/- Product Viewed | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
            shopper-7/- Product Added | Added sku-lip-01[beauty Lumi - [] 8990/0 x2]
            shopper-7/- Order Completed | Completed 17980 -0 sku-lip-01[beauty Lumi - [] 8990/0 x2]
            shopper-7/- page | Other { raw: "{\"section\":\"tonight\"}" }
            shopper-7/- screen | Other { raw: "{\"section\":\"tonight\"}" }
            shopper-7/- Wheel Spun | Other { raw: "{\"prize\":\"coupon-5\",\"spins\":2}" }
            shopper-7/- group | Other { raw: "{\"name\":\"Gold Club\",\"members\":120}" }
            shopper-7/- alias | Alias { previous: "shopper-7-guest" }"#]],
    );
}

#[test]
fn jitsu_sends_single_calls() {
    check(
        include_str!("sdk/jitsu-js.txt"),
        expect![[r#"
        -/shopper-7-anon Product Viewed | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
        -/shopper-7-anon Product Viewed | Viewed sku-serum-02[beauty Qingya - [] 23900/0 x0]
        shopper-7/shopper-7-anon identify | BirthYear(1996); Sex(Female); Region("Zhejiang"); CityTier(2); Custom { name: "loyalty", json: "\"gold\"" }
        shopper-7/shopper-7-anon Product Viewed | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
        shopper-7/shopper-7-anon Product Added | Added sku-lip-01[beauty Lumi - [] 8990/0 x2]
        shopper-7/shopper-7-anon Order Completed | Completed 17980 -0 sku-lip-01[beauty Lumi - [] 8990/0 x2]
        shopper-7/shopper-7-anon page | Other { raw: "{\"name\":\"Live Home\",\"category\":\"live\",\"section\":\"tonight\"}" }
        shopper-7/shopper-7-anon Wheel Spun | Other { raw: "{\"prize\":\"coupon-5\",\"spins\":2}" }
        shopper-7/shopper-7-anon group | Other { raw: "{\"name\":\"Gold Club\",\"members\":120}" }"#]],
    );
}

#[test]
fn a_browser_sends_single_calls_as_text() {
    check(
        include_str!("sdk/analytics-next.txt"),
        expect![[r#"
        -/shopper-7-anon Product Viewed zone=UTC+0 language=en-US | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
        -/shopper-7-anon Product Viewed zone=UTC+0 language=en-US | Viewed sku-serum-02[beauty Qingya - [] 23900/0 x0]
        -/shopper-7-guest Product Viewed zone=UTC+0 language=en-US | Viewed sku-tea-03[food Hupao - [] 12800/0 x0]
        shopper-7/shopper-7-anon identify zone=UTC+0 language=en-US | BirthYear(1996); Sex(Female); Region("Zhejiang"); CityTier(2); Custom { name: "loyalty", json: "\"gold\"" }
        shopper-7/shopper-7-anon Product Viewed zone=UTC+0 language=en-US | Viewed sku-lip-01[beauty Lumi - [] 8990/0 x0]
        shopper-7/shopper-7-anon Product Added zone=UTC+0 language=en-US | Added sku-lip-01[beauty Lumi - [] 8990/0 x2]
        shopper-7/shopper-7-anon Order Completed zone=UTC+0 language=en-US | Completed 17980 -0 sku-lip-01[beauty Lumi - [] 8990/0 x2]
        shopper-7/shopper-7-anon page zone=UTC+0 language=en-US | Other { raw: "{\"path\":\"/\",\"referrer\":\"\",\"search\":\"\",\"title\":\"Live Home\",\"url\":\"http://127.0.0.1:33909/\",\"section\":\"tonight\",\"category\":\"live\",\"name\":\"Live Home\"}" }
        shopper-7/shopper-7-anon screen zone=UTC+0 language=en-US | Other { raw: "{\"section\":\"tonight\"}" }
        shopper-7/shopper-7-anon Wheel Spun zone=UTC+0 language=en-US | Other { raw: "{\"prize\":\"coupon-5\",\"spins\":2}" }
        shopper-7/shopper-7-anon group zone=UTC+0 language=en-US | Other { raw: "{\"name\":\"Gold Club\",\"members\":120}" }
        shopper-7/shopper-7-anon alias zone=UTC+0 language=en-US | Alias { previous: "shopper-7-guest" }"#]],
    );
}

#[test]
fn a_browser_that_batches_says_the_same() {
    let raw = |story: String| {
        story.lines().map(|it| it.split(" | Other").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        raw(story(include_str!("sdk/analytics-next-batch.txt"))),
        raw(story(include_str!("sdk/analytics-next.txt")))
    );
}
