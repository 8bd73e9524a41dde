//! One rule after the other.

use crate::stage::{OPTIONS, Stage, answers, closed, foreground, message, visitor, who};
use beckon_core::event::{Connection, DeviceState};
use beckon_core::time::Timestamp;
use beckon_sessions::limits::{DEVICE_SESSIONS_MAX, FRAMES_BURST, LOST_MAX, PENDING_MAX};
use beckon_sessions::{Carried, Close, ConnId, Effect, Frame, Input, Out, Presence};

fn told(effects: &[Effect]) -> Vec<&Presence> {
    effects.iter().filter_map(|it| if let Effect::Told(it) = it { Some(it) } else { None }).collect()
}

#[test]
fn what_is_acknowledged_was_delivered_and_is_not_written_again() {
    let mut stage = Stage::new();
    let who = visitor("d", "a");
    stage.open(1, &who, None);
    let (session, resumed) = stage.welcome(1);
    assert!(!resumed);
    assert_eq!(stage.send(7, &who), [Effect::Wake(ConnId(1))]);
    // Not written, not shown.
    assert_eq!(answers(&stage.ack(1, &[7])), []);
    assert_eq!(stage.read(1), [7]);
    assert_eq!(answers(&stage.ack(1, &[7, 8])), [(7, Carried::Delivered)]);
    assert_eq!(answers(&stage.ack(1, &[7])), []);
    stage.say(Input::Closed(ConnId(1)));
    stage.open(2, &who, Some(session));
    assert_eq!(stage.welcome(2), (session, true));
    assert_eq!(stage.read(2), []);
}

#[test]
fn what_was_written_and_not_acknowledged_is_written_to_the_next_connection_and_is_ambiguous_in_the_end() {
    let mut stage = Stage::new();
    let who = visitor("d", "a");
    stage.open(1, &who, None);
    let (session, _) = stage.welcome(1);
    stage.send(7, &who);
    assert_eq!(stage.read(1), [7]);
    stage.say(Input::Closed(ConnId(1)));
    stage.wait(5_000);
    // Also to a page that was loaded anew and has forgotten its session.
    stage.open(2, &who, None);
    let (anew, resumed) = stage.welcome(2);
    assert!(!resumed && anew != session);
    stage.say(Input::Closed(ConnId(2)));
    stage.open(3, &who, Some(anew));
    assert_eq!(stage.read(3), [7]);
    assert_eq!(answers(&stage.wait(14_999)), []);
    assert_eq!(answers(&stage.wait(1)), [(7, Carried::Ambiguous)]);
    assert_eq!(answers(&stage.ack(3, &[7])), [], "too late");
}

#[test]
fn what_was_never_written_is_certain_not_to_have_been_carried() {
    let mut stage = Stage::new();
    let who = visitor("d", "a");
    assert_eq!(answers(&stage.send(1, &who)), [(1, Carried::Unreached)], "nobody is there");
    stage.open(1, &who, None);
    assert_eq!(answers(&stage.send(2, &visitor("d", "another"))), [(2, Carried::Unreached)]);
    assert_eq!(answers(&stage.send(3, &visitor("another", "a"))), [(3, Carried::Unreached)]);
    // It waits while the connection may come back, and no longer.
    stage.say(Input::Closed(ConnId(1)));
    assert_eq!(answers(&stage.send(4, &who)), []);
    assert_eq!(answers(&stage.wait(9_999)), []);
    assert_eq!(answers(&stage.wait(1)), [(4, Carried::Unreached)]);
    assert_eq!(answers(&stage.send(5, &who)), [(5, Carried::Unreached)]);
    // A socket that takes nothing has not carried it either.
    stage.open(2, &who, None);
    stage.send(6, &who);
    assert_eq!(answers(&stage.wait(20_000)), [(6, Carried::Unreached)]);
    assert_eq!(stage.read(2), []);
}

#[test]
fn nothing_is_written_past_its_end() {
    let mut stage = Stage::new();
    let who = visitor("d", "a");
    stage.open(1, &who, None);
    let soon = Timestamp(stage.now.at.0 + 1_000);
    stage.say(Input::Send(message(1, &who, soon)));
    stage.now.at = soon;
    assert_eq!(stage.read(1), []);
    assert_eq!(answers(&stage.say(Input::Tick)), [(1, Carried::Unreached)]);
    assert_eq!(answers(&stage.say(Input::Send(message(2, &who, soon)))), [(2, Carried::Unreached)]);
    let later = Timestamp(stage.now.at.0 + 1_000);
    stage.say(Input::Send(message(3, &who, later)));
    assert_eq!(stage.read(1), [3]);
    stage.say(Input::Closed(ConnId(1)));
    stage.wait(1_000);
    stage.open(2, &who, None);
    assert_eq!(stage.read(2), [], "it may have been shown in time, and must not be now");
    assert_eq!(answers(&stage.wait(20_000)), [(3, Carried::Ambiguous)]);
}

#[test]
fn the_same_device_connected_anew_closes_the_older_connection() {
    let mut stage = Stage::new();
    let who = visitor("d", "a");
    stage.open(1, &who, None);
    stage.send(7, &who);
    assert_eq!(stage.read(1), [7]);
    assert_eq!(closed(&stage.open(2, &who, None)), [(1, Close::Replaced)]);
    assert_eq!(stage.read(2), [7]);
    // What the older one still says is nobody's.
    assert_eq!(answers(&stage.ack(1, &[7])), []);
    assert_eq!(stage.say(Input::Closed(ConnId(1))), []);
    assert_eq!(answers(&stage.ack(2, &[7])), [(7, Carried::Delivered)]);
    // Another visitor who names the same device disturbs nobody.
    assert_eq!(closed(&stage.open(3, &visitor("d", "b"), None)), []);
    assert_eq!(stage.machine.counts().connections, 2);
}

#[test]
fn a_visitor_who_signs_in_goes_on_and_one_who_signs_out_does_not() {
    let mut stage = Stage::new();
    let (before, after) = (visitor("d", "a"), who("d", Some("u"), Some("a")));
    stage.open(1, &before, None);
    let (session, _) = stage.welcome(1);
    stage.send(1, &before);
    let effects = stage.open(2, &after, Some(session));
    assert_eq!(closed(&effects), [(1, Close::Replaced)]);
    stage.send(2, &after);
    assert_eq!(stage.read(2), [1, 2]);
    stage.ack(2, &[1]);
    stage.send(3, &after);
    // Somebody else is at the device: nothing of the shopper goes there, and his app is gone.
    let effects = stage.open(3, &visitor("d", "b"), Some(session));
    assert_eq!(closed(&effects), [(2, Close::Replaced)]);
    assert_eq!(answers(&effects), [(2, Carried::Ambiguous), (3, Carried::Unreached)]);
    let gone = told(&effects);
    assert_eq!((gone[0].who.user.as_deref(), gone[0].connection), (Some("u"), Some(Connection::Closed)));
    let there = (gone[1].who.anonymous.as_deref(), gone[1].connection);
    assert_eq!(there, (Some("b"), Some(Connection::Foreground)));
    let (anew, resumed) = stage.welcome(3);
    assert!(!resumed && anew != session);
}

#[test]
fn a_visitor_whose_profile_says_who_he_is_gets_the_shoppers_messages() {
    let mut stage = Stage::new();
    let (visitor, shopper) = (visitor("d", "a"), who("d", Some("u"), None));
    stage.open(1, &visitor, None);
    let known = message(1, &shopper, Timestamp(i64::MAX));
    assert!(!stage.machine.knows(&known));
    assert_eq!(stage.machine.visitors("d").count(), 1);
    stage.say(Input::Known { device: "d".into(), anonymous: "a".into(), user: "u".into() });
    assert!(stage.machine.knows(&known));
    assert_eq!(stage.machine.visitors("d").count(), 0);
    let (session, _) = stage.welcome(1);
    stage.open(2, &visitor, Some(session));
    assert_eq!(stage.welcome(2), (session, true), "he is the same visitor as before");
    assert!(stage.machine.knows(&known));
}

#[test]
fn who_lets_messages_pile_up_is_dropped_and_the_others_are_not() {
    let mut stage = Stage::new();
    let (slow, quick) = (visitor("slow", "a"), visitor("quick", "b"));
    stage.open(1, &slow, None);
    stage.open(2, &quick, None);
    for id in 0..PENDING_MAX as u32 {
        assert_eq!(closed(&stage.send(id, &slow)), []);
        stage.send(1_000 + id, &quick);
        assert_eq!(stage.read(2), [1_000 + id]);
        stage.ack(2, &[1_000 + id]);
    }
    let effects = stage.send(99, &slow);
    assert_eq!(closed(&effects), [(1, Close::Slow)]);
    assert_eq!(answers(&effects), [(99, Carried::Unreached)]);
    assert_eq!(stage.machine.counts().messages, PENDING_MAX);
    assert_eq!(stage.send(2_000, &quick), [Effect::Wake(ConnId(2))]);
}

#[test]
fn who_says_too_much_is_dropped() {
    let mut stage = Stage::new();
    stage.open(1, &visitor("d", "a"), None);
    for _ in 0..FRAMES_BURST {
        assert_eq!(closed(&stage.say(Input::Frame(ConnId(1), Frame::Heard))), []);
    }
    stage.wait(1_000);
    for _ in 0..beckon_sessions::limits::FRAMES_PER_S {
        assert_eq!(closed(&stage.say(Input::Frame(ConnId(1), Frame::Ping))), []);
    }
    assert_eq!(closed(&stage.say(Input::Frame(ConnId(1), Frame::Ping))), [(1, Close::Flood)]);
}

#[test]
fn a_silent_connection_is_pinged_and_then_closed_whatever_the_clock_shows() {
    let mut stage = Stage::new();
    stage.open(1, &visitor("d", "a"), None);
    stage.open(2, &visitor("e", "b"), None);
    for conn in 1..=2 {
        stage.welcome(conn);
    }
    stage.now.at.0 += 86_400_000;
    assert_eq!(closed(&stage.say(Input::Tick)), [], "the clock was moved, and no time has passed");
    stage.wait(OPTIONS.ping_ms);
    for conn in 1..=2 {
        assert_eq!(stage.poll(conn), [Out::Ping], "{conn}");
    }
    stage.say(Input::Frame(ConnId(2), Frame::Heard));
    stage.wait(OPTIONS.ping_ms);
    assert_eq!(stage.poll(1), [Out::Ping]);
    assert_eq!(closed(&stage.wait(OPTIONS.ping_ms / 2)), [(1, Close::Silent)]);
    assert_eq!(closed(&stage.wait(OPTIONS.ping_ms)), [(2, Close::Silent)]);
    assert_eq!(stage.machine.counts().connections, 0);
}

#[test]
fn presence_is_told_once_a_change_and_not_more_often_than_once_a_second() {
    let mut stage = Stage::new();
    let who = visitor("d", "a");
    let effects = stage.open(1, &who, None);
    let first = told(&effects)[0];
    assert_eq!((first.connection, first.state), (Some(Connection::Foreground), DeviceState::default()));
    let state = |battery| DeviceState { battery_pct: Some(battery), ..DeviceState::default() };
    for battery in [50, 49, 48] {
        assert_eq!(stage.say(Input::Frame(ConnId(1), Frame::State(state(battery)))), []);
    }
    let effects = stage.wait(1_000);
    let change = told(&effects)[0];
    assert_eq!((change.connection, change.state), (None, state(48)));
    assert_eq!(stage.say(Input::Frame(ConnId(1), Frame::State(state(48)))), []);
    assert_eq!(told(&stage.wait(5_000)), Vec::<&Presence>::new());
    let hidden = DeviceState { foreground: Some(false), ..DeviceState::default() };
    let effects = stage.say(Input::Frame(ConnId(1), Frame::State(hidden)));
    assert_eq!(told(&effects)[0].connection, Some(Connection::Background));
    stage.say(Input::Frame(ConnId(1), Frame::State(foreground())));
    assert_eq!(told(&stage.wait(1_000))[0].connection, Some(Connection::Foreground));
    // Away and back within the grace is no change.
    let (session, _) = stage.welcome(1);
    stage.say(Input::Closed(ConnId(1)));
    stage.wait(9_000);
    assert_eq!(told(&stage.open(2, &who, Some(session))), Vec::<&Presence>::new());
    stage.say(Input::Closed(ConnId(2)));
    let effects = stage.wait(10_000);
    let gone = told(&effects)[0];
    assert_eq!((gone.connection, gone.state), (Some(Connection::Closed), DeviceState::default()));
    assert_eq!(stage.machine.counts().sessions, 1);
    // What could not be journalled is told again, also when the session has nothing else to live for.
    stage.say(Input::NotTold(gone.session));
    let effects = stage.wait(1_000);
    assert_eq!(told(&effects)[0].connection, Some(Connection::Closed));
    stage.wait(1_000);
    assert_eq!(stage.machine.counts().sessions, 0);
}

#[test]
fn sessions_stay_within_their_bounds() {
    let mut stage = Stage::new();
    for number in 0..DEVICE_SESSIONS_MAX {
        stage.open(number as u64, &visitor("d", &format!("a-{number}")), None);
    }
    assert_eq!(closed(&stage.open(99, &visitor("d", "one more"), None)), [(99, Close::Full)]);
    let mut stage = Stage::new();
    for number in 0..LOST_MAX as u64 + 10 {
        stage.open(number, &visitor(&format!("d-{number}"), "a"), None);
        stage.say(Input::Closed(ConnId(number)));
    }
    assert_eq!(stage.machine.counts().sessions, LOST_MAX);
}

#[test]
fn a_stop_closes_every_connection_and_answers_every_message() {
    let mut stage = Stage::new();
    let who = visitor("d", "a");
    stage.open(1, &who, None);
    stage.send(1, &who);
    stage.read(1);
    stage.send(2, &who);
    let effects = stage.say(Input::Stop);
    assert_eq!(closed(&effects), [(1, Close::Restart)]);
    assert_eq!(answers(&effects), [(1, Carried::Ambiguous), (2, Carried::Unreached)]);
    assert_eq!(closed(&stage.open(2, &who, None)), [(2, Close::Restart)]);
    assert_eq!(answers(&stage.send(3, &who)), [(3, Carried::Unreached)]);
    assert_eq!(stage.machine.counts(), beckon_sessions::Counts::default());
}
