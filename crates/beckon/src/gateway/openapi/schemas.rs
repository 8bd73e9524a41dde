//! The schemas: generated from the types that the handlers use, then made to say what the generator leaves out.

use super::collect;
use beckon_wire::limits::CLOCK_MS_MAX;
use beckon_wire::problem::Document;
use beckon_wire::shape;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub(super) fn schemas() -> Map<String, Value> {
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
        shape::DeviceInput,
        shape::OwnedDevice,
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
        shape::PushKey,
        shape::Report,
        shape::Why,
        shape::Message,
        shape::Said,
        shape::PublishAccess,
        shape::WatchAccess,
        shape::LiveStatus,
    );
    let all = all.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)));
    let mut all = merged(all.collect());
    for name in CLOSED {
        close(&mut all[*name]);
    }
    bound_clock(&mut all["Advance"]);
    all.extend(collect::schemas());
    all.values_mut().for_each(bound);
    all
}

/// What is put and refuses unknown fields, though the generator does not say so: enums, and what holds another's fields.
const CLOSED: &[&str] = &["Advance", "Cue", "ProductItem"];

fn close(schema: &mut Value) {
    if schema.get("oneOf").is_none() {
        schema["additionalProperties"] = false.into();
    }
    for variant in variants(schema) {
        variant["additionalProperties"] = false.into();
    }
}

fn variants(one_of: &mut Value) -> impl Iterator<Item = &mut Value> {
    one_of.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten()
}

/// A variant's own value takes no bounds where it is declared.
fn bound_clock(advance: &mut Value) {
    for variant in variants(advance) {
        for ms in variant["properties"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            ms["minimum"] = 0.into();
            ms["maximum"] = CLOCK_MS_MAX.into();
        }
    }
}

/// Spells the formats of whole numbers as OpenAPI's registry does (`uint8`; the generator writes `u-int8`), and says
/// them in numbers where nothing closer is said: clients read `minimum` and `maximum`, few read formats.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let (format, least, most): (&str, i64, u64) = match fields.get("format").and_then(Value::as_str) {
                Some("u-int8" | "uint8") => ("uint8", 0, u8::MAX.into()),
                Some("u-int16" | "uint16") => ("uint16", 0, u16::MAX.into()),
                Some("u-int32" | "uint32") => ("uint32", 0, u32::MAX.into()),
                Some("u-int64" | "uint64") => ("uint64", 0, u64::MAX),
                Some("int16") => ("int16", i16::MIN.into(), i16::MAX as u64),
                Some("int64") => ("int64", i64::MIN, i64::MAX as u64),
                _ => return fields.values_mut().for_each(bound),
            };
            fields.insert("format".into(), format.into());
            fields.entry("minimum").or_insert(least.into());
            fields.entry("maximum").or_insert(most.into());
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
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
