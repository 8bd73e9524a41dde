//! Audience rules: what an operator writes in CEL, compiled to what ten million shoppers can be asked.
//!
//! `profile.city_tier <= 2 && interest("beauty") > 0.5` is parsed by the crate `cel` and compiled to a
//! [`Predicate`] of `beckon-core`. Only rules over columns can be compiled; everything else of CEL
//! (arithmetic, macros over lists, timestamps …) is refused with its position, the reason, and where a name
//! was misspelt, the name that was probably meant. `docs/audiences.md` lists what there is.

mod compile;
mod error;
mod names;
mod reference;

use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::show::audience::Predicate;
pub use error::{Error, Position, Reason};
pub use reference::reference;

/// Longest rule, in bytes.
pub const RULE_BYTES_MAX: usize = 4096;

/// How deep a rule may be nested as text; what it compiles to is bounded by
/// [`beckon_core::show::audience::DEPTH_MAX`].
const NESTING_MAX: u16 = 32;

/// Gives a name its term. [`Term::NONE`] says that the name cannot have one.
pub type Resolve<'a> = &'a dyn Fn(Kind, &str) -> Term;

/// Compiles a rule. An empty one is for everyone.
///
/// # Errors
/// [`Error`], with the position in `source`, when it is not CEL, or is CEL that columns cannot answer.
pub fn compile(source: &str, resolve: Resolve<'_>) -> Result<Predicate, Error> {
    if source.len() > RULE_BYTES_MAX {
        return Err(Error::new(source, 0, Reason::TooLong));
    }
    if source.trim().is_empty() {
        return Ok(Predicate::EVERYONE);
    }
    let parser = cel::parser::Parser::new().max_recursion_depth(NESTING_MAX);
    let (expression, positions) =
        parser.parse_with_source_info(source).map_err(|errors| error::of_parser(source, &errors))?;
    let rule = compile::Compiler { source, positions: &positions, resolve }.condition(&expression)?;
    match rule.is_within_bounds() {
        true => Ok(rule),
        false => Err(Error::new(source, 0, Reason::TooLarge)),
    }
}
