//! Imports into a store.

use passerelle::domain::import::{Change, File, ImportFiles, ImportMode, Imported};
use passerelle::domain::login::LoginRefusal;
use passerelle::domain::people::UserFilter;
use passerelle::model::{Profile, Secret};
use passerelle::sample;
use passerelle::sentences::Sentence;

use crate::{
    DOMAIN, address, count, gateway, import, log_in, not_allowed, school, session, set_password, support, user, writes,
};

#[tokio::test]
async fn the_same_files_twice_change_nothing() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        let dry = match gateway.import(&sample::school(), ImportMode::DryRun).await.unwrap() {
            Imported::Done(report) => report,
            other => panic!("{other:?}"),
        };
        assert_eq!(count(&test.store, "select count(*) from ent_user").await, 0, "a dry run writes nothing");
        let report = import(&gateway, &sample::school()).await;
        assert_eq!(dry, report, "a dry run says what an import does");
        assert_eq!(report.names(File::Users, Change::Added).len(), 60);
        assert!(import(&gateway, &sample::school()).await.is_empty());
        let people = count(&test.store, "select count(*) from ent_user").await;
        assert_eq!(count(&test.store, "select count(*) from mailbox").await, 4 * people);
        let ready = "select count(*) from mailbox where uid_next = 1 and mod_seq = 1 and subscribed \
            and uid_validity = 1795000000 and (special_use = 'inbox') = (name = 'INBOX')";
        assert_eq!(count(&test.store, ready).await, 4 * people);
        test.store.close().await;
    }
}

/// The sample school with one file changed.
fn school_with(file: File, change: impl Fn(&str) -> String) -> ImportFiles {
    let text =
        std::fs::read_to_string(format!("{}/src/sample/school/{}", env!("CARGO_MANIFEST_DIR"), file.name())).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed, "the change changes something");
    sample::school().with(file, changed)
}

fn without_line(text: &str, part: &str) -> String {
    text.lines().filter(|line| !line.contains(part)).map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn who_is_missing_is_suspended_and_comes_back() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        set_password(&gateway, "theo.lambert", "soleil de mai").await;
        let theo = user(&gateway, "theo.lambert").await;
        let session = session(&gateway, &theo).await;
        let without = ["users.csv", "members.csv", "links.csv"].iter().fold(sample::school(), |files, name| {
            let file = File::ALL.into_iter().find(|file| file.name() == *name).unwrap();
            let text =
                std::fs::read_to_string(format!("{}/src/sample/school/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            files.with(file, without_line(&text, "theo.lambert"))
        });
        let report = import(&gateway, &without).await;
        assert_eq!(report.names(File::Users, Change::Suspended), ["LAMBERT Théo (theo.lambert)"]);
        assert_eq!(report.changes().count(), 1, "nothing else changes");
        assert!(session.cut.is_cancelled());
        assert_eq!(log_in(&gateway, "theo.lambert", "soleil de mai").await, Err(LoginRefusal::Suspended));
        let refusal = writes(&gateway, "nadia.roussel", "theo.lambert").await.unwrap_err();
        assert!(matches!(refusal, Sentence::RecipientSuspended { .. }), "those who knew him are told why");
        assert!(import(&gateway, &without).await.is_empty());
        let report = import(&gateway, &sample::school()).await;
        assert_eq!(report.names(File::Users, Change::Resumed), ["LAMBERT Théo (theo.lambert)"]);
        assert_eq!(log_in(&gateway, "theo.lambert", "soleil de mai").await, Ok("theo.lambert".to_owned()));
        // An admin's suspension is not an import's to take back.
        gateway.suspend_user(&theo.id, "compte volé").await.unwrap();
        assert!(import(&gateway, &sample::school()).await.is_empty());
        assert_eq!(log_in(&gateway, "theo.lambert", "soleil de mai").await, Err(LoginRefusal::Suspended));
        test.store.close().await;
    }
}

#[tokio::test]
async fn last_years_group_is_closed_and_its_address_stays_its_own() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let next_year = |text: &str| text.replace("-2026;", "-2027;").replace(".2026;", ".2027;");
        let files = school_with(File::Groups, next_year)
            .with(
                File::Classes,
                "id;school;name\nvh-2b-2027;0750999V;B\nvh-1c-2027;0750999V;C\nvh-ta-2027;0750999V;A\n",
            )
            .with(File::Members, "group;user\nvh-eleves-ta-2027;zoe.martin\nvh-enseignants;nadia.roussel\n");
        let report = import(&gateway, &files).await;
        assert!(report.names(File::Groups, Change::Closed).contains(&"Parents du groupe Terminale A".to_owned()));
        let closed = Sentence::GroupClosed { group: address("parents.tle-a.2026").to_string() };
        assert_eq!(writes(&gateway, "nadia.roussel", "parents.tle-a.2026").await, Err(closed));
        let empty = Sentence::GroupEmpty { group: address("parents.tle-a.2027").to_string() };
        assert_eq!(writes(&gateway, "nadia.roussel", "parents.tle-a.2027").await, Err(empty));
        assert!(writes(&gateway, "nadia.roussel", "eleves.tle-a.2027").await.is_ok());
        // His class of last year no longer lets him write to its teachers.
        assert_eq!(writes(&gateway, "theo.lambert", "nadia.roussel").await, Err(not_allowed("nadia.roussel")));
        // Nor may another group or person take its address.
        for (file, line) in [
            (File::Groups, "vh-x;0750999V;;Manual;;X;parents.tle-a.2026;;\n"),
            (File::Users, "VH-9999;parents.tle-a.2026;;Jean;Neuf;Student;0750999V\n"),
            (File::Users, "VH-9999;jean.neuf;vh-parents-ta-2026;Jean;Neuf;Student;0750999V\n"),
        ] {
            let taken = school_with(file, |text| format!("{text}{line}"));
            let Imported::Refused(problems) = gateway.import(&taken, ImportMode::Apply).await.unwrap() else {
                panic!("an address was given twice")
            };
            assert!(
                problems[0].to_string().contains("is, for ever, the one of the group Parents du groupe Terminale A")
            );
        }
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_new_login_keeps_the_old_address() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let before = user(&gateway, "zoe.martin").await;
        let files = school_with(File::Users, |text| text.replace(";zoe.martin;;", ";zoe.martin2;zozo;"))
            .with(File::Members, "group;user\nvh-eleves-ta-2026;VH-0055\n")
            .with(File::Links, "from;to\n");
        import(&gateway, &files).await;
        let after = user(&gateway, "zoe.martin2").await;
        assert_eq!(
            (&after.id, after.login.as_str(), after.login_alias.as_deref()),
            (&before.id, "zoe.martin2", Some("zozo"))
        );
        let details = gateway.user_details(&before.id).await.unwrap().unwrap();
        assert_eq!(details.addresses[0], format!("zoe.martin2@{DOMAIN}"));
        for old in ["zoe.martin", "zozo", before.id.as_str()] {
            assert!(details.addresses.contains(&format!("{old}@{DOMAIN}")), "{old}");
            assert_eq!(user(&gateway, old).await.id, before.id);
        }
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_bad_line_changes_nothing_at_all() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        let files = school_with(File::Users, |text| {
            format!("{text}VH-0001;twice;;Jean;Deux;Student;0750999V\nVH-77;x y;;A;B;Cook;\n")
        });
        let Imported::Refused(problems) = gateway.import(&files, ImportMode::Apply).await.unwrap() else {
            panic!("imported")
        };
        let lines: Vec<u64> = problems.iter().map(|problem| problem.place.line).collect();
        assert_eq!(lines, [62, 63, 63]);
        for table in ["select count(*) from ent_user", "select count(*) from school", "select count(*) from address"] {
            assert_eq!(count(&test.store, table).await, 0);
        }
        test.store.close().await;
    }
}

#[tokio::test]
async fn accounts_to_measure_with_all_write_to_each_other() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        import(&gateway, &sample::bench_school(2500)).await;
        assert_eq!(count(&test.store, "select count(*) from mailbox").await, 4 * 2560);
        assert!(writes(&gateway, "u0001", "u2500").await.is_ok());
        assert!(writes(&gateway, "u2500", "bench").await.is_ok());
        assert_eq!(writes(&gateway, "u0001", "theo.lambert").await, Err(not_allowed("theo.lambert")));
        // The school's own import says nothing of them.
        assert!(import(&gateway, &sample::school()).await.is_empty());
        assert!(import(&gateway, &sample::bench_school(2500)).await.is_empty());
        assert_eq!(sample::bench_login(12_345), "u12345");

        let hash = gateway.hash_password(Secret::new("bench bench")).await.unwrap().unwrap();
        let filter = UserFilter { text: Some("bench".to_owned()), profile: Some(Profile::Teacher) };
        let ids: Vec<_> = gateway.users(&filter).await.unwrap().into_iter().map(|user| user.id).collect();
        assert_eq!(gateway.set_password_hash(&ids, hash).await.unwrap(), 2500);
        assert_eq!(log_in(&gateway, "u2500", "bench bench").await, Ok("u2500".to_owned()));
        test.store.close().await;
    }
}

#[tokio::test]
async fn files_are_read_from_a_directory() {
    let test = support::sqlite().await;
    let gateway = gateway(&test);
    let directory = format!("{}/src/sample/school", env!("CARGO_MANIFEST_DIR"));
    import(&gateway, &ImportFiles::read_dir(directory.as_ref()).unwrap()).await;
    assert!(import(&gateway, &sample::school()).await.is_empty());
    assert!(ImportFiles::read_dir(test.folder.path()).is_err(), "no file at all");
    assert!(ImportFiles::read_dir("/nowhere".as_ref()).is_err());
    test.store.close().await;
}
