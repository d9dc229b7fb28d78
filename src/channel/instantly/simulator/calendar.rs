//! Local time in the simulated world: business hours, and dates as people and mail programs write them.
//!
//! The zones are POSIX rules instead of names from the time zone database, so that the payload stream of a seed does not
//! depend on what is installed on the machine.

use std::fmt::Write;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::dice::Dice;

/// One minute in milliseconds.
pub(super) const MINUTE_MS: i64 = 60_000;
/// One hour in milliseconds.
pub(super) const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day in milliseconds.
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;

/// The time zones that occur.
#[derive(Clone, Debug)]
pub(super) struct Zones {
    /// Zurich, Berlin, Vienna, Paris, Rome.
    pub(super) central_europe: TimeZone,
    /// London.
    pub(super) london: TimeZone,
    /// New York.
    pub(super) new_york: TimeZone,
}

impl Zones {
    /// Reads the rules.
    pub(super) fn new() -> Self {
        Self {
            central_europe: zone("CET-1CEST,M3.5.0,M10.5.0/3"),
            london: zone("GMT0BST,M3.5.0/1,M10.5.0"),
            new_york: zone("EST5EDT,M3.2.0,M11.1.0"),
        }
    }
}

fn zone(rule: &str) -> TimeZone {
    TimeZone::posix(rule).unwrap_or(TimeZone::UTC)
}

/// The wall clock at an instant.
pub(super) fn local(at_ms: i64, zone: &TimeZone) -> DateTime {
    let timestamp = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    zone.to_datetime(timestamp)
}

/// The instant of a wall clock reading.
pub(super) fn instant(at: DateTime, zone: &TimeZone) -> i64 {
    zone.to_timestamp(at).map_or(0, Timestamp::as_millisecond)
}

/// `at_ms` itself if somebody is at work then, else some time in the morning of the next working day.
pub(super) fn business_time(at_ms: i64, zone: &TimeZone, dice: &mut Dice) -> i64 {
    let now = local(at_ms, zone);
    let mut date = now.date();
    if is_working_day(date) {
        if (8..18).contains(&now.hour()) || dice.chance(0.04) {
            return at_ms;
        }
        if now.hour() < 8 {
            return morning(date, zone, dice).max(at_ms);
        }
    }
    for _ in 0..4 {
        date = date.saturating_add(1.day());
        if is_working_day(date) {
            break;
        }
    }
    morning(date, zone, dice).max(at_ms)
}

fn morning(date: Date, zone: &TimeZone, dice: &mut Dice) -> i64 {
    let offset_ms = dice.between(0, 4 * HOUR_MS).min(dice.between(0, 6 * HOUR_MS));
    instant(date.at(7, 40, 0, 0), zone).saturating_add(offset_ms)
}

fn is_working_day(date: Date) -> bool {
    date.weekday().to_monday_zero_offset() < 5
}

/// The working day that is `days` working days after `date`.
pub(super) fn working_day_after(date: Date, days: i64) -> Date {
    let mut day = date;
    let mut left = days;
    while left > 0 {
        day = day.saturating_add(1.day());
        if is_working_day(day) {
            left -= 1;
        }
    }
    day
}

/// ISO 8601 in UTC with milliseconds, as every time of the service is written.
pub(super) fn iso(at_ms: i64) -> String {
    let at = local(at_ms, &TimeZone::UTC);
    let mut text = String::with_capacity(24);
    write_date_iso(&mut text, at.date());
    text.push('T');
    two_digits(&mut text, at.hour());
    text.push(':');
    two_digits(&mut text, at.minute());
    text.push(':');
    two_digits(&mut text, at.second());
    text.push('.');
    put(&mut text, format_args!("{:03}", at.millisecond()));
    text.push('Z');
    text
}

/// The date part of [`iso`].
pub(super) fn write_date_iso(out: &mut String, date: Date) {
    put(out, format_args!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()));
}

/// `09:05`.
pub(super) fn write_time(out: &mut String, hour: i8, minute: i8) {
    two_digits(out, hour);
    out.push(':');
    two_digits(out, minute);
}

fn two_digits(out: &mut String, number: i8) {
    let number = u8::try_from(number).unwrap_or(0);
    out.push(char::from(b'0' + number / 10 % 10));
    out.push(char::from(b'0' + number % 10));
}

/// Writes into a string, which cannot fail.
pub(super) fn put(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    if out.write_fmt(arguments).is_err() {
        debug_assert!(false, "writing to a string cannot fail");
    }
}
