//! The things, hosts and rooms of a market, as data: drawn for a demo, or handed in for a rehearsal.

use crate::chance::{Key, Why};
use crate::goods::{CATEGORIES, HOSTS, ROOMS};

/// A product.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// Its id in the shop.
    pub id: String,
    /// What shoppers call it.
    pub title: String,
    /// Its category's name.
    pub category: String,
    /// Its brand.
    pub brand: String,
    /// Who usually shows it; may be empty.
    pub host_id: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its price outside of shows.
    pub price_cents: u64,
    /// Words by which a shopper knows it again in a title: what it is, its brand.
    pub words: Vec<String>,
}

/// A host.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// The host's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Style of hosting.
    pub style: String,
    /// Categories that the host knows best.
    pub categories: Vec<String>,
}

/// A room.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who goes live in it.
    pub host_id: String,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// What is sold.
    pub products: Vec<Product>,
    /// Who sells it.
    pub hosts: Vec<Host>,
    /// Where.
    pub rooms: Vec<Room>,
}

impl Catalogue {
    /// Three hundred products in twelve categories, six hosts, four rooms.
    pub fn drawn(key: Key) -> Self {
        let key = key.why(Why::Goods);
        let mut products = Vec::new();
        for (number, category) in CATEGORIES.iter().enumerate() {
            for (b, brand) in category.brands.iter().enumerate() {
                // Some brands are dear and some are cheap, in all they make.
                let brand_price = key.and(number as u64).and(b as u64).between(0.7, 1.45);
                for (t, thing) in category.things.iter().enumerate() {
                    let key = key.and(number as u64).and(b as u64).and(t as u64);
                    let praise = category.praise[(b + 2 * t) % category.praise.len()];
                    let yuan = f64::from(thing.yuan) * brand_price * key.between(0.85, 1.2);
                    products.push(Product {
                        id: format!("{}-{:02}", category.name, b * category.things.len() + t + 1),
                        title: format!("{brand} {}{} {} {}", praise.0, thing.word.0, praise.1, thing.word.1),
                        category: category.name.into(),
                        brand: (*brand).into(),
                        host_id: host_of(category.name).into(),
                        tags: vec![praise.0.into(), thing.word.1.to_lowercase(), category.word.0.into()],
                        price_cents: round_price(yuan),
                        words: [thing.word.0, thing.word.1, brand].map(String::from).into(),
                    });
                }
            }
        }
        let hosts = HOSTS.map(|(id, name, style, categories)| Host {
            id: id.into(),
            name: name.into(),
            style: style.into(),
            categories: categories.map(String::from).into(),
        });
        let rooms =
            ROOMS.map(|(id, title, host)| Room { id: id.into(), title: title.into(), host_id: host.into() });
        Catalogue { products, hosts: hosts.into(), rooms: rooms.into() }
    }

    /// The position of a product.
    pub fn product(&self, id: &str) -> Option<usize> {
        self.products.iter().position(|it| it.id == id)
    }

    /// The position of a host.
    pub fn host(&self, id: &str) -> Option<usize> {
        self.hosts.iter().position(|it| it.id == id)
    }
}

fn host_of(category: &str) -> &'static str {
    HOSTS.iter().find(|it| it.3.contains(&category)).map_or("", |it| it.0)
}

/// Prices end in 9, or in 9.9 when they are small.
fn round_price(yuan: f64) -> u64 {
    if yuan < 100.0 { (yuan as u64).max(6) * 100 + 90 } else { (yuan / 10.0) as u64 * 1_000 + 900 }
}
