//! `salesbrain serve`

use anyhow::Context;
use tokio::net::TcpListener;

use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::serve;

/// Runs the appliance until it is asked to end.
pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let (app, listener) = open(config).await?;
    announce(&app).await?;
    serve::serve(app, listener, super::wait_for_signal()).await?;
    tracing::info!("ended");
    Ok(())
}

/// Takes the port first: a second program on the same folder then fails before it touches the data.
pub(super) async fn open(mut config: Config) -> anyhow::Result<(App, TcpListener)> {
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    config.listen = listener.local_addr()?;
    let app = tokio::task::spawn_blocking(move || app::open(config, Clock::System)).await??;
    Ok((app, listener))
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
