//! PURE: octets → requests and their controls (RFC 4511 §4.1.1, §4.2 to §4.12).
//!
//! Octets that are no message end the connection (§4.1.1); a message that asks what cannot be is answered.

use super::filter::{self, Assertion, Filter, FilterError};
use super::{Limits, ber};
use crate::model::Secret;
use ber::{Malformed, Reader};

/// Controls of one request at most: no client sends more than three or four.
const CONTROLS_MAX: usize = 20;

/// The number of a request, which its answers carry (§4.1.1.1). Never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId(pub i32);

/// What a client wants, and under which number.
#[derive(Debug)]
pub struct Message {
    pub id: MessageId,
    pub request: Request,
    pub controls: Vec<Control>,
}

/// A request (§4.2 to §4.12).
#[derive(Debug)]
pub enum Request {
    Bind(Bind),
    Unbind,
    Search(Box<Search>),
    Compare {
        name: String,
        assertion: Assertion,
    },
    /// Answers come in order: what could be abandoned has been answered by then.
    Abandon,
    Extended {
        oid: String,
    },
    /// Nothing can be changed here: what was to be is not even read.
    Change(Change),
}

impl Request {
    /// The operation that its last answer is; `None` where there is none.
    pub const fn answered_by(&self) -> Option<Operation> {
        match self {
            Self::Bind(_) => Some(Operation::Bind),
            Self::Search(_) => Some(Operation::SearchDone),
            Self::Compare { .. } => Some(Operation::Compare),
            Self::Extended { .. } => Some(Operation::Extended),
            Self::Change(change) => Some(change.answered_by()),
            Self::Unbind | Self::Abandon => None,
        }
    }
}

/// What an answer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Bind,
    SearchDone,
    Compare,
    Extended,
    Modify,
    Add,
    Delete,
    ModifyDn,
}

/// A request that would change something (§4.6 to §4.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Modify,
    Add,
    Delete,
    ModifyDn,
}

impl Change {
    const fn answered_by(self) -> Operation {
        match self {
            Self::Modify => Operation::Modify,
            Self::Add => Operation::Add,
            Self::Delete => Operation::Delete,
            Self::ModifyDn => Operation::ModifyDn,
        }
    }
}

/// Who the client is (§4.2).
#[derive(Debug)]
pub struct Bind {
    pub version: i64,
    pub name: String,
    /// `None`: by SASL.
    pub password: Option<Secret>,
}

/// What the client looks for (§4.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub base: String,
    pub scope: Scope,
    /// `None`: as many as the server gives.
    pub size_max: Option<usize>,
    pub names_only: bool,
    pub filter: Filter,
    pub attributes: Vec<String>,
}

/// How far below the base (§4.5.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Base,
    One,
    Subtree,
}

/// Something more about a request (§4.1.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    pub oid: String,
    pub critical: bool,
    pub value: Option<Vec<u8>>,
}

/// Why there is no [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMessage {
    /// The connection ends.
    Malformed,
    /// A request that is answered with this.
    Refused { id: MessageId, operation: Operation, why: Refused },
}

/// Why a request is refused before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    TooDeep,
    TooLarge,
    /// A filter or a scope that there is not.
    Unknown,
}

impl From<Malformed> for NoMessage {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

/// Reads one whole message.
pub fn read(octets: &[u8], limits: &Limits) -> Result<Message, NoMessage> {
    let mut outer = Reader::new(octets);
    let mut reader = Reader::new(outer.expect(ber::SEQUENCE)?);
    outer.end()?;
    let id = match i32::try_from(reader.integer()?) {
        Ok(id @ 1..) => MessageId(id),
        _ => return Err(NoMessage::Malformed),
    };
    let operation = reader.element()?;
    let request = request(operation, id, limits)?;
    let controls = reader.optional(ber::context_constructed(0))?.map(controls).transpose()?.unwrap_or_default();
    reader.end()?;
    Ok(Message { id, request, controls })
}

fn request(element: ber::Element<'_>, id: MessageId, limits: &Limits) -> Result<Request, NoMessage> {
    let content = Reader::new(element.content);
    let request = match element.tag {
        0x60 => Request::Bind(bind(content)?),
        0x42 => Request::Unbind,
        0x63 => match search(content, limits)? {
            Ok(search) => Request::Search(Box::new(search)),
            Err(why) => return Err(NoMessage::Refused { id, operation: Operation::SearchDone, why }),
        },
        0x66 => Request::Change(Change::Modify),
        0x68 => Request::Change(Change::Add),
        0x4a => Request::Change(Change::Delete),
        0x6c => Request::Change(Change::ModifyDn),
        0x6e => compare(content)?,
        0x50 => Request::Abandon,
        0x77 => extended(content)?,
        _ => return Err(NoMessage::Malformed),
    };
    Ok(request)
}

fn bind(mut reader: Reader<'_>) -> Result<Bind, Malformed> {
    let (version, name) = (reader.integer()?, reader.text()?);
    let choice = reader.element()?;
    reader.end()?;
    let password = match choice.tag {
        0x80 => Some(Secret::new(choice.content)),
        0xa3 => None,
        _ => return Err(Malformed),
    };
    Ok(Bind { version, name, password })
}

fn search(mut reader: Reader<'_>, limits: &Limits) -> Result<Result<Search, Refused>, Malformed> {
    let (base, scope, _aliases) = (reader.text()?, reader.enumerated()?, reader.enumerated()?);
    let (size, _seconds) = (reader.integer()?, reader.integer()?);
    let names_only = reader.boolean()?;
    let filter = match filter::read(&mut reader, limits) {
        Ok(filter) => filter,
        Err(FilterError::Malformed) => return Err(Malformed),
        Err(FilterError::Unknown) => return Ok(Err(Refused::Unknown)),
        Err(FilterError::TooDeep) => return Ok(Err(Refused::TooDeep)),
        Err(FilterError::TooLarge) => return Ok(Err(Refused::TooLarge)),
    };
    let mut names = Reader::new(reader.expect(ber::SEQUENCE)?);
    reader.end()?;
    let mut attributes = Vec::new();
    while !names.is_empty() {
        if attributes.len() >= limits.attributes_max {
            return Ok(Err(Refused::TooLarge));
        }
        attributes.push(names.text()?);
    }
    let scope = match scope {
        0 => Scope::Base,
        1 => Scope::One,
        2 => Scope::Subtree,
        _ => return Ok(Err(Refused::Unknown)),
    };
    let size_max = match usize::try_from(size) {
        Ok(0) => None,
        Ok(size) => Some(size),
        Err(_) => return Err(Malformed),
    };
    Ok(Ok(Search { base, scope, size_max, names_only, filter, attributes }))
}

fn compare(mut reader: Reader<'_>) -> Result<Request, Malformed> {
    let name = reader.text()?;
    let mut inside = Reader::new(reader.expect(ber::SEQUENCE)?);
    reader.end()?;
    let assertion = Assertion { attribute: inside.text()?, value: inside.text()? };
    inside.end()?;
    Ok(Request::Compare { name, assertion })
}

/// None of those that are offered takes a value.
fn extended(mut reader: Reader<'_>) -> Result<Request, Malformed> {
    let oid = ber::text(reader.expect(ber::context(0))?);
    reader.optional(ber::context(1))?;
    reader.end()?;
    Ok(Request::Extended { oid })
}

fn controls(octets: &[u8]) -> Result<Vec<Control>, Malformed> {
    let mut reader = Reader::new(octets);
    let mut controls = Vec::new();
    while !reader.is_empty() {
        if controls.len() >= CONTROLS_MAX {
            return Err(Malformed);
        }
        let mut inside = Reader::new(reader.expect(ber::SEQUENCE)?);
        let oid = inside.text()?;
        let critical = inside.optional(ber::BOOLEAN)?.map(ber::boolean).transpose()?.unwrap_or(false);
        let value = inside.optional(ber::OCTETS)?.map(<[u8]>::to_vec);
        inside.end()?;
        controls.push(Control { oid, critical, value });
    }
    Ok(controls)
}
