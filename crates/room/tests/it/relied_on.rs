//! What is relied on of the library behind the sessions. If a new version fails here, read before going on: the
//! room's fast join and its numbers stand on these.

use crate::runs::start;
use crate::world::client::{Client, Heard};
use crate::world::script::quiet;
use crate::world::{ROOM, World};
use beckon_room::{Effects, Identity, Join, Lines, Manner, Role, Session};
use std::net::SocketAddr;
use std::time::Duration;
use str0m::format::Codec;

fn answer(world: &mut World, publishes: bool) -> String {
    let sends: Option<&[&str]> = if publishes { Some(&[]) } else { None };
    let (_, offer) = Client::new(world.now, world.address(), Codec::H264, sends);
    let join = Join { room: "other", publishes, manner: Manner::Fast, offer: &offer };
    world.floors[0].join(world.now, join, &mut Effects::new()).expect("taken").answer.sdp
}

#[test]
fn an_answer_is_of_a_lite_agent_that_speaks_first_and_names_its_address() {
    let mut world = quiet(start(), 1);
    for publishes in [true, false] {
        let sdp = answer(&mut world, publishes);
        let has = |line: &str| sdp.lines().any(|it| it == line);
        assert!(has("a=ice-lite") && has("a=setup:active") && !sdp.contains("a=setup:passive"), "{sdp}");
        assert!(has(if publishes { "a=recvonly" } else { "a=sendonly" }), "{sdp}");
        let address: SocketAddr = ROOM.parse().expect("an address");
        let candidate = format!("{} {} typ host", address.ip(), address.port());
        assert!(sdp.lines().any(|it| it.starts_with("a=candidate:") && it.contains(&candidate)), "{sdp}");
        for needed in ["nack pli", "rtx/90000", "H264/90000", "opus/48000/2"] {
            assert!(sdp.contains(needed), "{needed}: {sdp}");
        }
        if !publishes {
            assert!(sdp.matches("cname:").count() >= 2, "sound and picture have a source each: {sdp}");
        }
    }
}

#[test]
fn sound_and_picture_are_of_one_stream_so_that_a_browser_keeps_them_together() {
    let sdp = answer(&mut quiet(start(), 1), false);
    let words = |start: &str, at: usize| -> Vec<&str> {
        let lines = sdp.lines().filter_map(|line| line.strip_prefix(start));
        lines.map(|line| line.split(' ').nth(at).expect("a word")).collect()
    };
    let streams = words("a=msid:", 0);
    assert!(streams.len() == 2 && streams[0] == streams[1], "{sdp}");
    let tracks = words("a=msid:", 1);
    assert_ne!(tracks[0], tracks[1], "{sdp}");
    assert_eq!(words("a=msid-semantic: ", 1), streams[..1], "{sdp}");
    assert_eq!(words("a=msid-semantic: ", 0), ["WMS"], "{sdp}");
    let names: std::collections::BTreeSet<&str> =
        sdp.split("cname:").skip(1).filter_map(|rest| rest.split_ascii_whitespace().next()).collect();
    assert_eq!(names.len(), 1, "{sdp}");
}

#[test]
fn an_answer_names_addresses_in_their_order_and_tcp_after_udp_as_one_to_connect_to() {
    let at = |text: &str| text.parse::<SocketAddr>().expect("an address");
    let lines = Lines {
        udp: vec![at("192.0.2.1:8189"), at("[2001:db8::1]:8189")],
        tcp: vec![at("192.0.2.1:443"), at("[2001:db8::1]:443")],
    };
    let identity = Identity::generate().expect("randomness");
    let (_, offer) = Client::new(start(), at("10.1.0.1:5000"), Codec::H264, None);
    let role = Role::Viewer { probe: false, manner: Manner::Fast };
    let answered = Session::answer(start(), &offer, role, "aname".into(), &identity, &lines);
    let (_, answer) = answered.expect("it is answered");
    let candidates = answer.sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
    let read = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let address = format!("{} {} {}", words[2], words[4], words[5]);
        (address, words[3].parse::<u32>().expect("a priority"), words[6..].join(" "))
    };
    let read: Vec<_> = candidates.map(read).collect();
    let named: Vec<&str> = read.iter().map(|(address, ..)| address.as_str()).collect();
    // A client that takes the first and knows but UDP is served.
    let wanted = ["udp 192.0.2.1 8189", "udp 2001:db8::1 8189", "tcp 192.0.2.1 443", "tcp 2001:db8::1 443"];
    assert_eq!(named, wanted, "{}", answer.sdp);
    assert!(read[..2].iter().all(|udp| read[2..].iter().all(|tcp| udp.1 > tcp.1)), "{}", answer.sdp);
    assert!(
        read[2..].iter().all(|(.., kind)| kind.starts_with("typ host tcptype passive")),
        "{}",
        answer.sdp
    );
}

#[test]
fn the_fingerprint_in_an_answer_is_the_identitys() {
    let identity = Identity::generate().expect("randomness");
    let kept = Identity::from_der(identity.certificate().to_vec(), identity.private_key().to_vec());
    assert_eq!(kept.fingerprint(), identity.fingerprint());
    assert_eq!(identity.fingerprint().len(), 32 * 3 - 1);
}

#[test]
fn a_client_is_connected_two_round_trips_after_its_first_check_with_the_latest_dtls() {
    let mut world = quiet(start(), 2);
    world.pass(Duration::from_secs(1));
    let began = world.now;
    // 25 ms each way: one round trip for the check, one for DTLS 1.3.
    world.watch(Codec::Vp8, crate::world::net::Weather::fair(25_000));
    world.pass(Duration::from_secs(2));
    let shopper = &mut world.shoppers.last_mut().expect("he came").client;
    let took = shopper.connected.expect("connected") - began;
    assert!(took < Duration::from_millis(50 + 50 + 40), "{took:?}");
    let first = shopper.shown.first().expect("a picture").0 - began;
    assert!(first < Duration::from_millis(50 + 50 + 50 + 40), "{first:?}");
    let version = shopper.client.rtc.direct_api().dtls_protocol_version();
    assert_eq!(format!("{version:?}"), "Some(DTLS1_3)");
    assert!(!shopper.client.heard.iter().any(|it| matches!(it, Heard::Closed)));
}
