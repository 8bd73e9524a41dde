//! What happens in a run, drawn from its seed, and what must hold of it whatever was drawn.

use super::fault::Fault;
use super::host::{Encoder, FRAME};
use super::links::Passage;
use super::net::Weather;
use super::random::Random;
use super::shopper::Shopper;
use super::{NAME, ROOM, World};
use beckon_room::{
    Capacity, Floor, GROUP_BYTES_KEPT_MAX, GUEST_UNHEARD_FOR, Identity, LAYERS_MAX, Lines, Place,
    ROUND_EVERY, SecondPublisher,
};
use std::time::{Duration, Instant};
use str0m::format::Codec;

/// How far sound and picture may be apart.
const APART_MAX_US: i64 = 80_000;
/// How long the network stays fair at the end.
const FAIR: Duration = Duration::from_secs(8);
/// A session whose handshake the storm cut off tries again this much later at most.
const HANDSHAKE: Duration = Duration::from_secs(4);

/// What is drawn from the seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the host's encoder does.
    pub encoder: Encoder,
    shoppers: u64,
    storm: Duration,
    returns: Option<(Duration, bool)>,
    second: SecondPublisher,
    /// How many floors the server has, and what becomes of what they tell each other in the storm.
    floors: usize,
    passage: Passage,
}

impl Plan {
    /// Draws.
    pub fn draw(random: &mut Random) -> Plan {
        let codec = [Codec::H264, Codec::Vp8, Codec::Vp9, Codec::Av1][random.below(4) as usize];
        let layers = match random.below(3) {
            0 if codec != Codec::Av1 => vec![("a", 700), ("b", 2_200), ("c", 6_000)],
            1 => vec![("", 9_000)],
            _ => vec![("", 3_000)],
        };
        let key_every = [25, 50, 75, 150][random.below(4) as usize];
        Plan {
            encoder: Encoder { codec, key_every, obeys: random.permille(600), layers },
            shoppers: random.within(1, 4),
            storm: Duration::from_millis(random.within(2_000, 6_000)),
            returns: random
                .permille(400)
                .then(|| (Duration::from_millis(random.within(100, 4_500)), random.permille(500))),
            second: [SecondPublisher::Refuse, SecondPublisher::TakeOver][random.below(2) as usize],
            floors: [1, 1, 2, 3][random.below(4) as usize],
            passage: Passage {
                loss: [0, 5, 100][random.below(3) as usize],
                fills: [0, 2][random.below(2) as usize],
                delay_us: random.within(0, 3_000),
                jitter_us: [0, 2_000, 20_000][random.below(3) as usize],
            },
        }
    }
}

fn storm(random: &mut Random) -> Weather {
    Weather {
        loss: [0, 5, 30, 100][random.below(4) as usize],
        delay_us: random.within(500, 80_000),
        jitter_us: [0, 2_000, 20_000][random.below(3) as usize],
        bits_per_second: random.permille(200).then(|| random.within(400_000, 3_000_000)),
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Frames that were shown.
    pub shown: u64,
    /// Datagrams that the room sent.
    pub sent: u64,
    /// The longest that sound and picture were apart, in microseconds.
    pub apart_us: i64,
}

/// The floors of a run.
pub fn floors(identity: &Identity, second: SecondPublisher, count: usize) -> Vec<Floor> {
    let place = |number| Place {
        number: number as u8,
        floors: count,
        identity: identity.clone(),
        lines: Lines { udp: vec![ROOM.parse().expect("an address")], tcp: Vec::new() },
        capacity: Capacity::default(),
        second,
    };
    (0..count).map(|number| Floor::new(place(number))).collect()
}

/// A fair world with a host who has one layer and a key frame a second, and two shoppers.
pub fn quiet(start: Instant, seed: u64) -> World {
    let identity = Identity::generate().expect("the system gives randomness");
    let mut world = World::new(start, seed, floors(&identity, SecondPublisher::Refuse, 1));
    let encoder = Encoder { codec: Codec::Vp8, key_every: 25, obeys: true, layers: vec![("", 3_000)] };
    assert!(world.publish(encoder, Weather::fair(1_000)), "the room is empty");
    for _ in 0..2 {
        world.watch(Codec::Vp8, Weather::fair(1_000));
    }
    world
}

/// Plays a seed, with a fault if it is to be planted. `Err` says what did not hold.
pub fn play(start: Instant, seed: u64, identity: &Identity, fault: Option<Fault>) -> Result<Outcome, String> {
    let mut random = Random::new(seed);
    let plan = Plan::draw(&mut random);
    let mut world = World::new(start, seed, floors(identity, plan.second, plan.floors));
    world.random = random;
    world.fault = fault;
    world.links.passage = plan.passage;
    let host_first = world.random.permille(700);
    let arrives = |world: &mut World| {
        let weather = storm(&mut world.random);
        world.publish(plan.encoder.clone(), Weather { loss: weather.loss.min(30), ..weather })
    };
    if host_first {
        arrives(&mut world);
    }
    for _ in 0..plan.shoppers {
        let span = world.random.within(0, 3_000);
        world.pass(Duration::from_millis(span));
        let weather = storm(&mut world.random);
        // Anywhere: with one floor closed, the dealer takes another.
        world.avoid = match plan.floors {
            1 => Vec::new(),
            floors => vec![world.random.below(floors as u64) as usize],
        };
        world.watch(plan.encoder.codec, weather);
    }
    if !host_first {
        arrives(&mut world);
    }
    if let Some((after, politely)) = plan.returns {
        world.pass(after);
        if politely {
            world.host_stops()
        } else {
            world.host_vanishes()
        }
        let away = world.random.within(0, 2_000);
        world.pass(Duration::from_millis(away));
        while !arrives(&mut world) {
            world.pass(Duration::from_millis(500));
        }
    }
    world.pass(plan.storm);
    bounded(&world)?;
    for weather in world.shoppers.iter_mut().map(|way| &mut way.weather) {
        *weather = Weather::fair(weather.delay_us);
    }
    for weather in world.hosts.iter_mut().map(|way| &mut way.weather) {
        *weather = Weather::fair(weather.delay_us);
    }
    world.links.heal();
    let healed = world.now;
    world.healed = Some(healed);
    for way in &mut world.shoppers {
        // Reports come every second; the first after the storm settle how sound and picture stand.
        way.client.compare_from = Some(healed + Duration::from_secs(3));
    }
    world.pass(HANDSHAKE + FAIR);
    bounded(&world)?;
    let mut outcome = Outcome { sent: world.sent, ..Outcome::default() };
    for (at, way) in world.shoppers.iter().enumerate() {
        judge(&plan, &way.client, healed, world.now).map_err(|why| {
            format!(
                "seed {seed}, shopper {at}: {why}; {} packets of pictures, {} of sound; {:?}; {plan:?}",
                way.client.numbers.len(),
                way.client.sounds,
                world.status()
            )
        })?;
        outcome.shown += way.client.shown.len() as u64;
        outcome.apart_us = outcome.apart_us.max(way.client.apart_us);
    }
    counted(&world)?;
    nothing_left(world).map_err(|why| format!("seed {seed}: {why}; {plan:?}"))?;
    Ok(outcome)
}

fn bounded(world: &World) -> Result<(), String> {
    let bound = LAYERS_MAX * GROUP_BYTES_KEPT_MAX;
    for floor in &world.floors {
        let kept = floor.kept_bytes() + floor.guest_bytes();
        if kept > bound {
            return Err(format!("{kept} bytes are kept, of {bound} at most"));
        }
    }
    Ok(())
}

/// Who deals knows what is so.
fn counted(world: &World) -> Result<(), String> {
    let dealt = world.dealer.viewers(NAME);
    let are: Vec<usize> = world.floors.iter().map(|floor| floor.status(world.now, NAME).viewers).collect();
    if dealt == are {
        Ok(())
    } else {
        Err(format!("{are:?} viewers are on the floors, and {dealt:?} are counted"))
    }
}

/// When all have left, floors forget the room, and each other.
fn nothing_left(mut world: World) -> Result<(), String> {
    world.host_stops();
    for shopper in 0..world.shoppers.len() {
        world.shopper_leaves(shopper);
    }
    world.pass(GUEST_UNHEARD_FOR + 2 * ROUND_EVERY);
    let kept: usize = world.floors.iter().map(|floor| floor.kept_bytes() + floor.guest_bytes()).sum();
    let sessions: usize = world.floors.iter().map(Floor::sessions).sum();
    let rooms = world.floors.iter().filter(|floor| floor.next_deadline().is_some()).count();
    match (kept, sessions, rooms, world.dealer.rooms()) {
        (0, 0, 0, 0) => Ok(()),
        left => Err(format!("bytes, sessions, floors with rooms and rooms dealt for are left: {left:?}")),
    }
}

fn judge(plan: &Plan, shopper: &Shopper, healed: Instant, end: Instant) -> Result<(), String> {
    if let Some(wrong) = shopper.wrong.first() {
        return Err(wrong.clone());
    }
    let connected = shopper.connected.ok_or("never connected")?;
    if connected > healed + HANDSHAKE {
        return Err(format!("connected only {:?} after the storm", connected - healed));
    }
    // One key-frame interval, and the way there and back.
    let interval = FRAME * plan.encoder.key_every;
    let stuck_max = interval + Duration::from_millis(900);
    let from = healed.max(connected);
    let mut last = from;
    for (at, ..) in shopper.shown.iter().filter(|(at, ..)| *at > from).chain([&(end, 0, Duration::ZERO)]) {
        if *at - last > stuck_max {
            let (from, to) = (last - healed.min(last), *at - healed);
            return Err(format!("saw nothing for {:?}, from {from:?} to {to:?} after the storm", *at - last));
        }
        last = *at;
    }
    // Numbers without a gap, once nothing is lost.
    let settled = healed.max(connected) + Duration::from_secs(2);
    let mut numbers = shopper.numbers.iter().filter(|(_, at)| **at > settled).map(|(number, _)| *number);
    if let Some(first) = numbers.next() {
        let highest = numbers.next_back().unwrap_or(first);
        let have = shopper.numbers.range(first..=highest).count() as u64;
        if have != highest - first + 1 {
            return Err(format!("{} numbers are missing", highest - first + 1 - have));
        }
    }
    if shopper.sounds == 0 {
        return Err("no sound".into());
    }
    if shopper.compared == 0 {
        return Err("sound and picture were never compared".into());
    }
    if shopper.apart_us > APART_MAX_US {
        return Err(format!("sound and picture were {} ms apart", shopper.apart_us / 1_000));
    }
    Ok(())
}
