//! Bodies that nobody meant: valid ones with bytes changed, cut, doubled or swapped for other pieces of
//! JSON, and plain noise. The same seed gives the same bodies.

use beckon_wire::collect::Route;

const SEEDS: &[(&str, &str)] = &[
    ("batch", include_str!("sdk/analytics-node.txt")),
    ("batch", include_str!("sdk/analytics-python.txt")),
    ("batch", include_str!("sdk/rudder-sdk-node.txt")),
    ("event", include_str!("sdk/jitsu-js.txt")),
    ("event", include_str!("sdk/analytics-next.txt")),
    ("identify", OURS_IDENTIFY),
    ("track", OURS_DEVICE),
    ("track", OURS_SUBSCRIPTION),
    ("batch", OURS_BULK),
];

const OURS_IDENTIFY: &str = r#"/v1/i {"userId":"u","traits":{"birthday":"1990-05-04","age":30,"gender":"女","address":{"state":"Zhejiang"},"city_tier":2,"consent":{"marketing":true,"web_push":{"service":false},"fcm":true},"nick":"\ud83d"},"context":{"consent":{"categoryPreferences":{"web_push.marketing":true}},"shopper_token":"x","timezone":"Asia/Shanghai","locale":"zh-CN"}}"#;
const OURS_DEVICE: &str = r#"/v1/t {"anonymousId":"a","event":"Device State Changed","properties":{"online":true,"app_state":"background","battery_level":0.5,"network":"4g","downlink_kbps":1e4,"place":"home"},"timestamp":1772366399500,"context":{"device":{"id":"d","token":"t"},"network":{"wifi":false,"cellular":true}}}"#;
const OURS_SUBSCRIPTION: &str = r#"/v1/t {"anonymousId":"a","event":"Push Subscription Changed","properties":{"subscription":{"endpoint":"https://p/1"},"subscribed":true,"device_id":7}}"#;
const OURS_BULK: &str = r#"/v1/b {"bulk":{"source":"s","sequence":12},"batch":[{"type":"track","userId":1,"event":"Live Room Left","properties":{"room_id":"r1","host_id":"h1","duration":9}},{"type":"track","userId":"u","event":"Product Added","properties":{"product_id":"known","tags":"a,b","category":["x","y"]}},{"type":"alias","userId":"u","previousId":"v"}],"sentAt":"2026-03-01T12:00:00Z","context":{"app":{"name":"x"}}}"#;

/// Pieces that are put in somewhere.
const PIECES: &[&str] = &[
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "-0",
    "1e999",
    "-1e308",
    "18446744073709551616",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\\",
    "\\u",
    "{\"",
    "[[[[",
    "}",
    "]",
    ",",
    ":",
    "\"茶\"",
    "\u{feff}",
    "\"2026-13-45T99:99:99+99:99\"",
    "0001-01-01",
    "\"products\":[{},3,[]],",
    "\"userId\":{\"a\":1},",
    "\"batch\":[],",
    "\"properties\":[1],",
    "\"context\":7,",
    "\"traits\":\"x\",",
    "9999-12-31T23:59:60.999999999-23:59",
];

/// A small generator: splitmix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Says which case it was if it panics.
struct Case<'c>(u64, u64, &'c [u8]);

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {} case {}: {}", self.0, self.1, String::from_utf8_lossy(self.2));
        }
    }
}

/// Gives `each` this many bodies with the routes they come over.
pub fn fuzz(cases: u64, seed: u64, each: &mut dyn FnMut(&[u8], Route)) {
    let mut draw = Draw(seed);
    let seeds: Vec<(Route, &str)> = SEEDS
        .iter()
        .flat_map(|(route, recorded)| recorded.lines().map(|line| (*route, line)))
        .filter_map(|(route, line)| Some((Route::of(route)?, line.split_once(' ')?.1)))
        .collect();
    for case in 0..cases {
        let (route, body) = seeds[draw.below(seeds.len())];
        let body = match draw.below(20) {
            0 => (0..draw.below(200)).map(|_| draw.next() as u8).collect(),
            _ => mutate(&mut draw, body.as_bytes().to_vec()),
        };
        let route = match draw.below(10) {
            0 => Route::Batch,
            1 => Route::Unnamed,
            _ => route,
        };
        let _case = Case(seed, case, &body);
        each(&body, route);
    }
}

fn mutate(draw: &mut Draw, mut body: Vec<u8>) -> Vec<u8> {
    for _ in 0..draw.below(4) {
        let at = draw.below(body.len());
        match draw.below(6) {
            0 if !body.is_empty() => body[at] = draw.next() as u8,
            1 => body.truncate(at),
            2 => {
                let end = (at + draw.below(64)).min(body.len());
                body.drain(at..end);
            }
            3 => {
                let end = (at + draw.below(64)).min(body.len());
                let doubled = body[at..end].to_vec();
                body.splice(at..at, doubled);
            }
            4 => insert(draw, &mut body, at),
            _ => replace_value(draw, &mut body, at),
        }
    }
    body
}

fn insert(draw: &mut Draw, body: &mut Vec<u8>, at: usize) {
    let piece = PIECES[draw.below(PIECES.len())];
    body.splice(at..at, piece.bytes());
}

/// Swaps the value after the next colon for a piece, so that the body mostly stays JSON.
fn replace_value(draw: &mut Draw, body: &mut Vec<u8>, from: usize) {
    let Some(colon) = body[from..].iter().position(|it| *it == b':').map(|it| from + it + 1) else { return };
    let end =
        body[colon..].iter().position(|it| matches!(it, b',' | b'}')).map_or(body.len(), |it| colon + it);
    let piece = PIECES[draw.below(PIECES.len())];
    body.splice(colon..end, piece.bytes());
}
