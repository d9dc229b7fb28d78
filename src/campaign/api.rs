//! Routes of campaigns and figures.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::model::{Campaign, CampaignDay, Statistics};
use super::store;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::access::Caller;
use crate::http::extract::{Params, parse_cursor, parse_limit};
use crate::http::respond::{Answer, Page, Window};
use crate::inbox::model::Message;
use crate::store::page::Cursor;

/// Which page of campaigns.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CampaignParams {
    /// Rows of a page, 1 to 200; 100 if absent.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Campaigns, the one where something happened last first.
#[utoipa::path(get, path = "/api/v1/campaigns", tag = "campaigns", params(CampaignParams), responses((status = 200, body = Page<Campaign>)), security(("session" = [])))]
pub async fn list_campaigns(caller: Caller, Params(params): Params<CampaignParams>) -> Result<Page<Campaign>> {
    let limit = parse_limit(params.limit, 100, 200)?;
    let cursor = parse_cursor(params.cursor.as_deref())?;
    let list = move |connection: &rusqlite::Connection| store::list_campaigns(connection, cursor, limit);
    let (campaigns, next) = caller.tenant.read(list).await?;
    Ok(Page::new(campaigns, next.map(Cursor::encode)))
}

/// One campaign, by our id or the provider's.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}", tag = "campaigns", params(("id" = String, Path, description = "ours or the provider's")), responses((status = 200, body = Answer<Campaign>), (status = 404)), security(("session" = [])))]
pub async fn find_campaign(caller: Caller, Path(id): Path<String>) -> Result<Answer<Campaign>> {
    let find = move |connection: &rusqlite::Connection| -> Result<Option<Campaign>> {
        let Some(id) = store::find_campaign_id(connection, &id)? else { return Ok(None) };
        Ok(store::find_campaign(connection, id)?)
    };
    caller.tenant.read(find).await?.map(Answer::new).ok_or_else(|| Error::not_found("record"))
}

/// How many days back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DayParams {
    /// 1 to 366; 30 if absent.
    pub days: Option<i64>,
}

/// Checks `days` and answers the first UTC day.
pub fn first_day(days: Option<i64>, now_ms: i64) -> Result<i64> {
    let days = days.unwrap_or(30);
    if !(1..=366).contains(&days) {
        return Err(Error::invalid_field("days", "days must be between 1 and 366"));
    }
    Ok(crate::clock::utc_day(now_ms) - days + 1)
}

/// The counters per UTC day, days with activity only, oldest first.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/daily", tag = "campaigns", params(("id" = String, Path, description = "ours or the provider's"), DayParams), responses((status = 200, body = Page<CampaignDay>), (status = 404)), security(("session" = [])))]
pub async fn list_campaign_days(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<DayParams>,
) -> Result<Page<CampaignDay>> {
    let first_day = first_day(params.days, app.clock.now_ms())?;
    let list = move |connection: &rusqlite::Connection| -> Result<Option<Vec<CampaignDay>>> {
        let Some(id) = store::find_campaign_id(connection, &id)? else { return Ok(None) };
        Ok(Some(store::list_days(connection, id, first_day)?))
    };
    caller.tenant.read(list).await?.map(Page::whole).ok_or_else(|| Error::not_found("record"))
}

/// Which window of messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WindowParams {
    /// Rows of a window, 1 to 500; 100 if absent.
    pub limit: Option<usize>,
    /// Rows to pass over; 0 if absent.
    pub offset: Option<usize>,
}

/// Furthest row a window may start at; beyond it use the lists with a cursor.
const OFFSET_LIMIT: usize = 1_000_000;

impl WindowParams {
    /// Limit and offset, checked.
    pub fn parse(&self) -> Result<(usize, usize)> {
        let offset = self.offset.unwrap_or(0);
        if offset > OFFSET_LIMIT {
            return Err(Error::invalid_field("offset", format!("offset must be at most {OFFSET_LIMIT}")));
        }
        Ok((parse_limit(self.limit, 100, 500)?, offset))
    }
}

/// A campaign's messages, newest first.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/messages", tag = "campaigns", params(("id" = String, Path, description = "ours or the provider's"), WindowParams), responses((status = 200, body = Window<Message>), (status = 404)), security(("session" = [])))]
pub async fn list_campaign_messages(
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<WindowParams>,
) -> Result<Window<Message>> {
    let (limit, offset) = params.parse()?;
    let list = move |connection: &rusqlite::Connection| -> Result<Option<Vec<Message>>> {
        let Some(id) = store::find_campaign_id(connection, &id)? else { return Ok(None) };
        Ok(Some(crate::inbox::list_of_campaign(connection, id, (limit, offset))?))
    };
    let messages = caller.tenant.read(list).await?.ok_or_else(|| Error::not_found("record"))?;
    Ok(Window::new(messages, limit, offset))
}

/// The organization's figures.
#[utoipa::path(get, path = "/api/v1/statistics", tag = "campaigns", responses((status = 200, body = Answer<Statistics>)), security(("session" = [])))]
pub async fn find_statistics(caller: Caller) -> Result<Answer<Statistics>> {
    Ok(Answer::new(caller.tenant.read(store::find_statistics).await?))
}
