//! What a room page tells of its shopper, taken in as the collect API takes events.
//!
//! The page has no write key, and speaks for nobody but whom its address names: of a tap link the shopper whom the push
//! called, of a show's page a visitor by the id that his browser keeps. It may tell of this show and of products, not
//! of orders, consent or who somebody is.

use super::limits::{EVENTS_BYTES_MAX, EVENTS_MAX};
use super::{OWN, Visit};
use crate::gateway::App;
use crate::gateway::answer::{Failure, json};
use crate::gateway::collect::read_body;
use crate::gateway::edge::RequestEdge;
use axum::body::Body as HttpBody;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use beckon_core::event::{Act, Event, ProductAct, RoomAct};
use beckon_core::id::Term;
use beckon_engine::record::EventsWriter;
use beckon_wire::collect::{Body, Collected, Receipt, Route, SourceKind};
use beckon_wire::limits::BATCH_EVENTS_MAX;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::Answer;
use std::sync::atomic::Ordering;

/// Takes what a page tells; answers once it is durable.
pub async fn take(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    body: HttpBody,
) -> Result<Response, Failure> {
    app.node.admits()?;
    let bytes = read_body(headers, body).await?;
    if bytes.len() > EVENTS_BYTES_MAX {
        let detail = format!("a page tells at most {EVENTS_BYTES_MAX} bytes at once");
        return Err(Problem::new(Code::BatchTooLarge).with_detail(detail).into());
    }
    let body = Body::read(&bytes, Route::Batch).map_err(|it| Problem::from(&it))?;
    if body.calls() > EVENTS_MAX {
        let detail = format!("a page tells at most {EVENTS_MAX} events at once");
        return Err(Problem::new(Code::TooManyEvents).with_detail(detail).into());
    }
    if body.bulk().is_some() {
        return Err(Problem::new(Code::BadBody).with_detail("a page is no bulk source").into());
    }
    if visit.push.as_ref().is_some_and(|it| it.1.shopper.is_empty()) {
        // He was erased: nothing is told of him.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let (collected, left_out, writer) = read(app, visit, &body);
    if !writer.is_empty() {
        app.node.append(writer.finish(None), None).await?;
    }
    app.tallies.collected(&collected);
    let mut answer = Answer::from(&collected);
    answer.accepted = answer.accepted.saturating_sub(left_out);
    Ok(json(&answer))
}

/// What the page tells of what it may, as a record; and how much was left out.
fn read(app: &App, visit: &Visit, body: &Body<'_>) -> (Collected, u32, EventsWriter) {
    let now = app.node.clock().now();
    let default_offset_min = app.zones.resolve(&app.default_timezone, now).map_or(0, |it| it.offset_min);
    let fresh = app.fresh.next.fetch_add(BATCH_EVENTS_MAX as u64, Ordering::Relaxed);
    let receipt = Receipt {
        source: OWN,
        kind: SourceKind::Web,
        // Whose the events are is settled by the page's address, and they are none of those that need a proof.
        verify_identity: false,
        now,
        fresh: u128::from(app.fresh.high) << 64 | u128::from(fresh),
        shopper_token: None,
        verified_user: &|_| None,
    };
    // Products that only a page names are not entered: the edge is asked for nothing that it saw.
    let edge = RequestEdge::new(app);
    let mut writer = EventsWriter::new(OWN, default_offset_min);
    let mut left_out = 0;
    let collected = body.events(&receipt, &edge, &mut |_, event| {
        if is_of_page(app, visit.show, &event.act) {
            writer.event(&whose(visit, event));
        } else {
            left_out += 1;
        }
    });
    (collected, left_out, writer)
}

/// The event, of whom the page's address names.
fn whose<'e>(visit: &'e Visit, event: Event<'e>) -> Event<'e> {
    match &visit.push {
        None => Event { user: None, ..event },
        Some((_, push)) if push.known => Event { user: Some(&push.shopper), anonymous: None, ..event },
        Some((_, push)) => Event { user: None, anonymous: Some(&push.shopper), ..event },
    }
}

/// Whether a page of `show` may tell this.
fn is_of_page(app: &App, show: Term, act: &Act<'_>) -> bool {
    match act {
        // A reminder may be of the show that comes next.
        Act::Room { what: RoomAct::ReminderBooked | RoomAct::ReminderCancelled, show: of, .. } => {
            app.node.director(|it| it.stage().show(of.term).is_some())
        }
        Act::Room { show: of, .. } | Act::Player { show: of, .. } => of.term == show,
        Act::Product {
            what: ProductAct::Viewed | ProductAct::Clicked | ProductAct::Added | ProductAct::Removed,
            product,
        } => super::product(app, product.id.term).is_some(),
        _ => false,
    }
}
