//! Routes of mailboxes.

use axum::extract::{Path, State};

use super::model::{Mailbox, MailboxDay};
use super::store;
use crate::app::App;
use crate::campaign::api::{DayParams, first_day};
use crate::clock::utc_day;
use crate::error::{Error, Result};
use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::respond::{Answer, Page};

/// All mailboxes, by address.
#[utoipa::path(get, path = "/api/v1/mailboxes", tag = "mailboxes", responses((status = 200, body = Page<Mailbox>)), security(("session" = [])))]
pub async fn list_mailboxes(State(app): State<App>, caller: Caller) -> Result<Page<Mailbox>> {
    let today = utc_day(app.clock.now_ms());
    Ok(Page::whole(caller.tenant.read(move |connection| store::list_mailboxes(connection, today)).await?))
}

/// One mailbox, by its id or its address.
#[utoipa::path(get, path = "/api/v1/mailboxes/{id}", tag = "mailboxes", params(("id" = String, Path, description = "id or address")), responses((status = 200, body = Answer<Mailbox>), (status = 404)), security(("session" = [])))]
pub async fn find_mailbox(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Answer<Mailbox>> {
    let today = utc_day(app.clock.now_ms());
    let find = move |connection: &rusqlite::Connection| -> Result<Option<Mailbox>> {
        let Some(id) = store::find_mailbox_id(connection, &id)? else { return Ok(None) };
        Ok(store::find_mailbox(connection, id, today)?)
    };
    caller.tenant.read(find).await?.map(Answer::new).ok_or_else(|| Error::not_found("record"))
}

/// The counters per UTC day, days with activity only, oldest first.
#[utoipa::path(get, path = "/api/v1/mailboxes/{id}/daily", tag = "mailboxes", params(("id" = String, Path, description = "id or address"), DayParams), responses((status = 200, body = Page<MailboxDay>), (status = 404)), security(("session" = [])))]
pub async fn list_mailbox_days(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<DayParams>,
) -> Result<Page<MailboxDay>> {
    let first_day = first_day(params.days, app.clock.now_ms())?;
    let list = move |connection: &rusqlite::Connection| -> Result<Option<Vec<MailboxDay>>> {
        let Some(id) = store::find_mailbox_id(connection, &id)? else { return Ok(None) };
        Ok(Some(store::list_days(connection, id, first_day)?))
    };
    caller.tenant.read(list).await?.map(Page::whole).ok_or_else(|| Error::not_found("record"))
}
