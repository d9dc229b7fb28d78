//! The only place that writes to the terminal.

use std::io::Write;

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
