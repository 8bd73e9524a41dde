//! The collect operations. Their bodies are read leniently, call by call, so no type of ours has their shape: it is
//! written down here.

use super::{Operation, Parameter, reference};
use beckon_wire::limits::{BATCH_EVENTS_MAX, BULK_SOURCE_BYTES_MAX};
use beckon_wire::problem::Code;
use serde_json::{Map, Value, json};

const SINGLE: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::EventTooLarge,
    Code::BatchTooLarge,
    Code::BodyTooLarge,
    Code::Overloaded,
    Code::JournalUnavailable,
    Code::MediaTypeUnknown,
];
const BATCH: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::EventTooLarge,
    Code::BatchTooLarge,
    Code::TooManyEvents,
    Code::BulkGap,
    Code::BodyTooLarge,
    Code::Overloaded,
    Code::JournalUnavailable,
    Code::MediaTypeUnknown,
    Code::LimitReached,
];

const WRITE_KEY: &[Parameter] = &[Parameter {
    name: "write_key",
    about: "The key, if no header carries it.",
    schema: || json!({ "type": "string" }),
}];

/// The operations: what browsers ask for, one for each kind of call, and the batch.
pub(super) fn operations() -> Vec<Operation> {
    let of = |path: &'static str, id, summary, body, errors| Operation {
        method: "post",
        path,
        id,
        summary,
        tag: "collect",
        body: Some(reference(body)),
        answer: (200, Some(reference("Answer"))),
        errors,
        query: &[],
        examples: (None, None),
    };
    let push_key = Operation {
        method: "get",
        path: "/v1/push-key",
        id: "push_key",
        summary: "What browsers subscribe to Web Push with",
        tag: "collect",
        body: None,
        answer: (200, Some(reference("PushKey"))),
        errors: &[Code::BadParameter, Code::Internal],
        query: WRITE_KEY,
        examples: (None, None),
    };
    vec![
        push_key,
        of("/v1/identify", "identify", "Who a shopper is", "Call", SINGLE),
        of("/v1/track", "track", "What a shopper did", "Call", SINGLE),
        of("/v1/page", "page", "A page was seen", "Call", SINGLE),
        of("/v1/screen", "screen", "A screen was seen", "Call", SINGLE),
        of("/v1/group", "group", "A shopper belongs to a group", "Call", SINGLE),
        of("/v1/alias", "alias", "Two ids are one shopper", "Call", SINGLE),
        of("/v1/batch", "batch", "Many calls at once", "Batch", BATCH),
    ]
}

/// What the bodies look like. A field of another type is read as if it were not there, and a call that says nothing
/// then is named in the answer: one bad call does not cost the others.
pub(super) fn schemas() -> Map<String, Value> {
    let id = || json!({ "type": ["string", "number", "null"] });
    let call = json!({
        "type": "object",
        "description": "A call of Segment's HTTP tracking API, see https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/. A field of another type is read as if it were not there; a call that says nothing then is left out, and `rejected` of the answer says so.",
        "properties": {
            "type": { "type": "string", "description": "Which call it is; in a batch." },
            "userId": id(),
            "anonymousId": id(),
            "previousId": id(),
            "messageId": { "type": "string", "description": "By which it counts once." },
            "timestamp": { "type": "string", "description": "When it happened, RFC 3339." },
            "sentAt": { "type": "string", "description": "The sender's clock when it sent, RFC 3339." },
            "event": { "type": "string", "description": "What happened; of `track`." },
            "properties": { "type": "object" },
            "traits": { "type": "object" },
            "context": { "type": "object" }
        }
    });
    let batch = json!({
        "type": "object",
        "description": "Calls, in their order.",
        "required": ["batch"],
        "properties": {
            "batch": { "type": "array", "maxItems": BATCH_EVENTS_MAX, "items": reference("Call") },
            "sentAt": { "type": "string", "description": "The sender's clock when it sent, RFC 3339." },
            "context": { "type": "object", "description": "Of all calls that have none of their own." },
            "writeKey": { "type": "string", "description": "The key, if no header carries it." },
            "bulk": {
                "type": "object",
                "description": "A bulk source's name and the number of this batch's first event.",
                "required": ["source", "sequence"],
                "properties": {
                    "source": { "type": "string", "minLength": 1, "maxLength": BULK_SOURCE_BYTES_MAX },
                    "sequence": { "type": "integer", "format": "uint64" }
                }
            }
        }
    });
    [("Call".to_owned(), call), ("Batch".to_owned(), batch)].into_iter().collect()
}
