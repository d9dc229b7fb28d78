//! The harness: the real program on a port of its own with a data folder of its own, people to call it as, and the
//! check that nothing of it is left behind.
//!
//! The program runs on a runtime of its own, as it does in production. When a [`TestApp`] goes, the program is asked to
//! end, and the test fails if a task, a thread or an open file remains.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::HeaderMap;
use salesbrain::account::model::Language;
use salesbrain::account::password::hash_blocking;
use salesbrain::account::permission::{Permission, PermissionSet, Role, StaffRole};
use salesbrain::account::session::Client;
use salesbrain::account::store::{self as accounts, NewAccount};
use salesbrain::app::{self, App};
use salesbrain::clock::Clock;
use salesbrain::config::{Config, Overrides};
use salesbrain::id::{AccountId, OrganizationId};
use salesbrain::tenant::Tenant;
use serde_json::{Value, json};

/// Where fixed clocks start: 2026-03-02T09:00:00Z, a Monday.
pub(crate) const START_MS: i64 = 1_772_442_000_000;
/// The password of every account made here.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// What a wait may take before the test fails.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
/// Pause between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Hashed once: it takes long in a debug build.
static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| hash_blocking(PASSWORD).unwrap());

/// Waits until `condition` holds; fails the test with `what` after [`LIMIT`].
pub(crate) async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < LIMIT, "this did not happen in time: {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// [`wait_until`] for code that may block.
pub(crate) fn wait_until_blocking(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < LIMIT, "this did not happen in time: {what}");
        std::thread::park_timeout(LOOK_AGAIN);
    }
}

/// An account with a session in one organization.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) account_id: AccountId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) email: String,
    /// The access token.
    pub(crate) token: String,
    /// The cookie's value.
    pub(crate) refresh_token: String,
}

impl Person {
    /// The cookie as a browser sends it.
    pub(crate) fn cookie(&self) -> String {
        format!("salesbrain_session={}", self.refresh_token)
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Reads a response to its end.
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "body: {}", self.text);
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    /// `data` of a successful answer.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        let mut body = self.json();
        assert_eq!(body["success"], json!(true), "body: {}", self.text);
        body["data"].take()
    }

    /// `data` as rows.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.data().as_array().unwrap().clone()
    }

    /// Fails unless it is a refusal of this status and code that holds nothing but the reason; answers the body.
    #[track_caller]
    pub(crate) fn expect_refusal(self, status: u16, code: &str) -> Value {
        let body = self.expect(status).json();
        assert_eq!(body["success"], json!(false), "{body}");
        assert_eq!(body["code"], json!(code), "{body}");
        let known = ["success", "code", "detail", "field"];
        assert!(body.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{body}");
        body
    }

    /// One header; empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A request in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request<'a> {
    pub(crate) token: Option<&'a str>,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Option<Value>,
}

/// The running program with its data folder.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    /// The first account: operates the appliance and owns the first organization.
    pub(crate) operator: Person,
    pub(crate) organization_id: OrganizationId,
    handle: tokio::runtime::Handle,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<std::thread::JoinHandle<()>>,
    folder: Folder,
}

/// A data folder that outlives the program that uses it.
pub(crate) type Folder = std::sync::Arc<tempfile::TempDir>;

/// A new data folder.
pub(crate) fn folder() -> Folder {
    std::sync::Arc::new(tempfile::Builder::new().prefix("salesbrain-it-").tempdir().unwrap())
}

/// The default configuration with a folder of its own. Requests are not counted: every caller of a test has the same
/// address, and the clock stands still. The tests of the limits set them.
pub(crate) fn config(folder: &Path) -> Config {
    let empty = folder.join("empty.toml");
    std::fs::write(&empty, "").unwrap();
    let overrides =
        Overrides { file: Some(empty), data: Some(folder.join("data")), listen: Some("127.0.0.1:0".to_owned()) };
    let config = salesbrain::config::load(&overrides).unwrap();
    // The servers of the tests are on this machine.
    let outgoing_allowed = vec!["127.0.0.0/8".parse().unwrap()];
    Config { rate_limit_per_minute: 0, address_rate_limit_per_minute: 0, outgoing_allowed, ..config }
}

/// The program without any account: what a newcomer starts.
pub(crate) struct Empty {
    app: App,
    address: SocketAddr,
    handle: tokio::runtime::Handle,
    stop: tokio::sync::oneshot::Sender<()>,
    server: std::thread::JoinHandle<()>,
    folder: Folder,
}

/// Starts the program on a runtime of its own.
fn start_program(folder: Folder, config: Config, clock: Clock) -> Empty {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().thread_name("program").build();
    let runtime = runtime.unwrap();
    let handle = runtime.handle().clone();
    let listener = handle.block_on_thread(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config { listen: SocketAddr::new(config.listen.ip(), address.port()), ..config };
    let app = app::open(config, clock).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = App::clone(&app);
    let server = std::thread::spawn(move || {
        let shutdown = async move {
            // The sender is gone when the test failed: that ends the program too.
            let _asked = stopped.await;
        };
        runtime.block_on(salesbrain::http::serve::serve(served, listener, shutdown));
        wait_until_blocking("every task of the program ends", || runtime.metrics().num_alive_tasks() == 0);
        runtime.shutdown_timeout(LIMIT);
    });
    Empty { app, address, handle, stop, server, folder }
}

/// Runs a future of another runtime to its end from any thread.
trait BlockOnThread {
    fn block_on_thread<F: Future<Output: Send> + Send>(&self, future: F) -> F::Output;
}

impl BlockOnThread for tokio::runtime::Handle {
    fn block_on_thread<F: Future<Output: Send> + Send>(&self, future: F) -> F::Output {
        std::thread::scope(|scope| scope.spawn(|| self.block_on(future)).join().unwrap())
    }
}

impl TestApp {
    /// The program with a clock that stands at [`START_MS`].
    pub(crate) async fn start() -> Self {
        Self::start_with(Clock::fixed(START_MS), |_config| {}).await
    }

    /// The program with a clock and settings of choice.
    pub(crate) async fn start_with(clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let folder = folder();
        let mut config = config(folder.path());
        change(&mut config);
        let empty = start_program(folder, config, clock);
        let organization_id: OrganizationId = empty
            .app
            .control
            .write(|tx| salesbrain::organization::create(tx, "Acme"))
            .await
            .unwrap_or_else(|error: salesbrain::store::Error| panic!("{error}"));
        let operator = create_person(&empty.app, organization_id, "operator@acme.example", Role::Owner).await;
        Self::assemble(empty, operator)
    }

    /// The program without any account.
    pub(crate) fn start_empty() -> Self {
        Self::start_empty_with(|_config| {})
    }

    /// The program without any account, with settings of choice.
    pub(crate) fn start_empty_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = folder();
        let mut config = config(folder.path());
        change(&mut config);
        let empty = start_program(folder, config, Clock::fixed(START_MS));
        let nobody = Person {
            account_id: AccountId::from_uuid(uuid::Uuid::nil()),
            organization_id: OrganizationId::from_uuid(uuid::Uuid::nil()),
            email: String::new(),
            token: String::new(),
            refresh_token: String::new(),
        };
        Self::assemble(empty, nobody)
    }

    /// Ends the program and starts it again on the same folder; people's tokens stay good.
    pub(crate) fn restart(self, between: impl FnOnce(&Path)) -> Self {
        let (folder, operator) = (Folder::clone(&self.folder), self.operator.clone());
        let (config, clock) = (self.app.config.clone(), self.app.clock.clone());
        drop(self);
        between(&config.data);
        Self::assemble(start_program(folder, config, clock), operator)
    }

    fn assemble(empty: Empty, operator: Person) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        let Empty { app, address, handle, stop, server, folder } = empty;
        let organization_id = operator.organization_id;
        let (stop, server) = (Some(stop), Some(server));
        Self { app, address, client, operator, organization_id, handle, stop, server, folder }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.app.config.data.clone()
    }

    /// Another account of the first organization.
    pub(crate) async fn create_member(&self, role: Role) -> Person {
        let email = format!("{}@acme.example", role.as_str());
        create_person(&self.app, self.organization_id, &email, role).await
    }

    /// An account that is a member of an organization.
    pub(crate) async fn create_person(&self, organization_id: OrganizationId, email: &str, role: Role) -> Person {
        create_person(&self.app, organization_id, email, role).await
    }

    /// What the audit log of an organization tells, oldest first: actions with their entries.
    pub(crate) async fn list_audit(&self, organization_id: OrganizationId) -> Vec<(String, Value, Value)> {
        let app = App::clone(&self.app);
        self.run(async move { app.deliver_audit(organization_id).await }).await.unwrap();
        self.tenant(organization_id).await.read(read_audit).await.unwrap()
    }

    /// The same of the appliance's own log.
    pub(crate) async fn list_appliance_audit(&self) -> Vec<(String, Value, Value)> {
        self.app.control.read(read_audit).await.unwrap()
    }

    /// Changes `control.db` directly.
    pub(crate) async fn execute_control(&self, sql: &str) {
        let sql = sql.to_owned();
        let execute = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), salesbrain::store::Error> {
            Ok(tx.connection().execute_batch(&sql)?)
        };
        self.app.control.write(execute).await.unwrap();
    }

    /// Another organization, without members.
    pub(crate) async fn create_organization(&self, name: &str) -> OrganizationId {
        let name = name.to_owned();
        let created: Result<OrganizationId, salesbrain::store::Error> =
            self.app.control.write(move |tx| salesbrain::organization::create(tx, &name)).await;
        created.unwrap()
    }

    /// Makes someone a member of the inviting person's organization by an invitation; answers their session there.
    pub(crate) async fn invite_and_accept(&self, inviter: &Person, invited: &Person, body: Value) -> Person {
        let path = format!("/api/v1/organizations/{}/invitations", inviter.organization_id);
        let made = self.post(&path, inviter, body).await.expect(200).data();
        let session = start_session(&self.app, invited.account_id, invited.organization_id, &invited.email).await;
        let accepted = self.post("/api/v1/invitations/accept", &session, json!({ "token": made["token"] })).await;
        let token = accepted.expect(200).data()["access_token"].as_str().unwrap().to_owned();
        Person { organization_id: inviter.organization_id, token, ..session }
    }

    /// A second organization with an owner of its own.
    pub(crate) async fn create_outsider(&self) -> Person {
        let created: Result<OrganizationId, salesbrain::store::Error> =
            self.app.control.write(|tx| salesbrain::organization::create(tx, "Rival")).await;
        create_person(&self.app, created.unwrap(), "owner@rival.example", Role::Owner).await
    }

    /// Someone of the appliance's staff who is a member of no organization; their session works in the first one.
    pub(crate) async fn create_staff(&self, role: StaffRole) -> Person {
        let email = format!("{}@appliance.example", role.as_str());
        let account = new_account(&email);
        let created: Result<AccountId, salesbrain::store::Error> = self
            .app
            .control
            .write(move |tx| {
                let id = accounts::create_account(tx, &account)?;
                tx.connection().execute("UPDATE account SET staff_role = ?2 WHERE id = ?1", (id, role.as_str()))?;
                Ok(id)
            })
            .await;
        start_session(&self.app, created.unwrap(), self.organization_id, &email).await
    }

    /// An API key of someone in the first organization.
    pub(crate) async fn create_key(&self, person: &Person, permissions: &[Permission]) -> String {
        let key = format!("sbk_{}", salesbrain::account::token::random_secret());
        let hash = salesbrain::account::token::secret_hash(&key);
        let permissions = PermissionSet::of(permissions).to_text();
        let (account_id, organization_id) = (person.account_id, person.organization_id);
        let insert = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), salesbrain::store::Error> {
            tx.connection().execute(
                "INSERT INTO api_key (id, organization_id, account_id, name, prefix, key_hash, permissions, created_at_ms)
                 VALUES (?1, ?2, ?3, 'test', 'sbk_test', ?4, ?5, ?6)",
                (tx.next_uuid().as_bytes().as_slice(), organization_id, account_id, hash, permissions, tx.now_ms()),
            )?;
            Ok(())
        };
        self.app.control.write(insert).await.unwrap();
        key
    }

    /// A new session of the same account.
    pub(crate) async fn sign_in_again(&self, person: &Person) -> Person {
        start_session(&self.app, person.account_id, person.organization_id, &person.email).await
    }

    /// A connection of an organization; answers its secret.
    pub(crate) async fn create_connection(&self, organization_id: OrganizationId) -> String {
        self.app.create_connection(Some(organization_id), "instantly", "Test").await.unwrap().1
    }

    /// The handle of an organization; opened on the program's runtime, so that its tasks live there.
    pub(crate) async fn tenant(&self, organization_id: OrganizationId) -> std::sync::Arc<Tenant> {
        let app = App::clone(&self.app);
        self.handle.spawn(async move { app.tenants.find(organization_id).await }).await.unwrap().unwrap()
    }

    /// Runs work of the program on the program's runtime.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        self.spawn(work).await.unwrap()
    }

    /// Starts work of the program on the program's runtime.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.handle.spawn(work)
    }

    /// Sends one request.
    pub(crate) async fn send(&self, method: Method, path: &str, request: Request<'_>) -> Answer {
        let mut builder = self.client.request(method, self.url(path));
        if let Some(token) = request.token {
            builder = builder.bearer_auth(token);
        }
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        Answer::read(builder.send().await.unwrap()).await
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// GET as someone.
    pub(crate) async fn get(&self, path: &str, person: &Person) -> Answer {
        self.send(Method::GET, path, Request { token: Some(&person.token), ..Request::default() }).await
    }

    /// GET as nobody.
    pub(crate) async fn get_anonymous(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Request::default()).await
    }

    /// POST as someone.
    pub(crate) async fn post(&self, path: &str, person: &Person, body: Value) -> Answer {
        self.send(Method::POST, path, Request { token: Some(&person.token), body: Some(body), ..Request::default() })
            .await
    }

    /// POST as nobody.
    pub(crate) async fn post_anonymous(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Request { body: Some(body), ..Request::default() }).await
    }

    /// PATCH as someone.
    pub(crate) async fn patch(&self, path: &str, person: &Person) -> Answer {
        self.send(Method::PATCH, path, Request { token: Some(&person.token), ..Request::default() }).await
    }

    /// PATCH as someone, with a body.
    pub(crate) async fn patch_with(&self, path: &str, person: &Person, body: Value) -> Answer {
        let request = Request { token: Some(&person.token), body: Some(body), ..Request::default() };
        self.send(Method::PATCH, path, request).await
    }

    /// DELETE as someone, with a body.
    pub(crate) async fn delete(&self, path: &str, person: &Person, body: Value) -> Answer {
        let request = Request { token: Some(&person.token), body: Some(body), ..Request::default() };
        self.send(Method::DELETE, path, request).await
    }

    /// Posts a webhook with the secret in its header.
    pub(crate) async fn post_webhook(&self, secret: &str, event: &Value) -> Answer {
        let headers = vec![("x-webhook-secret", secret.to_owned())];
        let request = Request { headers, body: Some(event.clone()), ..Request::default() };
        self.send(Method::POST, "/webhooks/instantly/webhook", request).await
    }

    /// Waits until an organization's consumers have seen every event.
    pub(crate) async fn wait_for_consumers(&self, person: &Person) {
        wait_until("the consumers have caught up", async || {
            let status = self.get("/api/v1/status", person).await.expect(200).data();
            status["consumers"].as_array().unwrap().iter().all(|consumer| consumer["lag"] == 0)
        })
        .await;
    }
}

fn read_audit(connection: &rusqlite::Connection) -> Result<Vec<(String, Value, Value)>, salesbrain::store::Error> {
    let mut statement = connection.prepare("SELECT action, before, after FROM audit ORDER BY sequence")?;
    let json = |row: &rusqlite::Row<'_>, column: usize| -> rusqlite::Result<Value> {
        Ok(serde_json::from_str(&row.get::<_, String>(column)?).unwrap())
    };
    let rows = statement.query_map([], |row| Ok((row.get(0)?, json(row, 1)?, json(row, 2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn new_account(email: &str) -> NewAccount {
    NewAccount {
        email: email.to_owned(),
        name: email.split('@').next().unwrap().to_owned(),
        password_hash: PASSWORD_HASH.clone(),
        language: Language::En,
    }
}

/// An account with its session.
async fn create_person(app: &App, organization_id: OrganizationId, email: &str, role: Role) -> Person {
    let account = new_account(email);
    let created: Result<AccountId, salesbrain::store::Error> = app
        .control
        .write(move |tx| {
            let account_id = accounts::create_account(tx, &account)?;
            accounts::create_membership(tx, account_id, organization_id, (role, None))?;
            Ok(account_id)
        })
        .await;
    start_session(app, created.unwrap(), organization_id, email).await
}

async fn start_session(app: &App, account_id: AccountId, organization_id: OrganizationId, email: &str) -> Person {
    let signed_in = app.start_session(account_id, Some(organization_id), &Client::default()).await.unwrap();
    Person {
        account_id,
        organization_id,
        email: email.to_owned(),
        token: signed_in.session.access_token,
        refresh_token: signed_in.refresh_token.unwrap(),
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.stop.take());
        let outcome = self.server.take().unwrap().join();
        if std::thread::panicking() {
            return;
        }
        outcome.expect("the program ends without a panic");
        assert_eq!(std::sync::Arc::strong_count(&self.app), 1, "something still holds the program");
        assert!(self.app.tenants.list_open().is_empty(), "an organization is still open");
        let control_file = self.data().join("control.db");
        let is_control = |path: &PathBuf| path.to_string_lossy().starts_with(control_file.to_string_lossy().as_ref());
        // Threads of the search engine finish the file in their hands.
        wait_until_blocking("every file of the organizations is closed", || {
            open_files_below(self.folder.path()).iter().all(is_control)
        });
    }
}

/// The files below a folder that this process holds open.
#[cfg(target_os = "linux")]
pub(crate) fn open_files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(folder)).collect()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn open_files_below(_folder: &Path) -> Vec<PathBuf> {
    Vec::new()
}

/// A reply from Lena Brunner in the campaign "Q3 Zürich", with the differences of one case laid over it.
pub(crate) fn reply(differences: &Value) -> Value {
    let mut event = json!({
        "timestamp": "2026-03-02T08:59:00.000Z",
        "event_type": "reply_received",
        "workspace": "workspace-1",
        "campaign_id": "5f1c7a52-7d0e-4b1c-9a3f-0c1d2e3f4a5b",
        "campaign_name": "Q3 Zürich",
        "lead_email": "lena.brunner@bergbahn.example",
        "email_account": "anna@acme-mail.example",
        "email_id": "message-1",
        "reply_subject": "Re: Your lift control",
        "reply_text": "Yes, please call me on Thursday.",
        "reply_html": "<p>Yes, please call me on <b>Thursday</b>.</p>",
        "firstName": "Lena",
        "lastName": "Brunner",
        "companyName": "Bergbahn AG",
    });
    for (name, value) in differences.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

/// The `number`-th reply of a row: a person, a mail and a time of its own.
pub(crate) fn numbered_reply(number: usize) -> Value {
    reply(&json!({
        "email_id": format!("message-{number}"),
        "lead_email": format!("person{number}@bergbahn.example"),
        "reply_text": format!("Answer number {number}."),
        "timestamp": format!("2026-03-02T08:{:02}:{:02}.000Z", number / 60 % 60, number % 60),
    }))
}
