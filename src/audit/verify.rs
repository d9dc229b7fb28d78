//! Verifies a log: every hash from the first row to the last, the seal of its end, and that it still has the row it
//! ended with when it was last looked at ([`super::ends`]).
//!
//! It reads and changes nothing, so it works beside a running appliance. Each finding names the row it is about. After one
//! it goes on from the hash that is stored, so one edit is one finding and does not hide the next.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::ends::End;
use super::{Chain, START, store};
use crate::store::Error;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A row does not have the hash it must have after the one before it.
    Changed,
    /// Rows are missing between two others, or before the first.
    Missing,
    /// Rows are missing at the end.
    CutOff,
    /// Rows follow the one the log was sealed at.
    Unsealed,
    /// The end is not sealed by this appliance for this organization: the chain was made anew, or the file is another's.
    Foreign,
    /// The file cannot be read.
    Unreadable,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind.
    pub fault: Fault,
    /// The first row it concerns.
    pub sequence: i64,
    /// The same for people.
    pub detail: String,
}

impl Finding {
    /// A finding.
    pub fn new(fault: Fault, sequence: i64, detail: impl Into<String>) -> Self {
        Self { fault, sequence, detail: detail.into() }
    }
}

/// How a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last row.
    pub sequence: i64,
    /// Its hash.
    pub hash: [u8; 32],
    /// The seal over both.
    pub seal: [u8; 32],
}

/// What a log turned out to be.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many rows there are.
    pub rows: i64,
    /// The end it claims.
    pub head: Option<Head>,
    /// What is wrong; nothing if it is whole.
    pub findings: Vec<Finding>,
}

/// The end a log claims.
pub fn find_head(connection: &Connection) -> Result<Option<Head>, Error> {
    let sql = "SELECT sequence, hash, seal FROM audit_head WHERE id = 1";
    let read = |row: &rusqlite::Row<'_>| Ok(Head { sequence: row.get(0)?, hash: row.get(1)?, seal: row.get(2)? });
    Ok(connection.prepare(sql)?.query_row([], read).optional()?)
}

/// Verifies the log in a file, which ended at `known` when it was last looked at.
pub fn verify(connection: &Connection, chain: &Chain, known: Option<End>) -> Result<Report, Error> {
    let mut report = Report { head: find_head(connection)?, ..Report::default() };
    let mut statement = connection.prepare(
        "SELECT sequence, id, at_ms, actor, actor_name, address, action, entity_kind, entity_id, entity_name, before, after, hash
         FROM audit ORDER BY sequence",
    )?;
    let mut rows = statement.query([])?;
    let (mut last, mut previous) = (0_i64, Some(START));
    let mut hash_then = None;
    while let Some(row) = rows.next()? {
        report.rows += 1;
        let sequence: i64 = row.get(0)?;
        if sequence != last.saturating_add(1) {
            report.findings.push(missing(last, sequence));
            previous = None;
        }
        // A value of another type or length is an edit as well.
        let Ok(hash) = row.get::<_, [u8; 32]>(12) else {
            report.findings.push(changed(sequence));
            (last, previous) = (sequence, None);
            continue;
        };
        let is_right = match (previous, store::read_row(row)) {
            (Some(previous), Ok(read)) => read.hash(&previous) == hash,
            // What follows a gap cannot be held against what was before it.
            (None, Ok(_read)) => true,
            (_, Err(_unreadable)) => false,
        };
        if !is_right {
            report.findings.push(changed(sequence));
        }
        (last, previous) = (sequence, Some(hash));
        if known.is_some_and(|known| known.sequence == sequence) {
            hash_then = Some(hash);
        }
    }
    check_end(&mut report, chain, last, previous);
    if let Some(known) = known {
        check_known(&mut report, known, (last, hash_then));
    }
    Ok(report)
}

/// Holds the log against how it ended when it was last looked at. What the log itself tells is not said twice.
fn check_known(report: &mut Report, known: End, (last, hash_then): (i64, Option<[u8; 32]>)) {
    let end = report.head.map_or(last, |head| head.sequence.max(last));
    if end < known.sequence {
        let first = end.saturating_add(1);
        let detail =
            format!("rows {first} to {} were there when the log was last looked at, and are gone", known.sequence);
        report.findings.push(Finding::new(Fault::CutOff, first, detail));
    } else if report.findings.is_empty() && hash_then != Some(known.hash) {
        let detail = format!("row {} is not the one that was there when the log was last looked at", known.sequence);
        report.findings.push(Finding::new(Fault::Changed, known.sequence, detail));
    }
}

fn missing(last: i64, sequence: i64) -> Finding {
    if sequence <= last.saturating_add(1) {
        return Finding::new(Fault::Changed, sequence, format!("row {sequence} has a number no row can have"));
    }
    let (first, end) = (last.saturating_add(1), sequence.saturating_sub(1));
    let detail =
        if first == end { format!("row {first} is missing") } else { format!("rows {first} to {end} are missing") };
    Finding::new(Fault::Missing, first, detail)
}

fn changed(sequence: i64) -> Finding {
    let detail = match sequence {
        ..=1 => format!("row {sequence} was changed"),
        _ => format!("row {sequence} does not follow from row {}: one of them was changed", sequence.saturating_sub(1)),
    };
    Finding::new(Fault::Changed, sequence, detail)
}

/// Holds the last row against the sealed end.
fn check_end(report: &mut Report, chain: &Chain, last: i64, last_hash: Option<[u8; 32]>) {
    let Some(head) = report.head else {
        if last > 0 {
            report.findings.push(Finding::new(
                Fault::Unsealed,
                last,
                format!("row {last} is the end, and no seal is there"),
            ));
        }
        return;
    };
    if head.sequence > last {
        let first = last.saturating_add(1);
        let detail = format!("rows {first} to {} are missing at the end", head.sequence);
        report.findings.push(Finding::new(Fault::CutOff, first, detail));
    } else if head.sequence < last {
        let first = head.sequence.saturating_add(1);
        let detail = format!("rows {first} to {last} follow the sealed end");
        report.findings.push(Finding::new(Fault::Unsealed, first, detail));
    } else if last_hash.is_some_and(|hash| hash != head.hash) {
        let detail = format!("row {last} is not the one the log was sealed at");
        report.findings.push(Finding::new(Fault::Changed, last, detail));
    }
    if !chain.is_sealed(head.sequence, &head.hash, &head.seal) {
        let detail = format!("the end at row {} was not sealed by this appliance for this log", head.sequence);
        report.findings.push(Finding::new(Fault::Foreign, head.sequence, detail));
    }
}
