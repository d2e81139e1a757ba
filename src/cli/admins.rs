//! `passerelle admin …`: who may use the admin page of this gateway.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use super::{ConfigArgument, Exit, print, user};
use crate::config;
use crate::domain::admins::{AdminAccounts, add_admin, remove_admin};
use crate::domain::clock::Clock;
use crate::model::Secret;
use crate::server;

/// Admins of the admin page: add, list, remove
///
/// They are kept in data_dir, each gateway has its own; a server that runs knows at once. Client certificates need no account,
/// save where `admin.sign_in` is "both".
#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    Add(Add),
    List(List),
    Remove(Remove),
}

/// Make an admin: asks for a password, prints the secret for the authenticator app once
///
/// The password is the first line of the file or of stdin, 14 characters at least. It is never an argument: others could
/// see it. The secret is printed as text, as a link (otpauth://) and as a QR code to be photographed by the app (RFC 6238).
///
/// Example:  passerelle admin add --config p.toml "Anne Martin"
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Add {
    name: String,
    /// A file that holds the password; stdin where it is not given
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// List the admins
#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    config: ConfigArgument,
}

/// Remove an admin: whoever is signed in under that name is out with the next click
#[derive(Args, Debug)]
pub(super) struct Remove {
    name: String,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(command: Admin) -> anyhow::Result<Exit> {
    match command {
        Admin::Add(add) => self::add(&add),
        Admin::List(List { config }) => {
            for account in accounts(&config)?.all()? {
                print::line(&account.name);
            }
            Ok(Exit::Done)
        }
        Admin::Remove(Remove { name, config }) => {
            if remove_admin(&accounts(&config)?, &name)? {
                print::line(&format!("{name} is no admin any more"));
                return Ok(Exit::Done);
            }
            print::error(&format!("there is no admin called {name}"));
            Ok(Exit::NotDone)
        }
    }
}

fn accounts(argument: &ConfigArgument) -> anyhow::Result<AdminAccounts> {
    let config = config::load(&argument.path)?;
    server::make_private(&config.data_dir)?;
    Ok(AdminAccounts::of(&config.data_dir))
}

fn add(add: &Add) -> anyhow::Result<Exit> {
    let config = config::load(&add.config.path)?;
    let accounts = accounts(&add.config)?;
    let password = user::read_password(add.password_file.as_deref())?;
    let secret = match add_admin(&accounts, &add.name, &Secret::new(password.expose()), Clock::system().now())? {
        Ok(secret) => secret,
        Err(refusal) => {
            print::error(&refusal.to_string());
            return Ok(Exit::NotDone);
        }
    };
    let url = secret.url(&format!("Passerelle {}", config.domain), &add.name);
    print::line(&format!("{} is an admin now. For the authenticator app, shown this once:\n", add.name));
    let code = QrCode::with_error_correction_level(&url, EcLevel::M)?;
    // Terminals are dark: what is printed is the ground.
    let picture = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    print::line(&picture);
    print::line(&format!("\nsecret: {}\nlink:   {url}", secret.base32()));
    Ok(Exit::Done)
}
