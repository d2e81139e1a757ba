//! `passerelle user …`.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use rustix::termios::{self, LocalModes, OptionalActions};

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, AppPasswordLine, Password, UserCommand, UserLine, UserSheet};

/// List, show, suspend and resume people, set passwords
///
/// USER is a login, an alias, an address or an id. Where the server runs it does the work, so a suspension takes effect
/// at once and cuts the person's sessions.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    List(List),
    Show(One),
    Suspend(Suspend),
    Resume(One),
    SetPassword(SetPassword),
}

/// List people: login, name, profile
///
/// Example:  passerelle user list --config p.toml --profile Teacher durand
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct List {
    /// Words of the name or the login; accents and case do not count
    text: Vec<String>,
    /// Student, Relative, Teacher, Personnel or Guest
    #[arg(long)]
    profile: Option<String>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// One person
#[derive(Args, Debug)]
pub(super) struct One {
    user: String,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Suspend somebody at once: no login, no sending, no receiving
///
/// Example:  passerelle user suspend --config p.toml --reason "compte volé" martine.durand
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Suspend {
    user: String,
    /// Why, for the admins who come later
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Set somebody's password, read from a file or from the terminal
///
/// The password is the first line of the file or of stdin. It is never an argument: others could see it.
///
/// Example:  pwgen 20 1 | passerelle user set-password --config p.toml martine.durand
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct SetPassword {
    user: String,
    /// A file that holds the password; stdin where it is not given
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: User) -> anyhow::Result<Exit> {
    match command {
        User::List(list) => {
            let text = (!list.text.is_empty()).then(|| list.text.join(" "));
            let answer =
                admin::ask(&list.config.path, AdminCommand::User(UserCommand::List { text, profile: list.profile }))
                    .await?;
            let AdminAnswer::Users(users) = answer else { return Ok(admin::unexpected(answer)) };
            print::line(&print::table(&users.into_iter().map(row).collect::<Vec<_>>()));
            Ok(Exit::Done)
        }
        User::Show(one) => {
            let answer = admin::ask(&one.config.path, AdminCommand::User(UserCommand::Show { user: one.user })).await?;
            let AdminAnswer::User(sheet) = answer else { return Ok(admin::unexpected(answer)) };
            print::line(&shown(&sheet));
            Ok(Exit::Done)
        }
        User::Suspend(Suspend { user, reason, config }) => {
            let done = format!("{user} is suspended");
            admin::ask_and_say(&config.path, AdminCommand::User(UserCommand::Suspend { user, reason }), &done).await
        }
        User::Resume(One { user, config }) => {
            let done = format!("{user} may come back");
            admin::ask_and_say(&config.path, AdminCommand::User(UserCommand::Resume { user }), &done).await
        }
        User::SetPassword(SetPassword { user, password_file, config }) => {
            let password = read_password(password_file.as_deref())?;
            let done = format!("{user} has a new password");
            admin::ask_and_say(&config.path, AdminCommand::User(UserCommand::SetPassword { user, password }), &done)
                .await
        }
    }
}

fn row(user: UserLine) -> Vec<String> {
    let suspended = if user.suspended { "suspended" } else { "" };
    vec![user.login, user.name, user.profile, suspended.to_owned()]
}

fn shown(sheet: &UserSheet) -> String {
    let mut rows = vec![
        vec!["name".to_owned(), sheet.name.clone()],
        vec!["login".to_owned(), sheet.login.clone()],
        vec!["profile".to_owned(), sheet.profile.clone()],
        vec!["id".to_owned(), sheet.id.clone()],
        vec!["external id".to_owned(), sheet.external_id.clone()],
        vec!["sessions".to_owned(), sheet.sessions.to_string()],
    ];
    if let Some(reason) = &sheet.suspended {
        rows.push(vec!["suspended".to_owned(), if reason.is_empty() { "yes".to_owned() } else { reason.clone() }]);
    }
    let mut several = |title: &str, values: &[String]| {
        rows.extend(
            values
                .iter()
                .enumerate()
                .map(|(index, value)| vec![if index == 0 { title.to_owned() } else { String::new() }, value.clone()]),
        );
    };
    several("addresses", &sheet.addresses);
    several("schools", &sheet.schools);
    several("groups", &sheet.groups);
    several("app passwords", &sheet.app_passwords.iter().map(app_password).collect::<Vec<_>>());
    print::table(&rows)
}

fn app_password(line: &AppPasswordLine) -> String {
    let state = match (&line.revoked, &line.last_used) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) => {
            let by = line.client.as_ref().or(line.last_protocol.as_ref()).map(|by| format!(" by {by}"));
            format!("last used {at}{}", by.unwrap_or_default())
        }
        (None, None) => "never used".to_owned(),
    };
    format!("{} {} ({state})", line.id, line.device_name)
}

/// The first line of the file or of stdin. Typed on a terminal it is not shown.
pub(super) fn read_password(file: Option<&Path>) -> anyhow::Result<Password> {
    let text = match file {
        Some(path) => return Ok(Password::new(password_of_file(path)?)),
        None if std::io::stdin().is_terminal() => {
            print::error("new password (it is not shown while you type):");
            hidden_line()?
        }
        None => stdin_line()?,
    };
    Ok(Password::new(first_line(&text)?))
}

/// The first line of a file.
pub(super) fn password_of_file(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(first_line(&text)?.to_owned())
}

fn first_line(text: &str) -> anyhow::Result<&str> {
    let password = text.lines().next().unwrap_or_default();
    anyhow::ensure!(!password.is_empty(), "the password is empty");
    Ok(password)
}

fn stdin_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

/// Reads a line with the terminal's echo off.
fn hidden_line() -> anyhow::Result<String> {
    let before = termios::tcgetattr(std::io::stdin())?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    termios::tcsetattr(std::io::stdin(), OptionalActions::Flush, &hidden)?;
    let line = stdin_line();
    termios::tcsetattr(std::io::stdin(), OptionalActions::Flush, &before)?;
    line
}
