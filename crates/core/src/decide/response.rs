//! What a push changes: the same additive model with a second weight a bin that only counts when the
//! shopper was pushed.
//!
//! `logit p(T) = b + Σ w_f + (T − e) · (τ + Σ δ_f)`, `e` being the share that is pushed. Centred like
//! this, the two parts hardly lean on each other (Nie and Wager, "Quasi-oracle estimation of
//! heterogeneous treatment effects", Biometrika 2021, for why), which a model with independent beliefs
//! needs: a pushed shopper, one of many, says little about the effect, and a ghost (eligible, withheld on
//! purpose), one of few, says much. The effect's weights start closer to zero than the others: that a
//! push works alike on everyone is the first guess, and the data must argue against it.

use super::logistic::sigmoid_of_normal;
use super::model::{
    FEATURES_MAX, Part, Prediction, Prior, Shape, Term, Weight, decode_weights, encode_weights, learn_at,
};
use crate::bytes::{Get, Malformed};

/// How the treatment's weights begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Treatment {
    /// Share of the examples that are pushed, `e`: about one less the share of ghosts.
    pub share: f64,
    /// What a push adds to the log odds before anything is known.
    pub effect: f64,
    /// Variance of that.
    pub effect_variance: f64,
    /// Variance of each bin's difference from it.
    pub variance: f64,
}

/// Probabilities with and without a push.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uplift {
    /// Without a push.
    pub p0: f64,
    /// With one.
    pub p1: f64,
    /// The variance of the treatment's part, in log odds: how unsure the difference is.
    pub variance: f64,
}

impl Uplift {
    /// What a push adds; may be negative.
    pub fn gain(&self) -> f64 {
        self.p1 - self.p0
    }
}

/// An additive logistic model with treatment interactions.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    shape: Shape,
    prior: Prior,
    treatment: Treatment,
    /// Bias and bins without a push, then effect and bins with one.
    weights: Vec<Weight>,
    learned: u64,
}

impl Response {
    /// A model that knows nothing yet.
    pub fn new(shape: Shape, prior: Prior, treatment: Treatment) -> Self {
        let half = 1 + shape.bins();
        let weight = |mean: f64, variance: f64| Weight { mean: mean as f32, variance: variance as f32 };
        let mut weights = vec![weight(0.0, prior.variance); half];
        weights[0] = weight(prior.bias, prior.bias_variance);
        weights.push(weight(treatment.effect, treatment.effect_variance));
        weights.resize(2 * half, weight(0.0, treatment.variance));
        Response { shape, prior, treatment, weights, learned: 0 }
    }

    /// The same with first guesses: of a feature by its name, where its first bins are thought to be in log odds,
    /// with and without a push alike.
    pub fn guessing(mut self, guesses: &[(&str, &[f32])]) -> Self {
        self.shape.guess(&mut self.weights[1..], guesses);
        self
    }

    /// The features it takes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Examples it has learned from.
    pub fn learned(&self) -> u64 {
        self.learned
    }

    /// The probability of an outcome for one bin a feature.
    pub fn predict(&self, bins: &[u8], treated: bool) -> Prediction {
        Prediction::of(&self.weights, self.parts(bins, treated)[..self.len()].iter().copied())
    }

    /// Both probabilities. The doubt about either is averaged over alike, so that doubt alone never makes
    /// a gain.
    pub fn uplift(&self, bins: &[u8]) -> Uplift {
        let without = self.predict(bins, false);
        let with = self.predict(bins, true);
        let doubt = without.variance.min(with.variance);
        let parts = self.parts(bins, true);
        let effect = parts[1 + self.shape.features.len()..self.len()].iter();
        Uplift {
            p0: sigmoid_of_normal(without.logit, doubt),
            p1: sigmoid_of_normal(with.logit, doubt),
            variance: effect.map(|(place, _)| f64::from(self.weights[*place].variance)).sum(),
        }
    }

    /// Learns from one outcome of a shopper who was, or was not, pushed.
    pub fn learn(&mut self, bins: &[u8], treated: bool, label: bool) {
        let (parts, len) = (self.parts(bins, treated), self.len());
        let half = 1 + self.shape.bins();
        let (prior, treatment) = (self.prior, self.treatment);
        let variance = |place: usize| match place {
            0 => prior.bias_variance,
            place if place == half => treatment.effect_variance,
            place if place < half => prior.variance,
            _ => treatment.variance,
        };
        learn_at(&mut self.weights, &parts[..len], variance, prior.forgetting, label);
        self.learned += 1;
    }

    /// The terms of a pushed shopper's prediction, the largest first: what each bin adds in all.
    pub fn explain(&self, bins: &[u8]) -> Vec<Term> {
        let share = self.treatment.share as f32;
        self.terms(bins, |main, effect| main + (1.0 - share) * effect)
    }

    /// The terms of the push's own effect, the largest first.
    pub fn explain_effect(&self, bins: &[u8]) -> Vec<Term> {
        self.terms(bins, |_, effect| effect)
    }

    fn terms(&self, bins: &[u8], of: impl Fn(f32, f32) -> f32) -> Vec<Term> {
        let parts = self.parts(bins, true);
        let features = self.shape.features.len();
        let mean = |at: usize| self.weights[parts[at].0].mean;
        let mut terms: Vec<Term> = (0..features)
            .map(|at| {
                let (main, effect) = (mean(1 + at), mean(2 + features + at));
                Term { feature: self.shape.features[at].name, bin: bins[at], mean: of(main, effect) }
            })
            .collect();
        terms.sort_by(|a, b| b.mean.abs().total_cmp(&a.mean.abs()));
        terms
    }

    /// What a bin of one feature adds to the log odds of a pushed shopper, beside the feature's first bin.
    pub fn adds(&self, feature: usize, bin: usize) -> f64 {
        let half = 1 + self.shape.bins();
        let first = 1 + self.shape.features[..feature].iter().map(|it| usize::from(it.bins)).sum::<usize>();
        let bin = bin.min(usize::from(self.shape.features[feature].bins) - 1);
        let pushed = 1.0 - self.treatment.share;
        let mean = |bin: usize| {
            let [main, effect] = [first + bin, half + first + bin].map(|at| f64::from(self.weights[at].mean));
            main + pushed * effect
        };
        mean(bin) - mean(0)
    }

    /// Parts of an example: bias and bins, then the effect and its bins.
    fn len(&self) -> usize {
        2 * (1 + self.shape.features.len())
    }

    fn parts(&self, bins: &[u8], treated: bool) -> [Part; 2 + 2 * FEATURES_MAX] {
        let half = 1 + self.shape.bins();
        let features = self.shape.features.len();
        let mut parts = [(0, 1.0); 2 + 2 * FEATURES_MAX];
        let mut start = 1;
        assert_eq!(bins.len(), features, "one bin a feature");
        for (at, feature) in self.shape.features.iter().enumerate() {
            parts[1 + at].0 = start + usize::from(bins[at].min(feature.bins - 1));
            start += usize::from(feature.bins);
        }
        let x = f64::from(u8::from(treated)) - self.treatment.share;
        for at in 0..=features {
            parts[1 + features + at] = (half + parts[at].0, x);
        }
        parts
    }

    /// Appends the weights.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode_weights(&self.weights, self.learned, out);
    }

    /// Takes back what [`Response::encode`] wrote for the same shape.
    pub fn decode(
        shape: Shape,
        prior: Prior,
        treatment: Treatment,
        get: &mut Get<'_>,
    ) -> Result<Self, Malformed> {
        let (weights, learned) = decode_weights(2 * (1 + shape.bins()), get)?;
        Ok(Response { shape, prior, treatment, weights, learned })
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::{mix, unit};
    use super::super::logistic::sigmoid;
    use super::super::model::Feature;
    use super::*;

    const SHAPE: Shape =
        Shape::new(&[Feature { name: "interest", bins: 6 }, Feature { name: "fatigue", bins: 4 }]);
    const PRIOR: Prior = Prior { bias: -2.5, bias_variance: 1.0, variance: 0.5, forgetting: 0.0 };
    const TREATMENT: Treatment = Treatment { share: 0.75, effect: 0.0, effect_variance: 0.5, variance: 0.1 };

    /// A push helps the interested and puts off the tired.
    fn truth(bins: [u8; 2], treated: bool) -> f64 {
        let base = -3.0 + 0.2 * f64::from(bins[0]);
        let effect = 0.3 + 0.2 * f64::from(bins[0]) - 0.5 * f64::from(bins[1]);
        sigmoid(base + if treated { effect } else { 0.0 })
    }

    fn learned() -> Response {
        let mut model = Response::new(SHAPE, PRIOR, TREATMENT);
        for id in 0..150_000u64 {
            let bins = [(mix(&[1, id]) % 6) as u8, (mix(&[2, id]) % 4) as u8];
            let treated = !mix(&[3, id]).is_multiple_of(4);
            model.learn(&bins, treated, unit(mix(&[4, id])) < truth(bins, treated));
        }
        model
    }

    #[test]
    fn it_tells_those_whom_a_push_brings_from_those_whom_it_puts_off() {
        let model = learned();
        for interest in 0..6 {
            for fatigue in 0..4 {
                let bins = [interest, fatigue];
                let gain = truth(bins, true) - truth(bins, false);
                let own = model.uplift(&bins).gain();
                assert!((own - gain).abs() < 0.015, "{bins:?}: {own} {gain}");
            }
        }
        assert!(model.uplift(&[0, 3]).gain() < 0.0 && model.uplift(&[5, 0]).gain() > 0.1);
    }

    #[test]
    fn before_anything_is_known_a_push_is_thought_to_do_what_the_prior_says() {
        let model = Response::new(SHAPE, PRIOR, TREATMENT);
        assert_eq!(model.uplift(&[2, 2]).gain(), 0.0);
        let hopeful = Response::new(SHAPE, PRIOR, Treatment { effect: 0.4, ..TREATMENT });
        assert!(hopeful.uplift(&[2, 2]).gain() > 0.0);
    }

    #[test]
    fn a_ghost_says_more_about_the_effect_than_a_pushed_shopper() {
        let moved = |treated: bool| {
            let mut model = Response::new(SHAPE, PRIOR, TREATMENT);
            (0..20).for_each(|_| model.learn(&[1, 1], treated, true));
            model.explain_effect(&[1, 1])[0].mean
        };
        assert!(moved(true) > 0.0 && moved(false) < 0.0 && -moved(false) > 1.5 * moved(true));
    }

    #[test]
    fn what_a_bin_adds_is_the_difference_of_two_predictions() {
        let model = learned();
        let nobody = model.predict(&[0, 0], true).logit;
        for (feature, bin, bins) in [(0, 0, [0, 0]), (0, 5, [5, 0]), (1, 2, [0, 2]), (1, 9, [0, 3])] {
            let difference = model.predict(&bins, true).logit - nobody;
            assert!((model.adds(feature, bin) - difference).abs() < 1e-6, "{feature} {bin}");
        }
    }

    #[test]
    fn what_was_encoded_comes_back() {
        let model = learned();
        let mut out = Vec::new();
        model.encode(&mut out);
        assert_eq!(Response::decode(SHAPE, PRIOR, TREATMENT, &mut Get::new(&out)), Ok(model));
    }
}
