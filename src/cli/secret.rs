//! `salesbrain secret …`

use anyhow::Context;
use clap::Subcommand;
use serde_json::json;

use super::{Common, print};
use crate::app::App;
use crate::audit::ends::{Ends, EndsError};
use crate::audit::{Chain, Entry, Record, Who};
use crate::id::OrganizationId;
use crate::secret::Keyring;
use crate::secret::rotation::{self, RotationError};
use crate::store::migration::TENANT;
use crate::store::{Database, Options, Tx};

/// What to do with the master key.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum SecretCommand {
    /// Makes a new master key and seals everything with it. The appliance must not be running. If it is interrupted, run
    /// it again. Access tokens end with the old key; sessions go on.
    Rotate,
}

pub(super) async fn run(command: SecretCommand, common: Common) -> anyhow::Result<()> {
    let SecretCommand::Rotate = command;
    let data = common.load()?.data;
    anyhow::ensure!(data.join("control.db").try_exists()?, "there is no appliance in {}", data.display());
    let _lock = super::serve::FolderLock::take(&data)?;
    let path = data.join("secret.key");
    let keyring = Keyring::begin_rotation(&path)?;
    // Opened after the new key is there, so that everything it writes is sealed with that.
    let app = common.open()?;
    let (count, logs) = reseal_all(&app, &keyring).await?;
    match Ends::read(&data, &keyring) {
        Ok(ends) => ends.write(&data, &keyring)?,
        // Verification goes on saying so.
        Err(EndsError::Missing) => {}
        Err(error) => return Err(error).context("run `salesbrain audit verify`"),
    }
    keyring.finish_rotation(&path)?;
    if common.json {
        return print::json(&json!({ "secrets": count, "logs": logs }));
    }
    print::line(&format!("{count} secrets and {logs} audit logs are sealed with a new master key; the old one is gone"))
}

async fn reseal_all(app: &App, keyring: &Keyring) -> anyhow::Result<(usize, usize)> {
    let keys = keyring.clone();
    let count = app.control.write(move |tx| rotation::reseal_control(tx, &keys)).await?;
    let organizations = app.control.read(crate::organization::list).await?;
    let mut logs = 1;
    for (id, name) in organizations {
        let resealed = reseal_organization(app, keyring, id).await;
        logs += usize::from(
            resealed.with_context(|| format!("organization {name} ({id}); run it again when this is mended"))?,
        );
    }
    let keys = keyring.clone();
    app.control.read(move |connection| rotation::check_nothing_left(connection, &keys)).await?;
    let (chain, entry) = (
        Chain::of_appliance(keyring),
        Entry::new(Who::command_line(), "secret.rotated", Record::new("secret", &"", "")),
    );
    app.control.write(move |tx| chain.append(tx, entry)).await?;
    Ok((count, logs))
}

/// Seals the end of an organization's log anew; `false` if nobody has opened the organization yet.
async fn reseal_organization(app: &App, keyring: &Keyring, id: OrganizationId) -> anyhow::Result<bool> {
    let file = app.config.data.join("tenants").join(id.to_string()).join("tenant.db");
    if !file.try_exists()? {
        return Ok(false);
    }
    let (clock, ids, read_limit_ms) = (app.clock.clone(), app.ids.clone(), app.config.read_limit_ms);
    let options = Options { clock, ids, readers: 1, read_limit_ms, max_pages: None };
    let chain = Chain::of_organization(keyring, id);
    let work = move || -> anyhow::Result<()> {
        let database = Database::open(&file, &TENANT, &options)?;
        Ok(database
            .write_blocking(move |tx: &Tx<'_>| -> Result<(), RotationError> { rotation::reseal_log(tx, &chain) })?)
    };
    tokio::task::spawn_blocking(work).await??;
    Ok(true)
}
