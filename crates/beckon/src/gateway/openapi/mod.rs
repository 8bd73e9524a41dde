//! `/openapi.json`: OpenAPI 3.1, its schemas generated from the types that the handlers use.

mod stage;

use axum::response::{IntoResponse, Response};
use beckon_wire::problem::{Code, Document};
use beckon_wire::shape;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

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
    query: &'static [(&'static str, &'static str)],
    /// An example of the body, and one of the answer.
    examples: (Option<Value>, Option<Value>),
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

const PAGING: &[(&str, &str)] = &[
    ("cursor", "Where the list goes on: `next` of the page before."),
    ("limit", "Items of a page, 1 to 1000."),
];

fn operations() -> Vec<Operation> {
    let call = json!({
        "type": "object",
        "description": "A call of Segment's HTTP tracking API, see https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/.",
        "properties": {
            "userId": { "type": ["string", "number", "null"] },
            "anonymousId": { "type": ["string", "number", "null"] },
            "messageId": { "type": "string" },
            "timestamp": { "type": "string" },
            "sentAt": { "type": "string" },
            "event": { "type": "string" },
            "properties": { "type": "object" },
            "traits": { "type": "object" },
            "context": { "type": "object" }
        }
    });
    let batch = json!({
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": { "type": "array", "maxItems": 2500, "items": { "type": "object" } },
            "sentAt": { "type": "string" },
            "writeKey": { "type": "string" },
            "bulk": {
                "type": "object",
                "description": "A bulk source's name and the number of this batch's first event.",
                "required": ["source", "sequence"],
                "properties": { "source": { "type": "string" }, "sequence": { "type": "integer", "minimum": 0 } }
            }
        }
    });
    let mut all = Vec::new();
    let mut add = |method, path, id, summary, tag, body, answer, errors: &'static [Code], query| {
        let examples = (None, None);
        all.push(Operation { method, path, id, summary, tag, body, answer, errors, query, examples });
    };
    for (kind, summary) in [
        ("identify", "Who a shopper is"),
        ("track", "What a shopper did"),
        ("page", "A page was seen"),
        ("screen", "A screen was seen"),
        ("group", "A shopper belongs to a group"),
        ("alias", "Two ids are one shopper"),
    ] {
        let path: &'static str = String::leak(format!("/v1/{kind}"));
        let answer = (200, Some(reference("Answer")));
        add("post", path, kind, summary, "collect", Some(call.clone()), answer, COLLECT_ERRORS, &[]);
    }
    let answer = (200, Some(reference("Answer")));
    add(
        "post",
        "/v1/batch",
        "batch",
        "Many calls at once",
        "collect",
        Some(batch),
        answer,
        BATCH_ERRORS,
        &[],
    );
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
        "/api/v1/profiles",
        "list_profiles",
        "Shoppers, in no order that means anything",
        "profiles",
        None,
        (200, Some(page_of("Profile"))),
        &[Code::BadCursor, Code::BadParameter],
        PAGING,
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

const COLLECT_ERRORS: &[Code] =
    &[Code::BadJson, Code::EventTooLarge, Code::Overloaded, Code::JournalUnavailable, Code::MediaTypeUnknown];
const BATCH_ERRORS: &[Code] = &[
    Code::BadJson,
    Code::BatchTooLarge,
    Code::TooManyEvents,
    Code::BulkGap,
    Code::Overloaded,
    Code::JournalUnavailable,
    Code::MediaTypeUnknown,
    Code::LimitReached,
];
const WRITE_ERRORS: &[Code] =
    &[Code::BadJson, Code::BodyTooLarge, Code::FieldInvalid, Code::Overloaded, Code::JournalUnavailable];
const CLOCK_ERRORS: &[Code] = &[Code::BadJson, Code::ClockNotVirtual, Code::FieldInvalid, Code::BodyTooLarge];

fn schemas() -> Map<String, Value> {
    let mut all: Vec<(String, RefOr<Schema>)> = Vec::new();
    macro_rules! add {
        ($($shape:ty),+ $(,)?) => {$(
            all.push((<$shape>::name().into_owned(), <$shape>::schema()));
            <$shape>::schemas(&mut all);
        )+};
    }
    add!(
        Document,
        shape::Answer,
        shape::ProductInput,
        shape::Product,
        shape::ProductImport,
        shape::HostInput,
        shape::Host,
        shape::RoomInput,
        shape::Room,
        shape::Profile,
        shape::Export,
        shape::Stats,
        shape::BulkStatus,
        shape::Clock,
        shape::Advance,
        shape::ShowInput,
        shape::Show,
        shape::Cue,
        shape::OfferInput,
        shape::Offer,
        shape::CampaignInput,
        shape::Campaign,
        shape::AudienceInput,
        shape::Audience,
        shape::AudienceCount,
        shape::TemplateInput,
        shape::Template,
        shape::template::PreviewInput,
        shape::template::Preview,
        shape::PolicyInput,
        shape::Policy,
        shape::ChannelInput,
        shape::ChannelPlan,
        shape::Report,
        shape::Why,
        shape::Message,
    );
    let all = all.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)));
    merged(all.collect())
}

/// A shape that holds another's fields among its own comes as `allOf` of the two; but what is put refuses unknown
/// fields, and would refuse the own ones. So such a schema is made one object.
fn merged(mut all: Map<String, Value>) -> Map<String, Value> {
    let names: Vec<String> = all.keys().cloned().collect();
    for name in names {
        let Some(parts) = all[&name].get("allOf").and_then(Value::as_array).cloned() else { continue };
        let mut one = json!({ "type": "object", "description": all[&name]["description"] });
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in &parts {
            let target = part["$ref"].as_str().and_then(|it| it.rsplit('/').next());
            let part = target.map_or(part, |it| &all[it]);
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        one["properties"] = properties.into();
        one["required"] = required.into();
        all.insert(name, one);
    }
    all
}

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
        let problem = json!({
            "description": words.join(", "),
            "content": { "application/problem+json": { "schema": reference("Problem") } }
        });
        responses.insert(status.to_string(), problem);
    }
    let named = it.path.split('{').skip(1).filter_map(|it| it.split('}').next());
    let in_path = named
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = it.query.iter().map(|(name, about)| {
        let kind = if *name == "limit" {
            json!({ "type": "integer", "minimum": 1, "maximum": 1000 })
        } else {
            json!({ "type": "string" })
        };
        json!({ "name": name, "in": "query", "description": about, "schema": kind })
    });
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
            "description": "Precision push for live commerce: collect, catalogue, shows, profiles.",
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
            "schemas": schemas(),
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
