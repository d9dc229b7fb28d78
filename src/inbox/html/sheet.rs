//! Style attributes, moved into one sheet.
//!
//! A policy that allows style attributes has to allow every inline style (`'unsafe-inline'`); a sheet it can allow by its
//! nonce. So each different style becomes a class, and elements that looked alike share one. The declarations go through
//! the filter once more where they are written, because in a sheet a stray bracket would reach beyond its element.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::css;
use crate::inbox::markup::{Tag, Token, Tokens};

/// A sanitised body without style attributes, and the rules that stand in for them.
pub(super) struct Split {
    /// The body.
    pub(super) body: String,
    /// The rules.
    pub(super) rules: String,
}

/// Takes the style attributes out of sanitised HTML.
pub(super) fn split(html: &str) -> Split {
    let mut result = Split { body: String::with_capacity(html.len()), rules: String::new() };
    let mut classes = BTreeMap::new();
    let mut tokens = Tokens::new(html);
    let mut rest = html;
    while let Some(token) = tokens.next() {
        let written = rest.get(..rest.len().saturating_sub(tokens.rest().len())).unwrap_or_default();
        match token {
            Token::Start(tag) if tag.attributes().any(|(name, _)| name.eq_ignore_ascii_case("style")) => {
                write_tag(tag, &mut classes, &mut result);
            }
            _ => result.body.push_str(written),
        }
        rest = tokens.rest();
    }
    result
}

fn write_tag(tag: Tag<'_>, classes: &mut BTreeMap<String, usize>, result: &mut Split) {
    let (mut names, mut others) = (Vec::new(), String::new());
    for (name, value) in tag.attributes() {
        match name.to_ascii_lowercase().as_str() {
            "style" => names.extend(class(&css::filter(value), classes, &mut result.rules)),
            "class" => names.push(value.to_owned()),
            _ => {
                for part in [" ", name, "=\"", value, "\""] {
                    others.push_str(part);
                }
            }
        }
    }
    let class = if names.is_empty() { String::new() } else { format!(" class=\"{}\"", names.join(" ")) };
    for part in ["<", tag.name, &class, &others, ">"] {
        result.body.push_str(part);
    }
}

/// The class of some declarations, with its rule written the first time; `None` for no declarations.
fn class(declarations: &str, classes: &mut BTreeMap<String, usize>, rules: &mut String) -> Option<String> {
    if declarations.is_empty() {
        return None;
    }
    let next = classes.len();
    let number = *classes.entry(declarations.to_owned()).or_insert(next);
    if number == next {
        let written = write!(rules, ".s{number}{{{declarations}}}");
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    Some(format!("s{number}"))
}
