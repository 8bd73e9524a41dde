//! A room in a simulated world: hosts and shoppers with real WebRTC stacks, on networks that lose, delay and
//! reorder, on virtual time. Everything but the keys of the sessions follows from the seed.

pub mod client;
pub mod fault;
pub mod host;
pub mod links;
pub mod net;
pub mod picture;
pub mod random;
pub mod script;
pub mod shopper;

use beckon_room::{
    Arrival, Dealer, Deals, Effects, Floor, Input, Join, Manner, SessionId, Status, Via, home_of,
};
use fault::Fault;
use host::Host;
use links::Links;
use net::{Narrow, Net, Weather};
use random::Random;
use shopper::Shopper;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Where the room is.
pub const ROOM: &str = "10.0.0.1:8189";
/// What it is called.
pub const NAME: &str = "r";

/// A client and its way to the room.
pub struct Way<T> {
    /// The client.
    pub client: T,
    /// On which floor it is.
    pub floor: usize,
    /// Its session.
    pub session: SessionId,
    /// The network between.
    pub weather: Weather,
    to_room: Narrow,
    from_room: Narrow,
}

/// The world.
pub struct World {
    /// Virtual time began then.
    pub epoch: Instant,
    /// It is now.
    pub now: Instant,
    /// How shoppers are let in.
    pub manner: Manner,
    /// The room's side: its floors, one of them its home.
    pub floors: Vec<Floor>,
    /// What they tell each other.
    pub links: Links,
    /// Who is put on which floor.
    pub dealer: Dealer,
    /// Floors that the next shoppers are not put on.
    pub avoid: Vec<usize>,
    /// Hosts, gone ones too: they send no more.
    pub hosts: Vec<Way<Host>>,
    /// Shoppers.
    pub shoppers: Vec<Way<Shopper>>,
    /// Hosts from here on are alive.
    pub alive_from: usize,
    /// Chance.
    pub random: Random,
    /// Datagrams that the room sent.
    pub sent: u64,
    /// How often each packet of media was sent, where that is asked for: to whom, of which stream, with which number.
    pub packets: Option<BTreeMap<(SocketAddr, u32, u16), u32>>,
    /// What goes wrong on purpose.
    pub fault: Option<Fault>,
    /// Since when the network is fair.
    pub healed: Option<Instant>,
    /// Some datagrams that the room got, to make others of.
    pub samples: Vec<Vec<u8>>,
    net: Net,
    /// On which floor each client is.
    at: BTreeMap<SocketAddr, usize>,
    /// What each floor wants done.
    effects: Vec<Effects>,
}

/// Most datagrams that are kept as samples.
const SAMPLES_MAX: usize = 400;

impl World {
    /// A world without people.
    pub fn new(start: Instant, seed: u64, floors: Vec<Floor>) -> World {
        let effects = floors.iter().map(|_| Effects::new()).collect();
        World {
            epoch: start,
            now: start,
            links: Links::default(),
            dealer: Dealer::new(Deals { floors: floors.len(), together: 1, ..Deals::default() }),
            avoid: Vec::new(),
            floors,
            hosts: Vec::new(),
            shoppers: Vec::new(),
            alive_from: 0,
            random: Random::new(seed),
            sent: 0,
            packets: None,
            fault: None,
            healed: None,
            samples: Vec::new(),
            net: Net::default(),
            at: BTreeMap::new(),
            effects,
            manner: Manner::Fast,
        }
    }

    /// Where the next client is.
    pub fn address(&self) -> SocketAddr {
        let number = self.hosts.len() + self.shoppers.len();
        SocketAddr::from(([10, 1, (number >> 8) as u8, number as u8], 5_000))
    }

    /// A host comes. `false` if the room refuses it.
    pub fn publish(&mut self, encoder: host::Encoder, weather: Weather) -> bool {
        let (number, clock) = (self.hosts.len() as u16, self.random.bits() as u32);
        let (mut host, offer) = Host::new(self.now, self.epoch, number, self.address(), encoder, clock);
        let join = Join { room: NAME, publishes: true, manner: Manner::Fast, offer: &offer };
        let home = self.home();
        let joined = self.floors[home].join(self.now, join, &mut self.effects[home]);
        let Ok(answered) = joined else { return false };
        host.client.answered(self.now, &answered.answer.sdp);
        self.alive_from = self.hosts.len();
        self.at.insert(host.client.address, home);
        self.hosts.push(Way::new(host, home, answered.session, weather));
        true
    }

    /// A shopper comes.
    pub fn watch(&mut self, codec: str0m::format::Codec, weather: Weather) {
        let (mut shopper, offer) = Shopper::new(self.now, self.epoch, self.address(), codec);
        let join = Join { room: NAME, publishes: false, manner: self.manner, offer: &offer };
        let floor = self.dealer.deal(NAME, &self.avoid).expect("there is room").expect("a floor is left");
        let joined = self.floors[floor].join(self.now, join, &mut self.effects[floor]);
        self.dealer.settle(NAME, floor);
        let answered = joined.expect("there is room");
        shopper.fault = self.fault;
        shopper.client.answered(self.now, &answered.answer.sdp);
        self.at.insert(shopper.client.address, floor);
        self.shoppers.push(Way::new(shopper, floor, answered.session, weather));
        self.carry();
    }

    /// A shopper leaves.
    pub fn shopper_leaves(&mut self, at: usize) {
        let Way { floor, session, .. } = self.shoppers[at];
        let _ = self.floors[floor].leave(self.now, session, false, &mut self.effects[floor]);
        self.carry();
    }

    /// The floor of the room's publisher.
    pub fn home(&self) -> usize {
        home_of(NAME, self.floors.len())
    }

    /// The room over all floors.
    pub fn status(&self) -> Status {
        let mut status = self.floors[self.home()].status(self.now, NAME);
        for (_, guest) in self.floors.iter().enumerate().filter(|(floor, _)| *floor != self.home()) {
            status.add(guest.status(self.now, NAME));
        }
        status
    }

    /// The host's machine is gone, without a word.
    pub fn host_vanishes(&mut self) {
        self.alive_from = self.hosts.len();
    }

    /// The host stops, politely.
    pub fn host_stops(&mut self) {
        if let Some(way) = self.hosts.get(self.alive_from) {
            let (session, floor) = (way.session, way.floor);
            let _ = self.floors[floor].leave(self.now, session, true, &mut self.effects[floor]);
            self.carry();
        }
        self.alive_from = self.hosts.len();
    }

    /// Lets time pass until `end`.
    pub fn run(&mut self, end: Instant) {
        loop {
            let hosts = self.hosts[self.alive_from..].iter().map(|way| way.client.due());
            let shoppers = self.shoppers.iter().map(|way| way.client.due());
            let floors = self.floors.iter().filter_map(Floor::next_deadline);
            let under_way = self.net.next().into_iter().chain(self.links.next());
            let next = hosts.chain(shoppers).chain(floors).chain(under_way).min();
            // Time always moves on, whatever a stack asks for.
            let next = next.unwrap_or(end).max(self.now + Duration::from_micros(50));
            if next > end {
                self.now = end;
                return;
            }
            self.now = next;
            self.step();
        }
    }

    /// Lets so much time pass.
    pub fn pass(&mut self, span: Duration) {
        self.run(self.now + span);
    }

    fn step(&mut self) {
        let now = self.now;
        let room: SocketAddr = ROOM.parse().expect("an address");
        while let Some(flying) = self.net.arrive(now) {
            if flying.to == room {
                let (from, to, via) = (flying.from, flying.to, Via::Udp);
                if self.samples.len() < SAMPLES_MAX {
                    self.samples.push(flying.bytes.clone());
                }
                let arrival = Arrival { from, to, via, bytes: &flying.bytes };
                let floor = self.at.get(&from).copied().unwrap_or_default();
                self.floors[floor].handle(now, Input::Datagram(arrival), &mut self.effects[floor]);
            } else if let Some(way) =
                self.shoppers.iter_mut().find(|way| way.client.client.address == flying.to)
            {
                way.client.client.receive(now, flying.from, &flying.bytes);
                way.client.hear(now);
            } else if let Some(way) = self.hosts.iter_mut().find(|way| way.client.client.address == flying.to)
            {
                way.client.client.receive(now, flying.from, &flying.bytes);
            }
        }
        while let Some(message) = self.links.arrive(now) {
            let floor = usize::from(message.to);
            self.floors[floor].handle(now, Input::Link(message), &mut self.effects[floor]);
        }
        for (floor, effects) in self.floors.iter_mut().zip(&mut self.effects) {
            if floor.next_deadline().is_some_and(|due| due <= now) {
                floor.handle(now, Input::Tick, effects);
            }
            floor.flush(now, effects);
        }
        for way in &mut self.hosts[self.alive_from..] {
            if way.client.due() <= now || !way.client.client.heard.is_empty() {
                way.client.advance(now);
            }
            let outbox = std::mem::take(&mut way.client.client.outbox);
            let from = way.client.client.address;
            for (to, bytes) in outbox {
                self.net.send(now, &way.weather, &mut way.to_room, &mut self.random, (from, to), bytes);
            }
        }
        for way in &mut self.shoppers {
            if way.client.due() <= now {
                way.client.advance(now);
            }
            let outbox = std::mem::take(&mut way.client.client.outbox);
            let from = way.client.client.address;
            for (to, bytes) in outbox {
                self.net.send(now, &way.weather, &mut way.to_room, &mut self.random, (from, to), bytes);
            }
        }
        self.carry();
    }

    fn carry(&mut self) {
        let now = self.now;
        for floor in 0..self.floors.len() {
            let mut effects = std::mem::take(&mut self.effects[floor]);
            for mut message in effects.links.drain(..) {
                if !self.fault.is_some_and(|it| it.swallows_link(now, self.healed, &mut message)) {
                    self.links.send(now, &mut self.random, message);
                }
            }
            for (room, viewers) in effects.crowds.drain(..) {
                self.dealer.count(&room, floor, viewers);
            }
            for datagram in effects.datagrams.drain(..) {
                self.deliver(datagram);
            }
            effects.clear();
            self.effects[floor] = effects;
        }
    }

    fn deliver(&mut self, datagram: beckon_room::Datagram) {
        let now = self.now;
        self.sent += 1;
        if let Some(packets) = &mut self.packets
            && let [128..192, kind, high, low, _, _, _, _, a, b, c, d, ..] = datagram.bytes[..]
            && !(192..224).contains(&kind)
        {
            let stream = u32::from_be_bytes([a, b, c, d]);
            *packets.entry((datagram.to, stream, u16::from_be_bytes([high, low]))).or_default() += 1;
        }
        if self.fault.is_some_and(|it| it.swallows(now, self.healed, &datagram.bytes)) {
            return;
        }
        let path = (datagram.from, datagram.to);
        let shopper = self.shoppers.iter_mut().find(|way| way.client.client.address == datagram.to);
        if let Some(way) = shopper {
            self.net.send(now, &way.weather, &mut way.from_room, &mut self.random, path, datagram.bytes);
        } else if let Some(way) = self.hosts.iter_mut().find(|way| way.client.client.address == datagram.to) {
            self.net.send(now, &way.weather, &mut way.from_room, &mut self.random, path, datagram.bytes);
        }
    }
}

impl<T> Way<T> {
    fn new(client: T, floor: usize, session: SessionId, weather: Weather) -> Self {
        Way { client, floor, session, weather, to_room: Narrow::default(), from_room: Narrow::default() }
    }
}
