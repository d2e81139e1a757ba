//! PURE: what must hold between settings, beyond the type of each. Every finding names its key.

use super::{BlobsConfig, Config, admin, apps, ldap, oidc, page, webhook};
use crate::model::{Address, MailboxName};

/// The key it stands at, and the sentence.
pub(super) type Finding = (&'static str, String);

/// Everything in the settings that cannot work.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    names(config, &mut findings);
    listeners(config, &mut findings);
    store(config, &mut findings);
    mailboxes(config, &mut findings);
    keeping(config, &mut findings);
    recall(config, &mut findings);
    sizes(config, &mut findings);
    times(config, &mut findings);
    findings.extend(config.quiet.read().err().unwrap_or_default());
    policy(config, &mut findings);
    login(config, &mut findings);
    oidc::check(&config.oidc, config.page.client_id.is_some(), &mut findings);
    page::check(config, &mut findings);
    apps::check(&config.apps, &mut findings);
    ldap::check(&config.ldap, &mut findings);
    webhook::check(&config.webhook, config.keeping.submissions_days, &mut findings);
    if let Some(origin) = config.api.bad_origin() {
        let message = format!("`api.badge_origins`: \"{origin}\" is no origin, as in \"https://ent.example.fr\"");
        findings.push(("api.badge_origins", message));
    }
    admin::check(config, &mut findings);
    findings
}

fn login(config: &Config, findings: &mut Vec<Finding>) {
    let mechanisms = &config.login.mechanisms;
    let is_twice = |(place, mechanism)| mechanisms.iter().take(place).any(|earlier| earlier == mechanism);
    if mechanisms.is_empty() || mechanisms.iter().enumerate().any(is_twice) {
        findings.push(("login.mechanisms", "`login.mechanisms` must name one at least, and each once".to_owned()));
    }
    if config.login.scram_iterations < 4096 {
        findings.push((
            "login.scram_iterations",
            "`login.scram_iterations` must be at least 4096 (RFC 7677 §4)".to_owned(),
        ));
    }
}

fn blobs(blobs: &BlobsConfig, findings: &mut Vec<Finding>) {
    if blobs.folder.is_some() && blobs.bucket.is_some() {
        let message = "`store.blobs.folder` and `store.blobs.bucket` exclude each other".to_owned();
        findings.push(("store.blobs.bucket", message));
    }
    if blobs.endpoint.as_deref().is_some_and(|url| !is_safe_url(url)) {
        let message = "`store.blobs.endpoint` must be https://HOST[:PORT] (http:// on loopback only)".to_owned();
        findings.push(("store.blobs.endpoint", message));
    }
    let part_ok =
        |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) && !part.is_empty();
    if !blobs.prefix.is_empty() && !blobs.prefix.split('/').all(part_ok) {
        let message =
            "`store.blobs.prefix` may hold letters, digits, \"-\", \"_\", \".\" and single slashes between them";
        findings.push(("store.blobs.prefix", message.to_owned()));
    }
}

fn policy(config: &Config, findings: &mut Vec<Finding>) {
    let local_part = &config.policy.no_reply_address;
    let address = Address::parse(&format!("{local_part}@{}", config.domain));
    if address.is_none_or(|address| address.local() != local_part) {
        let message = format!("`policy.no_reply_address`: \"{local_part}\" cannot stand before the @, in lower case");
        findings.push(("policy.no_reply_address", message));
    }
    let urls = [("ent.communication_url", &config.ent.communication_url), ("public.url", &config.public.url)];
    for (key, url) in urls {
        if url.as_deref().is_some_and(|url| !is_safe_url(url)) {
            let message = format!("`{key}` must be https://HOST/PATH (http:// on loopback only), without a query");
            findings.push((key, message));
        }
    }
}

/// One that nobody can listen to, without a query, a fragment and a user.
fn is_safe_url(url: &str) -> bool {
    oidc::is_private_url(url) && !url.contains(['?', '#', '@', ' '])
}

fn names(config: &Config, findings: &mut Vec<Finding>) {
    let names = [("domain", Some(&config.domain)), ("host_name", config.host_name.as_ref())];
    for (key, name) in names {
        if let Some(name) = name.filter(|name| !is_domain_name(name)) {
            findings.push((key, format!("`{key}`: \"{name}\" is not a domain name, as in \"ent.example.fr\"")));
        }
    }
}

/// Letters, digits and hyphens in labels of 63 at most, 253 in all (RFC 1035 §2.3.4).
fn is_domain_name(name: &str) -> bool {
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label_ok)
}

fn listeners(config: &Config, findings: &mut Vec<Finding>) {
    let listen = &config.listen;
    let listeners = [
        ("listen.imap", listen.imap),
        ("listen.imaps", listen.imaps),
        ("listen.submission", listen.submission),
        ("listen.submissions", listen.submissions),
        ("listen.ldap", listen.ldap),
        ("listen.ldaps", listen.ldaps),
        ("listen.https", listen.https),
        ("listen.http", listen.http),
        ("listen.metrics", listen.metrics),
        ("listen.admin", listen.admin),
    ];
    let open: Vec<_> = listeners.into_iter().filter_map(|(key, address)| Some((key, address?))).collect();
    if open.is_empty() {
        let keys = "`listen.imaps`, `listen.submissions` …";
        findings.push(("listen", format!("no address to listen on: set at least one of {keys}")));
    }
    for (index, (key, address)) in open.iter().enumerate() {
        let earlier = open.iter().take(index).find(|(_, other)| other == address && address.port() != 0);
        if let Some((other, _)) = earlier {
            findings.push((key, format!("`{key}` and `{other}` are both {address}")));
        }
    }
    certificate(config, &open, findings);
}

fn certificate(config: &Config, open: &[(&'static str, std::net::SocketAddr)], findings: &mut Vec<Finding>) {
    match (&config.tls.certificate, &config.tls.key) {
        (Some(_), Some(_)) => {}
        (Some(_), None) => {
            findings.push(("tls.certificate", "`tls.certificate` is set and `tls.key` is not".to_owned()));
        }
        (None, Some(_)) => findings.push(("tls.key", "`tls.key` is set and `tls.certificate` is not".to_owned())),
        (None, None) => {
            let bare = |key: &str, address: &std::net::SocketAddr| match key {
                "listen.http" | "listen.metrics" => false,
                "listen.imap" | "listen.submission" | "listen.ldap" => {
                    !(config.login.without_tls_from_loopback && address.ip().is_loopback())
                }
                _ => true,
            };
            for (key, _) in open.iter().filter(|(key, address)| bare(key, address)) {
                findings.push((key, format!("`{key}` needs `tls.certificate` and `tls.key`")));
            }
        }
    }
}

fn store(config: &Config, findings: &mut Vec<Finding>) {
    if let Some(url) = &config.store.url {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme);
        if url.is_empty() || !matches!(scheme, None | Some("sqlite" | "postgres" | "postgresql")) {
            // The URL may hold a password: its scheme is enough.
            let scheme = scheme.unwrap_or_default();
            let message =
                format!("the store's URL is neither sqlite:PATH nor postgres://… (it begins with \"{scheme}\")");
            findings.push(("store.url", message));
        }
    }
    blobs(&config.store.blobs, findings);
    if config.store.blob_threshold_bytes > 16 << 20 {
        let message = "`store.blob_threshold_bytes` must be at most 16777216: larger bodies do not belong in a row";
        findings.push(("store.blob_threshold_bytes", message.to_owned()));
    }
    let largest = config.submission.message_bytes_max.max(config.imap.append_bytes_max);
    if u64::try_from(config.store.parse_memory_bytes).is_ok_and(|memory| memory < largest) {
        let message = format!("`store.parse_memory_bytes` must hold the largest message ({largest} bytes)");
        findings.push(("store.parse_memory_bytes", message));
    }
}

fn mailboxes(config: &Config, findings: &mut Vec<Finding>) {
    let mailboxes = &config.mailboxes;
    let names = [
        ("mailboxes.drafts_name", &mailboxes.drafts_name),
        ("mailboxes.sent_name", &mailboxes.sent_name),
        ("mailboxes.trash_name", &mailboxes.trash_name),
    ];
    for (index, (key, name)) in names.iter().enumerate() {
        match MailboxName::parse(name) {
            Ok(parsed) if parsed == MailboxName::inbox() => {
                findings.push((key, format!("`{key}`: INBOX is the name of the inbox")));
            }
            Ok(_) if name.len() > mailboxes.name_bytes_max => {
                findings.push((key, format!("`{key}` is longer than `mailboxes.name_bytes_max`")));
            }
            Ok(_) => {}
            Err(why) => findings.push((key, format!("`{key}`: \"{name}\" cannot name a mailbox ({why:?})"))),
        }
        if let Some((other, _)) = names.iter().take(index).find(|(_, earlier)| earlier == name) {
            findings.push((key, format!("`{key}` and `{other}` have the same name")));
        }
    }
    if mailboxes.annotation_bytes_max < 1024 || mailboxes.annotations_per_mailbox_max < 10 {
        let message = "`mailboxes.annotation_bytes_max` must be at least 1024 and \
                       `mailboxes.annotations_per_mailbox_max` at least 10 (RFC 5464 §1)";
        findings.push(("mailboxes.annotation_bytes_max", message.to_owned()));
    }
    if mailboxes.quota_bytes < config.submission.message_bytes_max {
        let message = "`mailboxes.quota_bytes` must hold one message of `submission.message_bytes_max`";
        findings.push(("mailboxes.quota_bytes", message.to_owned()));
    }
}

fn keeping(config: &Config, findings: &mut Vec<Finding>) {
    let keeping = &config.keeping;
    if jiff::tz::TimeZone::get(&keeping.time_zone).is_err() {
        let message = format!("`keeping.time_zone`: this system knows no time zone \"{}\"", keeping.time_zone);
        findings.push(("keeping.time_zone", message));
    }
    if keeping.orphans_hours < 2 {
        // Longer than a message may be under way from its file to its row.
        findings.push(("keeping.orphans_hours", "`keeping.orphans_hours` must be at least 2".to_owned()));
    }
    if keeping.submissions_days == 0 || keeping.collect_seconds == 0 {
        let message = "`keeping.submissions_days` and `keeping.collect_seconds` must be at least 1";
        findings.push(("keeping.submissions_days", message.to_owned()));
    }
}

fn recall(config: &Config, findings: &mut Vec<Finding>) {
    let (recall, mailboxes) = (&config.recall, &config.mailboxes);
    let name = &recall.mailbox;
    if name.is_empty() {
        return;
    }
    let parsed = MailboxName::parse(name).ok().filter(|parsed| parsed.as_str() == name && parsed.depth() == 1);
    if parsed.is_none_or(|parsed| parsed.is_inbox()) || name.len() > mailboxes.name_bytes_max {
        let message = format!("`recall.mailbox`: \"{name}\" cannot name a mailbox at the top");
        findings.push(("recall.mailbox", message));
    }
    if [&mailboxes.drafts_name, &mailboxes.sent_name, &mailboxes.trash_name].contains(&name) {
        let message = format!("`recall.mailbox`: another mailbox of everybody is called \"{name}\"");
        findings.push(("recall.mailbox", message));
    }
}

fn sizes(config: &Config, findings: &mut Vec<Finding>) {
    let (imap, submission) = (&config.imap, &config.submission);
    if imap.append_bytes_max < submission.message_bytes_max {
        let message = "`imap.append_bytes_max` must be at least `submission.message_bytes_max`: \
                       clients append to Sent what they have sent";
        findings.push(("imap.append_bytes_max", message.to_owned()));
    }
    if imap.literal_bytes_max < imap.literal_before_login_bytes_max {
        let message = "`imap.literal_bytes_max` must be at least `imap.literal_before_login_bytes_max`";
        findings.push(("imap.literal_bytes_max", message.to_owned()));
    }
    if imap.line_bytes_max < 8192 {
        let message = "`imap.line_bytes_max` must be at least 8192 (RFC 9051 §4)";
        findings.push(("imap.line_bytes_max", message.to_owned()));
    }
    if submission.recipients_max < 100 {
        let message = "`submission.recipients_max` must be at least 100 (RFC 5321 §4.5.3.1.8)";
        findings.push(("submission.recipients_max", message.to_owned()));
    }
}

fn times(config: &Config, findings: &mut Vec<Finding>) {
    if config.events.keep_alive_seconds >= config.events.stream_seconds_max {
        let message = "`events.keep_alive_seconds` must be less than `events.stream_seconds_max`";
        findings.push(("events.keep_alive_seconds", message.to_owned()));
    }
    if config.imap.idle_seconds_max < 30 * 60 {
        let message = "`imap.idle_seconds_max` must be at least 1800 (RFC 9051 §5.4)";
        findings.push(("imap.idle_seconds_max", message.to_owned()));
    }
    if config.submission.idle_seconds_max < 5 * 60 {
        let message = "`submission.idle_seconds_max` must be at least 300 (RFC 5321 §4.5.3.2.7)";
        findings.push(("submission.idle_seconds_max", message.to_owned()));
    }
    if config.imap.poll_seconds >= config.imap.idle_seconds_max {
        let message = "`imap.poll_seconds` must be less than `imap.idle_seconds_max`";
        findings.push(("imap.poll_seconds", message.to_owned()));
    }
}
