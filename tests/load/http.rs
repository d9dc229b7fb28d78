//! A keep-alive HTTP/1.1 client that costs next to nothing: the generator shares two cores with what it measures.
//!
//! It understands what this program answers (`content-length`, status line) and nothing else. Rejected: reqwest and hyper,
//! which take a multiple of the time per request that the generator may take at 5,000 requests a second.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> anyhow::Result<serde_json::Value> {
        anyhow::ensure!(self.status == 200, "answer {}: {}", self.status, String::from_utf8_lossy(&self.body));
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, input: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        self.input.clear();
        loop {
            if let Some((status, start, length)) = parse_head(&self.input)? {
                let end = start + length;
                while self.input.len() < end {
                    self.fill().await?;
                }
                return Ok(Answer { status, body: self.input[start..end].to_vec() });
            }
            self.fill().await?;
        }
    }

    /// `GET` with an access token.
    pub(crate) async fn get(&mut self, path: &str, token: &str) -> anyhow::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: load\r\nauthorization: Bearer {token}\r\n\r\n");
        self.send(request.as_bytes()).await
    }

    /// `POST` of JSON.
    pub(crate) async fn post(&mut self, path: &str, header: &str, body: &str) -> anyhow::Result<Answer> {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: load\r\ncontent-type: application/json\r\n{header}");
        self.send(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).await
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        let read = self.stream.read_buf(&mut self.input).await?;
        anyhow::ensure!(read > 0, "the server closed the connection");
        Ok(())
    }
}

/// Status, start and length of the body, once the head is complete.
fn parse_head(input: &[u8]) -> anyhow::Result<Option<(u16, usize, usize)>> {
    let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&input[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or("").parse()?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _value)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_name, value)| value.trim().parse())?;
    Ok(Some((status, end + 4, length)))
}
