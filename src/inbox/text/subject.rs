//! The key by which subjects are the same: `AW: [EXTERN] Re: Frage` and `Frage` belong together.
//!
//! Reply, forward and automatic-answer prefixes of many languages go, as do markers that a gateway put in front; tags
//! of mailing lists stay. Rejected: removing prefixes anywhere in the line, which would take words from real subjects.

use unicode_normalization::UnicodeNormalization;

/// What mail programs put before a colon, lower case.
const PREFIXES: &[&str] = &[
    "re",
    "aw",
    "antw",
    "antwort",
    "wg",
    "fw",
    "fwd",
    "tr",
    "r",
    "i",
    "rif",
    "sv",
    "vs",
    "vb",
    "res",
    "enc",
    "rv",
    "ref",
    "réf",
    "rép",
    "odp",
    "doorst",
    "vl",
    "vá",
    "ynt",
    "ilt",
    "weitergeleitet",
    "automatische antwort",
    "automatic reply",
    "auto reply",
    "autoreply",
    "réponse automatique",
    "risposta automatica",
    "respuesta automática",
    "automatisch antwoord",
    "abwesenheitsnotiz",
];

/// What gateways put in brackets before outside mail, lower case.
const EXTERNAL_MARKERS: &[&str] = &[
    "ext",
    "extern",
    "externe",
    "external",
    "externes",
    "esterno",
    "esterna",
    "externo",
    "external email",
    "external sender",
    "external mail",
    "externe mail",
    "externe e-mail",
    "externe email",
    "externer absender",
    "mail externe",
    "email esterna",
    "caution: external",
    "suspected spam",
    "spam",
];

/// Longest prefix with its count and colon.
const MAX_PREFIX_CHARS: usize = 40;
/// Longest tag in brackets.
const MAX_TAG_CHARS: usize = 60;

/// The subject without reply prefixes and external markers, lower case, in one normal form and with single spaces.
/// Applying it twice changes nothing.
pub fn subject_key(subject: &str) -> String {
    let folded = fold(subject);
    let mut rest = folded.as_str();
    let mut key = String::with_capacity(folded.len());
    let mut last_tag = "";
    loop {
        rest = rest.trim_start();
        if let Some(after) = strip_prefix(rest).or_else(|| strip_marker(rest)) {
            rest = after;
        } else if let Some((tag, after)) = split_tag(rest) {
            if tag != last_tag {
                key.push_str(tag);
                key.push(' ');
            }
            last_tag = tag;
            rest = after;
        } else {
            key.push_str(rest);
            key.truncate(key.trim_end().len());
            return key;
        }
    }
}

/// Case, composition and white space made the same.
fn fold(subject: &str) -> String {
    let visible = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|&c| !is_invisible(c));
    let lower: String = visible.flat_map(char::to_lowercase).nfc().flat_map(char::to_lowercase).nfc().collect();
    let mut folded = String::with_capacity(lower.len());
    for word in lower.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word.replace('ß', "ss").replace('ς', "σ"));
    }
    folded
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `re:`, `re :`, `re[2]:`, `re(3):`, `re：`.
fn strip_prefix(text: &str) -> Option<&str> {
    let mut chars = text.char_indices().take(MAX_PREFIX_CHARS);
    let (end, colon) = chars.find(|&(_, c)| matches!(c, ':' | '：'))?;
    let head = text.get(..end)?.trim_end();
    let head = [('[', ']'), ('(', ')'), ('^', '^')]
        .iter()
        .find_map(|&(open, close)| strip_count(head, open, close))
        .unwrap_or(head);
    text.get(end + colon.len_utf8()..).filter(|_| PREFIXES.contains(&head))
}

/// `re` of `re[2]`.
fn strip_count(head: &str, open: char, close: char) -> Option<&str> {
    let (word, count) = head.trim_end_matches(close).split_once(open)?;
    (!count.is_empty() && count.bytes().all(|b| b.is_ascii_digit())).then(|| word.trim_end())
}

/// `[extern]`, `(external)`, `*ext*`, also with a colon after it.
fn strip_marker(text: &str) -> Option<&str> {
    let (open, rest) = (text.chars().next()?, text.get(1..)?);
    let close = match open {
        '[' => ']',
        '(' => ')',
        '{' => '}',
        '*' => '*',
        _ => return None,
    };
    let mut chars = rest.char_indices().take(MAX_TAG_CHARS).skip_while(|&(_, c)| c == '*');
    let (end, _) = chars.find(|&(_, c)| c == close)?;
    let inside = rest.get(..end)?;
    let inside = inside.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '!' | ':' | '-'));
    let after = rest.get(end + 1..)?.trim_start_matches(|c| matches!(c, ':' | ' ') || (c, open) == ('*', '*'));
    EXTERNAL_MARKERS.contains(&inside).then_some(after)
}

/// `[list]` and what follows it.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut chars = text.strip_prefix('[')?.char_indices().take(MAX_TAG_CHARS);
    let (end, _) = chars.find(|&(_, c)| c == ']')?;
    text.split_at_checked(end + 2)
}
