//! Runs a back-test: `backtest timing|activity|match FORMAT DIR [export.csv]`.

use beckon_backtest::{Error, Format, Log, Report, activity, interest, timing};

/// China's clock: that of the logs this was made for.
const OFFSET_MIN: i16 = 480;

fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let Some(format) = Format::from_name(word(1)) else {
        eprintln!("usage: backtest timing|activity|match taobao|kuairand|csv DIR [EXPORT.csv]");
        std::process::exit(2);
    };
    let log = Log::read(word(2).as_ref(), format)?;
    let export = words.get(3).map(std::path::Path::new);
    let report: Report = match word(0) {
        "timing" => timing::timing(&log, &timing::Options::default())?,
        "activity" => activity::activity(&log, OFFSET_MIN, export)?,
        _ => interest::interest(&log, OFFSET_MIN)?,
    };
    println!("{report}");
    Ok(())
}
