//! The table line by line, then what is harder.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::table::{BUILT_IN, Line, Placed, Table};
use super::*;
use crate::config::RuleConfig;
use crate::model::{GroupId, GroupKind, Profile, Role};

const PROFILES: [Profile; 5] = Profile::ALL;

/// The roles of a school's groups.
fn school_roles() -> Vec<Role> {
    let others = [
        Role::SchoolHeadTeachers,
        Role::Direction,
        Role::Functions,
        Role::Disciplines,
        Role::LocalAdmins,
        Role::Functional,
    ];
    PROFILES.map(Role::School).into_iter().chain(others).collect()
}

fn class_roles() -> Vec<Role> {
    PROFILES.map(Role::Class).into_iter().chain([Role::ClassHeadTeachers]).collect()
}

fn name(role: Role, class: &str) -> String {
    if role.is_of_class() { format!("{class} {role:?}") } else { format!("{role:?}") }
}

fn id(role: Role, class: &str) -> GroupId {
    GroupId::new(name(role, class))
}

/// Belonging to the group of a role, under the default rules.
fn member(role: Role, class: &str) -> Membership {
    let table = Table::new(&[]);
    let line = table.line("0750999V", role).unwrap_or(Line { users: UsersRule::None, writes_to: &[] });
    Membership {
        group: id(role, class),
        users: line.users,
        closed: false,
        writes_to: line.writes_to.iter().map(|target| id(*target, class)).collect(),
    }
}

/// A class group's place in the tree.
fn parent(role: Role) -> Option<GroupId> {
    match role {
        Role::Class(profile) => Some(id(Role::School(profile), "")),
        Role::ClassHeadTeachers => Some(id(Role::SchoolHeadTeachers, "")),
        _ => None,
    }
}

/// All groups of a school of two classes that somebody sees.
fn visible(memberships: &[Membership]) -> BTreeSet<String> {
    let reach = Reach::of(memberships);
    let classes = ["A", "B"].into_iter().flat_map(|class| class_roles().into_iter().map(move |role| (role, class)));
    let all = school_roles().into_iter().map(|role| (role, "")).chain(classes);
    all.filter(|(role, class)| reach.path_to_group(&id(*role, class), parent(*role).as_ref()).is_some())
        .map(|(role, class)| name(role, class))
        .collect()
}

fn names(roles: &[(Role, &str)]) -> BTreeSet<String> {
    roles.iter().map(|(role, class)| name(*role, class)).collect()
}

use Profile::{Guest, Personnel, Relative, Student, Teacher};

/// What the school's staff see: the whole school, its classes by their place in the tree.
fn whole_school() -> BTreeSet<String> {
    let mut seen =
        vec![(Role::SchoolHeadTeachers, ""), (Role::Direction, ""), (Role::Functions, ""), (Role::Disciplines, "")];
    for profile in [Personnel, Teacher, Student, Relative] {
        seen.extend([(Role::School(profile), ""), (Role::Class(profile), "A"), (Role::Class(profile), "B")]);
    }
    seen.extend([(Role::ClassHeadTeachers, "A"), (Role::ClassHeadTeachers, "B")]);
    names(&seen)
}

#[test]
fn personnel_of_the_school_write_to_the_whole_school() {
    assert_eq!(visible(&[member(Role::School(Personnel), "")]), whole_school());
}

#[test]
fn teachers_of_the_school_write_to_the_whole_school() {
    assert_eq!(visible(&[member(Role::School(Teacher), "")]), whole_school());
}

#[test]
fn students_of_the_school_reach_nobody_and_are_exposed() {
    assert!(visible(&[member(Role::School(Student), "")]).is_empty());
    let teacher = Reach::of(&[member(Role::School(Teacher), "")]);
    assert!(teacher.path_to_member(&[member(Role::School(Student), "")]).is_some());
}

#[test]
fn relatives_of_the_school_reach_nobody_until_the_school_lets_them_use_their_links() {
    let relatives = member(Role::School(Relative), "");
    assert!(visible(std::slice::from_ref(&relatives)).is_empty());
    assert!(
        Reach::of(&[member(Role::School(Personnel), "")]).path_to_member(std::slice::from_ref(&relatives)).is_some()
    );
    let opened = Membership { users: UsersRule::Incoming, ..relatives };
    assert_eq!(visible(&[opened]), names(&[(Role::Direction, "")]));
}

#[test]
fn personnel_and_teachers_of_a_class_reach_nobody_by_it_and_are_exposed() {
    for profile in [Personnel, Teacher] {
        let membership = member(Role::Class(profile), "A");
        assert!(visible(std::slice::from_ref(&membership)).is_empty());
        assert!(Reach::of(&[member(Role::Class(Student), "A")]).path_to_member(&[membership]).is_some());
    }
}

#[test]
fn students_of_a_class_write_to_the_class_and_its_staff() {
    let expected = names(&[
        (Role::Class(Student), "A"),
        (Role::Class(Personnel), "A"),
        (Role::Class(Teacher), "A"),
        (Role::ClassHeadTeachers, "A"),
    ]);
    assert_eq!(visible(&[member(Role::School(Student), ""), member(Role::Class(Student), "A")]), expected);
}

#[test]
fn relatives_of_a_class_write_to_its_relatives_students_and_staff() {
    let expected = names(&[
        (Role::Class(Relative), "A"),
        (Role::Class(Personnel), "A"),
        (Role::Class(Student), "A"),
        (Role::Class(Teacher), "A"),
        (Role::ClassHeadTeachers, "A"),
    ]);
    assert_eq!(visible(&[member(Role::School(Relative), ""), member(Role::Class(Relative), "A")]), expected);
}

#[test]
fn local_admins_and_functional_groups_see_themselves() {
    for role in [Role::LocalAdmins, Role::Functional] {
        let membership = member(role, "");
        assert_eq!(visible(std::slice::from_ref(&membership)), names(&[(role, "")]));
        assert!(Reach::of(std::slice::from_ref(&membership)).path_to_member(&[membership]).is_some());
    }
}

#[test]
fn a_role_has_one_line_and_what_has_none_gives_nothing() {
    for (number, (role, _)) in BUILT_IN.iter().enumerate() {
        assert!(BUILT_IN.iter().skip(number + 1).all(|(other, _)| other != role));
    }
    for role in [Role::School(Guest), Role::Class(Guest), Role::Direction, Role::Disciplines, Role::Functions] {
        assert!(visible(&[member(role, "A")]).is_empty());
    }
    assert_eq!(Role::of(GroupKind::Manual, None, false), None);
    assert_eq!(Role::of(GroupKind::Broadcast, None, false), None);
    assert_eq!(Role::of(GroupKind::Profile, None, false), None);
}

#[test]
fn a_schools_own_line_comes_before_that_of_every_school_and_that_before_the_built_in_one() {
    let rule = |school: Option<&str>, members, writes_to| RuleConfig {
        school: school.map(str::to_owned),
        group: Role::Class(Student),
        members,
        writes_to,
    };
    let general = rule(None, UsersRule::Incoming, vec![]);
    let own = rule(Some("0750999v"), UsersRule::Both, vec![Role::Class(Relative)]);
    let table = Table::new(&[general, own]);
    let line = |uai, role| table.line(uai, role).unwrap();
    assert_eq!(line("0751111A", Role::Class(Student)), Line { users: UsersRule::Incoming, writes_to: &[] });
    let its_own = Line { users: UsersRule::Both, writes_to: &[Role::Class(Relative)] };
    assert_eq!(line("0750999V", Role::Class(Student)), its_own);
    assert_eq!(line("0750999V", Role::LocalAdmins).users, UsersRule::Both);
    assert_eq!(table.users("0750999V", Some(Role::School(Guest))), UsersRule::None);
}

/// The example of the settings holds the built-in lines, so that an admin sees what he changes.
#[test]
fn the_example_of_the_settings_shows_the_built_in_lines() {
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/passerelle.toml");
    let rules = crate::config::load(&example).unwrap().rules;
    let lines = |table: &Table| -> Vec<String> {
        BUILT_IN.iter().map(|(role, _)| format!("{role:?} {:?}", table.line("0750999V", *role))).collect()
    };
    assert_eq!((rules.len(), lines(&Table::new(&rules))), (BUILT_IN.len(), lines(&Table::new(&[]))));
}

#[test]
fn a_table_joins_groups_of_one_school_and_of_one_class() {
    let ids: Vec<GroupId> = (0..6).map(|number| GroupId::new(number.to_string())).collect();
    let placed = |number: usize, uai, class, role| Placed { id: &ids[number], uai, class, role };
    let groups = [
        placed(0, "A", Some("3b"), Role::Class(Student)),
        placed(1, "A", Some("3b"), Role::Class(Teacher)),
        placed(2, "A", Some("4a"), Role::Class(Teacher)),
        placed(3, "B", Some("3b"), Role::Class(Teacher)),
        placed(4, "A", None, Role::School(Teacher)),
        // A function's group of a class is of the school as well.
        placed(5, "A", Some("3b"), Role::Functions),
    ];
    let rules = Table::new(&[]).rules(&groups);
    let expected = [(0, 1), (4, 5)].map(|(from, to)| (ids[from].clone(), ids[to].clone()));
    assert_eq!(rules, expected.into_iter().collect());
}

// ── Harder ────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn sender(memberships: &[Membership]) -> SenderFacts {
    SenderFacts { suspended: false, writes_to_lists: false, reach: Reach::of(memberships) }
}

fn stranger(memberships: Vec<Membership>) -> UserFacts {
    UserFacts { is_sender: false, suspended: false, linked: false, answerable: false, memberships }
}

fn group(role: Role, class: &str) -> GroupFacts {
    GroupFacts { id: id(role, class), parent: parent(role), closed: false, is_list: false, empty: false }
}

/// By the school's rules.
fn to_user(sender: &SenderFacts, recipient: &UserFacts) -> Ruling {
    may_write_to_user(sender, recipient, path_to_user(sender, recipient))
}

fn to_group(sender: &SenderFacts, group: &GroupFacts) -> Ruling {
    may_write_to_group(sender, group, path_to_group(sender, group))
}

fn allows(ruling: &Ruling) -> bool {
    matches!(ruling, Ruling::Allow(_))
}

const NOT_ALLOWED: Ruling = Ruling::Refuse(Why::NotAllowed);

#[test]
fn reach_is_the_union_over_groups_and_schools() {
    let here = Membership {
        group: GroupId::new("here"),
        users: UsersRule::Incoming,
        closed: false,
        writes_to: vec![GroupId::new("x")],
    };
    let there = Membership {
        group: GroupId::new("there"),
        users: UsersRule::Both,
        closed: false,
        writes_to: vec![GroupId::new("y")],
    };
    let reach = Reach::of(&[here, there]);
    for seen in ["x", "y", "there"] {
        assert!(reach.path_to_group(&GroupId::new(seen), None).is_some());
    }
    assert!(reach.path_to_group(&GroupId::new("here"), None).is_none(), "INCOMING does not show the own group");
}

#[test]
fn a_visible_group_may_be_written_to_though_its_members_are_hidden() {
    let teacher = sender(&[member(Role::School(Teacher), "")]);
    assert!(allows(&to_group(&teacher, &group(Role::Direction, ""))));
    assert_eq!(to_user(&teacher, &stranger(vec![member(Role::Direction, "")])), NOT_ALLOWED);
}

#[test]
fn a_group_below_a_target_is_visible_and_exposes_nobody() {
    let teacher = sender(&[member(Role::School(Teacher), "")]);
    assert!(allows(&to_group(&teacher, &group(Role::Class(Relative), "B"))));
    assert_eq!(to_user(&teacher, &stranger(vec![member(Role::Class(Relative), "B")])), NOT_ALLOWED);
}

#[test]
fn two_below_a_target_is_not_visible() {
    let teacher = sender(&[member(Role::School(Teacher), "")]);
    let below = GroupFacts { parent: Some(id(Role::Class(Student), "A")), ..group(Role::Functional, "") };
    assert_eq!(to_group(&teacher, &below), NOT_ALLOWED);
}

#[test]
fn a_link_leads_one_way() {
    let nobody = sender(&[]);
    let linked = UserFacts { linked: true, ..stranger(vec![]) };
    assert!(allows(&to_user(&nobody, &linked)));
    assert_eq!(to_user(&nobody, &stranger(vec![])), NOT_ALLOWED);
}

#[test]
fn oneself_is_always_allowed() {
    let oneself = UserFacts { is_sender: true, ..stranger(vec![]) };
    assert!(allows(&to_user(&sender(&[]), &oneself)));
}

#[test]
fn who_is_suspended_neither_writes_nor_receives() {
    let memberships = [member(Role::Class(Student), "A")];
    let suspended = SenderFacts { suspended: true, ..sender(&memberships) };
    let mate = stranger(memberships.to_vec());
    let refused = Ruling::Refuse(Why::SenderSuspended);
    assert_eq!(to_user(&suspended, &mate), refused);
    assert_eq!(to_user(&suspended, &UserFacts { is_sender: true, ..mate.clone() }), refused);
    assert_eq!(to_group(&suspended, &group(Role::Class(Student), "A")), refused);
    let gone = UserFacts { suspended: true, ..mate };
    assert_eq!(to_user(&sender(&memberships), &gone), Ruling::Refuse(Why::RecipientSuspended));
    // Who may not see somebody does not learn that he is suspended.
    assert_eq!(to_user(&sender(&[]), &gone), NOT_ALLOWED);
}

#[test]
fn a_closed_group_is_refused_and_gives_nothing() {
    let closed = Membership { closed: true, ..member(Role::Class(Student), "A") };
    let facts = GroupFacts { closed: true, ..group(Role::Class(Student), "A") };
    assert_eq!(to_group(&sender(&[member(Role::Class(Student), "A")]), &facts), Ruling::Refuse(Why::GroupClosed));
    assert_eq!(Reach::of(std::slice::from_ref(&closed)), Reach::default());
    let mate = sender(&[member(Role::Class(Student), "A")]);
    assert_eq!(to_user(&mate, &stranger(vec![closed])), NOT_ALLOWED);
}

#[test]
fn an_empty_group_is_told_to_those_only_who_may_write_there() {
    let empty = GroupFacts { empty: true, ..group(Role::Class(Student), "A") };
    assert_eq!(to_group(&sender(&[member(Role::Class(Student), "A")]), &empty), Ruling::Refuse(Why::GroupEmpty));
    assert_eq!(to_group(&sender(&[]), &empty), NOT_ALLOWED);
}

#[test]
fn an_answer_reaches_people_whom_no_rule_shows_and_nobody_who_is_suspended() {
    let known = UserFacts { answerable: true, ..stranger(vec![]) };
    assert_eq!(to_user(&sender(&[]), &known), Ruling::Allow(Path::Answer));
    let gone = UserFacts { suspended: true, ..known.clone() };
    assert_eq!(to_user(&sender(&[]), &gone), Ruling::Refuse(Why::RecipientSuspended));
    // What the rules allow does not hang on the header.
    let linked = UserFacts { linked: true, ..known };
    assert_eq!(to_user(&sender(&[]), &linked), Ruling::Allow(Path::Link));
}

#[test]
fn a_broadcast_list_takes_a_rule_and_a_profile() {
    let list = GroupFacts { is_list: true, ..group(Role::Direction, "") };
    let teacher = sender(&[member(Role::School(Teacher), "")]);
    assert_eq!(to_group(&teacher, &list), Ruling::Refuse(Why::ListNotAllowed));
    assert!(allows(&to_group(&SenderFacts { writes_to_lists: true, ..teacher }, &list)));
    assert_eq!(to_group(&SenderFacts { writes_to_lists: true, ..sender(&[]) }, &list), NOT_ALLOWED);
}

#[test]
fn a_path_names_the_groups() {
    let pupil = sender(&[member(Role::Class(Student), "A")]);
    let path = |target| Some(Path::Group { through: id(Role::Class(Student), "A"), target: id(target, "A") });
    let teacher = stranger(vec![member(Role::School(Teacher), ""), member(Role::Class(Teacher), "A")]);
    assert_eq!(path_to_user(&pupil, &teacher), path(Role::Class(Teacher)));
    let mate = stranger(vec![member(Role::Class(Student), "A")]);
    assert_eq!(path_to_user(&pupil, &mate), path(Role::Class(Student)));
    assert_eq!(path_to_group(&pupil, &group(Role::Class(Teacher), "A")), path(Role::Class(Teacher)));
}

#[test]
fn a_pupil_never_writes_to_the_school() {
    let pupil = sender(&[member(Role::School(Student), ""), member(Role::Class(Student), "A")]);
    for role in school_roles() {
        assert_eq!(to_group(&pupil, &group(role, "")), NOT_ALLOWED, "{role:?}");
    }
    for role in class_roles() {
        assert_eq!(to_group(&pupil, &group(role, "B")), NOT_ALLOWED, "{role:?} of another class");
    }
    assert_eq!(to_group(&pupil, &group(Role::Class(Relative), "A")), NOT_ALLOWED);
}

fn memberships() -> impl Strategy<Value = Vec<Membership>> {
    let rule = prop::sample::select(UsersRule::ALL.to_vec());
    let targets = prop::collection::vec(0u8..8, 0..4);
    prop::collection::vec((0u8..8, rule, any::<bool>(), targets), 0..6).prop_map(|list| {
        let id = |number: u8| GroupId::new(number.to_string());
        list.into_iter()
            .map(|(group, users, closed, targets)| Membership {
                group: id(group),
                users,
                closed,
                writes_to: targets.into_iter().map(id).collect(),
            })
            .collect()
    })
}

proptest! {
    /// One more rule (a link between groups, or a membership) never refuses what was allowed.
    #[test]
    fn a_rule_more_never_refuses_more(
        base in memberships(),
        more in memberships(),
        place in 0usize..6,
        target in 0u8..8,
        recipient in memberships(),
        parent in prop::option::of(0u8..8),
        written in 0u8..8,
    ) {
        let mut richer = base.clone();
        richer.extend(more);
        if let Some(membership) = richer.get_mut(place) {
            membership.writes_to.push(GroupId::new(target.to_string()));
        }
        let (before, after) = (sender(&base), sender(&richer));
        let person = stranger(recipient);
        if allows(&to_user(&before, &person)) {
            prop_assert!(allows(&to_user(&after, &person)));
        }
        let group = GroupFacts {
            id: GroupId::new(written.to_string()),
            parent: parent.map(|parent| GroupId::new(parent.to_string())),
            closed: false,
            is_list: false,
            empty: false,
        };
        if allows(&to_group(&before, &group)) {
            prop_assert!(allows(&to_group(&after, &group)));
        }
    }
}
