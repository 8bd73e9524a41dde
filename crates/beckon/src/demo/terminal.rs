//! A demo on the terminal: lines as it goes, under them a bar where there is a terminal to draw it on, and at the
//! end the tables.

use super::otherwise::Truth;
use super::report::{Added, Funnel, Report};
use super::{Example, Results, Told};
use beckon_market::instant::{MINUTE, minute_of};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};

/// Reasons of those withheld that are told of each show.
const REASONS_TOLD: usize = 6;

/// Shows a demo on standard output; the bar is drawn on standard error.
pub struct Terminal {
    bar: Option<ProgressBar>,
    draws: bool,
    begin: u64,
    told_tenths: u64,
    /// The funnels told last, by show.
    told: BTreeMap<String, Funnel>,
}

impl Terminal {
    /// `plain` draws no bar, nor does a terminal that is none.
    pub fn new(plain: bool) -> Self {
        let draws = !plain && std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        Terminal { bar: None, draws, begin: 0, told_tenths: 0, told: BTreeMap::new() }
    }

    /// Shows what a demo tells.
    pub fn show(&mut self, told: Told<'_>) {
        match told {
            Told::Up { url, key, market } => self.up(url, key, market),
            Told::Past(sent, all) => self.past(sent, all),
            Told::Planned(now, end) => {
                self.done();
                self.begin = now;
                self.say("\nThe evening, in virtual time. What the server decides, a few of many:");
                self.bar((end - now) / MINUTE, "{bar:30} {msg}");
            }
            Told::Now(now) => {
                if let Some(bar) = &self.bar {
                    bar.set_position((now - self.begin) / MINUTE);
                    bar.set_message(clock(now));
                }
            }
            Told::Example(it) => self.example(it),
            Told::Funnels(now, reports) => self.funnels(now, reports),
            Told::Again => {
                self.done();
                self.say(
                    "\nThe evening is over. It is played twice again, with as many pushes at other times.",
                );
            }
            Told::Done(results) => results_in_full(results).iter().for_each(|it| self.say(it)),
        }
    }

    /// Says a line, above the bar if there is one.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| print(line)),
            None => print(line),
        }
    }

    fn bar(&mut self, length: u64, template: &str) {
        if self.draws {
            let style = ProgressStyle::with_template(template);
            let bar = ProgressBar::new(length);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar = Some(bar);
        }
    }

    fn done(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn up(&mut self, url: &str, key: &str, market: &super::Shared) {
        let market = market.lock();
        let setting = market.setting();
        self.say(&format!("Beckon listens on {url}; server key {key}"));
        self.say(&format!(
            "A market of {} simulated shoppers, {} products, and {} shows tonight. Nobody in it is real.",
            market.shoppers().len(),
            setting.catalogue.products.len(),
            setting.shows.len()
        ));
        for show in &setting.shows {
            self.say(&format!(
                "  {:12} {}–{}  {} offers, {} places, at most {} pushes  {}",
                show.id,
                clock(show.starts_at),
                clock(show.ends_at),
                show.slots.len(),
                show.capacity,
                show.push_budget,
                show.title
            ));
        }
    }

    fn past(&mut self, sent: u64, all: u64) {
        if sent == 0 || all == 0 {
            return;
        }
        if self.draws && self.bar.is_none() && sent < all {
            self.bar(all, "{bar:30} {pos} of {len} events of the days before");
        }
        if let Some(bar) = &self.bar {
            bar.set_position(sent);
            return;
        }
        let tenths = sent * 10 / all;
        // Most of it comes at once; then a line now and then.
        if tenths > self.told_tenths && (tenths == 10 || self.told_tenths == 0) {
            self.told_tenths = tenths;
            self.say(&format!("  {sent} of {all} events of the days before are in"));
        }
    }

    fn example(&mut self, it: &Example) {
        let (push, n) = (&it.push.message, &it.numbers);
        self.say(&format!(
            "{} {} → {}: {}",
            clock(it.push.at_ms),
            push.user_id,
            push.show_id,
            because(&push.trigger)
        ));
        self.say(&format!("      “{}”  {}", push.title, push.body));
        if push.class == "service" {
            self.say("      he asked for it: it is sent whatever it is worth");
            return;
        }
        self.say(&format!(
            "      g {:.3} = reach {:.2} × enters {:.1} % with, {:.1} % without × worth {:.2}, less fatigue {:.3}",
            n.gain,
            n.reach,
            n.enter.0 * 100.0,
            n.enter.1 * 100.0,
            n.value,
            n.fatigue
        ));
        if n.is_random_time {
            self.say("      it goes at a time drawn by lot, to learn what the moment is worth: the rule was not asked");
            return;
        }
        self.say(&format!(
            "      λ {:.3} for one more push, C {:.3} for waiting: g − λ = {:.3} is more than both 0 and C",
            n.price,
            n.wait,
            n.gain - n.price
        ));
    }

    fn funnels(&mut self, now: u64, reports: &[Report]) {
        for it in reports.iter().filter(|it| it.funnel.decided > 0) {
            if self.told.insert(it.show_id.clone(), it.funnel) == Some(it.funnel) {
                continue;
            }
            self.say(&format!("{} {:12} {}", clock(now), it.show_id, funnel_line(&it.funnel)));
        }
    }
}

fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that has gone, as `| head`, ends nothing.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// The time on the wall clock.
pub fn clock(at_ms: u64) -> String {
    let minute = minute_of(at_ms) as u64;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn because(trigger: &str) -> &str {
    match trigger {
        "moment" => "this is a good moment for him",
        "phase_begins" => "a phase of the show began",
        "product_pinned" => "a product he cares for is being shown",
        "cart_hesitation" => "something in his cart waits, and the show has it",
        "offer_ending" => "an offer he cares for ends soon",
        "price_drop" => "a product he looked at costs less now",
        "back_in_stock" => "a product he looked at can be had again",
        "host_live" => "a host he follows went live",
        "reminder" => "he booked a reminder",
        "came_online" => "he just came online",
        "campaign_ending" => "a campaign ends soon",
        other => other,
    }
}

const STEPS: [&str; 7] = ["decided", "sent", "accepted", "delivered", "tapped", "entered", "bought"];

fn funnel_line(it: &Funnel) -> String {
    let steps = STEPS.iter().zip(it.steps());
    steps.map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(" → ")
}

fn results_in_full(it: &Results) -> Vec<String> {
    let mut lines = Vec::new();
    for report in &it.reports {
        lines.extend(show_in_full(report));
    }
    lines.extend(policies(it));
    lines
}

fn show_in_full(it: &Report) -> Vec<String> {
    let mut lines = vec![format!("\n{}: {} shoppers could be called in", it.show_id, it.eligible)];
    lines.extend(funnels("", "phase", &it.by_phase, Some(&it.funnel)));
    lines.extend(funnels("", "trigger", &it.by_trigger, None));
    let told = |it: &super::report::Counted| format!("{} {}", it.count, it.reason.replace('_', " "));
    let reasons: Vec<String> = it.withheld.last_look.iter().take(REASONS_TOLD).map(told).collect();
    lines.push(format!("  not pushed, at the last look: {}", or_nobody(reasons.join(", "))));
    let ended: Vec<String> = it.ended.iter().filter(|it| it.state != "accepted").map(ended).collect();
    if !ended.is_empty() {
        lines.push(format!("  decided and not sent: {}", ended.join(", ")));
    }
    let ghosts = it.incremental.ghosts;
    lines.push(format!(
        "  measured against {} withheld by lot, of whom {} came anyway:",
        ghosts.shoppers, ghosts.entered
    ));
    lines.push(format!("    entries    {}", estimate(&it.incremental.entries)));
    lines.push(format!("    purchases  {}", estimate(&it.incremental.purchases)));
    lines
}

fn ended(it: &super::report::Ended) -> String {
    format!("{} {} ({})", it.count, it.state, it.meaning)
}

fn or_nobody(text: String) -> String {
    if text.is_empty() { "nobody".into() } else { text }
}

fn estimate(it: &Added) -> String {
    it.summary.clone()
}

fn funnels(indent: &str, what: &str, by: &BTreeMap<String, Funnel>, total: Option<&Funnel>) -> Vec<String> {
    let head = STEPS.map(|it| format!("{it:>10}")).concat();
    let mut lines = vec![format!("{indent}  {what:16}{head}")];
    let line = |name: &str, it: &Funnel| {
        format!("{indent}  {name:16}{}", it.steps().map(|it| format!("{it:>10}")).concat())
    };
    lines.extend(by.iter().map(|(name, it)| line(name, it)));
    lines.extend(total.map(|it| line("all", it)));
    lines
}

fn policies(it: &Results) -> Vec<String> {
    let mut lines = vec![
        "\nWhat the pushes really added, as only the market knows: beside each pushed shopper lives a twin with the \
         same luck and no push."
            .to_owned(),
        format!(
            "  {:20}{:>8}{:>9}{:>15}{:>14}{:>11}{:>13}{:>12}",
            "policy", "pushes", "entered", "added entries", "added buyers", "per 1,000", "added worth", "uninstalls"
        ),
    ];
    let rows = [("Beckon", &it.ours), ("random time, by lot", &it.random), ("20:00, by lot", &it.fixed_hour)];
    for (name, truth) in rows {
        lines.push(format!(
            "  {name:20}{:>8}{:>9}{:>15}{:>14}{:>11.1}{:>13.0}{:>12}",
            truth.pushes,
            truth.entered,
            truth.added_entries,
            truth.added_buyers,
            truth.per_thousand(),
            truth.worth(),
            truth.uninstalls
        ));
    }
    lines.push(
        format!(
            "  Per 1,000 is added entries for a thousand pushes; worth is {:.2} an entry and {} % of what was paid, which \
             is what Beckon was\n  told to seek. All three send as many pushes for each show, within the same caps and to \
             shoppers who agreed; a show that\n  begins after 20:00 is pushed when it begins.",
            beckon_market::ENTRY_YUAN,
            beckon_market::MARGIN_PCT
        ),
    );
    lines.push(verdict(it));
    lines
}

fn verdict(it: &Results) -> String {
    if it.ours.pushes == 0 {
        return "  Beckon sent nothing: there is nothing to compare.".to_owned();
    }
    let others = [&it.random, &it.fixed_hour];
    let of = |what: &str, measure: fn(&Truth) -> f64| {
        let best = others.into_iter().map(measure).fold(f64::MIN, f64::max);
        let ours = measure(&it.ours);
        let times = if best > 0.0 {
            format!(", {:.1} times the better of the others", ours / best)
        } else {
            String::new()
        };
        let than = if ours > best { "more" } else { "NOT more" };
        format!("{than} {what}{times}")
    };
    format!(
        "  Beckon's pushes added {}; and {}.\n  One evening of a simulated market: it shows that the machinery works, \
         not what your shoppers will do.",
        of("entries", Truth::per_thousand),
        of("worth", Truth::worth)
    )
}
