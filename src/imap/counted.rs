//! PURE: as what a command is counted (`metrics`).

use super::wire::command::CommandBody;
use crate::metrics::ImapCommand;

/// The command's name, without its arguments. IDLE, which waits, is not counted: it comes by another way.
pub(super) const fn counted_as(body: &CommandBody) -> ImapCommand {
    use CommandBody as C;
    match body {
        C::Capability => ImapCommand::Capability,
        C::Noop | C::Idle => ImapCommand::Noop,
        C::Logout => ImapCommand::Logout,
        C::Id(_) => ImapCommand::Id,
        C::StartTls => ImapCommand::StartTls,
        C::Authenticate { .. } => ImapCommand::Authenticate,
        C::Login { .. } => ImapCommand::Login,
        C::Enable(_) => ImapCommand::Enable,
        C::Select { .. } => ImapCommand::Select,
        C::Create { .. } => ImapCommand::Create,
        C::Delete(_) => ImapCommand::Delete,
        C::Rename { .. } => ImapCommand::Rename,
        C::Subscribe(_) => ImapCommand::Subscribe,
        C::Unsubscribe(_) => ImapCommand::Unsubscribe,
        C::List(_) => ImapCommand::List,
        C::Lsub { .. } => ImapCommand::Lsub,
        C::Namespace => ImapCommand::Namespace,
        C::Status { .. } => ImapCommand::Status,
        C::Append(_) => ImapCommand::Append,
        C::Notify(_) => ImapCommand::Notify,
        C::Esearch(_) => ImapCommand::Esearch,
        C::GetQuota { .. } | C::GetQuotaRoot(_) | C::SetQuota => ImapCommand::Quota,
        C::MyRights(_) | C::ListRights { .. } | C::GetAcl(_) | C::SetAcl(_) | C::DeleteAcl(_) => ImapCommand::Acl,
        C::GetMetadata(..) | C::SetMetadata(..) => ImapCommand::Metadata,
        C::Compress(_) => ImapCommand::Compress,
        C::Unauthenticate => ImapCommand::Unauthenticate,
        C::Check => ImapCommand::Check,
        C::Close => ImapCommand::Close,
        C::Unselect => ImapCommand::Unselect,
        C::Expunge { .. } => ImapCommand::Expunge,
        C::UidBatches(_) => ImapCommand::UidBatches,
        C::Search(_) => ImapCommand::Search,
        C::CancelUpdate(_) => ImapCommand::CancelUpdate,
        C::Sort(_) => ImapCommand::Sort,
        C::Thread(_) => ImapCommand::Thread,
        C::Fetch(_) => ImapCommand::Fetch,
        C::Store(_) => ImapCommand::Store,
        C::Copy { .. } => ImapCommand::Copy,
        C::Move { .. } => ImapCommand::Move,
    }
}
