//! The name of a mailbox as an argument (RFC 9051 §5.1, RFC 3501 §5.1.3).

use super::utf7::NameForm;
use crate::model::{BadMailboxName, HIERARCHY_SEPARATOR, MailboxName};

/// A mailbox name as the client wrote it, decoded from modified UTF-7 (or UTF-8): `Err` where nothing can have that name,
/// which the session answers with NO, not BAD.
#[derive(Clone, Debug, PartialEq)]
pub struct MailboxArgument(
    pub Result<MailboxName, BadMailboxName>,
    /// What was written, decoded, where the mailbox is called otherwise: for OLDNAME.
    pub Option<String>,
);

impl MailboxArgument {
    /// From the octets of the argument.
    pub fn read(form: NameForm, text: &str) -> Self {
        let Some(given) = form.decode_name(text) else { return Self(Err(BadMailboxName::BadUtf7), None) };
        let name = MailboxName::parse(&given);
        let whole = given.strip_suffix(HIERARCHY_SEPARATOR).unwrap_or(&given);
        let differs = name.as_ref().is_ok_and(|name| name.as_str() != whole);
        let given = differs.then(|| whole.to_owned());
        Self(name, given)
    }
}
