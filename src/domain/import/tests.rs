//! Files that cannot be, and what a plan makes of a directory. Imports into a store are in `tests/people.rs`.

use std::collections::BTreeSet;

use super::plan::{Settings, plan};
use super::*;
use crate::domain::policy::table::Table;
use crate::model::{GroupId, UsersRule};
use crate::store::people::import::{Directory, Writes};

const SCHOOLS: &str = "uai;name\n0750999V;Lycée\n";
const CLASSES: &str = "id;school;name\nc1;0750999V;Seconde B\n";
const USERS: &str = "external_id;login;first_name;last_name;profile;schools\n\
    E1;ana.roy;Ana;Roy;Student;0750999V\n\
    E2;luc.roy;Luc;Roy;Relative;0750999V\n";

fn files(list: &[(File, &str)]) -> ImportFiles {
    list.iter().fold(ImportFiles::default(), |files, (file, text)| files.with(*file, *text))
}

fn plan_of(list: &[(File, &str)], before: &Directory) -> Result<Planned, Vec<String>> {
    let reader = Reader { bytes_max: 1 << 20, school: None, progress: &Progress::default() };
    let read = reader.read(&files(list)).unwrap();
    let settings = Settings { table: &Table::new(&[]), reserved: "noreply" };
    plan(&read.lines, before, &read.problems, &settings)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// The directory after writes on an empty one, as far as these tests ask.
fn after(writes: &Writes) -> Directory {
    let mut directory = Directory::default();
    directory.schools.extend(writes.schools.iter().map(|school| (school.id.clone(), school.clone())));
    directory.classes.extend(writes.classes.iter().map(|class| (class.id.clone(), class.clone())));
    directory.people.extend(writes.people.iter().map(|person| (person.id.clone(), person.clone())));
    directory.groups.extend(writes.groups.iter().map(|group| (group.id.clone(), group.clone())));
    directory.rules.extend(writes.rules_added.iter().cloned());
    directory.links.extend(writes.links_added.iter().cloned());
    for (user, school) in &writes.schools_of_added {
        directory.schools_of.entry(user.clone()).or_default().insert(school.clone());
    }
    for (group, user) in &writes.members_added {
        directory.members.entry(group.clone()).or_default().insert(user.clone());
    }
    for address in &writes.addresses {
        directory.addresses.insert(address.local_part.clone(), (address.owner.clone(), address.is_primary));
    }
    directory
}

#[test]
fn the_address_that_takes_no_answers_is_nobodys() {
    let people = "external_id;login;alias;first_name;last_name;profile;schools\n\
        E1;noreply;;Ana;Roy;Student;0750999V\nE2;luc.roy;NoReply;Luc;Roy;Relative;0750999V\n";
    let groups = "id;school;class;parent;kind;name;address;users\n\
        g1;0750999V;;;Manual;Un;noreply;\nnoreply;0750999V;;;Manual;Deux;;\n";
    let problems =
        plan_of(&[(File::Schools, SCHOOLS), (File::Users, people), (File::Groups, groups)], &Directory::default());
    let at = ["users.csv:2: login", "users.csv:3: alias", "groups.csv:2: address", "groups.csv:3: id"];
    let what = "the address \"noreply\" can be nobody's: it stands in messages that take no answers \
                (`policy.no_reply_address`)";
    assert_eq!(problems.unwrap_err(), at.map(|at| format!("{at}: {what}")));
}

#[test]
fn every_bad_line_is_told_at_once() {
    let problems = plan_of(
        &[
            (File::Schools, "uai;name\n0750999V;Lycée\n0750999v;Bis\n"),
            (File::Classes, "id;school;name\nc1;0759999Z;Seconde B\nc1;0750999V;\n"),
            (
                File::Users,
                "external_id;login;alias;first_name;last_name;profile;schools\n\
                 E1;ana.roy;;Ana;Roy;Pupil;0750999V\n\
                 E1;luc.roy;;Luc;Roy;Relative;0750999V\n\
                 E3;.x@y;;Zoé;;Student;nowhere\n\
                 E4;max;ANA.ROY;Max;Noir;Student;\n",
            ),
            (
                File::Groups,
                "id;school;class;parent;kind;name;address;users\n\
                 g1;0750999V;c9;;Profile;Élèves;ana.roy;SOME\n\
                 g2;;;g3;Manual;Deux;;\n\
                 g3;;;g2;Manual;Trois;;\n",
            ),
            (File::Members, "group;user\ng9;E1\ng1;nobody\n"),
            (File::Links, "from;to;both_ways\nE1;E1;oui\n"),
        ],
        &Directory::default(),
    )
    .unwrap_err();
    let expected = [
        "schools.csv:3: uai: \"0750999v\" is already the one of schools.csv:2",
        "classes.csv:2: school: no school has the id or the UAI \"0759999Z\"",
        "classes.csv:3: id: \"c1\" is already the one of classes.csv:2",
        "classes.csv:3: name: the cell is empty",
        "users.csv:2: profile: \"Pupil\" is none of: Student, Relative, Teacher, Personnel, Guest",
        "users.csv:3: external_id: \"E1\" is already the one of users.csv:2",
        "users.csv:4: last_name: the cell is empty",
        "users.csv:4: login: \".x@y\" cannot stand in an address: 1 to 64 of a-z, 0-9, '.', '-', '_', no dot at an end or beside another",
        "users.csv:4: schools: no school has the id or the UAI \"nowhere\"",
        "users.csv:5: alias: the address \"ana.roy\" is, for ever, the one of ROY Ana",
        "groups.csv:2: address: the address \"ana.roy\" is, for ever, the one of ROY Ana",
        "groups.csv:2: class: no class has the id \"c9\"",
        "groups.csv:2: profile: a group of this kind needs a profile",
        "groups.csv:2: users: \"SOME\" is none of: INCOMING, OUTGOING, BOTH, NONE",
        "groups.csv:3: parent: the group hangs below itself",
        "groups.csv:4: parent: the group hangs below itself",
        "members.csv:2: group: no group has the id \"g9\"",
        "members.csv:3: user: nobody has the external id, the id or the login \"nobody\"",
        "links.csv:2: both_ways: \"oui\" is none of: yes, no",
        "links.csv:2: to: a person needs no link to himself",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn a_control_character_never_comes_into_a_name() {
    let users = "external_id;login;first_name;last_name;profile;schools\nE1;a;\"An\ra\";Roy;Student;\n";
    let problems = plan_of(&[(File::Users, users)], &Directory::default()).unwrap_err();
    assert_eq!(problems, ["users.csv:2: first_name: \"An\\ra\" holds a control character"]);
}

#[test]
fn default_rules_join_the_groups_of_one_school_and_of_one_class() {
    let groups = "id;school;class;kind;profile;name\n\
        ts;0750999V;;Profile;Teacher;Enseignants\n\
        ss;0750999V;;Profile;Student;Élèves\n\
        sc;0750999V;c1;Profile;Student;Élèves B\n\
        tc;0750999V;c1;Profile;Teacher;Enseignants B\n\
        tx;0750999W;;Profile;Teacher;Enseignants d'ailleurs\n\
        sd;;c2;Profile;Student;Élèves C\n\
        dir;0750999V;;Direction;;Direction\n";
    let planned = plan_of(
        &[
            (File::Schools, "uai;name\n0750999V;Lycée\n0750999W;Collège\n"),
            (File::Classes, "id;school;name\nc1;0750999V;B\nc2;0750999V;C\n"),
            (File::Groups, groups),
        ],
        &Directory::default(),
    )
    .unwrap();
    let rules: BTreeSet<(&str, &str)> =
        planned.writes.rules_added.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    assert_eq!(rules, BTreeSet::from([("ts", "ss"), ("ts", "dir"), ("sc", "tc")]));
    let directory = after(&planned.writes);
    let group = |id: &str| directory.groups[&GroupId::new(id)].clone();
    assert_eq!(group("sc").parent, Some(GroupId::new("ss")));
    assert_eq!(group("sd").parent, Some(GroupId::new("ss")));
    assert_eq!(group("sd").school, group("ss").school, "a class group is of its class's school");
    assert_eq!((group("sc").users, group("ss").users), (UsersRule::Both, UsersRule::Outgoing));
    assert_eq!(group("dir").users, UsersRule::None);
}

#[test]
fn explicit_rules_take_the_place_of_the_default_ones() {
    let groups = "id;school;kind;profile;name;users\n\
        ts;0750999V;Profile;Teacher;Enseignants;INCOMING\n\
        ss;0750999V;Profile;Student;Élèves;\n";
    let list = [(File::Schools, SCHOOLS), (File::Groups, groups), (File::Rules, "from;to\nss;ts\n")];
    let planned = plan_of(&list, &Directory::default()).unwrap();
    assert_eq!(planned.writes.rules_added, [(GroupId::new("ss"), GroupId::new("ts"))]);
    let directory = after(&planned.writes);
    assert_eq!(directory.groups[&GroupId::new("ts")].users, UsersRule::Incoming);
    let again = plan_of(&[(File::Schools, SCHOOLS), (File::Groups, groups)], &directory).unwrap();
    assert_eq!(again.writes.rules_added, [(GroupId::new("ts"), GroupId::new("ss"))]);
    assert_eq!(again.writes.rules_removed, [(GroupId::new("ss"), GroupId::new("ts"))]);
}

#[test]
fn an_id_made_from_an_external_id_is_always_the_same() {
    let list = [(File::Schools, SCHOOLS), (File::Users, USERS)];
    let ids = |planned: &Planned| planned.new_people.iter().map(ToString::to_string).collect::<Vec<_>>();
    let first = plan_of(&list, &Directory::default()).unwrap();
    assert_eq!(ids(&first), ids(&plan_of(&list, &Directory::default()).unwrap()));
    // Fixed: changing how ids are made would give everybody a second account.
    assert_eq!(ids(&first).first().map(String::as_str), Some("c99f4af4-5acc-887b-9605-83ee796caf81"));
    assert!(plan_of(&list, &after(&first.writes)).unwrap().report.is_empty());
}

#[test]
fn an_import_of_one_school_leaves_the_others_alone() {
    let both = "external_id;login;first_name;last_name;profile;schools\n\
        E1;ana.roy;Ana;Roy;Teacher;0750999V|0750999W\nE2;luc.roy;Luc;Roy;Teacher;0750999W\n";
    let planned = plan_of(
        &[(File::Schools, "uai;name\n0750999V;Lycée\n0750999W;Collège\n"), (File::Users, both)],
        &Directory::default(),
    )
    .unwrap();
    let directory = after(&planned.writes);
    let only_header = "external_id;login;first_name;last_name;profile;schools\n";
    let planned = plan_of(&[(File::Schools, SCHOOLS), (File::Users, only_header)], &directory).unwrap();
    assert!(planned.suspended.is_empty());
    assert_eq!(planned.report.names(File::Users, Change::Changed), ["ROY Ana (ana.roy)"]);
    assert_eq!(planned.writes.schools_of_removed.len(), 1);
    // Named by the one school, she stays in the other.
    let named = format!("{only_header}E1;ana.roy;Ana;Roy;Teacher;0750999V\n");
    assert!(plan_of(&[(File::Schools, SCHOOLS), (File::Users, &named)], &directory).unwrap().report.is_empty());
}

#[test]
fn classes_may_come_alone_and_say_nothing_of_people() {
    let list = [(File::Schools, SCHOOLS), (File::Users, USERS)];
    let directory = after(&plan_of(&list, &Directory::default()).unwrap().writes);
    let planned = plan_of(&[(File::Schools, SCHOOLS), (File::Classes, CLASSES)], &directory).unwrap();
    assert_eq!(planned.report.changes().count(), 1);
    assert_eq!(planned.report.names(File::Classes, Change::Added), ["Seconde B"]);
}

#[test]
fn who_is_no_longer_named_leaves_groups_and_links() {
    let groups = "id;school;kind;name\ng1;0750999V;Manual;Un\ng2;0750999V;Manual;Deux\n";
    let base = [(File::Schools, SCHOOLS), (File::Users, USERS), (File::Groups, groups)];
    let list = |members, links| [base[0], base[1], base[2], (File::Members, members), (File::Links, links)];
    let first = list("group;user\ng1;E1\ng1;luc.roy\ng2;E1\n", "from;to;both_ways\nE1;E2;yes\n");
    let planned = plan_of(&first, &Directory::default()).unwrap();
    let directory = after(&planned.writes);
    assert_eq!((planned.writes.members_added.len(), planned.writes.links_added.len()), (3, 2));
    assert!(plan_of(&first, &directory).unwrap().report.is_empty());
    // Without the files nothing is said of members and links.
    assert!(plan_of(&base, &directory).unwrap().report.is_empty());

    let planned = plan_of(&list("group;user\ng1;E2\n", "from;to\nE1;E2\n"), &directory).unwrap();
    assert_eq!(planned.report.names(File::Members, Change::Removed), ["Deux: ROY Ana", "Un: ROY Ana"]);
    assert_eq!(planned.report.names(File::Links, Change::Removed), ["ROY Luc → ROY Ana"]);
    assert_eq!(planned.report.changes().count(), 2);
}
