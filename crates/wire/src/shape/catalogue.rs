//! Products, hosts and rooms, as they are put and as they are shown.

use super::field::{Names, fits, invalid, spelled};
use super::money;
use crate::limits::{TITLE_BYTES_MAX, URL_BYTES_MAX};
use crate::problem::Problem;
use beckon_core::director::catalogue as core;
use beckon_core::id::Term;
use beckon_core::limits::TAGS_MAX;
use beckon_core::names::Kind;
use serde::{Deserialize, Serialize};

/// A product, as it is put under its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ProductInput {
    /// What the shoppers call it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 512))]
    pub title: String,
    /// Its category.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub category: String,
    /// Its brand.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub brand: String,
    /// The host who usually shows it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub host_id: String,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 16))]
    pub tags: Vec<String>,
    /// URL of its picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 2048))]
    pub image_url: String,
    /// Its price, in whole units of `currency`.
    #[serde(with = "money", skip_serializing_if = "money::is_unknown")]
    #[cfg_attr(feature = "openapi", schema(value_type = f64, minimum = 0.0, maximum = 90000000000000.0))]
    pub price: u64,
    /// Its price before any reduction.
    #[serde(with = "money", skip_serializing_if = "money::is_unknown")]
    #[cfg_attr(feature = "openapi", schema(value_type = f64, minimum = 0.0, maximum = 90000000000000.0))]
    pub list_price: u64,
    /// ISO 4217 code.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^([A-Z]{3})?$"))]
    pub currency: String,
}

/// A product, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// Its id in the shop.
    pub id: String,
    /// What was put.
    #[serde(flatten)]
    pub product: ProductInput,
    /// Nobody has put it: this is what events say of it.
    #[serde(default)]
    pub seen_only: bool,
}

/// Products to be put all at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProductImport {
    /// The products.
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub items: Vec<ProductItem>,
}

/// A product with its id, to be put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProductItem {
    /// Its id in the shop.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub id: String,
    /// What is put.
    #[serde(flatten)]
    pub product: ProductInput,
}

/// A host, as it is put under its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct HostInput {
    /// What the shoppers call the host.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 512))]
    pub name: String,
    /// Style of hosting, e.g. `calm`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub style: String,
}

/// A host, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Host {
    /// The host's id.
    pub id: String,
    /// What was put.
    #[serde(flatten)]
    pub host: HostInput,
}

/// A room, as it is put under its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RoomInput {
    /// Its title.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 512))]
    pub title: String,
    /// Who goes live in it.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub host_id: String,
}

/// A room, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Room {
    /// Its id.
    pub id: String,
    /// What was put.
    #[serde(flatten)]
    pub room: RoomInput,
}

fn currency(code: &str) -> Result<(), Problem> {
    if code.is_empty() || (code.len() == 3 && code.bytes().all(|it| it.is_ascii_uppercase())) {
        Ok(())
    } else {
        Err(invalid("/currency", "an ISO 4217 code, e.g. CNY"))
    }
}

impl ProductInput {
    /// As the catalogue keeps it under `id`; `term` gives names their numbers. A
    /// [`Code::FieldInvalid`](crate::problem::Code::FieldInvalid) names what does not fit.
    pub fn into_core(self, id: &str, term: &dyn Fn(Kind, &str) -> Term) -> Result<core::Product, Problem> {
        let names = Names(term);
        fits("/title", &self.title, TITLE_BYTES_MAX)?;
        fits("/image_url", &self.image_url, URL_BYTES_MAX)?;
        currency(&self.currency)?;
        if self.tags.len() > TAGS_MAX {
            return Err(invalid("/tags", format!("at most {TAGS_MAX} tags")));
        }
        Ok(core::Product {
            id: names.id(Kind::Product, id)?,
            category: names.named("/category", Kind::Category, &self.category)?,
            brand: names.named("/brand", Kind::Brand, &self.brand)?,
            host: names.named("/host_id", Kind::Host, &self.host_id)?,
            tags: self.tags.iter().map(|it| names.named("/tags", Kind::Tag, it)).collect::<Result<_, _>>()?,
            title: self.title.into(),
            image: self.image_url.into(),
            price_cents: self.price,
            list_price_cents: self.list_price,
            currency: self.currency.into(),
            seen_only: false,
        })
    }
}

impl From<&core::Product> for Product {
    fn from(product: &core::Product) -> Self {
        Product {
            id: spelled(&product.id),
            product: ProductInput {
                title: product.title.to_string(),
                category: spelled(&product.category),
                brand: spelled(&product.brand),
                host_id: spelled(&product.host),
                tags: product.tags.iter().map(spelled).collect(),
                image_url: product.image.to_string(),
                price: product.price_cents,
                list_price: product.list_price_cents,
                currency: product.currency.to_string(),
            },
            seen_only: product.seen_only,
        }
    }
}

impl HostInput {
    /// As the catalogue keeps it under `id`; `term` gives names their numbers. A
    /// [`Code::FieldInvalid`](crate::problem::Code::FieldInvalid) names what does not fit.
    pub fn into_core(self, id: &str, term: &dyn Fn(Kind, &str) -> Term) -> Result<core::Host, Problem> {
        let names = Names(term);
        fits("/name", &self.name, TITLE_BYTES_MAX)?;
        Ok(core::Host {
            id: names.id(Kind::Host, id)?,
            name: self.name.into(),
            style: names.named("/style", Kind::Style, &self.style)?,
        })
    }
}

impl From<&core::Host> for Host {
    fn from(host: &core::Host) -> Self {
        let input = HostInput { name: host.name.to_string(), style: spelled(&host.style) };
        Host { id: spelled(&host.id), host: input }
    }
}

impl RoomInput {
    /// As the catalogue keeps it under `id`; `term` gives names their numbers. A
    /// [`Code::FieldInvalid`](crate::problem::Code::FieldInvalid) names what does not fit.
    pub fn into_core(self, id: &str, term: &dyn Fn(Kind, &str) -> Term) -> Result<core::Room, Problem> {
        let names = Names(term);
        fits("/title", &self.title, TITLE_BYTES_MAX)?;
        Ok(core::Room {
            id: names.id(Kind::Room, id)?,
            title: self.title.into(),
            host: names.named("/host_id", Kind::Host, &self.host_id)?,
        })
    }
}

impl From<&core::Room> for Room {
    fn from(room: &core::Room) -> Self {
        let input = RoomInput { title: room.title.to_string(), host_id: spelled(&room.host) };
        Room { id: spelled(&room.id), room: input }
    }
}
