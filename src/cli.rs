//! The command line: one file per subcommand.
//!
//! Answers go to standard output, logs and errors to standard error; the exit code says whether it worked. `anyhow` is
//! used here and only here: nobody matches on a command's error, people read it.

mod account;
mod audit;
mod connection;
mod demo;
mod doctor;
mod healthcheck;
mod import;
mod instantly;
mod organization;
mod print;
mod reindex;
mod secret;
mod serve;
mod simulate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::{self, Config, LogFormat, Overrides};

/// Self-hosted B2B sales: one inbox, one CRM, one pipeline, in one program and one folder.
#[derive(Debug, Parser)]
#[command(name = "salesbrain", version, propagate_version = true)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
struct Common {
    /// Configuration file; ./salesbrain.toml if it exists.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Data folder.
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    /// Address and port of the web interface, the API and the webhooks.
    #[arg(long, global = true)]
    listen: Option<String>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the appliance.
    Serve,
    /// Runs the appliance together with a simulated Instantly workspace.
    Demo(demo::Demo),
    /// Plays a provider.
    #[command(subcommand)]
    Simulate(simulate::Simulate),
    /// Accounts: who may sign in.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Audit logs.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Connections to providers.
    #[command(subcommand)]
    Connection(connection::ConnectionCommand),
    /// Looks at a workspace of Instantly with an API key.
    #[command(subcommand)]
    Instantly(instantly::InstantlyCommand),
    /// Organizations of the appliance.
    #[command(subcommand)]
    Organization(organization::OrganizationCommand),
    /// Builds the search index anew. The appliance must not be running.
    Reindex(reindex::Reindex),
    /// The master key.
    #[command(subcommand)]
    Secret(secret::SecretCommand),
    /// Examines the data folder, beside a running appliance or without one.
    Doctor(doctor::Doctor),
    /// Asks a running appliance whether it is healthy.
    Healthcheck,
    /// Prints every setting with its default.
    Config,
    /// Prints the OpenAPI document.
    Openapi,
}

/// Runs the command named on the command line.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match run_command(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run_command(arguments: &Arguments) -> anyhow::Result<()> {
    let common = &arguments.common;
    match &arguments.command {
        Command::Config => print::text(config::DEFAULT_FILE),
        Command::Openapi => print::text(&crate::http::openapi::document_text()?),
        Command::Serve => block_on(serve::run(common.load()?)),
        Command::Demo(demo) => block_on(demo::run(demo.clone(), common.clone())),
        Command::Simulate(simulate) => block_on(simulate::run(simulate.clone(), common.clone())),
        Command::Account(command) => block_on(account::run(command.clone(), common.clone())),
        Command::Audit(command) => audit::run(command, common),
        Command::Connection(command) => block_on(connection::run(command.clone(), common.clone())),
        Command::Instantly(command) => block_on(instantly::run(command.clone(), common.clone())),
        Command::Organization(command) => block_on(organization::run(command.clone(), common.clone())),
        Command::Reindex(reindex) => block_on(reindex::run(reindex.clone(), common.clone())),
        Command::Secret(command) => block_on(secret::run(command.clone(), common.clone())),
        Command::Doctor(doctor) => doctor::run(doctor, common),
        Command::Healthcheck => block_on(healthcheck::run(common.load()?)),
    }
}

impl Common {
    /// The checked configuration; logging starts with it.
    fn load(&self) -> anyhow::Result<Config> {
        let overrides = Overrides { file: self.config.clone(), data: self.data.clone(), listen: self.listen.clone() };
        let config = config::load(&overrides)?;
        start_logging(&config);
        Ok(config)
    }

    /// The appliance's data, opened.
    fn open(&self) -> anyhow::Result<App> {
        Ok(app::open(self.load()?, Clock::System)?)
    }
}

/// Libraries whose detailed log repeats the texts they work on, which are people's messages.
const TALKATIVE: [&str; 3] = ["html5ever=warn", "markup5ever=warn", "tungstenite=warn"];

fn start_logging(config: &Config) {
    let filter = EnvFilter::try_new(&config.log_filter).unwrap_or_else(|_invalid| EnvFilter::new("info"));
    let filter = TALKATIVE.iter().filter_map(|directive| directive.parse().ok()).fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let outcome = match config.log_format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // Only tests start it twice in one process.
    drop(outcome);
}

/// Runs a command to its end on the program's runtime.
fn block_on<F>(command: F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // SQLite reads and index work; more threads than this only wait for the same disk.
        .max_blocking_threads(24)
        .thread_name("salesbrain")
        .build()?;
    let outcome = runtime.block_on(command);
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    outcome
}

/// Completes when the program is asked to end. From the call on, not from the first poll, a signal no longer kills.
fn wait_for_signal() -> impl Future<Output = ()> + Send + 'static {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut interrupt), Ok(mut terminate)) = signals {
            tokio::select! {
                _interrupt = interrupt.recv() => {}
                _terminate = terminate.recv() => {}
            }
            return;
        }
        // Without a handler the program is ended by the system.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
