//! Feeds the room's entry points with what nobody should send: `cargo run --release -p beckon-room --example
//! fuzz_room -- 10000000`. A panic is a bug; so is a room that grows.
//!
//! Datagrams go to a floor with a live publisher and viewers, from known and unknown addresses; payloads go where
//! key frames are looked for; offers are mutated from one that a client made. The seed is printed.

#[path = "../tests/world/mod.rs"]
#[allow(dead_code, reason = "the tests use what this does not")]
mod world;

use beckon_room::{Arrival, Codec, Deframer, Effects, Floor, Input, Join, Manner, Via, ufrag};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use world::random::Random;

#[expect(clippy::disallowed_methods, reason = "virtual time begins somewhere; nothing depends on where")]
fn start() -> Instant {
    Instant::now()
}

/// Changes some bytes, cuts, doubles.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len().max(1) as u64) as usize;
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.splice(at..at, (0..random.below(8)).map(|_| 0xff)).for_each(drop),
            2 => {
                let piece = bytes[at..].iter().take(16).copied().collect::<Vec<u8>>();
                bytes.extend(piece);
            }
            _ => {
                let to = random.bits() as u8;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = to;
                }
            }
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let cases: u64 = arguments.next().and_then(|it| it.parse().ok()).unwrap_or(1_000_000);
    let seed: u64 = arguments.next().and_then(|it| it.parse().ok()).unwrap_or(1);
    println!("{cases} cases, seed {seed}");
    let begun = start();
    let mut random = Random::new(seed);
    let mut world = world::script::quiet(begun, seed);
    world.pass(Duration::from_secs(2));
    let clients: Vec<SocketAddr> = world.shoppers.iter().map(|way| way.client.client.address).collect();
    let hosts: Vec<SocketAddr> = world.hosts.iter().map(|way| way.client.client.address).collect();
    let room: SocketAddr = world::ROOM.parse().expect("an address");
    let (_, offer) = world::client::Client::new(world.now, world.address(), str0m::format::Codec::Vp8, None);
    let samples: Vec<Vec<u8>> = world.samples.clone();
    assert!(samples.len() > 10, "the world has sent something");
    let (mut effects, mut now) = (Effects::new(), world.now);
    let mut deframer = Deframer::new();
    let (mut offers, mut accepted) = (0_u64, 0_u64);
    for case in 0..cases {
        let mut bytes = samples[random.below(samples.len() as u64) as usize].clone();
        mutate(&mut random, &mut bytes);
        now += Duration::from_micros(random.below(20));
        let from = match random.below(4) {
            0 => SocketAddr::from(([10, 9, 9, random.below(4) as u8], 1)),
            1 => hosts[0],
            _ => clients[random.below(clients.len() as u64) as usize],
        };
        let floor: &mut Floor = &mut world.floors[0];
        let _ = ufrag(&bytes);
        for codec in
            [Codec::H264 { profile_level: 0, split: true }, Codec::Vp8, Codec::Vp9 { profile: 0 }, Codec::Av1]
        {
            let _ = (codec.begins_key_frame(&bytes), codec.picture(&bytes));
        }
        if deframer.push(&bytes, |_| {}).is_err() {
            deframer = Deframer::new();
        }
        let arrival = Arrival { from, to: room, via: Via::Udp, bytes: &bytes };
        floor.handle(now, Input::Datagram(arrival), &mut effects);
        if case % 64 == 0 {
            floor.handle(now, Input::Tick, &mut effects);
            floor.flush(now, &mut effects);
            effects.clear();
        }
        if case % 200 == 0 {
            let mut offer = offer.clone().into_bytes();
            mutate(&mut random, &mut offer);
            let offer = String::from_utf8_lossy(&offer).into_owned();
            let publishes = random.permille(300);
            offers += 1;
            if let Ok(answered) = floor.join(
                now,
                Join { room: "f", publishes, manner: Manner::Fast, offer: &offer },
                &mut effects,
            ) {
                accepted += 1;
                let _ = floor.leave(now, answered.session, publishes, &mut effects);
            }
            effects.clear();
        }
        if floor.sessions() == 0 {
            // All have timed out: begin again with people inside.
            world = world::script::quiet(now, seed + case);
            world.pass(Duration::from_secs(2));
            now = world.now;
        }
    }
    assert!(world.floors[0].sessions() < 100, "sessions do not pile up");
    println!(
        "{cases} datagrams and {offers} offers ({accepted} of them taken) in {:.0?}, no panic",
        start() - begun
    );
}
