//! One question over HTTP (RFC 9110, RFC 6750): a connection of its own, TLS outside of loopback, no redirects, an answer of
//! bounded size.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST};
use hyper::http::HeaderValue;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::Away;
use crate::model::Secret;

/// Octets of an answer's header, and of the body of a yes or no.
const HEADER_BYTES_MAX: usize = 16 << 10;
const BODY_BYTES_MAX: usize = 4 << 10;

/// Where to ask, and how to get there.
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
    /// As Host has it.
    pub(super) authority: String,
    /// With its query, where it has one.
    pub(super) path: String,
    pub(super) tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Asks whether somebody may write to somebody.
pub(super) struct Client {
    place: Place,
    token_file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Answer {
    can_communicate: bool,
}

impl Place {
    pub(super) fn new(url: &str, ca_file: Option<&Path>) -> Result<Self, String> {
        let bad = |what: &str| format!("{url}: {what}");
        let uri: Uri = url.parse().map_err(|error| bad(&format!("{error}")))?;
        let authority = uri.authority().ok_or_else(|| bad("no host"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let (tls, port) = match uri.scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.clone()).map_err(|error| bad(&error.to_string()))?;
                (Some((connector(ca_file)?, name)), 443)
            }
            Some("http") => (None, 80),
            _ => return Err(bad("neither http nor https")),
        };
        Ok(Self {
            port: authority.port_u16().unwrap_or(port),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            host,
            tls,
        })
    }

    /// The JSON object that is found there, of so many octets at most. Whoever calls it gives up when it takes too long.
    pub(super) async fn get(&self, body_bytes_max: usize) -> Result<Bytes, Away> {
        let request = self.request(&self.path).body(Full::default()).map_err(connection)?;
        self.send(request, body_bytes_max).await
    }

    /// Hands a form in (RFC 6749 §4.1.3), as `authorization`, and gives the JSON object that it is answered by. A refusal
    /// (400, 401) is [`Away::Refused`].
    pub(super) async fn post(
        &self,
        authorization: &Secret,
        form: &[(&str, &str)],
        body_bytes_max: usize,
    ) -> Result<Bytes, Away> {
        let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        // The error says nothing of the value, which is a secret.
        let bad = || Away::Token("it cannot stand in a header".to_owned());
        let mut value = HeaderValue::from_bytes(authorization.expose()).map_err(|_| bad())?;
        value.set_sensitive(true);
        let request = self
            .asking(Request::post(&self.path))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, value)
            .body(Full::from(pairs.join("&")))
            .map_err(|_| bad())?;
        match self.send(request, body_bytes_max).await {
            Err(Away::Status(status @ (400 | 401))) => Err(Away::Refused(format!("HTTP status {status}"))),
            answer => answer,
        }
    }

    fn request(&self, path: &str) -> hyper::http::request::Builder {
        self.asking(Request::get(path))
    }

    fn asking(&self, request: hyper::http::request::Builder) -> hyper::http::request::Builder {
        request.header(HOST, &self.authority).header(ACCEPT, "application/json").header(CONNECTION, "close")
    }

    async fn send(&self, request: Request<Full<Bytes>>, body_bytes_max: usize) -> Result<Bytes, Away> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(connection)?;
        match &self.tls {
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(connection)?;
                exchange(stream, request, body_bytes_max).await
            }
            None => exchange(stream, request, body_bytes_max).await,
        }
    }
}

impl Client {
    pub(super) fn new(url: &str, token_file: Option<PathBuf>, ca_file: Option<&Path>) -> Result<Self, String> {
        Ok(Self { place: Place::new(url, ca_file)?, token_file })
    }

    /// Asks; whoever calls it gives up when it takes too long.
    pub(super) async fn ask(&self, from: &str, to: &str) -> Result<bool, Away> {
        let body = self.place.send(self.request(from, to).await?, BODY_BYTES_MAX).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|error| Away::Answer(error.to_string()))?;
        Ok(answer.can_communicate)
    }

    async fn request(&self, from: &str, to: &str) -> Result<Request<Full<Bytes>>, Away> {
        let target = format!("{}?from={}&to={}", self.place.path, escaped(from), escaped(to));
        let mut request = self.place.request(&target);
        if let Some(file) = &self.token_file {
            let token = tokio::fs::read_to_string(file).await;
            let token = token.map_err(|error| Away::Token(format!("{}: {error}", file.display())))?;
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.trim()));
        }
        // The error says nothing of the value, which may be the token.
        request.body(Full::default()).map_err(|_| Away::Token("it cannot stand in a header".to_owned()))
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>, body_bytes_max: usize) -> Result<Bytes, Away>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEADER_BYTES_MAX);
    let (mut sender, driver) = builder.handshake(TokioIo::new(stream)).await.map_err(connection)?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(driver));
    let response = sender.send_request(request).await.map_err(connection)?;
    if response.status() != StatusCode::OK {
        return Err(Away::Status(response.status().as_u16()));
    }
    let body = Limited::new(response.into_body(), body_bytes_max).collect().await;
    let body = body.map_err(|error| Away::Answer(error.to_string()))?.to_bytes();
    // An array of values would do for a struct as well.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Away::Answer("no JSON object".to_owned()));
    }
    Ok(body)
}

fn connection(error: impl std::fmt::Display) -> Away {
    Away::Connection(error.to_string())
}

/// The public authorities, and those of the file.
fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(file) = ca_file {
        let bad = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| bad(&error))? {
            roots.add(certificate.map_err(|error| bad(&error))?).map_err(|error| bad(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Octets that are not unreserved as `%XX` (RFC 3986 §2.1).
pub(super) fn escaped(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out
}
