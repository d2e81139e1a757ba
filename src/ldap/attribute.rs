//! PURE: the attributes of the directory (RFC 4519, RFC 2798, RFC 4524, RFC 4512 §5.1), by all their names.

/// One kind of attribute. Kinds are told apart by their number.
#[derive(Debug)]
pub struct AttributeType {
    pub oid: &'static str,
    /// The first is the one that is told.
    pub names: &'static [&'static str],
    pub usage: Usage,
    /// What the schema says besides (RFC 4512 §4.1.2).
    pub definition: &'static str,
}

/// What an attribute is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// What people are found by.
    Finding,
    /// What they also have.
    User,
    /// What is told only where it is asked for by name, or by `+`.
    Operational,
}

/// A kind of attribute.
pub type Attribute = &'static AttributeType;

impl PartialEq for AttributeType {
    fn eq(&self, other: &Self) -> bool {
        self.oid == other.oid
    }
}

impl Eq for AttributeType {}

impl AttributeType {
    /// The name that is told.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or(self.oid)
    }
}

/// Case does not count, nor do spaces at the ends; text.
const TEXT: &str = "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15";
const ASCII: &str =
    "EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26";
const NAME: &str = "EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12";
const OID: &str = "EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38";
const DESCRIPTION: &str = "EQUALITY objectIdentifierFirstComponentMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.3";

macro_rules! attributes {
    ($($constant:ident = $oid:literal, [$($name:literal),+], $usage:ident, $definition:expr;)+) => {
        $(
            #[doc = concat!("`", $oid, "`")]
            pub static $constant: AttributeType = AttributeType {
                oid: $oid,
                names: &[$($name),+],
                usage: Usage::$usage,
                definition: $definition,
            };
        )+

        /// All of them.
        pub static ALL: &[Attribute] = &[$(&$constant),+];
    };
}

attributes! {
    OBJECT_CLASS = "2.5.4.0", ["objectClass"], User, OID;
    CN = "2.5.4.3", ["cn", "commonName"], Finding, TEXT;
    SN = "2.5.4.4", ["sn", "surname"], Finding, TEXT;
    GIVEN_NAME = "2.5.4.42", ["givenName", "gn"], Finding, TEXT;
    DISPLAY_NAME = "2.16.840.1.113730.3.1.241", ["displayName"], Finding, TEXT;
    MAIL = "0.9.2342.19200300.100.1.3", ["mail", "rfc822Mailbox"], Finding, ASCII;
    UID = "0.9.2342.19200300.100.1.1", ["uid", "userid"], Finding, TEXT;
    O = "2.5.4.10", ["o", "organizationName"], User, TEXT;
    OU = "2.5.4.11", ["ou", "organizationalUnitName"], User, TEXT;
    TITLE = "2.5.4.12", ["title"], User, TEXT;
    DC = "0.9.2342.19200300.100.1.25", ["dc", "domainComponent"], User, ASCII;
    ENTRY_DN = "1.3.6.1.1.20", ["entryDN"], Operational, NAME;
    STRUCTURAL_CLASS = "2.5.21.9", ["structuralObjectClass"], Operational, OID;
    SUBSCHEMA = "2.5.18.10", ["subschemaSubentry"], Operational, NAME;
    NAMING_CONTEXTS = "1.3.6.1.4.1.1466.101.120.5", ["namingContexts"], Operational, NAME;
    SUPPORTED_EXTENSION = "1.3.6.1.4.1.1466.101.120.7", ["supportedExtension"], Operational, OID;
    SUPPORTED_CONTROL = "1.3.6.1.4.1.1466.101.120.13", ["supportedControl"], Operational, OID;
    SUPPORTED_VERSION = "1.3.6.1.4.1.1466.101.120.15", ["supportedLDAPVersion"], Operational,
        "SYNTAX 1.3.6.1.4.1.1466.115.121.1.27";
    SUPPORTED_FEATURES = "1.3.6.1.4.1.4203.1.3.5", ["supportedFeatures"], Operational, OID;
    VENDOR_NAME = "1.3.6.1.1.4", ["vendorName"], Operational, "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15";
    OBJECT_CLASSES = "2.5.21.6", ["objectClasses"], Operational, DESCRIPTION;
    ATTRIBUTE_TYPES = "2.5.21.5", ["attributeTypes"], Operational, DESCRIPTION;
}

/// The attribute that is called so, in any case; `None` where we have none, or where it carries options (RFC 4512 §2.5.2).
pub fn named(description: &str) -> Option<Attribute> {
    let is_called = |attribute: &&Attribute| {
        attribute.oid == description || attribute.names.iter().any(|name| name.eq_ignore_ascii_case(description))
    };
    ALL.iter().find(is_called).copied()
}

/// Which attributes a client wants (RFC 4511 §4.5.1.8, RFC 3673).
#[derive(Debug, Default)]
pub struct Selection {
    user: bool,
    operational: bool,
    named: Vec<Attribute>,
}

impl Selection {
    /// From the names in a search: none means all that people use, `*` too, `+` the operational ones, `1.1` nothing.
    pub fn new(descriptions: &[String]) -> Self {
        let asks = |word: &str| descriptions.iter().any(|description| description == word);
        Self {
            user: descriptions.is_empty() || asks("*"),
            operational: asks("+"),
            named: descriptions.iter().filter_map(|description| named(description)).collect(),
        }
    }

    /// Is this one wanted?
    pub fn has(&self, attribute: Attribute) -> bool {
        let by_usage = if attribute.usage == Usage::Operational { self.operational } else { self.user };
        by_usage || self.named.contains(&attribute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_have_several_names() {
        for name in ["cn", "CN", "commonname", "2.5.4.3"] {
            assert_eq!(named(name), Some(&CN));
        }
        assert_eq!(named("rfc822MAILBOX"), Some(&MAIL));
        for nothing in ["", "cn;lang-fr", "member", "userPassword", "jpegPhoto", "2.5.4"] {
            assert_eq!(named(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn clients_choose_attributes() {
        let chosen = |words: &[&str]| {
            let selection = Selection::new(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            [&CN, &MAIL, &ENTRY_DN].map(|attribute| selection.has(attribute))
        };
        assert_eq!(chosen(&[]), [true, true, false]);
        assert_eq!(chosen(&["*"]), [true, true, false]);
        assert_eq!(chosen(&["+"]), [false, false, true]);
        assert_eq!(chosen(&["*", "+"]), [true, true, true]);
        assert_eq!(chosen(&["1.1"]), [false, false, false]);
        assert_eq!(chosen(&["MAIL", "jpegPhoto"]), [false, true, false]);
        assert_eq!(chosen(&["1.1", "cn", "entrydn"]), [true, false, true]);
    }
}
