//! IMAP and SMTP as a client begins them: greeting, capabilities, STARTTLS, login (RFC 9051 §6.1, §6.2; RFC 6409, RFC 4954).

use base64::Engine;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use super::Person;
use super::net::{Endpoint, Net, Service, Stream};
use super::trust::{self, Shown};
use crate::sentences::checkup::Remark;

/// Octets of one line that are read.
const LINE_BYTES_MAX: u64 = 8 << 10;
/// Lines of one answer that are read.
const LINES_MAX: usize = 200;
/// Of what a server said, told.
const SAID_CHARS_MAX: usize = 80;

/// Goes there as a client would, and logs in where somebody is given and the certificate is right.
pub(super) async fn visit(net: &Net, endpoint: &Endpoint, person: Option<&Person>) -> (Remark, Option<Shown>) {
    let mut shown = None;
    let remark = match try_to_visit(net, endpoint, person, &mut shown).await {
        Ok(remark) | Err(remark) => remark,
    };
    (remark, shown)
}

async fn try_to_visit(
    net: &Net,
    endpoint: &Endpoint,
    person: Option<&Person>,
    shown: &mut Option<Shown>,
) -> Result<Remark, Remark> {
    let stream = net.connect(endpoint).await?;
    let is_imap = matches!(endpoint.service, Service::Imap | Service::Imaps);
    let encrypted = if endpoint.service.is_encrypted() {
        trust::encrypt(net, endpoint, stream).await?
    } else {
        let mut talk = Talk::new(net, endpoint, stream);
        talk.greeting(is_imap).await?;
        let answer = if is_imap {
            talk.capabilities().await?;
            talk.imap("STARTTLS").await?
        } else {
            talk.smtp("EHLO [127.0.0.1]").await?;
            talk.smtp("STARTTLS").await?
        };
        if !answer.is_good {
            return Err(Remark::NoStartTls { place: endpoint.place() });
        }
        trust::encrypt(net, endpoint, talk.into_stream()).await?
    };
    let (stream, certificate) = encrypted;
    let is_trusted = certificate.is_trusted();
    *shown = Some(certificate);
    let mut talk = Talk::new(net, endpoint, stream);
    if endpoint.service.is_encrypted() {
        talk.greeting(is_imap).await?;
    }
    if is_imap {
        talk.capabilities().await?;
    } else if !talk.smtp("EHLO [127.0.0.1]").await?.is_good {
        return Err(talk.strange());
    }
    let place = endpoint.place();
    let Some(person) = person else { return Ok(Remark::NotTried { place }) };
    if !is_trusted {
        return Ok(Remark::NotTrusted { place });
    }
    let answer = talk.log_in(is_imap, person).await?;
    if !answer.is_good {
        return Err(Remark::LoginRefused { place, said: answer.said });
    }
    // Whether it says goodbye does not matter any more.
    let _ = if is_imap { talk.imap("LOGOUT").await } else { talk.smtp("QUIT").await };
    Ok(Remark::LoggedIn { place })
}

/// The end of an answer.
struct Answer {
    is_good: bool,
    said: String,
}

/// A conversation by lines.
struct Talk<'n, S> {
    net: &'n Net,
    place: String,
    stream: BufReader<S>,
    /// What was said last.
    last: String,
}

impl<'n, S: Stream> Talk<'n, S> {
    fn new(net: &'n Net, endpoint: &Endpoint, stream: S) -> Self {
        Self { net, place: endpoint.place(), stream: BufReader::new(stream), last: String::new() }
    }

    fn into_stream(self) -> S {
        self.stream.into_inner()
    }

    fn strange(&self) -> Remark {
        let printable = self.last.chars().map(|sign| if sign.is_control() { '?' } else { sign });
        Remark::Strange { place: self.place.clone(), said: printable.take(SAID_CHARS_MAX).collect() }
    }

    async fn line(&mut self) -> Result<String, Remark> {
        let mut octets = Vec::new();
        let mut limited = (&mut self.stream).take(LINE_BYTES_MAX);
        match timeout(self.net.patience, limited.read_until(b'\n', &mut octets)).await {
            Err(_) => Err(Remark::Silent { place: self.place.clone() }),
            Ok(Err(_)) | Ok(Ok(0)) => Err(self.strange()),
            Ok(Ok(_)) => {
                self.last = String::from_utf8_lossy(&octets).trim_end().to_owned();
                Ok(self.last.clone())
            }
        }
    }

    async fn say(&mut self, line: &str) -> Result<(), Remark> {
        let text = format!("{line}\r\n");
        let written = timeout(self.net.patience, async {
            self.stream.write_all(text.as_bytes()).await?;
            self.stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Remark::Silent { place: self.place.clone() }),
        }
    }

    async fn greeting(&mut self, is_imap: bool) -> Result<(), Remark> {
        if is_imap {
            let line = self.line().await?;
            return if line.starts_with("* OK") { Ok(()) } else { Err(self.strange()) };
        }
        let answer = self.smtp_answer().await?;
        if answer.is_good { Ok(()) } else { Err(self.strange()) }
    }

    async fn capabilities(&mut self) -> Result<(), Remark> {
        if self.imap("CAPABILITY").await?.is_good { Ok(()) } else { Err(self.strange()) }
    }

    /// A command without literals, and its tagged answer.
    async fn imap(&mut self, command: &str) -> Result<Answer, Remark> {
        self.say(&format!("a1 {command}")).await?;
        for _ in 0..LINES_MAX {
            let line = self.line().await?;
            if let Some(answer) = line.strip_prefix("a1 ") {
                return Ok(Answer { is_good: answer.starts_with("OK"), said: self.shortened(answer) });
            }
        }
        Err(self.strange())
    }

    async fn smtp(&mut self, command: &str) -> Result<Answer, Remark> {
        self.say(command).await?;
        self.smtp_answer().await
    }

    async fn smtp_answer(&mut self) -> Result<Answer, Remark> {
        for _ in 0..LINES_MAX {
            let line = self.line().await?;
            let mut octets = line.bytes();
            if !octets.by_ref().take(3).all(|octet| octet.is_ascii_digit()) {
                return Err(self.strange());
            }
            if octets.next() != Some(b'-') {
                return Ok(Answer { is_good: line.starts_with('2'), said: self.shortened(&line) });
            }
        }
        Err(self.strange())
    }

    /// AUTHENTICATE PLAIN with an initial response, as Thunderbird has it (RFC 4959, RFC 4616).
    async fn log_in(&mut self, is_imap: bool, person: &Person) -> Result<Answer, Remark> {
        let mut response = format!("\0{}\0", person.address).into_bytes();
        response.extend_from_slice(person.password.expose());
        let response = base64::engine::general_purpose::STANDARD.encode(response);
        if is_imap {
            self.imap(&format!("AUTHENTICATE PLAIN {response}")).await
        } else {
            self.smtp(&format!("AUTH PLAIN {response}")).await
        }
    }

    fn shortened(&self, said: &str) -> String {
        said.chars().filter(|sign| !sign.is_control()).take(SAID_CHARS_MAX).collect()
    }
}
