//! Where the author's words end and the quoted history begins.
//!
//! Three things mark quoted text: lines that begin with `>`; a line that introduces them (`Am … schrieb …:`), which
//! also stands alone before unmarked history; and the block of header lines Outlook puts before it. Everything from an
//! unmarked history on is quoted. `>` lines are quoted at the end of a message, and at its start if the answer follows
//! in one piece; between the author's lines they stay where they are, because the answers refer to them.
//!
//! Languages: German, French, Italian, English, and at less depth Spanish, Portuguese, Dutch, the Scandinavian ones,
//! Finnish, Polish, Hungarian, Czech, Russian. Words are kept in tables; no expression engine: the rules ask for a date
//! *and* a verb *and* a colon, over up to five lines, which patterns express badly and slowly.

mod words;

use std::ops::Range;

use self::words::{
    DEVICE_STARTS, END_VERBS, FORWARD_LINES, LABELS, MIDDLE_VERBS, ORIGINAL_MARKERS, Role, STARTS, WEEKDAYS,
};

use super::is_delimiter;

/// A message's text in two parts. Nothing is lost but blank lines between and around them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// What the author wrote, with the signature, and with quoted lines that answers stand between.
    pub own: String,
    /// Quoted history with the lines that introduce it.
    pub quoted: String,
}

/// Splits a message's plain text.
pub fn split_quoted(text: &str) -> Split {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut kinds: Vec<Kind> = lines.iter().map(|line| Kind::of(line)).collect();
    mark_wrapped(&lines, &mut kinds);
    let hard = mark_headers(&lines, &mut kinds);
    let own = own_range(&lines, &kinds, hard);
    Split { own: join(&lines, own.clone()), quoted: join_quoted(&lines, own) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blank,
    Quote,
    Own,
}

impl Kind {
    fn of(line: &str) -> Self {
        let line = line.trim_start_matches(is_padding);
        if line.starts_with('>') && !is_wrapped_end(line) {
            Self::Quote
        } else if line.is_empty() {
            Self::Blank
        } else {
            Self::Own
        }
    }
}

/// Whether a line is the end of an introduction that was wrapped inside an address: `> wrote:` after `<ada@b.ch`.
fn is_wrapped_end(line: &str) -> bool {
    let rest = line.trim_start_matches('>').trim_matches(is_padding);
    line.len() < 40
        && !line.starts_with(">>")
        && rest.strip_suffix(':').is_some_and(|verb| {
            let verb = verb.trim_matches(is_padding).to_lowercase();
            verb.is_empty() || END_VERBS.contains(&verb.as_str())
        })
}

fn is_padding(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\0')
}

/// Marks lines that a mail program broke off a long `>` line: directly after it, mid-sentence, in lower case.
fn mark_wrapped(lines: &[&str], kinds: &mut [Kind]) {
    let mut is_open = false;
    for (line, kind) in lines.iter().zip(kinds) {
        let line = line.trim_matches(is_padding);
        if *kind == Kind::Own && is_open && line.starts_with(char::is_lowercase) {
            *kind = Kind::Quote;
        }
        is_open = *kind == Kind::Quote && line.chars().count() >= 60 && !line.ends_with(['.', '?', '!', ':', ';']);
    }
}

/// Marks lines that introduce `>` lines as quoted; returns the line where unmarked history begins, or the end.
fn mark_headers(lines: &[&str], kinds: &mut [Kind]) -> usize {
    for at in 0..lines.len() {
        if kinds.get(at) != Some(&Kind::Own) {
            continue;
        }
        if is_original_marker(lines, at) || is_header_block(lines, at) {
            return with_separator(lines, at);
        }
        let follows_quote = next_kind(kinds, at + 1) == Some(Kind::Quote);
        let Some(start) = attribution_start(lines, kinds, at, follows_quote) else {
            continue;
        };
        if !follows_quote {
            return with_separator(lines, start);
        }
        for kind in kinds.get_mut(start..=at).unwrap_or_default() {
            *kind = Kind::Quote;
        }
    }
    lines.len()
}

fn next_kind(kinds: &[Kind], from: usize) -> Option<Kind> {
    kinds.get(from..)?.iter().copied().find(|kind| *kind != Kind::Blank)
}

/// The line a header begins at, counting a rule drawn above it.
fn with_separator(lines: &[&str], at: usize) -> usize {
    let above = (0..at).rev().find(|&line| !trimmed(lines, line).is_empty());
    above.filter(|&line| is_rule(trimmed(lines, line))).unwrap_or(at)
}

fn is_rule(line: &str) -> bool {
    line.chars().count() >= 4 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '*' | '–' | '—' | '─'))
}

fn trimmed<'a>(lines: &[&'a str], at: usize) -> &'a str {
    lines.get(at).map_or("", |line| line.trim_matches(is_padding))
}

/// Which lines are the author's: one range, everything outside it is quoted.
fn own_range(lines: &[&str], kinds: &[Kind], hard: usize) -> Range<usize> {
    let kinds = kinds.get(..hard).unwrap_or(kinds);
    let last_quote = kinds.iter().rposition(|kind| *kind == Kind::Quote);
    let Some(last_quote) = last_quote else {
        return 0..hard;
    };
    let Some(mut last_own) = kinds.iter().rposition(|kind| *kind == Kind::Own) else {
        return 0..0;
    };
    if last_own > last_quote && is_only_signature(lines, kinds, last_quote + 1) {
        match kinds.get(..last_quote).unwrap_or_default().iter().rposition(|kind| *kind == Kind::Own) {
            Some(own) => last_own = own,
            None => return 0..0,
        }
    }
    let first_own = kinds.iter().position(|kind| *kind == Kind::Own).unwrap_or(0);
    let is_quote = |kind: &Kind| *kind == Kind::Quote;
    let is_top_quoted = kinds.get(..first_own).unwrap_or_default().iter().any(is_quote);
    let is_interleaved = kinds.get(first_own..last_own).unwrap_or_default().iter().any(is_quote);
    let start = if is_top_quoted && !is_interleaved { first_own } else { 0 };
    start..last_own + 1
}

/// Whether what follows the last quoted line is a signature or a list's footer and no answer.
fn is_only_signature(lines: &[&str], kinds: &[Kind], from: usize) -> bool {
    let Some(first) = (from..kinds.len()).find(|&at| kinds.get(at) == Some(&Kind::Own)) else {
        return false;
    };
    let line = trimmed(lines, first);
    let rest = kinds.len() - first;
    is_delimiter(line) || ((is_rule(line) || line == "__") && rest <= 12) || (is_device_line(line) && rest <= 3)
}

/// `Sent from my phone` and its kin.
fn is_device_line(line: &str) -> bool {
    let line = line.to_lowercase();
    DEVICE_STARTS.iter().any(|start| line.starts_with(start))
}

fn join(lines: &[&str], range: Range<usize>) -> String {
    strip_blank_lines(&lines.get(range).unwrap_or_default().concat())
}

fn join_quoted(lines: &[&str], own: Range<usize>) -> String {
    let before = join(lines, 0..own.start);
    let after = join(lines, own.end..lines.len());
    if before.is_empty() || after.is_empty() { before + &after } else { format!("{before}\n\n{after}") }
}

/// Removes blank lines before and white space after a text; the first line keeps its indentation.
fn strip_blank_lines(text: &str) -> String {
    let text = text.trim_end_matches(is_padding);
    let body = text.trim_start_matches(is_padding);
    let lead = text.strip_suffix(body).unwrap_or_default();
    let indent = lead.rfind('\n').map_or(lead, |end| lead.get(end + 1..).unwrap_or_default());
    let indent = indent.trim_start_matches(['\u{feff}', '\0']);
    format!("{indent}{body}")
}

fn is_original_marker(lines: &[&str], at: usize) -> bool {
    let line = trimmed(lines, at);
    let has_dashes = ["--", "__", "==", "–", "—", "**"].iter().any(|dashes| line.starts_with(dashes));
    if line.len() > 200 || !(has_dashes || line.ends_with(':')) {
        return false;
    }
    let is_dash = |c: char| matches!(c, '-' | '_' | '=' | '*' | '–' | '—') || c.is_whitespace();
    let words = line.trim_matches(is_dash).trim_end_matches([':', ' ', '\u{a0}']).to_lowercase();
    let words = words.as_str();
    FORWARD_LINES.contains(&words) || (has_dashes && ORIGINAL_MARKERS.contains(&words))
}

fn role(line: &str) -> Option<Role> {
    let line = line.trim_start_matches(|c: char| is_padding(c) || matches!(c, '*' | '_' | '|'));
    let label: String = line.chars().take(24).collect();
    let (label, _) = label.split_once([':', '：'])?;
    find_label(label)
}

fn find_label(label: &str) -> Option<Role> {
    let label = label.trim_matches(|c: char| is_padding(c) || matches!(c, '*' | '_')).to_lowercase();
    LABELS.iter().find(|(_, names)| names.contains(&label.as_str())).map(|(role, _)| *role)
}

/// Whether a block of header lines begins here: a sender, and two more of date, receiver and subject, close together.
fn is_header_block(lines: &[&str], at: usize) -> bool {
    let first = trimmed(lines, at);
    let Some(first_role) = role(first) else {
        return false;
    };
    if first_role == Role::To {
        return false;
    }
    let mut seen = vec![first_role];
    let mut strays = 0;
    for line in lines.iter().skip(at + 1).take(10) {
        match role(line) {
            Some(role) if !seen.contains(&role) => seen.push(role),
            Some(_) => {}
            None => strays += 1,
        }
        if strays > 3 {
            break;
        }
    }
    let is_complete = seen.contains(&Role::From) && (seen.contains(&Role::Date) || seen.contains(&Role::Subject));
    (is_complete && seen.len() >= 3) || (first_role == Role::From && is_flat_block(first))
}

/// Whether all header fields stand on one line, as some converters leave them.
fn is_flat_block(line: &str) -> bool {
    let mut seen = Vec::new();
    for part in line.split(':').take(12) {
        let words: Vec<&str> = part.split_whitespace().rev().take(2).collect();
        let one = words.first().and_then(|word| find_label(word));
        let two = words.get(1).and_then(|word| find_label(&format!("{word} {}", words.first().unwrap_or(&""))));
        if let Some(role) = two.or(one).filter(|role| !seen.contains(role)) {
            seen.push(role);
        }
    }
    seen.len() == 4
}

/// Lines an introduction may be broken into.
const MAX_ATTRIBUTION_LINES: usize = 5;
/// Longest introduction in bytes.
const MAX_ATTRIBUTION_BYTES: usize = 600;

/// The first line of the introduction that ends in line `at`.
fn attribution_start(lines: &[&str], kinds: &[Kind], at: usize, follows_quote: bool) -> Option<usize> {
    let last = trimmed(lines, at);
    let end = last.trim_end_matches(['*', '_', ' ', '\u{a0}']);
    let is_closed = end.ends_with([':', '：']) || end.ends_with("--");
    let has_verb = || {
        let end = end.to_lowercase();
        END_VERBS.iter().any(|verb| end.ends_with(verb))
    };
    if last.len() > MAX_ATTRIBUTION_BYTES || !(is_closed || has_verb()) {
        return None;
    }
    let mut weak = None;
    let mut joined = String::new();
    for start in (at.saturating_sub(MAX_ATTRIBUTION_LINES - 1)..=at).rev() {
        if kinds.get(start) != Some(&Kind::Own) {
            break;
        }
        joined = format!("{} {joined}", trimmed(lines, start));
        if joined.len() > MAX_ATTRIBUTION_BYTES {
            break;
        }
        match attribution_strength(&joined, is_closed, follows_quote) {
            Strength::Strong => return Some(start),
            Strength::Weak => weak = weak.or(Some(start)),
            Strength::None => {}
        }
    }
    weak
}

enum Strength {
    /// No introduction.
    None,
    /// An introduction, possibly the rest of a longer one.
    Weak,
    /// An introduction from its first word on.
    Strong,
}

fn attribution_strength(text: &str, is_closed: bool, follows_quote: bool) -> Strength {
    let is_frame = |c: char| is_padding(c) || matches!(c, '*' | '_' | '-' | ':' | '：' | '|');
    let spaced = text.trim_matches(is_frame).to_lowercase().replace(['\u{a0}', '\u{202f}', '\t'], " ");
    let has_digit = spaced.bytes().any(|b| b.is_ascii_digit());
    let has_date = has_digit && (has_year(&spaced) || has_time(&spaced));
    let has_address = spaced.contains('@');
    if !has_verb(&spaced) {
        let is_dated_sender =
            is_closed && has_date && has_address && spaced.ends_with('>') && starts_with_date(&spaced);
        return if is_dated_sender { Strength::Strong } else { Strength::None };
    }
    let has_start = STARTS.iter().any(|start| spaced.starts_with(start)) || spaced.contains(" schrieb am ");
    let is_certain = has_start && has_date && has_address;
    if is_certain {
        Strength::Strong
    } else if !is_closed {
        Strength::None
    } else if has_start && (has_date || has_address || (has_digit && follows_quote)) {
        Strength::Strong
    } else if follows_quote || (has_date && has_address) {
        Strength::Weak
    } else {
        Strength::None
    }
}

/// Whether a text says that somebody else wrote.
fn has_verb(text: &str) -> bool {
    let ends = |verb: &str| text.strip_suffix(verb).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric));
    let is_found = END_VERBS.iter().any(|verb| ends(verb)) || MIDDLE_VERBS.iter().any(|verb| text.contains(verb));
    is_found && !text.contains("schrieb ich") && !text.ends_with(" i wrote")
}

fn starts_with_date(text: &str) -> bool {
    let word = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.')).next().unwrap_or_default();
    word.starts_with(|c: char| c.is_ascii_digit()) || WEEKDAYS.contains(&word)
}

fn has_year(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() == 4 && (run.starts_with("19") || run.starts_with("20")))
}

/// `9:05`, `09.05`, `9h05`.
fn has_time(text: &str) -> bool {
    text.as_bytes().windows(4).any(|window| {
        matches!(window, [hour, b':' | b'.' | b'h', tens, ones] if hour.is_ascii_digit() && tens.is_ascii_digit() && ones.is_ascii_digit())
    })
}
