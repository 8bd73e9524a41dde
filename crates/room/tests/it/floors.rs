//! One room on several floors: what its guests see when things change at its home, and when what floors tell each other
//! is lost.

use crate::runs::start;
use crate::situations::{encoder, last, longest_gap, thirty_come_and_see_what_is_live};
use crate::world::links::Passage;
use crate::world::net::Weather;
use crate::world::script::floors;
use crate::world::{NAME, World};
use beckon_room::{
    CONNECT_WITHIN, Effects, Floor, GUEST_UNHEARD_FOR, Identity, Join, KEY_FRAME_ASKED_EVERY, Manner,
    ROUND_EVERY, Refusal, SecondPublisher,
};
use std::time::{Duration, Instant};
use str0m::format::Codec;

/// What is told takes a millisecond.
const FAIR: Passage = Passage { loss: 0, fills: 0, delay_us: 1_000, jitter_us: 0 };
/// Nothing that is told arrives.
const CUT: Passage = Passage { loss: 1_000, ..FAIR };

/// A world of so many floors, where one viewer of a room is enough for its home.
fn world(count: usize, second: SecondPublisher) -> World {
    let identity = Identity::generate().expect("randomness");
    let mut world = World::new(start(), 11, floors(&identity, second, count));
    world.links.passage = FAIR;
    world
}

/// A shopper comes, to a floor that is not the home; says which he is.
fn guest_comes(world: &mut World) -> usize {
    world.avoid = vec![world.home()];
    world.watch(Codec::H264, Weather::fair(5_000));
    world.avoid.clear();
    assert_ne!(last_floor(world), world.home());
    world.shoppers.len() - 1
}

fn last_floor(world: &World) -> usize {
    world.shoppers.last().expect("somebody came").floor
}

/// Which host a shopper saw last.
fn sees(world: &World, shopper: usize) -> Option<u16> {
    world.shoppers[shopper].client.shown.last().map(|(_, host, _)| *host)
}

fn has_no_gap(world: &World, shopper: usize) -> bool {
    let numbers: Vec<u64> = world.shoppers[shopper].client.numbers.keys().copied().collect();
    numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

#[test]
fn who_joins_on_another_floor_sees_the_group_at_once_be_he_the_first_there_or_not() {
    let mut world = world(3, SecondPublisher::Refuse);
    assert!(world.publish(encoder(50, false), Weather::fair(1_000)));
    for _ in 0..4 {
        // A second and a half after a key frame, half a second before the next.
        world.run(world.epoch + Duration::from_millis(5_500 + 2_000 * world.shoppers.len() as u64));
        let came = world.now;
        guest_comes(&mut world);
        world.shoppers.last_mut().expect("he came").client.compare_from = Some(came + Duration::from_secs(3));
        world.pass(Duration::from_millis(1_900));
        let first = last(&world).shown.first().expect("a picture");
        assert!(first.0 - came < Duration::from_millis(80), "{:?}", first.0 - came);
        assert!(first.2 > Duration::from_millis(500), "the group is shown from its key frame on");
    }
    world.pass(Duration::from_secs(2));
    for (at, way) in world.shoppers.iter().enumerate() {
        assert!(longest_gap(&way.client) < Duration::from_millis(60), "{:?}", longest_gap(&way.client));
        assert!(has_no_gap(&world, at) && way.client.apart_us < 5_000);
    }
    assert!(world.shoppers[0].client.compared > 100, "sound and picture were compared");
}

#[test]
fn a_publisher_who_takes_over_or_comes_again_is_seen_on_all_floors() {
    let mut world = world(3, SecondPublisher::TakeOver);
    assert!(world.publish(encoder(25, true), Weather::fair(1_000)));
    world.watch(Codec::H264, Weather::fair(5_000));
    let (one, other) = (guest_comes(&mut world), guest_comes(&mut world));
    assert_ne!(world.shoppers[one].floor, world.shoppers[other].floor);
    world.pass(Duration::from_secs(3));
    assert!(world.publish(encoder(25, true), Weather::fair(1_000)));
    world.pass(Duration::from_secs(3));
    for (at, way) in world.shoppers.iter().enumerate() {
        assert_eq!(sees(&world, at), Some(1));
        assert!(longest_gap(&way.client) < Duration::from_millis(300), "{:?}", longest_gap(&way.client));
        assert!(has_no_gap(&world, at), "numbers go on");
    }
    world.host_stops();
    world.pass(Duration::from_secs(1));
    let status = world.status();
    assert_eq!((status.publisher, status.viewers, status.layers), (false, 3, Vec::new()));
    for floor in &world.floors {
        assert_eq!(floor.kept_bytes() + floor.guest_bytes(), 0, "nothing is kept of who left");
    }
    assert!(world.publish(encoder(25, true), Weather::fair(1_000)));
    world.pass(Duration::from_secs(2));
    assert!((0..3).all(|at| sees(&world, at) == Some(2) && has_no_gap(&world, at)));
    let status = world.status();
    assert_eq!((status.connected, status.layers[0].viewers, status.warnings), (3, 3, Vec::new()));
}

#[test]
fn what_was_lost_between_floors_is_made_up_for_with_the_next_round() {
    let mut world = world(2, SecondPublisher::TakeOver);
    assert!(world.publish(encoder(50, false), Weather::fair(1_000)));
    world.pass(Duration::from_secs(1));
    // The first subscription is lost.
    world.links.passage = CUT;
    let first = guest_comes(&mut world);
    world.links.passage = FAIR;
    let came = world.now;
    world.pass(Duration::from_secs(1));
    let shown = world.shoppers[first].client.shown.first().expect("a picture").0 - came;
    assert!(shown < ROUND_EVERY + Duration::from_millis(100), "{shown:?}");
    // So is it that another has taken over.
    world.links.passage = CUT;
    assert!(world.publish(encoder(50, false), Weather::fair(1_000)));
    world.pass(Duration::from_millis(900));
    assert_eq!(sees(&world, first), Some(0));
    world.links.passage = FAIR;
    world.pass(ROUND_EVERY + Duration::from_millis(100));
    assert_eq!(sees(&world, first), Some(1), "the group that is kept is shown, no key frame is waited for");
    // And that the last has left.
    world.links.passage = CUT;
    world.host_stops();
    world.pass(Duration::from_millis(100));
    assert!(world.floors[last_floor(&world)].guest_bytes() > 0);
    world.links.passage = FAIR;
    world.pass(ROUND_EVERY + Duration::from_millis(100));
    assert_eq!(world.floors[last_floor(&world)].guest_bytes(), 0);
    // A guest that home has forgotten, for it said nothing for long, comes back in.
    assert!(world.publish(encoder(25, false), Weather::fair(1_000)));
    world.links.passage = CUT;
    world.pass(GUEST_UNHEARD_FOR + ROUND_EVERY * 2);
    world.links.passage = FAIR;
    let healed = world.now;
    world.pass(Duration::from_secs(3));
    let shown = world.shoppers[first].client.shown.iter().find(|(at, ..)| *at > healed).expect("a picture");
    assert!(shown.0 - healed < Duration::from_millis(1_400), "{:?}", shown.0 - healed);
    assert_eq!(sees(&world, first), Some(2));
}

/// Half a second of a room on two floors, of which 100 ms are lost between them. Says who is inside, and when it healed.
fn torn(world: &mut World, obeys: bool) -> (usize, Instant) {
    assert!(world.publish(encoder(50, obeys), Weather::fair(1_000)));
    world.pass(Duration::from_secs(4));
    let inside = guest_comes(world);
    world.pass(Duration::from_millis(500));
    world.links.passage = CUT;
    world.pass(Duration::from_millis(100));
    world.links.passage = FAIR;
    let healed = world.now;
    // A picture that tells comes every 40 ms.
    world.pass(Duration::from_millis(50));
    (inside, healed)
}

#[test]
fn a_group_in_which_packets_are_missing_is_given_to_nobody() {
    let mut world = world(2, SecondPublisher::Refuse);
    torn(&mut world, false);
    let late = guest_comes(&mut world);
    world.pass(Duration::from_secs(3));
    assert!(has_no_gap(&world, late), "{:?}", world.shoppers[late].client.numbers.keys());
    assert!(last(&world).shown.len() > 20, "he sees the next one");
}

#[test]
fn a_floor_that_misses_packets_asks_for_a_key_frame_before_its_viewers_do() {
    let mut world = world(2, SecondPublisher::Refuse);
    let (_, healed) = torn(&mut world, true);
    // A shopper waits 400 ms for what he misses before he asks himself.
    world.run(healed + Duration::from_millis(300));
    assert_eq!(world.hosts[0].client.asked, 1);
}

#[test]
fn sessions_that_end_in_one_instant_leave_no_count_behind() {
    for count in [1, 2] {
        let mut world = world(count, SecondPublisher::Refuse);
        // What they send never arrives.
        let cut = Weather { loss: 1_000, ..Weather::fair(1_000) };
        assert!(world.publish(encoder(50, true), cut));
        (0..3).for_each(|_| world.watch(Codec::H264, cut));
        assert_eq!(world.dealer.rooms(), 1);
        // The machine stood still meanwhile.
        world.now += CONNECT_WITHIN * 2;
        world.pass(Duration::from_secs(1));
        let sessions: usize = world.floors.iter().map(Floor::sessions).sum();
        assert_eq!((sessions, world.dealer.rooms()), (0, 0));
    }
}

#[test]
fn a_floor_is_told_of_a_room_as_long_as_it_has_viewers_and_no_longer() {
    let mut world = world(2, SecondPublisher::Refuse);
    assert!(world.publish(encoder(25, true), Weather::fair(1_000)));
    world.watch(Codec::H264, Weather::fair(5_000));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.links.sent, 0, "a small room is told of to nobody");
    let (one, other) = (guest_comes(&mut world), guest_comes(&mut world));
    let floor = last_floor(&world);
    world.pass(Duration::from_secs(1));
    world.shopper_leaves(one);
    world.pass(Duration::from_secs(1));
    assert!(world.links.sent > 100 && longest_gap(last(&world)) < Duration::from_millis(60));
    world.shopper_leaves(other);
    world.pass(Duration::from_millis(10));
    assert_eq!((world.floors[floor].next_deadline(), world.floors[floor].guest_bytes()), (None, 0));
    let before = world.links.sent;
    world.pass(Duration::from_secs(1));
    assert_eq!(world.links.sent, before);
    // Where it is lost that they left, home finds out.
    let alone = guest_comes(&mut world);
    world.pass(Duration::from_secs(1));
    world.links.passage = CUT;
    world.shopper_leaves(alone);
    world.links.passage = FAIR;
    world.pass(GUEST_UNHEARD_FOR + ROUND_EVERY * 2);
    let before = world.links.sent;
    world.pass(Duration::from_secs(1));
    assert_eq!(world.links.sent, before);
}

#[test]
fn key_frames_that_viewers_of_all_floors_need_are_asked_for_no_more_often_than_those_of_one() {
    let mut world = world(3, SecondPublisher::Refuse);
    assert!(world.publish(encoder(10_000, true), Weather::fair(1_000)));
    world.pass(Duration::from_secs(6));
    let (came, asked) = (world.now, world.hosts[0].client.asked);
    thirty_come_and_see_what_is_live(&mut world);
    let asked = world.hosts[0].client.asked - asked;
    let most = (world.now - came).as_millis() / KEY_FRAME_ASKED_EVERY.as_millis() + 1;
    assert!((1..=most as u64).contains(&asked), "{asked} times");
    let on_floors: Vec<usize> =
        world.floors.iter().map(|floor| floor.status(world.now, NAME).viewers).collect();
    assert_eq!(on_floors, [10, 10, 10]);
    assert_eq!(world.status().warnings, []);
}

#[test]
fn nobody_publishes_on_a_floor_that_is_not_the_home() {
    let mut world = world(2, SecondPublisher::TakeOver);
    let floor = 1 - world.home();
    let (_, offer) = crate::world::client::Client::new(world.now, world.address(), Codec::H264, Some(&[]));
    let join = Join { room: NAME, publishes: true, manner: Manner::Fast, offer: &offer };
    for _ in 0..2 {
        let joined = world.floors[floor].join(world.now, join, &mut Effects::new());
        assert_eq!(joined.err(), Some(Refusal::Unknown));
        // Also where it has viewers.
        guest_comes(&mut world);
    }
}
