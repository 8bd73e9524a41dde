//! Requests rendered ahead. Before a request is sent again, only the digits of its message ids and of its
//! shoppers are written over in place: every event is a new one, and no rendering is paid for.

use super::client;
use super::dice::Dice;
use super::limits::{LOAD_PRODUCTS, LOAD_SHOPPERS};
use beckon_core::time::Timestamp;
use std::fmt::Write;

/// A request that can be sent again and again as a new one.
#[derive(Debug, Clone)]
pub struct Request {
    bytes: Vec<u8>,
    /// Where the twelve digits of each message id stand.
    serials: Vec<usize>,
    /// Where the six digits of each shopper stand.
    shoppers: Vec<usize>,
    body: usize,
}

/// What requests are rendered from.
#[derive(Debug, Clone)]
pub struct Template<'t> {
    /// Where they go.
    pub path: &'t str,
    /// The `Authorization` header.
    pub authorization: &'t str,
    /// Events of a request; one alone is posted as a single call.
    pub events: usize,
    /// Keeps the message ids of one connection and phase from those of all others.
    pub salt: u32,
    /// The time that the events happened shortly before.
    pub now: Timestamp,
}

struct Rendering {
    text: String,
    serials: Vec<usize>,
    shoppers: Vec<usize>,
}

impl Template<'_> {
    /// Renders a request.
    pub fn render(&self, dice: &mut Dice) -> Request {
        let mut out = Rendering { text: String::new(), serials: Vec::new(), shoppers: Vec::new() };
        if self.events == 1 {
            out.event(self, 0, dice);
        } else {
            out.text.push_str("{\"batch\":[");
            for item in 0..self.events {
                if item > 0 {
                    out.text.push(',');
                }
                out.event(self, item, dice);
            }
            let _ = write!(out.text, "],\"sentAt\":\"{}\"}}", rfc3339(self.now));
        }
        let bytes = client::post(self.path, self.authorization, out.text.as_bytes());
        let body = bytes.len() - out.text.len();
        let moved = |places: Vec<usize>| places.into_iter().map(|it| it + body).collect();
        Request { serials: moved(out.serials), shoppers: moved(out.shoppers), bytes, body }
    }
}

impl Request {
    /// Makes it a new one: `serial` must not have been used with the same salt.
    pub fn renew(&mut self, serial: u64, dice: &mut Dice) {
        let mut digits = [0; 12];
        let mut rest = serial;
        for group in digits.chunks_exact_mut(3).rev() {
            group.copy_from_slice(&GROUPS[(rest % 1000) as usize]);
            rest /= 1000;
        }
        for at in &self.serials {
            self.bytes[*at..at + 12].copy_from_slice(&digits);
        }
        for at in &self.shoppers {
            let shopper = dice.below(LOAD_SHOPPERS);
            self.bytes[*at..at + 3].copy_from_slice(&GROUPS[shopper / 1000]);
            self.bytes[at + 3..at + 6].copy_from_slice(&GROUPS[shopper % 1000]);
        }
    }

    /// All of it, as it goes over the wire.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its JSON.
    pub fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }

    /// How many events it holds.
    pub fn events(&self) -> usize {
        self.serials.len()
    }
}

/// The three digits of every number below a thousand.
static GROUPS: [[u8; 3]; 1000] = groups();

const fn groups() -> [[u8; 3]; 1000] {
    let mut all = [[b'0'; 3]; 1000];
    let mut number = 0;
    while number < 1000 {
        all[number] =
            [b'0' + (number / 100) as u8, b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    all
}

/// An instant as SDKs write it.
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_string()
}

impl Rendering {
    fn event(&mut self, template: &Template<'_>, item: usize, dice: &mut Dice) {
        let chance = dice.below(100);
        // A single call goes to `/v1/track`, which a page cannot.
        let chance = if template.events == 1 { chance % 90 } else { chance };
        let name = match chance {
            0..70 => "Product Viewed",
            70..78 => "Product Added",
            78..83 => "Live Room Entered",
            83..87 => "Product Added to Wishlist",
            87..90 => "Order Completed",
            _ => "",
        };
        let at = Timestamp(template.now.0 - dice.below(30_000) as i64);
        let out = &mut self.text;
        let _ = match name {
            "" => write!(out, "{{\"type\":\"page\",\"name\":\"Live\","),
            name => write!(out, "{{\"type\":\"track\",\"event\":\"{name}\","),
        };
        out.push_str("\"userId\":\"shopper-");
        self.shoppers.push(out.len());
        let _ = write!(out, "000000\",\"messageId\":\"{:08x}-{item:04x}-4000-8000-", template.salt);
        self.serials.push(out.len());
        let _ = write!(out, "000000000000\",\"timestamp\":\"{}\",\"properties\":{{", rfc3339(at));
        let room = dice.zipf(500);
        let _ = match name {
            "" => write!(
                out,
                "\"path\":\"/live/{room}\",\"title\":\"直播间\",\"url\":\"https://shop.example/live/{room}\""
            ),
            "Live Room Entered" => {
                write!(out, "\"room_id\":\"room-{room}\",\"host_id\":\"host-{room}\",\"style\":\"lively\"")
            }
            "Order Completed" => {
                let order = dice.below(1 << 30);
                out.push_str("\"currency\":\"CNY\",\"total\":259.80,");
                let _ = write!(out, "\"order_id\":\"{order:010}\",\"products\":[{{");
                let _ = product(out, dice);
                write!(out, "}}]")
            }
            _ => product(out, dice),
        };
        out.push_str("},\"context\":{\"locale\":\"zh-CN\",\"timezone\":\"Asia/Shanghai\"}}");
    }
}

fn product(out: &mut String, dice: &mut Dice) -> std::fmt::Result {
    let id = dice.zipf(LOAD_PRODUCTS);
    write!(
        out,
        "\"product_id\":\"P-{id:06}\",\"category\":\"category-{:03}\",\"brand\":\"brand-{:04}\",\
         \"price\":{}.90,\"currency\":\"CNY\",\"quantity\":1",
        id % 400,
        id % 3_000,
        9 + id * 7_919 % 990,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_request_is_json_of_new_events_as_long_as_real_ones() {
        let template = Template {
            path: "/v1/batch",
            authorization: "Basic x",
            events: 100,
            salt: 0xA1,
            now: Timestamp(1_772_366_460_000),
        };
        let mut dice = Dice::new(1);
        let mut request = template.render(&mut dice);
        request.renew(123_456_789_012, &mut dice);
        let body: serde_json::Value = serde_json::from_slice(request.body()).expect("it is JSON");
        let batch = body["batch"].as_array().expect("it is a batch");
        assert_eq!((batch.len(), request.events()), (100, 100));
        let ids: std::collections::BTreeSet<&str> =
            batch.iter().filter_map(|it| it["messageId"].as_str()).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|it| it.len() == 36 && it.ends_with("-123456789012")));
        assert!(batch.iter().any(|it| it["userId"] != batch[0]["userId"]));
        let each = request.body().len() / 100;
        assert!((320..380).contains(&each), "{each} bytes an event");
    }
}
