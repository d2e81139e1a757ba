//! PURE: names of entries (RFC 4514), and the little tree that they make.
//!
//! ```text
//! dc=ent,dc=example,dc=fr            the domain
//!   ou=people                        everybody whom the person may write to
//!     uid=martine.durand             the local part of the address
//!   ou=groups                        and the groups
//!     cn=parents.6e-a.2026
//! ```

use super::attribute::{self, Attribute};
use super::fold;

/// The name of the subschema (RFC 4512 §4.2).
pub const SUBSCHEMA: &str = "cn=Subschema";

/// Parts of a name at most; ours have a handful.
const PARTS_MAX: usize = 32;

/// A name, from the entry up to the root: attributes and values as they are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Vec<(Attribute, String)>);

/// The text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadName;

/// What a name names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The empty name: the server itself.
    Root,
    Subschema,
    /// The domain.
    Top,
    Branch(Branch),
    /// Somebody, or a group: the local part of the address. Whether there is such an entry is not known yet.
    Entry(Branch, String),
    /// Nothing of ours.
    Nowhere,
}

/// Where entries stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    People,
    Groups,
}

impl Branch {
    /// Both.
    pub const ALL: [Self; 2] = [Self::People, Self::Groups];

    /// Its `ou`.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Groups => "groups",
        }
    }

    /// What its entries are named by.
    pub fn naming(self) -> Attribute {
        match self {
            Self::People => &attribute::UID,
            Self::Groups => &attribute::CN,
        }
    }
}

impl Name {
    /// Reads a name. An attribute that we do not have names nothing of ours, and is not kept apart from others.
    pub fn parse(text: &str) -> Result<Option<Self>, BadName> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Some(Self(Vec::new())));
        }
        let (mut parts, mut known) = (Vec::new(), true);
        for part in split(text, ',') {
            if parts.len() >= PARTS_MAX {
                return Err(BadName);
            }
            let (kind, value) = part.split_once('=').ok_or(BadName)?;
            let value = unescape(value.trim())?;
            let kind = kind.trim();
            if kind.is_empty() {
                return Err(BadName);
            }
            // Several attributes in one part: no entry of ours has that.
            known &= split(part, '+').count() == 1;
            match attribute::named(kind) {
                Some(attribute) => parts.push((attribute, fold(&value))),
                None => known = false,
            }
        }
        Ok(known.then_some(Self(parts)))
    }

    /// What it begins with: attribute and value.
    pub fn first(&self) -> Option<(Attribute, &str)> {
        self.0.first().map(|(attribute, value)| (*attribute, value.as_str()))
    }

    fn ends_with(&self, end: &Self) -> Option<&[(Attribute, String)]> {
        self.0.strip_suffix(end.0.as_slice())
    }
}

/// The names of a domain's directory.
#[derive(Clone, Debug)]
pub struct Tree {
    domain: String,
    top: String,
    top_name: Name,
}

impl Tree {
    /// The directory of a domain.
    pub fn new(domain: &str) -> Self {
        let labels = || domain.split('.').map(str::to_lowercase);
        let top = labels().map(|label| format!("dc={label}")).collect::<Vec<_>>().join(",");
        let top_name = Name(labels().map(|label| (&attribute::DC, label)).collect());
        Self { domain: domain.to_owned(), top, top_name }
    }

    /// The domain of all addresses.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The domain's name.
    pub fn top(&self) -> &str {
        &self.top
    }

    /// A branch's name.
    pub fn branch(&self, branch: Branch) -> String {
        format!("ou={},{}", branch.unit(), self.top)
    }

    /// An entry's name. `local_part`: of its address.
    pub fn entry(&self, branch: Branch, local_part: &str) -> String {
        format!("{}={},{}", branch.naming().name(), escape(local_part), self.branch(branch))
    }

    /// What a name names.
    pub fn place(&self, text: &str) -> Result<Place, BadName> {
        let Some(name) = Name::parse(text)? else { return Ok(Place::Nowhere) };
        if name.0.is_empty() {
            return Ok(Place::Root);
        }
        if name.0.as_slice() == [(&attribute::CN, "subschema".to_owned())] {
            return Ok(Place::Subschema);
        }
        let place = match name.ends_with(&self.top_name) {
            Some([]) => Place::Top,
            Some([unit]) => branch_of(unit).map_or(Place::Nowhere, Place::Branch),
            Some([entry, unit]) => match branch_of(unit).filter(|branch| branch.naming() == entry.0) {
                Some(branch) => Place::Entry(branch, entry.1.clone()),
                None => Place::Nowhere,
            },
            _ => Place::Nowhere,
        };
        Ok(place)
    }

    /// Who wants to come in under this name: the login or the address of a name in the directory; else the text as it is,
    /// for Outlook takes a login, and others an address.
    pub fn login_of(&self, text: &str) -> String {
        match Name::parse(text) {
            Ok(Some(name)) => match name.first() {
                Some((attribute, value))
                    if [&attribute::UID, &attribute::CN, &attribute::MAIL].contains(&attribute) =>
                {
                    value.to_owned()
                }
                _ => text.trim().to_owned(),
            },
            _ => text.trim().to_owned(),
        }
    }
}

fn branch_of((attribute, value): &(Attribute, String)) -> Option<Branch> {
    Branch::ALL.into_iter().find(|branch| *attribute == &attribute::OU && branch.unit() == value)
}

/// The parts between separators that no backslash stands before.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    text.split(move |sign: char| {
        let splits = sign == separator && !escaped;
        escaped = sign == '\\' && !escaped;
        splits
    })
}

/// Resolves `\,` and `\2C` (RFC 4514 §3).
fn unescape(value: &str) -> Result<String, BadName> {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let next = rest.next().ok_or(BadName)?;
        match char::from(next).to_digit(16) {
            Some(high) => {
                let low = rest.next().and_then(|low| char::from(low).to_digit(16)).ok_or(BadName)?;
                octets.push(u8::try_from(high << 4 | low).map_err(|_| BadName)?);
            }
            None => octets.push(next),
        }
    }
    String::from_utf8(octets).map_err(|_| BadName)
}

/// Writes a value so that it can stand in a name.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (index, sign) in value.chars().enumerate() {
        if "\"+,;<>\\=".contains(sign) || (index == 0 && sign == '#') {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_places() {
        let tree = Tree::new("ent.example.fr");
        let place = |text: &str| tree.place(text);
        assert_eq!(tree.top(), "dc=ent,dc=example,dc=fr");
        assert_eq!(place(""), Ok(Place::Root));
        assert_eq!(place("CN=subschema"), Ok(Place::Subschema));
        assert_eq!(place("DC=ENT, dc=example ,dc=fr"), Ok(Place::Top));
        assert_eq!(place("ou=People,dc=ent,dc=example,dc=fr"), Ok(Place::Branch(Branch::People)));
        let marie = Place::Entry(Branch::People, "marie.petit".to_owned());
        assert_eq!(place("userid=Marie.Petit,OU=people,dc=ent,dc=example,dc=fr"), Ok(marie.clone()));
        assert_eq!(place("uid=Marie\\2EPetit,OU=people,dc=ent,dc=example,dc=fr"), Ok(marie));
        for nothing in ["dc=fr", "c=FR", "uid=a,dc=ent,dc=example,dc=fr", "ou=others,dc=ent,dc=example,dc=fr"] {
            assert_eq!(place(nothing), Ok(Place::Nowhere), "{nothing}");
        }
        for bad in ["marie", "=x", "uid=a\\", "uid=a\\2", "uid=\\ff,dc=fr", ","] {
            assert_eq!(place(bad), Err(BadName), "{bad}");
        }
        assert_eq!(place(&"dc=a,".repeat(100_000)), Err(BadName));
    }

    #[test]
    fn people_come_in_under_a_name_a_login_or_an_address() {
        let tree = Tree::new("ent.test");
        for name in ["uid=zoe,ou=people,dc=ent,dc=test", "zoe", " zoe ", "cn=Zoe", "uid=zoe"] {
            assert_eq!(tree.login_of(name), "zoe");
        }
        for name in ["zoe@ent.test", "mail=zoe@ent.test,ou=people"] {
            assert_eq!(tree.login_of(name), "zoe@ent.test");
        }
        assert_eq!(tree.login_of("a=b=c"), "a=b=c");
    }

    proptest! {
        #[test]
        fn an_entrys_name_leads_back_to_it(local in "[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,20}") {
            let tree = Tree::new("ent.example.fr");
            for branch in Branch::ALL {
                prop_assert_eq!(tree.place(&tree.entry(branch, &local)), Ok(Place::Entry(branch, local.clone())));
            }
        }

        #[test]
        fn any_text_is_a_name_or_is_not(text in "([a-z=,+\\\\ é\"#;]|\\PC){0,40}") {
            let tree = Tree::new("ent.example.fr");
            let _ = tree.place(&text);
            let _ = tree.login_of(&text);
        }
    }
}
