//! Routes of the outbox: what an administrator sees of our mail, and passes on where there is no mail server.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::store::{self, Row};
use crate::app::App;
use crate::audit::{Entry, Record};
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::http::extract::Id;
use crate::http::respond::{Answer, Page};
use crate::id::MailId;
use crate::store::Tx;

/// Most mails listed; older ones than these are of no use to anyone.
const LIST_LIMIT: i64 = 500;

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

/// Our mails, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/mails", tag = "administration", responses((status = 200, body = Page<Mail>)), security(("session" = [])))]
pub async fn list_mails(State(app): State<App>) -> Result<Page<Mail>> {
    let rows = app.control.read(|connection| store::list(connection, LIST_LIMIT)).await?;
    Ok(Page::whole(rows.into_iter().map(|row| show(&app, row)).collect()))
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
    let row = app.control.write(retry).await?;
    app.wake_mail();
    Ok(Answer::new(show(&app, row)))
}
