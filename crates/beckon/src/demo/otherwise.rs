//! The same evening with other pushes: as many for each show, under the same caps, in clones of the same market,
//! but to shoppers drawn by lot and at times that do not ask how they are. No server is needed for that.

use super::report::Caps;
use beckon_copy::{Currency, Facts, Money, Template, defaults};
use beckon_core::time::Timestamp;
use beckon_market::chance::{Key, Why};
use beckon_market::instant::{MINUTE, day_of, on_day};
use beckon_market::show::Show;
use beckon_market::{Cue, Delivery, Market, PushView};
use std::collections::BTreeMap;

/// When the others push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At a random time of the show's window.
    Random,
    /// At eight in the evening; a show that begins later, when it is planned to begin.
    FixedHour,
}

/// The hour of [`When::FixedHour`], in minutes of the day.
const HOUR_MIN: u64 = 20 * 60;
/// A window opens so long before its show.
const OPENS_BEFORE_MS: u64 = 10 * MINUTE;
/// How often another shopper is drawn where caps forbid one.
const DRAWS_MAX: u64 = 200;
/// Templates whose words they use: what the server says, too, when a phase begins.
const WORDS_OF: &str = "phase_begins";

/// What a way of pushing came to, as the market knows it and no experiment can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Truth {
    /// Pushes that the phones were to get.
    pub pushes: u64,
    /// Pushed shoppers × shows that entered after the push.
    pub entered: u64,
    /// Entries that would not have been without: of all pushed shoppers, into whatever show, so that what one
    /// show drew from another does not count.
    pub added_entries: i64,
    /// Shoppers × shows with an order that would not have been without, counted in the same way.
    pub added_buyers: i64,
    /// What they paid more, in hundredths.
    pub added_cents: i64,
    /// Shoppers who threw the app away.
    pub uninstalls: u64,
}

impl Truth {
    /// What `pushes` came to in a market that was played to its end.
    pub fn of(market: &Market, pushes: u64) -> Self {
        let mut sum = Truth { pushes, uninstalls: market.uninstalled(), ..Truth::default() };
        for it in market.truth() {
            let entered = |it: beckon_market::Outcome| i64::from(it.entered_at.is_some());
            let bought = |it: beckon_market::Outcome| i64::from(it.orders > 0);
            sum.entered += u64::from(it.pushes > 0 && it.with.entered_at.is_some());
            sum.added_entries += entered(it.with) - entered(it.without);
            sum.added_buyers += bought(it.with) - bought(it.without);
            sum.added_cents += it.with.paid_cents as i64 - it.without.paid_cents as i64;
        }
        sum
    }

    /// Added entries for a thousand pushes.
    pub fn per_thousand(&self) -> f64 {
        self.added_entries as f64 * 1000.0 / self.pushes.max(1) as f64
    }

    /// What all that was worth to the shop, in units of the currency, at the worth that the shows were put with.
    pub fn worth(&self) -> f64 {
        let margin = self.added_cents as f64 / 100.0 * beckon_market::MARGIN_PCT as f64 / 100.0;
        self.added_entries as f64 * beckon_market::ENTRY_YUAN + margin
    }
}

/// Plays the evening of `market`, which was not pushed yet, with `counts` pushes for each show.
pub fn play(
    mut market: Market,
    counts: &BTreeMap<String, u64>,
    when: When,
    caps: &Caps,
    seed: u64,
    until: u64,
) -> Truth {
    let key = Key::new(seed).why(Why::Push).and(when as u64);
    let mut plan: Vec<(u64, usize)> = Vec::new();
    for (number, show) in market.setting().shows.iter().enumerate() {
        let (from, to) = window(show, when, caps);
        let count = counts.get(&show.id).copied().unwrap_or(0);
        let at = |it| from + (key.and(number as u64).and(it).unit() * to.saturating_sub(from) as f64) as u64;
        plan.extend((0..count).map(|it| (at(it), number)));
    }
    plan.sort_unstable();
    let mut cues = market.cues_of_evening().into_iter().peekable();
    let mut draw = Draw::new(&market, caps, key.and(1_000_000));
    let (mut words, mut pushes) = (Words::new(&market), 0);
    for (at, show) in plan {
        while let Some((cued, id, cue)) = cues.next_if(|it| it.0 <= at) {
            play_cue(&mut market, &mut words, cued, &id, cue);
        }
        market.step(at);
        let Some(who) = draw.next(at, show) else { continue };
        let said = words.say(&market, at, show, who);
        let user = market.shoppers()[who].user_id.clone();
        let view = PushView {
            message_id: &format!("otherwise-{pushes}"),
            user_id: &user,
            show_id: &market.setting().shows[show].id.clone(),
            product_id: &said.product_id,
            trigger: WORDS_OF,
            title: &said.title,
            body: &said.body,
        };
        pushes += u64::from(market.receive(at, view) == Delivery::Taken);
    }
    for (cued, id, cue) in cues {
        play_cue(&mut market, &mut words, cued, &id, cue);
    }
    market.step(until);
    Truth::of(&market, pushes)
}

fn play_cue(market: &mut Market, words: &mut Words, at: u64, show: &str, cue: Cue) {
    market.step(at);
    if market.is_still_true(show, &cue) {
        words.follow(show, &cue);
        market.cue(at, show, cue);
    }
}

fn window(show: &Show, when: When, caps: &Caps) -> (u64, u64) {
    let day = day_of(show.starts_at);
    let quiet = on_day(day, caps.quiet_from_min());
    match when {
        When::Random => (show.starts_at - OPENS_BEFORE_MS, show.ends_at.min(quiet)),
        When::FixedHour => {
            let at = on_day(day, HOUR_MIN).max(show.starts_at);
            (at, at)
        }
    }
}

/// Draws shoppers who agreed, within the caps.
struct Draw {
    key: Key,
    drawn: u64,
    agreed: Vec<usize>,
    gap_ms: u64,
    day_cap: usize,
    show_cap: usize,
    /// When each was pushed, and into which show.
    pushed: BTreeMap<usize, Vec<(u64, usize)>>,
}

impl Draw {
    fn new(market: &Market, caps: &Caps, key: Key) -> Self {
        let agreed = market.shoppers().iter().enumerate().filter(|it| it.1.consent == Some(true));
        Draw {
            key,
            drawn: 0,
            agreed: agreed.map(|it| it.0).collect(),
            gap_ms: caps.gap_minutes * MINUTE,
            day_cap: caps.day_cap as usize,
            show_cap: caps.show_cap as usize,
            pushed: BTreeMap::new(),
        }
    }

    fn next(&mut self, at: u64, show: usize) -> Option<usize> {
        for _ in 0..DRAWS_MAX {
            self.drawn += 1;
            let who = *self.agreed.get(self.key.and(self.drawn).index(self.agreed.len()))?;
            let before = self.pushed.entry(who).or_default();
            let may = before.len() < self.day_cap
                && before.iter().filter(|it| it.1 == show).count() < self.show_cap
                && before.last().is_none_or(|it| it.0 + self.gap_ms <= at);
            if may {
                before.push((at, show));
                return Some(who);
            }
        }
        None
    }
}

/// What is true of the shows, and the words for it.
struct Words {
    templates: Vec<Template>,
    /// Of each show: the position of its product, and of each offer what it costs, how many there are, its end.
    shown: BTreeMap<String, String>,
    offers: BTreeMap<String, (u64, u32, u64)>,
    said: usize,
}

struct Said {
    product_id: String,
    title: String,
    body: String,
}

impl Words {
    fn new(market: &Market) -> Self {
        let specs = defaults();
        let of_trigger = specs.iter().filter(|it| it.trigger_word == WORDS_OF);
        let slots = market.setting().shows.iter().flat_map(|it| &it.slots);
        Words {
            templates: of_trigger
                .filter_map(|it| Template::parse(it.id, it.language, it.title, it.body).ok())
                .collect(),
            shown: BTreeMap::new(),
            offers: slots
                .map(|it| (it.offer_id.clone(), (it.price_cents, it.stock, it.offer_ends_at)))
                .collect(),
            said: 0,
        }
    }

    fn follow(&mut self, show: &str, cue: &Cue) {
        match cue {
            Cue::Pin { product_id } => {
                self.shown.insert(show.to_owned(), product_id.clone());
            }
            Cue::Offer { offer_id, price_cents, stock, ends_at, .. } => {
                if let Some(offer) = self.offers.get_mut(offer_id) {
                    *offer = (*price_cents, stock.unwrap_or(offer.1), ends_at.unwrap_or(offer.2));
                }
            }
            _ => {}
        }
    }

    fn say(&mut self, market: &Market, at: u64, show: usize, who: usize) -> Said {
        let plan = &market.setting().shows[show];
        let shown = self.shown.get(&plan.id).cloned();
        let product_id = shown.or_else(|| Some(plan.slots.first()?.product_id.clone())).unwrap_or_default();
        let product = market.setting().catalogue.products.iter().find(|it| it.id == product_id);
        let host = market.setting().catalogue.hosts.iter().find(|it| it.id == plan.host_id);
        let slot = plan.slots.iter().find(|it| it.product_id == product_id);
        let money = |cents| Currency::of("CNY").map(|currency| Money { cents, currency });
        let mut facts = Facts { now: Timestamp(at as i64), ..Facts::default() };
        facts.show.title = Some(plan.title.clone());
        facts.show.host = host.map(|it| it.name.clone());
        facts.product.title = product.map(|it| it.title.clone());
        if let Some(slot) = slot {
            let (price, stock, ends) = self.offers[&slot.offer_id];
            facts.offer.price = money(price);
            facts.offer.original_price = money(slot.original_cents);
            facts.offer.stock = Some(stock.into());
            facts.offer.ends_at = Some(Timestamp(ends as i64));
        }
        let english = market.shoppers()[who].device.locale.starts_with("en");
        let language = if english { "en" } else { "zh" };
        let fitting: Vec<&Template> =
            self.templates.iter().filter(|it| it.language.tag() == language).collect();
        self.said += 1;
        let rendered = fitting.get(self.said % fitting.len().max(1)).and_then(|it| it.render(&facts).ok());
        match rendered {
            Some(it) => Said { product_id, title: it.title, body: it.body },
            None => Said { product_id, title: plan.title.clone(), body: String::new() },
        }
    }
}
