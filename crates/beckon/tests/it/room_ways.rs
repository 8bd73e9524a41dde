//! The live room by the ways that are not the usual one: over TCP where a network lets no UDP through, over IPv6, and over
//! a way that loses.

use crate::room::{Live, SDP, browsers, moved, offer};
use crate::server::{bearer, request, skipped};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The candidates of an answer: protocol, address and what follows.
fn candidates(live: &Live) -> Vec<(String, SocketAddr, String)> {
    let answer = live.post("/whep/r%201", Some(&live.watch), SDP, &offer("recvonly"));
    assert_eq!(answer.status, 201, "{answer:?}");
    let sdp = String::from_utf8(answer.body.clone()).unwrap();
    let left = request(
        live.server.address,
        "DELETE",
        &answer.header("location").unwrap(),
        &[bearer(&live.watch)],
        None,
    );
    assert_eq!(left.status, 200);
    let lines = sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
    let read = lines.map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let at = SocketAddr::new(words[4].parse().unwrap(), words[5].parse().unwrap());
        (words[2].to_owned(), at, words[6..].join(" "))
    });
    read.collect()
}

/// The TCP address of an answer.
fn tcp_address(live: &Live) -> SocketAddr {
    candidates(live).iter().find(|(protocol, ..)| protocol == "tcp").expect("TCP is offered").1
}

/// A count of `/metrics`, once it is so high.
fn counted(live: &Live, name: &str, at_least: u64) {
    let count = || {
        let metrics = request(live.server.address, "GET", "/metrics", &[], None).body;
        let metrics = String::from_utf8(metrics).unwrap();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("{name}: {metrics}"));
        line.trim().parse::<f64>().unwrap() as u64
    };
    for _ in 0..600 {
        if count() >= at_least {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{name} is {}, not {at_least}", count());
}

#[test]
fn an_answer_names_udp_first_and_then_tcp_at_the_same_number_unless_told_otherwise() {
    let own = candidates(&Live::start("[room]\nudp_port = 0\n"));
    let [(first, udp, _), (second, tcp, kind)] = own.as_slice() else { panic!("{own:?}") };
    assert_eq!((first.as_str(), second.as_str(), udp), ("udp", "tcp", tcp));
    assert!(kind.starts_with("typ host tcptype passive"), "{kind}");

    let off = candidates(&Live::start("[room]\ntcp = false\n"));
    assert!(off.iter().all(|(protocol, ..)| protocol == "udp"), "{off:?}");

    let public = "[room]\nudp_port = 0\npublic_addresses = [\"203.0.113.7:9000\", \"2001:db8::7\"]\n";
    let named: Vec<_> =
        candidates(&Live::start(public)).into_iter().map(|(protocol, at, _)| (protocol, at)).collect();
    let [udp, udp6, tcp, tcp6] = named.as_slice() else { panic!("{named:?}") };
    let outside: SocketAddr = "203.0.113.7:9000".parse().unwrap();
    assert_eq!((&udp.1, &tcp.1), (&outside, &outside));
    assert!(udp6.1.is_ipv6() && udp6.1 == tcp6.1, "{named:?}");
    assert_eq!([&udp.0, &udp6.0, &tcp.0, &tcp6.0], ["udp", "udp", "tcp", "tcp"]);
}

#[test]
fn a_start_says_where_media_goes() {
    let told = |live: &Live| -> Vec<String> {
        let lines = live.server.banner.lines();
        lines.filter_map(|line| line.strip_prefix("media of the live room: ")).map(str::to_owned).collect()
    };
    let both = Live::start("[room]\nudp_port = 0\n");
    assert_eq!(told(&both), [format!("UDP and TCP {}", tcp_address(&both))]);

    let udp = Live::start("[room]\nudp_port = 0\ntcp = false\n");
    assert_eq!(told(&udp), [format!("UDP {}", candidates(&udp)[0].1)]);

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let apart = Live::start(&format!("[room]\nudp_port = 0\ntcp_port = {free}\n"));
    let udp = candidates(&apart)[0].1;
    assert_eq!(told(&apart), [format!("UDP {udp}, TCP {}", tcp_address(&apart))]);

    assert!(told(&Live::start("[room]\nenabled = false\n")).is_empty());
}

#[test]
fn browsers_whose_networks_let_no_udp_through_publish_and_play_over_tcp() {
    // What is sent to the UDP address that answers name is lost.
    let live = Live::start("[room]\ntcp_port = 18189\npublic_addresses = [\"127.0.0.1:9\"]\n");
    let named = candidates(&live);
    assert_eq!(named[0].1.to_string(), "127.0.0.1:9", "{named:?}");
    let (over, most) = (AtomicBool::new(false), std::sync::Mutex::new(0));
    let seen = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                let now = live.status()["over_tcp"].as_u64().unwrap();
                let mut most = most.lock().unwrap();
                *most = now.max(*most);
                drop(most);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let seen = browsers(&live, &["h264", "--joins", "2", "--frames", "60"]);
        over.store(true, Ordering::Release);
        seen
    });
    let Some(seen) = seen else { return };
    moved(&seen, "video/h264");
    for join in seen["joins"].as_array().unwrap() {
        assert_eq!(join["by"], "tcp", "{seen}");
    }
    assert_eq!(*most.lock().unwrap(), 1, "the status counts who watches over TCP");
    // One of the host, one of each viewer.
    counted(&live, "beckon_room_tcp_ended_total{reason=\"left\"}", 3);
    counted(&live, "beckon_room_tcp_lost_total", 0);
}

#[test]
fn connections_that_carry_something_else_or_nothing_are_closed_and_counted() {
    let live = Live::start("");
    let address = tcp_address(&live);
    let open = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    };
    let closed = |mut stream: TcpStream| {
        let mut said = Vec::new();
        // Bytes that nobody read make it a reset.
        let _ = stream.read_to_end(&mut said);
        assert_eq!(said, b"", "nothing is said to strangers");
    };
    // A check that names a session that does not exist: it is not answered.
    let mut unknown = vec![0, 40, 0, 1, 0, 20, 0x21, 0x12, 0xa4, 0x42];
    unknown.extend([7; 12]);
    unknown.extend([0, 6, 0, 14]);
    unknown.extend(b"anobodyis:them\0\0");
    let (silent, half, stranger) = (open(b""), open(&[0, 100, 0, 1, 0]), open(&unknown));
    let garbage = [
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        vec![0xff; 70_000],
        vec![0, 4, 0x80, 1, 2, 3],
        vec![0, 1, 22],
        [[0; 4_096].to_vec(), vec![0, 2, 9, 9]].concat(),
    ];
    for bytes in &garbage {
        let mut stream = TcpStream::connect(address).unwrap();
        let _ = stream.write_all(bytes);
        closed(stream);
    }
    counted(&live, "beckon_room_tcp_ended_total{reason=\"not_ice\"}", garbage.len() as u64);
    [silent, half, stranger].into_iter().for_each(closed);
    counted(&live, "beckon_room_tcp_ended_total{reason=\"unproven\"}", 3);
    drop(open(b""));
    counted(&live, "beckon_room_tcp_ended_total{reason=\"left\"}", 1);
    assert_eq!(candidates(&live).len(), 2, "the room goes on");
}

fn has_ipv6() -> bool {
    let answers = TcpStream::connect("[::1]:1").map_or_else(|error| refused(&error), |_| true);
    let has = Path::new("/proc/net/if_inet6").exists() && answers;
    if !has {
        skipped("this machine has no IPv6");
    }
    has
}

#[test]
fn browsers_publish_and_play_over_ipv6() {
    if !has_ipv6() {
        return;
    }
    let live = Live::start_on("[::1]:0", "[room]\nsecond_publisher = \"take-over\"\n");
    assert!(candidates(&live).iter().all(|(_, at, _)| at.ip().to_string() == "::1"));
    for way in ["udp", "tcp"] {
        let Some(seen) = browsers(&live, &["vp8", "--only", way, "--frames", "60"]) else { return };
        moved(&seen, "video/vp8");
        let join = &seen["joins"][0];
        assert_eq!((join["by"].as_str(), join["server"].as_str()), (Some(way), Some("::1")), "{seen}");
    }
}

#[test]
fn one_port_on_all_addresses_takes_browsers_over_ipv4_and_over_ipv6() {
    if !has_ipv6() {
        return;
    }
    for (named, way) in [("127.0.0.1", "udp"), ("127.0.0.1", "tcp"), ("::1", "udp")] {
        let mut live = Live::start_on(
            "[::]:0",
            &format!("behind_proxy = \"this test\"\n[room]\npublic_addresses = [\"{named}\"]\n"),
        );
        live.server.address.set_ip(named.parse().unwrap());
        let Some(seen) = browsers(&live, &["vp8", "--only", way, "--frames", "60"]) else { return };
        moved(&seen, "video/vp8");
        let join = &seen["joins"][0];
        assert_eq!((join["by"].as_str(), join["server"].as_str()), (Some(way), Some(named)), "{seen}");
    }
}

/// A way to the server that loses three of a hundred; gone with the value.
struct Lossy {
    bridge: Child,
    port: u16,
}

impl Lossy {
    fn to(server: SocketAddr) -> Lossy {
        // Free a moment ago; whoever takes it meanwhile fails the test, not the next one.
        let near = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let bridge = Command::new(env!("CARGO_BIN_EXE_beckon"))
            .args(["room", "bridge", "--delay-ms", "25", "--loss-percent", "3"])
            .args(["--listen", &near.to_string(), "--to", &server.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("the bridge starts");
        Lossy { bridge, port: near.port() }
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        let _ = self.bridge.kill();
        let _ = self.bridge.wait();
    }
}

#[test]
fn a_browser_over_a_way_that_loses_three_of_a_hundred_sees_the_picture_go_on() {
    for codec in ["h264", "vp8"] {
        let live = Live::start("");
        let server =
            candidates(&live).iter().find(|(protocol, ..)| protocol == "udp").expect("UDP is offered").1;
        let way = Lossy::to(server);
        let port = way.port.to_string();
        let Some(seen) = browsers(&live, &[codec, "--frames", "200", "--via", &port]) else { return };
        moved(&seen, &format!("video/{codec}"));
        let join = &seen["joins"][0];
        assert!(join["frames"].as_u64().unwrap() >= 200, "{seen}");
        assert!(join["nacks"].as_u64().unwrap() > 0, "what was lost was asked for: {seen}");
    }
}

fn refused(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::ConnectionRefused
}
