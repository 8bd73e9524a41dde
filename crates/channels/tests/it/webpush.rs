//! Web Push: what goes out and to whom it can be read, what every answer means, and that push services are kept
//! apart.

use crate::webhook::{NOW_MS, message};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon_channels::guard::Policy;
use beckon_channels::webpush::encryption::{BODY_BYTES_MAX, TEXT_BYTES_MAX, encrypt, padded};
use beckon_channels::webpush::subscription::{self, Keys, Subscription};
use beckon_channels::webpush::vapid::{Key, KeyError, RENEW_S, VALID_S};
use beckon_channels::webpush::{Options, WebPush};
use beckon_channels::{Answer, Channel, Class, Message, Outcome, Request, TransportError, WHY_CHARS_MAX};
use expect_test::{Expect, expect};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, StatusCode};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as Verifier};
use serde_json::{Value, json};

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// RFC 8291, appendix A: a browser's keys, an application server's, and a salt.
const BROWSER_PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const BROWSER_PUBLIC: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const SERVER_PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
const SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
const SEALED: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS\
     6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

fn browser() -> Keys {
    Keys { point: bytes(BROWSER_PUBLIC).try_into().unwrap(), auth: bytes(AUTH).try_into().unwrap() }
}

#[expect(deprecated, reason = "the only randomness of ring's that can be known beforehand")]
fn known<'a>(draws: &'a [&'a [u8]]) -> ring::test::rand::FixedSliceSequenceRandom<'a> {
    ring::test::rand::FixedSliceSequenceRandom { bytes: draws, current: 0.into() }
}

#[test]
fn the_vector_of_rfc_8291_comes_out_of_the_code_that_runs() {
    let (private, salt) = (bytes(SERVER_PRIVATE), bytes(SALT));
    let sealed =
        encrypt(&known(&[&private, &salt]), &browser(), b"When I grow up, I want to be a watermelon", 0);
    assert_eq!(text(&sealed.unwrap()), SEALED);
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// What the browser of the RFC reads in a body, without padding; `None` if it cannot.
fn open(body: &[u8]) -> Option<Vec<u8>> {
    let private = bytes(BROWSER_PRIVATE);
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &known(&[&private])).unwrap();
    let (salt, sender) = (&body[..16], &body[21..86]);
    assert_eq!(body[16..21], [0, 0, 16, 0, 65], "records of 4096 bytes, and a key of 65");
    let keys = browser();
    let mut secret = [0; 32];
    agree_ephemeral(private, &UnparsedPublicKey::new(&ECDH_P256, sender), |shared| {
        let prk = Salt::new(HKDF_SHA256, &keys.auth).extract(shared);
        let info = [b"WebPush: info\0".as_slice(), &keys.point, sender];
        prk.expand(&info, HKDF_SHA256).unwrap().fill(&mut secret).unwrap();
    })
    .ok()?;
    let prk = Salt::new(HKDF_SHA256, salt).extract(&secret);
    let derived = |info: &[u8], length| {
        let mut out = vec![0; length];
        prk.expand(&[info], Length(length)).unwrap().fill(&mut out).unwrap();
        out
    };
    let key = UnboundKey::new(&AES_128_GCM, &derived(b"Content-Encoding: aes128gcm\0", 16)).unwrap();
    let nonce = Nonce::try_assume_unique_for_key(&derived(b"Content-Encoding: nonce\0", 12)).unwrap();
    let mut sealed = body[86..].to_vec();
    let open = LessSafeKey::new(key).open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
    let end = open.iter().rposition(|it| *it != 0)?;
    (open[end] == 2).then(|| open[..end].to_vec())
}

#[test]
fn every_message_has_a_key_of_its_own_and_hides_its_length() {
    let random = SystemRandom::new();
    let seal = |length: usize| encrypt(&random, &browser(), &vec![b'x'; length], padded(length)).unwrap();
    let (first, second) = (seal(10), seal(10));
    assert_ne!((&first[..16], &first[21..86]), (&second[..16], &second[21..86]));
    assert_ne!(first[86..], second[86..]);
    for (length, expected) in
        [(0, 512), (511, 512), (512, 1024), (2047, 2048), (2048, 3994), (TEXT_BYTES_MAX, 3994)]
    {
        let body = seal(length);
        assert_eq!(body.len(), 86 + expected + 16, "{length}");
        assert!(body.len() <= BODY_BYTES_MAX);
        assert_eq!(open(&body).unwrap().len(), length);
    }
    assert!(encrypt(&random, &browser(), &vec![0; TEXT_BYTES_MAX + 1], 0).is_err());
    let mut changed = first.clone();
    changed[100] ^= 1;
    assert_eq!(open(&changed), None);
}

pub fn token(endpoint: &str) -> String {
    json!({ "endpoint": endpoint, "keys": { "p256dh": BROWSER_PUBLIC, "auth": AUTH } }).to_string()
}

const ENDPOINT: &str = "https://Push.example:8443/send/secret-path?x=1";

fn to(id: &str, endpoint: &str) -> Message {
    Message { token: token(endpoint), ..message(id) }
}

pub fn key() -> Key {
    let random = SystemRandom::new();
    Key::parse(&random, &Key::make(&random).unwrap()).unwrap()
}

fn webpush() -> WebPush {
    WebPush::new(Options { contact: Some("mailto:push@shop.example".to_owned()), ..Options::new(key()) })
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers[name].to_str().unwrap()
}

fn one(channel: &WebPush, now_ms: i64, message: Message) -> Result<Request, Answer> {
    let mut composed = channel.requests(now_ms, &[message]);
    match (composed.requests.pop(), composed.answered.pop()) {
        (Some(request), None) => Ok(request),
        (None, Some((_, answer))) => Err(answer),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_goes_to_its_subscription_for_as_long_as_it_is_true() {
    let request = one(&webpush(), NOW_MS, to("m-1", ENDPOINT)).unwrap();
    assert_eq!(
        (&request.method, request.url.path_and_query().unwrap().as_str()),
        (&Method::POST, "/send/secret-path?x=1")
    );
    let [encoding, kind, ttl, urgency, topic] =
        ["content-encoding", "content-type", "ttl", "urgency", "topic"].map(|it| header(&request, it));
    assert_eq!((encoding, kind), ("aes128gcm", "application/octet-stream"));
    assert_eq!((ttl, urgency), ("299", "high"), "299.75 s are left");
    assert_eq!((topic.len(), bytes(topic).len()), (32, 24));
    expect![[r#"{"id":"m-1","show_id":"show-7","room_id":"room-3","product_id":"sku-1","title":"口红 ¥89 \"now\"","body":"Ends in 10 min","link":"https://beckon.example/t/abc","class":"marketing","trigger":"offer_ending","arm":"price","language":"zh-CN","expires_at":"2026-11-22T12:05:00Z"}"#]]
        .assert_eq(std::str::from_utf8(&open(&request.body).unwrap()).unwrap());
}

#[test]
fn what_cannot_wait_is_urgent_and_one_call_into_a_show_takes_the_place_of_another() {
    let channel = webpush();
    let header_of = |name: &str, it: Message| header(&one(&channel, NOW_MS, it).unwrap(), name).to_owned();
    let calm = Message { trigger: "moment".to_owned(), ..to("m-1", ENDPOINT) };
    assert_eq!(header_of("urgency", calm.clone()), "normal");
    assert_eq!(header_of("urgency", Message { class: Class::Service, ..calm.clone() }), "high");
    let topic = header_of("topic", calm.clone());
    assert_eq!(header_of("topic", Message { id: "m-2".to_owned(), ..calm.clone() }), topic);
    for other in [
        Message { show_id: "show-8".to_owned(), ..calm.clone() },
        Message { app: "outlet".to_owned(), ..calm.clone() },
        Message { class: Class::Service, ..calm.clone() },
        Message { show_id: String::new(), ..calm.clone() },
    ] {
        assert_ne!(header_of("topic", other), topic);
    }
    let ttl = |left_ms| {
        header_of("ttl", Message { expires_at_ms: NOW_MS + left_ms, ..calm.clone() }).parse::<u64>().unwrap()
    };
    assert_eq!([1, 999, 1_000, i64::MAX - NOW_MS].map(ttl), [0, 0, 1, 2_419_200]);
    for late_ms in [0, -1, i64::MIN / 2] {
        let late = Message { expires_at_ms: NOW_MS + late_ms, ..calm.clone() };
        assert!(matches!(one(&channel, NOW_MS, late), Err(Answer::Refused { .. })));
    }
}

/// The claims of a request's token, which is checked.
fn claims(request: &Request, key: &Key) -> Value {
    let value = header(request, "authorization");
    assert!(request.headers["authorization"].is_sensitive());
    let (token, public) = value.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(public, key.public());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let verifier = Verifier::new(&ECDSA_P256_SHA256_FIXED, bytes(public));
    verifier.verify(signed.as_bytes(), &bytes(signature)).unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&bytes(head)).unwrap(), json!({"typ": "JWT", "alg": "ES256"}));
    serde_json::from_slice(&bytes(claims)).unwrap()
}

#[test]
fn a_token_names_its_push_service_and_is_kept_until_shortly_before_its_end() {
    let key = key();
    let contact = "https://shop.example/\"contact\"";
    let channel = WebPush::new(Options { contact: Some(contact.to_owned()), ..Options::new(key.clone()) });
    let at = |endpoint: &str, later_s: i64| {
        let now_ms = NOW_MS + later_s * 1000;
        let message = Message { expires_at_ms: now_ms + 60_000, ..to("m", endpoint) };
        let request = one(&channel, now_ms, message).unwrap();
        (header(&request, "authorization").to_owned(), claims(&request, &key))
    };
    let now_s = NOW_MS / 1000;
    let (first, said) = at(ENDPOINT, 0);
    assert_eq!(said, json!({ "aud": "https://push.example:8443", "exp": now_s + VALID_S, "sub": contact }));
    assert_eq!(at("https://push.example:8443/another", VALID_S - RENEW_S).0, first, "kept");
    assert_eq!(at("https://push.example/x", 0).1["aud"], "https://push.example");
    assert_eq!(at("https://push.example:443/x", 0).1["aud"], "https://push.example");
    assert_eq!(at(ENDPOINT, VALID_S - RENEW_S + 1).1["exp"], now_s + 2 * VALID_S - RENEW_S + 1, "renewed");
    let unnamed = WebPush::new(Options::new(key.clone()));
    assert_eq!(claims(&one(&unnamed, NOW_MS, to("m", ENDPOINT)).unwrap(), &key).get("sub"), None);
    for number in 0..3_000 {
        let endpoint = format!("https://p{number}.example/");
        let request = one(&channel, NOW_MS, to("m", &endpoint)).unwrap();
        channel.read(NOW_MS, &request, answered(201, None));
    }
    assert_eq!(
        at(ENDPOINT, 0).1["aud"],
        "https://push.example:8443",
        "strangers take nobody's place for long"
    );
}

#[test]
fn a_key_is_read_in_each_form_in_which_keys_are_kept() {
    let random = SystemRandom::new();
    // Of the package `web-push` on npm: `web-push generate-vapid-keys`.
    let public = "BOPbjxMWzVQtpV0pTbd8cEvQdRcXF4GPrO7ZG-tYhFm6D-zDEc2FKfDe6kLCPhBbz37Zq2UUkOIFTzgZ5IgaWtk";
    let pair = format!("{BROWSER_PUBLIC}.{BROWSER_PRIVATE}");
    assert_eq!(Key::parse(&random, &pair).unwrap().public(), BROWSER_PUBLIC);
    let made = Key::make(&random).unwrap();
    let public_of_made = Key::parse(&random, &made).unwrap().public().to_owned();
    let [begin, end] = ["BEGIN", "END"].map(|it| format!("-----{it} PRIVATE KEY-----"));
    let pem = format!("{begin}\n{}\n{}\n{end}\n", &made[..64], &made[64..]);
    assert_eq!(Key::parse(&random, &pem).unwrap().public(), public_of_made);
    assert_eq!(bytes(&public_of_made).len(), 65);
    for (bad, expected) in [
        ("", KeyError::Unusable),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", KeyError::Form),
        ("a.b", KeyError::Form),
        (&format!("{public}.{BROWSER_PRIVATE}"), KeyError::Unusable),
        (&"A".repeat(4_096), KeyError::Form),
    ] {
        assert_eq!(Key::parse(&random, bad).unwrap_err(), expected, "{bad}");
    }
}

#[test]
fn what_is_no_subscription_is_gone_and_its_reason_repeats_nothing_of_it() {
    let whole: Value = serde_json::from_str(&token(ENDPOINT)).unwrap();
    let with = |path: &str, value: Value| {
        let mut it = whole.clone();
        *it.pointer_mut(path).unwrap() = value;
        it.to_string()
    };
    let off_curve = {
        let mut point = bytes(BROWSER_PUBLIC);
        point[64] ^= 1;
        text(&point)
    };
    let compressed = text(&[&[2], &bytes(BROWSER_PUBLIC)[1..33]].concat());
    let cases = [
        (String::new(), "not JSON"),
        ("secret-path".to_owned(), "not JSON"),
        ("[\"secret-path\"]".to_owned(), "not JSON"),
        (json!({ "endpoint": ENDPOINT }).to_string(), "not JSON"),
        (with("/endpoint", json!(7)), "not JSON"),
        (with("/endpoint", json!("/secret-path")), "endpoint"),
        (with("/endpoint", json!("secret-path")), "endpoint"),
        (with("/endpoint", json!("https:///secret-path")), "endpoint"),
        (with("/endpoint", json!("https://me:secret-path@push.example/")), "user name"),
        (with("/endpoint", json!(format!("https://a/{}", "secret-path".repeat(500)))), "at most 4096"),
        (with("/keys/p256dh", json!("secret-path!")), "p256dh is not base64url"),
        (with("/keys/p256dh", json!(text(&[4; 64]))), "uncompressed point"),
        (with("/keys/p256dh", json!(compressed)), "uncompressed point"),
        (with("/keys/p256dh", json!(off_curve)), "curve"),
        (with("/keys/auth", json!("secret path")), "auth is not base64url"),
        (with("/keys/auth", json!(text(&[1; 15]))), "15 bytes in place of 16"),
    ];
    for (token, expected) in cases {
        let answer = one(&webpush(), NOW_MS, Message { token: token.clone(), ..message("m") }).unwrap_err();
        let Answer::Gone { why } = &answer else { panic!("{token}: {answer:?}") };
        assert!(why.contains(expected), "{token}: {why}");
        assert!(!why.contains("secret") && !why.contains(AUTH), "{why}");
    }
    assert_eq!(Subscription::parse("{").unwrap_err(), subscription::Error::NotJson);
    let padded = with("/keys/auth", json!(format!("{AUTH}==")));
    assert!(Subscription::parse(&padded).is_ok(), "with padding or without");
}

#[test]
fn plain_http_is_spoken_only_where_it_is_allowed() {
    let plain = || to("m", "http://push.example/x");
    let Err(Answer::Refused { why }) = one(&webpush(), NOW_MS, plain()) else { panic!("it is refused") };
    assert!(why.contains("https"), "{why}");
    let policy = Policy { allow_http: true, allow_private: true };
    let inside = WebPush::new(Options { policy, ..Options::new(key()) });
    assert!(one(&inside, NOW_MS, plain()).is_ok());
}

fn answered(status: u16, retry_after: Option<&str>) -> Result<Outcome, TransportError> {
    let mut headers = HeaderMap::new();
    if let Some(value) = retry_after {
        headers.insert(RETRY_AFTER, value.parse().unwrap());
    }
    Ok(Outcome { status: StatusCode::from_u16(status).unwrap(), headers, body: b"secret-path".to_vec() })
}

fn read(outcome: Result<Outcome, TransportError>) -> Answer {
    let channel = webpush();
    let request = one(&channel, NOW_MS, to("m", ENDPOINT)).unwrap();
    let mut answers = channel.read(NOW_MS, &request, outcome);
    assert_eq!((answers.len(), answers[0].0.as_str()), (1, "m"));
    answers.remove(0).1
}

fn check(outcome: Result<Outcome, TransportError>, expected: Expect) {
    expected.assert_eq(&format!("{:?}", read(outcome)));
}

#[test]
fn every_answer_of_a_push_service_has_its_meaning() {
    for status in [200, 201, 202, 204] {
        check(answered(status, None), expect!["Accepted { vendor_id: None }"]);
    }
    check(
        answered(404, None),
        expect![[r#"Gone { why: "Push.example answered 404 Not Found: the subscription is no more" }"#]],
    );
    check(
        answered(410, None),
        expect![[r#"Gone { why: "Push.example answered 410 Gone: the subscription is no more" }"#]],
    );
    check(
        answered(413, None),
        expect![[
            r#"Refused { why: "Push.example answered 413 Payload Too Large: the message is too large for it" }"#
        ]],
    );
    for status in [408, 425, 429] {
        check(answered(status, None), expect!["Later { after_ms: None }"]);
        check(answered(status, Some("30")), expect!["Later { after_ms: Some(30000) }"]);
    }
    check(answered(503, Some("7")), expect!["Later { after_ms: Some(7000) }"]);
    check(answered(400, None), expect![[r#"Refused { why: "Push.example answered 400 Bad Request" }"#]]);
    for status in [401, 403] {
        let Answer::Refused { why } = read(answered(status, None)) else { panic!("{status}") };
        assert!(why.contains("VAPID"), "{why}");
    }
    check(
        answered(307, None),
        expect![[
            r#"Refused { why: "Push.example answered 307 Temporary Redirect: redirects are not followed" }"#
        ]],
    );
    check(Err(TransportError::NeverSent("refused".to_owned())), expect!["Later { after_ms: None }"]);
    check(
        Err(TransportError::Forbidden("10.0.0.1 is a private network".to_owned())),
        expect![[r#"Refused { why: "not allowed: 10.0.0.1 is a private network" }"#]],
    );
}

#[test]
fn what_leaves_it_open_whether_it_was_taken_is_ambiguous() {
    let lost = Err(TransportError::Lost("no answer within 15000 ms".to_owned()));
    let all = [500, 502, 503, 504, 599].map(|it| answered(it, None)).into_iter().chain([lost]);
    for outcome in all {
        let answer = read(outcome.clone());
        assert!(matches!(answer, Answer::Ambiguous { .. }), "{outcome:?}: {answer:?}");
        assert!(!answer.is_definite_refusal_to_accept() && !answer.may_try_again());
    }
}

#[test]
fn whatever_a_push_service_answers_a_message_has_one_short_answer_that_leaks_nothing() {
    for status in 100..=999 {
        let answer = read(answered(status, Some("nonsense")));
        let why = answer.why().unwrap_or_default();
        assert!(why.chars().count() <= WHY_CHARS_MAX && !why.contains("secret"), "{status}: {why}");
    }
}

#[test]
fn nothing_is_lost_and_nothing_exceeds_the_limits() {
    let channel = webpush();
    let mut all: Vec<Message> = (0..40).map(|it| to(&format!("m-{it}"), ENDPOINT)).collect();
    for (number, it) in all.iter_mut().enumerate() {
        let long = "很 \"\\\u{1}x".repeat(number * 100);
        match number % 4 {
            0 => it.body = long,
            1 => it.image = format!("https://shop.example/{}", "i".repeat(number * 200)),
            2 => it.title = long,
            _ => it.token = "none".to_owned(),
        }
    }
    let composed = channel.requests(NOW_MS, &all);
    let mut ids: Vec<String> = composed.answered.iter().map(|it| it.0.clone()).collect();
    for request in &composed.requests {
        assert!(request.body.len() <= channel.limits().payload_bytes_max);
        assert_eq!(request.ids.len(), 1);
        let said: Value = serde_json::from_slice(&open(&request.body).unwrap()).unwrap();
        assert_eq!(said["id"], request.ids[0]);
        ids.extend(channel.read(NOW_MS, request, answered(201, None)).into_iter().map(|it| it.0));
    }
    ids.sort();
    let mut expected: Vec<String> = all.iter().map(|it| it.id.clone()).collect();
    expected.sort();
    assert_eq!(ids, expected);
}

#[test]
fn what_does_not_fit_loses_its_picture_then_the_end_of_its_text_and_is_refused_at_last() {
    let channel = webpush();
    let said = |it: Message| -> Value {
        serde_json::from_slice(&open(&one(&channel, NOW_MS, it).unwrap().body).unwrap()).unwrap()
    };
    let picture = format!("https://shop.example/{}", "i".repeat(2_000));
    let with = |body: &str| Message { image: picture.clone(), body: body.to_owned(), ..to("m", ENDPOINT) };
    assert_eq!(said(with("short"))["image"], picture);
    let long = "很".repeat(600);
    let without = said(with(&long));
    assert_eq!((without.get("image"), &without["body"]), (None, &json!(long)));
    let longest = "\"很 ".repeat(2_000);
    let cut = said(with(&longest));
    let cut = cut["body"].as_str().unwrap();
    assert!(cut.ends_with('…') && longest.starts_with(cut.trim_end_matches('…')) && cut.len() > 1_500);
    let title = Message { title: "x".repeat(4_000), ..with("short") };
    let Err(Answer::Refused { why }) = one(&channel, NOW_MS, title) else { panic!("it cannot fit") };
    assert!(why.contains("3993"), "{why}");
}

#[test]
fn a_push_service_that_fails_is_left_alone_and_the_others_are_not() {
    let channel = webpush();
    let fail = |outcome: &Result<Outcome, TransportError>| {
        let request = one(&channel, NOW_MS, to("m", "https://broken.example/x")).unwrap();
        channel.read(NOW_MS, &request, outcome.clone());
    };
    let busy = answered(429, Some("60"));
    for outcome in [&busy, &busy, &answered(500, None), &answered(410, None)] {
        fail(outcome);
    }
    for _ in 0..5 {
        fail(&busy);
    }
    let kept = one(&channel, NOW_MS, to("m", "https://broken.example/y")).unwrap_err();
    assert_eq!(kept, Answer::Later { after_ms: Some(60_000) }, "it was not even asked");
    assert!(one(&channel, NOW_MS, to("m", "https://works.example/x")).is_ok());
    assert!(channel.spares_vendors_itself(), "its failures are no reason to stop the channel");
}

#[test]
fn neither_words_nor_subscriptions_nor_keys_are_printed() {
    let channel = webpush();
    let composed = channel.requests(NOW_MS, &[to("m-1", ENDPOINT)]);
    let subscription = Subscription::parse(&token(ENDPOINT)).unwrap();
    let printed = format!("{channel:?} {composed:?} {subscription:?} {:?}", key());
    for word in ["口红", "secret-path", AUTH, BROWSER_PUBLIC, "vapid t="] {
        assert!(!printed.contains(word), "{word}: {printed}");
    }
}
