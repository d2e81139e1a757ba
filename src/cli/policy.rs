//! `passerelle policy …`.

use clap::{Args, Subcommand};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, ExplainSheet, MatrixRow, MatrixSheet};
use crate::model::Profile;

/// Who may write to whom: one pair explained, or a school as a matrix
///
/// Judged by the same code as a recipient over SMTP. The rules come with the directory (docs/import.md) and from the
/// table in the settings ([[rules]]; `passerelle reload` after a change).
#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    Explain(Explain),
    Matrix(Matrix),
}

/// Say what lets FROM write to TO, or why it is refused
///
/// Exit code 0 where it is allowed, 1 where it is refused.
///
/// Example:  passerelle policy explain --config p.toml theo.lambert parents.tle-a.2026
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Explain {
    /// A login, an alias, an address or an id
    from: String,
    /// An address of a person or a group, or what stands before the @
    to: String,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Print who may write to which group of a school, by profile
///
/// A cell says "all", "-" (nobody), or how many people of the profile, of how many; it is empty where the school has none.
///
/// Example:  passerelle policy matrix --config p.toml --school 0750999V
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Matrix {
    /// The school's UAI; every school where it is not given
    #[arg(long, value_name = "UAI")]
    school: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Policy) -> anyhow::Result<Exit> {
    match command {
        Policy::Explain(Explain { from, to, json, config }) => {
            let answer = admin::ask(&config.path, AdminCommand::PolicyExplain { from, to }).await?;
            let AdminAnswer::Explained(sheet) = answer else { return Ok(admin::unexpected(answer)) };
            print::line(&if json { serde_json::to_string_pretty(&sheet)? } else { explained(&sheet) });
            Ok(if sheet.allowed { Exit::Done } else { Exit::NotDone })
        }
        Policy::Matrix(Matrix { school, json, config }) => {
            let answer = admin::ask(&config.path, AdminCommand::PolicyMatrix { school }).await?;
            let AdminAnswer::Matrix(sheets) = answer else { return Ok(admin::unexpected(answer)) };
            if json {
                print::line(&serde_json::to_string_pretty(&sheets)?);
            } else {
                print::line(&sheets.iter().map(matrix).collect::<Vec<_>>().join("\n\n"));
            }
            Ok(Exit::Done)
        }
    }
}

fn explained(sheet: &ExplainSheet) -> String {
    let verdict = if sheet.allowed { "allowed" } else { "refused" };
    let mut lines = vec![format!("{} → {}: {verdict}", sheet.from, sheet.to)];
    lines.extend(sheet.because.iter().map(|step| format!("  {step}")));
    if !sheet.allowed {
        let mut list = |title: &str, groups: &[String]| {
            lines.push(format!("  {title}: {}", if groups.is_empty() { "none" } else { "" }).trim_end().to_owned());
            lines.extend(groups.iter().map(|group| format!("    {group}")));
        };
        list("groups that the sender's groups may write to", &sheet.sender_reaches);
        list("groups by which the recipient is reached", &sheet.recipient_reached_by);
    }
    lines.join("\n")
}

fn matrix(sheet: &MatrixSheet) -> String {
    let mut head = Profile::ALL.map(|profile| profile.column().to_owned()).to_vec();
    head.push("may write to".to_owned());
    let mut rows = vec![head];
    rows.extend(sheet.groups.iter().map(row));
    format!("{} {}\n\n{}", sheet.uai, sheet.school, print::table(&rows))
}

fn row(group: &MatrixRow) -> Vec<String> {
    let cell = |profile: Profile| match group.profiles.get(profile.column()) {
        None => String::new(),
        Some(cell) if cell.may == 0 => "-".to_owned(),
        Some(cell) if cell.may == cell.of => "all".to_owned(),
        Some(cell) => format!("{} of {}", cell.may, cell.of),
    };
    let mut row = Profile::ALL.map(cell).to_vec();
    row.push(format!("{} ({})", group.name, group.id));
    row
}
