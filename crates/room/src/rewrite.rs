//! Makes one stream of many. A viewer sees one sequence of numbers and one clock, whichever layer or publisher
//! the packets come from: numbers go on without a gap across a switch, and times go on as the wall clock does,
//! so that sender reports stay true and sound and picture stay together.

use crate::packet::Picture;
use std::time::Instant;

/// The numbers of a packet as the viewer gets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Sequence number that never wraps.
    pub sequence: u64,
    /// RTP time.
    pub timestamp: u32,
    /// What a VP8 payload must carry.
    pub picture: Option<Picture>,
}

/// Numbers of one stream to one viewer.
#[derive(Clone, Debug, Default)]
pub struct Rewriter {
    /// Added to a sequence number that came in.
    sequence_by: i64,
    /// Added to a time that came in.
    timestamp_by: u64,
    /// The first sequence number that came in and belongs here: what is older came too late.
    from: u64,
    /// One behind the highest number given out.
    next: u64,
    /// The latest time given out, and the instant that it stands for.
    latest: Option<(u64, Instant)>,
    picture_by: u16,
    base_by: u8,
    last_picture: Option<Picture>,
}

/// How far a stream may go on with numbers it had before: the width of a receiver's window.
const REORDER_MAX: u64 = 2_048;

impl Rewriter {
    /// From here on packets come from another source, or from another place of the same: the next is
    /// `sequence`, of a picture with `timestamp` that was taken at `taken`.
    pub fn switch(
        &mut self,
        sequence: u64,
        timestamp: u64,
        taken: Instant,
        clock_rate: u64,
        picture: Option<Picture>,
    ) {
        self.go_on_at(sequence);
        let goes_on = match self.latest {
            // A viewer's clock begins at nought, one turn up so that what was taken before has a time, too.
            None => 1 << 32,
            Some((latest, then)) => {
                let passed = taken.saturating_duration_since(then).as_micros() as u64;
                // Two pictures never share a time, or the viewer would take them for one.
                latest + (passed * clock_rate / 1_000_000).max(clock_rate / 1_000)
            }
        };
        self.timestamp_by = goes_on.wrapping_sub(timestamp);
        if let (Some(picture), Some(last)) = (picture, self.last_picture) {
            self.picture_by = (last.id.wrapping_add(1)).wrapping_sub(picture.id);
            self.base_by = last.base.unwrap_or(0).wrapping_add(1).wrapping_sub(picture.base.unwrap_or(0));
        }
    }

    /// The next packet of the same source is `sequence`: what lies between was never meant for this viewer.
    pub fn go_on_at(&mut self, sequence: u64) {
        self.sequence_by = self.next as i64 - sequence as i64;
        self.from = sequence;
    }

    /// The numbers of a packet, or `None` if it came too late to be of use.
    pub fn map(
        &mut self,
        sequence: u64,
        timestamp: u64,
        taken: Instant,
        picture: Option<Picture>,
    ) -> Option<Numbers> {
        if sequence < self.from {
            return None;
        }
        let out = u64::try_from(sequence as i64 + self.sequence_by).ok()?;
        if out + REORDER_MAX < self.next {
            return None;
        }
        self.next = self.next.max(out + 1);
        let time = timestamp.wrapping_add(self.timestamp_by);
        if self.latest.is_none_or(|(latest, _)| time > latest) {
            self.latest = Some((time, taken));
        }
        let picture = picture.map(|picture| self.turn(picture));
        Some(Numbers { sequence: out, timestamp: time as u32, picture })
    }

    fn turn(&mut self, picture: Picture) -> Picture {
        let turned = Picture {
            id: picture.id.wrapping_add(self.picture_by) & 0x7fff,
            base: picture.base.map(|base| base.wrapping_add(self.base_by)),
        };
        self.last_picture = Some(turned);
        turned
    }

    /// One behind the highest sequence number given out.
    pub fn next(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn numbers_go_on_without_a_gap_and_times_with_the_clock_across_a_switch() {
        let (mut rewriter, start) = (Rewriter::default(), start());
        rewriter.switch(1_000, 5_000, start, 90_000, None);
        let first = rewriter.map(1_000, 5_000, start, None).expect("in time");
        rewriter.map(1_002, 8_000, start + Duration::from_millis(33), None).expect("in time");
        let late = rewriter.map(1_001, 5_000, start, None).expect("reordered");
        assert_eq!(late.sequence, first.sequence + 1);
        let later = start + Duration::from_millis(133);
        rewriter.switch(70, 1, later, 90_000, None);
        let other = rewriter.map(70, 1, later, None).expect("in time");
        assert_eq!(other.sequence, first.sequence + 3);
        assert_eq!(other.timestamp - first.timestamp, 3_000 + 9_000);
        assert_eq!(rewriter.map(69, 0, later, None), None);
    }

    #[test]
    fn a_clock_that_went_back_still_moves_on() {
        let (mut rewriter, start) = (Rewriter::default(), start());
        rewriter.switch(0, 0, start + Duration::from_secs(1), 90_000, None);
        let before = rewriter.map(0, 0, start + Duration::from_secs(1), None).expect("in time");
        rewriter.switch(0, 0, start, 90_000, None);
        let after = rewriter.map(0, 0, start, None).expect("in time");
        assert!(after.timestamp > before.timestamp && after.sequence == before.sequence + 1);
    }

    #[test]
    fn the_pictures_of_vp8_are_counted_on() {
        let (mut rewriter, start) = (Rewriter::default(), start());
        let first = Picture { id: 0x7ffe, base: Some(255) };
        rewriter.switch(0, 0, start, 90_000, Some(first));
        assert_eq!(rewriter.map(0, 0, start, Some(first)).and_then(|n| n.picture), Some(first));
        let second = Picture { id: 17, base: Some(3) };
        rewriter.switch(0, 0, start, 90_000, Some(second));
        let turned = rewriter.map(0, 0, start, Some(second)).and_then(|n| n.picture);
        assert_eq!(turned, Some(Picture { id: 0x7fff, base: Some(0) }));
    }
}
