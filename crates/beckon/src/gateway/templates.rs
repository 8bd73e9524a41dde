//! Templates over HTTP: entering them past the lint, and trying them.

use super::App;
use super::answer::{Failure, json, read_json};
use super::edge::RequestEdge;
use super::resource::{Paging, check_id, known, on_stage, page, put, staged};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_copy as copy;
use beckon_core::names::Kind;
use beckon_core::show;
use beckon_core::stage::Staged;
use beckon_core::time::Timestamp;
use beckon_wire::problem::{Code, InText, Problem};
use beckon_wire::shape::template::{FactsInput, Finding, Given, Part, Preview, PreviewInput, Severity};
use beckon_wire::shape::{Money, Phase, Template, TemplateInput};
use bytes::Bytes;

/// Reads a template's text.
fn parse(id: &str, language: &str, title: &str, body: &str) -> Result<copy::Template, Failure> {
    copy::Template::parse(id, language, title, body).map_err(|error| refused(&error).into())
}

/// An error of the copy crate, with the place it is about.
fn refused(error: &copy::Error) -> Problem {
    let field = |part: copy::Part| match part {
        copy::Part::Title => "/title",
        copy::Part::Body => "/body",
    };
    let (field, at) = match error {
        copy::Error::Language(_) => (Some("/language"), None),
        copy::Error::UnknownFact { at, .. }
        | copy::Error::Syntax { at, .. }
        | copy::Error::Invisible { at } => (Some(field(at.part)), Some(at)),
        copy::Error::TooLarge(part) | copy::Error::Empty(part) | copy::Error::Render { part, .. } => {
            (Some(field(*part)), None)
        }
        copy::Error::Missing(_) => (None, None),
    };
    let mut problem = Problem::new(Code::TemplateInvalid).with_detail(error.to_string());
    problem.field = field.map(str::to_owned);
    match at {
        None => problem,
        Some(at) => problem
            .with_position(at.offset)
            .with_text(InText { column: u32::try_from(at.column).ok(), ..InText::default() }),
    }
}

/// What the lint finds for any channel that is set up, each once.
fn lint(app: &App, template: &copy::Template) -> Vec<Finding> {
    let words = copy::Words::default();
    let mut limits = vec![copy::Limits::default()];
    app.node.director(|it| {
        for plan in it.stage().channels().filter(|it| it.enabled) {
            let own = copy::Limits::of(plan.channel);
            if !limits.contains(&own) {
                limits.push(own);
            }
        }
    });
    let mut found: Vec<copy::Finding> = Vec::new();
    for it in limits.iter().flat_map(|it| copy::lint(template, it, &words)) {
        if !found.iter().any(|old| (old.code, old.position) == (it.code, it.position)) {
            found.push(it);
        }
    }
    found.iter().map(finding).collect()
}

fn finding(it: &copy::Finding) -> Finding {
    let short = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    Finding {
        severity: match it.severity {
            copy::Severity::Warning => Severity::Warning,
            copy::Severity::Error => Severity::Error,
        },
        code: it.code.word().into(),
        part: match it.position.part {
            copy::Part::Title => Part::Title,
            copy::Part::Body => Part::Body,
        },
        offset: short(it.position.offset),
        column: short(it.position.column),
        message: it.message.clone(),
    }
}

/// Whether a template speaks of an offer in any case: it is used only where there is one.
pub fn needs_offer(template: &copy::Template) -> bool {
    template.requires().iter().any(|it| it.name().starts_with("offer."))
}

fn said(facts: &[copy::Fact]) -> Vec<String> {
    facts.iter().map(|it| it.name().to_owned()).collect()
}

fn shape(app: &App, it: &show::Template) -> Template {
    // What stands on the stage was read before; it is read again for what follows from its text.
    match copy::Template::parse(&it.id.text, &it.language.text, &it.title, &it.body) {
        Ok(parsed) => Template::of(it, said(parsed.requires()), lint(app, &parsed)),
        Err(_) => Template::of(it, Vec::new(), Vec::new()),
    }
}

/// `GET /api/v1/templates/{id}`.
pub async fn template(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Template, &id)?;
    let found = on_stage(&app, |it| it.template(term).cloned())?;
    Ok(json(&shape(&app, &found)))
}

/// `GET /api/v1/templates`.
pub async fn list_templates(
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<Response, Failure> {
    let all: Vec<_> = app.node.director(|it| it.stage().templates().map(|(_, it)| it.clone()).collect());
    page(all.iter(), &paging, |it| it.id.term, |it| shape(&app, it))
}

/// `PUT /api/v1/templates/{id}`: what the lint calls an error is refused; warnings come with the answer.
pub async fn put_template(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    check_id(&id)?;
    let input: TemplateInput = read_json(&body)?;
    let parsed = parse(&id, &input.language, &input.title, &input.body)?;
    let findings = lint(&app, &parsed);
    if let Some(first) = findings.iter().find(|it| it.severity == Severity::Error) {
        let field = match first.part {
            Part::Title => "/title",
            Part::Body => "/body",
        };
        let problem = Problem::new(Code::TemplateInvalid)
            .with_field(field)
            .with_detail(first.message.clone())
            .with_position(first.offset as usize);
        let column = Some(first.column);
        return Err(problem.with_text(InText { line: None, column, findings }).into());
    }
    let language = input.language.clone();
    let entered = {
        let edge = RequestEdge::new(&app);
        input.into_core(&id, &language, needs_offer(&parsed), &edge)?
    };
    let term = entered.id.term;
    let entered = put(&app, Staged::PutTemplate(entered), |it| it.template(term).cloned()).await?;
    Ok(json(&Template::of(&entered, said(parsed.requires()), findings)))
}

/// `DELETE /api/v1/templates/{id}`.
pub async fn delete_template(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Template, &id)?;
    on_stage(&app, |it| it.template(term).map(|_| ()))?;
    staged(&app, Staged::DeleteTemplate(term)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/templates/preview`: what a template would say, and what is wrong with it.
pub async fn preview(State(app): State<App>, body: Bytes) -> Result<Response, Failure> {
    let input: PreviewInput = read_json(&body)?;
    let parsed = parse("preview", &input.language, &input.title, &input.body)?;
    let facts = facts(&app, parsed.language, input.facts)?;
    let rendered = parsed.render(&facts).map_err(|error| refused(&error))?;
    Ok(json(&Preview {
        columns: u32::try_from(copy::columns(&rendered.title)).unwrap_or(u32::MAX),
        title: rendered.title,
        body: rendered.body,
        facts: said(&rendered.facts_used),
        findings: lint(&app, &parsed),
    }))
}

/// The sample, as of now, with the facts that were given in their places.
fn facts(app: &App, language: copy::Language, input: FactsInput) -> Result<copy::Facts, Failure> {
    let mut facts = copy::Facts::sample(language);
    let now = input.now.map_or(app.node.clock().now(), |it| it.0);
    let shift = now.0 - facts.now.0;
    facts.now = now;
    for at in [&mut facts.show.starts_at, &mut facts.offer.ends_at, &mut facts.cart.since] {
        *at = at.map(|it| Timestamp(it.0 + shift));
    }
    let currency = match &input.currency {
        None => facts.offer.price.map_or(copy::Currency::USD, |it| it.currency),
        Some(code) => copy::Currency::of(code).ok_or_else(|| {
            let problem = Problem::new(Code::FieldInvalid).with_field("/facts/currency");
            problem.with_detail("an ISO 4217 code, e.g. CNY")
        })?,
    };
    let amounts = [&mut facts.product.price, &mut facts.offer.price, &mut facts.offer.original_price];
    for amount in amounts.into_iter().flatten() {
        amount.currency = currency;
    }
    let money = |given: Given<Money>| given.map(|it| it.map(|it| copy::Money { cents: it.0, currency }));
    let FactsInput { shopper, show, product, offer, cart, .. } = input;
    let at = |given: Given<beckon_wire::shape::At>| given.map(|it| it.map(|it| it.0));
    give(&mut facts.shopper.name, shopper.name);
    give(&mut facts.shopper.offset_min, shopper.offset_min);
    give(&mut facts.show.title, show.title);
    give(&mut facts.show.room, show.room);
    give(&mut facts.show.host, show.host);
    give(&mut facts.show.starts_at, at(show.starts_at));
    give(&mut facts.show.phase, show.phase.map(|it| it.map(phase)));
    // A product's own short title is of no use with another title.
    if product.title.is_some() {
        facts.product.short_title = None;
    }
    give(&mut facts.product.title, product.title);
    give(&mut facts.product.short_title, product.short_title);
    give(&mut facts.product.brand, product.brand);
    give(&mut facts.product.price, money(product.price));
    give(&mut facts.offer.price, money(offer.price));
    give(&mut facts.offer.original_price, money(offer.original_price));
    give(&mut facts.offer.stock, offer.stock);
    give(&mut facts.offer.ends_at, at(offer.ends_at));
    give(&mut facts.cart.items, cart.items);
    give(&mut facts.cart.product, cart.product);
    give(&mut facts.cart.since, at(cart.since));
    Ok(facts)
}

fn give<T>(fact: &mut Option<T>, given: Given<T>) {
    if let Some(given) = given {
        *fact = given;
    }
}

fn phase(it: Phase) -> copy::Phase {
    match it {
        Phase::WarmUp => copy::Phase::WarmUp,
        Phase::Climax => copy::Phase::Climax,
        Phase::Closing => copy::Phase::Closing,
    }
}
