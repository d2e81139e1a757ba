//! Changes of the directory: the lines of an import as JSON, by the same code, all or nothing.
//!
//! Each list has the columns of the canonical file of its name (`docs/import.md`): it is written out as that file. Without
//! `schools` the request speaks for nobody whom it does not name; with it, for these schools whole, as a folder of files does.

use std::collections::BTreeSet;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::extract::{Asked, octets, read};
use super::guard::Caller;
use super::once::{Asking, once};
use super::problem::Problem;
use super::{Api, answer};
use crate::domain::import::{Change, File, ImportFiles, ImportMode, ImportOptions, Imported, Problem as Wrong, Report};
use crate::sentences::ApiProblem;

/// Problems told in one answer.
const PROBLEMS_MAX: usize = 1000;
/// Names told of each kind of change.
const NAMES_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    dry_run: bool,
    /// So many people may be suspended, whatever their share of a school.
    suspend: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Changes {
    schools: Option<Vec<Map<String, Value>>>,
    classes: Option<Vec<Map<String, Value>>>,
    users: Option<Vec<Map<String, Value>>>,
    groups: Option<Vec<Map<String, Value>>>,
    members: Option<Vec<Map<String, Value>>>,
    rules: Option<Vec<Map<String, Value>>>,
    links: Option<Vec<Map<String, Value>>>,
    /// People who leave and groups that close: `{"user": …}` or `{"group": …}`.
    leavers: Option<Vec<Map<String, Value>>>,
}

/// `POST /directory`
pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    Asked(how): Asked<How>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let body = octets(request, api.gateway.config.api.directory_bytes_max).await?;
    let files = files(read(&body)?)?;
    let asking = Asking { caller: &caller, headers: &headers, uri: &uri, body: &body };
    let doing = async {
        let mode = if how.dry_run { ImportMode::DryRun } else { ImportMode::Apply };
        if mode == ImportMode::Apply {
            api.gateway.trail_of_token(&caller.token, None, "import").await?;
        }
        let options = ImportOptions { mode, school: None, suspend: how.suspend };
        match api.gateway.import(&files, options).await? {
            Imported::Done(report) => Ok(answer::json(StatusCode::OK, &sheet(&report, how.dry_run))),
            Imported::Refused(problems) => Err(refused(&problems)),
            Imported::Stopped(stop) => {
                let mut more = sheet(&stop.report, true);
                if let Some(members) = more.as_object_mut() {
                    members.insert("suspended".to_owned(), stop.suspended.into());
                }
                Err(Problem::with(ApiProblem::DirectoryStopped(stop.suspended), more))
            }
        }
    };
    // Imports need much room: on the heap.
    Box::pin(once(&api, asking, doing)).await
}

/// The canonical files that the lists make.
fn files(changes: Changes) -> Result<ImportFiles, Problem> {
    let lists = [
        (File::Schools, changes.schools),
        (File::Classes, changes.classes),
        (File::Users, changes.users),
        (File::Groups, changes.groups),
        (File::Members, changes.members),
        (File::Rules, changes.rules),
        (File::Links, changes.links),
        (File::Leavers, changes.leavers),
    ];
    let mut files = ImportFiles::default();
    for (file, list) in lists {
        // An empty list says nothing: a file without lines would be read as one that names nobody.
        if let Some(list) = list.filter(|list| !list.is_empty()) {
            files = files.with(file, csv(file, &list)?);
        }
    }
    Ok(files)
}

/// A list as its file: line 1 is the header, line n + 2 the element n.
fn csv(file: File, list: &[Map<String, Value>]) -> Result<Vec<u8>, Problem> {
    let columns: BTreeSet<&String> = list.iter().flat_map(Map::keys).collect();
    if columns.is_empty() || columns.iter().any(|column| !is_plain(column)) {
        return Err(Problem::bad(format!("/{}: elements without members, or with ones of strange names", key(file))));
    }
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| column.as_bytes())).map_err(Problem::bad)?;
    for (at, element) in list.iter().enumerate() {
        let mut cells = Vec::with_capacity(columns.len());
        for column in &columns {
            let cell = cell(element.get(*column).unwrap_or(&Value::Null));
            cells.push(cell.ok_or_else(|| Problem::bad(format!("/{}/{at}/{column}: no text", key(file))))?);
        }
        writer.write_record(cells).map_err(Problem::bad)?;
    }
    writer.into_inner().map_err(|error| Problem::bad(error.to_string()))
}

/// A value as a cell; `None` where it is none. A control character would end the line.
fn cell(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join("|"),
        Value::Object(_) => return None,
    };
    (!text.chars().any(char::is_control)).then_some(text)
}

fn is_plain(column: &str) -> bool {
    !column.is_empty() && column.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}

/// The member of the request that makes this file.
fn key(file: File) -> &'static str {
    file.name().trim_end_matches(".csv")
}

fn refused(problems: &[Wrong]) -> Problem {
    let told: Vec<Value> = problems.iter().take(PROBLEMS_MAX).map(problem).collect();
    Problem::with(ApiProblem::DirectoryRefused(problems.len()), json!({ "problems": told }))
}

fn problem(problem: &Wrong) -> Value {
    let list = problem.place.source.name().trim_end_matches(".csv");
    let mut pointer = format!("/{list}");
    if let Some(element) = problem.place.line.checked_sub(2) {
        pointer.push_str(&format!("/{element}"));
        if let Some(column) = &problem.column {
            pointer.push_str(&format!("/{column}"));
        }
    }
    json!({ "pointer": pointer, "reason": problem.reason.to_string() })
}

fn sheet(report: &Report, dry_run: bool) -> Value {
    let changes = report.changes().map(|(file, change, count, names)| {
        let names: Vec<&String> = names.iter().take(NAMES_MAX).collect();
        json!({ "subject": file.subject(), "change": word(change), "count": count, "names": names })
    });
    let (remarks, _) = report.remarks();
    let remarks: Vec<String> = remarks.iter().take(PROBLEMS_MAX).map(ToString::to_string).collect();
    json!({ "dry_run": dry_run, "changes": changes.collect::<Vec<_>>(), "remarks": remarks })
}

const fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Changed => "changed",
        Change::Suspended => "suspended",
        Change::Resumed => "resumed",
        Change::Closed => "closed",
        Change::Removed => "removed",
    }
}
