//! One room on two threads: who is many is dealt to both, sees the picture on both, and is counted and let go from both.

use crate::room::{Live, SDP, offer};
use crate::server::{bearer, beckon, request};
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;

/// So many viewers stay with the publisher.
const TOGETHER: usize = beckon_room::VIEWERS_TOGETHER;

/// Somebody asks to watch: where his session is, if he was let in.
fn comes(live: &Live) -> Result<String, u16> {
    let answer = live.post("/whep/r%201", Some(&live.watch), SDP, &offer("recvonly"));
    if answer.status == 201 { Ok(answer.header("location").unwrap()) } else { Err(answer.status) }
}

fn fills(live: &Live, count: usize) -> Vec<String> {
    (0..count).map(|_| comes(live).expect("there is room")).collect()
}

fn leaves(live: &Live, location: &str) -> u16 {
    request(live.server.address, "DELETE", location, &[bearer(&live.watch)], None).status
}

/// A session's name begins with the letter of its floor.
fn floor(location: &str) -> char {
    location.rsplit('/').next().unwrap().chars().next().unwrap()
}

#[test]
fn viewers_of_a_room_are_on_both_threads_see_the_picture_and_are_counted() {
    let live = Live::start("[room]\nthreads = 2\nudp_port = 0\n");
    let at_home = fills(&live, TOGETHER);
    assert!(at_home.iter().all(|it| floor(it) == floor(&at_home[0])), "{at_home:?}");
    let guest = comes(&live).expect("there is room");
    assert_ne!(floor(&guest), floor(&at_home[0]), "{guest}");
    assert_eq!(live.status()["viewers"], TOGETHER + 1);

    let trickle = |location: &str| {
        let kind = ("content-type".to_owned(), "application/trickle-ice-sdpfrag".to_owned());
        let headers = [kind, bearer(&live.watch)];
        request(live.server.address, "PATCH", location, &headers, Some(b"a=ice-ufrag:abcd\r\n")).status
    };
    assert_eq!((trickle(&guest), leaves(&live, &guest), leaves(&live, &guest)), (204, 200, 404));
    assert_eq!((leaves(&live, &guest.replace("/whep/r%201/", "/whep/r%201/~")), trickle(&guest)), (404, 404));

    // The next is the last whom home takes, and the others are guests.
    assert_eq!(leaves(&live, &at_home[0]), 200);
    let load = beckon()
        .args(["room", "load", &format!("http://{}/whep/r%201", live.server.address)])
        .args(["--viewers", "6", "--seconds", "2", "--publish", "0.4"])
        .args(["--token", &live.watch, "--publish-token", &live.publish])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("beckon starts");
    let all_see = |status: &Value| status["connected"] == 6 && status["layers"][0]["viewers"] == 6;
    let mut status = live.status();
    for _ in 0..600 {
        if all_see(&status) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
        status = live.status();
    }
    let expected = (&Value::from(true), &Value::from(TOGETHER - 1 + 6));
    assert!(all_see(&status), "{status}");
    assert_eq!((&status["live"], &status["viewers"]), expected, "{status}");
    let done = load.wait_with_output().expect("it ends");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let fared: Value = serde_json::from_slice(&done.stdout).expect("it says how it went");
    let seen = ["joined", "refused", "dark"].map(|name| fared[name].as_u64().unwrap());
    assert_eq!(seen, [6, 0, 0], "{fared}");
    assert!(fared["packets_per_second"].as_u64().unwrap() > 6 * 50, "{fared}");
}

#[test]
fn a_room_is_full_when_its_viewers_on_all_threads_are_as_many_as_it_may_have() {
    let most = TOGETHER + 2;
    let live = Live::start(&format!("[room]\nthreads = 2\nviewers_a_room = {most}\n"));
    let inside = fills(&live, most);
    let last = inside.last().unwrap();
    assert_ne!(floor(last), floor(&inside[0]), "{inside:?}");
    assert_eq!(comes(&live), Err(503));
    // Whichever thread somebody leaves, there is a place again, and one only.
    for gone in [last, &inside[0]] {
        assert_eq!(leaves(&live, gone), 200);
        assert_eq!(floor(&comes(&live).expect("there is a place")), floor(gone));
        assert_eq!(comes(&live), Err(503));
    }
}
