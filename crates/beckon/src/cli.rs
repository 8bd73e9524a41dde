//! The commands and their flags; each is a few lines over the library.

use beckon::config::{Config, Env, check};
use beckon::demo;
use beckon::gateway::Local;
use beckon::keys::{self, Keys};
use beckon::serve::{Server, stop_signal};
use beckon::{backtest, bench, open_files, replay, room, tools};
use beckon_core::dedup::Window;
use beckon_core::limits::SHARDS;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

/// Precision push for live commerce.
#[derive(Parser)]
#[command(name = "beckon", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take in events, keep profiles, answer the control API.
    Serve(Serve),
    /// Watch the main job from end to end, on a simulated market.
    Demo(demo::Args),
    /// Play a planned show before it airs, with the server's own shoppers.
    Rehearse(demo::rehearse::Args),
    /// Check a configuration and print what would be in force.
    Check {
        /// The TOML file.
        #[arg(long, env = "BECKON_CONFIG")]
        config: Option<PathBuf>,
    },
    /// Stream a log of events through the real path.
    Replay(replay::Args),
    /// Look into a journal.
    #[command(subcommand)]
    Journal(Journal),
    /// Look into the folded state.
    #[command(subcommand)]
    State(State),
    /// Manage write keys and server keys.
    Keys(KeysArgs),
    /// Measure this machine: figures beside the limits they stand against.
    Bench(bench::Args),
    /// Tools of the live room.
    #[command(subcommand)]
    Room(RoomTool),
    /// Ask a log what Beckon would have done, by the same code that decides live.
    Backtest(backtest::Args),
}

#[derive(Args)]
struct Serve {
    /// Directory that everything is kept in.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// TOML file with everything else.
    #[arg(long, env = "BECKON_CONFIG")]
    config: Option<PathBuf>,
    /// Where time comes from.
    #[arg(long, value_enum, default_value_t = ClockKind::System)]
    clock: ClockKind,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClockKind {
    /// The system's clock.
    System,
    /// Stands still until moved by `POST /api/v1/clock`.
    Virtual,
}

#[derive(Subcommand)]
enum RoomTool {
    /// Viewers that decode nothing join a room, and say how it went.
    Load(room::load::Args),
    /// A way that is long and loses, between clients and a server on one machine.
    Bridge(room::bridge::Args),
}

#[derive(Subcommand)]
enum Journal {
    /// Read all of it and report every problem.
    Verify {
        /// The data directory.
        #[arg(long, env = "BECKON_DATA_DIR", default_value = "beckon-data")]
        data: PathBuf,
    },
    /// Print it as JSON lines.
    Dump {
        /// The data directory.
        #[arg(long, env = "BECKON_DATA_DIR", default_value = "beckon-data")]
        data: PathBuf,
        /// The first record's offset.
        #[arg(long)]
        from: Option<u64>,
        /// Lines at most.
        #[arg(long)]
        limit: Option<u64>,
    },
}

#[derive(Subcommand)]
enum State {
    /// Print a fingerprint of all profiles and counts.
    Digest {
        /// The data directory.
        #[arg(long, env = "BECKON_DATA_DIR", default_value = "beckon-data")]
        data: PathBuf,
    },
}

#[derive(Args)]
struct KeysArgs {
    /// The data directory.
    #[arg(long, global = true, env = "BECKON_DATA_DIR", default_value = "beckon-data")]
    data: PathBuf,
    #[command(subcommand)]
    action: KeysAction,
}

#[derive(Subcommand)]
enum KeysAction {
    /// Show the sources and server keys there are.
    List,
    /// Add a source of events; prints its write key once.
    AddSource {
        /// Its name.
        name: String,
        /// How far it is trusted: web, app or server.
        #[arg(long, default_value = "web")]
        kind: String,
        /// Consent, device tokens and purchases of a known shopper need a shopper token.
        #[arg(long)]
        verify_identity: bool,
    },
    /// Remove a source: its write key is no longer taken.
    RemoveSource {
        /// Its name.
        name: String,
    },
    /// Say whether a source must prove for whom it speaks.
    VerifyIdentity {
        /// The source's name.
        name: String,
        /// `true` or `false`.
        #[arg(action = clap::ArgAction::Set)]
        on: bool,
    },
    /// Make the secret that the customer's server signs shopper tokens with; prints it once.
    ShopperSecret {
        /// The source's name.
        name: String,
    },
    /// Add a server key; prints it once.
    AddServerKey {
        /// Its name.
        name: String,
    },
    /// Remove a server key.
    RemoveServerKey {
        /// Its name.
        name: String,
    },
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(args) => serve(args),
        Command::Demo(args) => play_demo(&args),
        Command::Rehearse(args) => rehearse(&args),
        Command::Check { config } => check_config(config),
        Command::Replay(args) => replay_log(args),
        Command::Journal(Journal::Verify { data }) => {
            return match tools::verify(&data, &mut std::io::stdout().lock()) {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::FAILURE,
                Err(error) => fail(&error),
            };
        }
        Command::Journal(Journal::Dump { data, from, limit }) => dump(&data, tools::Range { from, limit }),
        Command::State(State::Digest { data }) => digest(&data),
        Command::Keys(args) => manage_keys(args),
        Command::Bench(args) => bench::run(args),
        Command::Room(RoomTool::Load(args)) => load_room(&args),
        Command::Room(RoomTool::Bridge(args)) => bridge_room(&args),
        Command::Backtest(args) => backtest::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("beckon: {error}");
    ExitCode::FAILURE
}

fn load_room(args: &room::load::Args) -> Result<(), Failure> {
    let outcome = runtime()?.block_on(room::load::run(args))?;
    println!("{}", serde_json::to_string_pretty(&outcome)?);
    Ok(())
}

fn bridge_room(args: &room::bridge::Args) -> Result<(), Failure> {
    println!("passing on from {} to {}", args.listen, args.to);
    Ok(runtime()?.block_on(room::bridge::run(args))?)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn log_to_stderr(filter: &str) {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_else(|_| "info".into());
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr)
        .try_init();
}

fn serve(args: Serve) -> Result<(), Failure> {
    let mut config = Config::load(args.config.as_deref(), &Env::read())?;
    config.data = args.data.unwrap_or(config.data);
    config.listen = args.listen.unwrap_or(config.listen);
    log_to_stderr(&config.log.filter);
    open_files::tell(open_files::raise(), config.in_app.connections_max);
    runtime()?.block_on(async {
        let server = Server::start(&config, args.clock == ClockKind::Virtual).await?;
        announce(&server, &config);
        stop_signal().await;
        tracing::info!("stopping: requests under way finish, then snapshots are taken");
        let stopped = server.stop().await;
        tracing::info!(end = stopped.end.0, snapshots = stopped.snapshots, "stopped");
        Ok(())
    })
}

fn announce(server: &Server, config: &Config) {
    let scheme = if server.tls { "https" } else { "http" };
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "Beckon listens on {scheme}://{}, and keeps everything in {}",
        server.address,
        config.data.display()
    );
    if let Some(rooms) = server.rooms() {
        let udp = rooms.address();
        let _ = match rooms.connections().address() {
            Some(tcp) if tcp == udp => writeln!(out, "media of the live room: UDP and TCP {udp}"),
            Some(tcp) => writeln!(out, "media of the live room: UDP {udp}, TCP {tcp}"),
            None => writeln!(out, "media of the live room: UDP {udp}"),
        };
    }
    if let Some(key) = &server.printed.write {
        let _ = writeln!(out, "write key  {key}   (for SDKs; shown once)");
    }
    if let Some(key) = &server.printed.server {
        let _ = writeln!(out, "server key {key}   (for /api/v1; shown once)");
    }
    let _ = out.flush();
}

fn play_demo(args: &demo::Args) -> Result<(), Failure> {
    log_to_stderr("warn");
    runtime()?.block_on(async {
        let mut terminal = demo::Terminal::new(args.plain);
        let mut show = |it: demo::Told<'_>| terminal.show(it);
        let demo = tokio::select! {
            played = demo::Demo::play(args, &mut show) => played?,
            () = stop_signal() => return Ok(()),
        };
        if args.once {
            demo.stop().await;
            return Ok(());
        }
        demo.invite().iter().for_each(|line| terminal.say(line));
        stop_signal().await;
        demo.stop().await;
        Ok(())
    })
}

fn rehearse(args: &demo::rehearse::Args) -> Result<(), Failure> {
    log_to_stderr("warn");
    let tell = &mut |doing: &str| eprintln!("{doing} …");
    let rehearsal = runtime()?.block_on(demo::rehearse::Rehearsal::play(args, tell))?;
    rehearsal.lines().iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn check_config(config: Option<PathBuf>) -> Result<(), Failure> {
    let effective = check::run(config.as_deref(), &Env::read())?;
    println!("{effective}");
    Ok(())
}

fn replay_log(args: replay::Args) -> Result<(), Failure> {
    log_to_stderr("warn");
    let summary = runtime()?.block_on(async {
        match (&args.destination.to, &args.destination.data) {
            (Some(url), _) => Ok::<_, Failure>(replay::run(&args, url).await?),
            (None, Some(data)) => replay_into(&args, data).await,
            (None, None) => Err("name a server with --to or a directory with --data".into()),
        }
    })?;
    println!("{summary}");
    Ok(())
}

async fn replay_into(args: &replay::Args, data: &std::path::Path) -> Result<replay::Summary, Failure> {
    let mut config = Config::load(None, &Env::read())?;
    config.data = data.to_owned();
    let mut target = Local::start(&config)?;
    let mut terminal = replay::Terminal::default();
    let replayed = replay::replay(&mut target, &args.options()?, &mut |event| terminal.show(event)).await;
    target.stop();
    Ok(replayed?)
}

fn dump(data: &std::path::Path, range: tools::Range) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match tools::dump(data, range, &mut out) {
        // The reader had enough, e.g. `| head`.
        Err(tools::Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done.map(drop)?),
    }
}

fn digest(data: &std::path::Path) -> Result<(), Failure> {
    let config = Config::load(None, &Env::read())?;
    let window = Window::of_budget(config.dedup.budget_bytes, SHARDS, config.dedup.span_ms());
    let found = tools::digest(data, window)?;
    println!("{}", found.digest);
    eprintln!("{} shoppers, {} events, up to offset {}", found.shoppers, found.events, found.end);
    Ok(())
}

fn manage_keys(args: KeysArgs) -> Result<(), Failure> {
    let mut all = Keys::open(&args.data)?;
    match args.action {
        KeysAction::List => {
            for it in all.sources() {
                let kind = keys::kind_name(it.kind);
                let verifies = if it.verify_identity { ", verifies identity" } else { "" };
                println!("source     {} ({kind}{verifies})", it.name);
            }
            for name in all.server_keys() {
                println!("server key {name}");
            }
        }
        KeysAction::AddSource { name, kind, verify_identity } => {
            let kind = keys::kind_named(&kind).ok_or("a source's kind is web, app or server")?;
            println!("write key {}   (shown once)", all.add_source(&name, kind, verify_identity)?);
        }
        KeysAction::RemoveSource { name } => all.remove_source(&name)?,
        KeysAction::VerifyIdentity { name, on } => all.set_verify_identity(&name, on)?,
        KeysAction::ShopperSecret { name } => {
            println!("shopper secret {}   (shown once)", all.make_shopper_secret(&name)?);
        }
        KeysAction::AddServerKey { name } => {
            println!("server key {}   (shown once)", all.add_server_key(&name)?);
        }
        KeysAction::RemoveServerKey { name } => all.remove_server_key(&name)?,
    }
    Ok(())
}
