//! `/openapi.json`: OpenAPI 3.1, its schemas generated from the types that the handlers use.

mod collect;
mod schemas;
mod stage;

use axum::response::{IntoResponse, Response};
use beckon_core::limits::NAME_BYTES_MAX;
use beckon_wire::problem::Code;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// One operation.
struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    tag: &'static str,
    /// Schema of the request's body.
    body: Option<Value>,
    /// Status and schema of the answer; `None` for an answer without a body.
    answer: (u16, Option<Value>),
    /// Which errors it can answer beside those of its tag.
    errors: &'static [Code],
    query: &'static [Parameter],
    /// An example of the body, and one of the answer.
    examples: (Option<Value>, Option<Value>),
}

/// A parameter of the query.
#[derive(Clone, Copy)]
struct Parameter {
    name: &'static str,
    about: &'static str,
    schema: fn() -> Value,
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn page_of(name: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": { "type": "array", "items": reference(name) },
            "next": { "type": "string", "description": "Send it as `cursor` to get what follows." }
        }
    })
}

const PAGING: &[Parameter] = &[
    Parameter {
        name: "cursor",
        about: CURSOR,
        schema: || json!({ "type": "string", "pattern": "^[0-9a-f]{8}$" }),
    },
    LIMIT,
];
const PAGING_PROFILES: &[Parameter] = &[
    Parameter {
        name: "cursor",
        about: CURSOR,
        schema: || json!({ "type": "string", "pattern": "^[0-3][0-9a-f]{9}$" }),
    },
    LIMIT,
];
const CURSOR: &str = "Where the list goes on: `next` of the page before.";
const LIMIT: Parameter = Parameter {
    name: "limit",
    about: "Items of a page.",
    schema: || json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 }),
};

fn operations() -> Vec<Operation> {
    let mut all = collect::operations();
    let mut add = |method, path, id, summary, tag, body, answer, errors: &'static [Code], query| {
        let examples = (None, None);
        all.push(Operation { method, path, id, summary, tag, body, answer, errors, query, examples });
    };
    for (plural, one, shape) in
        [("products", "product", "Product"), ("hosts", "host", "Host"), ("rooms", "room", "Room")]
    {
        let leak = |text: String| -> &'static str { String::leak(text) };
        let list = leak(format!("/api/v1/{plural}"));
        let item = leak(format!("/api/v1/{plural}/{{id}}"));
        let input = Some(reference(&format!("{shape}Input")));
        let shown = || (200, Some(reference(shape)));
        add(
            "get",
            list,
            leak(format!("list_{plural}")),
            "List them",
            "catalogue",
            None,
            (200, Some(page_of(shape))),
            &[Code::BadCursor, Code::BadParameter],
            PAGING,
        );
        add(
            "get",
            item,
            leak(format!("get_{one}")),
            "Read one",
            "catalogue",
            None,
            shown(),
            &[Code::NotFound],
            &[],
        );
        add(
            "put",
            item,
            leak(format!("put_{one}")),
            "Enter one, or replace it",
            "catalogue",
            input,
            shown(),
            WRITE_ERRORS,
            &[],
        );
        add(
            "delete",
            item,
            leak(format!("delete_{one}")),
            "Take one out",
            "catalogue",
            None,
            (204, None),
            &[Code::NotFound, Code::Overloaded, Code::JournalUnavailable],
            &[],
        );
    }
    for (path, id, summary, shape) in [
        ("/api/v1/rooms/{id}/publish", "publish_access", "What to enter in the encoder", "PublishAccess"),
        ("/api/v1/rooms/{id}/watch", "watch_access", "A ticket to watch", "WatchAccess"),
        ("/api/v1/rooms/{id}/status", "live_status", "How the live room is doing", "LiveStatus"),
    ] {
        let answer = (200, Some(reference(shape)));
        add("get", path, id, summary, "catalogue", None, answer, &[Code::NotFound], &[]);
    }
    let imported = json!({ "type": "object", "required": ["imported"], "properties": { "imported": { "type": "integer" } } });
    add(
        "post",
        "/api/v1/products/batch",
        "import_products",
        "Enter many products",
        "catalogue",
        Some(reference("ProductImport")),
        (200, Some(imported)),
        WRITE_ERRORS,
        &[],
    );
    add(
        "get",
        "/api/v1/devices/{id}",
        "get_device",
        "A device and whose it is",
        "profiles",
        None,
        (200, Some(reference("OwnedDevice"))),
        &[Code::NotFound],
        &[],
    );
    add(
        "put",
        "/api/v1/devices/{id}",
        "put_device",
        "Register a device with its shopper, whoever had it before",
        "profiles",
        Some(reference("DeviceInput")),
        (200, Some(reference("OwnedDevice"))),
        DEVICE_ERRORS,
        &[],
    );
    add(
        "delete",
        "/api/v1/devices/{id}",
        "delete_device",
        "Take a device from its shopper",
        "profiles",
        None,
        (204, None),
        &[Code::NotFound, Code::Overloaded, Code::JournalUnavailable],
        &[],
    );
    add(
        "get",
        "/api/v1/profiles",
        "list_profiles",
        "Shoppers, in no order that means anything",
        "profiles",
        None,
        (200, Some(page_of("Profile"))),
        &[Code::BadCursor, Code::BadParameter],
        PAGING_PROFILES,
    );
    add(
        "get",
        "/api/v1/profiles/{id}",
        "get_profile",
        "A shopper's profile",
        "profiles",
        None,
        (200, Some(reference("Profile"))),
        &[Code::NotFound],
        &[],
    );
    add(
        "delete",
        "/api/v1/profiles/{id}",
        "erase_profile",
        "Forget a shopper",
        "profiles",
        None,
        (204, None),
        &[Code::NotFound, Code::Overloaded, Code::JournalUnavailable],
        &[],
    );
    add(
        "get",
        "/api/v1/profiles/{id}/export",
        "export_profile",
        "Everything held of a shopper",
        "profiles",
        None,
        (200, Some(reference("Export"))),
        &[Code::NotFound],
        &[],
    );
    add(
        "get",
        "/api/v1/stats",
        "stats",
        "What came in, who is known, how far behind everything is",
        "operate",
        None,
        (200, Some(reference("Stats"))),
        &[],
        &[],
    );
    add(
        "get",
        "/api/v1/bulk/{source}",
        "bulk_status",
        "Where a bulk source has to continue",
        "operate",
        None,
        (200, Some(reference("BulkStatus"))),
        &[],
        &[],
    );
    add(
        "get",
        "/api/v1/clock",
        "get_clock",
        "What time it is",
        "operate",
        None,
        (200, Some(reference("Clock"))),
        &[],
        &[],
    );
    add(
        "post",
        "/api/v1/clock",
        "move_clock",
        "Move virtual time forward",
        "operate",
        Some(reference("Advance")),
        (200, Some(reference("Clock"))),
        CLOCK_ERRORS,
        &[],
    );
    all.extend(stage::operations());
    all
}

const WRITE_ERRORS: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::LimitReached,
    Code::Overloaded,
    Code::JournalUnavailable,
];
const DEVICE_ERRORS: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::NotFound,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::Overloaded,
    Code::JournalUnavailable,
];
const CLOCK_ERRORS: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::ClockNotVirtual,
    Code::ClockBackwards,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::BodyTooLarge,
];

fn operation(it: &Operation) -> Value {
    let mut responses = Map::new();
    let content = |schema: &Value, example: Option<&Value>| {
        let mut content = json!({ "schema": schema });
        if let Some(example) = example {
            content["example"] = example.clone();
        }
        json!({ "application/json": content })
    };
    let mut done = json!({ "description": "Done" });
    if let Some(schema) = &it.answer.1 {
        done["content"] = content(schema, it.examples.1.as_ref());
    }
    responses.insert(it.answer.0.to_string(), done);
    let always: &[Code] = &[Code::KeyMissing, Code::KeyUnknown, Code::KeyNotAllowed];
    // A parameter that is not UTF-8 is refused wherever there are parameters.
    let has_parameters = it.path.contains('{') || !it.query.is_empty();
    let parameters: &[Code] = if has_parameters { &[Code::BadParameter] } else { &[] };
    let mut by_status: std::collections::BTreeMap<u16, Vec<&str>> = Default::default();
    for code in always.iter().chain(parameters).chain(it.errors).chain(&[Code::NotReady]) {
        if by_status.get(&code.status()).is_some_and(|it| it.contains(&code.word())) {
            continue;
        }
        by_status.entry(code.status()).or_default().push(code.word());
    }
    for (status, words) in by_status {
        let mut problem = json!({
            "description": words.join(", "),
            "content": { "application/problem+json": { "schema": reference("Problem") } }
        });
        if let Some((name, header)) = header(status) {
            problem["headers"] = json!({ name: header });
        }
        responses.insert(status.to_string(), problem);
    }
    let named = it.path.split('{').skip(1).filter_map(|it| it.split('}').next());
    let in_path = named.map(|name| {
        let schema = match name {
            "channel" => reference("Channel"),
            _ => json!({ "type": "string", "minLength": 1, "maxLength": NAME_BYTES_MAX }),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    let in_query = it.query.iter().map(
        |it| json!({ "name": it.name, "in": "query", "description": it.about, "schema": (it.schema)() }),
    );
    let key = if it.tag == "collect" { "writeKey" } else { "serverKey" };
    let mut operation = json!({
        "operationId": it.id,
        "summary": it.summary,
        "tags": [it.tag],
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": responses,
        "security": [{ key: [] }, { "bearer": [] }]
    });
    if let Some(body) = &it.body {
        operation["requestBody"] =
            json!({ "required": true, "content": content(body, it.examples.0.as_ref()) });
    }
    operation
}

/// The header that every answer of a status carries.
fn header(status: u16) -> Option<(&'static str, Value)> {
    match status {
        401 => Some((
            "WWW-Authenticate",
            json!({ "required": true, "description": "How a key is sent.", "schema": { "type": "string" } }),
        )),
        429 | 503 => Some((
            "Retry-After",
            json!({
                "required": true,
                "description": "After how many seconds trying again makes sense.",
                "schema": { "type": "integer", "minimum": 1 }
            }),
        )),
        _ => None,
    }
}

/// The document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for it in operations() {
        paths.entry(it.path).or_insert_with(|| json!({}))[it.method] = operation(&it);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Beckon",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Precision push for live commerce: collect, catalogue, shows, profiles. Apps and pages get messages over a WebSocket at `/ws` (subprotocol `beckon.v1`), or an event stream at `GET /sse` with frames posted to `/sse/{session}`: this description cannot say how frames follow each other, docs/in-app.md does.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "collect", "description": "Events in: Segment's HTTP tracking API. Needs a write key." },
            { "name": "catalogue", "description": "Products, hosts, rooms. Needs a server key." },
            { "name": "shows", "description": "Shows, cues, offers, campaigns, audiences; what became of them. Needs a server key." },
            { "name": "rules", "description": "Templates, policy, channels. Needs a server key." },
            { "name": "profiles", "description": "Shoppers. Needs a server key." },
            { "name": "operate", "description": "Counts and clock. Needs a server key." }
        ],
        "paths": paths,
        "components": {
            "schemas": schemas::schemas(),
            "securitySchemes": {
                "writeKey": { "type": "http", "scheme": "basic", "description": "The write key as user name, no password." },
                "serverKey": { "type": "http", "scheme": "basic", "description": "The server key as user name, no password." },
                "bearer": { "type": "http", "scheme": "bearer" }
            }
        }
    })
}

/// `GET /openapi.json`.
pub async fn serve() -> Response {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    let text = DOCUMENT.get_or_init(|| document().to_string());
    ([("content-type", "application/json")], text.as_str()).into_response()
}
