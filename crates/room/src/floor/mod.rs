//! The rooms of one thread, behind one address. A datagram is for the session whose name its first STUN request
//! carries; from then on it is known by where it comes from. Of a room whose publisher is on another floor there may be
//! viewers here, too; what that floor says comes in as an input, what it is to be told goes out as an effect.

mod demux;
mod input;

pub use input::{Answered, Input, Join, Place, SessionId};

use crate::admission::Admission;
use crate::effects::Effects;
use crate::limits::DATAGRAM_BYTES_MAX;
use crate::link::{Body, LinkMessage, home_of};
use crate::peer::Arrival;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::session::{Role, Session};
use crate::status::Status;
use demux::Demux;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use str0m::IceCreds;

#[derive(Debug)]
struct Seat {
    room: u64,
    publishes: bool,
    /// What the client calls itself in STUN.
    client: Option<String>,
}

/// The rooms of one thread.
pub struct Floor {
    place: Place,
    names: BTreeMap<Arc<str>, u64>,
    rooms: BTreeMap<u64, Room<Session>>,
    seats: BTreeMap<SessionId, Seat>,
    demux: Demux,
    /// Rooms that have something to send.
    touched: Vec<u64>,
    last_id: u64,
    busy_permille: u32,
}

impl Floor {
    /// A floor without rooms.
    pub fn new(place: Place) -> Self {
        Floor {
            place,
            names: BTreeMap::new(),
            rooms: BTreeMap::new(),
            seats: BTreeMap::new(),
            demux: Demux::default(),
            touched: Vec::new(),
            last_id: 0,
            busy_permille: 0,
        }
    }

    /// Says which share of its time the floor's thread is busy, in thousandths.
    pub fn busy(&mut self, permille: u32) {
        self.busy_permille = permille;
    }

    /// Lets somebody in, or says why not. The session is there before the answer leaves.
    pub fn join(&mut self, now: Instant, join: Join<'_>, effects: &mut Effects) -> Result<Answered, Refusal> {
        let role = self.role(now, join)?;
        self.last_id += 1;
        let (id, place) = (SessionId(self.last_id), &self.place);
        let ufrag = fresh_name(place.number);
        let made = Session::answer(now, join.offer, role, ufrag, &place.identity, &place.lines);
        let (session, answer) = made?;
        let key = self.room_key(now, join.room);
        let Some(room) = self.rooms.get_mut(&key) else { return Err(Refusal::Unknown) };
        if join.publishes {
            room.publish(now, id, session, effects);
        } else {
            room.watch(now, id, session, join.manner, effects);
            effects.crowds.push((room.name().clone(), room.viewers()));
        }
        self.seats.insert(id, Seat { room: key, publishes: join.publishes, client: client_name(join.offer) });
        self.demux.name(answer.ufrag.clone(), id);
        self.touched.push(key);
        self.clean_up(effects);
        Ok(Answered { session: id, answer })
    }

    fn role(&self, now: Instant, join: Join<'_>) -> Result<Role, Refusal> {
        let room = self.room(join.room);
        if join.publishes {
            let is_home = self.is_home(join.room);
            room.map_or(if is_home { Ok(()) } else { Err(Refusal::Unknown) }, |it| it.may_publish(now))?;
            return Ok(Role::Publisher);
        }
        let admission = Admission {
            viewers: self.rooms.values().map(Room::viewers).sum(),
            bits_per_second: self.rooms.values().map(|it| it.viewers() as u64 * it.bits_per_viewer()).sum(),
            one_more: room.map_or(0, Room::bits_per_viewer),
            busy_permille: self.busy_permille,
        };
        admission.admit(&self.place.capacity)?;
        Ok(Role::Viewer { probe: room.is_none_or(Room::may_have_layers), manner: join.manner })
    }

    fn room(&self, name: &str) -> Option<&Room<Session>> {
        self.rooms.get(self.names.get(name)?)
    }

    /// Whether publishers of a room come to this floor.
    fn is_home(&self, room: &str) -> bool {
        home_of(room, self.place.floors) == usize::from(self.place.number)
    }

    fn room_key(&mut self, now: Instant, name: &str) -> u64 {
        if let Some(key) = self.names.get(name) {
            return *key;
        }
        self.last_id += 1;
        let (key, number, name) = (self.last_id, self.place.number, Arc::<str>::from(name));
        let room = match home_of(&name, self.place.floors) as u8 {
            home if home == number => Room::home(now, name.clone(), number, self.place.second),
            home => Room::guest(now, name.clone(), number, home),
        };
        self.names.insert(name, key);
        self.rooms.insert(key, room);
        key
    }

    /// Ends a session. `publishes` says which kind it must be, so that a viewer cannot end the show.
    pub fn leave(
        &mut self,
        now: Instant,
        session: SessionId,
        publishes: bool,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let seat = self.seats.get(&session).filter(|seat| seat.publishes == publishes);
        let key = seat.ok_or(Refusal::Unknown)?.room;
        if let Some(room) = self.rooms.get_mut(&key) {
            room.leave(now, session, effects);
        }
        self.clean_up(effects);
        Ok(())
    }

    /// The session of that name, if it is of the room and the kind.
    pub fn session(&self, room: &str, publishes: bool, name: &str) -> Option<SessionId> {
        let id = self.demux.named(name)?;
        let seat = self.seats.get(&id)?;
        (seat.publishes == publishes && self.names.get(room) == Some(&seat.room)).then_some(id)
    }

    /// What a session's client calls itself in STUN.
    pub fn client_name(&self, session: SessionId) -> Option<String> {
        self.seats.get(&session).and_then(|seat| seat.client.clone())
    }

    /// Takes an input. What viewers get because of it waits for [`Floor::flush`].
    pub fn handle(&mut self, now: Instant, input: Input<'_>, effects: &mut Effects) {
        match input {
            Input::Datagram(arrival) => self.receive(now, arrival, effects),
            Input::Link(message) => self.told(now, message, effects),
            Input::Tick => {
                for (key, room) in &mut self.rooms {
                    if room.next_deadline() <= now {
                        room.advance(now, effects);
                        self.touched.push(*key);
                    }
                }
            }
        }
        self.clean_up(effects);
    }

    fn receive(&mut self, now: Instant, arrival: Arrival<'_>, effects: &mut Effects) {
        if arrival.bytes.len() > DATAGRAM_BYTES_MAX {
            return;
        }
        let Some(found) = self.demux.find(&arrival) else { return };
        let Some(key) = self.seats.get(&found.session).map(|seat| seat.room) else { return };
        let Some(room) = self.rooms.get_mut(&key) else { return };
        if room.receive(now, found.session, arrival, effects) && found.is_new {
            self.demux.learn(&arrival, found.session);
        }
        self.touched.push(key);
    }

    fn told(&mut self, now: Instant, message: LinkMessage, effects: &mut Effects) {
        let key = match self.names.get(&message.room) {
            Some(key) => *key,
            // Its viewers came before its publisher, and to other floors.
            None if matches!(message.body, Body::Subscribe { .. }) && self.is_home(&message.room) => {
                self.room_key(now, &message.room)
            }
            None => return,
        };
        if let Some(room) = self.rooms.get_mut(&key) {
            room.told(now, message.from, message.body, effects);
        }
        self.touched.push(key);
    }

    /// Sends what has gathered. To be called after each batch of inputs.
    pub fn flush(&mut self, now: Instant, effects: &mut Effects) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for key in &touched {
            if let Some(room) = self.rooms.get_mut(key) {
                room.flush(now, effects);
            }
        }
        self.clean_up(effects);
        for key in touched.drain(..) {
            self.forget_if_empty(key, effects);
        }
        self.touched = touched;
    }

    fn clean_up(&mut self, effects: &mut Effects) {
        for at in 0..effects.ended.len() {
            let ended = effects.ended[at];
            self.demux.forget(ended);
            let Some(seat) = self.seats.remove(&ended) else { continue };
            if let Some(room) = self.rooms.get(&seat.room).filter(|_| !seat.publishes) {
                effects.crowds.push((room.name().clone(), room.viewers()));
            }
            self.forget_if_empty(seat.room, effects);
        }
    }

    fn forget_if_empty(&mut self, key: u64, effects: &mut Effects) {
        if self.rooms.get(&key).is_some_and(Room::is_empty)
            && let Some(room) = self.rooms.remove(&key)
        {
            self.names.remove(room.name());
            room.farewell(effects);
            // Whoever was still counted went with the publisher.
            effects.crowds.push((room.name().clone(), 0));
        }
    }

    /// When a [`Input::Tick`] is due at the latest. `None` if there is no room.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.rooms.values().map(Room::next_deadline).min()
    }

    /// A room as it is on this floor now; an empty one if nobody is there.
    pub fn status(&self, now: Instant, room: &str) -> Status {
        self.room(room).map_or_else(Status::default, |room| room.status(now))
    }

    /// Bytes of pictures that are kept for viewers to come, of rooms that are at home here. Guests have the same, not
    /// copies of them.
    pub fn kept_bytes(&self) -> usize {
        self.rooms.values().filter(|room| room.is_home()).map(Room::kept_bytes).sum()
    }

    /// Bytes of pictures of rooms that are at home on another floor.
    pub fn guest_bytes(&self) -> usize {
        self.rooms.values().filter(|room| !room.is_home()).map(Room::kept_bytes).sum()
    }

    /// Sessions that are there.
    pub fn sessions(&self) -> usize {
        self.seats.len()
    }
}

/// What the client calls itself (`a=ice-ufrag`, RFC 8839).
fn client_name(offer: &str) -> Option<String> {
    let name = offer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:"))?;
    Some(name.trim().to_owned())
}

/// A name for a session that nobody guesses: the floor's letter, then chance.
fn fresh_name(floor: u8) -> String {
    let mut name = String::from(char::from(b'a' + floor % 26));
    name.extend(IceCreds::new().pass.chars().filter(char::is_ascii_alphanumeric).take(15));
    name
}
