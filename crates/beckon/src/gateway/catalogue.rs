//! Products, hosts and rooms over HTTP.

use super::App;
use super::answer::{Failure, json, read_json};
use super::resource::{Paging, check_id, known, page};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use beckon_core::director::catalogue::{Catalogue, Change};
use beckon_core::limits::PRODUCTS_MAX;
use beckon_core::names::Kind;
use beckon_wire::problem::{Code, Problem};
use beckon_wire::shape::{Host, HostInput, Product, ProductInput, ProductItem, Room, RoomInput};
use bytes::Bytes;

/// Products in one import.
const IMPORT_MAX: usize = 10_000;

fn room_left(app: &App, more: usize) -> Result<(), Failure> {
    let there = app.node.director(|it| it.catalogue().products().len());
    if there + more > PRODUCTS_MAX {
        let detail = format!("the catalogue holds {there} products of at most {PRODUCTS_MAX}");
        return Err(Problem::new(Code::LimitReached).with_detail(detail).into());
    }
    Ok(())
}

/// Reads, puts and deletes one kind of thing, and lists them.
macro_rules! resource {
    ($get:ident, $put:ident, $delete:ident, $list:ident, $kind:expr, $one:ident, $all:ident,
     $input:ty, $shape:ty, $put_change:path, $delete_change:path) => {
        /// Reads one.
        pub async fn $get(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
            let term = known(&app, $kind, &id)?;
            let found = app.node.director(|it| it.catalogue().$one(term).cloned()).ok_or(Code::NotFound)?;
            Ok(json(&<$shape>::from(&*found)))
        }

        /// Enters one, or replaces it.
        pub async fn $put(
            State(app): State<App>,
            Path(id): Path<String>,
            body: Bytes,
        ) -> Result<Response, Failure> {
            check_id(&id)?;
            let input: $input = read_json(&body)?;
            let entered = input.into_core(&id, &|kind, text| app.node.names().intern(kind, text))?;
            let shape = <$shape>::from(&entered);
            app.node.change(&[$put_change(entered)]).await?;
            Ok(json(&shape))
        }

        /// Takes one out.
        pub async fn $delete(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
            let term = known(&app, $kind, &id)?;
            if app.node.director(|it| it.catalogue().$one(term).is_none()) {
                return Err(Code::NotFound.into());
            }
            app.node.change(&[$delete_change(term)]).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }

        /// Lists them.
        pub async fn $list(
            State(app): State<App>,
            Query(paging): Query<Paging>,
        ) -> Result<Response, Failure> {
            let list =
                |it: &Catalogue| page(it.$all(), &paging, |it| it.id.term, |it| <$shape>::from(&***it));
            app.node.director(|it| list(it.catalogue()))
        }
    };
}

resource!(
    product,
    put_product,
    delete_product,
    list_products,
    Kind::Product,
    product,
    products,
    ProductInput,
    Product,
    Change::PutProduct,
    Change::DeleteProduct
);
resource!(
    host,
    put_host,
    delete_host,
    list_hosts,
    Kind::Host,
    host,
    hosts,
    HostInput,
    Host,
    Change::PutHost,
    Change::DeleteHost
);
resource!(
    room,
    put_room,
    delete_room,
    list_rooms,
    Kind::Room,
    room,
    rooms,
    RoomInput,
    Room,
    Change::PutRoom,
    Change::DeleteRoom
);

/// `POST /api/v1/products/batch`: enters many products at once, all or none.
pub async fn import_products(State(app): State<App>, body: Bytes) -> Result<Response, Failure> {
    let items: Vec<ProductItem> = read_json::<beckon_wire::shape::ProductImport>(&body)?.items;
    if items.len() > IMPORT_MAX {
        let detail = format!("an import has at most {IMPORT_MAX} products, this one has {}", items.len());
        return Err(Problem::new(Code::FieldInvalid).with_field("/items").with_detail(detail).into());
    }
    room_left(&app, items.len())?;
    let mut changes = Vec::with_capacity(items.len());
    let term = |kind: Kind, text: &str| app.node.names().intern(kind, text);
    for (at, ProductItem { id, product }) in items.into_iter().enumerate() {
        let entered = product.into_core(&id, &term).map_err(|it| it.in_item(at, "/items"))?;
        changes.push(Change::PutProduct(entered));
    }
    let count = changes.len();
    // One record: after a crash all of them are there or none is.
    app.node.change(&changes).await?;
    Ok(json(&serde_json::json!({ "imported": count })))
}
