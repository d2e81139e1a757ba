//! PURE: replies → octets (RFC 5321 §4.2, enhanced codes of RFC 2034 and RFC 3463). Last step of every command.
//!
//! Text is UTF-8: the French sentences have accents, and clients show them as they are. No control character ever
//! enters a line, whatever a client sent that a sentence repeats.

use std::borrow::Cow;

/// The longest line, code and CRLF included (RFC 5321 §4.5.3.1.5).
const LINE_BYTES_MAX: usize = 512;

/// One reply, of one line or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// `5.1.1`; none on greetings, EHLO and 3xx replies (RFC 2034 §4).
    pub enhanced: Option<&'static str>,
    lines: Vec<Cow<'static, str>>,
}

impl Reply {
    /// One line with an enhanced code.
    pub fn new(code: u16, enhanced: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, enhanced: Some(enhanced), lines: vec![text.into()] }
    }

    /// Lines without an enhanced code.
    pub fn bare(code: u16, lines: Vec<Cow<'static, str>>) -> Self {
        Self { code, enhanced: None, lines }
    }

    /// Writes the reply.
    pub fn write(&self, output: &mut Vec<u8>) {
        let last = self.lines.len().saturating_sub(1);
        for (index, line) in self.lines.iter().enumerate() {
            let mark = if index == last { ' ' } else { '-' };
            let code = match self.enhanced {
                Some(enhanced) => format!("{}{mark}{enhanced} ", self.code),
                None => format!("{}{mark}", self.code),
            };
            output.extend_from_slice(code.as_bytes());
            push_text(line, LINE_BYTES_MAX - code.len() - 2, output);
            output.extend_from_slice(b"\r\n");
        }
    }
}

/// The text without control characters, cut at `bytes_max`.
fn push_text(text: &str, bytes_max: usize, output: &mut Vec<u8>) {
    let mut left = bytes_max;
    for c in text.chars().map(|c| if c.is_control() { '?' } else { c }) {
        let Some(after) = left.checked_sub(c.len_utf8()) else { return };
        left = after;
        output.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reply: &Reply) -> String {
        let mut output = Vec::new();
        reply.write(&mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn codes_and_lines() {
        assert_eq!(written(&Reply::new(250, "2.1.0", "OK")), "250 2.1.0 OK\r\n");
        let ehlo = Reply::bare(250, vec!["host".into(), "SIZE 1".into(), "PIPELINING".into()]);
        assert_eq!(written(&ehlo), "250-host\r\n250-SIZE 1\r\n250 PIPELINING\r\n");
        assert_eq!(written(&Reply::bare(334, vec!["".into()])), "334 \r\n");
    }

    #[test]
    fn nothing_that_a_client_sent_ends_a_line() {
        let reply = Reply::new(550, "5.1.1", "é\r\n250 2.0.0 OK\u{85}\u{0}\u{1b}[2J");
        assert_eq!(written(&reply), "550 5.1.1 é??250 2.0.0 OK???[2J\r\n");
    }

    #[test]
    fn a_line_has_512_octets_at_most_and_whole_characters() {
        let text = written(&Reply::new(550, "5.1.1", format!("a{}", "é".repeat(400))));
        assert_eq!(text.len(), 511);
        assert!(text.ends_with("é\r\n"));
    }
}
