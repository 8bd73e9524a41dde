//! Offers over HTTP.

use super::App;
use super::answer::{Failure, json, read_json};
use super::edge::RequestEdge;
use super::resource::{Paging, check_id, known, on_stage, page, put, staged};
use super::shows::{not_ended, show_term};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::stage::{Stage, Staged};
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{Offer, OfferInput};
use bytes::Bytes;

/// Whose offers are listed.
#[derive(serde::Deserialize)]
pub struct Of {
    show_id: Option<String>,
}

fn shape(app: &App, stage: &Stage, term: Term) -> Option<Offer> {
    Some(Offer::of(stage.offer(term)?, stage, app.node.clock().now()))
}

/// `GET /api/v1/offers/{id}`.
pub async fn offer(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Offer, &id)?;
    Ok(json(&on_stage(&app, |it| shape(&app, it, term))?))
}

/// `GET /api/v1/offers`, all or those of a show.
pub async fn list_offers(
    State(app): State<App>,
    Query(paging): Query<Paging>,
    Query(of): Query<Of>,
) -> Result<Response, Failure> {
    let now = app.node.clock().now();
    let show = of.show_id.map(|it| show_term(&app, &it)).transpose()?;
    app.node.director(|it| {
        let stage = it.stage();
        let offers = stage.offers().filter(|(_, it)| show.is_none_or(|show| it.offer.show.term == show));
        page(offers, &paging, |it| it.0, |it| Offer::of(it.1, stage, now))
    })
}

/// `PUT /api/v1/offers/{id}`: enters an offer or replaces it.
pub async fn put_offer(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    check_id(&id)?;
    let input: OfferInput = read_json(&body)?;
    let show = app.term(Kind::Show, &input.show_id);
    let show = app.node.director(|it| it.stage().show(show?).map(|it| it.show.clone()));
    let show = show.ok_or_else(|| {
        let detail = format!("there is no show `{}`: put it first", input.show_id);
        Problem::new(Code::ReferenceUnknown).with_field("/show_id").with_detail(detail)
    })?;
    not_ended(&app, show.id.term)?;
    let offer = {
        let edge = RequestEdge::new(&app);
        input.into_core(&id, &show, &edge)?
    };
    let term = offer.id.term;
    Ok(json(&put(&app, Staged::PutOffer(offer), |it| shape(&app, it, term)).await?))
}

/// `DELETE /api/v1/offers/{id}`: pushes that speak of it are no longer sent.
pub async fn delete_offer(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Offer, &id)?;
    on_stage(&app, |it| it.offer(term).map(|_| ()))?;
    staged(&app, Staged::DeleteOffer(term)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
