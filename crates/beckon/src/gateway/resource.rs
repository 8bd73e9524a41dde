//! What all resources of the control API share: their ids, the pages of their lists, and how a change of the
//! stage is made.

use super::App;
use super::answer::{Failure, json};
use axum::response::Response;
use beckon_core::director::catalogue::Change;
use beckon_core::id::Term;
use beckon_core::limits::NAME_BYTES_MAX;
use beckon_core::names::Kind;
use beckon_core::stage::{Stage, Staged};
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::Page;

/// Items of a page unless the caller says otherwise, and the most.
const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1000;

/// Where a list goes on, and how much of it.
#[derive(serde::Deserialize)]
pub struct Paging {
    pub cursor: Option<String>,
    limit: Option<usize>,
}

/// How many items a page is to have.
pub fn page_limit(paging: &Paging) -> Result<usize, Failure> {
    let limit = paging.limit.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    let problem = Problem::new(Code::BadParameter).with_field("limit");
    Err(problem.with_detail(format!("a page has 1 to {PAGE_MAX} items")).into())
}

/// A number in a cursor, written in so many digits as cursors are.
pub fn hex(text: &str, digits: usize) -> Option<u32> {
    let is_ours = text.len() == digits && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    u32::from_str_radix(text, 16).ok().filter(|_| is_ours)
}

/// A page of `items`, which come in the order of their terms.
pub fn page<I, T: serde::Serialize>(
    items: impl Iterator<Item = I>,
    paging: &Paging,
    term: impl Fn(&I) -> Term,
    shape: impl Fn(&I) -> T,
) -> Result<Response, Failure> {
    let after = match &paging.cursor {
        None => None,
        Some(cursor) => Some(hex(cursor, 8).ok_or(Code::BadCursor)?),
    };
    let limit = page_limit(paging)?;
    let mut items = items.filter(|it| after.is_none_or(|after| term(it).0 > after));
    let found: Vec<I> = items.by_ref().take(limit).collect();
    let next = found.last().filter(|_| items.next().is_some()).map(|it| format!("{:08x}", term(it).0));
    Ok(json(&Page { items: found.iter().map(shape).collect(), next }))
}

/// The term of an id in a path; a name that nobody has used names nothing.
pub fn known(app: &App, kind: Kind, id: &str) -> Result<Term, Failure> {
    app.term(kind, id).ok_or(Code::NotFound.into())
}

/// Refuses an id that cannot be one.
pub fn check_id(id: &str) -> Result<(), Failure> {
    if id.is_empty() || id.len() > NAME_BYTES_MAX {
        let detail = format!("an id has 1 to {NAME_BYTES_MAX} bytes");
        return Err(Problem::new(Code::FieldInvalid).with_field("id").with_detail(detail).into());
    }
    Ok(())
}

/// Reads something of the stage that is or is not there.
pub fn on_stage<T>(app: &App, read: impl FnOnce(&Stage) -> Option<T>) -> Result<T, Failure> {
    app.node.director(|it| read(it.stage())).ok_or(Code::NotFound.into())
}

/// Puts something on the stage and reads it back. If it is not there then, there was no room for it.
pub async fn put<T>(app: &App, change: Staged, read: impl FnOnce(&Stage) -> Option<T>) -> Result<T, Failure> {
    app.node.change(&[Change::Staged(change)]).await?;
    app.node.director(|it| read(it.stage())).ok_or(Code::LimitReached.into())
}

/// Makes a change of the stage; answers when it is durable and can be read.
pub async fn staged(app: &App, change: Staged) -> Result<(), Failure> {
    Ok(app.node.change(&[Change::Staged(change)]).await?)
}

impl App {
    /// The term of an id, if it has one. The dictionary clips names, as events may be careless with them; an id that
    /// is too long must not reach what goes by its beginning.
    pub(super) fn term(&self, kind: Kind, id: &str) -> Option<Term> {
        if id.len() > NAME_BYTES_MAX { None } else { self.node.names().get(kind, id) }
    }

    /// The name behind a term.
    pub(super) fn name(&self, term: Term) -> Option<String> {
        if term == Term::NONE { None } else { self.node.names().text(term) }
    }
}
