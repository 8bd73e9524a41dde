//! Every bound of the room, by name. What stands in a relation to another is held to it when this compiles.

use std::time::Duration;

/// Longest offer that is read.
pub const OFFER_BYTES_MAX: usize = 64 << 10;
/// Most media lines an offer may have.
pub const OFFER_LINES_MAX: usize = 8;
/// Most candidates that an offer may name; others are left out, for ours is where the client sends to.
pub const OFFER_CANDIDATES_MAX: usize = 32;

/// Longest datagram that is read.
pub const DATAGRAM_BYTES_MAX: usize = 1_600;
/// Longest payload of a media packet that is forwarded: what is longer would not pass the next network.
pub const PAYLOAD_BYTES_MAX: usize = 1_400;

/// Most simulcast layers of a publisher.
pub const LAYERS_MAX: usize = 4;

/// Longest span of a group of pictures that a new viewer is given: two seconds, and what a clock may be off.
pub const GROUP_SPAN_MAX: Duration = Duration::from_millis(2_100);
/// Most bytes of a group of pictures that a new viewer is given.
pub const GROUP_BYTES_MAX: usize = 300_000;
/// Most bytes that are kept, so that a viewer who is catching up is not cut off at [`GROUP_BYTES_MAX`].
pub const GROUP_BYTES_KEPT_MAX: usize = 400_000;
/// Most packets that are kept of a group.
pub const GROUP_PACKETS_MAX: usize = 1_024;

/// What a new viewer gets at once: a key frame of 720p at 2.5 Mbit/s.
pub const BURST_BYTES_AT_ONCE: usize = 64_000;
/// How fast the rest of the group follows, in bytes a millisecond (16 Mbit/s).
pub const BURST_BYTES_A_MS: usize = 2_000;
/// How often the burst goes on.
pub const BURST_EVERY: Duration = Duration::from_millis(4);

/// How long a new viewer's pictures are shown without a buffer against jitter, so that the past is caught up with.
pub const AT_ONCE_FOR: Duration = Duration::from_secs(1);
/// In how many packets after that the viewer is told to buffer as it thinks best; one of them will arrive.
pub const BUFFER_TOLD: u32 = 60;

/// Packets of a picture that can be sent again to a viewer: the burst, and as long as is kept.
pub const RESEND_PACKETS_MAX: usize = 1_536;
/// How long a packet can be sent again, from when it was sent: some round trips of a long way.
pub const RESEND_FOR: Duration = Duration::from_secs(1);

/// Longest payload that may be nothing but the parameters of a picture. What is larger is a part of it.
pub const PARAMETERS_BYTES_MAX: usize = 200;
/// A round trip from which on it is worth it to send the first picture twice rather than to wait for a repair.
pub const FAR_ROUND_TRIP: Duration = Duration::from_millis(40);
/// How long after the first the second copy is sent: losses come in rows.
pub const TWICE_AFTER: Duration = Duration::from_millis(15);
/// For how long, from the first packet that goes twice, repairs of pictures do so as well: some round trips of a long way.
pub const REPAIRS_FOR: Duration = Duration::from_secs(1);
/// Most packets of that.
pub const REPAIRS_MAX: usize = 32;
/// How long after the first the second answer to a check is sent.
pub const CHECK_TWICE_AFTER: Duration = Duration::from_millis(5);
/// How many checks are answered twice: what a browser asks in some 400 ms.
pub const CHECKS_TWICE_MAX: u8 = 8;
/// How long after a check is answered the handshake is said again: both answers are to be there first.
pub const AGAIN_AFTER: Duration = Duration::from_millis(7);
/// Most datagrams of a session that wait for their second time.
pub const TWICE_MAX: usize = 384;
/// Most datagrams of the handshake that are said again with each check: a flight has one or two.
pub const UNANSWERED_MAX: usize = 4;
/// How often, each: browsers ask some twenty times a second.
pub const UNANSWERED_TIMES_MAX: u8 = 8;
/// How long it is said again.
pub const UNANSWERED_FOR: Duration = Duration::from_secs(1);

/// How long a publisher is let alone after it was asked for a key frame.
pub const KEY_FRAME_ASKED_EVERY: Duration = Duration::from_millis(500);
/// Key frames rarer than this are warned of.
pub const KEY_FRAME_INTERVAL_WARN: Duration = Duration::from_millis(2_200);
/// A publisher that has not answered for a key frame this long after it was asked does not obey.
pub const KEY_FRAME_ANSWER_MAX: Duration = Duration::from_millis(1_500);

/// A layer that sent nothing for this long is not chosen.
pub const LAYER_SILENT_AFTER: Duration = Duration::from_millis(1_000);
/// A publisher that sent nothing for this long is said to be silent, and may be replaced by another.
pub const PUBLISHER_SILENT_AFTER: Duration = Duration::from_secs(3);
/// A session that never connected is ended after this long.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// A session that was heard of nothing for this long is ended.
pub const UNHEARD_FOR: Duration = Duration::from_secs(30);
/// How often a room looks at what only time changes.
pub const ROUND_EVERY: Duration = Duration::from_millis(250);

/// Up to so many viewers of a room share a floor; those who come then are dealt to others. So many a thread serves in
/// a few milliseconds, and to pass the room on costs another thread less than a viewer does.
pub const VIEWERS_TOGETHER: usize = 50;
/// A floor that did not say for this long that it has viewers of a room is told of it no more.
pub const GUEST_UNHEARD_FOR: Duration = Duration::from_secs(3);

/// A viewer climbs when the estimate exceeds the next layer's rate by this many percent.
pub const CLIMB_PERCENT: u64 = 115;
/// A viewer climbs again no sooner than this after falling.
pub const CLIMB_AFTER: Duration = Duration::from_secs(3);
/// The estimate of a viewer's bandwidth before anything is known of it, in bits a second.
pub const ESTIMATE_FIRST: u64 = 2_500_000;

/// How far apart the wall clocks of two streams of a publisher may be moved at once.
pub const CAPTURE_AGE_MAX: Duration = Duration::from_secs(10);

/// Most remote addresses that are remembered for a session: a phone moves between networks.
pub const ADDRESSES_MAX: usize = 8;

/// No session is called again sooner than this after it was called.
pub const TIMER_LEAST: Duration = Duration::from_micros(250);

/// Most outputs that are taken from one session at one time.
pub const POLLS_MAX: usize = 16_384;

const _: () = assert!(GROUP_BYTES_MAX < GROUP_BYTES_KEPT_MAX);
// Whatever of a burst is lost can be sent again.
const _: () = assert!(GROUP_PACKETS_MAX < RESEND_PACKETS_MAX);
const _: () = assert!(PAYLOAD_BYTES_MAX < DATAGRAM_BYTES_MAX);
// Some subscriptions in a row may be lost, or late.
const _: () = assert!(GUEST_UNHEARD_FOR.as_millis() >= 8 * ROUND_EVERY.as_millis());
const _: () = assert!(BURST_BYTES_AT_ONCE >= PAYLOAD_BYTES_MAX);
const _: () = assert!(CHECK_TWICE_AFTER.as_millis() < AGAIN_AFTER.as_millis());
const _: () = assert!(AGAIN_AFTER.as_millis() < TWICE_AFTER.as_millis());
// A first picture as large as is kept has room to wait in.
const _: () = assert!(GROUP_BYTES_MAX / 1_000 + REPAIRS_MAX + (CHECKS_TWICE_MAX as usize) < TWICE_MAX);
