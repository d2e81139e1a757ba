//! `passerelle check`: configuration, certificate, store; everything that is wrong, at once.

use std::path::Path;

use clap::Args;

use super::{ConfigArgument, Exit, print};
use crate::config::Config;
use crate::domain::clock::Clock;
use crate::domain::spool::{BucketAnswer, ask_bucket};
use crate::model::Timestamp;
use crate::store::{Inspection, Store};
use crate::tls::Certificates;
use crate::{config, logging};

/// A certificate that ends within this many seconds (two weeks) is worth a word.
const ENDS_SOON_SECONDS: i64 = 14 * 24 * 3600;

/// Check the configuration, the certificate and the store
///
/// Changes nothing. Tells everything that is wrong at once, with file, line and key; exit code 1 where anything is.
///
/// Example:  passerelle check --config /etc/passerelle/passerelle.toml && systemctl restart passerelle
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Check {
    #[command(flatten)]
    config: ConfigArgument,
}

/// What was found.
#[derive(Default)]
struct Report {
    good: Vec<String>,
    bad: Vec<String>,
}

pub(super) async fn run(command: Check) -> anyhow::Result<Exit> {
    let mut report = Report::default();
    match config::load(&command.config.path) {
        Ok(config) => {
            report.good.push(format!("configuration: {}", command.config.path.display()));
            if let Err(why) = logging::filter(&config.log) {
                report.bad.push(why);
            }
            certificate(&config, Clock::system().now(), &mut report);
            store(&config, &mut report).await;
            bucket(&config, &mut report).await;
        }
        Err(problems) => report.bad.extend(problems.0.iter().map(ToString::to_string)),
    }
    for line in &report.good {
        print::line(&format!("ok    {line}"));
    }
    for line in &report.bad {
        print::error(line);
    }
    Ok(if report.bad.is_empty() { Exit::Done } else { Exit::NotDone })
}

fn certificate(config: &Config, now: Timestamp, report: &mut Report) {
    let certificates = match Certificates::load(&config.tls, now) {
        Ok(Some(certificates)) => certificates,
        Ok(None) => return report.good.push("certificate: none set, no TLS".to_owned()),
        Err(error) => return report.bad.push(format!("certificate: {error}")),
    };
    let host_name = config.host_name();
    if !certificates.covers(host_name) {
        let path = config.tls.certificate.as_deref().unwrap_or_else(|| Path::new("")).display();
        report.bad.push(format!("certificate: {path}: is not made for {host_name} (`host_name`)"));
        return;
    }
    let ends_at = certificates.ends_at().unwrap_or(0);
    let day = jiff::Timestamp::from_second(ends_at).map_or_else(|_| "?".to_owned(), |day| day.to_string());
    let soon = if ends_at - now.seconds() < ENDS_SOON_SECONDS { ": SOON" } else { "" };
    report.good.push(format!("certificate: for {host_name}, until {day}{soon}"));
}

async fn bucket(config: &Config, report: &mut Report) {
    let Some(name) = &config.store.blobs.bucket else { return };
    match ask_bucket(config).await {
        BucketAnswer::Fine => report.good.push(format!("bucket: {name}")),
        BucketAnswer::Refused(fault) | BucketAnswer::Silent(fault) => {
            report.bad.push(format!("bucket: {name}: {fault}"))
        }
    }
}

async fn store(config: &Config, report: &mut Report) {
    match Store::inspect(&config.store_url()).await {
        Err(error) => report.bad.push(error.to_string()),
        Ok(Inspection { engine, contracted: Some(version), newest, .. }) => report.bad.push(format!(
            "store: {engine}, its schema is version {version}; this program knows {newest}: it is an older one"
        )),
        Ok(Inspection { engine, schema: Some(schema), newest, .. }) if schema > newest => report.good.push(format!(
            "store: {engine}, schema version {schema}, made by a newer program; this one, which knows {newest}, may go on"
        )),
        Ok(Inspection { engine, schema: Some(schema), newest, .. }) if schema < newest => report.good.push(format!(
            "store: {engine}, schema version {schema}; the next start (or `passerelle migrate`) brings it to {newest}"
        )),
        Ok(Inspection { engine, schema: Some(schema), .. }) => {
            report.good.push(format!("store: {engine}, schema version {schema}"));
        }
        Ok(Inspection { engine, schema: None, .. }) => {
            report.good.push(format!("store: {engine}, empty; the first start makes the schema"));
        }
    }
}
