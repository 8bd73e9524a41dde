//! Audience rules over HTTP: naming them, and counting at once whom they hold for.

use super::App;
use super::answer::{Failure, json, read_json};
use super::resource::{Paging, check_id, known, on_stage, page, put, staged};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::director::catalogue::Name;
use beckon_core::event::Text;
use beckon_core::names::Kind;
use beckon_core::show;
use beckon_core::show::audience::Predicate;
use beckon_core::stage::Staged;
use beckon_wire::problem::{Code, InText, Problem};
use beckon_wire::shape::{Audience, AudienceCount, AudienceInput};
use bytes::Bytes;

/// Compiles a rule; `field` is where the request has it.
pub fn compile(app: &App, rule: &str, field: &str) -> Result<show::Audience, Failure> {
    let compiled = beckon_audience::compile(rule, &|kind, text| app.node.names().intern(kind, text));
    let predicate = compiled.map_err(|error| {
        let short = |it: usize| u32::try_from(it).ok();
        Problem::new(Code::AudienceInvalid)
            .with_field(field)
            .with_detail(error.to_string())
            .with_position(error.at.offset)
            .with_text(InText {
                line: short(error.at.line),
                column: short(error.at.column),
                ..InText::default()
            })
    })?;
    Ok(show::Audience { text: rule.into(), predicate })
}

async fn count(app: &App, rule: String, predicate: Predicate) -> Result<Response, Failure> {
    let (shoppers, of) = app.node.audience(predicate).await?;
    Ok(json(&AudienceCount::new(rule, shoppers, of)))
}

/// `POST /api/v1/audiences/preview`: how many shoppers a rule holds for now.
pub async fn preview(State(app): State<App>, body: Bytes) -> Result<Response, Failure> {
    let AudienceInput { rule } = read_json(&body)?;
    let predicate = compile(&app, &rule, "/rule")?.predicate;
    count(&app, rule, predicate).await
}

/// `GET /api/v1/shows/{id}/audience`: how many shoppers a show is for now.
pub async fn of_show(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Show, &id)?;
    let audience = on_stage(&app, |it| Some(it.show(term)?.show.audience.clone()))?;
    let (rule, predicate) =
        audience.map_or((String::new(), Predicate::EVERYONE), |it| (it.text.into(), it.predicate));
    count(&app, rule, predicate).await
}

/// `GET /api/v1/audiences/{id}`.
pub async fn audience(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Audience, &id)?;
    let rule = on_stage(&app, |it| it.audience(term).map(|it| it.text.to_string()))?;
    Ok(json(&Audience { id, rule }))
}

/// `GET /api/v1/audiences`.
pub async fn list_audiences(
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<Response, Failure> {
    let shape =
        |it: &(_, &str, &show::Audience)| Audience { id: it.1.to_owned(), rule: it.2.text.to_string() };
    app.node.director(|it| page(it.stage().audiences(), &paging, |it| it.0, shape))
}

/// `PUT /api/v1/audiences/{id}`: names a rule. Shows that were put with it before keep what they have.
pub async fn put_audience(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    check_id(&id)?;
    let AudienceInput { rule } = read_json(&body)?;
    let audience = compile(&app, &rule, "/rule")?;
    let term = app.node.names().intern(Kind::Audience, &id);
    let name = Name::from(Text { term, text: &id });
    put(&app, Staged::PutAudience(name, audience), |it| it.audience(term).map(|_| ())).await?;
    Ok(json(&Audience { id, rule }))
}

/// `DELETE /api/v1/audiences/{id}`.
pub async fn delete_audience(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = known(&app, Kind::Audience, &id)?;
    on_stage(&app, |it| it.audience(term).map(|_| ()))?;
    staged(&app, Staged::DeleteAudience(term)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
