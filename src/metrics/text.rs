//! PURE: metrics in Prometheus's text format, version 0.0.4: `# HELP`, `# TYPE`, then a line for each series.

use super::value::Value;

/// What a scrape is answered with.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Families of metrics, one after the other.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// Writes one family.
    pub fn family<V: Value>(&mut self, name: &str, help: &str, value: &V) {
        let before = self.0.len();
        let help = help.trim().replace('\\', "\\\\").replace('\n', "\\n");
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {}\n", V::KIND));
        let head = self.0.len();
        value.write(&mut Series { text: &mut self.0, name, labels: Vec::new(), skips_empty: false });
        // Nothing is known of it yet.
        if self.0.len() == head {
            self.0.truncate(before);
        }
    }

    /// One series that says something about this process by its label.
    pub fn about(&mut self, name: &str, help: &str, (key, word): (&str, &str)) {
        self.0
            .push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name}{{{key}=\"{}\"}} 1\n", escaped(word)));
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.0
    }
}

/// The series of one family.
pub struct Series<'t> {
    text: &'t mut String,
    name: &'t str,
    labels: Vec<String>,
    /// Are series left out that were never counted?
    pub(super) skips_empty: bool,
}

impl Series<'_> {
    /// Writes what is told apart by this label.
    pub(super) fn within(&mut self, (key, word): (&str, &str), write: impl FnOnce(&mut Self)) {
        self.labels.push(format!("{key}=\"{}\"", escaped(word)));
        write(self);
        self.labels.pop();
    }

    pub(super) fn number(&mut self, ending: &str, number: u64) {
        self.text(ending, &number.to_string());
    }

    pub(super) fn text(&mut self, ending: &str, value: &str) {
        let labels = if self.labels.is_empty() { String::new() } else { format!("{{{}}}", self.labels.join(",")) };
        self.text.push_str(&format!("{}{ending}{labels} {value}\n", self.name));
    }
}

fn escaped(word: &str) -> String {
    word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
