//! What became of a show's pushes, why, and of one message.

use super::App;
use super::answer::{Failure, json};
use super::shows::show_term;
use axum::extract::{Path, State};
use axum::response::Response;
use beckon_core::push::PushId;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{Message, Report, Said, Why, why};

/// `GET /api/v1/shows/{id}/report`.
pub async fn report(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let term = show_term(&app, &id)?;
    let report = app.node.report(term).await?;
    Ok(json(&Report::of(id, &report, &|it| app.name(it), app.node.clock().now())))
}

/// `GET /api/v1/shows/{id}/shoppers/{user}/why`: also why not. By user id, anonymous id, or a former id.
pub async fn why(
    State(app): State<App>,
    Path((id, user)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let term = show_term(&app, &id)?;
    let unknown = || Problem::new(Code::NotFound).with_field("user").with_detail("nobody goes by this id");
    let kept = app.node.look(&user).await?.ok_or_else(unknown)?.cold.id;
    let (shard, why) = app.node.why(&kept, term).await?.ok_or_else(unknown)?;
    let learned = app.node.director(|it| it.stage().learned().clone());
    let asked = why::Asked {
        show_id: &id,
        shopper_id: &kept,
        shard,
        why: &why,
        learned: &learned,
        names: &|it| app.name(it),
        now: app.node.clock().now(),
    };
    Ok(json(&Why::of(&asked)))
}

/// `GET /api/v1/messages/{id}`.
pub async fn message(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let id: PushId = id
        .parse()
        .map_err(|_| Problem::new(Code::NotFound).with_detail("a message's id looks like p-07-2a"))?;
    let push = app.node.push(id).await?.ok_or(Code::NotFound)?;
    let said = app.composer.said(&app.node, id, &push).map(|(words, is_as_sent)| Said {
        title: words.title.to_string(),
        body: words.body.to_string(),
        link: words.link.to_string(),
        is_as_sent,
    });
    Ok(json(&Message { said, ..Message::of(id, &push, &|it| app.name(it)) }))
}
