//! The operations about shows and all that belongs to them, with examples. The examples are one plan: a test
//! puts them in their order.

use super::{Operation, PAGING, Parameter, page_of, reference};
use beckon_wire::problem::Code;
use serde_json::{Value, json};

const READ: &[Code] = &[Code::NotFound];
const LIST: &[Code] = &[Code::BadCursor, Code::BadParameter];
const DELETE: &[Code] = &[Code::NotFound, Code::Overloaded, Code::JournalUnavailable];
const PUT: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::LimitReached,
    Code::Overloaded,
    Code::JournalUnavailable,
];
const PUT_AUDIENCE: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::AudienceInvalid,
    Code::LimitReached,
    Code::Overloaded,
    Code::JournalUnavailable,
];
const PUT_SHOW: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::ShowEnded,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::ReferenceUnknown,
    Code::AudienceInvalid,
    Code::LimitReached,
    Code::Overloaded,
    Code::JournalUnavailable,
];
const CUE: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::NotFound,
    Code::ShowEnded,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::ReferenceUnknown,
    Code::Overloaded,
    Code::JournalUnavailable,
];
const PUT_TEMPLATE: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::ReferenceUnknown,
    Code::TemplateInvalid,
    Code::LimitReached,
    Code::Overloaded,
    Code::JournalUnavailable,
];
const PUT_CHANNEL: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::NotFound,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::Overloaded,
    Code::Internal,
    Code::JournalUnavailable,
];
const DELETE_CHANNEL: &[Code] = &[Code::NotFound, Code::Overloaded, Code::Internal, Code::JournalUnavailable];
const TRY: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::AudienceInvalid,
];
const TRY_TEMPLATE: &[Code] = &[
    Code::BadJson,
    Code::BadBody,
    Code::BodyTooLarge,
    Code::FieldInvalid,
    Code::FieldUnknown,
    Code::TemplateInvalid,
];

/// An operation without body, query and examples.
fn of(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    tag: &'static str,
    errors: &'static [Code],
) -> Operation {
    let answer = (if method == "delete" { 204 } else { 200 }, None);
    let examples = (None, None);
    Operation { method, path, id, summary, tag, body: None, answer, errors, query: &[], examples }
}

impl Operation {
    /// Answers with this.
    fn gives(mut self, schema: Value) -> Self {
        self.answer.1 = Some(schema);
        self
    }

    /// Takes this, e.g. like this.
    fn takes(mut self, schema: &str, example: Value) -> Self {
        self.body = Some(reference(schema));
        self.examples.0 = Some(example);
        self
    }

    /// Answers e.g. like this.
    fn such_as(mut self, example: Value) -> Self {
        self.examples.1 = Some(example);
        self
    }

    fn asked(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }
}

const OFFERS_OF: &[Parameter] = &[
    PAGING[0],
    PAGING[1],
    Parameter {
        name: "show_id",
        about: "Only the offers of this show.",
        schema: || json!({ "type": "string" }),
    },
];

/// The operations, in the order in which a show is planned.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = rules();
    all.extend(shows());
    all.extend(outcomes());
    all
}

fn rules() -> Vec<Operation> {
    vec![
        of("get", "/api/v1/policy", "get_policy", "What may be sent to whom, when, how often", "rules", &[])
            .gives(reference("Policy")),
        of("put", "/api/v1/policy", "put_policy", "Set all of the policy", "rules", PUT)
            .takes("PolicyInput", examples::policy())
            .gives(reference("Policy")),
        of("get", "/api/v1/channels", "list_channels", "The channels that are set up", "rules", &[])
            .gives(page_of("ChannelPlan")),
        of("get", "/api/v1/channels/{channel}", "get_channel", "Read one", "rules", READ)
            .gives(reference("ChannelPlan")),
        of("put", "/api/v1/channels/{channel}", "put_channel", "Set a channel up", "rules", PUT_CHANNEL)
            .takes("ChannelInput", examples::channel())
            .gives(reference("ChannelPlan")),
        of("delete", "/api/v1/channels/{channel}", "delete_channel", "Take one out", "rules", DELETE_CHANNEL),
        of("get", "/api/v1/templates", "list_templates", "List them", "rules", LIST)
            .asked(PAGING)
            .gives(page_of("Template")),
        of("get", "/api/v1/templates/{id}", "get_template", "Read one", "rules", READ)
            .gives(reference("Template")),
        of("put", "/api/v1/templates/{id}", "put_template", "Enter one past the lint", "rules", PUT_TEMPLATE)
            .takes("TemplateInput", examples::template())
            .gives(reference("Template")),
        of("delete", "/api/v1/templates/{id}", "delete_template", "Take one out", "rules", DELETE),
        of(
            "post",
            "/api/v1/templates/preview",
            "preview_template",
            "What it would say",
            "rules",
            TRY_TEMPLATE,
        )
        .takes("PreviewInput", examples::preview())
        .gives(reference("Preview"))
        .such_as(examples::previewed()),
    ]
}

fn shows() -> Vec<Operation> {
    vec![
        of("get", "/api/v1/audiences", "list_audiences", "List them", "shows", LIST)
            .asked(PAGING)
            .gives(page_of("Audience")),
        of("get", "/api/v1/audiences/{id}", "get_audience", "Read one", "shows", READ)
            .gives(reference("Audience")),
        of("put", "/api/v1/audiences/{id}", "put_audience", "Name a rule", "shows", PUT_AUDIENCE)
            .takes("AudienceInput", examples::audience())
            .gives(reference("Audience")),
        of("delete", "/api/v1/audiences/{id}", "delete_audience", "Take one out", "shows", DELETE),
        of(
            "post",
            "/api/v1/audiences/preview",
            "preview_audience",
            "Count whom a rule holds for",
            "shows",
            TRY,
        )
        .takes("AudienceInput", examples::audience())
        .gives(reference("AudienceCount"))
        .such_as(examples::counted()),
        of("get", "/api/v1/campaigns", "list_campaigns", "List them", "shows", LIST)
            .asked(PAGING)
            .gives(page_of("Campaign")),
        of("get", "/api/v1/campaigns/{id}", "get_campaign", "Read one", "shows", READ)
            .gives(reference("Campaign")),
        of("put", "/api/v1/campaigns/{id}", "put_campaign", "Enter one, or replace it", "shows", PUT)
            .takes("CampaignInput", examples::campaign())
            .gives(reference("Campaign")),
        of("delete", "/api/v1/campaigns/{id}", "delete_campaign", "Take one out", "shows", DELETE),
        of("get", "/api/v1/shows", "list_shows", "List them", "shows", LIST)
            .asked(PAGING)
            .gives(page_of("Show")),
        of("get", "/api/v1/shows/{id}", "get_show", "A show as it stands", "shows", READ)
            .gives(reference("Show")),
        of("put", "/api/v1/shows/{id}", "put_show", "Plan a show, or plan it anew", "shows", PUT_SHOW)
            .takes("ShowInput", examples::show())
            .gives(reference("Show")),
        of("delete", "/api/v1/shows/{id}", "delete_show", "Call a show off", "shows", DELETE),
        of("get", "/api/v1/offers", "list_offers", "List them, all or those of a show", "shows", OFFERS)
            .asked(OFFERS_OF)
            .gives(page_of("Offer")),
        of("get", "/api/v1/offers/{id}", "get_offer", "An offer as it stands", "shows", READ)
            .gives(reference("Offer")),
        of("put", "/api/v1/offers/{id}", "put_offer", "Enter one, or replace it", "shows", PUT_SHOW)
            .takes("OfferInput", examples::offer())
            .gives(reference("Offer")),
        of("delete", "/api/v1/offers/{id}", "delete_offer", "Take one out", "shows", DELETE),
        of("post", "/api/v1/shows/{id}/cues", "post_cue", "Something happened in a show", "shows", CUE)
            .takes("Cue", json!({ "cue": "offer_opened", "offer_id": "offer-1" }))
            .gives(reference("Show")),
    ]
}

const OFFERS: &[Code] = &[Code::BadCursor, Code::BadParameter, Code::NotFound];

fn outcomes() -> Vec<Operation> {
    vec![
        of("get", "/api/v1/shows/{id}/audience", "count_audience", "Whom a show is for", "shows", READ)
            .gives(reference("AudienceCount"))
            .such_as(examples::counted()),
        of("get", "/api/v1/shows/{id}/report", "get_report", "What its pushes came to", "shows", READ)
            .gives(reference("Report")),
        of(
            "get",
            "/api/v1/shows/{id}/shoppers/{user}/why",
            "get_why",
            "Why a shopper was, or was not, called in",
            "shows",
            READ,
        )
        .gives(reference("Why")),
        of("get", "/api/v1/messages/{id}", "get_message", "A message's life", "shows", READ)
            .gives(reference("Message")),
    ]
}

/// One plan, piece by piece.
mod examples {
    use super::{Value, json};

    pub fn policy() -> Value {
        json!({
            "quiet_hours": { "from": "22:30", "until": "08:00" },
            "gap_minutes": 30,
            "day_cap": 2,
            "show_cap": 1,
            "say_again": false,
            "consent_assumed": [],
            "holdouts": { "never_pct": 3, "ghost_pct": 7, "random_pct": 5 },
            "slot_price": 0,
            "fatigue": 0.02,
            "fatigue_half_life_h": 48
        })
    }

    pub fn channel() -> Value {
        json!({ "url": "https://push.shop.example/beckon", "rate_per_s": 500 })
    }

    pub fn template() -> Value {
        json!({
            "language": "zh",
            "triggers": ["offer_ending"],
            "title": "还剩 {{ offer.ends_in }} {{ product.short_title }}",
            "body": "直播价 {{ offer.price }}，原价 {{ offer.original_price }}。"
        })
    }

    pub fn preview() -> Value {
        json!({
            "language": "en",
            "title": "{{ offer.price }} {{ product.short_title }}",
            "body": "{{ show.host }} is live.",
            "facts": { "offer": { "price": 19.9 }, "show": { "host": "Mei" } }
        })
    }

    pub fn previewed() -> Value {
        json!({
            "title": "$19.90 Repair serum",
            "body": "Mei is live.",
            "columns": 19,
            "facts": ["offer.price", "product.short_title", "show.host"],
            "findings": []
        })
    }

    pub fn audience() -> Value {
        json!({ "rule": "profile.city_tier <= 2 && interest(\"beauty\") > 0.5" })
    }

    pub fn counted() -> Value {
        json!({
            "rule": "profile.city_tier <= 2 && interest(\"beauty\") > 0.5",
            "shoppers": 1250,
            "of": 20000,
            "share": 0.0625
        })
    }

    pub fn campaign() -> Value {
        json!({ "name": "双11", "starts_at": "2026-11-10T20:00:00+08:00", "ends_at": "2026-11-12T00:00:00+08:00" })
    }

    pub fn show() -> Value {
        json!({
            "room_id": "room-1",
            "title": "Winter skincare night",
            "starts_at": "2026-11-11T20:00:00+08:00",
            "ends_at": "2026-11-11T22:00:00+08:00",
            "capacity": 50000,
            "audience": "profile.city_tier <= 2",
            "phases": [
                { "phase": "climax", "starts_at": "2026-11-11T20:30:00+08:00" },
                { "phase": "closing", "starts_at": "2026-11-11T21:40:00+08:00" }
            ],
            "slots": [{
                "product_id": "p-1",
                "starts_at": "2026-11-11T20:30:00+08:00",
                "ends_at": "2026-11-11T21:00:00+08:00"
            }],
            "value": { "enter": 0.5, "margin_pct": 20 }
        })
    }

    pub fn offer() -> Value {
        json!({ "show_id": "show-1", "product_id": "p-1", "price": 199, "original_price": 299, "stock": 500 })
    }
}
