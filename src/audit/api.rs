//! Routes of the audit logs: an organization's and the appliance's.

#![expect(unused_qualifications, reason = "the route macro qualifies the types of parameters")]

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::export::Format;
use super::store::{self, AuditEntry, Filter, Part};
use super::{Entry, Record};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::access::{Caller, Identity};
use crate::http::extract::{Params, parse_limit};
use crate::http::respond::Page;
use crate::store::Database;
use crate::tenant::Tenant;

/// Which rows, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// `account:<id>`, `api_key:<id>`, `command_line`, `system`, `anonymous`, or the name of an actor.
    #[serde(default)]
    actor: String,
    /// Start of the action, for example `member.`.
    #[serde(default)]
    action: String,
    /// The id of a record.
    #[serde(default)]
    entity: String,
    /// Not before this time, UTC milliseconds.
    since: Option<i64>,
    /// Before this time, UTC milliseconds.
    until: Option<i64>,
    /// Text in a name, an address, an action or a value.
    #[serde(default)]
    q: String,
    /// `next` of the page before.
    cursor: Option<i64>,
    /// Rows of a page, 1 to 200; 50 if absent.
    limit: Option<usize>,
    /// `csv` or `jsonl`, for an export.
    #[serde(default)]
    format: String,
}

impl AuditParams {
    fn filter(&self) -> Filter {
        Filter {
            actor: self.actor.trim().to_owned(),
            action: self.action.trim().to_owned(),
            entity: self.entity.trim().to_owned(),
            since_ms: self.since,
            until_ms: self.until,
            q: self.q.trim().to_owned(),
        }
    }
}

/// The organization's audit log, newest first.
///
/// A page may hold fewer rows than asked for, and even none, and still have a `next`: it looks at a bounded part of the log.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditParams), responses((status = 200, body = Page<AuditEntry>)), security(("session" = [])))]
pub async fn list_audit(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<AuditParams>,
) -> Result<Page<AuditEntry>> {
    app.deliver_audit(caller.organization_id()).await?;
    list(caller.tenant.database(), &params).await
}

/// The appliance's audit log, newest first.
#[utoipa::path(get, path = "/api/v1/admin/audit", tag = "administration", params(AuditParams), responses((status = 200, body = Page<AuditEntry>)), security(("session" = [])))]
pub async fn list_appliance_audit(
    State(app): State<App>,
    Params(params): Params<AuditParams>,
) -> Result<Page<AuditEntry>> {
    list(&app.control, &params).await
}

async fn list(database: &Database, params: &AuditParams) -> Result<Page<AuditEntry>> {
    let limit = parse_limit(params.limit, 50, 200)?;
    let (filter, cursor) = (params.filter(), params.cursor.unwrap_or(i64::MAX));
    let Part { rows, next } = database.read(move |connection| store::list(connection, &filter, cursor, limit)).await?;
    Ok(Page::new(rows.into_iter().map(AuditEntry::from).collect(), next.map(|sequence| sequence.to_string())))
}

/// The organization's audit log as a file, newest first.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", params(AuditParams), responses((status = 200, body = String, content_type = "text/csv")), security(("session" = [])))]
pub async fn export_audit(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<AuditParams>,
) -> Result<Response> {
    let format = parse_format(&params)?;
    app.deliver_audit(caller.organization_id()).await?;
    let (chain, entry) = (app.audit_chain(caller.organization_id()), export_entry(caller.who(), format));
    caller.tenant.write(move |tx| chain.append(tx, entry)).await?;
    answer(Source::Organization(caller.tenant), format, &params)
}

/// The appliance's audit log as a file, newest first.
#[utoipa::path(get, path = "/api/v1/admin/audit/export", tag = "administration", params(AuditParams), responses((status = 200, body = String, content_type = "text/csv")), security(("session" = [])))]
pub async fn export_appliance_audit(
    State(app): State<App>,
    identity: Identity,
    Params(params): Params<AuditParams>,
) -> Result<Response> {
    let format = parse_format(&params)?;
    let (chain, entry) = (app.audit.clone(), export_entry(identity.who(), format));
    app.control.write(move |tx| chain.append(tx, entry)).await?;
    answer(Source::Appliance(app.control.clone()), format, &params)
}

fn parse_format(params: &AuditParams) -> Result<Format> {
    let name = if params.format.is_empty() { "csv" } else { &params.format };
    Format::parse(name).ok_or_else(|| Error::invalid_field("format", "format must be csv or jsonl"))
}

fn export_entry(who: super::Who, format: Format) -> Entry {
    Entry::new(who, "audit.exported", Record::new("audit", &format.ending(), ""))
}

/// Where rows are read while the client takes them. It keeps an organization open for as long.
enum Source {
    Organization(Arc<Tenant>),
    Appliance(Database),
}

impl Source {
    fn database(&self) -> &Database {
        match self {
            Self::Organization(tenant) => tenant.database(),
            Self::Appliance(control) => control,
        }
    }
}

/// Rows read at once for an export.
const EXPORT_ROWS: usize = 1_000;

/// How far an export has come.
struct Export {
    source: Source,
    filter: Filter,
    format: Format,
    cursor: Option<i64>,
    is_begun: bool,
}

impl Export {
    /// The next piece of the file; `None` at its end.
    async fn step(mut self) -> Result<Option<(Bytes, Self)>> {
        if !self.is_begun {
            self.is_begun = true;
            return Ok(Some((self.format.head().map_err(Error::internal)?.into(), self)));
        }
        let Some(cursor) = self.cursor else { return Ok(None) };
        let filter = self.filter.clone();
        let list = move |connection: &rusqlite::Connection| store::list(connection, &filter, cursor, EXPORT_ROWS);
        let Part { rows, next } = self.source.database().read(list).await?;
        self.cursor = next;
        Ok(Some((self.format.rows(rows).map_err(Error::internal)?.into(), self)))
    }
}

fn answer(source: Source, format: Format, params: &AuditParams) -> Result<Response> {
    let export = Export {
        source,
        filter: params.filter(),
        format,
        cursor: Some(params.cursor.unwrap_or(i64::MAX)),
        is_begun: false,
    };
    // An error in the middle cuts the answer off, which the client sees: the file never looks whole when it is not.
    let mut response = Response::new(Body::from_stream(stream::try_unfold(export, Export::step)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    let disposition = format!("attachment; filename=\"audit.{}\"", format.ending());
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).map_err(Error::internal)?);
    Ok(response)
}
