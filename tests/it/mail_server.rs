//! A mail server that takes mail over SMTP and shows it to the test.
//!
//! No well-kept server crate exists for tests; what a client asks of one is a dozen lines of answers.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Request, TestApp, wait_until};

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: String,
    /// Headers and text, decoded.
    pub(crate) text: String,
}

impl Received {
    /// The one link it holds.
    #[track_caller]
    pub(crate) fn link(&self) -> String {
        let links: Vec<&str> = self.text.lines().filter(|line| line.starts_with("http")).collect();
        assert_eq!(links.len(), 1, "{}", self.text);
        links[0].to_owned()
    }

    /// What follows the `#` of its link.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        let link = self.link();
        link.split_once('#').unwrap_or_else(|| panic!("no token: {link}")).1.to_owned()
    }
}

#[derive(Default)]
struct State {
    mails: Vec<Received>,
    /// What the server says to each recipient instead of taking mail.
    refusal: Option<&'static str>,
}

/// A mail server on a port of its own.
pub(crate) struct MailServer {
    port: u16,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        Self::start_on(0).await
    }

    /// Starts on a port that was found before.
    pub(crate) async fn start_on(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    // A client that goes is no failure of the server.
                    drop(serve(stream, &shared).await);
                });
            }
        });
        Self { port, state, task }
    }

    /// The server with an appliance that uses it.
    pub(crate) async fn start_for(test: &TestApp) -> Self {
        let server = Self::start().await;
        configure(test, server.port).await;
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Says this to each recipient from now on.
    pub(crate) fn refuse(&self, refusal: Option<&'static str>) {
        self.state.lock().unwrap().refusal = refusal;
    }

    pub(crate) fn mails(&self) -> Vec<Received> {
        self.state.lock().unwrap().mails.clone()
    }

    /// Waits for a mail to an address.
    pub(crate) async fn mail_to(&self, address: &str) -> Received {
        let find = || self.mails().into_iter().find(|mail| mail.to == address);
        wait_until("the mail arrives", async || find().is_some()).await;
        find().unwrap()
    }

    /// Waits for the `number`-th mail.
    pub(crate) async fn mail(&self, number: usize) -> Received {
        wait_until("the mail arrives", async || self.mails().len() >= number).await;
        self.mails()[number - 1].clone()
    }
}

/// Tells the appliance which server to use.
pub(crate) async fn configure(test: &TestApp, port: u16) {
    let smtp = json!({
        "host": "127.0.0.1", "port": port, "user": "", "security": "none", "from": "Salesbrain <sales@acme.example>",
    });
    put_settings(test, json!({ "smtp": smtp })).await;
}

/// Changes the appliance's settings.
pub(crate) async fn put_settings(test: &TestApp, body: Value) -> Value {
    let request = Request { token: Some(&test.operator.token), body: Some(body), ..Request::default() };
    test.send(Method::PUT, "/api/v1/admin/settings", request).await.expect(200).data()
}

async fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut from, mut to) = (String::new(), String::new());
    write.write_all(b"220 test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let command = line.to_uppercase();
        let refusal = state.lock().unwrap().refusal;
        let answer = match command.split(' ').next().unwrap_or("") {
            "EHLO" | "HELO" => "250-test\r\n250 8BITMIME",
            "MAIL" => {
                from = address_of(&line);
                "250 ok"
            }
            "RCPT" => {
                if refusal.is_none() {
                    to = address_of(&line);
                }
                refusal.unwrap_or("250 ok")
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push('\n');
                }
                let received = Received { from: from.clone(), to: to.clone(), text: decode(&text) };
                state.lock().unwrap().mails.push(received);
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn address_of(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_before, after)| after);
    after.split('>').next().unwrap_or("").to_owned()
}

/// Takes quoted-printable apart.
fn decode(text: &str) -> String {
    if !text.contains("quoted-printable") {
        return text.to_owned();
    }
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(byte) if first == b'=' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
