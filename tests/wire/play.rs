//! Plays a transcript: sessions of the real protocols on in-memory streams, over one gateway.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use passerelle::connection::{Connection, Ended, Security, Start};
use passerelle::domain::Gateway;
use passerelle::sasl::ChannelBindings;
use passerelle::{imap, smtp};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;

use crate::logins::{EXPORTED, Logins};
use crate::school;
use crate::script::{CLOSED, LineKind, Names, Script, octets, visible};
use crate::support;

/// What a stream holds that its other end has not read yet.
const STREAM_BYTES: usize = 4 << 20;
/// How long an answer may take: only a failing transcript waits for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// When transcripts are written anew: a session that says nothing for so long has said all.
const QUIET: Duration = Duration::from_millis(400);

/// One client's end of a session.
struct Client {
    from_server: BufReader<ReadHalf<DuplexStream>>,
    to_server: WriteHalf<DuplexStream>,
    /// The answer behind which both ends compress: `tag OK`.
    deflates_behind: Option<String>,
}

impl Client {
    fn new(stream: DuplexStream) -> Self {
        let (from_server, to_server) = tokio::io::split(stream);
        Self { from_server: BufReader::new(from_server), to_server, deflates_behind: None }
    }
}

/// A transcript being played.
pub(crate) struct Play<'a> {
    script: &'a Script,
    clients: Vec<Client>,
    names: Names,
    logins: Logins,
    /// Connections that the server closed, as far as we have read.
    closed: HashSet<usize>,
    /// Does every client compress, once logged in?
    deflated: bool,
}

impl<'a> Play<'a> {
    /// Opens all connections, logs in and selects as the header says.
    pub(crate) async fn begin(script: &'a Script, gateway: &Arc<Gateway>, deflated: bool) -> Result<Self, String> {
        let mut play = Self {
            script,
            clients: Vec::new(),
            names: Names::default(),
            logins: Logins::default(),
            closed: HashSet::new(),
            deflated,
        };
        for connection in 0..script.header.connections {
            play.clients.push(open(script, gateway, connection, play.protocol(connection))?);
            if let Some(login) = script.header.login(connection) {
                play.log_in(connection, login).await?;
            }
        }
        Ok(play)
    }

    /// What the connection speaks.
    fn protocol(&self, connection: usize) -> &'a str {
        let folder = self.script.path.split('/').next().unwrap_or("");
        self.script.header.protocol(connection, folder)
    }

    async fn log_in(&mut self, connection: usize, login: &str) -> Result<(), String> {
        if login == "greeted" {
            self.say(connection, b"EHLO tests\r\n").await?;
            return self.read_past(connection, "250 ").await;
        }
        if self.protocol(connection) == "smtp" {
            let plain = school::plain_credentials(login);
            self.say(connection, format!("EHLO tests\r\nAUTH PLAIN {plain}\r\n").as_bytes()).await?;
            return self.read_past(connection, "235 ").await;
        }
        let login = format!("login LOGIN {login} {}\r\n", school::PASSWORD);
        self.say(connection, login.as_bytes()).await?;
        self.read_past(connection, "login OK").await?;
        if self.deflated {
            self.say(connection, b"compress COMPRESS DEFLATE\r\n").await?;
            self.read_past(connection, "compress OK").await?;
        }
        if let Some(mailbox) = &self.script.header.select {
            self.say(connection, format!("select SELECT {mailbox}\r\n").as_bytes()).await?;
            self.read_past(connection, "select OK").await?;
        }
        Ok(())
    }

    /// Plays every line; stops at the first that is not as written.
    pub(crate) async fn check(mut self) -> Result<(), String> {
        let script = self.script;
        let mut lines = script.lines.iter().peekable();
        while let Some(line) = lines.next() {
            let at = |what: String| format!("tests/transcripts/{}:{}: {what}", script.path, line.number);
            match &line.kind {
                LineKind::Reader(_) => {}
                LineKind::Client { connection, text } => {
                    let mut packet = self.octets(*connection, text);
                    while let Some(LineKind::Client { text, .. }) = lines
                        .next_if(|next| matches!(&next.kind, LineKind::Client { connection: c, .. } if c == connection))
                        .map(|line| &line.kind)
                    {
                        packet.extend(self.octets(*connection, text));
                    }
                    self.say(*connection, &packet).await.map_err(at)?;
                }
                LineKind::Server { connection, pattern } => {
                    let got = self.line(*connection, PATIENCE).await;
                    let got =
                        got.ok_or_else(|| at(format!("nothing came, where this was wanted:\n  want {pattern}")))?;
                    if !self.names.matches(pattern, &got) {
                        return Err(at(format!("another answer\n  want {pattern}\n  got  {got}")));
                    }
                }
            }
        }
        self.end().await.map_err(|what| format!("tests/transcripts/{}: at the end: {what}", script.path))
    }

    /// Hangs up: no session may have more to say.
    async fn end(mut self) -> Result<(), String> {
        for connection in 0..self.clients.len() {
            let _ = self.client(connection).to_server.shutdown().await;
            match self.line(connection, PATIENCE).await {
                Some(line) if line == CLOSED => {}
                Some(line) => return Err(format!("S{} said more: {line}", connection + 1)),
                None => return Err(format!("S{} does not hang up when its client does", connection + 1)),
            }
        }
        Ok(())
    }

    /// Plays the client's lines and writes down what the server says. Lines that were right stay as they were written.
    pub(crate) async fn rewrite(mut self) -> Result<String, String> {
        let lines = &self.script.lines;
        let mut written = Vec::new();
        let mut at = 0;
        while at < lines.len() || at == 0 {
            let mut first = None;
            let mut packet = Vec::new();
            while let Some(line) = lines.get(at) {
                match &line.kind {
                    LineKind::Client { connection, text } if first.is_none_or(|first| first == *connection) => {
                        first = Some(*connection);
                        packet.extend(self.octets(*connection, text));
                    }
                    LineKind::Reader(_) if first.is_none() => {}
                    _ => break,
                }
                written.push(line.kind.clone());
                at += 1;
            }
            if let Some(connection) = first {
                self.say(connection, &packet).await?;
            }
            let mut old = Vec::new();
            while let Some(LineKind::Server { connection, pattern }) = lines.get(at).map(|line| &line.kind) {
                old.push((*connection, pattern.clone()));
                at += 1;
            }
            written.extend(self.hear(first.unwrap_or(0), &old).await);
            if lines.is_empty() {
                break;
            }
        }
        Ok(self.script.print(&written))
    }

    /// Everything that the sessions say now, the one that was spoken to first.
    async fn hear(&mut self, first: usize, old: &[(usize, String)]) -> Vec<LineKind> {
        let mut heard = Vec::new();
        let count = self.clients.len();
        for connection in std::iter::once(first).chain((0..count).filter(|other| *other != first)) {
            if self.closed.contains(&connection) {
                continue;
            }
            let mut patterns = old.iter().filter(|(c, _)| *c == connection).map(|(_, pattern)| pattern).peekable();
            let mut patience = if connection == first { 4 * QUIET } else { QUIET };
            while let Some(line) = self.line(connection, patience).await {
                patience = QUIET;
                let rest = patterns.clone().collect::<Vec<_>>();
                let kept = rest.iter().position(|pattern| self.names.matches(pattern, &line));
                let pattern = match kept {
                    Some(place) => patterns.nth(place).cloned().unwrap_or_default(),
                    None => line.clone(),
                };
                heard.push(LineKind::Server { connection, pattern });
                if line == CLOSED {
                    self.closed.insert(connection);
                    break;
                }
            }
        }
        heard
    }

    /// What a client's line puts on the wire.
    fn octets(&mut self, connection: usize, text: &str) -> Vec<u8> {
        if let Some(name) = text.strip_prefix('@') {
            let message = school::message(name.trim_end_matches('¬'));
            return match self.protocol(connection) {
                "smtp" => dots_doubled(&message),
                _ if name.ends_with('¬') => message,
                _ => [message.as_slice(), b"\r\n"].concat(),
            };
        }
        let text = self.names.put_in(text);
        let mut text = self.logins.put_in(connection, &text, &mut self.names);
        while let Some((before, after)) = text.split_once("{@")
            && let Some((name, after)) = after.split_once(['}', '+'])
        {
            let sign = if text[before.len() + 2 + name.len()..].starts_with('+') { "+" } else { "}" };
            text = format!("{before}{{{}{sign}{after}", school::message(name).len());
        }
        match text.strip_suffix('¬') {
            Some(text) => octets(text),
            None => [octets(&text).as_slice(), b"\r\n"].concat(),
        }
    }

    fn client(&mut self, connection: usize) -> &mut Client {
        &mut self.clients[connection]
    }

    async fn say(&mut self, connection: usize, octets: &[u8]) -> Result<(), String> {
        if let Some(tag) = octets.strip_suffix(b" COMPRESS DEFLATE\r\n") {
            let tag = String::from_utf8_lossy(tag.rsplit(|octet| *octet == b'\n').next().unwrap_or_default());
            self.client(connection).deflates_behind = Some(format!("{tag} OK "));
        }
        let piece = self.script.header.split.unwrap_or(octets.len()).max(1);
        for octets in octets.chunks(piece) {
            let sent = self.client(connection).to_server.write_all(octets).await;
            sent.map_err(|_| format!("S{} has hung up", connection + 1))?;
            if self.script.header.split.is_some() {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// The next line; `(closed)` where the server hung up; `None` where nothing comes in time.
    async fn line(&mut self, connection: usize, patience: Duration) -> Option<String> {
        let mut line = Vec::new();
        let client = self.client(connection);
        let read = tokio::time::timeout(patience, client.from_server.read_until(b'\n', &mut line)).await.ok()?;
        match read {
            Ok(0) | Err(_) => Some(CLOSED.to_owned()),
            Ok(_) => {
                let line = visible(&line);
                self.deflate_behind(connection, &line);
                Some(line)
            }
        }
    }

    /// Compresses from here on, where this is the answer that says so.
    fn deflate_behind(&mut self, connection: usize, line: &str) {
        let client = &mut self.clients[connection];
        if client.deflates_behind.as_ref().is_some_and(|answer| line.starts_with(answer)) {
            assert!(
                client.from_server.buffer().is_empty(),
                "something came behind the answer, before anything was said"
            );
            let (idle, _) = tokio::io::duplex(1);
            let old = std::mem::replace(client, Client::new(idle));
            let wire = old.from_server.into_inner().unsplit(old.to_server);
            self.clients[connection] = Client::new(support::deflate::client(wire));
        }
    }

    async fn read_past(&mut self, connection: usize, start: &str) -> Result<(), String> {
        loop {
            let line = self.line(connection, PATIENCE).await.ok_or("the session does not answer")?;
            if line.starts_with(start) {
                return Ok(());
            }
            if line == CLOSED || line.contains("NO ") || line.contains("BAD ") || line.starts_with('5') {
                return Err(format!("tests/transcripts/{}: wanted {start}, got {line}", self.script.path));
            }
        }
    }
}

/// Starts a session and gives its client's end.
fn open(script: &Script, gateway: &Arc<Gateway>, number: usize, protocol: &str) -> Result<Client, String> {
    let (client, server) = tokio::io::duplex(STREAM_BYTES);
    let peer = format!("{}:4{number:04}", script.header.peer).parse().map_err(|_| "peer: an address".to_owned())?;
    let security = if script.header.tls { Security::Tls } else { Security::Plain };
    let connection =
        Connection { id: number as u64, peer, security, bindings: bindings(security), stop: CancellationToken::new() };
    let gateway = Arc::clone(gateway);
    match protocol {
        "smtp" => drop(tokio::spawn(serve_smtp(gateway, connection, server))),
        "imap" => drop(tokio::spawn(serve_imap(gateway, connection, server))),
        other => return Err(format!("protocols: `{other}` is neither smtp nor imap")),
    }
    Ok(Client::new(client))
}

fn bindings(security: Security) -> ChannelBindings {
    ChannelBindings { exporter: (security == Security::Tls).then_some(EXPORTED), end_point: None }
}

/// As `server` does it; where TLS would begin, the same stream goes on without it.
async fn serve_smtp(gateway: Arc<Gateway>, connection: Connection, stream: DuplexStream) {
    let ended = smtp::run(Arc::clone(&gateway), &connection, Start::Greeting, stream).await;
    if let Ended::StartTls(stream) = ended {
        let connection = Connection { security: Security::Tls, bindings: bindings(Security::Tls), ..connection };
        smtp::run(gateway, &connection, Start::AfterStartTls, stream).await;
    }
}

async fn serve_imap(gateway: Arc<Gateway>, connection: Connection, stream: DuplexStream) {
    let ended = imap::run(Arc::clone(&gateway), &connection, Start::Greeting, stream).await;
    if let Ended::StartTls(stream) = ended {
        let connection = Connection { security: Security::Tls, bindings: bindings(Security::Tls), ..connection };
        imap::run(gateway, &connection, Start::AfterStartTls, stream).await;
    }
}

/// A message as DATA sends it (RFC 5321 §4.5.2).
fn dots_doubled(message: &[u8]) -> Vec<u8> {
    let mut doubled = Vec::with_capacity(message.len() + 8);
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            doubled.push(b'.');
        }
        doubled.extend_from_slice(line);
    }
    doubled
}
