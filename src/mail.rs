//! Mail of the appliance itself: links that verify an address, reset a password or invite someone.
//!
//! A mail is a row of the table `mail`, written in the transaction of what it tells of ([`create`]), so it exists exactly if
//! that does; a task ([`delivery::run`]) sends it, tries again with growing pauses, and in the end marks it as failed with
//! what the server said. Without a mail server nothing is lost: the mail is held, its link is logged once and shown to the
//! administrator, and it is sent as soon as there is a server, if its link is still good. The text is sealed, because it
//! holds a link that signs someone in.
//!
//! A mail may arrive twice if the program ends between sending and writing that down. Rejected: sending within the request,
//! which shows by its time whether an address is known and loses the mail when the server is down for a minute; HTML,
//! which a mail with one link does not need.

pub mod api;
pub mod delivery;
mod store;
pub mod text;
pub mod transport;

use serde::{Deserialize, Serialize};

use crate::account::model::Language;
use crate::app::AppInner;
use crate::error::{Error, Result};
use crate::id::MailId;
use crate::secret::Keyring;
use crate::store::Tx;

pub use store::release_held;
pub use text::Letter;
pub use transport::{is_sender, reason, send_test};

/// Most mails of one kind to one address within [`FLOOD_MS`], for each organization that sends them: nobody's mailbox is
/// filled by strangers who name it. The links sent before stay good, so this keeps nobody out.
const MOST_ALIKE: i64 = 5;
/// One hour.
const FLOOD_MS: i64 = 60 * 60 * 1_000;

/// What waits to be sent.
#[derive(Debug)]
pub struct NewMail {
    /// To whom.
    pub address: String,
    /// What it says.
    pub letter: Letter,
    /// In which language.
    pub language: Language,
    /// The address it leads to.
    pub link: String,
    /// How long the link is good.
    pub lifetime_ms: i64,
}

/// What is sealed of a mail.
#[derive(Serialize, Deserialize)]
struct Sealed {
    text: String,
    link: String,
}

fn context(id: MailId) -> String {
    format!("mail:{id}")
}

/// For how long [`create`] would leave such a mail out; `None` if it would not. For callers who say so: those that are open
/// to strangers do not, for that would show whose address it is.
pub fn find_wait_ms(tx: &Tx<'_>, letter: &Letter, address: &str) -> Result<Option<i64>> {
    let from = (letter.kind(), letter.organization_id());
    let oldest_ms = store::find_oldest_alike(tx, from, address, (MOST_ALIKE, FLOOD_MS))?;
    Ok(oldest_ms.map(|at_ms| at_ms.saturating_add(FLOOD_MS).saturating_sub(tx.now_ms())))
}

/// Puts a mail down beside the change it tells of. The caller then calls [`AppInner::wake_mail`].
pub fn create(tx: &Tx<'_>, keyring: &Keyring, mail: &NewMail) -> Result<()> {
    let kind = mail.letter.kind();
    if find_wait_ms(tx, &mail.letter, &mail.address)?.is_some() {
        tracing::warn!(kind, "a mail was left out: the same went to its address several times within the hour");
        return Ok(());
    }
    let id = MailId::from_uuid(tx.next_uuid());
    let (subject, text) = text::write(&mail.letter, mail.language, &mail.link);
    let body = serde_json::to_vec(&Sealed { text, link: mail.link.clone() }).map_err(Error::internal)?;
    let body = keyring.seal(&context(id), &body).map_err(Error::internal)?;
    let from = (kind, mail.letter.organization_id());
    Ok(store::create(tx, id, (from, &mail.address, &subject), &body, mail.lifetime_ms)?)
}

fn open(keyring: &Keyring, id: MailId, body: &[u8]) -> Result<Sealed> {
    let opened = keyring.open_sealed(&context(id), body).map_err(Error::internal)?;
    serde_json::from_slice(&opened).map_err(Error::internal)
}

/// What wakes the task.
#[derive(Default)]
pub struct Mailer {
    wake: tokio::sync::Notify,
}

impl AppInner {
    /// Tells the task that mail waits.
    pub fn wake_mail(&self) {
        self.mailer.wake.notify_one();
    }
}
