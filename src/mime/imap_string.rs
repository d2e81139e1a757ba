//! PURE: strings in stored responses (RFC 9051 §4.3): quoted where they can be, else literals.

/// The longest quoted string written; beyond it a literal, so that no response line grows without bound.
const QUOTED_BYTES_MAX: usize = 4096;

/// Writes `NIL` or a string.
pub(super) fn push_nstring(out: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        Some(value) => push_string(out, value),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// Writes a string. NUL, which no IMAP string can hold, is left out.
pub(super) fn push_string(out: &mut Vec<u8>, value: &[u8]) {
    let quotable = value.iter().all(|&octet| octet.is_ascii() && !matches!(octet, b'\r' | b'\n' | 0));
    if quotable && value.len() <= QUOTED_BYTES_MAX {
        out.push(b'"');
        for &octet in value {
            if matches!(octet, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(octet);
        }
        out.push(b'"');
        return;
    }
    let nuls = memchr::memchr_iter(0, value).count();
    out.extend_from_slice(format!("{{{}}}\r\n", value.len() - nuls).as_bytes());
    out.extend(value.iter().filter(|&&octet| octet != 0));
}
