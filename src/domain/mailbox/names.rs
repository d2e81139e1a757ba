//! PURE: the names that mail clients give to Drafts, Sent and Trash. A second one under such a name would hide mail from
//! the person's other devices: it is refused, and the client takes the one that SPECIAL-USE tells it (RFC 6154).

use unicode_normalization::UnicodeNormalization;

use crate::config::MailboxesConfig;
use crate::model::{HIERARCHY_SEPARATOR, MailboxName, SpecialUse};

/// Names in lower case without accents.
const DRAFTS: [&str; 5] = ["drafts", "draft", "brouillons", "brouillon", "draft messages"];
const SENT: [&str; 10] = [
    "sent",
    "sent messages",
    "sent items",
    "sent mail",
    "sent-mail",
    "elements envoyes",
    "messages envoyes",
    "envoyes",
    "courrier envoye",
    "objets envoyes",
];
const TRASH: [&str; 11] = [
    "trash",
    "deleted",
    "deleted messages",
    "deleted items",
    "bin",
    "corbeille",
    "elements supprimes",
    "messages supprimes",
    "supprimes",
    "courrier supprime",
    "objets supprimes",
];

/// Which special mailbox a new one of this name, at the top or right below INBOX, would double.
pub(super) fn duplicate_of(name: &MailboxName, config: &MailboxesConfig) -> Option<SpecialUse> {
    let name = name.as_str();
    let own = name.strip_prefix("INBOX/").unwrap_or(name);
    if own.contains(HIERARCHY_SEPARATOR) {
        return None;
    }
    let own = fold(own);
    let known: [(SpecialUse, &[&str], &str); 3] = [
        (SpecialUse::Drafts, &DRAFTS, &config.drafts_name),
        (SpecialUse::Sent, &SENT, &config.sent_name),
        (SpecialUse::Trash, &TRASH, &config.trash_name),
    ];
    known
        .into_iter()
        .find(|(_, names, configured)| names.contains(&own.as_str()) || fold(configured) == own)
        .map(|(special, ..)| special)
}

/// Lower case, accents dropped, `_` as space, single spaces.
fn fold(name: &str) -> String {
    let folded: String = name
        .nfkd()
        .filter(|letter| !unicode_normalization::char::is_combining_mark(*letter))
        .map(|letter| if letter == '_' { ' ' } else { letter })
        .flat_map(char::to_lowercase)
        .collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duplicate(name: &str) -> Option<SpecialUse> {
        duplicate_of(&MailboxName::parse(name).unwrap(), &MailboxesConfig::default())
    }

    #[test]
    fn knows_what_clients_create() {
        assert_eq!(duplicate("Sent Messages"), Some(SpecialUse::Sent));
        assert_eq!(duplicate("Éléments envoyés"), Some(SpecialUse::Sent));
        assert_eq!(duplicate("E\u{301}le\u{301}ments envoye\u{301}s"), Some(SpecialUse::Sent));
        assert_eq!(duplicate("INBOX/Sent Items"), Some(SpecialUse::Sent));
        assert_eq!(duplicate("DELETED ITEMS"), Some(SpecialUse::Trash));
        assert_eq!(duplicate("Corbeille"), Some(SpecialUse::Trash));
        assert_eq!(duplicate("inbox/brouillons"), Some(SpecialUse::Drafts));
        assert_eq!(duplicate("Projets/Corbeille"), None);
        assert_eq!(duplicate("Archives"), None);
        assert_eq!(duplicate("Envoyés à la mairie"), None);
    }

    #[test]
    fn knows_the_configured_names() {
        let config = MailboxesConfig { sent_name: "Départ".to_owned(), ..MailboxesConfig::default() };
        assert_eq!(duplicate_of(&MailboxName::parse("depart").unwrap(), &config), Some(SpecialUse::Sent));
        assert_eq!(duplicate_of(&MailboxName::parse("Sent").unwrap(), &config), Some(SpecialUse::Sent));
    }
}
