//! Connections against their bounds, which are short here.

use super::*;
use beckon_room::{Deframer, Via, frame};
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// So long that it does not matter.
const EVER: Duration = Duration::from_secs(600);
/// So short that a test can wait for it.
const SOON: Duration = Duration::from_millis(30);

const LONG: Bounds = Bounds {
    connections: 8,
    strangers: 4,
    prove_within: EVER,
    idle: EVER,
    stalled: EVER,
    outbox_bytes: 64 << 10,
};

struct Door {
    address: SocketAddr,
    connections: Connections,
    asked: mpsc::Receiver<Ask>,
}

impl Door {
    fn open(bounds: Bounds) -> Door {
        let (asks, asked) = mpsc::channel(64);
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = socket.local_addr().unwrap();
        let connections = Connections::new(bounds);
        spawn(socket, vec![asks], connections.clone()).unwrap();
        Door { address, connections, asked }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Connects and checks; the check has come.
    async fn known(&mut self) -> (TcpStream, SocketAddr) {
        let mut stream = self.connect().await;
        stream.write_all(&frame(&check()).unwrap()).await.unwrap();
        let from = stream.local_addr().unwrap();
        assert_eq!(self.next().await, [(from, check())]);
        (stream, from)
    }

    /// What comes to the floor next.
    async fn next(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        let Some(Ask::Datagrams(datagrams)) = self.asked.recv().await else { panic!("not datagrams") };
        assert!(datagrams.iter().all(|it| it.via == Via::Tcp));
        datagrams.into_iter().map(|it| (it.from, it.bytes)).collect()
    }

    async fn ended(&self, end: End, count: u64) {
        let so_many =
            || self.connections.tallies().all_ended().find(|(word, _)| *word == end.word()).unwrap().1;
        while so_many() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(so_many(), count, "{end:?}");
    }
}

/// A check that names a session of the first floor.
fn check() -> Vec<u8> {
    let mut message = vec![0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42];
    message.extend([7; 12]);
    message.extend([0, 6, 0, 6]);
    message.extend(b"aus:me\0\0");
    message
}

fn datagram(to: SocketAddr, bytes: Vec<u8>) -> Datagram {
    Datagram { from: to, to, via: Via::Tcp, bytes }
}

async fn is_closed(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn datagrams_go_both_ways_in_order_however_the_stream_is_cut() {
    let mut door = Door::open(LONG);
    let (mut stream, from) = door.known().await;
    let sent: Vec<Vec<u8>> = (1..=40).map(|length| vec![length; usize::from(length) * 30]).collect();
    let framed: Vec<u8> = sent.iter().flat_map(|it| frame(it).unwrap()).collect();
    for piece in framed.chunks(777) {
        stream.write_all(piece).await.unwrap();
    }
    let mut came = Vec::new();
    while came.len() < sent.len() {
        came.extend(door.next().await.into_iter().map(|(_, bytes)| bytes));
    }
    assert_eq!(came, sent);

    let batch: Vec<Datagram> = sent.iter().map(|it| datagram(from, it.clone())).collect();
    door.connections.send(from, &batch[..7]);
    door.connections.send(from, &batch[7..]);
    let (mut deframer, mut read, mut buffer) = (Deframer::new(), Vec::new(), [0; 1_000]);
    while read.len() < sent.len() {
        let count = stream.read(&mut buffer).await.unwrap();
        deframer.push(&buffer[..count], |it| read.push(it.to_vec())).unwrap();
    }
    assert_eq!(read, sent);
    drop(stream);
    door.ended(End::Left, 1).await;
    assert_eq!((door.connections.count(), door.connections.tallies().lost.load(Ordering::Relaxed)), (0, 0));
    door.connections.send(from, &batch[..3]);
    assert_eq!(door.connections.tallies().lost.load(Ordering::Relaxed), 3, "nobody is there");
}

#[tokio::test]
async fn a_reader_that_takes_nothing_loses_what_is_beyond_its_bound_and_is_dropped() {
    let mut door = Door::open(Bounds { stalled: SOON, ..LONG });
    let (stream, from) = door.known().await;
    let batch: Vec<Datagram> = (0..64).map(|_| datagram(from, vec![1; 1_200])).collect();
    while door.connections.count() > 0 {
        door.connections.send(from, &batch);
        tokio::task::yield_now().await;
    }
    door.ended(End::Stalled, 1).await;
    assert!(door.connections.tallies().lost.load(Ordering::Relaxed) > 0);
    is_closed(stream).await;
}

#[test]
fn what_waits_for_a_slow_reader_stays_within_its_bound_and_is_whole() {
    let to: SocketAddr = "192.0.2.1:5".parse().unwrap();
    let outbox = Outbox::new(3_000);
    let batch = [1_000, 1_500, 900, 0, 600].map(|length| datagram(to, vec![3; length]));
    let put = outbox.put(monotonic(), &batch);
    assert_eq!((put.first, put.lost), (true, 2));
    let again = outbox.put(monotonic(), &batch);
    assert_eq!((again.first, again.lost), (false, 4), "the empty one has a place");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let frames = runtime.block_on(outbox.take(Vec::new()));
    assert!(frames.len() <= 3_000);
    let mut lengths = Vec::new();
    Deframer::new().push(&frames, |it| lengths.push(it.len())).unwrap();
    assert_eq!(lengths, [1_000, 1_500, 0, 0]);
}

#[tokio::test]
async fn who_does_not_show_a_session_in_time_is_closed_and_who_does_stays() {
    let door = Door::open(Bounds { prove_within: SOON, ..LONG });
    let silent = door.connect().await;
    let mut asks_only = door.connect().await;
    asks_only.write_all(&frame(&check()).unwrap()).await.unwrap();
    let mut half = door.connect().await;
    half.write_all(&frame(&check()).unwrap()[..9]).await.unwrap();
    for stream in [silent, asks_only, half] {
        is_closed(stream).await;
    }
    door.ended(End::Unproven, 3).await;

    let mut door = Door::open(Bounds { prove_within: SOON * 50, ..LONG });
    let (mut stream, from) = door.known().await;
    door.connections.send(from, &[datagram(from, vec![5; 20])]);
    let silent = door.connect().await;
    is_closed(silent).await;
    stream.write_all(&frame(b"still here").unwrap()).await.unwrap();
    assert_eq!(door.next().await, [(from, b"still here".to_vec())]);
    assert_eq!(door.connections.count(), 1);
}

#[tokio::test]
async fn a_connection_whose_session_is_over_is_closed() {
    let mut door = Door::open(Bounds { prove_within: SOON * 50, idle: SOON, ..LONG });
    let (stream, from) = door.known().await;
    door.connections.send(from, &[datagram(from, vec![5; 20])]);
    is_closed(stream).await;
    door.ended(End::Idle, 1).await;
}

#[tokio::test]
async fn strangers_are_bounded_and_leave_places_to_those_who_are_known() {
    let mut door = Door::open(LONG);
    let mut inside = Vec::new();
    for _ in 0..6 {
        let (stream, from) = door.known().await;
        door.connections.send(from, &[datagram(from, vec![5; 20])]);
        inside.push(stream);
    }
    let waiting = [door.connect().await, door.connect().await];
    // Eight are there; the ninth is not let in.
    is_closed(door.connect().await).await;
    door.ended(End::Refused, 1).await;
    drop((inside, waiting));
    door.ended(End::Left, 8).await;

    let mut strangers = Vec::new();
    for _ in 0..LONG.strangers {
        strangers.push(door.known().await);
    }
    is_closed(door.connect().await).await;
    door.ended(End::Refused, 2).await;
    let from = strangers[0].1;
    door.connections.send(from, &[datagram(from, vec![5; 20])]);
    strangers.push(door.known().await);
    assert_eq!(door.connections.count(), LONG.strangers + 1);
}

#[tokio::test]
async fn what_is_no_frame_or_begins_with_no_check_ends_the_connection() {
    let door = Door::open(LONG);
    let garbage: [&[u8]; 4] =
        [b"GET / HTTP/1.1\r\n\r\n", &[0xff; 9_000], &[0, 1, 22], &[0, 0, 0, 0, 0, 2, 9, 9]];
    for bytes in garbage {
        let mut stream = door.connect().await;
        let _ = stream.write_all(bytes).await;
        is_closed(stream).await;
    }
    door.ended(End::NotIce, 4).await;
    assert_eq!(door.connections.count(), 0);
}
