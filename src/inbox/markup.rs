//! A linear reader of HTML tags, and the guard in front of the real parser.
//!
//! [`Tokens`] cuts markup into text and tags the way browsers do, without building a tree, and never fails.
//! [`prepare`] tells whether a document may be given to `html5ever`, and in what form: its algorithm, the one browsers are bound
//! to, takes quadratic time for deep nesting, for one tag with many attributes and for content misplaced in tables, and
//! multiplies unclosed formatting elements. Documents that go there on purpose are shown as plain text instead.
//! Rejected: a timeout around the parser; it cannot be stopped from outside.

mod guard;

use std::borrow::Cow;

/// Character references after which a text is divided.
const MAX_REFERENCES: usize = 64;

/// Elements whose content is text to the parser, whatever it looks like; none of them is ever shown.
const RAW: &[&str] =
    &["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"];

fn is_raw(name: &str) -> bool {
    RAW.iter().any(|raw| raw.eq_ignore_ascii_case(name))
}

/// A document in a form the parser takes in linear time; `None` if there is none, see [`guard`].
///
/// The parser appends each character reference to the text before it by copying that text; comments, which the
/// sanitiser removes, divide texts with many of them. The content of raw elements goes: it is never shown.
pub(super) fn prepare(html: &str) -> Option<Cow<'_, str>> {
    if !guard::is_manageable(html) {
        return None;
    }
    if html.bytes().filter(|&byte| byte == b'&').nth(MAX_REFERENCES).is_none() {
        return Some(Cow::Borrowed(html));
    }
    let mut divided = String::with_capacity(html.len() + html.len() / 8);
    let mut count = 0;
    let mut tokens = Tokens::new(html);
    let mut rest = html;
    while let Some(token) = tokens.next() {
        let written = rest.get(..rest.len() - tokens.rest().len()).unwrap_or_default();
        match token {
            Token::Text(text) => divide(text, &mut count, &mut divided),
            Token::Start(tag) => {
                count = 0;
                divided.push_str(written);
                if is_raw(tag.name) {
                    tokens.take_raw(tag.name);
                }
            }
            Token::Comment(_) | Token::End(_) => divided.push_str(written),
        }
        rest = tokens.rest();
    }
    Some(Cow::Owned(divided))
}

/// Copies a text; `count` is the number of references since the last element began.
fn divide(text: &str, count: &mut usize, divided: &mut String) {
    for piece in text.split_inclusive('&') {
        divided.push_str(piece.strip_suffix('&').unwrap_or(piece));
        if !piece.ends_with('&') {
            continue;
        }
        *count += 1;
        if *count > MAX_REFERENCES {
            divided.push_str("<!---->");
            *count = 0;
        }
        divided.push('&');
    }
}

/// A piece of markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text with its character references as they are.
    Text(&'a str),
    /// A start tag.
    Start(Tag<'a>),
    /// An end tag, by its name.
    End(&'a str),
    /// A comment, a declaration, or what parsers take for one.
    Comment(&'a str),
}

/// A start tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// The name, in the case it is written in.
    pub(super) name: &'a str,
    /// Everything between the name and the closing bracket.
    pub(super) raw_attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// Names and undecoded values of the attributes.
    pub(super) const fn attributes(self) -> Attributes<'a> {
        Attributes { rest: self.raw_attributes }
    }

    pub(super) const fn is(self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Iterates over the pieces of a document.
pub(super) struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(html: &'a str) -> Self {
        Self { rest: html }
    }

    /// What has not been read yet.
    pub(super) const fn rest(&self) -> &'a str {
        self.rest
    }

    /// Takes everything up to the end tag `name`, or all that is left.
    pub(super) fn take_raw(&mut self, name: &str) -> &'a str {
        let mut from = 0;
        while let Some(found) = self.rest.get(from..).and_then(|rest| rest.find("</")) {
            let at = from + found;
            let tail = self.rest.get(at + 2..).unwrap_or_default();
            let is_end = tail.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name))
                && tail.get(name.len()..).is_none_or(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()));
            if is_end {
                return self.take(at);
            }
            from = at + 2;
        }
        self.take(self.rest.len())
    }

    /// Takes `length` bytes, or nothing if that is no boundary between characters.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn take_text(&mut self) -> Token<'a> {
        let end = self.rest.get(1..).and_then(|rest| rest.find('<')).map_or(self.rest.len(), |end| end + 1);
        Token::Text(self.take(end))
    }

    fn take_comment(&mut self) -> Token<'a> {
        let is_comment = self.rest.starts_with("<!--");
        let length = if !is_comment {
            self.rest.find('>').map(|end| end + 1)
        } else if self.rest.starts_with("<!-->") {
            Some(5)
        } else if self.rest.starts_with("<!--->") {
            Some(6)
        } else {
            let body = self.rest.get(4..).unwrap_or_default();
            [("-->", 3), ("--!>", 4)].iter().filter_map(|(end, width)| Some(body.find(end)? + 4 + width)).min()
        };
        Token::Comment(self.take(length.unwrap_or(self.rest.len())))
    }

    /// A tag whose name begins `skip` bytes on; one that is never closed ends with the document.
    fn take_tag(&mut self, skip: usize) -> (&'a str, &'a str) {
        let inside = self.rest.get(skip..).unwrap_or_default();
        let name_end = inside.find(|c: char| is_space(c) || matches!(c, '/' | '>')).unwrap_or(inside.len());
        let (name, after) = inside.split_at_checked(name_end).unwrap_or((inside, ""));
        let mut attributes = Attributes { rest: after };
        while attributes.next().is_some() {}
        let raw = after.get(..after.len() - attributes.rest.len()).unwrap_or_default();
        self.rest = attributes.rest.strip_prefix('>').unwrap_or_default();
        (name, raw)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        if first != '<' {
            return Some(self.take_text());
        }
        Some(match (chars.next(), chars.next()) {
            (Some(letter), _) if letter.is_ascii_alphabetic() => {
                let (name, raw_attributes) = self.take_tag(1);
                Token::Start(Tag { name, raw_attributes })
            }
            (Some('/'), Some(letter)) if letter.is_ascii_alphabetic() => Token::End(self.take_tag(2).0),
            (Some('!' | '?'), _) | (Some('/'), Some(_)) => self.take_comment(),
            _ => self.take_text(),
        })
    }
}

/// Iterates over the attributes of a tag; ends before its closing bracket.
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        self.rest = self.rest.trim_start_matches(|c: char| is_space(c) || c == '/');
        if self.rest.is_empty() || self.rest.starts_with('>') {
            return None;
        }
        let is_end = |c: char| is_space(c) || matches!(c, '/' | '>' | '=');
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let name_end = self.rest.get(first..)?.find(is_end).map_or(self.rest.len(), |end| end + first);
        let (name, rest) = self.rest.split_at_checked(name_end)?;
        let Some(rest) = rest.trim_start_matches(is_space).strip_prefix('=') else {
            self.rest = rest;
            return Some((name, ""));
        };
        let rest = rest.trim_start_matches(is_space);
        let (value, rest) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest.get(1..)?.split_once(quote).unwrap_or((rest.get(1..)?, "")),
            _ => rest.split_at_checked(rest.find(|c: char| is_space(c) || c == '>').unwrap_or(rest.len()))?,
        };
        self.rest = rest;
        Some((name, value))
    }
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}
