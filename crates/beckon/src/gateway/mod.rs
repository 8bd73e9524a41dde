//! The gateway: HTTP in front of a node.
//!
//! One file a matter. Collect calls (`collect`) need a write key, control calls a server key; health and
//! metrics need none. Every error is a problem of [`beckon_wire::problem`], made in `answer`.

mod answer;
mod auth;
mod catalogue;
mod collect;
mod control_clock;
mod cors;
mod edge;
mod listen;
mod local;
mod metrics;
mod openapi;
mod ops;
mod profiles;
mod stats;
mod tap;
pub mod tls;

use crate::clock::Stopwatch;
use crate::config::Config;
use crate::dispatch::tap::TapLinks;
use crate::keys;
use crate::runtime::Node;
use crate::secrets::Secrets;
use crate::zones::Zones;
use axum::Router;
use axum::routing::{any, get, post};
pub use listen::{Bound, bind};
pub use local::Local;
pub use openapi::document as openapi_document;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// What every handler reaches.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The parts of [`App`].
pub struct Inner {
    /// The node behind the gateway.
    pub node: Node,
    keys: keys::Shared,
    /// What channels and tap links are signed with.
    pub secrets: Secrets,
    /// Makes and reads tap links.
    pub links: TapLinks,
    zones: Zones,
    default_timezone: String,
    origins: Vec<String>,
    started: Stopwatch,
    /// The next key for events without a `messageId`; its high half is drawn at the start.
    fresh: Fresh,
    tallies: metrics::Tallies,
    tls: bool,
    draining: AtomicBool,
}

struct Fresh {
    high: u64,
    next: AtomicU64,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// A gateway in front of `node`.
    pub fn new(node: Node, keys: keys::Shared, secrets: Secrets, config: &Config, tls: bool) -> Self {
        let mut high = [0; 8];
        let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut high);
        let scheme = if tls { "https" } else { "http" };
        let own = || format!("{scheme}://{}", config.listen);
        let base = config.public_url.clone().unwrap_or_else(own);
        let links = TapLinks::new(&base, &secrets.tap_key());
        App(Arc::new(Inner {
            node,
            keys,
            secrets,
            links,
            zones: Zones::new(),
            default_timezone: config.default_timezone.clone(),
            origins: config.cors.origins.clone(),
            started: Stopwatch::start(),
            fresh: Fresh { high: u64::from_le_bytes(high) | 1, next: AtomicU64::new(0) },
            tallies: metrics::Tallies::default(),
            tls,
            draining: AtomicBool::new(false),
        }))
    }

    /// From now on `/readyz` says no, so that no new traffic is sent here.
    pub fn drain(&self) {
        self.draining.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// What the node needs done now and then: keys changed on disk, timers that are due, rates.
    pub async fn housekeeping(self) {
        let mut every = tokio::time::interval(std::time::Duration::from_secs(1));
        loop {
            every.tick().await;
            if let Err(error) = self.keys.refresh() {
                tracing::warn!(%error, "the keys' file cannot be read again: the keys known so far stay valid");
            }
            self.node.tick_if_due().await;
            self.tallies.sample();
        }
    }
}

/// Longest body of a control call: an import of products.
const CONTROL_BYTES_MAX: usize = 7 << 20;

/// All routes.
pub fn router(app: App) -> Router {
    let collect = Router::new()
        .route("/v1/m", post(collect::sdk_counters))
        .route("/v1/projects/{write_key}/settings", get(collect::settings))
        .route("/v1/{call}", post(collect::collect))
        .route("/api/s/{call}", post(collect::collect))
        .route("/api/s/s2s/{call}", post(collect::collect));
    let control = Router::new()
        .route("/products", get(catalogue::list_products))
        .route("/products/batch", post(catalogue::import_products))
        .route(
            "/products/{id}",
            get(catalogue::product).put(catalogue::put_product).delete(catalogue::delete_product),
        )
        .route("/hosts", get(catalogue::list_hosts))
        .route("/hosts/{id}", get(catalogue::host).put(catalogue::put_host).delete(catalogue::delete_host))
        .route("/rooms", get(catalogue::list_rooms))
        .route("/rooms/{id}", get(catalogue::room).put(catalogue::put_room).delete(catalogue::delete_room))
        .route("/profiles/{id}", get(profiles::profile).delete(profiles::erase))
        .route("/profiles/{id}/export", get(profiles::export))
        .route("/stats", get(stats::stats))
        .route("/bulk/{source}", get(stats::bulk))
        .route("/clock", get(control_clock::show).post(control_clock::advance))
        .layer(axum::extract::DefaultBodyLimit::max(CONTROL_BYTES_MAX))
        .layer(axum::middleware::from_fn_with_state(app.clone(), auth::server_key));
    Router::new()
        .merge(collect)
        .nest("/api/v1", control)
        .route("/metrics", get(ops::metrics))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/openapi.json", get(openapi::serve))
        .route("/docs/errors", any(ops::errors))
        .route("/t/{token}", get(tap::page))
        .route("/t/{token}/now", get(tap::now))
        .route("/t/{token}/tapped", post(tap::tapped))
        .fallback(answer::path_unknown)
        .layer(axum::middleware::from_fn(answer::problems))
        .layer(axum::middleware::from_fn_with_state(app.clone(), cors::cors))
        .with_state(app)
}
