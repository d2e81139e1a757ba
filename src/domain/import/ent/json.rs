//! PURE: the ENT's JSON → people, groups, communication links.
//!
//! What its routes answer: users of a school, groups, `{id, users, communiqueWith}` of a group; each by itself, in a list,
//! by id, or together under names of their own. A file is checked as a whole first, then read object by object.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::csv::profile_of_word;
use super::person::{Account, Person, Told};
use super::text::clean;
use crate::domain::import::problem::{Place, Problem, Reason, Source};
use crate::model::{Profile, UsersRule};

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) people: Vec<Person>,
    pub(super) groups: Vec<JsonGroup>,
    pub(super) communications: Vec<Communication>,
    pub(super) structures: BTreeSet<Structure>,
}

/// A school as the ENT names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Structure {
    pub(super) uai: String,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}

/// A group as the ENT lists it.
#[derive(Debug)]
pub(super) struct JsonGroup {
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) name: String,
    /// `ProfileGroup`, `ManualGroup` …
    pub(super) kind: String,
    /// `ClassGroup`, `StructureGroup`, `BroadcastGroup` …
    pub(super) sub_kind: String,
    pub(super) profile: Option<Profile>,
    pub(super) users: Option<UsersRule>,
    /// Id and name.
    pub(super) classes: Vec<(String, String)>,
    /// UAI, id or name.
    pub(super) schools: Vec<String>,
}

/// The links of a group.
#[derive(Debug)]
pub(super) struct Communication {
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) users: Option<UsersRule>,
    pub(super) writes_to: Vec<String>,
}

/// Any of the objects; what they are is seen from the fields that are there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Thing {
    id: Option<String>,
    external_id: Option<String>,
    login: Option<String>,
    login_alias: Option<String>,
    display_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    profiles: Option<OneOrMany<String>>,
    profile: Option<String>,
    #[serde(rename = "type")]
    kind: Option<OneOrMany<String>>,
    sub_type: Option<String>,
    filter: Option<String>,
    blocked: Option<bool>,
    delete_date: Option<IgnoredAny>,
    structures: Option<Vec<Named>>,
    classes: Option<Vec<Named>>,
    groups: Option<Vec<Named>>,
    children: Option<Vec<Named>>,
    name: Option<String>,
    internal_communication_rule: Option<String>,
    users: Option<String>,
    communique_with: Option<Vec<Named>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_first(self) -> Option<T> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(many) => many.into_iter().next(),
        }
    }
}

/// An id by itself, or an object with an id and a name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Named {
    Text(String),
    Object {
        #[serde(alias = "groupId")]
        id: Option<String>,
        #[serde(alias = "groupName", alias = "displayName")]
        name: Option<String>,
        #[serde(alias = "uai", alias = "UAI")]
        code: Option<String>,
    },
}

impl Named {
    /// The surest of its names.
    fn key(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object { id, name, code } => code.or(id).or(name),
        }
    }

    /// A school, where its code is told.
    fn structure(&self) -> Option<Structure> {
        match self {
            Self::Object { id, name, code: Some(uai) } => {
                Some(Structure { uai: uai.clone(), id: id.clone(), name: name.as_deref().map(clean) })
            }
            _ => None,
        }
    }

    /// Id and name.
    fn pair(self) -> Option<(String, String)> {
        match self {
            Self::Text(text) => Some((text.clone(), text)),
            Self::Object { id, name, .. } => {
                let id = id.or_else(|| name.clone())?;
                Some((id.clone(), name.unwrap_or(id)))
            }
        }
    }
}

/// Reads a file. What is wrong is told, with the line of the object.
pub(super) fn read(source: &Source, text: &str, school: Option<&Arc<str>>, problems: &mut Vec<Problem>) -> Found {
    let mut found = Found::default();
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        problems.push(not_json(source, &error, 1));
        return found;
    }
    for object in objects(text) {
        let thing: Thing = match serde_json::from_str(object.text) {
            Ok(thing) => thing,
            Err(error) => {
                problems.push(not_json(source, &error, object.line));
                continue;
            }
        };
        let place = Place { source: source.clone(), line: object.line };
        let mut taking = Taking { place, school, problems };
        taking.take(thing, object.key, &mut found);
    }
    found
}

fn not_json(source: &Source, error: &serde_json::Error, first_line: u64) -> Problem {
    let line = first_line + u64::try_from(error.line().saturating_sub(1)).unwrap_or(0);
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default().to_owned();
    let reason = Reason::NotJson { column: error.column(), what };
    Problem { place: Place { source: source.clone(), line }, column: None, reason }
}

struct Taking<'t> {
    place: Place,
    school: Option<&'t Arc<str>>,
    problems: &'t mut Vec<Problem>,
}

impl Taking<'_> {
    fn take(&mut self, thing: Thing, key: Option<&str>, found: &mut Found) {
        found.structures.extend(thing.structures.iter().flatten().filter_map(Named::structure));
        if thing.login.is_some() || (thing.last_name.is_some() && thing.external_id.is_some()) {
            if thing.delete_date.is_none() {
                found.people.extend(self.person(thing));
            }
            return;
        }
        let Some(id) = thing.id.clone().or_else(|| key.map(str::to_owned)).map(|id| id.to_lowercase()) else {
            return self.problem("id", Reason::Empty);
        };
        let rule = thing.internal_communication_rule.as_deref().or(thing.users.as_deref());
        let users = rule.and_then(|word| self.users_rule(word));
        if let Some(targets) = thing.communique_with {
            let writes_to = targets.into_iter().filter_map(Named::key).map(|id| id.to_lowercase()).collect();
            found.communications.push(Communication { place: self.place.clone(), id, users, writes_to });
        } else {
            found.groups.extend(self.group(thing, id, users));
        }
    }

    fn person(&mut self, thing: Thing) -> Option<Person> {
        let login = self.needed("login", thing.login)?.to_lowercase();
        let external_id = self.needed("externalId", thing.external_id.or_else(|| thing.id.clone()))?;
        let word = thing.profiles.and_then(OneOrMany::into_first).or(thing.profile);
        let word = self.needed("profiles", word.or_else(|| thing.kind.and_then(OneOrMany::into_first)))?;
        let Some(profile) = profile_of_word(&word) else {
            let known = Profile::ALL.map(Profile::column).join(", ");
            self.problem("profiles", Reason::NotOneOf { found: word, known });
            return None;
        };
        let display_name = thing.display_name.map(|name| clean(&name)).filter(|name| !name.is_empty());
        let last_name = self.needed("lastName", thing.last_name.or_else(|| display_name.clone()))?;
        let first_name = thing.first_name.map(|name| clean(&name)).unwrap_or_default();
        let groups = thing.groups.unwrap_or_default().into_iter().filter_map(Named::pair);
        let alias = thing.login_alias.map(|alias| clean(&alias).to_lowercase()).filter(|alias| !alias.is_empty());
        Some(Person {
            place: self.place.clone(),
            school: self.school.cloned(),
            school_names: thing.structures.unwrap_or_default().into_iter().filter_map(Named::key).collect(),
            profile,
            first_name,
            last_name,
            classes: Vec::new(),
            told: Told::Json {
                account: Account { id: thing.id.map(|id| id.to_lowercase()), external_id, login, alias, display_name },
                groups: groups.map(|(id, name)| (id.to_lowercase().into(), name)).collect(),
                children: thing.children.unwrap_or_default().into_iter().filter_map(Named::key).collect(),
                blocked: thing.blocked.unwrap_or(false),
            },
        })
    }

    fn group(&mut self, thing: Thing, id: String, users: Option<UsersRule>) -> Option<JsonGroup> {
        let name = self.needed("name", thing.name.or(thing.display_name))?;
        let kind = thing.kind.and_then(OneOrMany::into_first).unwrap_or_default();
        Some(JsonGroup {
            place: self.place.clone(),
            id,
            profile: thing.filter.as_deref().and_then(profile_of_word),
            name,
            kind,
            sub_kind: thing.sub_type.unwrap_or_default(),
            users,
            classes: thing.classes.unwrap_or_default().into_iter().filter_map(Named::pair).collect(),
            schools: thing
                .structures
                .unwrap_or_default()
                .into_iter()
                .filter_map(Named::key)
                .chain(self.school.map(ToString::to_string))
                .collect(),
        })
    }

    fn needed(&mut self, field: &'static str, text: Option<String>) -> Option<String> {
        let text = text.map(|text| clean(&text)).filter(|text| !text.is_empty());
        if text.is_none() {
            self.problem(field, Reason::Empty);
        }
        text
    }

    fn users_rule(&mut self, word: &str) -> Option<UsersRule> {
        let rule = UsersRule::from_column(word);
        if rule.is_none() && !word.is_empty() {
            let known = UsersRule::ALL.map(UsersRule::column).join(", ");
            self.problem("internalCommunicationRule", Reason::NotOneOf { found: word.to_owned(), known });
        }
        rule
    }

    fn problem(&mut self, field: &'static str, reason: Reason) {
        self.problems.push(Problem { place: self.place.clone(), column: Some(Cow::Borrowed(field)), reason });
    }
}

/// One object of a file.
struct Object<'t> {
    text: &'t str,
    /// Where it begins.
    line: u64,
    /// The name that it stands under.
    key: Option<&'t str>,
    /// How deep in the file.
    depth: usize,
}

/// How deep objects are looked for.
const DEPTH_MAX: usize = 6;

/// The outermost objects that are about something: those of lists, and those that stand under an id.
///
/// The text is JSON, so counting brackets outside of strings finds them.
fn objects(text: &str) -> Vec<Object<'_>> {
    let mut objects = Vec::new();
    let is_about = |object: &str| {
        let about = serde_json::from_str::<About>(object);
        about.is_ok_and(|about| about.id.is_some() || about.login.is_some() || about.communique_with.is_some())
    };
    let mut walk = vec![Object { text, line: 1, key: None, depth: 0 }];
    while let Some(part) = walk.pop() {
        let trimmed = part.text.trim_start();
        let is_object = trimmed.starts_with('{');
        if is_object && is_about(trimmed) {
            objects.push(part);
            continue;
        }
        if part.depth < DEPTH_MAX && (is_object || trimmed.starts_with('[')) {
            let mut parts = parts_of(&part);
            parts.reverse();
            walk.append(&mut parts);
        }
    }
    objects
}

/// What makes an object one that is about something.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    id: Option<IgnoredAny>,
    login: Option<IgnoredAny>,
    communique_with: Option<IgnoredAny>,
}

/// The objects and lists directly within an object or a list.
fn parts_of<'t>(whole: &Object<'t>) -> Vec<Object<'t>> {
    let mut parts = Vec::new();
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let (mut line, mut start) = (whole.line, (0_usize, 0_u64));
    let (mut string_start, mut key) = (0_usize, None);
    for (at, octet) in whole.text.bytes().enumerate() {
        match octet {
            b'\n' => line += 1,
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => {
                in_string = !in_string;
                match in_string {
                    true => string_start = at + 1,
                    false if depth == 1 => key = whole.text.get(string_start..at),
                    false => {}
                }
            }
            _ if in_string => {}
            b'{' | b'[' => {
                if depth == 1 {
                    start = (at, line);
                }
                depth += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 1 {
                    let text = whole.text.get(start.0..=at).unwrap_or_default();
                    parts.push(Object { text, line: start.1, key, depth: whole.depth + 1 });
                }
            }
            b',' if depth == 1 => key = None,
            _ => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Found, Vec<String>) {
        let mut problems = Vec::new();
        let found = read(&Source::new(0, "x.json"), text, None, &mut problems);
        (found, problems.iter().map(ToString::to_string).collect())
    }

    const USER: &str = r#"{"id":"U1","externalId":"E1","login":"ana.roy","firstName":"Ana","lastName":"Roy",
        "profiles":["Student"],"structures":[{"id":"s","UAI":"0750001A"}],"groups":[{"groupId":"G1","groupName":"6A-Student"}]}"#;

    #[test]
    fn objects_are_found_alone_in_lists_by_id_and_under_names() {
        for text in [USER.to_owned(), format!("[{USER}]"), format!("{{\"users\":[{USER}],\"total\":1}}")] {
            let (found, problems) = found(&text);
            assert!(problems.is_empty(), "{problems:?}");
            assert_eq!(found.people.len(), 1, "{text}");
            assert_eq!(found.people[0].school_names, ["0750001A"]);
        }
        let (found, problems) = found(
            r#"{"groups":[{"id":"G1","name":"6A-Student","type":"ProfileGroup","subType":"ClassGroup",
                 "internalCommunicationRule":"BOTH","classes":[{"id":"c1","name":"6A"}],"structures":["s"]}],
               "communication":{"g1":{"users":"BOTH","communiqueWith":["G2",{"id":"G3","name":"x"}]}}}"#,
        );
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((found.groups[0].id.as_str(), found.groups[0].users), ("g1", Some(UsersRule::Both)));
        assert_eq!(
            (found.communications[0].id.as_str(), &found.communications[0].writes_to[..]),
            ("g1", &["g2".to_owned(), "g3".to_owned()][..])
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert!(found("[{\"id\":1,\n]").1[0].starts_with("x.json:2: the file cannot be read as JSON: column 1"));
        let text = format!("[\n{USER},\n{}]", USER.replace("Student\"]", "Cook\"]"));
        assert_eq!(
            found(&text).1,
            ["x.json:4: profiles: \"Cook\" is none of: Student, Relative, Teacher, Personnel, Guest"]
        );
        assert_eq!(found("[{\"id\":\"a\",\"login\":\"\"}]").1, ["x.json:1: login: the cell is empty"]);
        assert!(found("[{\"login\":5}]").1[0].contains("column"), "a number is no login");
        assert_eq!(found("[\"}{\\\"\", {\"id\":\"g\",\"name\":\"a{b\"}]").0.groups[0].name, "a{b");
    }
}
