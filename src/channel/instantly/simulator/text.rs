//! Texts of the simulated world: what the senders write and what people answer, in four languages.
//!
//! A text is a skeleton with slots: `{day}` is filled from the [`Scene`], `[gerne|sehr gerne]` is one of the choices (which
//! may be empty or hold slots, but no further choices). Greeting, body and closing are drawn separately. A template crate
//! was rejected: this is forty lines, needs no parsing beforehand and writes straight into the message.

pub(super) mod de;
pub(super) mod en;
pub(super) mod fr;
pub(super) mod it;
pub(super) mod scene;

use super::dice::Dice;
pub(super) use scene::Scene;

/// A language that mail is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// German, with Sie.
    German,
    /// French, with vous.
    French,
    /// Italian, with Lei.
    Italian,
    /// English.
    English,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::German, Self::French, Self::Italian, Self::English];

    /// ISO code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::French => "fr",
            Self::Italian => "it",
            Self::English => "en",
        }
    }

    /// The phrases of the language.
    pub(super) const fn phrasebook(self) -> &'static Phrasebook {
        match self {
            Self::German => &de::PHRASEBOOK,
            Self::French => &fr::PHRASEBOOK,
            Self::Italian => &it::PHRASEBOOK,
            Self::English => &en::PHRASEBOOK,
        }
    }
}

/// What the writer of a reply wants: the truth a classifier is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intent {
    /// Wants to know more.
    Interested,
    /// Does not want it.
    NotInterested,
    /// Asks something before deciding.
    Question,
    /// Proposes or accepts a meeting.
    MeetingRequest,
    /// A machine says that the person is away.
    OutOfOffice,
    /// Wants no more mail.
    Unsubscribe,
    /// A machine says that the mail did not arrive.
    Bounce,
    /// Somebody else is responsible.
    WrongPerson,
}

impl Intent {
    /// Every intent.
    pub const ALL: [Self; 8] = [
        Self::Interested,
        Self::NotInterested,
        Self::Question,
        Self::MeetingRequest,
        Self::OutOfOffice,
        Self::Unsubscribe,
        Self::Bounce,
        Self::WrongPerson,
    ];

    /// The word for it in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interested => "interested",
            Self::NotInterested => "not_interested",
            Self::Question => "question",
            Self::MeetingRequest => "meeting_request",
            Self::OutOfOffice => "out_of_office",
            Self::Unsubscribe => "unsubscribe",
            Self::Bounce => "bounce",
            Self::WrongPerson => "wrong_person",
        }
    }

    /// Whether a machine wrote it.
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::OutOfOffice | Self::Bounce)
    }
}

/// One outreach mail: subject and paragraphs. An empty subject continues the thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    /// The subject.
    pub(super) subject: &'static str,
    /// Paragraphs, greeting included; `{signature}` is not among them.
    pub(super) paragraphs: &'static [&'static str],
}

/// How a mail program of the language introduces quoted mail, and similar fixed phrases.
#[derive(Clone, Copy, Debug)]
pub(super) struct MailWords {
    /// Outlook's block: from, sent, to, subject; with what follows them.
    pub(super) outlook: [&'static str; 4],
    /// "Sent from my iPhone" and the like.
    pub(super) mobile: &'static [&'static str],
    /// Prefix of the subject of a reply.
    pub(super) reply_prefix: &'static [&'static str],
    /// Prefix of the subject of an out-of-office message; the subject follows.
    pub(super) away_prefix: &'static [&'static str],
    /// Prefix of the subject of a bounce message; the subject follows.
    pub(super) bounce_prefix: &'static [&'static str],
    /// Labels of land line and mobile number in signatures.
    pub(super) phone_labels: &'static [(&'static str, &'static str)],
    /// A confidentiality notice.
    pub(super) disclaimer: &'static str,
}

/// Everything that is written in one language.
#[derive(Debug)]
pub(super) struct Phrasebook {
    pub(super) greetings: &'static [&'static str],
    pub(super) closings: &'static [&'static str],
    pub(super) interested: &'static [&'static str],
    pub(super) not_interested: &'static [&'static str],
    pub(super) question: &'static [&'static str],
    pub(super) meeting: &'static [&'static str],
    pub(super) out_of_office: &'static [&'static str],
    pub(super) unsubscribe: &'static [&'static str],
    pub(super) bounce: &'static [&'static str],
    pub(super) wrong_person: &'static [&'static str],
    /// Sentences that may follow a human reply.
    pub(super) postscripts: &'static [&'static str],
    /// What a sender writes back by hand.
    pub(super) answers: &'static [&'static str],
    /// Per step, the variants.
    pub(super) letters: [[Letter; 2]; 4],
    pub(super) sender_closing: &'static str,
    pub(super) words: MailWords,
    pub(super) weekdays: [&'static str; 7],
    pub(super) weekdays_short: [&'static str; 7],
    pub(super) months: [&'static str; 12],
    pub(super) months_short: [&'static str; 12],
    /// Invented products that people use already.
    pub(super) vendors: &'static [&'static str],
    /// Labels of the team's own that are set on leads of this language.
    pub(super) custom_labels: &'static [&'static str],
}

impl Phrasebook {
    /// The skeletons for an intent.
    pub(super) const fn replies(&self, intent: Intent) -> &'static [&'static str] {
        match intent {
            Intent::Interested => self.interested,
            Intent::NotInterested => self.not_interested,
            Intent::Question => self.question,
            Intent::MeetingRequest => self.meeting,
            Intent::OutOfOffice => self.out_of_office,
            Intent::Unsubscribe => self.unsubscribe,
            Intent::Bounce => self.bounce,
            Intent::WrongPerson => self.wrong_person,
        }
    }

    /// The mail of a step and variant, both counted from 1.
    pub(super) fn letter(&self, step: u8, variant: u8) -> Option<&Letter> {
        let step = usize::from(step.saturating_sub(1));
        let variant = usize::from(variant.saturating_sub(1));
        self.letters.get(step).and_then(|variants| variants.get(variant))
    }
}

/// Appends a skeleton to `out` with its choices made and its slots filled.
pub(super) fn render(out: &mut String, skeleton: &str, scene: &Scene<'_>, dice: &mut Dice) {
    let mut rest = skeleton;
    while let Some((plain, choice)) = rest.split_once('[') {
        fill(out, plain, scene);
        let (choices, after) = choice.split_once(']').unwrap_or((choice, ""));
        let count = choices.split('|').count();
        let chosen = choices.split('|').nth(dice.index(count)).unwrap_or_default();
        fill(out, chosen, scene);
        rest = after;
    }
    fill(out, rest, scene);
}

fn fill(out: &mut String, text: &str, scene: &Scene<'_>) {
    let mut rest = text;
    while let Some((plain, slot)) = rest.split_once('{') {
        out.push_str(plain);
        let (name, after) = slot.split_once('}').unwrap_or((slot, ""));
        scene.write_slot(out, name);
        rest = after;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_enough_skeletons() {
        let least = [(Language::German, 8), (Language::English, 6), (Language::French, 5), (Language::Italian, 4)];
        for (language, least) in least {
            for intent in Intent::ALL {
                let count = language.phrasebook().replies(intent).len();
                assert!(count >= least, "{} {}: {count}", language.code(), intent.name());
            }
        }
    }

    #[test]
    fn brackets_are_balanced() {
        for language in Language::ALL {
            let book = language.phrasebook();
            let replies = Intent::ALL.iter().flat_map(|intent| book.replies(*intent));
            for text in replies.chain(book.postscripts).chain(book.answers).chain(book.greetings).chain(book.closings) {
                for (open, close) in [('[', ']'), ('{', '}')] {
                    assert_eq!(text.matches(open).count(), text.matches(close).count(), "{text}");
                }
            }
        }
    }
}
