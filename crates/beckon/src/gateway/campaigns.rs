//! Campaigns over HTTP.

use super::App;
use super::answer::{Failure, json, read_json};
use super::resource::{Paging, check_id, known, on_stage, page, put, staged};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::stage::{Stage, Staged};
use beckon_wire::shape::{Campaign, CampaignInput};
use bytes::Bytes;

fn shape(stage: &Stage, term: Term) -> Option<Campaign> {
    stage.campaigns().find(|it| it.id.term == term).map(Campaign::from)
}

/// `GET /api/v1/campaigns/{id}`.
pub async fn campaign(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Campaign, &id)?;
    Ok(json(&on_stage(&app, |it| shape(it, term))?))
}

/// `GET /api/v1/campaigns`.
pub async fn list_campaigns(
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<Response, Failure> {
    app.node.director(|it| page(it.stage().campaigns(), &paging, |it| it.id.term, |it| Campaign::from(*it)))
}

/// `PUT /api/v1/campaigns/{id}`.
pub async fn put_campaign(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    check_id(&id)?;
    let input: CampaignInput = read_json(&body)?;
    let campaign = input.into_core(&id, &|kind, text| app.node.names().intern(kind, text))?;
    let term = campaign.id.term;
    Ok(json(&put(&app, Staged::PutCampaign(campaign), |it| shape(it, term)).await?))
}

/// `DELETE /api/v1/campaigns/{id}`.
pub async fn delete_campaign(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Campaign, &id)?;
    on_stage(&app, |it| shape(it, term))?;
    staged(&app, Staged::DeleteCampaign(term)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
