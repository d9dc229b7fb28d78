//! Audit rows as text for other programs: CSV for spreadsheets, one JSON object a line for everything else.
//!
//! A spreadsheet takes a cell that begins like a formula for one and runs it when the file is opened; names and values in
//! the log come from people. Such cells get an apostrophe in front, which spreadsheets show as text.

use super::Row;
use super::store::AuditEntry;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma separated, with a line of names.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

const NAMES: [&str; 12] = [
    "sequence",
    "id",
    "time",
    "actor",
    "actor_name",
    "address",
    "action",
    "entity_kind",
    "entity_id",
    "entity_name",
    "before",
    "after",
];

impl Format {
    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// The ending of a file.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    /// What the answer says it is.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/x-ndjson",
        }
    }

    /// What stands before the first row.
    pub fn head(self) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::Csv => write_csv(std::iter::once(NAMES.map(str::to_owned))),
            Self::JsonLines => Ok(Vec::new()),
        }
    }

    /// Some rows.
    pub fn rows(self, rows: Vec<Row>) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::Csv => write_csv(rows.into_iter().map(cells)),
            Self::JsonLines => {
                let mut text = Vec::new();
                for row in rows {
                    serde_json::to_writer(&mut text, &AuditEntry::from(row))?;
                    text.push(b'\n');
                }
                Ok(text)
            }
        }
    }
}

/// A row could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// As CSV.
    #[error("an audit row could not be written as CSV")]
    Csv(#[from] csv::Error),
    /// As JSON.
    #[error("an audit row could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

fn write_csv(rows: impl Iterator<Item = [String; 12]>) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.map(harmless))?;
    }
    writer.into_inner().map_err(|error| ExportError::Csv(error.into_error().into()))
}

fn cells(row: Row) -> [String; 12] {
    let time =
        jiff::Timestamp::from_millisecond(row.at_ms).map_or_else(|_error| row.at_ms.to_string(), |at| at.to_string());
    [
        row.sequence.to_string(),
        row.id.to_string(),
        time,
        row.actor,
        row.actor_name,
        row.address,
        row.action,
        row.entity_kind,
        row.entity_id,
        row.entity_name,
        row.before,
        row.after,
    ]
}

/// A cell no spreadsheet takes for a formula.
fn harmless(cell: String) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_like_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
            assert_eq!(harmless(text.to_owned()), format!("'{text}"));
        }
        for text in ["", "a=b", "'=1", "{\"a\":\"=1\"}"] {
            assert_eq!(harmless(text.to_owned()), text);
        }
    }
}
