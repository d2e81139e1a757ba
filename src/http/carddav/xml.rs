//! PURE: a request's XML as a small tree: namespaces resolved (*Namespaces in XML*), nothing declared, everything bounded.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

pub(super) const DAV: &str = "DAV:";
pub(super) const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";
/// Of Apple's first CardDAV server: `getctag`.
pub(super) const CALENDAR_SERVER: &str = "http://calendarserver.org/ns/";

/// A qualified name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) namespace: String,
    pub(super) local: String,
}

impl Name {
    pub(super) fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }
}

/// An element, with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: Name,
    /// Those without a namespace.
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Self>,
    /// What stands in it directly, joined.
    pub(super) text: String,
}

impl Element {
    pub(super) fn child(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name.is(namespace, local))
    }

    pub(super) fn children_named<'e>(&'e self, namespace: &'e str, local: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name.is(namespace, local))
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// How much a request may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) depth_max: usize,
    pub(super) elements_max: usize,
}

/// Why a request is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadXml {
    Malformed,
    /// Too deep, or too much.
    TooLarge,
}

/// Reads a document; `Ok(None)` where there is nothing.
pub(super) fn parse(document: &[u8], bounds: Bounds) -> Result<Option<Element>, BadXml> {
    let document = std::str::from_utf8(document).map_err(|_| BadXml::Malformed)?;
    let document = document.trim_start_matches('\u{feff}');
    if document.trim().is_empty() {
        return Ok(None);
    }
    let mut reader = NsReader::from_str(document);
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|_| BadXml::Malformed)?;
        let closed = match event {
            Event::Start(start) => {
                enter(&reader, &start, &mut open, &mut elements, bounds)?;
                None
            }
            Event::Empty(start) => {
                enter(&reader, &start, &mut open, &mut elements, bounds)?;
                open.pop()
            }
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                add(&mut open, &text.xml10_content().map_err(|_| BadXml::Malformed)?);
                None
            }
            Event::CData(text) => {
                add(&mut open, &text.decode().map_err(|_| BadXml::Malformed)?);
                None
            }
            Event::GeneralRef(reference) => {
                add(&mut open, &resolved(&reference)?.to_string());
                None
            }
            // What is declared may grow without bounds.
            Event::DocType(_) => return Err(BadXml::Malformed),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => None,
            Event::Eof => break,
        };
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None if root.is_none() => root = Some(element),
                None => return Err(BadXml::Malformed),
            }
        }
    }
    if !open.is_empty() {
        return Err(BadXml::Malformed);
    }
    root.map(Some).ok_or(BadXml::Malformed)
}

fn enter(
    reader: &NsReader<&[u8]>,
    start: &BytesStart<'_>,
    open: &mut Vec<Element>,
    elements: &mut usize,
    bounds: Bounds,
) -> Result<(), BadXml> {
    *elements += 1;
    if open.len() >= bounds.depth_max || *elements > bounds.elements_max {
        return Err(BadXml::TooLarge);
    }
    let (namespace, local) = reader.resolver().resolve_element(start.name());
    let namespace = match namespace {
        ResolveResult::Bound(Namespace(namespace)) => text_of(namespace)?,
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(_) => return Err(BadXml::Malformed),
    };
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| BadXml::Malformed)?;
        if attribute.key.prefix().is_none() && attribute.key.as_ref() != b"xmlns" {
            let value =
                attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(|_| BadXml::Malformed)?;
            attributes.push((text_of(attribute.key.as_ref())?, value.into_owned()));
        }
    }
    let local = text_of(local.as_ref())?;
    // It may be sent back (RFC 4918 §9.1): it must be a name there, too.
    let is_name = local.chars().all(|sign| sign.is_alphanumeric() || "-_.".contains(sign))
        && local.starts_with(|sign: char| sign.is_alphabetic() || sign == '_');
    if !is_name {
        return Err(BadXml::Malformed);
    }
    open.push(Element { name: Name { namespace, local }, attributes, children: Vec::new(), text: String::new() });
    Ok(())
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// A character's number, or one of XML's own five.
fn resolved(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, BadXml> {
    if let Some(letter) = reference.resolve_char_ref().map_err(|_| BadXml::Malformed)? {
        return Ok(letter);
    }
    match &**reference {
        b"amp" => Ok('&'),
        b"lt" => Ok('<'),
        b"gt" => Ok('>'),
        b"quot" => Ok('"'),
        b"apos" => Ok('\''),
        _ => Err(BadXml::Malformed),
    }
}

fn text_of(octets: &[u8]) -> Result<String, BadXml> {
    String::from_utf8(octets.to_vec()).map_err(|_| BadXml::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { depth_max: 4, elements_max: 10 };

    fn parsed(text: &str) -> Result<Option<Element>, BadXml> {
        parse(text.as_bytes(), BOUNDS)
    }

    #[test]
    fn names_are_resolved_and_texts_joined() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\r\n<a xmlns=\"DAV:\" xmlns:c='urn:x'><c:b n=\"1 &amp; 2\" c:m=\"x\">&lt;d<![CDATA[<e>]]>&#xe9;</c:b><f/></a>";
        let root = parsed(text).unwrap().unwrap();
        assert!(root.name.is(DAV, "a") && root.child(DAV, "f").is_some());
        let inner = root.child("urn:x", "b").unwrap();
        assert_eq!((inner.text.as_str(), inner.attribute("n"), inner.attribute("m")), ("<d<e>é", Some("1 & 2"), None));
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(parsed(" \r\n"), Ok(None));
        assert_eq!(parsed(""), Ok(None));
    }

    #[test]
    fn what_is_no_xml_or_dangerous_is_refused() {
        for bad in [
            "<a>",
            "</a>",
            "<a></b>",
            "text",
            "<a/><b/>",
            "<a>&unknown;</a>",
            "<x:a/>",
            "<!DOCTYPE a><a/>",
            "<a b=c/>",
            "<a>&#0;</a>",
            "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>",
            "<a b=\"&unknown;\"/>",
            "<a:b xmlns:a=''/>",
            "<0/>",
        ] {
            assert_eq!(parsed(bad), Err(BadXml::Malformed), "{bad}");
        }
        assert_eq!(parse(b"<a>\xff</a>", BOUNDS), Err(BadXml::Malformed));
    }

    #[test]
    fn depth_and_number_are_bounded() {
        assert!(parsed("<a><a><a><a/></a></a></a>").is_ok());
        assert_eq!(parsed(&"<a>".repeat(100_000)), Err(BadXml::TooLarge));
        assert_eq!(parsed(&format!("<a>{}</a>", "<b/>".repeat(10))), Err(BadXml::TooLarge));
    }
}
