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
    /// URL of a WHEP endpoint that gives the picture out, where it is not Beckon that does (LiveKit, MediaMTX, SRS …).
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 2048, pattern = "^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?)?$")
    )]
    pub whep_url: String,
    /// URL of an HLS playlist of it. Played where there is no WHEP endpoint, or no WebRTC.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 2048, pattern = "^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?)?$")
    )]
    pub hls_url: String,
    /// URL of a page of yours that plays the playlist in browsers that cannot; shown in the room page's place for the
    /// picture. `{url}` in it becomes the playlist's URL, escaped.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 2048, pattern = "^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?)?$")
    )]
    pub player_url: String,
    /// A link that opens the room in your app: offered where the page itself cannot show the picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_length = 2048,
            pattern = "^((?!javascript:|vbscript:|data:)[a-z][a-z0-9+.-]*://[!-~]+)?$"
        )
    )]
    pub app_link: String,
    /// URL of a picture to show before the show and while there is no other.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 2048, pattern = "^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?)?$")
    )]
    pub poster_url: String,
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

/// Refuses what is not the URL of something on the web. Its origin ends up in the room page's Content-Security-Policy,
/// so it is held to letters that mean nothing there.
fn web_url(field: &str, url: &str) -> Result<(), Problem> {
    fits(field, url, URL_BYTES_MAX)?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_web = rest.is_some_and(|rest| {
        let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = place.split_once(':').unwrap_or((place, "0"));
        let is_host = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-');
        let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|it| it.is_ascii_digit());
        !host.is_empty()
            && host.bytes().all(is_host)
            && is_port
            && path.bytes().all(|it| it.is_ascii_graphic())
    });
    if url.is_empty() || is_web {
        Ok(())
    } else {
        Err(invalid(field, "a URL such as https://media.shop.example/room-1, with nothing but ASCII in it"))
    }
}

/// Refuses what does not open an app, or would run in the page instead.
fn app_link(field: &str, link: &str) -> Result<(), Problem> {
    fits(field, link, URL_BYTES_MAX)?;
    let is_link = link.split_once("://").is_some_and(|(scheme, rest)| {
        let letter =
            |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || matches!(it, b'+' | b'.' | b'-');
        scheme.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            && scheme.bytes().all(letter)
            && !["javascript", "vbscript", "data"].contains(&scheme)
            && !rest.is_empty()
            && rest.bytes().all(|it| it.is_ascii_graphic())
    });
    if link.is_empty() || is_link {
        Ok(())
    } else {
        Err(invalid(field, "a link such as shop://rooms/1 or https://shop.example/rooms/1"))
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
        for (field, url) in [
            ("/whep_url", &self.whep_url),
            ("/hls_url", &self.hls_url),
            ("/player_url", &self.player_url),
            ("/poster_url", &self.poster_url),
        ] {
            web_url(field, url)?;
        }
        app_link("/app_link", &self.app_link)?;
        Ok(core::Room {
            id: names.id(Kind::Room, id)?,
            title: self.title.into(),
            host: names.named("/host_id", Kind::Host, &self.host_id)?,
            playback: core::Playback {
                whep: self.whep_url.into(),
                hls: self.hls_url.into(),
                player: self.player_url.into(),
                app: self.app_link.into(),
                poster: self.poster_url.into(),
            },
        })
    }
}

impl From<&core::Room> for Room {
    fn from(room: &core::Room) -> Self {
        let playback = &room.playback;
        let input = RoomInput {
            title: room.title.to_string(),
            host_id: spelled(&room.host),
            whep_url: playback.whep.to_string(),
            hls_url: playback.hls.to_string(),
            player_url: playback.player.to_string(),
            app_link: playback.app.to_string(),
            poster_url: playback.poster.to_string(),
        };
        Room { id: spelled(&room.id), room: input }
    }
}
