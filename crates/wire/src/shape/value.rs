//! Values that many shapes share: points in time (RFC 3339) and money (whole units of the currency).

use crate::collect::parse_instant;
use beckon_core::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time: RFC 3339 in UTC, to the second or the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct At(pub Timestamp);

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = super::rfc3339(self.0.secs());
        match self.0.0.rem_euclid(1000) {
            0 => f.write_str(&text),
            ms => write!(f, "{}.{ms:03}Z", text.trim_end_matches('Z')),
        }
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let at = parse_instant(&text).filter(|it| (0..=YEAR_2106_MS).contains(&it.0));
        at.map(At).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "`{}` is no time between 1970 and 2106: write it as 2026-11-11T20:00:00+08:00",
                text.chars().take(40).collect::<String>()
            ))
        })
    }
}

/// What a column of seconds holds, in milliseconds.
const YEAR_2106_MS: i64 = u32::MAX as i64 * 1000;

/// An amount in whole units of the shop's currency; the core's hundredths inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Money(pub u64);

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::money::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::money::deserialize(deserializer).map(Money)
    }
}

/// Hundredths that may be fractions, as whole units with four decimals.
pub(super) fn units(cents: f64) -> f64 {
    (cents * 100.0).round() / 10_000.0
}

/// A probability or share with four decimals.
pub(super) fn share(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(feature = "openapi")]
mod openapi {
    use super::{At, Money};
    use std::borrow::Cow;
    use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
    use utoipa::openapi::{RefOr, Schema};
    use utoipa::{PartialSchema, ToSchema};

    impl PartialSchema for At {
        fn schema() -> RefOr<Schema> {
            let it = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .description(Some("A point in time, RFC 3339, between 1970 and 2106."));
            RefOr::T(it.build().into())
        }
    }

    impl ToSchema for At {
        fn name() -> Cow<'static, str> {
            "At".into()
        }
    }

    impl PartialSchema for Money {
        fn schema() -> RefOr<Schema> {
            let it = ObjectBuilder::new()
                .schema_type(Type::Number)
                .minimum(Some(0.0))
                .description(Some("An amount in whole units of the shop's currency, to the hundredth."));
            RefOr::T(it.build().into())
        }
    }

    impl ToSchema for Money {
        fn name() -> Cow<'static, str> {
            "Money".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_its_offset_and_written_in_utc() {
        let read = |text: &str| serde_json::from_str::<At>(text);
        let at = read("\"2026-11-11T20:00:00+08:00\"").unwrap();
        assert_eq!(serde_json::to_string(&at).unwrap(), "\"2026-11-11T12:00:00Z\"");
        let at = read("\"2026-11-11T12:00:00.5Z\"").unwrap();
        assert_eq!(at.to_string(), "2026-11-11T12:00:00.500Z");
        for wrong in ["\"tomorrow\"", "\"1969-12-31T23:00:00Z\"", "\"2200-01-01T00:00:00Z\"", "17"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
