//! PURE: which cards a query finds (RFC 6352 §10.5). Texts are compared without case and, unless octets are asked for,
//! without accents: `i;unicode-casemap` (RFC 5051) and more than that, as everywhere that people are looked for here.

use super::request::Bad;
use super::vcard::Property;
use super::xml::{CARDDAV, Element};
use crate::mime::fold;

/// All or any of these conditions; without one, every card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    all: bool,
    properties: Vec<PropertyFilter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PropertyFilter {
    name: String,
    condition: Condition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    IsNotDefined,
    /// All or any of these; without one, the property need only be there.
    Tests {
        all: bool,
        texts: Vec<TextMatch>,
        parameters: Vec<ParameterFilter>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ParameterFilter {
    name: String,
    /// `Err`: it is not there.
    test: Result<Option<TextMatch>, IsNotDefined>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct IsNotDefined;

#[derive(Clone, Debug, PartialEq, Eq)]
struct TextMatch {
    collation: Collation,
    how: How,
    negate: bool,
    /// As the collation has it.
    text: String,
}

/// RFC 4790.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Collation {
    Ascii,
    Unicode,
    Octet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

impl Filter {
    /// Reads CARDDAV:filter.
    pub(super) fn read(filter: &Element, terms_max: usize) -> Result<Self, Bad> {
        if count(filter) > terms_max {
            return Err(Bad::TooMany);
        }
        let properties = filter.children_named(CARDDAV, "prop-filter").map(property).collect::<Result<_, _>>()?;
        Ok(Self { all: is_all(filter)?, properties })
    }

    /// Does it find a card that says this?
    pub(super) fn finds(&self, card: &[Property]) -> bool {
        self.properties.is_empty() || test(self.all, self.properties.iter().map(|filter| filter.finds(card)))
    }
}

impl PropertyFilter {
    fn finds(&self, card: &[Property]) -> bool {
        let mut named = card.iter().filter(|property| property.name.eq_ignore_ascii_case(&self.name));
        match &self.condition {
            Condition::IsNotDefined => named.next().is_none(),
            Condition::Tests { all, texts, parameters } => named.any(|property| {
                let value = property.value.text();
                let texts = texts.iter().map(|text| text.finds(&value));
                let parameters = parameters.iter().map(|parameter| parameter.finds(property));
                let mut results = texts.chain(parameters).peekable();
                results.peek().is_none() || test(*all, results)
            }),
        }
    }
}

impl ParameterFilter {
    fn finds(&self, property: &Property) -> bool {
        let value =
            property.parameter.filter(|(name, _)| name.eq_ignore_ascii_case(&self.name)).map(|(_, value)| value);
        match &self.test {
            Err(IsNotDefined) => value.is_none(),
            Ok(None) => value.is_some(),
            Ok(Some(text)) => value.is_some_and(|value| text.finds(value)),
        }
    }
}

impl TextMatch {
    fn finds(&self, value: &str) -> bool {
        let value = self.collation.key(value);
        let found = match self.how {
            How::Equals => value == self.text,
            How::Contains => value.contains(&self.text),
            How::StartsWith => value.starts_with(&self.text),
            How::EndsWith => value.ends_with(&self.text),
        };
        found != self.negate
    }
}

impl Collation {
    fn key(self, text: &str) -> String {
        match self {
            Self::Ascii => text.to_ascii_lowercase(),
            Self::Unicode => fold(text),
            Self::Octet => text.to_owned(),
        }
    }
}

fn test(all: bool, mut results: impl Iterator<Item = bool>) -> bool {
    if all { results.all(|found| found) } else { results.any(|found| found) }
}

/// Elements below this one.
fn count(element: &Element) -> usize {
    element.children.iter().map(|child| 1 + count(child)).sum()
}

fn is_all(element: &Element) -> Result<bool, Bad> {
    match element.attribute("test") {
        None | Some("anyof") => Ok(false),
        Some("allof") => Ok(true),
        Some(_) => Err(Bad::Malformed),
    }
}

fn property(filter: &Element) -> Result<PropertyFilter, Bad> {
    let name = filter.attribute("name").ok_or(Bad::Malformed)?;
    // A group before the name (RFC 6350 §3.3): nothing is grouped here.
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name).to_owned();
    if filter.child(CARDDAV, "is-not-defined").is_some() {
        return Ok(PropertyFilter { name, condition: Condition::IsNotDefined });
    }
    let texts = filter.children_named(CARDDAV, "text-match").map(text_match).collect::<Result<_, _>>()?;
    let parameters = filter.children_named(CARDDAV, "param-filter").map(parameter).collect::<Result<_, _>>()?;
    Ok(PropertyFilter { name, condition: Condition::Tests { all: is_all(filter)?, texts, parameters } })
}

fn parameter(filter: &Element) -> Result<ParameterFilter, Bad> {
    let name = filter.attribute("name").ok_or(Bad::Malformed)?.to_owned();
    if filter.child(CARDDAV, "is-not-defined").is_some() {
        return Ok(ParameterFilter { name, test: Err(IsNotDefined) });
    }
    let text = filter.child(CARDDAV, "text-match").map(text_match).transpose()?;
    Ok(ParameterFilter { name, test: Ok(text) })
}

fn text_match(element: &Element) -> Result<TextMatch, Bad> {
    let collation = match element.attribute("collation") {
        None | Some("default" | "i;unicode-casemap") => Collation::Unicode,
        Some("i;ascii-casemap") => Collation::Ascii,
        Some("i;octet") => Collation::Octet,
        Some(_) => return Err(Bad::UnknownCollation),
    };
    let how = match element.attribute("match-type") {
        None | Some("contains") => How::Contains,
        Some("equals") => How::Equals,
        Some("starts-with") => How::StartsWith,
        Some("ends-with") => How::EndsWith,
        Some(_) => return Err(Bad::UnknownFilter),
    };
    let negate = match element.attribute("negate-condition") {
        None | Some("no") => false,
        Some("yes") => true,
        Some(_) => return Err(Bad::Malformed),
    };
    Ok(TextMatch { collation, how, negate, text: collation.key(&element.text) })
}
