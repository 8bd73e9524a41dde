//! Plays an evening with its cues and with pushes that a plan sends, as the demo does.

use beckon_market::instant::{MINUTE, on_day};
use beckon_market::{Event, Market, PushView};

/// A Thursday in March, 18:00 in Shanghai.
pub fn start() -> u64 {
    on_day(20_524, 18 * 60)
}

/// Half past eleven, when all is over.
pub fn end() -> u64 {
    on_day(20_524, 23 * 60 + 30)
}

/// A push to be sent: when, to which shopper (by number), into which show (by number).
pub type Plan = Vec<(u64, usize, usize)>;

/// Plays until the end; everything that was said.
pub fn play(market: &mut Market, mut plan: Plan) -> Vec<Event> {
    plan.sort();
    let cues = market.cues_of_evening();
    let mut cues = cues.into_iter().peekable();
    let mut plan = plan.into_iter().enumerate().peekable();
    let mut events = Vec::new();
    let mut now = start();
    while now < end() {
        now += MINUTE;
        while let Some((at, show, cue)) = cues.next_if(|it| it.0 <= now) {
            events.extend(market.step(at));
            if market.is_still_true(&show, &cue) {
                assert!(market.cue(at, &show, cue));
            }
        }
        events.extend(market.step(now));
        while let Some((number, (_, who, show))) = plan.next_if(|it| it.1.0 <= now) {
            push(market, now, number, who, show);
        }
    }
    events
}

fn push(market: &mut Market, now: u64, number: usize, who: usize, show: usize) {
    let user = market.shoppers()[who].user_id.clone();
    let show = market.setting().shows[show].clone();
    let slot = show.slots.iter().find(|it| it.ends_at > now).unwrap_or(&show.slots[0]);
    let product = market.setting().catalogue.products.iter().find(|it| it.id == slot.product_id);
    let title = format!("{} ¥{}", product.map_or("", |it| &it.words[0]), slot.price_cents / 100);
    market.receive(
        now,
        PushView {
            message_id: &format!("m-{number}"),
            user_id: &user,
            show_id: &show.id,
            product_id: &slot.product_id,
            trigger: "product_pinned",
            title: &title,
            body: "直播间正在讲解，点击进入",
        },
    );
}

/// How many events have this name.
pub fn count(events: &[Event], name: &str) -> usize {
    events.iter().filter(|it| it.name == name).count()
}
