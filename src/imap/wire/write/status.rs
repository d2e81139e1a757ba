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
    /// RFC 4978 §3
    CompressionActive,
    ContactAdmin,
    /// RFC 4315 §3: source and target, in the same order.
    CopyUid(UidValidity, &'a [(Uid, Uid)]),
    Expired,
    ExpungeIssued,
    HasChildren,
    /// RFC 7162 §3.1.2.1
    HighestModSeq(ModSeq),
    /// RFC 9585 §5: the command's tag, what is done, and of how many.
    InProgress {
        tag: &'a str,
        done: Option<u32>,
        goal: Option<u32>,
    },
    InUse,
    Limit,
    /// RFC 8474 §4
    MailboxId(MailboxId),
    /// RFC 9738 §3: how many messages one command may work on, and the lowest UID that this one did.
    MessageLimit {
        limit: usize,
        lowest: Option<Uid>,
    },
    /// RFC 5464 §4.2.1: octets of the longest value that was left out.
    MetadataLongEntries(u64),
    /// RFC 5464 §4.3: octets that a value may have.
    MetadataMaxSize(u64),
    MetadataTooMany,
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
    /// RFC 10022 §3.1
    TooFew,
    /// RFC 10022 §3.1
    TooMany,
    TryCreate,
    UidNext(Uid),
    /// RFC 9586 §3
    UidRequired,
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
            Self::BadEvent => out.put_slice(
                b"BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange \
                  MailboxMetadataChange ServerMetadataChange)",
            ),
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
            Self::InProgress { tag, done, goal } => in_progress(out, tag, *done, *goal),
            Self::HighestModSeq(mod_seq) => {
                named_number(out, "HIGHESTMODSEQ ", u64::try_from(mod_seq.0).unwrap_or(0));
            }
            Self::MailboxId(id) => {
                out.put_slice(b"MAILBOXID ");
                object_id(out, MAILBOX, id.0);
            }
            Self::MetadataLongEntries(bytes) => named_number(out, "METADATA LONGENTRIES ", *bytes),
            Self::MetadataMaxSize(bytes) => named_number(out, "METADATA MAXSIZE ", *bytes),
            Self::MessageLimit { limit, lowest } => {
                named_number(out, "MESSAGELIMIT ", u64::try_from(*limit).unwrap_or(u64::MAX));
                if let Some(uid) = lowest {
                    named_number(out, " ", u64::from(uid.0));
                }
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
            Self::CompressionActive => "COMPRESSIONACTIVE",
            Self::ContactAdmin => "CONTACTADMIN",
            Self::CopyUid(..) => "COPYUID",
            Self::Expired => "EXPIRED",
            Self::ExpungeIssued => "EXPUNGEISSUED",
            Self::HasChildren => "HASCHILDREN",
            Self::HighestModSeq(_) => "HIGHESTMODSEQ",
            Self::InProgress { .. } => "INPROGRESS",
            Self::InUse => "INUSE",
            Self::Limit => "LIMIT",
            Self::MailboxId(_) => "MAILBOXID",
            Self::MetadataLongEntries(_) | Self::MetadataMaxSize(_) => "METADATA",
            Self::MetadataTooMany => "METADATA TOOMANY",
            Self::MessageLimit { .. } => "MESSAGELIMIT",
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
            Self::TooFew => "TOOFEW",
            Self::TooMany => "TOOMANY",
            Self::TryCreate => "TRYCREATE",
            Self::UidNext(_) => "UIDNEXT",
            Self::UidRequired => "UIDREQUIRED",
            Self::UidValidity(_) => "UIDVALIDITY",
            Self::Unavailable => "UNAVAILABLE",
            Self::UnknownCte => "UNKNOWN-CTE",
            Self::Unseen(_) => "UNSEEN",
            Self::UseAttr => "USEATTR",
        }
    }
}

/// `INPROGRESS ("tag" 175 1000)`; NIL for what is not known. A tag with `]` would end the code for some readers.
fn in_progress(out: &mut BytesMut, tag: &str, done: Option<u32>, goal: Option<u32>) {
    out.put_slice(b"INPROGRESS (");
    if tag.contains(']') {
        out.put_slice(b"NIL");
    } else {
        quoted(out, tag.as_bytes());
    }
    for count in [done, goal.filter(|goal| done.is_some() && *goal > 0)] {
        out.put_u8(b' ');
        match count {
            Some(count) => number(out, u64::from(count)),
            None => out.put_slice(b"NIL"),
        }
    }
    out.put_u8(b')');
}

fn named_number(out: &mut BytesMut, name: &str, value: u64) {
    out.put_slice(name.as_bytes());
    number(out, value);
}
