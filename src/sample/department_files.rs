//! A school of the invented département, as the ENT writes it: its CSV templates, an admin's export, its JSON. Some schools
//! have what real ones have: ISO-8859-1, decomposed letters, no-break spaces, lines that stand there twice.

use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::department::{Person, School};
use crate::model::Profile;

/// Name and octets of each file.
type Files = Vec<(&'static str, Vec<u8>)>;

/// The templates, filled in.
pub(super) fn template_files(school: &School) -> Files {
    let files = [
        ("Eleves.csv", Profile::Student, "Prénom*;Nom*;Date de naissance*;Classes*"),
        (
            "Enseignants.csv",
            Profile::Teacher,
            "Prénom*;Nom*;date de naissance;fonction;telephone;telephonetravail;email;adresse;cp;ville;pays;classe;classe",
        ),
        (
            "Personnels.csv",
            Profile::Personnel,
            "Prénom*;Nom*;date de naissance;fonction;telephone;telephonetravail;email;adresse;cp;ville;pays",
        ),
        (
            "Parents.csv",
            Profile::Relative,
            "Nom*;Prénom*;Adresse;Code postal;Ville;Pays;Courriel;Téléphone;Nom de l'élève;Prénom de l'élève;\
             Classes de l'élève;Nom de l'élève;Prénom de l'élève;Classes de l'élève",
        ),
        (
            "Invites.csv",
            Profile::Guest,
            "Prénom*;Nom*;Classes;date de naissance;telephone;telephonetravail;email;adresse;cp;ville;pays",
        ),
    ];
    files.map(|(name, profile, header)| (name, template(school, profile, header))).to_vec()
}

fn template(school: &School, profile: Profile, header: &str) -> Vec<u8> {
    let mut text = format!("{header}\r\n");
    for person in school.people.iter().filter(|person| person.profile == profile) {
        let row = row(&template_cells(school, person));
        text.push_str(&row);
        // Some lines stand there twice.
        if person.number % 97 == 5 {
            text.push_str(&row);
        }
    }
    match school.number % 4 {
        // What ISO-8859-1 lacks was lost when the file was made.
        1 => latin1(&text),
        2 => text.nfd().collect::<String>().into_bytes(),
        _ => [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
    }
}

fn template_cells(school: &School, person: &Person) -> Vec<String> {
    let class = |at: &usize| school.classes.get(*at).cloned().unwrap_or_default();
    let classes: Vec<String> = person.classes.iter().map(class).collect();
    let first_class = classes.first().cloned().unwrap_or_default();
    let (first, last) = (person.first_name.clone(), last_name(person));
    let email = || format!("{}@example.org", person.login);
    let cells = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    match person.profile {
        Profile::Student => cells(&[&first, &last, &person.birth, &first_class]),
        Profile::Teacher => {
            let second = classes.get(1).cloned().unwrap_or_default();
            cells(&[&first, &last, "", "ENS", "", "", &email(), "1, rue; haute", "", "", "", &first_class, &second])
        }
        Profile::Personnel => cells(&[&first, &last, "", "CPE", "", "", &email(), "", "", "", ""]),
        Profile::Guest => cells(&[&first, &last, "", "", "", "", &email(), "", "", "", ""]),
        Profile::Relative => {
            let mut row = cells(&[&last, &first, "3 \"bis\"; rue", "75000", "Paris", "FR", &email(), ""]);
            let mut children = person.children.clone();
            // Some children are named twice.
            if person.number % 11 == 3 && children.len() == 1 {
                children.extend_from_within(..);
            }
            for nth in 0..2 {
                let child = children.get(nth).and_then(|at| school.people.get(*at));
                row.extend(child.map_or_else(
                    || cells(&["", "", ""]),
                    |child| {
                        vec![last_name(child), child.first_name.clone(), class(child.classes.first().unwrap_or(&0))]
                    },
                ));
            }
            row
        }
    }
}

/// Some names hold a no-break space.
fn last_name(person: &Person) -> String {
    if person.number % 13 == 4 { person.last_name.replace(' ', "\u{a0}") } else { person.last_name.clone() }
}

fn row(cells: &[String]) -> String {
    let quoted = |cell: &String| match cell.contains([';', '"', '\'']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    format!("{}\r\n", cells.iter().map(quoted).collect::<Vec<_>>().join(";"))
}

fn latin1(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(text).0.into_owned()
}

/// The export that an admin makes.
pub(super) fn export_files(school: &School) -> Files {
    let mut text =
        "\u{feff}Id;Identifiant SIECLE;Type;Nom;Prénom;Identifiant;Login personnalisé (Alias);Code d'activation;\
                    Fonctions;Établissements;Classes;Enfants;Parents;Dernière connexion;Courriel;Téléphone\r\n"
            .to_owned();
    for person in &school.people {
        let class = |at: &usize| school.classes.get(*at).cloned();
        let name = |at: &usize| school.people.get(*at).map(shown_name);
        let join = |texts: Vec<String>| texts.join(", ");
        let parents = school.people.iter().filter(|parent| parent.children.contains(&person.number));
        let parents: Vec<String> =
            if person.profile == Profile::Student { parents.map(shown_name).collect() } else { Vec::new() };
        let cells = [
            external_id(school, person),
            String::new(),
            french(person.profile).to_owned(),
            person.last_name.clone(),
            person.first_name.clone(),
            person.login.clone(),
            String::new(),
            String::new(),
            String::new(),
            school.name.clone(),
            join(person.classes.iter().filter_map(class).collect()),
            join(person.children.iter().filter_map(name).collect()),
            join(parents),
            String::new(),
            String::new(),
            String::new(),
        ];
        text.push_str(&row(&cells));
    }
    vec![("export.csv", text.into_bytes())]
}

fn shown_name(person: &Person) -> String {
    format!("{} {}", person.last_name.to_uppercase(), person.first_name)
}

fn external_id(school: &School, person: &Person) -> String {
    format!("{}-{}", school.uai, person.number)
}

const fn french(profile: Profile) -> &'static str {
    match profile {
        Profile::Student => "Élève",
        Profile::Relative => "Parent",
        Profile::Teacher => "Enseignant",
        Profile::Personnel => "Personnel",
        Profile::Guest => "Invité",
    }
}

/// Users, groups and communication links.
pub(super) fn json_files(school: &School) -> Files {
    let group = |class: Option<usize>, profile: Profile| {
        let class = class.map_or_else(|| "school".to_owned(), |class| class.to_string());
        format!("{}-{class}-{}", school.uai.to_lowercase(), profile.column().to_lowercase())
    };
    let structure = json!({"id": format!("structure-{}", school.uai), "name": school.name, "UAI": school.uai});
    let users: Vec<_> = school
        .people
        .iter()
        .map(|person| {
            let child_classes = person.children.iter().filter_map(|child| school.people.get(*child)?.classes.first());
            let mut groups = vec![json!({"groupId": group(None, person.profile), "groupName": "x"})];
            for class in person.classes.iter().chain(child_classes) {
                groups.push(json!({"groupId": group(Some(*class), person.profile), "groupName": "x"}));
            }
            let children = person.children.iter().filter_map(|child| school.people.get(*child));
            json!({
                "id": format!("{:08x}-{:04x}-4000-8000-0123456789ab", school.number, person.number),
                "externalId": external_id(school, person), "login": person.login,
                "displayName": shown_name(person), "firstName": person.first_name, "lastName": person.last_name,
                "profiles": [person.profile.column()], "blocked": false, "isActive": true,
                "structures": [structure], "groups": groups, "deleteDate": null,
                "children": children.map(|child| external_id(school, child)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut groups = Vec::new();
    let mut links = Vec::new();
    let places = std::iter::once(None).chain((0..school.classes.len()).map(Some));
    for place in places {
        let name = place.map_or(Some(&school.name), |class| school.classes.get(class));
        for profile in Profile::ALL {
            let classes = place.map(|class| json!({"id": format!("class-{}-{class}", school.uai), "name": name}));
            let exposed = matches!((place, profile), (_, Profile::Teacher | Profile::Personnel) | (Some(_), _));
            groups.push(json!({
                "id": group(place, profile), "name": format!("{}-{}", name.map_or("", String::as_str), profile.column()),
                "type": "ProfileGroup", "subType": if place.is_some() { "ClassGroup" } else { "StructureGroup" },
                "filter": profile.column(), "internalCommunicationRule": if exposed { "BOTH" } else { "OUTGOING" },
                "classes": classes.into_iter().collect::<Vec<_>>(), "structures": [structure],
            }));
            let reaches: &[Profile] = match (place, profile) {
                (None, Profile::Teacher | Profile::Personnel) => &Profile::ALL,
                (Some(_), Profile::Student | Profile::Relative) => &[Profile::Teacher, Profile::Personnel],
                _ => &[],
            };
            let reaches: Vec<String> = reaches.iter().map(|to| group(place, *to)).collect();
            links.push(json!({"id": group(place, profile), "communiqueWith": reaches}));
        }
    }
    let text = |list: &[serde_json::Value]| {
        let lines: Vec<String> = list.iter().map(ToString::to_string).collect();
        format!("[{}]\n", lines.join(",\n")).into_bytes()
    };
    vec![("users.json", text(&users)), ("groups.json", text(&groups)), ("communication.json", text(&links))]
}
