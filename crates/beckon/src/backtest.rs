//! `beckon backtest`: what Beckon would have done with your own log, by the same code that decides live.

use beckon_backtest::{Error, Format, Log, Report, activity, interest, timing};
use std::path::{Path, PathBuf};

/// What to test, on which log.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The question.
    #[arg(value_enum)]
    question: Question,
    /// The directory or file of the log.
    #[arg(long)]
    data: PathBuf,
    /// Its format: `taobao`, `kuairand`, or `csv` with `shopper,item,category,behaviour,unix_s` in each line.
    #[arg(long)]
    format: String,
    /// The shoppers' clock, in minutes east of UTC.
    #[arg(long, default_value_t = 480, value_parser = clap::value_parser!(i16).range(-1080..=1080))]
    offset_min: i16,
    /// Days to test on, the last ones; a third of the log unless given.
    #[arg(long)]
    test_days: Option<usize>,
    /// Share of shopper-days on which the priced policies of `timing` may push.
    #[arg(long, default_value_t = 0.24)]
    share: f64,
    /// Print JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// Write a drawing of the result here.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Write every example of `activity` here as CSV, to compare other models on the same inputs.
    #[arg(long)]
    export: Option<PathBuf>,
}

/// A question to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Question {
    /// One push a shopper and day: which policy meets him active?
    Timing,
    /// Is a shopper active in the next ten minutes, and in which hours?
    Activity,
    /// What does a shopper look at next?
    Match,
}

/// Reads the log, asks, and prints the answer.
pub fn run(args: &Args) -> Result<(), Box<dyn std::error::Error>> {
    let format = Format::from_name(&args.format).ok_or_else(|| {
        format!("there is no format `{}`: write `taobao`, `kuairand` or `csv`", args.format)
    })?;
    if !(0.0..=1.0).contains(&args.share) || args.share == 0.0 {
        return Err(format!("a share lies above 0 and up to 1, not at {}", args.share).into());
    }
    let log = Log::read(&args.data, format)?;
    let report = ask(args, &log)?;
    if let Some(file) = &args.svg {
        write(file, &report.svg())?;
    }
    if args.json {
        println!("{}", report.json())
    } else {
        println!("{report}")
    }
    Ok(())
}

fn ask(args: &Args, log: &Log) -> Result<Report, Error> {
    let (offset_min, test_days) = (args.offset_min, args.test_days);
    match args.question {
        Question::Timing => {
            let share = args.share;
            timing::timing(
                log,
                &timing::Options { offset_min, test_days, share, ..timing::Options::default() },
            )
        }
        Question::Activity => {
            let options = activity::Options { offset_min, test_days };
            activity::activity(log, &options, args.export.as_deref())
        }
        Question::Match => interest::interest(log, offset_min),
    }
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| {
        format!("{} cannot be written ({error}): name another file with --svg", file.display())
    })
}
