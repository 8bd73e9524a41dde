//! Runs a back-test: `backtest timing|activity|match FORMAT DIR [export.csv [test days]]`.

use beckon_backtest::{Error, Format, Log, Report, activity, interest, timing};

/// China's clock: that of the logs this was made for.
const OFFSET_MIN: i16 = 480;

fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let Some(format) = Format::from_name(word(1)) else {
        eprintln!("usage: backtest timing|activity|match taobao|kuairand|csv DIR [EXPORT.csv [TEST_DAYS]]");
        std::process::exit(2);
    };
    let log = Log::read(word(2).as_ref(), format)?;
    let export = words.get(3).map(std::path::Path::new);
    let report: Report = match word(0) {
        "timing" => timing::timing(&log, &timing::Options::default())?,
        "activity" => {
            let test_days = words.get(4).and_then(|it| it.parse().ok());
            activity::activity(&log, &activity::Options { offset_min: OFFSET_MIN, test_days }, export)?
        }
        _ => interest::interest(&log, OFFSET_MIN)?,
    };
    println!("{report}");
    Ok(())
}
