//! The real binary as an operator runs it: its answers, its exit codes, its configuration, its end.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{PASSWORD, folder, reply, wait_until_blocking};

/// How long the program may take to end after it is asked to.
const END_LIMIT: Duration = Duration::from_secs(10);

/// The binary in a folder of its own, with nothing in its environment.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salesbrain"));
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, arguments).output().unwrap()
}

pub(crate) fn run_with_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = program(folder, arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
pub(crate) fn expect_success(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one line of JSON a command printed.
#[track_caller]
pub(crate) fn expect_json(output: &Output) -> Value {
    let text = expect_success(output);
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The message of a command that failed; nothing may be on standard output.
#[track_caller]
pub(crate) fn expect_failure(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it worked: {}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.code().is_some(), "it was killed: {error}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(!error.contains("panicked"), "{error}");
    error
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

pub(crate) const CREATE_ACCOUNT: [&str; 8] =
    ["account", "create", "--email", "Olga@acme.example", "--password-stdin", "--organization", "Acme", "--json"];

/// A running `serve`; killed if the test ends early.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    log: std::thread::JoinHandle<Vec<String>>,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.env("SALESBRAIN_LOG_FORMAT", "json").spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut log = Vec::new();
        let address = loop {
            let Some(line) = lines.next() else { panic!("it ended: {log:?}") };
            let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_error| panic!("no JSON: {line}"));
            log.push(line);
            if entry["message"] == "listening" {
                break entry["address"].as_str().unwrap().to_owned();
            }
        };
        let log = std::thread::spawn(move || {
            log.extend(lines);
            log
        });
        Self { child, address, log }
    }

    pub(crate) fn host(&self) -> &str {
        self.address.strip_prefix("http://").unwrap()
    }

    /// Asks it to end as a service manager does; answers its log.
    pub(crate) fn end(mut self) -> Vec<String> {
        let asked = Instant::now();
        let signal = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(signal.success());
        wait_until_blocking("the program ends", || self.child.try_wait().unwrap().is_some());
        assert!(asked.elapsed() < END_LIMIT, "it took {:?} to end", asked.elapsed());
        let status = self.child.wait().unwrap();
        let log = std::mem::replace(&mut self.log, std::thread::spawn(Vec::new)).join().unwrap();
        assert!(status.success(), "{status}: {log:?}");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

async fn post(url: String, body: Value, secret: Option<&str>) -> (u16, Value) {
    let mut request = reqwest::Client::builder().no_proxy().build().unwrap().post(url).json(&body);
    if let Some(secret) = secret {
        request = request.header("X-Webhook-Secret", secret);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn an_appliance_is_set_up_from_the_command_line_and_serves() {
    let folder = folder();
    let folder = folder.path();
    let data = ["--data", "fresh"];
    let created =
        expect_json(&run_with_input(folder, &[&CREATE_ACCOUNT[..], &data].concat(), &format!("{PASSWORD}\n")));
    assert_eq!(keys(&created), ["account_id", "organization_id"]);
    let arguments = ["connection", "create", "--organization", "Acme", "--provider", "instantly", "--json"];
    let connection = expect_json(&run(folder, &[&arguments[..], &data].concat()));
    assert_eq!(keys(&connection), ["connection_id", "webhook_url", "webhook_secret"]);
    assert_eq!(connection["webhook_url"], "http://127.0.0.1:8001/webhooks/instantly/webhook");
    let listed = expect_json(&run(folder, &["organization", "list", "--json", "--data", "fresh"]));
    assert_eq!(listed, json!([{ "organization_id": created["organization_id"], "name": "Acme" }]));

    let mut command = program(folder, &["serve"]);
    command.env("SALESBRAIN_DATA", "fresh").env("SALESBRAIN_LISTEN", "127.0.0.1:0");
    let server = Server::start(command);
    let login = json!({ "email": "olga@acme.example", "password": PASSWORD });
    let (status, body) = post(format!("{}/api/v1/auth/login", server.address), login, None).await;
    assert_eq!((status, &body["success"]), (200, &json!(true)));
    assert_eq!(body["data"]["organization"]["id"], created["organization_id"]);
    let token = body["data"]["access_token"].as_str().unwrap().to_owned();
    let secret = connection["webhook_secret"].as_str().unwrap();
    let url = format!("{}/webhooks/instantly/webhook", server.address);
    let (status, body) = post(url, reply(&json!({})), Some(secret)).await;
    assert_eq!((status, &body["success"]), (200, &json!(true)), "{body}");
    let healthy = run(folder, &["healthcheck", "--listen", server.host()]);
    assert!(expect_success(&healthy).contains("\"status\":\"ok\""));
    let host = server.host().to_owned();

    let log = server.end().join("\n");
    assert!(log.contains("ended"), "{log}");
    for private in [PASSWORD, secret, &token, "Lena", "bergbahn", "olga@"] {
        assert!(!log.contains(private), "the log tells {private}");
    }
    let gone = expect_failure(&run(folder, &["healthcheck", "--listen", &host]));
    assert!(gone.contains("no answer from"), "{gone}");
    let indexed = expect_success(&run(folder, &["reindex", "--data", "fresh"]));
    assert_eq!(indexed, "Acme: 1 messages indexed\n");
    assert!(!folder.join("data").try_exists().unwrap(), "nothing was written to the default folder");
}

#[tokio::test]
async fn a_sign_in_link_from_the_command_line_signs_in_once() {
    let folder = folder();
    let folder = folder.path();
    expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    let link = expect_json(&run(folder, &["account", "link", "--email", "OLGA@acme.example", "--json"]));
    let (page, token) = link["link"].as_str().unwrap().split_once('#').unwrap();
    assert_eq!(page, "http://127.0.0.1:8001/sign-in/link");
    let server = Server::start(program(folder, &["serve", "--listen", "127.0.0.1:0"]));
    let url = format!("{}/api/v1/auth/link", server.address);
    let (status, body) = post(url.clone(), json!({ "token": token }), None).await;
    assert_eq!((status, &body["data"]["account"]["email"]), (200, &json!("olga@acme.example")));
    assert_eq!(post(url, json!({ "token": token }), None).await.0, 401);
    server.end();
}

/// Who reports a failure has the id from the answer: it leads to the cause in the log.
#[tokio::test]
async fn the_cause_of_a_failure_is_logged_with_the_id_of_its_request() {
    let folder = folder();
    let folder = folder.path();
    let created = expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    expect_success(&run(folder, &["reindex"]));
    let organization_id = created["organization_id"].as_str().unwrap();
    set_version(&folder.join("data/tenants").join(organization_id).join("tenant.db"), 99);
    let server = Server::start(program(folder, &["serve", "--listen", "127.0.0.1:0"]));
    let login = json!({ "email": "olga@acme.example", "password": PASSWORD });
    let (_status, body) = post(format!("{}/api/v1/auth/login", server.address), login, None).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("{}/api/v1/conversations", server.address));
    let answer = request.bearer_auth(body["data"]["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 500);
    let request_id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let log: Vec<Value> = server.end().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failed: Vec<&Value> = log.iter().filter(|entry| entry["message"] == "a request failed").collect();
    assert_eq!(failed.len(), 1, "{log:?}");
    assert_eq!(failed[0]["request_id"], json!(request_id));
    assert!(failed[0]["causes"].as_str().unwrap().contains("schema version 99"), "{}", failed[0]);
}

/// A running `demo`; killed if the test ends early.
struct Demo {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    log: std::path::PathBuf,
}

impl Demo {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = program(folder, &[&["demo", "--listen", "127.0.0.1:0"], arguments].concat());
        let log = folder.join("demo.log");
        command.env("TMPDIR", folder).stderr(std::fs::File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, log }
    }

    /// What is printed behind a label; reads on up to it.
    fn printed(&mut self, label: &str) -> String {
        let line = self.lines.by_ref().map(Result::unwrap).find(|line| line.trim_start().starts_with(label));
        let line = line.unwrap_or_else(|| panic!("the demo ended before it printed {label:?}"));
        line.trim_start().strip_prefix(label).unwrap().trim().to_owned()
    }

    /// Presses Ctrl+C and waits for the end.
    fn interrupt(mut self) {
        let signal = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(signal.success());
        wait_until_blocking("the demo ends", || self.child.try_wait().unwrap().is_some());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", std::fs::read_to_string(&self.log).unwrap());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn throw_away_folders(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("salesbrain-demo-")).collect()
}

#[test]
fn a_demo_ended_in_its_first_moments_leaves_nothing_behind() {
    let folder = folder();
    let folder = folder.path();
    let demo = Demo::start(folder, &[]);
    wait_until_blocking("the demo has its folder", || !throw_away_folders(folder).is_empty());
    demo.interrupt();
    assert_eq!(throw_away_folders(folder), Vec::<String>::new());
    let mut demo = Demo::start(folder, &[]);
    demo.printed("simulated");
    demo.interrupt();
    assert_eq!(throw_away_folders(folder), Vec::<String>::new(), "ended while the history comes in");
}

#[tokio::test]
async fn a_second_demo_on_a_folder_goes_on_where_the_first_ended() {
    let folder = folder();
    let folder = folder.path();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut demo = Demo::start(folder, &["--data", "kept"]);
    let address = demo.printed("or at");
    let password = demo.printed("password");
    let login = json!({ "email": "demo@salesbrain.example", "password": password });
    let sign_in = async |address: &str| {
        let (status, body) = post(format!("{address}/api/v1/auth/login"), login.clone(), None).await;
        assert_eq!(status, 200, "{body}");
        body["data"]["access_token"].as_str().unwrap().to_owned()
    };
    let rows = async |address: &str, token: &str, path: &str| {
        let answer = client.get(format!("{address}{path}")).bearer_auth(token).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["data"].as_array().unwrap().clone()
    };
    let newest = async |address: &str, token: &str| {
        let events = rows(address, token, "/api/v1/events?limit=1").await;
        events.first().map_or(0, |event| event["sequence"].as_i64().unwrap())
    };
    let token = sign_in(&address).await;
    crate::support::wait_until("some history is there", async || newest(&address, &token).await > 50).await;
    demo.interrupt();

    let mut demo = Demo::start(folder, &["--data", "kept"]);
    let address = demo.printed("or at");
    assert_eq!(demo.printed("password"), "as printed when this folder was made");
    let token = sign_in(&address).await;
    let before = newest(&address, &token).await;
    assert!(demo.printed("The history").starts_with("of an earlier demo is there"));
    let connections = rows(&address, &token, "/api/v1/connections").await;
    assert_eq!(connections.len(), 1, "{connections:?}");
    let after = newest(&address, &token).await;
    assert!(after - before < 50, "the history came again: {before} events before, {after} after");
    demo.interrupt();
}

/// A link in a browser's tab keeps a socket open: ending must not wait for it.
#[tokio::test]
async fn the_program_ends_in_time_although_a_feed_is_open() {
    let folder = folder();
    let folder = folder.path();
    expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    let server = Server::start(program(folder, &["serve", "--listen", "127.0.0.1:0"]));
    let login = json!({ "email": "olga@acme.example", "password": PASSWORD });
    let (_status, body) = post(format!("{}/api/v1/auth/login", server.address), login, None).await;
    let first = json!({ "type": "authenticate", "access_token": body["data"]["access_token"] }).to_string();
    let address = format!("ws://{}/api/v1/live", server.host());
    let (mut socket, _response) = tokio_tungstenite::connect_async(address).await.unwrap();
    let frame = tokio_tungstenite::tungstenite::Message::text(first);
    futures_util::SinkExt::send(&mut socket, frame).await.unwrap();
    let hello = futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap();
    assert!(hello.to_text().unwrap().contains("hello"));
    server.end();
    let whole = expect_success(&run(folder, &["reindex"]));
    assert_eq!(whole, "Acme: 0 messages indexed\n", "the files are whole and nobody holds them");
}

#[test]
fn an_address_nobody_can_reach_is_shown_with_a_note() {
    let folder = folder();
    let folder = folder.path();
    expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    let create = ["connection", "create", "--organization", "Acme", "--provider", "instantly", "--json"];
    let link = ["account", "link", "--email", "olga@acme.example", "--json"];
    for command in [&create[..], &link[..]] {
        let everywhere = run(folder, &[command, &["--listen", "0.0.0.0:8001"]].concat());
        expect_json(&everywhere);
        let note = String::from_utf8_lossy(&everywhere.stderr).into_owned();
        assert!(note.contains("public_url"), "{note}");
        let known = program(folder, &[command, &["--listen", "0.0.0.0:8001"]].concat())
            .env("SALESBRAIN_PUBLIC_URL", "https://sales.example.com")
            .output()
            .unwrap();
        assert!(expect_json(&known).to_string().contains("https://sales.example.com/"));
        assert!(!String::from_utf8_lossy(&known.stderr).contains("public_url"));
    }
}

#[test]
fn errors_are_told_on_standard_error_with_an_exit_code() {
    let folder = folder();
    let folder = folder.path();
    expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    let cases: [(&[&str], &str, &str); 11] = [
        (&CREATE_ACCOUNT, PASSWORD, "an account with this e-mail address exists already"),
        (
            &["account", "create", "--email", "b@acme.example", "--password-stdin", "--organization", "Acme"],
            "short",
            "at least 10 characters",
        ),
        (
            &["account", "create", "--email", "nobody", "--password-stdin", "--organization", "Acme"],
            PASSWORD,
            "not an e-mail address",
        ),
        (&["account", "create", "--email", "b@acme.example", "--organization", "Acme"], PASSWORD, "--password-stdin"),
        (
            &["account", "create", "--email", "b@acme.example", "--password", PASSWORD, "--organization", "Acme"],
            "",
            "unexpected argument",
        ),
        (&["account", "link", "--email", "b@acme.example"], "", "there is no account with the address b@acme.example"),
        (
            &["connection", "create", "--organization", "Nobody", "--provider", "instantly"],
            "",
            "there is no organization \"Nobody\"",
        ),
        (&["connection", "create", "--organization", "Acme", "--provider", "fax"], "", "must be instantly"),
        (&["connection", "create", "--provider", "instantly"], "", "--organization"),
        (&["reindex", "--organization", "Nobody"], "", "there is no such organization"),
        (&["serve", "--listen", "nowhere"], "", "listen"),
    ];
    for (arguments, input, expected) in cases {
        let error = expect_failure(&run_with_input(folder, arguments, input));
        assert!(error.contains(expected), "{arguments:?}: {error}");
        let is_echo = error.contains(PASSWORD) && !arguments.contains(&PASSWORD);
        assert!(!is_echo, "{arguments:?} tells the password: {error}");
    }
    let listed = expect_json(&run(folder, &["organization", "list", "--json"]));
    assert_eq!(listed.as_array().unwrap().len(), 1, "nothing that failed left something behind");
}

#[test]
fn a_second_program_on_the_same_port_fails_before_it_opens_the_data() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = expect_failure(&run(folder.path(), &["serve", "--listen", &address]));
    assert!(error.contains(&format!("cannot listen on {address}")), "{error}");
    assert!(!folder.path().join("data/control.db").try_exists().unwrap());
}

#[test]
fn a_second_program_on_the_same_folder_is_refused() {
    let folder = folder();
    let folder = folder.path();
    expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    let server = Server::start(program(folder, &["serve", "--listen", "127.0.0.1:0"]));
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["reindex"]] {
        let error = expect_failure(&run(folder, arguments));
        assert!(error.contains("is in use by another salesbrain program"), "{arguments:?}: {error}");
    }
    // What only touches the accounts and connections works beside it.
    let arguments = ["connection", "create", "--organization", "Acme", "--provider", "instantly", "--json"];
    expect_json(&run(folder, &arguments));
    server.end();
    expect_success(&run(folder, &["reindex"]));
}

#[test]
fn the_later_source_of_a_setting_wins() {
    let folder = folder();
    let folder = folder.path();
    let list = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = program(folder, &[&["organization", "list"][..], arguments].concat());
        expect_success(&command.envs(environment.iter().copied()).output().unwrap());
        let names = ["data", "by-file", "by-env-file", "by-environment", "by-flag"];
        let made: Vec<&str> = names.into_iter().filter(|name| folder.join(name).try_exists().unwrap()).collect();
        for name in &made {
            std::fs::remove_dir_all(folder.join(name)).unwrap();
        }
        made.join(" ")
    };
    assert_eq!(list(&[], &[]), "data");
    std::fs::write(folder.join("salesbrain.toml"), "data = 'by-file'\n").unwrap();
    assert_eq!(list(&[], &[]), "by-file");
    std::fs::write(folder.join(".env"), "# ours\nSALESBRAIN_DATA=\"by-env-file\"\nOTHER=1\n").unwrap();
    assert_eq!(list(&[], &[]), "by-env-file");
    assert_eq!(list(&[], &[("SALESBRAIN_DATA", "by-environment")]), "by-environment");
    assert_eq!(list(&["--data", "by-flag"], &[("SALESBRAIN_DATA", "by-environment")]), "by-flag");
    std::fs::write(folder.join("salesbrain.toml"), "dato = 'by-file'\n").unwrap();
    let error = expect_failure(&run(folder, &["organization", "list"]));
    assert!(error.contains("dato") && error.contains("salesbrain.toml"), "{error}");
}

#[test]
fn config_prints_every_setting_and_its_output_is_a_configuration() {
    let folder = folder();
    let folder = folder.path();
    let text = expect_success(&run(folder, &["config"]));
    assert_eq!(text, salesbrain::config::DEFAULT_FILE);
    std::fs::write(folder.join("printed.toml"), text).unwrap();
    expect_success(&run(folder, &["organization", "list", "--config", "printed.toml"]));
    assert!(folder.join("data/control.db").try_exists().unwrap());
}

#[test]
fn openapi_prints_the_snapshot() {
    let folder = folder();
    let printed = expect_success(&run(folder.path(), &["openapi"]));
    let snapshot = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap();
    assert!(printed == snapshot, "openapi.json is not what `salesbrain openapi` prints");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "printing leaves nothing behind");
}

#[test]
fn a_folder_of_a_newer_program_is_refused_and_left_alone() {
    let folder = folder();
    let folder = folder.path();
    expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    let file = folder.join("data/control.db");
    set_version(&file, 99);
    let before = std::fs::read(&file).unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["organization", "list"][..]] {
        let error = expect_failure(&run(folder, arguments));
        assert!(error.contains("has schema version 99") && error.contains("use a newer program"), "{error}");
    }
    assert!(std::fs::read(&file).unwrap() == before, "the file was changed");
    set_version(&file, salesbrain::store::migration::CONTROL.latest());
    expect_success(&run(folder, &["organization", "list"]));
}

/// Writes another schema version into a file.
#[expect(clippy::disallowed_methods, reason = "the test plays a newer program that wrote the file")]
pub(crate) fn set_version(file: &Path, version: i64) {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
}

#[test]
fn the_data_folder_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let folder = folder.path();
    let mode = |path: &str| std::fs::metadata(folder.join(path)).unwrap().permissions().mode() & 0o777;
    expect_json(&run_with_input(folder, &CREATE_ACCOUNT, PASSWORD));
    Server::start(program(folder, &["serve", "--listen", "127.0.0.1:0", "--data", "served"])).end();
    for data in ["data", "served"] {
        assert_eq!(mode(data), 0o700, "{data}");
        assert_eq!(mode(&format!("{data}/secret.key")), 0o600, "{data}");
    }
}

#[test]
fn help_names_every_command() {
    let folder = folder();
    let help = expect_success(&run(folder.path(), &["--help"]));
    for command in [
        "serve",
        "demo",
        "simulate",
        "account",
        "connection",
        "organization",
        "reindex",
        "healthcheck",
        "config",
        "openapi",
    ] {
        assert!(help.contains(&format!("  {command}")), "{command} is missing in\n{help}");
    }
    assert!(expect_success(&run(folder.path(), &["--version"])).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn accounts_are_imported_line_by_line() {
    let folder = folder();
    let create = ["account", "create", "--email", "owner@acme.example", "--organization", "Acme", "--password-stdin"];
    expect_success(&run_with_input(folder.path(), &create, PASSWORD));
    let hash = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
    let lines = [
        json!({ "email": "a@acme.example", "password_hash": hash, "organization": "Acme", "role": "admin" })
            .to_string(),
        "{ this is no json".to_owned(),
        json!({ "email": "b@acme.example", "password_hash": "plain" }).to_string(),
        json!({ "email": "owner@acme.example", "password_hash": hash }).to_string(),
    ];
    std::fs::write(folder.path().join("accounts.jsonl"), lines.join("\n")).unwrap();
    let report = expect_json(&run(folder.path(), &["account", "import", "accounts.jsonl", "--json"]));
    assert_eq!(report["imported"], json!(1));
    let refused = report["refused"].as_array().unwrap();
    let numbers: Vec<i64> = refused.iter().map(|refusal| refusal["line"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4], "{report}");
    assert!(refused[1]["reason"].as_str().unwrap().starts_with("password_hash"), "{report}");
    assert!(refused[2]["reason"].as_str().unwrap().contains("exists already"), "{report}");
    assert!(!report.to_string().contains("$2a$"), "{report}");
    let table = format!("email,name,password_hash\nc@acme.example,\"Cara, C.\",{hash}\nnobody,,{hash}\n");
    std::fs::write(folder.path().join("accounts.csv"), table).unwrap();
    let text = expect_success(&run(folder.path(), &["account", "import", "accounts.csv"]));
    assert!(text.contains("line 3: email:") && text.contains("1 imported, 1 refused"), "{text}");
}
