//! What was learnt from outcomes, and the notices by which the director tells it.

use crate::bytes::{Get, Malformed, Put};
use crate::decide::arms::{Arm, Pool};
use crate::decide::calibrate::Calibration;
use crate::decide::fatigue::Uninstalls;
use crate::decide::features::{Bins, SHAPE};
use crate::decide::hazard::Hazard;
use crate::decide::lag::Lag;
use crate::decide::model::{Model, Prior};
use crate::decide::passage::Passages;
use crate::decide::response::{Response, Treatment};
use crate::decide::rhythm::{Intensity, Population};
use crate::decide::state::State;
use crate::director::word::ActivityLesson;
use crate::id::Term;
use crate::show::Trigger;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The models, as they are used until the next notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Raised with every notice.
    pub version: u32,
    hazard: Hazard,
    passages: Passages,
    /// When people are active on the whole.
    pub population: Population,
    /// Whether one enters, with and without a push.
    pub entry: Response,
    /// Whether one who entered buys.
    pub purchase: Model,
    /// What the entry model says, set right by what came true.
    pub calibration: Calibration,
    /// What a moment is worth by how long the screen has been on.
    pub lag: Lag,
    /// How often one more push makes people leave.
    pub uninstalls: Uninstalls,
    /// How the arms of copy did, by template and trigger.
    pub arms: BTreeMap<(Term, u8), Arm>,
}

/// One in fifty enters anyway; who is called in enters half again as often, as a first guess.
const ENTRY: Prior = Prior { bias: -3.9, bias_variance: 1.0, variance: 0.25, forgetting: 1e-6 };
const EFFECT: Treatment = Treatment { share: 0.9, effect: 0.9, effect_variance: 0.25, variance: 0.05 };
/// One in ten who enter buys.
const PURCHASE: Prior = Prior { bias: -2.2, bias_variance: 1.0, variance: 0.25, forgetting: 1e-6 };

/// What draws people in, as a first guess that outcomes correct. Interest in a category: how much likelier than by
/// popularity a shopper's next category is the first, a middle, a late or none of his list (docs/decisions.md,
/// "Interest", `taobao_9d`: .184 beside .054 for the first; .041 beside .024 for each of the next seven; .529
/// beside .779 for all others). Who follows the host, or put the product into his cart, said so himself: guesses
/// without figures, of two and of one and a half standard deviations of a bin.
const DRAWN_IN: &[(&str, &[f32])] = &[
    ("interest in the category", &[-0.4, 0.4, 0.6, 0.8, 1.4]),
    ("interest in the host", &[0.0, 0.0, 0.0, 0.0, 1.0]),
    ("what he did with the product", &[0.0, 0.0, 0.4, 0.0, 0.6, 0.75]),
];
/// What is dearer than all he looks at is bought less: a guess, too.
const BOUGHT: &[(&str, &[f32])] = &[("price beside what he looks at", &[0.0, 0.0, 0.2, -0.4, -1.0])];

impl Default for Learned {
    fn default() -> Self {
        Learned {
            version: 0,
            hazard: Hazard::new(super::plan::SLOT_S),
            passages: Passages::new(super::plan::SLOT_S),
            population: Population::default(),
            entry: Response::new(SHAPE, ENTRY, EFFECT).guessing(DRAWN_IN),
            purchase: Model::new(SHAPE, PURCHASE).guessing(BOUGHT),
            calibration: Calibration::default(),
            lag: Lag::default(),
            uninstalls: Uninstalls::default(),
            arms: BTreeMap::new(),
        }
    }
}

impl Learned {
    /// How likely people are active within the next [`super::plan::SLOT_S`] seconds.
    pub fn hazard(&self) -> &Hazard {
        &self.hazard
    }

    /// Learns whether somebody was active, and where that led.
    pub fn learn_activity(&mut self, lesson: &ActivityLesson) {
        self.hazard.learn_bins(&lesson.bins, lesson.active);
        let state = |index: u8| State::all().nth(index.into());
        if let (Some(before), Some(after)) = (state(lesson.bins[0]), state(lesson.after)) {
            self.passages.learn(before, lesson.active, after);
        }
    }

    /// Where people's states lead over a slot.
    pub fn passages(&self) -> &Passages {
        &self.passages
    }

    /// The average rhythm.
    pub fn average(&self) -> Intensity {
        self.population.average()
    }

    /// Probabilities of entering without and with a push, set right by what came true.
    pub fn entries(&self, bins: &Bins) -> (f64, f64) {
        let it = self.entry.uplift(bins);
        (self.calibration.correct(it.p0), self.calibration.correct(it.p1))
    }

    /// The probability that one who entered buys.
    pub fn buys(&self, bins: &Bins) -> f64 {
        self.purchase.predict(bins).p
    }

    /// How an arm did with a trigger.
    pub fn arm(&self, template: Term, trigger: Trigger) -> Arm {
        self.arms.get(&(template, trigger as u8)).copied().unwrap_or_default()
    }

    /// What all arms of a trigger have in common.
    pub fn pool(&self, trigger: Trigger) -> Pool {
        Pool::of(self.arms.iter().filter(|(key, _)| key.1 == trigger as u8).map(|(_, arm)| *arm))
    }

    /// Appends all of it to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_uint(self.version.into());
        self.hazard.encode(out);
        self.passages.encode(out);
        self.population.encode(out);
        self.entry.encode(out);
        self.purchase.encode(out);
        self.calibration.encode(out);
        self.lag.encode(out);
        self.uninstalls.encode(out);
        out.put_uint(self.arms.len() as u64);
        for ((template, trigger), arm) in &self.arms {
            out.put_uint(template.0.into());
            out.push(*trigger);
            arm.encode(out);
        }
    }

    /// Reads what [`Learned::encode`] wrote.
    pub fn read(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mut learned = Learned {
            version: get.u32("version of the models")?,
            hazard: Hazard::decode(get)?,
            passages: Passages::decode(get)?,
            population: Population::decode(get)?,
            entry: Response::decode(SHAPE, ENTRY, EFFECT, get)?,
            purchase: Model::decode(SHAPE, PURCHASE, get)?,
            calibration: Calibration::decode(get)?,
            lag: Lag::decode(get)?,
            uninstalls: Uninstalls::decode(get)?,
            arms: BTreeMap::new(),
        };
        for _ in 0..get.len("arms")? {
            let key = (Term(get.u32("template")?), get.u8("trigger")?);
            learned.arms.insert(key, Arm::decode(get)?);
        }
        Ok(learned)
    }
}

/// What the director tells every worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// What one more push for a show costs, in hundredths.
    Price {
        /// The show.
        show: Term,
        /// λ.
        price_cents: f64,
    },
    /// The room of a show, or an offer's stock, is spoken for by what is on its way; or no longer.
    Closed {
        /// The show.
        show: Term,
        /// The offer; `None` for the room.
        offer: Option<Term>,
        /// Whether it is.
        closed: bool,
    },
    /// The models.
    Learned(Arc<Learned>),
}

impl Notice {
    /// Appends this notice to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Notice::Price { show, price_cents } => {
                out.push(0);
                out.put_uint(show.0.into());
                out.extend_from_slice(&price_cents.to_le_bytes());
            }
            Notice::Closed { show, offer, closed } => {
                out.push(1);
                out.put_uint(show.0.into());
                out.put_uint(offer.map_or(0, |it| it.0.into()));
                out.push((*closed).into());
            }
            Notice::Learned(learned) => {
                out.push(2);
                learned.encode(out);
            }
        }
    }

    /// Reads what [`Notice::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut get = Get::new(bytes);
        let notice = match get.u8("notice")? {
            0 => Notice::Price {
                show: Term(get.u32("show")?),
                price_cents: f64::from_le_bytes(get.array("price")?),
            },
            1 => Notice::Closed {
                show: Term(get.u32("show")?),
                offer: Some(Term(get.u32("offer")?)).filter(|it| *it != Term::NONE),
                closed: get.u8("flag")? != 0,
            },
            2 => Notice::Learned(Arc::new(Learned::read(&mut get)?)),
            _ => return Err(get.malformed("notice")),
        };
        if get.is_empty() { Ok(notice) } else { Err(get.malformed("end of a notice")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_known_to_care_is_thought_likelier_to_come_and_not_to_be_pushed_for_nothing() {
        let learned = Learned::default();
        let indifferent: Bins = [0; SHAPE.features.len()];
        let mut caring = indifferent;
        let at = SHAPE.features.iter().position(|it| it.name == "interest in the category").unwrap();
        caring[at] = 4;
        let [(anyway, pushed), (anyway_caring, pushed_caring)] =
            [learned.entries(&indifferent), learned.entries(&caring)];
        assert!(anyway_caring > 1.5 * anyway);
        assert!(pushed_caring - anyway_caring > pushed - anyway, "a push adds more, too");
    }
}
