//! The commands and their flags; each is a few lines over the library.

use beckon::config::{Config, Env, check};
use beckon::keys::{self, Keys};
use beckon::serve::{Server, stop_signal};
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
    /// Check a configuration and print what would be in force.
    Check {
        /// The TOML file.
        #[arg(long, env = "BECKON_CONFIG")]
        config: Option<PathBuf>,
    },
    /// Manage write keys and server keys.
    Keys(KeysArgs),
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

#[derive(Args)]
struct KeysArgs {
    /// The data directory.
    #[arg(long, env = "BECKON_DATA_DIR", default_value = "beckon-data")]
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
        Command::Check { config } => check_config(config),
        Command::Keys(args) => manage_keys(args),
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
    if let Some(key) = &server.printed.write {
        let _ = writeln!(out, "write key  {key}   (for SDKs; shown once)");
    }
    if let Some(key) = &server.printed.server {
        let _ = writeln!(out, "server key {key}   (for /api/v1; shown once)");
    }
    let _ = out.flush();
}

fn check_config(config: Option<PathBuf>) -> Result<(), Failure> {
    let effective = check::run(config.as_deref(), &Env::read())?;
    println!("{effective}");
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
