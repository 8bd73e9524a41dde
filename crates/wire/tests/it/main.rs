//! Tests of the wire, in one binary.

mod acts;
mod contexts;
mod edge;
mod fuzz;
mod identify;
mod limits;
mod mutate;
mod profile_shape;
mod requests;
mod sdks;
mod shapes;
mod times;
mod verify;
