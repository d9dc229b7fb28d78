//! Which of the four languages a message is written in, and the stems of its words.
//!
//! Contract: a message is stemmed in its own language when its function words tell which one that is, else in all
//! four; a query is stemmed in all four, so a word of the query meets every inflected form whatever the language of
//! the message. Stemming works on canonical forms (see [`super::text`]), because the same word must have the same
//! stem however its umlauts are typed.
//!
//! Rejected: the crate `whatlang`, because its trigrams guess badly on the two lines a sales reply often is, where
//! counting function words says "unknown" and loses nothing; a field per language, because a query would then read four
//! posting lists for every word, where identical stems now are one term.

use std::borrow::Cow;

use frostem::{Algorithm, Stemmer};

/// A language whose inflections are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    German,
    French,
    Italian,
    English,
}

/// All languages, in the order of [`FUNCTION_WORDS`].
pub(super) const LANGUAGES: [Language; 4] = [Language::German, Language::French, Language::Italian, Language::English];

/// Frequent words that belong to one language only, in canonical form and sorted.
const FUNCTION_WORDS: [&[&str]; 4] = [
    &[
        "aber", "als", "auch", "auf", "aus", "bei", "bin", "bitte", "das", "dass", "dem", "den", "der", "die", "ein",
        "eine", "einen", "fur", "grusse", "haben", "hat", "ich", "ihnen", "ihr", "ihre", "ihren", "im", "ist", "kein",
        "konnen", "mit", "nach", "nicht", "noch", "oder", "sehr", "sich", "sie", "sind", "uber", "und", "uns", "unser",
        "unsere", "von", "war", "werden", "wie", "wir", "wird", "zu", "zum", "zur",
    ],
    &[
        "au",
        "aux",
        "avec",
        "avez",
        "avons",
        "bonjour",
        "ce",
        "ces",
        "cette",
        "cordialement",
        "dans",
        "des",
        "du",
        "elle",
        "est",
        "et",
        "etes",
        "ils",
        "je",
        "les",
        "leur",
        "mais",
        "merci",
        "mes",
        "mon",
        "ne",
        "nos",
        "notre",
        "nous",
        "ou",
        "pas",
        "plus",
        "pour",
        "quand",
        "que",
        "qui",
        "sont",
        "sur",
        "tout",
        "tres",
        "une",
        "vos",
        "votre",
        "vous",
    ],
    &[
        "abbiamo", "alla", "anche", "che", "ci", "come", "con", "cordiali", "dal", "dalla", "degli", "dei", "del",
        "della", "delle", "di", "e", "gli", "grazie", "hanno", "ho", "il", "la", "le", "lo", "ma", "mi", "molto",
        "nel", "nella", "non", "nostra", "nostro", "per", "piu", "quando", "questa", "questo", "saluti", "se", "si",
        "siamo", "sono", "sul", "sulla", "una", "uno", "vi", "vostra", "vostro",
    ],
    &[
        "a", "about", "and", "are", "at", "be", "but", "by", "can", "for", "from", "have", "hello", "i", "if", "is",
        "it", "me", "my", "not", "of", "on", "or", "our", "please", "regards", "thanks", "that", "the", "their",
        "they", "this", "to", "was", "we", "what", "when", "will", "with", "would", "you", "your",
    ],
];

/// The language of a text given as canonical words, if one has clearly the most function words.
pub(super) fn detect<'a>(words: impl Iterator<Item = &'a str>) -> Option<Language> {
    let mut votes = [0_usize; 4];
    for word in words {
        for (vote, list) in votes.iter_mut().zip(FUNCTION_WORDS) {
            *vote += usize::from(list.binary_search(&word).is_ok());
        }
    }
    let best = *votes.iter().max()?;
    let mut winners = LANGUAGES.into_iter().zip(votes).filter(|&(_, vote)| vote == best);
    match (winners.next(), winners.next()) {
        (Some((language, votes)), None) if votes >= 2 => Some(language),
        _ => None,
    }
}

/// The four stemmers, ready for use.
#[derive(Clone, Copy)]
pub(super) struct Stemmers([Stemmer; 4]);

impl Stemmers {
    pub(super) fn new() -> Self {
        Self([Algorithm::German, Algorithm::French, Algorithm::Italian, Algorithm::English].map(Stemmer::new))
    }

    /// The stem of a canonical word in each language, in the order of [`LANGUAGES`].
    pub(super) fn all<'a>(&self, word: &'a str) -> [Cow<'a, str>; 4] {
        self.0.each_ref().map(|stemmer| stemmer.stem(word))
    }

    /// The different stems of a canonical word in the language given, or in all.
    pub(super) fn distinct<'a>(&self, word: &'a str, language: Option<Language>) -> Vec<Cow<'a, str>> {
        let mut stems: Vec<Cow<'a, str>> = self
            .0
            .iter()
            .zip(LANGUAGES)
            .filter(|&(_, candidate)| language.is_none_or(|language| language == candidate))
            .map(|(stemmer, _)| stemmer.stem(word))
            .filter(|stem| !stem.is_empty())
            .collect();
        stems.sort_unstable();
        stems.dedup();
        stems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::text::{fold, words};

    #[test]
    fn lists_are_sorted_and_folded() {
        for list in FUNCTION_WORDS {
            assert!(list.is_sorted());
            for word in list {
                assert_eq!(fold(word), *word);
            }
        }
    }

    #[test]
    fn detects_the_four_languages_and_admits_doubt() {
        for (text, expected) in [
            ("Vielen Dank für Ihre Nachricht, wir melden uns nächste Woche", Some(Language::German)),
            ("Merci pour votre message, nous vous recontactons", Some(Language::French)),
            ("Grazie per il messaggio, vi ricontattiamo la prossima settimana", Some(Language::Italian)),
            ("Thanks for your message, we will get back to you", Some(Language::English)),
            ("Ok", None),
            ("", None),
        ] {
            let folded = words(text);
            assert_eq!(detect(folded.iter().map(|word| word.folded.as_str())), expected, "{text}");
        }
    }

    #[test]
    fn inflected_forms_share_a_stem() {
        let stemmers = Stemmers::new();
        for (left, right, language) in [
            ("Verträge", "Vertrag", Language::German),
            ("Angebote", "Angebot", Language::German),
            ("réunions", "réunion", Language::French),
            ("contratti", "contratto", Language::Italian),
            ("meetings", "meeting", Language::English),
        ] {
            let (left, right) = (fold(left), fold(right));
            assert_eq!(stemmers.distinct(&left, Some(language)), stemmers.distinct(&right, Some(language)));
        }
    }
}
