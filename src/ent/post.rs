//! Requests that tell something (RFC 9110 §9.3.3): connections that are kept for the next one, TLS checked, no redirects, no
//! private address unless a setting allows it. Who calls gives up when it takes too long.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;

use super::Away;
use super::http::Place;

/// Octets of an answer's header, and of a body that is read so that the connection can be kept.
const HEADER_BYTES_MAX: usize = 16 << 10;
const BODY_BYTES_MAX: usize = 64 << 10;
/// Connections that are kept.
const KEPT_MAX: usize = 16;

/// Where to, and the connections that lead there.
pub struct Courier {
    place: Place,
    private_addresses: bool,
    kept: Mutex<Vec<Open>>,
}

struct Open {
    sender: SendRequest<Full<Bytes>>,
    _driver: AbortOnDropHandle<()>,
}

impl Courier {
    /// To this URL.
    ///
    /// # Errors
    /// The URL or the file of authorities cannot be used.
    pub fn new(url: &str, ca_file: Option<&Path>, private_addresses: bool) -> Result<Self, String> {
        Ok(Self { place: Place::new(url, ca_file)?, private_addresses, kept: Mutex::default() })
    }

    /// Sends JSON; the answer's status, where it is one of success.
    ///
    /// # Errors
    /// [`Away::Status`] where the receiver says no; anything else where it cannot be reached.
    pub async fn post(&self, headers: &[(&'static str, String)], body: Bytes) -> Result<(), Away> {
        let kept = self.kept.lock().pop();
        if let Some(open) = kept.filter(|open| open.sender.is_ready()) {
            match self.exchange(open, headers, body.clone()).await {
                // It was closed meanwhile: what was sent may not have arrived. The id in it says whether it comes twice.
                Err(Away::Connection(_)) => {}
                told => return told,
            }
        }
        self.exchange(self.open().await?, headers, body).await
    }

    async fn exchange(&self, mut open: Open, headers: &[(&'static str, String)], body: Bytes) -> Result<(), Away> {
        let mut request = Request::post(&self.place.path).header(HOST, &self.place.authority);
        request = request.header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        // The error says nothing of a value, which may be a secret.
        let request =
            request.body(Full::new(body)).map_err(|_| Away::Token("it cannot stand in a header".to_owned()))?;
        let response = open.sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let read = Limited::new(response.into_body(), BODY_BYTES_MAX).collect().await;
        if read.is_ok() && open.sender.ready().await.is_ok() {
            let mut kept = self.kept.lock();
            if kept.len() < KEPT_MAX {
                kept.push(open);
            }
        }
        if status.is_success() && status != StatusCode::NON_AUTHORITATIVE_INFORMATION {
            Ok(())
        } else {
            Err(Away::Status(status.as_u16()))
        }
    }

    async fn open(&self) -> Result<Open, Away> {
        let stream = self.connect().await?;
        let mut builder = Builder::new();
        builder.max_buf_size(HEADER_BYTES_MAX);
        match &self.place.tls {
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(failed)?;
                let (sender, driver) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
                Ok(Open { sender, _driver: driven(driver) })
            }
            None => {
                let (sender, driver) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
                Ok(Open { sender, _driver: driven(driver) })
            }
        }
    }

    /// Connects to an address that was looked at, so that no name can lead elsewhere afterwards.
    async fn connect(&self) -> Result<TcpStream, Away> {
        let found = tokio::net::lookup_host((self.place.host.as_str(), self.place.port)).await.map_err(failed)?;
        let allowed: Vec<SocketAddr> =
            found.filter(|address| self.private_addresses || is_public(address.ip())).collect();
        if allowed.is_empty() {
            return Err(Away::Connection("the receiver has no public address (`private_addresses`)".to_owned()));
        }
        TcpStream::connect(allowed.as_slice()).await.map_err(failed)
    }
}

fn driven<E>(driver: impl Future<Output = Result<(), E>> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        // An error of the connection is told to who waits for an answer.
        let _ = driver.await;
    }))
}

fn failed(error: impl std::fmt::Display) -> Away {
    Away::Connection(error.to_string())
}

/// Is the address one of the internet, which anybody may reach (RFC 6890)?
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || matches!((a, b, c), (0 | 240..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (198, 18 | 19, _)))
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            // 2000::/3 is what is given out; of it, 6to4 and the addresses of documents lead elsewhere or nowhere.
            first & 0xe000 == 0x2000 && first != 0x2002 && !(first == 0x2001 && matches!(second, 0 | 0xdb8))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_guise() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["8.8.8.8", "193.252.1.1", "2a01:e0a::1", "2001:660::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
