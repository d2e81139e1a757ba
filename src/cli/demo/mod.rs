//! `passerelle demo`: the real server on 127.0.0.1 with a sample school, in one command.
//!
//! | file | what |
//! | --- | --- |
//! | `settings` | flags → the configuration |
//! | `school` | the sample school, its passwords and letters; accounts for load tests |
//! | `memory` | what is kept from run to run, in `demo-people.txt` |
//! | `guide` | pure: the text that tells how to set a mail client up |

mod guide;
mod memory;
mod school;
mod settings;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};

use self::memory::Memory;
use super::until_stopped::Signals;
use super::{Exit, print, serve};
use crate::config::Language;
use crate::domain::Gateway;
use crate::domain::clock::Clock;
use crate::server::Server;
use crate::{logging, server};

/// Try it: the real server on 127.0.0.1, with a sample school
///
/// Makes a certificate, three classes and sixty people who have written to each other, and tells how to set up
/// Thunderbird. Run again it keeps its data. Ctrl-C stops it; delete the data folder to begin anew.
///
/// Examples:
///   passerelle demo
///   passerelle demo --language en --imaps-port 0      any free port; it is printed
///   passerelle demo --store postgres://localhost/trial --bench-accounts 1000 --password bench-only
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Demo {
    /// Where everything is kept
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data_dir: PathBuf,
    /// sqlite:PATH or postgres://…; a SQLite file in the data folder where it is not given
    #[arg(long, value_name = "URL", env = "PASSERELLE_STORE_URL", hide_env_values = true)]
    store: Option<String>,
    /// The domain of all addresses
    #[arg(long, default_value = "school.test")]
    domain: String,
    /// IMAP with STARTTLS (0: any free port, for each of these)
    #[arg(long, value_name = "PORT", default_value_t = 1143)]
    imap_port: u16,
    /// IMAP over TLS
    #[arg(long, value_name = "PORT", default_value_t = 1993)]
    imaps_port: u16,
    /// SMTP submission with STARTTLS
    #[arg(long, value_name = "PORT", default_value_t = 1587)]
    submission_port: u16,
    /// SMTP submission over TLS
    #[arg(long, value_name = "PORT", default_value_t = 1465)]
    submissions_port: u16,
    /// LDAP, the directory for completion, with STARTTLS
    #[arg(long, value_name = "PORT", default_value_t = 1389)]
    ldap_port: u16,
    /// Health and automatic set-up
    #[arg(long, value_name = "PORT", default_value_t = 1080)]
    http_port: u16,
    /// The same over TLS; not opened where it is not given
    #[arg(long, value_name = "PORT")]
    https_port: Option<u16>,
    /// Also make u0001 … uN, who may all write to each other
    #[arg(long, value_name = "N", default_value_t = 0)]
    bench_accounts: u32,
    /// Everybody's password; made up and kept where it is not given
    #[arg(long, value_name = "X")]
    password: Option<String>,
    /// The language of this text and of the server's sentences
    #[arg(long, value_enum, default_value_t = DemoLanguage::Fr)]
    language: DemoLanguage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DemoLanguage {
    Fr,
    En,
}

impl From<DemoLanguage> for Language {
    fn from(language: DemoLanguage) -> Self {
        match language {
            DemoLanguage::Fr => Self::Fr,
            DemoLanguage::En => Self::En,
        }
    }
}

pub(super) async fn run(demo: Demo) -> anyhow::Result<Exit> {
    let clock = Clock::system();
    let config = Arc::new(settings::config(&demo, clock.now())?);
    logging::start(&config.log).map_err(anyhow::Error::msg)?;
    serve::raise_file_limit(&config);
    let signals = Signals::new()?;
    let server = server::start(Arc::clone(&config), clock).await?;
    let folder = config.data_dir.clone();
    match make_ready(&demo, &folder, &server).await {
        Ok(text) => print::line(&text),
        Err(error) => {
            server.stop().await;
            return Err(error);
        }
    }
    let pid_file = folder.join("passerelle.pid");
    std::fs::write(&pid_file, format!("{}\n", std::process::id())).with_context(|| pid_file.display().to_string())?;
    print::line("ready");
    let exit = signals.serve(server).await;
    std::fs::remove_file(&pid_file).with_context(|| pid_file.display().to_string())?;
    Ok(exit)
}

/// The school and everybody's password; gives the text to print.
async fn make_ready(demo: &Demo, folder: &Path, server: &Server) -> anyhow::Result<String> {
    let gateway: &Gateway = server.gateway();
    let before = Memory::read(folder)?;
    let password = match (&demo.password, &before) {
        (Some(password), _) => password.clone(),
        (None, Some(before)) => before.password.clone(),
        (None, None) => memory::new_password()?,
    };
    let bench_before = before.as_ref().map_or(0, |before| before.bench_accounts);
    let bench_accounts = demo.bench_accounts.max(bench_before);
    let is_new = before.is_none() || !school::is_there(gateway).await?;
    let same_password = before.as_ref().is_some_and(|before| before.password == password);
    if is_new {
        school::import_sample(gateway).await?;
    }
    if bench_accounts > bench_before || (is_new && bench_accounts > 0) {
        school::import_bench(gateway, bench_accounts).await?;
    }
    if is_new || !same_password || bench_accounts != bench_before {
        school::set_everybodys_password(gateway, &password).await?;
    }
    if is_new {
        school::deliver_letters(gateway).await?;
    }
    let people = school::four_people(&demo.domain);
    // Last: where something above failed, the next run does it again.
    Memory { password: password.clone(), bench_accounts }.write(folder, &people)?;
    let school = guide::School { domain: &demo.domain, folder, people: &people, password: &password };
    Ok(guide::text(demo.language.into(), &school, server.addresses(), bench_accounts))
}
