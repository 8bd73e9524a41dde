//! Templates: the words of a push, as they are put, tried and found wanting.

use super::field::{Names, invalid, spelled, unknown};
use super::{At, Money, Phase, Trigger};
use crate::collect::Edge;
use crate::problem::Problem;
use beckon_core::id::Term;
use beckon_core::names::Kind;
use beckon_core::show as core;
use serde::{Deserialize, Deserializer, Serialize};

/// A template, as it is put under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TemplateInput {
    /// The language it is written in (BCP 47): `zh` or `en`.
    pub language: String,
    /// For which triggers; at least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub triggers: Vec<Trigger>,
    /// For which product alone; left out for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// It leads with the price: for shoppers who mind it.
    #[serde(default)]
    pub price_led: bool,
    /// The title, in Liquid.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1024))]
    pub title: String,
    /// The text, in Liquid.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4096))]
    pub body: String,
}

/// A template, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Template {
    /// Its id.
    pub id: String,
    /// What was put.
    #[serde(flatten)]
    pub template: TemplateInput,
    /// It speaks of an offer: it is used only where there is one.
    pub needs_offer: bool,
    /// Facts without which it cannot be said.
    pub facts: Vec<String>,
    /// What to look at; an error would have refused it.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// How grave.
    pub severity: Severity,
    /// What; `docs/templates.md` lists them.
    pub code: String,
    /// In which part.
    pub part: Part,
    /// Where in that part, in bytes from its start.
    pub offset: u32,
    /// Where in that part: the character, from 1.
    pub column: u32,
    /// What, and what to do, in words.
    pub message: String,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It may go out; someone should look at it.
    Warning,
    /// It must not go out.
    Error,
}

/// The two parts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The title.
    Title,
    /// The text.
    Body,
}

/// A template to be tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PreviewInput {
    /// The language it is written in: `zh` or `en`.
    pub language: String,
    /// The title, in Liquid.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1024))]
    pub title: String,
    /// The text, in Liquid.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4096))]
    pub body: String,
    /// Facts to say it with. What is left out is taken from a sample; `null` makes a fact unknown.
    #[serde(default)]
    pub facts: FactsInput,
}

/// What a template would say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// The title.
    pub title: String,
    /// The text.
    pub body: String,
    /// How wide the title is in display columns; a Chinese character takes two.
    pub columns: u32,
    /// The facts that are said.
    pub facts: Vec<String>,
    /// What is wrong with the template.
    pub findings: Vec<Finding>,
}

/// A fact that may be left out (the sample's) or `null` (unknown).
pub type Given<T> = Option<Option<T>>;

fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Given<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Writes a group of facts: every field may be left out or `null`.
macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $kind:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {$(
            $(#[$about])*
            #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "openapi", schema(value_type = Option<$kind>))]
            pub $field: Given<$kind>,
        )+}
    )+};
}

facts! {
    /// Whom the message goes to.
    ShopperFacts {
        /// How he wants to be called.
        name: String,
        /// His clock, in minutes east of UTC.
        offset_min: i16,
    }
    /// The show.
    ShowFacts {
        /// Its title.
        title: String,
        /// The room's name.
        room: String,
        /// The host's name.
        host: String,
        /// When it starts.
        starts_at: At,
        /// The phase it is in.
        phase: Phase,
    }
    /// The product.
    ProductFacts {
        /// Its title.
        title: String,
        /// A title for small places.
        short_title: String,
        /// Its brand.
        brand: String,
        /// Its price outside the offer.
        price: Money,
    }
    /// The offer.
    OfferFacts {
        /// What it costs now.
        price: Money,
        /// What it cost before.
        original_price: Money,
        /// How many are left.
        stock: u64,
        /// When it ends.
        ends_at: At,
    }
    /// The shopper's cart.
    CartFacts {
        /// Different products in it.
        items: u64,
        /// The title of the product that waits in it.
        product: String,
        /// Since when it waits.
        since: At,
    }
}

/// Facts to try a template with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct FactsInput {
    /// When the message is written; now if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<At>,
    /// ISO 4217 code of all amounts; CNY in Chinese, else USD, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Whom it goes to.
    pub shopper: ShopperFacts,
    /// The show.
    pub show: ShowFacts,
    /// The product.
    pub product: ProductFacts,
    /// The offer.
    pub offer: OfferFacts,
    /// His cart.
    pub cart: CartFacts,
}

impl TemplateInput {
    /// As the stage keeps it under `id`. Its text has been checked; `language` is the tag that its facts are
    /// written in.
    pub fn into_core(
        self,
        id: &str,
        language: &str,
        needs_offer: bool,
        edge: &dyn Edge,
    ) -> Result<core::Template, Problem> {
        let term = |kind: Kind, text: &str| edge.term(kind, text);
        let names = Names(&term);
        if self.triggers.is_empty() {
            return Err(invalid("/triggers", "at least one"));
        }
        let product = names.named("/product_id", Kind::Product, self.product_id.as_deref().unwrap_or(""))?;
        if product.term != Term::NONE && edge.product(product.term).is_none() {
            let detail = format!("there is no product `{}`: put it first", product.text);
            return Err(unknown("/product_id", detail));
        }
        Ok(core::Template {
            id: names.id(Kind::Template, id)?,
            language: names.named("/language", Kind::Language, language)?,
            triggers: self.triggers.iter().fold(0, |bits, it| bits | core::Trigger::from(*it).bit()),
            product,
            price_led: self.price_led,
            needs_offer,
            title: self.title.into(),
            body: self.body.into(),
        })
    }
}

impl Template {
    /// A template with what was found in it.
    pub fn of(it: &core::Template, facts: Vec<String>, findings: Vec<Finding>) -> Self {
        let triggers = core::Trigger::ALL.iter().filter(|trigger| it.triggers & trigger.bit() != 0);
        Template {
            id: spelled(&it.id),
            template: TemplateInput {
                language: spelled(&it.language),
                triggers: triggers.map(|it| (*it).into()).collect(),
                product_id: super::show::named(&it.product),
                price_led: it.price_led,
                title: it.title.to_string(),
                body: it.body.to_string(),
            },
            needs_offer: it.needs_offer,
            facts,
            findings,
        }
    }
}
