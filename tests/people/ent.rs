//! The ENT's own files into a store: what becomes of them, twice, on both engines.

use passerelle::domain::import::{Change, File, ImportFiles, ImportMode, ImportOptions, Imported, Report};
use passerelle::domain::login::LoginRefusal;
use passerelle::domain::messages::AppendOptions;
use passerelle::model::{MailboxName, Profile, Timestamp};
use passerelle::sentences::Sentence;

use crate::{
    START, address, count, gateway, import, log_in, not_allowed, session, set_password, support, user, writes,
};

pub(crate) const STUDENTS: &str = "Prénom*;Nom*;Date de naissance*;Classes*\r\n\
    Théo;Lambert;03/09/2010;Terminale A\r\n\
    Zoé;Martin;04/10/2010;Terminale A\r\n\
    Zoé;Martin;05/11/2011;Seconde B\r\n";
pub(crate) const PARENTS: &str = "Nom*;Prénom*;Adresse;Code postal;Ville;Pays;Courriel;Téléphone;Nom de l'élève;\
    Prénom de l'élève;Classes de l'élève;Nom de l'élève;Prénom de l'élève;Classes de l'élève\r\n\
    Lambert;Christine;;;;;c@example.org;;Lambert;Théo;Terminale A;;;\r\n\
    Martin;Paul;;;;;;0600000000;Martin;Zoé;Terminale A;MARTIN;ZOE;Seconde B\r\n";
pub(crate) const TEACHERS: &str = "Prénom*;Nom*;date de naissance;fonction;telephone;telephonetravail;email;adresse;cp;\
    ville;pays;classe;classe\r\n\
    Nadia;Roussel;;ENS;;;;;;;;Terminale A;\r\n\
    Éric;Schmitt;;ENS;;;;;;;;Seconde B;\r\n";

/// A school in a folder as the ENT wants it named.
pub(crate) fn school() -> ImportFiles {
    let folder = "Lycée Victor-Hugo@1_0750999V";
    ImportFiles::default()
        .with_named(&format!("{folder}/Eleves.csv"), STUDENTS)
        .with_named(&format!("{folder}/Parents.csv"), PARENTS)
        .with_named(&format!("{folder}/Enseignants.csv"), TEACHERS)
}

fn with(files: ImportFiles, name: &str, text: &str) -> ImportFiles {
    files.with_named(&format!("Lycée Victor-Hugo@1_0750999V/{name}"), text)
}

pub(crate) fn remarks(report: &Report) -> Vec<String> {
    report.remarks().0.iter().map(ToString::to_string).filter(|remark| !remark.contains(": read as ")).collect()
}

#[tokio::test]
async fn templates_become_people_groups_and_rules() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        let report = import(&gateway, &school()).await;
        assert_eq!(
            report.names(File::Users, Change::Added),
            [
                "LAMBERT Christine (christine.lambert)",
                "LAMBERT Théo (theo.lambert)",
                "MARTIN Paul (paul.martin)",
                "MARTIN Zoé (zoe.martin)",
                "MARTIN Zoé (zoe.martin2)",
                "ROUSSEL Nadia (nadia.roussel)",
                "SCHMITT Éric (eric.schmitt)",
            ]
        );
        let read: Vec<String> = report.remarks().0.iter().map(ToString::to_string).collect();
        assert_eq!(
            read[0],
            "Lycée Victor-Hugo@1_0750999V/Eleves.csv: read as the ENT's list of pupils (Élèves), UTF-8: 3 lines"
        );
        assert!(import(&gateway, &school()).await.is_empty(), "the same files twice change nothing");

        // Names of groups, addresses with the year, and the ENT's rules.
        let details = gateway.user_details(&user(&gateway, "paul.martin").await.id).await.unwrap().unwrap();
        let groups: Vec<&str> = details.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(
            groups,
            ["Parents du groupe Lycée Victor-Hugo", "Parents du groupe Seconde B", "Parents du groupe Terminale A"]
        );
        assert!(writes(&gateway, "nadia.roussel", "parents.tle-a.2026").await.is_ok());
        assert!(writes(&gateway, "christine.lambert", "theo.lambert").await.is_ok());
        assert!(writes(&gateway, "theo.lambert", "christine.lambert").await.is_ok(), "his own mother");
        assert!(writes(&gateway, "zoe.martin2", "eric.schmitt").await.is_ok(), "her teacher");
        assert_eq!(writes(&gateway, "theo.lambert", "eric.schmitt").await, Err(not_allowed("eric.schmitt")));
        assert_eq!(writes(&gateway, "theo.lambert", "paul.martin").await, Err(not_allowed("paul.martin")));
        let id = details.groups[2].id.to_string();
        assert!(writes(&gateway, "nadia.roussel", &id).await.is_ok(), "a stable address beside the readable one");
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_file_speaks_for_its_own_profile_only() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        import(&gateway, &school()).await;
        let only = with(
            ImportFiles::default(),
            "Eleves.csv",
            &STUDENTS.replace("Zoé;Martin;05/11/2011", "Léo;Neuf;05/11/2011"),
        );
        let options = ImportOptions { suspend: Some(1), ..ImportMode::Apply.into() };
        let Imported::Done(report) = gateway.import(&only, options).await.unwrap() else { panic!("not done") };
        assert_eq!(report.names(File::Users, Change::Suspended), ["MARTIN Zoé (zoe.martin2)"]);
        assert_eq!(report.names(File::Users, Change::Added), ["NEUF Léo (leo.neuf)"]);
        assert_eq!(report.count(File::Groups, Change::Closed), 0);
        assert!(writes(&gateway, "nadia.roussel", "parents.tle-a.2026").await.is_ok(), "parents stay where they were");
        assert!(writes(&gateway, "leo.neuf", "eric.schmitt").await.is_ok(), "the new pupil has the class's teachers");

        // Parents alone keep the classes of their children, who are in the store.
        let parents = with(ImportFiles::default(), "Parents.csv", PARENTS);
        let report = import(&gateway, &parents).await;
        assert_eq!(report.count(File::Users, Change::Suspended), 0);
        let unknown = "MARTIN Paul: nobody in the school is the child \"MARTIN ZOE\"";
        assert!(remarks(&report).iter().all(|remark| !remark.contains(unknown) || remark.contains("Seconde B")));
        let in_class = "select count(*) from group_member m join ent_group g on g.id = m.group_id
            where g.name = 'Parents du groupe Terminale A'";
        assert_eq!(count(&test.store, in_class).await, 2);
        test.store.close().await;
    }
}

#[tokio::test]
async fn too_many_suspensions_stop_and_their_number_lets_them() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        import(&gateway, &school()).await;
        set_password(&gateway, "theo.lambert", "soleil de mai").await;
        let session = session(&gateway, &user(&gateway, "theo.lambert").await).await;
        let fewer = STUDENTS.replace("Théo;Lambert;03/09/2010;Terminale A\r\n", "");
        let fewer = with(school(), "Eleves.csv", &fewer);
        // import.suspended_percent_max is 10; one of seven is more.
        let Imported::Stopped(stop) = gateway.import(&fewer, ImportMode::Apply).await.unwrap() else { panic!("done") };
        assert_eq!((stop.suspended, &stop.schools[..]), (1, &[("Lycée Victor-Hugo".to_owned(), 1, 7)][..]));
        assert_eq!(stop.report.names(File::Users, Change::Suspended), ["LAMBERT Théo (theo.lambert)"]);
        assert!(!session.cut.is_cancelled(), "nothing was changed");
        let wrong = ImportOptions { suspend: Some(2), ..ImportMode::Apply.into() };
        assert!(matches!(gateway.import(&fewer, wrong).await.unwrap(), Imported::Stopped(_)), "another number");
        let right = ImportOptions { suspend: Some(1), ..ImportMode::Apply.into() };
        assert!(matches!(gateway.import(&fewer, right.clone()).await.unwrap(), Imported::Done(_)));
        assert!(session.cut.is_cancelled());
        assert_eq!(log_in(&gateway, "theo.lambert", "soleil de mai").await, Err(LoginRefusal::Suspended));
        let Imported::Done(again) = gateway.import(&fewer, ImportMode::Apply).await.unwrap() else { panic!("stopped") };
        assert!(again.is_empty());
        test.store.close().await;
    }
}

#[tokio::test]
async fn who_leaves_is_put_aside_then_deleted_and_the_address_is_nobodys() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        import(&gateway, &school()).await;
        set_password(&gateway, "theo.lambert", "soleil de mai").await;
        let theo = user(&gateway, "theo.lambert").await;
        let fewer = with(school(), "Eleves.csv", &STUDENTS.replace("Théo;Lambert;03/09/2010;Terminale A\r\n", ""));
        let drafts = gateway.mailbox(&theo, &MailboxName::parse("Drafts").unwrap()).await.unwrap().unwrap();
        let mut spool = gateway.spool();
        spool.write(b"From: theo.lambert@ent.example.fr\r\n\r\nx\r\n").await.unwrap();
        let draft = spool.finish().await.unwrap();
        gateway.append(&theo, &drafts, draft, AppendOptions::default()).await.unwrap();
        let one = || ImportOptions { suspend: Some(1), ..ImportMode::Apply.into() };
        gateway.import(&fewer, one()).await.unwrap();
        let day = |days: i64| gateway.clock.set(Timestamp::from_seconds(START + days * 86_400));
        let names = |names: &[String]| names.join(",");

        day(89);
        assert_eq!(gateway.collect_departed(false).await.unwrap(), Default::default(), "not yet");
        day(90);
        let dry = gateway.collect_departed(true).await.unwrap();
        assert_eq!((names(&dry.archived).as_str(), dry.deleted.len()), ("LAMBERT Théo (theo.lambert)", 0));
        assert_eq!(count(&test.store, "select count(*) from ent_user where archived_at is not null").await, 0);
        assert_eq!(gateway.collect_departed(false).await.unwrap(), dry);
        let groups =
            "select count(*) from group_member m join ent_user u on u.id = m.user_id where u.login = 'theo.lambert'";
        assert_eq!(count(&test.store, groups).await, 0);
        assert_eq!(writes(&gateway, "nadia.roussel", "theo.lambert").await, Err(not_allowed("theo.lambert")));

        // Back in time: everything again.
        import(&gateway, &school()).await;
        assert!(writes(&gateway, "nadia.roussel", "theo.lambert").await.is_ok());
        assert_eq!(user(&gateway, "theo.lambert").await.id, theo.id);
        gateway.import(&fewer, one()).await.unwrap();
        day(90 + 90);
        assert_eq!(gateway.collect_departed(false).await.unwrap().archived.len(), 1);
        day(90 + 180 - 1);
        assert!(gateway.collect_departed(false).await.unwrap().deleted.is_empty());
        day(90 + 180);
        assert_eq!(names(&gateway.collect_departed(false).await.unwrap().deleted), "LAMBERT Théo (theo.lambert)");
        let left = "select count(*) from mailbox m join ent_user u on u.id = m.user_id where u.deleted_at is not null";
        assert_eq!(count(&test.store, left).await, 0);
        assert_eq!(count(&test.store, "select count(*) from placement").await, 0);
        assert_eq!(count(&test.store, "select count(*) from doomed_message").await, 1, "nobody else has his draft");
        let named = "select count(*) from ent_user where display_name = 'LAMBERT Théo' or login = 'theo.lambert'";
        assert_eq!(count(&test.store, named).await, 0);
        assert_eq!(writes(&gateway, "nadia.roussel", "theo.lambert").await, Err(not_allowed("theo.lambert")));

        // Somebody of the same name, or he himself, is somebody new with another address.
        let report = import(&gateway, &school()).await;
        assert_eq!(report.names(File::Users, Change::Added), ["LAMBERT Théo (theo.lambert2)"]);
        assert_ne!(user(&gateway, "theo.lambert2").await.id, theo.id);
        assert!(import(&gateway, &school()).await.is_empty());
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_closed_year_stays_closed_and_the_next_has_its_own_addresses() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        import(&gateway, &school()).await;
        assert_eq!(gateway.school_years().await.unwrap().1, 2026);
        assert!(gateway.close_school_year(2025, false).await.unwrap().is_err(), "not the current one");
        assert!(gateway.open_school_year(2027).await.unwrap().is_err(), "2026 is open");
        let dry = gateway.close_school_year(2026, true).await.unwrap().unwrap();
        assert!(writes(&gateway, "nadia.roussel", "parents.tle-a.2026").await.is_ok(), "a dry run");
        let closed = gateway.close_school_year(2026, false).await.unwrap().unwrap();
        assert_eq!((&dry, closed.len()), (&closed, 10), "five profiles, two classes");
        let sentence = Sentence::GroupClosed { group: address("parents.tle-a.2026").to_string() };
        assert_eq!(writes(&gateway, "nadia.roussel", "parents.tle-a.2026").await, Err(sentence.clone()));
        assert!(writes(&gateway, "nadia.roussel", "parents.0750999v").await.is_ok(), "the school's stay");

        let Imported::Refused(problems) = gateway.import(&school(), ImportMode::Apply).await.unwrap() else {
            panic!("classes of a closed year")
        };
        assert!(problems[0].to_string().contains("the school year 2026 is closed"), "{problems:?}");
        assert!(gateway.open_school_year(2026).await.unwrap().is_err(), "closed for ever");
        gateway.open_school_year(2027).await.unwrap().unwrap();
        let report = import(&gateway, &school()).await;
        assert_eq!(report.count(File::Users, Change::Added), 0, "the same people");
        assert!(writes(&gateway, "nadia.roussel", "parents.tle-a.2027").await.is_ok());
        assert_eq!(writes(&gateway, "nadia.roussel", "parents.tle-a.2026").await, Err(sentence));
        assert!(import(&gateway, &school()).await.is_empty());
        test.store.close().await;
    }
}

const EXPORT: &str = "\u{feff}\"Id\";\"Identifiant SIECLE\";\"Type\";\"Nom\";\"Prénom\";\"Identifiant\";\
    \"Login personnalisé (Alias)\";\"Établissements\";\"Classes\";\"Enfants\";\"Parents\"\r\n\
    E1;;Élève;Roy;Ana;ana.roy;;Lycée Hugo;6A;;ROY Luc\r\n\
    E2;;Élève;Roy;Ana;ana.roy2;;Lycée Hugo;6B;;ROY Max\r\n\
    E3;;Parent;Roy;Luc;luc.roy;papa;Lycée Hugo;;ROY Ana;\r\n\
    E4;;Parent;Roy;Max;max.roy;;Lycée Hugo;;\"ROY Ana, ROY Léo\";\r\n\
    E5;;Parent;Roy;Eve;eve.roy;;Lycée Hugo;;ROY Ana;\r\n\
    E6;;Enseignant;Noir;Zoé;zoe.noir;;\"Lycée Hugo, Collège Inconnu\";6A;;\r\n";

#[tokio::test]
async fn an_export_links_families_by_name_and_guesses_nothing() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        let files = ImportFiles::default()
            .with(File::Schools, "uai;name\n0750001A;Lycée Hugo\n")
            .with_named("export.csv", EXPORT);
        let report = import(&gateway, &files).await;
        assert_eq!(report.count(File::Users, Change::Added), 6);
        assert_eq!(
            remarks(&report),
            [
                "export.csv: the school \"Collège Inconnu\" is not known: left out for these people",
                "export.csv:5: ROY Max: nobody in the school is the child \"ROY Léo\": no link was made",
                "export.csv:6: ROY Eve: several people in the school could be the child \"ROY Ana\": no link was made",
            ]
        );
        // Two pupils of one name: each father is told by the pupil's own line.
        for (father, child, other) in [("luc.roy", "ana.roy", "ana.roy2"), ("max.roy", "ana.roy2", "ana.roy")] {
            assert!(writes(&gateway, father, child).await.is_ok(), "{father} → {child}");
            assert_eq!(writes(&gateway, father, other).await, Err(not_allowed(other)), "{father} → {other}");
        }
        assert_eq!(writes(&gateway, "eve.roy", "ana.roy").await, Err(not_allowed("ana.roy")));
        assert_eq!(user(&gateway, "papa").await.login, "luc.roy");
        assert!(writes(&gateway, "ana.roy", "zoe.noir").await.is_ok());
        assert!(import(&gateway, &files).await.is_empty());
        test.store.close().await;
    }
}

const USERS_JSON: &str = r#"[
 {"id":"11111111-1111-4111-8111-111111111111","externalId":"X1","login":"ana.roy","displayName":"ROY Ana","firstName":"Ana","lastName":"Roy",
  "profiles":["Student"],"structures":[{"id":"st","name":"Lycée Hugo","UAI":"0750001A"}],"groups":[{"groupId":"1-15","groupName":"6A-Student"}]},
 {"id":"22222222-2222-4222-8222-222222222222","externalId":"X2","login":"zoe.noir","displayName":"NOIR Zoé","firstName":"Zoé","lastName":"Noir",
  "profiles":["Teacher"],"structures":[{"id":"st","name":"Lycée Hugo","UAI":"0750001A"}],"groups":[{"groupId":"2-15","groupName":"6A-Teacher"},{"groupId":"ca","groupName":"Conseil"}]},
 {"id":"33333333-3333-4333-8333-333333333333","externalId":"X3","login":"max.vert","firstName":"Max","lastName":"Vert",
  "profiles":["Guest"],"blocked":true,"structures":[{"id":"st","name":"Lycée Hugo","UAI":"0750001A"}],"groups":[]},
 {"id":"44444444-4444-4444-8444-444444444444","externalId":"X4","login":"parti","firstName":"Ex","lastName":"Parti","deleteDate":1700000000000,
  "profiles":["Guest"],"structures":[],"groups":[]}]"#;
const GROUPS_JSON: &str = r#"[
 {"id":"1-15","name":"6A-Student","type":"ProfileGroup","subType":"ClassGroup","internalCommunicationRule":"BOTH","classes":[{"id":"c6a","name":"6A"}],"structures":[{"id":"st","name":"Lycée Hugo"}]},
 {"id":"2-15","name":"6A-Teacher","type":"ProfileGroup","subType":"ClassGroup","internalCommunicationRule":"OUTGOING","classes":[{"id":"c6a","name":"6A"}],"structures":[{"id":"st","name":"Lycée Hugo"}]},
 {"id":"ca","name":"Conseil","type":"ManualGroup","internalCommunicationRule":"NONE","classes":[],"structures":[{"id":"st","name":"Lycée Hugo"}]}]"#;

#[tokio::test]
async fn json_brings_its_groups_and_its_links_and_they_hold_at_once() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        let with_links = |links: &str| {
            ImportFiles::default()
                .with_named("users.json", USERS_JSON)
                .with_named("groups.json", GROUPS_JSON)
                .with_named("communication.json", links)
        };
        let files =
            with_links(r#"{"1-15":{"communiqueWith":["2-15"]},"ca":{"users":"INCOMING","communiqueWith":["1-15"]}}"#);
        let report = import(&gateway, &files).await;
        assert_eq!(report.count(File::Users, Change::Added), 3, "who is being deleted is not taken");
        assert!(import(&gateway, &files).await.is_empty());
        let ana = user(&gateway, "ana.roy").await;
        assert_eq!(ana.id.as_str(), "11111111-1111-4111-8111-111111111111");
        assert_eq!(user(&gateway, "11111111-1111-4111-8111-111111111111").await, ana);
        assert_eq!(gateway.user_details(&ana.id).await.unwrap().unwrap().groups[0].name, "Élèves du groupe 6A");
        assert!(user(&gateway, "max.vert").await.suspended, "blocked in the ENT");
        let _session = session(&gateway, &ana).await;
        assert!(writes(&gateway, "ana.roy", "zoe.noir").await.is_ok());
        assert!(writes(&gateway, "zoe.noir", "eleves.6a.2026").await.is_ok(), "by the council's link");

        // Her session is open; the links change; the next RCPT knows.
        let report =
            import(&gateway, &with_links(r#"[{"id":"ca","communiqueWith":[{"id":"1-15","name":"x"}]}]"#)).await;
        assert_eq!(report.names(File::Rules, Change::Removed), ["Élèves du groupe 6A → Enseignants du groupe 6A"]);
        assert_eq!(writes(&gateway, "ana.roy", "zoe.noir").await, Err(not_allowed("zoe.noir")));
        assert_eq!(writes(&gateway, "zoe.noir", "eleves.6a.2026").await, Err(not_allowed("eleves.6a.2026")));
        test.store.close().await;
    }
}

#[tokio::test]
async fn who_came_by_csv_stays_the_same_when_json_comes() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        import(&gateway, &with(ImportFiles::default(), "Eleves.csv", STUDENTS)).await;
        let before = user(&gateway, "theo.lambert").await;
        let user_json = |number: u32, login: &str, last: &str, first: &str| {
            format!(
                r#"{{"id":"0000000{number}-1111-4111-8111-111111111111","externalId":"X{number}","login":"{login}","firstName":"{first}",
                 "lastName":"{last}","profiles":["Student"],"structures":["0750999V"],"groups":[]}}"#
            )
        };
        let users = [
            (1, "theo.lambert", "Lambert", "Théo"),
            (2, "zoe.martin", "Martin", "Zoé"),
            (3, "zoe.martin2", "Martin", "Zoé"),
        ];
        let users: Vec<String> =
            users.iter().map(|(n, login, last, first)| user_json(*n, login, last, first)).collect();
        let files = ImportFiles::default().with_named("u.json", format!("[{}]", users.join(",")));
        let report = import(&gateway, &files).await;
        assert_eq!((report.count(File::Users, Change::Added), report.count(File::Users, Change::Suspended)), (0, 0));
        assert_eq!(user(&gateway, "theo.lambert").await.id, before.id);
        assert_eq!(
            user(&gateway, "00000001-1111-4111-8111-111111111111").await.id,
            before.id,
            "the ENT's id is an address"
        );
        assert!(import(&gateway, &files).await.is_empty());
        assert_eq!(before.profile, Profile::Student);
        test.store.close().await;
    }
}
