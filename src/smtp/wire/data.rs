//! PURE: the octets behind `354` → the message. Between `line` and the spool.
//!
//! Only `CRLF . CRLF` ends the message, and `. CRLF` as its very first line (RFC 5321 §4.1.1.4, §4.5.2). A CR or an LF by
//! itself never counts as a line's end; a message that has one is read to its true end and then refused, so that no
//! other reader can see two messages in it (SMTP smuggling).

use memchr::memchr2;

/// Reads one message.
#[derive(Debug, Default)]
pub struct DataDecoder {
    at: At,
    bare_line_end: bool,
}

/// What came before the next octet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// Nothing, or CRLF.
    #[default]
    LineStart,
    Line,
    /// CR, in or at the end of a line.
    Cr,
    /// A dot that begins a line.
    Dot,
    /// A dot that begins a line, and CR.
    DotCr,
}

impl DataDecoder {
    /// Reads on; the message's octets go to `message`. `Some` where the message ended: how many octets of the input were
    /// its own and those of its end; what follows are commands.
    pub fn decode(&mut self, input: &[u8], message: &mut Vec<u8>) -> Option<usize> {
        let mut rest = input;
        loop {
            if self.at == At::Line {
                let (plain, after) = rest.split_at(memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()));
                message.extend_from_slice(plain);
                rest = after;
            }
            let (&octet, after) = rest.split_first()?;
            rest = after;
            if self.at == At::DotCr && octet == b'\n' {
                return Some(input.len() - rest.len());
            }
            self.step(octet, message);
        }
    }

    /// Has the message a CR or an LF by itself?
    pub fn has_bare_line_end(&self) -> bool {
        self.bare_line_end
    }

    /// One octet that is not the end of the message.
    fn step(&mut self, octet: u8, message: &mut Vec<u8>) {
        self.bare_line_end |= match self.at {
            At::Cr | At::DotCr => octet != b'\n',
            At::LineStart | At::Line | At::Dot => octet == b'\n',
        };
        self.at = match (self.at, octet) {
            (At::LineStart, b'.') => At::Dot,
            (At::Dot, b'\r') => At::DotCr,
            (_, b'\r') => At::Cr,
            (At::Cr, b'\n') => At::LineStart,
            _ => At::Line,
        };
        // The dot that begins a line was added by the client (§4.5.2); a CR behind it waits for what follows.
        if !matches!(self.at, At::Dot | At::DotCr) {
            message.push(octet);
        }
    }
}

/// Looks for a CR or an LF by itself in octets that come as they are (BDAT, RFC 3030 §2).
#[derive(Debug, Default)]
pub struct LineEnds {
    after_cr: bool,
    bare: bool,
}

impl LineEnds {
    /// Reads on.
    pub fn check(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while !self.bare {
            if std::mem::take(&mut self.after_cr) {
                match rest.split_first() {
                    Some((b'\n', after)) => rest = after,
                    Some(_) => self.bare = true,
                    None => return self.after_cr = true,
                }
            }
            let Some(at) = memchr2(b'\r', b'\n', rest) else { return };
            let (_, found) = rest.split_at(at);
            match found.split_first() {
                Some((b'\r', after)) => (self.after_cr, rest) = (true, after),
                _ => self.bare = true,
            }
        }
    }

    /// Was there one? Asked when all octets are known.
    pub fn has_bare(&self) -> bool {
        self.bare || self.after_cr
    }
}

#[cfg(test)]
mod tests;
