//! `passerelle import-mes-donnees`, `import-mail` and `export`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{
    AdminAnswer, AdminCommand, Bringing, BrokenSheet, BroughtSheet, ExportedSheet, Exporting, MigrationCommand,
};

/// Bring a person's « Mes données » archive in
///
/// ZIP is the archive that a person downloads from the ENT. Messages, drafts, folders, trash, attachments and pictures
/// come into the person's mailboxes with their dates; what was brought in before is known again, whatever became of it. The
/// whole archive is checked first: where something is wrong with it, that is told with table and row, and nothing is
/// changed (exit code 1).
///
/// Examples:
///   passerelle import-mes-donnees --config p.toml --dry-run martine.durand mes-donnees.zip
///   passerelle import-mes-donnees --config p.toml martine.durand mes-donnees.zip
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct ImportMesDonnees {
    /// Login, alias, address or id
    user: String,
    /// The archive; the server reads it, where it runs
    zip: PathBuf,
    /// Bring it in though it is the archive of another person
    #[arg(long)]
    other_owner: bool,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Bring mail of other programs in
///
/// PATH is an mbox file, a folder of them (Thunderbird's too), a Maildir, or a zip of .eml files; an export of Passerelle
/// is one of these. Mailboxes are made as they are needed; flags and dates are kept. What was brought in before is known
/// again, whatever became of it.
///
/// Examples:
///   passerelle import-mail --config p.toml martine.durand Archives.mbox
///   passerelle import-mail --config p.toml --into "Ancienne messagerie" martine.durand Maildir/
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct ImportMail {
    /// Login, alias, address or id
    user: String,
    /// A file or a folder; the server reads it, where it runs
    #[arg(value_name = "PATH")]
    files: PathBuf,
    /// The mailbox for the messages of one file, or above the mailboxes of several
    #[arg(long, value_name = "MAILBOX")]
    into: Option<String>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Write a person's mail to files
///
/// The files are made new, and readable by the server's user alone. `import-mail` reads them back, with flags and dates.
///
/// Examples:
///   passerelle export --config p.toml --eml /var/tmp/durand.zip martine.durand
///   passerelle export --config p.toml --mbox /var/tmp/durand martine.durand
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Export {
    /// Login, alias, address or id
    user: String,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct To {
    /// A folder to be made, with an mbox file for each mailbox
    #[arg(long, value_name = "FOLDER")]
    mbox: Option<PathBuf>,
    /// A zip to be made, with an .eml file for each message
    #[arg(long, value_name = "ZIP")]
    eml: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct How {
    /// Only tell what would be brought in
    #[arg(long)]
    dry_run: bool,
    /// Leave out what cannot be taken, and tell it
    #[arg(long)]
    skip_broken: bool,
    /// Bring it in though the person's quota does not suffice
    #[arg(long)]
    over_quota: bool,
}

impl From<How> for Bringing {
    fn from(how: How) -> Self {
        Self { dry_run: how.dry_run, skip_broken: how.skip_broken, over_quota: how.over_quota }
    }
}

pub(super) async fn import_mes_donnees(command: ImportMesDonnees) -> anyhow::Result<Exit> {
    let ImportMesDonnees { user, zip, other_owner, how, config } = command;
    let zip = existing(&zip)?;
    bring(&config, MigrationCommand::MesDonnees { user, zip, how: how.into(), other_owner }).await
}

pub(super) async fn import_mail(command: ImportMail) -> anyhow::Result<Exit> {
    let ImportMail { user, files, into, how, config } = command;
    let path = existing(&files)?;
    bring(&config, MigrationCommand::Mail { user, path, how: how.into(), into }).await
}

pub(super) async fn export(command: Export) -> anyhow::Result<Exit> {
    let Export { user, to, config } = command;
    let to = match (to.mbox, to.eml) {
        (Some(folder), _) => Exporting::Mbox(new(&folder)?),
        (None, Some(zip)) => Exporting::Eml(new(&zip)?),
        (None, None) => anyhow::bail!("say where to: --mbox FOLDER or --eml ZIP"),
    };
    match ask(&config, MigrationCommand::Export { user, to }).await? {
        AdminAnswer::Exported(sheet) => {
            tell_exported(sheet);
            Ok(Exit::Done)
        }
        answer => Ok(admin::unexpected(answer)),
    }
}

/// Paths go to the server, whose own folder is another.
fn existing(path: &Path) -> anyhow::Result<PathBuf> {
    std::fs::canonicalize(path).with_context(|| path.display().to_string())
}

fn new(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| path.display().to_string())
}

async fn ask(config: &ConfigArgument, command: MigrationCommand) -> anyhow::Result<AdminAnswer> {
    admin::ask(&config.path, AdminCommand::Migration(command)).await
}

async fn bring(config: &ConfigArgument, command: MigrationCommand) -> anyhow::Result<Exit> {
    match ask(config, command).await? {
        AdminAnswer::Brought(sheet) => {
            tell_brought(&sheet);
            Ok(Exit::Done)
        }
        AdminAnswer::Broken(sheet) => {
            tell_broken(&sheet);
            Ok(Exit::NotDone)
        }
        answer => Ok(admin::unexpected(answer)),
    }
}

fn tell_broken(sheet: &BrokenSheet) {
    sheet.problems.iter().for_each(|problem| print::error(problem));
    let more = sheet.problems_in_all.saturating_sub(sheet.problems.len());
    if more > 0 {
        print::error(&format!("… and {more} more"));
    }
    print::error(
        "nothing was changed. To leave out what cannot be taken: --skip-broken (not where the whole is damaged)",
    );
}

fn tell_brought(sheet: &BroughtSheet) {
    sheet.remarks.iter().for_each(|remark| print::line(&format!("note: {remark}")));
    sheet.left_out.iter().for_each(|problem| print::line(&format!("left out: {problem}")));
    let (verb, done) = if sheet.dry_run { ("would be", "dry run: nothing was changed") } else { ("were", "done") };
    if sheet.left_out_in_all > 0 {
        print::line(&format!("{} things {verb} left out", sheet.left_out_in_all));
    }
    sheet.mailboxes.iter().for_each(|name| print::line(&format!("mailbox made: {name}")));
    print::line(&format!(
        "{} messages found ({}), {} of them new ({} octets)",
        sheet.found, sheet.kind, sheet.new, sheet.new_bytes
    ));
    if !sheet.dry_run {
        print::line(&format!("{} messages were brought in", sheet.brought));
    }
    print::line(done);
}

fn tell_exported(sheet: ExportedSheet) {
    if sheet.gone > 0 {
        print::line(&format!("note: {} messages were deleted meanwhile", sheet.gone));
    }
    print::line(&format!("{} messages of {} mailboxes ({} octets)", sheet.messages, sheet.mailboxes, sheet.bytes));
    print::line("done");
}
