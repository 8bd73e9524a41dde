//! The configuration: what is read, what is refused, and what the messages say.

use beckon::config::{Config, Env, Errors, check};
use expect_test::{Expect, expect};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/beckon.example.toml");

fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, Errors> {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("beckon.toml");
    fs::write(&file, text).unwrap();
    Config::load(Some(&file), &Env::of(env.iter().copied()))
}

fn refused(errors: &Errors) -> String {
    // The directory's name differs from run to run.
    let lines = errors.iter().map(|it| {
        let text = it.to_string();
        text.find("beckon.toml").map_or(text.clone(), |at| text[at..].to_owned())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn check_refused(text: &str, env: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&refused(&load(text, env).expect_err("should be refused")));
}

fn check_unfit(text: &str, expected: Expect) {
    expected.assert_eq(&refused(&load(text, &[]).unwrap().check().expect_err("should be unfit")));
}

#[test]
fn the_example_file_parses_and_equals_the_defaults() {
    let example = Config::load(Some(Path::new(EXAMPLE)), &Env::default()).unwrap();
    assert_eq!(example, Config::default());
    let written = |config: &Config| toml::to_string(config).unwrap();
    assert_eq!(written(&example), written(&Config::default()));
}

#[test]
fn the_example_file_names_every_setting_also_those_left_out_by_default() {
    let text = fs::read_to_string(EXAMPLE).unwrap();
    let setting =
        |line: &&str| *line == "[tls]" || line.split_once(" = ").is_some_and(|it| !it.0.contains(' '));
    let bare = text.lines().map(|line| line.strip_prefix("# ").filter(setting).unwrap_or(line));
    let config = load(&bare.collect::<Vec<_>>().join("\n"), &[]).unwrap();
    assert_eq!(config.behind_proxy.as_deref(), Some("nginx on web-1"));
    assert_eq!(config.tls.unwrap().private_key, PathBuf::from("/etc/beckon/private-key.pem"));
}

#[test]
fn no_file_is_the_defaults() {
    assert_eq!(Config::load(None, &Env::default()).unwrap(), Config::default());
    assert_eq!(load("", &[]).unwrap(), Config::default());
    Config::default().check().unwrap();
}

#[test]
fn unknown_keys_are_refused_all_at_once_with_the_nearest_known_name() {
    check_refused(
        "lisen = \"127.0.0.1:1\"\nworkers = 3\n\n[dedup]\nspanHours = 1\n  [dedupe]\n[journal]\ncolour = 1\n[tls]\nprivatekey = \"x\"\n",
        &[],
        expect![[r#"
            beckon.toml, line 1, column 1: unknown key `lisen`: did you mean `listen`?
            beckon.toml, line 2, column 1: unknown key `workers`: take it out; docs/beckon.example.toml lists what can be set
            beckon.toml, line 5, column 1: unknown key `spanHours` in [dedup]: did you mean `span_hours`?
            beckon.toml, line 6, column 4: unknown key `dedupe`: did you mean `dedup`?
            beckon.toml, line 8, column 1: unknown key `colour` in [journal]: take it out; docs/beckon.example.toml lists what can be set
            beckon.toml, line 10, column 1: unknown key `privatekey` in [tls]: did you mean `private_key`?"#]],
    );
}

#[test]
fn values_of_the_wrong_kind_are_refused_with_their_place() {
    check_refused(
        "\n[dedup]\nspan_hours = \"a day\"\n",
        &[],
        expect![[r#"beckon.toml, line 3, column 14: invalid type: string "a day", expected u32"#]],
    );
    check_refused(
        "listen = \":8080\"\n",
        &[],
        expect![
            "beckon.toml, line 1, column 10: `:8080` is not an address and port: write it as 127.0.0.1:8080"
        ],
    );
    check_refused(
        "journal = 3\n",
        &[],
        expect!["beckon.toml, line 1, column 11: invalid type: integer `3`, expected struct Journal"],
    );
    check_refused(
        "listen = \n",
        &[],
        expect!["beckon.toml, line 1, column 10: string values must be quoted, expected literal string"],
    );
    check_refused(
        "[tls]\ncertificate = \"a.pem\"\n",
        &[],
        expect!["beckon.toml, line 1, column 1: missing field `private_key`"],
    );
    check_refused(
        "[snapshot]\nevery_minutes = -1\n",
        &[],
        expect!["beckon.toml, line 2, column 17: invalid value: integer `-1`, expected u32"],
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let errors = Config::load(Some(Path::new("/nowhere/beckon.toml")), &Env::default()).unwrap_err();
    expect!["/nowhere/beckon.toml cannot be read (No such file or directory (os error 2)): check the path given as --config"].assert_eq(&errors.to_string());
}

#[test]
fn the_environment_wins_over_the_file() {
    let env = [
        ("BECKON_LISTEN", "0.0.0.0:80"),
        ("BECKON_DATA_DIR", "/var/lib/beckon"),
        ("BECKON_TIMEZONE", "Asia/Shanghai"),
        ("BECKON_WORKER_THREADS", "3"),
        ("BECKON_BEHIND_PROXY", "ingress"),
        ("BECKON_TLS_CERTIFICATE", "c.pem"),
        ("BECKON_LOG", "debug"),
        ("BECKON_WRITE_KEY", "cabcdefgh"),
        ("BECKON_SERVER_KEY", ""),
    ];
    let config =
        load("listen = \"127.0.0.1:1\"\n[tls]\ncertificate = \"a\"\nprivate_key = \"b\"\n", &env).unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:80");
    assert_eq!(config.data, PathBuf::from("/var/lib/beckon"));
    assert_eq!(config.default_timezone, "Asia/Shanghai");
    assert_eq!((config.worker_threads, config.threads()), (3, 3));
    assert_eq!(config.behind_proxy.as_deref(), Some("ingress"));
    assert_eq!(config.tls.as_ref().unwrap().certificate, PathBuf::from("c.pem"));
    assert_eq!(config.tls.as_ref().unwrap().private_key, PathBuf::from("b"));
    assert_eq!(config.log.filter, "debug");
    assert_eq!(config.first_keys.write.as_ref().unwrap().expose(), "cabcdefgh");
    assert_eq!(config.first_keys.server, None);
    assert!(!format!("{config:?}").contains("cabcdefgh"));
}

#[test]
fn variables_that_are_nearly_ours_are_refused_and_those_of_kubernetes_are_not() {
    check_refused(
        "",
        &[("BECKON_LISTN", "x"), ("BECKON_WRITEKEY", "x"), ("BECKON_LISTEN", "x")],
        expect![[r#"
            environment: BECKON_LISTEN: `x` is not an address and port, as 127.0.0.1:8080
            environment: BECKON_LISTN: unknown: did you mean BECKON_LISTEN?
            environment: BECKON_WRITEKEY: unknown: did you mean BECKON_WRITE_KEY?"#]],
    );
    let others = ["BECKON_PORT", "BECKON_SERVICE_HOST", "BECKON_PORT_8080_TCP_ADDR", "BECKON_CONFIG"];
    load("", &others.map(|it| (it, "x"))).unwrap();
}

#[test]
fn a_listener_that_others_reach_needs_tls_or_a_named_proxy() {
    check_unfit(
        "listen = \"0.0.0.0:8080\"",
        expect![[
            r#"listen: 0.0.0.0:8080 can be reached from other machines without TLS, and keys would travel in the clear: set [tls], or behind_proxy = "<name of the proxy that ends TLS>", or listen on 127.0.0.1"#
        ]],
    );
    check_unfit(
        "listen = \"[::]:8080\"\nbehind_proxy = \" \"",
        expect![[
            r#"behind_proxy: it is empty: name the proxy that ends TLS, as "nginx on web-1", or take the line out"#
        ]],
    );
    load("listen = \"0.0.0.0:8080\"\nbehind_proxy = \"nginx on web-1\"", &[]).unwrap().check().unwrap();
    load("listen = \"[::ffff:127.0.0.1]:8080\"", &[]).unwrap().check().unwrap();
}

#[test]
fn values_that_do_not_do_are_named_all_at_once_with_what_to_do() {
    check_unfit(
        r#"
        default_timezone = "Asia/Shangai"
        worker_threads = 65
        data = "/dev/null/beckon"
        [journal]
        segment_bytes = 1
        [snapshot]
        every_bytes = 0
        every_minutes = 0
        [dedup]
        budget_bytes = 512
        span_hours = 1_000
        [cors]
        origins = ["shop.example", "https://shop.example/", "https://shop.example", "*"]
        [log]
        filter = "info,beckon=loud"
        "#,
        expect![[r#"
            data: /dev/null is not a directory: name a directory, or a path where one can be made
            default_timezone: there is no time zone `Asia/Shangai`: name one as `Asia/Shanghai`, `Europe/Berlin` or `UTC`
            worker_threads: 65 is out of bounds: set 0 to 64
            journal.segment_bytes: 1 is out of bounds: set 16384 to 4294967296
            snapshot.every_bytes: 0 is out of bounds: set 1048576 to 1099511627776
            snapshot.every_minutes: 0 is out of bounds: set 1 to 10080
            dedup.budget_bytes: 512 is out of bounds: set 4194304 to 1099511627776
            dedup.span_hours: 1000 is out of bounds: set 1 to 720
            cors.origins: `shop.example` is not an origin: write scheme and host (and port) without a path, as https://shop.example, or "*" for all
            cors.origins: `https://shop.example/` is not an origin: write scheme and host (and port) without a path, as https://shop.example, or "*" for all
            log.filter: `info,beckon=loud` is not a filter (error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5): write levels by module, as `info,beckon::gateway=debug`"#]],
    );
}

#[test]
fn tls_files_are_looked_into() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    let made = |name: &str| {
        let made = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).unwrap();
        fs::write(path(&format!("{name}.pem")), made.cert.pem()).unwrap();
        fs::write(path(&format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
    };
    made("one");
    made("two");
    fs::write(path("empty"), "").unwrap();
    fs::write(path("der"), [0x30, 0x82, 0xff, 0xfe]).unwrap();
    fs::write(path("cut"), "-----BEGIN CERTIFICATE-----\nMII").unwrap();
    let check = |certificate: &str, private_key: &str| {
        let config = Config {
            listen: "0.0.0.0:443".parse().unwrap(),
            data: path("data"),
            tls: Some(beckon::config::Tls { certificate: path(certificate), private_key: path(private_key) }),
            ..Config::default()
        };
        config.check().err().map_or("fine".to_owned(), |it| it.to_string())
    };
    let cases = [
        ("one.pem", "one.key"),
        ("one.pem", "two.key"),
        ("none.pem", "one.key"),
        ("empty", "one.key"),
        ("one.key", "one.key"),
        ("one.pem", "one.pem"),
        ("der", "one.key"),
        ("cut", "one.key"),
    ];
    let said: String = cases.iter().map(|(a, b)| format!("{a} + {b}: {}\n", check(a, b))).collect();
    let said = said.replace(&format!("{}/", dir.path().display()), "");
    expect![[r#"
        one.pem + one.key: fine
        one.pem + two.key: tls: the private key two.key does not belong to the first certificate in one.pem: give the key it was issued for, and the server's own certificate first in the chain
        none.pem + one.key: tls: none.pem cannot be read (No such file or directory (os error 2)): check the path and that this user may read it
        empty + one.key: tls: empty holds no certificate in PEM form: give the full chain, the server's own certificate first
        one.key + one.key: tls: one.key holds no certificate in PEM form: give the full chain, the server's own certificate first
        one.pem + one.pem: tls: one.pem holds no private key that can be used: give an unencrypted PKCS #8, PKCS #1 or SEC 1 key
        der + one.key: tls: der holds no certificate in PEM form: give the full chain, the server's own certificate first
        cut + one.key: tls: cut is not a whole PEM file (it ends too early): give the file with the `-----BEGIN …-----` lines
    "#]].assert_eq(&said);
}

#[test]
fn tls_offers_http_2_first() {
    let dir = TempDir::new().unwrap();
    let (certificate, private_key) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).unwrap();
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&private_key, made.signing_key.serialize_pem()).unwrap();
    let config = beckon::gateway::tls::server_config(&certificate, &private_key).unwrap();
    assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn checking_prints_what_is_in_effect_and_no_secret() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let file = dir.path().join("beckon.toml");
    fs::write(&file, "default_timezone = \"Asia/Shanghai\"\nworker_threads = 2\n").unwrap();
    let env = Env::of([
        ("BECKON_DATA_DIR", data.to_str().unwrap()),
        ("BECKON_WRITE_KEY", "cbeckonpeerwritekey000001"),
        ("BECKON_SERVER_KEY", "sk_0123456789abcdef"),
    ]);
    let printed = check::run(Some(&file), &env).unwrap();
    expect![[r#"
        listen = "127.0.0.1:8080"
        data = "/data"
        default_timezone = "Asia/Shanghai"
        worker_threads = 2

        [journal]
        segment_bytes = 67108864
        keep_bytes = 4294967296
        keep_hours = 168

        [snapshot]
        every_bytes = 536870912
        every_minutes = 10

        [dedup]
        budget_bytes = 536870912
        span_hours = 24

        [cors]
        origins = ["*"]

        [in_app]
        connections_max = 100000
        ack_wait_s = 20
        ping_s = 25

        [room]
        enabled = true
        udp_port = 8189
        tcp = true
        tcp_port = 0
        public_addresses = []
        threads = 0
        second_publisher = "refuse"
        open = false
        viewers_a_room = 1000
        egress_mbit = 1000
        ice_servers = []

        [log]
        filter = "info"

        # BECKON_WRITE_KEY is set (not shown)
        # BECKON_SERVER_KEY is set (not shown)
    "#]]
    .assert_eq(&printed.replace(dir.path().to_str().unwrap(), ""));
    // What is printed is itself a configuration.
    fs::write(&file, &printed).unwrap();
    assert_eq!(
        check::run(Some(&file), &Env::default()).unwrap(),
        printed.split("\n# BECKON").next().unwrap()
    );

    let weak = Env::of([("BECKON_WRITE_KEY", "with space"), ("BECKON_SERVER_KEY", "short")]);
    expect![[r#"
        environment: BECKON_WRITE_KEY: this write key does not do: use 8 to 256 printable ASCII characters without spaces, none of them a colon at the end
        environment: BECKON_SERVER_KEY: this server key does not do: use 16 to 256 printable ASCII characters without spaces"#]].assert_eq(&check::run(None, &weak).unwrap_err().to_string());
}

/// What a start says that may have 256 files open, and finds its address taken.
#[cfg(unix)]
fn told_with_few_files(config: &str, filter: &str) -> String {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("beckon.toml");
    fs::write(&file, config).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args([
        "-c",
        "ulimit -n 256 && exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_beckon"),
        "serve",
        "--listen",
    ]);
    shell.arg(taken.local_addr().unwrap().to_string()).arg("--config").arg(&file);
    shell.arg("--data").arg(dir.path().join("data")).env("BECKON_LOG", filter);
    let done = shell.output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && told.contains("cannot listen on"), "{told}");
    told
}

#[test]
#[cfg(unix)]
fn few_open_files_are_told_of_where_there_is_something_to_do() {
    let (few, asked) = ("fewer files may be open", "[in_app]\nconnections_max = 5000\n");
    let told = told_with_few_files(asked, "info");
    assert!(told.contains("WARN") && told.contains(few), "{told}");
    assert!(told.contains("ulimit -n") && told.contains("in_app.connections_max"), "what to do: {told}");
    assert!(!told_with_few_files("[in_app]\nconnections_max = 200\n", "debug").contains(few));
    // Nobody asked for as many as the default.
    assert!(!told_with_few_files("", "info").contains(few));
    let told = told_with_few_files("", "debug");
    assert!(told.contains("DEBUG") && told.contains(few), "{told}");
}
