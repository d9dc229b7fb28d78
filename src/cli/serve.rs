//! `salesbrain serve`

use std::fs::TryLockError;
use std::path::Path;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::serve;

/// Runs the appliance until it is asked to end.
pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let asked_to_end = super::wait_for_signal();
    let (app, listener, _lock) = open(config).await?;
    announce(&app).await?;
    serve::serve(app, listener, asked_to_end).await;
    tracing::info!("ended");
    Ok(())
}

/// Opens the data folder and takes the port.
pub(super) async fn open(mut config: Config) -> anyhow::Result<(App, TcpListener, FolderLock)> {
    let lock = FolderLock::take(&config.data)?;
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    config.listen = listener.local_addr()?;
    let app = tokio::task::spawn_blocking(move || app::open(config, Clock::System)).await??;
    Ok((app, listener, lock))
}

/// Held while a program serves or rewrites the folder: two of them would fight over the search index. Commands that
/// only touch `control.db` (accounts, connections) go without it and work beside a running appliance.
pub(super) struct FolderLock {
    _file: std::fs::File,
}

impl FolderLock {
    /// Takes the folder; fails at once if another program has it.
    pub(super) fn take(folder: &Path) -> anyhow::Result<Self> {
        app::create_folder(folder)?;
        let file = std::fs::File::create(folder.join("in-use"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!("the data folder {} is in use by another salesbrain program", folder.display())
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

async fn announce(app: &App) -> anyhow::Result<()> {
    let address = app.config.base_url();
    tracing::info!(address, data = %app.config.data.display(), version = crate::http::health::VERSION, "listening");
    if !app.control.read(crate::account::store::has_accounts).await? {
        let code = &app.setup_code;
        tracing::info!("no account exists yet: open {address} to set up; from another machine with the code {code}");
    }
    Ok(())
}
