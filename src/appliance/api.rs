//! Routes of the appliance's organizations.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{self, Listed, Used};
use crate::app::{App, AppInner};
use crate::audit::{Entry, Record, delivery};
use crate::error::{Error, Result};
use crate::http::access::Identity;
use crate::http::extract::{Id, Params, parse_limit};
use crate::http::respond::{Answer, Page};
use crate::id::{ConnectionId, OrganizationId};
use crate::tenant::figures::Figures;

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// The newest first.
    Created,
    /// The one where something happened last first.
    Activity,
    /// The largest first.
    Size,
}

/// Which organizations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrganizationParams {
    /// Part of the name, or the id.
    #[serde(default)]
    q: String,
    /// `name` (if absent), `created`, `activity` or `size`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    sort: Sort,
    /// `next` of the page before.
    cursor: Option<usize>,
    /// Rows of a page, 1 to 200; 50 if absent.
    limit: Option<usize>,
}

/// Whether an organization works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrganizationHealth {
    /// It is open.
    Ok,
    /// It could not be opened.
    Failed,
    /// Nobody uses it at the moment.
    Closed,
}

/// An organization as the staff of the appliance sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminOrganization {
    /// Its id.
    id: OrganizationId,
    /// Its name.
    name: String,
    /// When it was made, UTC milliseconds.
    created_at_ms: i64,
    /// When it will be gone, UTC milliseconds; `null` if nobody deletes it.
    delete_after_ms: Option<i64>,
    /// How many belong to it.
    members: i64,
    /// How many connections are its own.
    connections: i64,
    /// Whether it is open at the moment.
    is_open: bool,
    /// Whether it works.
    health: OrganizationHealth,
    /// Why not; empty if it does.
    health_detail: String,
    /// How large it is; `null` if nobody has measured yet.
    figures: Option<Figures>,
    /// When that was, UTC milliseconds; 0: never.
    figures_at_ms: i64,
}

/// A connection with the last sign of life.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminConnection {
    /// Its id.
    id: ConnectionId,
    /// `instantly`.
    provider: String,
    /// Its name.
    name: String,
    /// Whether it belongs to the appliance and serves several organizations.
    is_shared: bool,
    /// When it was made, UTC milliseconds.
    created_at_ms: i64,
    /// When the last event came, UTC milliseconds; `null` before the first.
    last_event_at_ms: Option<i64>,
    /// How many events came.
    event_count: i64,
}

/// An organization with its connections.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminOrganizationDetail {
    /// The organization.
    #[serde(flatten)]
    organization: AdminOrganization,
    /// The connections it uses, shared ones too.
    connection_list: Vec<AdminConnection>,
}

impl AppInner {
    fn complete_organizations(&self, rows: Vec<Listed>) -> Vec<AdminOrganization> {
        let failed = self.tenants.list_failed();
        let open: Vec<OrganizationId> = self.tenants.list_open().iter().map(|tenant| tenant.id()).collect();
        let complete = |row: Listed| {
            let is_open = open.binary_search(&row.id).is_ok();
            let reason = failed.iter().find(|(id, _reason)| *id == row.id).map(|(_id, reason)| reason.clone());
            let health = match (&reason, is_open) {
                (Some(_), _) => OrganizationHealth::Failed,
                (None, true) => OrganizationHealth::Ok,
                (None, false) => OrganizationHealth::Closed,
            };
            AdminOrganization {
                id: row.id,
                name: row.name,
                created_at_ms: row.created_at_ms,
                delete_after_ms: row.delete_after_ms,
                members: row.members,
                connections: row.connections,
                is_open,
                health,
                health_detail: reason.unwrap_or_default(),
                figures: row.figures,
                figures_at_ms: row.figures_at_ms,
            }
        };
        rows.into_iter().map(complete).collect()
    }
}

/// The appliance's organizations.
#[utoipa::path(get, path = "/api/v1/admin/organizations", operation_id = "list_all_organizations", tag = "administration", params(OrganizationParams), responses((status = 200, body = Page<AdminOrganization>)), security(("session" = [])))]
pub async fn list_organizations(
    State(app): State<App>,
    Params(params): Params<OrganizationParams>,
) -> Result<Page<AdminOrganization>> {
    let limit = parse_limit(params.limit, 50, 200)?;
    let (q, offset) = (params.q.trim().to_owned(), params.cursor.unwrap_or(0));
    let list = move |connection: &rusqlite::Connection| store::list(connection, (&q, params.sort), (limit, offset));
    let rows = app.control.read(list).await?;
    let next = (rows.len() == limit).then(|| offset.saturating_add(limit).to_string());
    Ok(Page::new(app.complete_organizations(rows), next))
}

/// One organization with its connections.
#[utoipa::path(get, path = "/api/v1/admin/organizations/{id}", operation_id = "find_any_organization", tag = "administration", params(("id" = String, Path)), responses((status = 200, body = Answer<AdminOrganizationDetail>), (status = 404)), security(("session" = [])))]
pub async fn find_organization(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
) -> Result<Answer<AdminOrganizationDetail>> {
    let find = move |connection: &rusqlite::Connection| -> Result<_> {
        let Some(listed) = store::find(connection, id)? else { return Err(Error::not_found("record")) };
        Ok((listed, store::list_used_connections(connection, id)?))
    };
    let (listed, used) = app.control.read(find).await?;
    let entry =
        Entry::new(identity.who(), "staff.accessed", Record::new("route", &"/api/v1/admin/organizations", "GET"));
    app.control.write(move |tx| delivery::defer(tx, id, entry)).await?;
    app.wake_audit();
    let ids: Vec<ConnectionId> = used.iter().map(|one| one.id).collect();
    let read = move |connection: &rusqlite::Connection| -> std::result::Result<Vec<_>, crate::store::Error> {
        ids.into_iter().map(|id| crate::connection::find_status(connection, id)).collect()
    };
    // One that cannot be read is shown all the same: that is what its health is for.
    let signs = app.tenants.read_quietly(id, read).await.unwrap_or_default().unwrap_or_default();
    let signs = signs.into_iter().chain(std::iter::repeat((None, 0)));
    let connection_list = used.into_iter().zip(signs).map(complete_connection).collect();
    let organization = app.complete_organizations(vec![listed]).pop().ok_or_else(|| Error::not_found("record"))?;
    Ok(Answer::new(AdminOrganizationDetail { organization, connection_list }))
}

fn complete_connection((used, (last_event_at_ms, event_count)): (Used, (Option<i64>, i64))) -> AdminConnection {
    let Used { id, provider, name, is_shared, created_at_ms } = used;
    AdminConnection { id, provider, name, is_shared, created_at_ms, last_event_at_ms, event_count }
}
