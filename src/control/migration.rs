//! The admin's commands about mail that comes from elsewhere, or goes there: import-mes-donnees, import-mail, export.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::{Stop, find};
use crate::domain::Gateway;
use crate::domain::import::progress::Progress;
use crate::domain::mailbox::MailboxRefusal;
use crate::domain::migration::{BringOptions, BringRefusal, Brought, ExportTo};
use crate::model::MailboxName;
use crate::sentences::Language;

/// What an admin asks. Paths are absolute, and are read and written by the server where it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum MigrationCommand {
    /// Brings a « Mes données » archive in. `other_owner`: though it is another person's.
    MesDonnees { user: String, zip: PathBuf, how: Bringing, other_owner: bool },
    /// Brings mail of other programs in: into a mailbox, or below it.
    Mail { user: String, path: PathBuf, how: Bringing, into: Option<String> },
    /// Writes somebody's mail to files that are not there yet.
    Export { user: String, to: Exporting },
}

/// How mail is brought in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bringing {
    pub dry_run: bool,
    pub skip_broken: bool,
    pub over_quota: bool,
}

/// What an export makes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exporting {
    /// A folder of mbox files.
    Mbox(PathBuf),
    /// A zip of .eml files.
    Eml(PathBuf),
}

/// What was brought in, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroughtSheet {
    pub kind: String,
    pub dry_run: bool,
    /// Messages that were found.
    pub found: usize,
    /// Those that had not been brought in before; and their octets.
    pub new: usize,
    pub new_bytes: u64,
    /// Those that are in the mailboxes now and were not.
    pub brought: usize,
    /// Mailboxes that were made.
    pub mailboxes: Vec<String>,
    pub remarks: Vec<String>,
    /// What was left out; the first reasons.
    pub left_out: Vec<String>,
    pub left_out_in_all: usize,
}

/// Why nothing was brought in; the first reasons, with file and place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenSheet {
    pub problems: Vec<String>,
    pub problems_in_all: usize,
}

/// What was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedSheet {
    pub mailboxes: usize,
    pub messages: usize,
    pub bytes: u64,
    /// Messages that were deleted while the export ran.
    pub gone: usize,
}

/// Does what the admin asks.
pub(super) async fn answer(
    gateway: &Gateway,
    command: MigrationCommand,
    progress: &Arc<Progress>,
) -> Result<AdminAnswer, Stop> {
    match command {
        MigrationCommand::MesDonnees { user, zip, how, other_owner } => {
            let user = find(gateway, &user).await?;
            let options = BringOptions { other_owner, ..options(how, None) };
            told(gateway.bring_mes_donnees(&user, &zip, &options, progress).await?)
        }
        MigrationCommand::Mail { user, path, how, into } => {
            let user = find(gateway, &user).await?;
            let into = into.map(|name| {
                MailboxName::parse(&name).map_err(|_| Stop::Refused(format!("{name} is no name for a mailbox")))
            });
            let options = options(how, into.transpose()?);
            told(gateway.bring_mail(&user, &path, &options, progress).await?)
        }
        MigrationCommand::Export { user, to } => export(gateway, &user, to, progress).await,
    }
}

async fn export(gateway: &Gateway, user: &str, to: Exporting, progress: &Arc<Progress>) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    let to = match to {
        Exporting::Mbox(path) => ExportTo::Mbox(path),
        Exporting::Eml(path) => ExportTo::Eml(path),
    };
    let exported = gateway.export_mail(&user, &to, progress).await?.map_err(Stop::Refused)?;
    Ok(AdminAnswer::Exported(ExportedSheet {
        mailboxes: exported.mailboxes,
        messages: exported.messages,
        bytes: exported.bytes,
        gone: exported.gone,
    }))
}

fn options(how: Bringing, into: Option<MailboxName>) -> BringOptions {
    let Bringing { dry_run, skip_broken, over_quota } = how;
    BringOptions { dry_run, skip_broken, over_quota, other_owner: false, into }
}

fn told(brought: Result<Brought, BringRefusal>) -> Result<AdminAnswer, Stop> {
    let words = |problems: &[crate::domain::migration::Problem]| problems.iter().map(ToString::to_string).collect();
    match brought {
        Ok(brought) => Ok(AdminAnswer::Brought(BroughtSheet {
            kind: brought.kind.to_owned(),
            dry_run: brought.dry_run,
            found: brought.found,
            new: brought.new,
            new_bytes: brought.new_bytes,
            brought: brought.brought,
            mailboxes: brought.mailboxes,
            remarks: words(&brought.remarks),
            left_out: words(&brought.left_out),
            left_out_in_all: brought.left_out_in_all,
        })),
        Err(BringRefusal::Broken { problems, in_all }) => {
            Ok(AdminAnswer::Broken(BrokenSheet { problems: words(&problems), problems_in_all: in_all }))
        }
        Err(refusal) => Err(Stop::Refused(reason(&refusal))),
    }
}

/// Why nothing was brought in, and what to do about it.
fn reason(refusal: &BringRefusal) -> String {
    match refusal {
        BringRefusal::Broken { in_all, .. } => format!("{in_all} things are wrong: nothing was changed"),
        BringRefusal::Unreadable(why) => format!("{why}: nothing was changed"),
        BringRefusal::OtherOwner { login } => {
            format!("this is the archive of {login}: nothing was changed. To bring it in all the same: --other-owner")
        }
        BringRefusal::Quota { messages, bytes, quota } => format!(
            "no room: {messages} messages of {bytes} octets are new, and {} of {} octets and {} of {} messages are \
             used already: nothing was changed. To bring them in all the same: --over-quota",
            quota.used_bytes, quota.limit_bytes, quota.used_messages, quota.limit_messages
        ),
        BringRefusal::Mailbox { name, why } => format!("the mailbox {name} cannot be made: {}", mailbox_reason(*why)),
        BringRefusal::Interrupted { brought, why } => {
            format!("it ended early, with {brought} messages brought in: {why}. Do it again: it goes on where it ended")
        }
    }
}

fn mailbox_reason(why: MailboxRefusal) -> String {
    use crate::sentences::Sentence;
    let sentence = match why {
        MailboxRefusal::TooMany => Sentence::TooManyMailboxes,
        MailboxRefusal::TooDeep => Sentence::MailboxTooDeep,
        MailboxRefusal::NameTooLong => Sentence::MailboxNameTooLong,
        MailboxRefusal::DuplicatesSpecial(_) => Sentence::MailboxDuplicatesSpecial,
        _ => Sentence::BadMailboxName,
    };
    sentence.text(Language::En)
}
