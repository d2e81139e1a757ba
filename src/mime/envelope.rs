//! PURE: FETCH ENVELOPE from a raw header block (RFC 9051 §7.5.2).
//!
//! Values are the raw ones, unfolded: clients decode encoded words themselves. The first field of each name counts.

use std::borrow::Cow;

use super::address::{AddressList, Entry, Mailbox};
use super::header::{fields, unfold};
use super::imap_string::{push_nstring, push_string};

/// The fields of an envelope.
#[derive(Default)]
struct Fields<'a> {
    date: Option<&'a [u8]>,
    subject: Option<&'a [u8]>,
    from: Option<&'a [u8]>,
    sender: Option<&'a [u8]>,
    reply_to: Option<&'a [u8]>,
    to: Option<&'a [u8]>,
    cc: Option<&'a [u8]>,
    bcc: Option<&'a [u8]>,
    in_reply_to: Option<&'a [u8]>,
    message_id: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn of(header: &'a [u8]) -> Self {
        let mut all = Self::default();
        for field in fields(header) {
            if let Some(slot) = all.slot(field.name) {
                slot.get_or_insert(field.value);
            }
        }
        all
    }

    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        let mut lower = [0; 11];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"date" => &mut self.date,
            b"subject" => &mut self.subject,
            b"from" => &mut self.from,
            b"sender" => &mut self.sender,
            b"reply-to" => &mut self.reply_to,
            b"to" => &mut self.to,
            b"cc" => &mut self.cc,
            b"bcc" => &mut self.bcc,
            b"in-reply-to" => &mut self.in_reply_to,
            b"message-id" => &mut self.message_id,
            _ => return None,
        })
    }
}

/// Writes the envelope of the message whose header block this is, parentheses included.
pub(super) fn push_envelope(out: &mut Vec<u8>, header: &[u8]) {
    let all = Fields::of(header);
    out.push(b'(');
    push_text(out, all.date);
    out.push(b' ');
    push_text(out, all.subject);
    let from = addresses(all.from);
    push_addresses(out, from.as_ref());
    push_addresses(out, addresses(all.sender).as_ref().or(from.as_ref()));
    push_addresses(out, addresses(all.reply_to).as_ref().or(from.as_ref()));
    for value in [all.to, all.cc, all.bcc] {
        push_addresses(out, addresses(value).as_ref());
    }
    out.push(b' ');
    push_text(out, all.in_reply_to);
    out.push(b' ');
    push_text(out, all.message_id);
    out.push(b')');
}

fn push_text(out: &mut Vec<u8>, value: Option<&[u8]>) {
    push_nstring(out, value.map(unfold).as_deref());
}

/// The addresses of a field; `None` where it is missing or names nobody.
fn addresses(value: Option<&[u8]>) -> Option<AddressList> {
    let list = AddressList::parse(&value.map_or(Cow::Borrowed(&[][..]), unfold));
    (!list.entries.is_empty()).then_some(list)
}

fn push_addresses(out: &mut Vec<u8>, list: Option<&AddressList>) {
    let Some(list) = list else {
        return out.extend_from_slice(b" NIL");
    };
    out.extend_from_slice(b" (");
    for entry in &list.entries {
        match entry {
            Entry::Mailbox(mailbox) => push_mailbox(out, mailbox),
            Entry::GroupStart(name) => {
                out.extend_from_slice(b"(NIL NIL ");
                push_string(out, name);
                out.extend_from_slice(b" NIL)");
            }
            Entry::GroupEnd => out.extend_from_slice(b"(NIL NIL NIL NIL)"),
        }
    }
    out.push(b')');
}

/// A host of NIL would mean the start of a group, so an address without a domain has an empty one.
fn push_mailbox(out: &mut Vec<u8>, mailbox: &Mailbox) {
    out.push(b'(');
    push_nstring(out, mailbox.name.as_deref());
    out.push(b' ');
    push_nstring(out, mailbox.route.as_deref());
    out.push(b' ');
    push_string(out, &mailbox.local);
    out.push(b' ');
    push_string(out, mailbox.domain.as_deref().unwrap_or_default());
    out.push(b')');
}
