//! Addresses inside the ENT.

use std::fmt;

/// An address as it stands in an envelope: local part and domain, ASCII lower case, never quoted (the ENT has no such names).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Reads `local@domain`; `None` where it is not a plain dot-atom at a domain (RFC 5321 §4.1.2; UTF-8 allowed, RFC 6531 §3.3).
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.rsplit_once('@')?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
        let domain_ok = !domain.is_empty()
            && domain.len() <= 255
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        (local_ok && domain_ok).then(|| Self { local: local.to_lowercase(), domain: domain.to_lowercase() })
    }

    /// Before the `@`, lower case.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// After the `@`, lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}
