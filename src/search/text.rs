//! Words of a text in the one form in which they are indexed, searched and highlighted.
//!
//! Contract: [`fold`] maps a word to its *canonical form*: lower case, without accents, `ß` as `ss`, and the German
//! spellings `ae`, `oe`, `ue` as `a`, `o`, `u`, so that `Müller`, `Muller` and `Mueller` are one word. Folding keeps
//! prefixes: if a word starts with what was typed, its canonical form starts with the canonical form of what was
//! typed. Every function is total: any text is accepted, and the time is linear in its length.
//!
//! Rejected: indexing two forms (`muller` and `mueller`) per word, because it needs more postings and a phrase would
//! have to be searched in every combination; replacing `ue` everywhere, because `neue`, `Steuer` and `question` would
//! be folded too (we use the rule of the German2 stemmer: no change after a vowel or `q`); Unicode word segmentation,
//! because European mail needs only letters and digits and every rule more would be one more for highlighting to match.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longest canonical word in characters; longer words are cut, in the index and in the query alike.
const MAX_WORD_CHARS: usize = 64;

/// Longest compound in bytes that is also indexed as a whole.
const MAX_COMPOUND_BYTES: usize = 128;

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it stands in the original text, in bytes.
    pub(super) range: Range<usize>,
    /// Its canonical form, never empty.
    pub(super) folded: String,
}

/// The words of a text in order: maximal runs of letters and digits.
pub(super) fn words(text: &str) -> Vec<Word> {
    runs(text, is_word_char)
        .filter_map(|range| {
            let folded = fold(text.get(range.clone())?);
            (!folded.is_empty()).then_some(Word { range, folded })
        })
        .collect()
}

/// Addresses, host names and dotted numbers of a text as wholes, in canonical form with their separators; of an
/// address its domain as well.
pub(super) fn compounds(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for range in runs(text, is_compound_char) {
        let Some(compound) = text.get(range).and_then(compound) else {
            continue;
        };
        if let Some((_, domain)) = compound.rsplit_once('@') {
            found.push(domain.to_owned());
        }
        found.push(compound);
    }
    found
}

/// The canonical form of one compound, or `None` if the text is a plain word or no compound at all.
pub(super) fn compound(text: &str) -> Option<String> {
    let text = text.trim_matches(|character: char| !is_word_char(character));
    if text.len() > MAX_COMPOUND_BYTES || !text.contains(['.', '@']) || !text.chars().all(is_compound_char) {
        return None;
    }
    let mut folded = String::with_capacity(text.len());
    for part in text.split_inclusive(|character: char| !is_word_char(character)) {
        folded.push_str(&fold(part));
        folded.extend(part.chars().last().filter(|&character| !is_word_char(character)));
    }
    Some(folded)
}

/// The canonical form of one word; what is neither letter nor digit is left out.
pub fn fold(word: &str) -> String {
    let mut folded = Folder::default();
    if word.is_ascii() {
        for byte in word.bytes().filter(u8::is_ascii_alphanumeric) {
            folded.push(char::from(byte.to_ascii_lowercase()));
        }
    } else {
        for character in word.nfkd().flat_map(char::to_lowercase) {
            folded.push_unaccented(character);
        }
    }
    folded.text
}

/// What the character before allows an `e` to be.
#[derive(Default, PartialEq, Eq)]
enum Before {
    /// A consonant or nothing: a `u` that follows may be a spelled-out umlaut.
    #[default]
    Consonant,
    /// A vowel or `q`: what follows is taken as it is.
    Vowel,
    /// `a`, `o` or `u`, with which an `e` makes an umlaut.
    UmlautBase,
}

/// Builds a canonical form character by character.
#[derive(Default)]
struct Folder {
    text: String,
    length: usize,
    before: Before,
}

impl Folder {
    fn push_unaccented(&mut self, character: char) {
        match character {
            'ß' => self.push_all("ss"),
            'æ' => self.push_all("ae"),
            'œ' => self.push_all("oe"),
            'þ' => self.push_all("th"),
            'ø' => self.push('o'),
            'ł' => self.push('l'),
            'đ' | 'ð' => self.push('d'),
            'ı' => self.push('i'),
            _ if is_combining_mark(character) || !character.is_alphanumeric() => {}
            _ => self.push(character),
        }
    }

    fn push_all(&mut self, text: &str) {
        for character in text.chars() {
            self.push(character);
        }
    }

    fn push(&mut self, character: char) {
        let before = match character {
            'a' | 'o' => Before::UmlautBase,
            'u' if self.before == Before::Consonant => Before::UmlautBase,
            'e' if self.before == Before::UmlautBase => {
                self.before = Before::Vowel;
                return;
            }
            'u' | 'e' | 'i' | 'q' | 'y' => Before::Vowel,
            _ => Before::Consonant,
        };
        self.before = before;
        if self.length < MAX_WORD_CHARS {
            self.text.push(character);
            self.length += 1;
        }
    }
}

fn is_word_char(character: char) -> bool {
    character.is_alphanumeric() || (!character.is_ascii() && is_combining_mark(character))
}

fn is_compound_char(character: char) -> bool {
    is_word_char(character) || matches!(character, '.' | '@' | '-' | '_' | '+')
}

/// The byte ranges of the maximal runs of characters that `belongs` accepts.
fn runs(text: &str, belongs: fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut characters = text.char_indices();
    std::iter::from_fn(move || {
        let (start, _) = characters.find(|&(_, character)| belongs(character))?;
        let end = characters.find(|&(_, character)| !belongs(character)).map_or(text.len(), |(end, _)| end);
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_form_for_all_spellings() {
        for (word, expected) in [
            ("Müller", "muller"),
            ("MUELLER", "muller"),
            ("Mu\u{308}ller", "muller"),
            ("Straße", "strasse"),
            ("Häuser", "hauser"),
            ("Haeuser", "hauser"),
            ("Steuer", "steuer"),
            ("neue", "neue"),
            ("question", "question"),
            ("Œuvre", "ouvre"),
            ("oeuvre", "ouvre"),
            ("français", "francais"),
            ("Ångström", "angstrom"),
            ("ﬁrma", "firma"),
        ] {
            assert_eq!(fold(word), expected, "{word}");
        }
    }

    #[test]
    fn words_and_compounds_of_an_address() {
        let text = "An: <Anna.Müller@firma.ch>, v1.5.";
        let folded: Vec<String> = words(text).into_iter().map(|word| word.folded).collect();
        assert_eq!(folded, ["an", "anna", "muller", "firma", "ch", "v1", "5"]);
        assert_eq!(compounds(text), ["firma.ch", "anna.muller@firma.ch", "v1.5"]);
    }

    proptest! {
        #[test]
        fn ranges_are_words(text in any::<String>()) {
            for word in words(&text) {
                prop_assert_eq!(text.get(word.range).map(fold), Some(word.folded));
            }
            compounds(&text);
        }

        #[test]
        fn folding_keeps_prefixes(word in "[a-zäöüßéæœqui]{0,12}", length in 0usize..12) {
            let typed: String = word.chars().take(length).collect();
            let (whole, start) = (fold(&word), fold(&typed));
            prop_assert!(whole.starts_with(&start), "{} {}", whole, start);
        }
    }
}
