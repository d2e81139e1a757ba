//! A place in a command, and the forms that every argument is made of (RFC 9051 §4, §9).

use std::borrow::Cow;

use super::super::framer::{BadCommand, FrameLimits};

/// What reading comes to.
pub(super) type Parsed<T> = Result<T, BadCommand>;

/// What has not been read of a command yet.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    pub(super) limits: &'a FrameLimits,
}

impl<'a> Cursor<'a> {
    /// At the start of a command that ends without CRLF.
    pub(super) fn new(bytes: &'a [u8], limits: &'a FrameLimits) -> Self {
        Self { rest: bytes, limits }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The end of the command, spaces before it passed over.
    pub(super) fn end(&mut self) -> Parsed<()> {
        self.spaces();
        if self.is_at_end() { Ok(()) } else { Err(BadCommand::Syntax("the end of the command")) }
    }

    /// Passes over this byte, where it is next.
    pub(super) fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.advance(1);
        }
        found
    }

    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Parsed<()> {
        if self.accept(byte) { Ok(()) } else { Err(BadCommand::Syntax(what)) }
    }

    /// At least one space.
    pub(super) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ', "a space")?;
        self.spaces();
        Ok(())
    }

    /// Any spaces there are.
    pub(super) fn spaces(&mut self) {
        self.take_while(|byte| byte == b' ');
    }

    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().position(|byte| !wanted(*byte)).unwrap_or(self.rest.len());
        self.advance(length)
    }

    /// Takes this many bytes, or all where there are fewer.
    fn advance(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// `tag`
    pub(super) fn tag(&mut self) -> Parsed<String> {
        some_text(self.take_while(is_tag_char), "a tag").map(str::to_owned)
    }

    /// `atom`
    pub(super) fn atom(&mut self, what: &'static str) -> Parsed<String> {
        some_text(self.take_while(is_atom_char), what).map(str::to_owned)
    }

    /// An atom that is a word of the protocol, in upper case.
    pub(super) fn word(&mut self, what: &'static str) -> Parsed<String> {
        self.atom(what).map(|word| word.to_ascii_uppercase())
    }

    /// Passes over this word, where it is the next whole atom.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        let found = ahead.take_while(is_atom_char).eq_ignore_ascii_case(word.as_bytes());
        if found {
            *self = ahead;
        }
        found
    }

    /// `number` that fits 32 bits.
    pub(super) fn number32(&mut self, what: &'static str) -> Parsed<u32> {
        self.digits(what)?.parse().map_err(|_| BadCommand::Syntax(what))
    }

    /// `number64`: 63 bits (RFC 9051 §9).
    pub(super) fn number63(&mut self, what: &'static str) -> Parsed<i64> {
        self.digits(what)?.parse().map_err(|_| BadCommand::Syntax(what))
    }

    /// A number of octets.
    pub(super) fn octets(&mut self, what: &'static str) -> Parsed<u64> {
        self.number63(what).map(i64::unsigned_abs)
    }

    pub(super) fn digits(&mut self, what: &'static str) -> Parsed<&'a str> {
        some_text(self.take_while(|byte| byte.is_ascii_digit()), what)
    }

    /// `quoted`, 8-bit octets allowed as clients send them (RFC 9051 §4.3).
    pub(super) fn quoted(&mut self, what: &'static str) -> Parsed<Cow<'a, [u8]>> {
        self.expect(b'"', what)?;
        let plain = self.take_while(is_quoted_char);
        if self.accept(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut unescaped = plain.to_vec();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.advance(1);
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => {
                    self.advance(1);
                    let escaped = self.peek().filter(|byte| matches!(byte, b'"' | b'\\'));
                    unescaped.push(escaped.ok_or(BadCommand::Syntax("a quote or a backslash behind a backslash"))?);
                    self.advance(1);
                }
                _ => {
                    let plain = self.take_while(is_quoted_char);
                    if plain.is_empty() {
                        return Err(BadCommand::Syntax("a closing quote"));
                    }
                    unescaped.extend_from_slice(plain);
                }
            }
        }
    }

    /// Is all that is left the announcement of a literal?
    pub(super) fn is_announcement(&self) -> bool {
        let mut ahead = *self;
        ahead.announcement().is_ok() && ahead.is_at_end()
    }

    /// `{n}` or `{n+}`: the size, and whether the client waits for nothing.
    pub(super) fn announcement(&mut self) -> Parsed<(u64, bool)> {
        self.expect(b'{', "a literal")?;
        let size = self.octets("the size of a literal")?;
        let non_synchronizing = self.accept(b'+');
        self.expect(b'}', "a closing brace")?;
        Ok((size, non_synchronizing))
    }

    fn literal(&mut self) -> Parsed<&'a [u8]> {
        let octets = self.literal8()?;
        if octets.contains(&0) { Err(BadCommand::Syntax("a literal without NUL")) } else { Ok(octets) }
    }

    fn literal8(&mut self) -> Parsed<&'a [u8]> {
        let (size, _) = self.announcement()?;
        self.accept(b'\r');
        self.expect(b'\n', "the end of the line behind a literal's size")?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let octets = self.advance(size);
        if octets.len() < size { Err(BadCommand::Syntax("a whole literal")) } else { Ok(octets) }
    }

    /// `string`
    pub(super) fn string(&mut self) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'{') => self.literal().map(Cow::Borrowed),
            _ => self.quoted("a string"),
        }
    }

    /// `nstring`
    pub(super) fn nstring(&mut self) -> Parsed<Option<Cow<'a, [u8]>>> {
        if self.keyword("NIL") { Ok(None) } else { self.string().map(Some) }
    }

    /// `nstring` or `literal8`, which may hold NUL (RFC 5464 §5).
    pub(super) fn nstring8(&mut self) -> Parsed<Option<Vec<u8>>> {
        if self.accept(b'~') {
            return self.literal8().map(|octets| Some(octets.to_vec()));
        }
        Ok(self.nstring()?.map(Cow::into_owned))
    }

    /// `astring`
    pub(super) fn astring(&mut self) -> Parsed<Cow<'a, [u8]>> {
        self.string_or(is_astring_char)
    }

    /// `astring` that must be UTF-8.
    pub(super) fn astring_text(&mut self) -> Parsed<String> {
        utf8(&self.astring()?)
    }

    /// `list-mailbox`, in UTF-8: an astring with wildcards.
    pub(super) fn list_pattern(&mut self) -> Parsed<String> {
        utf8(&self.string_or(|byte| is_astring_char(byte) || matches!(byte, b'%' | b'*'))?)
    }

    fn string_or(&mut self, bare: impl Fn(u8) -> bool) -> Parsed<Cow<'a, [u8]>> {
        if let Some(b'{' | b'"') = self.peek() {
            return self.string();
        }
        let octets = self.take_while(bare);
        if octets.is_empty() { Err(BadCommand::Syntax("an argument")) } else { Ok(Cow::Borrowed(octets)) }
    }

    /// A list in parentheses, possibly empty.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect(b'(', "an opening parenthesis")?;
        self.spaces();
        let mut items = Vec::new();
        while !self.accept(b')') {
            self.one_more(items.len())?;
            items.push(item(self)?);
            if self.peek() != Some(b')') {
                self.space().map_err(|_| BadCommand::Syntax("a space or a closing parenthesis"))?;
            }
        }
        Ok(items)
    }

    /// May there be one more, where there are so many?
    pub(super) fn one_more(&self, count: usize) -> Parsed<()> {
        if count < self.limits.list_items_max { Ok(()) } else { Err(BadCommand::TooManyItems) }
    }

    /// A list in parentheses with something in it.
    pub(super) fn list_of_some<T>(
        &mut self,
        what: &'static str,
        item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let items = self.list(item)?;
        if items.is_empty() { Err(BadCommand::Syntax(what)) } else { Ok(items) }
    }
}

/// UTF-8, or bad syntax.
pub(super) fn utf8(bytes: &[u8]) -> Parsed<String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| BadCommand::Syntax("text in UTF-8"))
}

/// At least one character.
fn some_text<'a>(bytes: &'a [u8], what: &'static str) -> Parsed<&'a str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty()).ok_or(BadCommand::Syntax(what))
}

/// `ATOM-CHAR`
pub(super) fn is_atom_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// `ASTRING-CHAR`, and 8-bit octets as clients send them.
fn is_astring_char(byte: u8) -> bool {
    is_atom_char(byte) || byte == b']' || byte >= 0x80
}

/// `tag`: any ASTRING-CHAR but `+`.
pub(super) fn is_tag_char(byte: u8) -> bool {
    (is_atom_char(byte) || byte == b']') && byte != b'+'
}

/// What may stand in quotes as it is.
fn is_quoted_char(byte: u8) -> bool {
    !matches!(byte, b'"' | b'\\' | b'\r' | b'\n' | 0)
}
