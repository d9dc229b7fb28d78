//! Images of a sanitised message: kept, blocked or dropped.
//!
//! Works on the sanitiser's output, where every attribute is in double quotes and escaped, because whether an image is
//! a tracking pixel is seen only with all its attributes together, and the sanitiser looks at them one by one.

use super::{Images, Sanitised};
use crate::inbox::markup::{Tag, Token, Tokens};

/// Types of images that are pictures and nothing else; SVG can run.
const DATA_TYPES: &[&str] = &["image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp"];

/// Whether an image may have this address: a web address, or a picture in the message.
pub(super) fn is_source(value: &str) -> bool {
    let value = value.trim();
    is_remote(value) || is_picture(value)
}

fn is_remote(value: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| strip_ignoring_case(value, scheme).is_some())
}

fn is_picture(value: &str) -> bool {
    let Some((kind, data)) = strip_ignoring_case(value, "data:").and_then(|rest| rest.split_once(',')) else {
        return false;
    };
    let kind = kind.to_ascii_lowercase();
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\n' | b'\r' | b' ');
    kind.strip_suffix(";base64").is_some_and(|kind| DATA_TYPES.contains(&kind)) && data.bytes().all(is_base64)
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Applies the rules for images to sanitised HTML.
pub(super) fn filter(html: &str, images: Images) -> Sanitised {
    let mut result = Sanitised { html: String::with_capacity(html.len()), has_remote_images: false };
    let mut rest = html;
    while let Some((before, from_tag)) = rest.find("<img").and_then(|at| rest.split_at_checked(at)) {
        result.html.push_str(before);
        let mut tokens = Tokens::new(from_tag);
        if let Some(Token::Start(tag)) = tokens.next() {
            write_image(tag, images, &mut result);
        }
        rest = tokens.rest();
    }
    result.html.push_str(rest);
    result
}

fn write_image(tag: Tag<'_>, images: Images, result: &mut Sanitised) {
    let source = attribute(tag, "src").unwrap_or_default().trim();
    let has_description = attribute(tag, "alt").is_some_and(|alt| !alt.trim().is_empty());
    if is_hidden(tag) || (source.is_empty() && !has_description) {
        return;
    }
    let is_remote = is_remote(source);
    result.has_remote_images |= is_remote;
    let is_shown = !source.is_empty() && (!is_remote || images == Images::Allowed);
    let html = &mut result.html;
    html.push_str(if is_shown { "<img" } else { "<img class=\"blocked-image\"" });
    for (name, value) in tag.attributes().filter(|&(name, _)| is_shown || name != "src") {
        for part in [" ", name, "=\"", value, "\""] {
            html.push_str(part);
        }
    }
    html.push('>');
}

fn attribute<'a>(tag: Tag<'a>, wanted: &str) -> Option<&'a str> {
    tag.attributes().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// Whether nobody is meant to see the image: a tracking pixel.
fn is_hidden(tag: Tag<'_>) -> bool {
    let style = attribute(tag, "style").unwrap_or_default();
    let declarations = style.split(';').filter_map(|declaration| declaration.split_once(':'));
    let is_hiding = |(name, value): (&str, &str)| match name.trim() {
        "width" | "height" | "max-width" | "max-height" => is_tiny(value),
        "display" => value.contains("none"),
        "visibility" => value.contains("hidden") || value.contains("collapse"),
        "opacity" => value.trim_matches(|c| matches!(c, '0' | '.' | ' ' | '%')).is_empty(),
        _ => false,
    };
    let is_small = |name: &str| attribute(tag, name).is_some_and(is_tiny);
    is_small("width") || is_small("height") || declarations.into_iter().any(is_hiding)
}

/// Whether a length is at most one pixel.
fn is_tiny(length: &str) -> bool {
    let length = length.trim();
    let number = length.trim_end_matches(|c: char| c.is_alphabetic() || c == ' ' || c == '!');
    let is_pixels = matches!(
        length.strip_prefix(number).map(str::trim_start),
        Some("" | "px" | "pt" | "px !important" | "px!important")
    );
    number.trim().parse::<f64>().is_ok_and(|size| size <= 0.0 || (is_pixels && size <= 1.0))
}
