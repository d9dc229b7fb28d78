//! Plain text of messages: the author's own words apart from quoted history, a line for the list, a key for the
//! subject, and text from HTML.
//!
//! Contract: every function takes any text, returns in time linear in it, and loses nothing a person wrote; where a
//! line may be the author's or quoted, it is the author's. Rejected: a port of one of the reply parsers in use; they
//! cut signatures, know English first, and their expressions backtrack on hostile input.

mod from_html;
mod quote;
mod subject;

#[cfg(test)]
mod tests;

pub use from_html::text_from_html;
pub use quote::{Split, split_quoted};
pub use subject::subject_key;

use unicode_normalization::char::is_combining_mark;

/// The beginning of the author's words on one line, for lists: white space collapsed, quoted lines, separators and the
/// signature left out, at most `max_chars` characters. A longer text is cut between words and ends in `…`.
pub fn snippet(own: &str, max_chars: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    let lines = own.lines().map(str::trim).skip_while(|line| !has_meaning(line));
    for word in
        lines.take_while(|line| !is_delimiter(line)).filter(|line| has_meaning(line)).flat_map(str::split_whitespace)
    {
        let word: String = word.chars().filter(|c| !c.is_control()).collect();
        let length = word.chars().take(max_chars + 1).count();
        let gap = usize::from(count > 0);
        if count + gap + length > max_chars {
            return cut(line, &word, max_chars);
        }
        if gap == 1 {
            line.push(' ');
        }
        line.push_str(&word);
        count += gap + length;
    }
    line
}

/// `line` and as much of `word` as `max_chars` demand, with an ellipsis.
fn cut(mut line: String, word: &str, max_chars: usize) -> String {
    if max_chars == 0 {
        return String::new();
    }
    if line.is_empty() {
        line = word.chars().take(max_chars - 1).collect();
        let is_split = word.chars().nth(max_chars - 1).is_some_and(belongs_to_the_previous);
        while is_split && line.pop().is_some_and(belongs_to_the_previous) {}
    }
    if line.chars().count() < max_chars {
        line.push('…');
    }
    line
}

/// Whether a character shows nothing without the one before it.
fn belongs_to_the_previous(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

fn has_meaning(line: &str) -> bool {
    !line.starts_with('>') && line.chars().any(|c| c.is_alphanumeric() || u32::from(c) >= 0x2190)
}

/// Whether a line begins a signature by the rule of RFC 3676.
fn is_delimiter(line: &str) -> bool {
    line == "--"
}
