//! PURE: what a request's body asks for (RFC 4918 §9.1, RFC 6352 §8.6 and §8.7, RFC 6578 §3).

use super::filter::Filter;
use super::vcard::Version;
use super::xml::{CARDDAV, DAV, Element, Name};

/// Which properties of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// What is told without being asked for.
    All,
    /// The names of what there is.
    Names,
    These(Vec<Name>, CardForm),
}

/// How cards are wanted, where they are (RFC 6352 §10.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CardForm {
    /// `None`: whichever.
    pub(super) version: Option<Version>,
    /// Of the vCard: nothing but these.
    pub(super) only: Option<Vec<String>>,
}

/// What a REPORT asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    Multiget { wanted: Wanted, hrefs: Vec<String> },
    Query { wanted: Wanted, filter: Filter, max: Option<usize> },
    Sync { wanted: Wanted, token: Option<String>, max: Option<usize> },
}

/// Why a request cannot be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// It is no such request.
    Malformed,
    /// More properties or conditions than one request may name.
    TooMany,
    /// Another report than those that there are (RFC 3253 §3.6).
    UnknownReport,
    /// A form of cards that there is not (RFC 6352 §8.6).
    UnknownForm,
    /// A comparison that there is not.
    UnknownCollation,
    UnknownFilter,
}

/// Reads the body of PROPFIND: without one, everything.
pub(super) fn propfind(body: Option<&Element>, terms_max: usize) -> Result<Wanted, Bad> {
    let Some(body) = body else { return Ok(Wanted::All) };
    if !body.name.is(DAV, "propfind") {
        return Err(Bad::Malformed);
    }
    wanted(body, terms_max)
}

/// Reads the body of REPORT. What a query may be made of: `terms_max` properties and conditions.
pub(super) fn report(body: &Element, terms_max: usize) -> Result<Report, Bad> {
    let wanted = || wanted(body, terms_max);
    let max = match body.name.local.as_str() {
        "addressbook-query" => limit(body, CARDDAV)?,
        _ => limit(body, DAV)?,
    };
    if body.name.is(CARDDAV, "addressbook-multiget") {
        let hrefs = body.children_named(DAV, "href").map(|href| href.text.trim().to_owned()).collect();
        return Ok(Report::Multiget { wanted: wanted()?, hrefs });
    }
    if body.name.is(CARDDAV, "addressbook-query") {
        let filter = body.child(CARDDAV, "filter").ok_or(Bad::Malformed)?;
        return Ok(Report::Query { wanted: wanted()?, filter: Filter::read(filter, terms_max)?, max });
    }
    if body.name.is(DAV, "sync-collection") {
        // An address book has no collections in it: both levels are the same.
        let level = body.child(DAV, "sync-level").map_or("1", |level| level.text.trim());
        if !matches!(level, "1" | "infinite" | "infinity") {
            return Err(Bad::Malformed);
        }
        let token = body.child(DAV, "sync-token").map(|token| token.text.trim().to_owned());
        return Ok(Report::Sync { wanted: wanted()?, token: token.filter(|token| !token.is_empty()), max });
    }
    Err(Bad::UnknownReport)
}

fn wanted(body: &Element, terms_max: usize) -> Result<Wanted, Bad> {
    if body.child(DAV, "propname").is_some() {
        return Ok(Wanted::Names);
    }
    let Some(prop) = body.child(DAV, "prop") else { return Ok(Wanted::All) };
    if prop.children.len() > terms_max {
        return Err(Bad::TooMany);
    }
    let form = match prop.child(CARDDAV, "address-data") {
        Some(data) => form(data, terms_max)?,
        None => CardForm::default(),
    };
    let mut names: Vec<Name> = Vec::new();
    for child in &prop.children {
        if !names.contains(&child.name) {
            names.push(child.name.clone());
        }
    }
    Ok(Wanted::These(names, form))
}

/// `address-data` as it stands in a request.
fn form(data: &Element, terms_max: usize) -> Result<CardForm, Bad> {
    if data.attribute("content-type").is_some_and(|kind| !kind.trim().eq_ignore_ascii_case("text/vcard")) {
        return Err(Bad::UnknownForm);
    }
    let version = match data.attribute("version") {
        Some(number) => Some(Version::of_number(number.trim()).ok_or(Bad::UnknownForm)?),
        None => None,
    };
    let named: Vec<String> =
        data.children_named(CARDDAV, "prop").filter_map(|prop| prop.attribute("name")).map(str::to_owned).collect();
    if named.len() > terms_max {
        return Err(Bad::TooMany);
    }
    let only = (!named.is_empty() && data.child(CARDDAV, "allprop").is_none()).then_some(named);
    Ok(CardForm { version, only })
}

/// `nresults` (RFC 6352 §10.6, RFC 5323 §5.17).
fn limit(body: &Element, namespace: &str) -> Result<Option<usize>, Bad> {
    let Some(limit) = body.child(namespace, "limit") else { return Ok(None) };
    let number = limit.child(namespace, "nresults").ok_or(Bad::Malformed)?;
    number.text.trim().parse().map(Some).map_err(|_| Bad::Malformed)
}
