//! The command line: one file per subcommand. Results go to stdout, errors to stderr; exit codes are in [`Exit`].

mod admin;
mod admins;
mod api_token;
mod app_password;
mod backup;
mod check;
mod demo;
mod dns;
mod doctor;
mod import;
mod keeping;
mod limits;
mod migrate;
mod migration;
mod people;
mod policy;
mod print;
mod progress;
mod recall;
mod recover;
mod reload;
mod sample;
mod serve;
mod switch;
mod systemd;
mod trail;
mod until_stopped;
mod upkeep;
mod user;
mod webhook;
mod year;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// A school's internal messaging, within reach of ordinary mail clients: SMTP submission and IMAP over one SQL store.
#[derive(Debug, Parser)]
#[command(
    name = "passerelle",
    version,
    max_term_width = 100,
    after_help = "To try it on this machine, with a sample school:  passerelle demo\n\
                  Exit codes: 0 done, 1 not done (stderr says why), 2 the command line cannot be read."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Migrate(migrate::Migrate),
    Import(import::Import),
    ImportMesDonnees(migration::ImportMesDonnees),
    ImportMail(migration::ImportMail),
    Export(migration::Export),
    #[command(subcommand)]
    People(people::People),
    #[command(subcommand)]
    Year(year::Year),
    #[command(subcommand)]
    User(user::User),
    #[command(subcommand)]
    AppPassword(app_password::AppPassword),
    #[command(subcommand)]
    ApiToken(api_token::ApiToken),
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    Recall(recall::Recall),
    Restore(recover::Restore),
    Undelete(recover::Undelete),
    Retention(keeping::Retention),
    Collect(keeping::Collect),
    #[command(subcommand)]
    Backup(backup::Backup),
    Verify(upkeep::Verify),
    Repair(upkeep::Repair),
    #[command(subcommand)]
    Limits(limits::Limits),
    Suspend(switch::Suspend),
    Resume(switch::Resume),
    Suspended(switch::Suspended),
    #[command(subcommand)]
    Policy(policy::Policy),
    #[command(subcommand)]
    Admin(admins::Admin),
    #[command(subcommand)]
    Trail(trail::Trail),
    Reload(reload::Reload),
    Dns(dns::Dns),
    Doctor(Box<doctor::Doctor>),
    Demo(demo::Demo),
    Sample(sample::Sample),
}

/// Where the settings are.
#[derive(Args, Clone, Debug)]
struct ConfigArgument {
    /// The configuration file (config/passerelle.toml is a commented example)
    #[arg(long = "config", value_name = "FILE", env = "PASSERELLE_CONFIG")]
    path: PathBuf,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// 0
    Done,
    /// 1; what is wrong has been printed.
    NotDone,
}

/// Runs the program.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::error(&format!("the runtime cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(async {
        match cli.command {
            Command::Serve(command) => Box::pin(serve::run(command)).await,
            Command::Check(command) => Box::pin(check::run(command)).await,
            Command::Migrate(command) => Box::pin(migrate::run(command)).await,
            Command::Import(command) => Box::pin(import::run(command)).await,
            Command::ImportMesDonnees(command) => Box::pin(migration::import_mes_donnees(command)).await,
            Command::ImportMail(command) => Box::pin(migration::import_mail(command)).await,
            Command::Export(command) => Box::pin(migration::export(command)).await,
            Command::People(command) => Box::pin(people::run(command)).await,
            Command::Year(command) => Box::pin(year::run(command)).await,
            Command::User(command) => Box::pin(user::run(command)).await,
            Command::AppPassword(command) => Box::pin(app_password::run(command)).await,
            Command::ApiToken(command) => Box::pin(api_token::run(command)).await,
            Command::Webhook(command) => Box::pin(webhook::run(command)).await,
            Command::Limits(command) => Box::pin(limits::run(command)).await,
            Command::Suspend(command) => Box::pin(switch::suspend(command)).await,
            Command::Resume(command) => Box::pin(switch::resume(command)).await,
            Command::Suspended(command) => Box::pin(switch::suspended(command)).await,
            Command::Recall(command) => Box::pin(recall::run(command)).await,
            Command::Restore(command) => Box::pin(recover::restore(command)).await,
            Command::Undelete(command) => Box::pin(recover::undelete(command)).await,
            Command::Retention(command) => Box::pin(keeping::retention(command)).await,
            Command::Collect(command) => Box::pin(keeping::collect(command)).await,
            Command::Backup(command) => Box::pin(backup::run(command)).await,
            Command::Verify(command) => Box::pin(upkeep::verify(command)).await,
            Command::Repair(command) => Box::pin(upkeep::repair(command)).await,
            Command::Policy(command) => Box::pin(policy::run(command)).await,
            Command::Admin(command) => admins::run(command),
            Command::Trail(command) => Box::pin(trail::run(command)).await,
            Command::Reload(command) => Box::pin(reload::run(command)).await,
            Command::Dns(command) => dns::run(&command),
            Command::Doctor(command) => Box::pin(doctor::run(*command)).await,
            Command::Demo(command) => Box::pin(demo::run(command)).await,
            Command::Sample(command) => sample::run(&command),
        }
    });
    match ended {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::NotDone) => ExitCode::FAILURE,
        Err(error) => {
            print::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
