//! Checksums of index files.
//!
//! The engine ends every file with a footer that holds the checksum of what is before it: the footer as JSON, its length
//! and a magic number. Files are read in pieces and not mapped into memory as the engine itself would: a large index
//! would count as memory of the program, and a failing disk would end it with a signal instead of an error.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;

use super::error::IndexError;

/// How much is read at once.
const PIECE_BYTES: usize = 256 * 1_024;
/// Length of the footer's length and of the magic number.
const TAIL_BYTES: u64 = 8;
const MAGIC_NUMBER: u32 = 1_337;
/// Longest footer the engine accepts.
const FOOTER_LIMIT: u32 = 50_000;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    Whole,
    Damaged,
    /// It is not there, or nobody wants to know any more.
    Unknown,
}

#[derive(Deserialize)]
struct Footer {
    crc: u32,
}

/// Reads the file and compares its checksum; stops when `is_over` says so.
pub(super) fn check(path: &Path, is_over: &dyn Fn() -> bool) -> Result<Finding, IndexError> {
    match compare(path, is_over) {
        Ok(finding) => Ok(finding),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Finding::Unknown),
        // It is shorter than it says.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Finding::Damaged),
        Err(error) => Err(IndexError::io(path)(error)),
    }
}

fn compare(path: &Path, is_over: &dyn Fn() -> bool) -> io::Result<Finding> {
    let mut file = File::open(path)?;
    let Some((footer, mut left)) = read_footer(&mut file)? else { return Ok(Finding::Damaged) };
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = crc32fast::Hasher::new();
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    while left > 0 {
        if is_over() {
            return Ok(Finding::Unknown);
        }
        piece.clear();
        let length = left.min(u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX));
        let read = (&mut file).take(length).read_to_end(&mut piece)?;
        if read == 0 {
            return Ok(Finding::Damaged);
        }
        hasher.update(&piece);
        left = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
    }
    Ok(if hasher.finalize() == footer.crc { Finding::Whole } else { Finding::Damaged })
}

/// The footer and the length of what is before it; `None` if there is no such footer.
fn read_footer(file: &mut File) -> io::Result<Option<(Footer, u64)>> {
    let length = file.metadata()?.len();
    let Some(before_tail) = length.checked_sub(TAIL_BYTES) else { return Ok(None) };
    file.seek(SeekFrom::Start(before_tail))?;
    let (mut footer_length, mut magic_number) = ([0; 4], [0; 4]);
    file.read_exact(&mut footer_length)?;
    file.read_exact(&mut magic_number)?;
    let footer_length = u32::from_le_bytes(footer_length);
    if u32::from_le_bytes(magic_number) != MAGIC_NUMBER || footer_length > FOOTER_LIMIT {
        return Ok(None);
    }
    let Some(body) = before_tail.checked_sub(u64::from(footer_length)) else { return Ok(None) };
    file.seek(SeekFrom::Start(body))?;
    let mut footer = Vec::new();
    file.take(u64::from(footer_length)).read_to_end(&mut footer)?;
    Ok(serde_json::from_slice(&footer).ok().map(|footer| (footer, body)))
}
