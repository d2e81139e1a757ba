//! PURE: BER as LDAP restricts it (RFC 4511 §5.1): definite lengths only, strings in one piece, tags of one octet.
//!
//! Nothing is copied, and no length is believed before the octets are there: an element is a slice of its message.

/// `BOOLEAN`
pub const BOOLEAN: u8 = 0x01;
/// `INTEGER`
pub const INTEGER: u8 = 0x02;
/// `OCTET STRING`
pub const OCTETS: u8 = 0x04;
/// `ENUMERATED`
pub const ENUMERATED: u8 = 0x0a;
/// `SEQUENCE`, constructed
pub const SEQUENCE: u8 = 0x30;
/// `SET`, constructed
pub const SET: u8 = 0x31;

/// `[APPLICATION number]`, constructed.
pub const fn application(number: u8) -> u8 {
    0x60 | number
}

/// `[number]`, primitive.
pub const fn context(number: u8) -> u8 {
    0x80 | number
}

/// `[number]`, constructed.
pub const fn context_constructed(number: u8) -> u8 {
    0xa0 | number
}

/// The octets are no BER, or not what LDAP makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Tag and length at the beginning of some octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub tag: u8,
    /// Octets of tag and length.
    pub head: usize,
    /// Octets of the content.
    pub content: usize,
}

/// Octets that a length may take after its first.
const LENGTH_OCTETS_MAX: usize = 4;

/// Reads tag and length; `None`: there is more to come.
pub fn head(octets: &[u8]) -> Result<Option<Head>, Malformed> {
    let (Some(tag), first) = (octets.first().copied(), octets.get(1).copied()) else { return Ok(None) };
    // A tag of several octets: LDAP has none.
    if tag & 0x1f == 0x1f {
        return Err(Malformed);
    }
    let Some(first) = first else { return Ok(None) };
    if first < 0x80 {
        return Ok(Some(Head { tag, head: 2, content: usize::from(first) }));
    }
    let count = usize::from(first & 0x7f);
    // 0: the indefinite form.
    if count == 0 || count > LENGTH_OCTETS_MAX {
        return Err(Malformed);
    }
    let Some(length) = octets.get(2..2 + count) else { return Ok(None) };
    let content = length.iter().fold(0, |length, octet| length << 8 | u64::from(*octet));
    Ok(Some(Head { tag, head: 2 + count, content: usize::try_from(content).map_err(|_| Malformed)? }))
}

/// One element: its tag, and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
}

/// Element after element.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Of what is in an element, or of a whole message.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// Is all read?
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element.
    pub fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let head = head(self.rest)?.ok_or(Malformed)?;
        let end = head.head.checked_add(head.content).ok_or(Malformed)?;
        let content = self.rest.get(head.head..end).ok_or(Malformed)?;
        self.rest = self.rest.get(end..).ok_or(Malformed)?;
        Ok(Element { tag: head.tag, content })
    }

    /// What is in the next element, which has this tag.
    pub fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        let element = self.element()?;
        (element.tag == tag).then_some(element.content).ok_or(Malformed)
    }

    /// The same where it is there.
    pub fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.rest.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// A number.
    pub fn integer(&mut self) -> Result<i64, Malformed> {
        integer(self.expect(INTEGER)?)
    }

    /// A choice.
    pub fn enumerated(&mut self) -> Result<i64, Malformed> {
        integer(self.expect(ENUMERATED)?)
    }

    /// Yes or no.
    pub fn boolean(&mut self) -> Result<bool, Malformed> {
        boolean(self.expect(BOOLEAN)?)
    }

    /// Octets.
    pub fn octets(&mut self) -> Result<&'a [u8], Malformed> {
        self.expect(OCTETS)
    }

    /// Text; what is no UTF-8 becomes a sign that no name has.
    pub fn text(&mut self) -> Result<String, Malformed> {
        self.octets().map(text)
    }

    /// Nothing may follow.
    pub const fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// Two's complement, eight octets at most.
fn integer(content: &[u8]) -> Result<i64, Malformed> {
    let first = *content.first().ok_or(Malformed)?;
    if content.len() > 8 {
        return Err(Malformed);
    }
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    Ok(content.iter().fold(start, |number, octet| number << 8 | i64::from(*octet)))
}

/// One octet; anything but 0 is true.
pub fn boolean(content: &[u8]) -> Result<bool, Malformed> {
    match content {
        [octet] => Ok(*octet != 0),
        _ => Err(Malformed),
    }
}

/// As [`Reader::text`].
pub fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Appends an element.
pub fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            let octets = content.len().to_be_bytes();
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let octets = octets.get(zeros..).unwrap_or_default();
            out.push(0x80 | u8::try_from(octets.len()).unwrap_or(0x7f));
            out.extend_from_slice(octets);
        }
    }
    out.extend_from_slice(content);
}

/// Appends an element whose content is written by `inside`.
pub fn put_with(out: &mut Vec<u8>, tag: u8, inside: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    inside(&mut content);
    put(out, tag, &content);
}

/// Appends a number (`INTEGER`, `ENUMERATED`) in as few octets as it takes.
pub fn put_number(out: &mut Vec<u8>, tag: u8, number: i64) {
    let octets = number.to_be_bytes();
    let mut from = 0;
    while let [first, second, ..] = octets.get(from..).unwrap_or_default() {
        let is_filling = (*first == 0 && second & 0x80 == 0) || (*first == 0xff && second & 0x80 != 0);
        if !is_filling {
            break;
        }
        from += 1;
    }
    put(out, tag, octets.get(from..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn heads_are_read_as_they_arrive() {
        assert_eq!(head(&[]), Ok(None));
        assert_eq!(head(&[0x30]), Ok(None));
        assert_eq!(head(&[0x30, 5]), Ok(Some(Head { tag: 0x30, head: 2, content: 5 })));
        assert_eq!(head(&[0x30, 0x82, 1]), Ok(None));
        assert_eq!(head(&[0x30, 0x82, 1, 2]), Ok(Some(Head { tag: 0x30, head: 4, content: 258 })));
        assert_eq!(head(&[0x30, 0x84, 0, 0, 0, 9]), Ok(Some(Head { tag: 0x30, head: 6, content: 9 })));
        for hostile in [&[0x30, 0x80][..], &[0x1f, 1], &[0x30, 0x85, 1, 0, 0, 0, 0], &[0x30, 0xff]] {
            assert_eq!(head(hostile), Err(Malformed), "{hostile:?}");
        }
    }

    #[test]
    fn an_element_longer_than_what_holds_it_is_malformed() {
        assert_eq!(Reader::new(&[4, 3, b'a', b'b']).octets(), Err(Malformed));
        assert_eq!(Reader::new(&[4, 0x84, 0xff, 0xff, 0xff, 0xff, b'a']).octets(), Err(Malformed));
        assert_eq!(Reader::new(&[2, 0]).integer(), Err(Malformed));
        assert_eq!(Reader::new(&[2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]).integer(), Err(Malformed));
        assert_eq!(Reader::new(&[1, 2, 0, 0]).boolean(), Err(Malformed));
        assert_eq!(Reader::new(&[1, 1, 7]).boolean(), Ok(true));
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(number in any::<i64>(), octets in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut out = Vec::new();
            put_with(&mut out, SEQUENCE, |out| {
                put_number(out, INTEGER, number);
                put(out, OCTETS, &octets);
            });
            let mut outer = Reader::new(&out);
            let mut inner = Reader::new(outer.expect(SEQUENCE).unwrap());
            prop_assert_eq!(inner.integer(), Ok(number));
            prop_assert_eq!(inner.octets(), Ok(&octets[..]));
            prop_assert_eq!((inner.end(), outer.end()), (Ok(()), Ok(())));
        }

        #[test]
        fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&octets);
            while let Ok(element) = reader.element() {
                prop_assert!(element.content.len() < octets.len());
            }
        }
    }
}
