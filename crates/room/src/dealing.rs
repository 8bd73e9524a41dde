//! Which floor a viewer is put on. A small room stays at its home, where packets have one hop less; the viewers of a
//! popular one are dealt to all floors, so that it may use all cores. The dealer also holds how many viewers a room may
//! have, for it alone knows them all.
//!
//! Floors tell how many viewers each room has there whenever that changes, and not how it changed: so nothing is left
//! over when sessions end by themselves. Who was dealt to a floor counts from then on, not only when that floor has
//! got to it, so that many who come at once are dealt well, too.

use crate::limits::VIEWERS_TOGETHER;
use crate::link::home_of;
use crate::refusal::Refusal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is dealt by.
#[derive(Clone, Copy, Debug)]
pub struct Deals {
    /// How many floors there are.
    pub floors: usize,
    /// Most viewers of one room, over all floors.
    pub viewers_a_room: usize,
    /// Up to so many viewers of a room share a floor before another is used.
    pub together: usize,
}

impl Default for Deals {
    /// One floor.
    fn default() -> Self {
        Deals { floors: 1, viewers_a_room: 5_000, together: VIEWERS_TOGETHER }
    }
}

/// When a room that is full may have a place again, in seconds: viewers come and go in minutes.
const ROOM_FULL_S: u32 = 30;

/// Viewers of a room on a floor.
#[derive(Clone, Copy, Debug, Default)]
struct Crowd {
    inside: usize,
    /// Dealt, and the floor has not said what became of it.
    coming: usize,
}

impl Crowd {
    fn all(self) -> usize {
        self.inside + self.coming
    }
}

/// Knows who is where.
#[derive(Debug)]
pub struct Dealer {
    deals: Deals,
    /// Rooms that have viewers or get some.
    rooms: BTreeMap<Arc<str>, Vec<Crowd>>,
    /// Viewers of all rooms, by floor.
    floors: Vec<usize>,
}

impl Dealer {
    /// Nobody is there.
    pub fn new(deals: Deals) -> Self {
        let floors = vec![0; deals.floors.max(1)];
        Dealer { deals, rooms: BTreeMap::new(), floors }
    }

    /// A floor for one more viewer of a room, but none of those that have been `tried`; he counts there until
    /// [`Dealer::settle`]. `None` if all were tried.
    pub fn deal(&mut self, room: &str, tried: &[usize]) -> Result<Option<usize>, Refusal> {
        let nobody = vec![Crowd::default(); self.floors.len()];
        let crowds = self.rooms.get(room).unwrap_or(&nobody);
        if crowds.iter().map(|it| it.all()).sum::<usize>() >= self.deals.viewers_a_room {
            return Err(Refusal::Full { what: "the room", retry_after_s: ROOM_FULL_S });
        }
        let home = home_of(room, self.floors.len());
        let rank = |floor: usize| {
            let here = crowds[floor].all();
            // The home, then where others are already, then a floor that would have to be told of the room; and where
            // there are enough, the floor with the fewest.
            let kind = match here {
                _ if here >= self.deals.together => 3,
                _ if floor == home => 0,
                0 => 2,
                _ => 1,
            };
            (kind, self.floors[floor], floor != home, floor)
        };
        let untried = (0..self.floors.len()).filter(|floor| !tried.contains(floor));
        let Some(floor) = untried.min_by_key(|floor| rank(*floor)) else { return Ok(None) };
        self.change(room, floor, |crowd| crowd.coming += 1);
        Ok(Some(floor))
    }

    /// What became of a viewer who was dealt to a floor is known there now: if he came in, [`Dealer::count`] says so.
    pub fn settle(&mut self, room: &str, floor: usize) {
        self.change(room, floor, |crowd| crowd.coming = crowd.coming.saturating_sub(1));
    }

    /// A room has so many viewers on a floor now.
    pub fn count(&mut self, room: &str, floor: usize, viewers: usize) {
        self.change(room, floor, |crowd| crowd.inside = viewers);
    }

    fn change(&mut self, room: &str, floor: usize, change: impl FnOnce(&mut Crowd)) {
        if floor >= self.floors.len() {
            return;
        }
        if !self.rooms.contains_key(room) {
            self.rooms.insert(room.into(), vec![Crowd::default(); self.floors.len()]);
        }
        let Some(crowds) = self.rooms.get_mut(room) else { return };
        let before = crowds[floor].all();
        change(&mut crowds[floor]);
        self.floors[floor] = (self.floors[floor] + crowds[floor].all()).saturating_sub(before);
        if crowds.iter().all(|crowd| crowd.all() == 0) {
            self.rooms.remove(room);
        }
    }

    /// Viewers of a room on each floor, and those who are about to come.
    pub fn viewers(&self, room: &str) -> Vec<usize> {
        let crowds = self.rooms.get(room);
        crowds.map_or(vec![0; self.floors.len()], |crowds| crowds.iter().map(|it| it.all()).collect())
    }

    /// Rooms that are remembered: those that have viewers.
    pub fn rooms(&self) -> usize {
        self.rooms.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dealer of three floors, and a room at home on the given one.
    fn dealer(viewers_a_room: usize) -> Dealer {
        Dealer::new(Deals { floors: 3, viewers_a_room, together: 4 })
    }

    fn at_home_on(floor: usize) -> String {
        (0..).map(|number| format!("room-{number}")).find(|name| home_of(name, 3) == floor).expect("one is")
    }

    /// So many come in, one by one.
    fn comes(dealer: &mut Dealer, room: &str, viewers: usize) {
        for _ in 0..viewers {
            let floor = dealer.deal(room, &[]).expect("a place").expect("a floor");
            dealer.settle(room, floor);
            let inside = dealer.viewers(room)[floor];
            dealer.count(room, floor, inside + 1);
        }
    }

    #[test]
    fn a_small_room_stays_at_home_and_a_large_one_uses_every_floor_alike() {
        let (mut dealer, room) = (dealer(1_000), at_home_on(1));
        comes(&mut dealer, &room, 4);
        assert_eq!(dealer.viewers(&room), [0, 4, 0]);
        // One floor after the other is told of the room.
        comes(&mut dealer, &room, 4);
        assert_eq!(dealer.viewers(&room), [4, 4, 0]);
        comes(&mut dealer, &room, 292);
        assert_eq!(dealer.viewers(&room), [100, 100, 100]);
        // Who leaves makes a place at home first.
        dealer.count(&room, 1, 2);
        comes(&mut dealer, &room, 2);
        assert_eq!(dealer.viewers(&room), [100, 4, 100]);
    }

    #[test]
    fn the_viewers_of_a_large_room_go_where_other_rooms_have_the_fewest() {
        let (mut dealer, small, large) = (dealer(1_000), at_home_on(0), at_home_on(1));
        dealer.count(&small, 0, 10);
        comes(&mut dealer, &large, 30);
        assert_eq!((dealer.viewers(&large), &dealer.floors), (vec![4, 13, 13], &vec![14, 13, 13]));
    }

    #[test]
    fn those_who_come_at_once_are_dealt_as_those_who_come_one_by_one_and_none_too_many() {
        let (mut dealer, room) = (dealer(10), at_home_on(2));
        let dealt: Vec<usize> =
            (0..10).map(|_| dealer.deal(&room, &[]).expect("a place").expect("a floor")).collect();
        assert_eq!(dealer.viewers(&room), [4, 2, 4]);
        assert!(matches!(
            dealer.deal(&room, &[]),
            Err(Refusal::Full { what: "the room", retry_after_s: 30 })
        ));
        // One was refused by the floor; his place is free again.
        dealer.settle(&room, dealt[9]);
        assert!(dealer.deal(&room, &[]).is_ok_and(|floor| floor == Some(dealt[9])));
    }

    #[test]
    fn a_floor_that_refused_is_not_dealt_to_again_and_others_are() {
        let (mut dealer, room) = (dealer(10), at_home_on(0));
        let mut tried = Vec::new();
        while let Some(floor) = dealer.deal(&room, &tried).expect("the room is empty") {
            dealer.settle(&room, floor);
            tried.push(floor);
        }
        assert_eq!(tried, [0, 1, 2]);
        assert_eq!(dealer.rooms(), 0, "nothing is left of who did not come in");
    }

    #[test]
    fn rooms_without_viewers_are_forgotten_however_they_ended() {
        let (mut dealer, room) = (dealer(10), at_home_on(0));
        comes(&mut dealer, &room, 6);
        dealer.count(&room, 0, 0);
        dealer.count(&room, 1, 0);
        assert_eq!((dealer.rooms(), dealer.floors), (0, vec![0, 0, 0]));
    }
}
