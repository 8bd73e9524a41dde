//! The figure `match`: score everyone for a show, or for sixteen, and select the best, while events are folded.
//!
//! Shards are folded and scanned here as the server does it, a thread for each core with its share of them, but
//! without a journal: what is measured is the pass over memory. Between two shards each thread folds the
//! events that have come due meanwhile.

use super::Args;
use super::dice::Dice;
use super::error::Error;
use super::figure::{Figure, Limit, Unit, line};
use super::goals;
use super::scratch::Scratch;
use crate::clock::Stopwatch;
use beckon_core::dedup::Window;
use beckon_core::event::{Act, Channel, Class, Context, Event, ProductAct, ProductRef, Text, Trait};
use beckon_core::id::{ShardId, SourceId, Term};
use beckon_core::limits::SHARDS;
use beckon_core::select::scan::{Match, Rules, SHOWS, Wanted};
use beckon_core::select::turns::Scored;
use beckon_core::select::vector::{self, DIMENSIONS, Direction};
use beckon_core::shard::{Input, Shard};
use beckon_core::stage::Stage;
use beckon_core::time::Timestamp;
use std::sync::Barrier;

/// When the shoppers made here were last active (Unix seconds).
const NOW: u32 = 1_760_000_000;

/// The best so many are selected.
const BEST: u64 = 100_000;

/// Shows scored at once in the second figure.
const MANY: usize = SHOWS;

struct Part {
    shards: Vec<Shard>,
    dice: Dice,
    effects: Vec<beckon_core::shard::Effect>,
    stage: Stage,
    bytes: Vec<u8>,
    folded: u64,
    scored: Scored,
    best: Vec<u32>,
}

fn category(number: u64) -> Term {
    Term(1 + number as u32)
}

impl Part {
    fn fold(&mut self, shopper: u64, product: bool) {
        let id = format!("shopper-{shopper:09}");
        let kind = 1 + self.dice.below(400) as u64;
        let act = if product {
            let of = |term: usize| Text { term: Term(term as u32), text: "x" };
            Act::Product {
                what: ProductAct::Viewed,
                product: ProductRef {
                    id: of(10_000 + self.dice.below(200_000)),
                    category: Text { term: category(kind), text: "x" },
                    brand: of(1_000_000 + self.dice.below(5_000)),
                    host: of(2_000_000 + self.dice.below(2_000)),
                    price_cents: 100 + self.dice.below(50_000) as u64,
                    ..ProductRef::default()
                },
            }
        } else {
            let granted = self.dice.below(10) < 7;
            let traits = vec![
                Trait::CityTier(1 + self.dice.below(6) as u8),
                Trait::Consent { channel: Some(Channel::Webhook), class: Class::Marketing, granted },
            ];
            Act::Identify { traits }
        };
        let event = Event {
            key: 0,
            at: Timestamp::from_secs(NOW - self.dice.below(7 * 86_400) as u32),
            user: Some(&id),
            anonymous: None,
            name: Text { term: Term(1), text: "x" },
            context: Context::default(),
            act,
        };
        self.bytes.clear();
        event.encode(&mut self.bytes);
        let number = ShardId::of(&id);
        let input = Input::Collected { source: SourceId(1), event: &self.bytes, default_offset_min: 480 };
        if let Some(shard) = self.shards.iter_mut().find(|it| it.id() == number) {
            // Bytes encoded a line above are read back.
            let _ = shard.handle(Timestamp::from_secs(NOW), input, &self.stage, &mut self.effects);
            self.effects.clear();
            self.folded += 1;
        }
    }
}

pub fn measure(args: &Args, _: &Scratch) -> Result<Vec<Figure>, Error> {
    let threads = std::thread::available_parallelism().map_or(2, |it| it.get()).min(SHARDS);
    let watch = Stopwatch::start();
    let mut parts = make(args.shoppers, threads);
    let shoppers: usize = parts.iter().flat_map(|it| &it.shards).map(|it| it.store().len()).sum();
    let hot: usize = parts.iter().flat_map(|it| &it.shards).map(|it| it.store().memory()[0]).sum();
    line("made", format!("{shoppers} shoppers in {:.0} s", watch.elapsed_secs()));
    let mut figures = Vec::new();
    for (goal, shows) in [(goals::MATCH_ONE, 1), (goals::MATCH_MANY, MANY)] {
        let mut figure = Figure::of(goal);
        for _ in 0..args.runs.max(3) {
            let (took, folded, selected) = pass(&mut parts, shows, args.rate);
            let bandwidth = read_all(&parts);
            let limits = vec![
                Limit::at_best("reading the rows once", Unit::Millis, bandwidth * 1e3),
                Limit::beside("bytes of hot columns", Unit::Bytes, hot as f64),
                Limit::beside("events folded meanwhile", Unit::PerSecond, folded / took),
            ];
            figure.add(took * 1e3, limits);
            line("selected a show", selected / shows as u64);
        }
        figures.push(figure);
    }
    Ok(figures)
}

fn make(shoppers: u64, threads: usize) -> Vec<Part> {
    let window = Window::of_budget(1 << 20, SHARDS, 60_000);
    std::thread::scope(|scope| {
        let making: Vec<_> = (0..threads)
            .map(|number| {
                scope.spawn(move || {
                    let mine = ShardId::all().filter(|it| usize::from(it.0) % threads == number);
                    let shards = mine.map(|it| Shard::new(it, window)).collect();
                    let dice = Dice::new(number as u64 + 1);
                    let (effects, bytes) = (Vec::new(), Vec::new());
                    let mut part = Part {
                        shards,
                        dice,
                        effects,
                        stage: Stage::default(),
                        bytes,
                        folded: 0,
                        scored: Scored::default(),
                        best: Vec::new(),
                    };
                    for shopper in 0..shoppers {
                        if usize::from(ShardId::of(&format!("shopper-{shopper:09}")).0) % threads == number {
                            part.fold(shopper, false);
                            part.fold(shopper, true);
                            part.fold(shopper, true);
                        }
                    }
                    part
                })
            })
            .collect();
        making.into_iter().map(|it| it.join().unwrap_or_else(|it| std::panic::resume_unwind(it))).collect()
    })
}

/// One pass over everyone, shard by shard as the minute's look has it: scores, then the best by their threshold. Gives seconds, events folded, and
/// how many were selected.
fn pass(parts: &mut [Part], shows: usize, rate: u64) -> (f64, f64, u64) {
    let wanted: Vec<Wanted> = (0..shows)
        .map(|show| {
            let mut sum = [0.0; DIMENSIONS];
            vector::add(&mut sum, category(1 + show as u64), 1.0);
            vector::add(&mut sum, Term(1_000_000 + show as u32), 0.7);
            Wanted {
                direction: Direction::of(&sum),
                category: category(1 + show as u64),
                host: Term(2_000_000 + show as u32),
            }
        })
        .collect();
    let rules = Rules { channels: vec![Channel::Webhook], consent_assumed: 0, pushed_before: NOW };
    let threads = parts.len();
    let barrier = Barrier::new(threads);
    let folded_before: u64 = parts.iter().map(|it| it.folded).sum();
    let shoppers: u64 = parts.iter().flat_map(|it| &it.shards).map(|it| it.store().len() as u64).sum();
    let turns = (shoppers / BEST).max(1) as u32;
    let (took, selected) = std::thread::scope(|scope| {
        let (barrier, wanted, rules) = (&barrier, &wanted, &rules);
        let passing = |part: &mut Part| {
            barrier.wait();
            let watch = Stopwatch::start();
            let it = Match::new(wanted, &part.stage.learned().entry, rules);
            let (mut due, mut selected) = (0, 0);
            for at in 0..part.shards.len() {
                it.everyone(part.shards[at].store().rows(), &mut part.scored);
                for show in 0..shows {
                    part.best.clear();
                    part.scored.turn(show, 0, turns).each_eligible(|place| part.best.push(place));
                    selected += part.best.len();
                }
                fold_due(part, &watch, &mut due, rate / threads as u64, shoppers);
            }
            (watch.elapsed_secs(), selected)
        };
        let running: Vec<_> = parts.iter_mut().map(|part| scope.spawn(move || passing(part))).collect();
        let done = running.into_iter().map(|it| it.join().unwrap_or_else(|it| std::panic::resume_unwind(it)));
        done.fold((0.0, 0), |(most, sum), (took, selected)| (f64::max(most, took), sum + selected))
    });
    let folded: u64 = parts.iter().map(|it| it.folded).sum();
    (took, (folded - folded_before) as f64, selected as u64)
}

/// Folds what has come due since the pass began.
fn fold_due(part: &mut Part, watch: &Stopwatch, done: &mut u64, rate: u64, shoppers: u64) {
    let due = (watch.elapsed_secs() * rate as f64) as u64;
    while *done < due {
        let before = part.folded;
        let shopper = part.dice.below(shoppers as usize) as u64;
        part.fold(shopper, true);
        // Half of the shoppers drawn are another thread's.
        *done += part.folded - before;
    }
}

/// Seconds that it takes to read all that a pass reads once, on as many threads.
fn read_all(parts: &[Part]) -> f64 {
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        for part in parts {
            scope.spawn(move || {
                let stretches = part.shards.iter().flat_map(|it| it.store().rows().stretches());
                // A row is one line of cache: one number of it brings it all.
                std::hint::black_box(stretches.flatten().fold(0, |sum, it| sum ^ it.who));
            });
        }
    });
    watch.elapsed_secs()
}
