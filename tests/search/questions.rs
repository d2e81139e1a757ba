//! What is asked: texts that stand somewhere in the letters, in other words and cases, and texts that stand nowhere.

use passerelle::domain::messages::{Sought, TextColumn};
use passerelle::mime::{fold, whole_message_id};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::chance::Chance;
use crate::letters::Letter;

const FIELDS: [&str; 8] = ["Subject", "FROM", "to", "Message-ID", "X-Classe", "X-Vide", "X-Absent", "Content-Type"];
const LETTERS: [&str; 28] = [
    "a", "e", "r", "t", "n", "é", "œ", "ß", "ﬁ", "\u{301}", "\u{a0}", " ", "%", "_", "\"", "*", "\\", "'", "’", "(",
    ")", "{", "漢", "م", "🎉", "<", ">", "@",
];

/// A key of SEARCH, and how they are joined.
#[derive(Clone, Debug)]
pub enum Question {
    From(String),
    To(String),
    Cc(String),
    Subject(String),
    Body(String),
    Text(String),
    Header(&'static str, String),
    Not(Box<Self>),
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
}

impl Question {
    pub fn new(letters: &[Letter], chance: &mut Chance) -> Self {
        let kind = chance.below(14);
        let mut key = || Box::new(Self::leaf(letters, chance));
        match kind {
            0 => Self::Not(key()),
            1 => Self::Or(key(), key()),
            2 => Self::And(key(), key()),
            3 => Self::And(key(), Box::new(Self::Not(key()))),
            4 => Self::Or(key(), Box::new(Self::Not(key()))),
            _ => *key(),
        }
    }

    /// One key.
    pub fn leaf(letters: &[Letter], chance: &mut Chance) -> Self {
        let letter = chance.of(letters);
        let kind = chance.below(8);
        let source = match kind {
            0 => format!("{} {}", letter.from.name, letter.from.address),
            1 => letter
                .to
                .iter()
                .map(|person| format!("{} {}", person.name, person.address))
                .collect::<Vec<_>>()
                .join(" "),
            2 => letter.cc.iter().map(|person| person.name.clone()).collect::<Vec<_>>().join(" "),
            3 => letter.subject.clone(),
            4 | 5 => chance.of(&letter.pieces).clone(),
            _ => chance.of(&letter.fields).1.clone(),
        };
        let text = needle(&source, chance);
        match kind {
            0 => Self::From(text),
            1 => Self::To(text),
            2 => Self::Cc(text),
            3 => Self::Subject(text),
            4 => Self::Body(text),
            5 | 6 => Self::Text(text),
            _ => match chance.below(6) {
                0 => Self::Header("Message-ID", format!("<{}>", letter.message_id)),
                1 => Self::Header("message-id", needle(&format!("<{}>", letter.message_id), chance)),
                2 => Self::Header(FIELDS[chance.below(FIELDS.len())], String::new()),
                _ => {
                    let (name, value) = chance.of(&letter.fields);
                    let name = FIELDS.iter().find(|field| field.eq_ignore_ascii_case(name)).unwrap_or(&FIELDS[0]);
                    Self::Header(name, needle(value, chance))
                }
            },
        }
    }

    /// What a key asks the index for.
    pub fn sought(&self) -> Sought {
        let (column, text) = match self {
            Self::From(text) => (TextColumn::From, text),
            Self::To(text) => (TextColumn::To, text),
            Self::Cc(text) => (TextColumn::Cc, text),
            Self::Subject(text) => (TextColumn::Subject, text),
            Self::Body(text) => (TextColumn::Body, text),
            Self::Text(text) => (TextColumn::Any, text),
            Self::Header(name, text) => match whole_message_id(&fold(text)) {
                Some(id) if name.eq_ignore_ascii_case("Message-ID") => return Sought::MessageId(id.to_owned()),
                _ => (TextColumn::Header, text),
            },
            joined => panic!("{joined:?} is not one key"),
        };
        Sought::Text(column, fold(text))
    }

    /// As the client writes it: texts as literals (RFC 7888).
    pub fn push(&self, out: &mut String) {
        let literal = |text: &str| format!("{{{}+}}\r\n{text}", text.len());
        match self {
            Self::From(text) => out.push_str(&format!("FROM {}", literal(text))),
            Self::To(text) => out.push_str(&format!("TO {}", literal(text))),
            Self::Cc(text) => out.push_str(&format!("CC {}", literal(text))),
            Self::Subject(text) => out.push_str(&format!("SUBJECT {}", literal(text))),
            Self::Body(text) => out.push_str(&format!("BODY {}", literal(text))),
            Self::Text(text) => out.push_str(&format!("TEXT {}", literal(text))),
            Self::Header(name, text) => out.push_str(&format!("HEADER {name} {}", literal(text))),
            Self::Not(key) => {
                out.push_str("NOT ");
                key.push(out);
            }
            Self::Or(one, other) => Self::push_two("OR ", one, other, out),
            Self::And(one, other) => {
                Self::push_two("(", one, other, out);
                out.push(')');
            }
        }
    }

    fn push_two(before: &str, one: &Self, other: &Self, out: &mut String) {
        out.push_str(before);
        one.push(out);
        out.push(' ');
        other.push(out);
    }
}

/// A piece of a text, perhaps in another case or without accents; or what stands nowhere.
fn needle(source: &str, chance: &mut Chance) -> String {
    if chance.one_in(8) {
        let length = if chance.one_in(4) { 1 + chance.below(2) } else { 3 + chance.below(4) };
        return (0..length).map(|_| *chance.of(&LETTERS)).collect();
    }
    let letters: Vec<char> = source.chars().collect();
    let length = if chance.one_in(12) { 1 + chance.below(2) } else { 3 + chance.below(18) };
    let start = chance.below(letters.len().max(1));
    let piece: String = letters.iter().skip(start).take(length).collect();
    match chance.below(5) {
        0 => piece.to_uppercase(),
        1 => piece.nfd().filter(|letter| !is_combining_mark(*letter)).collect(),
        2 => piece.replace(' ', "\u{a0}"),
        _ => piece,
    }
}
