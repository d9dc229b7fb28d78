//! One pass over the text before it is parsed: counts the nesting and repairs broken character escapes.
//!
//! Nesting is counted here and not by the parser, because `serde_json` builds 127 levels before it refuses. The repair
//! is for senders that cut a text in the middle of an emoji: JavaScript then writes half a surrogate pair, `\ud83d`,
//! which is no character, and the parser would refuse the whole event for it. Half a pair becomes U+FFFD.

use std::borrow::Cow;

use super::{MAX_DEPTH, PayloadError};

/// Text that is safe to parse.
pub(super) struct Scanned<'a> {
    /// The text, with broken escapes replaced.
    pub(super) text: Cow<'a, str>,
    /// Whether anything was replaced.
    pub(super) is_repaired: bool,
}

pub(super) fn scan(text: &str) -> Result<Scanned<'_>, PayloadError> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut is_in_string = false;
    let mut broken = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let mut width = 1;
        match byte {
            b'"' => is_in_string = !is_in_string,
            b'\\' if is_in_string => {
                width = escape_width(bytes, at, &mut broken);
            }
            b'{' | b'[' if !is_in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(PayloadError::TooDeep { limit: MAX_DEPTH });
                }
            }
            b'}' | b']' if !is_in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += width;
    }
    Ok(Scanned { is_repaired: !broken.is_empty(), text: replace(text, &broken) })
}

/// Length of the escape at `at`; notes it in `broken` if it is half a surrogate pair.
fn escape_width(bytes: &[u8], at: usize, broken: &mut Vec<usize>) -> usize {
    match code_unit(bytes, at) {
        Some(0xD800..=0xDBFF) => {
            if matches!(code_unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) {
                return 12;
            }
            broken.push(at);
            6
        }
        Some(0xDC00..=0xDFFF) => {
            broken.push(at);
            6
        }
        Some(_) => 6,
        None => 2,
    }
}

/// The number in the `\uXXXX` at `at`.
fn code_unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..)?.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |number, &digit| Some(number * 16 + char::from(digit).to_digit(16)?))
}

fn replace<'a>(text: &'a str, broken: &[usize]) -> Cow<'a, str> {
    if broken.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut repaired = String::with_capacity(text.len());
    let mut from = 0;
    for &at in broken {
        repaired.push_str(text.get(from..at).unwrap_or_default());
        repaired.push_str("\\ufffd");
        from = at + 6;
    }
    repaired.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(repaired)
}
