//! The policy over HTTP, and what the program itself keeps of it: the salt of the holdouts, drawn once, and
//! the clock of shoppers who have not told theirs, which follows the configured zone.

use super::App;
use super::answer::{Failure, json, read_json};
use super::resource::{put, staged};
use axum::extract::State;
use axum::response::Response;
use beckon_core::show;
use beckon_core::stage::Staged;
use beckon_wire::shape::{Policy, PolicyInput};
use bytes::Bytes;
use ring::rand::{SecureRandom as _, SystemRandom};

fn shape(app: &App, it: &show::Policy) -> Policy {
    Policy {
        policy: PolicyInput::of(it),
        default_timezone: app.default_timezone.clone(),
        default_offset_min: it.default_offset_min,
    }
}

/// `GET /api/v1/policy`.
pub async fn policy(State(app): State<App>) -> Response {
    json(&shape(&app, &app.node.director(|it| it.stage().policy().clone())))
}

/// `PUT /api/v1/policy`: sets all of it; what is left out is as without a policy.
pub async fn put_policy(State(app): State<App>, body: Bytes) -> Result<Response, Failure> {
    let input: PolicyInput = read_json(&body)?;
    let present = app.node.director(|it| it.stage().policy().clone());
    let policy = input.into_core(&present)?;
    let entered = put(&app, Staged::PutPolicy(policy), |it| Some(it.policy().clone())).await?;
    Ok(json(&shape(&app, &entered)))
}

/// Draws the salt if there is none yet, and lets the default clock follow its zone.
pub async fn keep(app: &App) -> Result<(), Failure> {
    let present = app.node.director(|it| it.stage().policy().clone());
    let mut kept = present.clone();
    if kept.salt == 0 {
        let mut bytes = [0; 8];
        if SystemRandom::new().fill(&mut bytes).is_ok() {
            kept.salt = u64::from_le_bytes(bytes) | 1;
        }
    }
    if let Some(it) = app.zones.resolve(&app.default_timezone, app.node.clock().now()) {
        kept.default_offset_min = it.offset_min;
    }
    if kept != present {
        staged(app, Staged::PutPolicy(kept)).await?;
    }
    Ok(())
}
