//! `salesbrain reindex`

use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::{Common, print};
use crate::inbox::indexer::IndexState;
use crate::search::WriterPool;
use crate::store::{Database, Options, migration};

/// Builds search indexes anew.
#[derive(Clone, Debug, Args)]
pub(super) struct Reindex {
    /// Name or id of the organization; all if absent.
    #[arg(long)]
    organization: Option<String>,
}

pub(super) async fn run(reindex: Reindex, common: Common) -> anyhow::Result<()> {
    let app = common.open()?;
    let _lock = super::serve::FolderLock::take(&app.config.data)?;
    let wanted = reindex.organization.clone();
    let organizations = app
        .control
        .read(move |connection| match wanted {
            None => crate::organization::list(connection),
            Some(name) => {
                let found = crate::organization::find(connection, &name)?;
                Ok(found.map(|id| (id, name)).into_iter().collect())
            }
        })
        .await?;
    if organizations.is_empty() {
        anyhow::bail!("there is no such organization");
    }
    for (id, name) in organizations {
        let folder = app.config.data.join("tenants").join(id.to_string());
        let options = Options {
            clock: app.clock.clone(),
            ids: app.ids.clone(),
            readers: 1,
            read_limit_ms: app.config.read_limit_ms,
            max_pages: None,
        };
        let work = move || -> anyhow::Result<u64> {
            std::fs::create_dir_all(&folder)?;
            let database = Database::open(&folder.join("tenant.db"), &migration::TENANT, &options)?;
            let state = Arc::new(IndexState::open(folder.join("index"), WriterPool::new(1)));
            state.rebuild(&database)?;
            Ok(state.current().map_or(0, |index| index.message_count()))
        };
        let count = tokio::task::spawn_blocking(work).await?.with_context(|| format!("cannot reindex {name}"))?;
        print::line(&format!("{name}: {count} messages indexed"))?;
    }
    Ok(())
}
