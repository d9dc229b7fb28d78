//! The real program as a child process, and what the system says about it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Connection;

pub(crate) const EMAIL: &str = "load@salesbrain.example";
const PASSWORD: &str = "correct horse battery";
/// The organization everything happens in.
pub(crate) const ORGANIZATION: &str = "Load GmbH";
/// How long the program may take to answer its first request.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A data folder and the program to run on it.
pub(crate) struct Folder {
    program: PathBuf,
    data: PathBuf,
}

impl Folder {
    /// The folder, with account and organization; created if it is not there.
    pub(crate) fn prepare(program: &Path, data: &Path) -> anyhow::Result<Self> {
        let folder = Self { program: program.to_owned(), data: data.to_owned() };
        if !data.join("control.db").try_exists()? {
            let account = ["account", "create", "--email", EMAIL, "--password-stdin", "--organization", ORGANIZATION];
            folder.run(&account, PASSWORD)?;
        }
        Ok(folder)
    }

    /// A folder nothing is put into.
    pub(crate) fn bare(program: &Path, data: &Path) -> Self {
        Self { program: program.to_owned(), data: data.to_owned() }
    }

    /// Runs a command of the program and reads its JSON.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> anyhow::Result<Value> {
        let mut child = Command::new(&self.program)
            .args(["--json", "--data"])
            .arg(&self.data)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        child.stdin.take().ok_or_else(|| anyhow::anyhow!("no standard input"))?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        anyhow::ensure!(output.status.success(), "{arguments:?} failed");
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// A new connection's secret.
    pub(crate) fn create_connection(&self) -> anyhow::Result<String> {
        let arguments = ["connection", "create", "--organization", ORGANIZATION, "--provider", "instantly"];
        let answer = self.run(&arguments, "")?;
        Ok(answer["webhook_secret"].as_str().unwrap_or_default().to_owned())
    }

    /// Starts `salesbrain serve` and waits until it is healthy.
    pub(crate) async fn serve(&self) -> anyhow::Result<Appliance> {
        self.start(&["serve"]).await
    }

    /// Starts a command that serves and waits until it is healthy.
    pub(crate) async fn start(&self, arguments: &[&str]) -> anyhow::Result<Appliance> {
        let address = free_address()?;
        let started = Instant::now();
        let child = Command::new(&self.program)
            .arg("--data")
            .arg(&self.data)
            .args(["--listen", &address])
            .args(arguments)
            .env("SALESBRAIN_LOG_FILTER", "warn")
            // One account stands for all of a company here.
            .env("SALESBRAIN_RATE_LIMIT_PER_MINUTE", "0")
            .env("SALESBRAIN_ADDRESS_RATE_LIMIT_PER_MINUTE", "0")
            .env("SALESBRAIN_SIGN_IN_ATTEMPTS", "1000000")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut appliance = Appliance { child, address, started, healthy_after: Duration::ZERO };
        while started.elapsed() < START_LIMIT {
            if let Ok(mut connection) = Connection::open(&appliance.address).await
                && connection.get("/health", "").await.is_ok_and(|answer| answer.status == 200)
            {
                appliance.healthy_after = started.elapsed();
                return Ok(appliance);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        anyhow::bail!("the program did not become healthy")
    }
}

/// A port nobody listens on.
fn free_address() -> anyhow::Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// The running program; ends when dropped.
pub(crate) struct Appliance {
    /// The process.
    pub(crate) child: Child,
    /// Where it listens.
    pub(crate) address: String,
    /// When it was started.
    pub(crate) started: Instant,
    /// How long it took until `/health` said so.
    pub(crate) healthy_after: Duration,
}

impl Drop for Appliance {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Memory of a process in MiB.
#[derive(Clone, Copy, Default)]
pub(crate) struct Memory {
    /// Everything resident, mapped files of the search index included.
    pub(crate) resident: f64,
    /// What the process itself allocated.
    pub(crate) own: f64,
}

impl Memory {
    /// The larger of both, each.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { resident: self.resident.max(other.resident), own: self.own.max(other.own) }
    }
}

impl Appliance {
    /// Opens a connection.
    pub(crate) async fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(&self.address).await
    }

    /// Signs in.
    pub(crate) async fn sign_in(&self) -> anyhow::Result<String> {
        self.sign_in_as(EMAIL, PASSWORD).await
    }

    /// Signs in as somebody.
    pub(crate) async fn sign_in_as(&self, email: &str, password: &str) -> anyhow::Result<String> {
        let body = json!({ "email": email, "password": password }).to_string();
        let answer = self.connect().await?.post("/api/v1/auth/login", "", &body).await?.json()?;
        Ok(answer["data"]["access_token"].as_str().unwrap_or_default().to_owned())
    }

    /// Memory now.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let read = |name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or("");
            let kib: f64 = line.split_whitespace().nth(1).unwrap_or("0").parse().unwrap_or(0.0);
            kib / 1_024.0
        };
        Ok(Memory { resident: read("VmRSS:"), own: read("RssAnon:") })
    }

    /// Processor time by name of thread, seconds; threads that ended are missing.
    pub(crate) fn processor_time(&self) -> anyhow::Result<BTreeMap<String, f64>> {
        let mut times = BTreeMap::new();
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let task = task?.path();
            let (Ok(name), Ok(statistics)) =
                (std::fs::read_to_string(task.join("comm")), std::fs::read_to_string(task.join("schedstat")))
            else {
                continue;
            };
            let nanoseconds: f64 = statistics.split(' ').next().unwrap_or("0").parse().unwrap_or(0.0);
            *times.entry(name.trim().to_owned()).or_insert(0.0) += nanoseconds / 1e9;
        }
        Ok(times)
    }

    /// How many events the slowest consumer is behind, and the highest sequence.
    pub(crate) async fn lag(&self, token: &str) -> anyhow::Result<(i64, i64)> {
        let status = self.connect().await?.get("/api/v1/status", token).await?.json()?;
        let consumers = status["data"]["consumers"].as_array().cloned().unwrap_or_default();
        let most = |name: &str| consumers.iter().filter_map(|consumer| consumer[name].as_i64()).max().unwrap_or(0);
        Ok((most("lag"), most("head")))
    }
}
