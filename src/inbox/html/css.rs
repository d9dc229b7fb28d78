//! Inline styles: declarations of known properties with values of a closed form.
//!
//! A value is letters, digits and a few marks; no quote, backslash, comment, bracket or at sign, so that it means the
//! same to every reader; and the only functions are colours and `calc`. What loads, moves out of the flow or runs
//! cannot be written that way. Font names lose their quotes, which CSS allows. Rejected: keeping more by parsing CSS;
//! the gain is decoration.

/// Properties that change how something looks and nothing else.
pub(super) const PROPERTIES: &[&str] = &[
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "clear",
    "color",
    "direction",
    "display",
    "empty-cells",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style",
    "list-style-position",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "opacity",
    "overflow",
    "overflow-wrap",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "visibility",
    "white-space",
    "width",
    "word-break",
    "word-spacing",
    "word-wrap",
];

const FUNCTIONS: &[&str] = &["rgb", "rgba", "hsl", "hsla", "calc"];

/// Longest value.
const MAX_BYTES: usize = 300;

/// The declarations of `style` that may stay, in one spelling.
pub(super) fn filter(style: &str) -> String {
    let mut filtered = String::new();
    for declaration in style.split(';') {
        let Some((property, value)) = declaration.split_once(':') else {
            continue;
        };
        let property = property.trim().to_ascii_lowercase();
        let value = value.replace(['"', '\''], " ").to_lowercase();
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if PROPERTIES.contains(&property.as_str()) && is_safe(&value) {
            for part in [property.as_str(), ":", value.as_str(), ";"] {
                filtered.push_str(part);
            }
        }
    }
    filtered.truncate(filtered.trim_end_matches(';').len());
    filtered
}

fn is_safe(value: &str) -> bool {
    let is_known = |c: char| {
        c.is_alphanumeric() || matches!(c, ' ' | '#' | '%' | '.' | ',' | '-' | '+' | '*' | '/' | '(' | ')' | '!')
    };
    !value.is_empty()
        && value.len() <= MAX_BYTES
        && value.chars().all(is_known)
        && !value.contains("/*")
        && !value.contains("*/")
        && has_known_functions(value)
}

fn has_known_functions(value: &str) -> bool {
    let mut depth = 0_usize;
    let mut word = String::new();
    for c in value.chars() {
        match c {
            '(' => {
                let is_group = word.is_empty() && depth > 0;
                if !is_group && !FUNCTIONS.contains(&word.as_str()) {
                    return false;
                }
                depth += 1;
                word.clear();
            }
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            c if c.is_alphanumeric() || c == '-' => word.push(c),
            _ => word.clear(),
        }
    }
    depth == 0
}
