//! Taobao's UserBehavior log: `user,item,category,behaviour,unix_s`, one act with one item a line.
//!
//! | behaviour | event |
//! |---|---|
//! | `pv` | `Product Viewed` |
//! | `cart` | `Product Added` |
//! | `fav` | `Product Added to Wishlist` |
//! | `buy` | `Order Completed`, with the item as its one product |

use super::csv::{Row, instant, plain};
use super::{Bad, bad};
use crate::replay::calls::{Calls, put, put_name};
use crate::replay::counts::Counts;

const ORDER: &str = "Order Completed";

fn event(behaviour: &str) -> Result<&'static str, Bad> {
    Ok(match behaviour {
        "pv" => "Product Viewed",
        "cart" => "Product Added",
        "fav" => "Product Added to Wishlist",
        "buy" => ORDER,
        _ => return bad("has a behaviour other than pv, cart, fav and buy"),
    })
}

pub(super) fn line(line: &[u8], calls: &mut Calls) -> Result<(), Bad> {
    let row = Row::split(line)?;
    let &[user, item, category, behaviour, time] = row.of_len(5)? else { return bad("is too short") };
    let (user, item, category) = (plain("user", user)?, plain("item", item)?, plain("category", category)?);
    let (event, at) = (event(behaviour)?, instant("time", time, 1000)?);
    let product = |json: &mut Vec<u8>| {
        put(json, "product_id", item);
        put(json, "category", category);
    };
    calls.track(event, user, at, |json| {
        if event == ORDER {
            put_name(json, "products");
            json.extend_from_slice(b"[{");
            product(json);
            json.extend_from_slice(b"}]");
        } else {
            product(json);
        }
    });
    Ok(())
}

pub(super) fn count(line: &[u8], counts: &mut Counts) -> Result<(), Bad> {
    let row = Row::split(line)?;
    counts.add(event(row.of_len(5)?[3])?, 1);
    Ok(())
}
