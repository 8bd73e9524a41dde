//! One session: a device of a shopper in an app, with its connection while there is one, the messages that wait
//! for it, and what is known and told of its presence.

use crate::input::{Carried, ConnId, Now, Options, Out, Presence, SessionId, Who};
use crate::limits::{FRAMES_BURST, FRAMES_PER_S, POLL_MAX, PRESENCE_EVERY_MS};
use beckon_core::event::{Connection, DeviceState};
use beckon_core::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;

/// A session.
#[derive(Debug, Clone)]
pub(crate) struct Session<P> {
    pub id: SessionId,
    pub who: Arc<Who>,
    /// The known shopper whose visitor this is, as his profile says.
    pub known_as: Option<Box<str>>,
    pub link: Option<Link>,
    /// When the last connection was lost.
    pub lost_at: Timestamp,
    /// No connection came back in time.
    pub gone: bool,
    pub pending: VecDeque<Pending<P>>,
    /// The app is on screen, as it said last.
    pub foreground: bool,
    /// What is known.
    pub known: Known,
    /// What was told of it, if anything was.
    pub told: Option<Known>,
    /// When something was last told, in real time.
    pub told_ms: Option<u64>,
    /// Its entries in the two orders of deadlines.
    pub due_at: Option<i64>,
    pub due_ms: Option<i64>,
}

/// A connection of a session.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub conn: ConnId,
    /// The hello is not answered yet; whether the session goes on.
    pub welcome: Option<bool>,
    pub pong: bool,
    pub ping: bool,
    pub heard_ms: u64,
    pub next_ping_ms: u64,
    frames: u32,
    frames_ms: u64,
}

/// A message that waits for its acknowledgement.
#[derive(Debug, Clone)]
pub(crate) struct Pending<P> {
    pub id: Box<str>,
    pub payload: P,
    pub expires: Timestamp,
    pub ack_until: Timestamp,
    /// It was given to a connection once.
    pub written: bool,
    /// It was given to the present connection.
    pub on_link: bool,
}

impl<P> Pending<P> {
    /// What became of it if nothing comes any more.
    pub fn end(&self) -> Carried {
        if self.written { Carried::Ambiguous } else { Carried::Unreached }
    }

    /// When that is decided.
    fn due(&self) -> Timestamp {
        if self.written { self.ack_until } else { self.ack_until.min(self.expires) }
    }
}

/// A device's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub connection: Connection,
    pub state: DeviceState,
}

impl Link {
    pub fn new(conn: ConnId, resumed: bool, now: Now, options: &Options) -> Self {
        Link {
            conn,
            welcome: Some(resumed),
            pong: false,
            ping: false,
            heard_ms: now.elapsed_ms,
            next_ping_ms: now.elapsed_ms + options.ping_ms,
            frames: FRAMES_BURST,
            frames_ms: now.elapsed_ms,
        }
    }

    /// A frame came; `false` when it is one too many.
    pub fn heard(&mut self, now_ms: u64) -> bool {
        self.heard_ms = now_ms;
        let earned = now_ms.saturating_sub(self.frames_ms) * u64::from(FRAMES_PER_S) / 1000;
        if earned > 0 {
            let room = u64::from(FRAMES_BURST - self.frames);
            self.frames += earned.min(room) as u32;
            self.frames_ms = now_ms;
        }
        match self.frames.checked_sub(1) {
            Some(left) => self.frames = left,
            None => return false,
        }
        true
    }

    /// Whether nothing was heard for too long.
    pub fn is_silent(&self, now_ms: u64, options: &Options) -> bool {
        now_ms >= self.heard_ms + options.silence_ms()
    }

    fn due_ms(&self, options: &Options) -> u64 {
        self.next_ping_ms.min(self.heard_ms + options.silence_ms())
    }
}

impl<P: Clone> Session<P> {
    pub fn new(id: SessionId, who: Arc<Who>) -> Self {
        Session {
            id,
            who,
            known_as: None,
            link: None,
            lost_at: Timestamp::default(),
            gone: false,
            pending: VecDeque::new(),
            foreground: false,
            known: Known { connection: Connection::Closed, state: DeviceState::default() },
            told: None,
            told_ms: None,
            due_at: None,
            due_ms: None,
        }
    }

    /// Gives what is to be written, at most [`POLL_MAX`] frames; from now on it counts as written.
    pub fn poll(&mut self, now: Now, out: &mut Vec<Out<P>>) {
        let Some(link) = &mut self.link else { return };
        if let Some(resumed) = link.welcome.take() {
            out.push(Out::Welcome { session: self.id, resumed });
        }
        if std::mem::take(&mut link.pong) {
            out.push(Out::Pong);
        }
        let fresh = self.pending.iter_mut().filter(|it| !it.on_link && now.at < it.expires);
        for it in fresh.take(POLL_MAX - 3) {
            (it.written, it.on_link) = (true, true);
            out.push(Out::Message(it.payload.clone()));
        }
        if std::mem::take(&mut link.ping) {
            out.push(Out::Ping);
        }
    }

    /// The known shopper that it is of.
    pub fn shopper(&self) -> Option<&str> {
        self.who.user.as_deref().or(self.known_as.as_deref())
    }

    /// The client says something of its device.
    pub fn hear(&mut self, state: &DeviceState) {
        self.foreground = state.foreground.unwrap_or(self.foreground);
        merge(&mut self.known.state, state);
        self.known.connection = if self.foreground { Connection::Foreground } else { Connection::Background };
    }

    /// No connection is there any more.
    pub fn leave(&mut self) {
        self.gone = true;
        self.known.connection = Connection::Closed;
    }

    /// What is to be told, if something is and it is time.
    pub fn tell(&mut self, now_ms: u64) -> Option<Presence> {
        if self.is_told() || self.tells_from().is_some_and(|it| now_ms < it) {
            return None;
        }
        let is_news = self.told.is_none_or(|it| it.connection != self.known.connection);
        let connection = is_news.then_some(self.known.connection);
        let before = self.told.map_or(DeviceState::default(), |it| it.state);
        let state = difference(&before, &self.known.state);
        self.told = Some(self.known);
        self.told_ms = Some(now_ms);
        Some(Presence { session: self.id, who: self.who.clone(), connection, state })
    }

    fn is_told(&self) -> bool {
        self.told == Some(self.known)
    }

    fn tells_from(&self) -> Option<u64> {
        self.told_ms.map(|it| it + PRESENCE_EVERY_MS)
    }

    /// Nothing is left to do for it.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.is_ending() && self.tells_from().is_none_or(|it| now_ms >= it)
    }

    fn is_ending(&self) -> bool {
        self.link.is_none() && self.gone && self.pending.is_empty() && self.is_told()
    }

    /// When it is next to be looked at on the clock.
    pub fn next_at(&self, options: &Options) -> Option<i64> {
        let grace =
            (self.link.is_none() && !self.gone).then(|| self.lost_at.0.saturating_add(options.grace_ms));
        self.pending.iter().map(|it| it.due().0).chain(grace).min()
    }

    /// When it is next to be looked at in real time.
    pub fn next_ms(&self, options: &Options) -> Option<i64> {
        let link = self.link.as_ref().map(|it| it.due_ms(options));
        let tell = (!self.is_told() || self.is_ending()).then(|| self.tells_from().unwrap_or(0));
        link.into_iter().chain(tell).min().map(|it| i64::try_from(it).unwrap_or(i64::MAX))
    }
}

/// Takes over what `change` says. That it is online and on screen the connection says.
fn merge(state: &mut DeviceState, change: &DeviceState) {
    state.battery_pct = change.battery_pct.or(state.battery_pct);
    state.charging = change.charging.or(state.charging);
    state.network = change.network.or(state.network);
    state.downlink_kbps = change.downlink_kbps.or(state.downlink_kbps);
    state.place = change.place.or(state.place);
}

/// What of `now` differs from `before`.
fn difference(before: &DeviceState, now: &DeviceState) -> DeviceState {
    fn changed<T: Copy + PartialEq>(before: Option<T>, now: Option<T>) -> Option<T> {
        now.filter(|it| before != Some(*it))
    }
    DeviceState {
        battery_pct: changed(before.battery_pct, now.battery_pct),
        charging: changed(before.charging, now.charging),
        network: changed(before.network, now.network),
        downlink_kbps: changed(before.downlink_kbps, now.downlink_kbps),
        place: changed(before.place, now.place),
        ..DeviceState::default()
    }
}
