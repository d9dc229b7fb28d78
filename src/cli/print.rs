//! The only place that writes to the terminal.

use std::io::Write;

use crate::config::Config;

/// Prints text as it is.
pub(super) fn text(text: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}

/// Prints one line.
pub(super) fn line(line: &str) -> anyhow::Result<()> {
    text(&format!("{line}\n"))
}

/// Prints a value as one line of JSON.
pub(super) fn json(value: &serde_json::Value) -> anyhow::Result<()> {
    line(&value.to_string())
}

/// Prints an error.
#[expect(clippy::print_stderr, reason = "this is where errors of the command line are printed")]
pub(super) fn error(text: &str) {
    eprintln!("error: {text}");
}

/// Tells, beside the answer, that an address in it is none.
#[expect(clippy::print_stderr, reason = "it must not mix with what a program reads from standard output")]
pub(super) fn note_unknown_address(config: &Config) {
    if !config.is_address_known() {
        eprintln!("note: {} is not an address others can reach: set public_url to the one they use", config.listen);
    }
}
