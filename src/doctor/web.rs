//! One HTTP request, as a client makes it, on a connection of its own.

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, DATE, HOST, LOCATION};
use hyper::http::HeaderValue;
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::net::{Endpoint, Net, Service, Stream};
use super::trust::{self, Shown};
use crate::sentences::checkup::Remark;

/// Octets of an answer that are read.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question<'q> {
    pub method: &'q str,
    pub url: &'q str,
    pub body: &'q str,
    /// Sent only where the certificate is right.
    pub authorization: Option<&'q str>,
}

impl<'q> Question<'q> {
    /// A plain GET.
    pub(super) const fn get(url: &'q str) -> Self {
        Self { method: "GET", url, body: "", authorization: None }
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    /// A client would take it: the certificate is right.
    pub is_trusted: bool,
    pub status: u16,
    pub body: String,
    pub content_type: String,
    pub date: Option<String>,
    pub location: Option<String>,
}

/// Where a URL leads; `None` where it is none of ours.
pub(super) fn endpoint_of(url: &str) -> Option<Endpoint> {
    let uri: Uri = url.parse().ok()?;
    let (service, port) = match uri.scheme_str()? {
        "https" => (Service::Https, 443),
        "http" => (Service::Http, 80),
        _ => return None,
    };
    Some(Endpoint { service, host: uri.host()?.to_owned(), port: uri.port_u16().unwrap_or(port) })
}

/// Asks, and gives the certificate that was shown, if one was.
pub(super) async fn ask(net: &Net, question: &Question<'_>) -> (Result<Answer, Remark>, Option<(Endpoint, Shown)>) {
    let Some(endpoint) = endpoint_of(question.url) else {
        return (Err(Remark::SettingsUnreadable { url: question.url.to_owned() }), None);
    };
    let stream = match net.connect(&endpoint).await {
        Ok(stream) => stream,
        Err(remark) => return (Err(remark), None),
    };
    if endpoint.service == Service::Http {
        // Only loopback, or what stands behind a proxy: never a password.
        let question = Question { authorization: None, ..question.clone() };
        return (send(net, &endpoint, &question, stream).await, None);
    }
    let (stream, shown) = match trust::encrypt(net, &endpoint, stream).await {
        Ok(encrypted) => encrypted,
        Err(remark) => return (Err(remark), None),
    };
    let is_trusted = shown.is_trusted();
    let authorization = question.authorization.filter(|_| is_trusted);
    let answer = send(net, &endpoint, &Question { authorization, ..question.clone() }, stream).await;
    let answer = answer.map(|answer| Answer { is_trusted, ..answer });
    (answer, Some((endpoint, shown)))
}

async fn send<S: Stream + 'static>(
    net: &Net,
    endpoint: &Endpoint,
    question: &Question<'_>,
    stream: S,
) -> Result<Answer, Remark> {
    let strange = |why: String| Remark::Strange { place: endpoint.place(), said: why };
    let request = request(endpoint, question).map_err(|error| strange(error.to_string()))?;
    let asking = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(request).await?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
        connection.abort();
        Ok::<_, hyper::Error>((head, body))
    };
    match timeout(net.patience, asking).await {
        Err(_) => Err(Remark::Silent { place: endpoint.place() }),
        Ok(Err(error)) => Err(strange(error.to_string())),
        Ok(Ok((_, Err(error)))) => Err(strange(error.to_string())),
        Ok(Ok((head, Ok(body)))) => {
            let header = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
            Ok(Answer {
                is_trusted: true,
                status: head.status.as_u16(),
                body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
                content_type: header(CONTENT_TYPE).unwrap_or_default().to_owned(),
                date: header(DATE).map(str::to_owned),
                location: header(LOCATION).map(str::to_owned),
            })
        }
    }
}

fn request(endpoint: &Endpoint, question: &Question<'_>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let uri: Uri = question.url.parse()?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let method = Method::from_bytes(question.method.as_bytes())?;
    let default = if endpoint.service == Service::Https { 443 } else { 80 };
    let host = match endpoint.port == default {
        true => endpoint.host.clone(),
        false => format!("{}:{}", endpoint.host, endpoint.port),
    };
    let mut request = Request::builder().method(method).uri(path).header(HOST, host).header(CONNECTION, "close");
    if let Some(authorization) = question.authorization {
        let mut value = HeaderValue::from_str(authorization)?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    if question.method == "PROPFIND" {
        request = request.header("Depth", "0");
    }
    if !question.body.is_empty() {
        request = request.header(CONTENT_TYPE, "text/xml; charset=utf-8");
    }
    request.body(Full::new(Bytes::copy_from_slice(question.body.as_bytes())))
}
