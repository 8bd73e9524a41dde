//! `/sdk/*`: our own SDK for the browser, compiled into the program, so that a page's scripts always fit the server
//! that they speak to.
//!
//! Any page may load it. A file keeps its name over versions, so caches ask again after a few minutes, by its
//! ETag; the service worker, which browsers keep long, is asked for each time.

use super::answer::Failure;
use super::packed;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beckon_wire::problem::Code;
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::LazyLock;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const PAGE: &str = "text/html; charset=utf-8";

/// How long a cache may answer by itself.
const CACHED: &str = "public, max-age=300";

/// The browser's copy is asked about each time.
const ASKED: &str = "no-cache";

/// The service worker's file: it may serve the whole of its origin.
const WORKER: &str = "worker.js";

/// The page that shows the SDK at work.
const EXAMPLE: &str = "example";

macro_rules! files {
    ($($path:literal from $file:literal as $kind:ident,)+) => {
        /// Path, content type and bytes of each.
        const FILES: &[(&str, &str, &[u8])] = &[$((
            $path,
            $kind,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/web/src/", $file)),
        )),+];
    };
}

files! {
    "beckon.js" from "beckon.js" as SCRIPT,
    "calls.js" from "calls.js" as SCRIPT,
    "cards.js" from "cards.js" as SCRIPT,
    "connection.js" from "connection.js" as SCRIPT,
    "device-state.js" from "device-state.js" as SCRIPT,
    "identity.js" from "identity.js" as SCRIPT,
    "in-app.js" from "in-app.js" as SCRIPT,
    "link.js" from "link.js" as SCRIPT,
    "message.js" from "message.js" as SCRIPT,
    "pictures.js" from "pictures.js" as SCRIPT,
    "player.js" from "player.js" as SCRIPT,
    "push.js" from "push.js" as SCRIPT,
    "queue.js" from "queue.js" as SCRIPT,
    "seen.js" from "seen.js" as SCRIPT,
    "sender.js" from "sender.js" as SCRIPT,
    "store.js" from "store.js" as SCRIPT,
    "whep.js" from "whep.js" as SCRIPT,
    "worker.js" from "worker.js" as SCRIPT,
    "example" from "example.html" as PAGE,
    "example.js" from "example.js" as SCRIPT,
    "example-words.js" from "example-words.js" as SCRIPT,
}

/// A file, ready to be sent.
struct Ready {
    kind: &'static str,
    plain: &'static [u8],
    packed: Vec<u8>,
    tag: String,
}

/// All of them, packed when the first is asked for.
static READY: LazyLock<BTreeMap<&'static str, Ready>> = LazyLock::new(|| {
    let ready = |&(path, kind, plain): &(&'static str, &'static str, &'static [u8])| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let packed = packer.write_all(plain).and_then(|()| packer.finish()).unwrap_or_default();
        let mut tag = String::from("\"");
        for byte in &digest(&SHA256, plain).as_ref()[..12] {
            let _ = write!(tag, "{byte:02x}");
        }
        (path, Ready { kind, plain, packed, tag: tag + "\"" })
    };
    FILES.iter().map(ready).collect()
});

/// `GET /sdk/{file}`.
pub async fn file(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let file = READY.get(path.as_str()).ok_or(Code::PathUnknown)?;
    let asked = |name: HeaderName| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    // A tag that a proxy made weak still names the same bytes.
    let known =
        asked(header::IF_NONE_MATCH).split(',').any(|it| it.trim().trim_start_matches("W/") == file.tag);
    let packs = packed::is_taken(&headers) && !file.packed.is_empty();
    let mut response = match (known, packs) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, true) => (([(header::CONTENT_ENCODING, "gzip")]), &file.packed[..]).into_response(),
        (false, false) => file.plain.into_response(),
    };
    let set = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&file.tag) {
        set.insert(header::ETAG, tag);
    }
    let cached = if matches!(path.as_str(), WORKER | EXAMPLE) { ASKED } else { CACHED };
    let fixed = [
        (header::CONTENT_TYPE, file.kind),
        (header::CACHE_CONTROL, cached),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A module loads from another origin only so, whichever pages may send events.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    for (name, value) in fixed {
        set.insert(name, HeaderValue::from_static(value));
    }
    if path == WORKER {
        set.insert(HeaderName::from_static("service-worker-allowed"), HeaderValue::from_static("/"));
    }
    Ok(response)
}
