//! `salesbrain demo`: the appliance and a simulated Instantly workspace in one process.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Common, print, serve};
use crate::account::model::Language;
use crate::account::permission::Role;
use crate::account::setup::{NewOwner, Stage};
use crate::account::token::random_secret;
use crate::app::App;
use crate::channel::instantly::simulator::{self, Pace, Poster, PosterConfig, Simulator, SimulatorConfig};
use crate::connection::model::SECRET_HEADER;
use crate::id::{AccountId, OrganizationId};

const EMAIL: &str = "demo@salesbrain.example";
const ORGANIZATION: &str = "Demo GmbH";
const CONNECTION: &str = "Instantly (simulated)";
/// The sign-in link of the demo lasts a day: it is opened when someone gets to it.
const LINK_MS: i64 = crate::clock::DAY_MS;

/// How to run the demo.
#[derive(Clone, Debug, Args)]
pub(super) struct Demo {
    /// Port of the simulated Instantly API; any free one if absent.
    #[arg(long, default_value_t = 0)]
    simulator_port: u16,
    /// Seed of the simulated workspace.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Language of the interface.
    #[arg(long, default_value = "en", value_parser = ["de", "en"])]
    language: String,
}

/// A folder that is removed when the demo ends, unless the user named one.
struct Folder {
    path: PathBuf,
    is_throw_away: bool,
}

/// How long removing the folder is tried, and the pause between two attempts.
const REMOVE_LIMIT: Duration = Duration::from_secs(3);
const REMOVE_AGAIN: Duration = Duration::from_millis(20);

impl Folder {
    /// Removes it. Threads of the store and the search engine finish the files in their hands for a moment after all is
    /// closed, and a folder that a file appears in meanwhile is not removed at the first attempt.
    async fn remove(mut self) {
        let removal = async {
            while self.is_throw_away && std::fs::remove_dir_all(&self.path).is_err() && self.path.is_dir() {
                tokio::time::sleep(REMOVE_AGAIN).await;
            }
        };
        if tokio::time::timeout(REMOVE_LIMIT, removal).await.is_ok() {
            self.is_throw_away = false;
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_throw_away
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, "the demo's folder could not be removed");
        }
    }
}

pub(super) async fn run(demo: Demo, common: Common) -> anyhow::Result<()> {
    // Before the folder is made: a demo that is ended in its first second takes its folder away too.
    let asked_to_end = super::wait_for_signal();
    let folder = choose_folder(&common);
    let quiet = Common { data: Some(folder.path.clone()), ..common };
    let (app, listener, _lock) = serve::open(quiet.load()?).await?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        asked_to_end.await;
        stop.send_replace(true);
    });
    let server = tokio::spawn(crate::http::serve::serve(App::clone(&app), listener, until(stopped.clone())));
    // Whatever it is at when it is asked to end, it is left there: the server is closing the data under it, and that it
    // fails then is no error. So the end is looked at first.
    let outcome = tokio::select! {
        biased;
        () = until(stopped.clone()) => Ok(()),
        outcome = play(&app, &demo, &folder, stopped) => outcome,
    };
    server.await?;
    drop(app);
    folder.remove().await;
    outcome
}

/// Sets the folder up and plays the provider until it is asked to end.
async fn play(app: &App, demo: &Demo, folder: &Folder, stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    let owner = create_owner(app, demo).await?;
    let has_history = app.tenants.find(owner.organization_id).await?.head() > 0;
    let secret = prepare_connection(app, owner.organization_id).await?;
    let link = app.create_sign_in_link(owner.account_id, LINK_MS).await?;

    let simulator = Simulator::new(SimulatorConfig::new(demo.seed, app.clock.now_ms()));
    let poster = Poster::new(
        PosterConfig {
            headers: vec![(SECRET_HEADER.to_owned(), secret)],
            connections: 32,
            ..PosterConfig::new(app.webhook_url())
        },
        app.clock.clone(),
    )?;
    let api_key = random_secret();
    let api_listener =
        TcpListener::bind(("127.0.0.1", demo.simulator_port)).await.context("cannot listen on the simulator's port")?;
    let api_address = api_listener.local_addr()?;
    let workspace = simulator.workspace(api_key.clone(), vec![poster.clone()], app.clock.clone());
    let api = tokio::spawn(simulator::serve(workspace, api_listener, until(stopped.clone())));

    let address = app.config.base_url();
    print::line(&format!(
        "\nSalesbrain demo\n\n  sign in       {link}  (works once)\n  or at         {address}\n  \
         e-mail        {EMAIL}\n  password      {}\n  data          {}{}\n  \
         simulated     Instantly API at http://{api_address}/api/v2, key {api_key}\n",
        owner.password,
        folder.path.display(),
        if folder.is_throw_away { " (removed at the end)" } else { "" },
    ))?;
    let history = if has_history {
        "The history of an earlier demo is there".to_owned()
    } else {
        let posted = simulator.run_history(&poster, until(stopped.clone())).await;
        format!("{} events of history are in", posted.acknowledged)
    };
    print::line(&format!("{history}; new ones follow at human pace. End with Ctrl+C."))?;
    run_live(simulator, poster, app.clock.now_ms(), stopped).await;
    end_api(api).await;
    Ok(())
}

/// Waits for the end of the simulated API; the demo is ending, so a failure to serve it is only worth a line.
async fn end_api(api: tokio::task::JoinHandle<std::io::Result<()>>) {
    if let Ok(Err(error)) = api.await {
        tracing::warn!(%error, "the simulated API ended with an error");
    }
}

async fn run_live(simulator: Simulator, poster: Poster, now_ms: i64, stopped: watch::Receiver<bool>) {
    let statistics = simulator.run_live(&poster, Pace::Human, now_ms, until(stopped)).await;
    tracing::debug!(?statistics, "the simulated workspace ended");
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is an end too.
    drop(stopped.wait_for(|is_stopped| *is_stopped).await);
}

fn choose_folder(common: &Common) -> Folder {
    if let Some(path) = &common.data {
        return Folder { path: path.clone(), is_throw_away: false };
    }
    let name = format!("salesbrain-demo-{}", crate::account::token::random_code().to_lowercase());
    Folder { path: std::env::temp_dir().join(name), is_throw_away: true }
}

/// The demo's account, and what is printed of it.
struct DemoOwner {
    account_id: AccountId,
    organization_id: OrganizationId,
    password: String,
}

/// Creates the demo's account; on a folder from an earlier demo the account is there and keeps its password.
async fn create_owner(app: &App, demo: &Demo) -> anyhow::Result<DemoOwner> {
    let known = app.control.read(|connection| crate::account::store::find_credentials(connection, EMAIL)).await?;
    if let Some(known) = known {
        let account_id = known.account_id;
        let home = app.control.read(move |connection| crate::account::store::find_home(connection, account_id)).await?;
        let organization_id = home.context("the demo's account belongs to no organization")?;
        let password = "as printed when this folder was made".to_owned();
        return Ok(DemoOwner { account_id: known.account_id, organization_id, password });
    }
    let password = format!("demo-{}", crate::account::token::random_code().to_lowercase());
    let owner = NewOwner {
        address: String::new(),
        email: EMAIL.to_owned(),
        name: "Dana Demo".to_owned(),
        password: password.clone(),
        language: if demo.language == "de" { Language::De } else { Language::En },
        organization_name: ORGANIZATION.to_owned(),
        role: Role::Owner,
    };
    let (account_id, organization_id) = app.create_owner(owner, Stage::Any).await?;
    Ok(DemoOwner { account_id, organization_id, password })
}

/// Makes the connection to the simulated workspace, or gives the one of an earlier demo a new secret.
async fn prepare_connection(app: &App, organization_id: OrganizationId) -> anyhow::Result<String> {
    let connections =
        app.control.read(move |connection| crate::connection::list_connections(connection, organization_id)).await?;
    if let Some(known) = connections.iter().find(|connection| connection.name == CONNECTION) {
        return Ok(app.replace_secret(crate::audit::Who::command_line(), known).await?);
    }
    let (_connection, secret) = app.create_connection(Some(organization_id), "instantly", CONNECTION).await?;
    Ok(secret)
}
