//! What our mails say, in both languages: a subject, a sentence or two, one link.
//!
//! Names that people chose are shown to strangers here, so they are one line and short: a name is no place for a letter
//! of one's own.

use crate::account::model::Language;
use crate::id::OrganizationId;

/// What a mail is about.
#[derive(Clone, Debug)]
pub enum Letter {
    /// Someone registers with the address.
    Registration,
    /// Someone registers with the address, or wants to change to it, and it has an account.
    AccountExists,
    /// Someone forgot the password.
    PasswordReset,
    /// Someone changes to the address.
    EmailChange,
    /// The account's address was changed; goes to the former one.
    EmailChanged {
        /// The new address.
        address: String,
    },
    /// Someone is invited.
    Invitation {
        /// Its id: what it sends to an address is counted apart from what the others send there.
        organization_id: OrganizationId,
        /// Into this organization.
        organization_name: String,
        /// By this person.
        invited_by: String,
    },
    /// An administrator tests the mail server.
    Test,
}

impl Letter {
    /// The organization it is from; `None` if it is from the appliance itself.
    pub const fn organization_id(&self) -> Option<OrganizationId> {
        match self {
            Self::Invitation { organization_id, .. } => Some(*organization_id),
            _ => None,
        }
    }

    /// The stored word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::AccountExists => "account_exists",
            Self::PasswordReset => "password_reset",
            Self::EmailChange => "email_change",
            Self::EmailChanged { .. } => "email_changed",
            Self::Invitation { .. } => "invitation",
            Self::Test => "test",
        }
    }
}

/// Longest name in a mail.
const NAME_CHARS: usize = 80;

/// A name somebody chose, on one line.
fn plain(name: &str) -> String {
    let line: Vec<&str> = name.split(|letter: char| letter.is_control() || letter.is_whitespace()).collect();
    line.join(" ").chars().take(NAME_CHARS).collect()
}

/// Subject and text of a mail.
pub fn write(letter: &Letter, language: Language, link: &str) -> (String, String) {
    let (subject, before, after) = match language {
        Language::De => in_german(letter),
        Language::En => in_english(letter),
    };
    (subject, format!("{before}\n\n{link}\n\n{after}\n"))
}

fn in_english(letter: &Letter) -> (String, String, String) {
    let ignore = "If this was not you, there is nothing to do: nothing happens without the link.";
    let (subject, before, after) = match letter {
        Letter::Registration => (
            "Confirm your e-mail address",
            "Someone, presumably you, registered with Salesbrain under this address. Open this link within a day to confirm it:",
            ignore,
        ),
        Letter::AccountExists => (
            "You have an account already",
            "Someone, presumably you, wanted to use this address with Salesbrain. It has an account already. If you forgot the password, set a new one within an hour:",
            "If this was not you, there is nothing to do.",
        ),
        Letter::PasswordReset => (
            "Set a new password",
            "Someone, presumably you, asked for a new password for Salesbrain. Open this link within an hour to set it:",
            ignore,
        ),
        Letter::EmailChange => (
            "Confirm your new e-mail address",
            "Your Salesbrain account is to use this address from now on. Open this link within a day to confirm it:",
            ignore,
        ),
        Letter::EmailChanged { address } => {
            let before = format!(
                "Your Salesbrain account uses the address {} from now on. The account can be signed in to here:",
                plain(address)
            );
            let after = "If this was not you, tell the administrator of your Salesbrain at once.";
            return ("Your e-mail address was changed".to_owned(), before, after.to_owned());
        }
        Letter::Invitation { organization_name, invited_by, .. } => {
            let (organization_name, invited_by) = (plain(organization_name), plain(invited_by));
            let before =
                format!("{invited_by} invites you to “{organization_name}” in Salesbrain. Open this link to accept:");
            let after = "If you do not know why, there is nothing to do: nothing happens without the link.";
            return (format!("Invitation to {organization_name}"), before, after.to_owned());
        }
        Letter::Test => (
            "Salesbrain can send mail",
            "This mail was sent to test the mail server of your Salesbrain, which is here:",
            "Nothing is left to do.",
        ),
    };
    (subject.to_owned(), before.to_owned(), after.to_owned())
}

fn in_german(letter: &Letter) -> (String, String, String) {
    let ignore = "Wenn Sie das nicht waren, müssen Sie nichts tun: Ohne den Link geschieht nichts.";
    let (subject, before, after) = match letter {
        Letter::Registration => (
            "Bestätigen Sie Ihre E-Mail-Adresse",
            "Jemand, vermutlich Sie, hat sich mit dieser Adresse bei Salesbrain registriert. Öffnen Sie diesen Link innert eines Tages, um sie zu bestätigen:",
            ignore,
        ),
        Letter::AccountExists => (
            "Sie haben bereits ein Konto",
            "Jemand, vermutlich Sie, wollte diese Adresse bei Salesbrain verwenden. Dazu gibt es bereits ein Konto. Falls Sie das Passwort vergessen haben, setzen Sie innert einer Stunde ein neues:",
            "Wenn Sie das nicht waren, müssen Sie nichts tun.",
        ),
        Letter::PasswordReset => (
            "Setzen Sie ein neues Passwort",
            "Jemand, vermutlich Sie, hat für Salesbrain ein neues Passwort verlangt. Öffnen Sie diesen Link innert einer Stunde, um es zu setzen:",
            ignore,
        ),
        Letter::EmailChange => (
            "Bestätigen Sie Ihre neue E-Mail-Adresse",
            "Ihr Konto bei Salesbrain soll künftig diese Adresse verwenden. Öffnen Sie diesen Link innert eines Tages, um sie zu bestätigen:",
            ignore,
        ),
        Letter::EmailChanged { address } => {
            let before = format!(
                "Ihr Konto bei Salesbrain verwendet ab jetzt die Adresse {}. Hier melden Sie sich an:",
                plain(address)
            );
            let after = "Wenn Sie das nicht waren, benachrichtigen Sie sofort den Administrator Ihres Salesbrain.";
            return ("Ihre E-Mail-Adresse wurde geändert".to_owned(), before, after.to_owned());
        }
        Letter::Invitation { organization_name, invited_by, .. } => {
            let (organization_name, invited_by) = (plain(organization_name), plain(invited_by));
            let before = format!(
                "{invited_by} lädt Sie zu «{organization_name}» in Salesbrain ein. Öffnen Sie diesen Link, um anzunehmen:"
            );
            let after = "Wenn Sie nicht wissen, warum, müssen Sie nichts tun: Ohne den Link geschieht nichts.";
            return (format!("Einladung zu {organization_name}"), before, after.to_owned());
        }
        Letter::Test => (
            "Salesbrain kann E-Mails senden",
            "Diese E-Mail prüft den Mailserver Ihres Salesbrain, das Sie hier finden:",
            "Es gibt nichts weiter zu tun.",
        ),
    };
    (subject.to_owned(), before.to_owned(), after.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_one_link_and_no_line_of_a_strangers_own() {
        let name = "Acme\r\nBcc: all@example.com\n\nhttps://evil.example".to_owned();
        let letters = [
            Letter::Registration,
            Letter::AccountExists,
            Letter::PasswordReset,
            Letter::EmailChange,
            Letter::EmailChanged { address: name.clone() },
            Letter::Invitation {
                organization_id: OrganizationId::from_uuid(uuid::Uuid::nil()),
                organization_name: name,
                invited_by: "x".repeat(500),
            },
            Letter::Test,
        ];
        for language in [Language::De, Language::En] {
            for letter in &letters {
                let (subject, text) = write(letter, language, "https://sales.example/x#token");
                assert!(!subject.contains(['\r', '\n']), "{subject:?}");
                let lines: Vec<&str> = text.lines().collect();
                assert_eq!(lines.len(), 5, "{text}");
                assert_eq!(lines[2], "https://sales.example/x#token");
                assert!(text.len() < 700, "{text}");
            }
        }
    }
}
