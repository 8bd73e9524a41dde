//! What the edge adds to an event before it is journalled: terms, the catalogue's word on a product,
//! zone rules. All of it is data from then on.

use super::App;
use beckon_core::director::catalogue::{Host, Product, Room};
use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::time::Timestamp;
use beckon_wire::collect::{Edge, Offsets};
use std::cell::RefCell;
use std::sync::Arc;

/// The edge, for one request.
pub struct RequestEdge<'a> {
    app: &'a App,
    seen: RefCell<Vec<Product>>,
}

impl<'a> RequestEdge<'a> {
    /// The edge of `app`, for one request.
    pub fn new(app: &'a App) -> Self {
        RequestEdge { app, seen: RefCell::default() }
    }

    /// The products that this request's events named first.
    pub fn into_seen(self) -> Vec<Product> {
        self.seen.into_inner()
    }
}

impl Edge for RequestEdge<'_> {
    fn term(&self, kind: Kind, text: &str) -> Term {
        self.app.node.names().intern(kind, text)
    }

    fn product(&self, id: Term) -> Option<Arc<Product>> {
        self.app.node.director(|it| it.catalogue().product(id).cloned())
    }

    fn room(&self, id: Term) -> Option<Arc<Room>> {
        self.app.node.director(|it| it.catalogue().room(id).cloned())
    }

    fn host(&self, id: Term) -> Option<Arc<Host>> {
        self.app.node.director(|it| it.catalogue().host(id).cloned())
    }

    fn zone(&self, name: &str, at: Timestamp) -> Option<Offsets> {
        self.app.zones.resolve(name, at)
    }

    fn saw_product(&self, product: Product) {
        let mut seen = self.seen.borrow_mut();
        if !seen.iter().any(|it| it.id.term == product.id.term) {
            seen.push(product);
        }
    }
}
