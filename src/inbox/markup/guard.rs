//! The guard in front of the HTML parser: follows a document's tags with the rules of the HTML standard that decide
//! how deep elements nest, and refuses documents that would cost the parser more than linear time or memory.
//!
//! Where it departs from the standard it assumes the worse. Real mail stays far below the limits: the deepest quoted
//! tables nest some hundred levels.

use super::{Tag, Token, Tokens, is_raw};

/// Longest document.
const MAX_BYTES: usize = 2 << 20;
/// Elements open at the same time; browsers stop at about 512.
const MAX_DEPTH: usize = 400;
/// Attributes of one tag.
const MAX_ATTRIBUTES: usize = 200;
/// Formatting elements the parser may have to repeat.
const MAX_REPEATED: usize = 300_000;
/// Elements and texts between the rows of tables, which the parser moves out one by one.
const MAX_MISPLACED: usize = 2_000;
/// Tags `html` and `body` in the middle, whose attributes the parser merges.
const MAX_ROOTS: usize = 200;

const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img", "input", "keygen",
    "link", "meta", "param", "source", "track", "wbr",
];
const FORMATTING: &[&str] =
    &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Parts of tables that are not followed: they nest through tables and cells only.
const TABLE_PARTS: &[&str] = &["tr", "tbody", "thead", "tfoot", "colgroup"];
const CELLS: &[&str] = &["td", "th", "caption"];
/// End tags do not reach out of these.
const BOUNDARIES: &[&str] = &[
    "table",
    "td",
    "th",
    "caption",
    "applet",
    "marquee",
    "object",
    "template",
    "foreignobject",
    "desc",
    "mi",
    "mo",
    "mn",
    "ms",
    "mtext",
    "annotation-xml",
];
/// Block elements: a paragraph ends before them, and end tags of inline elements do not reach out of them.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "button",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
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
    "hgroup",
    "li",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "search",
    "section",
    "select",
    "summary",
    "ul",
];

/// Whether the parser can take `html` without taking more than linear time and memory.
pub(super) fn is_manageable(html: &str) -> bool {
    if html.len() > MAX_BYTES {
        return false;
    }
    let mut guard = Guard::default();
    let mut tokens = Tokens::new(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => guard.text(text),
            Token::Start(tag) => {
                guard.start(tag);
                if is_raw(tag.name) {
                    guard.raw(tokens.take_raw(tag.name));
                }
            }
            Token::End(name) => guard.end(name),
            Token::Comment(comment) => {
                guard.is_refused |= guard.is_foreign && comment.starts_with("<![CDATA[");
            }
        }
        if guard.is_over() {
            return false;
        }
    }
    true
}

fn contains(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// What the parser would have on its stacks.
#[derive(Default)]
struct Guard<'a> {
    open: Vec<&'a str>,
    /// Formatting elements that are not closed; `None` where a cell begins, which keeps its own.
    formatting: Vec<Option<Tag<'a>>>,
    hidden: usize,
    repeated: usize,
    misplaced: usize,
    roots: usize,
    is_foreign: bool,
    is_refused: bool,
}

impl<'a> Guard<'a> {
    const fn is_over(&self) -> bool {
        self.is_refused
            || self.open.len() + self.hidden > MAX_DEPTH
            || self.formatting.len() > MAX_DEPTH
            || self.repeated > MAX_REPEATED
            || self.misplaced > MAX_MISPLACED
            || self.roots > MAX_ROOTS
    }

    fn text(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.count_content(1 + text.bytes().filter(|&byte| byte == b'&').count());
        }
    }

    /// Content makes the parser open unclosed formatting again, and moves out of a table.
    fn count_content(&mut self, pieces: usize) {
        self.repeated += self.formatting.iter().rev().take_while(|entry| entry.is_some()).count();
        if self.innermost(|name| contains(BOUNDARIES, name)).is_some_and(|at| self.is_at(at, "table")) {
            self.misplaced += pieces;
        }
    }

    /// Text that is no markup here, but might be where the parser is.
    fn raw(&mut self, text: &'a str) {
        self.is_refused |= self.is_foreign;
        self.hidden += Tokens::new(text).filter(|token| matches!(token, Token::Start(_))).count();
    }

    fn start(&mut self, tag: Tag<'a>) {
        let name = tag.name;
        self.is_refused |= tag.attributes().nth(MAX_ATTRIBUTES).is_some();
        if contains(&["html", "body", "head"], name) {
            self.roots += 1;
            return;
        }
        if contains(&["svg", "math"], name) {
            self.is_foreign = true;
        }
        if contains(TABLE_PARTS, name) || contains(CELLS, name) || tag.is("col") {
            self.start_table_part(name);
            return;
        }
        if contains(BLOCKS, name) || tag.is("table") || tag.is("hr") {
            self.close_paragraph();
        }
        self.count_content(1);
        if is_raw(name) || contains(VOID, name) {
            return;
        }
        self.close_item(name);
        if contains(FORMATTING, name) {
            self.add_formatting(tag);
        } else if contains(&["applet", "marquee", "object"], name) {
            self.formatting.push(None);
        }
        self.open.push(name);
    }

    fn start_table_part(&mut self, name: &'a str) {
        let Some(table) = self.innermost(|open| contains(&["table", "template"], open)) else {
            return;
        };
        if let Some(cell) = self.innermost(|open| contains(CELLS, open)).filter(|&cell| cell > table) {
            self.close_to(cell);
        } else {
            self.open.truncate(table + 1);
        }
        if contains(CELLS, name) {
            self.formatting.push(None);
            self.open.push(name);
        }
    }

    fn add_formatting(&mut self, tag: Tag<'a>) {
        if tag.is("a") || tag.is("nobr") {
            self.end_formatting(tag.name);
        }
        let since_cell = self.formatting.iter().rposition(Option::is_none).map_or(0, |cell| cell + 1);
        let same = |entry: &Option<Tag<'a>>| *entry == Some(tag);
        let entries = self.formatting.get(since_cell..).unwrap_or_default();
        if entries.iter().filter(|entry| same(entry)).count() >= 3
            && let Some(oldest) = entries.iter().position(same)
        {
            self.formatting.remove(since_cell + oldest);
        }
        self.formatting.push(Some(tag));
    }

    fn end(&mut self, name: &str) {
        if contains(FORMATTING, name) {
            self.end_formatting(name);
        } else if contains(BLOCKS, name) {
            let reach = self.innermost(|open| contains(BOUNDARIES, open) && !open.eq_ignore_ascii_case(name));
            self.close_matching(name, reach);
        } else if name.eq_ignore_ascii_case("table") {
            self.close_matching(name, self.innermost(|open| open.eq_ignore_ascii_case("template")));
        } else if contains(CELLS, name) {
            self.close_matching(name, self.innermost(|open| contains(&["table", "template"], open)));
        } else if !contains(TABLE_PARTS, name) {
            let is_wall = |open: &str| contains(BOUNDARIES, open) || contains(BLOCKS, open);
            self.close_matching(name, self.innermost(|open| is_wall(open) && !open.eq_ignore_ascii_case(name)));
        }
    }

    /// Removes the last formatting element of this name; what stands inside it stays open.
    fn end_formatting(&mut self, name: &str) {
        let is_it = |entry: &Option<Tag<'a>>| entry.is_none_or(|tag| tag.is(name));
        if let Some(at) = self.formatting.iter().rposition(is_it)
            && self.formatting.get(at).is_some_and(Option::is_some)
        {
            self.formatting.remove(at);
        }
        let found = self.innermost(|open| contains(BOUNDARIES, open) || open.eq_ignore_ascii_case(name));
        if let Some(at) = found.filter(|&at| self.is_at(at, name)) {
            self.open.remove(at);
        }
    }

    /// A paragraph ends where a block begins.
    fn close_paragraph(&mut self) {
        let reach = self.innermost(|open| contains(BOUNDARIES, open) || open.eq_ignore_ascii_case("button"));
        self.close_matching("p", reach);
    }

    /// A list item ends where the next one begins.
    fn close_item(&mut self, name: &str) {
        let kin: &[&str] = match name.to_ascii_lowercase().as_str() {
            "li" => &["li"],
            "dd" | "dt" => &["dd", "dt"],
            "option" | "optgroup" => &["option"],
            "rt" | "rp" | "rb" | "rtc" => &["rt", "rp", "rb"],
            _ => return,
        };
        let is_wall = |open: &str| {
            (contains(BLOCKS, open) || contains(BOUNDARIES, open)) && !contains(&["address", "div", "p"], open)
        };
        if let Some(at) = self.innermost(|open| contains(kin, open) || is_wall(open))
            && self.open.get(at).is_some_and(|open| contains(kin, open))
        {
            self.close_to(at);
        }
    }

    fn innermost(&self, is_it: impl Fn(&str) -> bool) -> Option<usize> {
        self.open.iter().rposition(|open| is_it(open))
    }

    fn is_at(&self, at: usize, name: &str) -> bool {
        self.open.get(at).is_some_and(|open| open.eq_ignore_ascii_case(name))
    }

    /// Closes the last element of this name and everything in it, if it is inside `reach`.
    fn close_matching(&mut self, name: &str, reach: Option<usize>) {
        if let Some(at) = self.innermost(|open| open.eq_ignore_ascii_case(name))
            && reach.is_none_or(|reach| at > reach)
        {
            self.close_to(at);
        }
    }

    fn close_to(&mut self, at: usize) {
        let is_marker = |open: &&str| contains(CELLS, open) || contains(&["applet", "marquee", "object"], open);
        let markers = self.open.get(at..).unwrap_or_default().iter().filter(|open| is_marker(open)).count();
        for _ in 0..markers {
            let marker = self.formatting.iter().rposition(Option::is_none).unwrap_or(0);
            self.formatting.truncate(marker);
        }
        self.open.truncate(at);
    }
}
