//! The client of Instantly's API against the simulated service, over real connections.

pub(crate) mod conformance;
pub(crate) mod faults;
pub(crate) mod limits;
pub(crate) mod program;
pub(crate) mod webhooks;

use std::time::Duration;

use salesbrain::channel::instantly::client::email::{EmailBody, EmailFilter, Reply};
use salesbrain::channel::instantly::client::{Client, ClientConfig, Key, Limiter, Limits};
use salesbrain::channel::instantly::simulator::{
    Poster, PosterConfig, Simulator, SimulatorConfig, Workspace, WorldSize, serve,
};
use salesbrain::clock::Clock;

/// When the simulated history ends.
const START_MS: i64 = 1_795_176_000_000;
pub(crate) const KEY: &str = "simulated-key";

/// A simulated workspace that serves its API.
pub(crate) struct Service {
    pub(crate) simulator: Simulator,
    pub(crate) workspace: Workspace,
    pub(crate) base: String,
    /// Where its webhooks go.
    pub(crate) hook: String,
}

impl Service {
    /// A workspace with a history that has been told, and so many leads.
    pub(crate) async fn start(leads: usize) -> Self {
        let size = WorldSize { leads, ..WorldSize::default() };
        let config = SimulatorConfig { history_events: 400, size, ..SimulatorConfig::new(7, START_MS) };
        let simulator = Simulator::new(config);
        let receiver = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/hook", receiver.local_addr().unwrap());
        let accept = axum::Router::new().route("/hook", axum::routing::post(|| async { "ok" }));
        tokio::spawn(async move { axum::serve(receiver, accept).await.unwrap() });
        let clock = Clock::fixed(START_MS);
        let poster = Poster::new(PosterConfig::new(hook.as_str()), clock.clone()).unwrap();
        let workspace = simulator.workspace(KEY, vec![poster.clone()], clock);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/api/v2", listener.local_addr().unwrap());
        tokio::spawn(serve(workspace.clone(), listener, std::future::pending()));
        simulator.run_history(&poster, std::future::pending()).await;
        Self { simulator, workspace, base, hook }
    }

    /// How the tests call it: without long waits.
    pub(crate) fn config(&self) -> ClientConfig {
        ClientConfig {
            first_wait: Duration::from_millis(20),
            attempt_limit: Duration::from_secs(20),
            ..ClientConfig::new(self.base.as_str())
        }
    }

    pub(crate) fn client(&self) -> Client {
        Self::client_with(self.config(), KEY)
    }

    pub(crate) fn client_with(config: ClientConfig, key: &str) -> Client {
        let limiter = Limiter::new(Limits::default());
        Client::new(config, Key::parse(key).unwrap(), limiter, Clock::fixed(START_MS)).unwrap()
    }

    /// The requests so far whose path begins so.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.workspace.exchanges().iter().filter(|exchange| exchange.path.starts_with(path)).count()
    }
}

/// A reply to some e-mail the workspace received.
pub(crate) async fn some_reply(client: &Client) -> Reply {
    let filter = EmailFilter { email_type: Some("received"), ..EmailFilter::default() };
    let page = client.list_emails(&filter).next_page().await.unwrap().unwrap();
    let email = page.iter().find(|email| email.eaccount.as_ref().is_some_and(|mailbox| !mailbox.is_empty())).unwrap();
    Reply {
        eaccount: email.eaccount.clone().unwrap(),
        reply_to_uuid: email.id.clone(),
        subject: "Re: Offerte".to_owned(),
        body: EmailBody { text: Some("Gerne am Dienstag.".to_owned()), html: None },
        ..Reply::default()
    }
}
