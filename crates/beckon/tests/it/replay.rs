//! Real logs through the real path: counts as in the file, nothing twice, nothing lost to `kill -9`.

use crate::server::{Server, beckon, data_set};
use beckon::replay::{Format, expected_counts};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn replay(server: &Server, file: &Path, format: &str, more: &[&str]) -> Command {
    let mut command = beckon();
    command
        .arg("replay")
        .arg(file)
        .args(["--format", format, "--to"])
        .arg(format!("http://{}", server.address));
    command.args(more).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn counts(server: &Server) -> BTreeMap<String, u64> {
    let stats = server.stats();
    let by_name = stats["events"]["by_name"].as_object().unwrap();
    by_name.iter().map(|(name, count)| (name.clone(), count.as_u64().unwrap())).collect()
}

fn digest(data: &Path) -> String {
    let out = beckon().args(["state", "digest", "--data"]).arg(data).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn goes_through_and_counts_nothing_twice(set: &str, format: &str, kind: Format) {
    let Some(file) = data_set(set) else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--clock", "virtual"]);
    assert!(replay(&server, &file, format, &[]).status().unwrap().success());
    let log = std::io::BufReader::new(std::fs::File::open(&file).unwrap());
    let expected = expected_counts(kind, log).unwrap().0;
    assert_eq!(counts(&server), expected);
    assert!(replay(&server, &file, format, &[]).status().unwrap().success());
    assert_eq!(counts(&server), expected, "replayed twice");
}

#[test]
fn two_hours_of_taobao_go_through_and_count_nothing_twice() {
    goes_through_and_counts_nothing_twice("taobao_2h/UserBehavior.csv.gz", "taobao", Format::Taobao);
}

#[test]
fn two_weeks_of_kuairand_go_through_and_count_nothing_twice() {
    goes_through_and_counts_nothing_twice(
        "kuairand/kuairand_pure_0425_0508.csv.gz",
        "kuairand",
        Format::Kuairand,
    );
}

/// Behaviours and top items straight from the file, in a few lines of their own.
fn rows(file: &Path) -> Vec<Vec<String>> {
    let reader = flate2::read::MultiGzDecoder::new(std::fs::File::open(file).unwrap());
    let text = std::io::read_to_string(reader).unwrap();
    text.lines().map(|it| it.split(',').map(str::to_owned).collect()).collect()
}

fn top_three(counts: BTreeMap<String, u64>) -> Vec<(u64, String)> {
    let mut all: Vec<(u64, String)> = counts.into_iter().map(|(item, count)| (count, item)).collect();
    all.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    all.truncate(3);
    all
}

#[test]
fn the_journal_names_the_same_most_viewed_items_as_the_file() {
    let Some(file) = data_set("taobao_2h/UserBehavior.csv.gz") else { return };
    let dir = tempfile::tempdir().unwrap();
    let run = beckon()
        .arg("replay")
        .arg(&file)
        .args(["--format", "taobao", "--data"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let rows = rows(&file);
    let start: u64 = rows[0][4].parse().unwrap();
    let mut of_file = BTreeMap::new();
    let mut behaviours = BTreeMap::new();
    for row in &rows {
        *behaviours.entry(row[3].clone()).or_insert(0u64) += 1;
        if row[3] == "pv" && row[4].parse::<u64>().unwrap() < start + 300 {
            *of_file.entry(row[1].clone()).or_insert(0u64) += 1;
        }
    }
    let dump = beckon().args(["journal", "dump", "--data"]).arg(dir.path()).output().unwrap();
    let mut of_journal = BTreeMap::new();
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    for line in String::from_utf8(dump.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let Some(name) = line["name"].as_str() else { continue };
        *names.entry(name.to_owned()).or_default() += 1;
        let at: jiff::Timestamp = line["at"].as_str().unwrap().parse().unwrap();
        if name == "Product Viewed" && (at.as_second() as u64) < start + 300 {
            *of_journal.entry(product_of(&line)).or_insert(0u64) += 1;
        }
    }
    assert_eq!(top_three(of_journal), top_three(of_file));
    let words = [
        ("pv", "Product Viewed"),
        ("cart", "Product Added"),
        ("fav", "Product Added to Wishlist"),
        ("buy", "Order Completed"),
    ];
    for (behaviour, name) in words {
        assert_eq!(names[name], behaviours[behaviour], "{name}");
    }
}

fn product_of(line: &Value) -> String {
    fn find(value: &Value) -> Option<&str> {
        match value {
            Value::Object(fields) => fields.iter().find_map(|(name, value)| match value {
                Value::String(id) if name == "product" => Some(id.as_str()),
                value => find(value),
            }),
            _ => None,
        }
    }
    find(line).unwrap_or_else(|| panic!("{line}")).to_owned()
}

/// Small numbers that do not repeat from moment to moment, from a seed.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[test]
fn killed_at_twenty_moments_and_resumed_the_state_is_that_of_an_undisturbed_run() {
    let Some(file) = data_set("taobao_2h/UserBehavior.csv.gz") else { return };
    let (calm, rough) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(calm.path(), &["--clock", "virtual"]);
    assert!(replay(&server, &file, "taobao", &[]).status().unwrap().success());
    assert!(server.terminate());

    let mut seed = 20_261_122;
    let mut kills = 0;
    let started = |server: &Server| -> Child {
        // About eleven seconds in all, so that twenty kills fall within the run.
        replay(server, &file, "taobao", &["--rate", "10000", "--batch", "50"]).spawn().unwrap()
    };
    loop {
        let server = Server::start(rough.path(), &["--clock", "virtual"]);
        let mut replaying = started(&server);
        if kills < 20 {
            std::thread::sleep(Duration::from_millis(150 + splitmix(&mut seed) % 400));
            let still_running = replaying.try_wait().unwrap().is_none();
            server.kill();
            let _ = replaying.kill();
            let _ = replaying.wait();
            assert!(still_running, "the log was through after {kills} kills: the rate is too high");
            kills += 1;
            continue;
        }
        assert!(replaying.wait().unwrap().success());
        assert_eq!(server.stats()["events"]["total"], 110_300);
        assert!(server.terminate());
        break;
    }
    assert_eq!(digest(rough.path()), digest(calm.path()));
}
