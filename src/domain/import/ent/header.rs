//! PURE: the header line of one of the ENT's CSV files → what each column is, and what the file is.
//!
//! Names of columns are compared without accents, spaces, `*`, apostrophes and case, through synonyms: schools fill in the
//! ENT's templates, or give what Onde, Pronote or Siècle gave them. Columns may repeat; unknown ones are passed over.

use super::text::folded;
use crate::model::Profile;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    LastName,
    FirstName,
    BirthDate,
    Class,
    Function,
    Phone,
    Email,
    Street,
    PostalCode,
    ChildLastName,
    ChildFirstName,
    ChildClass,
    ExternalId,
    Login,
    Alias,
    Type,
    Schools,
    Children,
    Parents,
}

/// Every name of a column that is known, folded; digits at the end do not count.
const NAMES: [(Field, &[&str]); 19] = [
    (
        Field::LastName,
        &[
            "nom",
            "nomdefamille",
            "nomdusage",
            "nomusage",
            "nomusuel",
            "lastname",
            "surname",
            "familyname",
            "apellido",
            "apellidos",
            "sobrenome",
            "apelido",
            "cognome",
        ],
    ),
    (Field::FirstName, &["prenom", "prenoms", "prenomusuel", "firstname", "givenname", "nombre", "nome"]),
    (
        Field::BirthDate,
        &[
            "datedenaissance",
            "datenaissance",
            "datedenaissanceeleve",
            "neele",
            "nele",
            "birthdate",
            "dateofbirth",
            "fechadenacimiento",
            "datadenascimento",
        ],
    ),
    (
        Field::Class,
        &[
            "classe",
            "classes",
            "division",
            "divisions",
            "libelleclasse",
            "libelleclasses",
            "class",
            "clase",
            "clases",
            "turma",
            "turmas",
        ],
    ),
    (
        Field::Function,
        &["fonction", "fonctions", "function", "functions", "poste", "discipline", "disciplines", "cargo"],
    ),
    (
        Field::Phone,
        &[
            "telephone",
            "tel",
            "telephoneportable",
            "telephonedomicile",
            "telephonetravail",
            "telephonepersonnel",
            "telephonemobile",
            "portable",
            "mobile",
            "phone",
            "homephone",
            "workphone",
            "telefono",
            "telefone",
        ],
    ),
    (
        Field::Email,
        &[
            "email",
            "mail",
            "courriel",
            "adressemail",
            "adresseemail",
            "adresseelectronique",
            "adressecourriel",
            "correo",
        ],
    ),
    (Field::Street, &["adresse", "adressepostale", "adresseresponsable", "address", "direccion", "endereco"]),
    (Field::PostalCode, &["cp", "codepostal", "zipcode", "postalcode", "codigopostal"]),
    (
        Field::ChildLastName,
        &[
            "nomdeleleve",
            "nomeleve",
            "nomdelenfant",
            "nomenfant",
            "nomdefamilledelenfant",
            "nomdefamilleeleve",
            "nomdusagedeleleve",
            "childlastname",
            "childname",
        ],
    ),
    (Field::ChildFirstName, &["prenomdeleleve", "prenomeleve", "prenomdelenfant", "prenomenfant", "childfirstname"]),
    (
        Field::ChildClass,
        &[
            "classesdeleleve",
            "classedeleleve",
            "classeseleve",
            "classeeleve",
            "classesdelenfant",
            "classedelenfant",
            "classeenfant",
            "childclass",
            "childclasses",
        ],
    ),
    (Field::ExternalId, &["id", "externalid", "idexterne"]),
    (Field::Login, &["identifiant", "login"]),
    (Field::Alias, &["loginpersonnalisealias", "loginpersonnalise", "alias", "loginalias"]),
    (Field::Type, &["type", "profil", "profile"]),
    (Field::Schools, &["etablissements", "etablissement", "structures", "structure"]),
    (Field::Children, &["enfants", "enfant", "children"]),
    (Field::Parents, &["parents", "responsables", "relatives"]),
];

/// What a file of the ENT is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The export that an admin makes: people with logins, families by name.
    Export,
    /// A template, filled in: everybody of a profile. Where its columns leave it open, the profiles it could be of.
    Template(Vec<Profile>),
}

/// The columns of a file, in its order.
#[derive(Debug)]
pub(in crate::domain::import) struct Header {
    names: Vec<String>,
    fields: Vec<Option<Field>>,
}

impl Header {
    /// Reads a header line; `None` where it is none of the ENT's: there is no name of a person in it.
    pub(in crate::domain::import) fn read(cells: &[String]) -> Option<Self> {
        let mut fields: Vec<Option<Field>> = cells.iter().map(|cell| field(cell)).collect();
        let has = |fields: &[Option<Field>], field| fields.contains(&Some(field));
        // Onde says « Nom élève » in its list of pupils, where no other name stands beside it.
        if !has(&fields, Field::LastName) {
            for field in fields.iter_mut().flatten() {
                *field = match *field {
                    Field::ChildLastName => Field::LastName,
                    Field::ChildFirstName => Field::FirstName,
                    Field::ChildClass => Field::Class,
                    other => other,
                };
            }
        }
        let named = has(&fields, Field::LastName) && has(&fields, Field::FirstName);
        named.then(|| Self { names: cells.to_vec(), fields })
    }

    /// What the file is, by its columns.
    pub(super) fn kind(&self) -> Kind {
        if self.has(Field::Login) && self.has(Field::Type) {
            return Kind::Export;
        }
        Kind::Template(if self.has(Field::ChildLastName) {
            vec![Profile::Relative]
        } else if self.has(Field::Function) {
            let staff = [Profile::Teacher, Profile::Personnel];
            if self.has(Field::Class) { staff.to_vec() } else { staff.into_iter().rev().collect() }
        } else if self.has(Field::Class) && self.has(Field::BirthDate) {
            let reachable = self.has(Field::Phone) || self.has(Field::Email);
            if reachable { vec![Profile::Guest, Profile::Student] } else { vec![Profile::Student, Profile::Guest] }
        } else {
            Profile::ALL.to_vec()
        })
    }

    /// Do its columns say more than two names, so that it can only be one of the ENT's?
    pub(in crate::domain::import) fn is_ents(&self) -> bool {
        self.fields.iter().flatten().count() > 2
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.fields.contains(&Some(field))
    }

    /// The cells of a field that are not empty, with the places of their columns.
    pub(super) fn cells<'c>(&'c self, row: &'c [String], field: Field) -> impl Iterator<Item = (usize, &'c str)> + 'c {
        let places = self.fields.iter().enumerate().filter(move |(_, found)| **found == Some(field));
        places.filter_map(|(at, _)| Some((at, row.get(at)?.as_str()))).filter(|(_, cell)| !cell.is_empty())
    }

    /// The cells of the `nth` column of a field.
    pub(super) fn nth<'c>(&self, row: &'c [String], field: Field, nth: usize) -> Option<(usize, &'c str)> {
        let mut places = self.fields.iter().enumerate().filter(|(_, found)| **found == Some(field));
        let (at, _) = places.nth(nth)?;
        Some((at, row.get(at).map_or("", String::as_str)))
    }

    /// How often a field stands there.
    pub(super) fn count(&self, field: Field) -> usize {
        self.fields.iter().filter(|found| **found == Some(field)).count()
    }

    /// A column as the file names it.
    pub(super) fn name(&self, at: usize) -> String {
        self.names.get(at).cloned().unwrap_or_default()
    }

    /// The name of a field's first column; of the field, where the file has none.
    pub(super) fn name_of(&self, field: Field) -> String {
        let at = self.fields.iter().position(|found| *found == Some(field));
        at.map_or_else(|| template_name(field).to_owned(), |at| self.name(at))
    }

    pub(super) fn width(&self) -> usize {
        self.fields.len()
    }
}

fn field(cell: &str) -> Option<Field> {
    let name = folded(cell);
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(field, _)| *field)
}

/// What the template calls a column that a file lacks.
const fn template_name(field: Field) -> &'static str {
    match field {
        Field::LastName => "Nom",
        Field::FirstName => "Prénom",
        Field::BirthDate => "Date de naissance",
        Field::Class => "Classes",
        Field::Type => "Type",
        Field::Login => "Identifiant",
        _ => "",
    }
}

/// The profile that the name of a file says.
pub(super) fn profile_of_name(name: &str) -> Option<Profile> {
    const WORDS: [(Profile, &[&str]); 5] = [
        (Profile::Relative, &["parent", "responsable", "relative", "famille"]),
        (Profile::Personnel, &["nonenseignant", "personnel", "staff"]),
        (Profile::Teacher, &["enseignant", "teacher", "prof"]),
        (Profile::Guest, &["invite", "guest"]),
        (Profile::Student, &["eleve", "student", "pupil"]),
    ];
    let name = folded(name.rsplit('/').next().unwrap_or(name));
    WORDS.iter().find(|(_, words)| words.iter().any(|word| name.contains(word))).map(|(profile, _)| *profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Option<Header> {
        Header::read(&text.split(';').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_templates_are_known_by_their_columns() {
        let kind = |text: &str| header(text).map(|header| header.kind());
        let template = |profiles: &[Profile]| Some(Kind::Template(profiles.to_vec()));
        use Profile::*;
        assert_eq!(kind("Prénom*;Nom*;Date de naissance*;Classes*"), template(&[Student, Guest]));
        assert_eq!(
            kind(
                "Prénom*;Nom*;date de naissance;fonction;telephone;telephonetravail;email;adresse;cp;ville;pays;classe;classe"
            ),
            template(&[Teacher, Personnel])
        );
        assert_eq!(
            kind("Prénom*;Nom*;date de naissance;fonction;telephone;telephonetravail;email;adresse;cp;ville;pays"),
            template(&[Personnel, Teacher])
        );
        assert_eq!(
            kind(
                "Nom*;Prénom*;Adresse;Code postal;Ville;Pays;Courriel;Téléphone;Nom de l'élève;Prénom de l'élève;Classes de l'élève"
            ),
            template(&[Relative])
        );
        assert_eq!(
            kind("Prénom*;Nom*;Classes;date de naissance;telephone;telephonetravail;email"),
            template(&[Guest, Student])
        );
        assert_eq!(kind("Nom élève;Prénom élève;Date de naissance;Classe"), template(&[Student, Guest]));
        assert_eq!(
            kind(
                "Id;Identifiant SIECLE;Type;Nom;Prénom;Identifiant;Login personnalisé (Alias);Code d'activation;Fonctions;\
                  Établissements;Classes;Enfants;Parents;Dernière connexion;Courriel;Téléphone"
            ),
            Some(Kind::Export)
        );
        assert_eq!(kind("uai;name"), None);
    }

    #[test]
    fn repeated_columns_are_all_read_and_unknown_ones_passed_over() {
        let header = header("NOM DE FAMILLE;Pre\u{301}nom *;Couleur;Classe 1;classe 2").unwrap();
        let row: Vec<String> = ["Roy", "Ana", "bleu", "6A", ""].map(str::to_owned).to_vec();
        assert_eq!(header.cells(&row, Field::Class).collect::<Vec<_>>(), [(3, "6A")]);
        assert_eq!((header.count(Field::Class), header.name(3)), (2, "Classe 1".to_owned()));
        assert_eq!(profile_of_name("0750001A/CSV_Élèves.csv"), Some(Profile::Student));
        assert_eq!(profile_of_name("personnels non enseignants.csv"), Some(Profile::Personnel));
        assert_eq!(profile_of_name("liste.csv"), None);
    }
}
