//! PURE: what a client has chosen by ENABLE (RFC 9051 §6.3.1) and what differs by it. Whoever writes an answer that has
//! two forms asks here which one it is; whoever reads a command, whether it may come.
//!
//! | enabled | then |
//! | --- | --- |
//! | IMAP4rev2 | SEARCH is answered by ESEARCH, SELECT by LIST and without RECENT, names are UTF-8 (RFC 9051 Appendix A) |
//! | UTF8=ACCEPT | names are UTF-8, and no charset may be named (RFC 6855 §3) |
//! | UIDONLY | messages are known by UID alone: UIDFETCH, VANISHED (RFC 9586) |
//! | QRESYNC | VANISHED, with the ModSeq reached (RFC 7162 §3.2) |

use super::session::{Account, SessionState};
use super::wire::append::Replaced;
use super::wire::command::{CommandBody, Numbers, Resync, Search, SearchReturn};
use super::wire::sort::{Sort, ThreadAsk};
use super::wire::write::MessageNumber;
use crate::model::{SeqNum, Uid};

/// What ENABLE has set that no other command implies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Modes {
    pub imap4rev2: bool,
    pub utf8_accept: bool,
    pub uid_only: bool,
}

impl Modes {
    /// Each with the word that enables it.
    pub(super) fn by_word(&mut self) -> [(&'static str, &mut bool); 3] {
        [("IMAP4rev2", &mut self.imap4rev2), ("UTF8=ACCEPT", &mut self.utf8_accept), ("UIDONLY", &mut self.uid_only)]
    }

    /// Do mailbox names travel in UTF-8 (RFC 9051 §5.1, RFC 6855 §3)?
    pub(super) fn utf8_names(self) -> bool {
        self.imap4rev2 || self.utf8_accept
    }
}

impl Account {
    /// How a response names a message.
    pub(super) fn number(&self, seq: SeqNum, uid: Uid) -> MessageNumber {
        match self.modes.uid_only {
            true => MessageNumber::Uid(uid),
            false => MessageNumber::Seq(seq),
        }
    }

    /// Does it hear VANISHED in place of EXPUNGE?
    pub(super) fn hears_vanished(&self) -> bool {
        self.qresync || self.modes.uid_only
    }

    /// May it be told the number of the first unseen message (RFC 9586 §3, RFC 9051 Appendix E)?
    pub(super) fn hears_unseen(&self) -> bool {
        !self.modes.uid_only && !self.modes.imap4rev2
    }

    /// Is it told RECENT? IMAP4rev2 has none.
    pub(super) fn hears_recent(&self) -> bool {
        !self.modes.imap4rev2
    }

    /// The parts of an ESEARCH that this search is answered by; `None`: by SEARCH.
    pub(super) fn search_returns(&self, search: &Search) -> Option<Vec<SearchReturn>> {
        match &search.returns {
            None if self.modes.imap4rev2 => Some(vec![SearchReturn::All]),
            returns => returns.clone(),
        }
    }
}

impl SessionState {
    /// Must this command be refused, for its numbers are no UIDs (RFC 9586 §3)?
    pub(super) fn requires_uids(&self, command: &CommandBody) -> bool {
        self.account().is_some_and(|account| account.modes.uid_only) && names_numbers(command)
    }

    /// The same of REPLACE.
    pub(super) fn requires_uid(&self, replaced: Replaced) -> bool {
        self.account().is_some_and(|account| account.modes.uid_only) && replaced.numbers == Numbers::Sequence
    }
}

/// Does the command name messages by sequence number, or ask for an answer that does?
fn names_numbers(command: &CommandBody) -> bool {
    use CommandBody as C;
    match command {
        C::Fetch(fetch) => fetch.numbers == Numbers::Sequence,
        C::Store(store) => store.numbers == Numbers::Sequence,
        C::Copy { numbers, .. } | C::Move { numbers, .. } => *numbers == Numbers::Sequence,
        C::Search(search) | C::Sort(Sort { search, .. }) | C::Thread(ThreadAsk { search, .. }) => {
            search.numbers == Numbers::Sequence || search.key.names_numbers()
        }
        C::Esearch(ask) => ask.search.key.names_numbers(),
        C::Select { qresync: Some(Resync { samples, .. }), .. } => samples.is_some(),
        _ => false,
    }
}
