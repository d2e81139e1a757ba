//! The naive model: each column one long text, looked through from end to end.

use std::collections::HashMap;

use memchr::memmem;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::letters::{Letter, Person};
use crate::questions::Question;

/// What each letter says, folded.
pub struct Model {
    count: usize,
    from: Column,
    to: Column,
    cc: Column,
    subject: Column,
    body: Column,
    text: Column,
    fields: HashMap<String, Column>,
}

/// One text: the letters' one behind the other, each value with a line feed behind it.
#[derive(Default)]
struct Column {
    text: String,
    /// Where each letter's begins.
    starts: Vec<usize>,
}

impl Model {
    pub fn of(letters: &[Letter]) -> Self {
        let column = |values: &dyn Fn(&Letter) -> Vec<String>| Column::of(letters.iter().map(values));
        let names = letters.iter().flat_map(|letter| letter.fields.iter().map(|field| field.0.clone()));
        let fields = names.map(|name| (name.clone(), name)).collect::<HashMap<_, _>>().into_iter();
        let body = |letter: &Letter| vec![joined(&letter.pieces)];
        Self {
            count: letters.len(),
            from: column(&|letter| vec![people(std::slice::from_ref(&letter.from))]),
            to: column(&|letter| vec![people(&letter.to)]),
            cc: column(&|letter| vec![people(&letter.cc)]),
            subject: column(&|letter| vec![fold(&letter.subject)]),
            body: column(&body),
            text: column(&|letter| {
                let mut values: Vec<String> = letter.fields.iter().map(|field| fold(&field.1)).collect();
                values.extend([&letter.to, &letter.cc].map(|list| people(list)));
                values.push(people(std::slice::from_ref(&letter.from)));
                values.extend(body(letter));
                values
            }),
            fields: fields
                .map(|(name, _)| {
                    let named = |letter: &Letter| {
                        letter.fields.iter().filter(|field| field.0 == name).map(|field| fold(&field.1)).collect()
                    };
                    let column = column(&named);
                    (name, column)
                })
                .collect(),
        }
    }

    /// The numbers of the letters that match, rising.
    pub fn answer(&self, question: &Question) -> Vec<usize> {
        let matches = self.matches(question);
        (0..self.count).filter(|number| matches[*number]).collect()
    }

    fn matches(&self, question: &Question) -> Vec<bool> {
        let both = |one: &Question, other: &Question, join: fn(bool, bool) -> bool| {
            let (one, other) = (self.matches(one), self.matches(other));
            one.into_iter().zip(other).map(|(one, other)| join(one, other)).collect()
        };
        match question {
            Question::From(text) => self.from.having(text),
            Question::To(text) => self.to.having(text),
            Question::Cc(text) => self.cc.having(text),
            Question::Subject(text) => self.subject.having(text),
            Question::Body(text) => self.body.having(text),
            Question::Text(text) => self.text.having(text),
            Question::Header(name, text) => match self.fields.get(&name.to_lowercase()) {
                Some(column) => column.having(text),
                None => vec![false; self.count],
            },
            Question::Not(key) => self.matches(key).into_iter().map(|matches| !matches).collect(),
            Question::Or(one, other) => both(one, other, |one, other| one || other),
            Question::And(one, other) => both(one, other, |one, other| one && other),
        }
    }
}

impl Column {
    fn of(letters: impl Iterator<Item = Vec<String>>) -> Self {
        let mut column = Self::default();
        for values in letters {
            column.starts.push(column.text.len());
            for value in values {
                assert!(!value.contains('\n'));
                column.text.push_str(&value);
                column.text.push('\n');
            }
        }
        column
    }

    /// Which letters have the text? A letter without any value has none, not even the empty one.
    fn having(&self, text: &str) -> Vec<bool> {
        let text = fold(text);
        let finder = memmem::Finder::new(&text);
        let mut having = vec![false; self.starts.len()];
        let mut from = 0;
        while let Some(at) = self.text.as_bytes().get(from..).and_then(|rest| finder.find(rest)).map(|at| from + at) {
            if at == self.text.len() {
                break;
            }
            let number = self.starts.partition_point(|start| *start <= at) - 1;
            having[number] = true;
            from = self.starts.get(number + 1).copied().unwrap_or(self.text.len());
        }
        having
    }
}

fn people(people: &[Person]) -> String {
    fold(&people.iter().map(|person| format!("{} {}", person.name, person.address)).collect::<Vec<_>>().join(" "))
}

/// The texts of the parts, without those that only repeat what is there.
fn joined(pieces: &[String]) -> String {
    let mut all = String::new();
    for piece in pieces {
        let piece = fold(piece);
        if !all.contains(piece.trim()) {
            all.push_str(if all.is_empty() { "" } else { " " });
            all.push_str(piece.trim());
        }
    }
    all
}

/// Blind to case and accents, in the plainest words: decomposed, marks and what is invisible taken out, small letters, some
/// letters spelt out, white space one space.
fn fold(text: &str) -> String {
    let mut folded: String = text.nfkd().collect();
    folded = folded.chars().flat_map(char::to_lowercase).collect();
    folded.retain(|letter| !is_combining_mark(letter));
    folded.retain(|letter| !['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}'].contains(&letter));
    for (letter, plain) in
        [("œ", "oe"), ("æ", "ae"), ("ß", "ss"), ("ø", "o"), ("ł", "l"), ("đ", "d"), ("‘", "'"), ("’", "'"), ("ʼ", "'")]
    {
        folded = folded.replace(letter, plain);
    }
    folded =
        folded.chars().map(|letter| if letter.is_whitespace() || letter.is_control() { ' ' } else { letter }).collect();
    while folded.contains("  ") {
        folded = folded.replace("  ", " ");
    }
    folded
}
