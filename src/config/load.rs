//! Reads the configuration: a TOML file and the environment → [`Config`], or everything that is wrong with it, at once,
//! each with file, line, column and key.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::keys::{self, Key};
use super::problem::place;
use super::{Config, Problem, Problems, check, rules};

/// The environment variable that holds the store's URL, before the file.
pub const STORE_URL_VARIABLE: &str = "PASSERELLE_STORE_URL";

/// Loads the file. Relative paths in it are meant from its own folder. The store's URL comes from the environment
/// ([`STORE_URL_VARIABLE`]), else from `store.url_file`, else from `store.url`.
///
/// # Errors
/// All problems, in the order of the file.
pub fn load(path: &Path) -> Result<Config, Problems> {
    let source = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Problems(vec![Problem { source: source.clone(), place: None, message: error.to_string() }]))?;
    let folder = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned));
    let folder = folder.as_deref().unwrap_or_else(|| Path::new(""));
    let config = parse(&text, &source, folder, std::env::var(STORE_URL_VARIABLE).ok())?;
    let file = Some(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    Ok(Config { file, written: text.parse().unwrap_or_default(), ..config })
}

/// Reads a configuration from its text. `source` names it in errors; `folder` is what relative paths are meant from;
/// `store_url` is what the environment says of the store.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, source: &str, folder: &Path, store_url: Option<String>) -> Result<Config, Problems> {
    let mut reading = Reading { text, source, problems: Vec::new(), positions: BTreeMap::new(), left_out: Vec::new() };
    let (mut document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        reading.problem(error.span(), error.message().to_owned());
    }
    if !syntax.is_empty() {
        return Err(reading.finish());
    }
    match keys::known_keys::<Config>() {
        Ok(known) => reading.drop_unknown(document.get_mut(), ("", ""), &known),
        Err(error) => reading.problem(None, format!("the list of settings cannot be made: {error}")),
    }
    reading.note_zeros(document.get_ref(), "");
    let config = reading.build(document);
    match config {
        Some(mut config) => {
            reading.resolve(&mut config, folder, store_url);
            for (key, message) in check::check(&config) {
                reading.problem(reading.positions.get(key).cloned(), message);
            }
            // Numbers of lines are those of the file as long as none was left out.
            let whole = reading.left_out.iter().all(|path| keys::split(path).0 != "rules" && path != "rules");
            for (number, key, message) in whole.then(|| rules::check(&config.rules)).into_iter().flatten() {
                reading.problem(reading.positions.get(&format!("rules[{number}].{key}")).cloned(), message);
            }
            if reading.problems.is_empty() { Ok(config) } else { Err(reading.finish()) }
        }
        None => Err(reading.finish()),
    }
}

/// The numbers that may be zero, which then stands for never, always, or at once.
const NONE_AT_ALL: [&str; 5] = [
    "imap.background_commands_max",
    "imap.progress_milliseconds",
    "keeping.undelete_days",
    "listen.drain_seconds",
    "people.collect_every_hours",
];

/// The top-level keys that have no default.
const REQUIRED: [&str; 2] = ["domain", "data_dir"];

struct Reading<'t> {
    text: &'t str,
    source: &'t str,
    /// With the offset that orders them.
    problems: Vec<(usize, Problem)>,
    /// Where each key of the file stands.
    positions: BTreeMap<String, Range<usize>>,
    /// Keys whose values could not be read.
    left_out: Vec<String>,
}

impl Reading<'_> {
    fn problem(&mut self, span: Option<Range<usize>>, message: String) {
        let offset = span.as_ref().map_or(usize::MAX, |span| span.start);
        let place = span.map(|span| place(self.text, span.start));
        self.problems.push((offset, Problem { source: self.source.to_owned(), place, message }));
    }

    fn finish(mut self) -> Problems {
        self.problems.sort_by_key(|(offset, _)| *offset);
        Problems(self.problems.into_iter().map(|(_, problem)| problem).collect())
    }

    /// Reports and removes the keys that there are not, so that the rest can still be read. The prefix is that of the keys
    /// known, and that of the places: they differ by the numbers of elements.
    fn drop_unknown(&mut self, table: &mut DeTable<'_>, (prefix, at): (&str, &str), known: &[Key]) {
        for (key, mut value) in std::mem::take(table) {
            let path = format!("{prefix}{}", key.get_ref());
            let wildcard = format!("{prefix}*");
            let Some(found) = known.iter().find(|key| key.path == path || key.path == wildcard) else {
                self.problem(Some(key.span()), unknown(&path, known));
                continue;
            };
            let at = format!("{at}{}", key.get_ref());
            match value.get_mut() {
                DeValue::Table(inner) if found.table => {
                    self.drop_unknown(inner, (&format!("{}.", found.path), &format!("{at}.")), known);
                }
                DeValue::Array(elements) => {
                    for (number, element) in elements.iter_mut().enumerate() {
                        if let DeValue::Table(inner) = element.get_mut() {
                            let below = (format!("{}[].", found.path), format!("{at}[{number}]."));
                            self.drop_unknown(inner, (&below.0, &below.1), known);
                        }
                    }
                }
                _ => {}
            }
            self.positions.insert(at, key.span());
            table.insert(key, value);
        }
    }

    /// Every number in the settings is a limit, a size or a time: zero would stop the server in a way nobody meant.
    /// Only ports may be zero (any free one), and they stand inside addresses; and [`NONE_AT_ALL`].
    fn note_zeros(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) => self.note_zeros(inner, &format!("{path}.")),
                DeValue::Integer(number) if number.as_str() == "0" && !NONE_AT_ALL.contains(&path.as_str()) => {
                    self.problem(Some(value.span()), format!("`{path}` must be more than 0"));
                }
                _ => {}
            }
        }
    }

    /// Reads the values; a value of the wrong type is reported and left out, so that the others are looked at too.
    fn build(&mut self, mut document: Spanned<DeTable<'_>>) -> Option<Config> {
        loop {
            let error = match Config::deserialize(toml::de::Deserializer::from(document.clone())) {
                Ok(config) => return Some(config),
                Err(error) => error,
            };
            let missing = error.message().strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
            if let Some(missing) = missing.filter(|missing| REQUIRED.contains(missing)) {
                if !self.left_out.iter().any(|path| path == missing) {
                    self.problem(None, format!("the key `{missing}` is missing"));
                }
                return None;
            }
            let removed = error.span().and_then(|span| take_at(document.get_mut(), "", &span));
            let Some((path, span)) = removed else {
                self.problem(error.span(), error.message().to_owned());
                return None;
            };
            self.problem(Some(span), format!("`{path}`: {}{}", error.message(), hint(&path)));
            self.left_out.push(path);
        }
    }

    /// Relative paths become absolute, domain names lower case, the store's URL what file or environment say.
    fn resolve(&mut self, config: &mut Config, folder: &Path, store_url: Option<String>) {
        let absolute = |path: &mut PathBuf| *path = folder.join(&*path);
        absolute(&mut config.data_dir);
        let (tls, ent, oidc) = (&mut config.tls, &mut config.ent, &mut config.oidc);
        let (store, blobs) = (&mut config.store.url_file, &mut config.store.blobs);
        let blobs = [&mut blobs.folder, &mut blobs.credentials_file, &mut blobs.ca_file];
        let others = [&mut ent.token_file, &mut ent.ca_file, &mut oidc.ca_file, &mut config.admin.client_ca];
        let files = [&mut tls.certificate, &mut tls.key, store].into_iter().chain(others).chain(blobs);
        for path in files {
            path.iter_mut().for_each(absolute);
        }
        for hook in &mut config.webhook {
            let files = [&mut hook.secret_file, &mut hook.token_file, &mut hook.ca_file];
            files.into_iter().flatten().for_each(absolute);
        }
        config.domain.make_ascii_lowercase();
        if let Some(host_name) = &mut config.host_name {
            host_name.make_ascii_lowercase();
        }
        if config.store.url.is_some() && config.store.url_file.is_some() {
            let message = "`store.url` and `store.url_file` exclude each other".to_owned();
            self.problem(self.positions.get("store.url_file").cloned(), message);
        }
        if let Some(url) = store_url {
            config.store.url = Some(url);
        } else if let Some(file) = &config.store.url_file {
            match std::fs::read_to_string(file) {
                Ok(url) => config.store.url = Some(url.trim().to_owned()),
                Err(error) => {
                    let message = format!("`store.url_file`: {}: {error}", file.display());
                    self.problem(self.positions.get("store.url_file").cloned(), message);
                }
            }
        }
    }
}

/// The sentence on an unknown key.
fn unknown(path: &str, known: &[Key]) -> String {
    if let Some(near) = keys::nearest(known, path) {
        return format!("unknown key `{path}`, did you mean `{near}`?");
    }
    let table = keys::split(path).0;
    let beside = known.iter().map(|key| keys::split(&key.path)).filter(|(of, _)| *of == table).map(|(_, name)| name);
    let beside: Vec<&str> = beside.filter(|name| !name.ends_with("[]")).collect();
    format!("unknown key `{path}`; the keys known here are {}", beside.join(", "))
}

/// Takes the innermost entry whose value holds `span` out of the table; gives its path and its value's place. Of an array
/// of tables that is one of its elements, or what is in it.
fn take_at(table: &mut DeTable<'_>, prefix: &str, span: &Range<usize>) -> Option<(String, Range<usize>)> {
    let inside = |outer: &Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let mut taken = None;
    for (key, mut value) in std::mem::take(table) {
        let path = format!("{prefix}{}", key.get_ref());
        if taken.is_none() {
            taken = match value.get_mut() {
                DeValue::Table(inner) => take_at(inner, &format!("{path}."), span),
                DeValue::Array(elements) => take_element(elements, &path, span),
                _ => None,
            };
            if taken.is_none() && inside(&value.span()) && !matches!(value.get_ref(), DeValue::Table(_)) {
                taken = Some((path, value.span()));
                continue;
            }
        }
        table.insert(key, value);
    }
    taken
}

/// Takes the element that is a table and holds `span`; without it the others can still be read.
fn take_element(elements: &mut DeArray<'_>, path: &str, span: &Range<usize>) -> Option<(String, Range<usize>)> {
    let mut taken = None;
    for mut element in std::mem::replace(elements, DeArray::new()) {
        let place = element.span();
        if let (None, DeValue::Table(inner)) = (&taken, element.get_mut()) {
            let whole =
                || (place.start <= span.start && span.end <= place.end).then(|| (path.to_owned(), place.clone()));
            taken = take_at(inner, &format!("{path}."), span).or_else(whole);
            if taken.is_some() {
                continue;
            }
        }
        elements.push(element);
    }
    taken
}

/// An example, for the keys whose form is not plain from the error.
fn hint(path: &str) -> &'static str {
    match keys::split(path) {
        ("listen", "imap" | "imaps" | "submission" | "submissions" | "https" | "http") => {
            " (an address and a port, as in \"0.0.0.0:993\" or \"[::]:993\")"
        }
        _ => "",
    }
}
