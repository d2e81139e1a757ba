//! The table of communication rules: lines of the settings, applied by imports and again when the file changes; and what
//! admins ask about the result.

use std::collections::BTreeSet;
use std::sync::Arc;

use passerelle::config::{self, Config};
use passerelle::control::{AdminAnswer, AdminCommand, ExplainSheet, execute};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::import::{File, ImportFiles, ImportMode};
use passerelle::model::Timestamp;
use passerelle::sample;

use crate::support::TestStore;
use crate::{DOMAIN, START, count, import, not_allowed, support, writes};

/// A gateway whose settings are in a file.
fn gateway(test: &TestStore, rules: &str) -> Gateway {
    let file = test.folder.path().join("p.toml");
    set_rules(test, rules);
    let config: Config = config::load(&file).unwrap();
    Gateway::new(Arc::new(config), test.store.clone(), Clock::fixed(Timestamp::from_seconds(START))).unwrap()
}

fn set_rules(test: &TestStore, rules: &str) {
    let text = format!("domain = \"{DOMAIN}\"\ndata_dir = \".\"\n[listen]\nhttp = \"127.0.0.1:0\"\n{rules}");
    std::fs::write(test.folder.path().join("p.toml"), text).unwrap();
}

/// What `reload` says, line by line.
async fn reload(gateway: &Gateway, dry_run: bool) -> Vec<String> {
    match execute(gateway, AdminCommand::Reload { dry_run }).await {
        AdminAnswer::Reloaded(sheet) => sheet.changes,
        other => panic!("{other:?}"),
    }
}

const CLOSER: &str = "
[[rules]]
group = \"class-relatives\"
members = \"BOTH\"
writes_to = [\"class-teachers\"]
[[rules]]
school = \"0750999v\"
group = \"school-relatives\"
members = \"INCOMING\"
writes_to = [\"direction\"]
";

#[tokio::test]
async fn a_changed_table_counts_at_once_and_is_told_before() {
    for test in support::stores().await {
        let gateway = gateway(&test, "");
        import(&gateway, &sample::school()).await;
        assert!(reload(&gateway, false).await.is_empty(), "an import leaves nothing to do");
        assert!(writes(&gateway, "christine.lambert", "eleves.tle-a.2026").await.is_ok());
        assert_eq!(
            writes(&gateway, "christine.lambert", "direction.victor-hugo").await,
            Err(not_allowed("direction.victor-hugo"))
        );

        set_rules(&test, CLOSER);
        let told = reload(&gateway, true).await;
        assert_eq!(told.len(), 1 + 3 * 3, "one group, and three rules in each class: {told:#?}");
        for line in [
            "0750999V ~ Parents du groupe Lycée Victor-Hugo: OUTGOING → INCOMING",
            "0750999V - Parents du groupe Terminale A → Élèves du groupe Terminale A",
            "0750999V - Parents du groupe Seconde B → Professeurs principaux de Seconde B",
        ] {
            assert!(told.contains(&line.to_owned()), "{line} in {told:#?}");
        }
        assert!(writes(&gateway, "christine.lambert", "eleves.tle-a.2026").await.is_ok(), "a dry run changes nothing");
        assert_eq!(reload(&gateway, false).await, told);
        assert_eq!(
            writes(&gateway, "christine.lambert", "eleves.tle-a.2026").await,
            Err(not_allowed("eleves.tle-a.2026"))
        );
        assert!(writes(&gateway, "christine.lambert", "direction.victor-hugo").await.is_ok());
        assert!(reload(&gateway, false).await.is_empty());
        assert!(import(&gateway, &sample::school()).await.is_empty(), "an import has the same table");
        // What groups.csv says itself has stayed: conseil is BOTH, written by the personnel.
        assert!(writes(&gateway, "helene.marchetti", "conseil.victor-hugo").await.is_ok());

        set_rules(&test, "");
        assert_eq!(reload(&gateway, false).await.len(), told.len());
        assert!(writes(&gateway, "christine.lambert", "eleves.tle-a.2026").await.is_ok());
        test.store.close().await;
    }
}

#[tokio::test]
async fn an_import_takes_the_table_as_it_stands_and_files_come_before_it() {
    for test in support::stores().await {
        let gateway = gateway(&test, "");
        let folder = tempfile::tempdir().unwrap();
        for name in ["schools", "classes", "users", "groups", "members", "links"] {
            let from = format!("{}/src/sample/school/{name}.csv", env!("CARGO_MANIFEST_DIR"));
            std::fs::copy(from, folder.path().join(format!("{name}.csv"))).unwrap();
        }
        let command =
            || AdminCommand::Import { folder: folder.path().to_owned(), dry_run: false, school: None, suspend: None };
        set_rules(&test, "[[rules]]\ngroup = \"class-students\"\nmembers = \"BOTH\"\n");
        assert!(matches!(execute(&gateway, command()).await, AdminAnswer::Import(_)));
        assert_eq!(writes(&gateway, "theo.lambert", "nadia.roussel").await, Err(not_allowed("nadia.roussel")));

        // A table that cannot be read: nothing is imported, nothing changes.
        set_rules(&test, "[[rules]]\ngroup = \"class-pupils\"\nmembers = \"BOTH\"\n");
        for command in [command(), AdminCommand::Reload { dry_run: false }] {
            let AdminAnswer::Refused(why) = execute(&gateway, command).await else { panic!("done") };
            assert!(why.contains("p.toml:6:9: `rules.group`: unknown variant `class-pupils`"), "{why}");
        }

        // rules.csv speaks for its groups: the table is silent there, now and later.
        set_rules(&test, "");
        let rules = "from;to\nvh-eleves-ta-2026;vh-enseignants-ta-2026\n";
        std::fs::write(folder.path().join("rules.csv"), rules).unwrap();
        assert!(matches!(execute(&gateway, command()).await, AdminAnswer::Import(_)));
        assert!(writes(&gateway, "theo.lambert", "nadia.roussel").await.is_ok());
        assert!(reload(&gateway, false).await.is_empty());
        // written_by belongs to groups.csv.
        assert_eq!(count(&test.store, "select count(*) from communication_rule").await, 3);
        assert_eq!(count(&test.store, "select count(*) from communication_rule where by_table").await, 0);
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_group_that_files_say_more_of_is_left_alone() {
    for test in support::stores().await {
        let gateway = gateway(&test, "");
        let text =
            std::fs::read_to_string(format!("{}/src/sample/school/groups.csv", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let own = text.replace("parents.tle-a.2026;;", "parents.tle-a.2026;NONE;vh-eleves-ta-2026");
        import(&gateway, &sample::school().with(File::Groups, own)).await;
        assert!(writes(&gateway, "theo.lambert", "parents.tle-a.2026").await.is_ok());
        set_rules(&test, "[[rules]]\ngroup = \"class-relatives\"\nmembers = \"OUTGOING\"\n");
        let told = reload(&gateway, false).await;
        assert!(told.iter().all(|line| !line.contains("~ Parents du groupe Terminale A")), "{told:#?}");
        assert!(told.iter().any(|line| line.contains("~ Parents du groupe Seconde B: BOTH → OUTGOING")), "{told:#?}");
        assert!(writes(&gateway, "theo.lambert", "parents.tle-a.2026").await.is_ok(), "written_by stays");
        test.store.close().await;
    }
}

async fn explain(gateway: &Gateway, from: &str, to: &str) -> ExplainSheet {
    let command = AdminCommand::PolicyExplain { from: from.to_owned(), to: to.to_owned() };
    match execute(gateway, command).await {
        AdminAnswer::Explained(sheet) => *sheet,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_pair_is_explained_by_the_path_or_by_what_is_missing() {
    for test in support::stores().await {
        let gateway = gateway(&test, "");
        import(&gateway, &sample::school()).await;
        let sheet = explain(&gateway, "theo.lambert", &format!("nadia.roussel@{DOMAIN}")).await;
        assert_eq!((sheet.from.as_str(), sheet.allowed), ("LAMBERT Théo (theo.lambert, Student)", true));
        assert_eq!(
            sheet.because,
            [
                "the sender is in Élèves du groupe Terminale A (vh-eleves-ta-2026)",
                "it may write to Enseignants du groupe Terminale A (vh-enseignants-ta-2026)",
                "the recipient is in that group, which shows its members",
            ]
        );
        let sheet = explain(&gateway, "theo.lambert", "christine.lambert").await;
        assert_eq!(
            (sheet.allowed, sheet.because),
            (true, vec!["a direct link leads from the one to the other".into()])
        );
        let sheet = explain(&gateway, "nadia.roussel", "parents.tle-a.2026").await;
        assert_eq!(sheet.because[2], "Parents du groupe Terminale A hangs directly below that group");
        let sheet = explain(&gateway, "theo.lambert", "tous.victor-hugo").await;
        assert!(!sheet.allowed);
        assert_eq!(sheet.recipient_reached_by, ["Tout le Lycée Victor-Hugo (vh-tous)"]);
        let reached: BTreeSet<&str> =
            sheet.sender_reaches.iter().map(|name| name.split(" (").next().unwrap()).collect();
        assert!(
            reached.contains("Enseignants du groupe Terminale A") && !reached.contains("Parents du groupe Terminale A")
        );
        let sheet = explain(&gateway, "dominique.roy", "theo.lambert").await;
        assert_eq!(sheet.because, ["no group, link, rule or message leads from the one to the other"]);
        let unknown = AdminCommand::PolicyExplain { from: "theo.lambert".to_owned(), to: "x@gmail.com".to_owned() };
        assert!(
            matches!(execute(&gateway, unknown).await, AdminAnswer::Refused(why) if why.contains("nobody's address"))
        );
        test.store.close().await;
    }
}

/// The matrix says of every group what RCPT says to each person.
#[tokio::test]
async fn the_matrix_is_what_everybody_is_told_at_rcpt() {
    for test in support::stores().await {
        let gateway = gateway(&test, CLOSER);
        import(&gateway, &sample::school()).await;
        let matrix = match execute(&gateway, AdminCommand::PolicyMatrix { school: Some("0750999v".to_owned()) }).await {
            AdminAnswer::Matrix(mut sheets) => sheets.pop().unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!((matrix.school.as_str(), matrix.groups.len()), ("Lycée Victor-Hugo", 28));
        let people = gateway.users(&Default::default()).await.unwrap();
        for group in &matrix.groups {
            let mut counted = std::collections::BTreeMap::<String, (usize, usize)>::new();
            for person in &people {
                let cell = counted.entry(person.profile.column().to_owned()).or_default();
                let may = match writes(&gateway, &person.login, &group.id).await {
                    Ok(_) => true,
                    Err(why) => matches!(why, passerelle::sentences::Sentence::GroupEmpty { .. }),
                };
                *cell = (cell.0 + usize::from(may), cell.1 + 1);
            }
            let told = group.profiles.iter().map(|(profile, cell)| (profile.clone(), (cell.may, cell.of))).collect();
            assert_eq!(counted, told, "{}", group.name);
        }
        let unknown = AdminCommand::PolicyMatrix { school: Some("0000000X".to_owned()) };
        assert!(matches!(execute(&gateway, unknown).await, AdminAnswer::Refused(_)));
        test.store.close().await;
    }
}

#[tokio::test]
async fn an_import_of_part_of_a_school_marks_nothing_else() {
    for test in support::stores().await {
        let gateway = gateway(&test, "");
        import(&gateway, &sample::school()).await;
        let marked = "select count(*) from ent_group where users_by_table and rules_by_table";
        let before = count(&test.store, marked).await;
        assert_eq!(before, 27, "all but the council, whose members the file calls BOTH");
        let files = ImportFiles::default().with(File::Members, "group;user\nvh-ca;nadia.roussel\n");
        gateway.import(&files, ImportMode::Apply).await.unwrap();
        assert_eq!(count(&test.store, marked).await, before);
        test.store.close().await;
    }
}
