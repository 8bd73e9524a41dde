//! The event names that mean something to us, and what they mean.
//!
//! Segment's e-commerce (v2, and v1's spellings of the same) and mobile names, which RudderStack and
//! Jitsu share, and our own. Every other name is counted and kept, and changes nothing.

use beckon_core::event::{AppAct, OrderAct, PlayerAct, ProductAct, PushAct, RoomAct};

/// What a track event's name says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Product(ProductAct),
    Order(OrderAct),
    Room(RoomAct),
    Player(PlayerAct),
    App(AppAct),
    Push(PushAct),
    Category,
    Device,
    Subscription,
    Consent,
    SignedOut,
}

/// What `name` means: spelled exactly, else in any case of letters.
pub(crate) fn meaning(name: &str) -> Option<Meaning> {
    exact(name).or_else(|| {
        let (_, meaning) = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(*meaning)
    })
}

macro_rules! names {
    ($($name:literal => $meaning:expr),+ $(,)?) => {
        const NAMES: &[(&str, Meaning)] = &[$(($name, $meaning)),+];

        fn exact(name: &str) -> Option<Meaning> {
            Some(match name { $($name => $meaning,)+ _ => return None })
        }
    };
}

names! {
    "Product Viewed" => Meaning::Product(ProductAct::Viewed),
    "Product Clicked" => Meaning::Product(ProductAct::Clicked),
    "Product Added" => Meaning::Product(ProductAct::Added),
    "Product Removed" => Meaning::Product(ProductAct::Removed),
    "Product Added to Wishlist" => Meaning::Product(ProductAct::Wished),
    "Product Removed from Wishlist" => Meaning::Product(ProductAct::Unwished),
    "Wishlist Product Added to Cart" => Meaning::Product(ProductAct::Added),
    "Viewed Product" => Meaning::Product(ProductAct::Viewed),
    "Clicked Product" => Meaning::Product(ProductAct::Clicked),
    "Added Product" => Meaning::Product(ProductAct::Added),
    "Removed Product" => Meaning::Product(ProductAct::Removed),

    "Product List Viewed" => Meaning::Category,
    "Product List Filtered" => Meaning::Category,
    "Viewed Product Category" => Meaning::Category,

    "Cart Viewed" => Meaning::Order(OrderAct::CartViewed),
    "Checkout Started" => Meaning::Order(OrderAct::CheckoutStarted),
    "Order Completed" => Meaning::Order(OrderAct::Completed),
    "Completed Order" => Meaning::Order(OrderAct::Completed),
    "Order Refunded" => Meaning::Order(OrderAct::Refunded),
    "Order Cancelled" => Meaning::Order(OrderAct::Cancelled),

    "Application Installed" => Meaning::App(AppAct::Installed),
    "Application Opened" => Meaning::App(AppAct::Opened),
    "Application Foregrounded" => Meaning::App(AppAct::Opened),
    "Application Backgrounded" => Meaning::App(AppAct::Backgrounded),
    "Application Uninstalled" => Meaning::App(AppAct::Uninstalled),

    "Push Notification Received" => Meaning::Push(PushAct::Received),
    "Push Notification Tapped" => Meaning::Push(PushAct::Tapped),
    "Push Notification Dismissed" => Meaning::Push(PushAct::Dismissed),
    "Push Subscription Changed" => Meaning::Subscription,

    "Live Room Entered" => Meaning::Room(RoomAct::Entered),
    "Live Room Left" => Meaning::Room(RoomAct::Left),
    "Live Liked" => Meaning::Room(RoomAct::Liked),
    "Live Commented" => Meaning::Room(RoomAct::Commented),
    "Live Shared" => Meaning::Room(RoomAct::Shared),
    "Live Followed" => Meaning::Room(RoomAct::Followed),
    "Live Unfollowed" => Meaning::Room(RoomAct::Unfollowed),
    "Live Reminder Booked" => Meaning::Room(RoomAct::ReminderBooked),
    "Live Reminder Cancelled" => Meaning::Room(RoomAct::ReminderCancelled),
    "Live Player Started" => Meaning::Player(PlayerAct::Started),
    "Live Player Stalled" => Meaning::Player(PlayerAct::Stalled),

    "Device State Changed" => Meaning::Device,
    "Segment Consent Preference Updated" => Meaning::Consent,
    "Signed Out" => Meaning::SignedOut,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_exactly_and_then_in_any_case() {
        assert_eq!(meaning("Product Added"), Some(Meaning::Product(ProductAct::Added)));
        assert_eq!(meaning("product added"), Some(Meaning::Product(ProductAct::Added)));
        assert_eq!(meaning("LIVE ROOM ENTERED"), Some(Meaning::Room(RoomAct::Entered)));
        assert_eq!(meaning("Product Added "), None);
        assert_eq!(meaning("Products Searched"), None);
        assert_eq!(meaning(""), None);
    }

    #[test]
    fn no_name_is_listed_twice() {
        for (at, (name, _)) in NAMES.iter().enumerate() {
            assert!(!NAMES[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name)), "{name}");
        }
    }
}
