//! A connection to a gateway, which may be killed at any time.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The connection has ended, in the middle of a word as it may be, or says that it cannot go on: why.
#[derive(Debug)]
pub struct HungUp(pub String);

pub type Heard<T = ()> = Result<T, HungUp>;

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub struct Line {
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
}

impl Line {
    pub fn new(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), unread: Vec::new() }
    }

    pub async fn send(&mut self, text: &str) -> Heard {
        self.stream.write_all(text.as_bytes()).await.map_err(|error| HungUp(error.to_string()))
    }

    /// The next response, with its literals, without its end. Nothing is lost where the future is dropped.
    pub async fn response(&mut self) -> Heard<String> {
        let mut length = 0;
        loop {
            let end = loop {
                if let Some(at) = self.unread[length..].windows(2).position(|two| two == b"\r\n") {
                    break length + at;
                }
                self.read_more().await?;
            };
            let line = String::from_utf8_lossy(&self.unread[length..end]).into_owned();
            length = end + 2;
            let Some(size) = line.strip_suffix('}').and_then(|line| line.rsplit_once('{')) else { break };
            length += size.1.parse::<usize>().unwrap();
            while self.unread.len() < length {
                self.read_more().await?;
            }
        }
        let response: Vec<u8> = self.unread.drain(..length).collect();
        Ok(String::from_utf8_lossy(&response[..length - 2]).into_owned())
    }

    async fn read_more(&mut self) -> Heard {
        let read = self.stream.read_buf(&mut self.unread);
        match tokio::time::timeout(Duration::from_secs(60), read).await.expect("an answer in time") {
            Ok(0) => Err(HungUp("the end".to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(HungUp(error.to_string())),
        }
    }
}
