//! Background downloads of Apple's clients: put off while there is much to do.
//!
//! Since iOS 18.5 a phone says by ID (RFC 2971) that a connection only downloads in the background. Answered by
//! `NO [UNAVAILABLE]`, it comes back about a day later (Apple TN3189). So thousands of new phones in September do not make
//! people wait. A download that runs already is told the same where it asks for messages.

use super::answer::Failure;
use super::serve::Context;
use super::wire::command::CommandBody;
use super::wire::write::Code;
use crate::sentences::Sentence;

/// Only these clients mean by `event` what is meant here.
const NAME: &str = "com.apple.";
/// Events of a background download.
const EVENTS: [&str; 2] = ["indexer", "back-fill"];

/// Does the client say that it downloads in the background? `fields`: keys in lower case.
pub(super) fn is_announced(fields: &[(String, Option<String>)]) -> bool {
    let field = |wanted| fields.iter().find(|(key, _)| key == wanted).and_then(|(_, value)| value.as_deref());
    field("name").is_some_and(|name| name.starts_with(NAME))
        && field("event").is_some_and(|events| events.split(',').any(|event| EVENTS.contains(&event.trim())))
}

/// Refuses where more commands run than the setting allows beside background downloads.
pub(super) fn put_off(context: &Context<'_>) -> Result<(), Failure> {
    if context.gateway.commands_running() > context.gateway.config.imap.background_commands_max {
        return Err(Failure::told(Code::Unavailable, Sentence::TryLater));
    }
    Ok(())
}

/// Is it one that a download consists of?
pub(super) fn is_download(command: &CommandBody) -> bool {
    use CommandBody as C;
    matches!(command, C::Select { .. } | C::Fetch(_) | C::Search(_) | C::Sort(_) | C::Thread(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_downloads_in_the_background_is_known_by_its_words() {
        let says = |name: &str, event: Option<&str>| {
            let event = ("event".to_owned(), event.map(str::to_owned));
            is_announced(&[("name".to_owned(), Some(name.to_owned())), event])
        };
        for event in ["back-fill", "indexer", "periodic,back-fill", "back-fill,periodic", "periodic, indexer"] {
            assert!(says("com.apple.email.maild", Some(event)), "{event}");
            assert!(!says("Thunderbird", Some(event)), "{event}");
        }
        for event in [None, Some("periodic"), Some("periodic,push"), Some(""), Some("no-back-fill")] {
            assert!(!says("com.apple.email.maild", event), "{event:?}");
        }
        assert!(!is_announced(&[("event".to_owned(), Some("indexer".to_owned()))]));
    }
}
