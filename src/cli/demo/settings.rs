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
        ("ldap", demo.ldap_port),
        ("http", demo.http_port),
    ];
    let listen = listen.into_iter().chain(demo.https_port.map(|port| ("https", port)));
    let addresses = listen.map(|(key, port)| (key.to_owned(), Value::from(format!("127.0.0.1:{port}"))));
    // Nobody is to wait for Ctrl-C.
    let at_once = ("drain_seconds".to_owned(), Value::from(0));
    settings.insert("listen".to_owned(), Value::Table(addresses.chain([at_once]).collect()));
    let files = [("certificate", path(tls.certificate)?), ("key", path(tls.key)?)];
    let files = files.map(|(key, path)| (key.to_owned(), Value::from(path)));
    settings.insert("tls".to_owned(), Value::Table(Table::from_iter(files)));
    // `--password` is the tester's to choose.
    let login = [
        ("without_tls_from_loopback".to_owned(), Value::from(true)),
        ("password_chars_min".to_owned(), Value::from(1)),
        // The password is printed anyway.
        ("scram_iterations".to_owned(), Value::from(4096)),
    ];
    settings.insert("login".to_owned(), Value::Table(Table::from_iter(login)));
    // Load tests send as fast as they can, from accounts of the school's staff. Pupils and parents keep their limits.
    let limits = ["teacher", "personnel"].map(|profile| (profile.to_owned(), Value::Table(no_limits())));
    settings.insert("limits".to_owned(), Value::Table(Table::from_iter(limits)));
    if demo.http_port != 0 {
        let url = format!("http://{HOST_NAME}:{}", demo.http_port);
        settings.insert("public".to_owned(), Value::Table(Table::from_iter([("url".to_owned(), Value::from(url))])));
    }
    let log = [("filter".to_owned(), Value::from(std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned())))];
    settings.insert("log".to_owned(), Value::Table(Table::from_iter(log)));
    Ok(config::parse(&toml::to_string(&settings)?, "demo", &folder, demo.store.clone())?)
}

/// A table of `[limits.…]` that nothing reaches.
fn no_limits() -> Table {
    let keys = [
        "messages_per_hour_max",
        "messages_per_day_max",
        "people_per_message_max",
        "people_per_day_max",
        "first_time_per_day_max",
    ];
    Table::from_iter(keys.map(|key| (key.to_owned(), Value::from(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Limit, Profile};

    #[test]
    fn staff_may_send_as_much_as_they_like_and_pupils_may_not() {
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo {
            data_dir: folder.path().to_owned(),
            store: None,
            domain: "school.test".to_owned(),
            imap_port: 0,
            imaps_port: 0,
            submission_port: 0,
            submissions_port: 0,
            ldap_port: 0,
            http_port: 0,
            https_port: None,
            bench_accounts: 0,
            password: None,
            language: DemoLanguage::Fr,
        };
        let config = config(&demo, Timestamp(1_790_000_000_000_000)).unwrap();
        for profile in Profile::ALL {
            let staff = matches!(profile, Profile::Teacher | Profile::Personnel);
            for limit in Limit::ALL {
                assert_eq!(config.limits.of(profile).max(limit) == u32::MAX, staff, "{profile:?} {limit:?}");
            }
        }
    }
}
