//! Pushes as bytes, for snapshots and for what is journalled about them.

use super::ledger::Ledger;
use super::way::Tried;
use super::{Answer, End, Life, Outcome, Push, Reason, Terms};
use crate::bytes::{Get, Malformed, Put};
use crate::event::{Channel, Class};
use crate::id::Term;
use crate::profile::device::ClaimKey;
use crate::show::{Phase, Trigger};
use crate::time::Timestamp;
use std::sync::Arc;

impl End {
    /// Appends this end to `out`.
    pub fn encode(self, out: &mut Vec<u8>) {
        let number = match self {
            End::Accepted => 0,
            End::Withheld(reason) => {
                out.extend_from_slice(&[1, reason as u8]);
                return;
            }
            End::Stale => 2,
            End::Expired => 3,
            End::Capped => 4,
            End::Refused => 5,
            End::Gone => 6,
            End::Ambiguous => 7,
            End::Unreached => 8,
        };
        out.push(number);
    }

    /// Reads what [`End::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(match get.u8("end of a push")? {
            0 => End::Accepted,
            1 => End::Withheld(Reason::from_number(get.u8("reason")?).ok_or(get.malformed("reason"))?),
            2 => End::Stale,
            3 => End::Expired,
            4 => End::Capped,
            5 => End::Refused,
            6 => End::Gone,
            7 => End::Ambiguous,
            8 => End::Unreached,
            _ => return Err(get.malformed("end of a push")),
        })
    }
}

impl Answer {
    /// Appends this answer to `out`.
    pub fn encode(self, out: &mut Vec<u8>) {
        let number = match self {
            Answer::Accepted => 0,
            Answer::Delivered => 1,
            Answer::Gone => 2,
            Answer::Later(at) => {
                out.push(3);
                out.put_int(at.0);
                return;
            }
            Answer::Capped => 4,
            Answer::Refused => 5,
            Answer::Ambiguous => 6,
            Answer::NotComposed => 7,
            Answer::Unreached => 8,
        };
        out.push(number);
    }

    /// Reads what [`Answer::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(match get.u8("answer")? {
            0 => Answer::Accepted,
            1 => Answer::Delivered,
            2 => Answer::Gone,
            3 => Answer::Later(Timestamp(get.int("time of an answer")?)),
            4 => Answer::Capped,
            5 => Answer::Refused,
            6 => Answer::Ambiguous,
            7 => Answer::NotComposed,
            8 => Answer::Unreached,
            _ => return Err(get.malformed("answer")),
        })
    }
}

impl Life {
    fn encode(self, out: &mut Vec<u8>) {
        match self {
            Life::Decided => out.push(0),
            Life::Dispatched => out.push(1),
            Life::Ended(end) => {
                out.push(2);
                end.encode(out);
            }
            Life::Shadow(reason) => out.extend_from_slice(&[3, reason as u8]),
        }
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        Ok(match get.u8("life of a push")? {
            0 => Life::Decided,
            1 => Life::Dispatched,
            2 => Life::Ended(End::read(get)?),
            3 => Life::Shadow(Reason::from_number(get.u8("reason")?).ok_or(get.malformed("reason"))?),
            _ => return Err(get.malformed("life of a push")),
        })
    }
}

impl Terms {
    fn numbers(&mut self) -> [&mut f64; 10] {
        [
            &mut self.reach,
            &mut self.enter,
            &mut self.enter_anyway,
            &mut self.buy,
            &mut self.value,
            &mut self.fatigue,
            &mut self.gain,
            &mut self.price,
            &mut self.wait,
            &mut self.hazard,
        ]
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let mut copy = *self;
        copy.numbers().into_iter().for_each(|it| out.extend_from_slice(&it.to_le_bytes()));
        out.put_uint(self.model.into());
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut terms = Terms::default();
        for it in terms.numbers() {
            *it = f64::from_le_bytes(get.array("term of a decision")?);
        }
        terms.model = get.u32("version of the models")?;
        Ok(terms)
    }
}

impl Outcome {
    fn encode(&self, out: &mut Vec<u8>) {
        let flags = [self.delivered, self.tapped, self.dismissed, self.entered, self.matured];
        out.push(flags.iter().enumerate().map(|(at, on)| u8::from(*on) << at).sum());
        out.put_uint(self.purchases.into());
        out.put_uint(self.dwell_s.into());
        out.put_uint(self.spent_cents);
        [self.picture_ms, self.stalls.into(), self.stalled_ms]
            .iter()
            .for_each(|it| out.put_uint((*it).into()));
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let flags = get.u8("outcome")?;
        let on = |at: u8| flags & 1 << at != 0;
        Ok(Outcome {
            delivered: on(0),
            tapped: on(1),
            dismissed: on(2),
            entered: on(3),
            matured: on(4),
            purchases: get.u16("purchases")?,
            dwell_s: get.u32("dwell")?,
            spent_cents: get.uint("spent")?,
            picture_ms: get.u32("wait for a picture")?,
            stalls: get.u16("stalls")?,
            stalled_ms: get.u32("stalled")?,
        })
    }
}

impl Push {
    fn encode(&self, out: &mut Vec<u8>) {
        out.put_str(&self.shopper);
        out.extend_from_slice(&[
            u8::from(self.known) | u8::from(self.random_time) << 1,
            self.trigger as u8,
            self.phase as u8,
            self.channel as u8,
            self.class as u8,
            self.attempts,
        ]);
        let lag_s = u32::from(self.lag_s);
        let offer = [self.offer.0, self.offer_version];
        let words = [self.template.0, self.edition];
        for number in [self.show.0, self.product.0, offer[0], offer[1], words[0], words[1], self.day, lag_s] {
            out.put_uint(number.into());
        }
        out.extend_from_slice(&self.propensity.to_le_bytes());
        out.push(self.unsaid.len() as u8);
        self.unsaid.iter().for_each(|it| out.put_uint(it.0.into()));
        out.put_str(&self.device);
        out.put_uint(self.address.0);
        out.push(self.tried.len() as u8);
        self.tried.iter().for_each(|it| it.encode(out));
        for time in [self.decided, self.deadline, self.left] {
            out.put_int(time.0);
        }
        self.life.encode(out);
        self.outcome.encode(out);
        self.terms.encode(out);
        out.extend_from_slice(&self.bins);
    }

    fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let shopper = Arc::from(get.str("shopper of a push")?);
        let [flags, trigger, phase, channel, class, attempts] = get.array("head of a push")?;
        let mut numbers = [0; 8];
        for it in &mut numbers {
            *it = get.u32("number of a push")?;
        }
        let [show, product, offer, offer_version, template, edition, day, lag_s] = numbers;
        let propensity = f32::from_le_bytes(get.array("propensity")?);
        let mut unsaid = Vec::new();
        for _ in 0..get.u8("words of a push")? {
            unsaid.push(Term(get.u32("words of a push")?));
        }
        let device = get.str("device of a push")?.into();
        let address = ClaimKey(get.uint("address of a push")?);
        let mut tried = Vec::new();
        for _ in 0..get.u8("ways of a push")? {
            tried.push(Tried::read(get)?);
        }
        let mut times = [Timestamp(0); 3];
        for it in &mut times {
            *it = Timestamp(get.int("time of a push")?);
        }
        Ok(Push {
            shopper,
            known: flags & 1 != 0,
            show: Term(show),
            trigger: Trigger::from_number(trigger).ok_or(get.malformed("trigger"))?,
            phase: Phase::from_number(phase).ok_or(get.malformed("phase"))?,
            product: Term(product),
            offer: Term(offer),
            offer_version,
            edition,
            template: Term(template),
            propensity,
            unsaid,
            channel: Channel::from_number(channel).ok_or(get.malformed("channel"))?,
            device,
            address,
            tried,
            class: Class::from_number(class).ok_or(get.malformed("class"))?,
            random_time: flags & 2 != 0,
            decided: times[0],
            deadline: times[1],
            attempts,
            day,
            life: Life::read(get)?,
            left: times[2],
            lag_s: lag_s.min(u16::MAX.into()) as u16,
            outcome: Outcome::read(get)?,
            terms: Terms::read(get)?,
            bins: get.array("bins")?,
        })
    }
}

/// Bytes of a push at least: what a claimed count is checked against.
const PUSH_BYTES_MIN: usize = 100;

impl Ledger {
    /// Appends the ledger to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.last());
        out.put_uint(self.len() as u64);
        for (number, push) in self.iter() {
            out.put_uint(number);
            push.encode(out);
        }
    }

    /// Reads what [`Ledger::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut ledger = Ledger::default();
        let last = get.uint("last number of a push")?;
        let count = get.uint("pushes")?;
        if count > (get.rest().len() / PUSH_BYTES_MIN) as u64 {
            return Err(get.malformed("pushes"));
        }
        for _ in 0..count {
            let number = get.uint("number of a push")?;
            ledger.put(number, Push::read(get)?);
        }
        ledger.set_last(last);
        Ok(ledger)
    }
}
