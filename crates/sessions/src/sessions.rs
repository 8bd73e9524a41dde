//! The machine: takes inputs, finds the session they concern, and keeps its deadlines.

use crate::deadlines::Deadlines;
use crate::input::{
    Carried, Close, ConnId, Effect, Frame, Hello, Input, Message, Now, Options, Out, SessionId, Who,
};
use crate::limits::{ACK_IDS_MAX, DEVICE_SESSIONS_MAX, LOST_MAX, MESSAGES_MAX, PENDING_MAX};
use crate::session::{Link, Pending, Session};
use beckon_core::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All sessions of some devices.
#[derive(Debug, Clone)]
pub struct Sessions<P> {
    options: Options,
    slots: Vec<Option<Session<P>>>,
    free: Vec<u32>,
    by_id: BTreeMap<SessionId, u32>,
    by_device: BTreeMap<Box<str>, Vec<u32>>,
    by_conn: BTreeMap<ConnId, u32>,
    /// Sessions without a connection, the longest first.
    lost: BTreeSet<(Timestamp, u32)>,
    on_clock: Deadlines,
    in_real_time: Deadlines,
    messages: usize,
    stopped: bool,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Sessions, with and without a connection.
    pub sessions: usize,
    /// Connections.
    pub connections: usize,
    /// Messages that wait for an acknowledgement.
    pub messages: usize,
}

impl<P: Clone> Sessions<P> {
    /// None yet.
    pub fn new(options: Options) -> Self {
        Sessions {
            options,
            slots: Vec::new(),
            free: Vec::new(),
            by_id: BTreeMap::new(),
            by_device: BTreeMap::new(),
            by_conn: BTreeMap::new(),
            lost: BTreeSet::new(),
            on_clock: Deadlines::default(),
            in_real_time: Deadlines::default(),
            messages: 0,
            stopped: false,
        }
    }

    /// Takes one input and says what follows from it.
    pub fn handle(&mut self, now: Now, input: Input<P>, effects: &mut Vec<Effect>) {
        match input {
            Input::Open(conn, hello) => self.open(now, conn, hello, effects),
            Input::Frame(conn, frame) => self.frame(now, conn, frame, effects),
            Input::Closed(conn) => {
                if let Some(slot) = self.lose(now, conn) {
                    self.settle(now, slot, effects);
                    self.shed(now, effects);
                }
            }
            Input::Send(message) => self.send(now, message, effects),
            Input::Known { device, anonymous, user } => self.known(&device, &anonymous, &user),
            Input::NotTold(id) => {
                if let Some(slot) = self.by_id.get(&id).copied() {
                    let session = self.session(slot);
                    session.told = None;
                    session.told_ms = Some(now.elapsed_ms);
                    self.settle(now, slot, effects);
                }
            }
            Input::Tick => self.tick(now, effects),
            Input::Stop => self.stop(effects),
        }
    }

    /// Gives what is to be written to a connection now; empty when nothing is. What is given counts as written.
    pub fn poll(&mut self, now: Now, conn: ConnId, out: &mut Vec<Out<P>>) {
        let Some(slot) = self.by_conn.get(&conn).copied() else { return };
        self.session(slot).poll(now, out);
        self.schedule(slot);
    }

    /// When [`Input::Tick`] is next due on the clock.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.on_clock.first().map(|it| Timestamp(it.0))
    }

    /// When it is next due in real time, in milliseconds.
    pub fn next_elapsed_ms(&self) -> Option<u64> {
        self.in_real_time.first().map(|it| it.0.unsigned_abs())
    }

    /// How much there is.
    pub fn counts(&self) -> Counts {
        Counts { sessions: self.by_id.len(), connections: self.by_conn.len(), messages: self.messages }
    }

    /// The connection that a session has now.
    pub fn connection(&self, id: SessionId) -> Option<ConnId> {
        let slot = *self.by_id.get(&id)?;
        self.slots[slot as usize].as_ref()?.link.as_ref().map(|it| it.conn)
    }

    /// Visitors on this device, none of whom is known to be a shopper.
    pub fn visitors(&self, device: &str) -> impl Iterator<Item = &Arc<Who>> {
        let slots = self.by_device.get(device).map_or(&[][..], |it| it);
        let all = slots.iter().filter_map(|it| self.slots[*it as usize].as_ref());
        all.filter(|it| it.shopper().is_none()).map(|it| &it.who)
    }

    /// Whether there is a session that this message is for.
    pub fn knows(&self, message: &Message<P>) -> bool {
        self.addressee(message).is_some()
    }

    fn open(&mut self, now: Now, conn: ConnId, hello: Hello, effects: &mut Vec<Effect>) {
        if self.stopped {
            return effects.push(Effect::Close(conn, Close::Restart));
        }
        let named = hello.session.and_then(|id| self.by_id.get(&id).copied());
        let same = |it: &Session<P>| it.who.goes_on_as(&hello.who);
        let resumed = named.filter(|slot| same(self.session(*slot)));
        if let Some(slot) = named.filter(|_| resumed.is_none())
            && self.session(slot).who.device == hello.who.device
        {
            // Somebody else signed in, or the shopper signed out: nothing of his goes to who is there now.
            self.end(now, slot, Close::Replaced, effects);
        }
        let here = self.by_device.get(&hello.who.device).cloned().unwrap_or_default();
        let slot = resumed.or_else(|| here.iter().copied().find(|slot| same(self.session(*slot))));
        let slot = match slot {
            Some(slot) => {
                self.cut(slot, Close::Replaced, effects);
                if resumed.is_none() {
                    let before = std::mem::replace(&mut self.session(slot).id, hello.fresh);
                    self.by_id.remove(&before);
                    self.by_id.insert(hello.fresh, slot);
                }
                slot
            }
            None if here.len() >= DEVICE_SESSIONS_MAX => {
                return effects.push(Effect::Close(conn, Close::Full));
            }
            None => self.add(hello.fresh, hello.who.clone()),
        };
        self.by_conn.insert(conn, slot);
        let options = self.options;
        let session = self.session(slot);
        let lost_at = session.lost_at;
        session.link = Some(Link::new(conn, resumed.is_some(), now, &options));
        session.gone = false;
        session.pending.iter_mut().for_each(|it| it.on_link = false);
        if session.who.user != hello.who.user {
            // All of it is news of another shopper, and told at once.
            (session.told, session.told_ms) = (None, None);
        }
        session.who = hello.who;
        session.hear(&hello.state);
        self.lost.remove(&(lost_at, slot));
        effects.push(Effect::Wake(conn));
        self.settle(now, slot, effects);
    }

    fn frame(&mut self, now: Now, conn: ConnId, frame: Frame, effects: &mut Vec<Effect>) {
        let Some(slot) = self.by_conn.get(&conn).copied() else { return };
        let session = self.session(slot);
        if !session.link.as_mut().is_some_and(|it| it.heard(now.elapsed_ms)) {
            return self.drop_link(now, slot, Close::Flood, effects);
        }
        match frame {
            Frame::Ack(ids) => {
                let before = session.pending.len();
                session.pending.retain(|it| {
                    // What was not written cannot have been shown.
                    let acked = it.written && ids.iter().take(ACK_IDS_MAX).any(|id| *id == it.id);
                    if acked {
                        effects.push(Effect::Answer(it.id.clone(), Carried::Delivered));
                    }
                    !acked
                });
                let acked = before - session.pending.len();
                self.messages -= acked;
            }
            Frame::State(state) => session.hear(&state),
            Frame::Ping => {
                if let Some(link) = &mut session.link {
                    link.pong = true;
                }
                effects.push(Effect::Wake(conn));
            }
            Frame::Heard => return,
        }
        self.settle(now, slot, effects);
    }

    fn send(&mut self, now: Now, message: Message<P>, effects: &mut Vec<Effect>) {
        let unreached = Effect::Answer(message.id.clone(), Carried::Unreached);
        let slot = self.addressee(&message);
        let Some(slot) = slot.filter(|_| now.at < message.expires && self.messages < MESSAGES_MAX) else {
            return effects.push(unreached);
        };
        let ack_until = Timestamp(now.at.0.saturating_add(self.options.ack_wait_ms));
        let session = self.session(slot);
        if session.gone {
            return effects.push(unreached);
        }
        if session.pending.iter().any(|it| it.id == message.id) {
            // It is on its way already, and will be answered once.
            return;
        }
        if session.pending.len() >= PENDING_MAX {
            effects.push(unreached);
            return self.drop_link(now, slot, Close::Slow, effects);
        }
        session.pending.push_back(Pending {
            id: message.id,
            payload: message.payload,
            expires: message.expires,
            ack_until,
            written: false,
            on_link: false,
        });
        if let Some(link) = &session.link {
            effects.push(Effect::Wake(link.conn));
        }
        self.messages += 1;
        self.schedule(slot);
    }

    /// The session that a message is for: of the device and the shopper, rather of the app that it names, rather
    /// with a connection.
    fn addressee(&self, message: &Message<P>) -> Option<u32> {
        let slots = self.by_device.get(&message.device)?;
        let found = slots.iter().filter_map(|slot| {
            let session = self.slots[*slot as usize].as_ref()?;
            let is_his = match &message.user {
                Some(user) => session.shopper() == Some(&**user),
                None => message.anonymous.is_some() && session.who.anonymous == message.anonymous,
            };
            is_his.then_some((session.who.app == message.app, session.link.is_some(), *slot))
        });
        found.max().map(|it| it.2)
    }

    fn known(&mut self, device: &str, anonymous: &str, user: &str) {
        let slots = self.by_device.get(device).cloned().unwrap_or_default();
        for slot in slots {
            let session = self.session(slot);
            if session.who.user.is_none() && session.who.anonymous.as_deref() == Some(anonymous) {
                session.known_as = Some(user.into());
            }
        }
    }

    fn tick(&mut self, now: Now, effects: &mut Vec<Effect>) {
        while let Some((_, slot)) = self.on_clock.first().filter(|it| it.0 <= now.at.0) {
            self.clock_moved(now, slot, effects);
            self.settle(now, slot, effects);
        }
        let elapsed_ms = i64::try_from(now.elapsed_ms).unwrap_or(i64::MAX);
        while let Some((_, slot)) = self.in_real_time.first().filter(|it| it.0 <= elapsed_ms) {
            let options = self.options;
            let session = self.session(slot);
            if let Some(link) = &mut session.link {
                if link.is_silent(now.elapsed_ms, &options) {
                    self.drop_link(now, slot, Close::Silent, effects);
                    continue;
                }
                if now.elapsed_ms >= link.next_ping_ms {
                    link.ping = true;
                    link.next_ping_ms = now.elapsed_ms + options.ping_ms;
                    effects.push(Effect::Wake(link.conn));
                }
            }
            self.settle(now, slot, effects);
        }
    }

    /// Ends what is due on the clock for a session.
    fn clock_moved(&mut self, now: Now, slot: u32, effects: &mut Vec<Effect>) {
        let grace_ms = self.options.grace_ms;
        let session = self.session(slot);
        if session.link.is_none() && !session.gone && now.at.0 >= session.lost_at.0.saturating_add(grace_ms) {
            session.leave();
        }
        let (before, gone) = (session.pending.len(), session.gone);
        session.pending.retain(|it| {
            let late = now.at >= it.ack_until || !it.written && (gone || now.at >= it.expires);
            if late {
                effects.push(Effect::Answer(it.id.clone(), it.end()));
            }
            !late
        });
        let ended = before - session.pending.len();
        self.messages -= ended;
    }

    fn stop(&mut self, effects: &mut Vec<Effect>) {
        self.stopped = true;
        for session in self.slots.iter_mut().filter_map(Option::take) {
            effects.extend(session.link.map(|it| Effect::Close(it.conn, Close::Restart)));
            effects.extend(session.pending.iter().map(|it| Effect::Answer(it.id.clone(), it.end())));
        }
        *self = Sessions { stopped: true, ..Sessions::new(self.options) };
    }

    fn session(&mut self, slot: u32) -> &mut Session<P> {
        self.slots[slot as usize].as_mut().expect("an indexed session is there")
    }

    fn add(&mut self, id: SessionId, who: Arc<Who>) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        self.by_id.insert(id, slot);
        self.by_device.entry(who.device.clone()).or_default().push(slot);
        self.slots[slot as usize] = Some(Session::new(id, who));
        slot
    }

    /// Takes a session out. Its deadlines, connection and messages are gone already.
    fn remove(&mut self, slot: u32) {
        let Some(session) = self.slots[slot as usize].take() else { return };
        self.on_clock.set(slot, session.due_at, None);
        self.in_real_time.set(slot, session.due_ms, None);
        self.lost.remove(&(session.lost_at, slot));
        self.by_id.remove(&session.id);
        if let Some(slots) = self.by_device.get_mut(&session.who.device) {
            slots.retain(|it| *it != slot);
            if slots.is_empty() {
                self.by_device.remove(&session.who.device);
            }
        }
        self.free.push(slot);
    }

    /// A connection is no more.
    fn lose(&mut self, now: Now, conn: ConnId) -> Option<u32> {
        let slot = self.by_conn.remove(&conn)?;
        let session = self.session(slot);
        session.link = None;
        session.lost_at = now.at;
        self.lost.insert((now.at, slot));
        Some(slot)
    }

    /// Closes a session's connection, if it has one, to give it another at once or to end.
    fn cut(&mut self, slot: u32, why: Close, effects: &mut Vec<Effect>) {
        if let Some(link) = self.session(slot).link.take() {
            self.by_conn.remove(&link.conn);
            effects.push(Effect::Close(link.conn, why));
        }
    }

    /// Closes a session's connection; the session waits for the next one.
    fn drop_link(&mut self, now: Now, slot: u32, why: Close, effects: &mut Vec<Effect>) {
        if let Some(conn) = self.session(slot).link.as_ref().map(|it| it.conn) {
            self.lose(now, conn);
            effects.push(Effect::Close(conn, why));
        }
        self.settle(now, slot, effects);
        self.shed(now, effects);
    }

    /// Ends a session now, whatever it waits for.
    fn end(&mut self, now: Now, slot: u32, why: Close, effects: &mut Vec<Effect>) {
        self.cut(slot, why, effects);
        let session = self.session(slot);
        let pending = std::mem::take(&mut session.pending);
        session.leave();
        session.told_ms = None;
        effects.extend(session.tell(now.elapsed_ms).map(Effect::Told));
        self.messages -= pending.len();
        effects.extend(pending.iter().map(|it| Effect::Answer(it.id.clone(), it.end())));
        self.remove(slot);
    }

    /// Keeps the sessions without a connection within their bound.
    fn shed(&mut self, now: Now, effects: &mut Vec<Effect>) {
        while self.lost.len() > LOST_MAX {
            let Some((_, slot)) = self.lost.first().copied() else { return };
            self.end(now, slot, Close::Full, effects);
        }
    }

    /// Tells what is to be told, and puts the session's deadlines right; takes it out when it is over.
    fn settle(&mut self, now: Now, slot: u32, effects: &mut Vec<Effect>) {
        let session = self.session(slot);
        effects.extend(session.tell(now.elapsed_ms).map(Effect::Told));
        if session.is_over(now.elapsed_ms) {
            return self.remove(slot);
        }
        self.schedule(slot);
    }

    fn schedule(&mut self, slot: u32) {
        let options = self.options;
        let session = self.slots[slot as usize].as_mut().expect("an indexed session is there");
        session.due_at = self.on_clock.set(slot, session.due_at, session.next_at(&options));
        session.due_ms = self.in_real_time.set(slot, session.due_ms, session.next_ms(&options));
    }
}
