//! HTTP by hand: what a well-behaved client library would never send.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest wait for one answer.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How a body is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// `content-length`
    Length,
    /// `transfer-encoding: chunked`, without saying how long it will be.
    Chunked,
}

/// A request as bytes: head lines without their line ends, then the body.
pub(crate) fn request(head: &[Vec<u8>], body: &[u8], framing: Framing) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 512);
    for line in head {
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\r\n");
    }
    match framing {
        Framing::Length => {
            bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
            bytes.extend_from_slice(body);
        }
        Framing::Chunked => {
            bytes.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
            for chunk in body.chunks(7_001) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
    }
    bytes
}

/// Sends the bytes on a connection of their own and reads the answer; `None` if the server cut the connection without
/// one, which it may do to a client that sends on after it was refused. No answer in time is a failure.
pub(crate) async fn exchange(address: &str, bytes: &[u8]) -> Option<(u16, String)> {
    let talk = async {
        let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
        let mut answer = Vec::new();
        let send = async {
            // The server may answer and close before it has read everything.
            drop(writer.write_all(bytes).await);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            read = reader.read_to_end(&mut answer) => drop(read),
            () = send => {}
        }
        answer
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, talk).await.expect("the server hangs");
    parse(&answer)
}

/// Status and body of an answer.
pub(crate) fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let text = String::from_utf8_lossy(answer);
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_head, body)| body);
    Some((status, body.to_owned()))
}
