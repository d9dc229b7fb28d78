//! Markup as mail programs write it, with all its ballast.

use super::Program;
use crate::channel::instantly::simulator::calendar::put;
use crate::channel::instantly::simulator::dice::Dice;
use crate::channel::instantly::simulator::text::Scene;

/// Appends text with the characters escaped that mean something in HTML.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(position) = rest.find(['&', '<', '>', '"']) {
        let (plain, special) = rest.split_at(position);
        out.push_str(plain);
        let mut letters = special.chars();
        out.push_str(match letters.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            _ => "&quot;",
        });
        rest = letters.as_str();
    }
    out.push_str(rest);
}

/// Appends a paragraph of a letter; it may hold links already.
pub(super) fn push_letter_paragraph(out: &mut String, paragraph: &str) {
    put(out, format_args!("<div>{}</div><div><br /></div>", paragraph.replace("& ", "&amp; ")));
}

/// Appends a paragraph without its tags, links as `text <address>`.
pub(super) fn push_text_of(out: &mut String, paragraph: &str) {
    let mut rest = paragraph;
    while let Some((plain, tag)) = rest.split_once("<a href=\"") {
        out.push_str(plain);
        let (address, after) = tag.split_once("\">").unwrap_or((tag, ""));
        let (label, after) = after.split_once("</a>").unwrap_or((after, ""));
        put(out, format_args!("{label} <{address}>"));
        rest = after;
    }
    out.push_str(rest);
}

/// Appends the invisible image that reports opening.
pub(super) fn push_tracking_pixel(out: &mut String, scene: &Scene<'_>, dice: &mut Dice) {
    let domain = scene.mailbox.address.split('@').nth(1).unwrap_or("alpenblick-software.example");
    put(
        out,
        format_args!(
            "<img src=\"https://inst.{domain}/o/{:016x}.gif\" width=\"1\" height=\"1\" alt=\"\" />",
            dice.bits()
        ),
    );
}

/// What stands before the text.
pub(super) fn opening(program: Program, scene: &Scene<'_>) -> String {
    let mut html = String::with_capacity(4096);
    let (language, country) = (scene.language.code(), scene.lead.region.country());
    match program {
        Program::Outlook => put(
            &mut html,
            format_args!(
                "<html xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
                 xmlns:w=\"urn:schemas-microsoft-com:office:word\" xmlns=\"http://www.w3.org/TR/REC-html40\"><head>\
                 <meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"><meta name=\"Generator\" content=\"Microsoft \
                 Word 15 (filtered medium)\"><style><!--\np.MsoNormal, li.MsoNormal, div.MsoNormal\n\t{{margin:0cm;\n\tfont-size:11.0pt;\n\t\
                 font-family:\"Calibri\",sans-serif;}}\n@page WordSection1\n\t{{size:612.0pt 792.0pt;}}\ndiv.WordSection1\n\t{{page:WordSection1;}}\n--></style>\
                 </head><body lang=\"{}-{country}\" link=\"#0563C1\" vlink=\"#954F72\"><div class=\"WordSection1\">",
                language.to_uppercase()
            ),
        ),
        Program::Gmail => html.push_str("<div dir=\"ltr\">"),
        Program::AppleMail => html.push_str("<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\"></head><body style=\"overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;\">"),
        Program::Phone => html.push_str("<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\"></head><body dir=\"auto\">"),
    }
    html
}

/// What stands after everything.
pub(super) const fn closing(program: Program) -> &'static str {
    match program {
        Program::Outlook => "</div></body></html>",
        Program::Gmail => "</div>",
        Program::AppleMail | Program::Phone => "</body></html>",
    }
}

/// Appends the text itself, line by line.
pub(super) fn push_body(out: &mut String, program: Program, text: &str, scene: &Scene<'_>) {
    let country = scene.lead.region.country();
    for line in text.lines() {
        match (program, line.is_empty()) {
            (Program::Outlook, true) => {
                out.push_str("<p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p>");
            }
            (Program::Outlook, false) => {
                put(
                    out,
                    format_args!(
                        "<p class=\"MsoNormal\"><span lang=\"{}-{country}\">",
                        scene.language.code().to_uppercase()
                    ),
                );
                push_escaped(out, line);
                out.push_str("<o:p></o:p></span></p>");
            }
            (_, true) => out.push_str("<div><br></div>"),
            (_, false) => {
                out.push_str("<div>");
                push_escaped(out, line);
                out.push_str("</div>");
            }
        }
    }
}

/// Appends the signature: a table with a logo from Outlook, a few lines from others.
pub(super) fn push_signature(out: &mut String, program: Program, scene: &Scene<'_>, dice: &mut Dice) {
    let (lead, company) = (scene.lead, &scene.lead.company);
    let words = &scene.book().words;
    if program == Program::Phone {
        put(
            out,
            format_args!(
                "<div>{} {}</div><div><br></div><div dir=\"ltr\">{}</div>",
                lead.first_name,
                lead.last_name,
                dice.pick(words.mobile)
            ),
        );
        return;
    }
    let mut name = String::new();
    push_escaped(&mut name, &company.name);
    let (land, mobile) = dice.pick(words.phone_labels);
    let details = format!(
        "<b>{} {}</b><br>{}<br><br>{name}<br>{}, {} {}<br>{land} {}<br>{mobile} {}<br><a href=\"https://www.{domain}\">www.{domain}</a>",
        lead.first_name,
        lead.last_name,
        lead.title,
        company.street,
        company.postcode,
        company.town,
        lead.phone,
        lead.mobile,
        domain = company.domain,
    );
    if program == Program::Outlook {
        put(
            out,
            format_args!(
                "<p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p><table class=\"MsoNormalTable\" border=\"0\" cellspacing=\"0\" cellpadding=\"0\" \
                 style=\"border-collapse:collapse\"><tr><td width=\"110\" valign=\"top\" style=\"width:82.5pt;padding:0cm 5.4pt 0cm 0cm\">\
                 <img width=\"96\" height=\"48\" src=\"https://www.{}/mail/logo.png\" alt=\"{name}\"></td><td valign=\"top\" \
                 style=\"font-size:9.0pt;font-family:&quot;Arial&quot;,sans-serif;color:#404040\">{details}</td></tr></table>",
                company.domain
            ),
        );
    } else {
        put(out, format_args!("<br clear=\"all\"><div class=\"gmail_signature\" style=\"color:#444\">{details}</div>"));
    }
    if !company.legal_line.is_empty() {
        put(out, format_args!("<div style=\"font-size:7.5pt;color:gray\">{}</div>", company.legal_line));
    }
}

/// The HTML of an automatic message.
pub(super) fn automatic(text: &str, scene: &Scene<'_>) -> String {
    let mut html = String::with_capacity(text.len() + 300);
    put(
        &mut html,
        format_args!(
            "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body lang=\"{}\">",
            scene.language.code()
        ),
    );
    for paragraph in text.split("\n\n") {
        html.push_str("<p style=\"font-family:Calibri,Arial,Helvetica,sans-serif\">");
        let mut lines = String::new();
        push_escaped(&mut lines, paragraph);
        html.push_str(&lines.replace('\n', "<br>"));
        html.push_str("</p>");
    }
    html.push_str("</body></html>");
    html
}
