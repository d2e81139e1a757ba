//! The demo's flags → the configuration, through the same reader and the same checks as a file's.

use anyhow::Context;
use toml::{Table, Value};

use super::{Demo, DemoLanguage};
use crate::config::{self, Config};
use crate::model::Timestamp;
use crate::{server, tls};

/// The host name that clients are told, on the certificate.
pub(super) const HOST_NAME: &str = "localhost";

/// Makes the certificate and the configuration.
pub(super) fn config(demo: &Demo, now: Timestamp) -> anyhow::Result<Config> {
    let folder = std::path::absolute(&demo.data_dir)?;
    server::make_private(&folder).with_context(|| folder.display().to_string())?;
    let tls = tls::make_certificate(&folder.join("tls"), &[&demo.domain, HOST_NAME], now)?;
    let path = |path: Option<std::path::PathBuf>| {
        let path = path.and_then(|path| path.to_str().map(str::to_owned));
        path.context("the data folder's path is not UTF-8")
    };
    let language = match demo.language {
        DemoLanguage::Fr => "fr",
        DemoLanguage::En => "en",
    };
    let mut settings = Table::from_iter([
        ("domain".to_owned(), Value::from(demo.domain.as_str())),
        ("host_name".to_owned(), Value::from(HOST_NAME)),
        ("language".to_owned(), Value::from(language)),
        ("data_dir".to_owned(), Value::from(path(Some(folder.clone()))?)),
    ]);
    let listen = [
        ("imap", demo.imap_port),
        ("imaps", demo.imaps_port),
        ("submission", demo.submission_port),
        ("submissions", demo.submissions_port),
        ("http", demo.http_port),
    ];
    let addresses = listen.map(|(key, port)| (key.to_owned(), Value::from(format!("127.0.0.1:{port}"))));
    // Nobody is to wait for Ctrl-C.
    let at_once = ("drain_seconds".to_owned(), Value::from(0));
    settings.insert("listen".to_owned(), Value::Table(addresses.into_iter().chain([at_once]).collect()));
    let files = [("certificate", path(tls.certificate)?), ("key", path(tls.key)?)];
    let files = files.map(|(key, path)| (key.to_owned(), Value::from(path)));
    settings.insert("tls".to_owned(), Value::Table(Table::from_iter(files)));
    // `--password` is the tester's to choose.
    let login = [
        ("without_tls_from_loopback".to_owned(), Value::from(true)),
        ("password_chars_min".to_owned(), Value::from(1)),
    ];
    settings.insert("login".to_owned(), Value::Table(Table::from_iter(login)));
    let log = [("filter".to_owned(), Value::from(std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned())))];
    settings.insert("log".to_owned(), Value::Table(Table::from_iter(log)));
    Ok(config::parse(&toml::to_string(&settings)?, "demo", &folder, demo.store.clone())?)
}
