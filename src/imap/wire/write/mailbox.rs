//! Responses about the server and about mailboxes (RFC 9051 §7.2, §7.3, §7.4; RFC 2971, RFC 9208).

use bytes::{BufMut, BytesMut};

use super::super::command::StatusItem;
use super::super::utf7::NameForm;
use super::text::{MAILBOX, flags, mailbox, number, object_id, range_set, separated, string};
use crate::model::{Flags, SeqNum};

/// What LIST says behind the name (RFC 5258 §4, RFC 9051 §6.3.9.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListExtended<'a> {
    /// There is something subscribed below: `("CHILDINFO" ("SUBSCRIBED"))`.
    pub subscribed_below: bool,
    /// What the mailbox was called before.
    pub old_name: Option<&'a str>,
}

/// `* CAPABILITY …`
pub fn capability(out: &mut BytesMut, capabilities: &str) {
    line(out, b"* CAPABILITY ", capabilities.as_bytes());
}

/// `* ENABLED …` (RFC 5161 §3.2)
pub fn enabled(out: &mut BytesMut, capabilities: &[&str]) {
    out.put_slice(b"* ENABLED");
    for capability in capabilities {
        out.put_u8(b' ');
        out.put_slice(capability.as_bytes());
    }
    out.put_slice(b"\r\n");
}

/// `* ID ("name" "…")`, or `* ID NIL` for no fields (RFC 2971 §3.2).
pub fn id(out: &mut BytesMut, fields: &[(&str, &str)]) {
    if fields.is_empty() {
        return line(out, b"* ID ", b"NIL");
    }
    out.put_slice(b"* ID ");
    for (place, (key, value)) in fields.iter().enumerate() {
        out.put_u8(if place == 0 { b'(' } else { b' ' });
        string(out, key.as_bytes());
        out.put_u8(b' ');
        string(out, value.as_bytes());
    }
    out.put_slice(b")\r\n");
}

/// `* NAMESPACE …`: one personal namespace, everything in it (RFC 2342 §5).
pub fn namespace(out: &mut BytesMut) {
    out.put_slice(b"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
}

/// `* FLAGS (…)`
pub fn flags_response(out: &mut BytesMut, value: &Flags) {
    out.put_slice(b"* FLAGS ");
    flags(out, value);
    out.put_slice(b"\r\n");
}

/// `* 23 EXISTS`
pub fn exists(out: &mut BytesMut, count: u32) {
    numbered(out, count, b" EXISTS\r\n");
}

/// `* 0 RECENT` (RFC 3501 §7.3.2)
pub fn recent(out: &mut BytesMut, count: u32) {
    numbered(out, count, b" RECENT\r\n");
}

/// `* 4 EXPUNGE`
pub fn expunge(out: &mut BytesMut, seq: SeqNum) {
    numbered(out, seq.0, b" EXPUNGE\r\n");
}

/// `* VANISHED 3,5:7`; `(EARLIER)` where the numbers of the others do not change by it (RFC 7162 §3.2.10).
pub fn vanished(out: &mut BytesMut, earlier: bool, uids: &[(u32, u32)]) {
    out.put_slice(if earlier { b"* VANISHED (EARLIER) " } else { b"* VANISHED " });
    range_set(out, uids.iter().copied());
    out.put_slice(b"\r\n");
}

/// `* LIST (\HasNoChildren) "/" name`. Attributes with their backslash, name in Unicode.
pub fn list(out: &mut BytesMut, form: NameForm, attributes: &[&str], name: &str, extended: ListExtended<'_>) {
    listed(out, b"* LIST (", attributes, form, name);
    if extended != ListExtended::default() {
        out.put_slice(b" (");
        if extended.subscribed_below {
            out.put_slice(b"\"CHILDINFO\" (\"SUBSCRIBED\")");
        }
        if let Some(old_name) = extended.old_name {
            out.put_slice(if extended.subscribed_below { b" \"OLDNAME\" (" } else { b"\"OLDNAME\" (" });
            mailbox(out, form, old_name);
            out.put_u8(b')');
        }
        out.put_u8(b')');
    }
    out.put_slice(b"\r\n");
}

/// The answer to `LIST "" ""`: the separator, no mailbox (RFC 9051 §6.3.9).
pub fn list_separator(out: &mut BytesMut) {
    out.put_slice(b"* LIST (\\Noselect) \"/\" \"\"\r\n");
}

/// `* LSUB () "/" name` (RFC 3501 §7.2.3)
pub fn lsub(out: &mut BytesMut, form: NameForm, attributes: &[&str], name: &str) {
    listed(out, b"* LSUB (", attributes, form, name);
    out.put_slice(b"\r\n");
}

/// `* STATUS name (MESSAGES 3 …)`, in the order given. The value of MAILBOXID is the mailbox's number.
pub fn status(out: &mut BytesMut, form: NameForm, name: &str, items: &[(StatusItem, u64)]) {
    out.put_slice(b"* STATUS ");
    mailbox(out, form, name);
    out.put_slice(b" (");
    for (place, (item, value)) in items.iter().enumerate() {
        if place > 0 {
            out.put_u8(b' ');
        }
        out.put_slice(item.name().as_bytes());
        out.put_u8(b' ');
        match item {
            StatusItem::MailboxId => object_id(out, MAILBOX, i64::try_from(*value).unwrap_or(i64::MAX)),
            _ => number(out, *value),
        }
    }
    out.put_slice(b")\r\n");
}

/// `* QUOTA "" (STORAGE 10 512)`: resource, used, limit; STORAGE in units of 1024 octets (RFC 9208 §5.1).
pub fn quota(out: &mut BytesMut, root: &str, resources: &[(&str, u64, u64)]) {
    out.put_slice(b"* QUOTA ");
    string(out, root.as_bytes());
    out.put_slice(b" (");
    for (place, (resource, used, limit)) in resources.iter().enumerate() {
        if place > 0 {
            out.put_u8(b' ');
        }
        out.put_slice(resource.as_bytes());
        for value in [*used, *limit] {
            out.put_u8(b' ');
            number(out, value);
        }
    }
    out.put_slice(b")\r\n");
}

/// `* QUOTAROOT name ""` (RFC 9208 §5.2)
pub fn quota_root(out: &mut BytesMut, form: NameForm, name: &str, roots: &[&str]) {
    out.put_slice(b"* QUOTAROOT ");
    mailbox(out, form, name);
    for root in roots {
        out.put_u8(b' ');
        string(out, root.as_bytes());
    }
    out.put_slice(b"\r\n");
}

fn listed(out: &mut BytesMut, open: &[u8], attributes: &[&str], form: NameForm, name: &str) {
    out.put_slice(open);
    separated(out, attributes.iter().copied());
    out.put_slice(b") \"/\" ");
    mailbox(out, form, name);
}

fn numbered(out: &mut BytesMut, value: u32, rest: &[u8]) {
    out.put_slice(b"* ");
    number(out, u64::from(value));
    out.put_slice(rest);
}

fn line(out: &mut BytesMut, open: &[u8], rest: &[u8]) {
    out.put_slice(open);
    out.put_slice(rest);
    out.put_slice(b"\r\n");
}
