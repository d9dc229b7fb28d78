//! Routes of connections and of what arrives unrouted.

use axum::extract::State;
use serde_json::json;

use super::model::{Connection, ConnectionWithSecret, NewConnection, SECRET_HEADER, StoredConnection, UnroutedEvent};
use super::store;
use crate::account::token::{random_secret, secret_hash};
use crate::app::{App, AppInner};
use crate::audit::{Chain, Entry, Record, Who, delivery};
use crate::error::{Error, Result};
use crate::http::access::Caller;
use crate::http::extract::{Body, Id};
use crate::http::peer::BaseUrl;
use crate::http::respond::{Answer, Page};
use crate::id::{ConnectionId, OrganizationId};
use crate::store::Tx;

/// The providers a connection can be made for.
const PROVIDERS: [(&str, &str); 1] = [("instantly", "Instantly")];

impl AppInner {
    /// Makes a connection at the command line; answers it with its secret, which is not kept.
    pub async fn create_connection(
        &self,
        organization_id: Option<OrganizationId>,
        provider: &str,
        name: &str,
    ) -> Result<(StoredConnection, String)> {
        self.create_connection_as(Who::command_line(), organization_id, (provider, name)).await
    }

    /// Makes a connection; answers it with its secret, which is not kept.
    pub async fn create_connection_as(
        &self,
        who: Who,
        organization_id: Option<OrganizationId>,
        (provider, name): (&str, &str),
    ) -> Result<(StoredConnection, String)> {
        let Some((provider, default_name)) = PROVIDERS.iter().find(|(known, _name)| *known == provider).copied() else {
            return Err(Error::invalid_field("provider", "the provider must be instantly"));
        };
        let name =
            if name.trim().is_empty() { default_name.to_owned() } else { name.trim().chars().take(200).collect() };
        let secret = random_secret();
        let hash = secret_hash(&secret);
        let appliance = self.audit.clone();
        let create = move |tx: &Tx<'_>| -> std::result::Result<StoredConnection, crate::store::Error> {
            let stored = store::create_connection(tx, organization_id, (provider, &name), hash)?;
            let after = json!({ "provider": provider, "name": stored.name });
            note(
                tx,
                &appliance,
                &stored,
                Entry::new(who, "connection.created", record(&stored)).changed(json!({}), after),
            )?;
            Ok(stored)
        };
        let stored = self.control.write(create).await?;
        self.wake_audit();
        Ok((stored, secret))
    }

    /// Replaces a connection's secret; the old one stops working.
    pub async fn replace_secret(&self, who: Who, stored: &StoredConnection) -> Result<String> {
        let secret = random_secret();
        let hash = secret_hash(&secret);
        let (appliance, stored) = (self.audit.clone(), stored.clone());
        let replace = move |tx: &Tx<'_>| {
            store::update_secret(tx, stored.id, hash)?;
            note(tx, &appliance, &stored, Entry::new(who, "connection.secret_renewed", record(&stored)))
        };
        self.control.write(replace).await?;
        self.wake_audit();
        self.webhook_routes.forget();
        Ok(secret)
    }

    /// Where providers post, with the secret in the header.
    pub fn webhook_url(&self) -> String {
        webhook_url_below(&self.config.base_url())
    }

    async fn complete(&self, caller: &Caller, base: &BaseUrl, stored: StoredConnection) -> Result<Connection> {
        let id = stored.id;
        let read = move |connection: &rusqlite::Connection| store::find_status(connection, id);
        let (last_event_at_ms, event_count) = caller.tenant.read(read).await?;
        Ok(Connection {
            id,
            provider: stored.provider,
            name: stored.name,
            is_shared: stored.organization_id.is_none(),
            webhook_url: webhook_url_below(&base.0),
            header_name: SECRET_HEADER,
            last_event_at_ms,
            event_count,
            created_at_ms: stored.created_at_ms,
        })
    }

    async fn find_connection(&self, caller: &Caller, id: ConnectionId) -> Result<StoredConnection> {
        let organization_id = caller.organization_id();
        let find = move |connection: &rusqlite::Connection| store::find_connection(connection, organization_id, id);
        self.control.read(find).await?.ok_or_else(|| Error::not_found("record"))
    }
}

fn record(stored: &StoredConnection) -> Record {
    Record::new("connection", &stored.id, stored.name.clone())
}

/// Writes an entry into the log of the connection's owner: its organization, or the appliance for a shared one.
fn note(
    tx: &Tx<'_>,
    appliance: &Chain,
    stored: &StoredConnection,
    entry: Entry,
) -> std::result::Result<(), crate::store::Error> {
    match stored.organization_id {
        Some(organization_id) => delivery::defer(tx, organization_id, entry),
        None => appliance.append(tx, entry),
    }
}

fn webhook_url_below(base: &str) -> String {
    format!("{base}/webhooks/instantly/webhook")
}

fn with_secret(base: &BaseUrl, connection: Connection, webhook_secret: String) -> ConnectionWithSecret {
    let token_webhook_url = format!("{}/webhooks/instantly/{webhook_secret}", base.0);
    ConnectionWithSecret { connection, webhook_secret, token_webhook_url }
}

/// The organization's connections.
#[utoipa::path(get, path = "/api/v1/connections", tag = "connections", responses((status = 200, body = Page<Connection>)), security(("session" = [])))]
pub async fn list_connections(State(app): State<App>, caller: Caller, base: BaseUrl) -> Result<Page<Connection>> {
    let organization_id = caller.organization_id();
    let stored = app.control.read(move |connection| store::list_connections(connection, organization_id)).await?;
    let mut connections = Vec::with_capacity(stored.len());
    for connection in stored {
        connections.push(app.complete(&caller, &base, connection).await?);
    }
    Ok(Page::whole(connections))
}

/// Makes a connection. The secret is in this answer only.
#[utoipa::path(post, path = "/api/v1/connections", tag = "connections", request_body = NewConnection, responses((status = 200, body = Answer<ConnectionWithSecret>)), security(("session" = [])))]
pub async fn create_connection(
    State(app): State<App>,
    caller: Caller,
    base: BaseUrl,
    Body(request): Body<NewConnection>,
) -> Result<Answer<ConnectionWithSecret>> {
    let organization_id = Some(caller.organization_id());
    let wanted = (request.provider.as_str(), request.name.as_str());
    let (stored, secret) = app.create_connection_as(caller.who(), organization_id, wanted).await?;
    let connection = app.complete(&caller, &base, stored).await?;
    Ok(Answer::new(with_secret(&base, connection, secret)))
}

/// One connection.
#[utoipa::path(get, path = "/api/v1/connections/{id}", tag = "connections", params(("id" = String, Path)), responses((status = 200, body = Answer<Connection>)), security(("session" = [])))]
pub async fn find_connection(
    State(app): State<App>,
    caller: Caller,
    base: BaseUrl,
    Id(id): Id<ConnectionId>,
) -> Result<Answer<Connection>> {
    let stored = app.find_connection(&caller, id).await?;
    Ok(Answer::new(app.complete(&caller, &base, stored).await?))
}

/// Replaces the secret; the old one stops working.
#[utoipa::path(post, path = "/api/v1/connections/{id}/secret", tag = "connections", params(("id" = String, Path)), responses((status = 200, body = Answer<ConnectionWithSecret>)), security(("session" = [])))]
pub async fn update_secret(
    State(app): State<App>,
    caller: Caller,
    base: BaseUrl,
    Id(id): Id<ConnectionId>,
) -> Result<Answer<ConnectionWithSecret>> {
    let stored = app.find_connection(&caller, id).await?;
    let secret = app.replace_secret(caller.who(), &stored).await?;
    let connection = app.complete(&caller, &base, stored).await?;
    Ok(Answer::new(with_secret(&base, connection, secret)))
}

/// Deletes a connection: its address stops working, what it brought stays.
#[utoipa::path(delete, path = "/api/v1/connections/{id}", tag = "connections", params(("id" = String, Path)), responses((status = 200, body = Answer<Connection>)), security(("session" = [])))]
pub async fn delete_connection(
    State(app): State<App>,
    caller: Caller,
    base: BaseUrl,
    Id(id): Id<ConnectionId>,
) -> Result<Answer<Connection>> {
    let stored = app.find_connection(&caller, id).await?;
    let (appliance, entry, gone) = (app.audit.clone(), delete_entry(caller.who(), &stored), stored.clone());
    let delete = move |tx: &Tx<'_>| {
        store::delete_connection(tx, id)?;
        note(tx, &appliance, &gone, entry)
    };
    app.control.write(delete).await?;
    app.wake_audit();
    app.webhook_routes.forget();
    Ok(Answer::new(app.complete(&caller, &base, stored).await?))
}

fn delete_entry(who: Who, stored: &StoredConnection) -> Entry {
    let before = json!({ "provider": stored.provider, "name": stored.name });
    Entry::new(who, "connection.deleted", record(stored)).changed(before, json!({}))
}

/// Most unrouted events shown.
const UNROUTED_LIMIT: usize = 200;

/// Webhooks of shared connections that no organization claims.
#[utoipa::path(get, path = "/api/v1/unrouted-events", tag = "connections", responses((status = 200, body = Page<UnroutedEvent>)), security(("session" = [])))]
pub async fn list_unrouted_events(State(app): State<App>) -> Result<Page<UnroutedEvent>> {
    Ok(Page::whole(app.control.read(|connection| store::list_unrouted_events(connection, UNROUTED_LIMIT)).await?))
}
