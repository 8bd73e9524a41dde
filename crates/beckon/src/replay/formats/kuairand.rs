//! KuaiRand: a row an exposure of a short video, with what the user did with it. Kuaishou's hosts post
//! videos and go live under one id, so what a user does with a video tells which hosts he likes; that is
//! why likes, comments, shares and follows become the events of a live room.
//!
//! | column | event |
//! |---|---|
//! | every row | `Video Content Shown` |
//! | `is_click` | `Video Content Started` |
//! | `is_like` | `Live Liked` |
//! | `is_comment` | `Live Commented` |
//! | `is_forward` | `Live Shared` |
//! | `is_follow` | `Live Followed` |
//! | `is_hate` | `Video Content Hidden` |
//!
//! The events of a row come in this order, all at its `time_ms`. Each has `host_id` (`author_id`), `tags`
//! and `asset_id` (`video_id`); the first also `play_time_ms` and `duration_ms`. A row that the file
//! repeats is an exposure of its own.

use super::csv::{Row, instant, plain, whole};
use super::{Bad, bad};
use crate::replay::calls::{Calls, put, put_name};
use crate::replay::counts::Counts;

const SHOWN: &str = "Video Content Shown";

/// What a flag column that is 1 says happened.
const FLAGS: [(&str, &str); 6] = [
    ("is_click", "Video Content Started"),
    ("is_like", "Live Liked"),
    ("is_comment", "Live Commented"),
    ("is_forward", "Live Shared"),
    ("is_follow", "Live Followed"),
    ("is_hate", "Video Content Hidden"),
];

/// Where the columns stand.
#[derive(Debug)]
pub(in crate::replay) struct Columns {
    len: usize,
    user: usize,
    video: usize,
    time: usize,
    play_time: usize,
    duration: usize,
    author: usize,
    tag: usize,
    flags: [usize; FLAGS.len()],
}

impl Columns {
    pub fn read(header: &[u8]) -> Result<Self, Bad> {
        let row = Row::split(header).map_err(|_| no_column("time_ms"))?;
        let column = |name: &str| row.fields().iter().position(|it| *it == name).ok_or(no_column(name));
        let mut flags = [0; FLAGS.len()];
        for (at, (name, _)) in flags.iter_mut().zip(FLAGS) {
            *at = column(name)?;
        }
        Ok(Columns {
            len: row.fields().len(),
            user: column("user_id")?,
            video: column("video_id")?,
            time: column("time_ms")?,
            play_time: column("play_time_ms")?,
            duration: column("duration_ms")?,
            author: column("author_id")?,
            tag: column("tag")?,
            flags,
        })
    }
}

fn no_column(name: &str) -> Bad {
    Bad::File(format!("the first line names no column {name}"))
}

pub(super) fn line(columns: &Columns, line: &[u8], calls: &mut Calls) -> Result<(), Bad> {
    let row = Row::split(line)?;
    let row = row.of_len(columns.len)?;
    let user = plain("user_id", row[columns.user])?;
    let video = plain("video_id", row[columns.video])?;
    let host = plain("author_id", row[columns.author])?;
    let at = instant("time_ms", row[columns.time], 1)?;
    let (played, duration) = (row[columns.play_time], row[columns.duration]);
    whole("play_time_ms", played)?;
    whole("duration_ms", duration)?;
    let tags = row[columns.tag];
    for tag in each(tags) {
        plain("tag", tag)?;
    }
    let happened = flags(columns, row)?;
    let video = |json: &mut Vec<u8>| {
        put(json, "asset_id", video);
        put(json, "host_id", host);
        put_tags(json, tags);
    };
    calls.track(SHOWN, user, at, |json| {
        video(json);
        for (name, number) in [("play_time_ms", played), ("duration_ms", duration)] {
            put_name(json, name);
            put_number(json, number);
        }
    });
    for (_, (_, event)) in happened.iter().zip(FLAGS).filter(|(happened, _)| **happened) {
        calls.track(event, user, at, video);
    }
    Ok(())
}

pub(super) fn count(columns: &Columns, line: &[u8], counts: &mut Counts) -> Result<(), Bad> {
    let row = Row::split(line)?;
    let row = row.of_len(columns.len)?;
    let flags = flags(columns, row)?;
    counts.add(SHOWN, 1);
    for (happened, (_, event)) in flags.into_iter().zip(FLAGS) {
        counts.add(event, happened.into());
    }
    Ok(())
}

fn flags(columns: &Columns, row: &[&str]) -> Result<[bool; FLAGS.len()], Bad> {
    let mut flags = [false; FLAGS.len()];
    for ((flag, at), (name, _)) in flags.iter_mut().zip(columns.flags).zip(FLAGS) {
        *flag = match row[at] {
            "0" => false,
            "1" => true,
            _ => return bad(format!("has an {name} other than 0 and 1")),
        };
    }
    Ok(flags)
}

/// The single tags of the column, which is `unknown` when there is none.
fn each(tags: &str) -> impl Iterator<Item = &str> {
    tags.split(',').filter(|tag| !tag.is_empty() && *tag != "unknown")
}

fn put_tags(json: &mut Vec<u8>, tags: &str) {
    put_name(json, "tags");
    json.push(b'[');
    for (at, tag) in each(tags).enumerate() {
        json.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
        json.extend_from_slice(tag.as_bytes());
        json.push(b'"');
    }
    json.push(b']');
}

/// Digits as a JSON number, which has no leading zeros and no sign.
fn put_number(json: &mut Vec<u8>, digits: &str) {
    let number = digits.trim_start_matches(['+', '0']);
    json.extend_from_slice(if number.is_empty() { b"0" } else { number.as_bytes() });
}
