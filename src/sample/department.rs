//! An invented *département*: any number of people in schools of about a thousand, in files as the ENT writes them, with
//! what goes wrong in real ones. The same numbers give the same people.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use super::department_files::{export_files, json_files, template_files};
use crate::model::Profile;

/// People in a school.
const SCHOOL_PEOPLE: usize = 1000;
/// Of a thousand people: pupils, teachers, staff, guests; the rest are parents.
const STUDENTS: usize = 400;
const TEACHERS: usize = 50;
const PERSONNEL: usize = 15;
const GUESTS: usize = 5;
const CLASS_STUDENTS: usize = 25;

/// The kind of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The ENT's CSV templates, one for each profile.
    Templates,
    /// The export that an admin makes.
    Export,
    /// The ENT's JSON.
    Json,
}

/// A school of the département.
pub(super) struct School {
    pub(super) number: usize,
    pub(super) uai: String,
    pub(super) name: String,
    pub(super) people: Vec<Person>,
    pub(super) classes: Vec<String>,
}

/// Somebody of it.
pub(super) struct Person {
    pub(super) number: usize,
    pub(super) profile: Profile,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) login: String,
    /// dd/mm/yyyy
    pub(super) birth: String,
    /// Places among the school's classes.
    pub(super) classes: Vec<usize>,
    /// Places among the school's people.
    pub(super) children: Vec<usize>,
}

const FIRST_NAMES: [&str; 24] = [
    "Léa",
    "Jean-Baptiste",
    "Zoé",
    "Noël",
    "Inès",
    "Gaëlle",
    "Théo",
    "François",
    "Ana",
    "Loïc",
    "Chloé",
    "Maëlys",
    "Hugo",
    "Élodie",
    "Mehdi",
    "Aïcha",
    "Lucas",
    "Jeanne",
    "Côme",
    "Agnès",
    "Yann",
    "Louise",
    "Karim",
    "Océane",
];
const LAST_NAMES: [&str; 24] = [
    "Martin",
    "Lefèvre",
    "D'Arcy",
    "Müller",
    "Nguyen",
    "Le Goff",
    "Benali",
    "Dupont-Moretti",
    "Garçon",
    "Peña",
    "O'Brien",
    "Fontaine",
    "De La Tour",
    "Rousseau",
    "Diallo",
    "Kergoat",
    "Lambert",
    "Boucher",
    "Schmitt",
    "N’Diaye",
    "Chérif",
    "Marchetti",
    "Bœuf",
    "Saint-Éloi",
];
const TOWNS: [&str; 8] =
    ["Victor-Hugo", "Jean Moulin", "Marie Curie", "Les Tilleuls", "Saint-Exupéry", "La Prairie", "Camus", "Colette"];

/// Writes files of so many people below a folder. How many people they hold.
///
/// # Errors
/// The folder cannot be written to.
pub fn write(folder: &Path, people: usize, format: Format) -> io::Result<usize> {
    let mut logins = HashMap::new();
    let mut written = 0;
    let schools = people.div_ceil(SCHOOL_PEOPLE).max(1);
    for number in 0..schools {
        let size = SCHOOL_PEOPLE.min(people - number * SCHOOL_PEOPLE);
        let school = school(number, size, &mut logins);
        written += school.people.len();
        let of_school = folder.join(format!("{}@{number}_{}", school.name, school.uai));
        fs::create_dir_all(&of_school)?;
        let files = match format {
            Format::Templates => template_files(&school),
            Format::Export => export_files(&school),
            Format::Json => json_files(&school),
        };
        for (name, octets) in files {
            fs::write(of_school.join(name), octets)?;
        }
    }
    Ok(written)
}

fn school(number: usize, size: usize, logins: &mut HashMap<String, u32>) -> School {
    let letter = char::from(b'A' + u8::try_from(number % 23).unwrap_or(0));
    let uai = format!("{:07}{letter}", 750_000 + number);
    let town = TOWNS.get(number % TOWNS.len()).copied().unwrap_or_default();
    let kind = if number.is_multiple_of(3) { "Lycée" } else { "Collège" };
    let of_thousand = |share: usize| (size * share).div_ceil(SCHOOL_PEOPLE);
    let students = of_thousand(STUDENTS);
    let classes = (0..students.div_ceil(CLASS_STUDENTS)).map(|class| class_name(number, class)).collect::<Vec<_>>();
    let mut school = School { number, uai, name: format!("{kind} {town} {number}"), people: Vec::new(), classes };
    let staff = [(Profile::Teacher, TEACHERS), (Profile::Personnel, PERSONNEL), (Profile::Guest, GUESTS)];
    let counts =
        [(Profile::Student, students)].into_iter().chain(staff.map(|(profile, of)| (profile, of_thousand(of))));
    for (profile, count) in counts {
        for nth in 0..count.min(size - school.people.len()) {
            let person = person(&school, profile, nth, logins);
            school.people.push(person);
        }
    }
    for nth in 0..size - school.people.len() {
        let person = person(&school, Profile::Relative, nth, logins);
        school.people.push(person);
    }
    school
}

fn class_name(school: usize, class: usize) -> String {
    let level =
        if school.is_multiple_of(3) { ["Seconde", "Première", "Terminale"] } else { ["6ème", "5ème", "3ème"] };
    let letter = char::from(b'A' + u8::try_from(class / 3 % 26).unwrap_or(0));
    format!("{} {letter}", level.get(class % 3).copied().unwrap_or_default())
}

fn person(school: &School, profile: Profile, nth: usize, logins: &mut HashMap<String, u32>) -> Person {
    let number = school.people.len();
    let dice = |salt: u64| dice(salt, school.number, number);
    let students = school.people.iter().filter(|person| person.profile == Profile::Student).count();
    let children: Vec<usize> = match profile {
        Profile::Relative if students > 0 => {
            let brothers = if nth.is_multiple_of(7) { 2 } else { 1 };
            (0..brothers).map(|brother| (nth + brother * 31) % students).collect()
        }
        _ => Vec::new(),
    };
    // No two parents of a child have one name.
    let first_name = match children.first() {
        Some(child) => pick(&FIRST_NAMES, child + 11 * (nth / students.max(1))),
        None => pick(&FIRST_NAMES, dice(1)),
    };
    let first_name = first_name.to_owned();
    let of_child = children.first().and_then(|child| school.people.get(*child)).map(|child| child.last_name.clone());
    // A second name keeps namesakes rare enough, and there are still some.
    let last_name = of_child.unwrap_or_else(|| match dice(3) % 5 {
        0 => pick(&LAST_NAMES, dice(2)).to_owned(),
        _ => format!("{} {}", pick(&LAST_NAMES, dice(2)), pick(&LAST_NAMES, dice(4))),
    });
    let class_count = school.classes.len().max(1);
    let classes = match profile {
        Profile::Student => vec![nth / CLASS_STUDENTS],
        Profile::Teacher => vec![nth % class_count, (nth + 1) % class_count],
        _ => Vec::new(),
    };
    let birth = format!("{:02}/{:02}/{}", 1 + nth % 28, 1 + nth / 28 % 12, 2008 + nth / 336 % 8);
    let login = login(&first_name, &last_name, logins);
    Person { number, profile, first_name, last_name, login, birth, classes, children }
}

fn login(first_name: &str, last_name: &str, logins: &mut HashMap<String, u32>) -> String {
    let stem = crate::domain::import::login_stem(first_name, last_name);
    let number = logins.entry(stem.clone()).or_default();
    *number += 1;
    if *number == 1 { stem } else { format!("{stem}{number}") }
}

fn pick<'n>(names: &[&'n str], dice: usize) -> &'n str {
    names.get(dice % names.len()).copied().unwrap_or_default()
}

/// A number that looks like chance, and is always the same (the mixing step of SplitMix64).
fn dice(salt: u64, school: usize, person: usize) -> usize {
    let seed = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ u64::try_from(school).unwrap_or(0).wrapping_mul(0xBF58_476D_1CE4_E5B9)
        ^ u64::try_from(person).unwrap_or(0).wrapping_mul(0x94D0_49BB_1331_11EB);
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    usize::try_from((mixed ^ (mixed >> 31)) >> 16).unwrap_or(0)
}
