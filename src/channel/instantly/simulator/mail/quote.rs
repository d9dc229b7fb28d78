//! Quoted history below a reply.

use jiff::civil::DateTime;

use super::{Mail, Program, html};
use crate::channel::instantly::simulator::calendar::{local, put, write_time};
use crate::channel::instantly::simulator::text::scene::{month, weekday};
use crate::channel::instantly::simulator::text::{Language, Scene};
use crate::channel::instantly::simulator::world::World;

/// The mail that is answered.
#[derive(Debug)]
pub(in crate::channel::instantly::simulator) struct Quoted<'mail> {
    /// Its content.
    pub(in crate::channel::instantly::simulator) mail: &'mail Mail,
    /// When it was sent, on the clock of whoever quotes it.
    pub(in crate::channel::instantly::simulator) at: DateTime,
}

impl<'mail> Quoted<'mail> {
    /// Quotes a mail that was sent at a time.
    pub(in crate::channel::instantly::simulator) fn new(
        mail: &'mail Mail,
        at_ms: i64,
        scene: &Scene<'_>,
        world: &World,
    ) -> Self {
        Self { mail, at: local(at_ms, scene.lead.zone(world)) }
    }
}

/// Appends the quoted mail as plain text.
pub(super) fn push_text(text: &mut String, program: Program, quoted: &Quoted<'_>, scene: &Scene<'_>) {
    text.push('\n');
    if program == Program::Outlook {
        push_outlook_block(text, quoted, scene, ["", "", "\n"]);
        text.push('\n');
        text.push_str(&quoted.mail.text);
        return;
    }
    push_introduction(text, program, quoted, scene, &format!("<{}>", scene.mailbox.address));
    text.push('\n');
    if program == Program::Gmail {
        text.push('\n');
    }
    for line in quoted.mail.text.lines() {
        push_quoted_line(text, line);
    }
}

/// Appends a line with marks, folded as mail programs fold it.
fn push_quoted_line(text: &mut String, line: &str) {
    const WIDTH: usize = 76;
    if line.starts_with('>') {
        put(text, format_args!(">{line}\n"));
        return;
    }
    text.push('>');
    let mut width = 1;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        if width > 1 && width + 1 + word.len() > WIDTH {
            text.push_str("\n>");
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + word.len();
    }
    text.push('\n');
}

/// Appends the quoted mail as HTML.
pub(super) fn push_html(out: &mut String, program: Program, quoted: &Quoted<'_>, scene: &Scene<'_>) {
    let address = &scene.mailbox.address;
    let link = format!("&lt;<a href=\"mailto:{address}\">{address}</a>&gt;");
    match program {
        Program::Outlook => {
            out.push_str("<div style=\"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm\"><p class=\"MsoNormal\">");
            push_outlook_block(out, quoted, scene, ["<b>", "</b>", "<br>\n"]);
            put(out, format_args!("</p></div><p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p>{}", quoted.mail.html));
        }
        Program::Gmail => {
            out.push_str("<br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">");
            push_introduction(out, program, quoted, scene, &link);
            put(
                out,
                format_args!(
                    "<br></div><blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid \
                     rgb(204,204,204);padding-left:1ex\">{}</blockquote></div>",
                    quoted.mail.html
                ),
            );
        }
        Program::AppleMail | Program::Phone => {
            out.push_str("<br><div><blockquote type=\"cite\"><div>");
            push_introduction(out, program, quoted, scene, &link);
            put(
                out,
                format_args!(
                    "</div><br class=\"Apple-interchange-newline\"><div>{}</div></blockquote></div>",
                    quoted.mail.html
                ),
            );
        }
    }
}

/// `Von: … Gesendet: … An: … Betreff: …`; `marks` are put around the labels and at the end of each line.
fn push_outlook_block(out: &mut String, quoted: &Quoted<'_>, scene: &Scene<'_>, marks: [&str; 3]) {
    let [open, close, end] = marks;
    let is_html = !open.is_empty();
    let [from, sent, to, subject] = scene.book().words.outlook;
    let (left, right) = if is_html { ("&lt;", "&gt;") } else { ("<", ">") };
    let (mailbox, lead) = (scene.mailbox, scene.lead);
    put(
        out,
        format_args!(
            "{open}{from}{close}{} {} {left}{}{right}{end}",
            mailbox.first_name, mailbox.last_name, mailbox.address
        ),
    );
    put(out, format_args!("{open}{sent}{close}"));
    push_long_date(out, quoted.at, scene);
    put(
        out,
        format_args!("{end}{open}{to}{close}{} {} {left}{}{right}{end}", lead.first_name, lead.last_name, lead.email),
    );
    put(out, format_args!("{open}{subject}{close}"));
    if is_html {
        html::push_escaped(out, &quoted.mail.subject);
    } else {
        out.push_str(&quoted.mail.subject);
    }
    out.push_str(end);
}

/// `Dienstag, 3. November 2026 09:14` and its like.
fn push_long_date(out: &mut String, at: DateTime, scene: &Scene<'_>) {
    let book = scene.book();
    let (weekday, month) = (weekday(&book.weekdays, at.date()), month(&book.months, at.date()));
    match scene.language {
        Language::German => put(out, format_args!("{weekday}, {}. {month} {} ", at.day(), at.year())),
        Language::French | Language::Italian => put(out, format_args!("{weekday} {} {month} {} ", at.day(), at.year())),
        Language::English => {
            put(out, format_args!("{weekday}, {month} {}, {} ", at.day(), at.year()));
            push_english_time(out, at);
            return;
        }
    }
    write_time(out, at.hour(), at.minute());
}

/// `Am Di., 3. Nov. 2026 um 09:14 Uhr schrieb Lea Brunner <…>:` and its like; `address` comes with its brackets.
fn push_introduction(out: &mut String, program: Program, quoted: &Quoted<'_>, scene: &Scene<'_>, address: &str) {
    let (book, at) = (scene.book(), quoted.at);
    let name = format_args!("{} {}", scene.mailbox.first_name, scene.mailbox.last_name);
    let (day, year) = (at.day(), at.year());
    let (weekday, month) = (weekday(&book.weekdays_short, at.date()), month(&book.months_short, at.date()));
    let mut time = String::with_capacity(8);
    write_time(&mut time, at.hour(), at.minute());
    match (scene.language, program == Program::Gmail) {
        (Language::German, true) => {
            put(out, format_args!("Am {weekday}, {day}. {month} {year} um {time} Uhr schrieb {name} {address}:"));
        }
        (Language::German, false) => {
            put(out, format_args!("Am {day:02}.{:02}.{year} um {time} schrieb {name} {address}:", at.month()));
        }
        (Language::French, true) => {
            put(out, format_args!("Le {weekday} {day} {month} {year} à {time}, {name} {address} a écrit :"));
        }
        (Language::French, false) => {
            put(out, format_args!("Le {day} {month} {year} à {time}, {name} {address} a écrit :"));
        }
        (Language::Italian, true) => put(
            out,
            format_args!("Il giorno {weekday} {day} {month} {year} alle ore {time} {name} {address} ha scritto:"),
        ),
        (Language::Italian, false) => {
            put(out, format_args!("Il giorno {day} {month} {year}, alle ore {time}, {name} {address} ha scritto:"));
        }
        (Language::English, true) => {
            put(out, format_args!("On {weekday}, {month} {day}, {year} at "));
            push_english_time(out, at);
            put(out, format_args!(" {name} {address} wrote:"));
        }
        (Language::English, false) => {
            put(out, format_args!("On {day} {month} {year}, at {time}, {name} {address} wrote:"));
        }
    }
}

fn push_english_time(out: &mut String, at: DateTime) {
    let half = if at.hour() < 12 { "AM" } else { "PM" };
    let hour = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    put(out, format_args!("{hour}:{:02} {half}", at.minute()));
}
