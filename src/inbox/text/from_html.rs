//! Plain text of a message that came as HTML only.
//!
//! The sanitiser's parser repairs the markup and decodes characters; what it leaves is read in one pass. A document
//! the parser must not see (see [`prepare`]) is read as it is, with fewer character references known.
//! Quotations (`blockquote`, which `gmail_quote` and its kin are) become `> ` lines, so that
//! [`split_quoted`](super::split_quoted) finds them. Rejected: `html2text`, which wraps lines at a fixed width, draws
//! tables, and lays out nested tables in more than linear time.

use ammonia::Builder;

use crate::inbox::markup::{Tag, Token, Tokens, prepare};

/// Quotation marks shown for deeper quotations: more would multiply the text.
const MAX_QUOTE_DEPTH: usize = 8;

/// Elements whose content is no text of the message.
const DROPPED: &[&str] = &[
    "head", "title", "script", "style", "noscript", "template", "svg", "math", "textarea", "select", "iframe",
    "object", "noembed", "noframes", "xmp",
];

const KEPT: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];

/// The text of an HTML message, with paragraphs, line breaks, list marks and quotation marks.
pub fn text_from_html(html: &str) -> String {
    let Some(prepared) = prepare(html) else {
        return render(html);
    };
    let mut builder = Builder::empty();
    builder.add_tags(KEPT).add_clean_content_tags(DROPPED).link_rel(None);
    render(&builder.clean(&prepared).to_string())
}

fn render(html: &str) -> String {
    let mut page = Page::default();
    let mut tokens = Tokens::new(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => page.text(&decode(text)),
            Token::Start(tag) if DROPPED.contains(&tag.name.to_ascii_lowercase().as_str()) => {
                tokens.take_raw(tag.name);
            }
            Token::Start(tag) => page.start(tag),
            Token::End(name) => page.end(name),
            Token::Comment(_) => {}
        }
    }
    page.out.truncate(page.out.trim_end().len());
    page.out
}

/// The text so far, and what comes before the next character of it.
#[derive(Default)]
struct Page {
    out: String,
    newlines: usize,
    has_space: bool,
    quote_depth: usize,
    /// Quotation depth of the last line written.
    last_depth: usize,
    pre_depth: usize,
    /// Lists that are open; a number counts, none is bulleted.
    lists: Vec<Option<usize>>,
    mark: String,
}

impl Page {
    fn start(&mut self, tag: Tag<'_>) {
        match tag.name.to_ascii_lowercase().as_str() {
            "br" => self.newlines += 1,
            "hr" => {
                self.break_line(1);
                self.word("----------");
                self.break_line(1);
            }
            "td" | "th" => self.has_space = true,
            "blockquote" => {
                self.break_line(1);
                self.quote_depth += 1;
            }
            "ul" => self.open_list(None),
            "ol" => self.open_list(Some(0)),
            "li" => self.open_item(),
            "pre" => {
                self.break_line(2);
                self.pre_depth += 1;
            }
            name => self.break_line(lines_around(name)),
        }
    }

    fn end(&mut self, name: &str) {
        match name.to_ascii_lowercase().as_str() {
            "blockquote" => {
                self.break_line(1);
                self.quote_depth = self.quote_depth.saturating_sub(1);
            }
            "ul" | "ol" => {
                self.lists.pop();
                self.break_line(if self.lists.is_empty() { 2 } else { 1 });
            }
            "li" => {
                self.mark.clear();
                self.break_line(1);
            }
            "pre" => {
                self.pre_depth = self.pre_depth.saturating_sub(1);
                self.break_line(2);
            }
            "br" | "hr" => {}
            "td" | "th" => self.has_space = true,
            name => self.break_line(lines_around(name)),
        }
    }

    fn open_list(&mut self, count: Option<usize>) {
        self.break_line(if self.lists.is_empty() { 2 } else { 1 });
        if self.lists.len() < MAX_QUOTE_DEPTH {
            self.lists.push(count);
        }
    }

    fn open_item(&mut self) {
        self.break_line(1);
        let indent = "  ".repeat(self.lists.len().saturating_sub(1));
        self.mark = match self.lists.last_mut() {
            Some(Some(count)) => {
                *count += 1;
                format!("{indent}{count}. ")
            }
            _ => format!("{indent}- "),
        };
    }

    fn break_line(&mut self, newlines: usize) {
        self.newlines = self.newlines.max(newlines);
    }

    fn text(&mut self, text: &str) {
        if self.pre_depth > 0 {
            for (at, line) in text.split('\n').enumerate() {
                self.newlines += usize::from(at > 0);
                if !line.trim().is_empty() {
                    self.word(line.trim_end());
                }
            }
            return;
        }
        self.has_space |= text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            self.word(word);
            self.has_space = true;
        }
        self.has_space = text.ends_with(char::is_whitespace) || (self.has_space && text.trim().is_empty());
    }

    fn word(&mut self, word: &str) {
        let is_first = self.out.is_empty();
        if is_first || self.newlines > 0 || !self.mark.is_empty() {
            self.begin_line(is_first);
        } else if self.has_space {
            self.out.push(' ');
        }
        self.has_space = false;
        self.out.push_str(word);
    }

    fn begin_line(&mut self, is_first: bool) {
        let depth = self.quote_depth.min(MAX_QUOTE_DEPTH);
        if !is_first {
            self.out.push('\n');
            if self.newlines > 1 {
                self.out.push_str("> ".repeat(depth.min(self.last_depth)).trim_end());
                self.out.push('\n');
            }
        }
        self.out.push_str(&"> ".repeat(depth));
        self.out.push_str(&std::mem::take(&mut self.mark));
        self.last_depth = depth;
        self.newlines = 0;
    }
}

/// Line breaks around an element: two where browsers leave space, none within a line.
fn lines_around(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dl" | "figure" => 2,
        name => usize::from(KEPT.contains(&name)),
    }
}

/// Decodes the character references the parser's output has, and the commonest others.
fn decode(text: &str) -> String {
    if !text.contains('&') {
        return text.replace('\u{a0}', " ");
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let reference = after.bytes().take(10).position(|b| b == b';').and_then(|end| after.split_at_checked(end));
        let character = reference.and_then(|(name, _)| decode_reference(name));
        rest = if let (Some(character), Some((_, tail))) = (character, reference) {
            decoded.push(character);
            tail.strip_prefix(';').unwrap_or(tail)
        } else {
            decoded.push('&');
            after
        };
    }
    decoded.push_str(rest);
    decoded.replace('\u{a0}', " ")
}

fn decode_reference(name: &str) -> Option<char> {
    const NAMED: &[(&str, char)] = &[
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("auml", 'ä'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("Auml", 'Ä'),
        ("Ouml", 'Ö'),
        ("Uuml", 'Ü'),
        ("szlig", 'ß'),
        ("eacute", 'é'),
        ("egrave", 'è'),
        ("agrave", 'à'),
        ("ccedil", 'ç'),
        ("ecirc", 'ê'),
        ("laquo", '«'),
        ("raquo", '»'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("hellip", '…'),
        ("euro", '€'),
        ("copy", '©'),
        ("rsquo", '’'),
        ("bdquo", '„'),
        ("ldquo", '“'),
        ("rdquo", '”'),
    ];
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control() || *c == '\n');
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|&(_, character)| character)
}
