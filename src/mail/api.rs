//! Routes of the outbox: what an administrator sees of our mail, and passes on where there is no mail server.

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::store::{self, Row};
use crate::account::{invitation, one_time, store as accounts};
use crate::app::App;
use crate::audit::{Entry, Record, Who, delivery};
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::http::extract::Id;
use crate::http::respond::{Answer, Page};
use crate::id::{MailId, OrganizationId};
use crate::store::Tx;

/// Most mails listed; older ones than these are of no use to anyone.
const LIST_LIMIT: i64 = 500;

/// What the logs call it when somebody sees a link.
const SHOWN: &str = "mail.link_shown";

/// A mail of the appliance.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mail {
    /// Its id.
    id: MailId,
    /// What it is about: `registration`, `account_exists`, `password_reset`, `email_change`, `email_changed`, `invitation`.
    kind: String,
    /// To whom.
    address: String,
    /// Its subject.
    subject: String,
    /// `waiting`, `sent`, `failed` or `held` (no mail server is configured).
    state: String,
    /// How often it was tried.
    attempts: i64,
    /// What the mail server said last; empty if nothing went wrong.
    last_error: String,
    /// When it was written, UTC milliseconds.
    created_at_ms: i64,
    /// When its link ends, UTC milliseconds.
    expires_at_ms: i64,
    /// To pass on; `null` unless the mail is held or failed and the link still good.
    link: Option<String>,
}

/// Our mails, the newest first. Whoever sees a link could use it: the first time is written down, in the appliance's log
/// and in those of the organizations the link leads into.
#[utoipa::path(get, path = "/api/v1/admin/mails", tag = "administration", responses((status = 200, body = Page<Mail>)), security(("session" = [])))]
pub async fn list_mails(State(app): State<App>, identity: Identity) -> Result<Page<Mail>> {
    let rows = app.control.read(|connection| store::list(connection, LIST_LIMIT)).await?;
    let mails: Vec<Mail> = rows.into_iter().map(|row| show(&app, row)).collect();
    note_shown(&app, identity.who(), &mails).await?;
    Ok(Page::whole(mails))
}

/// A link somebody sees.
struct Shown {
    id: MailId,
    kind: String,
    address: String,
    token: String,
}

impl Shown {
    fn of(mail: &Mail) -> Option<Self> {
        let (_page, token) = mail.link.as_deref()?.split_once('#')?;
        Some(Self { id: mail.id, kind: mail.kind.clone(), address: mail.address.clone(), token: token.to_owned() })
    }

    /// The organizations the link leads into: that of an invitation, or all that the account is in whose password or
    /// address it sets.
    fn list_organizations(&self, tx: &Tx<'_>) -> Result<Vec<OrganizationId>> {
        if let Some(account_id) = one_time::find_account(tx.connection(), &self.token)? {
            return Ok(accounts::list_organizations_of(tx.connection(), account_id)?);
        }
        let invited = invitation::find_organization(tx.connection(), invitation::hash_of(&self.token))?;
        Ok(invited.into_iter().collect())
    }
}

/// Writes down which links somebody sees for the first time. The list is asked for again and again while a page is open.
async fn note_shown(app: &App, who: Who, mails: &[Mail]) -> Result<()> {
    let mut shown: Vec<Shown> = mails.iter().filter_map(Shown::of).collect();
    let actor = who.actor.clone();
    let unseen = move |connection: &rusqlite::Connection| -> Result<Vec<Shown>> {
        let mut unseen = Vec::new();
        for link in shown.drain(..) {
            if !crate::audit::store::has_entry(connection, (&actor, SHOWN, &link.id.to_string()))? {
                unseen.push(link);
            }
        }
        Ok(unseen)
    };
    let unseen = app.control.read(unseen).await?;
    if unseen.is_empty() {
        return Ok(());
    }
    let chain = app.audit.clone();
    let note = move |tx: &Tx<'_>| -> Result<()> {
        for link in unseen {
            let record = Record::new("mail", &link.id, link.address.clone());
            let entry = Entry::new(who.clone(), SHOWN, record);
            let entry = entry.changed(json!({}), json!({ "kind": link.kind }));
            for organization_id in link.list_organizations(tx)? {
                delivery::defer(tx, organization_id, entry.clone())?;
            }
            chain.append(tx, entry)?;
        }
        Ok(())
    };
    app.control.write(note).await?;
    app.wake_audit();
    Ok(())
}

fn show(app: &App, row: Row) -> Mail {
    let is_to_pass_on = matches!(row.state.as_str(), "held" | "failed") && row.expires_at_ms > app.clock.now_ms();
    let opened = if is_to_pass_on { super::open(&app.keyring, row.id, &row.body).ok() } else { None };
    let link = opened.map(|opened| opened.link);
    let Row { id, kind, address, subject, state, attempts, last_error, created_at_ms, expires_at_ms, .. } = row;
    Mail { id, kind, address, subject, state, attempts, last_error, created_at_ms, expires_at_ms, link }
}

/// Tries to send a mail once more.
#[utoipa::path(post, path = "/api/v1/admin/mails/{id}/retry", tag = "administration", params(("id" = String, Path)), responses((status = 200, body = Answer<Mail>), (status = 409, description = "sent already, or its link has ended")), security(("session" = [])))]
pub async fn retry_mail(State(app): State<App>, identity: Identity, Id(id): Id<MailId>) -> Result<Answer<Mail>> {
    let (chain, who) = (app.audit.clone(), identity.who());
    let retry = move |tx: &Tx<'_>| -> Result<Row> {
        let Some(row) = store::find(tx.connection(), id)? else { return Err(Error::not_found("record")) };
        if row.state == "sent" || row.expires_at_ms <= tx.now_ms() {
            return Err(Error::new(Code::Conflict, "this mail was sent already, or its link has ended"));
        }
        store::retry(tx, id)?;
        chain.append(tx, Entry::new(who, "mail.retried", Record::new("mail", &id, row.address)))?;
        store::find(tx.connection(), id)?.ok_or_else(|| Error::not_found("record"))
    };
    let who = identity.who();
    let row = app.control.write(retry).await?;
    app.wake_mail();
    let mail = show(&app, row);
    note_shown(&app, who, std::slice::from_ref(&mail)).await?;
    Ok(Answer::new(mail))
}
