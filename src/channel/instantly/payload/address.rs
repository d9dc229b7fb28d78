//! E-mail addresses as people and programs write them, made comparable.
//!
//! Taken: `a@b.ch`, ` A@B.CH `, `mailto:a@b.ch?subject=x`, `Ada <a@b.ch>`. International names stay as they are (in
//! their composed form), invisible characters go. Refused: whatever is not plainly one address. An address that is
//! too long is refused and not cut, because a cut address is somebody else's. Rejected: the grammar of RFC 5322; its
//! quoted and commented forms do not occur and would make two spellings of one person.

use unicode_normalization::UnicodeNormalization;

/// Bytes an address may have: 64 and 255 for its parts (RFC 5321), doubled for names outside ASCII.
const MAX_BYTES: usize = 640;

/// The address in `text`; `None` if it is not plainly one.
pub(super) fn parse(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    let text = text.trim();
    let inner = match (text.rfind('<'), text.ends_with('>')) {
        (Some(open), true) => text.get(open + 1..text.len() - 1)?,
        _ => text,
    };
    let address = strip_mailto(inner.trim()).trim();
    let (local, domain) = address.split_once('@')?;
    let is_plain = |part: &str| !part.is_empty() && !part.contains(is_forbidden);
    if !is_plain(local) || !is_plain(domain) || address.len() > MAX_BYTES {
        return None;
    }
    if address.is_ascii() {
        return Some(address.to_ascii_lowercase());
    }
    Some(address.to_lowercase().nfc().collect())
}

fn strip_mailto(text: &str) -> &str {
    match text.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => {
            rest.split_once('?').map_or(rest, |(address, _)| address)
        }
        _ => text,
    }
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn is_forbidden(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | ',' | ';' | '"' | '(' | ')' | '\\')
}
