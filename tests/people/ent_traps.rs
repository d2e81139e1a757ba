//! Files as they come: quotes, semicolons, encodings, lines that stand there twice. Told or taken; never half.

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::import::{Change, File, ImportFiles, ImportMode, ImportOptions, Imported};
use passerelle::model::Timestamp;
use passerelle::sample::department::{self, Format};

use crate::ent::{PARENTS, STUDENTS, TEACHERS, remarks};
use crate::{START, count, gateway, import, support, user};

async fn problems(gateway: &Gateway, files: &ImportFiles) -> Vec<String> {
    match gateway.import(files, ImportMode::Apply).await.unwrap() {
        Imported::Refused(problems) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn file(name: &str, octets: impl Into<Vec<u8>>) -> ImportFiles {
    ImportFiles::default().with_named(&format!("0750001A/{name}"), octets)
}

#[tokio::test]
async fn spellings_of_one_pupil_are_one_pupil() {
    let test = support::sqlite().await;
    let gateway = gateway(&test);
    let text = "\u{feff}Prénom*;Nom*;Date de naissance*;Classes*;;\r\n\
        \"Zoé\";\"D'Arcy; dite Roy\";03/09/2010;6A;;\r\n\
        Zoe\u{301};\"D’ARCY;\u{a0}DITE ROY\";3/9/2010;6A;;\r\n\
        \r\n;;;;;\r\n\
        Zoé;\"D'Arcy; dite Roy\";2010-09-03;6B;;\r\n\
        Zoé;\"D'Arcy; dite Roy\";04/09/2010;6A;;\r\n";
    let report = import(&gateway, &file("Eleves.csv", text)).await;
    assert_eq!(
        report.names(File::Users, Change::Added),
        ["D'ARCY; DITE ROY Zoé (zoe.darcyditeroy)", "D'ARCY; DITE ROY Zoé (zoe.darcyditeroy2)"]
    );
    assert_eq!(
        remarks(&report),
        [
            "0750001A/Eleves.csv:3: D’ARCY; DITE ROY Zoé stands here again (first: 0750001A/Eleves.csv:2): taken once",
            "0750001A/Eleves.csv:6: D'ARCY; DITE ROY Zoé stands here again (first: 0750001A/Eleves.csv:2): taken once",
        ]
    );
    let classes = gateway.user_details(&user(&gateway, "zoe.darcyditeroy").await.id).await.unwrap().unwrap().groups;
    assert_eq!(classes.len(), 3, "the school and two classes");
    test.store.close().await;
}

#[tokio::test]
async fn latin1_and_utf8_are_the_same_people() {
    let test = support::sqlite().await;
    let gateway = gateway(&test);
    import(&gateway, &file("Eleves.csv", STUDENTS)).await;
    let latin1: Vec<u8> = STUDENTS.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let report = import(&gateway, &file("Eleves.csv", latin1)).await;
    assert!(report.is_empty(), "{report:?}");
    assert!(report.remarks().0[0].to_string().contains("ISO-8859-1"));
    test.store.close().await;
}

#[tokio::test]
async fn everything_wrong_is_told_with_file_line_and_column() {
    let test = support::sqlite().await;
    let gateway = gateway(&test);
    let students = "Prénom*;Nom*;Date de naissance*;Classes*\n\
        Ana;;31/02/2010;6A\n\
        Ana;Roy;;6A\n\
        Léa;Du;pont;03/09/2010;6A\n\
        ZoÃ©;Noir;03/09/2010;6A\n\
        Max;Vert;03/09/2010;\n";
    let parents = format!("{}x;y;;;;;;;z;;;;;\n", PARENTS.split_inclusive('\n').next().unwrap());
    let files = file("Eleves.csv", students).with_named("0750001A/Parents.csv", parents);
    assert_eq!(
        problems(&gateway, &files).await,
        [
            "0750001A/Eleves.csv:2: Date de naissance*: \"31/02/2010\" is no date: write it as 31/12/2010",
            "0750001A/Eleves.csv:2: Nom*: the cell is empty",
            "0750001A/Eleves.csv:3: Date de naissance*: the cell is empty",
            "0750001A/Eleves.csv:4: the line has 5 cells and the header 4",
            "0750001A/Eleves.csv:5: Prénom*: \"ZoÃ©\" was read in a wrong encoding before it came here: export the file anew",
            "0750001A/Eleves.csv:6: Classes*: the cell is empty",
            "0750001A/Parents.csv:2: Prénom de l'élève: the cell is empty",
        ]
    );
    assert_eq!(count(&test.store, "select count(*) from ent_user").await, 0);

    let mixed = [STUDENTS.as_bytes(), b"L\xE9a;Roy;03/09/2010;6A\n"].concat();
    let told = problems(&gateway, &file("Eleves.csv", mixed)).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("0750001A/Eleves.csv:5: this line is not UTF-8"), "{told:?}");
    let open = format!("{STUDENTS}\"Léa;Roy;03/09/2010;6A\r\nMax;Vert;03/09/2010;6A\r\n");
    assert_eq!(
        problems(&gateway, &file("Eleves.csv", open)).await,
        ["0750001A/Eleves.csv:5: a quotation mark is opened and not closed"]
    );
    let told = problems(&gateway, &file("liste.csv", "Prénom;Nom\nAna;Roy\n")).await;
    assert!(told[0].starts_with("0750001A/liste.csv: the columns fit several profiles"), "{told:?}");
    let told = problems(&gateway, &file("x.csv", "a;b\n1;2\n")).await;
    assert!(told[0].starts_with("0750001A/x.csv:1: no kind of file that can be imported has these columns: a; b"));
    let told = problems(&gateway, &file("x.json", "[{\"id\": }]")).await;
    assert!(told[0].starts_with("0750001A/x.json:1: the file cannot be read as JSON: column 9"), "{told:?}");
    let nowhere = ImportFiles::default().with_named("Eleves.csv", STUDENTS);
    assert!(problems(&gateway, &nowhere).await[0].contains("nothing says which school this file is of"));
    let named = ImportOptions { school: Some("0750001A".to_owned()), ..ImportMode::DryRun.into() };
    assert!(matches!(gateway.import(&nowhere, named).await.unwrap(), Imported::Done(_)));
    test.store.close().await;
}

#[tokio::test]
async fn a_file_above_the_limit_is_not_read() {
    let test = support::sqlite().await;
    let text = format!(
        "domain = \"ent.example.fr\"\ndata_dir = \"{}\"\n[import]\nfile_bytes_max = 100\n",
        test.folder.path().display()
    );
    let config: Config = toml::from_str(&text).unwrap();
    let clock = Clock::fixed(Timestamp::from_seconds(START));
    let gateway = Gateway::new(config.into(), test.store.clone(), clock).unwrap();
    let folder = test.folder.path().join("0750001A");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("Eleves.csv"), STUDENTS).unwrap();
    let files = ImportFiles::read_dir(&folder).unwrap();
    assert_eq!(
        problems(&gateway, &files).await,
        ["Eleves.csv: the file has more than 100 octets (`import.file_bytes_max`)"]
    );
    test.store.close().await;
}

#[tokio::test]
async fn namesakes_stay_two_people_from_year_to_year() {
    let test = support::sqlite().await;
    let gateway = gateway(&test);
    let header = TEACHERS.split_inclusive('\n').next().unwrap();
    let two = format!("{header}Paul;Roy;;;;;a@x.org;;;;;6A;\r\nPaul;Roy;;;;;b@x.org;;;;;6B;\r\n");
    let report = import(&gateway, &file("Enseignants.csv", two.as_str())).await;
    assert_eq!(report.names(File::Users, Change::Added), ["ROY Paul (paul.roy)", "ROY Paul (paul.roy2)"]);
    assert!(remarks(&report)[0].contains("bear one name"), "{:?}", remarks(&report));
    let swapped = format!("{header}Paul;Roy;;;;;b@x.org;;;;;6B;\r\nPaul;Roy;;;;;a@x.org;;;;;6A;\r\n");
    assert!(import(&gateway, &file("Enseignants.csv", swapped)).await.is_empty(), "whatever their order");
    // The second one alone is still the second one.
    let one = format!("{header}Paul;Roy;;;;;b@x.org;;;;;6B;\r\n");
    let options = ImportOptions { suspend: Some(1), ..ImportMode::Apply.into() };
    let Imported::Done(report) = gateway.import(&file("Enseignants.csv", one), options).await.unwrap() else {
        panic!("stopped")
    };
    assert_eq!(report.names(File::Users, Change::Suspended), ["ROY Paul (paul.roy)"]);
    test.store.close().await;
}

/// What is generated is imported whole, twice, in all formats and on both engines.
#[tokio::test]
async fn generated_schools_go_in_and_change_nothing_the_second_time() {
    for test in support::stores().await {
        for format in [Format::Templates, Format::Export, Format::Json] {
            let gateway = gateway(&test);
            let folder = test.folder.path().join(format!("{format:?}"));
            assert_eq!(department::write(&folder, 2300, format).unwrap(), 2300);
            let files = ImportFiles::read_dir(&folder).unwrap();
            if format == Format::Templates {
                let report = import(&gateway, &files).await;
                assert_eq!(
                    report.count(File::Users, Change::Added),
                    2300,
                    "lines that stand there twice are one person"
                );
                // Two pupils of one name in one class are nobody's child for sure; everybody else's child is found.
                let unknown =
                    |remark: &String| remark.contains("no link was made") && !remark.contains("several people");
                assert!(!remarks(&report).iter().any(unknown));
                assert!(import(&gateway, &files).await.is_empty());
                continue;
            }
            let fresh = support::sqlite().await;
            let gateway = crate::gateway(&fresh);
            let report = import(&gateway, &files).await;
            assert_eq!(report.count(File::Users, Change::Added), 2300);
            let again = import(&gateway, &files).await;
            assert!(again.is_empty(), "{:?}", again.changes().collect::<Vec<_>>());
            fresh.store.close().await;
        }
        test.store.close().await;
    }
}
