//! Status responses with their codes (RFC 9051 §7.1) and continuation requests (RFC 9051 §7.6).

use bytes::{BufMut, BytesMut};

use super::text::{MAILBOX, flags_and, number, number_set, object_id, quoted};
use crate::model::{Flags, MailboxId, ModSeq, SeqNum, Uid, UidValidity};

/// OK, NO or BAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Ok,
    No,
    Bad,
}

/// A response code: what a program may know of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Code<'a> {
    /// RFC 9051 §7.1
    AlreadyExists,
    /// RFC 4315 §3
    AppendUid(UidValidity, &'a [Uid]),
    AuthenticationFailed,
    AuthorizationFailed,
    /// With the charsets that are known.
    BadCharset,
    /// RFC 5465 §3.1: with the events that are known.
    BadEvent,
    /// RFC 4469 §4.1: the URL as it was given.
    BadUrl(&'a str),
    Cannot,
    /// The capabilities, separated by spaces.
    Capability(&'a str),
    ClientBug,
    /// RFC 7162 §3.2.11
    Closed,
    ContactAdmin,
    /// RFC 4315 §3: source and target, in the same order.
    CopyUid(UidValidity, &'a [(Uid, Uid)]),
    Expired,
    ExpungeIssued,
    HasChildren,
    /// RFC 7162 §3.1.2.1
    HighestModSeq(ModSeq),
    InUse,
    Limit,
    /// RFC 8474 §4
    MailboxId(MailboxId),
    /// RFC 7162 §3.1.3: UIDs, or sequence numbers, that UNCHANGEDSINCE left alone.
    Modified(&'a [u32]),
    NonExistent,
    /// RFC 7162 §3.1.2.2
    NoModSeq,
    NoPerm,
    /// RFC 5465 §5.8
    NotificationOverflow,
    /// RFC 5267 §4.3.1: the tag of the search.
    NoUpdate(&'a str),
    OverQuota,
    /// `new_keywords`: may clients make up keywords (`\*`)?
    PermanentFlags {
        flags: &'a Flags,
        new_keywords: bool,
    },
    PrivacyRequired,
    ReadOnly,
    ReadWrite,
    ServerBug,
    /// RFC 4469 §4.2
    TooBig,
    TryCreate,
    UidNext(Uid),
    UidValidity(UidValidity),
    Unavailable,
    /// RFC 3516 §4.3
    UnknownCte,
    /// RFC 3501 §7.1: the first message without `\Seen`.
    Unseen(SeqNum),
    /// RFC 6154 §3
    UseAttr,
}

/// `tag OK [CODE] text`
pub fn tagged(out: &mut BytesMut, tag: &str, condition: Condition, code: Option<Code<'_>>, text: &str) {
    out.put_slice(tag.as_bytes());
    out.put_slice(match condition {
        Condition::Ok => b" OK ",
        Condition::No => b" NO ",
        Condition::Bad => b" BAD ",
    });
    code_and_text(out, code, text);
}

/// `* OK [CODE] text`; the greeting too.
pub fn untagged(out: &mut BytesMut, condition: Condition, code: Option<Code<'_>>, text: &str) {
    tagged(out, "*", condition, code, text);
}

/// `* BYE [CODE] text`
pub fn bye(out: &mut BytesMut, code: Option<Code<'_>>, text: &str) {
    out.put_slice(b"* BYE ");
    code_and_text(out, code, text);
}

/// `+ text`. An empty text is an empty challenge (RFC 4959): `+ ` and nothing else.
pub fn continuation(out: &mut BytesMut, text: &str) {
    out.put_slice(b"+ ");
    for_people(out, text);
    out.put_slice(b"\r\n");
}

fn code_and_text(out: &mut BytesMut, code: Option<Code<'_>>, text: &str) {
    if let Some(code) = code {
        out.put_u8(b'[');
        code.write(out);
        out.put_slice(b"] ");
    }
    // RFC 9051 `resp-text` wants something to read.
    for_people(out, if text.is_empty() { "." } else { text });
    out.put_slice(b"\r\n");
}

/// `text`: ASCII without ends of lines.
fn for_people(out: &mut BytesMut, text: &str) {
    for byte in text.bytes() {
        out.put_u8(if matches!(byte, b' '..=b'~') { byte } else { b'?' });
    }
}

impl Code<'_> {
    fn write(&self, out: &mut BytesMut) {
        match self {
            Self::AppendUid(validity, uids) => {
                named_number(out, "APPENDUID ", u64::from(validity.0));
                out.put_u8(b' ');
                number_set(out, uids.iter().map(|uid| uid.0));
            }
            Self::BadCharset => out.put_slice(b"BADCHARSET (US-ASCII UTF-8)"),
            Self::BadEvent => {
                out.put_slice(b"BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)")
            }
            Self::BadUrl(url) => {
                out.put_slice(b"BADURL ");
                quoted(out, url.as_bytes());
            }
            Self::Capability(capabilities) => {
                out.put_slice(b"CAPABILITY ");
                out.put_slice(capabilities.as_bytes());
            }
            Self::CopyUid(validity, pairs) => {
                named_number(out, "COPYUID ", u64::from(validity.0));
                out.put_u8(b' ');
                number_set(out, pairs.iter().map(|(from, _)| from.0));
                out.put_u8(b' ');
                number_set(out, pairs.iter().map(|(_, to)| to.0));
            }
            Self::HighestModSeq(mod_seq) => {
                named_number(out, "HIGHESTMODSEQ ", u64::try_from(mod_seq.0).unwrap_or(0));
            }
            Self::MailboxId(id) => {
                out.put_slice(b"MAILBOXID ");
                object_id(out, MAILBOX, id.0);
            }
            Self::Modified(numbers) => {
                out.put_slice(b"MODIFIED ");
                number_set(out, numbers.iter().copied());
            }
            Self::NoUpdate(tag) => {
                out.put_slice(b"NOUPDATE ");
                quoted(out, tag.as_bytes());
            }
            Self::PermanentFlags { flags, new_keywords } => {
                out.put_slice(b"PERMANENTFLAGS ");
                flags_and(out, flags, new_keywords.then_some("\\*"));
            }
            Self::UidNext(uid) => named_number(out, "UIDNEXT ", u64::from(uid.0)),
            Self::UidValidity(validity) => named_number(out, "UIDVALIDITY ", u64::from(validity.0)),
            Self::Unseen(seq) => named_number(out, "UNSEEN ", u64::from(seq.0)),
            word => out.put_slice(word.word().as_bytes()),
        }
    }

    /// The name, which is all of the codes that carry nothing.
    fn word(&self) -> &'static str {
        match self {
            Self::AlreadyExists => "ALREADYEXISTS",
            Self::AppendUid(..) => "APPENDUID",
            Self::AuthenticationFailed => "AUTHENTICATIONFAILED",
            Self::AuthorizationFailed => "AUTHORIZATIONFAILED",
            Self::BadCharset => "BADCHARSET",
            Self::BadEvent => "BADEVENT",
            Self::BadUrl(_) => "BADURL",
            Self::Cannot => "CANNOT",
            Self::Capability(_) => "CAPABILITY",
            Self::ClientBug => "CLIENTBUG",
            Self::Closed => "CLOSED",
            Self::ContactAdmin => "CONTACTADMIN",
            Self::CopyUid(..) => "COPYUID",
            Self::Expired => "EXPIRED",
            Self::ExpungeIssued => "EXPUNGEISSUED",
            Self::HasChildren => "HASCHILDREN",
            Self::HighestModSeq(_) => "HIGHESTMODSEQ",
            Self::InUse => "INUSE",
            Self::Limit => "LIMIT",
            Self::MailboxId(_) => "MAILBOXID",
            Self::Modified(_) => "MODIFIED",
            Self::NonExistent => "NONEXISTENT",
            Self::NoModSeq => "NOMODSEQ",
            Self::NoPerm => "NOPERM",
            Self::NotificationOverflow => "NOTIFICATIONOVERFLOW",
            Self::NoUpdate(_) => "NOUPDATE",
            Self::OverQuota => "OVERQUOTA",
            Self::PermanentFlags { .. } => "PERMANENTFLAGS",
            Self::PrivacyRequired => "PRIVACYREQUIRED",
            Self::ReadOnly => "READ-ONLY",
            Self::ReadWrite => "READ-WRITE",
            Self::ServerBug => "SERVERBUG",
            Self::TooBig => "TOOBIG",
            Self::TryCreate => "TRYCREATE",
            Self::UidNext(_) => "UIDNEXT",
            Self::UidValidity(_) => "UIDVALIDITY",
            Self::Unavailable => "UNAVAILABLE",
            Self::UnknownCte => "UNKNOWN-CTE",
            Self::Unseen(_) => "UNSEEN",
            Self::UseAttr => "USEATTR",
        }
    }
}

fn named_number(out: &mut BytesMut, name: &str, value: u64) {
    out.put_slice(name.as_bytes());
    number(out, value);
}
