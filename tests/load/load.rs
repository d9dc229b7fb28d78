//! Whole-program load: starts the real program on a folder and measures it from outside, over HTTP and WebSocket.
//!
//! Contract: `tests/load/run intake|mixed|start|demo|sign-in|organizations|all` builds the release program and runs this. Every figure it prints
//! is measured by a client on the same machine, which shares the processor with the program. Not a test: it judges
//! nothing; `benches/README.md` holds figures next to what was promised.

#![expect(clippy::print_stdout, reason = "a load program prints its figures")]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "a load program stops at the first error")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the numbers are small and made here"
)]

mod appliance;
mod bodies;
mod figures;
mod http;
mod intake;
mod mixed;
mod organizations;
mod sign_in;
mod start;

use std::path::{Path, PathBuf};

/// What to measure and on what.
pub(crate) struct Options {
    /// The program.
    pub(crate) program: PathBuf,
    /// The data folder; a temporary one (intake) or one named after its size (mixed, start) if absent.
    pub(crate) data: Option<PathBuf>,
    /// Where temporary folders are made.
    pub(crate) scratch: PathBuf,
    /// How long.
    pub(crate) seconds: Option<u64>,
    /// Connections of the intake.
    pub(crate) connections: usize,
    /// Events per second of the mixed load.
    pub(crate) rate: u64,
    /// Messages in the large organization.
    pub(crate) messages: usize,
    /// How many organizations.
    pub(crate) organizations: usize,
    /// Whether replies carry HTML as well.
    pub(crate) is_html: bool,
    /// When the run began.
    pub(crate) now_ms: i64,
}

impl Options {
    /// Where temporary folders are made.
    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch
    }
}

/// Prints one line.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

fn main() -> anyhow::Result<()> {
    let mut options = Options {
        program: "target/release/salesbrain".into(),
        data: None,
        scratch: std::env::temp_dir(),
        seconds: None,
        connections: 64,
        rate: 200,
        messages: 1_000_000,
        organizations: 1_000,
        is_html: false,
        now_ms: salesbrain::clock::Clock::System.now_ms(),
    };
    let mut commands = Vec::new();
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| anyhow::anyhow!("{argument} needs a value"));
        match argument.as_str() {
            "--program" => options.program = value()?.into(),
            "--data" => options.data = Some(value()?.into()),
            "--scratch" => options.scratch = value()?.into(),
            "--seconds" => options.seconds = Some(value()?.parse()?),
            "--connections" => options.connections = value()?.parse()?,
            "--rate" => options.rate = value()?.parse()?,
            "--messages" => options.messages = value()?.parse()?,
            "--organizations" => options.organizations = value()?.parse()?,
            "--html" => options.is_html = true,
            command => commands.push(command.to_owned()),
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(run(&options, &commands))
}

async fn run(options: &Options, commands: &[String]) -> anyhow::Result<()> {
    for command in commands {
        match command.as_str() {
            "intake" => intake::run(options).await?,
            "mixed" => mixed::run(options).await?,
            "start" => start::run(options).await?,
            "demo" => start::run_demo(options).await?,
            "sign-in" => sign_in::run(options).await?,
            "organizations" => organizations::run(options).await?,
            "all" => {
                start::run_demo(options).await?;
                intake::run(options).await?;
                start::run(options).await?;
                mixed::run(options).await?;
            }
            other => anyhow::bail!("{other:?} is none of intake, mixed, start, demo, sign-in, organizations, all"),
        }
    }
    Ok(())
}
