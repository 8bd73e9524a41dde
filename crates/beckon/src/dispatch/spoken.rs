//! What was said lately: the words of messages as they left, so that an operator can read them.
//!
//! Pushes are kept for a day, and there may be millions; their words would weigh more than all else that is kept of
//! them. So only the latest are held, in memory and within a bound; what is no longer held is put together again.

use beckon_core::push::PushId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Messages whose words are held at most.
const HELD_MAX: usize = 1 << 16;

/// Bytes of words that are held at most.
const BYTES_MAX: usize = 32 << 20;

/// Bytes that a message costs beside its words: its places in map and queue.
const OVERHEAD: usize = 128;

/// The words of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Its title.
    pub title: Box<str>,
    /// Its body.
    pub body: Box<str>,
    /// Where a tap leads.
    pub link: Box<str>,
}

impl Words {
    fn bytes(&self) -> usize {
        self.title.len() + self.body.len() + self.link.len() + OVERHEAD
    }
}

/// The words of the latest messages.
#[derive(Debug, Default)]
pub struct Spoken(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    words: BTreeMap<PushId, Arc<Words>>,
    /// In the order in which they were first said.
    order: VecDeque<PushId>,
    bytes: usize,
}

impl Spoken {
    /// A message leaves with these words; a second attempt may say others.
    pub fn hold(&self, id: PushId, words: Words) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += words.bytes();
        match held.words.insert(id, Arc::new(words)) {
            Some(before) => held.bytes -= before.bytes(),
            None => held.order.push_back(id),
        }
        while held.order.len() > HELD_MAX || held.bytes > BYTES_MAX {
            let Some(oldest) = held.order.pop_front() else { break };
            if let Some(gone) = held.words.remove(&oldest) {
                held.bytes -= gone.bytes();
            }
        }
    }

    /// The words of a message, if they are held still.
    pub fn of(&self, id: PushId) -> Option<Arc<Words>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).words.get(&id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_core::id::ShardId;

    fn push(number: u64) -> PushId {
        PushId { shard: ShardId(1), number }
    }

    fn words(title: &str) -> Words {
        Words { title: title.into(), body: "".into(), link: "".into() }
    }

    #[test]
    fn the_last_words_of_a_message_are_held_and_the_oldest_message_gives_way() {
        let spoken = Spoken::default();
        spoken.hold(push(1), words("first"));
        spoken.hold(push(1), words("again"));
        assert_eq!(spoken.of(push(1)).unwrap().title, "again".into());
        (2..=HELD_MAX as u64 + 1).for_each(|it| spoken.hold(push(it), words("more")));
        assert_eq!((spoken.of(push(1)), spoken.of(push(2)).is_some()), (None, true));
    }

    #[test]
    fn long_words_take_no_more_memory_than_the_bound() {
        let spoken = Spoken::default();
        let long = "x".repeat(1 << 20);
        (0..64).for_each(|it| spoken.hold(push(it), words(&long)));
        let held = spoken.0.lock().unwrap();
        assert!(held.bytes <= BYTES_MAX && held.words.len() == held.order.len() && held.words.len() == 31);
    }
}
