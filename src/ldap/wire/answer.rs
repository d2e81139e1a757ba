//! PURE: answers → octets (RFC 4511 §4.1.9, §4.5.2).

use super::ber::{self, OCTETS, SEQUENCE, SET};
use super::message::{MessageId, Operation};

/// What became of a request (§4.1.9, appendix A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultCode {
    Success = 0,
    OperationsError = 1,
    ProtocolError = 2,
    SizeLimitExceeded = 4,
    CompareFalse = 5,
    CompareTrue = 6,
    AuthMethodNotSupported = 7,
    AdminLimitExceeded = 11,
    UnavailableCriticalExtension = 12,
    ConfidentialityRequired = 13,
    NoSuchAttribute = 16,
    UndefinedAttributeType = 17,
    NoSuchObject = 32,
    InvalidDnSyntax = 34,
    InvalidCredentials = 49,
    InsufficientAccessRights = 50,
    Busy = 51,
    Unavailable = 52,
    UnwillingToPerform = 53,
}

/// A result with what is said of it, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub code: ResultCode,
    pub message: String,
}

impl Outcome {
    /// With a message.
    pub fn new(code: ResultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Without one.
    pub const fn bare(code: ResultCode) -> Self {
        Self { code, message: String::new() }
    }
}

/// One found entry: its name, and its attributes with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundEntry {
    pub name: String,
    /// In the order in which they are told.
    pub attributes: Vec<(&'static str, Vec<String>)>,
}

/// One message to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Entry(FoundEntry),
    Done {
        operation: Operation,
        outcome: Outcome,
    },
    /// The last of a search that was asked for page by page: with the cookie of the next page, or an empty one.
    PageDone {
        outcome: Outcome,
        cookie: Vec<u8>,
    },
    /// An extended response with a name, or a value (§4.12).
    Extended {
        outcome: Outcome,
        oid: Option<&'static str>,
        value: Option<String>,
    },
    /// The connection ends (§4.4.1).
    Disconnection(Outcome),
}

/// The name of the notice of disconnection (§4.4.1).
const DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

impl Operation {
    const fn tag(self) -> u8 {
        ber::application(match self {
            Self::Bind => 1,
            Self::SearchDone => 5,
            Self::Modify => 7,
            Self::Add => 9,
            Self::Delete => 11,
            Self::ModifyDn => 13,
            Self::Compare => 15,
            Self::Extended => 24,
        })
    }
}

/// Appends the message.
pub fn write(out: &mut Vec<u8>, id: MessageId, answer: &Answer) {
    // Unsolicited (§4.4).
    let id = if matches!(answer, Answer::Disconnection(_)) { 0 } else { id.0 };
    ber::put_with(out, SEQUENCE, |out| {
        ber::put_number(out, ber::INTEGER, i64::from(id));
        match answer {
            Answer::Entry(entry) => ber::put_with(out, ber::application(4), |out| put_entry(out, entry)),
            Answer::Done { operation, outcome } => {
                ber::put_with(out, operation.tag(), |out| put_outcome(out, outcome));
            }
            Answer::PageDone { outcome, cookie } => {
                ber::put_with(out, Operation::SearchDone.tag(), |out| put_outcome(out, outcome));
                ber::put_with(out, ber::context_constructed(0), |out| put_paged(out, cookie));
            }
            Answer::Extended { outcome, oid, value } => put_extended(out, outcome, *oid, value.as_deref()),
            Answer::Disconnection(outcome) => put_extended(out, outcome, Some(DISCONNECTION), None),
        }
    });
}

fn put_entry(out: &mut Vec<u8>, entry: &FoundEntry) {
    ber::put(out, OCTETS, entry.name.as_bytes());
    ber::put_with(out, SEQUENCE, |out| {
        for (name, values) in &entry.attributes {
            ber::put_with(out, SEQUENCE, |out| {
                ber::put(out, OCTETS, name.as_bytes());
                ber::put_with(out, SET, |out| {
                    values.iter().for_each(|value| ber::put(out, OCTETS, value.as_bytes()));
                });
            });
        }
    });
}

fn put_outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    ber::put_number(out, ber::ENUMERATED, outcome.code as i64);
    ber::put(out, OCTETS, b"");
    ber::put(out, OCTETS, outcome.message.as_bytes());
}

fn put_extended(out: &mut Vec<u8>, outcome: &Outcome, oid: Option<&str>, value: Option<&str>) {
    ber::put_with(out, Operation::Extended.tag(), |out| {
        put_outcome(out, outcome);
        if let Some(oid) = oid {
            ber::put(out, ber::context(10), oid.as_bytes());
        }
        if let Some(value) = value {
            ber::put(out, ber::context(11), value.as_bytes());
        }
    });
}

fn put_paged(out: &mut Vec<u8>, cookie: &[u8]) {
    ber::put_with(out, SEQUENCE, |out| {
        ber::put(out, OCTETS, super::paged::OID.as_bytes());
        ber::put(out, OCTETS, &super::paged::value(cookie));
    });
}
