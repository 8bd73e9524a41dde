//! A gateway without a socket: what `beckon replay --data` sends its batches to. They take the very path
//! that a request takes once its key is known.

use super::App;
use super::answer::Failure as Problem;
use super::collect::{Sender, accept};
use crate::config::Config;
use crate::keys::{self, Keys};
use crate::replay::{Clock, Failure, Target};
use crate::runtime::{self, Node};
use crate::serve::node_options;
use beckon_core::id::SourceId;
use beckon_core::time::Timestamp;
use beckon_wire::collect::{Body, Route, SourceKind};
use beckon_wire::problem::Document;
use beckon_wire::shape::Answer;
use bytes::Bytes;
use std::time::Duration;

/// The program's own source: no write key opens it.
const OWN: SourceId = SourceId(0);

/// A node in this process, over the directory of a server that is not running.
pub struct Local {
    app: App,
}

impl Local {
    /// Starts a node over `config.data`. Its time is virtual, so that old events are not late ones.
    pub fn start(config: &Config) -> Result<Local, crate::serve::Error> {
        let node = tokio::task::block_in_place(|| Node::start(&node_options(config, true)))?;
        let (keys, _) = Keys::open_or_create(&config.data, &config.first_keys)?;
        let secrets = crate::secrets::Secrets::open_or_create(&config.data)?;
        Ok(Local { app: App::new(node, keys::Shared::new(keys), secrets, None, config, false) })
    }

    /// Takes snapshots and ends.
    pub fn stop(self) -> runtime::StopReport {
        tokio::task::block_in_place(|| self.app.node.stop())
    }
}

fn failure(problem: Problem) -> Failure {
    let document = Document::from(problem.0);
    let why = format!("{}: {}", document.title, document.detail.unwrap_or_default());
    match document.code.retry_after_s() {
        Some(after) => Failure::Later { after: Some(Duration::from_secs(after.into())), why },
        None if document.status == 409 => Failure::Moved { why },
        None => Failure::Refused { why },
    }
}

impl Target for Local {
    async fn next(&mut self, source: &str) -> Result<u64, Failure> {
        Ok(self.app.node.bulk_next(source))
    }

    async fn batch(&mut self, body: Bytes) -> Result<Answer, Failure> {
        let body = Body::read(&body, Route::Batch).map_err(|it| Failure::Refused { why: it.to_string() })?;
        let sender = Sender {
            source: OWN,
            kind: SourceKind::Server,
            verify_identity: false,
            shopper_token: None,
            verified_user: &|_| None,
        };
        accept(&self.app, &sender, &body).await.map_err(failure)
    }

    async fn clock(&mut self) -> Result<Clock, Failure> {
        Ok(Clock::Virtual(self.app.node.clock().now()))
    }

    async fn advance(&mut self, to: Timestamp) -> Result<(), Failure> {
        self.app.node.advance(to).await.map(drop).map_err(|it| failure(it.into()))
    }
}
