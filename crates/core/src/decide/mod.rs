//! The mathematics of a decision: whom, when, at what price, with which words, and what it added.
//!
//! Everything here is a value with pure functions on it; the machines own the values, feed them with
//! what happened and ask them. In reading order:
//!
//! | file | answers |
//! |---|---|
//! | [`logistic`], [`chance`] | the two primitives: the logistic curve, and draws that a hash decides |
//! | [`model`], [`response`], [`calibrate`] | how likely is it, how much does a push change it, is that still true today |
//! | [`rhythm`], [`state`], [`hazard`] | in which hours is he active, and will he be in the next minutes |
//! | [`lag`], [`class`], [`passage`], [`moment`] | now, later or never |
//! | [`histogram`], [`price`], [`fatigue`] | what does one more push cost |
//! | [`arms`] | with which words |
//! | [`holdout`], [`estimate`] | who is left out to measure, and what the pushes added |
//!
//! The formulas with their sources, and how well they do on real logs, stand in `docs/decisions.md`.

pub mod arms;
pub mod calibrate;
pub mod chance;
pub mod class;
pub mod estimate;
pub mod fatigue;
pub mod features;
pub mod hazard;
pub mod histogram;
pub mod holdout;
pub mod lag;
pub mod logistic;
pub mod model;
pub mod moment;
pub mod passage;
pub mod price;
pub mod response;
pub mod rhythm;
pub mod state;
