//! A message's HTML, made safe to show: nothing in it runs, loads, submits, or covers the page around it.
//!
//! Contract: what [`sanitise`] returns holds presentational elements only, links to `http`, `https`, `mailto` and
//! `tel` that tell the target nothing, images that are in the message, and remote ones only on demand. It takes any
//! input in bounded time. [`page`] wraps it as a document of its own, to be served with [`frame_csp`] and shown in a
//! sandboxed frame: three locks, each of which would do.
//!
//! Rejected: a sanitiser of our own, because only a parser that builds the tree a browser builds sees what a browser
//! sees; styles from `<style>` blocks, whose selectors and conditions are a language of their own; and showing the
//! mail in the page itself, where one gap would be all that is needed.

mod css;
mod images;
mod sheet;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;

use ammonia::{Builder, UrlRelative};

use super::markup::prepare;
use super::text::text_from_html;

/// Whether images on other servers may be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// Remote images are replaced by their description.
    Blocked,
    /// Remote images are loaded.
    Allowed,
}

/// HTML that is safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sanitised {
    /// The content of a body, without the body.
    pub html: String,
    /// Whether the message has remote images, shown or not; tracking pixels do not count.
    pub has_remote_images: bool,
}

const TAGS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements that go with everything in them; of the others that are not allowed the content stays.
const DROPPED: &[&str] = &[
    "applet", "audio", "canvas", "embed", "frame", "frameset", "head", "iframe", "link", "math", "meta", "base",
    "noembed", "noframes", "noscript", "object", "script", "select", "style", "svg", "template", "textarea", "title",
    "video", "xmp",
];

/// Attributes every element may have.
const ATTRIBUTES: &[&str] = &["align", "bgcolor", "dir", "height", "lang", "style", "title", "valign", "width"];

const TAG_ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("font", &["color", "face", "size"]),
    ("hr", &["color", "noshade", "size"]),
    ("img", &["alt", "border", "hspace", "src", "vspace"]),
    ("li", &["type", "value"]),
    ("ol", &["start", "type"]),
    ("table", &["border", "cellpadding", "cellspacing"]),
    ("td", &["colspan", "nowrap", "rowspan"]),
    ("th", &["colspan", "nowrap", "rowspan"]),
    ("ul", &["type"]),
];

const LINK_SCHEMES: &[&str] = &["http", "https", "mailto", "tel"];

/// Makes a message's HTML safe. A document the parser must not see is shown as its text.
pub fn sanitise(html: &str, images: Images) -> Sanitised {
    match prepare(html) {
        Some(prepared) => images::filter(&builder().clean(&prepared).to_string(), images),
        None => Sanitised { html: as_text(html), has_remote_images: false },
    }
}

fn as_text(html: &str) -> String {
    let text = text_from_html(html).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<pre>{text}</pre>")
}

fn builder() -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .add_tags(TAGS)
        .add_clean_content_tags(DROPPED)
        .add_generic_attributes(ATTRIBUTES)
        .add_url_schemes(LINK_SCHEMES)
        .add_url_schemes(["data"])
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .filter_style_properties(css::PROPERTIES.iter().copied().collect())
        .attribute_filter(filter_attribute);
    for (tag, attributes) in TAG_ATTRIBUTES {
        builder.add_tag_attributes(tag, *attributes);
    }
    builder
}

/// Decides on the value of one allowed attribute.
fn filter_attribute<'a>(element: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match (element, attribute) {
        ("a", "rel" | "target") | (_, "alt" | "title") => Some(Cow::Borrowed(value)),
        (_, "href") => is_link(value).then_some(Cow::Borrowed(value)),
        (_, "src") => images::is_source(value).then_some(Cow::Borrowed(value)),
        (_, "style") => Some(css::filter(value)).filter(|style| !style.is_empty()).map(Cow::Owned),
        ("font", "face") => is_plain(value, &[' ', ',', '-', '_']).then_some(Cow::Borrowed(value)),
        _ => is_plain(value, &['#', '%', '-', '+', '.']).then_some(Cow::Borrowed(value)),
    }
}

fn is_plain(value: &str, marks: &[char]) -> bool {
    value.len() <= 100 && value.chars().all(|c| c.is_alphanumeric() || marks.contains(&c))
}

fn is_link(value: &str) -> bool {
    let scheme: String =
        value.chars().take_while(|c| *c != ':').filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    value.contains(':') && LINK_SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(&scheme))
}

/// The fixed style of [`page`]. Mail that sets colours was made for white paper and gets it in the dark as well.
const STYLE: &str = "\
:root{color-scheme:light dark}\
html{background:#fff;color:#1f2328}\
body{margin:0;padding:12px;font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere}\
img{max-width:100%;height:auto}\
table{max-width:100%}\
pre{white-space:pre-wrap;font:inherit}\
blockquote{margin:0 0 0 4px;padding-left:10px;border-left:2px solid #8c959f;color:#59636e}\
a{color:#0550ae}\
.blocked-image{display:inline-block;min-width:16px;min-height:16px;padding:2px 6px;border:1px dashed #8c959f;\
border-radius:3px;color:#59636e;font-size:12px}\
@media (prefers-color-scheme:dark){\
html.plain{background:#16181c;color:#e6e8eb}\
html.plain a{color:#79b8ff}\
html.plain blockquote,html.plain .blocked-image{color:#a8b1bb}\
html.coloured{color-scheme:light}}";

/// A nonce for one answer: what nobody can foresee cannot be written into a mail.
pub fn random_nonce() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A standalone document that shows `sanitised`. To be served with [`frame_csp`] and the same nonce, which allows the one
/// sheet that the page's own styles and the mail's are in.
pub fn page(sanitised: &Sanitised, nonce: &str) -> String {
    let body = &sanitised.html;
    let has_colours = ["color:", "background", "bgcolor=", "color="].iter().any(|mark| body.contains(mark));
    let class = if has_colours { "coloured" } else { "plain" };
    let sheet::Split { body, rules } = sheet::split(body);
    let mut page = String::with_capacity(body.len() + rules.len() + STYLE.len() + 400);
    let written = write!(
        page,
        "<!doctype html><html class=\"{class}\"><head><meta charset=\"utf-8\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <style nonce=\"{nonce}\">{STYLE}{rules}</style></head><body>{body}</body></html>"
    );
    debug_assert!(written.is_ok(), "writing to a string does not fail");
    page
}

/// The `Content-Security-Policy` a [`page`] is served with.
pub fn frame_csp(images: Images, nonce: &str) -> String {
    let sources = match images {
        Images::Blocked => "data:",
        Images::Allowed => "data: https: http:",
    };
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; img-src {sources}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox allow-same-origin"
    )
}
