//! CardDAV (RFC 6764 §6: discovery from the host name) and LDAP, as address books begin them.

use base64::Engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::net::{Endpoint, Service, Stream};
use super::web::Question;
use super::{Doctor, Login, Person, trust};
use crate::ldap::dn::{Branch, Tree};
use crate::ldap::wire::ber::{self, Reader};
use crate::sentences::checkup::{Part, Remark};

/// Redirections that are followed.
const HOPS_MAX: usize = 4;
/// Octets of an LDAP answer that are read.
const ANSWER_BYTES_MAX: usize = 64 << 10;
const PRINCIPAL: &str =
    "<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><prop><current-user-principal/></prop></propfind>";

impl Doctor {
    /// From the well-known place, redirection after redirection, to the person's principal.
    pub(super) async fn look_at_address_book(&mut self) {
        let mut url = format!("{}/.well-known/carddav", self.patient.setup.url);
        let person = self.patient.person.as_ref().filter(|_| self.login != Login::Wrong);
        let authorization = person.map(basic);
        for _ in 0..HOPS_MAX {
            let question =
                Question { method: "PROPFIND", url: &url, body: PRINCIPAL, authorization: authorization.as_deref() };
            let Ok(answer) = self.fetch(&question).await else {
                return self.note(Part::AddressBook, Remark::AddressBookMissing { url });
            };
            let remark = match (answer.status, answer.location) {
                (301 | 302 | 307 | 308, Some(location)) => {
                    url = self.absolute(&location);
                    continue;
                }
                (207, _) if authorization.is_some() && answer.body.contains("current-user-principal") => {
                    Remark::AddressBookFound { url }
                }
                (207, _) => Remark::AddressBookOpen { url },
                // Nobody was named, or the certificate is not right.
                (401, _) if self.login != Login::Right => Remark::AddressBookFound { url },
                (401, _) => Remark::LoginRefused { place: url, said: "HTTP 401".to_owned() },
                _ => Remark::AddressBookMissing { url },
            };
            return self.note(Part::AddressBook, remark);
        }
        self.note(Part::AddressBook, Remark::AddressBookMissing { url });
    }

    fn absolute(&self, location: &str) -> String {
        if location.starts_with('/') { format!("{}{location}", self.patient.setup.url) } else { location.to_owned() }
    }

    /// LDAP where it is offered: a bind, and a search for oneself.
    pub(super) async fn look_at_directory(&mut self) {
        let [plain, encrypted] = self.patient.ldap;
        let host = self.patient.setup.host_name.clone();
        let places = [(Service::Ldaps, encrypted), (Service::Ldap, plain)];
        let places: Vec<Endpoint> = places
            .into_iter()
            .filter_map(|(service, port)| Some(Endpoint { service, host: host.clone(), port: port? }))
            .collect();
        if places.is_empty() {
            self.note(Part::Directory, Remark::NotOffered);
        }
        for place in places {
            let remark = match self.ask_directory(&place).await {
                Ok(remark) | Err(remark) => remark,
            };
            self.note(Part::Directory, remark);
        }
    }

    async fn ask_directory(&mut self, endpoint: &Endpoint) -> Result<Remark, Remark> {
        let mut stream = self.net.connect(endpoint).await?;
        if endpoint.service == Service::Ldap {
            let start_tls = request(0x77, |out| ber::put(out, ber::context(0), b"1.3.6.1.4.1.1466.20037"));
            let (code, _) = self.exchange(endpoint, &mut stream, &start_tls).await?;
            if code != 0 {
                return Err(Remark::NoStartTls { place: endpoint.place() });
            }
        }
        let (mut stream, shown) = trust::encrypt(&self.net, endpoint, stream).await?;
        let is_trusted = shown.is_trusted();
        self.shown.push((endpoint.clone(), shown));
        let place = endpoint.place();
        let Some(person) = self.patient.person.as_ref().filter(|_| self.login != Login::Wrong) else {
            return Ok(Remark::NotTried { place });
        };
        if !is_trusted {
            return Ok(Remark::NotTrusted { place });
        }
        let (bind, search) = (bind(person), search(&self.patient.setup.domain, person));
        for request in [bind, search] {
            let (code, said) = self.exchange(endpoint, &mut stream, &request).await?;
            if code != 0 {
                return Err(Remark::DirectoryRefuses { place, code, said });
            }
        }
        Ok(Remark::DirectoryFound { place })
    }

    /// Sends a request; gives code and text of its last answer.
    async fn exchange<S: Stream>(
        &self,
        endpoint: &Endpoint,
        stream: &mut S,
        request: &[u8],
    ) -> Result<(i64, String), Remark> {
        let silent = || Remark::Silent { place: endpoint.place() };
        let strange = || Remark::Strange { place: endpoint.place(), said: "LDAP ?".to_owned() };
        let talking = async {
            stream.write_all(request).await.map_err(|_| silent())?;
            stream.flush().await.map_err(|_| silent())?;
            let mut octets = Vec::new();
            while octets.len() < ANSWER_BYTES_MAX {
                while let Ok(Some(head)) = ber::head(&octets) {
                    let whole = head.head.saturating_add(head.content);
                    let Some(message) = octets.get(..whole) else { break };
                    if let Some(end) = last_answer(message).ok_or_else(strange)? {
                        return Ok(end);
                    }
                    octets.drain(..whole);
                }
                if stream.read_buf(&mut octets).await.map_err(|_| silent())? == 0 {
                    return Err(strange());
                }
            }
            Err(strange())
        };
        timeout(self.net.patience, talking).await.unwrap_or_else(|_| Err(silent()))
    }
}

fn basic(person: &Person) -> String {
    let mut pair = format!("{}:", person.address).into_bytes();
    pair.extend_from_slice(person.password.expose());
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

/// A message with one operation.
fn request(tag: u8, inside: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    ber::put_with(&mut out, ber::SEQUENCE, |out| {
        ber::put_number(out, ber::INTEGER, 1);
        ber::put_with(out, tag, inside);
    });
    out
}

fn bind(person: &Person) -> Vec<u8> {
    request(0x60, |out| {
        ber::put_number(out, ber::INTEGER, 3);
        ber::put(out, ber::OCTETS, person.address.as_bytes());
        ber::put(out, ber::context(0), person.password.expose());
    })
}

/// Whoever has this address: everybody may write to himself.
fn search(domain: &str, person: &Person) -> Vec<u8> {
    request(0x63, |out| {
        ber::put(out, ber::OCTETS, Tree::new(domain).branch(Branch::People).as_bytes());
        ber::put_number(out, ber::ENUMERATED, 2);
        ber::put_number(out, ber::ENUMERATED, 0);
        ber::put_number(out, ber::INTEGER, 1);
        ber::put_number(out, ber::INTEGER, 0);
        ber::put(out, ber::BOOLEAN, &[0]);
        ber::put_with(out, ber::context_constructed(3), |out| {
            ber::put(out, ber::OCTETS, b"mail");
            ber::put(out, ber::OCTETS, person.address.as_bytes());
        });
        ber::put_with(out, ber::SEQUENCE, |out| ber::put(out, ber::OCTETS, b"cn"));
    })
}

/// Code and text of an answer that is a last one; `Some(None)` of an entry, `None` of something else.
#[expect(clippy::option_option, reason = "three outcomes, named here")]
fn last_answer(message: &[u8]) -> Option<Option<(i64, String)>> {
    let mut outer = Reader::new(message);
    let mut reader = Reader::new(outer.expect(ber::SEQUENCE).ok()?);
    reader.integer().ok()?;
    let operation = reader.element().ok()?;
    if operation.tag == ber::application(4) {
        return Some(None);
    }
    let mut inside = Reader::new(operation.content);
    let code = inside.enumerated().ok()?;
    inside.text().ok()?;
    let said: String = inside.text().ok()?.chars().filter(|sign| !sign.is_control()).take(80).collect();
    Some(Some((code, said)))
}
