//! Excerpts with the matched words marked.
//!
//! Contract: the output is escaped HTML whose only tags are `<mark>` and `</mark>`; without marks and unescaped it is a piece of
//! the text with white space normalised. A word is marked when the query's words, stems, prefixes or phrases match it, by the same
//! folding and stemming as in the index. Time is linear in the text; any text is accepted.
//!
//! Rejected: tantivy's `SnippetGenerator`, because it needs the text tokenized by the index's analyzer, knows neither prefixes nor
//! phrases, and marks by byte offsets of stored fields; an ellipsis at cut ends, because the interface adds it in its own style.

use std::ops::Range;

use super::language::Stemmers;
use super::query::{Clause, ClauseText, Query, Scope};
use super::text::{self, Word};

/// A query prepared for marking many texts.
pub struct Highlighter {
    stemmers: Stemmers,
    words: Vec<SoughtWord>,
    phrases: Vec<SoughtPhrase>,
}

/// One word, in any inflection or as a prefix.
struct SoughtWord {
    folded: String,
    stems: [String; 4],
    is_prefix: bool,
    is_subject_only: bool,
}

/// Words in a row, the last perhaps as a prefix.
struct SoughtPhrase {
    words: Vec<String>,
    is_prefix: bool,
    is_subject_only: bool,
}

impl Highlighter {
    /// Prepares what the query looks for in subject and text.
    pub fn new(query: &Query) -> Self {
        let mut highlighter = Self { stemmers: Stemmers::new(), words: Vec::new(), phrases: Vec::new() };
        for clause in &query.clauses {
            if !clause.is_negated && matches!(clause.scope, Scope::Anywhere | Scope::Subject) {
                highlighter.add(clause);
            }
        }
        highlighter
    }

    /// The whole subject with its matches marked.
    pub fn subject(&self, text: &str) -> String {
        let text = normalise(text);
        let marks = self.marks(&text, true);
        render(&text, 0..text.len(), &marks)
    }

    /// The excerpt of at most `max_chars` characters with the most matches; the start of the text if there are none.
    pub fn snippet(&self, text: &str, max_chars: usize) -> String {
        let text = normalise(text);
        let marks = self.marks(&text, false);
        let window = best_window(&text, &marks, max_chars);
        render(&text, window, &marks)
    }

    fn add(&mut self, clause: &Clause) {
        let (value, is_prefix, is_phrase) = match &clause.text {
            ClauseText::Word(value) => (value, false, false),
            ClauseText::Prefix(value) => (value, true, false),
            ClauseText::Phrase(value) => (value, false, true),
        };
        let is_subject_only = clause.scope == Scope::Subject;
        let mut words: Vec<String> = text::words(value).into_iter().map(|word| word.folded).collect();
        if words.len() == 1 && !is_phrase {
            let Some(folded) = words.pop() else { return };
            let stems = self.stemmers.all(&folded).map(std::borrow::Cow::into_owned);
            self.words.push(SoughtWord { folded, stems, is_prefix, is_subject_only });
        } else {
            self.phrases.push(SoughtPhrase { words, is_prefix, is_subject_only });
        }
    }

    /// The ranges to mark, in order and without overlap.
    fn marks(&self, text: &str, is_subject: bool) -> Vec<Range<usize>> {
        let words = text::words(text);
        let mut is_marked: Vec<bool> = words.iter().map(|word| self.matches(&word.folded, is_subject)).collect();
        for phrase in self.phrases.iter().filter(|phrase| is_subject || !phrase.is_subject_only) {
            phrase.mark(&words, &mut is_marked);
        }
        words.into_iter().zip(is_marked).filter_map(|(word, is_marked)| is_marked.then_some(word.range)).collect()
    }

    fn matches(&self, folded: &str, is_subject: bool) -> bool {
        let mut stems = None;
        self.words.iter().filter(|sought| is_subject || !sought.is_subject_only).any(|sought| {
            if folded == sought.folded || (sought.is_prefix && folded.starts_with(&sought.folded)) {
                return true;
            }
            // Stemming changes ends: a word that starts differently has another stem, and most words do.
            if !folded.chars().take(2).eq(sought.folded.chars().take(2)) {
                return false;
            }
            let stems = stems.get_or_insert_with(|| self.stemmers.all(folded));
            stems.iter().zip(&sought.stems).any(|(stem, sought)| !stem.is_empty() && stem == sought)
        })
    }
}

impl SoughtPhrase {
    fn mark(&self, words: &[Word], is_marked: &mut [bool]) {
        let length = self.words.len();
        for (start, window) in words.windows(length.max(1)).enumerate() {
            if length > 0 && self.is_at(window) {
                is_marked.iter_mut().skip(start).take(length).for_each(|mark| *mark = true);
            }
        }
    }

    fn is_at(&self, window: &[Word]) -> bool {
        let last = self.words.len().saturating_sub(1);
        self.words.iter().zip(window).enumerate().all(|(position, (sought, word))| {
            word.folded == *sought || (self.is_prefix && position == last && word.folded.starts_with(sought))
        })
    }
}

/// The text with every run of white space as one space, and none at the ends.
fn normalise(text: &str) -> String {
    let mut normalised = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !normalised.is_empty() {
            normalised.push(' ');
        }
        normalised.push_str(word);
    }
    normalised
}

/// The range of at most `max_chars` characters with the most marks, with some text before the first of them.
fn best_window(text: &str, marks: &[Range<usize>], max_chars: usize) -> Range<usize> {
    // The byte offset of every character, so that positions in characters and bytes translate both ways.
    let offsets: Vec<usize> = text.char_indices().map(|(offset, _)| offset).collect();
    if offsets.len() <= max_chars {
        return 0..text.len();
    }
    let offset_of = |position: usize| offsets.get(position).copied().unwrap_or(text.len());
    let position_of = |offset: usize| offsets.partition_point(|&start| start < offset);
    let spans: Vec<(usize, usize)> =
        marks.iter().map(|mark| (position_of(mark.start), position_of(mark.end))).collect();

    let (mut best_start, mut best_count, mut last) = (0, 0, 0);
    for (first, &(start, _)) in spans.iter().enumerate() {
        while spans.get(last).is_some_and(|&(_, end)| end <= start.saturating_add(max_chars)) {
            last += 1;
        }
        if last.saturating_sub(first) > best_count {
            (best_start, best_count) = (start, last - first);
        }
        last = last.max(first);
    }
    let marks_end = last_end_within(&spans, best_start, max_chars);
    let spare = max_chars.saturating_sub(marks_end.saturating_sub(best_start));
    let lead = spare / 4;
    let start = best_start.saturating_sub(lead).min(offsets.len() - max_chars);
    let start = start_of_word(text, &offsets, start, best_start);
    offset_of(start)..offset_of(start.saturating_add(max_chars))
}

/// Where the last mark of the window that starts at `start` ends.
fn last_end_within(spans: &[(usize, usize)], start: usize, max_chars: usize) -> usize {
    let in_window = spans.iter().filter(|span| span.0 >= start && span.1 <= start.saturating_add(max_chars));
    in_window.map(|span| span.1).max().unwrap_or(start)
}

/// The first start of a word from `start` on, but not after `latest`.
fn start_of_word(text: &str, offsets: &[usize], start: usize, latest: usize) -> usize {
    if start == 0 {
        return 0;
    }
    let is_space_before = |position: usize| {
        let before = position.checked_sub(1).and_then(|position| offsets.get(position));
        before.and_then(|&offset| text.get(offset..)).is_some_and(|rest| rest.starts_with(' '))
    };
    (start..=latest).find(|&position| is_space_before(position)).unwrap_or(start)
}

/// Writes a range of the text as HTML with the marks in it.
fn render(text: &str, window: Range<usize>, marks: &[Range<usize>]) -> String {
    let mut html = String::with_capacity(window.len() + 64);
    let mut position = window.start;
    for mark in marks.iter().filter(|mark| mark.start >= window.start && mark.end <= window.end) {
        escape(text.get(position..mark.start).unwrap_or(""), &mut html);
        html.push_str("<mark>");
        escape(text.get(mark.clone()).unwrap_or(""), &mut html);
        html.push_str("</mark>");
        position = mark.end;
    }
    escape(text.get(position..window.end).unwrap_or(""), &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    fn plain(html: &str) -> String {
        let text = html.replace("<mark>", "").replace("</mark>", "");
        assert!(!text.contains(['<', '>']), "{html}");
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    #[test]
    fn marks_what_the_query_matches() {
        for (search, text, expected) in [
            ("mueller ", "Herr Müller & Söhne", "Herr <mark>Müller</mark> &amp; Söhne"),
            ("verträge ", "der Vertrag", "der <mark>Vertrag</mark>"),
            ("ang", "Das Angebot", "Das <mark>Angebot</mark>"),
            ("\"mit gruss\" ", "mit\n Gruss, mit Dank", "<mark>mit</mark> <mark>Gruss</mark>, mit Dank"),
            ("a@firma.ch", "an a@firma.ch!", "an <mark>a</mark>@<mark>firma</mark>.<mark>ch</mark>!"),
            ("-nein from:anna ", "nein Anna <b>", "nein Anna &lt;b&gt;"),
        ] {
            assert_eq!(Highlighter::new(&query(search)).snippet(text, 100), expected, "{search}");
        }
        assert_eq!(Highlighter::new(&query("subject:ja ")).subject("ja"), "<mark>ja</mark>");
        assert_eq!(Highlighter::new(&query("subject:ja ")).snippet("ja", 10), "ja");
    }

    #[test]
    fn shows_the_place_with_most_matches() {
        let text = format!("alpha {} alpha beta {}", "x ".repeat(200), "y ".repeat(200));
        let html = Highlighter::new(&query("alpha beta ")).snippet(&text, 60);
        assert!(html.contains("<mark>alpha</mark> <mark>beta</mark>"), "{html}");
        assert!(plain(&html).chars().count() <= 60);
    }

    proptest! {
        #[test]
        fn is_an_escaped_piece_of_the_text(
            text in prop_oneof![any::<String>(), "[a-c <>&\"'\n]{0,80}"],
            search in prop_oneof![any::<String>(), "[a-c \"]{0,12}"],
            max_chars in 0usize..50,
        ) {
            let Ok(query) = Query::parse(&search) else { return Ok(()); };
            let html = Highlighter::new(&query).snippet(&text, max_chars);
            let shown = plain(&html);
            prop_assert!(shown.chars().count() <= max_chars);
            prop_assert!(normalise(&text).contains(&shown));
            prop_assert_eq!(plain(&Highlighter::new(&query).subject(&text)), normalise(&text));
        }
    }
}
