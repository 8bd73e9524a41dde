//! How lines of the logs become numbered calls. The lines are made by hand; none is of a published log.

use beckon::replay::{Batches, Counts, Error, Format, Options, expected_counts};
use expect_test::{Expect, expect};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;
use tempfile::TempDir;

const KUAIRAND: &str = "\
user_id,video_id,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,play_time_ms,duration_ms,author_id,tag
7,70,1600000000123,0,0,0,0,0,0,0,9000,700,unknown
8,80,1600000000456,1,1,1,1,1,1,1500,9000,800,\"3,14\"
";

fn options(dir: &TempDir, format: Format, text: impl AsRef<[u8]>) -> Options {
    let file = dir.path().join("log");
    std::fs::write(&file, text).unwrap();
    Options { source: "s".into(), ..Options::new(file, format).unwrap() }
}

/// The calls of a log from number `from` on, each with its number, one a line.
fn calls(options: &Options, from: u64) -> Result<String, Error> {
    let mut text = String::new();
    let mut next = None;
    for batch in Batches::open(options, from)? {
        let batch = batch?;
        let body: Value = serde_json::from_slice(&batch.body).unwrap();
        assert_eq!(body["bulk"]["sequence"], batch.first);
        assert_eq!(next.unwrap_or(batch.first), batch.first, "numbers run through");
        let calls = body["batch"].as_array().unwrap();
        assert_eq!(calls.len() as u64, batch.events);
        for (call, number) in calls.iter().zip(batch.first..) {
            text += &format!("{number} {call}\n");
        }
        next = Some(batch.end());
    }
    Ok(text)
}

fn check(format: Format, text: &str, expected: Expect) {
    let dir = tempfile::tempdir().unwrap();
    expected.assert_eq(&calls(&options(&dir, format, text), 0).unwrap());
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn each_behaviour_of_taobao_has_its_event() {
    check(
        Format::Taobao,
        "1,10,100,pv,1511658000\n1,10,100,cart,1511658001\n2,20,200,fav,1511658002\r\n2,20,200,buy,1511658003",
        expect![[r#"
            0 {"event":"Product Viewed","properties":{"category":"100","product_id":"10"},"timestamp":"2017-11-26T01:00:00Z","type":"track","userId":"1"}
            1 {"event":"Product Added","properties":{"category":"100","product_id":"10"},"timestamp":"2017-11-26T01:00:01Z","type":"track","userId":"1"}
            2 {"event":"Product Added to Wishlist","properties":{"category":"200","product_id":"20"},"timestamp":"2017-11-26T01:00:02Z","type":"track","userId":"2"}
            3 {"event":"Order Completed","properties":{"products":[{"category":"200","product_id":"20"}]},"timestamp":"2017-11-26T01:00:03Z","type":"track","userId":"2"}
        "#]],
    );
}

#[test]
fn a_row_of_kuairand_has_an_event_for_all_that_happened() {
    check(
        Format::Kuairand,
        KUAIRAND,
        expect![[r#"
        0 {"event":"Video Content Shown","properties":{"asset_id":"70","duration_ms":9000,"host_id":"700","play_time_ms":0,"tags":[]},"timestamp":"2020-09-13T12:26:40.123Z","type":"track","userId":"7"}
        1 {"event":"Video Content Shown","properties":{"asset_id":"80","duration_ms":9000,"host_id":"800","play_time_ms":1500,"tags":["3","14"]},"timestamp":"2020-09-13T12:26:40.456Z","type":"track","userId":"8"}
        2 {"event":"Video Content Started","properties":{"asset_id":"80","host_id":"800","tags":["3","14"]},"timestamp":"2020-09-13T12:26:40.456Z","type":"track","userId":"8"}
        3 {"event":"Live Liked","properties":{"asset_id":"80","host_id":"800","tags":["3","14"]},"timestamp":"2020-09-13T12:26:40.456Z","type":"track","userId":"8"}
        4 {"event":"Live Commented","properties":{"asset_id":"80","host_id":"800","tags":["3","14"]},"timestamp":"2020-09-13T12:26:40.456Z","type":"track","userId":"8"}
        5 {"event":"Live Shared","properties":{"asset_id":"80","host_id":"800","tags":["3","14"]},"timestamp":"2020-09-13T12:26:40.456Z","type":"track","userId":"8"}
        6 {"event":"Live Followed","properties":{"asset_id":"80","host_id":"800","tags":["3","14"]},"timestamp":"2020-09-13T12:26:40.456Z","type":"track","userId":"8"}
        7 {"event":"Video Content Hidden","properties":{"asset_id":"80","host_id":"800","tags":["3","14"]},"timestamp":"2020-09-13T12:26:40.456Z","type":"track","userId":"8"}
    "#]],
    );
}

#[test]
fn a_segment_call_goes_on_as_it_is_and_empty_lines_have_no_number() {
    check(
        Format::SegmentJsonl,
        "\u{feff}{\"type\":\"track\",\"event\":\"茶\",\"userId\":\"u\"}\n\n  {\"type\":\"page\",\"anonymousId\":\"a\"} \n",
        expect![[r#"
            0 {"event":"茶","type":"track","userId":"u"}
            1 {"anonymousId":"a","type":"page"}
        "#]],
    );
}

#[test]
fn a_batch_says_its_source_its_context_and_the_span_of_its_times() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { source: "a\"b".into(), ..options(&dir, Format::Kuairand, KUAIRAND) };
    let batch = Batches::open(&options, 0).unwrap().next().unwrap().unwrap();
    let body: Value = serde_json::from_slice(&batch.body).unwrap();
    assert_eq!(body["bulk"]["source"], "a\"b");
    assert_eq!(body["context"]["timezone"], "Asia/Shanghai");
    assert_eq!(batch.earliest.unwrap().0, 1_600_000_000_123);
    assert_eq!(batch.latest.unwrap().0, 1_600_000_000_456);
}

#[test]
fn the_time_of_a_segment_call_is_found_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    for (time, ms) in [
        (r#""timestamp":"2017-11-26T01:00:00.5Z""#, Some(1_511_658_000_500)),
        (r#""timestamp":"2017-11-26T09:00:00+08:00""#, Some(1_511_658_000_000)),
        (r#""timestamp":1511658000"#, Some(1_511_658_000_000)),
        (r#""timestamp":"1511658000123""#, Some(1_511_658_000_123)),
        (r#""timestamp":1,"originalTimestamp":"2017-11-26T01:00:00Z""#, Some(1_511_658_000_000)),
        (r#""timestamp":null"#, None),
        (r#""timestamp":{"a":[]}"#, None),
        (r#""timestamp":"soon""#, None),
    ] {
        let line = format!(r#"{{"type":"page","userId":"u",{time}}}"#);
        let options = options(&dir, Format::SegmentJsonl, &line);
        let batch = Batches::open(&options, 0).unwrap().next().unwrap().unwrap();
        assert_eq!(batch.latest.map(|it| it.0), ms, "{time}");
    }
}

#[test]
fn a_log_can_be_gone_on_with_from_any_number_in_batches_of_any_size() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir, Format::Kuairand, KUAIRAND);
    let all = calls(&options, 0).unwrap();
    let lines: Vec<_> = all.lines().collect();
    assert_eq!(lines.len(), 8);
    for batch in 1..10 {
        for from in 0..12 {
            let part = calls(&Options { batch, ..options.clone() }, from as u64).unwrap();
            assert_eq!(part.lines().collect::<Vec<_>>(), lines[from.min(8)..]);
        }
    }
}

#[test]
fn batches_stay_within_what_a_request_may_hold_and_what_the_pace_allows() {
    let dir = tempfile::tempdir().unwrap();
    let line = format!(r#"{{"type":"track","event":"{}"}}"#, "x".repeat(30_000));
    let long = options(&dir, Format::SegmentJsonl, format!("{line}\n").repeat(50));
    let bodies = |options: &Options| -> Vec<_> {
        Batches::open(options, 0)
            .unwrap()
            .map(|it| it.map(|it| (it.events, it.body.len())).unwrap())
            .collect()
    };
    let sent = bodies(&long);
    assert_eq!(sent.iter().map(|it| it.0).sum::<u64>(), 50);
    assert!(sent.iter().all(|it| it.1 <= beckon_wire::limits::BATCH_BYTES_MAX), "{sent:?}");

    let rows: String = (0..100).map(|at| format!("1,10,100,pv,{}\n", 1_511_658_000 + at)).collect();
    let paced = Options { rate: Some(100.0), ..options(&dir, Format::Taobao, &rows) };
    assert!(bodies(&paced).iter().all(|it| it.0 == 10));
    let played = Options { speed: Some(50.0), ..options(&dir, Format::Taobao, &rows) };
    assert!(bodies(&played).iter().all(|it| it.0 <= 6), "no more than five seconds in a tenth of one");
}

#[test]
fn a_packed_log_gives_the_same_calls_and_one_that_was_cut_short_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let plain = calls(&options(&dir, Format::Kuairand, KUAIRAND), 0).unwrap();
    let packed = gzip(KUAIRAND);
    assert_eq!(calls(&options(&dir, Format::Kuairand, &packed), 0).unwrap(), plain);
    // Logs are often several gzip files one after the other.
    let (head, tail) = KUAIRAND.split_at(150);
    let members = [gzip(head), gzip(tail)].concat();
    assert_eq!(calls(&options(&dir, Format::Kuairand, members), 0).unwrap(), plain);
    let cut = options(&dir, Format::Kuairand, &packed[..packed.len() - 12]);
    assert!(matches!(calls(&cut, 0), Err(Error::Read { .. })));
}

#[test]
fn a_bad_line_is_named_with_its_number_and_can_be_left_out_without_moving_the_others_numbers() {
    let long = "9".repeat(2 << 20);
    for (format, good, bad) in [
        (Format::Taobao, "1,10,100,pv,1511658000", "1,10,100,pv"),
        (Format::Taobao, "1,10,100,pv,1511658000", "1,10,100,look,1511658000"),
        (Format::Taobao, "1,10,100,pv,1511658000", "1,10,100,pv,soon"),
        (Format::Taobao, "1,10,100,pv,1511658000", "1,10,100,pv,99999999999999999"),
        (Format::Taobao, "1,10,100,pv,1511658000", "1,1\\0,100,pv,1511658000"),
        (Format::Taobao, "1,10,100,pv,1511658000", "1,\"10\"x,100,pv,1511658000"),
        (Format::Taobao, "1,10,100,pv,1511658000", ",10,100,pv,1511658000"),
        (Format::Taobao, "1,10,100,pv,1511658000", &long),
        (Format::SegmentJsonl, r#"{"type":"page","userId":"u"}"#, "[]"),
        (Format::SegmentJsonl, r#"{"type":"page","userId":"u"}"#, r#"{"type":"page","userId":"#),
        (Format::SegmentJsonl, r#"{"type":"page","userId":"u"}"#, r#"{"type":"page"}{}"#),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let options = options(&dir, format, format!("{good}\n{bad}\n{good}\n"));
        let stopped = calls(&options, 0).unwrap_err();
        assert!(matches!(stopped, Error::BadLine { line: 2, .. }), "{stopped}");
        let mut batches = Batches::open(&Options { skip_bad: true, ..options.clone() }, 1).unwrap();
        let rest = batches.next().unwrap().unwrap();
        assert_eq!((rest.first, rest.events), (1, 1));
        assert_eq!(batches.bad_lines().load(std::sync::atomic::Ordering::Relaxed), 1);
    }
}

#[test]
fn a_file_of_another_format_is_refused_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir, Format::Kuairand, "1,10,100,pv,1511658000\n");
    let refused = calls(&Options { skip_bad: true, ..options }, 0).unwrap_err();
    expect!["the first line names no column is_click; is the format the right one?"]
        .assert_eq(&refused.to_string());
}

#[test]
fn a_source_is_named_after_what_the_file_holds_and_not_where_it_lies() {
    let dir = tempfile::tempdir().unwrap();
    let name = |folder: &str, content: &str| {
        let folder = dir.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("log.csv"), content).unwrap();
        Options::new(folder.join("log.csv"), Format::Taobao).unwrap().source
    };
    let one = name("a", "1,10,100,pv,1511658000\n");
    assert!(one.starts_with("log.csv:taobao:"), "{one}");
    assert_eq!(name("b", "1,10,100,pv,1511658000\n"), one);
    assert_ne!(name("b", "1,10,100,pv,1511658001\n"), one);
    assert!(matches!(Options::new(Path::new("/nowhere/x"), Format::Taobao), Err(Error::Open { .. })));
}

/// Counts the calls by their names.
fn counted(options: &Options) -> Counts {
    let mut counts = BTreeMap::new();
    for line in calls(options, 0).unwrap().lines() {
        let call: Value = serde_json::from_str(line.split_once(' ').unwrap().1).unwrap();
        let name = if call["type"] == "track" { &call["event"] } else { &call["type"] };
        *counts.entry(name.as_str().unwrap().to_owned()).or_default() += 1;
    }
    Counts(counts)
}

#[test]
fn the_calls_made_of_a_log_are_as_many_as_its_columns_say() {
    for (format, text) in [
        (Format::Taobao, "1,10,100,pv,1511658000\n1,10,100,buy,1511658001\n2,10,100,pv,1511658001\n"),
        (Format::Kuairand, KUAIRAND),
        (Format::SegmentJsonl, "{\"type\":\"track\",\"event\":\"A\"}\n{\"type\":\"page\"}\n"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let expected = expected_counts(format, Cursor::new(gzip(text))).unwrap();
        assert!(expected.total() > 1);
        assert_eq!(counted(&options(&dir, format, text)), expected);
    }
}
