//! The dashboard and the alerts that come with the program name metrics and labels that there are, and all that there are.

use std::collections::{BTreeMap, BTreeSet};

use passerelle::metrics::Metrics;

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Series that a query may name, with their labels.
fn known() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut known = BTreeMap::new();
    for family in Metrics::families() {
        let labels: BTreeSet<_> = family.labels.iter().copied().collect();
        let endings: &[&str] = if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        for ending in endings {
            known.insert(format!("{}{ending}", family.name), labels.clone());
        }
    }
    known
}

/// The words of a query: metrics, labels, functions.
fn words(query: &str) -> Vec<&str> {
    let parts = query.split(|sign: char| !sign.is_alphanumeric() && sign != '_');
    parts.filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase())).collect()
}

fn check(place: &str, query: &str) -> BTreeSet<String> {
    let known = known();
    let named: BTreeSet<String> = words(query)
        .into_iter()
        .filter(|word| word.starts_with("passerelle_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect();
    assert!(!named.is_empty() || query.starts_with("up{"), "{place}: {query} names no metric");
    for name in &named {
        assert!(known.contains_key(name), "{place}: there is no {name} in {query}");
    }
    // By what it is added up, it must be told apart.
    let labels: BTreeSet<&str> = named.iter().filter_map(|name| known.get(name)).flatten().copied().collect();
    for list in query.split("by (").skip(1) {
        for label in list.split(')').next().unwrap().split(',').map(str::trim) {
            assert!(
                labels.contains(label) || ["le", "instance"].contains(&label),
                "{place}: no label {label} in {query}"
            );
        }
    }
    let brackets = |open: char, close: char| query.matches(open).count() == query.matches(close).count();
    assert!(brackets('(', ')') && brackets('{', '}') && brackets('[', ']'), "{place}: {query}");
    named
}

#[test]
fn the_dashboard_shows_all_that_is_counted() {
    let dashboard: serde_json::Value = serde_json::from_str(&read("packaging/grafana/passerelle.json")).unwrap();
    let mut named = BTreeSet::new();
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is taken");
        assert!(places.insert(panel["gridPos"].to_string()), "{title}: its place is taken");
        for target in panel["targets"].as_array().unwrap() {
            named.extend(check(title, target["expr"].as_str().unwrap()));
        }
    }
    let missing: Vec<&str> = Metrics::families()
        .iter()
        .map(|family| family.name)
        .filter(|name| !named.iter().any(|named| named.starts_with(name)))
        .filter(|name| {
            // What other panels say already, or what tells when.
            ![
                "passerelle_connections_opened_total",
                "passerelle_sessions_opened_total",
                "passerelle_submission_bytes_total",
                "passerelle_store_counted_timestamp_seconds",
                "process_start_time_seconds",
            ]
            .contains(name)
        })
        .collect();
    assert!(missing.is_empty(), "no panel shows {missing:?}");
}

#[test]
fn every_alert_can_fire_and_is_documented() {
    let rules = read("packaging/prometheus/passerelle.rules.yml");
    let document = read("docs/watch.md");
    let mut alerts = 0;
    for rule in rules.split("- alert: ").skip(1) {
        alerts += 1;
        let name = rule.lines().next().unwrap();
        let query = rule.split("expr: ").nth(1).unwrap().split("\n        for: ").next().unwrap();
        check(name, query.trim_start_matches(">-").trim());
        for part in ["for: ", "severity: ", "summary: ", "description: "] {
            assert!(rule.contains(part), "{name}: no {part}");
        }
        assert!(document.contains(&format!("| `{name}` |")), "docs/watch.md does not say what to do about {name}");
    }
    assert!(alerts >= 10, "{alerts}");
}
