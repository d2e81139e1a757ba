//! PURE: where a message ends (RFC 4511 §5.1). Its length is in its first octets, and one that is too long is never awaited.

use super::ber::{self, Head, SEQUENCE};

/// What the octets that have come are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The beginning of a message.
    Part,
    /// A message of this many octets, and perhaps more.
    Whole(usize),
    /// A message that says it is longer than any may be.
    TooLong,
    /// No message at all.
    Malformed,
}

/// Looks at what has come.
pub fn frame(octets: &[u8], bytes_max: usize) -> Frame {
    match ber::head(octets) {
        Ok(None) if octets.first().is_some_and(|tag| *tag != SEQUENCE) => Frame::Malformed,
        Ok(None) => Frame::Part,
        Ok(Some(Head { tag: SEQUENCE, head, content })) => match head.checked_add(content) {
            Some(whole) if whole > bytes_max => Frame::TooLong,
            Some(whole) if whole > octets.len() => Frame::Part,
            Some(whole) => Frame::Whole(whole),
            None => Frame::TooLong,
        },
        Ok(Some(_)) | Err(_) => Frame::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_enough_to_refuse() {
        assert_eq!(frame(&[], 100), Frame::Part);
        assert_eq!(frame(&[0x30, 3, 1, 2], 100), Frame::Part);
        assert_eq!(frame(&[0x30, 3, 1, 2, 3, 4], 100), Frame::Whole(5));
        assert_eq!(frame(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], 100), Frame::TooLong);
        assert_eq!(frame(&[0x30, 99], 100), Frame::TooLong);
        assert_eq!(frame(&[0x30, 98], 100), Frame::Part);
        for hostile in [&b"GET / HTTP/1.1\r\n"[..], &[0x16, 3, 1], &[0x30, 0x80, 0, 0], b"E"] {
            assert_eq!(frame(hostile, 100), Frame::Malformed, "{hostile:?}");
        }
    }
}
