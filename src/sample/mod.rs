//! The sample school: the « Lycée Victor-Hugo », its people, groups and letters, all invented; and any number of
//! accounts to measure with. Both go through the same import as a real school (`domain::import`); the files in
//! `school/` are its example. The command that shows Passerelle at work uses them.

pub mod department;
mod department_files;
mod letters;
mod pdf;

use crate::domain::import::{File, ImportFiles};
pub use letters::{Letter, letters};

/// Somebody of the sample school whom a visitor may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoPerson {
    pub login: &'static str,
    /// « NOM Prénom », as shown.
    pub display_name: &'static str,
    /// In French, for a person to read.
    pub role: &'static str,
}

/// Four people who may write to one another in different ways: the head may write to the whole school, the teacher to
/// his pupils and their parents, the parent and the pupil (mother and son) to the class and its teachers.
pub const DEMO_PEOPLE: [DemoPerson; 4] = [
    DemoPerson { login: "helene.marchetti", display_name: "MARCHETTI Hélène", role: "proviseure" },
    DemoPerson {
        login: "nadia.roussel",
        display_name: "ROUSSEL Nadia",
        role: "enseignante de mathématiques, professeure principale de Terminale A",
    },
    DemoPerson {
        login: "christine.lambert",
        display_name: "LAMBERT Christine",
        role: "parent d'un élève de Terminale A",
    },
    DemoPerson { login: "theo.lambert", display_name: "LAMBERT Théo", role: "élève de Terminale A" },
];

/// The school's files. Its rules are the default ones, so there is no rules.csv.
pub fn school() -> ImportFiles {
    ImportFiles::default()
        .with(File::Schools, include_bytes!("school/schools.csv"))
        .with(File::Classes, include_bytes!("school/classes.csv"))
        .with(File::Users, include_bytes!("school/users.csv"))
        .with(File::Groups, include_bytes!("school/groups.csv"))
        .with(File::Members, include_bytes!("school/members.csv"))
        .with(File::Links, include_bytes!("school/links.csv"))
}

/// The id and the address (before the `@`) of the group that all accounts to measure with belong to.
pub const BENCH_GROUP: &str = "bench";

/// The login of an account to measure with, from 1: `u0001`, `u0002` … four digits, more where there are more accounts.
pub fn bench_login(number: usize) -> String {
    format!("u{number:04}")
}

/// Files of so many accounts, all in one group whose members write to it and to each other.
pub fn bench_school(accounts: usize) -> ImportFiles {
    let mut users = "external_id;login;first_name;last_name;profile;schools\n".to_owned();
    let mut members = "group;user\n".to_owned();
    for login in (1..=accounts).map(bench_login) {
        users.push_str(&format!("bench-{login};{login};{login};Bench;Teacher;\n"));
        members.push_str(&format!("{BENCH_GROUP};{login}\n"));
    }
    let groups = format!("id;school;kind;name;users\n{BENCH_GROUP};;Manual;Bench;BOTH\n");
    ImportFiles::default().with(File::Users, users).with(File::Groups, groups).with(File::Members, members)
}
