//! PURE: the first words of a message, as people see them in a list (RFC 8970 §3.3): plain text in one line, without
//! what it quotes.

use super::content::Content;
use super::parts::slice;
use super::text::{is_invisible, text_of};
use super::{Part, PartKind};

/// The longest preview, in characters.
const CHARACTERS_MAX: usize = 200;
/// Octets of a part that are looked at: a newsletter's style sheet is long.
const RAW_BYTES_MAX: usize = 64 << 10;

/// The preview of a message; empty where there is no text in it.
pub(super) fn preview(message: &[u8], root: &Part) -> String {
    let mut shown = String::new();
    look(&mut shown, message, root);
    shown
}

/// Takes the first part with something to show. Enclosed messages and attachments are not this message's words.
fn look(shown: &mut String, message: &[u8], part: &Part) {
    if part.kind == PartKind::Message {
        return;
    }
    for child in &part.children {
        look(shown, message, child);
        if !shown.is_empty() {
            return;
        }
    }
    let content = Content::of(slice(message, &part.header));
    let is_attachment = content.disposition.as_ref().is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"attachment"));
    if part.kind != PartKind::Leaf || is_attachment {
        return;
    }
    let body = slice(message, &part.body);
    if let Some(text) = text_of(body.get(..RAW_BYTES_MAX).unwrap_or(body), &content) {
        *shown = first_words(&text);
    }
}

/// One line of words. Quoted lines are left out, and all from the signature on, unless there is nothing else.
fn first_words(text: &str) -> String {
    let own =
        text.lines().take_while(|line| line.trim_end_matches('\r') != "-- ").filter(|line| !line.starts_with('>'));
    let words = words(own);
    if words.is_empty() { self::words(text.lines()) } else { words }
}

fn words<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::new();
    let mut left = CHARACTERS_MAX;
    for word in lines.flat_map(str::split_whitespace) {
        let letters: String = word.chars().filter(|letter| !letter.is_control() && !is_invisible(*letter)).collect();
        if letters.is_empty() {
            continue;
        }
        if !line.is_empty() {
            if left <= 1 {
                break;
            }
            line.push(' ');
            left -= 1;
        }
        let kept: String = letters.chars().take(left).collect();
        left -= kept.chars().count();
        line.push_str(&kept);
        if left == 0 {
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mime::Parts;

    fn of(message: &str) -> String {
        preview(message.as_bytes(), &Parts::of(message.as_bytes()).root)
    }

    #[test]
    fn words_in_one_line_without_quotes_and_signature() {
        assert_eq!(
            of("Subject: a\r\n\r\nBonjour,\r\n\r\n  à demain\u{a0}!\r\n> hier\r\n-- \r\nAnne\r\n"),
            "Bonjour, à demain !"
        );
        assert_eq!(of("Subject: a\r\n\r\n> hier\r\n"), "> hier");
        assert_eq!(of("Subject: a\r\n\r\n"), "");
    }

    #[test]
    fn the_first_part_that_says_something() {
        let alternative = |plain: &str, html: &str| {
            format!(
                "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n{plain}\r\n--b\r\n\
                 Content-Type: text/html\r\n\r\n{html}\r\n--b--\r\n"
            )
        };
        assert_eq!(of(&alternative("un", "<p>deux</p>")), "un");
        let html = "<style>p { color: red }</style><p>un &amp; deux</p><p>trois</p>";
        assert_eq!(of(&alternative(" ", html)), "un & deux trois");
        let attached = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment\r\n\r\nun\r\n\
                        --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: c\r\n\r\ndeux\r\n--b\r\n\
                        Content-Type: image/png\r\n\r\ntrois\r\n--b--\r\n";
        assert_eq!(of(attached), "");
    }

    proptest! {
        #[test]
        fn never_long_never_more_than_a_line(text in "[a\u{e9}\u{1F600}\u{200b} \r\n\t>]{0,600}") {
            let shown = first_words(&text);
            prop_assert!(shown.chars().count() <= CHARACTERS_MAX);
            prop_assert!(!shown.contains(['\r', '\n', '\t']));
            prop_assert_eq!(shown.trim(), shown.as_str());
        }
    }
}
