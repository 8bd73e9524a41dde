//! Shows over HTTP: planning them, and telling what happens in them.

use super::answer::{Failure, json, read_json};
use super::edge::RequestEdge;
use super::resource::{Paging, check_id, known, on_stage, page, put, staged};
use super::{App, audiences};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::show::{self as core, CueKind};
use beckon_core::stage::{Stage, Staged};
use beckon_wire::collect::Edge as _;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{At, Cue, Show, ShowInput};
use bytes::Bytes;

fn shape(app: &App, stage: &Stage, term: Term) -> Option<Show> {
    Some(Show::of(stage.show(term)?, stage, &|it| app.name(it), app.node.clock().now()))
}

/// The term of a show that there is.
pub fn show_term(app: &App, id: &str) -> Result<Term, Failure> {
    let term = known(app, Kind::Show, id)?;
    on_stage(app, |it| it.show(term).map(|_| term))
}

/// Refuses what would change a show that has ended.
pub fn not_ended(app: &App, show: Term) -> Result<(), Failure> {
    let ended = app.node.director(|it| it.stage().show(show).is_some_and(|it| it.ended.is_some()));
    if ended { Err(Code::ShowEnded.into()) } else { Ok(()) }
}

/// Refuses to begin a show whose planned time is over: nobody is to be called into a plan of the past.
fn not_over(app: &App, show: Term) -> Result<(), Failure> {
    let now = app.node.clock().now();
    let over = app.node.director(|it| it.stage().show(show).map(|it| it.closes()).filter(|it| *it <= now));
    let Some(closed) = over else { return Ok(()) };
    let detail = format!("by its plan it was over at {}: put it with new times, then start it", At(closed));
    Err(Problem::new(Code::ShowEnded).with_detail(detail).into())
}

/// `GET /api/v1/shows/{id}`.
pub async fn show(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Show, &id)?;
    Ok(json(&on_stage(&app, |it| shape(&app, it, term))?))
}

/// `GET /api/v1/shows`.
pub async fn list_shows(State(app): State<App>, Query(paging): Query<Paging>) -> Result<Response, Failure> {
    let now = app.node.clock().now();
    app.node.director(|it| {
        let stage = it.stage();
        page(stage.shows(), &paging, |it| it.0, |it| Show::of(it.1, stage, &|it| app.name(it), now))
    })
}

/// `PUT /api/v1/shows/{id}`: plans a show, or plans it anew; what has happened in it stays.
pub async fn put_show(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    check_id(&id)?;
    let input: ShowInput = read_json(&body)?;
    if let Some(term) = app.term(Kind::Show, &id) {
        not_ended(&app, term)?;
    }
    let audience = audience(&app, &input)?;
    let show = {
        let edge = RequestEdge::new(&app);
        input.into_core(&id, &edge, audience)?
    };
    let term = show.id.term;
    let entered = put(&app, Staged::PutShow(Box::new(show)), |it| shape(&app, it, term)).await?;
    Ok(json(&entered))
}

/// The rule of a show: its own, or that of a named audience.
fn audience(app: &App, input: &ShowInput) -> Result<Option<core::Audience>, Failure> {
    match (&input.audience, &input.audience_id) {
        (None, None) => Ok(None),
        (Some(rule), None) => Ok(Some(audiences::compile(app, rule, "/audience")?)),
        (None, Some(id)) => {
            let term = app.term(Kind::Audience, id);
            let found = app.node.director(|it| it.stage().audience(term?).cloned());
            found.map(Some).ok_or_else(|| {
                let detail = format!("there is no audience `{id}`: put it first");
                Problem::new(Code::ReferenceUnknown).with_field("/audience_id").with_detail(detail).into()
            })
        }
        (Some(_), Some(_)) => {
            let detail = "give `audience` or `audience_id`, not both";
            Err(Problem::new(Code::FieldInvalid).with_field("/audience_id").with_detail(detail).into())
        }
    }
}

/// `DELETE /api/v1/shows/{id}`: calls a show off, with its offers; its report is gone.
pub async fn delete_show(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = show_term(&app, &id)?;
    staged(&app, Staged::DeleteShow(term)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/shows/{id}/cues`: something happened in a show.
pub async fn cue(State(app): State<App>, Path(id): Path<String>, body: Bytes) -> Result<Response, Failure> {
    let show = show_term(&app, &id)?;
    let cue: Cue = read_json(&body)?;
    not_ended(&app, show)?;
    if cue == (Cue::Start {}) {
        not_over(&app, show)?;
    }
    let kind = kind(&app, show, cue)?;
    let shown = put(&app, Staged::Cue(core::Cue { show, kind }), |it| shape(&app, it, show)).await?;
    Ok(json(&shown))
}

fn kind(app: &App, show: Term, cue: Cue) -> Result<CueKind, Failure> {
    let offer = |id: &str| -> Result<Term, Failure> {
        let missing = || {
            Problem::new(Code::NotFound)
                .with_field("/offer_id")
                .with_detail(format!("there is no offer `{id}` in this show"))
        };
        let term = app.term(Kind::Offer, id).ok_or_else(missing)?;
        let in_show =
            app.node.director(|it| it.stage().offer(term).is_some_and(|it| it.offer.show.term == show));
        if in_show { Ok(term) } else { Err(missing().into()) }
    };
    Ok(match cue {
        Cue::Start {} => CueKind::Start,
        Cue::Phase { phase } => CueKind::Phase(phase.into()),
        Cue::Pin { product_id } => CueKind::Pin(pinned(app, &product_id)?),
        Cue::OfferOpened { offer_id } => CueKind::OfferOpened(offer(&offer_id)?),
        Cue::OfferChanged { offer_id, price, stock, ends_at } => {
            let offer = offer(&offer_id)?;
            if price.is_some_and(|it| it.0 == 0) {
                let problem = Problem::new(Code::FieldInvalid).with_field("/price");
                return Err(problem.with_detail("must be more than 0").into());
            }
            CueKind::OfferChanged {
                offer,
                price_cents: price.map(|it| it.0),
                stock,
                ends: ends_at.map(|it| it.0),
            }
        }
        Cue::OfferLow { offer_id } => CueKind::OfferLow(offer(&offer_id)?),
        Cue::OfferEnded { offer_id } => CueKind::OfferEnded(offer(&offer_id)?),
        Cue::Stock { offer_id, stock } => CueKind::Stock { offer: offer(&offer_id)?, left: stock },
        Cue::End {} => CueKind::End,
    })
}

/// A product that the catalogue has; it need not be in the rundown, for hosts improvise.
fn pinned(app: &App, id: &str) -> Result<beckon_core::director::catalogue::Name, Failure> {
    let term = app.term(Kind::Product, id);
    let found = term.and_then(|it| RequestEdge::new(app).product(it));
    found.map(|it| it.id.clone()).ok_or_else(|| {
        let detail = format!("there is no product `{id}`: put it first");
        Problem::new(Code::ReferenceUnknown).with_field("/product_id").with_detail(detail).into()
    })
}
