//! PURE: the filter of a search (RFC 4511 §4.5.1.7). Read by recursion, as deep as `ldap.nesting_max` lets it.

use super::Limits;
use super::ber::{self, Malformed, Reader};

/// Which entries are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Equal(Assertion),
    Substrings(Substrings),
    GreaterOrEqual(Assertion),
    LessOrEqual(Assertion),
    /// The attribute's name.
    Present(String),
    Approximate(Assertion),
    Extensible(Extensible),
}

/// An attribute's name and a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    pub attribute: String,
    pub value: String,
}

/// Parts of a value, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substrings {
    pub attribute: String,
    pub initial: Option<String>,
    pub any: Vec<String>,
    pub last: Option<String>,
}

/// A value, by a rule that the client names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extensible {
    pub rule: Option<String>,
    pub attribute: Option<String>,
    pub value: String,
    /// The parts of the entry's name count too.
    pub names_too: bool,
}

/// Why a filter cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterError {
    Malformed,
    /// No filter that this version of LDAP has.
    Unknown,
    /// Nested too deep.
    TooDeep,
    /// Too many parts.
    TooLarge,
}

impl From<Malformed> for FilterError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

/// Reads one, which is the next element.
pub fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Filter, FilterError> {
    let mut items = limits.filter_items_max;
    filter(reader, limits.nesting_max, &mut items)
}

/// `depth`, `items`: how much more there may be.
fn filter(reader: &mut Reader<'_>, depth: usize, items: &mut usize) -> Result<Filter, FilterError> {
    let depth = depth.checked_sub(1).ok_or(FilterError::TooDeep)?;
    *items = items.checked_sub(1).ok_or(FilterError::TooLarge)?;
    let element = reader.element()?;
    let mut inside = Reader::new(element.content);
    let filter = match element.tag {
        0xa0 => Filter::And(filters(inside, depth, items)?),
        0xa1 => Filter::Or(filters(inside, depth, items)?),
        0xa2 => {
            let negated = filter(&mut inside, depth, items)?;
            inside.end()?;
            Filter::Not(Box::new(negated))
        }
        0xa3 => Filter::Equal(assertion(inside)?),
        0xa4 => Filter::Substrings(substrings(inside, items)?),
        0xa5 => Filter::GreaterOrEqual(assertion(inside)?),
        0xa6 => Filter::LessOrEqual(assertion(inside)?),
        0x87 => Filter::Present(ber::text(element.content)),
        0xa8 => Filter::Approximate(assertion(inside)?),
        0xa9 => Filter::Extensible(extensible(inside)?),
        _ => return Err(FilterError::Unknown),
    };
    Ok(filter)
}

/// None at all is allowed too: `(&)` is true, `(|)` is false (RFC 4526).
fn filters(mut reader: Reader<'_>, depth: usize, items: &mut usize) -> Result<Vec<Filter>, FilterError> {
    let mut filters = Vec::new();
    while !reader.is_empty() {
        filters.push(filter(&mut reader, depth, items)?);
    }
    Ok(filters)
}

fn assertion(mut reader: Reader<'_>) -> Result<Assertion, FilterError> {
    let assertion = Assertion { attribute: reader.text()?, value: reader.text()? };
    reader.end()?;
    Ok(assertion)
}

fn substrings(mut reader: Reader<'_>, items: &mut usize) -> Result<Substrings, FilterError> {
    let attribute = reader.text()?;
    let mut pieces = Reader::new(reader.expect(ber::SEQUENCE)?);
    reader.end()?;
    let mut substrings = Substrings { attribute, initial: None, any: Vec::new(), last: None };
    let mut count = 0_usize;
    while !pieces.is_empty() {
        *items = items.checked_sub(1).ok_or(FilterError::TooLarge)?;
        let piece = pieces.element()?;
        let text = ber::text(piece.content);
        match piece.tag {
            0x80 if count == 0 => substrings.initial = Some(text),
            0x81 if substrings.last.is_none() => substrings.any.push(text),
            0x82 if substrings.last.is_none() => substrings.last = Some(text),
            _ => return Err(FilterError::Malformed),
        }
        count += 1;
    }
    if count == 0 { Err(FilterError::Malformed) } else { Ok(substrings) }
}

fn extensible(mut reader: Reader<'_>) -> Result<Extensible, FilterError> {
    let rule = reader.optional(ber::context(1))?.map(ber::text);
    let attribute = reader.optional(ber::context(2))?.map(ber::text);
    let value = ber::text(reader.expect(ber::context(3))?);
    let names_too = reader.optional(ber::context(4))?.map(ber::boolean).transpose()?.unwrap_or(false);
    reader.end()?;
    Ok(Extensible { rule, attribute, value, names_too })
}
