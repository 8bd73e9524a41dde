//! The live feed of a show, `GET /r/{show}/live`: what changes is sent the moment it is durable, as server-sent events
//! (HTML standard, section 9.2).
//!
//! A change is encoded once, whoever many follow the show; nobody asks again and again. A reader that has fallen behind
//! is told all anew, and one that comes when all places are taken is sent away with a time to come back.

use super::limits::{
    FEED_BEHIND_MAX, FEED_CLOCK_EVERY, FEED_CONNECTIONS_MAX, FEED_CONNECTIONS_OF_SHOW_MAX, FEED_HEARTBEAT_MS,
    FEED_OPENED_PER_S_MAX, FEED_VIEWERS_EVERY_MS,
};
use super::state::{Good, Picture, picture};
use crate::clock::Stopwatch;
use crate::gateway::App;
use beckon_core::id::Term;
use beckon_core::time::Timestamp;
use beckon_wire::problem::{Code, Problem};
use bytes::Bytes;
use hyper::body::{Body, Frame};
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

/// All feeds that somebody follows.
#[derive(Clone)]
pub struct Feeds(Arc<Mutex<Open>>);

struct Open {
    feeds: BTreeMap<Term, Feed>,
    connections: usize,
    /// Places that may still be taken within this second.
    places: u32,
    closed: bool,
    elapsed: Stopwatch,
    second: u128,
}

/// The feed of one show.
struct Feed {
    changes: Sender<Bytes>,
    viewers: usize,
    /// What was told last.
    told: Picture,
    /// The same, encoded for those who come.
    whole: Bytes,
    /// When the viewers were told last, by the feeds' own watch.
    viewers_at: u128,
    said_at: u128,
}

impl Default for Feeds {
    fn default() -> Self {
        let open = Open {
            feeds: BTreeMap::new(),
            connections: 0,
            places: FEED_OPENED_PER_S_MAX,
            closed: false,
            elapsed: Stopwatch::start(),
            second: 0,
        };
        Feeds(Arc::new(Mutex::new(open)))
    }
}

impl Feeds {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all feeds and opens no more: the server stops.
    pub fn close(&self) {
        let mut open = self.open();
        open.closed = true;
        open.feeds.clear();
    }

    /// Pages that follow a show now.
    pub fn viewers(&self, show: Term) -> usize {
        self.open().feeds.get(&show).map_or(0, |it| it.viewers)
    }

    /// Connections to all feeds.
    pub fn connections(&self) -> usize {
        self.open().connections
    }

    /// Begins to follow a show.
    pub fn follow(&self, app: &App, show: Term) -> Result<Following, Problem> {
        let now = app.node.clock().now();
        let mut held = self.open();
        let open = &mut *held;
        let elapsed = open.elapsed.elapsed().as_millis();
        open.admit(show, elapsed)?;
        let feed = match open.feeds.entry(show) {
            Entry::Occupied(it) => it.into_mut(),
            Entry::Vacant(place) => {
                let told = app.node.director(|it| picture(it, show, 1, now)).ok_or(Code::NotFound)?;
                let whole = encoded(&told.goods.iter().map(|it| &it.1).collect::<Vec<_>>(), &told);
                let changes = Sender::new(FEED_BEHIND_MAX);
                place.insert(Feed { changes, viewers: 0, told, whole, viewers_at: elapsed, said_at: elapsed })
            }
        };
        open.connections += 1;
        feed.viewers += 1;
        let seat = Seat { feeds: self.clone(), show };
        let changes = feed.changes.subscribe();
        let first = [clock(now), feed.whole.clone()].concat().into();
        Ok(Following { app: app.clone(), seat, first: Some(first), next: Box::pin(receive(changes)) })
    }

    /// Looks at a show again; tells its followers what has changed.
    fn look(&self, app: &App, now: Timestamp, is_due: impl Fn(&Feed, u128) -> bool) {
        let mut open = self.open();
        let elapsed = open.elapsed.elapsed().as_millis();
        for (show, feed) in &mut open.feeds {
            if is_due(feed, elapsed) {
                // A show that was called off has nothing more to tell; its page says what it last knew.
                let Some(new) = app.node.director(|it| picture(it, *show, feed.viewers, now)) else {
                    continue;
                };
                feed.take(new, now, elapsed);
            }
            if elapsed - feed.said_at >= FEED_HEARTBEAT_MS {
                feed.said_at = elapsed;
                let _ = feed.changes.send(Bytes::from_static(b":\n\n"));
            }
        }
    }

    fn leave(&self, show: Term) {
        let mut open = self.open();
        open.connections = open.connections.saturating_sub(1);
        let Some(feed) = open.feeds.get_mut(&show) else { return };
        feed.viewers = feed.viewers.saturating_sub(1);
        if feed.viewers == 0 {
            open.feeds.remove(&show);
        }
    }

    /// Tells what changes, for as long as the server runs.
    pub async fn run(self, app: App) {
        let mut staged = app.node.staged();
        let mut every = tokio::time::interval(FEED_CLOCK_EVERY);
        loop {
            tokio::select! {
                changed = staged.changed() => {
                    // What is told must not be taken back by a crash.
                    if changed.is_err() || !app.node.until_durable().await {
                        return;
                    }
                    self.look(&app, app.node.clock().now(), |_, _| true);
                }
                _ = every.tick() => {
                    let now = app.node.clock().now();
                    self.look(&app, now, |feed, elapsed| {
                        let viewers = feed.viewers != feed.told.live.viewers
                            && elapsed - feed.viewers_at >= FEED_VIEWERS_EVERY_MS as u128;
                        viewers || feed.told.until.is_some_and(|it| it <= now)
                    });
                }
            }
        }
    }
}

impl Open {
    /// Refuses one more where that would be too many.
    fn admit(&mut self, show: Term, elapsed: u128) -> Result<(), Problem> {
        if self.closed {
            return Err(Code::NotReady.into());
        }
        if self.second != elapsed / 1000 {
            self.second = elapsed / 1000;
            self.places = FEED_OPENED_PER_S_MAX;
        }
        let of_show = self.feeds.get(&show).map_or(0, |it| it.viewers);
        let full = self.connections >= FEED_CONNECTIONS_MAX || of_show >= FEED_CONNECTIONS_OF_SHOW_MAX;
        if full || self.places == 0 {
            return Err(Problem::new(Code::Overloaded).with_detail("too many follow live shows at present"));
        }
        self.places -= 1;
        Ok(())
    }
}

impl Feed {
    fn take(&mut self, new: Picture, now: Timestamp, elapsed: u128) {
        let same = new.live == self.told.live && new.goods == self.told.goods;
        if new.live.viewers != self.told.live.viewers {
            self.viewers_at = elapsed;
        }
        if !same {
            let all: Vec<&Good> = new.goods.iter().map(|it| &it.1).collect();
            let changed = new.goods.iter().filter(|it| !self.told.goods.contains(it)).map(|it| &it.1);
            let frame = encoded(&changed.collect::<Vec<_>>(), &new);
            self.whole = encoded(&all, &new);
            self.said_at = elapsed;
            // Nobody may be there any more: the last leaves the feed a moment before it is taken out.
            let _ = self.changes.send([clock(now), frame].concat().into());
        }
        self.told = new;
    }
}

fn event(name: &str, data: &impl Serialize) -> String {
    // Shapes of our own, without maps whose keys are no text, always become JSON; and JSON has no line feeds.
    let data = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
    format!("event: {name}\ndata: {data}\n\n")
}

/// The server's clock, so that the page counts down by it.
fn clock(now: Timestamp) -> Bytes {
    event("clock", &now.0).into()
}

fn encoded(goods: &[&Good], picture: &Picture) -> Bytes {
    let goods = if goods.is_empty() { String::new() } else { event("goods", &goods) };
    (goods + &event("state", &picture.live)).into()
}

/// A place at a feed; given back when it is dropped.
struct Seat {
    feeds: Feeds,
    show: Term,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.feeds.leave(self.show);
    }
}

type Received = (Result<Bytes, RecvError>, Receiver<Bytes>);

async fn receive(mut changes: Receiver<Bytes>) -> Received {
    (changes.recv().await, changes)
}

/// One who follows a show: the body of the answer.
pub struct Following {
    app: App,
    seat: Seat,
    first: Option<Bytes>,
    next: Pin<Box<dyn Future<Output = Received> + Send>>,
}

impl Following {
    /// What one is told who has missed something.
    fn anew(&self) -> Option<Bytes> {
        let open = self.seat.feeds.open();
        let whole = open.feeds.get(&self.seat.show)?.whole.clone();
        Some([clock(self.app.node.clock().now()), whole].concat().into())
    }
}

impl Body for Following {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let (received, changes) = match self.next.as_mut().poll(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(it) => it,
        };
        let bytes = match received {
            Ok(bytes) => Some(bytes),
            Err(RecvError::Lagged(_)) => self.anew(),
            Err(RecvError::Closed) => None,
        };
        self.next = Box::pin(receive(changes));
        Poll::Ready(bytes.map(|it| Ok(Frame::data(it))))
    }
}
