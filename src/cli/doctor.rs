//! `passerelle doctor`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::{Exit, print, user};
use crate::config::{self, Config, Language};
use crate::control::{self, AdminAnswer, AdminCommand};
use crate::doctor::{self, Patient, Person};
use crate::domain::clock::Clock;
use crate::http::PublicPorts;
use crate::http::setup::Setup;
use crate::model::Secret;

/// Play the set-up dialogues of mail clients against a running server, and say what is wrong
///
/// From outside, as Thunderbird, an iPhone and Outlook do it: settings, ports, certificate, login, address book, directory,
/// DNS, clock; on the server's machine also the disks. One page of findings in plain words, each with what to do.
/// Exit code 0: all is fine, or there are warnings only; 1: something is broken.
///
/// With a configuration file it looks at what that says. Without one, name the domain and the host; the usual ports are
/// taken. Without an address it logs in nowhere. The password comes from a file, never from an argument; it is sent only
/// where the certificate is right, and nowhere any more once it was refused.
///
/// Examples:
///   passerelle doctor --config /etc/passerelle/passerelle.toml --address a.b@ent.example.fr --password-file F
///   passerelle doctor --domain ent.example.fr --host messagerie.ent.example.fr
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Doctor {
    /// The configuration file of the server
    #[arg(long, value_name = "FILE", env = "PASSERELLE_CONFIG")]
    config: Option<PathBuf>,
    /// The domain of addresses
    #[arg(long, required_unless_present = "config")]
    domain: Option<String>,
    /// The host name that clients connect to; the domain where it is not given
    #[arg(long)]
    host: Option<String>,
    /// How clients reach the web server, where that is not https://HOST
    #[arg(long)]
    url: Option<String>,
    /// Whoever logs in
    #[arg(long, requires = "password_file")]
    address: Option<String>,
    /// A file that holds the password, or an app password, in its first line
    #[arg(long, value_name = "FILE", requires = "address")]
    password_file: Option<PathBuf>,
    /// Connect to this IP address, whatever names say: for a server that is not in the DNS yet
    #[arg(long, value_name = "IP")]
    at: Option<IpAddr>,
    /// Authorities to trust besides those that browsers know, PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Ask this name server instead of the system's
    #[arg(long, value_name = "IP:PORT")]
    dns_server: Option<SocketAddr>,
    /// Do not look at the DNS
    #[arg(long, conflicts_with = "dns_server")]
    no_dns: bool,
    /// How long each answer may take
    #[arg(long, value_name = "N", default_value_t = 10)]
    seconds: u64,
    /// For programs
    #[arg(long)]
    json: bool,
    /// The language of the page; that of the configuration where it is not given
    #[arg(long, value_enum)]
    language: Option<PageLanguage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PageLanguage {
    Fr,
    En,
}

pub(super) async fn run(command: Doctor) -> anyhow::Result<Exit> {
    let config = command.config.as_deref().map(config::load).transpose()?;
    let language = match command.language {
        Some(PageLanguage::Fr) => Language::Fr,
        Some(PageLanguage::En) => Language::En,
        None => config.as_ref().map_or_else(Language::default, |config| config.language),
    };
    let json = command.json;
    let mut patient = patient(command, config.as_ref(), language)?;
    if let Some(config) = &config {
        patient.store_clock = store_clock(config).await;
    }
    let report = doctor::examine(patient, Clock::system()).await?;
    print::line(if json { report.json(language) } else { report.page(language) }.trim_end());
    Ok(if report.is_broken() { Exit::NotDone } else { Exit::Done })
}

fn patient(command: Doctor, config: Option<&Config>, language: Language) -> anyhow::Result<Patient> {
    let mut setup = match config {
        Some(config) => configured(config),
        None => usual(command.domain.as_deref().context("--domain is missing")?, language),
    };
    if let Some(domain) = command.domain {
        setup.domain = domain;
    }
    if let Some(host) = command.host {
        setup.url = format!("https://{host}");
        setup.host_name = host;
    }
    if let Some(url) = command.url {
        setup.url = url.trim_end_matches('/').to_owned();
    }
    setup.language = language;
    let person = match command.address.zip(command.password_file) {
        Some((address, file)) => Some(Person { address, password: Secret::new(user::password_of_file(&file)?) }),
        None => None,
    };
    if command.seconds == 0 {
        bail!("--seconds must be at least 1");
    }
    Ok(Patient {
        setup,
        ldap: config.map_or([None, None], |config| [config.listen.ldap, config.listen.ldaps].map(port)),
        person,
        at: command.at,
        ca_file: command.ca_file,
        patience: Duration::from_secs(command.seconds.min(600)),
        dns: (!command.no_dns && (command.at.is_none() || command.dns_server.is_some())).then_some(command.dns_server),
        folders: config.map(folders).unwrap_or_default(),
        store_clock: None,
    })
}

/// What the server says of the database's clock, where it runs on this machine and lets us ask.
async fn store_clock(config: &Config) -> Option<i64> {
    let socket = config.control_socket();
    match control::ask_watched(&socket, &AdminCommand::StoreClock, &mut |_| {}).await {
        Ok(Some(AdminAnswer::StoreClock { seconds_ahead })) => Some(seconds_ahead),
        // What is wrong with the server is told by everything else.
        Ok(_) | Err(_) => None,
    }
}

fn configured(config: &Config) -> Setup {
    let listen = &config.listen;
    let listened_on = [listen.imap, listen.imaps, listen.submission, listen.submissions];
    Setup::new(config, PublicPorts::told(&config.public, listened_on))
}

/// The ports that every client tries.
fn usual(domain: &str, language: Language) -> Setup {
    let ports = PublicPorts { imap: None, imaps: Some(993), submission: None, submissions: Some(465) };
    let url = format!("https://{domain}");
    let (domain, host_name) = (domain.to_owned(), domain.to_owned());
    Setup { domain, host_name, books: None, ldaps: None, url, ports, language }
}

fn port(address: Option<SocketAddr>) -> Option<u16> {
    address.map(|address| address.port())
}

/// Where the server keeps what it has, as far as it lies on this machine.
fn folders(config: &Config) -> Vec<PathBuf> {
    let blobs = config.store.blobs.folder.as_deref().filter(|_| config.store.blobs.bucket.is_none());
    let folders = [Some(config.data_dir.as_path()), blobs].into_iter().flatten();
    folders.filter(|folder| folder.exists()).map(Path::to_path_buf).collect()
}
