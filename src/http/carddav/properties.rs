//! PURE: what there is to know of each resource (RFC 4918 §15, RFC 3744 §5, RFC 5397 §3, RFC 6352 §6.2 and §7, RFC 6578 §4).
//! Everything may be read and nothing written.

use super::path::Resource;
use super::request::CardForm;
use super::vcard::{self, Style, Version};
use super::xml::{CALENDAR_SERVER, CARDDAV, DAV, Name};
use crate::domain::finding::{AddressBook, Book, Card, CardId, SyncToken};
use crate::http::setup::escaped;
use crate::sentences::Sentence;

/// A resource, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'t> {
    Root,
    Principal,
    Home,
    Book(&'t AddressBook),
    Card(Book, &'t Card),
}

impl Target<'_> {
    pub(super) fn resource(&self) -> Resource {
        match self {
            Self::Root => Resource::Root,
            Self::Principal => Resource::Principal,
            Self::Home => Resource::Home,
            Self::Book(book) => Resource::Book(book.book),
            Self::Card(book, card) => Resource::Card(*book, card.id),
        }
    }
}

/// Who looks, and what that makes of the answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'v> {
    pub(super) own: CardId,
    /// The person's shown name.
    pub(super) name: &'v str,
    /// Of the account.
    pub(super) account: &'v str,
    pub(super) style: Style,
}

/// A sync token, as clients get it: a URI (RFC 6578 §4), and nothing to be opened.
pub(super) fn token_uri(token: SyncToken) -> String {
    format!("data:,{token}")
}

/// From a client.
pub(super) fn token_of_uri(uri: &str) -> Option<SyncToken> {
    SyncToken::parse(uri.strip_prefix("data:,")?)
}

/// An entity tag (RFC 9110 §8.8.3): of what the card says, in whichever form.
pub(super) fn etag(card: &Card, groups_as_organizations: bool) -> String {
    let mark = if groups_as_organizations { "o" } else { "" };
    format!("\"{:016x}{mark}\"", u64::from_be_bytes(card.version()))
}

/// Prefixes of the namespaces, as the answer declares them: `D`, `C`, `S`.
pub(super) const PREFIXES: [(&str, &str); 3] = [("D", DAV), ("C", CARDDAV), ("S", CALENDAR_SERVER)];

/// Those that `allprop` tells (RFC 4918 §14.2), and those that it does not.
const TOLD: [(&str, &str); 4] =
    [(DAV, "resourcetype"), (DAV, "displayname"), (DAV, "getetag"), (DAV, "getcontenttype")];
const UNTOLD: [(&str, &str); 15] = [
    (DAV, "current-user-principal"),
    (DAV, "principal-URL"),
    (DAV, "principal-collection-set"),
    (DAV, "owner"),
    (DAV, "current-user-privilege-set"),
    (DAV, "supported-privilege-set"),
    (DAV, "supported-report-set"),
    (DAV, "sync-token"),
    (CARDDAV, "addressbook-home-set"),
    (CARDDAV, "addressbook-description"),
    (CARDDAV, "supported-address-data"),
    (CARDDAV, "supported-collation-set"),
    (CARDDAV, "address-data"),
    (CALENDAR_SERVER, "getctag"),
    (DAV, "group-membership"),
];

fn names(known: &[(&str, &str)]) -> impl Iterator<Item = Name> {
    known.iter().map(|(namespace, local)| Name { namespace: (*namespace).to_owned(), local: (*local).to_owned() })
}

/// The names that `allprop` asks for.
pub(super) fn told() -> Vec<Name> {
    names(&TOLD).collect()
}

/// All that there are; `address-data` is no property (RFC 6352 §10.4).
pub(super) fn all() -> Vec<Name> {
    names(&TOLD).chain(names(&UNTOLD)).filter(|name| name.local != "address-data").collect()
}

/// What the resource has under this name, as XML; `None` where it has nothing.
pub(super) fn value(target: Target<'_>, name: &Name, form: &CardForm, view: View<'_>) -> Option<String> {
    match (name.namespace.as_str(), name.local.as_str()) {
        (DAV, local) => dav(target, local, view),
        (CARDDAV, local) => carddav(target, local, form, view),
        (CALENDAR_SERVER, "getctag") => match target {
            Target::Book(book) => Some(token_uri(book.token)),
            _ => None,
        },
        _ => None,
    }
}

fn dav(target: Target<'_>, local: &str, view: View<'_>) -> Option<String> {
    let href = |resource: Resource| format!("<D:href>{}</D:href>", resource.path(view.own));
    match local {
        "resourcetype" => Some(match target {
            Target::Root | Target::Home => "<D:collection/>".to_owned(),
            Target::Principal => "<D:collection/><D:principal/>".to_owned(),
            Target::Book(_) => "<D:collection/><C:addressbook/>".to_owned(),
            Target::Card(..) => String::new(),
        }),
        "displayname" => Some(escaped(&match target {
            Target::Root | Target::Home => view.account.to_owned(),
            Target::Principal => view.name.to_owned(),
            Target::Book(book) => book.book.title().text(view.style.language),
            Target::Card(_, card) => card.display_name.clone(),
        })),
        "getetag" => match target {
            Target::Card(_, card) => Some(escaped(&etag(card, view.style.groups_as_organizations))),
            _ => None,
        },
        "getcontenttype" => matches!(target, Target::Card(..)).then(|| "text/vcard; charset=utf-8".to_owned()),
        "current-user-principal" => Some(href(Resource::Principal)),
        "owner" => (!matches!(target, Target::Root)).then(|| href(Resource::Principal)),
        "principal-URL" => matches!(target, Target::Principal).then(|| href(Resource::Principal)),
        "principal-collection-set" => Some(href(Resource::Root)),
        "group-membership" => matches!(target, Target::Principal).then(String::new),
        "current-user-privilege-set" => Some(
            "<D:privilege><D:read/></D:privilege><D:privilege><D:read-current-user-privilege-set/></D:privilege>"
                .to_owned(),
        ),
        "supported-privilege-set" => Some(
            "<D:supported-privilege><D:privilege><D:read/></D:privilege><D:description>Read</D:description>\
             <D:supported-privilege><D:privilege><D:read-current-user-privilege-set/></D:privilege>\
             <D:description>Read what one may do</D:description></D:supported-privilege></D:supported-privilege>"
                .to_owned(),
        ),
        "supported-report-set" => Some(match target {
            Target::Book(_) => ["C:addressbook-multiget", "C:addressbook-query", "D:sync-collection"]
                .map(|report| format!("<D:supported-report><D:report><{report}/></D:report></D:supported-report>"))
                .concat(),
            _ => String::new(),
        }),
        "sync-token" => match target {
            Target::Book(book) => Some(token_uri(book.token)),
            _ => None,
        },
        _ => None,
    }
}

fn carddav(target: Target<'_>, local: &str, form: &CardForm, view: View<'_>) -> Option<String> {
    match (local, target) {
        ("addressbook-home-set", Target::Principal) => {
            Some(format!("<D:href>{}</D:href>", Resource::Home.path(view.own)))
        }
        ("addressbook-description", Target::Book(_)) => {
            Some(escaped(&Sentence::BookExplained.text(view.style.language)))
        }
        ("supported-address-data", Target::Book(_)) => Some(
            Version::ALL
                .map(|version| {
                    format!("<C:address-data-type content-type=\"text/vcard\" version=\"{}\"/>", version.number())
                })
                .concat(),
        ),
        ("supported-collation-set", Target::Book(_)) => Some(
            ["i;ascii-casemap", "i;unicode-casemap", "i;octet"]
                .map(|collation| format!("<C:supported-collation>{collation}</C:supported-collation>"))
                .concat(),
        ),
        ("address-data", Target::Card(_, card)) => {
            let style = Style { version: form.version.unwrap_or(view.style.version), ..view.style };
            let card = vcard::written(&vcard::properties(card, style), form.only.as_deref());
            Some(escaped(&card).replace('\r', "&#13;"))
        }
        _ => None,
    }
}
