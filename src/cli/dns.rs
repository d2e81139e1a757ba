//! `passerelle dns`.

use clap::Args;

use super::{ConfigArgument, Exit, print};
use crate::config;
use crate::http::PublicPorts;
use crate::http::setup::{Setup, records};

/// Print the DNS records by which mail clients find the service
///
/// Lines for a zone file, made from the configuration: SRV records, the names that clients ask for, and records that say
/// that the domain neither takes nor sends internet mail. Leave the last ones out where another service handles the
/// domain's internet mail.
///
/// Example:  passerelle dns --config /etc/passerelle/passerelle.toml
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Dns {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(command: &Dns) -> anyhow::Result<Exit> {
    let config = config::load(&command.config.path)?;
    let listen = &config.listen;
    let listened_on = [listen.imap, listen.imaps, listen.submission, listen.submissions];
    let setup = Setup::new(&config, PublicPorts::told(&config.public, listened_on));
    records(&setup).iter().for_each(|line| print::line(line));
    Ok(Exit::Done)
}
