//! A thread with a floor of rooms: takes what has come, lets time pass, and sends, to clients and to other floors.

use super::counts::Counts;
use super::dealing::{Dealing, Reservation};
use super::limits::BATCH_MAX;
use super::socket::Socket;
use super::tcp::Connections;
use crate::clock::{Stopwatch, monotonic};
use beckon_room::{
    Answered, Arrival, Datagram, Effects, Floor, Input, Join, Lines, LinkMessage, Manner, Refusal, Status,
    Via,
};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// A datagram that came in.
pub struct Incoming {
    /// From whom.
    pub from: SocketAddr,
    /// To which of our addresses, if the system tells.
    pub to: Option<IpAddr>,
    /// How.
    pub via: Via,
    /// What.
    pub bytes: Vec<u8>,
}

/// Somebody wants to come in.
#[derive(Debug, Clone)]
pub struct Knock {
    /// Into which room.
    pub room: String,
    /// To publish rather than to watch.
    pub publishes: bool,
    /// How a viewer is let in.
    pub manner: Manner,
    /// The offer, SDP.
    pub offer: String,
}

/// What a floor is asked.
pub enum Ask {
    /// To take datagrams in.
    Datagrams(Vec<Incoming>),
    /// To hear what another floor says.
    Links(Vec<LinkMessage>),
    /// To let somebody in.
    Join {
        /// Who.
        knock: Knock,
        /// Where a viewer was dealt to.
        place: Option<Reservation>,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Answered, Refusal>>,
    },
    /// To end a session.
    Leave {
        /// Of which room.
        room: String,
        /// A publisher's rather than a viewer's.
        publishes: bool,
        /// The session's name.
        name: String,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    /// For the client's own name in a session.
    ClientName {
        /// Of which room.
        room: String,
        /// A publisher's rather than a viewer's.
        publishes: bool,
        /// The session's name.
        name: String,
        /// Where the answer goes.
        reply: oneshot::Sender<Option<String>>,
    },
    /// For a room's status.
    Status {
        /// Which room.
        room: String,
        /// Where the answer goes.
        reply: oneshot::Sender<Status>,
    },
}

/// What a thread works with.
pub struct Thread {
    /// The rooms.
    pub floor: Floor,
    /// Which floor it is.
    pub number: usize,
    /// All floors, to tell them what they are to know. Not in a way that keeps their threads alive.
    pub floors: Vec<mpsc::WeakSender<Ask>>,
    /// Who wants to know how many viewers there are.
    pub dealing: Dealing,
    /// Where clients think they send to.
    pub lines: Lines,
    /// Those addresses that are the machine's own.
    pub own: Vec<IpAddr>,
    /// Clients that are reached over TCP.
    pub connections: Connections,
    /// What comes in.
    pub asked: mpsc::Receiver<Ask>,
    /// What it has done.
    pub counts: Arc<Counts>,
}

/// Starts the thread of a floor.
pub fn spawn(thread: Thread, socket: std::net::UdpSocket) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name(format!("room-{}", thread.number)).spawn(move || {
        runtime.block_on(async move {
            match Socket::new(socket, thread.own.clone()) {
                Ok(socket) => thread.run(socket).await,
                Err(error) => tracing::error!(%error, "the live room cannot send: restart the server"),
            }
        });
    })?;
    Ok(())
}

/// Over which span the share of busy time is taken.
const BUSY_SPAN: Duration = Duration::from_secs(1);

impl Thread {
    /// Until nobody can ask any more.
    async fn run(mut self, mut socket: Socket) {
        let mut effects = Effects::new();
        let (mut span, mut busy) = (Stopwatch::start(), Duration::ZERO);
        loop {
            let ask = match self.floor.next_deadline() {
                None => self.asked.recv().await.map(Some),
                Some(due) => match tokio::time::timeout_at(due.into(), self.asked.recv()).await {
                    Ok(ask) => ask.map(Some),
                    Err(_) => Some(None),
                },
            };
            let Some(ask) = ask else { return };
            let working = Stopwatch::start();
            if let Some(ask) = ask {
                self.take(ask, &mut effects);
            }
            for _ in 0..BATCH_MAX {
                let Ok(ask) = self.asked.try_recv() else { break };
                self.take(ask, &mut effects);
            }
            let now = monotonic();
            if self.floor.next_deadline().is_some_and(|due| due <= now) {
                self.floor.handle(now, Input::Tick, &mut effects);
            }
            // Other floors begin with it while the viewers of this one are served.
            self.tell(&mut effects);
            self.floor.flush(now, &mut effects);
            self.send(&mut socket, &effects.datagrams).await;
            self.tell(&mut effects);
            self.dealing.count(self.number, &mut effects.crowds);
            Counts::add(&self.counts.sent, effects.datagrams.len() as u64);
            effects.clear();
            let worked = working.elapsed();
            busy += worked;
            Counts::add(&self.counts.busy_ns, worked.as_nanos() as u64);
            if span.elapsed() >= BUSY_SPAN {
                let permille = busy.as_micros() * 1_000 / span.elapsed().as_micros().max(1);
                self.floor.busy(permille as u32);
                self.counts.sessions.store(self.floor.sessions() as u64, Ordering::Relaxed);
                self.counts.kept_bytes.store(self.floor.kept_bytes() as u64, Ordering::Relaxed);
                (span, busy) = (Stopwatch::start(), Duration::ZERO);
            }
        }
    }

    /// Tells other floors what they are to know. One that is so far behind is better off without it: what it lacks it
    /// asks for.
    fn tell(&self, effects: &mut Effects) {
        let mut links = std::mem::take(&mut effects.links);
        // What is for one floor stays in order.
        links.sort_by_key(|message| message.to);
        while let Some(to) = links.last().map(|last| last.to) {
            let messages = links.split_off(links.partition_point(|message| message.to < to));
            let count = messages.len() as u64;
            let floor = self.floors.get(usize::from(to)).and_then(mpsc::WeakSender::upgrade);
            if floor.is_none_or(|floor| floor.try_send(Ask::Links(messages)).is_err()) {
                Counts::add(&self.counts.unlinked, count);
            }
        }
    }

    /// Sends all, in order.
    async fn send(&self, socket: &mut Socket, datagrams: &[Datagram]) {
        for alike in datagrams.chunk_by(|one, next| one.via == next.via) {
            if alike[0].via == Via::Udp {
                socket.send(alike).await;
                continue;
            }
            for one_client in alike.chunk_by(|one, next| one.to == next.to) {
                self.connections.send(one_client[0].to, one_client);
            }
        }
    }

    fn take(&mut self, ask: Ask, effects: &mut Effects) {
        let now = monotonic();
        match ask {
            Ask::Datagrams(datagrams) => {
                for Incoming { from, to, via, bytes } in &datagrams {
                    let Some(to) = self.answers_at(*from, *to, *via) else { continue };
                    let arrival = Arrival { from: *from, to, via: *via, bytes };
                    self.floor.handle(now, Input::Datagram(arrival), effects);
                }
            }
            Ask::Links(messages) => {
                for message in messages {
                    self.floor.handle(now, Input::Link(message), effects);
                }
            }
            Ask::Join { knock, place, reply } => {
                let Knock { room, publishes, manner, offer } = &knock;
                let join = Join { room, publishes: *publishes, manner: *manner, offer };
                let joined = self.floor.join(now, join, effects);
                if let Some(place) = place {
                    place.settle(&mut effects.crowds);
                }
                let _ = reply.send(joined);
            }
            Ask::Leave { room, publishes, name, reply } => {
                let found = self.floor.session(&room, publishes, &name).ok_or(Refusal::Unknown);
                let left = found.and_then(|id| self.floor.leave(now, id, publishes, effects));
                // Who is told that he has left has made a place.
                self.dealing.count(self.number, &mut effects.crowds);
                let _ = reply.send(left);
            }
            Ask::ClientName { room, publishes, name, reply } => {
                let found = self.floor.session(&room, publishes, &name);
                let _ = reply.send(found.and_then(|id| self.floor.client_name(id)));
            }
            Ask::Status { room, reply } => {
                let _ = reply.send(self.floor.status(now, &room));
            }
        }
    }

    /// The address that the client sent to, as far as the session needs to know: one of those that its answer
    /// named. Translators between here and there may have others.
    fn answers_at(&self, from: SocketAddr, to: Option<IpAddr>, via: Via) -> Option<SocketAddr> {
        let lines = if via == Via::Udp { &self.lines.udp } else { &self.lines.tcp };
        let same = lines.iter().find(|address| Some(address.ip()) == to);
        let like = || lines.iter().find(|address| address.is_ipv4() == from.is_ipv4());
        same.or_else(like).or(lines.first()).copied()
    }
}
