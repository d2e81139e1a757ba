//! PROTOCOL: address books over CardDAV, to be read only (RFC 6352 on RFC 4918; RFC 6578, RFC 5397, RFC 6764).
//!
//! `/.well-known/carddav` leads to the root, the root to the person, the person to the home, and the home holds the books
//! (`domain::finding::books`): exactly those whom the person may write to. A path of somebody else's tree, or of a card that
//! the person may not see, is as unknown as one that never was.
//!
//! | file | what |
//! | --- | --- |
//! | here | methods, one after the other |
//! | `login` | who asks |
//! | `path` | pure: paths ↔ resources |
//! | `xml` | pure: a request's XML, bounded |
//! | `request` | pure: what a request asks for |
//! | `filter` | pure: which cards a query finds |
//! | `properties` | pure: what there is to know of a resource |
//! | `vcard` | pure: a card as it is written |
//! | `answer` | pure: multi-status and refusals |

mod answer;
mod filter;
mod login;
mod path;
mod properties;
mod reports;
mod request;
#[cfg(test)]
mod tests;
mod vcard;
mod xml;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, VARY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;

use self::answer::{MultiStatus, refusal};
use self::login::Visitor;
pub use self::path::ROOT;
use self::path::Resource;
use self::properties::{Target, View};
use self::request::Bad;
use self::vcard::{Style, Version};
use self::xml::{BadXml, Bounds, Element};
use super::client::Client;
use crate::domain::finding::{AddressBook, CardId};
use crate::domain::{Fault, Gateway};
use crate::sentences::Sentence;

/// What is spoken (RFC 4918 §18, RFC 6352 §6.1).
const DAV_HEADER: (HeaderName, &str) = (HeaderName::from_static("dav"), "1, 3, addressbook");
const METHODS: &str = "OPTIONS, GET, HEAD, PROPFIND, REPORT";
/// Elements of a request's XML beside the names of cards: those around properties and conditions.
const ELEMENTS_BESIDE: usize = 500;

#[derive(Clone)]
struct Site {
    gateway: Arc<Gateway>,
}

/// The routes; none where the settings offer no address books.
pub(super) fn router(gateway: Arc<Gateway>) -> Router {
    if !gateway.config.directory.carddav {
        return Router::new();
    }
    Router::new()
        .route("/.well-known/carddav", any(discover))
        .route("/dav", any(serve))
        .route(ROOT, any(serve))
        .route("/dav/{*path}", any(serve))
        .with_state(Site { gateway })
}

/// Where the tree begins (RFC 6764 §5): the same for everybody.
async fn discover() -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(LOCATION, ROOT)]).into_response()
}

/// Whoever asks, and how the answer is to be.
struct Asking<'a> {
    gateway: &'a Gateway,
    visitor: &'a Visitor,
    own: CardId,
    style: Style,
    account: String,
}

impl Asking<'_> {
    fn view(&self) -> View<'_> {
        View { own: self.own, name: &self.visitor.user.display_name, account: &self.account, style: self.style }
    }

    async fn books(&self) -> Result<Arc<Vec<AddressBook>>, Response> {
        self.gateway.address_books(&self.visitor.user).await.map_err(fault)
    }
}

async fn serve(State(site): State<Site>, client: Client, request: Request) -> Response {
    match answered(&site, client, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn answered(site: &Site, client: Client, request: Request) -> Result<Response, Response> {
    let (head, body) = request.into_parts();
    if head.method.as_str() == "OPTIONS" {
        // The same for every path, known or not.
        return Ok((StatusCode::OK, [DAV_HEADER, (ALLOW, METHODS)]).into_response());
    }
    let visitor = login::log_in(site, client, &head.headers).await?;
    let config = &site.gateway.config;
    let asking = Asking {
        gateway: &site.gateway,
        visitor: &visitor,
        own: CardId::of_user(&visitor.user.id),
        style: Style {
            version: version_wanted(&head.headers),
            language: config.language,
            groups_as_organizations: login::takes_groups_for_lists(site, &head.headers),
        },
        account: Sentence::AccountName { domain: config.domain.clone() }.text(config.language),
    };
    let resource = path::decoded(head.uri.path()).and_then(|path| Resource::of_path(&path, asking.own));
    match head.method.as_str() {
        "GET" | "HEAD" => get(&asking, resource, &head.headers).await,
        "PROPFIND" => {
            let body = read_xml(&asking, body).await?;
            let depth = read_depth(&head.headers).map_err(|BadDepth| malformed())?.unwrap_or(Depth::Infinity);
            propfind(&asking, resource.ok_or_else(unknown)?, depth, body.as_ref()).await
        }
        "REPORT" => {
            let body = read_xml(&asking, body).await?.ok_or_else(malformed)?;
            // RFC 3253 §3.6: without one, 0.
            let depth = read_depth(&head.headers).map_err(|BadDepth| malformed())?.unwrap_or(Depth::Zero);
            reports::report(&asking, resource.ok_or_else(unknown)?, depth, &body).await
        }
        // Whatever is there, nobody may change it (RFC 3744 §7.1.1).
        "PUT" | "POST" | "PATCH" | "DELETE" | "MKCOL" | "PROPPATCH" | "COPY" | "MOVE" | "LOCK" | "UNLOCK" | "ACL"
        | "MKADDRESSBOOK" => Err(refusal(StatusCode::FORBIDDEN, "D:need-privileges")),
        _ => Err((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, METHODS)]).into_response()),
    }
}

/// One card (RFC 6352 §5.1); collections have nothing to be shown.
async fn get(asking: &Asking<'_>, resource: Option<Resource>, headers: &HeaderMap) -> Result<Response, Response> {
    let (book, id) = match resource {
        Some(Resource::Card(book, id)) => (book, id),
        Some(_) => return Err((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "OPTIONS, PROPFIND, REPORT")]).into_response()),
        None => return Err(unknown()),
    };
    let books = asking.books().await?;
    let book = books.iter().find(|known| known.book == book).ok_or_else(unknown)?;
    let card = book.card(id).ok_or_else(unknown)?;
    let etag = properties::etag(card, asking.style.groups_as_organizations);
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if known.split(',').any(|known| known.trim().trim_start_matches("W/") == etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    let text = vcard::written(&vcard::properties(card, asking.style), None);
    let kind = format!("text/vcard; charset=utf-8; version={}", asking.style.version.number());
    let headers = [
        (CONTENT_TYPE, kind.as_str()),
        (ETAG, etag.as_str()),
        (VARY, "Accept, Authorization, User-Agent"),
        (CACHE_CONTROL, "private, no-cache"),
    ];
    Ok((headers, text).into_response())
}

/// PROPFIND (RFC 4918 §9.1).
async fn propfind(
    asking: &Asking<'_>,
    resource: Resource,
    depth: Depth,
    body: Option<&Element>,
) -> Result<Response, Response> {
    let wanted = request::propfind(body, asking.gateway.config.directory.terms_max).map_err(bad)?;
    let is_collection = !matches!(resource, Resource::Card(..));
    if depth == Depth::Infinity && is_collection {
        return Err(refusal(StatusCode::FORBIDDEN, "D:propfind-finite-depth"));
    }
    let mut answer = MultiStatus::new(asking.view(), &wanted);
    let inside = depth == Depth::One;
    match resource {
        Resource::Root => {
            answer.add(Target::Root);
            inside.then(|| answer.add(Target::Principal));
        }
        Resource::Principal => {
            answer.add(Target::Principal);
            inside.then(|| answer.add(Target::Home));
        }
        Resource::Home => {
            answer.add(Target::Home);
            if inside {
                for book in asking.books().await?.iter() {
                    reports::remember(asking, book, &wanted).await?;
                    answer.add(Target::Book(book));
                }
            }
        }
        Resource::Book(book) => {
            let books = asking.books().await?;
            let book = books.iter().find(|known| known.book == book).ok_or_else(unknown)?;
            reports::remember(asking, book, &wanted).await?;
            answer.add(Target::Book(book));
            if inside {
                book.cards.iter().for_each(|card| answer.add(Target::Card(book.book, card)));
            }
        }
        Resource::Card(book, id) => {
            let books = asking.books().await?;
            let book = books.iter().find(|known| known.book == book).ok_or_else(unknown)?;
            answer.add(Target::Card(book.book, book.card(id).ok_or_else(unknown)?));
        }
    }
    Ok(answer.finish(None))
}

/// How far down (RFC 4918 §10.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Zero,
    One,
    Infinity,
}

/// It says nothing that there is.
struct BadDepth;

fn read_depth(headers: &HeaderMap) -> Result<Option<Depth>, BadDepth> {
    match headers.get("depth").map(|value| value.as_bytes().trim_ascii()) {
        None => Ok(None),
        Some(b"0") => Ok(Some(Depth::Zero)),
        Some(b"1") => Ok(Some(Depth::One)),
        Some(text) if text.eq_ignore_ascii_case(b"infinity") => Ok(Some(Depth::Infinity)),
        Some(_) => Err(BadDepth),
    }
}

/// Which vCard a client would rather have: 3.0 where it does not say (RFC 6352 §5.1.1).
fn version_wanted(headers: &HeaderMap) -> Version {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default().to_lowercase();
    let is_v4 = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        parts.next() == Some("text/vcard") && parts.any(|part| part.replace(['"', ' '], "") == "version=4.0")
    };
    if accept.split(',').any(is_v4) { Version::V4 } else { Version::V3 }
}

/// Reads the body, as far as the settings let it grow.
async fn read_xml(asking: &Asking<'_>, body: Body) -> Result<Option<Element>, Response> {
    let config = &asking.gateway.config.directory;
    let body: Bytes = axum::body::to_bytes(body, config.request_bytes_max).await.map_err(|_| too_large())?;
    let bounds = Bounds {
        depth_max: config.xml_depth_max,
        elements_max: config.multiget_max.saturating_add(config.terms_max).saturating_add(ELEMENTS_BESIDE),
    };
    xml::parse(&body, bounds).map_err(|bad| match bad {
        BadXml::Malformed => malformed(),
        BadXml::TooLarge => too_large(),
    })
}

fn bad(bad: Bad) -> Response {
    match bad {
        Bad::Malformed => malformed(),
        Bad::TooMany => too_large(),
        Bad::UnknownReport => refusal(StatusCode::FORBIDDEN, "D:supported-report"),
        Bad::UnknownForm => refusal(StatusCode::FORBIDDEN, "C:supported-address-data"),
        Bad::UnknownCollation => refusal(StatusCode::FORBIDDEN, "C:supported-collation"),
        Bad::UnknownFilter => refusal(StatusCode::FORBIDDEN, "C:supported-filter"),
    }
}

fn unknown() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn malformed() -> Response {
    StatusCode::BAD_REQUEST.into_response()
}

fn too_large() -> Response {
    StatusCode::PAYLOAD_TOO_LARGE.into_response()
}

/// Ours: logged, and to be asked again. Never an empty list.
fn fault(fault: Fault) -> Response {
    tracing::error!(%fault, "address books cannot be told");
    (StatusCode::SERVICE_UNAVAILABLE, [(axum::http::header::RETRY_AFTER, "60")]).into_response()
}
