//! `salesbrain account import`: accounts from a file of JSON lines or CSV.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::{Common, print};
use crate::account::import::{ImportLine, Refusal};

#[derive(Clone, Debug, Args)]
pub(super) struct Import {
    /// One account a line: JSON objects, or CSV whose first line names the columns. Columns: email, name,
    /// `password_hash` (bcrypt, or argon2id of our cost), organization, role; the last two may be absent.
    file: PathBuf,
}

/// A line with its number, as far as it can be read.
type Numbered = (usize, Result<ImportLine, String>);

pub(super) async fn run(import: Import, common: Common) -> anyhow::Result<()> {
    let lines = read(&import.file)?;
    let app = common.open()?;
    let (mut imported, mut refused) = (0_usize, Vec::new());
    for (line, parsed) in lines {
        let outcome = match parsed {
            Ok(parsed) => app.import_account(parsed).await.map_err(|error| describe(&error)),
            Err(reason) => Err(reason),
        };
        match outcome {
            Ok(_account_id) => imported = imported.saturating_add(1),
            Err(reason) => refused.push(Refusal { line, reason }),
        }
    }
    if common.json {
        print::json(&json!({ "imported": imported, "refused": refused }))?;
    } else {
        for refusal in &refused {
            print::line(&format!("line {}: {}", refusal.line, refusal.reason))?;
        }
        print::line(&format!("{imported} imported, {} refused", refused.len()))?;
    }
    Ok(())
}

fn describe(error: &crate::error::Error) -> String {
    match (error.field, &error.cause) {
        (Some(field), _) => format!("{field}: {}", error.detail),
        (None, Some(cause)) => format!("{}: {}", error.detail, crate::error::chain(cause.as_ref())),
        (None, None) => error.detail.to_string(),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<Numbered>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if text.trim_start().starts_with('{') {
        return Ok(read_json(&text));
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    let headers = reader.headers().context("the first line must name the columns")?.clone();
    if !headers.iter().any(|name| name == "email") || !headers.iter().any(|name| name == "password_hash") {
        anyhow::bail!("the first line must name the columns email and password_hash");
    }
    for record in reader.records() {
        let line = record.as_ref().ok().and_then(csv::StringRecord::position).map_or(0, csv::Position::line);
        let parsed = record.and_then(|record| record.deserialize(Some(&headers)));
        lines.push((usize::try_from(line).unwrap_or(0), parsed.map_err(|error| error.to_string())));
    }
    Ok(lines)
}

fn read_json(text: &str) -> Vec<Numbered> {
    let lines = text.lines().enumerate().filter(|(_number, line)| !line.trim().is_empty());
    let parse = |line: &str| serde_json::from_str(line).map_err(|error| error.to_string());
    lines.map(|(number, line)| (number.saturating_add(1), parse(line))).collect()
}
