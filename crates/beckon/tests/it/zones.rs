//! Time zones: real transitions, offsets, and what is no zone.

use beckon::zones::Zones;
use beckon_core::time::Timestamp;
use expect_test::{Expect, expect};

/// What the zone says at `at`, a time as `2026-10-25T00:59:59Z`.
fn at(zones: &Zones, name: &str, at: &str) -> String {
    let at: jiff::Timestamp = at.parse().unwrap();
    let Some(found) = zones.resolve(name, Timestamp(at.as_millisecond())) else {
        return "no zone".to_owned();
    };
    let until = match found.until {
        u32::MAX => "for ever".to_owned(),
        until => format!(
            "until {}, then {}",
            jiff::Timestamp::from_second(until.into()).unwrap(),
            found.next_offset_min
        ),
    };
    format!("{} {until}", found.offset_min)
}

fn check(name: &str, times: &[&str], expected: Expect) {
    let zones = Zones::new();
    let said: Vec<_> = times.iter().map(|it| format!("{it}: {}", at(&zones, name, it))).collect();
    expected.assert_eq(&said.join("\n"));
}

#[test]
fn berlin_goes_back_an_hour_in_october_2026() {
    let times =
        ["2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", "2027-03-28T00:59:59.999Z", "2027-03-28T01:00:00Z"];
    check(
        "Europe/Berlin",
        &times,
        expect![[r#"
        2026-10-25T00:59:59Z: 120 until 2026-10-25T01:00:00Z, then 60
        2026-10-25T01:00:00Z: 60 until 2027-03-28T01:00:00Z, then 120
        2027-03-28T00:59:59.999Z: 60 until 2027-03-28T01:00:00Z, then 120
        2027-03-28T01:00:00Z: 120 until 2027-10-31T01:00:00Z, then 60"#]],
    );
}

#[test]
fn new_york_changes_at_two_in_the_morning() {
    check(
        "America/New_York",
        &["2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"],
        expect![[r#"
        2026-03-08T06:59:59Z: -300 until 2026-03-08T07:00:00Z, then -240
        2026-03-08T07:00:00Z: -240 until 2026-11-01T06:00:00Z, then -300
        2026-11-01T06:00:00Z: -300 until 2027-03-14T07:00:00Z, then -240"#]],
    );
}

#[test]
fn zones_without_summer_time_never_change_again() {
    check(
        "Asia/Shanghai",
        &["1988-07-01T00:00:00Z", "2026-10-25T00:00:00Z", "2105-12-31T00:00:00Z"],
        expect![[r#"
        1988-07-01T00:00:00Z: 540 until 1988-09-10T17:00:00Z, then 480
        2026-10-25T00:00:00Z: 480 for ever
        2105-12-31T00:00:00Z: 480 for ever"#]],
    );
    check(
        "Asia/Kathmandu",
        &["1985-12-31T00:00:00Z", "2026-10-25T00:00:00Z"],
        expect![[r#"
        1985-12-31T00:00:00Z: 330 until 1985-12-31T18:30:00Z, then 345
        2026-10-25T00:00:00Z: 345 for ever"#]],
    );
    check(
        "UTC",
        &["1970-01-01T00:00:00Z", "2026-10-25T00:00:00Z"],
        expect![[r#"
        1970-01-01T00:00:00Z: 0 for ever
        2026-10-25T00:00:00Z: 0 for ever"#]],
    );
}

#[test]
fn odd_zones_are_right_too() {
    // Half an hour of summer time; a clock that is behind in Ramadan; one that skipped a day; seconds.
    check(
        "Australia/Lord_Howe",
        &["2026-10-04T00:00:00Z", "2026-12-01T00:00:00Z"],
        expect![[r#"
        2026-10-04T00:00:00Z: 660 until 2027-04-03T15:00:00Z, then 630
        2026-12-01T00:00:00Z: 660 until 2027-04-03T15:00:00Z, then 630"#]],
    );
    check(
        "Africa/Casablanca",
        &["2024-03-20T00:00:00Z", "2024-05-01T00:00:00Z"],
        expect![[r#"
            2024-03-20T00:00:00Z: 0 until 2024-04-14T02:00:00Z, then 60
            2024-05-01T00:00:00Z: 60 until 2025-02-23T02:00:00Z, then 0"#]],
    );
    check(
        "Pacific/Apia",
        &["2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"],
        expect![[r#"
        2011-12-30T09:59:59Z: -600 until 2011-12-30T10:00:00Z, then 840
        2011-12-30T10:00:00Z: 840 until 2012-03-31T14:00:00Z, then 780"#]],
    );
    check(
        "Africa/Monrovia",
        &["1970-01-01T00:00:00Z", "1972-01-07T00:44:30Z"],
        expect![[r#"
        1970-01-01T00:00:00Z: -44 until 1972-01-07T00:44:30Z, then 0
        1972-01-07T00:44:30Z: 0 for ever"#]],
    );
}

#[test]
fn times_outside_the_columns_get_the_nearest_answer() {
    check(
        "Europe/Berlin",
        &["1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2106-02-07T06:28:14Z", "2500-01-01T00:00:00Z"],
        expect![[r#"
        1900-01-01T00:00:00Z: 60 until 1980-04-06T01:00:00Z, then 120
        1970-01-01T00:00:00Z: 60 until 1980-04-06T01:00:00Z, then 120
        2106-02-07T06:28:14Z: 60 for ever
        2500-01-01T00:00:00Z: 60 for ever"#]],
    );
    let zones = Zones::new();
    for at in [i64::MIN, -1, 0, i64::MAX] {
        assert!(zones.resolve("America/New_York", Timestamp(at)).is_some());
    }
}

#[test]
fn offsets_and_any_case_are_understood_and_nonsense_is_not() {
    let zones = Zones::new();
    let minutes = |name: &str| zones.resolve(name, Timestamp(1_800_000_000_000)).map(|it| it.offset_min);
    let names = [
        "asia/shanghai",
        "ASIA/SHANGHAI",
        "Asia/Calcutta",
        "Etc/GMT-8",
        "utc",
        "Z",
        "GMT",
        "UTC+8",
        "UTC+08",
        "gmt+08:00",
        "GMT+0545",
        "+05:45",
        "-3:30",
        "-0930",
        "UTC-12",
        "UTC+14",
        "UTC+14:01",
        "UTC+8:60",
        "+",
        "",
        "UTC+",
        "UTC+008",
        "+-8",
        "+1:2",
        "+1:23:4",
        "Asia/Shangai",
        "Mars/Olympus",
        "\u{ff}",
        "+\u{0661}",
        "Asia/Shanghai\0",
    ];
    let said: Vec<_> = names.iter().map(|it| format!("{it:?} {:?}", minutes(it))).collect();
    assert_eq!(minutes(&"x".repeat(1000)), None);
    expect![[r#"
        "asia/shanghai" Some(480)
        "ASIA/SHANGHAI" Some(480)
        "Asia/Calcutta" Some(330)
        "Etc/GMT-8" Some(480)
        "utc" Some(0)
        "Z" Some(0)
        "GMT" Some(0)
        "UTC+8" Some(480)
        "UTC+08" Some(480)
        "gmt+08:00" Some(480)
        "GMT+0545" Some(345)
        "+05:45" Some(345)
        "-3:30" Some(-210)
        "-0930" Some(-570)
        "UTC-12" Some(-720)
        "UTC+14" Some(840)
        "UTC+14:01" None
        "UTC+8:60" None
        "+" None
        "" None
        "UTC+" None
        "UTC+008" None
        "+-8" None
        "+1:2" None
        "+1:23:4" None
        "Asia/Shangai" None
        "Mars/Olympus" None
        "ÿ" None
        "+١" None
        "Asia/Shanghai\0" None"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn every_zone_agrees_with_the_rules_at_every_month_of_forty_years() {
    let zones = Zones::new();
    let database = jiff::tz::TimeZoneDatabase::bundled();
    let mut looked = 0;
    for name in database.available() {
        let zone = database.get(name.as_str()).unwrap();
        for month in 0..480 {
            let secs = 315_532_800 + month * 2_629_746;
            let found = zones.resolve(name.as_str(), Timestamp(secs * 1000)).unwrap();
            let offset = zone.to_offset(jiff::Timestamp::from_second(secs).unwrap()).seconds();
            assert_eq!(i32::from(found.offset_min) * 60, offset, "{name} at {secs}");
            looked += 1;
        }
    }
    assert!(looked > 200_000, "{looked}");
}

#[test]
fn threads_share_the_zones() {
    let zones = Zones::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(zones.resolve("Asia/Tokyo", Timestamp(0)).unwrap().offset_min, 540));
        }
    });
}
