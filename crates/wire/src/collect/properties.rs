//! A track event's `properties`: those that mean something to us, whatever the event.

use super::json::{Object, Pick, Value, fields, skip};
use super::list::each;
use beckon_core::limits::{ORDER_PRODUCTS_MAX, TAGS_MAX};
use serde::de::{Deserialize, Deserializer, MapAccess};
use std::borrow::Cow;

fields! { Field {
    ProductId = b"product_id" | b"productId",
    Sku = b"sku",
    Id = b"id",
    Category = b"category",
    Brand = b"brand",
    Price = b"price",
    ListPrice = b"list_price" | b"listPrice" | b"original_price" | b"compare_at_price",
    Currency = b"currency",
    Quantity = b"quantity",
    Tags = b"tags",
    HostId = b"host_id" | b"hostId",
    Name = b"name" | b"title",
    Image = b"image_url" | b"imageUrl",
    RoomId = b"room_id" | b"roomId",
    ShowId = b"show_id" | b"showId",
    Style = b"style",
    Products = b"products",
    Total = b"total",
    Revenue = b"revenue",
    Value = b"value",
    Discount = b"discount",
    Coupon = b"coupon",
    Dwell = b"dwell_seconds" | b"duration",
    PictureMs = b"first_frame_ms" | b"stalled_ms",
    MessageId = b"message_id" | b"messageId",
    Online = b"online",
    AppState = b"app_state" | b"appState",
    Battery = b"battery_level" | b"batteryLevel",
    Charging = b"charging",
    Network = b"network",
    Downlink = b"downlink_kbps" | b"downlinkKbps",
    Place = b"place",
} }

/// A product as properties describe it, alone or in `products`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Product<'a> {
    pub product_id: Value<'a>,
    pub sku: Value<'a>,
    pub category: Value<'a>,
    pub brand: Value<'a>,
    pub price_cents: u64,
    pub list_price_cents: u64,
    pub currency: Value<'a>,
    pub quantity: u32,
    pub tags: Vec<Cow<'a, str>>,
    pub host_id: Value<'a>,
    pub name: Value<'a>,
    pub image: Value<'a>,
}

impl<'de> Product<'de> {
    /// The product's id: its own, else its SKU.
    pub fn id(&self) -> &str {
        self.product_id.or(&self.sku).text().unwrap_or_default()
    }

    /// Takes `key` if it describes a product; else leaves its value to the caller.
    fn take<A: MapAccess<'de>>(&mut self, key: Field, map: &mut A) -> Result<bool, A::Error> {
        match key {
            Field::ProductId => self.product_id = map.next_value::<Value<'de>>()?.named(),
            Field::Sku => self.sku = map.next_value::<Value<'de>>()?.named(),
            Field::Category => self.category = map.next_value::<Last<'de>>()?.0.named(),
            Field::Brand => self.brand = map.next_value::<Value<'de>>()?.named(),
            Field::Price => self.price_cents = map.next_value::<Value<'de>>()?.cents(),
            Field::ListPrice => self.list_price_cents = map.next_value::<Value<'de>>()?.cents(),
            Field::Currency => self.currency = map.next_value()?,
            Field::Quantity => self.quantity = map.next_value::<Value<'de>>()?.count(u32::MAX).unwrap_or(0),
            Field::Tags => self.tags = map.next_value::<Tags<'de>>()?.0,
            Field::HostId => self.host_id = map.next_value::<Value<'de>>()?.named(),
            Field::Name => self.name = map.next_value()?,
            Field::Image => self.image = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// An entry of `products`, where old SDKs call the product's id `id`.
#[derive(Debug, Clone, Default)]
struct Entry<'a> {
    product: Product<'a>,
    id: Value<'a>,
}

impl<'de> Pick<'de> for Entry<'de> {
    type Key = Field;

    fn take<A: MapAccess<'de>>(&mut self, key: Field, map: &mut A) -> Result<(), A::Error> {
        if self.product.take(key, map)? {
            return Ok(());
        }
        match key {
            Field::Id => self.id = map.next_value::<Value<'de>>()?.named(),
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The properties that we read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Properties<'a> {
    pub product: Product<'a>,
    /// At most [`ORDER_PRODUCTS_MAX`].
    pub products: Vec<Product<'a>>,
    pub room_id: Value<'a>,
    pub show_id: Value<'a>,
    pub style: Value<'a>,
    pub message_id: Value<'a>,
    pub order: Order<'a>,
    pub device: Device<'a>,
    pub dwell_s: u32,
    /// How long a picture was waited for, or stood still.
    pub picture_ms: u32,
}

/// What properties say of an order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order<'a> {
    total: Value<'a>,
    revenue: Value<'a>,
    value: Value<'a>,
    pub discount: Value<'a>,
    pub coupon: Value<'a>,
}

impl Order<'_> {
    /// What was paid: `total`, else `revenue`, else `value`.
    pub fn total_cents(&self) -> u64 {
        self.total.or(self.revenue.or(&self.value)).cents()
    }
}

/// What properties say of a device's state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device<'a> {
    pub online: Option<bool>,
    pub app_state: Value<'a>,
    pub battery: Value<'a>,
    pub charging: Option<bool>,
    pub network: Value<'a>,
    pub downlink_kbps: Option<u32>,
    pub place: Value<'a>,
}

impl<'de> Pick<'de> for Properties<'de> {
    type Key = Field;

    fn take<A: MapAccess<'de>>(&mut self, key: Field, map: &mut A) -> Result<(), A::Error> {
        if self.product.take(key, map)? {
            return Ok(());
        }
        match key {
            Field::Products => self.products = map.next_value::<Products<'de>>()?.0,
            Field::RoomId => self.room_id = map.next_value::<Value<'de>>()?.named(),
            Field::ShowId => self.show_id = map.next_value::<Value<'de>>()?.named(),
            Field::Style => self.style = map.next_value()?,
            Field::MessageId => self.message_id = map.next_value::<Value<'de>>()?.named(),
            Field::Total => self.order.total = map.next_value()?,
            Field::Revenue => self.order.revenue = map.next_value()?,
            Field::Value => self.order.value = map.next_value()?,
            Field::Discount => self.order.discount = map.next_value()?,
            Field::Coupon => self.order.coupon = map.next_value::<Value<'de>>()?.named(),
            Field::Dwell => self.dwell_s = map.next_value::<Value<'de>>()?.count(u32::MAX).unwrap_or(0),
            Field::PictureMs => {
                self.picture_ms = map.next_value::<Value<'de>>()?.count(u32::MAX).unwrap_or(0)
            }
            Field::Online => self.device.online = map.next_value::<Value<'de>>()?.flag(),
            Field::AppState => self.device.app_state = map.next_value()?,
            Field::Battery => self.device.battery = map.next_value()?,
            Field::Charging => self.device.charging = map.next_value::<Value<'de>>()?.flag(),
            Field::Network => self.device.network = map.next_value()?,
            Field::Downlink => self.device.downlink_kbps = map.next_value::<Value<'de>>()?.count(u32::MAX),
            Field::Place => self.device.place = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// A scalar, or the last one of an array: categories come as a path from wide to narrow.
struct Last<'a>(Value<'a>);
/// An array of texts, or one text with commas.
struct Tags<'a>(Vec<Cow<'a, str>>);
/// The entries of `products`.
struct Products<'a>(Vec<Product<'a>>);

impl<'de> Deserialize<'de> for Last<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut last = Value::Absent;
        let mut keep = |value: Value<'de>| {
            if value != Value::Absent {
                last = value;
            }
        };
        each(deserializer, &mut keep)?;
        Ok(Last(last))
    }
}

impl<'de> Deserialize<'de> for Tags<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut tags = Vec::new();
        let mut keep = |value: Value<'de>| match value {
            Value::Text(Cow::Borrowed(text)) => {
                tags.extend(split(text).map(Cow::Borrowed).take(TAGS_MAX - tags.len()));
            }
            Value::Text(Cow::Owned(text)) => {
                tags.extend(split(&text).map(|it| Cow::Owned(it.to_owned())).take(TAGS_MAX - tags.len()));
            }
            _ => {}
        };
        each(deserializer, &mut keep)?;
        Ok(Tags(tags))
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，']).map(str::trim).filter(|it| !it.is_empty())
}

impl<'de> Deserialize<'de> for Products<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut products = Vec::new();
        let mut keep = |Object(mut entry): Object<Entry<'de>>| {
            if products.len() < ORDER_PRODUCTS_MAX {
                if entry.product.id().is_empty() {
                    entry.product.product_id = entry.id;
                }
                products.push(entry.product);
            }
        };
        each(deserializer, &mut keep)?;
        Ok(Products(products))
    }
}
