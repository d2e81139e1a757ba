//! METADATA responses (RFC 5464 §4.4).

use bytes::{BufMut, BytesMut};

use super::super::utf7::NameForm;
use super::text::{astring, mailbox, number, string};

/// `* METADATA name (entry value …)`; the empty name is the server. Without entries there is nothing to write.
pub fn metadata<'a>(
    out: &mut BytesMut,
    form: NameForm,
    name: &str,
    values: impl IntoIterator<Item = (&'a str, Option<&'a [u8]>)>,
) {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return;
    }
    out.put_slice(b"* METADATA ");
    mailbox(out, form, name);
    for (place, (entry, value)) in values.enumerate() {
        out.put_slice(if place == 0 { b" (" } else { b" " });
        astring(out, entry.as_bytes());
        out.put_u8(b' ');
        match value {
            None => out.put_slice(b"NIL"),
            Some(value) if value.contains(&0) => {
                // `literal8`: the only form that may hold NUL (RFC 3516 §4.2).
                out.put_slice(b"~{");
                number(out, u64::try_from(value.len()).unwrap_or(u64::MAX));
                out.put_slice(b"}\r\n");
                out.put_slice(value);
            }
            Some(value) => string(out, value),
        }
    }
    out.put_slice(b")\r\n");
}

/// `* METADATA name entry …`: these have changed (RFC 5464 §4.4.2).
pub fn metadata_changed(out: &mut BytesMut, form: NameForm, name: &str, entries: &[String]) {
    out.put_slice(b"* METADATA ");
    mailbox(out, form, name);
    for entry in entries {
        out.put_u8(b' ');
        astring(out, entry.as_bytes());
    }
    out.put_slice(b"\r\n");
}
