//! Products, hosts and rooms: what the shops sell, who shows it, and where.
//!
//! Interest needs a product's category, brand and tags, and an event often names only its id. The edge
//! looks the rest up here before an event is journalled, so that shards never depend on the catalogue.

use crate::id::Term;
use crate::limits::{HOSTS_MAX, PRODUCTS_MAX, ROOMS_MAX};
use crate::stage::Staged;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A name with its term, owned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// The number; [`Term::NONE`] when there is no name.
    pub term: Term,
    /// The spelling.
    pub text: Box<str>,
}

impl Name {
    /// Borrowed, as events carry it.
    pub fn as_text(&self) -> crate::event::Text<'_> {
        crate::event::Text { term: self.term, text: &self.text }
    }
}

impl From<crate::event::Text<'_>> for Name {
    fn from(text: crate::event::Text<'_>) -> Self {
        Name { term: text.term, text: text.text.into() }
    }
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    /// Its id in the shop.
    pub id: Name,
    /// Its category.
    pub category: Name,
    /// Its brand.
    pub brand: Name,
    /// The host who usually shows it.
    pub host: Name,
    /// Its tags.
    pub tags: Vec<Name>,
    /// Its title.
    pub title: Box<str>,
    /// URL of its picture.
    pub image: Box<str>,
    /// Price in hundredths of the shop's currency; 0 when unknown.
    pub price_cents: u64,
    /// Price before any reduction; 0 when unknown.
    pub list_price_cents: u64,
    /// ISO 4217 code; empty when unknown.
    pub currency: Box<str>,
    /// It was put together from an event's properties; nobody has entered it yet.
    pub seen_only: bool,
}

/// Someone who goes live.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// The host's id.
    pub id: Name,
    /// What the shoppers call the host.
    pub name: Box<str>,
    /// Style of hosting, e.g. `calm`, `auction`, `comedy`.
    pub style: Name,
}

/// Where a host goes live.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Room {
    /// The room's id.
    pub id: Name,
    /// Its title.
    pub title: Box<str>,
    /// Its host.
    pub host: Name,
    /// Where its picture is, if not here.
    pub playback: Playback,
}

/// Where a room's picture is when it is not Beckon that gives it out; all empty when it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Playback {
    /// URL of a WHEP endpoint.
    pub whep: Box<str>,
    /// URL of an HLS playlist.
    pub hls: Box<str>,
    /// URL of a page that plays the playlist where a browser cannot.
    pub player: Box<str>,
    /// A link that opens the room in the shop's app.
    pub app: Box<str>,
    /// URL of a picture to show while there is no other.
    pub poster: Box<str>,
}

/// All of it. Entries are shared with readers: a change replaces an entry, never edits it.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    products: BTreeMap<Term, Arc<Product>>,
    hosts: BTreeMap<Term, Arc<Host>>,
    rooms: BTreeMap<Term, Arc<Room>>,
}

/// A change of what the customer entered: the catalogue, and the shows with all that belongs to them.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Enters a product or replaces it.
    PutProduct(Product),
    /// Enters a product that an event named, unless it is known.
    SeenProduct(Product),
    /// Takes a product out.
    DeleteProduct(Term),
    /// Enters a host or replaces it.
    PutHost(Host),
    /// Takes a host out.
    DeleteHost(Term),
    /// Enters a room or replaces it.
    PutRoom(Room),
    /// Takes a room out.
    DeleteRoom(Term),
    /// Something for the stage.
    Staged(Staged),
}

impl Catalogue {
    /// Carries a change out. `false` when it changes nothing: the same is there already, or the
    /// catalogue is full.
    pub fn apply(&mut self, change: Change) -> bool {
        match change {
            Change::PutProduct(product) => put(&mut self.products, PRODUCTS_MAX, product.id.term, product),
            Change::SeenProduct(product) => {
                let known = self.products.contains_key(&product.id.term);
                !known && put(&mut self.products, PRODUCTS_MAX, product.id.term, product)
            }
            Change::DeleteProduct(term) => self.products.remove(&term).is_some(),
            Change::PutHost(host) => put(&mut self.hosts, HOSTS_MAX, host.id.term, host),
            Change::DeleteHost(term) => self.hosts.remove(&term).is_some(),
            Change::PutRoom(room) => put(&mut self.rooms, ROOMS_MAX, room.id.term, room),
            Change::DeleteRoom(term) => self.rooms.remove(&term).is_some(),
            Change::Staged(_) => false,
        }
    }

    /// The product, if known.
    pub fn product(&self, id: Term) -> Option<&Arc<Product>> {
        self.products.get(&id)
    }

    /// The host, if known.
    pub fn host(&self, id: Term) -> Option<&Arc<Host>> {
        self.hosts.get(&id)
    }

    /// The room, if known.
    pub fn room(&self, id: Term) -> Option<&Arc<Room>> {
        self.rooms.get(&id)
    }

    /// All products, by term.
    pub fn products(&self) -> impl ExactSizeIterator<Item = &Arc<Product>> {
        self.products.values()
    }

    /// All hosts, by term.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Arc<Host>> {
        self.hosts.values()
    }

    /// All rooms, by term.
    pub fn rooms(&self) -> impl ExactSizeIterator<Item = &Arc<Room>> {
        self.rooms.values()
    }
}

fn put<T: PartialEq>(map: &mut BTreeMap<Term, Arc<T>>, max: usize, term: Term, value: T) -> bool {
    let changes = match map.get(&term) {
        Some(old) => **old != value,
        None => term != Term::NONE && map.len() < max,
    };
    if changes {
        map.insert(term, Arc::new(value));
    }
    changes
}
