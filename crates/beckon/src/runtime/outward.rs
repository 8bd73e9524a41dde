//! What leaves the machines: pushes for whoever carries them out.

use beckon_core::dispatch::Ticket;
use beckon_core::event::Channel;
use beckon_core::push::PushId;
use beckon_core::shard::calling::parcel::Parcel;
use beckon_core::time::Timestamp;
use beckon_journal::Offset;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

/// Something that leaves, or a question about it.
#[derive(Debug)]
pub enum Outward {
    /// A push waits for the turn of its channel.
    Queue(Ticket),
    /// A push passed its last look in the record at this offset: it may leave once that is durable.
    Carry(Offset, Box<Parcel>),
    /// A push that was attempted did not pass.
    Kept(PushId),
    /// Channels or other things of the stage may have changed.
    Staged,
    /// Answer when nothing that may go now is left to do.
    WhenIdle(oneshot::Sender<()>),
    /// Say when something is next to do.
    NextDeadline(oneshot::Sender<Option<Timestamp>>),
}

/// What whoever begins to carry pushes out is given.
#[derive(Debug)]
pub struct Carrying {
    /// What leaves from now on. It is bounded by the ledgers: a push leaves one at a time.
    pub leaving: UnboundedReceiver<Outward>,
    /// Pushes that waited already.
    pub waiting: Vec<Ticket>,
    /// Pushes whose attempt has no answer: whether they left nobody knows.
    pub unanswered: Vec<(PushId, Channel)>,
}
