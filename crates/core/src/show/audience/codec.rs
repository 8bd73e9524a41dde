//! A rule as bytes: how it is journalled. Reading is bounded in depth and size, and never panics.

use super::{
    BYTES_MAX, Compare, DEPTH_MAX, Flag, List, Measure, NODES_MAX, Name, Number, Predicate, TERMS_MAX,
};
use super::{Taste, Word};
use crate::bytes::{Get, Malformed, Put};
use crate::id::Term;

mod tag {
    pub const NO: u8 = 0;
    pub const YES: u8 = 1;
    pub const ALL: u8 = 2;
    pub const ANY: u8 = 3;
    pub const NOT: u8 = 4;
    pub const NUMBER: u8 = 5;
    pub const KNOWN: u8 = 6;
    pub const FLAG: u8 = 7;
    pub const ONE_OF: u8 = 8;
    pub const NAMED: u8 = 9;
    pub const HAS: u8 = 10;
    pub const CONSENT: u8 = 11;
}

mod number {
    pub const OF: u8 = 0;
    pub const SHARE: u8 = 1;
    pub const STRENGTH: u8 = 2;
    pub const WEEK_TOUCHES: u8 = 3;
}

impl Predicate {
    /// Appends the rule's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Predicate::Always(holds) => out.push(if *holds { tag::YES } else { tag::NO }),
            Predicate::All(parts) => encode_parts(tag::ALL, parts, out),
            Predicate::Any(parts) => encode_parts(tag::ANY, parts, out),
            Predicate::Not(part) => {
                out.push(tag::NOT);
                part.encode(out);
            }
            Predicate::Number { of, is, than } => {
                out.push(tag::NUMBER);
                match of {
                    Number::Of(measure) => out.extend([number::OF, *measure as u8]),
                    Number::Share(taste, term) => {
                        out.extend([number::SHARE, *taste as u8]);
                        out.put_uint(term.0.into());
                    }
                    Number::Strength(taste, term) => {
                        out.extend([number::STRENGTH, *taste as u8]);
                        out.put_uint(term.0.into());
                    }
                    Number::WeekTouches(term) => {
                        out.push(number::WEEK_TOUCHES);
                        out.put_uint(term.0.into());
                    }
                }
                out.push(*is as u8);
                out.extend(than.to_bits().to_le_bytes());
            }
            Predicate::Known(measure) => out.extend([tag::KNOWN, *measure as u8]),
            Predicate::Flag(flag) => out.extend([tag::FLAG, *flag as u8]),
            Predicate::OneOf { of, bits } => {
                out.extend([tag::ONE_OF, *of as u8]);
                out.put_uint((*bits).into());
            }
            Predicate::Named { of, terms } => {
                out.extend([tag::NAMED, *of as u8]);
                out.put_uint(terms.len() as u64);
                terms.iter().for_each(|it| out.put_uint(it.0.into()));
            }
            Predicate::Has(list, term) => {
                out.extend([tag::HAS, *list as u8]);
                out.put_uint(term.0.into());
            }
            Predicate::Consent { bits } => {
                out.push(tag::CONSENT);
                out.put_uint((*bits).into());
            }
        }
    }

    /// Reads one rule; what follows it is left in `get`.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are not a rule within `DEPTH_MAX`, `NODES_MAX`, `TERMS_MAX` and
    /// `BYTES_MAX`.
    pub fn decode(get: &mut Get<'_>) -> Result<Predicate, Malformed> {
        let mut nodes = NODES_MAX;
        let before = get.rest().len();
        let rule = decode(get, DEPTH_MAX, &mut nodes)?;
        match before - get.rest().len() > BYTES_MAX {
            true => Err(get.malformed("rule: too long")),
            false => Ok(rule),
        }
    }
}

fn encode_parts(tag: u8, parts: &[Predicate], out: &mut Vec<u8>) {
    out.push(tag);
    out.put_uint(parts.len() as u64);
    parts.iter().for_each(|it| it.encode(out));
}

fn decode(get: &mut Get<'_>, depth: usize, nodes: &mut usize) -> Result<Predicate, Malformed> {
    if depth == 0 || *nodes == 0 {
        return Err(get.malformed("rule: too deep or too large"));
    }
    *nodes -= 1;
    Ok(match get.u8("rule")? {
        tag::NO => Predicate::Always(false),
        tag::YES => Predicate::Always(true),
        tag::ALL => Predicate::All(decode_parts(get, depth, nodes)?),
        tag::ANY => Predicate::Any(decode_parts(get, depth, nodes)?),
        tag::NOT => Predicate::Not(Box::new(decode(get, depth - 1, nodes)?)),
        tag::NUMBER => {
            let of = match get.u8("number")? {
                number::OF => Number::Of(numbered(get, "measure", Measure::from_number)?),
                number::SHARE => Number::Share(numbered(get, "taste", Taste::from_number)?, term(get)?),
                number::STRENGTH => Number::Strength(numbered(get, "taste", Taste::from_number)?, term(get)?),
                number::WEEK_TOUCHES => Number::WeekTouches(term(get)?),
                _ => return Err(get.malformed("number")),
            };
            let is = numbered(get, "comparison", compare_from_number)?;
            let than = f64::from_bits(u64::from_le_bytes(get.array("constant")?));
            if !than.is_finite() {
                return Err(get.malformed("constant"));
            }
            Predicate::Number { of, is, than }
        }
        tag::KNOWN => Predicate::Known(numbered(get, "measure", Measure::from_number)?),
        tag::FLAG => Predicate::Flag(numbered(get, "flag", Flag::from_number)?),
        tag::ONE_OF => {
            let of = numbered(get, "word", Word::from_number)?;
            Predicate::OneOf { of, bits: get.u16("words")? }
        }
        tag::NAMED => {
            let of = numbered(get, "name", Name::from_number)?;
            let len = get.len("names")?;
            if len > TERMS_MAX {
                return Err(get.malformed("names: too many"));
            }
            Predicate::Named { of, terms: (0..len).map(|_| term(get)).collect::<Result<_, _>>()? }
        }
        tag::HAS => Predicate::Has(numbered(get, "list", List::from_number)?, term(get)?),
        tag::CONSENT => Predicate::Consent { bits: get.u32("consent")? },
        _ => return Err(get.malformed("rule")),
    })
}

fn decode_parts(get: &mut Get<'_>, depth: usize, nodes: &mut usize) -> Result<Box<[Predicate]>, Malformed> {
    let len = get.len("parts of a rule")?;
    if len > *nodes {
        return Err(get.malformed("rule: too large"));
    }
    (0..len).map(|_| decode(get, depth - 1, nodes)).collect()
}

fn numbered<T>(get: &mut Get<'_>, what: &'static str, from: fn(u8) -> Option<T>) -> Result<T, Malformed> {
    let number = get.u8(what)?;
    from(number).ok_or(get.malformed(what))
}

fn term(get: &mut Get<'_>) -> Result<Term, Malformed> {
    get.u32("term").map(Term)
}

fn compare_from_number(number: u8) -> Option<Compare> {
    use Compare::{AtLeast, AtMost, Equal, Less, More, NotEqual};
    [Less, AtMost, Equal, NotEqual, AtLeast, More].into_iter().find(|it| *it as u8 == number)
}
