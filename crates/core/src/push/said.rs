//! What a push tells: so that nobody is told the same twice for one show.
//!
//! Caps and the gap between pushes bound how often a shopper is called; they do not keep one cue from calling him
//! again and again with the very same words once they are wide. This does.

use crate::bytes::{Get, Malformed, Put};
use crate::id::Term;
use crate::show::{Phase, Trigger};

/// Why, about what, and in which edition of the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// Why now.
    pub trigger: Trigger,
    /// The phase that began; [`Phase::WarmUp`] of what is not about one.
    pub phase: Phase,
    /// About which product; [`Term::NONE`] for the show as such.
    pub product: Term,
    /// With which offer; [`Term::NONE`] for none.
    pub offer: Term,
    /// See [`crate::stage::OnOffer::edition`]; 0 without an offer.
    pub edition: u32,
}

impl Said {
    /// What a push of this trigger tells.
    pub fn new(trigger: Trigger, phase: Phase, product: Term, offer: Term, edition: u32) -> Self {
        let phase = if trigger == Trigger::PhaseBegins { phase } else { Phase::WarmUp };
        Said { trigger, phase, product, offer, edition }
    }

    /// Whether nothing of it is new to somebody who was told `before` of the same show. A mere good moment has nothing
    /// new to tell: whatever was said of the product said it.
    pub fn repeats(&self, before: &Said) -> bool {
        let is_plain = matches!(self.trigger, Trigger::Moment | Trigger::CameOnline);
        let same_offer = (self.offer, self.edition) == (before.offer, before.edition);
        let same_reason = (self.trigger, self.phase) == (before.trigger, before.phase);
        let known = if is_plain { same_offer || self.offer == Term::NONE } else { same_offer && same_reason };
        known && self.product == before.product
    }

    /// Appends this to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.trigger as u8, self.phase as u8]);
        for number in [self.product.0, self.offer.0, self.edition] {
            out.put_uint(number.into());
        }
    }

    /// Reads what [`Said::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let [trigger, phase] = get.array("what was said")?;
        Ok(Said {
            trigger: Trigger::from_number(trigger).ok_or(get.malformed("trigger"))?,
            phase: Phase::from_number(phase).ok_or(get.malformed("phase"))?,
            product: Term(get.u32("product that was said")?),
            offer: Term(get.u32("offer that was said")?),
            edition: get.u32("edition that was said")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_moment_repeats_whatever_was_said_of_the_product_and_news_repeats_only_itself() {
        let said = |trigger, phase, edition| Said::new(trigger, phase, Term(7), Term(8), edition);
        let drop = said(Trigger::PriceDrop, Phase::WarmUp, 1);
        assert!(drop.repeats(&said(Trigger::PriceDrop, Phase::Climax, 1)), "the phase is not what it tells");
        assert!(!drop.repeats(&said(Trigger::PriceDrop, Phase::WarmUp, 2)), "the price is another");
        assert!(!drop.repeats(&said(Trigger::Moment, Phase::WarmUp, 1)), "nobody said that it fell");
        assert!(said(Trigger::CameOnline, Phase::WarmUp, 1).repeats(&drop));
        assert!(!said(Trigger::Moment, Phase::WarmUp, 2).repeats(&drop));
        let climax = said(Trigger::PhaseBegins, Phase::Climax, 1);
        assert!(!climax.repeats(&said(Trigger::PhaseBegins, Phase::WarmUp, 1)), "another phase begins");
    }
}
