//! PURE: entries, as clients see them: of the domain, of people, of groups (RFC 2798, RFC 4519).

use super::attribute::{self, Attribute, Selection, Usage};
use super::dn::{self, Branch, Tree};
use super::wire::answer::FoundEntry;

/// An entry: its name, and its attributes with their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    attributes: Vec<(Attribute, Vec<String>)>,
}

impl Entry {
    /// One of these classes, the structural one last.
    pub fn new(name: String, classes: &[&str]) -> Self {
        let structural = classes.last().copied().unwrap_or("top");
        let mut entry = Self { name, attributes: Vec::new() };
        entry.add(&attribute::OBJECT_CLASS, classes.iter().copied());
        entry.add(&attribute::STRUCTURAL_CLASS, [structural]);
        entry.add(&attribute::ENTRY_DN, [entry.name.clone()]);
        entry.add(&attribute::SUBSCHEMA, [dn::SUBSCHEMA]);
        entry
    }

    /// Adds values, where there are any.
    pub fn add<V: Into<String>>(&mut self, attribute: Attribute, values: impl IntoIterator<Item = V>) {
        let values: Vec<String> = values.into_iter().map(Into::into).filter(|value| !value.is_empty()).collect();
        if !values.is_empty() {
            self.attributes.push((attribute, values));
        }
    }

    /// An attribute's values: none where it has no such attribute.
    pub fn values(&self, attribute: Attribute) -> &[String] {
        self.attributes
            .iter()
            .find(|(own, _)| *own == attribute)
            .map(|(_, values)| values.as_slice())
            .unwrap_or_default()
    }

    /// What is told of it.
    pub fn told(&self, selection: &Selection, names_only: bool) -> FoundEntry {
        let chosen = self.attributes.iter().filter(|(attribute, _)| selection.has(attribute));
        let values = |values: &Vec<String>| if names_only { Vec::new() } else { values.clone() };
        let attributes = chosen.map(|(attribute, own)| (attribute.name(), values(own))).collect();
        FoundEntry { name: self.name.clone(), attributes }
    }
}

/// The domain and the branches below it.
pub fn domain(tree: &Tree) -> Entry {
    let mut entry = Entry::new(tree.top().to_owned(), &["top", "dcObject", "organization"]);
    entry.add(&attribute::DC, tree.domain().split('.').take(1));
    entry.add(&attribute::O, [tree.domain()]);
    entry
}

/// Where people stand, or groups.
pub fn branch(tree: &Tree, branch: Branch) -> Entry {
    let mut entry = Entry::new(tree.branch(branch), &["top", "organizationalUnit"]);
    entry.add(&attribute::OU, [branch.unit()]);
    entry
}

/// The server itself (RFC 4512 §5.1). Everything of it is operational but its class, and clients that do not say what they
/// want get all of it.
pub fn root(tree: &Tree, extensions: &[&str], controls: &[&str]) -> Entry {
    let mut entry = Entry { name: String::new(), attributes: Vec::new() };
    entry.add(&attribute::OBJECT_CLASS, ["top"]);
    entry.add(&attribute::NAMING_CONTEXTS, [tree.top()]);
    entry.add(&attribute::SUBSCHEMA, [dn::SUBSCHEMA]);
    entry.add(&attribute::SUPPORTED_VERSION, ["3"]);
    entry.add(&attribute::SUPPORTED_EXTENSION, extensions.iter().copied());
    entry.add(&attribute::SUPPORTED_CONTROL, controls.iter().copied());
    // All operational attributes (RFC 3673); `(&)` and `(|)` (RFC 4526).
    entry.add(&attribute::SUPPORTED_FEATURES, ["1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.3"]);
    entry.add(&attribute::VENDOR_NAME, ["Passerelle"]);
    entry
}

/// The classes of entries: number, name, and the rest of its description (RFC 4512 §4.1.1).
const CLASSES: [(&str, &str, &str); 8] = [
    ("2.5.6.0", "top", "ABSTRACT MUST objectClass"),
    ("2.5.6.6", "person", "SUP top STRUCTURAL MUST ( sn $ cn )"),
    ("2.5.6.7", "organizationalPerson", "SUP person STRUCTURAL MAY ( title $ ou )"),
    (
        "2.16.840.1.113730.3.2.2",
        "inetOrgPerson",
        "SUP organizationalPerson STRUCTURAL MAY ( displayName $ givenName $ mail $ o $ uid )",
    ),
    ("2.5.6.9", "groupOfNames", "SUP top STRUCTURAL MUST cn MAY ( o $ ou $ mail $ displayName )"),
    ("2.5.6.4", "organization", "SUP top STRUCTURAL MUST o"),
    ("2.5.6.5", "organizationalUnit", "SUP top STRUCTURAL MUST ou"),
    ("1.3.6.1.4.1.1466.344", "dcObject", "SUP top AUXILIARY MUST dc"),
];

/// The schema of all that (RFC 4512 §4.2).
pub fn subschema() -> Entry {
    let mut entry = Entry::new(dn::SUBSCHEMA.to_owned(), &["top", "subentry", "subschema"]);
    entry.add(&attribute::CN, ["Subschema"]);
    let classes = CLASSES.map(|(oid, name, rest)| format!("( {oid} NAME '{name}' {rest} )"));
    entry.add(&attribute::OBJECT_CLASSES, classes);
    entry.add(&attribute::ATTRIBUTE_TYPES, attribute::ALL.iter().copied().map(description));
    entry
}

fn description(attribute: Attribute) -> String {
    let names = attribute.names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(" ");
    let names = if attribute.names.len() == 1 { names } else { format!("( {names} )") };
    let usage = if attribute.usage == Usage::Operational { " USAGE directoryOperation" } else { "" };
    format!("( {} NAME {names} {}{usage} )", attribute.oid, attribute.definition)
}
