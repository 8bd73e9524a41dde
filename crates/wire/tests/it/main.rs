//! Tests of the wire, in one binary.
