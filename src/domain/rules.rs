//! The table of communication rules → the stored graph, again when the settings change. `import` applies it to what its
//! files are silent on; here it is applied anew to all that it made. What files said themselves stays.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::clock::Clock;
use super::import::ImportMode;
use super::policy::table::{Placed, Table};
use super::{Fault, Gateway};
use crate::config::{self, Problems};
use crate::model::{GroupId, TrailEvent, TrailLine, UsersRule};
use crate::store::people::import::{count_change, lock_directory};
use crate::store::people::rules::{RuledGraph, RuledGroup, TableWrites, load_ruled, write_ruled};
use crate::store::{Durability, StoreError, Tx, trail};

/// One change that a changed table makes, by the groups' names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleChange {
    /// What belonging to a group gives.
    Members {
        uai: String,
        group: String,
        before: &'static str,
        after: &'static str,
    },
    Added {
        uai: String,
        from: String,
        to: String,
    },
    Removed {
        uai: String,
        from: String,
        to: String,
    },
}

struct Job {
    table: Arc<Table>,
    mode: ImportMode,
    clock: Clock,
}

impl Gateway {
    /// Reads the table in the settings file again. Without a file, the table in use stays.
    ///
    /// # Errors
    /// What is wrong with the file; the table in use stays.
    pub fn read_rules(&self) -> Result<(), Problems> {
        if let Some(file) = &self.config.file {
            self.rules.store(Arc::new(Table::new(&config::load(file)?.rules)));
        }
        Ok(())
    }

    /// Brings what the table made in the stored graph up to the table in use; or only says what would change. It counts
    /// for the next RCPT, on every gateway.
    pub async fn apply_rules(&self, mode: ImportMode) -> Result<Vec<RuleChange>, Fault> {
        let job = Job { table: self.rules.load_full(), mode, clock: self.clock.clone() };
        Ok(match mode {
            ImportMode::DryRun => self.store.read_snapshot(job, |tx, job| Box::pin(apply(tx, job))).await?,
            ImportMode::Apply => self.store.write(Durability::Synced, job, |tx, job| Box::pin(apply(tx, job))).await?,
        })
    }
}

async fn apply(tx: &mut Tx<'_>, job: &Job) -> Result<Vec<RuleChange>, StoreError> {
    if job.mode == ImportMode::Apply {
        lock_directory(tx).await?;
    }
    let graph = load_ruled(tx).await?;
    let writes = plan(&graph, &job.table);
    if job.mode == ImportMode::Apply && writes != TableWrites::default() {
        write_ruled(tx, &writes).await?;
        count_change(tx).await?;
        let detail = format!("{} changes", writes.users.len() + writes.added.len() + writes.removed.len());
        let event = TrailEvent::Admin { act: "communication-rules", detail };
        trail::add(tx, &TrailLine::new(job.clock.new_id(), job.clock.now(), None, &event)).await?;
    }
    Ok(told(&graph, &writes))
}

/// What the table would have otherwise.
fn plan(graph: &RuledGraph, table: &Table) -> TableWrites {
    let placed = |group: &RuledGroup| table.users(&group.uai, Some(group.role));
    let users = graph.groups.iter().filter(|group| group.users_by_table);
    let users = users.filter(|group| group.users != placed(group)).map(|group| (group.id.clone(), placed(group)));
    let ruled: HashSet<&GroupId> =
        graph.groups.iter().filter(|group| group.rules_by_table).map(|group| &group.id).collect();
    let wanted = table.rules(&graph.groups.iter().map(as_placed).collect::<Vec<_>>());
    let added = wanted.iter().filter(|rule| ruled.contains(&rule.0) && !graph.rules.contains_key(*rule));
    let made = graph.rules.iter().filter(|((from, _), by_table)| **by_table && ruled.contains(from));
    let removed = made.map(|(rule, _)| rule).filter(|rule| !wanted.contains(*rule));
    TableWrites { users: users.collect(), added: added.cloned().collect(), removed: removed.cloned().collect() }
}

fn as_placed(group: &RuledGroup) -> Placed<'_> {
    Placed { id: &group.id, uai: &group.uai, class: group.class.as_deref(), role: group.role }
}

/// The changes with names, in the order of schools.
fn told(graph: &RuledGraph, writes: &TableWrites) -> Vec<RuleChange> {
    let groups: HashMap<&GroupId, &RuledGroup> = graph.groups.iter().map(|group| (&group.id, group)).collect();
    let name = |id: &GroupId| groups.get(id).map_or_else(|| id.to_string(), |group| group.name.clone());
    let uai = |id: &GroupId| groups.get(id).map_or_else(String::new, |group| group.uai.clone());
    let before = |id: &GroupId| groups.get(id).map_or(UsersRule::None, |group| group.users).column();
    let members = writes.users.iter().map(|(id, users)| RuleChange::Members {
        uai: uai(id),
        group: name(id),
        before: before(id),
        after: users.column(),
    });
    let added =
        writes.added.iter().map(|(from, to)| RuleChange::Added { uai: uai(from), from: name(from), to: name(to) });
    let removed =
        writes.removed.iter().map(|(from, to)| RuleChange::Removed { uai: uai(from), from: name(from), to: name(to) });
    let mut changes: Vec<RuleChange> = members.chain(added).chain(removed).collect();
    changes.sort();
    changes
}
