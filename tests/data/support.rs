//! Starts the real program in a temporary folder, posts to it and reads from it over HTTP.
//!
//! The account is made without hashing a password, which is slow in a debug build and is tested elsewhere; the session
//! is a real one. The clock stands still and moves one millisecond with each delivery, so that "newest first" is
//! decided and days are fixed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use salesbrain::account::model::Language;
use salesbrain::account::permission::Role;
use salesbrain::account::session::Client;
use salesbrain::account::store::{self as accounts, NewAccount};
use salesbrain::app::{self, App};
use salesbrain::channel::instantly::simulator::{Poster, PosterConfig, Schedule, SimulatedEvent, Simulator};
use salesbrain::clock::Clock;
use salesbrain::config::{self, Overrides};
use salesbrain::error::Error;
use salesbrain::id::OrganizationId;
use salesbrain::tenant::Tenant;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// 2026-03-10T12:00:00Z: "now" when a program starts.
pub(crate) const NOW_MS: i64 = 1_773_144_000_000;
/// How long a condition may take to come true; far more than it needs.
const WAIT_LIMIT: Duration = Duration::from_secs(30);

/// A running program with one organization, its owner's session and one connection.
pub(crate) struct Program {
    pub(crate) app: App,
    pub(crate) organization_id: OrganizationId,
    base: String,
    client: reqwest::Client,
    keys: Keys,
    folder: TempDir,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// What opens the doors, valid beyond a restart.
#[derive(Clone)]
struct Keys {
    access_token: String,
    secret: String,
}

/// A program that was stopped; its folder is left.
pub(crate) struct Stopped {
    folder: TempDir,
    keys: Keys,
    organization_id: OrganizationId,
    now_ms: i64,
}

/// An answer: status and JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// `data` of a successful answer.
    #[track_caller]
    pub(crate) fn data(&self) -> &Value {
        assert_eq!(self.status, 200, "{:?}", self.body);
        assert_eq!(self.body["success"], true, "{:?}", self.body);
        &self.body["data"]
    }

    /// `data` as rows.
    #[track_caller]
    pub(crate) fn rows(&self) -> &Vec<Value> {
        self.data().as_array().unwrap()
    }

    /// Asserts an error with its code and field, and that nothing else is told.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: &str, field: Option<&str>) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{:?}", self.body);
        assert_eq!(self.body["success"], false);
        assert_eq!(self.body.get("field").and_then(Value::as_str), field, "{:?}", self.body);
        assert!(self.body.get("data").is_none() && self.body["detail"].is_string(), "{:?}", self.body);
    }
}

impl Program {
    /// Starts in an empty folder.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (app, listener) = open(&folder, NOW_MS).await;
        let (organization_id, keys) = set_up(&app).await;
        Self::serve(app, listener, (folder, keys, organization_id))
    }

    fn serve(
        app: App,
        listener: tokio::net::TcpListener,
        (folder, keys, organization_id): (TempDir, Keys, OrganizationId),
    ) -> Self {
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { drop(stopped.await) };
        let server = tokio::spawn(salesbrain::http::serve::serve(Arc::clone(&app), listener, shutdown));
        Self { app, organization_id, base, client: reqwest::Client::new(), keys, folder, stop, server }
    }

    /// Stops as the signal does and leaves the folder closed.
    pub(crate) async fn stop(self) -> Stopped {
        let now_ms = self.app.clock.now_ms();
        // The server may have ended by itself; its answer tells.
        let _is_gone = self.stop.send(());
        drop(self.client);
        self.server.await.unwrap();
        Stopped { folder: self.folder, keys: self.keys, organization_id: self.organization_id, now_ms }
    }

    /// The organization's folder.
    pub(crate) fn tenant_folder(&self) -> PathBuf {
        self.folder.path().join("tenants").join(self.organization_id.to_string())
    }

    /// The organization's handle.
    pub(crate) async fn tenant(&self) -> Arc<Tenant> {
        self.app.tenants.find(self.organization_id).await.unwrap()
    }

    /// The program's clock.
    pub(crate) fn app_clock(&self) -> &Clock {
        &self.app.clock
    }

    /// Reads the organization's file.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> T + Send + 'static,
    ) -> T {
        let read = |connection: &rusqlite::Connection| -> Result<T, salesbrain::store::Error> { Ok(work(connection)) };
        self.tenant().await.read(read).await.unwrap()
    }

    /// Waits until every consumer has dealt with everything.
    pub(crate) async fn settle(&self) {
        let tenant = self.tenant().await;
        wait_until("the consumers have caught up", || {
            let head = tenant.head();
            let is_done = tenant.progress().iter().all(|progress| progress.cursor() >= head);
            async move { is_done }
        })
        .await;
    }

    /// Posts a webhook with the secret in its header; the clock moves on.
    pub(crate) async fn deliver(&self, body: impl Into<String>) -> Answer {
        self.app.clock.advance_ms(1);
        let request = self
            .client
            .post(format!("{}/webhooks/instantly/webhook", self.base))
            .header("X-Webhook-Secret", &self.keys.secret)
            .header("content-type", "application/json")
            .body(body.into());
        answer(request).await
    }

    /// Posts a webhook that is to be accepted; answers the message of the receipt.
    #[track_caller]
    pub(crate) fn post(&self, body: &Value) -> impl Future<Output = String> + use<'_> {
        let body = body.to_string();
        async move {
            let answer = self.deliver(body.clone()).await;
            assert_eq!((answer.status, answer.body["success"].as_bool()), (200, Some(true)), "{body}: {answer:?}");
            answer.body["message"].as_str().unwrap().to_owned()
        }
    }

    /// Posts webhooks in order.
    pub(crate) async fn post_all<'body>(&self, bodies: impl IntoIterator<Item = &'body Value>) {
        for body in bodies {
            self.post(body).await;
        }
    }

    /// Posts events of a simulator like the service does, one in ten twice and one in ten late; answers how many events
    /// and how many repetitions there were. Waits for the consumers.
    pub(crate) async fn play(
        &self,
        simulator: &Simulator,
        events: impl IntoIterator<Item = SimulatedEvent>,
    ) -> (usize, usize) {
        let events: Vec<SimulatedEvent> = events.into_iter().collect();
        let config = PosterConfig {
            headers: vec![("X-Webhook-Secret".to_owned(), self.keys.secret.clone())],
            duplicates: 0.1,
            reorder: 0.1,
            seed: 5,
            ..PosterConfig::new(format!("{}/webhooks/instantly/webhook", self.base))
        };
        let poster = Poster::new(config, self.app.clock.clone()).unwrap();
        let count = events.len();
        let statistics = simulator.run(events, &poster, Schedule::FullSpeed, std::future::pending()).await;
        assert_eq!((statistics.failed, statistics.retried), (0, 0), "{statistics:?}");
        self.settle().await;
        (count, usize::try_from(statistics.acknowledged).unwrap() - count)
    }

    /// Asks for a path below the root.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(reqwest::Method::GET, path)).await
    }

    /// Changes something.
    pub(crate) async fn patch(&self, path: &str) -> Answer {
        self.app.clock.advance_ms(1);
        answer(self.request(reqwest::Method::PATCH, path)).await
    }

    /// A signed-in request.
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.keys.access_token)
    }

    /// The path with its query parameters encoded.
    pub(crate) fn path(path: &str, parameters: &[(&str, &str)]) -> String {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{path}?{query}")
    }

    /// Every row of a list, page after page; a page that makes no progress fails.
    pub(crate) async fn list_all(&self, path: &str, parameters: &[(&str, &str)]) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut with_cursor = parameters.to_vec();
            if !cursor.is_empty() {
                with_cursor.push(("cursor", &cursor));
            }
            let page = self.get(&Self::path(path, &with_cursor)).await;
            let rows = page.rows();
            assert_eq!(page.body["count"], rows.len(), "count is the number of rows of the page");
            assert!(all.len() < 20_000, "paging does not end");
            all.extend(rows.iter().cloned());
            match page.body["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return all,
            }
        }
    }
}

impl Stopped {
    /// The organization's folder.
    pub(crate) fn tenant_folder(&self) -> PathBuf {
        self.folder.path().join("tenants").join(self.organization_id.to_string())
    }

    /// Starts again in the same folder.
    pub(crate) async fn start(self) -> Program {
        let (app, listener) = open(&self.folder, self.now_ms).await;
        Program::serve(app, listener, (self.folder, self.keys, self.organization_id))
    }
}

async fn open(folder: &TempDir, now_ms: i64) -> (App, tokio::net::TcpListener) {
    let overrides = Overrides { data: Some(folder.path().to_owned()), ..Overrides::default() };
    let config = config::load(&overrides).unwrap();
    let app = app::open(config, Clock::fixed(now_ms)).unwrap();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    (app, listener)
}

async fn set_up(app: &App) -> (OrganizationId, Keys) {
    let create = |tx: &salesbrain::store::Tx<'_>| -> Result<_, Error> {
        let account = NewAccount {
            email: "olga@owner.example".to_owned(),
            name: "Olga Owner".to_owned(),
            password_hash: "nobody signs in with a password here".to_owned(),
            language: Language::En,
        };
        let account_id = accounts::create_account(tx, &account)?;
        let organization_id = salesbrain::organization::create(tx, "Test")?;
        accounts::create_membership(tx, account_id, organization_id, (Role::Owner, None))?;
        Ok((account_id, organization_id))
    };
    let (account_id, organization_id) = app.control.write(create).await.unwrap();
    let session = app.start_session(account_id, Some(organization_id), &Client::default()).await.unwrap().session;
    let (_connection, secret) = app.create_connection(Some(organization_id), "instantly", "Test").await.unwrap();
    (organization_id, Keys { access_token: session.access_token, secret })
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

/// Waits until a condition holds; fails when it does not within the limit.
pub(crate) async fn wait_until<F: Future<Output = bool>>(what: &str, mut is_true: impl FnMut() -> F) {
    let started = Instant::now();
    while !is_true().await {
        assert!(started.elapsed() < WAIT_LIMIT, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
