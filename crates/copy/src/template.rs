//! A template: parsed once, rendered with the facts of the moment.

use crate::RENDERED_BYTES_MAX;
use crate::error::{Error, Part, Position};
use crate::facts::{Fact, Facts};
use crate::language::Language;
use crate::mark::{self, Text};
use crate::scan::{self, Piece, Scanned};
use crate::value::Value;
use liquid_core::runtime::RuntimeBuilder;
use liquid_core::{Object, Renderable, Value as Liquid};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// What a message says, before the facts are in.
#[derive(Debug)]
pub struct Template {
    /// Its id.
    pub id: String,
    /// In which language it is, and facts are written.
    pub language: Language,
    title: Half,
    body: Half,
    requires: Vec<Fact>,
    uses: Vec<Fact>,
}

/// Title or body.
#[derive(Debug)]
pub(crate) struct Half {
    pub part: Part,
    pub source: String,
    pub pieces: Vec<Piece>,
    liquid: liquid_core::Template,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Title.
    pub title: String,
    /// Body.
    pub body: String,
    /// The facts that are said, each once, in the order in which they stand: what must still be true when
    /// the message is sent.
    pub facts_used: Vec<Fact>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`Error`] with the position, when it is in no known language, too long, not Liquid, uses more of
    /// Liquid than facts and conditions, or names a fact that does not exist.
    pub fn parse(id: &str, language: &str, title: &str, body: &str) -> Result<Template, Error> {
        let language = Language::of(language).ok_or_else(|| Error::Language(language.to_owned()))?;
        let (title, body) = (Half::parse(Part::Title, title)?, Half::parse(Part::Body, body)?);
        let pieces = || title.pieces.iter().chain(&body.pieces);
        let requires = pieces().filter_map(|it| match it {
            Piece::Fact { fact, always: true, .. } => Some(*fact),
            _ => None,
        });
        let uses = pieces().filter_map(|it| match it {
            Piece::Fact { fact, .. } | Piece::Asked(fact) => Some(*fact),
            Piece::Text(_) => None,
        });
        let (requires, uses) = (once(requires), once(uses));
        Ok(Template { id: id.to_owned(), language, title, body, requires, uses })
    }

    /// Facts without which it cannot be rendered: an arm is eligible if [`Facts::has`] them all.
    pub fn requires(&self) -> &[Fact] {
        &self.requires
    }

    /// All facts it says or asks for.
    pub fn uses(&self) -> &[Fact] {
        &self.uses
    }

    /// Says it with these facts.
    ///
    /// # Errors
    /// [`Error::Missing`] when it says a fact that is not known or no longer true; [`Error::Empty`] or
    /// [`Error::Render`] when nothing or too much would be said.
    pub fn render(&self, facts: &Facts) -> Result<Rendered, Error> {
        let (title, body) = self.texts(&|fact| facts.get(fact))?;
        let said = title.facts.iter().chain(&body.facts).map(|it| it.0);
        let facts_used = once(said);
        Ok(Rendered { title: title.text, body: body.text, facts_used })
    }

    /// Says it with sample facts.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn preview(&self) -> Result<Rendered, Error> {
        self.render(&Facts::sample(self.language))
    }

    /// Title and body with the places of their facts.
    pub(crate) fn texts(&self, facts: &dyn Fn(Fact) -> Option<Value>) -> Result<(Text, Text), Error> {
        let (mut said, mut asked) = (Object::new(), Object::new());
        for fact in &self.uses {
            let value = facts(*fact);
            let written = value.as_ref().map(|it| it.written(self.language));
            let key = scan::key(*fact);
            said.insert(key.clone().into(), Liquid::scalar(mark::framed(*fact, written.as_deref())));
            asked.insert(key.into(), value.map_or(Liquid::Nil, |it| it.compared()));
        }
        let mut globals = Object::new();
        globals.insert("said".into(), Liquid::Object(said));
        globals.insert("asked".into(), Liquid::Object(asked));
        Ok((self.title.render(&globals)?, self.body.render(&globals)?))
    }

    pub(crate) fn halves(&self) -> [&Half; 2] {
        [&self.title, &self.body]
    }
}

impl Half {
    fn parse(part: Part, source: &str) -> Result<Half, Error> {
        let Scanned { pieces, liquid } = scan::scan(part, source)?;
        let mut language = liquid_core::Language::empty();
        language.blocks.register("if".to_owned(), Box::new(liquid_lib::stdlib::IfBlock));
        language.blocks.register("unless".to_owned(), Box::new(liquid_lib::stdlib::UnlessBlock));
        let elements = liquid_core::parser::parse(&liquid, &language).map_err(|error| {
            // Its later lines show the rewritten source, which nobody wrote.
            let text = error.to_string();
            let what = text.lines().find(|it| !it.trim().is_empty()).unwrap_or("it is not Liquid");
            let what = what.trim_start_matches("liquid: ").trim().to_owned();
            Error::Syntax { at: Position::new(part, source, 0), what }
        })?;
        let liquid = liquid_core::Template::new(elements);
        Ok(Half { part, source: source.to_owned(), pieces, liquid })
    }

    fn render(&self, globals: &Object) -> Result<Text, Error> {
        let runtime = RuntimeBuilder::new().set_globals(globals).build();
        let mut out = Bounded(Vec::new());
        self.liquid.render_to(&mut out, &runtime).map_err(|error| {
            let what = error.to_string().lines().next().unwrap_or_default().to_owned();
            Error::Render { part: self.part, what }
        })?;
        mark::unframed(self.part, &String::from_utf8_lossy(&out.0))
    }
}

/// Takes no more than [`RENDERED_BYTES_MAX`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > RENDERED_BYTES_MAX {
            return Err(io::Error::other("it is longer than a message may be"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Each fact once, in the order of its first appearance.
fn once(facts: impl Iterator<Item = Fact>) -> Vec<Fact> {
    let mut seen = BTreeSet::new();
    facts.filter(|it| seen.insert(*it)).collect()
}
