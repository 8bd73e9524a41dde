//! Placeholder-free minimal.
