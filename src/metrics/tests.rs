//! The text format, read back by the rules of `promtool check metrics`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;

/// Some of everything.
fn filled() -> Metrics {
    let metrics = Metrics::default();
    metrics.connections.at(Listener::Imaps).add(3);
    metrics.sessions_opened.at(Spoken::Imap).at(ClientKind::Thunderbird).inc();
    metrics.delivery.took(Duration::from_millis(30));
    metrics.delivery.took(Duration::from_secs(100));
    metrics.imap_commands.at(ImapCommand::Fetch).took(Duration::from_micros(200));
    metrics.store_up.set(1);
    metrics
}

/// A series: its name and labels as written, and its value.
fn series(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn numbers_stand_where_they_were_counted() {
    let text = filled().text();
    let series = series(&text);
    for (name, value) in [
        ("passerelle_connections{listener=\"imaps\"}", 3.0),
        ("passerelle_connections{listener=\"imap\"}", 0.0),
        ("passerelle_sessions_opened_total{protocol=\"imap\",client=\"thunderbird\"}", 1.0),
        ("passerelle_delivery_seconds_bucket{le=\"0.025\"}", 0.0),
        ("passerelle_delivery_seconds_bucket{le=\"0.05\"}", 1.0),
        ("passerelle_delivery_seconds_bucket{le=\"30\"}", 1.0),
        ("passerelle_delivery_seconds_bucket{le=\"+Inf\"}", 2.0),
        ("passerelle_delivery_seconds_count", 2.0),
        ("passerelle_delivery_seconds_sum", 100.03),
        ("passerelle_imap_command_seconds_bucket{command=\"fetch\",le=\"0.0002\"}", 1.0),
        ("passerelle_imap_command_seconds_bucket{command=\"fetch\",le=\"10\"}", 1.0),
        ("passerelle_store_up", 1.0),
    ] {
        assert_eq!(series.get(name), Some(&value), "{name}\n{text}");
    }
    assert!(!text.contains("command=\"noop\""), "never counted, many");
    assert!(!text.contains("client=\"geary\",") && !text.contains("passerelle_people"), "never seen");
}

#[test]
fn the_text_is_what_prometheus_wants() {
    let text = filled().text();
    assert!(text.ends_with('\n'));
    let mut seen = BTreeSet::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) = line.strip_prefix("# HELP ").unwrap().split_once(' ').unwrap();
        assert!(seen.insert(name.to_owned()), "{name} twice");
        assert!(help.len() > 10 && help.ends_with('.') && !help.ends_with("..") || help.ends_with("0."), "{help}");
        let (typed, kind) = lines.next().unwrap().strip_prefix("# TYPE ").unwrap().split_once(' ').unwrap();
        assert_eq!(typed, name);
        check_name(name, kind);
        let mut some = false;
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            some = true;
            let series = line.rsplit_once(' ').unwrap().0.split('{').next().unwrap();
            let endings: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(endings.iter().any(|ending| series == format!("{name}{ending}")), "{line}");
            check_labels(line);
        }
        assert!(some, "{name} has no series");
    }
}

fn check_name(name: &str, kind: &str) {
    let good = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
    assert!(name.chars().all(good) && !name.contains("__"), "{name}");
    assert!(name.starts_with("passerelle_") || name.starts_with("process_"), "{name}");
    assert_eq!(kind == "counter", name.ends_with("_total"), "{name}: counters, and they alone, end in _total");
    assert!(kind != "histogram" || name.ends_with("_seconds"), "{name}");
    for unit in ["_milliseconds", "_minutes", "_days", "_kb", "_mb", "_percent", "_ms"] {
        assert!(!name.contains(unit), "{name}: base units only");
    }
}

fn check_labels(line: &str) {
    let Some((_, labels)) = line.split_once('{') else { return };
    let (labels, _) = labels.rsplit_once('}').unwrap();
    for label in labels.split(',') {
        let (key, value) = label.split_once('=').unwrap();
        assert!(key.chars().all(|sign| sign.is_ascii_lowercase()), "{line}");
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap();
        assert!(!value.is_empty() && value.chars().all(|sign| sign.is_ascii_alphanumeric() || "-+.".contains(sign)));
    }
}

#[test]
fn every_family_is_exposed_and_documented() {
    let documented: Vec<String> = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/watch.md"))
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| `passerelle_") || line.starts_with("| `process_"))
        .map(str::to_owned)
        .collect();
    let row = |family: &Family| {
        let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{}` | {} | {} | {} |", family.name, family.kind, labels.join(", "), family.help)
    };
    let exposed: Vec<String> = Metrics::families().iter().map(row).collect();
    assert_eq!(documented, exposed, "docs/watch.md: its table is to be:\n{}", exposed.join("\n"));
}

/// Counting is to cost nothing: some additions, whatever the number of threads.
#[test]
fn to_count_takes_no_memory_and_next_to_no_time() {
    const ROUNDS: u32 = 200_000;
    let metrics = Metrics::default();
    let started = std::time::Instant::now();
    for _ in 0..ROUNDS {
        metrics.imap_commands.at(ImapCommand::Fetch).took(Duration::from_micros(700));
        metrics.submissions.at(SubmissionOutcome::Delivered).inc();
    }
    let each = started.elapsed() / ROUNDS;
    // Unoptimised, on a machine that does other things too.
    assert!(each < Duration::from_micros(20), "{each:?}");
    assert_eq!(metrics.submissions.at(SubmissionOutcome::Delivered).get(), u64::from(ROUNDS));
}
