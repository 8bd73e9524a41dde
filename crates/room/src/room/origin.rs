//! How a room's publisher is reached: at home it has a session, at a guest it is behind a link to home. What is known
//! of it is the same on both (`publisher.rs`), and so is all that viewers get.

use super::SecondPublisher;
use crate::clock::Clocks;
use crate::floor::SessionId;
use std::collections::BTreeMap;
use std::time::Instant;

/// Where a room's media comes from.
#[derive(Debug)]
pub enum Origin<P> {
    /// This floor is the room's home.
    Home(Home<P>),
    /// The room's home is another floor.
    Guest {
        /// Its number.
        home: u8,
    },
}

/// The home's part of a room.
#[derive(Debug)]
pub struct Home<P> {
    /// What happens when a second publisher comes.
    pub second: SecondPublisher,
    /// The publisher's session. It is there as long as the room has a publisher.
    pub host: Option<Host<P>>,
    /// Floors that have viewers of the room, and when each said so last.
    pub guests: BTreeMap<u8, Instant>,
}

/// The session of a publisher.
#[derive(Debug)]
pub struct Host<P> {
    /// Its name.
    pub id: SessionId,
    /// The session.
    pub peer: P,
    /// Whether it is connected.
    pub connected: bool,
    /// When what comes in was taken.
    pub clocks: Clocks,
}

impl<P> Origin<P> {
    /// A home without a publisher.
    pub fn home(second: SecondPublisher) -> Self {
        Origin::Home(Home { second, host: None, guests: BTreeMap::new() })
    }

    /// The home's part, if this is the home.
    pub fn as_home(&mut self) -> Option<&mut Home<P>> {
        match self {
            Origin::Home(home) => Some(home),
            Origin::Guest { .. } => None,
        }
    }

    /// The publisher's session, if it is here.
    pub fn host(&mut self) -> Option<&mut Host<P>> {
        self.as_home()?.host.as_mut()
    }

    /// The publisher's session, if it is this one.
    pub fn host_if(&mut self, id: SessionId) -> Option<&mut Host<P>> {
        self.host().filter(|host| host.id == id)
    }

    /// Whether neither a publisher is here nor a guest.
    pub fn is_empty(&self) -> bool {
        match self {
            Origin::Home(home) => home.host.is_none() && home.guests.is_empty(),
            Origin::Guest { .. } => true,
        }
    }
}
