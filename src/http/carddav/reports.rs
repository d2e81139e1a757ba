//! REPORT (RFC 3253 §3.6): cards by name, cards by what they say, and what has changed.

use std::collections::HashSet;

use axum::http::StatusCode;
use axum::response::Response;

use super::answer::{MultiStatus, refusal};
use super::path::{Resource, path_of_href};
use super::properties::{self, Target};
use super::request::{Report, Wanted};
use super::vcard::{self, Style};
use super::xml::{CALENDAR_SERVER, DAV, Element, Name};
use super::{Asking, Depth, bad, fault, malformed, unknown};
use crate::domain::finding::{AddressBook, BookChanges};

/// Answers a report on an address book; on anything else there is none.
pub(super) async fn report(
    asking: &Asking<'_>,
    resource: Resource,
    depth: Depth,
    body: &Element,
) -> Result<Response, Response> {
    let config = &asking.gateway.config.directory;
    let report = super::request::report(body, config.terms_max).map_err(bad)?;
    let Resource::Book(book) = resource else { return Err(refusal(StatusCode::FORBIDDEN, "D:supported-report")) };
    let books = asking.books().await?;
    let book = books.iter().find(|known| known.book == book).ok_or_else(unknown)?;
    match report {
        Report::Multiget { hrefs, .. } if hrefs.len() > config.multiget_max => {
            Err(refusal(StatusCode::FORBIDDEN, "D:number-of-matches-within-limits"))
        }
        Report::Multiget { wanted, hrefs } => Ok(multiget(asking, book, &wanted, &hrefs)),
        Report::Query { wanted, filter, max } => {
            let mut answer = MultiStatus::new(asking.view(), &wanted);
            let finds = |style: Style| {
                let filter = &filter;
                move |card: &_| filter.finds(&vcard::properties(card, style))
            };
            // The resource itself is no card (RFC 6352 §8.6).
            let cards = if depth == Depth::Zero { &[][..] } else { &book.cards };
            let mut found = cards.iter().filter(|card| finds(asking.style)(card));
            for card in found.by_ref().take(max.unwrap_or(usize::MAX)) {
                answer.add(Target::Card(book.book, card));
            }
            if found.next().is_some() {
                answer.add_cut(resource);
            }
            Ok(answer.finish(None))
        }
        Report::Sync { wanted, token, max } => sync(asking, book, &wanted, token.as_deref(), max).await,
    }
}

/// Cards by name (RFC 6352 §8.7): those that the person may not see are not there.
fn multiget(asking: &Asking<'_>, book: &AddressBook, wanted: &Wanted, hrefs: &[String]) -> Response {
    let mut answer = MultiStatus::new(asking.view(), wanted);
    let mut seen = HashSet::new();
    for href in hrefs.iter().filter(|href| seen.insert(href.as_str())) {
        let resource = path_of_href(href).and_then(|path| Resource::of_path(&path, asking.own));
        let card = match resource {
            Some(Resource::Card(of, id)) if of == book.book => book.card(id),
            _ => None,
        };
        match card {
            Some(card) => answer.add(Target::Card(book.book, card)),
            None => answer.add_missing(href),
        }
    }
    answer.finish(None)
}

/// What has changed since a token (RFC 6578 §3.2).
async fn sync(
    asking: &Asking<'_>,
    book: &AddressBook,
    wanted: &Wanted,
    token: Option<&str>,
    max: Option<usize>,
) -> Result<Response, Response> {
    let no_such_token = || refusal(StatusCode::FORBIDDEN, "D:valid-sync-token");
    let since = match token {
        None => None,
        Some(uri) => Some(properties::token_of_uri(uri).ok_or_else(no_such_token)?),
    };
    if max == Some(0) {
        return Err(malformed());
    }
    let max = max.unwrap_or(usize::MAX);
    let changes = asking.gateway.book_changes(&asking.visitor.user, book, since, max).await.map_err(fault)?;
    let BookChanges { changed, gone, token, cut } = changes.ok_or_else(no_such_token)?;
    let mut answer = MultiStatus::new(asking.view(), wanted);
    for card in changed.into_iter().filter_map(|id| book.card(id)) {
        answer.add(Target::Card(book.book, card));
    }
    for id in gone {
        answer.add_missing(&Resource::Card(book.book, id).path(asking.own));
    }
    if cut {
        answer.add_cut(Resource::Book(book.book));
    }
    Ok(answer.finish(Some(&properties::token_uri(token))))
}

/// Keeps the state of a book whose token is about to be told.
pub(super) async fn remember(asking: &Asking<'_>, book: &AddressBook, wanted: &Wanted) -> Result<(), Response> {
    let tells = |name: &Name| name.is(DAV, "sync-token") || name.is(CALENDAR_SERVER, "getctag");
    match wanted {
        Wanted::These(names, _) if names.iter().any(tells) => {
            asking.gateway.remember_book(&asking.visitor.user, book).await.map_err(fault)
        }
        _ => Ok(()),
    }
}
