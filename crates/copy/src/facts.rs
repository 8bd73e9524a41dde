//! What a message can be about: facts with names, types and a moment at which they are true.

use crate::language::Language;
use crate::money::{Currency, Money};
use crate::text::clean;
use crate::value::Value;
use crate::{FACT_COLUMNS_MAX, SHORT_TITLE_COLUMNS};
use beckon_core::time::Timestamp;

/// Everything that is true for one shopper, show and product at `now`. What is `None` (or over) cannot be
/// said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the message is written.
    pub now: Timestamp,
    /// Whom it goes to.
    pub shopper: Shopper,
    /// The show.
    pub show: Show,
    /// The product.
    pub product: Product,
    /// The offer.
    pub offer: Offer,
    /// His cart.
    pub cart: Cart,
}

/// Whom a message goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shopper {
    /// How he wants to be called.
    pub name: Option<String>,
    /// His clock, in minutes east of UTC; without it no time of day is told.
    pub offset_min: Option<i16>,
}

/// A show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Show {
    /// Its title.
    pub title: Option<String>,
    /// The room's name.
    pub room: Option<String>,
    /// The host's name.
    pub host: Option<String>,
    /// When it starts.
    pub starts_at: Option<Timestamp>,
    /// It is on air.
    pub live: bool,
    /// The phase it is in.
    pub phase: Option<Phase>,
}

/// A phase of a show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Warm-up.
    WarmUp,
    /// Climax.
    Climax,
    /// Closing.
    Closing,
}

/// A product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Product {
    /// Its title.
    pub title: Option<String>,
    /// A title for small places; the beginning of the title if there is none.
    pub short_title: Option<String>,
    /// Its brand.
    pub brand: Option<String>,
    /// Its price outside the offer.
    pub price: Option<Money>,
}

/// An offer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// What it costs now.
    pub price: Option<Money>,
    /// What it cost before.
    pub original_price: Option<Money>,
    /// How many are left.
    pub stock: Option<u64>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
}

/// A cart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cart {
    /// Different products in it.
    pub items: Option<u64>,
    /// The title of the product that waits in it.
    pub product: Option<String>,
    /// Since when it waits.
    pub since: Option<Timestamp>,
}

/// Writes the enum of facts with their names, whether they are a value, and descriptions.
macro_rules! facts {
    ($($variant:ident = $name:literal, $value:literal, $about:literal;)+) => {
        /// A fact by its name in a template.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Fact { $(#[doc = $about] $variant),+ }

        impl Fact {
            /// All, in order.
            pub const ALL: &[Fact] = &[$(Fact::$variant),+];

            /// Its name in a template, e.g. `offer.price`.
            pub fn name(self) -> &'static str {
                match self { $(Fact::$variant => $name),+ }
            }

            /// Whether it is what makes a message worth a tap: it must stand where a lock screen shows it.
            pub fn is_value(self) -> bool {
                match self { $(Fact::$variant => $value),+ }
            }

            /// What it says, in a line.
            pub fn about(self) -> &'static str {
                match self { $(Fact::$variant => $about),+ }
            }
        }
    };
}

facts! {
    ShopperName = "shopper.name", false, "How the shopper wants to be called.";
    ShowTitle = "show.title", false, "The show's title.";
    ShowRoom = "show.room", false, "The room's name.";
    ShowHost = "show.host", false, "The host's name.";
    ShowStartsIn = "show.starts_in", true, "How long until the show starts; absent once it has.";
    ShowStartsAt = "show.starts_at", true, "When it starts, as a time of the shopper's day; absent once it has, if it is more than 18 hours away, or if his clock is unknown.";
    ShowLive = "show.live", true, "That it is on air; absent until then.";
    ShowPhase = "show.phase", false, "The phase the show is in; a condition compares it with `\"warm_up\"`, `\"climax\"` or `\"closing\"`.";
    ProductTitle = "product.title", false, "The product's title, at most 40 columns wide.";
    ProductShortTitle = "product.short_title", false, "The same, at most 16 columns wide.";
    ProductBrand = "product.brand", false, "Its brand.";
    ProductPrice = "product.price", true, "Its price outside the offer.";
    OfferPrice = "offer.price", true, "What it costs now.";
    OfferOriginalPrice = "offer.original_price", false, "What it cost before; absent unless that is more.";
    OfferSaves = "offer.saves", true, "The difference of the two.";
    OfferDiscount = "offer.discount", true, "The discount as the language says it: `8.6折`, `14% off`.";
    OfferDiscountPct = "offer.discount_pct", true, "Percent taken off, rounded down: `14%`.";
    OfferStock = "offer.stock", true, "How many are left; absent at none.";
    OfferEndsIn = "offer.ends_in", true, "How long the offer lasts; absent once it is over.";
    OfferEndsAt = "offer.ends_at", true, "When it ends, as a time of the shopper's day; absent like `show.starts_at`.";
    CartItems = "cart.items", true, "Different products in the cart; absent at none.";
    CartProduct = "cart.product", false, "The product that waits in the cart, at most 16 columns wide.";
    CartSince = "cart.since", false, "How long it has been waiting.";
}

/// A time of day that is further away could be mistaken for another day's.
const TIME_OF_DAY_WITHIN_MS: i64 = 18 * 3_600_000;

impl Fact {
    /// From its name.
    pub fn of(name: &str) -> Option<Fact> {
        Fact::ALL.iter().copied().find(|it| it.name() == name)
    }
}

impl Facts {
    pub(crate) fn get(&self, fact: Fact) -> Option<Value> {
        let (show, product, offer, cart) = (&self.show, &self.product, &self.offer, &self.cart);
        match fact {
            Fact::ShopperName => text(&self.shopper.name, SHORT_TITLE_COLUMNS),
            Fact::ShowTitle => text(&show.title, FACT_COLUMNS_MAX),
            Fact::ShowRoom => text(&show.room, FACT_COLUMNS_MAX),
            Fact::ShowHost => text(&show.host, SHORT_TITLE_COLUMNS),
            Fact::ShowStartsIn => self.until(show.starts_at),
            Fact::ShowStartsAt => self.time_of_day(show.starts_at),
            Fact::ShowLive => show.live.then_some(Value::Live),
            Fact::ShowPhase => show.phase.map(Value::Phase),
            Fact::ProductTitle => text(&product.title, FACT_COLUMNS_MAX),
            Fact::ProductShortTitle => text(&product.short_title, SHORT_TITLE_COLUMNS)
                .or_else(|| text(&product.title, SHORT_TITLE_COLUMNS)),
            Fact::ProductBrand => text(&product.brand, SHORT_TITLE_COLUMNS),
            Fact::ProductPrice => product.price.and_then(money),
            Fact::OfferPrice => offer.price.and_then(money),
            Fact::OfferOriginalPrice => offer.reduced().map(|(_, before)| Value::Money(before)),
            Fact::OfferSaves => offer.reduced().map(|(now, before)| {
                Value::Money(Money { cents: before.cents - now.cents, currency: now.currency })
            }),
            Fact::OfferDiscount => {
                offer.left_pct().map(|left_pct| Value::Discount { left_pct, off_pct: 100 - left_pct })
            }
            Fact::OfferDiscountPct => offer.left_pct().map(|left_pct| Value::PercentOff(100 - left_pct)),
            Fact::OfferStock => count(offer.stock),
            Fact::OfferEndsIn => self.until(offer.ends_at),
            Fact::OfferEndsAt => self.time_of_day(offer.ends_at),
            Fact::CartItems => count(cart.items),
            Fact::CartProduct => text(&cart.product, SHORT_TITLE_COLUMNS),
            Fact::CartSince => {
                let since = cart.since?;
                let waits = self.now.0.checked_sub(since.0)?;
                u64::try_from(waits / 1000).ok().filter(|it| *it > 0).map(Value::Span)
            }
        }
    }

    /// Whether a fact can be said now: which arms are eligible.
    pub fn has(&self, fact: Fact) -> bool {
        self.get(fact).is_some()
    }

    fn until(&self, at: Option<Timestamp>) -> Option<Value> {
        let left_ms = at?.0.checked_sub(self.now.0)?;
        u64::try_from(left_ms / 1000).ok().filter(|it| *it > 0).map(Value::Span)
    }

    fn time_of_day(&self, at: Option<Timestamp>) -> Option<Value> {
        let (at, offset_min) = (at?, self.shopper.offset_min?);
        let left_ms = at.0.checked_sub(self.now.0)?;
        let minutes = (at.0.div_euclid(60_000) + i64::from(offset_min)).rem_euclid(24 * 60);
        (1..=TIME_OF_DAY_WITHIN_MS).contains(&left_ms).then_some(Value::TimeOfDay(minutes as u16))
    }

    /// Facts to preview a template with: ordinary ones.
    pub fn sample(language: Language) -> Facts {
        let zh = language == Language::Zh;
        let said = |zh_text: &str, en_text: &str| Some(if zh { zh_text } else { en_text }.to_owned());
        let currency = if zh { Currency::CNY } else { Currency::USD };
        let money = |cents| Some(Money { cents, currency });
        let now = Timestamp(1_795_348_800_000);
        let after = |minutes: i64| Some(Timestamp(now.0 + minutes * 60_000));
        Facts {
            now,
            shopper: Shopper { name: said("小林", "Ann"), offset_min: Some(if zh { 480 } else { 0 }) },
            show: Show {
                title: said("冬季护肤专场", "Winter skincare night"),
                room: said("美妆直播间", "Beauty room"),
                host: said("林夕", "Mei"),
                starts_at: after(12),
                live: false,
                phase: Some(Phase::Climax),
            },
            product: Product {
                title: said("修护精华液 小棕瓶", "Repair serum"),
                short_title: said("修护精华液", "Repair serum"),
                brand: said("兰序", "Orient"),
                price: money(29_900),
            },
            offer: Offer {
                price: money(19_900),
                original_price: money(29_900),
                stock: Some(86),
                ends_at: after(12),
            },
            cart: Cart {
                items: Some(2), product: said("修护精华液", "Repair serum"), since: after(-180)
            },
        }
    }

    /// Facts at their widest: what still must fit. Texts fill their columns.
    pub fn widest(language: Language) -> Facts {
        let zh = language == Language::Zh;
        let long = || Some(if zh { "修".repeat(40) } else { "m".repeat(80) });
        let ordinary = Facts::sample(language);
        let currency = if zh { Currency::CNY } else { Currency::USD };
        let money = |cents| Some(Money { cents, currency });
        // 23 h 59 min is the widest span.
        let after = |minutes: i64| Some(Timestamp(ordinary.now.0 + minutes * 60_000));
        Facts {
            now: ordinary.now,
            shopper: Shopper { name: long(), offset_min: Some(480) },
            show: Show {
                title: long(),
                room: long(),
                host: long(),
                starts_at: after(17 * 60 + 59),
                live: false,
                phase: Some(Phase::WarmUp),
            },
            product: Product { title: long(), short_title: long(), brand: long(), price: money(1_299_999) },
            offer: Offer {
                price: money(1_099_999),
                original_price: money(1_299_999),
                stock: Some(12_345),
                ends_at: after(17 * 60 + 59),
            },
            cart: Cart { items: Some(12), product: long(), since: after(-(23 * 60 + 59)) },
        }
    }
}

impl Phase {
    /// Its word in a condition.
    pub fn word(self) -> &'static str {
        match self {
            Phase::WarmUp => "warm_up",
            Phase::Climax => "climax",
            Phase::Closing => "closing",
        }
    }

    pub(crate) fn written(self, language: Language) -> &'static str {
        match (self, language) {
            (Phase::WarmUp, Language::Zh) => "预热",
            (Phase::Climax, Language::Zh) => "高潮",
            (Phase::Closing, Language::Zh) => "返场",
            (Phase::WarmUp, Language::En) => "warm-up",
            (Phase::Climax, Language::En) => "main act",
            (Phase::Closing, Language::En) => "final round",
        }
    }
}

impl Offer {
    /// The price and the higher one before it.
    fn reduced(&self) -> Option<(Money, Money)> {
        let (now, before) = (self.price?, self.original_price?);
        (now.cents > 0 && now.currency == before.currency && now.cents < before.cents)
            .then_some((now, before))
    }

    /// Percent of the price that are left, rounded up; absent if that is all of it.
    fn left_pct(&self) -> Option<u8> {
        let (now, before) = self.reduced()?;
        let left = (u128::from(now.cents) * 100).div_ceil(before.cents.into());
        u8::try_from(left).ok().filter(|it| *it < 100)
    }
}

fn text(text: &Option<String>, columns_max: usize) -> Option<Value> {
    clean(text.as_deref()?, columns_max).map(Value::Text)
}

fn money(money: Money) -> Option<Value> {
    (money.cents > 0).then_some(Value::Money(money))
}

fn count(count: Option<u64>) -> Option<Value> {
    count.filter(|it| *it > 0).map(Value::Count)
}
