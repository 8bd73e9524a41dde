//! The market's tests: it is the same each time, it is plausible, and it knows what a push really did.

mod determinism;
mod evening;
mod plausible;
mod setup;
mod truth;
mod understood;
