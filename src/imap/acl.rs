//! Rights on one's own mailboxes: MYRIGHTS, GETACL, LISTRIGHTS, SETACL, DELETEACL (RFC 4314 §3).
//!
//! Every mailbox is one person's and can be shared with nobody: its owner has every right and cannot give it away.

use super::answer::{Done, Failure, Outcome};
use super::mailboxes::find;
use super::serve::Context;
use super::session::Account;
use super::wire::command::MailboxArgument;
use super::wire::write::{self, Code};
use crate::domain::mailbox::Mailbox;
use crate::model::SpecialUse;

/// All rights, then the old names of some of them, which old clients look for (RFC 4314 §2.1.1).
const ALL: &str = "lrswipkxteacd";
/// The same without `x`: it can be neither deleted nor renamed.
const ALL_BUT_DELETE: &str = "lrswipkteacd";

fn rights(mailbox: &Mailbox) -> &'static str {
    match mailbox.special_use.is_some_and(SpecialUse::is_required) {
        true => ALL_BUT_DELETE,
        false => ALL,
    }
}

async fn own(context: &mut Context<'_>, account: &Account, argument: MailboxArgument) -> Result<Mailbox, Failure> {
    find(context, &account.user, argument).await?.ok_or_else(Failure::no_such_mailbox)
}

/// MYRIGHTS
pub(super) async fn my_rights(context: &mut Context<'_>, account: &Account, argument: MailboxArgument) -> Outcome {
    let mailbox = own(context, account, argument).await?;
    write::my_rights(&mut context.client.out, mailbox.name.as_str(), rights(&mailbox));
    Ok(Done::new("MYRIGHTS completed"))
}

/// GETACL
pub(super) async fn get_acl(context: &mut Context<'_>, account: &Account, argument: MailboxArgument) -> Outcome {
    let mailbox = own(context, account, argument).await?;
    write::acl(&mut context.client.out, mailbox.name.as_str(), &account.user.login, rights(&mailbox));
    Ok(Done::new("GETACL completed"))
}

/// LISTRIGHTS: the owner always has all of them; nobody else can be given any.
pub(super) async fn list_rights(
    context: &mut Context<'_>,
    account: &Account,
    argument: MailboxArgument,
    identifier: &str,
) -> Outcome {
    let mailbox = own(context, account, argument).await?;
    let user = &account.user;
    let names = [Some(&user.login), user.login_alias.as_ref()];
    let is_owner = names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(identifier));
    let required = if is_owner { rights(&mailbox) } else { "" };
    write::list_rights(&mut context.client.out, mailbox.name.as_str(), identifier, required);
    Ok(Done::new("LISTRIGHTS completed"))
}

/// SETACL, DELETEACL
pub(super) async fn change(context: &mut Context<'_>, account: &Account, argument: MailboxArgument) -> Outcome {
    own(context, account, argument).await?;
    Err(Failure::refused(Code::NoPerm, "Mailboxes cannot be shared"))
}
