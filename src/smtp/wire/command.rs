//! PURE: a line → a [`Command`]. Between `line` and `session`.
//!
//! smtp-proto reads the paths and parameters of MAIL and RCPT (RFC 5321 §4.1.2, §4.1.1.11), behind guards against what
//! it takes and should not: `docs/decisions.md` says why and each guard has a test. Verbs, BDAT (RFC 3030) and AUTH
//! (RFC 4954) are read here. A secret never enters an error.

use std::borrow::Cow;

use smtp_proto::Request;

use crate::model::{Address, Secret};
use crate::sasl::Mechanism;

/// Limits with CRLF (RFC 5321 §4.5.3.1.4, raised for paths and parameters; RFC 4954 §4 for AUTH, held by `line`).
const COMMAND_BYTES_MAX: usize = 512;
const PATH_COMMAND_BYTES_MAX: usize = 2048;

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Ehlo,
    Helo,
    StartTls,
    Auth {
        /// `None`: one that we do not have.
        mechanism: Option<Mechanism>,
        /// As it came, base64.
        initial: Option<Secret>,
    },
    Mail(Mail),
    Rcpt(Path),
    Data,
    Bdat {
        size: u64,
        last: bool,
    },
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
    /// A verb of some RFC that submission has no use for.
    NotImplemented,
}

/// MAIL FROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub sender: Path,
    /// `SIZE=`, 0 where missing; `u64::MAX` for any number too large to hold (RFC 1870 §4).
    pub size: u64,
    /// `SMTPUTF8` (RFC 6531 §3.4).
    pub utf8: bool,
}

/// What stands between angle brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// `<>`.
    Empty,
    /// `<Postmaster>`, without a domain (RFC 5321 §4.1.1.3).
    Postmaster,
    Address(Address),
    /// Nobody in an ENT can have it: quoted, an address literal, no domain, malformed.
    Impossible(String),
}

/// Why a line is no command: the client's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syntax {
    TooLong,
    /// A control character (a bare CR or LF among them), or octets that are not UTF-8.
    Octets,
    UnknownCommand,
    /// With the right form.
    Arguments(&'static str),
    /// An unknown, doubled or malformed parameter of MAIL or RCPT.
    Parameter(String),
    /// BDAT without a readable size: where the next command begins cannot be known.
    ChunkSize,
}

const MAIL_FORM: &str = "MAIL FROM:<address> [SIZE=octets] [BODY=8BITMIME] [SMTPUTF8]";
const RCPT_FORM: &str = "RCPT TO:<address>";

impl Path {
    /// Has it characters outside ASCII (which SMTPUTF8 must have announced)?
    pub fn is_international(&self) -> bool {
        match self {
            Self::Empty | Self::Postmaster => false,
            Self::Address(address) => !address.local().is_ascii() || !address.domain().is_ascii(),
            Self::Impossible(text) => !text.is_ascii(),
        }
    }
}

/// Reads a line (without its CRLF).
pub fn parse(line: &[u8]) -> Result<Command, Syntax> {
    if line.iter().any(u8::is_ascii_control) {
        return Err(Syntax::Octets);
    }
    let line = utf8(line)?;
    let line = line.as_ref();
    let (verb, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let arguments = arguments.trim_matches(' ');
    let verb = verb.to_ascii_uppercase();
    let bytes_max = match verb.as_str() {
        "MAIL" | "RCPT" => PATH_COMMAND_BYTES_MAX,
        "AUTH" => super::line::LINE_BYTES_MAX,
        _ => COMMAND_BYTES_MAX,
    };
    if line.len() + 2 > bytes_max {
        return Err(Syntax::TooLong);
    }
    match verb.as_str() {
        "EHLO" if !arguments.is_empty() => Ok(Command::Ehlo),
        "HELO" if !arguments.is_empty() => Ok(Command::Helo),
        "EHLO" => Err(Syntax::Arguments("EHLO name")),
        "HELO" => Err(Syntax::Arguments("HELO name")),
        "MAIL" => mail(line),
        "RCPT" => rcpt(line),
        "AUTH" => auth(arguments),
        "BDAT" => bdat(arguments),
        "DATA" => alone(arguments, Command::Data, "DATA"),
        "RSET" => alone(arguments, Command::Rset, "RSET"),
        "QUIT" => alone(arguments, Command::Quit, "QUIT"),
        "STARTTLS" => alone(arguments, Command::StartTls, "STARTTLS"),
        "NOOP" => Ok(Command::Noop),
        "HELP" => Ok(Command::Help),
        "VRFY" if !arguments.is_empty() => Ok(Command::Vrfy),
        "VRFY" => Err(Syntax::Arguments("VRFY name")),
        "EXPN" | "ETRN" | "ATRN" | "TURN" | "BURL" | "LHLO" | "SEND" | "SOML" | "SAML" => Ok(Command::NotImplemented),
        _ => Err(Syntax::UnknownCommand),
    }
}

/// The line as text. Computers say their names in whatever encoding they have, and nobody reads them.
fn utf8(line: &[u8]) -> Result<Cow<'_, str>, Syntax> {
    let verb = line.get(..5).unwrap_or_default();
    if verb.eq_ignore_ascii_case(b"EHLO ") || verb.eq_ignore_ascii_case(b"HELO ") {
        return Ok(String::from_utf8_lossy(line));
    }
    std::str::from_utf8(line).map(Cow::Borrowed).map_err(|_| Syntax::Octets)
}

/// A command that takes no arguments.
fn alone(arguments: &str, command: Command, form: &'static str) -> Result<Command, Syntax> {
    if arguments.is_empty() { Ok(command) } else { Err(Syntax::Arguments(form)) }
}

fn auth(arguments: &str) -> Result<Command, Syntax> {
    let mut words = arguments.split(' ').filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(name), initial, None) => {
            Ok(Command::Auth { mechanism: Mechanism::named(name), initial: initial.map(Secret::new) })
        }
        _ => Err(Syntax::Arguments("AUTH mechanism [initial-response]")),
    }
}

/// `BDAT octets [LAST]`, in numbers that are checked.
fn bdat(arguments: &str) -> Result<Command, Syntax> {
    let (size, last) = arguments.split_once(' ').unwrap_or((arguments, ""));
    let last = match last.trim_start_matches(' ') {
        "" => false,
        word if word.eq_ignore_ascii_case("LAST") => true,
        _ => return Err(Syntax::ChunkSize),
    };
    match digits(size) {
        Some(u64::MAX) | None => Err(Syntax::ChunkSize),
        Some(size) => Ok(Command::Bdat { size, last }),
    }
}

/// Digits only; `u64::MAX` where there are too many.
fn digits(text: &str) -> Option<u64> {
    let all_digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    all_digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn mail(line: &str) -> Result<Command, Syntax> {
    let PathLine { head, path, parameters } = PathLine::split(line).ok_or(Syntax::Arguments(MAIL_FORM))?;
    let size = size_parameter(parameters)?;
    // SIZE is ours: smtp-proto lets a number too large wrap around.
    let others: Vec<&str> = words(parameters).filter(|word| keyword(word) != "SIZE").collect();
    let read = proto(&format!("{head}{} {}\r\n", shown_to_proto(path), others.join(" ")), MAIL_FORM)?;
    let Read::Mail { address, body_binary, utf8 } = read else { return Err(Syntax::Arguments(MAIL_FORM)) };
    if body_binary {
        return Err(Syntax::Parameter("BODY=BINARYMIME".to_owned()));
    }
    Ok(Command::Mail(Mail { sender: to_path(path, address), size, utf8 }))
}

fn rcpt(line: &str) -> Result<Command, Syntax> {
    let PathLine { head, path, parameters } = PathLine::split(line).ok_or(Syntax::Arguments(RCPT_FORM))?;
    if let Some(parameter) = words(parameters).next() {
        return Err(Syntax::Parameter(parameter.to_owned()));
    }
    let read = proto(&format!("{head}{}\r\n", shown_to_proto(path)), RCPT_FORM)?;
    let Read::Rcpt { address } = read else { return Err(Syntax::Arguments(RCPT_FORM)) };
    let postmaster = path.eq_ignore_ascii_case("postmaster");
    Ok(Command::Rcpt(if postmaster { Path::Postmaster } else { to_path(path, address) }))
}

/// A MAIL or RCPT line, cut around its path. Quoted strings are not respected: nobody here has a quoted address.
struct PathLine<'a> {
    /// `MAIL FROM:`
    head: &'a str,
    /// Between the angle brackets.
    path: &'a str,
    /// Behind them.
    parameters: &'a str,
}

impl<'a> PathLine<'a> {
    fn split(line: &'a str) -> Option<Self> {
        let (head, rest) = line.split_once('<')?;
        let (path, parameters) = match rest.strip_prefix('"').and_then(|_| rest.rfind('>')) {
            Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
            None => rest.split_once('>')?,
        };
        (parameters.is_empty() || parameters.starts_with(' ')).then_some(Self { head, path, parameters })
    }
}

/// The path as smtp-proto may see it: `<>` for one that it would change (quotes dropped, spaces dropped) or that has no domain.
fn shown_to_proto(path: &str) -> String {
    if path.contains(['"', ' ', '\\']) || !path.contains('@') { "<>".to_owned() } else { format!("<{path}>") }
}

/// What smtp-proto found, kept apart from its types.
enum Read {
    Mail { address: Option<String>, body_binary: bool, utf8: bool },
    Rcpt { address: Option<String> },
}

/// Asks smtp-proto; `address` is `None` where it refuses the path.
fn proto(line: &str, form: &'static str) -> Result<Read, Syntax> {
    match Request::parse(&mut line.as_bytes().iter()) {
        Ok(Request::Mail { from }) => Ok(Read::Mail {
            body_binary: from.flags & smtp_proto::MAIL_BODY_BINARYMIME != 0,
            utf8: from.flags & smtp_proto::MAIL_SMTPUTF8 != 0,
            address: Some(from.address.into_owned()),
        }),
        Ok(Request::Rcpt { to }) => Ok(Read::Rcpt { address: Some(to.address.into_owned()) }),
        Err(smtp_proto::Error::InvalidSenderAddress) => {
            Ok(Read::Mail { address: None, body_binary: false, utf8: false })
        }
        Err(smtp_proto::Error::InvalidRecipientAddress) => Ok(Read::Rcpt { address: None }),
        Err(smtp_proto::Error::InvalidParameter { param }) => Err(Syntax::Parameter(param.to_owned())),
        Err(smtp_proto::Error::UnsupportedParameter { param }) => Err(Syntax::Parameter(param)),
        _ => Err(Syntax::Arguments(form)),
    }
}

/// What smtp-proto made of a path, as an address of ours.
fn to_path(path: &str, address: Option<String>) -> Path {
    if path.trim_matches(' ').is_empty() {
        return Path::Empty;
    }
    match address.and_then(|address| Address::parse(&address)) {
        Some(address) => Path::Address(address),
        None => Path::Impossible(path.to_owned()),
    }
}

fn words(parameters: &str) -> impl Iterator<Item = &str> {
    parameters.split(' ').filter(|word| !word.is_empty())
}

/// A parameter's keyword in upper case.
fn keyword(parameter: &str) -> String {
    parameter.split_once('=').map_or(parameter, |(keyword, _)| keyword).to_ascii_uppercase()
}

/// The value of SIZE, once every parameter of MAIL is known to be one of ours and there once.
fn size_parameter(parameters: &str) -> Result<u64, Syntax> {
    let (mut seen, mut size) = (Vec::new(), 0);
    for word in words(parameters) {
        let refuse = || Syntax::Parameter(word.to_owned());
        let keyword = keyword(word);
        if !["SIZE", "BODY", "SMTPUTF8", "AUTH"].contains(&keyword.as_str()) || seen.contains(&keyword) {
            return Err(refuse());
        }
        if keyword == "SIZE" {
            size = word.split_once('=').and_then(|(_, value)| digits(value)).ok_or_else(refuse)?;
        }
        seen.push(keyword);
    }
    Ok(size)
}

#[cfg(test)]
mod tests;
