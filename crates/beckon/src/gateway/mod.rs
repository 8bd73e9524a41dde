//! The gateway: HTTP in front of a node.
//!
//! One file a matter. Collect calls (`collect`) need a write key, control calls a server key; health and
//! metrics need none. Every error is a problem of [`beckon_wire::problem`], made in `answer`.

mod answer;
mod audiences;
mod auth;
mod campaigns;
mod catalogue;
mod channels;
mod collect;
mod control_clock;
mod cors;
mod devices;
mod docs;
mod edge;
mod front;
mod in_app;
mod listen;
mod live;
mod live_control;
mod local;
mod metrics;
mod offers;
mod openapi;
mod ops;
mod packed;
mod policy;
mod profiles;
mod push_key;
mod reports;
mod resource;
mod room_page;
mod sdk;
mod shows;
mod stats;
mod templates;
pub mod tls;

use crate::clock::Stopwatch;
use crate::config::Config;
use crate::dispatch::compose::Composer;
use crate::dispatch::tap::TapLinks;
use crate::in_app::Hub;
use crate::keys;
use crate::room::{Rooms, Tokens};
use crate::runtime::Node;
use crate::secrets::Secrets;
use crate::zones::Zones;
use axum::Router;
use axum::routing::{any, delete, get, post};
pub use channels::guard_of;
pub use listen::{Bound, bind};
pub use local::Local;
pub use openapi::document as openapi_document;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
pub use templates::needs_offer;

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
    /// Puts messages together, and holds what was said lately.
    pub composer: Arc<Composer>,
    /// The in-app connections.
    pub hub: Hub,
    /// Whom push services may write to, unless the channel says otherwise.
    contact: Option<String>,
    /// The live room, if it is on.
    pub rooms: Option<Rooms>,
    tokens: Tokens,
    rooms_open: bool,
    ice_servers: Vec<String>,
    zones: Arc<Zones>,
    default_timezone: String,
    origins: Vec<String>,
    started: Stopwatch,
    /// The next key for events without a `messageId`; its high half is drawn at the start.
    fresh: Fresh,
    tallies: metrics::Tallies,
    /// The live feeds of shows.
    pub feeds: room_page::Feeds,
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
    pub fn new(
        node: Node,
        keys: keys::Shared,
        secrets: Secrets,
        rooms: Option<Rooms>,
        config: &Config,
        tls: bool,
    ) -> Self {
        let mut high = [0; 8];
        let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut high);
        let scheme = if tls { "https" } else { "http" };
        let own = || format!("{scheme}://{}", config.listen);
        let base = config.public_url.clone().unwrap_or_else(own);
        let links = TapLinks::new(&base, &secrets.tap_key());
        let zones = Arc::new(Zones::new());
        let hub = Hub::new(node.clone(), zones.clone(), &config.default_timezone, &config.in_app);
        let tokens = Tokens::new(&secrets.tap_key());
        App(Arc::new(Inner {
            hub,
            node,
            keys,
            secrets,
            composer: Arc::new(Composer::new(links.clone())),
            links,
            contact: config.public_url.clone().filter(|it| it.starts_with("https://")),
            rooms,
            tokens,
            rooms_open: config.room.open,
            ice_servers: config.room.ice_servers.clone(),
            zones,
            default_timezone: config.default_timezone.clone(),
            origins: config.cors.origins.clone(),
            started: Stopwatch::start(),
            fresh: Fresh { high: u64::from_le_bytes(high) | 1, next: AtomicU64::new(0) },
            tallies: metrics::Tallies::default(),
            feeds: room_page::Feeds::default(),
            tls,
            draining: AtomicBool::new(false),
        }))
    }

    /// From now on `/readyz` says no, so that no new traffic is sent here, and what would never end is ended.
    pub fn drain(&self) {
        self.feeds.close();
        self.draining.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Draws the salt of the holdouts if there is none, and lets the clock of shoppers without a zone follow
    /// the configured one.
    pub async fn keep_policy(&self) {
        if let Err(failure) = policy::keep(self).await {
            let why = failure.0.detail.unwrap_or_default();
            tracing::warn!(why, "the policy could not be brought up to date: it is tried again");
        }
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
            self.keep_policy().await;
            self.tallies.sample();
        }
    }
}

/// Longest body of a control call: an import of products.
const CONTROL_BYTES_MAX: usize = 7 << 20;

/// Shows and all that belongs to them.
fn stage_routes() -> Router<App> {
    Router::new()
        .route("/shows", get(shows::list_shows))
        .route("/shows/{id}", get(shows::show).put(shows::put_show).delete(shows::delete_show))
        .route("/shows/{id}/cues", post(shows::cue))
        .route("/shows/{id}/audience", get(audiences::of_show))
        .route("/shows/{id}/report", get(reports::report))
        .route("/shows/{id}/shoppers/{user}/why", get(reports::why))
        .route("/messages/{id}", get(reports::message))
        .route("/offers", get(offers::list_offers))
        .route("/offers/{id}", get(offers::offer).put(offers::put_offer).delete(offers::delete_offer))
        .route("/campaigns", get(campaigns::list_campaigns))
        .route(
            "/campaigns/{id}",
            get(campaigns::campaign).put(campaigns::put_campaign).delete(campaigns::delete_campaign),
        )
        .route("/audiences", get(audiences::list_audiences))
        .route("/audiences/preview", post(audiences::preview))
        .route(
            "/audiences/{id}",
            get(audiences::audience).put(audiences::put_audience).delete(audiences::delete_audience),
        )
        .route("/templates", get(templates::list_templates))
        .route("/templates/preview", post(templates::preview))
        .route(
            "/templates/{id}",
            get(templates::template).put(templates::put_template).delete(templates::delete_template),
        )
        .route("/policy", get(policy::policy).put(policy::put_policy))
        .route("/channels", get(channels::list_channels))
        .route(
            "/channels/{channel}",
            get(channels::channel).put(channels::put_channel).delete(channels::delete_channel),
        )
}

/// All routes.
pub fn router(app: App) -> Router {
    let collect = Router::new()
        .route("/v1/m", post(collect::sdk_counters))
        .route("/v1/projects/{write_key}/settings", get(collect::settings))
        .route("/v1/push-key", get(push_key::push_key))
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
        .route("/devices/{id}", get(devices::device).put(devices::put_device).delete(devices::delete_device))
        .route("/rooms/{id}/publish", get(live_control::publish))
        .route("/rooms/{id}/watch", get(live_control::watch))
        .route("/rooms/{id}/status", get(live_control::status))
        .route("/profiles", get(profiles::list_profiles))
        .route("/profiles/{id}", get(profiles::profile).delete(profiles::erase))
        .route("/profiles/{id}/export", get(profiles::export))
        .merge(stage_routes())
        .route("/stats", get(stats::stats))
        .route("/bulk/{source}", get(stats::bulk))
        .route("/clock", get(control_clock::show).post(control_clock::advance))
        .layer(axum::extract::DefaultBodyLimit::max(CONTROL_BYTES_MAX))
        .layer(axum::middleware::from_fn_with_state(app.clone(), auth::server_key));
    let live = Router::new()
        .route("/whip/{room}", post(live::whip))
        .route("/whip/{room}/{session}", delete(live::whip_delete).patch(live::whip_patch))
        .route("/whep/{room}", post(live::whep))
        .route("/whep/{room}/{session}", delete(live::whep_delete).patch(live::whep_patch))
        .layer(axum::extract::DefaultBodyLimit::max(live::BODY_BYTES_MAX));
    Router::new()
        .merge(collect)
        .merge(live)
        .nest("/api/v1", control)
        .route("/", get(front::page))
        .route("/metrics", get(ops::metrics))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/openapi.json", get(openapi::serve))
        .route("/docs/errors", any(ops::errors))
        .route("/docs/{file}", get(docs::file))
        .route("/sdk/{file}", get(sdk::file))
        .route("/ws", get(in_app::socket::open))
        .route("/sse", get(in_app::stream::open))
        .route("/sse/{session}", post(in_app::stream::post))
        .route("/t/{token}", get(room_page::of_tap))
        .route("/t/{token}/now", get(room_page::now_of_tap))
        .route("/t/{token}/tapped", post(room_page::tapped))
        .route("/t/{token}/events", post(room_page::events_of_tap))
        .route("/r/{show}", get(room_page::of_show))
        .route("/r/{show}/now", get(room_page::now_of_show))
        .route("/r/{show}/live", get(room_page::live))
        .route("/r/{show}/events", post(room_page::events_of_show))
        .fallback(answer::path_unknown)
        .layer(axum::middleware::from_fn(answer::problems))
        .layer(axum::middleware::from_fn_with_state(app.clone(), cors::cors))
        .with_state(app)
}
