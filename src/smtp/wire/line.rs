//! PURE: octets → lines. First step of everything that a client says.
//!
//! Only CRLF ends a line (RFC 5321 §2.3.8). A CR or an LF by itself stays inside the line, where `command` refuses it:
//! two readers never see two different commands. What is read at a time does not matter.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

/// The longest line of all, CRLF included: one of an AUTH exchange (RFC 4954 §4). Commands have lower limits of their own.
pub const LINE_BYTES_MAX: usize = 12_288;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    /// A line, without its CRLF.
    Line(Bytes),
    /// A line above [`LINE_BYTES_MAX`], dropped up to its CRLF.
    TooLong,
}

/// Cuts lines.
#[derive(Debug, Default)]
pub struct Framer {
    /// Octets at the head of the input that hold no CRLF; the last of them may be a CR.
    scanned: usize,
    /// Inside a line that is too long.
    dropping: bool,
}

impl Framer {
    /// Takes the next line off the input; `None` where it is not all there.
    pub fn next(&mut self, input: &mut BytesMut) -> Option<Framed> {
        match self.find_crlf(input) {
            Some(end) => {
                self.scanned = 0;
                let line = input.split_to(end).freeze();
                input.advance(2);
                let too_long = std::mem::take(&mut self.dropping) || end + 2 > LINE_BYTES_MAX;
                Some(if too_long { Framed::TooLong } else { Framed::Line(line) })
            }
            None => {
                self.scanned = input.len();
                self.drop_excess(input);
                None
            }
        }
    }

    /// Where the first CRLF begins.
    fn find_crlf(&self, input: &[u8]) -> Option<usize> {
        let mut from = self.scanned;
        while let Some(at) = memchr(b'\n', input.get(from..)?) {
            let line_feed = from + at;
            if let Some(before) = line_feed.checked_sub(1)
                && input.get(before) == Some(&b'\r')
            {
                return Some(before);
            }
            from = line_feed + 1;
        }
        None
    }

    /// Keeps memory low while a line is too long: all goes but the last octet, which may be the CR of its end.
    fn drop_excess(&mut self, input: &mut BytesMut) {
        if self.dropping || input.len() > LINE_BYTES_MAX {
            self.dropping = true;
            input.advance(input.len().saturating_sub(1));
            self.scanned = input.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All lines of the input, read in pieces of these sizes.
    fn lines(input: &[u8], sizes: &[usize]) -> Vec<Framed> {
        let (mut framer, mut buffer, mut lines) = (Framer::default(), BytesMut::new(), Vec::new());
        let mut rest = input;
        let mut sizes = sizes.iter().copied().cycle();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().unwrap_or(rest.len()).clamp(1, rest.len()));
            buffer.extend_from_slice(piece);
            rest = after;
            while let Some(line) = framer.next(&mut buffer) {
                lines.push(line);
            }
            assert!(buffer.len() <= LINE_BYTES_MAX + piece.len(), "memory stays bounded");
        }
        lines
    }

    fn line(text: &'static str) -> Framed {
        Framed::Line(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn only_crlf_ends_a_line() {
        // Fault i of smtp-proto: it takes a bare LF for a line's end.
        assert_eq!(lines(b"NOOP\nRSET\r\nQUIT\r\n", &[]), [line("NOOP\nRSET"), line("QUIT")]);
        assert_eq!(lines(b"NOOP\rRSET\r\r\n\n\r\n", &[]), [line("NOOP\rRSET\r"), line("\n")]);
        assert_eq!(lines(b"\r\n\r\n", &[]), [line(""), line("")]);
    }

    #[test]
    fn the_tail_of_an_overlong_line_is_no_command() {
        // Fault g of smtp-proto: the tail of a long line is parsed as the next command.
        let mut input = vec![b'x'; 5 * LINE_BYTES_MAX];
        input.extend_from_slice(b"QUIT\r\nNOOP\r\n");
        for sizes in [&[usize::MAX][..], &[1], &[LINE_BYTES_MAX], &[4096], &[LINE_BYTES_MAX - 1, 2, 3]] {
            assert_eq!(lines(&input, sizes), [Framed::TooLong, line("NOOP")], "{sizes:?}");
        }
    }

    #[test]
    fn the_longest_line_passes() {
        let mut input = vec![b'x'; LINE_BYTES_MAX - 2];
        input.extend_from_slice(b"\r\n");
        assert_eq!(lines(&input, &[7]), [Framed::Line(Bytes::copy_from_slice(&input[..LINE_BYTES_MAX - 2]))]);
        input.insert(0, b'x');
        assert_eq!(lines(&input, &[7]), [Framed::TooLong]);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            input in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a')], 0..200),
            sizes in proptest::collection::vec(1usize..20, 1..20),
        ) {
            prop_assert_eq!(lines(&input, &sizes), lines(&input, &[usize::MAX]));
        }
    }
}
