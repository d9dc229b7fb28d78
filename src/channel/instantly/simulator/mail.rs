//! Mail as it looks on the wire: outreach letters, and replies with signature and quoted history in the ways of Outlook,
//! Gmail, Apple Mail and a phone.
//!
//! A lead always uses the same program. The plain text and the HTML of one mail say the same thing.

mod html;
mod quote;
mod signature;

use super::calendar::put;
use super::dice::{Dice, Purpose};
use super::text::{Intent, Scene, render};
use super::world::{Lead, Region};
pub(super) use quote::Quoted;

/// A mail's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mail {
    /// The subject.
    pub(super) subject: String,
    /// The plain text.
    pub(super) text: String,
    /// The HTML.
    pub(super) html: String,
}

/// The mail program a lead writes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// Outlook with Exchange: header block, no marks before quoted lines.
    Outlook,
    /// Gmail: one introducing line, `>` before quoted lines.
    Gmail,
    /// Apple Mail: the same with another date.
    AppleMail,
    /// A phone: short, without signature.
    Phone,
}

impl Program {
    /// The program of a lead.
    pub(super) fn of(lead: &Lead) -> Self {
        match lead.id.as_bytes().last().copied().unwrap_or(0) % 16 {
            0..8 => Self::Outlook,
            8..12 => Self::Gmail,
            12..14 => Self::AppleMail,
            _ => Self::Phone,
        }
    }
}

/// The outreach mail of a step and variant, both counted from 1. Repeats itself for the same scene and dice.
pub(super) fn letter(scene: &Scene<'_>, step: u8, variant: u8, dice: &mut Dice) -> Mail {
    let book = scene.book();
    let mut mail = Mail { subject: subject(scene, step, variant, dice), ..Mail::default() };
    let Some(letter) = book.letter(step, variant) else {
        return mail;
    };
    let mut paragraph = String::new();
    for skeleton in letter.paragraphs {
        paragraph.clear();
        render(&mut paragraph, skeleton, scene, dice);
        html::push_letter_paragraph(&mut mail.html, &paragraph);
        html::push_text_of(&mut mail.text, &paragraph);
        mail.text.push_str("\n\n");
    }
    push_sender_signature(&mut mail, scene);
    html::push_tracking_pixel(&mut mail.html, scene, dice);
    mail
}

fn subject(scene: &Scene<'_>, step: u8, variant: u8, dice: &mut Dice) -> String {
    let book = scene.book();
    let own = book.letter(step, variant).map_or("", |letter| letter.subject);
    let mut subject = String::new();
    let skeleton = if own.is_empty() && step > 1 {
        subject.push_str("Re: ");
        book.letter(1, variant).map_or("", |letter| letter.subject)
    } else {
        own
    };
    let mut rendered = String::new();
    render(&mut rendered, skeleton, scene, dice);
    push_capitalised(&mut subject, &rendered);
    subject
}

fn push_sender_signature(mail: &mut Mail, scene: &Scene<'_>) {
    let mailbox = scene.mailbox;
    let name = format!("{} {}", mailbox.first_name, mailbox.last_name);
    let company = super::world::SENDER_COMPANY;
    let closing = scene.book().sender_closing;
    put(&mut mail.text, format_args!("{closing}\n{name}\n\n{company}\nwww.alpenblick-software.example\n"));
    put(
        &mut mail.html,
        format_args!(
            "<div>{closing}<br />{name}</div><div><br /></div><div style=\"color:#666\"><strong>{company}</strong><br />\
             <a href=\"https://www.alpenblick-software.example\">www.alpenblick-software.example</a></div>"
        ),
    );
}

/// What our side wrote back by hand before the lead's second reply.
pub(super) fn answer(scene: &Scene<'_>, subject: &str, dice: &mut Dice) -> Mail {
    let mut body = String::new();
    let skeleton = dice.pick(scene.book().answers);
    render(&mut body, skeleton, scene, dice);
    body.push_str("\n\n");
    let mut mail = Mail { subject: subject.to_owned(), ..Mail::default() };
    for paragraph in body.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        html::push_letter_paragraph(&mut mail.html, paragraph);
    }
    mail.text = body;
    push_sender_signature(&mut mail, scene);
    mail
}

/// What a lead, or the machine of the lead, writes back. Only people quote what they answer.
pub(super) fn reply(scene: &Scene<'_>, intent: Intent, quoted: &Quoted<'_>, dice: &mut Dice) -> Mail {
    let program = Program::of(scene.lead);
    let subject = reply_subject(scene, intent, quoted.mail.subject.as_str(), dice);
    let mut text = String::with_capacity(1024 + quoted.mail.text.len() * 2);
    if intent.is_automatic() {
        let mut body = String::new();
        let skeleton = dice.pick(scene.book().replies(intent));
        render(&mut body, skeleton, scene, dice);
        push_capitalised(&mut text, &body);
        if intent == Intent::OutOfOffice {
            text.push_str("\n\n");
            let closing = dice.pick(scene.book().closings);
            render(&mut text, closing, scene, dice);
            text.push('\n');
            signature::push(&mut text, scene, Program::Outlook, &mut habits(scene.lead));
        }
        let text = localised(text, scene.lead.region);
        let html = html::automatic(&text, scene);
        return Mail { subject, text, html };
    }
    push_human_text(&mut text, scene, intent, dice);
    text = localised(text, scene.lead.region);
    let mut html = html::opening(program, scene);
    html::push_body(&mut html, program, &text, scene);
    text.push('\n');
    let mut habits = habits(scene.lead);
    signature::push(&mut text, scene, program, &mut habits.clone());
    html::push_signature(&mut html, program, scene, &mut habits);
    quote::push_text(&mut text, program, quoted, scene);
    quote::push_html(&mut html, program, quoted, scene);
    html.push_str(html::closing(program));
    Mail { subject, text, html }
}

/// Greeting, body, sometimes a postscript, and closing.
fn push_human_text(text: &mut String, scene: &Scene<'_>, intent: Intent, dice: &mut Dice) {
    let book = scene.book();
    let has_greeting = !dice.chance(0.08);
    if has_greeting {
        let greeting = dice.pick(book.greetings);
        render(text, greeting, scene, dice);
        text.push_str("\n\n");
    }
    let mut body = String::with_capacity(400);
    let skeleton = dice.pick(book.replies(intent));
    render(&mut body, skeleton, scene, dice);
    // After a comma German goes on in lower case; all other languages, and German after a full stop, do not.
    let goes_on = scene.language == super::text::Language::German && text.ends_with(",\n\n");
    if goes_on && !body.starts_with("STOP") {
        text.push_str(&body);
    } else {
        push_capitalised(text, &body);
    }
    let postscript = dice.pick(book.postscripts);
    if !postscript.is_empty() && !matches!(intent, Intent::Unsubscribe | Intent::NotInterested) {
        text.push_str("\n\n");
        render(text, postscript, scene, dice);
    }
    text.push_str("\n\n");
    let closing = dice.pick(book.closings);
    render(text, closing, scene, dice);
}

/// Dice that fall the same way for every mail of a lead: nobody changes their signature from mail to mail.
fn habits(lead: &Lead) -> Dice {
    let (_, random) = lead.id.as_u64_pair();
    Dice::new(random, Purpose::Lead, 1)
}

/// German as it is written in the country: no ß in Switzerland, no Swiss words elsewhere.
fn localised(text: String, region: Region) -> String {
    const ELSEWHERE: [(&str, &str); 5] = [
        ("Grüsse", "Grüße"),
        ("Grüezi", "Guten Tag"),
        ("Offerten", "Angebote"),
        ("Natel", "Mobil"),
        ("Entscheide ", "Entscheidungen "),
    ];
    match region {
        Region::SwissGerman if text.contains('ß') => text.replace('ß', "ss"),
        Region::Germany | Region::Austria => ELSEWHERE
            .iter()
            .fold(text, |text, (swiss, other)| if text.contains(swiss) { text.replace(swiss, other) } else { text }),
        _ => text,
    }
}

fn reply_subject(scene: &Scene<'_>, intent: Intent, original: &str, dice: &mut Dice) -> String {
    let words = &scene.book().words;
    let prefix = dice.pick(match intent {
        Intent::OutOfOffice => words.away_prefix,
        Intent::Bounce => words.bounce_prefix,
        _ => words.reply_prefix,
    });
    format!("{prefix}{}", original.strip_prefix("Re: ").unwrap_or(original))
}

fn push_capitalised(out: &mut String, text: &str) {
    let mut letters = text.chars();
    if let Some(first) = letters.next() {
        out.extend(first.to_uppercase());
        out.push_str(letters.as_str());
    }
}

/// Puts the lead's first reply under our answer, as far as it was the lead's own text.
pub(super) fn quote_first_reply(answer: &mut Mail, first: &Mail) {
    answer.text.push('\n');
    for line in first.text.lines().take_while(|line| !line.starts_with('>')).take(12) {
        put(&mut answer.text, format_args!("> {line}\n"));
    }
    answer.html.push_str(
        "<blockquote class=\"gmail_quote\" style=\"margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex\">",
    );
    for line in first.text.lines().take_while(|line| !line.starts_with('>')).take(12) {
        answer.html.push_str("<div>");
        html::push_escaped(&mut answer.html, line);
        answer.html.push_str("</div>");
    }
    answer.html.push_str("</blockquote>");
}
