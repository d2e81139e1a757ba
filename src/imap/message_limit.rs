//! How many messages one command may work on, where a setting says so (RFC 9738): the newest of them, and the answer tells
//! up to which; what would double messages, or cannot be done in parts, is refused as a whole.

use super::answer::{Done, DoneCode, Failure};
use super::serve::Context;
use super::view::MailboxView;
use super::wire::command::{PartialRange, SearchKey};
use super::wire::write::{self, Code, Condition};
use crate::config::ImapConfig;
use crate::domain::snapshot::Entry;
use crate::model::Uid;

/// `[MESSAGELIMIT 1000 23221]`: the limit, and the lowest UID that was worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    limit: usize,
    lowest: Option<Uid>,
}

const TOO_MANY: &str = "Too many messages in one command";

impl Cut {
    /// The code to be written.
    pub(super) fn as_code(self) -> Code<'static> {
        Code::MessageLimit { limit: self.limit, lowest: self.lowest }
    }

    /// The answer to a command that cannot be done in parts.
    pub(super) fn refusal(self) -> Failure {
        Failure::refused(self.as_code(), TOO_MANY)
    }
}

/// The newest of these, rising, as many as one command may work on.
pub(super) fn newest(config: &ImapConfig, uids: &mut Vec<Uid>) -> Option<Cut> {
    let limit = config.message_limit?;
    let beyond = uids.len().checked_sub(limit).filter(|beyond| *beyond > 0)?;
    uids.drain(..beyond);
    Some(Cut { limit, lowest: uids.first().copied() })
}

/// The messages that a search looks at: those that its sets leave (RFC 9738 §3), the newest of them.
pub(super) fn searched(
    config: &ImapConfig,
    view: &MailboxView,
    key: &SearchKey,
    told: &mut Vec<Uid>,
) -> Result<Option<Cut>, Failure> {
    if config.message_limit.is_none() {
        return Ok(None);
    }
    let keys = match key {
        SearchKey::And(keys) => keys.as_slice(),
        key => std::slice::from_ref(key),
    };
    for key in keys {
        if let SearchKey::Set(numbers, set) = key {
            let named = view.select(set, *numbers)?;
            told.retain(|uid| named.binary_search(uid).is_ok());
        }
    }
    Ok(newest(config, told))
}

/// May these messages be copied by one command? The refusal names the lowest UID that could have been.
pub(super) fn may_copy(config: &ImapConfig, uids: &[Uid]) -> Result<(), Failure> {
    match save_limit(config).filter(|limit| uids.len() > *limit) {
        Some(limit) => Err(Cut { limit, lowest: uids.get(uids.len().saturating_sub(limit)).copied() }.refusal()),
        None => Ok(()),
    }
}

/// May so many messages be appended by one command?
pub(super) fn may_append(config: &ImapConfig, messages: usize) -> Result<(), Failure> {
    match save_limit(config).filter(|limit| messages > *limit) {
        Some(limit) => Err(Cut { limit, lowest: None }.refusal()),
        None => Ok(()),
    }
}

fn save_limit(config: &ImapConfig) -> Option<usize> {
    [config.message_limit, config.save_limit].into_iter().flatten().min()
}

/// May this range be asked for (RFC 9738 §3)?
pub(super) fn may_ask(config: &ImapConfig, range: PartialRange) -> Result<(), Failure> {
    let length = usize::try_from(range.from.abs_diff(range.to)).unwrap_or(usize::MAX).saturating_add(1);
    match config.message_limit {
        Some(limit) if length > limit => Err(Cut { limit, lowest: None }.refusal()),
        _ => Ok(()),
    }
}

/// Tells of it: in the tagged answer, or before it where that has a code already.
pub(super) fn tell(context: &mut Context<'_>, cut: Option<Cut>, done: Done) -> Done {
    match cut {
        None => done,
        Some(cut) if done.code.is_none() => Done { code: Some(DoneCode::MessageLimit(cut)), ..done },
        Some(cut) => {
            write::untagged(&mut context.client.out, Condition::No, Some(cut.as_code()), TOO_MANY);
            done
        }
    }
}

/// Messages that an expunge would take.
pub(super) fn is_deleted(entry: &Entry) -> bool {
    entry.flags.has(crate::model::SystemFlag::Deleted)
}
