//! PURE: sentences and syntax errors → replies. The one place where codes are chosen (RFC 5321 §4.2, RFC 3463, RFC 5248).

use super::wire::command::Syntax;
use super::wire::reply::Reply;
use crate::sentences::{Language, Sentence};

/// A sentence with its codes.
pub(super) fn reply(sentence: &Sentence, language: Language) -> Reply {
    let (code, enhanced) = codes(sentence);
    Reply::new(code, enhanced, without_full_stop(sentence.text(language)))
}

/// A sentence behind `421`: the connection ends (RFC 5321 §3.8).
pub(super) fn closing(enhanced: &'static str, sentence: &Sentence, language: Language) -> Reply {
    Reply::new(421, enhanced, without_full_stop(sentence.text(language)))
}

/// A sentence behind `454`: somebody who gave the right password cannot come in now (RFC 4954 §6).
pub(super) fn temporary_login(sentence: &Sentence, language: Language) -> Reply {
    Reply::new(454, "4.7.0", without_full_stop(sentence.text(language)))
}

/// Thunderbird puts a full stop of its own behind what it shows to the person.
fn without_full_stop(mut text: String) -> String {
    if text.ends_with('.') {
        text.truncate(text.len() - 1);
    }
    text
}

/// Reply code and enhanced code of each sentence.
#[expect(clippy::too_many_lines, reason = "a table: one line for each sentence, or fewer")]
const fn codes(sentence: &Sentence) -> (u16, &'static str) {
    match sentence {
        Sentence::Delivered | Sentence::Waiting { .. } => (250, "2.0.0"),
        Sentence::UnknownRecipient { .. } => (550, "5.1.1"),
        Sentence::BadAddress { .. } => (553, "5.1.3"),
        Sentence::RecipientSuspended { .. } => (550, "5.2.1"),
        Sentence::GroupClosed { .. } => (550, "5.1.6"),
        Sentence::GroupEmpty { .. } => (550, "5.2.4"),
        Sentence::OutsideEnt { .. }
        | Sentence::NotAllowed { .. }
        | Sentence::ListNotAllowed { .. }
        | Sentence::ListInSight { .. }
        | Sentence::NotAnAnswer { .. }
        | Sentence::NoReply
        | Sentence::NoReplyNotAllowed
        | Sentence::SenderNotYours { .. }
        | Sentence::FromNotYours { .. } => (550, "5.7.1"),
        Sentence::FromMissing | Sentence::FromSeveral | Sentence::HeaderUnreadable | Sentence::BareLineEnd => {
            (554, "5.6.0")
        }
        Sentence::NoRecipientLeft | Sentence::SentRecalled => (554, "5.5.1"),
        Sentence::TooManyPeople { .. } => (550, "5.5.3"),
        // Temporary, and it says when it ends.
        Sentence::LimitReached { .. } => (452, "4.5.3"),
        Sentence::TooManyRecipients { .. } => (452, "4.5.3"),
        Sentence::MessageTooLarge { .. } | Sentence::HeaderTooLarge { .. } => (552, "5.3.4"),
        Sentence::QuotaExceeded => (552, "5.2.2"),
        Sentence::AccountSuspended => (525, "5.7.13"),
        // Not 535: the password may be right, and it is the app that may not have it.
        Sentence::CloudApp => (550, "5.7.1"),
        Sentence::BadCredentials => (535, "5.7.8"),
        Sentence::LoginRequired => (530, "5.7.0"),
        Sentence::TlsRequired => (538, "5.7.11"),
        // Temporary, so that no client forgets a password that may be right (RFC 4954 §6).
        Sentence::TooManyTries => (454, "4.7.0"),
        Sentence::TooManyConnections => (421, "4.7.0"),
        Sentence::SessionEnded => (421, "4.3.2"),
        Sentence::PasswordChanged | Sentence::DeviceRevoked => (421, "4.7.0"),
        Sentence::TryLater => (451, "4.3.0"),
        // Temporary: clients keep the letter, and may send it when the switch is turned back.
        Sentence::SendingOff => (451, "4.3.2"),
        Sentence::RulesAway => (451, "4.7.0"),
        // Said over IMAP.
        Sentence::ReadingOff
        | Sentence::RecallNotAllowed
        | Sentence::RecallNotSent
        | Sentence::RecallTooLate { .. }
        | Sentence::RecallAlready
        | Sentence::RecallOneByOne
        | Sentence::RecallByMoving
        | Sentence::NoSuchMailbox
        | Sentence::MailboxExists
        | Sentence::MailboxSpecial
        | Sentence::MailboxDuplicatesSpecial
        | Sentence::MailboxHasChildren
        | Sentence::MailboxReadOnly
        | Sentence::MailboxGone
        | Sentence::TooManyMailboxes
        | Sentence::MailboxTooDeep
        | Sentence::MailboxNameTooLong
        | Sentence::BadMailboxName
        | Sentence::TooManyKeywords
        // Read in letters.
        | Sentence::SearchTooBroad { .. }
        | Sentence::MoreFound
        | Sentence::TooManySearches
        | Sentence::DirectoryReadOnly
        | Sentence::LetterRecalled
        | Sentence::AttachmentMissing { .. }
        // On the screens of devices.
        | Sentence::AccountName { .. }
        | Sentence::BookOfClasses
        | Sentence::BookOfGroups
        | Sentence::BookOfColleagues
        | Sentence::BookOfOthers
        | Sentence::BookExplained
        | Sentence::ProfileName { .. }
        | Sentence::ParentOf { .. }
        | Sentence::ProfileExplained => (550, "5.2.0"),
    }
}

/// What is wrong with a line. For those who write clients: in English.
pub(super) fn syntax(syntax: &Syntax) -> Reply {
    match syntax {
        Syntax::TooLong => Reply::new(500, "5.5.2", "Line too long"),
        Syntax::Octets => Reply::new(500, "5.5.2", "Lines are UTF-8 without control characters and end with CRLF"),
        Syntax::UnknownCommand => Reply::new(500, "5.5.1", "Unknown command"),
        Syntax::Arguments(form) => Reply::new(501, "5.5.4", format!("Syntax: {form}")),
        Syntax::Parameter(parameter) => Reply::new(555, "5.5.4", format!("Parameter not supported: {parameter}")),
        Syntax::ChunkSize => {
            Reply::new(421, "4.5.4", "BDAT without a readable size; closing, as the next command is lost")
        }
    }
}
