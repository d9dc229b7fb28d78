//! The program as a child process, its API as a person uses it, and its file as SQLite alone sees it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_salesbrain");
/// Sign-in of the owner.
pub(crate) const EMAIL: &str = "owner@example.com";
/// Also searched for in the log.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// Longest time until the program is healthy; a debug build on a busy machine needs a part of it.
pub(crate) const HEALTHY_WITHIN: Duration = Duration::from_secs(20);

/// Polls until `is_true` or the limit; then fails with `what`.
pub(crate) async fn wait_until<F>(limit: Duration, what: &str, mut is_true: impl FnMut() -> F) -> Duration
where
    F: Future<Output = bool>,
{
    let begin = Instant::now();
    while !is_true().await {
        assert!(begin.elapsed() < limit, "waited {limit:?} in vain until {what}");
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    begin.elapsed()
}

/// A data folder with an owner, an organization and a connection.
pub(crate) struct Appliance {
    folder: PathBuf,
    settings: BTreeMap<&'static str, String>,
    organization_id: String,
    /// The connection's webhook secret.
    pub(crate) secret: String,
}

impl Appliance {
    /// Sets up the folder with the program's own commands.
    pub(crate) fn create(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let mut appliance = Self {
            folder: folder.to_owned(),
            settings: BTreeMap::new(),
            organization_id: String::new(),
            secret: String::new(),
        };
        let account = ["account", "create", "--email", EMAIL, "--password-stdin", "--organization", "Alpha"];
        let created = appliance.run(&account, PASSWORD);
        appliance.organization_id = text_of(&created["organization_id"]);
        let connection = ["connection", "create", "--organization", "Alpha", "--provider", "instantly"];
        appliance.secret = text_of(&appliance.run(&connection, "")["webhook_secret"]);
        appliance
    }

    /// The same in a copy of the folder, which nothing may use meanwhile.
    pub(crate) fn copy_to(&self, folder: &Path) -> Self {
        copy_folder(&self.folder, folder);
        Self {
            folder: folder.to_owned(),
            settings: self.settings.clone(),
            organization_id: self.organization_id.clone(),
            secret: self.secret.clone(),
        }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The first organization.
    pub(crate) fn organization_id(&self) -> &str {
        &self.organization_id
    }

    /// Starts a command and does not wait for it.
    pub(crate) fn spawn_command(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Changes a setting of the following starts.
    #[expect(clippy::needless_pass_by_value, reason = "numbers and texts are handed over as they are")]
    pub(crate) fn set(&mut self, name: &'static str, value: impl ToString) {
        self.settings.insert(name, value.to_string());
    }

    /// Where the organization's files are.
    pub(crate) fn tenant_folder(&self) -> PathBuf {
        self.folder.join("tenants").join(&self.organization_id)
    }

    /// Runs a command to its end and answers what it prints.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Value {
        let mut child =
            self.command(arguments).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        // No `.env` or `salesbrain.toml` of the working copy, no variables of the one who runs the tests.
        command.env_clear().current_dir(&self.folder).arg("--data").arg(&self.folder).args(arguments);
        command.envs(self.settings.iter()).stderr(Stdio::piped());
        command
    }

    /// Starts the program without waiting for anything.
    pub(crate) fn spawn(&self) -> Server {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("SALESBRAIN_LOG_FORMAT", "json").stdout(Stdio::null());
        // The tests ask more than any person does, all from one address.
        command.env("SALESBRAIN_RATE_LIMIT_PER_MINUTE", "0").env("SALESBRAIN_ADDRESS_RATE_LIMIT_PER_MINUTE", "0");
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, lines) = (child.stderr.take().unwrap(), Arc::clone(&log));
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stderr);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                lines.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Server { child, log, started, base_url: String::new() }
    }

    /// Starts the program and waits until it says that it is healthy; answers how long that took.
    pub(crate) async fn start(&self) -> (Server, Duration) {
        let mut server = self.spawn();
        wait_until(HEALTHY_WITHIN, "the program listens", || std::future::ready(server.find_address())).await;
        let api = Api::new(&server);
        wait_until(HEALTHY_WITHIN, "the program is healthy", || async { api.get("/health").await.0 == 200 }).await;
        let took = server.started.elapsed();
        (server, took)
    }

    /// A reader of the organization's file beside the program.
    #[expect(clippy::disallowed_methods, reason = "the test looks at the file without the program's own code")]
    pub(crate) fn open_file(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.tenant_folder().join("tenant.db"), flags).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection
    }
}

/// A running program; killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: Arc<Mutex<String>>,
    started: Instant,
    pub(crate) base_url: String,
}

impl Server {
    /// Whether it has said where it listens.
    pub(crate) fn find_address(&mut self) -> bool {
        assert!(self.is_running(), "the program ended by itself: {}", self.log());
        let log = self.log();
        let found = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let address = found.filter(|line| line["message"] == "listening").find_map(|line| {
            let address = line["address"].as_str()?;
            Some(address.to_owned())
        });
        self.base_url = address.unwrap_or_default();
        !self.base_url.is_empty()
    }

    /// Whether the process is still there.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Everything it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Resident memory as the kernel counts it.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.base_url.strip_prefix("http://").unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed before.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The API of a running program.
#[derive(Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    base_url: String,
    token: String,
}

impl Api {
    /// Without a session.
    pub(crate) fn new(server: &Server) -> Self {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { client, base_url: server.base_url.clone(), token: String::new() }
    }

    /// Signed in as the owner.
    pub(crate) async fn sign_in(server: &Server) -> Self {
        let mut api = Self::new(server);
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        let (status, answer) = api.post("/api/v1/auth/login", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        api.token = text_of(&answer["data"]["access_token"]);
        api
    }

    /// The same session at another start of the program.
    pub(crate) fn at(&self, server: &Server) -> Self {
        Self { token: self.token.clone(), ..Self::new(server) }
    }

    /// With another session.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Status (0: no answer) and body (null: not JSON).
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.client.get(format!("{}{path}", self.base_url))).await
    }

    pub(crate) async fn post(&self, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.base_url));
        self.send(if let Some(body) = body { request.json(&body) } else { request }).await
    }

    pub(crate) async fn patch(&self, path: &str) -> (u16, Value) {
        self.send(self.client.patch(format!("{}{path}", self.base_url))).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        match request.send().await {
            Ok(response) => (response.status().as_u16(), response.json().await.unwrap_or(Value::Null)),
            Err(_no_answer) => (0, Value::Null),
        }
    }

    /// A `GET` that must work.
    pub(crate) async fn get_ok(&self, path: &str) -> Value {
        let (status, answer) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// A search that must work; words are encoded here.
    pub(crate) async fn search(&self, words: &str, more: &str) -> Value {
        let encoded: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
        self.get_ok(&format!("/api/v1/search?q={encoded}{more}")).await
    }

    /// Waits until every consumer has dealt with every event.
    pub(crate) async fn wait_for_consumers(&self, limit: Duration) -> Duration {
        wait_until(limit, "every consumer has caught up", || async {
            let (status, answer) = self.get("/api/v1/status").await;
            let consumers = answer["data"]["consumers"].as_array().cloned().unwrap_or_default();
            let is_done = |consumer: &Value| consumer["lag"] == 0 && consumer["cursor"] == consumer["head"];
            status == 200 && !consumers.is_empty() && consumers.iter().all(is_done)
        })
        .await
    }

    /// Reads every hit of a search, page after page.
    pub(crate) async fn search_all(&self, words: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.search(words, &format!("&limit=50&cursor={cursor}")).await;
            let hits = page["data"].as_array().unwrap().clone();
            ids.extend(hits.iter().map(|hit| text_of(&hit["message_id"])));
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return ids,
            }
        }
    }

    /// Whether searching finds each message of the file exactly once, and nothing else.
    pub(crate) async fn assert_index_is_complete(&self, file: &Connection) {
        let mut found = self.search_all("").await;
        let count = found.len();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), count, "a message is found twice");
        assert_eq!(found, list_message_ids(file), "the index and the messages differ");
    }
}

/// The ids of all messages, as the API writes them, sorted.
pub(crate) fn list_message_ids(file: &Connection) -> Vec<String> {
    let mut statement = file.prepare("SELECT id FROM message").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, [u8; 16]>(0)).unwrap();
    let mut ids: Vec<String> = rows.map(|id| uuid::Uuid::from_bytes(id.unwrap()).to_string()).collect();
    ids.sort_unstable();
    ids
}

/// Copies a folder with everything in it.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&source, &target);
        } else {
            std::fs::copy(&source, &target).unwrap();
        }
    }
}

pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
