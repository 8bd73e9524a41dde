//! Offers that were answered a moment ago. Over a long way a segment that is lost costs a request some round trips, so a
//! client may post its offer twice and go on with whichever answer comes first. Both are the same, and there is one
//! session: an offer names its client's keys, so it cannot be meant twice.

use super::floor::Knock;
use super::limits::{OFFERS_KNOWN_FOR, OFFERS_KNOWN_MAX};
use beckon_room::{Answered, Manner};
use ring::digest::{Context, Digest, SHA256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::OnceCell;

/// The answer to an offer, once it is there. Whoever comes meanwhile waits for it; an offer that was refused may be
/// tried again.
pub type Answering = Arc<OnceCell<Answered>>;

/// The SHA-256 of all that an answer depends on.
type Key = [u8; 32];

/// Offers that were answered a moment ago, at most [`OFFERS_KNOWN_MAX`] of them.
#[derive(Debug, Default)]
pub struct Lately(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    answers: BTreeMap<Key, Answering>,
    /// The oldest first.
    came: VecDeque<(Instant, Key)>,
}

impl Lately {
    /// The answer to an offer.
    pub fn answering(&self, knock: &Knock, now: Instant) -> Answering {
        let key = key_of(knock);
        let mut known = self.known();
        let Known { answers, came } = &mut *known;
        while let Some((at, oldest)) = came.front()
            && (came.len() >= OFFERS_KNOWN_MAX || now.saturating_duration_since(*at) > OFFERS_KNOWN_FOR)
        {
            answers.remove(oldest);
            came.pop_front();
        }
        let new = || {
            came.push_back((now, key));
            Answering::default()
        };
        answers.entry(key).or_insert_with(new).clone()
    }

    /// An answer is of no use any more.
    pub fn forget(&self, knock: &Knock, answering: &Answering) {
        let key = key_of(knock);
        let mut known = self.known();
        if known.answers.get(&key).is_some_and(|known| Arc::ptr_eq(known, answering)) {
            known.answers.remove(&key);
            known.came.retain(|(_, came)| *came != key);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_of(knock: &Knock) -> Key {
    let mut of = Context::new(&SHA256);
    of.update(&[u8::from(knock.publishes), u8::from(knock.manner == Manner::Plain)]);
    // A room's name holds no newline that an offer could be taken to begin with: its length is told.
    of.update(&(knock.room.len() as u64).to_be_bytes());
    of.update(knock.room.as_bytes());
    of.update(knock.offer.as_bytes());
    let digest: Digest = of.finish();
    let mut key = Key::default();
    key.copy_from_slice(digest.as_ref());
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;
    use std::time::Duration;

    fn knock(room: &str, publishes: bool, offer: &str) -> Knock {
        Knock { room: room.into(), publishes, manner: Manner::Fast, offer: offer.into() }
    }

    #[test]
    fn an_offer_is_known_for_a_while_and_only_in_its_room_and_kind() {
        let (lately, now) = (Lately::default(), monotonic());
        let first = lately.answering(&knock("r", false, "v=0"), now);
        let same = |knock: &Knock, at: Instant| Arc::ptr_eq(&first, &lately.answering(knock, at));
        assert!(same(&knock("r", false, "v=0"), now + OFFERS_KNOWN_FOR));
        for other in [
            knock("s", false, "v=0"),
            knock("r", true, "v=0"),
            knock("r", false, "v=1"),
            knock("rv", false, "=0"),
        ] {
            assert!(!same(&other, now), "{other:?}");
        }
        assert!(!same(&knock("r", false, "v=0"), now + OFFERS_KNOWN_FOR + Duration::from_millis(1)));
        // What another has taken the place of is not forgotten with it.
        lately.forget(&knock("r", false, "v=0"), &first);
        let second = lately.answering(&knock("r", false, "v=0"), now);
        assert!(!Arc::ptr_eq(&first, &second));
        lately.forget(&knock("r", false, "v=0"), &second);
        assert!(!Arc::ptr_eq(&second, &lately.answering(&knock("r", false, "v=0"), now)));
    }

    #[test]
    fn no_more_offers_are_known_than_the_bound() {
        let (lately, now) = (Lately::default(), monotonic());
        for number in 0..OFFERS_KNOWN_MAX + 10 {
            lately.answering(&knock("r", false, &number.to_string()), now);
        }
        let known = lately.known();
        assert_eq!((known.answers.len(), known.came.len()), (OFFERS_KNOWN_MAX, OFFERS_KNOWN_MAX));
    }
}
