//! `salesbrain organization …`

use clap::Subcommand;
use serde_json::json;

use super::{Common, print};

/// What to do with organizations.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum OrganizationCommand {
    /// Lists the organizations.
    List,
}

pub(super) async fn run(command: OrganizationCommand, common: Common) -> anyhow::Result<()> {
    let OrganizationCommand::List = command;
    let app = common.open()?;
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
