//! (soon)
fn main(){}
