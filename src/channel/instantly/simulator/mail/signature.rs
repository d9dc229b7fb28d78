//! What stands under a reply.

use super::Program;
use crate::channel::instantly::simulator::calendar::put;
use crate::channel::instantly::simulator::dice::Dice;
use crate::channel::instantly::simulator::text::Scene;

/// Appends the lead's signature as plain text.
pub(super) fn push(text: &mut String, scene: &Scene<'_>, program: Program, dice: &mut Dice) {
    let (lead, words) = (scene.lead, &scene.book().words);
    let company = &lead.company;
    if program == Program::Phone {
        put(text, format_args!("{} {}\n\n{}\n", lead.first_name, lead.last_name, dice.pick(words.mobile)));
        return;
    }
    if dice.chance(0.2) {
        text.push_str("-- \n");
    }
    put(text, format_args!("{} {}\n", lead.first_name, lead.last_name));
    if dice.chance(0.12) {
        return;
    }
    put(text, format_args!("{}\n\n{}\n", lead.title, company.name));
    put(text, format_args!("{}, {} {}\n", company.street, company.postcode, company.town));
    let (land, mobile) = dice.pick(words.phone_labels);
    put(text, format_args!("{land} {}", lead.phone));
    if dice.chance(0.7) {
        let separator = dice.pick(&[" | ", "\n", "   "]);
        put(text, format_args!("{separator}{mobile} {}", lead.mobile));
    }
    put(text, format_args!("\n{} | www.{}\n", lead.email, company.domain));
    if !company.legal_line.is_empty() {
        put(text, format_args!("{}\n", company.legal_line));
    }
    if dice.chance(0.25) {
        put(text, format_args!("\n{}\n", words.disclaimer));
    }
}
