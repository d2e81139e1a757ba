//! People, rules, logins and imports over a real store, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
mod support;

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::directory::{Recipient, Verdict};
use passerelle::domain::import::{Change, File, ImportFiles, ImportMode, Imported, Report};
use passerelle::domain::login::{Login, LoginRefusal};
use passerelle::domain::people::{PasswordRefusal, UserFilter};
use passerelle::model::{Address, Profile, Secret, Timestamp, User};
use passerelle::sample;
use passerelle::sentences::{Language, Sentence};
use passerelle::store::Store;
use support::TestStore;

const DOMAIN: &str = "ent.example.fr";
const START: i64 = 1_795_000_000;

/// A gateway over a fresh store, and its clock.
fn gateway(test: &TestStore) -> Gateway {
    let text = format!(
        "domain = \"{DOMAIN}\"\ndata_dir = \"{}\"\n[login]\ntries_max = 3\ntries_window_seconds = 60\n",
        test.folder.path().display()
    );
    let config: Config = toml::from_str(&text).unwrap();
    Gateway::new(Arc::new(config), test.store.clone(), Clock::fixed(Timestamp::from_seconds(START))).unwrap()
}

/// A gateway with the sample school.
async fn school(test: &TestStore) -> Gateway {
    let gateway = gateway(test);
    import(&gateway, &sample::school()).await;
    gateway
}

async fn import(gateway: &Gateway, files: &ImportFiles) -> Report {
    match gateway.import(files, ImportMode::Apply).await.unwrap() {
        Imported::Done(report) => report,
        Imported::Refused(problems) => {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        }
    }
}

async fn user(gateway: &Gateway, name: &str) -> User {
    gateway.find_user(name).await.unwrap().unwrap_or_else(|| panic!("nobody is called {name}"))
}

fn address(local_part: &str) -> Address {
    Address::parse(&format!("{local_part}@{DOMAIN}")).unwrap()
}

/// May one write to the other? The sentence, where not.
async fn writes(gateway: &Gateway, from: &str, to: &str) -> Result<Recipient, Sentence> {
    let sender = user(gateway, from).await;
    match gateway.may_write(&sender, &address(to)).await.unwrap() {
        Verdict::Allow(recipient) => Ok(recipient),
        Verdict::Refuse(sentence) => Err(sentence),
    }
}

fn not_allowed(to: &str) -> Sentence {
    Sentence::NotAllowed { recipient: format!("{to}@{DOMAIN}") }
}

async fn log_in(gateway: &Gateway, name: &str, password: &str) -> Result<String, LoginRefusal> {
    match gateway.log_in(name, &Secret::new(password)).await.unwrap() {
        Login::Welcome(user) => Ok(user.login),
        Login::Refused(refusal) => Err(refusal),
    }
}

async fn set_password(gateway: &Gateway, name: &str, password: &str) {
    let user = user(gateway, name).await;
    gateway.set_password(&user.id, Secret::new(password)).await.unwrap().unwrap();
}

/// One number out of the store, whichever engine.
async fn count(store: &Store, sql: &'static str) -> i64 {
    store
        .read(sql, |tx, sql| {
            Box::pin(async move {
                let sql = *sql;
                let row: (i64,) = match tx {
                    passerelle::store::Tx::Sqlite(c) => sqlx::query_as(sql).fetch_one(&mut **c).await?,
                    passerelle::store::Tx::Postgres(c) => sqlx::query_as(sql).fetch_one(&mut **c).await?,
                };
                Ok(row.0)
            })
        })
        .await
        .unwrap()
}

// ── Who may write to whom ─────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_gifted_pupil_stays_in_his_class() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let pupil = "theo.lambert";
        for to in
            ["enseignants.victor-hugo", "tous.victor-hugo", "eleves.victor-hugo", "direction.victor-hugo", "vh-tous"]
        {
            assert_eq!(writes(&gateway, pupil, to).await, Err(not_allowed(to)), "{to}");
        }
        for to in ["helene.marchetti", "catherine.perrin", "lucas.fontaine", "eleves.2de-b.2026", "bruno.noel"] {
            assert_eq!(writes(&gateway, pupil, to).await, Err(not_allowed(to)), "{to}");
        }
        let refusal = writes(&gateway, pupil, "parents.tle-a.2026").await.unwrap_err();
        assert_eq!(
            refusal.text(Language::Fr),
            "Envoi refusé : les règles de communication de l'établissement ne vous permettent pas d'écrire à \
             parents.tle-a.2026@ent.example.fr."
        );
        let allowed = [
            "enseignants.tle-a.2026",
            "pp.tle-a.2026",
            "eleves.tle-a.2026",
            "zoe.martin",
            "nadia.roussel",
            "sandrine.legoff",
        ];
        for to in allowed {
            assert!(writes(&gateway, pupil, to).await.is_ok(), "{to}");
        }
        test.store.close().await;
    }
}

#[tokio::test]
async fn each_profile_reaches_what_the_default_rules_say() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let allowed = [
            ("helene.marchetti", "tous.victor-hugo"),
            ("helene.marchetti", "parents.victor-hugo"),
            ("helene.marchetti", "theo.lambert"),
            ("nadia.roussel", "parents.tle-a.2026"),
            ("nadia.roussel", "parents.2de-b.2026"),
            ("nadia.roussel", "maths.victor-hugo"),
            ("nadia.roussel", "christine.lambert"),
            ("christine.lambert", "parents.tle-a.2026"),
            ("christine.lambert", "theo.lambert"),
            ("christine.lambert", "camille.dupontmoretti"),
            ("christine.lambert", "nadia.roussel"),
            ("christine.lambert", "conseil.victor-hugo"),
            ("theo.lambert", "christine.lambert"),
            ("theo.lambert", "theo.lambert"),
            ("ines.boucher", "catherine.perrin"),
            ("dominique.roy", "dominique.roy"),
            ("gilles.ancelin", "christine.lambert"),
            ("christine.lambert", "helene.marchetti"),
        ];
        for (from, to) in allowed {
            assert!(writes(&gateway, from, to).await.is_ok(), "{from} → {to}");
        }
        let refused = [
            ("bruno.noel", "helene.marchetti"),
            ("christine.lambert", "parents.1re-c.2026"),
            ("christine.lambert", "direction.victor-hugo"),
            ("bruno.noel", "conseil.victor-hugo"),
            ("nadia.roussel", "tous.victor-hugo"),
            ("dominique.roy", "helene.marchetti"),
            ("theo.lambert", "gilles.ancelin"),
        ];
        for (from, to) in refused {
            assert_eq!(writes(&gateway, from, to).await, Err(not_allowed(to)), "{from} → {to}");
        }
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_refusal_says_why_and_names_the_address_only() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let sender = user(&gateway, "nadia.roussel").await;
        let verdict = async |text: &str| gateway.may_write(&sender, &Address::parse(text).unwrap()).await.unwrap();
        assert_eq!(
            verdict("ana@gmail.com").await,
            Verdict::Refuse(Sentence::OutsideEnt { address: "ana@gmail.com".to_owned() })
        );
        for unknown in ["nobody@ent.example.fr", "postmaster@ENT.example.fr"] {
            let address = unknown.to_lowercase();
            assert_eq!(verdict(unknown).await, Verdict::Refuse(Sentence::UnknownRecipient { address }));
        }
        let id = user(&gateway, "theo.lambert").await.id;
        assert!(
            matches!(verdict(&format!("{id}@{DOMAIN}")).await, Verdict::Allow(Recipient::User(user)) if user.id == id)
        );
        assert!(matches!(verdict("LA.Proviseure@Ent.Example.FR").await, Verdict::Allow(Recipient::User(_))));

        gateway.suspend_user(&id, "parti").await.unwrap();
        let recipient = address("theo.lambert").to_string();
        assert_eq!(
            verdict(&recipient).await,
            Verdict::Refuse(Sentence::RecipientSuspended { recipient: recipient.clone() })
        );
        // Who may not write to him does not learn it.
        assert_eq!(writes(&gateway, "dominique.roy", "theo.lambert").await, Err(not_allowed("theo.lambert")));
        // A session that is older than the suspension sends nothing, not even to oneself.
        assert_eq!(writes(&gateway, "theo.lambert", "theo.lambert").await, Err(Sentence::AccountSuspended));

        assert!(gateway.is_own_address(&sender, &address("nadia.roussel")).await.unwrap());
        assert!(gateway.is_own_address(&sender, &address(sender.id.as_str())).await.unwrap());
        assert!(!gateway.is_own_address(&sender, &address("theo.lambert")).await.unwrap());
        assert!(!gateway.is_own_address(&sender, &address("parents.tle-a.2026")).await.unwrap());
        assert!(!gateway.is_own_address(&sender, &Address::parse("nadia.roussel@gmail.com").unwrap()).await.unwrap());
        test.store.close().await;
    }
}

#[tokio::test]
async fn the_letters_of_the_sample_are_allowed() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let letters = sample::letters(DOMAIN, gateway.clock.now());
        assert!(letters.len() >= 6);
        for letter in letters {
            for to in &letter.to {
                let to = to.strip_suffix(&format!("@{DOMAIN}")).unwrap();
                assert!(writes(&gateway, letter.from, to).await.is_ok(), "{} → {to}", letter.from);
            }
        }
        for person in sample::DEMO_PEOPLE {
            assert_eq!(user(&gateway, person.login).await.display_name, person.display_name);
        }
        test.store.close().await;
    }
}

// ── Imports ───────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn the_same_files_twice_change_nothing() {
    for test in support::stores().await {
        let gateway = gateway(&test);
        let dry = match gateway.import(&sample::school(), ImportMode::DryRun).await.unwrap() {
            Imported::Done(report) => report,
            Imported::Refused(problems) => panic!("{problems:?}"),
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
        let session = gateway.admit(&theo, 5).unwrap();
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
        let lines: Vec<u64> = problems.iter().map(|problem| problem.line).collect();
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

// ── Logins ────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn any_name_of_a_person_logs_in_and_only_with_the_password() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        set_password(&gateway, "helene.marchetti", "Marée haute 9").await;
        let ok = Ok("helene.marchetti".to_owned());
        for name in [
            "helene.marchetti",
            " Helene.Marchetti ",
            "helene.marchetti@ENT.example.fr",
            "la.proviseure",
            "LA.proviseure@ent.example.fr",
        ] {
            assert_eq!(log_in(&gateway, name, "Marée haute 9").await, ok, "{name}");
        }
        let bad = Err(LoginRefusal::BadCredentials);
        assert_eq!(log_in(&gateway, "helene.marchetti", "marée haute 9").await, bad);
        assert_eq!(log_in(&gateway, "helene.marchetti@gmail.com", "Marée haute 9").await, bad);
        assert_eq!(log_in(&gateway, "parents.tle-a.2026", "Marée haute 9").await, bad);
        assert_eq!(log_in(&gateway, "nobody", "Marée haute 9").await, bad);
        // Somebody without a password: not even the hash that stands in for one.
        assert_eq!(log_in(&gateway, "nadia.roussel", "").await, bad);
        let user = user(&gateway, "nadia.roussel").await;
        let short = gateway.set_password(&user.id, Secret::new("court")).await.unwrap();
        assert_eq!(short, Err(PasswordRefusal::TooShort { chars_min: 8 }));
        test.store.close().await;
    }
}

#[tokio::test]
async fn too_many_tries_lock_nobody_out_who_was_in() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        set_password(&gateway, "nadia.roussel", "théorème de Thalès").await;
        let teacher = user(&gateway, "nadia.roussel").await;
        let tablet = gateway.create_app_password(&teacher.id, "Tablette").await.unwrap().unwrap().secret;
        let tablet = String::from_utf8(tablet.expose().to_vec()).unwrap();
        let ok = Ok("nadia.roussel".to_owned());
        assert_eq!(log_in(&gateway, "nadia.roussel", "théorème de Thalès").await, ok);
        // A device that keeps an old password uses up one try, whatever it does.
        for _ in 0..20 {
            assert_eq!(log_in(&gateway, "nadia.roussel", "old password").await, Err(LoginRefusal::BadCredentials));
        }
        for guess in ["guess 1", "guess 2"] {
            assert_eq!(log_in(&gateway, "nadia.roussel", guess).await, Err(LoginRefusal::BadCredentials));
        }
        assert_eq!(log_in(&gateway, "nadia.roussel", "guess 3").await, Err(LoginRefusal::TooManyTries));
        assert_eq!(log_in(&gateway, "nadia.roussel", "théorème de Thalès").await, ok, "remembered");
        assert_eq!(log_in(&gateway, "nadia.roussel", &tablet).await, ok, "an app password");
        // Unknown names are counted alike: no telling them apart.
        for guess in ["guess 1", "guess 2", "guess 3"] {
            assert_eq!(log_in(&gateway, "nobody", guess).await, Err(LoginRefusal::BadCredentials));
        }
        assert_eq!(log_in(&gateway, "nobody", "guess 4").await, Err(LoginRefusal::TooManyTries));
        assert_eq!(
            log_in(&gateway, "theo.lambert", "guess").await,
            Err(LoginRefusal::BadCredentials),
            "others are free"
        );
        gateway.clock.set(Timestamp::from_seconds(START + 60));
        assert_eq!(log_in(&gateway, "nadia.roussel", "guess 4").await, Err(LoginRefusal::BadCredentials));
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_remembered_password_is_forgotten_in_time_and_when_it_changes() {
    let test = support::sqlite().await;
    let gateway = school(&test).await;
    set_password(&gateway, "nadia.roussel", "premier mot").await;
    let ok = Ok("nadia.roussel".to_owned());
    assert_eq!(log_in(&gateway, "nadia.roussel", "premier mot").await, ok);
    set_password(&gateway, "nadia.roussel", "second mot").await;
    assert_eq!(log_in(&gateway, "nadia.roussel", "premier mot").await, Err(LoginRefusal::BadCredentials));
    assert_eq!(log_in(&gateway, "nadia.roussel", "second mot").await, ok);
    for guess in ["1", "2"] {
        assert_eq!(log_in(&gateway, "nadia.roussel", guess).await, Err(LoginRefusal::BadCredentials));
    }
    // All tries are used up: what is remembered comes in, what is no longer remembered does not.
    assert_eq!(log_in(&gateway, "nadia.roussel", "second mot").await, ok);
    gateway.clock.set(Timestamp::from_seconds(START + 600));
    for guess in ["3", "4", "5"] {
        assert_eq!(log_in(&gateway, "nadia.roussel", guess).await, Err(LoginRefusal::BadCredentials));
    }
    assert_eq!(log_in(&gateway, "nadia.roussel", "second mot").await, Err(LoginRefusal::TooManyTries));
    test.store.close().await;
}

#[tokio::test]
async fn many_guesses_at_once_are_no_more_than_the_limit() {
    let test = support::sqlite().await;
    let gateway = Arc::new(school(&test).await);
    set_password(&gateway, "nadia.roussel", "théorème de Thalès").await;
    let guesses: Vec<_> = (0..20)
        .map(|number| {
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move { log_in(&gateway, "nadia.roussel", &format!("guess {number}")).await })
        })
        .collect();
    let mut checked = 0;
    for guess in guesses {
        checked += usize::from(guess.await.unwrap() == Err(LoginRefusal::BadCredentials));
    }
    assert_eq!(checked, 3);
    test.store.close().await;
}

#[tokio::test]
async fn the_same_password_many_times_at_once_is_one_try() {
    let test = support::sqlite().await;
    let gateway = Arc::new(school(&test).await);
    set_password(&gateway, "nadia.roussel", "théorème de Thalès").await;
    // Four tries at once would be one too many, were each to be hashed.
    for password in ["théorème de Thalès", "guess"] {
        let logins: Vec<_> = (0..8)
            .map(|_| {
                let gateway = Arc::clone(&gateway);
                tokio::spawn(async move { log_in(&gateway, "nadia.roussel", password).await })
            })
            .collect();
        for login in logins {
            assert_ne!(login.await.unwrap(), Err(LoginRefusal::TooManyTries));
        }
    }
    test.store.close().await;
}

#[tokio::test]
async fn an_app_password_is_one_persons_until_it_is_revoked() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let (teacher, pupil) = (user(&gateway, "nadia.roussel").await, user(&gateway, "theo.lambert").await);
        let new = gateway.create_app_password(&teacher.id, "  Téléphone ").await.unwrap().unwrap();
        assert_eq!(new.password.device_name, "Téléphone");
        let shown = String::from_utf8(new.secret.expose().to_vec()).unwrap();
        let ok = Ok("nadia.roussel".to_owned());
        for typed in [shown.clone(), shown.to_uppercase(), shown.replace('-', " "), shown.replace('-', "")] {
            assert_eq!(log_in(&gateway, "nadia.roussel", &typed).await, ok);
        }
        assert_eq!(log_in(&gateway, "theo.lambert", &shown).await, Err(LoginRefusal::BadCredentials));
        let listed = gateway.app_passwords(&teacher.id).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].last_used_at, Some(Timestamp::from_seconds(START)));

        let session = gateway.admit(&teacher, 5).unwrap();
        assert!(!gateway.revoke_app_password(&pupil.id, &new.password.id).await.unwrap(), "not his");
        assert!(!session.cut.is_cancelled());
        assert!(gateway.revoke_app_password(&teacher.id, &new.password.id).await.unwrap());
        assert!(session.cut.is_cancelled());
        assert!(!gateway.revoke_app_password(&teacher.id, &new.password.id).await.unwrap(), "once");
        assert_eq!(log_in(&gateway, "nadia.roussel", &shown).await, Err(LoginRefusal::BadCredentials));
        assert!(gateway.app_passwords(&teacher.id).await.unwrap()[0].revoked_at.is_some());

        let refused = gateway.create_app_password(&teacher.id, " ").await.unwrap();
        assert!(matches!(refused, Err(PasswordRefusal::BadDeviceName)));
        let nobody = passerelle::model::UserId::new("nobody");
        assert!(matches!(gateway.create_app_password(&nobody, "x").await.unwrap(), Err(PasswordRefusal::NoSuchUser)));
        assert_eq!(
            gateway.set_password(&nobody, Secret::new("long enough")).await.unwrap(),
            Err(PasswordRefusal::NoSuchUser)
        );
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_suspension_cuts_sessions_and_is_told_to_who_knows_the_password() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        set_password(&gateway, "theo.lambert", "soleil de mai").await;
        let theo = user(&gateway, "theo.lambert").await;
        let secret = gateway.create_app_password(&theo.id, "Téléphone").await.unwrap().unwrap().secret;
        let secret = String::from_utf8(secret.expose().to_vec()).unwrap();
        assert!(log_in(&gateway, "theo.lambert", "soleil de mai").await.is_ok());
        let session = gateway.admit(&theo, 1).unwrap();
        assert!(gateway.admit(&theo, 1).is_none());
        assert!(gateway.suspend_user(&theo.id, "menaces").await.unwrap());
        assert!(session.cut.is_cancelled());
        for right in ["soleil de mai", &secret] {
            assert_eq!(log_in(&gateway, "theo.lambert", right).await, Err(LoginRefusal::Suspended));
        }
        assert_eq!(log_in(&gateway, "theo.lambert", "guess").await, Err(LoginRefusal::BadCredentials));
        let details = gateway.user_details(&theo.id).await.unwrap().unwrap();
        assert_eq!((details.suspended_reason.as_deref(), details.sessions), (Some("menaces"), 1));
        drop(session);
        assert!(gateway.resume_user(&theo.id).await.unwrap());
        assert!(log_in(&gateway, "theo.lambert", "soleil de mai").await.is_ok());
        assert!(!gateway.suspend_user(&passerelle::model::UserId::new("nobody"), "x").await.unwrap());
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_suspension_by_another_gateway_cuts_too() {
    for test in support::stores().await {
        let (here, there) = (school(&test).await, gateway(&test));
        let (theo, zoe) = (user(&here, "theo.lambert").await, user(&here, "zoe.martin").await);
        let (cut, kept) = (here.admit(&theo, 5).unwrap(), here.admit(&zoe, 5).unwrap());
        there.suspend_user(&theo.id, "menaces").await.unwrap();
        assert!(!cut.cut.is_cancelled());
        here.cut_suspended().await.unwrap();
        assert!(cut.cut.is_cancelled());
        assert!(!kept.cut.is_cancelled());
        test.store.close().await;
    }
}

// ── For admins ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn people_are_listed_and_shown() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let logins = async |text: &str, profile: Option<Profile>| -> Vec<String> {
            let filter = UserFilter { text: Some(text.to_owned()), profile };
            gateway.users(&filter).await.unwrap().into_iter().map(|user| user.login).collect()
        };
        assert_eq!(logins("éric SCHMITT", None).await, ["eric.schmitt"]);
        assert_eq!(logins("lambertchristine", None).await, ["christine.lambert"]);
        assert_eq!(logins("theolambert", None).await, ["theo.lambert"]);
        assert_eq!(logins("d'arcy", Some(Profile::Student)).await, ["louise.darcy"]);
        assert_eq!(logins("Dupont Moretti", None).await, ["camille.dupontmoretti"]);
        assert_eq!(logins("", Some(Profile::Guest)).await, ["dominique.roy", "gilles.ancelin"]);
        assert_eq!(gateway.users(&UserFilter::default()).await.unwrap().len(), 60);

        let id = user(&gateway, "christine.lambert").await.id;
        let details = gateway.user_details(&id).await.unwrap().unwrap();
        assert_eq!(details.user.display_name, "LAMBERT Christine");
        assert_eq!(details.schools, ["Lycée Victor-Hugo"]);
        assert_eq!(details.addresses, [format!("christine.lambert@{DOMAIN}"), format!("{id}@{DOMAIN}")]);
        let groups: Vec<&str> = details.groups.iter().map(|group| group.name.as_str()).collect();
        assert!(groups.contains(&"Parents du groupe Terminale A"));
        assert!(gateway.user_details(&passerelle::model::UserId::new("nobody")).await.unwrap().is_none());
        test.store.close().await;
    }
}
