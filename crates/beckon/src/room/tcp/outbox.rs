//! What waits to be written to one connection, up to a bound. A floor puts whole batches in; the connection takes all
//! that has gathered with one swap of buffers, so neither waits for the other.

use beckon_room::{Datagram, FRAME_HEAD_BYTES, frame_into};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// Frames for one connection.
#[derive(Debug)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    put: Notify,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: Vec<u8>,
    answered: Option<Instant>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// Whether it was the first for this connection.
    pub first: bool,
    /// Datagrams for which there was no place.
    pub lost: usize,
}

impl Outbox {
    /// An empty one that holds so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Outbox { waiting: Mutex::default(), put: Notify::new(), bytes_max }
    }

    /// Adds datagrams. Those for which there is no place are lost, as a network loses.
    pub fn put(&self, now: Instant, datagrams: &[Datagram]) -> Put {
        let mut waiting = self.waiting();
        let first = waiting.answered.replace(now).is_none();
        let mut lost = 0;
        for datagram in datagrams {
            let after = waiting.frames.len() + FRAME_HEAD_BYTES + datagram.bytes.len();
            if after > self.bytes_max || !frame_into(&mut waiting.frames, &datagram.bytes) {
                lost += 1;
            }
        }
        drop(waiting);
        self.put.notify_one();
        Put { first, lost }
    }

    /// Takes all that waits, once something does; `empty` is gone on with.
    pub async fn take(&self, mut empty: Vec<u8>) -> Vec<u8> {
        empty.clear();
        loop {
            {
                let mut waiting = self.waiting();
                if !waiting.frames.is_empty() {
                    return std::mem::replace(&mut waiting.frames, empty);
                }
            }
            self.put.notified().await;
        }
    }

    /// When something was put in last, if ever.
    pub fn answered(&self) -> Option<Instant> {
        self.waiting().answered
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
