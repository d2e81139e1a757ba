//! ACL, LISTRIGHTS and MYRIGHTS responses (RFC 4314 §3.6–§3.8).

use bytes::{BufMut, BytesMut};

use super::text::{astring, mailbox};

/// `* MYRIGHTS name lrs`
pub fn my_rights(out: &mut BytesMut, name: &str, rights: &str) {
    response(out, b"* MYRIGHTS ", name, &[rights]);
}

/// `* ACL name who lrs`
pub fn acl(out: &mut BytesMut, name: &str, identifier: &str, rights: &str) {
    response(out, b"* ACL ", name, &[identifier, rights]);
}

/// `* LISTRIGHTS name who lrs`: rights that the person always has; no others can be given.
pub fn list_rights(out: &mut BytesMut, name: &str, identifier: &str, required: &str) {
    response(out, b"* LISTRIGHTS ", name, &[identifier, required]);
}

fn response(out: &mut BytesMut, open: &[u8], name: &str, words: &[&str]) {
    out.put_slice(open);
    mailbox(out, name);
    for word in words {
        out.put_u8(b' ');
        astring(out, word.as_bytes());
    }
    out.put_slice(b"\r\n");
}
