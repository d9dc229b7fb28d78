//! Points in time as webhooks, spreadsheets and scripts write them.
//!
//! Taken: RFC 3339 and its relatives (space instead of `T`, any number of fractional digits, offset with or without
//! colon, no zone at all: UTC), seconds or milliseconds since 1970, and HTTP dates. Refused: a date without a time,
//! which would put an event at midnight; and years outside 2000 to 2099, which are mistakes of the sender.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// 2000-01-01 and 2100-01-01, UTC.
const PLAUSIBLE_MS: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;
/// No form of a time is longer.
const MAX_BYTES: usize = 100;

/// The time in UTC milliseconds, or a remark that says why there is none.
pub(super) fn parse_ms(text: &str) -> Result<i64, &'static str> {
    const UNREADABLE: &str = "timestamp unreadable";
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return Err(UNREADABLE);
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return parse_epoch_ms(text).ok_or(UNREADABLE)?;
    }
    let time_ms = parse_iso_ms(text).or_else(|| parse_http_ms(text)).ok_or(UNREADABLE)?;
    check_range(time_ms)
}

fn check_range(time_ms: i64) -> Result<i64, &'static str> {
    if PLAUSIBLE_MS.contains(&time_ms) { Ok(time_ms) } else { Err("timestamp out of range") }
}

/// Seconds, possibly with a fraction, or milliseconds; the plausible ranges of the two do not touch.
fn parse_epoch_ms(text: &str) -> Option<Result<i64, &'static str>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    if fraction.contains('.') {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let as_seconds = whole.checked_mul(1_000).and_then(|time_ms| time_ms.checked_add(millis));
    match as_seconds {
        Some(time_ms) if PLAUSIBLE_MS.contains(&time_ms) => Some(Ok(time_ms)),
        _ => Some(check_range(whole)),
    }
}

fn parse_iso_ms(text: &str) -> Option<i64> {
    if !text.contains(':') {
        return None;
    }
    let text = cut_fraction(text);
    let upper = text.to_ascii_uppercase();
    let text =
        ["UTC", "GMT"].iter().find_map(|zone| upper.strip_suffix(zone)).map(|time| format!("{}Z", time.trim_end()));
    let text = text.unwrap_or(upper);
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let local: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(local).ok().map(Timestamp::as_millisecond)
}

/// Drops fractional digits beyond the ninth.
fn cut_fraction(text: &str) -> String {
    let mut digits = None;
    let mut cut = String::with_capacity(text.len());
    for c in text.chars() {
        digits = match (c, digits) {
            ('.' | ',', _) => Some(0),
            ('0'..='9', Some(count)) => Some(count + 1),
            _ => None,
        };
        if digits.is_none_or(|count| count <= 9) {
            cut.push(c);
        }
    }
    cut
}

fn parse_http_ms(text: &str) -> Option<i64> {
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).ok().map(Timestamp::as_millisecond)
}
