//! What the pushes really did. Beside each pushed shopper lives a twin who was never pushed and has the same luck;
//! an experiment can only estimate the difference of the two, the market knows it.

/// What a shopper did in one show since his first push of the evening.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// First entry, Unix ms.
    pub entered_at: Option<u64>,
    /// Entries.
    pub entries: u32,
    /// Time in the room, ms.
    pub stay_ms: u64,
    /// First order, Unix ms.
    pub ordered_at: Option<u64>,
    /// Orders.
    pub orders: u32,
    /// What they came to.
    pub paid_cents: u64,
}

/// A pushed shopper and a show, with the pushes and without.
///
/// The twin sees the shows and the stock as they really were, and takes nothing from the stock: what the pushes
/// to one shopper took away from others is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Who.
    pub user_id: String,
    /// Which show.
    pub show_id: String,
    /// Pushes that arrived for this show. 0 when only other shows were pushed: they may draw shoppers off.
    pub pushes: u32,
    /// When the first push of the evening arrived, for whatever show.
    pub pushed_at: u64,
    /// What happened.
    pub with: Outcome,
    /// What would have happened without any push to this shopper.
    pub without: Outcome,
    /// Did the pushes cost the app its place on the phone?
    pub uninstalled: bool,
}

/// What pushes added, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// Pushed shoppers × shows.
    pub pairs: u64,
    /// Pairs that entered, with and without pushes.
    pub entered: [u64; 2],
    /// Pairs that ordered, with and without pushes.
    pub ordered: [u64; 2],
    /// What was paid, with and without pushes.
    pub paid_cents: [u64; 2],
}

impl Added {
    /// Sums the pairs that were pushed for the show itself; `entry_window_ms` is how long after the first push
    /// an entry counts (`u64::MAX` for the whole evening).
    pub fn of<'t>(truths: impl IntoIterator<Item = &'t Truth>, entry_window_ms: u64) -> Self {
        let mut added = Added::default();
        for truth in truths.into_iter().filter(|it| it.pushes > 0) {
            added.pairs += 1;
            let end = truth.pushed_at.saturating_add(entry_window_ms);
            for (at, outcome) in [truth.with, truth.without].into_iter().enumerate() {
                added.entered[at] += u64::from(outcome.entered_at.is_some_and(|it| it <= end));
                added.ordered[at] += u64::from(outcome.orders > 0);
                added.paid_cents[at] += outcome.paid_cents;
            }
        }
        added
    }
}
