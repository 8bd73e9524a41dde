//! The dealer of this server's viewers, shared by who lets them in and by the threads that then have them.

use beckon_room::{Dealer, Deals, Refusal};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a floor says of its rooms: how many viewers each has there now.
pub type Crowds = Vec<(Arc<str>, usize)>;

/// Who is where. Clones are of the same.
#[derive(Debug, Clone)]
pub struct Dealing(Arc<Mutex<Dealer>>);

impl Dealing {
    /// Nobody is there.
    pub fn new(deals: Deals) -> Self {
        Dealing(Arc::new(Mutex::new(Dealer::new(deals))))
    }

    /// A place for one more viewer of a room, on a floor that was not tried yet; `None` if all were.
    pub fn deal(&self, room: &str, tried: &[usize]) -> Result<Option<Reservation>, Refusal> {
        let floor = self.dealer().deal(room, tried)?;
        let held = |floor| Reservation { dealing: self.clone(), room: Some(room.to_owned()), floor };
        Ok(floor.map(held))
    }

    /// A floor says how many viewers its rooms have.
    pub fn count(&self, floor: usize, crowds: &mut Crowds) {
        if !crowds.is_empty() {
            count(&mut self.dealer(), floor, crowds);
        }
    }

    fn dealer(&self) -> MutexGuard<'_, Dealer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(dealer: &mut Dealer, floor: usize, crowds: &mut Crowds) {
    for (room, viewers) in crowds.drain(..) {
        dealer.count(&room, floor, viewers);
    }
}

/// A place that is held for a viewer until it is known whether he took it. Whatever becomes of the request, it is given
/// back.
#[derive(Debug)]
pub struct Reservation {
    dealing: Dealing,
    /// In which room; `None` once it is given back.
    room: Option<String>,
    floor: usize,
}

impl Reservation {
    /// On which floor.
    pub fn floor(&self) -> usize {
        self.floor
    }

    /// He took it, or did not: the floor says how many it has now. It is one step, so that nobody is counted twice.
    pub fn settle(mut self, crowds: &mut Crowds) {
        let mut dealer = self.dealing.dealer();
        count(&mut dealer, self.floor, crowds);
        if let Some(room) = self.room.take() {
            dealer.settle(&room, self.floor);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(room) = self.room.take() {
            self.dealing.dealer().settle(&room, self.floor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_once_whether_it_was_taken_or_the_request_was_given_up() {
        let dealing = Dealing::new(Deals { floors: 2, viewers_a_room: 2, ..Deals::default() });
        let place = || dealing.deal("r", &[]).expect("a place").expect("a floor");
        let given_up = place();
        let (taken, floor) = (place(), given_up.floor());
        assert!(matches!(dealing.deal("r", &[]), Err(Refusal::Full { .. })));
        drop(given_up);
        taken.settle(&mut vec![("r".into(), 1)]);
        assert_eq!(dealing.dealer().viewers("r").iter().sum::<usize>(), 1);
        drop(place());
        dealing.count(floor, &mut vec![("r".into(), 0)]);
        assert_eq!(dealing.dealer().rooms(), 0);
    }
}
