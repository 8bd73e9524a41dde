//! One shopper who watches: what he has been shown, what comes next, and with which numbers.

mod choice;
mod purse;

use crate::codec::Kind;
use crate::group::Kept;
use crate::limits::*;
use crate::packet::{Again, Outgoing};
use crate::peer::Peer;
use crate::publisher::{Accepted, Layer, Publisher};
use crate::rewrite::Rewriter;
use choice::Choice;
use purse::Purse;
use std::time::{Duration, Instant};

/// How old a key frame may be that is shown alone until the next comes.
const POSTER_AGE_MAX: Duration = Duration::from_secs(10);

/// How a viewer is let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// With all that makes the first picture come early.
    #[default]
    Fast,
    /// As a forwarder does that keeps nothing: the client begins the handshake once it has named a pair, and the
    /// picture begins with the next key frame, which is asked for. To compare with.
    Plain,
}

/// What a viewer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Showing {
    /// Nothing yet.
    Nothing,
    /// The pictures of the current group, faster than they were taken.
    CatchingUp {
        /// Of which layer.
        layer: usize,
        /// Which packet is next.
        next: u64,
    },
    /// A key frame, until the next one.
    Poster,
    /// What comes in.
    Live {
        /// Of which layer.
        layer: usize,
    },
}

/// A viewer.
#[derive(Debug)]
pub struct Viewer<P> {
    /// Its session.
    pub peer: P,
    /// When it came.
    pub came: Instant,
    /// When something was heard from it last.
    pub heard: Instant,
    /// Whether media can flow.
    pub connected: bool,
    manner: Manner,
    source: u64,
    showing: Showing,
    wanted: Option<usize>,
    /// When pictures began to be sent.
    began: Option<Instant>,
    /// The time of the picture that the viewer begins with, while it is sent; and how many bytes of it go out twice, once
    /// it has begun.
    opening: Option<(u64, Option<usize>)>,
    video: Rewriter,
    audio: Rewriter,
    audio_source: u64,
    purse: Purse,
    choice: Choice,
    estimate: Option<u64>,
    desired: (u64, u64),
}

impl<P: Peer> Viewer<P> {
    /// A viewer who has just come.
    pub fn new(now: Instant, peer: P, manner: Manner) -> Self {
        Viewer {
            peer,
            came: now,
            heard: now,
            connected: false,
            manner,
            source: 0,
            showing: Showing::Nothing,
            wanted: None,
            began: None,
            opening: None,
            video: Rewriter::default(),
            audio: Rewriter::default(),
            audio_source: 0,
            purse: Purse::new(now),
            choice: Choice::default(),
            estimate: None,
            desired: (0, 0),
        }
    }

    /// The layer that is shown, or will be when its next key frame comes.
    pub fn layer(&self) -> Option<usize> {
        match self.showing {
            Showing::CatchingUp { layer, .. } | Showing::Live { layer } => Some(layer),
            Showing::Nothing | Showing::Poster => self.wanted,
        }
    }

    /// Takes note of what the way to the viewer carries.
    pub fn estimated(&mut self, bits_per_second: u64) {
        self.estimate = Some(bits_per_second);
    }

    /// When the burst goes on, if one is under way.
    pub fn burst_due(&self) -> Option<Instant> {
        matches!(self.showing, Showing::CatchingUp { .. }).then(|| self.purse.filled_at())
    }

    /// Begins to show the publisher's picture. Says of which layer a key frame is needed.
    pub fn begin(&mut self, now: Instant, publisher: &Publisher) -> Option<usize> {
        self.source = publisher.source;
        self.showing = Showing::Nothing;
        let ladder = publisher.ladder(now);
        let playable = |at: usize| self.peer.plays(publisher.layers[at].codec);
        // The smallest that can be shown at once; it is the fastest there.
        let whole = ladder.iter().find(|(at, _)| playable(*at) && publisher.layers[*at].group.is_whole(now));
        let any = ladder.iter().find(|(at, _)| playable(*at));
        let (at, _) = *whole.or(any)?;
        self.wanted = Some(at);
        if self.manner == Manner::Plain {
            return Some(at);
        }
        let layer = &publisher.layers[at];
        let fresh = layer.key_frame_at.is_some_and(|then| now - then < POSTER_AGE_MAX);
        let Some(first) = layer.group.first().filter(|_| fresh || whole.is_some()) else { return Some(at) };
        self.purse.begin(now);
        self.began.get_or_insert(now);
        let Some(kept) = layer.group.at(first) else { return Some(at) };
        self.switch(kept);
        if whole.is_some() {
            self.showing = Showing::CatchingUp { layer: at, next: first };
            self.catch_up(now, publisher);
            return None;
        }
        for sequence in first..layer.group.key_frame_ends() {
            if let Some(kept) = layer.group.at(sequence).filter(|kept| kept.packet.sequence == sequence) {
                self.show(kept);
            }
        }
        self.showing = Showing::Poster;
        Some(at)
    }

    /// The publisher is gone, and what is kept of it.
    pub fn publisher_left(&mut self) {
        self.showing = Showing::Nothing;
        self.wanted = None;
    }

    /// Goes on with the burst. Says whether anything was sent.
    pub fn catch_up(&mut self, now: Instant, publisher: &Publisher) -> bool {
        let Showing::CatchingUp { layer, mut next } = self.showing else { return false };
        let Some(group) = publisher.layers.get(layer).map(|layer| &layer.group) else { return false };
        self.purse.fill(now);
        if let Some(first) = group.first()
            && first > next
        {
            // Another group began: the rest of the old one is no longer of use.
            self.video.go_on_at(first);
            next = first;
        }
        let mut sent = false;
        while let Some(kept) = group.at(next) {
            if !self.purse.pay(kept.packet.payload.len()) {
                self.showing = Showing::CatchingUp { layer, next };
                return sent;
            }
            next = kept.packet.sequence + 1;
            sent |= self.show(kept);
        }
        // Where packets were left out there is nothing to show before the next key frame.
        self.showing = if group.is_uncut() { Showing::Live { layer } } else { Showing::Poster };
        sent
    }

    /// Whether the viewer waits for a key frame.
    pub fn waits(&self) -> bool {
        self.connected && matches!(self.showing, Showing::Nothing | Showing::Poster)
    }

    /// Takes a packet of the publisher. Says whether anything was sent.
    pub fn forward(&mut self, now: Instant, publisher: &Publisher, accepted: &Accepted) -> bool {
        if !self.connected {
            return false;
        }
        let Some(at) = accepted.layer else { return self.sound(publisher.source, &accepted.kept) };
        if self.source != publisher.source {
            // The first picture of a new publisher.
            if !accepted.starts {
                return false;
            }
            self.source = publisher.source;
            self.showing = Showing::Nothing;
            self.wanted = None;
        }
        let layer = &publisher.layers[at];
        if accepted.starts && self.wants(at, layer) {
            return self.turn_to(layer, at);
        }
        match self.showing {
            Showing::Live { layer } if layer == at => self.show(&accepted.kept),
            // What the burst has passed is sent at once; what it has not reached comes with it.
            Showing::CatchingUp { layer, next } if layer == at => {
                match accepted.kept.packet.sequence < next {
                    true => self.show(&accepted.kept),
                    false => self.catch_up(now, publisher),
                }
            }
            _ => false,
        }
    }

    fn wants(&self, at: usize, layer: &Layer) -> bool {
        let waits = matches!(self.showing, Showing::Nothing | Showing::Poster);
        match (self.showing, self.wanted) {
            (Showing::Live { layer }, Some(wanted)) => layer != at && wanted == at,
            (Showing::CatchingUp { .. }, _) => false,
            // Whatever can be shown is better than nothing.
            _ => waits && self.peer.plays(layer.codec),
        }
    }

    /// A key frame begins on the layer to be shown from now on.
    fn turn_to(&mut self, layer: &Layer, at: usize) -> bool {
        let Some(first) = layer.group.first() else { return false };
        let Some(kept) = layer.group.at(first) else { return false };
        self.switch(kept);
        self.showing = Showing::Live { layer: at };
        self.wanted = Some(at);
        let mut sent = false;
        let mut next = first;
        // Parameters may have come before the packet that told.
        while let Some(kept) = layer.group.at(next) {
            next = kept.packet.sequence + 1;
            sent |= self.show(kept);
        }
        sent
    }

    fn switch(&mut self, kept: &Kept) {
        let packet = &kept.packet;
        if !matches!(self.showing, Showing::Live { .. }) {
            self.opening = Some((packet.timestamp, None));
        }
        let picture = packet.codec.picture(&packet.payload);
        self.video.switch(packet.sequence, packet.timestamp, kept.taken, packet.codec.clock_rate(), picture);
    }

    /// What of the first picture is sent once more, and how. All of it to somebody who is far away; that holds up what
    /// follows. And to everyone at once what begins it, and what is small, for the parameters of H.264 are: a decoder
    /// that has not got these throws away what comes next.
    fn opens_with(&mut self, kept: &Kept) -> Again {
        let Some((timestamp, owed)) = &mut self.opening else { return Again::default() };
        if kept.packet.timestamp != *timestamp {
            self.purse.owe(owed.unwrap_or(0));
            self.opening = None;
            return Again::default();
        }
        let (bytes, later) = (kept.packet.payload.len(), self.peer.is_far());
        let before_others = owed.is_none() || bytes <= PARAMETERS_BYTES_MAX;
        *owed = Some(owed.unwrap_or(0) + if later { bytes } else { 0 });
        Again { before_others, later }
    }

    fn show(&mut self, kept: &Kept) -> bool {
        let packet = &kept.packet;
        let picture = packet.codec.picture(&packet.payload);
        match self.video.map(packet.sequence, packet.timestamp, kept.taken, picture) {
            Some(numbers) => {
                let new = kept.taken < *self.began.get_or_insert(kept.taken) + AT_ONCE_FOR;
                let at_once = new && self.manner == Manner::Fast;
                let again = match self.manner {
                    Manner::Fast => self.opens_with(kept),
                    Manner::Plain => Again::default(),
                };
                self.peer.write(Outgoing { at_once, again, ..outgoing(kept, numbers) })
            }
            None => false,
        }
    }

    fn sound(&mut self, source: u64, kept: &Kept) -> bool {
        if !self.peer.takes(Kind::Audio) {
            return false;
        }
        let packet = &kept.packet;
        if self.audio_source != source {
            self.audio_source = source;
            self.audio.switch(packet.sequence, packet.timestamp, kept.taken, packet.codec.clock_rate(), None);
        }
        match self.audio.map(packet.sequence, packet.timestamp, kept.taken, None) {
            Some(numbers) => self.peer.write(outgoing(kept, numbers)),
            None => false,
        }
    }

    /// Chooses the layer by what the way carries. Says of which layer a key frame is needed.
    pub fn choose(&mut self, now: Instant, publisher: &Publisher) -> Option<usize> {
        let Showing::Live { layer: current } = self.showing else { return None };
        let mut ladder = publisher.ladder(now);
        ladder.retain(|(at, _)| self.peer.plays(publisher.layers[*at].codec));
        let (least, best) = choice::desire(&ladder, current);
        if self.desired != (least, best) && ladder.len() > 1 {
            self.desired = (least, best);
            self.peer.desire(least, best);
        }
        let wanted = self.choice.choose(now, self.estimate.unwrap_or(ESTIMATE_FIRST), &ladder, current)?;
        let turns = wanted != current;
        self.wanted = Some(wanted);
        turns.then_some(wanted)
    }

    /// The sequence number that comes next, picture and sound: for tests of continuity.
    pub fn next_numbers(&self) -> (u64, u64) {
        (self.video.next(), self.audio.next())
    }
}

fn outgoing(kept: &Kept, numbers: crate::rewrite::Numbers) -> Outgoing {
    let packet = &kept.packet;
    Outgoing {
        codec: packet.codec,
        sequence: numbers.sequence,
        timestamp: numbers.timestamp,
        marker: packet.marker,
        turned: packet.turned,
        at_once: false,
        again: Again::default(),
        taken: kept.taken,
        picture: numbers.picture,
        payload: packet.payload.clone(),
    }
}
