//! PURE: a stored message → its place in such a file, line ends LF.

use super::FROM;
use super::flags::{self, Keeping};
use crate::mime::fields;
use crate::model::{Flags, Timestamp};

/// Writes one message as its octets come.
#[derive(Debug, Default)]
pub struct Writer {
    /// What stands at the beginning of a line as long as it may yet be `>`s and `From `; `None` behind that.
    start: Option<Vec<u8>>,
    return_before: bool,
}

impl Writer {
    /// The `From ` line and the header block, with fields that keep `flags`; those that the message had of these names
    /// are left out, or they would speak of it.
    pub fn begin(header: &[u8], flags: &Flags, at: Timestamp, out: &mut Vec<u8>) -> Self {
        let at = jiff::Timestamp::from_second(at.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        out.extend_from_slice(at.strftime("From MAILER-DAEMON %a %b %e %H:%M:%S %Y\n").to_string().as_bytes());
        let mut writer = Self { start: Some(Vec::new()), return_before: false };
        let mut length = 0;
        for field in fields(header) {
            length += field.raw.len();
            if Keeping::of(field.name).is_none() {
                writer.push(field.raw, out);
            }
        }
        writer.end_line(out);
        out.extend_from_slice(flags::fields(flags).as_bytes());
        // The empty line that ends the block; a message that has none gets one, or its fields would be text.
        let rest = header.get(length..).unwrap_or_default();
        writer.push(if rest.is_empty() { b"\n" } else { rest }, out);
        writer
    }

    /// The next octets of the body.
    pub fn push(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        for octet in octets.iter().copied() {
            if std::mem::take(&mut self.return_before) && octet != b'\n' {
                self.octet(b'\r', out);
            }
            match octet {
                b'\r' => self.return_before = true,
                octet => self.octet(octet, out),
            }
        }
    }

    /// Ends the message.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.return_before) {
            self.octet(b'\r', out);
        }
        self.end_line(out);
        out.push(b'\n');
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        if self.start.as_ref().is_none_or(|start| !start.is_empty()) {
            self.octet(b'\n', out);
        }
    }

    fn octet(&mut self, octet: u8, out: &mut Vec<u8>) {
        if let Some(start) = &mut self.start {
            start.push(octet);
            let quotes = start.iter().take_while(|octet| **octet == b'>').count();
            let rest = start.get(quotes..).unwrap_or_default();
            if rest == FROM {
                out.push(b'>');
            } else if FROM.starts_with(rest) {
                return;
            }
            out.append(start);
            self.start = None;
        } else {
            out.push(octet);
        }
        if octet == b'\n' {
            self.start = Some(Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Kept, Reader, Step};
    use super::*;
    use crate::model::SystemFlag;

    /// The messages of a file, read in lines of at most `piece` octets.
    fn read(file: &[u8], piece: usize) -> Vec<(Vec<u8>, Kept, Option<Timestamp>)> {
        let (mut reader, mut read, mut out, mut at) = (Reader::default(), Vec::new(), Vec::new(), None);
        for line in file.split_inclusive(|octet| *octet == b'\n') {
            for (number, piece) in line.chunks(piece).enumerate() {
                match reader.line(piece, number == 0, &mut out) {
                    Step::Begin { before, at: next } => {
                        read.extend(before.map(|kept| (std::mem::take(&mut out), kept, at)));
                        at = next;
                    }
                    Step::More => {}
                    Step::NoMessage => return Vec::new(),
                }
            }
        }
        read.extend(reader.finish().map(|kept| (out, kept, at)));
        read
    }

    fn written(header: &[u8], body: &[u8], flags: &Flags, at: Timestamp, out: &mut Vec<u8>) {
        let mut writer = Writer::begin(header, flags, at, out);
        body.chunks(3).for_each(|octets| writer.push(octets, out));
        writer.finish(out);
    }

    #[test]
    fn flags_are_read_as_others_write_them() {
        let mut flags = Flags::default();
        flags.set(SystemFlag::Seen);
        flags.set(SystemFlag::Flagged);
        flags.set_keyword("$Forwarded");
        let mutt =
            "From a@b Mon Nov 23 07:08:09 2026\nSubject: x\nStatus: RO\nX-Status: F\nX-Keywords: $Forwarded\n\nx\n";
        let thunderbird = "From \r\nX-Mozilla-Status: 1005\r\nX-Mozilla-Status2: 00000000\r\nX-Mozilla-Keys:             \
                           \r\nSubject: x\r\n\r\nx\r\n";
        let expected: &[u8] = b"Subject: x\r\n\r\nx\r\n";
        for (file, at) in [(mutt, Some(Timestamp(1_795_417_689_000_000))), (thunderbird, None)] {
            let read = read(file.as_bytes(), 1000);
            assert_eq!(read, [(expected.to_vec(), Kept { flags: flags.clone(), is_none: false }, at)]);
        }
        let gone = "From - Mon Nov 23 07:08:09 2026\nX-Mozilla-Status: 0009\nSubject: x\n\nx\n";
        assert!(read(gone.as_bytes(), 1000)[0].1.is_none);
        let data = "From MAILER-DAEMON Mon Nov 23 07:08:09 2026\nX-IMAP: 1 2\nSubject: x\n\nx\n";
        assert!(read(data.as_bytes(), 1000)[0].1.is_none);
    }

    #[test]
    fn what_parts_messages_and_what_does_not() {
        let file = "\nFrom a@b Mon Nov 23 07:08:09 2026 +0100\nSubject: x\n\nOn Monday\nFrom a@b Mon Nov 23 07:08:09 2026\n\n\
                    From here it goes on\n>From here\n>>From there\n\n\nFrom c Mon Nov 23 07:08 2026\nSubject: y\n\n\n";
        let both = read(file.as_bytes(), 1000);
        let first = "Subject: x\r\n\r\nOn Monday\r\nFrom a@b Mon Nov 23 07:08:09 2026\r\n\r\nFrom here it goes on\r\n\
                     From here\r\n>From there\r\n\r\n";
        assert_eq!(both[0].0, first.as_bytes());
        assert_eq!(both[0].2, Some(Timestamp(1_795_414_089_000_000)));
        assert_eq!((both[1].0.as_slice(), both.len()), (&b"Subject: y\r\n\r\n"[..], 2));
        for none in ["Subject: x\n\nx\n", "From here\n", "PK\u{3}\u{4}"] {
            assert_eq!(read(none.as_bytes(), 1000), [], "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            bodies in proptest::collection::vec("((>{0,2}From |x|\\.|>|F)?[ a-z]{0,150}(\r\n)){0,6}", 1..4),
            bits in 0i64..32,
            piece in 60usize..90,
        ) {
            let header = b"Subject: x\r\n >From y\r\nFrom y: z\r\n\r\n";
            let (flags, at, mut file) = (Flags::from_columns(bits, "$a b"), Timestamp(1_795_417_689_000_000), Vec::new());
            bodies.iter().for_each(|body| written(header, body.as_bytes(), &flags, at, &mut file));
            let read = read(&file, piece);
            prop_assert_eq!(read.len(), bodies.len());
            for (read, body) in read.into_iter().zip(&bodies) {
                prop_assert_eq!(String::from_utf8(read.0).unwrap(), String::from_utf8([header, body.as_bytes()].concat()).unwrap());
                prop_assert_eq!((read.1.flags, read.2), (flags.clone(), Some(at)));
            }
        }
    }
}
