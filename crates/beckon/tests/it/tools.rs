//! The tools over a small data directory that the engine itself has made.

use beckon::tools::{self, Range};
use beckon_core::dedup::Window;
use beckon_core::director::Bulk;
use beckon_core::director::catalogue::{Change, Product};
use beckon_core::event::{Act, Context, Event, ProductAct, ProductRef, Text};
use beckon_core::id::{MachineId, SourceId};
use beckon_core::names::Kind;
use beckon_core::time::Timestamp;
use beckon_engine::dictionary::Dictionary;
use beckon_engine::record::{self, EventsWriter};
use beckon_engine::sequencer::Sequencer;
use beckon_journal::{FileLog, Log, Offset, Options, RealDisk, no_monitor};
use expect_test::expect;
use std::path::Path;

const WINDOW: Window = Window { ids_max: 1 << 20, span_ms: 86_400_000 };
const SECOND: i64 = 1_511_658_000_000;

/// A journal of an epoch, two requests, a change, an erasure and a tick.
fn make(data: &Path) {
    let options = Options { segment_bytes: 1 << 20, new_log_id: 7, ..Options::default() };
    let mut log =
        FileLog::open(RealDisk::open(data.join("journal")).unwrap(), options, no_monitor()).unwrap();
    let mut sequencer: Sequencer<()> = Sequencer::new(Offset(0), Timestamp(0), Bulk::default());
    let records = [
        record::epoch(record::LOGIC_VERSION),
        viewed("u1", "p1", Some(("log", 1))),
        other("v1", r#"{"q":"茶 \"绿\""}"#),
        record::changes([&Change::DeleteProduct(beckon_core::id::Term(9))]),
        record::erase("u9"),
        record::tick(),
    ];
    for (at, mut record) in records.into_iter().enumerate() {
        sequencer.append(&mut record, Timestamp(SECOND + at as i64), None, None).unwrap();
    }
    let mut batch = sequencer.take().unwrap();
    log.commit(&mut batch).unwrap();
    log.seal().unwrap();
}

fn text<'t>(names: &Dictionary, kind: Kind, text: &'t str) -> Text<'t> {
    Text { term: names.intern(kind, text), text }
}

fn viewed(user: &str, product: &str, bulk: Option<(&str, u64)>) -> Vec<u8> {
    let names = Dictionary::default();
    let (id, category) = (text(&names, Kind::Product, product), text(&names, Kind::Category, "tea"));
    let product = ProductRef { id, category, price_cents: 1990, ..ProductRef::default() };
    let mut writer = EventsWriter::new(SourceId(3), 480);
    writer.change(&Change::SeenProduct(Product {
        id: id.into(),
        category: category.into(),
        ..Product::default()
    }));
    writer.event(&Event {
        key: 0,
        at: Timestamp(SECOND - 1),
        user: Some(user),
        anonymous: None,
        name: text(&names, Kind::Event, "Product Viewed"),
        context: Context::default(),
        act: Act::Product { what: ProductAct::Viewed, product },
    });
    writer.finish(bulk)
}

fn other(anonymous: &str, raw: &str) -> Vec<u8> {
    let names = Dictionary::default();
    let mut writer = EventsWriter::new(SourceId(3), 480);
    writer.event(&Event {
        key: 0xabc,
        at: Timestamp(SECOND),
        user: None,
        anonymous: Some(anonymous),
        name: text(&names, Kind::Event, "Products Searched"),
        context: Context::default(),
        act: Act::Other { raw },
    });
    writer.finish(None)
}

fn dumped(data: &Path, range: Range) -> String {
    let mut out = Vec::new();
    let lines = tools::dump(data, range, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.lines().count() as u64, lines);
    out
}

#[test]
fn a_dump_has_a_readable_line_for_every_event_change_erasure_and_tick() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let expected = expect![[r#"
        {"offset":0,"now":"2017-11-26T01:00:00.000Z","what":"epoch","logic":4}
        {"offset":1,"now":"2017-11-26T01:00:00.001Z","what":"change","change":"seen-product","id":"p1","category":"tea"}
        {"offset":1,"now":"2017-11-26T01:00:00.001Z","what":"event","item":0,"shard":49,"source":3,"bulk":"log","at":"2017-11-26T00:59:59.999Z","name":"Product Viewed","user":"u1","act":{"product":{"what":"Viewed","product":"p1","category":"tea","price_cents":1990}}}
        {"offset":2,"now":"2017-11-26T01:00:00.002Z","what":"event","item":0,"shard":13,"source":3,"at":"2017-11-26T01:00:00.000Z","name":"Products Searched","anonymous":"v1","act":{"other":{"properties":{"q":"茶 \"绿\""}}},"key":"00000000000000000000000000000abc"}
        {"offset":3,"now":"2017-11-26T01:00:00.003Z","what":"change","change":"delete-product","term":9}
        {"offset":4,"now":"2017-11-26T01:00:00.004Z","what":"erase","shard":5,"id":"u9"}
        {"offset":5,"now":"2017-11-26T01:00:00.005Z","what":"tick"}
    "#]];
    expected.assert_eq(&dumped(dir.path(), Range::default()));
}

#[test]
fn a_dump_begins_and_ends_where_it_is_told_to() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let all = dumped(dir.path(), Range::default());
    let part = dumped(dir.path(), Range { from: Some(2), limit: Some(2) });
    let expected: Vec<_> = all.lines().filter(|it| !it.starts_with(r#"{"offset":0"#)).collect();
    assert_eq!(part.lines().collect::<Vec<_>>(), expected[2..4]);
    let beyond = tools::dump(dir.path(), Range { from: Some(99), limit: None }, &mut Vec::new());
    assert!(matches!(beyond, Err(tools::Error::Read(_))));
}

#[test]
fn a_forwarded_event_is_shown_inside_its_message() {
    let dir = tempfile::tempdir().unwrap();
    let (data, names) = (dir.path(), Dictionary::default());
    let mut event = Vec::new();
    let name = text(&names, Kind::Event, "page");
    let (at, context, act) = (Timestamp(SECOND), Context::default(), Act::Other { raw: "" });
    Event { key: 0, at, user: None, anonymous: Some("v1"), name, context, act }.encode(&mut event);
    let message = beckon_core::shard::message::Message::Forward {
        event: &event,
        user: "u1",
        default_offset_min: 480,
        hops: 0,
    };
    let mut bytes = Vec::new();
    message.encode(Timestamp(SECOND), &mut bytes);
    let mut told = record::told(MachineId(1), MachineId(2), 5, &bytes);
    let mut log =
        FileLog::open(RealDisk::open(data.join("journal")).unwrap(), Options::default(), no_monitor())
            .unwrap();
    let mut sequencer: Sequencer<()> = Sequencer::new(Offset(0), Timestamp(SECOND), Bulk::default());
    sequencer.append(&mut told, Timestamp(SECOND), None, None).unwrap();
    log.commit(&mut sequencer.take().unwrap()).unwrap();
    let expected = expect![[r#"
        {"offset":0,"now":"2017-11-26T01:00:00.000Z","what":"message","from":1,"to":2,"sequence":5,"sent":"2017-11-26T01:00:00.000Z","message":"forward","user":"u1","event":{"at":"2017-11-26T01:00:00.000Z","name":"page","anonymous":"v1","act":{"other":{}}}}
    "#]];
    expected.assert_eq(&dumped(data, Range::default()));
}

#[test]
fn a_digest_is_the_same_each_time_and_changes_nothing_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let first = tools::digest(dir.path(), WINDOW).unwrap();
    assert_eq!((first.shoppers, first.events, first.end, first.replayed), (2, 2, Offset(6), 6));
    assert_eq!(tools::digest(dir.path(), WINDOW).unwrap(), first);
    assert!(!dir.path().join("snapshots").exists());
    let other = tempfile::tempdir().unwrap();
    make(other.path());
    assert_eq!(tools::digest(other.path(), WINDOW).unwrap().digest, first.digest);
}

#[test]
fn a_sound_journal_is_reported_as_such_and_a_flipped_bit_is_found_and_placed() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let mut out = Vec::new();
    assert!(tools::verify(dir.path(), &mut out).unwrap());
    let report = String::from_utf8(out).unwrap();
    assert!(report.contains("6 records (0 up to 6) in") && report.ends_with("sound\n"), "{report}");

    let journal = dir.path().join("journal");
    let segment = std::fs::read_dir(journal).unwrap().map(|it| it.unwrap().path()).min().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(14).position(|it| it == b"Product Viewed").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let mut out = Vec::new();
    assert!(!tools::verify(dir.path(), &mut out).unwrap());
    let report = String::from_utf8(out).unwrap();
    assert!(report.contains("PROBLEM in") && report.contains("UNSOUND"), "{report}");
}

#[test]
fn a_directory_without_a_journal_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let refused = tools::dump(dir.path(), Range::default(), &mut Vec::new()).unwrap_err();
    assert!(matches!(&refused, tools::Error::NoJournal(at) if at == dir.path()));
    assert!(matches!(tools::digest(dir.path(), WINDOW), Err(tools::Error::NoJournal(_))));
    assert!(matches!(tools::verify(dir.path(), &mut Vec::new()), Err(tools::Error::NoJournal(_))));
}
