//! PURE: address lists of header fields, read from raw octets (RFC 5322 §3.4, obsolete forms of §4.4).
//!
//! Encoded words stay as they are sent: ENVELOPE wants them raw. Whatever is written, something is read; what another
//! reader may read otherwise is marked `irregular`, so that submission can refuse it.

use memchr::memchr3;

/// What a field names, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressList {
    pub entries: Vec<Entry>,
    /// Something in it is outside the grammar, or in a part of it that readers disagree on.
    pub irregular: bool,
}

/// A mailbox, or one end of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Mailbox(Mailbox),
    GroupStart(Vec<u8>),
    GroupEnd,
}

/// A mailbox: quotation marks and comments taken off, encoded words left in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<Vec<u8>>,
    /// `@a,@b` of a route address.
    pub route: Option<Vec<u8>>,
    pub local: Vec<u8>,
    /// `None` where there was no `@`.
    pub domain: Option<Vec<u8>>,
}

impl AddressList {
    /// Reads an unfolded value. Linear in its length.
    pub fn parse(value: &[u8]) -> Self {
        let mut reader =
            Reader { tokens: Tokens::new(value), list: Self::default(), group: false, draft: Draft::default() };
        reader.run();
        reader.list.irregular |= reader.tokens.unclosed;
        reader.list
    }

    /// The mailboxes, whether in groups or not.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Mailbox(mailbox) => Some(mailbox),
            Entry::GroupStart(_) | Entry::GroupEnd => None,
        })
    }

    /// Is there a group in it?
    pub fn has_group(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, Entry::GroupStart(_)))
    }
}

impl Mailbox {
    /// `local@domain` in lower case; `None` where it is not whole or not UTF-8.
    pub fn address(&self) -> Option<String> {
        let domain = self.domain.as_deref().filter(|domain| !domain.is_empty())?;
        let local = std::str::from_utf8(&self.local).ok().filter(|local| !local.is_empty())?;
        Some(format!("{local}@{}", std::str::from_utf8(domain).ok()?).to_lowercase())
    }
}

/// A token and whether white space or a comment stands before it.
#[derive(Clone, Debug)]
struct Token {
    spaced: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// An atom, a dot-atom, or a domain literal with its brackets.
    Word(Vec<u8>),
    Quoted(Vec<u8>),
    Comment(Vec<u8>),
    /// One of `< > , : ; @`.
    Special(u8),
}

struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    /// A quotation, comment or literal was opened and never closed: its opening mark counts as a letter.
    unclosed: bool,
    /// Marks known to have no closing mark ahead, so that no search is made twice.
    no_quote: bool,
    no_comment: bool,
    no_literal: bool,
}

impl<'a> Tokens<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, unclosed: false, no_quote: false, no_comment: false, no_literal: false }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// A quotation, comment or literal that begins here and is closed.
    fn enclosed(&mut self, mark: u8) -> Option<Kind> {
        let known_open = match mark {
            b'"' => &mut self.no_quote,
            b'(' => &mut self.no_comment,
            _ => &mut self.no_literal,
        };
        if *known_open {
            return None;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some((text, length)) = close(rest, mark) else {
            *known_open = true;
            self.unclosed = true;
            return None;
        };
        self.at += length;
        Some(match mark {
            b'"' => Kind::Quoted(text),
            b'(' => Kind::Comment(text),
            _ => Kind::Word([b"[", text.as_slice(), b"]"].concat()),
        })
    }

    fn word(&mut self) -> Kind {
        let rest = self.rest();
        let more = rest.iter().skip(1).position(|octet| b" \t\r\n\"(<>,:;@[".contains(octet));
        let length = more.map_or(rest.len(), |more| more + 1);
        self.at += length;
        Kind::Word(rest.get(..length).unwrap_or_default().to_vec())
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let spaces = self.rest().iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        self.at += spaces;
        let mark = *self.rest().first()?;
        let kind = match mark {
            b'<' | b'>' | b',' | b':' | b';' | b'@' => {
                self.at += 1;
                Kind::Special(mark)
            }
            b'"' | b'(' | b'[' => self.enclosed(mark).unwrap_or_else(|| self.word()),
            _ => self.word(),
        };
        Some(Token { spaced: spaces > 0, kind })
    }
}

/// The text within the marks, backslashes resolved, and the length with both marks. Comments nest.
fn close(bytes: &[u8], mark: u8) -> Option<(Vec<u8>, usize)> {
    let closing = match mark {
        b'"' => b'"',
        b'(' => b')',
        _ => b']',
    };
    let mut text = Vec::new();
    let mut at = 1;
    let mut depth = 1_usize;
    loop {
        let rest = bytes.get(at..)?;
        // In a quotation the opening mark is the closing one, so a comment's alone adds depth.
        let found = memchr3(closing, b'\\', mark, rest)?;
        text.extend_from_slice(rest.get(..found)?);
        let octet = *rest.get(found)?;
        at += found + 1;
        if octet == b'\\' {
            text.push(*bytes.get(at)?);
            at += 1;
            continue;
        }
        if octet == closing {
            depth -= 1;
            if depth == 0 {
                return Some((text, at));
            }
        } else if mark == b'(' {
            depth += 1;
        }
        text.push(octet);
    }
}

/// What has been read of the current mailbox.
#[derive(Debug, Default)]
struct Draft {
    /// Outside angle brackets: a name, or a bare address.
    words: Vec<Token>,
    comment: Option<Vec<u8>>,
    angle: Option<Mailbox>,
    /// A comment came since the last token: it parts words as white space does.
    parted: bool,
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    list: AddressList,
    group: bool,
    draft: Draft,
}

impl Reader<'_> {
    fn run(&mut self) {
        while let Some(token) = self.tokens.next() {
            match token.kind {
                Kind::Special(b',') => self.flush(),
                Kind::Special(b';') => self.close_group(),
                Kind::Special(b':') => self.open_group(),
                Kind::Special(b'<') => self.angle(token.spaced),
                Kind::Special(b'>') => self.list.irregular = true,
                Kind::Comment(text) => {
                    self.draft.parted = true;
                    if !text.trim_ascii().is_empty() {
                        self.draft.comment = Some(text.trim_ascii().to_vec());
                    }
                }
                Kind::Word(_) | Kind::Quoted(_) | Kind::Special(_) => {
                    // After `<…>` only a comma may come.
                    self.list.irregular |= self.draft.angle.is_some();
                    let spaced = token.spaced || self.draft.parted;
                    self.draft.parted = false;
                    self.draft.words.push(Token { spaced, ..token });
                }
            }
        }
        self.flush();
        if self.group {
            self.list.irregular = true;
            self.list.entries.push(Entry::GroupEnd);
        }
    }

    fn open_group(&mut self) {
        if self.group || self.draft.angle.is_some() || self.draft.words.is_empty() {
            self.list.irregular = true;
            return;
        }
        let draft = std::mem::take(&mut self.draft);
        self.list.entries.push(Entry::GroupStart(phrase(&draft.words)));
        self.group = true;
    }

    /// `;` ends a group; outside one it parts addresses, as some clients write it.
    fn close_group(&mut self) {
        self.flush();
        if self.group {
            self.list.entries.push(Entry::GroupEnd);
        } else {
            self.list.irregular = true;
        }
        self.group = false;
    }

    /// Reads on from `<` to `>`.
    fn angle(&mut self, spaced: bool) {
        // A name with a bare `@` is outside the grammar, yet common; it is plain only as `a@b <c@d>`.
        let has_at = self.draft.words.iter().any(|word| matches!(word.kind, Kind::Special(_)));
        self.list.irregular |= has_at && !(spaced && is_plain(&self.draft.words) && self.draft.comment.is_none());
        if self.draft.angle.is_some() {
            self.list.irregular = true;
            self.flush();
        }
        let mut words: Vec<Token> = Vec::new();
        let mut route = None;
        let mut closed = false;
        for token in self.tokens.by_ref() {
            let routed = route.is_none() && matches!(words.first(), Some(Token { kind: Kind::Special(b'@'), .. }));
            match token.kind {
                Kind::Special(b'>') => {
                    closed = true;
                    break;
                }
                Kind::Special(b':') if routed => route = Some(joined(&std::mem::take(&mut words))),
                Kind::Special(b',') if !routed => break,
                Kind::Special(b'<' | b':' | b';') => self.list.irregular = true,
                Kind::Comment(_) => self.list.irregular = true,
                Kind::Word(_) | Kind::Quoted(_) | Kind::Special(_) => words.push(token),
            }
        }
        let (local, domain, regular) = address(&words);
        self.list.irregular |= !closed || !regular || domain.is_none();
        self.draft.angle = Some(Mailbox { name: None, route, local, domain });
        if !closed {
            self.flush();
        }
    }

    /// Ends the current mailbox.
    fn flush(&mut self) {
        let draft = std::mem::take(&mut self.draft);
        let mailbox = match draft.angle {
            Some(mailbox) => {
                let name = phrase(&draft.words);
                let name = if name.is_empty() { draft.comment } else { Some(name) };
                Mailbox { name, ..mailbox }
            }
            None if draft.words.is_empty() => return,
            None => {
                let (local, domain, regular) = address(&draft.words);
                self.list.irregular |= !regular || domain.is_none();
                Mailbox { name: draft.comment, route: None, local, domain }
            }
        };
        self.list.entries.push(Entry::Mailbox(mailbox));
    }
}

/// Local part, domain (`None` without `@`, the local part is then the phrase), and whether the form is regular.
fn address(words: &[Token]) -> (Vec<u8>, Option<Vec<u8>>, bool) {
    let at = words.iter().rposition(|word| matches!(word.kind, Kind::Special(b'@')));
    let Some((local, domain)) = at.and_then(|at| Some((words.get(..at)?, words.get(at + 1..)?))) else {
        return (phrase(words), None, false);
    };
    let regular = is_plain(words);
    let (local, domain) = (joined(local), joined(domain));
    let encoded = memchr::memmem::find(&local, b"=?").is_some() || memchr::memmem::find(&domain, b"=?").is_some();
    let regular = regular && !encoded && !local.is_empty() && !domain.is_empty();
    (local, Some(domain), regular)
}

/// One word, `@`, one word, nothing between them? Quoted local parts and obsolete forms (RFC 5322 §4.4) are in the
/// grammar, yet readers differ on them.
fn is_plain(words: &[Token]) -> bool {
    matches!(
        words,
        [
            Token { kind: Kind::Word(_), .. },
            Token { kind: Kind::Special(b'@'), spaced: false },
            Token { kind: Kind::Word(_), spaced: false }
        ]
    )
}

impl Kind {
    fn text(&self) -> &[u8] {
        match self {
            Self::Word(text) | Self::Quoted(text) | Self::Comment(text) => text,
            Self::Special(b'<') => b"<",
            Self::Special(b'>') => b">",
            Self::Special(b',') => b",",
            Self::Special(b':') => b":",
            Self::Special(b';') => b";",
            Self::Special(_) => b"@",
        }
    }
}

/// The words with a space where white space stood.
fn phrase(words: &[Token]) -> Vec<u8> {
    let mut text = Vec::new();
    for word in words {
        if word.spaced && !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(word.kind.text());
    }
    text
}

/// The words without white space: parts of an address.
fn joined(words: &[Token]) -> Vec<u8> {
    words.iter().flat_map(|word| word.kind.text()).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name|route|local|domain`, groups as `name{` and `}`.
    fn read(value: &str) -> (String, bool) {
        let list = AddressList::parse(value.as_bytes());
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let entries: Vec<String> = list
            .entries
            .iter()
            .map(|entry| match entry {
                Entry::Mailbox(Mailbox { name, route, local, domain }) => {
                    let option = |octets: &Option<Vec<u8>>| octets.as_deref().map_or_else(|| "-".to_owned(), text);
                    format!("{}|{}|{}|{}", option(name), option(route), text(local), option(domain))
                }
                Entry::GroupStart(name) => format!("{}{{", text(name)),
                Entry::GroupEnd => "}".to_owned(),
            })
            .collect();
        (entries.join(" "), list.irregular)
    }

    #[test]
    fn regular_forms() {
        for (value, expected) in [
            ("a@b.fr", "-|-|a|b.fr"),
            (" <a@b.fr> ", "-|-|a|b.fr"),
            ("Jean Q. Public <j@b.fr>", "Jean Q. Public|-|j|b.fr"),
            ("\"NOM, Jean\" <j@b.fr>, \"a \\\"b\\\" c\"  d <e@b.fr>", "NOM, Jean|-|j|b.fr a \"b\" c d|-|e|b.fr"),
            ("j@b.fr (Jean (dit J) Public)", "Jean (dit J) Public|-|j|b.fr"),
            ("Jean (pro) <j@b.fr>", "Jean|-|j|b.fr"),
            ("a@[192.0.2.1]", "-|-|a|[192.0.2.1]"),
            ("=?utf-8?q?L=C3=A9a?= <l@b.fr>", "=?utf-8?q?L=C3=A9a?=|-|l|b.fr"),
            ("boss@b.fr <me@b.fr>", "boss@b.fr|-|me|b.fr"),
            ("Tle A: a@b.fr, B <b@b.fr>;, c@b.fr", "Tle A{ -|-|a|b.fr B|-|b|b.fr } -|-|c|b.fr"),
            ("undisclosed-recipients:;", "undisclosed-recipients{ }"),
            ("[LISTE] Nom <l@b.fr>", "[LISTE] Nom|-|l|b.fr"),
            ("<@r.fr,@s.fr:a@b.fr>", "-|@r.fr,@s.fr|a|b.fr"),
            ("", ""),
            (" , ,", ""),
        ] {
            assert_eq!(read(value), (expected.to_owned(), false), "{value}");
        }
    }

    #[test]
    fn irregular_forms_are_read_and_marked() {
        for (value, expected) in [
            ("nobody", "-|-|nobody|-"),
            ("<>", "-|-||-"),
            ("\"a b\"@b.fr", "-|-|a b|b.fr"),
            ("a@b.fr c@d.fr", "-|-|a@b.frc|d.fr"),
            ("<a@b.fr> <c@d.fr>", "-|-|a|b.fr -|-|c|d.fr"),
            ("<a@b.fr> c@d.fr", "c@d.fr|-|a|b.fr"),
            ("a@b.fr; c@d.fr", "-|-|a|b.fr -|-|c|d.fr"),
            ("a@@b.fr", "-|-|a@|b.fr"),
            ("<a @b.fr>", "-|-|a|b.fr"),
            ("<a@b.fr (c)>", "-|-|a|b.fr"),
            ("<a@b.fr, c@d.fr", "-|-|a|b.fr -|-|c|d.fr"),
            ("\"open <a@b.fr>", "\"open|-|a|b.fr"),
            ("(open a@b.fr", "-|-|(opena|b.fr"),
            ("<=?utf-8?q?boss?=@b.fr>", "-|-|=?utf-8?q?boss?=|b.fr"),
            ("g: a@b.fr", "g{ -|-|a|b.fr }"),
            ("@b.fr", "-|-||b.fr"),
            ("a@", "-|-|a|"),
        ] {
            assert_eq!(read(value), (expected.to_owned(), true), "{value}");
        }
    }
}
