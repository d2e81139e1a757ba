//! PURE: which settings a changed file sets otherwise: for a reload, which can take up some of them only.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// What a reload takes up. Files that settings name (certificate, tokens) are read again too, the names are not.
const RELOADED: [&str; 2] = ["log.filter", "rules"];

/// The keys that are set otherwise in one than in the other, and that only a restart takes up.
pub fn needs_restart(before: &Table, after: &Table) -> Vec<String> {
    let (before, after) = (flat(before), flat(after));
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    changed.filter(|key| !RELOADED.contains(&key.as_str())).cloned().collect()
}

/// Dotted keys; an array is one value.
fn flat(table: &Table) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    let mut tables = vec![(String::new(), table)];
    while let Some((prefix, table)) = tables.pop() {
        for (key, value) in table {
            match value {
                Value::Table(inner) => tables.push((format!("{prefix}{key}."), inner)),
                value => {
                    found.insert(format!("{prefix}{key}"), value);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_only_a_restart_takes_up() {
        let before = "domain = 'a'\n[imap]\npoll_seconds = 5\n[log]\nfilter = 'info'\n[[rules]]\ngroup = 'x'\n";
        let after = "domain = 'a'\n[imap]\nidle_seconds_max = 9\n[log]\nfilter = 'warn'\njson = true\n";
        let keys = needs_restart(&before.parse().unwrap(), &after.parse().unwrap());
        assert_eq!(keys, ["imap.idle_seconds_max", "imap.poll_seconds", "log.json"]);
        assert!(needs_restart(&after.parse().unwrap(), &after.parse().unwrap()).is_empty());
    }
}
