//! A market's evening without a server: what comes of pushing everyone at one hour, beside what really would have
//! been. `cargo run --release -p beckon-market --example evening`.

use beckon_market::instant::{MINUTE, on_day};
use beckon_market::{Added, Market, PushView};

const SHOPPERS: usize = 20_000;
const SEED: u64 = 7;
const DAY: u64 = 20_524;

fn main() {
    let mut market = Market::new(SEED, SHOPPERS, on_day(DAY, 18 * 60));
    println!("{SHOPPERS} shoppers, {} events in the days before", market.history().count());
    let push_at = on_day(DAY, 21 * 60 + 5);
    let mut events = 0;
    let mut cues = market.cues_of_evening().into_iter().peekable();
    for minute in 1..=330 {
        let now = on_day(DAY, 18 * 60) + minute * MINUTE;
        while let Some((at, show, cue)) = cues.next_if(|it| it.0 <= now) {
            events += market.step(at).len();
            if market.is_still_true(&show, &cue) {
                market.cue(at, &show, cue);
            }
        }
        events += market.step(now).len();
        if now == push_at {
            push_everyone(&mut market, now);
        }
    }
    println!("{events} events in the evening");
    for (show, tally) in market.setting().shows.iter().zip(market.tallies()) {
        println!("{}: {tally:?}", show.id);
    }
    println!("{:?}", Added::of(&market.truth(), u64::MAX));
}

fn push_everyone(market: &mut Market, now: u64) {
    let users: Vec<_> = market.shoppers().iter().map(|it| it.user_id.clone()).collect();
    for (number, user) in users.iter().enumerate() {
        market.receive(
            now,
            PushView {
                message_id: &format!("m-{number}"),
                user_id: user,
                show_id: "show-beauty",
                product_id: "",
                trigger: "phase_begins",
                title: "安然美妆之夜 正在直播",
                body: "点击进入直播间",
            },
        );
    }
}
