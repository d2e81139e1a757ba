//! PURE: results page by page (RFC 2696), as Outlook and Apple's address book ask for them.

use super::ber::{self, Malformed, Reader};

/// The control's name.
pub const OID: &str = "1.2.840.113556.1.4.319";

/// What it holds, in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged {
    /// Entries wanted on a page. 0 with a cookie: no more of them.
    pub size: usize,
    /// Empty: from the beginning.
    pub cookie: Vec<u8>,
}

/// Reads its value.
pub fn read(value: &[u8]) -> Result<Paged, Malformed> {
    let mut outer = Reader::new(value);
    let mut reader = Reader::new(outer.expect(ber::SEQUENCE)?);
    outer.end()?;
    let size = usize::try_from(reader.integer()?).map_err(|_| Malformed)?;
    let cookie = reader.octets()?.to_vec();
    reader.end()?;
    Ok(Paged { size, cookie })
}

/// The value in an answer. How many there are in all is not told (§3: 0).
pub fn value(cookie: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ber::put_with(&mut out, ber::SEQUENCE, |out| {
        ber::put_number(out, ber::INTEGER, 0);
        ber::put(out, ber::OCTETS, cookie);
    });
    out
}
