//! The secret store: made once, kept safe, changed beside a running server; and shopper tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon::config::{FirstKeys, Secret};
use beckon::keys::{Error, Keys, Shared, Source, verify_shopper_token};
use beckon_core::id::SourceId;
use beckon_core::time::Timestamp;
use beckon_wire::collect::SourceKind;
use expect_test::expect;
use ring::hmac;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn first(dir: &Path) -> (Keys, String, String) {
    let (keys, printed) = Keys::open_or_create(dir, &FirstKeys::default()).unwrap();
    (keys, printed.write.unwrap(), printed.server.unwrap())
}

fn from_env(write: Option<&str>, server: Option<&str>) -> FirstKeys {
    FirstKeys { write: write.map(Secret::new), server: server.map(Secret::new) }
}

fn stored(dir: &TempDir) -> String {
    fs::read_to_string(dir.path().join("keys.toml")).unwrap()
}

/// An error's message, without the directory that differs from run to run.
fn said<T>(dir: &TempDir, result: Result<T, Error>) -> String {
    let message = result.err().expect("should be refused").to_string();
    message.replace(&format!("{}/", dir.path().display()), "")
}

#[test]
fn a_first_start_makes_two_keys_and_a_second_start_none() {
    let dir = TempDir::new().unwrap();
    let (keys, write, server) = first(&dir.path().join("deeper/data"));
    let lower = |it: &str| it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
    assert!(write.len() == 25 && write.starts_with('c') && lower(&write), "{write}");
    assert!(server.len() == 35 && server.starts_with("sk_") && lower(&server[3..]), "{server}");

    let source = keys.source(&write).unwrap();
    assert_eq!((source.id, source.name.as_str(), source.kind), (SourceId(1), "default", SourceKind::Web));
    assert!(!source.verify_identity && !source.has_shopper_secret());
    assert!(keys.is_server_key(&server));
    for wrong in ["", "c", &server, &write[..24], &format!("{write} ")] {
        assert!(keys.source(wrong).is_none());
    }
    assert!(!keys.is_server_key(&write) && !keys.is_server_key(""));

    let again = Keys::open_or_create(&dir.path().join("deeper/data"), &FirstKeys::default()).unwrap();
    assert!(again.1.write.is_none() && again.1.server.is_none());
    assert!(again.0.source(&write).is_some() && again.0.is_server_key(&server));
}

#[test]
fn no_key_is_in_the_file_or_in_a_debug_line() {
    let dir = TempDir::new().unwrap();
    let (mut keys, write, server) = first(dir.path());
    let secret = keys.make_shopper_secret("default").unwrap();
    let text = stored(&dir);
    assert!(!text.contains(&write) && !text.contains(&server));
    let debug = format!("{keys:?}");
    assert!(!debug.contains(&write) && !debug.contains(&server) && !debug.contains(&secret), "{debug}");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_only_and_a_looser_one_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new().unwrap();
    let (mut keys, ..) = first(dir.path());
    let file = dir.path().join("keys.toml");
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    // A file left by a crash must not lend its permissions to the next one.
    fs::write(dir.path().join("keys.toml.new"), "left over").unwrap();
    keys.add_source("shop", SourceKind::Web, true).unwrap();
    assert_eq!(mode(), 0o600);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    expect!["keys.toml can be read by other users (mode 640): run `chmod 600` on it, and replace the keys if somebody may have looked"].assert_eq(&said(&dir, Keys::open(dir.path())));
    assert!(matches!(keys.add_server_key("ci"), Err(Error::Loose { .. })));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    Keys::open(dir.path()).unwrap();
}

#[test]
fn keys_of_the_environment_are_used_and_not_printed() {
    let dir = TempDir::new().unwrap();
    let open = |env: &FirstKeys| Keys::open_or_create(dir.path(), env);
    let (keys, printed) = open(&from_env(Some("id:secret-of-jitsu"), None)).unwrap();
    assert!(printed.write.is_none());
    let server = printed.server.unwrap();
    assert_eq!(keys.source("id:secret-of-jitsu").unwrap().id, SourceId(1));
    assert!(keys.is_server_key(&server));

    // Another one takes its place, without another source; the server key likewise.
    let (keys, _) = open(&from_env(Some("another-write-key"), Some("sk_0123456789abcdef"))).unwrap();
    assert_eq!(keys.source("another-write-key").unwrap().id, SourceId(1));
    assert!(keys.source("id:secret-of-jitsu").is_none());
    assert!(keys.is_server_key("sk_0123456789abcdef") && !keys.is_server_key(&server));

    // Nothing changes when nothing is new, and what was set stays when it is no longer given.
    let before = stored(&dir);
    open(&from_env(Some("another-write-key"), Some("sk_0123456789abcdef"))).unwrap();
    let (keys, printed) = open(&FirstKeys::default()).unwrap();
    assert!(printed.write.is_none() && printed.server.is_none());
    assert!(keys.source("another-write-key").is_some());
    assert_eq!(stored(&dir), before);

    for bad in ["short", "ends-in-colon:", "with space", "é-not-ascii"] {
        assert!(matches!(open(&from_env(Some(bad), None)), Err(Error::BadKey { .. })), "{bad}");
    }
    assert!(matches!(open(&from_env(None, Some("sk_short"))), Err(Error::BadKey { .. })));
    let same = "one-key-for-all-of-it";
    assert!(matches!(open(&from_env(Some(same), Some(same))), Err(Error::SameKeys)));
    assert_eq!(stored(&dir), before);
}

#[test]
fn sources_and_server_keys_come_and_go_and_numbers_are_not_used_twice() {
    let dir = TempDir::new().unwrap();
    let (mut keys, _, first_server) = first(dir.path());
    let app = keys.add_source("app", SourceKind::App, true).unwrap();
    assert_eq!(keys.source(&app).unwrap().id, SourceId(2));
    keys.remove_source("app").unwrap();
    assert!(keys.source(&app).is_none());
    let orders = keys.add_source("orders", SourceKind::Server, false).unwrap();
    let source = keys.source(&orders).unwrap();
    assert_eq!((source.id, source.kind, source.verify_identity), (SourceId(3), SourceKind::Server, false));
    keys.set_verify_identity("orders", true).unwrap();
    assert!(keys.source_named("orders").unwrap().verify_identity);

    let server = keys.add_server_key("ci").unwrap();
    keys.remove_server_key("default").unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    assert!(keys.is_server_key(&server) && !keys.is_server_key(&first_server));
    assert_eq!(keys.server_keys().collect::<Vec<_>>(), ["ci"]);
    assert_eq!(keys.sources().iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["default", "orders"]);
}

#[test]
fn changes_that_do_not_do_say_what_to_do_and_change_nothing() {
    let dir = TempDir::new().unwrap();
    let (mut keys, ..) = first(dir.path());
    let before = stored(&dir);
    let all = [
        said(&dir, keys.add_source("default", SourceKind::Web, false)),
        said(&dir, keys.add_source("a\nb", SourceKind::Web, false)),
        said(&dir, keys.remove_source("shop")),
        said(&dir, keys.set_shopper_secret("default", "short")),
        said(&dir, keys.remove_server_key("default")),
        said(&dir, keys.remove_server_key("ci")),
        said(&dir, Keys::open(&dir.path().join("none"))),
    ];
    expect![[r#"
        there is already a source named `default`: choose another name, or remove that one first
        "a\nb" is no name: use 1 to 64 characters without control characters
        there is no source named `shop`: there is `default`
        this shopper secret does not do: use 32 to 256 printable ASCII characters without spaces
        `default` is the only server key: add another one first, or nobody can use the control API
        there is no server key named `ci`: there is `default`
        none/keys.toml does not exist: give the data directory of a server that was started once"#]]
    .assert_eq(&all.join("\n"));
    assert_eq!(stored(&dir), before);
}

#[test]
fn a_damaged_file_is_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    let (mut keys, ..) = first(dir.path());
    keys.add_source("shop", SourceKind::Web, false).unwrap();
    let good = stored(&dir);
    let cases = [
        good.replace("id = 2", "id = 1"),
        good.replace("id = 2", "id = 7"),
        good.replace("\"shop\"", "\"default\""),
        good.replace("sha256 = \"", "sha256 = \"zz"),
        good.replace("kind = \"web\"", "kind = \"fax\""),
        "next_source_id = ".to_owned(),
    ];
    let mut all = Vec::new();
    for text in cases {
        fs::write(dir.path().join("keys.toml"), &text).unwrap();
        all.push(said(&dir, Keys::open_or_create(dir.path(), &FirstKeys::default()).map(|_| ())));
        assert_eq!(stored(&dir), text);
    }
    expect![[r#"
        keys.toml is damaged (source `shop` has the number 1, which is not its own): put a backup back, or move it away and start with new keys
        keys.toml is damaged (source `shop` has the number 7, which is not its own): put a backup back, or move it away and start with new keys
        keys.toml is damaged (two sources have the name or the key of `default`): put a backup back, or move it away and start with new keys
        keys.toml is damaged (a hash is not 64 hexadecimal digits): put a backup back, or move it away and start with new keys
        keys.toml is damaged (a kind is not `web`, `app` or `server`): put a backup back, or move it away and start with new keys
        keys.toml is damaged (string values must be quoted, expected literal string): put a backup back, or move it away and start with new keys"#]].assert_eq(&all.join("\n"));
}

#[test]
fn a_running_server_sees_what_the_command_line_changed() {
    let dir = TempDir::new().unwrap();
    let (keys, write, _) = first(dir.path());
    let shared = Shared::new(keys);
    assert!(!shared.refresh().unwrap());
    let mut other = Keys::open(dir.path()).unwrap();
    let mut third = Keys::open(dir.path()).unwrap();
    let shop = other.add_source("shop", SourceKind::Web, false).unwrap();
    // It was opened before `shop` was added, and builds on it all the same.
    let orders = third.add_source("orders", SourceKind::Server, false).unwrap();
    assert!(shared.current().source(&shop).is_none());
    assert!(shared.refresh().unwrap());
    assert!(!shared.refresh().unwrap());
    for key in [&write, &shop, &orders] {
        assert!(shared.current().source(key).is_some());
    }
    fs::remove_file(dir.path().join("keys.toml")).unwrap();
    assert!(shared.refresh().is_err());
    assert!(shared.current().source(&write).is_some());
}

#[test]
fn two_changes_at_once_lose_none() {
    let dir = TempDir::new().unwrap();
    first(dir.path());
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let dir = dir.path();
            scope.spawn(move || {
                let mut keys = Keys::open(dir).unwrap();
                keys.add_source(name, SourceKind::App, false).unwrap();
            });
        }
    });
    assert_eq!(Keys::open(dir.path()).unwrap().sources().len(), 5);
}

const SECRET: &str = "a-shopper-secret-of-32-characters!";
const NOW: i64 = 1_800_000_000;

fn vouching() -> (TempDir, Source) {
    let dir = TempDir::new().unwrap();
    let (mut keys, ..) = first(dir.path());
    keys.set_shopper_secret("default", SECRET).unwrap();
    let source = keys.source_named("default").unwrap().clone();
    (dir, source)
}

pub fn signed(header: &str, claims: &str, secret: &str) -> String {
    let part = |it: &[u8]| URL_SAFE_NO_PAD.encode(it);
    let signed = format!("{}.{}", part(header.as_bytes()), part(claims.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = part(hmac::sign(&key, signed.as_bytes()).as_ref());
    format!("{signed}.{signature}")
}

#[test]
fn a_token_of_another_library_is_understood() {
    // Made by the Node lines in `keys/token.rs`, with this secret and an end in 2100.
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1c2VyLTQyIiwiZXhwIjo0MTAyNDQ0ODAwfQ.5xC8uQ_z9TFBg5VClwiG6UELI0e1MuWq7Y9GBsoT0DM";
    let (_dir, source) = vouching();
    assert_eq!(verify_shopper_token(&source, token, Timestamp(NOW * 1000)).as_deref(), Some("user-42"));
}

#[test]
fn a_shopper_token_counts_when_signed_named_and_in_its_time() {
    let (_dir, source) = vouching();
    let hs256 = r#"{"alg":"HS256"}"#;
    let verified = |header: &str, claims: &str, secret: &str| {
        verify_shopper_token(&source, &signed(header, claims, secret), Timestamp(NOW * 1000))
    };
    let good = format!(r#"{{"sub":"u1","exp":{},"nbf":{},"iat":1,"aud":["x"]}}"#, NOW + 60, NOW);
    assert_eq!(verified(hs256, &good, SECRET).as_deref(), Some("u1"));
    assert_eq!(verified(r#"{"typ":"JWT","alg":"HS256","kid":"1"}"#, &good, SECRET).as_deref(), Some("u1"));

    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS512"}"#, r#"{"alg":"hs256"}"#, "{}", "x"] {
        assert_eq!(verified(header, &good, SECRET), None, "{header}");
    }
    assert_eq!(verified(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, &good, SECRET), None);
    assert_eq!(verified(hs256, &good, "another-secret-of-32-characters!!!"), None);

    let claims = |times: &str| format!(r#"{{"sub":"u1"{times}}}"#);
    let cases = [
        ("no end", String::new(), false),
        ("over", format!(r#","exp":{}"#, NOW - 60), false),
        ("over, within the leeway", format!(r#","exp":{}"#, NOW - 59), true),
        ("a fraction", format!(r#","exp":{}.5"#, NOW), true),
        ("not yet", format!(r#","exp":{},"nbf":{}"#, NOW + 600, NOW + 61), false),
        ("not yet, within the leeway", format!(r#","exp":{},"nbf":{}"#, NOW + 600, NOW + 60), true),
        ("an end that is text", format!(r#","exp":"{}""#, NOW + 600), false),
        ("two ends", format!(r#","exp":{},"exp":{}"#, NOW - 600, NOW + 600), false),
        ("two names", format!(r#","exp":{},"sub":"u2""#, NOW + 600), false),
    ];
    for (case, times, counts) in cases {
        assert_eq!(verified(hs256, &claims(&times), SECRET).is_some(), counts, "{case}");
    }
    for sub in [r#""""#, "7", "null", &format!("\"{}\"", "x".repeat(257))] {
        assert_eq!(
            verified(hs256, &format!(r#"{{"sub":{sub},"exp":{}}}"#, NOW + 600), SECRET),
            None,
            "{sub}"
        );
    }
}

#[test]
fn a_damaged_token_counts_for_nothing() {
    let (_dir, source) = vouching();
    let claims = format!(r#"{{"sub":"u1","exp":{}}}"#, NOW + 60);
    let token = signed(r#"{"alg":"HS256"}"#, &claims, SECRET);
    let verified = |token: &str| verify_shopper_token(&source, token, Timestamp(NOW * 1000));
    assert!(verified(&token).is_some());
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(verified(str::from_utf8(&changed).unwrap()), None, "changed at {at}");
        assert_eq!(verified(&token[..at]), None, "cut at {at}");
    }
    for wrong in [
        "",
        ".",
        "..",
        "...",
        &format!("{token}."),
        &format!("{token}="),
        &format!(" {token}"),
        &"a.".repeat(9000),
    ] {
        assert_eq!(verified(wrong), None, "{wrong}");
    }
    let dir = TempDir::new().unwrap();
    let (keys, ..) = first(dir.path());
    let without_secret = keys.source_named("default").unwrap();
    assert_eq!(verify_shopper_token(without_secret, &token, Timestamp(NOW * 1000)), None);
}
