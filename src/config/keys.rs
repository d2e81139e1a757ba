//! The keys that a configuration may hold, asked from the types themselves: no second list to keep.
//!
//! A deserializer that reads nothing: each struct tells it its fields, each field what it holds; values are made up.

use std::cell::RefCell;

use serde::de::value::{Error, StrDeserializer, U64Deserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// A key, with its tables: `imap.line_bytes_max`. An array's elements are under `name[]`, a free map's under `name.*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub path: String,
    /// Does it hold further keys?
    pub table: bool,
}

/// All keys of a type, in the order of its fields.
pub(super) fn known_keys<T: DeserializeOwned>() -> Result<Vec<Key>, Error> {
    let found = RefCell::new(Vec::new());
    T::deserialize(Asker { path: String::new(), found: &found })?;
    Ok(found.into_inner())
}

/// The key that was probably meant by `path`: a near name in the same table, or the same name in another one.
pub(super) fn nearest<'k>(known: &'k [Key], path: &str) -> Option<&'k str> {
    let (table, name) = split(path);
    let beside = known
        .iter()
        .filter(|key| split(&key.path).0 == table)
        .map(|key| (strsim::damerau_levenshtein(split(&key.path).1, name), key))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= (name.len() / 3).max(1));
    let elsewhere = || known.iter().find(|key| split(&key.path).1 == name);
    beside.map(|(_, key)| key).or_else(elsewhere).map(|key| key.path.as_str())
}

/// A dotted path as (table, name).
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

struct Asker<'f> {
    path: String,
    found: &'f RefCell<Vec<Key>>,
}

impl Asker<'_> {
    fn below(&self, suffix: &str) -> Self {
        let path = if self.path.is_empty() { suffix.to_owned() } else { format!("{}{suffix}", self.path) };
        Asker { path, found: self.found }
    }

    fn note(&self, table: bool) {
        if !self.path.is_empty() {
            self.found.borrow_mut().push(Key { path: self.path.clone(), table });
        }
    }
}

/// A text that every kind of text setting accepts: a name, a path, an address.
const SOME_TEXT: &str = "127.0.0.1:1";

impl<'de> de::Deserializer<'de> for Asker<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(true);
        visitor.visit_map(Fields { asker: &self, rest: fields.iter(), current: "" })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note(true);
        visitor.visit_map(Fields { asker: &self, rest: ["*"].iter(), current: "" })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note(false);
        visitor.visit_seq(Elements { element: Some(self.below("[]")) })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(false);
        visitor.visit_enum(IntoDeserializer::<Error>::into_deserializer(variants.first().copied().unwrap_or("")))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note(false);
        visitor.visit_bool(true)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note(false);
        de::Deserializer::deserialize_any(U64Deserializer::<Error>::new(1), visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note(false);
        de::Deserializer::deserialize_any(StrDeserializer::<Error>::new(SOME_TEXT), visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct ignored_any
    }
}

struct Fields<'a, 'f> {
    asker: &'a Asker<'f>,
    rest: std::slice::Iter<'static, &'static str>,
    current: &'static str,
}

impl<'de> de::MapAccess<'de> for Fields<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(field) = self.rest.next() else { return Ok(None) };
        self.current = field;
        seed.deserialize(StrDeserializer::<Error>::new(field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let dot = if self.asker.path.is_empty() { "" } else { "." };
        seed.deserialize(self.asker.below(&format!("{dot}{}", self.current)))
    }
}

struct Elements<'f> {
    element: Option<Asker<'f>>,
}

impl<'de> de::SeqAccess<'de> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        // One that the text does not make (a network) holds no keys: the list is as well empty.
        Ok(self.element.take().and_then(|element| seed.deserialize(element).ok()))
    }
}
