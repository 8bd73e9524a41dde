//! How time passes for the machines: the clock says that a deadline is due and a tick is journalled; or a virtual clock is
//! moved, and stops at each deadline on the way.

use super::node::Node;
use super::outward::Outward;
use beckon_core::director::Director;
use beckon_core::time::Timestamp;
use beckon_engine::record;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

/// Stops of a virtual clock on the way to one instant; beyond it the rest of the way is one step.
const STOPS_MAX: usize = 1 << 20;

/// Rounds in which what leaves may cause something else to leave, at one instant.
const QUIESCE_ROUNDS_MAX: usize = 64;

impl Node {
    /// Journals that time passed, if a machine waits for it.
    pub async fn tick_if_due(&self) {
        let due = self.shared.deadlines.iter().map(|it| it.load(Ordering::Relaxed) as i64).min();
        if due.is_some_and(|at| at <= self.shared.clock.now().0) {
            let _ = self.append(record::tick(), None).await;
        }
    }

    /// Moves a virtual clock forward; answers when everything that was due has happened, in its order: the
    /// clock stops at each deadline on the way, so that a push decided at eight is sent at eight.
    pub async fn advance(&self, to: Timestamp) -> Result<Timestamp, crate::clock::Error> {
        let clock = &self.shared.clock;
        if !clock.is_virtual() || to < clock.now() {
            return clock.set_virtual(to);
        }
        for _ in 0..STOPS_MAX {
            self.quiesce().await;
            let due = [self.next_deadline().await, self.next_send().await].into_iter().flatten().min();
            let Some(at) = due.filter(|it| *it < to) else { break };
            let at = at.max(Timestamp(clock.now().0 + 1));
            clock.set_virtual(at.min(to))?;
            if at >= to || self.append(record::tick(), None).await.is_err() {
                break;
            }
        }
        let now = clock.set_virtual(to)?;
        // A stalled journal is told to whoever appends next; time has moved all the same.
        if self.append(record::tick(), None).await.is_ok() {
            self.quiesce().await;
        }
        Ok(now)
    }

    /// Waits until everything appended is folded, and what may be sent now is sent and answered.
    pub async fn quiesce(&self) {
        for _ in 0..QUIESCE_ROUNDS_MAX {
            let before = self.offsets().1;
            if self.settled().await.is_err() {
                return;
            }
            if let Some(outward) = self.shared.outward.get() {
                let (done, idle) = oneshot::channel();
                if outward.send(Outward::WhenIdle(done)).is_ok() {
                    let _ = idle.await;
                }
            }
            if self.settled().await.is_err() || self.offsets().1 == before {
                return;
            }
        }
    }

    /// When a machine next has something to do.
    async fn next_deadline(&self) -> Option<Timestamp> {
        let folders = self.on_all(|worker| worker.next_deadline().into_iter().collect()).await.ok()?;
        let director = self.director(Director::next_deadline);
        folders.into_iter().chain(director).min()
    }

    /// When whoever carries pushes out next has something to do.
    async fn next_send(&self) -> Option<Timestamp> {
        let (answer, next) = oneshot::channel();
        self.shared.outward.get()?.send(Outward::NextDeadline(answer)).ok()?;
        next.await.ok()?
    }
}
