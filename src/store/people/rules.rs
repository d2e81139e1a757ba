//! The part of the stored graph that the table of the settings made: marked by imports, read and written again when the
//! table changes (`domain::rules`).

use std::collections::HashMap;

use super::bulk::{Cell, Frame, run_rows};
use super::{kind_of_column, profile_of_column, users_rule_of_column};
use crate::model::{GroupId, Role, UsersRule};
use crate::store::{StoreError, Tx, json_list, on_engine, sql};

/// Of groups that files were about: what the files said themselves, and what they left to the table.
#[derive(Clone, Debug, Default)]
pub struct TableMarks {
    /// Groups whose `users` the table decides.
    pub users: Vec<GroupId>,
    pub users_given: Vec<GroupId>,
    /// Groups whose rules the table makes.
    pub rules: Vec<GroupId>,
    pub rules_given: Vec<GroupId>,
    /// The rules that it made.
    pub made: Vec<(GroupId, GroupId)>,
}

/// Marks them. What is marked so already is not touched.
pub async fn mark(tx: &mut Tx<'_>, marks: &TableMarks) -> Result<(), StoreError> {
    let users_by = sql!(tx, "update ent_group set users_by_table = true
        where not users_by_table and id in (select item from ", texts "$1", " as list)");
    mark_groups(tx, users_by, &marks.users).await?;
    let users_given = sql!(tx, "update ent_group set users_by_table = false
        where users_by_table and id in (select item from ", texts "$1", " as list)");
    mark_groups(tx, users_given, &marks.users_given).await?;
    let rules_by = sql!(tx, "update ent_group set rules_by_table = true
        where not rules_by_table and id in (select item from ", texts "$1", " as list)");
    mark_groups(tx, rules_by, &marks.rules).await?;
    let rules_given = sql!(tx, "update ent_group set rules_by_table = false
        where rules_by_table and id in (select item from ", texts "$1", " as list)");
    mark_groups(tx, rules_given, &marks.rules_given).await?;
    let said = sql!(tx, "update communication_rule set by_table = false
        where by_table and from_group_id in (select item from ", texts "$1", " as list)");
    let about: Vec<GroupId> = marks.rules.iter().chain(&marks.rules_given).cloned().collect();
    mark_groups(tx, said, &about).await?;
    run_rows(tx, &MADE, marks.made.iter().map(pair), &|_| ()).await
}

async fn mark_groups(tx: &mut Tx<'_>, statement: &'static str, groups: &[GroupId]) -> Result<(), StoreError> {
    if groups.is_empty() {
        return Ok(());
    }
    let groups = json_list(&groups.iter().map(GroupId::as_str).collect::<Vec<_>>());
    on_engine!(tx, |c| sqlx::query(statement).bind(groups).execute(c).await.map(drop)?);
    Ok(())
}

const MADE: Frame = Frame {
    before: "update communication_rule set by_table = true where (from_group_id, to_group_id) in (values",
    after: ")",
};
const ADD: Frame = Frame {
    before: "insert into communication_rule (from_group_id, to_group_id, by_table) values",
    after: " on conflict do nothing",
};
const REMOVE: Frame = Frame {
    before: "delete from communication_rule where by_table and (from_group_id, to_group_id) in (values",
    after: ")",
};

/// An open group, as far as the table decides about it.
#[derive(Clone, Debug)]
pub struct RuledGroup {
    pub id: GroupId,
    pub uai: String,
    pub class: Option<String>,
    pub role: Role,
    pub name: String,
    pub users: UsersRule,
    pub users_by_table: bool,
    pub rules_by_table: bool,
}

/// The open groups that have a role, and the rules between groups: is each the table's?
#[derive(Clone, Debug, Default)]
pub struct RuledGraph {
    pub groups: Vec<RuledGroup>,
    pub rules: HashMap<(GroupId, GroupId), bool>,
}

const GROUPS: &str = "
    select g.id, s.uai, g.class_id, g.kind, g.profile, g.name, g.users_rule, g.users_by_table
         , g.rules_by_table
    from ent_group g join school s on s.id = g.school_id
    where not g.closed
    order by s.uai, g.name, g.id";

type Row = (String, String, Option<String>, String, Option<String>, String, String, bool, bool);

/// Reads them.
pub async fn load_ruled(tx: &mut Tx<'_>) -> Result<RuledGraph, StoreError> {
    let rows: Vec<Row> = on_engine!(tx, |c| sqlx::query_as(GROUPS).fetch_all(c).await)?;
    let mut graph = RuledGraph::default();
    for (id, uai, class, kind, profile, name, users, users_by_table, rules_by_table) in rows {
        let kind = kind_of_column(&id, &kind)?;
        let profile = profile.map(|profile| profile_of_column("ent_group", &id, &profile)).transpose()?;
        let Some(role) = Role::of(kind, profile, class.is_some()) else { continue };
        let users = users_rule_of_column(&id, &users)?;
        let id = GroupId::new(id);
        graph.groups.push(RuledGroup { id, uai, class, role, name, users, users_by_table, rules_by_table });
    }
    let sql = "select from_group_id, to_group_id, by_table from communication_rule";
    let rules: Vec<(String, String, bool)> = on_engine!(tx, |c| sqlx::query_as(sql).fetch_all(c).await)?;
    graph.rules =
        rules.into_iter().map(|(from, to, by_table)| ((GroupId::new(from), GroupId::new(to)), by_table)).collect();
    Ok(graph)
}

/// What a changed table changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableWrites {
    pub users: Vec<(GroupId, UsersRule)>,
    pub added: Vec<(GroupId, GroupId)>,
    pub removed: Vec<(GroupId, GroupId)>,
}

/// Writes it.
pub async fn write_ruled(tx: &mut Tx<'_>, writes: &TableWrites) -> Result<(), StoreError> {
    for users in UsersRule::ALL {
        let groups: Vec<&str> =
            writes.users.iter().filter(|(_, rule)| *rule == users).map(|(group, _)| group.as_str()).collect();
        let statement = sql!(
            tx,
            "update ent_group set users_rule = $2 where id in (select item from ",
            texts "$1",
            " as list)"
        );
        on_engine!(tx, |c| {
            sqlx::query(statement).bind(json_list(&groups)).bind(users.column()).execute(c).await.map(drop)?;
        });
    }
    run_rows(tx, &REMOVE, writes.removed.iter().map(pair), &|_| ()).await?;
    let added = writes
        .added
        .iter()
        .map(|(from, to)| [Cell::Text(from.to_string()), Cell::Text(to.to_string()), Cell::Bool(true)]);
    run_rows(tx, &ADD, added, &|_| ()).await
}

fn pair((from, to): &(GroupId, GroupId)) -> [Cell; 2] {
    [Cell::Text(from.to_string()), Cell::Text(to.to_string())]
}
