//! `salesbrain organization …`

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, print};
use crate::app::App;
use crate::appliance::transfer::export::Secrets;
use crate::appliance::transfer::import::Imported;
use crate::audit::{Entry, Record, Who, delivery};
use crate::clock::DAY_MS;
use crate::connection::model::SECRET_HEADER;
use crate::id::OrganizationId;
use crate::store::{Error, Tx};

/// What to do with organizations.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum OrganizationCommand {
    /// Lists the organizations.
    List,
    /// Creates an organization.
    Create {
        /// Its name.
        name: String,
    },
    /// Gives an organization another name.
    Rename {
        /// Name or id of the organization.
        organization: String,
        /// The new name.
        name: String,
    },
    /// Deletes an organization: when the days of grace are over, a running appliance takes its folder away.
    Delete(Delete),
    /// Writes everything an organization has into a file, to move it to another appliance.
    Export(Export),
    /// Takes an organization in from such a file.
    Import {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Clone, Debug, Args)]
pub(super) struct Delete {
    /// Name or id of the organization.
    organization: String,
    /// Days in which that can be taken back; the setting `delete_grace_days` if absent.
    #[arg(long)]
    grace_days: Option<u32>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Export {
    /// Name or id of the organization.
    organization: String,
    /// The file to write.
    file: PathBuf,
    /// Also passwords, authenticators, webhook secrets and API keys: whoever has the file can then sign in.
    #[arg(long)]
    with_secrets: bool,
}

pub(super) async fn run(command: OrganizationCommand, common: Common) -> anyhow::Result<()> {
    let app = common.open()?;
    match command {
        OrganizationCommand::List => list(&app, &common).await,
        OrganizationCommand::Create { name } => create(&app, &common, &name).await,
        OrganizationCommand::Rename { organization, name } => rename(&app, &organization, &name).await,
        OrganizationCommand::Delete(delete) => delete_later(&app, &delete).await,
        OrganizationCommand::Export(export) => write(&app, &common, &export).await,
        OrganizationCommand::Import { file } => {
            let imported = app.import_organization(&file).await?;
            report(&app, &common, &imported)
        }
    }
}

async fn list(app: &App, common: &Common) -> anyhow::Result<()> {
    let organizations = app.control.read(crate::organization::list).await?;
    if common.json {
        let rows = organizations.iter().map(|(id, name)| json!({ "organization_id": id, "name": name }));
        return print::json(&rows.collect());
    }
    for (id, name) in organizations {
        print::line(&format!("{id}  {name}"))?;
    }
    Ok(())
}

/// The organization an operator means.
async fn find(app: &App, wanted: &str) -> anyhow::Result<OrganizationId> {
    let name = wanted.to_owned();
    let found = app.control.read(move |connection| crate::organization::find(connection, &name)).await?;
    found.with_context(|| format!("there is no organization {wanted:?}"))
}

fn check_name(name: &str) -> anyhow::Result<String> {
    let name = name.trim();
    anyhow::ensure!(!name.is_empty() && name.chars().count() <= 200, "a name has 1 to 200 characters");
    Ok(name.to_owned())
}

async fn create(app: &App, common: &Common, name: &str) -> anyhow::Result<()> {
    let name = check_name(name)?;
    let chain = app.audit.clone();
    let create = move |tx: &Tx<'_>| -> Result<Option<OrganizationId>, Error> {
        if crate::organization::find_by_name(tx.connection(), &name)?.is_some() {
            return Ok(None);
        }
        let id = crate::organization::create(tx, &name)?;
        let record = Record::new("organization", &id, name.clone());
        let entry = Entry::new(Who::command_line(), "organization.created", record);
        chain.append(tx, entry.changed(json!({}), json!({ "name": name })))?;
        Ok(Some(id))
    };
    let id = app.control.write(create).await?.context("there is an organization of this name already")?;
    if common.json {
        print::json(&json!({ "organization_id": id }))
    } else {
        print::line(&format!("organization {id}"))
    }
}

async fn rename(app: &App, organization: &str, name: &str) -> anyhow::Result<()> {
    let (id, name) = (find(app, organization).await?, check_name(name)?);
    let rename = move |tx: &Tx<'_>| -> Result<(), Error> {
        let sql = "SELECT name FROM organization WHERE id = ?1";
        let before: String = tx.connection().query_row(sql, [id], |row| row.get(0))?;
        tx.connection().execute("UPDATE organization SET name = ?2 WHERE id = ?1", (id, &name))?;
        let record = Record::new("organization", &id, name.clone());
        let entry = Entry::new(Who::command_line(), "organization.updated", record);
        delivery::defer(tx, id, entry.changed(json!({ "name": before }), json!({ "name": name })))
    };
    Ok(app.control.write(rename).await?)
}

async fn delete_later(app: &App, delete: &Delete) -> anyhow::Result<()> {
    let id = find(app, &delete.organization).await?;
    let grace_days = delete.grace_days.map_or(app.config.delete_grace_days, i64::from);
    let (chain, grace_ms) = (app.audit.clone(), grace_days.saturating_mul(DAY_MS));
    let mark = move |tx: &Tx<'_>| -> Result<i64, Error> {
        let delete_after_ms = tx.now_ms().saturating_add(grace_ms);
        let sql = "UPDATE organization SET delete_after_ms = ?2 WHERE id = ?1 RETURNING name";
        let name: String = tx.connection().query_row(sql, (id, delete_after_ms), |row| row.get(0))?;
        let record = Record::new("organization", &id, name);
        let entry = Entry::new(Who::command_line(), "organization.deleted", record);
        let entry = entry.changed(json!({}), json!({ "delete_after_ms": delete_after_ms }));
        chain.append(tx, entry.clone())?;
        delivery::defer(tx, id, entry)?;
        Ok(delete_after_ms)
    };
    let delete_after_ms = app.control.write(mark).await?;
    let at = jiff::Timestamp::from_millisecond(delete_after_ms)?;
    print::line(&format!("organization {id} is taken away after {at}"))
}

async fn write(app: &App, common: &Common, export: &Export) -> anyhow::Result<()> {
    let id = find(app, &export.organization).await?;
    let secrets = if export.with_secrets { Secrets::Included } else { Secrets::Left };
    let exported = app.export_organization(id, &export.file, secrets).await?;
    let manifest = &exported.manifest;
    let messages = manifest.counts.get("message").copied().unwrap_or(0);
    if common.json {
        let counts = &manifest.counts;
        return print::json(
            &json!({ "organization_id": id, "file": exported.path, "counts": counts, "has_secrets": export.with_secrets }),
        );
    }
    print::line(&format!("{}: {messages} messages, {} files", exported.path.display(), manifest.files.len()))?;
    if export.with_secrets {
        print::line("the file holds secrets: whoever has it can sign in")?;
    }
    Ok(())
}

fn report(app: &App, common: &Common, imported: &Imported) -> anyhow::Result<()> {
    let organization = &imported.manifest.organization;
    let webhook_url = app.webhook_url();
    if common.json {
        let connections: Vec<Value> = imported
            .secrets
            .iter()
            .map(|(id, secret)| json!({ "connection_id": id, "webhook_url": webhook_url, "webhook_secret": secret }))
            .collect();
        return print::json(&json!({
            "organization_id": organization.id, "name": organization.name, "connections": connections,
            "has_no_administrator": imported.has_no_administrator,
        }));
    }
    print::line(&format!("organization {} ({})", organization.id, organization.name))?;
    for (id, secret) in &imported.secrets {
        print::line(&format!("connection {id}\nwebhook    {webhook_url}\nheader     {SECRET_HEADER}: {secret}"))?;
    }
    if imported.has_no_administrator {
        print::line("nobody administers this appliance: salesbrain account staff --email … --role sb_admin")?;
    }
    Ok(())
}
