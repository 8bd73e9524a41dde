//! `beckon bench`: the figures that Beckon stands for, each beside the limit it stands against.
//!
//! A figure alone says little: the same run therefore measures what the machine could do at most (the
//! disk alone, the parser alone, HTTP alone, memory alone), so that the distance is seen. And a load that
//! nobody counted proves nothing: at the end of every run what was folded is held against what was
//! acknowledged.
//!
//! The server is the real one, in this process; the load generator has one thread of its own on the same
//! cores. Times come from [`crate::clock::Stopwatch`].

pub mod limits;

mod called;
mod client;
mod crowd;
mod dice;
mod error;
pub(crate) mod figure;
mod fresh;
mod goals;
mod ingest;
mod limit;
mod load;
mod machine;
mod matching;
mod phone;
mod probe;
mod request;
mod scratch;
mod shoppers;
mod single;
mod sink;
mod sockets;
mod target;
mod visible;
mod waits;
mod way;
mod webpush;

pub use error::Error;

use figure::Figure;
use scratch::Scratch;
use std::path::PathBuf;
use std::time::Duration;

/// What to measure, and how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The figure.
    #[arg(value_enum)]
    figure: Which,
    /// Seconds of load in each run.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Runs of each figure; the median is what counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    runs: u16,
    /// Shoppers to make, for the figure of that name.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    shoppers: u64,
    /// Events of a shopper on average, for the same.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    events_per_shopper: u64,
    /// A directory to work in, on a disk that is to be measured. It must be new or empty.
    #[arg(long, default_value = "beckon-bench")]
    data: PathBuf,
    /// Leave the directory as it is at the end.
    #[arg(long)]
    keep: bool,
    /// Connections of the load generator; unless given, 16 for batches and 256 for single posts.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: Option<u16>,
    /// Events a second in the background of the figures `visible`, `called`, `in_app` and `match`.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    rate: u64,
    /// Connections, for the figure `sockets`.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    sockets: u32,
    /// The clients of the figure `sockets`, which run in a process of their own.
    #[arg(long, hide = true)]
    crowd: bool,
    /// One part of the figure `shoppers`, which runs in processes of their own.
    #[arg(long, hide = true, value_enum)]
    stage: Option<shoppers::Stage>,
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// Events a second in batches of 100, durable, parsed and folded.
    Ingest,
    /// Single posts a second, durable.
    Single,
    /// Time from an event to a profile that shows it, under load.
    Visible,
    /// Time from an event to the push that it leads to, handed over to a webhook, under load.
    Called,
    /// The same to the frame that a connected client reads.
    InApp,
    /// Memory of idle in-app connections, and frames a second to all of them.
    Sockets,
    /// Memory of many shoppers, and the time to start again with them.
    Shoppers,
    /// Time to score everyone for one show and for sixteen, and to select the best, while events are folded.
    Match,
    /// Web Push: messages encrypted, and encrypted and sent, by one core.
    Webpush,
    /// All of them.
    All,
}

impl Args {
    fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    fn wants(&self, which: Which) -> bool {
        self.figure == which || self.figure == Which::All
    }

    /// The command that measures the same again.
    fn command(&self) -> String {
        let mut command = format!("beckon bench {}", word(self.figure));
        if self.figure != Which::Shoppers {
            command += &format!(" --seconds {} --runs {}", self.seconds, self.runs);
        }
        if self.wants(Which::Visible)
            || self.wants(Which::Called)
            || self.wants(Which::InApp)
            || self.wants(Which::Match)
        {
            command += &format!(" --rate {}", self.rate);
        }
        if self.wants(Which::Shoppers) || self.wants(Which::Match) {
            command += &format!(" --shoppers {}", self.shoppers);
        }
        if self.wants(Which::Shoppers) {
            command += &format!(" --events-per-shopper {}", self.events_per_shopper);
        }
        if self.wants(Which::Sockets) {
            command += &format!(" --sockets {}", self.sockets);
        }
        if let Some(connections) = self.connections {
            command += &format!(" --connections {connections}");
        }
        command
    }
}

fn word<T: clap::ValueEnum>(value: T) -> String {
    value.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default()
}

/// Measures, prints each run as it goes, and at the end a table in Markdown.
pub fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    // What goes wrong inside must be seen here too; what merely happens would disturb.
    let _ = tracing_subscriber::fmt().with_env_filter("warn").with_writer(std::io::stderr).try_init();
    if args.crowd {
        return Ok(crowd::run()?);
    }
    if let Some(stage) = args.stage {
        return Ok(shoppers::stage(&args, stage)?);
    }
    let scratch = Scratch::new(&args.data, args.keep)?;
    machine::print(&scratch);
    println!("command   {}", args.command());
    Ok(measure(&args, &scratch)?)
}

fn measure(args: &Args, scratch: &Scratch) -> Result<(), Error> {
    let measures: [(Which, Measure); 9] = [
        (Which::Ingest, ingest::measure),
        (Which::Single, single::measure),
        (Which::Visible, visible::measure),
        (Which::Called, called::measure),
        (Which::InApp, called::measure_in_app),
        (Which::Sockets, sockets::measure),
        (Which::Shoppers, shoppers::measure),
        (Which::Match, matching::measure),
        (Which::Webpush, webpush::measure),
    ];
    let mut figures = Vec::new();
    let mut done = Ok(());
    for (which, measure) in measures {
        if done.is_ok() && args.wants(which) {
            println!("\n{}", word(which));
            done = measure(args, scratch).map(|it| figures.extend(it));
        }
    }
    // What was measured before a failure is still true.
    if !figures.is_empty() {
        figure::print_table(&figures);
    }
    done
}

type Measure = fn(&Args, &Scratch) -> Result<Vec<Figure>, Error>;
