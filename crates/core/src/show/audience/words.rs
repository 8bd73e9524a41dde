//! What a rule may ask about, each with its name in CEL and what it says: one table that the compiler, the
//! documents and the console read.

/// Writes an enum with numbers, words and descriptions from one list.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal, $about:literal;)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $(#[doc = $about] $variant),+ }

        impl $name {
            /// All, in order.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// From its number; `None` for a number that is none of ours.
            pub fn from_number(number: u8) -> Option<Self> {
                $name::ALL.get(usize::from(number)).copied()
            }

            /// Its name in a rule.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// What it says, in a line.
            pub fn about(self) -> &'static str {
                match self { $($name::$variant => $about),+ }
            }
        }
    )+};
}

words! {
    /// A figure of a shopper.
    Measure {
        Age = "profile.age", "The age reached this calendar year. Unknown without a year of birth.";
        BirthYear = "profile.birth_year", "Year of birth, if stated.";
        CityTier = "profile.city_tier", "1 (largest cities) to 6, if stated.";
        SpendingPower = "profile.spending_power", "1 (least) to 5 (most), if stated.";
        PriceSensitivity = "profile.price_sensitivity", "0 (buys at list price) to 1 (buys only reduced). Unknown before the first order.";
        Purchases = "profile.purchases", "Orders paid.";
        ReducedPurchases = "profile.reduced_purchases", "Orders paid with a coupon or a discount.";
        Refunds = "profile.refunds", "Orders sent back.";
        Checkouts = "profile.checkouts", "Times that paying was begun.";
        Views = "profile.views", "Products looked at.";
        Carts = "profile.carts", "Products put into the cart.";
        Removals = "profile.removals", "Products taken out of the cart.";
        Wishes = "profile.wishes", "Products put on the wish list.";
        Spent = "profile.spent", "Money paid in all, in the shop's currency.";
        AverageOrder = "profile.average_order", "Money paid an order. Unknown before the first order.";
        Rooms = "profile.rooms", "Live rooms entered.";
        DwellMinutes = "profile.dwell_minutes", "Minutes spent in live rooms.";
        Likes = "profile.likes", "Likes in live rooms.";
        Comments = "profile.comments", "Comments in live rooms.";
        Shares = "profile.shares", "Live rooms shared.";
        PushesReceived = "profile.pushes_received", "Push messages shown to the shopper.";
        PushesTapped = "profile.pushes_tapped", "Push messages tapped.";
        PushesDismissed = "profile.pushes_dismissed", "Push messages put away.";
        CartItems = "profile.cart_items", "Different products in the cart now (the last few are remembered).";
        DaysSinceFirst = "profile.days_since_first", "Whole days since the first activity. Unknown if never active.";
        DaysSinceActive = "profile.days_since_active", "Whole days since the last activity. Unknown if never active.";
        DaysSinceView = "profile.days_since_view", "Whole days since a product was last looked at. Unknown if never.";
        DaysSinceCart = "profile.days_since_cart", "Whole days since a product was last put into the cart. Unknown if never.";
        DaysSincePurchase = "profile.days_since_purchase", "Whole days since the last order was paid. Unknown if never.";
        DaysSinceRoom = "profile.days_since_room", "Whole days since a live room was last entered. Unknown if never.";
        Battery = "live.battery", "Battery in percent. Unknown when older than an hour.";
        Downlink = "live.downlink_kbps", "Downlink in kbit/s. Unknown when older than 15 minutes.";
    }

    /// A yes-or-no of a shopper.
    Flag {
        Online = "live.online", "The device is online. Unknown when older than five minutes.";
        Foreground = "live.foreground", "The app is on screen. Unknown when older than five minutes.";
        Charging = "live.charging", "The device is charging. Unknown when older than an hour.";
        InRoom = "live.in_room", "The shopper is in a live room. Unknown when older than five minutes.";
        Hesitating = "profile.hesitating", "A cart waits: put in, its category looked at again and again, not paid for.";
    }

    /// A word of a shopper.
    Word {
        Sex = "profile.sex", "`female`, `male` or `other`, if stated.";
        Network = "live.network", "`offline`, `slow`, `cellular`, `fast`, `fastest` or `wifi`. Unknown when older than 15 minutes.";
        Place = "live.place", "`home`, `commute`, `work` or `elsewhere`. Unknown when older than an hour.";
    }

    /// A name of a shopper.
    Name {
        Region = "profile.region", "Region, as the customer names it, if stated.";
        Language = "profile.language", "BCP 47 language tag, if known; compared as a whole.";
    }

    /// A list of a shopper that holds names.
    List {
        Follows = "follows", "The shopper follows this host.";
        InCart = "in_cart", "This product is in the cart.";
        Viewed = "viewed", "This product was looked at lately.";
        Bought = "bought", "This product was bought lately.";
        Wished = "wished", "This product is on the wish list.";
        Reminded = "reminded", "A reminder of this show is booked.";
    }

    /// Kinds of names a shopper cares for.
    Taste {
        Category = "category", "Categories; the kind that is meant when none is named.";
        Brand = "brand", "Brands.";
        Host = "host", "Hosts.";
        Style = "style", "Styles of hosting.";
        Tag = "tag", "Tags.";
    }
}

impl Word {
    /// The words it can be, each with its number.
    pub fn values(self) -> &'static [(&'static str, u8)] {
        match self {
            Word::Sex => &[("female", 1), ("male", 2), ("other", 3)],
            Word::Network => {
                &[("offline", 1), ("slow", 2), ("cellular", 3), ("fast", 4), ("fastest", 5), ("wifi", 6)]
            }
            Word::Place => &[("home", 1), ("commute", 2), ("work", 3), ("elsewhere", 4)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Network, Place, Sex};

    #[test]
    fn the_words_of_a_rule_are_those_of_the_events() {
        let lower = |word: &str| word.to_lowercase();
        let sexes = Sex::ALL.iter().map(|it| (lower(it.word()), *it as u8)).collect::<Vec<_>>();
        let networks = Network::ALL.iter().map(|it| (lower(it.word()), *it as u8)).collect::<Vec<_>>();
        let places = Place::ALL.iter().map(|it| (lower(it.word()), *it as u8)).collect::<Vec<_>>();
        for (word, expected) in [(Word::Sex, sexes), (Word::Network, networks), (Word::Place, places)] {
            let own: Vec<_> = word.values().iter().map(|it| (it.0.to_owned(), it.1)).collect();
            assert_eq!(own, expected);
        }
    }
}
