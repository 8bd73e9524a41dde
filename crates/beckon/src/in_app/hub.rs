//! The hub: all in-app connections of this server, by device, each part under its own lock.

use super::limits::{GRACE_MS, SHARDS, TICK, TURNED_AWAY_MAX};
use super::{Tallies, frame, presence};
use crate::clock::Stopwatch;
use crate::config;
use crate::runtime::Node;
use crate::zones::Zones;
use axum::extract::ws::Utf8Bytes;
use beckon_core::event::{self, DeviceState};
use beckon_core::id::ShardId;
use beckon_core::time::Timestamp;
use beckon_sessions::{
    Carried, Close, ConnId, Counts, Effect, Frame, Hello, Input, Message, Now, Options, Out, Presence,
    SessionId, Sessions, Who,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What became of a message, by its id.
pub type Answered = (Box<str>, Carried);

/// All in-app connections.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    node: Node,
    zones: Arc<Zones>,
    default_timezone: String,
    options: Options,
    connections_max: usize,
    shards: [Mutex<Shard>; SHARDS],
    open: AtomicUsize,
    next_conn: AtomicU64,
    /// Keys of presence events: a half drawn at the start, and a number.
    keys: (u64, AtomicU64),
    started: Stopwatch,
    random: SystemRandom,
    tallies: Tallies,
    answers: OnceLock<UnboundedSender<Answered>>,
}

struct Shard {
    machine: Sessions<Utf8Bytes>,
    wakes: BTreeMap<ConnId, Arc<Wake>>,
    effects: Vec<Effect>,
}

/// How a connection's task hears of what the machine wants of it.
#[derive(Debug, Default)]
struct Wake {
    notify: Notify,
    close: OnceLock<Close>,
}

/// Room for one connection; it is free again when this is dropped.
pub struct Place(Hub);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hub {
    /// Without connections.
    pub fn new(node: Node, zones: Arc<Zones>, default_timezone: &str, config: &config::InApp) -> Self {
        let options = Options {
            ack_wait_ms: i64::from(config.ack_wait_s) * 1000,
            grace_ms: GRACE_MS,
            ping_ms: u64::from(config.ping_s) * 1000,
        };
        let shard = || {
            Mutex::new(Shard { machine: Sessions::new(options), wakes: BTreeMap::new(), effects: Vec::new() })
        };
        let random = SystemRandom::new();
        let mut half = [0; 8];
        let _ = random.fill(&mut half);
        Hub(Arc::new(Inner {
            node,
            zones,
            default_timezone: default_timezone.to_owned(),
            options,
            connections_max: config.connections_max as usize,
            shards: std::array::from_fn(|_| shard()),
            open: AtomicUsize::new(0),
            next_conn: AtomicU64::new(0),
            keys: (u64::from_le_bytes(half) | 1, AtomicU64::new(0)),
            started: Stopwatch::start(),
            random,
            tallies: Tallies::default(),
            answers: OnceLock::new(),
        }))
    }

    /// Makes room for a connection. The error says whether it may be taken to be told so.
    pub fn enter(&self) -> Result<Place, Option<Place>> {
        let before = self.0.open.fetch_add(1, Ordering::Relaxed);
        let place = Place(self.clone());
        match before.checked_sub(self.0.connections_max) {
            None => Ok(place),
            Some(above) if above < TURNED_AWAY_MAX => Err(Some(place)),
            Some(_) => Err(None),
        }
    }

    /// Opens a connection whose hello was checked.
    pub fn open(
        &self,
        who: Who,
        session: Option<SessionId>,
        state: DeviceState,
    ) -> Result<Connection, Close> {
        let place = shard_of(&who.device);
        let mut drawn = [0; 16];
        self.0.random.fill(&mut drawn).map_err(|_| Close::Restart)?;
        // A post names only the session: its first byte says where it is.
        drawn[0] = place as u8;
        let fresh = SessionId(u128::from_be_bytes(drawn));
        let id = ConnId(self.0.next_conn.fetch_add(1, Ordering::Relaxed));
        let wake = Arc::new(Wake::default());
        let mut shard = self.shard(place);
        shard.wakes.insert(id, wake.clone());
        let hello = Hello { who: Arc::new(who), session, fresh, state };
        self.handle(&mut shard, Input::Open(id, hello));
        drop(shard);
        self.0.tallies.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Connection { hub: self.clone(), place, id, wake })
    }

    /// Takes a frame that was posted for a session; `false` when the session has no connection.
    pub fn post(&self, session: SessionId, frames: impl IntoIterator<Item = Frame>) -> bool {
        let place = session.0.to_be_bytes()[0] as usize;
        if place >= SHARDS {
            return false;
        }
        let mut shard = self.shard(place);
        let Some(id) = shard.machine.connection(session) else { return false };
        for frame in frames {
            self.0.tallies.heard.fetch_add(1, Ordering::Relaxed);
            self.handle(&mut shard, Input::Frame(id, frame));
        }
        true
    }

    /// Carries a message to its device. What becomes of it is told to whoever called [`Hub::answers`].
    pub async fn send(&self, it: &beckon_channels::Message) {
        let given = |text: &str| (!text.is_empty()).then(|| Box::<str>::from(text));
        let message = Message {
            id: it.id.as_str().into(),
            app: it.app.as_str().into(),
            device: it.device.as_str().into(),
            user: given(&it.user_id),
            anonymous: given(&it.anonymous_id),
            expires: Timestamp(it.expires_at_ms),
            payload: frame::message(it),
        };
        let place = shard_of(&message.device);
        self.recognise(place, &message).await;
        self.handle(&mut self.shard(place), Input::Send(message));
    }

    /// A message for a known shopper may find his device connected as the visitor he was before: then his profile
    /// says who the visitor is.
    async fn recognise(&self, place: usize, message: &Message<Utf8Bytes>) {
        let Some(user) = &message.user else { return };
        let visitors: Vec<Box<str>> = {
            let shard = self.shard(place);
            if shard.machine.knows(message) {
                return;
            }
            shard.machine.visitors(&message.device).filter_map(|it| it.anonymous.clone()).collect()
        };
        for anonymous in visitors {
            let found = self.0.node.look(&anonymous).await;
            if found.is_ok_and(|it| it.is_some_and(|it| it.cold.known && *it.cold.id == **user)) {
                let known = Input::Known { device: message.device.clone(), anonymous, user: user.clone() };
                self.handle(&mut self.shard(place), known);
            }
        }
    }

    /// Begins to be told what becomes of messages. `None` when somebody is told already.
    pub fn answers(&self) -> Option<UnboundedReceiver<Answered>> {
        let (sender, receiver) = unbounded_channel();
        self.0.answers.set(sender).ok()?;
        Some(receiver)
    }

    /// Looks at the deadlines now and then, until it is aborted.
    pub async fn run(self) {
        let mut every = tokio::time::interval(TICK);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            self.tick();
        }
    }

    /// Does what is due.
    pub fn tick(&self) {
        for place in 0..SHARDS {
            let mut shard = self.shard(place);
            let now = self.now();
            let due = shard.machine.next_deadline().is_some_and(|it| it <= now.at)
                || shard.machine.next_elapsed_ms().is_some_and(|it| it <= now.elapsed_ms);
            if due {
                self.handle(&mut shard, Input::Tick);
            }
        }
    }

    /// When something is next due on the clock.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        (0..SHARDS).filter_map(|it| self.shard(it).machine.next_deadline()).min()
    }

    /// Closes every connection and answers every message.
    pub fn stop(&self) {
        for place in 0..SHARDS {
            self.handle(&mut self.shard(place), Input::Stop);
        }
    }

    /// Waits until no connection is open any more, but not for long.
    pub async fn closed(&self, wait: Duration) {
        let watch = Stopwatch::start();
        while self.open_connections() > 0 && watch.elapsed() < wait {
            tokio::time::sleep(TICK / 10).await;
        }
    }

    /// Connections that are open, also those that have not said whose they are.
    pub fn open_connections(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// How much there is in all machines.
    pub fn counts(&self) -> Counts {
        let all = (0..SHARDS).map(|it| self.shard(it).machine.counts());
        all.fold(Counts::default(), |sum, it| Counts {
            sessions: sum.sessions + it.sessions,
            connections: sum.connections + it.connections,
            messages: sum.messages + it.messages,
        })
    }

    /// What was counted since the start.
    pub fn tallies(&self) -> &Tallies {
        &self.0.tallies
    }

    /// Seconds between pings, as clients are told.
    pub fn ping_s(&self) -> u32 {
        (self.0.options.ping_ms / 1000) as u32
    }

    /// The program's clock.
    pub fn clock_now(&self) -> Timestamp {
        self.0.node.clock().now()
    }

    fn now(&self) -> Now {
        let elapsed_ms = u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { at: self.clock_now(), elapsed_ms }
    }

    fn shard(&self, place: usize) -> MutexGuard<'_, Shard> {
        self.0.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an input and carries out what follows. It happens under the lock, so that what is told of one session is
    /// journalled in its order.
    fn handle(&self, shard: &mut Shard, input: Input<Utf8Bytes>) {
        let now = self.now();
        let mut effects = std::mem::take(&mut shard.effects);
        shard.machine.handle(now, input, &mut effects);
        let mut not_told = Vec::new();
        for effect in effects.drain(..) {
            match effect {
                Effect::Wake(conn) => {
                    if let Some(wake) = shard.wakes.get(&conn) {
                        wake.notify.notify_one();
                    }
                }
                Effect::Close(conn, why) => {
                    self.0.tallies.closed(why);
                    if let Some(wake) = shard.wakes.get(&conn) {
                        let _ = wake.close.set(why);
                        wake.notify.notify_one();
                    }
                }
                Effect::Answer(id, carried) => {
                    self.0.tallies.carried(carried);
                    if let Some(answers) = self.0.answers.get() {
                        let _ = answers.send((id, carried));
                    }
                }
                Effect::Told(presence) => {
                    if !self.tell(&presence) {
                        not_told.push(presence.session);
                    }
                }
            }
        }
        shard.effects = effects;
        for session in not_told {
            // It owes a word again and nothing else, so no effect follows.
            shard.machine.handle(now, Input::NotTold(session), &mut Vec::new());
        }
    }

    /// Journals a presence event, unless more comes in than can be taken. That an app is gone is never put off: the
    /// session may be gone too.
    fn tell(&self, it: &Presence) -> bool {
        if it.connection != Some(event::Connection::Closed) && self.0.node.admits().is_err() {
            return false;
        }
        let events = u64::from(it.connection.is_some()) + u64::from(it.state != DeviceState::default());
        self.0.tallies.told.fetch_add(events, Ordering::Relaxed);
        let now = self.clock_now();
        let offset_min = self.0.zones.resolve(&self.0.default_timezone, now).map_or(0, |it| it.offset_min);
        let key = u128::from(self.0.keys.0) << 64 | u128::from(self.0.keys.1.fetch_add(1, Ordering::Relaxed));
        self.0.node.journal(presence::record(&self.0.node, offset_min, key, it));
        true
    }
}

/// An open connection, for its task. The machine knows that it is gone when this is dropped.
pub struct Connection {
    hub: Hub,
    place: usize,
    id: ConnId,
    wake: Arc<Wake>,
}

impl Connection {
    /// The client said something.
    pub fn heard(&self, frame: Frame) {
        self.hub.0.tallies.heard.fetch_add(1, Ordering::Relaxed);
        self.hub.handle(&mut self.hub.shard(self.place), Input::Frame(self.id, frame));
    }

    /// Gives what is to be written; empty when nothing is.
    pub fn poll(&self, out: &mut Vec<Out<Utf8Bytes>>) {
        self.hub.shard(self.place).machine.poll(self.hub.now(), self.id, out);
        let messages = out.iter().filter(|it| matches!(it, Out::Message(_))).count();
        self.hub.0.tallies.written.fetch_add(messages as u64, Ordering::Relaxed);
    }

    /// Ends when there may be something to write, or with the reason why the connection must be closed.
    pub async fn changed(&self) -> Option<Close> {
        if self.wake.close.get().is_none() {
            self.wake.notify.notified().await;
        }
        self.wake.close.get().copied()
    }

    /// Ends when the connection must be closed.
    pub async fn closed(&self) -> Close {
        loop {
            if let Some(why) = self.changed().await {
                return why;
            }
        }
    }

    /// The hub it belongs to.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut shard = self.hub.shard(self.place);
        shard.wakes.remove(&self.id);
        self.hub.handle(&mut shard, Input::Closed(self.id));
    }
}

fn shard_of(device: &str) -> usize {
    usize::from(ShardId::of(device).0) % SHARDS
}
