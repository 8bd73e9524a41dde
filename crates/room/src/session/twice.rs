//! What is sent more than once, because a datagram of it that is lost costs a whole round trip before anything is seen:
//! the handshake where no answer comes at once, and over a long way the first picture, of which at three lost of a
//! hundred four of five lose one of their fifty datagrams, and what repairs it. The second copy is the same datagram; a
//! receiver that has the first drops it (RFC 3711 §3.3.2, RFC 9147 §4.5.1).
//!
//! Without the parameters that a picture in H.264 begins with, a browser drops what follows as it comes, and does not
//! take the second copy of that either: it would wait for the next key frame. So these go out twice before the rest.
//!
//! A client that asks again whether the way is open may not have heard that it is, and a browser that has not does
//! nothing with the handshake: so each further check is answered with what it said so far, too, and the answers to its
//! first checks go out twice themselves.

use crate::effects::Datagram;
use crate::limits::{
    AGAIN_AFTER, CHECK_TWICE_AFTER, CHECKS_TWICE_MAX, REPAIRS_FOR, REPAIRS_MAX, TWICE_AFTER, TWICE_MAX,
    UNANSWERED_FOR, UNANSWERED_MAX, UNANSWERED_TIMES_MAX,
};
use crate::packet::Again;
use crate::peer::Via;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

/// Datagrams that are on their way and will be sent once more.
#[derive(Debug, Default)]
pub struct Twice {
    /// Media packets that were written and have not come out yet, by the sequence number in their header.
    expected: VecDeque<(u16, Again)>,
    waiting: VecDeque<(Instant, Datagram)>,
    /// What the handshake said that has had no answer yet.
    unanswered: Vec<Said>,
    /// How many checks were told twice that the way is open.
    checks: u8,
    /// Until when repairs are sent twice, too, and how many more of them.
    repairs: Option<(Instant, usize)>,
}

/// The streams of a line: of its packets, and of those that are sent in place of lost ones (RFC 4588) and of nothing else.
pub type Streams = (u32, Option<u32>);

#[derive(Debug)]
struct Said {
    at: Instant,
    /// How often it was said again because the other side asked.
    again: u8,
    datagram: Datagram,
}

impl Twice {
    /// The media packet of this number is to be sent once more.
    pub fn expect(&mut self, sequence: u64, again: Again) {
        if self.expected.len() < TWICE_MAX {
            self.expected.push_back((sequence as u16, again));
        }
    }

    /// A datagram goes out the first time. `pictures` are the streams whose packets were announced.
    pub fn note(&mut self, now: Instant, datagram: &Datagram, pictures: Option<Streams>) {
        let is_handshake = is_handshake(&datagram.bytes);
        let again = match is_handshake {
            // With DTLS 1.3 what is enciphered gives the other side the keys, and pictures follow at once.
            true => Again { before_others: is_enciphered(&datagram.bytes), later: true },
            false => self.take_announced(now, &datagram.bytes, pictures),
        };
        if datagram.via != Via::Udp {
            return;
        }
        if is_handshake {
            self.unanswered.retain(|said| now.saturating_duration_since(said.at) < UNANSWERED_FOR);
            if self.unanswered.len() >= UNANSWERED_MAX {
                self.unanswered.remove(0);
            }
            self.unanswered.push(Said { at: now, again: 0, datagram: datagram.clone() });
        }
        if says_open(&datagram.bytes) && self.checks < CHECKS_TWICE_MAX {
            self.checks += 1;
            self.wait(now + CHECK_TWICE_AFTER, datagram.clone());
        }
        if again.before_others {
            self.wait(now, datagram.clone());
        }
        if again.later {
            self.wait(now + TWICE_AFTER, datagram.clone());
        }
    }

    fn wait(&mut self, until: Instant, datagram: Datagram) {
        if self.waiting.len() < TWICE_MAX {
            let at = self.waiting.partition_point(|(at, _)| *at <= until);
            self.waiting.insert(at, (until, datagram));
        }
    }

    fn take_announced(&mut self, now: Instant, bytes: &[u8], pictures: Option<Streams>) -> Again {
        self.repairs = self.repairs.filter(|(until, left)| now < *until && *left > 0);
        // Most of the time nothing is expected, and this is all that a packet costs.
        if self.expected.is_empty() && self.repairs.is_none() {
            return Again::default();
        }
        let (Some((stream, repair)), Some(header)) = (pictures, bytes.get(..12)) else {
            return Again::default();
        };
        if repair.is_some_and(|repair| header[8..12] == repair.to_be_bytes()) {
            if let Some((_, left)) = &mut self.repairs {
                *left -= 1;
            }
            return Again { before_others: false, later: self.repairs.is_some() };
        }
        if header[8..12] != stream.to_be_bytes() {
            return Again::default();
        }
        let sequence = u16::from_be_bytes([header[2], header[3]]);
        let found = self.expected.iter().position(|(it, _)| *it == sequence);
        let again = found.and_then(|at| self.expected.remove(at)).map(|(_, again)| again).unwrap_or_default();
        if again.later && self.repairs.is_none() {
            self.repairs = Some((now + REPAIRS_FOR, REPAIRS_MAX));
        }
        again
    }

    /// The other side went on with the handshake, so it has what was said to it.
    pub fn answered(&mut self) {
        self.unanswered.clear();
        self.checks = CHECKS_TWICE_MAX;
        self.waiting.retain(|(_, it)| !is_handshake(&it.bytes) && !says_open(&it.bytes));
    }

    /// The other side asks whether the way is open, and is answered at once; the handshake follows behind that. Only to
    /// where it was said before and so often: a check is small, and whoever sends it need not be where he says he is.
    pub fn asked(&mut self, now: Instant, from: SocketAddr) {
        if self.waiting.iter().any(|(_, datagram)| is_handshake(&datagram.bytes)) {
            return;
        }
        let mut again = Vec::new();
        for said in &mut self.unanswered {
            // What ends a handshake has no answer in some versions.
            let is_new = now.saturating_duration_since(said.at) < UNANSWERED_FOR;
            if is_new && said.datagram.to == from && said.again < UNANSWERED_TIMES_MAX {
                said.again += 1;
                again.push(said.datagram.clone());
            }
        }
        again.into_iter().for_each(|datagram| self.wait(now + AGAIN_AFTER, datagram));
    }

    /// What is to be sent again now.
    pub fn due(&mut self, now: Instant) -> Option<Datagram> {
        self.waiting.pop_front_if(|(at, _)| *at <= now).map(|(_, datagram)| datagram)
    }

    /// When there is more.
    pub fn next(&self) -> Option<Instant> {
        self.waiting.front().map(|(at, _)| *at)
    }
}

/// Whether these bytes are DTLS rather than STUN, RTP or RTCP (RFC 7983 §7).
pub fn is_handshake(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| (20..64).contains(first))
}

/// Whether these bytes say that a check has found the way open (RFC 8489 §5: a success response to a binding request).
fn says_open(bytes: &[u8]) -> bool {
    bytes.starts_with(&[1, 1])
}

/// Whether these bytes are a record of DTLS 1.3 that is enciphered (RFC 9147 §4).
fn is_enciphered(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first >> 5 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LATER: Again = Again { before_others: false, later: true };

    const PICTURES: Option<Streams> = Some((9, Some(10)));

    fn datagram(bytes: Vec<u8>, via: Via) -> Datagram {
        let at = "127.0.0.1:9".parse().unwrap();
        Datagram { from: at, to: at, via, bytes }
    }

    fn media(sequence: u16, stream: u32) -> Datagram {
        let mut bytes = vec![0x80, 102, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        bytes[2..4].copy_from_slice(&sequence.to_be_bytes());
        bytes[8..12].copy_from_slice(&stream.to_be_bytes());
        datagram(bytes, Via::Udp)
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn packets_that_were_announced_and_the_handshake_go_out_once_more_and_nothing_else() {
        let (now, mut twice) = (Instant::now(), Twice::default());
        for sequence in [65_535, 65_536] {
            twice.expect(sequence, LATER);
        }
        let hello = datagram(vec![22, 254, 253], Via::Udp);
        for out in [&hello, &media(65_535, 9), &media(0, 8), &media(1, 9), &media(0, 9), &media(0, 9)] {
            twice.note(now, out, PICTURES);
        }
        twice.note(now, &datagram(vec![22, 254, 253], Via::Tcp), PICTURES);
        assert_eq!((twice.due(now).map(|it| it.bytes), twice.next()), (None, Some(now + TWICE_AFTER)));
        let later = now + TWICE_AFTER + Duration::from_millis(1);
        let again: Vec<_> = std::iter::from_fn(|| twice.due(later)).map(|it| it.bytes).collect();
        assert_eq!(again, [hello.bytes.clone(), media(65_535, 9).bytes, media(0, 9).bytes]);
        twice.note(now, &hello, None);
        twice.answered();
        assert!(twice.due(later).is_none() && twice.next().is_none());
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn whoever_asks_again_is_told_again_what_the_handshake_said_until_he_answers_it() {
        let (now, mut twice) = (Instant::now(), Twice::default());
        let hello = datagram(vec![22, 254, 253], Via::Udp);
        let (him, another) = (hello.to, "127.0.0.2:9".parse().unwrap());
        let drained = |twice: &mut Twice, at: Instant| std::iter::from_fn(|| twice.due(at)).count();
        twice.asked(now, him);
        assert_eq!(twice.next(), None);
        twice.note(now, &hello, None);
        let later = now + 2 * TWICE_AFTER;
        assert_eq!(drained(&mut twice, later), 1);
        twice.asked(later, another);
        assert_eq!(twice.next(), None, "who asks for another is not answered to him");
        twice.asked(later, him);
        twice.asked(later, him);
        assert_eq!(drained(&mut twice, later), 0, "behind the answer that the way is open");
        assert_eq!(drained(&mut twice, later + AGAIN_AFTER), 1, "once for all who ask meanwhile");
        let asks = |twice: &mut Twice| {
            twice.asked(later, him);
            drained(twice, later + AGAIN_AFTER)
        };
        let told: usize = (0..100).map(|_| asks(&mut twice)).sum();
        assert_eq!(told + 1, usize::from(UNANSWERED_TIMES_MAX));
        twice.note(later, &hello, None);
        drained(&mut twice, later + TWICE_AFTER);
        twice.asked(later + UNANSWERED_FOR, him);
        assert_eq!(twice.next(), None, "not for ever");
        twice.note(later, &hello, None);
        twice.answered();
        twice.asked(later, him);
        assert_eq!(twice.next(), None);
        // What is enciphered gives the keys for the pictures behind it.
        twice.note(later, &datagram(vec![0x2e, 7], Via::Udp), None);
        assert_eq!(drained(&mut twice, later), 1);
        for _ in 0..2 * UNANSWERED_MAX {
            twice.note(later, &hello, None);
        }
        assert_eq!(twice.unanswered.len(), UNANSWERED_MAX);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn what_nothing_is_of_use_without_goes_out_twice_before_the_rest() {
        let (now, mut twice) = (Instant::now(), Twice::default());
        twice.expect(7, Again { before_others: true, later: false });
        twice.expect(8, Again { before_others: true, later: true });
        for sequence in [7, 8] {
            twice.note(now, &media(sequence, 9), PICTURES);
            assert_eq!(twice.due(now).map(|it| it.bytes), Some(media(sequence, 9).bytes));
        }
        assert!(twice.due(now).is_none());
        assert_eq!(twice.due(now + TWICE_AFTER).map(|it| it.bytes), Some(media(8, 9).bytes));
        assert_eq!(twice.next(), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn the_first_checks_are_told_twice_that_the_way_is_open_until_the_handshake_goes_on() {
        let (now, open) = (Instant::now(), datagram(vec![1, 1, 0, 44], Via::Udp));
        let told = |twice: &mut Twice| {
            twice.note(now, &open, PICTURES);
            std::iter::from_fn(|| twice.due(now + CHECK_TWICE_AFTER)).count()
        };
        let mut twice = Twice::default();
        let all: usize = (0..2 * CHECKS_TWICE_MAX).map(|_| told(&mut twice)).sum();
        assert_eq!(all, usize::from(CHECKS_TWICE_MAX));
        let mut twice = Twice::default();
        twice.note(now, &open, PICTURES);
        twice.answered();
        assert_eq!((twice.next(), told(&mut twice)), (None, 0));
        twice = Twice::default();
        for other in [datagram(vec![1, 0x11, 0, 8], Via::Udp), datagram(open.bytes.clone(), Via::Tcp)] {
            twice.note(now, &other, PICTURES);
        }
        assert_eq!(twice.next(), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn what_repairs_the_first_picture_goes_out_twice_too_for_a_while_and_so_much_of_it() {
        let (now, mut twice) = (Instant::now(), Twice::default());
        let repeats = |twice: &mut Twice, at: Instant, stream: u32| {
            twice.note(at, &media(1, stream), PICTURES);
            std::iter::from_fn(|| twice.due(at + TWICE_AFTER)).count()
        };
        assert_eq!(repeats(&mut twice, now, 10), 0, "of a picture that did not go out twice itself");
        twice.expect(1, LATER);
        assert_eq!(repeats(&mut twice, now, 9), 1);
        assert_eq!((repeats(&mut twice, now, 10), repeats(&mut twice, now, 11)), (1, 0));
        let again: usize = (0..2 * REPAIRS_MAX).map(|_| repeats(&mut twice, now, 10)).sum();
        assert_eq!(again, REPAIRS_MAX - 1, "a way that loses so much is not to be filled further");
        twice.expect(1, LATER);
        assert_eq!(
            (repeats(&mut twice, now, 9), repeats(&mut twice, now, 10)),
            (1, 1),
            "the host came again"
        );
        assert_eq!(repeats(&mut twice, now + REPAIRS_FOR, 10), 0);
        assert_eq!(twice.repairs, None, "then a packet costs nothing again");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with; nothing depends on which")]
    fn no_more_is_kept_than_its_bound() {
        let (now, mut twice) = (Instant::now(), Twice::default());
        for sequence in 0..2 * TWICE_MAX as u64 {
            twice.expect(sequence, LATER);
        }
        assert_eq!((twice.waiting.len(), twice.expected.len()), (0, TWICE_MAX));
        for sequence in 0..2 * TWICE_MAX as u64 {
            twice.note(now, &media(sequence as u16, 9), PICTURES);
            // Who waits already keeps the place; the number is no longer looked for.
            twice.expect(sequence, LATER);
            twice.note(now, &media(sequence as u16, 9), PICTURES);
        }
        assert_eq!((twice.waiting.len(), twice.expected.len()), (TWICE_MAX, 0));
    }
}
