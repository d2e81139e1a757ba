//! PURE: a filter → what to look for. No entry is reached but through a piece of a name, or an address: a filter that holds
//! neither would ask for everybody, and finds nobody.
//!
//! Of `&`, one part is looked for and the rest is checked; of `|`, every part. A part of `|` that names nobody (`(title=*)`)
//! finds nobody by itself.

use super::attribute::{self, Attribute, Usage};
use super::fold;
use super::wire::filter::{Filter, Substrings};
use crate::model::Address;

/// One thing to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needle {
    /// Pieces of a name, folded, one space between them.
    Words(String),
    /// Whoever has this address.
    Address(Address),
}

impl Needle {
    fn weight(&self) -> usize {
        match self {
            Self::Words(words) => letters(words),
            Self::Address(_) => usize::MAX,
        }
    }
}

/// What a filter asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing that could be here.
    Nobody,
    /// Only what one of these finds.
    Some(Vec<Needle>),
    /// Too much: no piece of a name, or too short a one.
    Everybody,
}

/// How filters become needles.
#[derive(Clone, Copy, Debug)]
pub struct Needles<'a> {
    /// Of all addresses.
    pub domain: &'a str,
    /// Letters and digits that a piece of a name must have (settings).
    pub chars_min: usize,
}

impl Needles<'_> {
    /// What a filter asks for.
    pub fn of(&self, filter: &Filter) -> Wanted {
        match filter {
            Filter::And(filters) => filters.iter().map(|filter| self.of(filter)).fold(Wanted::Everybody, narrower),
            Filter::Or(filters) => filters.iter().map(|filter| self.of(filter)).fold(Wanted::Nobody, wider),
            // Order is nothing that names have here: never true.
            Filter::GreaterOrEqual(_) | Filter::LessOrEqual(_) => Wanted::Nobody,
            Filter::Not(_) => Wanted::Everybody,
            Filter::Present(attribute) => match attribute::named(attribute) {
                Some(_) => Wanted::Everybody,
                None => Wanted::Nobody,
            },
            Filter::Equal(_) | Filter::Substrings(_) | Filter::Approximate(_) | Filter::Extensible(_) => {
                self.of_leaf(filter)
            }
        }
    }

    fn of_leaf(&self, filter: &Filter) -> Wanted {
        let Some(attribute) = attribute_of(filter) else { return Wanted::Nobody };
        if attribute.usage != Usage::Finding {
            return Wanted::Everybody;
        }
        self.needle(filter).map_or(Wanted::Everybody, |needle| Wanted::Some(vec![needle]))
    }

    /// What is looked for by one leaf of a filter, where that is enough to find somebody by.
    pub fn needle(&self, filter: &Filter) -> Option<Needle> {
        let attribute = attribute_of(filter).filter(|attribute| attribute.usage == Usage::Finding)?;
        let is_address = [&attribute::MAIL, &attribute::UID].contains(&attribute);
        let words = match filter {
            Filter::Equal(assertion) if is_address => return self.address(&assertion.value).map(Needle::Address),
            Filter::Equal(assertion) | Filter::Approximate(assertion) => words([assertion.value.as_str()], is_address),
            Filter::Extensible(extensible) => words([extensible.value.as_str()], is_address),
            Filter::Substrings(substrings) => words(pieces(substrings), is_address),
            _ => return None,
        };
        (letters(&words) >= self.chars_min.max(1)).then_some(Needle::Words(words))
    }

    fn address(&self, value: &str) -> Option<Address> {
        let value = value.trim();
        if value.contains('@') { Address::parse(value) } else { Address::parse(&format!("{value}@{}", self.domain)) }
    }
}

/// The attribute that a leaf is about, where we have it and the rule is one of ours.
pub fn attribute_of(filter: &Filter) -> Option<Attribute> {
    match filter {
        Filter::Equal(assertion)
        | Filter::Approximate(assertion)
        | Filter::GreaterOrEqual(assertion)
        | Filter::LessOrEqual(assertion) => attribute::named(&assertion.attribute),
        Filter::Substrings(substrings) => attribute::named(&substrings.attribute),
        Filter::Extensible(extensible) => {
            let rules = ["caseIgnoreMatch", "2.5.13.2"];
            let is_ours = |rule: &String| rules.iter().any(|ours| ours.eq_ignore_ascii_case(rule));
            let attribute = extensible.attribute.as_deref().and_then(attribute::named);
            attribute.filter(|_| !extensible.names_too && extensible.rule.as_ref().is_none_or(is_ours))
        }
        _ => None,
    }
}

/// The pieces of a value, in their order.
pub fn pieces(substrings: &Substrings) -> impl Iterator<Item = &str> {
    let Substrings { initial, any, last, .. } = substrings;
    initial.iter().chain(any).chain(last).map(String::as_str)
}

/// Folded, one space between words. Of addresses, the words before the `@`: the domain is everybody's.
fn words<'p>(pieces: impl IntoIterator<Item = &'p str>, is_address: bool) -> String {
    let mut text = String::new();
    for piece in pieces {
        text.push(' ');
        match piece.split_once('@').filter(|_| is_address) {
            Some((before, _)) => {
                text.push_str(before);
                break;
            }
            None => text.push_str(piece),
        }
    }
    let folded = fold(&text);
    let separates = |sign: char| sign.is_whitespace() || (is_address && !sign.is_alphabetic());
    folded.split(separates).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn letters(words: &str) -> usize {
    words.chars().filter(|sign| sign.is_alphanumeric()).count()
}

/// Both must hold: whichever finds fewer is looked for.
fn narrower(one: Wanted, other: Wanted) -> Wanted {
    match (one, other) {
        (Wanted::Nobody, _) | (_, Wanted::Nobody) => Wanted::Nobody,
        (Wanted::Everybody, wanted) | (wanted, Wanted::Everybody) => wanted,
        (Wanted::Some(one), Wanted::Some(other)) => {
            let worst = |needles: &[Needle]| needles.iter().map(Needle::weight).min().unwrap_or(usize::MAX);
            Wanted::Some(if worst(&one) >= worst(&other) { one } else { other })
        }
    }
}

/// One of them must hold.
fn wider(one: Wanted, other: Wanted) -> Wanted {
    match (one, other) {
        (Wanted::Some(mut one), Wanted::Some(other)) => {
            for needle in other {
                if !one.contains(&needle) {
                    one.push(needle);
                }
            }
            Wanted::Some(one)
        }
        (Wanted::Some(needles), _) | (_, Wanted::Some(needles)) => Wanted::Some(needles),
        (Wanted::Everybody, _) | (_, Wanted::Everybody) => Wanted::Everybody,
        (Wanted::Nobody, Wanted::Nobody) => Wanted::Nobody,
    }
}
