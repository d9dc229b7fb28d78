//! The seed routes below `/api/instantly/admin`: campaigns and mailboxes of all organizations.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use axum::extract::{Path, State};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Kind, Piece, Start};
use crate::app::{App, AppInner};
use crate::appliance::store::{self, Brief};
use crate::campaign::api::WindowParams;
use crate::campaign::model::{Campaign, CampaignDay};
use crate::clock::utc_day;
use crate::error::{Error, Result};
use crate::http::access::Identity;
use crate::http::extract::Params;
use crate::http::respond::{Answer, Window};
use crate::id::OrganizationId;
use crate::mailbox::model::{Mailbox, MailboxDay};
use crate::store::Error as StoreError;

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AcrossParams {
    /// Rows of a window, 1 to 500; 100 if absent.
    limit: Option<usize>,
    /// Rows to pass over; 0 if absent. The cursor is faster.
    offset: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A row with its organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfOrganization<T> {
    /// The organization.
    organization_id: OrganizationId,
    /// Its name.
    organization_name: String,
    /// The row.
    #[serde(flatten)]
    row: T,
}

impl AcrossParams {
    fn parse(&self) -> Result<(Start, (usize, usize))> {
        let window = WindowParams { limit: self.limit, offset: self.offset }.parse()?;
        let start = match self.cursor.as_deref() {
            None | Some("") => Start::FIRST,
            Some(text) => Start::decode(text).ok_or_else(|| {
                Error::invalid_field("cursor", "this cursor is not one of ours: leave it out to start again")
            })?,
        };
        Ok((start, window))
    }
}

/// The campaigns of all organizations, in the order of organization and campaign.
#[utoipa::path(get, path = "/api/instantly/admin/campaigns", operation_id = "list_all_campaigns", tag = "administration", params(AcrossParams), responses((status = 200, body = Window<OfOrganization<Campaign>>)), security(("session" = [])))]
pub async fn list_campaigns(
    State(app): State<App>,
    identity: Identity,
    Params(params): Params<AcrossParams>,
) -> Result<Window<OfOrganization<Campaign>>> {
    let list = |connection: &Connection, piece: &Piece, _today: i64| -> std::result::Result<Vec<_>, StoreError> {
        let after = piece.after.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0);
        let rows = crate::campaign::list_campaigns_in_order(connection, after, (piece.limit, piece.offset))?;
        Ok(rows.into_iter().map(|(place, campaign)| (place.to_string(), campaign)).collect())
    };
    let kind = Kind { count: |figures| figures.campaigns, count_now: crate::campaign::count_campaigns, list, today: 0 };
    app.answer_across((kind, "/api/instantly/admin/campaigns"), &identity, &params).await
}

/// The mailboxes of all organizations, in the order of organization and address.
#[utoipa::path(get, path = "/api/instantly/admin/email-accounts", operation_id = "list_all_mailboxes", tag = "administration", params(AcrossParams), responses((status = 200, body = Window<OfOrganization<Mailbox>>)), security(("session" = [])))]
pub async fn list_mailboxes(
    State(app): State<App>,
    identity: Identity,
    Params(params): Params<AcrossParams>,
) -> Result<Window<OfOrganization<Mailbox>>> {
    // An organization has a few hundred at most: all are read, in the order of their addresses.
    let list = |connection: &Connection, piece: &Piece, today: i64| -> std::result::Result<Vec<_>, StoreError> {
        let all = crate::mailbox::list_mailboxes(connection, today)?.into_iter();
        let after = piece.after.as_deref().unwrap_or("");
        let rest = all.filter(|mailbox| mailbox.address.as_str() > after).skip(piece.offset).take(piece.limit);
        Ok(rest.map(|mailbox| (mailbox.address.clone(), mailbox)).collect())
    };
    let today = utc_day(app.clock.now_ms());
    let kind = Kind { count: |figures| figures.mailboxes, count_now: crate::mailbox::count_mailboxes, list, today };
    app.answer_across((kind, "/api/instantly/admin/email-accounts"), &identity, &params).await
}

impl AppInner {
    async fn answer_across<T: Send + 'static>(
        &self,
        (kind, route): (Kind<T>, &'static str),
        identity: &Identity,
        params: &AcrossParams,
    ) -> Result<Window<OfOrganization<T>>> {
        let (start, (limit, offset)) = params.parse()?;
        let (rows, next) = self.list_across(kind, start, (limit, offset)).await?;
        let mut shown: Vec<OrganizationId> = rows.iter().map(|(organization, _row)| organization.id).collect();
        shown.dedup();
        self.note_shown(identity.who(), route, shown).await?;
        let name = |(organization, row): (Brief, T)| OfOrganization {
            organization_id: organization.id,
            organization_name: organization.name,
            row,
        };
        Ok(Window::new(rows.into_iter().map(name).collect(), limit, offset).with_next(next))
    }

    /// Looks for a record in one organization, or in all until it is found: the open ones first.
    async fn find_across<T, F>(&self, wanted: Option<OrganizationId>, find: F) -> Result<Option<(Brief, T)>>
    where
        F: Fn(&Connection) -> std::result::Result<Option<T>, StoreError> + Clone + Send + 'static,
        T: Send + 'static,
    {
        let first = OrganizationId::from_uuid(uuid::Uuid::nil());
        let mut organizations = self.control.read(move |connection| store::list_brief(connection, first)).await?;
        organizations.retain(|organization| wanted.is_none_or(|wanted| wanted == organization.id));
        organizations.sort_by_key(|organization| !self.tenants.is_open(organization.id));
        for organization in organizations {
            let find = find.clone();
            // One that cannot be read does not hide the others.
            let read = self.tenants.read_quietly(organization.id, move |connection| find(connection)).await;
            if let Ok(Some(Some(found))) = read {
                return Ok(Some((organization, found)));
            }
        }
        Ok(None)
    }
}

/// Where to look, and how far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatisticsParams {
    /// The organization, which makes it fast; all are asked if absent.
    #[param(value_type = Option<String>)]
    organization_id: Option<OrganizationId>,
    /// Days back, 1 to 366; 30 if absent.
    days: Option<i64>,
}

/// The figures of one record, in total and by day.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordStatistics<T, D> {
    /// The record.
    #[serde(flatten)]
    record: T,
    /// Per UTC day, days with activity only, oldest first.
    days: Vec<D>,
}

/// The figures of any organization's campaign, by our id or the provider's.
#[utoipa::path(get, path = "/api/instantly/admin/campaign/{id}/stats", tag = "administration", params(("id" = String, Path, description = "ours or the provider's"), StatisticsParams), responses((status = 200, body = Answer<OfOrganization<RecordStatistics<Campaign, CampaignDay>>>), (status = 404)), security(("session" = [])))]
pub async fn find_campaign_statistics(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    Params(params): Params<StatisticsParams>,
) -> Result<Answer<OfOrganization<RecordStatistics<Campaign, CampaignDay>>>> {
    let first_day = crate::campaign::api::first_day(params.days, app.clock.now_ms())?;
    let find = move |connection: &Connection| crate::campaign::find_campaign_with_days(connection, &id, first_day);
    let found = app.find_across(params.organization_id, find).await?;
    app.answer_statistics("/api/instantly/admin/campaign/{id}/stats", &identity, found).await
}

/// The figures of any organization's mailbox, by its id or its address.
#[utoipa::path(get, path = "/api/instantly/admin/email-account/{id}/stats", tag = "administration", params(("id" = String, Path, description = "id or address"), StatisticsParams), responses((status = 200, body = Answer<OfOrganization<RecordStatistics<Mailbox, MailboxDay>>>), (status = 404)), security(("session" = [])))]
pub async fn find_mailbox_statistics(
    State(app): State<App>,
    identity: Identity,
    Path(id): Path<String>,
    Params(params): Params<StatisticsParams>,
) -> Result<Answer<OfOrganization<RecordStatistics<Mailbox, MailboxDay>>>> {
    let now_ms = app.clock.now_ms();
    let days = (utc_day(now_ms), crate::campaign::api::first_day(params.days, now_ms)?);
    let find = move |connection: &Connection| crate::mailbox::find_mailbox_with_days(connection, &id, days);
    let found = app.find_across(params.organization_id, find).await?;
    app.answer_statistics("/api/instantly/admin/email-account/{id}/stats", &identity, found).await
}

/// A record with its days, and whose it is.
type Found<T, D> = Option<(Brief, (T, Vec<D>))>;

impl AppInner {
    async fn answer_statistics<T, D>(
        &self,
        route: &'static str,
        identity: &Identity,
        found: Found<T, D>,
    ) -> Result<Answer<OfOrganization<RecordStatistics<T, D>>>> {
        let (organization, (record, days)) = found.ok_or_else(|| Error::not_found("record"))?;
        self.note_shown(identity.who(), route, vec![organization.id]).await?;
        Ok(Answer::new(OfOrganization {
            organization_id: organization.id,
            organization_name: organization.name,
            row: RecordStatistics { record, days },
        }))
    }
}
