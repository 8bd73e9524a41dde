//! From CEL's tree to a predicate: one function for what stands where a condition is needed, one for each
//! kind of comparison.

use crate::Resolve;
use crate::error::{Error, Reason};
use crate::names::{self, Field, Figure};
use beckon_core::id::Term;
use beckon_core::limits::NAME_BYTES_MAX;
use beckon_core::names::Kind;
use beckon_core::profile::cold::consent_bit;
use beckon_core::show::audience::{Compare, List, Name, Number, Predicate, Taste, Word};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators as op};

/// A rule being compiled.
pub(crate) struct Compiler<'a> {
    pub source: &'a str,
    pub positions: &'a SourceInfo,
    pub resolve: Resolve<'a>,
}

type Compiled<T> = Result<T, Error>;

/// A constant of a rule.
enum Constant<'a> {
    Bool(bool),
    Number(f64),
    Text(&'a str),
}

/// What stands to the left of a comparison.
enum Subject {
    Field(Field),
    Figure(Number, &'static str),
}

impl Compiler<'_> {
    /// What stands where a condition is needed.
    pub(crate) fn condition(&self, it: &IdedExpr) -> Compiled<Predicate> {
        match &it.expr {
            Expr::Call(call) => self.call(it, call),
            Expr::Literal(LiteralValue::Boolean(holds)) => Ok(Predicate::Always(*holds.inner())),
            Expr::Select(select) if select.test => self.has(it),
            Expr::Select(_) | Expr::Ident(_) => match self.field(it)? {
                Field::Flag(flag) => Ok(Predicate::Flag(flag)),
                field => {
                    let reason = Reason::NotACondition(field.word().to_owned(), field.example());
                    Err(self.refuse(it, reason))
                }
            },
            Expr::Literal(_) => {
                let written = "a constant".to_owned();
                Err(self.refuse(it, Reason::NotACondition(written, "profile.age >= 18")))
            }
            Expr::Comprehension(_) => Err(self.unsupported(it, "a macro over a list")),
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(self.unsupported(it, "a list, map or structure by itself"))
            }
        }
    }

    fn call(&self, it: &IdedExpr, call: &CallExpr) -> Compiled<Predicate> {
        let compare = match call.func_name.as_str() {
            op::LOGICAL_AND => return self.joined(call, op::LOGICAL_AND).map(Predicate::All),
            op::LOGICAL_OR => return self.joined(call, op::LOGICAL_OR).map(Predicate::Any),
            op::LOGICAL_NOT => {
                return Ok(Predicate::Not(Box::new(self.condition(self.only(it, call)?)?)));
            }
            op::IN => return self.within(it, call),
            op::LESS => Compare::Less,
            op::LESS_EQUALS => Compare::AtMost,
            op::EQUALS => Compare::Equal,
            op::NOT_EQUALS => Compare::NotEqual,
            op::GREATER_EQUALS => Compare::AtLeast,
            op::GREATER => Compare::More,
            op::CONDITIONAL => return Err(self.unsupported(it, "`? :`")),
            op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO | op::NEGATE => {
                return Err(self.unsupported(it, "arithmetic"));
            }
            op::INDEX | op::OPT_INDEX | op::OPT_SELECT => {
                return Err(self.unsupported(it, "an element of a list"));
            }
            _ => return self.function(it, call),
        };
        let [left, right] = call.args.as_slice() else {
            return Err(self.unsupported(it, "this operator"));
        };
        match (self.constant(left), self.constant(right)) {
            (None, Some(than)) => self.comparison(left, compare, &than, right),
            (Some(than), None) => self.comparison(right, flipped(compare), &than, left),
            (Some(_), Some(_)) => Err(self.unsupported(it, "a comparison of two constants")),
            (None, None) => {
                // The left side's own mistake, if it has one, says more.
                if self.subject(left).is_ok() {
                    self.subject(right)?;
                    return Err(self.unsupported(it, "a comparison of two fields"));
                }
                self.subject(left)?;
                Err(self.unsupported(it, "this comparison"))
            }
        }
    }

    /// `a && b && c` as one list, in the order in which they are written.
    fn joined(&self, call: &CallExpr, operator: &str) -> Compiled<Box<[Predicate]>> {
        let mut parts = Vec::new();
        for arg in &call.args {
            match &arg.expr {
                Expr::Call(inner) if inner.func_name == operator => {
                    parts.extend(self.joined(inner, operator)?);
                }
                _ => parts.push(self.condition(arg)?),
            }
        }
        Ok(parts.into())
    }

    fn comparison(
        &self,
        subject: &IdedExpr,
        is: Compare,
        than: &Constant<'_>,
        constant: &IdedExpr,
    ) -> Compiled<Predicate> {
        let equality = match is {
            Compare::Equal => Some(true),
            Compare::NotEqual => Some(false),
            _ => None,
        };
        // Any condition may be compared with `true` or `false`.
        if let (Constant::Bool(value), Some(equal)) = (than, equality) {
            let condition = self.condition(subject)?;
            return Ok(negated_unless(*value == equal, condition));
        }
        let subject_is = self.subject(subject)?;
        match (subject_is, than, equality) {
            (Subject::Field(Field::Measure(measure)), Constant::Number(than), _) => {
                Ok(Predicate::Number { of: Number::Of(measure), is, than: *than })
            }
            (Subject::Figure(of, _), Constant::Number(than), _) => {
                Ok(Predicate::Number { of, is, than: *than })
            }
            (Subject::Field(Field::Word(word)), Constant::Text(text), Some(equal)) => {
                let bits = self.bit(word, text, constant)?;
                Ok(negated_unless(equal, Predicate::OneOf { of: word, bits }))
            }
            (Subject::Field(Field::Name(name)), Constant::Text(text), Some(equal)) => {
                let terms = [self.term(kind_of_name(name), text, constant)?].into();
                Ok(negated_unless(equal, Predicate::Named { of: name, terms }))
            }
            (Subject::Field(field), ..) => {
                Err(self.refuse(subject, Reason::Mismatch { of: field.word(), wants: field.wants() }))
            }
            (Subject::Figure(_, of), ..) => {
                let wants = "is a number: compare it with a number";
                Err(self.refuse(subject, Reason::Mismatch { of, wants }))
            }
        }
    }

    /// `field in [constants]`.
    fn within(&self, it: &IdedExpr, call: &CallExpr) -> Compiled<Predicate> {
        let [subject, list] = call.args.as_slice() else {
            return Err(self.unsupported(it, "this `in`"));
        };
        let Expr::List(list) = &list.expr else {
            return Err(self.unsupported(list, "`in` anything but a list of constants"));
        };
        let subject_is = self.subject(subject)?;
        if list.elements.is_empty() {
            return Err(self.unsupported(it, "`in` an empty list"));
        }
        let of = match &subject_is {
            Subject::Field(Field::Word(word)) => {
                let mut bits = 0;
                for element in &list.elements {
                    bits |= self.bit(*word, self.text(element)?, element)?;
                }
                return Ok(Predicate::OneOf { of: *word, bits });
            }
            Subject::Field(Field::Name(name)) => {
                let kind = kind_of_name(*name);
                let terms = list.elements.iter().map(|it| self.term(kind, self.text(it)?, it));
                return Ok(Predicate::Named { of: *name, terms: terms.collect::<Compiled<_>>()? });
            }
            Subject::Field(field @ Field::Flag(_)) => {
                let reason = Reason::Mismatch { of: field.word(), wants: field.wants() };
                return Err(self.refuse(subject, reason));
            }
            Subject::Field(Field::Measure(measure)) => Number::Of(*measure),
            Subject::Figure(number, _) => *number,
        };
        let equal = |element: &IdedExpr| match self.constant(element) {
            Some(Constant::Number(than)) => Ok(Predicate::Number { of, is: Compare::Equal, than }),
            _ => Err(self.unsupported(element, "anything but a number in a list of numbers")),
        };
        Ok(Predicate::Any(list.elements.iter().map(equal).collect::<Compiled<_>>()?))
    }

    /// A function that is a condition by itself.
    fn function(&self, it: &IdedExpr, call: &CallExpr) -> Compiled<Predicate> {
        if call.target.is_some() {
            return Err(self.unsupported(it, "a function of a field"));
        }
        let name = call.func_name.as_str();
        if let Some(list) = List::ALL.iter().copied().find(|it| it.word() == name) {
            let [arg] = call.args.as_slice() else {
                return Err(self.refuse(it, Reason::Arguments(names::form_of_list(list))));
            };
            let term = self.term(names::kind_of_list(list), self.text(arg)?, arg)?;
            return Ok(Predicate::Has(list, term));
        }
        if name == names::CONSENT.0 {
            return self.consent(it, call);
        }
        if self.figure(it, call)?.is_some() {
            let written = format!("{name}(…)");
            return Err(self.refuse(it, Reason::NotACondition(written, "interest(\"beauty\") > 0.5")));
        }
        Err(self.unknown_function(it, name))
    }

    fn consent(&self, it: &IdedExpr, call: &CallExpr) -> Compiled<Predicate> {
        let (class, channel) = match call.args.as_slice() {
            [class] => (class, None),
            [class, channel] => (class, Some(channel)),
            _ => return Err(self.refuse(it, Reason::Arguments(names::CONSENT.1))),
        };
        let class = self.one_of("consent", &names::CLASSES, class)?;
        let bit = |channel| 1 << consent_bit(channel, class);
        let bits = match channel {
            Some(channel) => bit(self.one_of("consent", &names::CHANNELS, channel)?),
            None => names::CHANNELS.iter().fold(0, |bits, it| bits | bit(it.1)),
        };
        Ok(Predicate::Consent { bits })
    }

    /// `has(profile.age)`.
    fn has(&self, it: &IdedExpr) -> Compiled<Predicate> {
        Ok(match self.field(it)? {
            Field::Measure(measure) => Predicate::Known(measure),
            Field::Word(of) => Predicate::OneOf { of, bits: 0 },
            Field::Name(of) => Predicate::Named { of, terms: [].into() },
            Field::Flag(_) => return Err(self.unsupported(it, "`has` of what is true or false")),
        })
    }

    /// What stands where something to compare is needed.
    fn subject(&self, it: &IdedExpr) -> Compiled<Subject> {
        match &it.expr {
            Expr::Select(select) if select.test => Err(self.unsupported(it, "a comparison of `has(…)`")),
            Expr::Select(_) | Expr::Ident(_) => self.field(it).map(Subject::Field),
            Expr::Call(call) => match self.figure(it, call)? {
                Some((number, name)) => Ok(Subject::Figure(number, name)),
                // A condition is no number: say what is wrong inside it first, if something is.
                None => {
                    self.condition(it).and_then(|_| Err(self.unsupported(it, "a comparison of a comparison")))
                }
            },
            _ => Err(self.unsupported(it, "a comparison of anything but a field")),
        }
    }

    /// A function that gives a number.
    fn figure(&self, it: &IdedExpr, call: &CallExpr) -> Compiled<Option<(Number, &'static str)>> {
        let known = names::FIGURES.iter().find(|known| known.1 == call.func_name && call.target.is_none());
        let Some((figure, name, form, _)) = known else { return Ok(None) };
        let [arg] = call.args.as_slice() else { return Err(self.refuse(it, Reason::Arguments(form))) };
        let text = self.text(arg)?;
        let number = match figure {
            Figure::WeekTouches => Number::WeekTouches(self.term(Kind::Category, text, arg)?),
            Figure::Interest | Figure::Strength => {
                let named = |taste: &&Taste| text.split_once(':').is_some_and(|it| it.0 == taste.word());
                let (taste, name) = match Taste::ALL.iter().find(named) {
                    Some(taste) => (*taste, text[taste.word().len() + 1..].trim()),
                    None => (Taste::Category, text),
                };
                let term = self.term(names::kind_of_taste(taste), name, arg)?;
                match figure {
                    Figure::Interest => Number::Share(taste, term),
                    _ => Number::Strength(taste, term),
                }
            }
        };
        Ok(Some((number, name)))
    }

    fn field(&self, it: &IdedExpr) -> Compiled<Field> {
        let Some(path) = path(it) else {
            return Err(self.unsupported(it, "a field of anything but `profile` and `live`"));
        };
        Field::of(&path).ok_or_else(|| {
            let nearest = names::nearest_field(&path);
            self.refuse(it, Reason::Unknown { name: path, nearest })
        })
    }

    fn bit(&self, word: Word, text: &str, at: &IdedExpr) -> Compiled<u16> {
        self.value(word.word(), word.values(), text, at).map(|number| 1 << number)
    }

    fn one_of<T: Copy>(&self, of: &'static str, known: &[(&'static str, T)], it: &IdedExpr) -> Compiled<T> {
        self.value(of, known, self.text(it)?, it)
    }

    fn value<T: Copy>(
        &self,
        of: &'static str,
        known: &[(&'static str, T)],
        text: &str,
        at: &IdedExpr,
    ) -> Compiled<T> {
        known.iter().find(|it| it.0 == text).map(|it| it.1).ok_or_else(|| {
            let one_of = known.iter().map(|it| format!("`{}`", it.0)).collect::<Vec<_>>().join(", ");
            let nearest = names::nearest(text, known.iter().map(|it| it.0));
            self.refuse(at, Reason::NoSuchValue { of, value: text.to_owned(), one_of, nearest })
        })
    }

    fn term(&self, kind: Kind, name: &str, at: &IdedExpr) -> Compiled<Term> {
        let term = match name.len() {
            1..=NAME_BYTES_MAX => (self.resolve)(kind, name),
            _ => Term::NONE,
        };
        match term {
            Term::NONE => Err(self.refuse(at, Reason::NoTerm(name.to_owned()))),
            term => Ok(term),
        }
    }

    fn text<'e>(&self, it: &'e IdedExpr) -> Compiled<&'e str> {
        match self.constant(it) {
            Some(Constant::Text(text)) => Ok(text),
            _ => Err(self.unsupported(it, "anything but a text in quotes here")),
        }
    }

    fn constant<'e>(&self, it: &'e IdedExpr) -> Option<Constant<'e>> {
        match &it.expr {
            Expr::Literal(LiteralValue::Boolean(it)) => Some(Constant::Bool(*it.inner())),
            Expr::Literal(LiteralValue::Int(it)) => Some(Constant::Number(*it.inner() as f64)),
            Expr::Literal(LiteralValue::UInt(it)) => Some(Constant::Number(*it.inner() as f64)),
            Expr::Literal(LiteralValue::Double(it)) => Some(Constant::Number(*it.inner())),
            Expr::Literal(LiteralValue::String(it)) => Some(Constant::Text(it.inner())),
            _ => None,
        }
    }

    fn only<'e>(&self, it: &IdedExpr, call: &'e CallExpr) -> Compiled<&'e IdedExpr> {
        call.args.first().ok_or_else(|| self.unsupported(it, "this operator"))
    }

    fn unknown_function(&self, it: &IdedExpr, name: &str) -> Error {
        let nearest = names::nearest_function(name);
        self.refuse(it, Reason::Unknown { name: format!("{name}(…)"), nearest })
    }

    fn unsupported(&self, it: &IdedExpr, what: &'static str) -> Error {
        self.refuse(it, Reason::Unsupported(what))
    }

    fn refuse(&self, it: &IdedExpr, reason: Reason) -> Error {
        Error::new(self.source, self.start(it), reason)
    }

    /// Where an expression begins, in bytes. The parser notes a field by its dot and a function by its
    /// parenthesis; operators are best shown as they are noted.
    fn start(&self, it: &IdedExpr) -> usize {
        let noted = |id| self.positions.offset_for(id).map_or(0, |it| it.0 as usize);
        match &it.expr {
            Expr::Select(select) => self.start(&select.operand),
            Expr::Call(call) if call.func_name.chars().all(|it| it.is_alphanumeric() || it == '_') => {
                let before = self.source.get(..noted(it.id)).unwrap_or_default().trim_end();
                before.len().saturating_sub(call.func_name.len())
            }
            _ => noted(it.id),
        }
    }
}

/// `3 < x` is `x > 3`.
fn flipped(compare: Compare) -> Compare {
    match compare {
        Compare::Less => Compare::More,
        Compare::AtMost => Compare::AtLeast,
        Compare::AtLeast => Compare::AtMost,
        Compare::More => Compare::Less,
        same => same,
    }
}

fn negated_unless(holds: bool, condition: Predicate) -> Predicate {
    if holds { condition } else { Predicate::Not(Box::new(condition)) }
}

fn kind_of_name(name: Name) -> Kind {
    match name {
        Name::Region => Kind::Region,
        Name::Language => Kind::Language,
    }
}

/// `profile.age` as it is written.
fn path(it: &IdedExpr) -> Option<String> {
    match &it.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        _ => None,
    }
}
