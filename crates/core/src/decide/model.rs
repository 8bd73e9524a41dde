//! One additive Bayesian logistic regression over binned features, learning online.
//!
//! Every bin of every feature has a weight that is a normal belief: a mean and a variance. A prediction
//! adds the means; learning moves each weight by its own variance, so that a bin seldom seen moves fast
//! and one seen a million times hardly. The update is assumed-density filtering with a diagonal normal,
//! as in AdPredictor (Graepel et al., ICML 2010), with the logistic link linearised at the prediction
//! (the diagonal extended Kalman filter). Variances are inflated a little at each touch, so that the
//! model forgets what has ceased to be true. It explains itself: the terms are the explanation.

use super::logistic::{sigmoid, sigmoid_of_normal};
use crate::bytes::{Get, Malformed, Put};

/// A feature: what a "why" answer calls it, and how many bins it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// The name, as documents and answers print it.
    pub name: &'static str,
    /// Bins, numbered from 0; by custom bin 0 is "unknown".
    pub bins: u8,
}

/// The features of a model, declared once as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// In the order in which bins are handed over.
    pub features: &'static [Feature],
}

/// Features that a model may have.
pub const FEATURES_MAX: usize = 64;

impl Shape {
    /// A shape; refused at compile time when it is too large.
    pub const fn new(features: &'static [Feature]) -> Self {
        assert!(features.len() <= FEATURES_MAX, "a model takes no more features");
        Shape { features }
    }

    /// Bins of all features together.
    pub const fn bins(&self) -> usize {
        let mut sum = 0;
        let mut at = 0;
        while at < self.features.len() {
            sum += self.features[at].bins as usize;
            at += 1;
        }
        sum
    }

    /// Sets where the first bins of features, by name, are thought to be. Names that no feature has are a bug.
    pub(super) fn guess(&self, weights: &mut [Weight], guesses: &[(&str, &[f32])]) {
        for (name, means) in guesses {
            let place =
                self.features.iter().position(|it| it.name == *name).expect("a guess is about a feature");
            let start: usize = self.features[..place].iter().map(|it| usize::from(it.bins)).sum();
            let bins = usize::from(self.features[place].bins);
            assert!(means.len() <= bins, "a guess is about bins that there are");
            for (weight, mean) in weights[start..start + bins].iter_mut().zip(*means) {
                weight.mean = *mean;
            }
        }
    }

    /// The places of `bins`' weights, feature after feature. A bin beyond its feature counts as the last.
    fn places(&self, bins: &[u8]) -> impl Iterator<Item = usize> {
        assert_eq!(bins.len(), self.features.len(), "one bin a feature");
        let mut start = 0;
        self.features.iter().zip(bins).map(move |(feature, bin)| {
            let place = start + usize::from((*bin).min(feature.bins - 1));
            start += usize::from(feature.bins);
            place
        })
    }
}

/// How a model begins and forgets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The log odds before anything is known.
    pub bias: f64,
    /// The bias' variance.
    pub bias_variance: f64,
    /// A weight's variance: about how far, squared, a bin may move the log odds.
    pub variance: f64,
    /// How much a variance grows at each touch, relative to itself, never beyond the prior's. Growth and
    /// learning balance where a weight remembers its last `1 / forgetting` examples.
    pub forgetting: f64,
}

/// A normal belief about one weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    /// Where it is thought to be, in log odds.
    pub mean: f32,
    /// How unsure that is.
    pub variance: f32,
}

impl Weight {
    /// Bytes of one in a snapshot.
    const BYTES: usize = 8;

    pub(super) fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.mean.to_le_bytes());
        out.extend_from_slice(&self.variance.to_le_bytes());
    }

    pub(super) fn get(get: &mut Get<'_>) -> Result<Self, Malformed> {
        let mean = f32::from_le_bytes(get.array("mean")?);
        let variance = f32::from_le_bytes(get.array("variance")?);
        if !mean.is_finite() || !variance.is_finite() || variance <= 0.0 {
            return Err(get.malformed("weight"));
        }
        Ok(Weight { mean, variance })
    }
}

/// What a model says of one example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The probability, with the doubt about the weights averaged over.
    pub p: f64,
    /// The sum of the means, in log odds.
    pub logit: f64,
    /// The variance of that sum.
    pub variance: f64,
}

/// A weight's place and how much of it counts: 1 for a bin that is set.
pub(super) type Part = (usize, f64);

impl Prediction {
    pub(super) fn of(weights: &[Weight], parts: impl Iterator<Item = Part>) -> Self {
        let (mut logit, mut variance) = (0.0, 0.0);
        for (place, x) in parts {
            logit += x * f64::from(weights[place].mean);
            variance += x * x * f64::from(weights[place].variance);
        }
        Prediction { p: sigmoid_of_normal(logit, variance), logit, variance }
    }
}

/// Weights are never surer than this (a variance): what is learned must stay able to change.
pub const VARIANCE_MIN: f64 = 1e-6;

/// Moves the weights of `parts` toward an outcome that their sum predicted.
pub(super) fn learn_at(
    weights: &mut [Weight],
    parts: &[Part],
    prior_variance: impl Fn(usize) -> f64,
    forgetting: f64,
    label: bool,
) {
    for (place, x) in parts {
        let weight = &mut weights[*place];
        let inflated = f64::from(weight.variance) * (1.0 + forgetting * x.abs());
        weight.variance = inflated.min(prior_variance(*place)) as f32;
    }
    let before = Prediction::of(weights, parts.iter().copied());
    let p = sigmoid(before.logit);
    let curvature = p * (1.0 - p);
    let shrink = 1.0 / (1.0 + curvature * before.variance);
    let error = f64::from(u8::from(label)) - before.p;
    for (place, x) in parts {
        let weight = &mut weights[*place];
        let variance = f64::from(weight.variance);
        weight.mean = (f64::from(weight.mean) + variance * x * shrink * error) as f32;
        let known = variance * x * x * curvature * shrink;
        weight.variance = (variance * (1.0 - known)).max(VARIANCE_MIN) as f32;
    }
}

/// One term of an explanation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// The feature's name.
    pub feature: &'static str,
    /// Its bin.
    pub bin: u8,
    /// What it adds to the log odds.
    pub mean: f32,
}

/// An additive logistic model: a bias and a weight a bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    shape: Shape,
    prior: Prior,
    /// The bias, then the bins of each feature.
    weights: Vec<Weight>,
    learned: u64,
}

impl Model {
    /// A model that knows nothing yet.
    pub fn new(shape: Shape, prior: Prior) -> Self {
        let weight = Weight { mean: 0.0, variance: prior.variance as f32 };
        let mut weights = vec![weight; 1 + shape.bins()];
        weights[0] = Weight { mean: prior.bias as f32, variance: prior.bias_variance as f32 };
        Model { shape, prior, weights, learned: 0 }
    }

    /// The same with first guesses: of a feature by its name, where its first bins are thought to be in log odds.
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

    /// The probability for an example: one bin a feature, in the shape's order.
    pub fn predict(&self, bins: &[u8]) -> Prediction {
        let bias = std::iter::once((0, 1.0));
        Prediction::of(&self.weights, bias.chain(self.shape.places(bins).map(|place| (1 + place, 1.0))))
    }

    /// Learns from one outcome.
    pub fn learn(&mut self, bins: &[u8], label: bool) {
        let mut parts = [(0, 1.0); 1 + FEATURES_MAX];
        let mut len = 1;
        for place in self.shape.places(bins) {
            parts[len].0 = 1 + place;
            len += 1;
        }
        let prior = self.prior;
        let variance = |place| if place == 0 { prior.bias_variance } else { prior.variance };
        learn_at(&mut self.weights, &parts[..len], variance, prior.forgetting, label);
        self.learned += 1;
    }

    /// The terms of a prediction, the largest first; the bias is not among them.
    pub fn explain(&self, bins: &[u8]) -> Vec<Term> {
        let features = self.shape.features.iter().zip(bins).zip(self.shape.places(bins));
        let mut terms: Vec<Term> = features
            .map(|((feature, bin), place)| Term {
                feature: feature.name,
                bin: *bin,
                mean: self.weights[1 + place].mean,
            })
            .collect();
        terms.sort_by(|a, b| b.mean.abs().total_cmp(&a.mean.abs()));
        terms
    }

    /// Appends the weights.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode_weights(&self.weights, self.learned, out);
    }

    /// Takes back what [`Model::encode`] wrote for the same shape.
    pub fn decode(shape: Shape, prior: Prior, get: &mut Get<'_>) -> Result<Self, Malformed> {
        let (weights, learned) = decode_weights(1 + shape.bins(), get)?;
        Ok(Model { shape, prior, weights, learned })
    }
}

pub(super) fn encode_weights(weights: &[Weight], learned: u64, out: &mut Vec<u8>) {
    out.put_uint(learned);
    out.put_uint(weights.len() as u64);
    out.reserve(weights.len() * Weight::BYTES);
    weights.iter().for_each(|it| it.put(out));
}

pub(super) fn decode_weights(expected: usize, get: &mut Get<'_>) -> Result<(Vec<Weight>, u64), Malformed> {
    let learned = get.uint("examples")?;
    if get.uint("weights")? != expected as u64 {
        return Err(get.malformed("number of weights: the model's features have changed"));
    }
    let weights = (0..expected).map(|_| Weight::get(get)).collect::<Result<_, _>>()?;
    Ok((weights, learned))
}

#[cfg(test)]
mod tests {
    use super::super::chance::{mix, unit};
    use super::super::logistic::log_loss;
    use super::*;

    const SHAPE: Shape =
        Shape::new(&[Feature { name: "hour", bins: 24 }, Feature { name: "recency", bins: 8 }]);
    const PRIOR: Prior = Prior { bias: -2.0, bias_variance: 1.0, variance: 1.0, forgetting: 0.0 };

    fn truth(bins: [u8; 2]) -> f64 {
        sigmoid(-1.5 + 0.1 * (f64::from(bins[0]) - 12.0) - 0.4 * f64::from(bins[1]))
    }

    fn example(id: u64) -> ([u8; 2], bool) {
        let bins = [(mix(&[1, id]) % 24) as u8, (mix(&[2, id]) % 8) as u8];
        (bins, unit(mix(&[3, id])) < truth(bins))
    }

    fn learned(examples: u64) -> Model {
        let mut model = Model::new(SHAPE, PRIOR);
        for (bins, label) in (0..examples).map(example) {
            model.learn(&bins, label);
        }
        model
    }

    #[test]
    fn it_comes_within_one_percent_of_the_truths_own_log_loss() {
        let model = learned(40_000);
        let (mut own, mut best) = (0.0, 0.0);
        for (bins, label) in (50_000..70_000).map(example) {
            own += log_loss(model.predict(&bins).p, label);
            best += log_loss(truth(bins), label);
        }
        assert!(own / best < 1.01, "{}", own / best);
    }

    #[test]
    fn its_predictions_are_calibrated_from_early_on() {
        // Prequentially: predict, then learn. Each tenth of the predictions sums to its outcomes.
        let mut model = Model::new(SHAPE, PRIOR);
        let mut seen: Vec<(f64, bool)> = Vec::new();
        for (bins, label) in (0..20_000).map(example) {
            seen.push((model.predict(&bins).p, label));
            model.learn(&bins, label);
        }
        seen.sort_by(|a, b| a.0.total_cmp(&b.0));
        for tenth in seen.chunks(2_000) {
            let said: f64 = tenth.iter().map(|it| it.0).sum();
            let was = tenth.iter().filter(|it| it.1).count() as f64;
            assert!((said - was).abs() < 4.0 * was.sqrt() + 5.0, "{said} {was}");
        }
    }

    #[test]
    fn a_model_that_forgets_follows_a_world_that_changes() {
        let mut model = Model::new(SHAPE, Prior { forgetting: 1e-3, ..PRIOR });
        let mut stiff = Model::new(SHAPE, PRIOR);
        for id in 0..60_000u64 {
            let rate = if id < 40_000 { 0.05 } else { 0.3 };
            let label = unit(mix(&[9, id])) < rate;
            model.learn(&[0, 0], label);
            stiff.learn(&[0, 0], label);
            if id == 42_000 {
                assert!(model.predict(&[0, 0]).p > 0.25 && stiff.predict(&[0, 0]).p < 0.1);
            }
        }
    }

    #[test]
    fn doubt_shrinks_with_evidence_and_only_where_there_was_some() {
        let mut model = Model::new(SHAPE, PRIOR);
        let before = model.predict(&[3, 3]).variance;
        (0..500).for_each(|i| model.learn(&[3, 3], i % 3 == 0));
        assert!(model.predict(&[3, 3]).variance < before / 3.0);
        assert!(model.predict(&[4, 4]).variance > 1.9);
    }

    #[test]
    fn it_explains_itself_by_its_largest_term() {
        let terms = learned(20_000).explain(&[12, 7]);
        assert_eq!((terms[0].feature, terms[0].bin), ("recency", 7));
        assert!(terms[0].mean < -0.7);
    }

    #[test]
    fn what_was_encoded_comes_back_and_another_shape_is_refused() {
        let model = learned(100);
        let mut out = Vec::new();
        model.encode(&mut out);
        assert_eq!(Model::decode(SHAPE, PRIOR, &mut Get::new(&out)), Ok(model));
        let other = Shape::new(&[Feature { name: "hour", bins: 23 }]);
        assert!(Model::decode(other, PRIOR, &mut Get::new(&out)).is_err());
        for cut in 0..out.len() {
            assert!(Model::decode(SHAPE, PRIOR, &mut Get::new(&out[..cut])).is_err());
        }
    }

    #[test]
    fn a_bin_beyond_its_feature_counts_as_the_last() {
        let model = learned(1000);
        assert_eq!(model.predict(&[200, 7]), model.predict(&[23, 7]));
    }
}
