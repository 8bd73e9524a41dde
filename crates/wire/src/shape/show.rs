//! A show, as it is planned and as it stands.

use super::field::{Names, invalid, is_said, spelled, unknown};
use super::value::units;
use super::{At, Money, Phase};
use crate::collect::Edge;
use crate::limits::{OPENS_BEFORE_S_MAX, SHOW_MS_MAX, TITLE_BYTES_MAX};
use crate::problem::Problem;
use crate::title;
use beckon_core::director::catalogue::Name;
use beckon_core::id::Term;
use beckon_core::limits::{PHASES_MAX, SLOTS_MAX};
use beckon_core::names::Kind;
use beckon_core::show::{self as core, Item, PhasePlan, WORTH_DEFAULT, Worth};
use beckon_core::stage::{OnShow, Stage};
use beckon_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How long before the start pushes may go, unless a show says otherwise, in seconds.
const OPENS_BEFORE_S_DEFAULT: u32 = 900;

/// A show, as it is put under its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ShowInput {
    /// The room it is in.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub room_id: String,
    /// Who hosts it; the room's host if left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub host_id: String,
    /// The style of hosting; the host's if left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub style: String,
    /// What the shoppers call it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 512))]
    pub title: String,
    /// When it is planned to start.
    pub starts_at: At,
    /// When it is planned to end.
    pub ends_at: At,
    /// Shoppers the room can hold; left out for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub capacity: Option<u32>,
    /// Pushes that may be sent for it in all; left out for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub push_budget: Option<u64>,
    /// How long before its start the first pushes may go, in seconds.
    #[serde(default = "opens_before_s")]
    #[cfg_attr(feature = "openapi", schema(maximum = 604800))]
    pub opens_before_s: u32,
    /// Whom it is for: a rule in CEL; left out for everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Whom it is for: the id of an audience. The show keeps the rule as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_id: Option<String>,
    /// The phases. Until the first of them it is warm-up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 64))]
    pub phases: Vec<PhaseInput>,
    /// Which product is planned to be shown when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 512))]
    pub slots: Vec<SlotInput>,
    /// What a shopper in the room is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

fn opens_before_s() -> u32 {
    OPENS_BEFORE_S_DEFAULT
}

/// When a phase is planned to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PhaseInput {
    /// Which.
    pub phase: Phase,
    /// From when.
    pub starts_at: At,
}

/// A span in which a product is planned to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SlotInput {
    /// The product; the catalogue has it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub product_id: String,
    /// From when.
    pub starts_at: At,
    /// Until when.
    pub ends_at: At,
}

/// What a shopper in the room is worth to the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ShowValue))]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// An entry in itself.
    pub enter: Money,
    /// Margin of a sale, in percent of its price.
    #[cfg_attr(feature = "openapi", schema(maximum = 100))]
    pub margin_pct: u8,
}

/// A show, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Show {
    /// Its id.
    pub id: String,
    /// What was put; room, host and style as they were resolved.
    #[serde(flatten)]
    pub show: ShowInput,
    /// How it stands.
    pub status: Status,
}

/// Where a show is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ShowState))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its start is to come.
    Planned,
    /// It should have begun; nobody is called in until the cue `start` comes.
    Late,
    /// It is on.
    OnAir,
    /// It has ended.
    Over,
}

/// How a show stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ShowStatus))]
pub struct Status {
    /// Where it is in its life.
    pub state: State,
    /// Whether pushes for it may go now.
    pub is_open: bool,
    /// When its first pushes may go.
    pub opens_at: At,
    /// When it went on air.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<At>,
    /// When it went off air.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<At>,
    /// How much later than planned it began, in seconds; negative when it began early.
    pub delay_s: i64,
    /// The phase it is in; absent before it begins and after it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The product that a cue pinned last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned_product_id: Option<String>,
    /// What one more push costs now, in units of the currency (λ); absent until it has been set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    /// The room's capacity is spoken for by what is on its way.
    pub room_full: bool,
    /// Offers whose stock is spoken for by what is on its way.
    pub offers_spoken_for: Vec<String>,
}

impl ShowInput {
    /// As the stage keeps it under `id`. `edge` knows the catalogue; `audience` is the compiled rule.
    pub fn into_core(
        self,
        id: &str,
        edge: &dyn Edge,
        audience: Option<core::Audience>,
    ) -> Result<core::Show, Problem> {
        let term = |kind: Kind, text: &str| edge.term(kind, text);
        let names = Names(&term);
        is_said("/title", &self.title, TITLE_BYTES_MAX)?;
        let (starts, ends) = (self.starts_at.0, self.ends_at.0);
        self.check_times()?;
        let room = names.named("/room_id", Kind::Room, &self.room_id)?;
        let known_room = edge.room(room.term).ok_or_else(|| {
            unknown("/room_id", format!("there is no room `{}`: put it first", self.room_id))
        })?;
        let host = match &*self.host_id {
            "" => known_room.host.clone(),
            host => names.named("/host_id", Kind::Host, host)?,
        };
        let known_host = edge.host(host.term);
        if !self.host_id.is_empty() && known_host.is_none() {
            return Err(unknown("/host_id", format!("there is no host `{}`: put it first", self.host_id)));
        }
        let style = match &*self.style {
            "" => known_host.map(|it| it.style.clone()).unwrap_or_default(),
            style => names.named("/style", Kind::Style, style)?,
        };
        let mut phases: Vec<PhasePlan> =
            self.phases.iter().map(|it| PhasePlan { phase: it.phase.into(), at: it.starts_at.0 }).collect();
        phases.sort_by_key(|it| (it.at, it.phase));
        let mut slots = self
            .slots
            .iter()
            .enumerate()
            .map(|(at, it)| it.slot(at, edge, &names))
            .collect::<Result<Vec<_>, _>>()?;
        slots.sort_by_key(|it| (it.at, it.until));
        let worth = match self.value {
            None => WORTH_DEFAULT,
            Some(value) => value.worth()?,
        };
        Ok(core::Show {
            id: names.id(Kind::Show, id)?,
            room,
            host,
            style,
            title: self.title.into(),
            starts,
            ends,
            opens_before_s: self.opens_before_s,
            capacity: self.capacity.unwrap_or(0),
            push_budget: self.push_budget.unwrap_or(0),
            audience,
            phases,
            slots,
            worth,
        })
    }

    fn check_times(&self) -> Result<(), Problem> {
        let (starts, ends) = (self.starts_at.0, self.ends_at.0);
        if ends <= starts {
            return Err(invalid("/ends_at", "must be after `starts_at`"));
        }
        if ends.0 - starts.0 > SHOW_MS_MAX {
            let hours = SHOW_MS_MAX / 3_600_000;
            return Err(invalid("/ends_at", format!("a show lasts at most {hours} hours")));
        }
        if self.opens_before_s > OPENS_BEFORE_S_MAX {
            return Err(invalid("/opens_before_s", format!("at most {OPENS_BEFORE_S_MAX}")));
        }
        for (field, zero) in
            [("/capacity", self.capacity == Some(0)), ("/push_budget", self.push_budget == Some(0))]
        {
            if zero {
                return Err(invalid(field, "at least 1; leave it out for no bound"));
            }
        }
        if self.phases.len() > PHASES_MAX {
            return Err(invalid("/phases", format!("at most {PHASES_MAX} phases")));
        }
        if self.slots.len() > SLOTS_MAX {
            return Err(invalid("/slots", format!("at most {SLOTS_MAX} slots")));
        }
        let opens = starts.0 - i64::from(self.opens_before_s) * 1000;
        for (at, it) in self.phases.iter().enumerate() {
            if !(opens..ends.0).contains(&it.starts_at.0.0) {
                let detail = "must lie between the opening of the show's window and its end";
                return Err(invalid(format!("/phases/{at}/starts_at"), detail));
            }
        }
        for (at, it) in self.slots.iter().enumerate() {
            if it.ends_at <= it.starts_at {
                return Err(invalid(format!("/slots/{at}/ends_at"), "must be after `starts_at`"));
            }
            if it.starts_at.0 < starts || it.ends_at.0 > ends {
                let detail = "a slot must lie between the show's start and end";
                return Err(invalid(format!("/slots/{at}/starts_at"), detail));
            }
        }
        Ok(())
    }
}

impl Value {
    fn worth(self) -> Result<Worth, Problem> {
        if self.margin_pct > 100 {
            return Err(invalid("/value/margin_pct", "at most 100"));
        }
        let enter_cents = u32::try_from(self.enter.0)
            .map_err(|_| invalid("/value/enter", "must be an amount below 42949672.96"))?;
        Ok(Worth { enter_cents, margin_pct: self.margin_pct })
    }
}

impl SlotInput {
    fn slot(&self, at: usize, edge: &dyn Edge, names: &Names<'_>) -> Result<core::Slot, Problem> {
        let field = format!("/slots/{at}/product_id");
        let item = item(&field, &self.product_id, edge, names)?;
        Ok(core::Slot { item, at: self.starts_at.0, until: self.ends_at.0 })
    }
}

/// A product as a show presents it: what the catalogue says now.
fn item(field: &str, id: &str, edge: &dyn Edge, names: &Names<'_>) -> Result<Item, Problem> {
    let product = names.named(field, Kind::Product, id)?;
    let known = edge
        .product(product.term)
        .ok_or_else(|| unknown(field, format!("there is no product `{id}`: put it first")))?;
    let words = title::words(&known.title);
    let words = words.iter().map(|it| names.named(field, Kind::Word, it)).collect::<Result<_, _>>()?;
    Ok(Item {
        product,
        category: known.category.clone(),
        brand: known.brand.clone(),
        tags: known.tags.clone(),
        words,
        price_cents: known.price_cents,
    })
}

/// A name that need not be there.
pub(super) fn named(name: &Name) -> Option<String> {
    (name.term != Term::NONE).then(|| spelled(name))
}

impl Show {
    /// A show as it stands on `stage` at `now`; `names` is the dictionary.
    pub fn of(on: &OnShow, stage: &Stage, names: &dyn Fn(Term) -> Option<String>, now: Timestamp) -> Self {
        let show = &*on.show;
        let input = ShowInput {
            room_id: spelled(&show.room),
            host_id: spelled(&show.host),
            style: spelled(&show.style),
            title: show.title.to_string(),
            starts_at: At(show.starts),
            ends_at: At(show.ends),
            capacity: (show.capacity > 0).then_some(show.capacity),
            push_budget: (show.push_budget > 0).then_some(show.push_budget),
            opens_before_s: show.opens_before_s,
            audience: show.audience.as_ref().map(|it| it.text.to_string()),
            audience_id: None,
            phases: show
                .phases
                .iter()
                .map(|it| PhaseInput { phase: it.phase.into(), starts_at: At(it.at) })
                .collect(),
            slots: show
                .slots
                .iter()
                .map(|it| SlotInput {
                    product_id: spelled(&it.item.product),
                    starts_at: At(it.at),
                    ends_at: At(it.until),
                })
                .collect(),
            value: Some(Value {
                enter: Money(show.worth.enter_cents.into()),
                margin_pct: show.worth.margin_pct,
            }),
        };
        Show { id: spelled(&show.id), show: input, status: Status::of(on, stage, names, now) }
    }
}

impl State {
    /// Where a show is in its life at `now`.
    pub fn of(on: &OnShow, now: Timestamp) -> Self {
        if on.ended.is_some() || on.closes() <= now && on.started.is_some() {
            State::Over
        } else if on.started.is_some() {
            State::OnAir
        } else if on.closes() <= now {
            State::Over
        } else if on.is_late(now) {
            State::Late
        } else {
            State::Planned
        }
    }
}

impl Status {
    fn of(on: &OnShow, stage: &Stage, names: &dyn Fn(Term) -> Option<String>, now: Timestamp) -> Self {
        let term = on.show.id.term;
        let state = State::of(on, now);
        let spoken = stage.offers_in(term).filter(|(offer, _)| stage.is_closed(term, Some(*offer)));
        Status {
            state,
            is_open: on.is_open(now) && !on.is_late(now),
            opens_at: At(on.show.opens()),
            started_at: on.started.map(At),
            ended_at: on.ended.map(At),
            delay_s: on.delay_ms().div_euclid(1000),
            phase: (state == State::OnAir).then(|| on.phase_at(now).into()),
            pinned_product_id: on.pinned.and_then(|(product, _)| names(product)),
            price: stage.price(term).map(units),
            room_full: stage.is_closed(term, None),
            offers_spoken_for: spoken.map(|(_, it)| spelled(&it.offer.id)).collect(),
        }
    }
}
