//! [`Scene`]: who writes to whom about what, and when; the source of every slot in a text.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Language, Phrasebook};
use crate::channel::instantly::simulator::calendar::{local, put, working_day_after, write_time};
use crate::channel::instantly::simulator::dice::Dice;
use crate::channel::instantly::simulator::world::{Campaign, Lead, Mailbox, SENDER_COMPANY, World, ascii};

/// The circumstances of one message.
#[derive(Debug)]
pub(in crate::channel::instantly::simulator) struct Scene<'world> {
    /// The person written to or answering.
    pub(in crate::channel::instantly::simulator) lead: &'world Lead,
    /// The sender on our side.
    pub(in crate::channel::instantly::simulator) mailbox: &'world Mailbox,
    /// The campaign.
    pub(in crate::channel::instantly::simulator) campaign: &'world Campaign,
    /// The language of the message.
    pub(in crate::channel::instantly::simulator) language: Language,
    day: Date,
    other_day: Date,
    return_day: Date,
    month: usize,
    quarter: (i8, i16),
    times: [(i8, i8); 2],
    numbers: [i64; 3],
    vendor: &'static str,
}

impl<'world> Scene<'world> {
    /// The scene of a message that `lead` and `mailbox` exchange at a time; days and numbers are drawn from the dice.
    pub(in crate::channel::instantly::simulator) fn new(
        world: &'world World,
        (lead, campaign, mailbox): (&'world Lead, &'world Campaign, &'world Mailbox),
        at_ms: i64,
        dice: &mut Dice,
    ) -> Self {
        let today = local(at_ms, lead.zone(world)).date();
        let day = working_day_after(today, dice.between(1, 5));
        let later = today.saturating_add(dice.between(60, 150).days());
        let language = lead.language();
        let hours = [(dice.between(8, 11), dice.below(4)), (dice.between(13, 16), dice.below(4))];
        Self {
            lead,
            mailbox,
            campaign,
            language,
            day,
            other_day: working_day_after(day, dice.between(1, 3)),
            return_day: working_day_after(today, dice.between(2, 14)),
            month: usize::try_from(later.month()).unwrap_or(1).saturating_sub(1),
            quarter: (later.month().saturating_sub(1) / 3 + 1, later.year()),
            times: hours
                .map(|(hour, quarter)| (i8::try_from(hour).unwrap_or(9), i8::try_from(quarter * 15).unwrap_or(0))),
            numbers: [dice.between(3, 25), dice.between(4, 60) * 10, dice.between(10, 49) * 1000],
            vendor: dice.pick(language.phrasebook().vendors),
        }
    }

    /// The phrases of the scene's language.
    pub(in crate::channel::instantly::simulator) const fn book(&self) -> &'static Phrasebook {
        self.language.phrasebook()
    }

    /// Appends the value of a slot; an unknown slot is written as it stands, so that tests find it.
    pub(super) fn write_slot(&self, out: &mut String, name: &str) {
        match name {
            "first" => out.push_str(self.lead.first_name),
            "last" => out.push_str(self.lead.last_name),
            "me" => put(out, format_args!("{} {}", self.lead.first_name, self.lead.last_name)),
            "lead_dear" => self.write_dear(out, self.lead.last_name, self.lead.is_woman),
            "title" => out.push_str(self.lead.title),
            "company" => out.push_str(&self.lead.company.name),
            "city" => out.push_str(self.lead.company.town),
            "email" => out.push_str(&self.lead.email),
            "phone" => out.push_str(&self.lead.phone),
            "mobile" => out.push_str(&self.lead.mobile),
            "sender" => put(out, format_args!("{} {}", self.mailbox.first_name, self.mailbox.last_name)),
            "sender_first" => out.push_str(self.mailbox.first_name),
            "dear" => self.write_dear(out, self.mailbox.last_name, self.mailbox.is_woman),
            "our_company" => out.push_str(SENDER_COMPANY),
            "product" => out.push_str(self.campaign.product),
            "topic" => out.push_str(self.campaign.topic),
            "vendor" => out.push_str(self.vendor),
            _ => self.write_other_slot(out, name),
        }
    }

    fn write_other_slot(&self, out: &mut String, name: &str) {
        let [few, many, money] = self.numbers;
        match name {
            "colleague" => put(out, format_args!("{} {}", self.lead.colleague.0, self.lead.colleague.1)),
            "colleague_dear" => self.write_dear(out, self.lead.colleague.1, self.lead.colleague.2),
            // German bends the title: "an Herrn Keller".
            "colleague_herrn" => {
                let title = if self.lead.colleague.2 { "Frau" } else { "Herrn" };
                put(out, format_args!("{title} {}", self.lead.colleague.1));
            }
            "colleague_mail" => {
                let (first, last, _) = self.lead.colleague;
                put(out, format_args!("{}.{}@{}", ascii(first), ascii(last), self.lead.company.domain));
            }
            "day" => self.write_weekday(out, self.day),
            "date" => self.write_date(out, self.day),
            "day2" => self.write_weekday(out, self.other_day),
            "date2" => self.write_date(out, self.other_day),
            "return_day" => self.write_weekday(out, self.return_day),
            "return_date" => self.write_date(out, self.return_day),
            "time" => write_time(out, self.times[0].0, self.times[0].1),
            "time2" => write_time(out, self.times[1].0, self.times[1].1),
            "month" => out.push_str(self.book().months.get(self.month).copied().unwrap_or_default()),
            "quarter" => put(out, format_args!("Q{} {}", self.quarter.0, self.quarter.1)),
            "few" => put(out, format_args!("{few}")),
            "many" => put(out, format_args!("{many}")),
            "money" => self.write_money(out, money),
            _ => put(out, format_args!("{{{name}}}")),
        }
    }

    fn write_dear(&self, out: &mut String, last_name: &str, is_woman: bool) {
        let title = match (self.language, is_woman) {
            (Language::German, true) => "Frau",
            (Language::German, false) => "Herr",
            (Language::French, true) => "Madame",
            (Language::French, false) => "Monsieur",
            (Language::Italian, true) => "Signora",
            (Language::Italian, false) => "Signor",
            (Language::English, true) => "Ms",
            (Language::English, false) => "Mr",
        };
        put(out, format_args!("{title} {last_name}"));
    }

    fn write_weekday(&self, out: &mut String, date: Date) {
        out.push_str(weekday(&self.book().weekdays, date));
    }

    fn write_date(&self, out: &mut String, date: Date) {
        let month = month(&self.book().months, date);
        let dot = if self.language == Language::German { "." } else { "" };
        put(out, format_args!("{}{dot} {month}", date.day()));
    }

    fn write_money(&self, out: &mut String, money: i64) {
        let (currency, mark) = match self.lead.region.country() {
            "CH" => ("CHF", "'"),
            "GB" => ("GBP", ","),
            "US" => ("USD", ","),
            _ => ("EUR", "."),
        };
        put(out, format_args!("{currency} {}{mark}{:03}", money / 1000, money % 1000));
    }
}

/// The name of a date's weekday.
pub(in crate::channel::instantly::simulator) fn weekday(names: &[&'static str; 7], date: Date) -> &'static str {
    let index = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    names.get(index).copied().unwrap_or_default()
}

/// The name of a date's month.
pub(in crate::channel::instantly::simulator) fn month(names: &[&'static str; 12], date: Date) -> &'static str {
    let index = usize::try_from(date.month()).unwrap_or(1).saturating_sub(1);
    names.get(index).copied().unwrap_or_default()
}
