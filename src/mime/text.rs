//! PURE: the text that SEARCH compares (RFC 9051 §6.4.4): decoded, HTML stripped, folded to letters without case or
//! accent.

use mail_parser::{Charset, HeaderForm, html_to_text};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::address::{AddressList, Entry};
use super::content::Content;
use super::header::{decode_text, decode_unlabelled, header_value};
use super::parts::slice;
use super::{HeaderText, Part, PartKind, Parts, SearchText};

/// The longest text kept of each kind, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Octets of a part that are decoded: enough for `TEXT_BYTES_MAX` whatever the encoding or the markup.
const RAW_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;
/// Before these HTML tags a word ends.
const BLOCK_TAGS: [&str; 24] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "dd",
    "div",
    "dt",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "ul",
];

impl SearchText {
    pub(super) fn of(message: &[u8], parts: &Parts) -> Self {
        let header = slice(message, &parts.root.header);
        let mut body = String::new();
        collect(&mut body, message, &parts.root);
        Self {
            from: people(header, "From"),
            to: people(header, "To"),
            cc: people(header, "Cc"),
            bcc: people(header, "Bcc"),
            subject: folded(&subject(header)),
            header: HeaderText::of(header),
            body: cut(body),
        }
    }
}

/// Names and addresses of all fields `name`.
fn people(header: &[u8], name: &str) -> String {
    let mut text = String::new();
    let mut push = |octets: &[u8]| {
        if !octets.is_empty() {
            text.push_str(&decode_text(octets));
            text.push(' ');
        }
    };
    for value in header_value(header, name) {
        for entry in AddressList::parse(&value).entries {
            match entry {
                Entry::Mailbox(mailbox) => {
                    push(mailbox.name.as_deref().unwrap_or_default());
                    match &mailbox.domain {
                        Some(domain) => push(&[mailbox.local.as_slice(), b"@", domain].concat()),
                        None => push(&mailbox.local),
                    }
                }
                Entry::GroupStart(name) => push(&name),
                Entry::GroupEnd => {}
            }
        }
    }
    folded(text.trim_end())
}

fn subject(header: &[u8]) -> String {
    header_value(header, "Subject").next().map(|value| decode_text(&value)).unwrap_or_default()
}

fn folded(text: &str) -> String {
    cut(fold(text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default()))
}

/// Cuts at `TEXT_BYTES_MAX`, between characters.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text
}

/// Adds the text of a part and of all below it, until there is enough.
fn collect(text: &mut String, message: &[u8], part: &Part) {
    if text.len() >= TEXT_BYTES_MAX {
        return;
    }
    let header = slice(message, &part.header);
    let content = Content::of(header);
    add(text, &fold(&attachment_name(header, &content).unwrap_or_default()));
    if part.kind == PartKind::Leaf
        && let Some(found) = text_of(slice(message, &part.body), &content)
    {
        add(text, &fold(&found));
    }
    for child in &part.children {
        if part.kind == PartKind::Message {
            add(text, &fold(&subject(slice(message, &child.header))));
        }
        collect(text, message, child);
    }
}

/// Adds a piece, unless it only repeats what is there, as the HTML form of a text does.
fn add(text: &mut String, piece: &str) {
    let piece = piece.trim_ascii();
    if piece.is_empty() || memchr::memmem::find(text.as_bytes(), piece.as_bytes()).is_some() {
        return;
    }
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(piece);
}

/// The text of a leaf; `None` where it is not text.
pub(super) fn text_of(body: &[u8], content: &Content<'_>) -> Option<String> {
    let kind = content.media.as_ref().map(|media| (media.kind.as_slice(), media.subtype.as_slice()));
    let unparted = matches!(kind, Some((b"multipart", _)));
    if !content.is_text() && !unparted {
        return None;
    }
    let is_cut = body.len() > RAW_BYTES_MAX;
    let mut octets = content.transfer_encoding().decode(body.get(..RAW_BYTES_MAX).unwrap_or(body)).into_owned();
    while is_cut && octets.last().is_some_and(|octet| !octet.is_ascii()) {
        octets.pop();
    }
    let label = content.parameters.get("charset").filter(|label| !label.eq_ignore_ascii_case(b"us-ascii"));
    let text = match label.and_then(Charset::from_label) {
        Some(charset) => charset.decode(&octets),
        None => decode_unlabelled(&octets),
    };
    match kind {
        Some((_, b"html")) => Some(html_to_text(&part_blocks(&text))),
        _ => Some(text.into_owned()),
    }
}

/// HTML with a space before each block, so that the words of neighbouring cells do not join.
fn part_blocks(html: &str) -> String {
    let mut spaced = String::with_capacity(html.len() + html.len() / 16);
    for (index, piece) in html.split('<').enumerate() {
        if index > 0 {
            let name = piece.strip_prefix('/').unwrap_or(piece);
            let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
            let name = name.get(..length).unwrap_or_default();
            if BLOCK_TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name)) {
                spaced.push(' ');
            }
            spaced.push('<');
        }
        spaced.push_str(piece);
    }
    spaced
}

/// The name a part is saved under, decoded: RFC 2047 (which nobody may use there and many do) or RFC 2231.
fn attachment_name(header: &[u8], content: &Content<'_>) -> Option<String> {
    let disposition = content.disposition.as_ref().and_then(|(_, parameters)| parameters.get("filename"));
    let plain = disposition.or_else(|| content.parameters.get("name")).map(decode_text);
    let extended = |field: &str, name: &str| {
        let value = header_value(header, field).last()?;
        let value = decode_unlabelled(&value);
        let parsed = HeaderForm::ContentType.parse(value.as_bytes());
        parsed.value().as_content_type()?.attribute(name).map(str::to_owned)
    };
    plain.or_else(|| extended("Content-Disposition", "filename")).or_else(|| extended("Content-Type", "name"))
}

/// Folds text for comparison: compatibility forms and marks resolved, lower case, ligatures spelt out, typographic
/// apostrophes plain, white space and control characters one space. Folding twice changes nothing.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|octet| !octet.is_ascii()).unwrap_or(rest.len());
        let (ascii, others) = rest.split_at(plain);
        // ASCII neither decomposes nor takes part in how the letters around it do.
        ascii.chars().for_each(|letter| add_folded(&mut out, letter.to_ascii_lowercase()));
        let foreign = others.find(|letter: char| letter.is_ascii()).unwrap_or(others.len());
        let (foreign, others) = others.split_at(foreign);
        foreign.nfkd().flat_map(char::to_lowercase).for_each(|letter| add_folded(&mut out, letter));
        rest = others;
    }
    out
}

fn add_folded(out: &mut String, letter: char) {
    match letter {
        _ if letter.is_whitespace() || letter.is_control() => {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        }
        _ if letter.is_ascii() => out.push(letter),
        _ if is_combining_mark(letter) || is_invisible(letter) => {}
        'œ' => out.push_str("oe"),
        'æ' => out.push_str("ae"),
        'ß' => out.push_str("ss"),
        'ø' => out.push('o'),
        'ł' => out.push('l'),
        'đ' => out.push('d'),
        '‘' | '’' | 'ʼ' => out.push('\''),
        _ => out.push(letter),
    }
}

/// Soft hyphens, joiners, byte order marks: nobody types them in a search.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Taking ASCII by itself changes nothing.
        #[test]
        fn folding_in_runs_is_folding_at_once(text in "([ -~\r\n]|é|e\u{301}|[à-ü]|œ|ﬁ|\u{327}|\u{a0}|\\PC){0,40}") {
            let mut whole = String::new();
            text.nfkd().flat_map(char::to_lowercase).for_each(|letter| add_folded(&mut whole, letter));
            proptest::prop_assert_eq!(fold(&text), whole);
        }
    }

    #[test]
    fn folding() {
        for (text, folded) in [
            ("Élèves de l’ÉCOLE", "eleves de l'ecole"),
            ("Œuvre, ŒUVRE, œuvre, Ægir, Straße, STRASSE", "oeuvre, oeuvre, oeuvre, aegir, strasse, strasse"),
            ("a\r\n \t b\u{a0}c\u{0}d", "a b c d"),
            ("e\u{301} ﬁn Ⅻ x² …", "e fin xii x2 ..."),
            ("co\u{ad}opé\u{200b}ration", "cooperation"),
            ("Łukasz Sørensen Đorđe İstanbul ΑΣ", "lukasz sorensen dorde istanbul ας".replace('ς', "σ").as_str()),
            ("", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn every_character_folds_once() {
        for letter in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let once = fold(&letter.to_string());
            assert_eq!(fold(&once), once, "{letter:?}");
        }
    }

    #[test]
    fn html_words_stay_apart() {
        let text = html_to_text(&part_blocks("<tr><td>un</td><td>de<b>ux</b></td></tr><div>trois<li>quatre"));
        assert_eq!(fold(&text).trim(), "un deux trois quatre");
    }
}
