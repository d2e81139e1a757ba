//! Finding people and groups: exactly those whom RCPT would let the asker write to, for every person and every address of a
//! school, whatever has happened to it.

use std::collections::{BTreeMap, BTreeSet};

use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::directory::{Recipient, Verdict};
use passerelle::domain::finding::{Book, CardKind};
use passerelle::model::{Address, Profile, Timestamp, User};
use passerelle::sample;
use passerelle::store::people::{admin, import};

use crate::live_ent::{self, NO, Server, YES, answer};
use crate::support::TestStore;
use crate::{address, gateway_with, import as import_files, school, support, user};

async fn everybody(gateway: &Gateway) -> Vec<User> {
    gateway.store().read_snapshot((), |tx, ()| Box::pin(admin::users(tx, None))).await.unwrap()
}

/// Every local part that was ever given out, and whether it is the one that is shown.
async fn addresses(gateway: &Gateway) -> BTreeMap<String, bool> {
    let read = gateway.store().read_snapshot((), |tx, ()| Box::pin(import::load_directory(tx)));
    read.await.unwrap().addresses.into_iter().map(|(local, (_, is_shown))| (local, is_shown)).collect()
}

/// A gateway over the sample school whose books hold everybody.
async fn open_books(test: &TestStore) -> Gateway {
    let gateway = gateway_with(test, |config| config.directory.others_cards_max = 10_000);
    import_files(&gateway, &sample::school()).await;
    gateway
}

/// The addresses of all cards of all books.
async fn in_books(gateway: &Gateway, asker: &User) -> BTreeSet<Address> {
    let books = gateway.address_books(asker).await.unwrap();
    let mut found = BTreeSet::new();
    for card in books.iter().flat_map(|book| &book.cards) {
        assert!(found.insert(card.address.clone()), "{} twice in the books of {}", card.address, asker.login);
    }
    found
}

async fn may_write(gateway: &Gateway, asker: &User, to: &Address) -> bool {
    match gateway.may_write(asker, to).await.unwrap() {
        Verdict::Allow(Recipient::Answered { .. }) | Verdict::Refuse(_) => false,
        Verdict::Allow(_) => true,
    }
}

/// Holds books, cards and names to the verdict of RCPT, for everybody. Gives how many pairs are allowed, and how many not.
async fn agree(gateway: &Gateway, when: &str) -> (usize, usize) {
    let shown: Vec<Address> =
        addresses(gateway).await.into_iter().filter(|(_, shown)| *shown).map(|(local, _)| address(&local)).collect();
    let (mut allowed, mut refused) = (0, 0);
    for asker in everybody(gateway).await {
        let mut expected = BTreeSet::new();
        for to in &shown {
            if may_write(gateway, &asker, to).await {
                expected.insert(to.clone());
            }
        }
        assert_eq!(in_books(gateway, &asker).await, expected, "{when}: the books of {}", asker.login);
        allowed += expected.len();
        refused += shown.len() - expected.len();
    }
    (allowed, refused)
}

#[tokio::test]
async fn books_hold_exactly_those_whom_rcpt_lets_write_to() {
    for test in support::stores().await {
        let gateway = open_books(&test).await;
        let (allowed, refused) = agree(&gateway, "at first").await;
        assert!(allowed > 500 && refused > 500, "{allowed} {refused}");
        for login in ["nadia.roussel", "zoe.martin", "christine.lambert", "helene.marchetti"] {
            gateway.suspend_user(&user(&gateway, login).await.id, "away").await.unwrap();
        }
        let (fewer, _) = agree(&gateway, "four are suspended").await;
        assert!(fewer < allowed);
        gateway.resume_user(&user(&gateway, "nadia.roussel").await.id).await.unwrap();
        for pupil in everybody(&gateway).await.into_iter().filter(|user| user.profile == Profile::Student) {
            gateway.suspend_user(&pupil.id, "away").await.unwrap();
        }
        agree(&gateway, "groups are empty").await;
        let (_, year) = gateway.school_years().await.unwrap();
        gateway.close_school_year(year, false).await.unwrap().unwrap();
        let (last, _) = agree(&gateway, "classes are closed").await;
        assert!(last < fewer);
    }
}

#[tokio::test]
async fn a_card_is_shown_for_every_address_that_rcpt_takes_and_no_other() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let all = addresses(&gateway).await;
        for login in ["theo.lambert", "christine.lambert", "nadia.roussel", "helene.marchetti"] {
            let asker = user(&gateway, login).await;
            for local in all.keys().map(String::as_str).chain(["nobody", "noreply"]) {
                let card = gateway.card(&asker, &address(local)).await.unwrap();
                assert_eq!(card.is_some(), may_write(&gateway, &asker, &address(local)).await, "{login} to {local}");
                if let Some(card) = card {
                    assert!(all[card.address.local()], "{} is not the address that is shown", card.address);
                }
            }
            let elsewhere = Address::parse("nadia.roussel@elsewhere.fr").unwrap();
            assert_eq!(gateway.card(&asker, &elsewhere).await.unwrap(), None);
        }
    }
}

/// Whoever is found by his whole name may be written to, and whoever may be written to is found.
#[tokio::test]
async fn names_find_exactly_those_whom_one_may_write_to() {
    for test in support::stores().await {
        let gateway = open_books(&test).await;
        for login in ["theo.lambert", "christine.lambert", "nadia.roussel", "helene.marchetti"] {
            let asker = user(&gateway, login).await;
            let visible = in_books(&gateway, &asker).await;
            let mut found = BTreeSet::new();
            for other in everybody(&gateway).await {
                for words in [other.display_name.to_lowercase(), other.display_name.replace(' ', "")] {
                    found.extend(gateway.find(&asker, &words, 100).await.unwrap().into_iter().map(|card| card.address));
                }
            }
            for word in ["groupe", "tous", "direct", "conseil", "club", "professeurs", "latin", "personnel"] {
                found.extend(gateway.find(&asker, word, 100).await.unwrap().into_iter().map(|card| card.address));
            }
            assert!(found.is_subset(&visible), "{:?}", found.difference(&visible));
            let people = gateway.address_books(&asker).await.unwrap();
            let people = people.iter().flat_map(|book| &book.cards).filter(|card| card.kind == CardKind::Person);
            for card in people {
                assert!(found.contains(&card.address), "{login} does not find {}", card.address);
            }
        }
    }
}

async fn names(gateway: &Gateway, asker: &str, words: &str) -> Vec<String> {
    let asker = user(gateway, asker).await;
    gateway.find(&asker, words, 50).await.unwrap().into_iter().map(|card| card.display_name).collect()
}

#[tokio::test]
async fn a_pupils_name_proposes_the_parents_to_those_who_may_write_to_both() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let found = names(&gateway, "nadia.roussel", "lambert theo").await;
        assert!(found[0] == "LAMBERT Théo" && found.contains(&"LAMBERT Christine".to_owned()), "{found:?}");
        let teacher = user(&gateway, "nadia.roussel").await;
        let mother = gateway.card(&teacher, &address("christine.lambert")).await.unwrap().unwrap();
        assert_eq!(mother.note.pupils, ["LAMBERT Théo"]);
        assert_eq!((mother.given_name.as_deref(), mother.family_name.as_deref()), (Some("Christine"), Some("Lambert")));
        let son = gateway.card(&teacher, &address("theo.lambert")).await.unwrap().unwrap();
        assert_eq!(
            (son.note.classes.as_slice(), son.profile),
            (&["Terminale A".to_owned()][..], Some(Profile::Student))
        );
        // A class mate sees the pupil and no parent.
        let found = names(&gateway, "zoe.martin", "lambert theo").await;
        assert_eq!(found, ["LAMBERT Théo"]);
        // Whoever may not write to the pupil is not told whose parent it is.
        gateway.suspend_user(&user(&gateway, "theo.lambert").await.id, "away").await.unwrap();
        assert_eq!(names(&gateway, "nadia.roussel", "lambert theo").await, Vec::<String>::new());
        let mother = gateway.card(&teacher, &address("christine.lambert")).await.unwrap().unwrap();
        assert_eq!(mother.note.pupils, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_is_found_and_what_is_looked_at_is_bounded() {
    let test = support::sqlite().await;
    let gateway = gateway_with(&test, |config| {
        config.directory.found_max = 3;
        config.directory.query_chars_max = 5;
    });
    import_files(&gateway, &sample::school()).await;
    let head = user(&gateway, "helene.marchetti").await;
    for one in ["m", "l"] {
        assert_eq!(gateway.find(&head, one, 1000).await.unwrap().len(), 3, "{one}");
        assert_eq!(gateway.find(&head, one, 1).await.unwrap().len(), 1, "{one}");
    }
    let long = format!("lambe{}", "x".repeat(100_000));
    assert!(!gateway.find(&head, &long, 10).await.unwrap().is_empty(), "the rest is not looked at");
    for nothing in ["", "  ", "-'", "\0", "%", "*"] {
        assert_eq!(gateway.find(&head, nothing, 10).await.unwrap(), [], "{nothing:?}");
    }
}

fn titles(books: &[passerelle::domain::finding::AddressBook]) -> Vec<(Book, usize)> {
    books.iter().map(|book| (book.book, book.cards.len())).collect()
}

#[tokio::test]
async fn books_are_for_those_who_have_a_use_for_them_and_never_too_large() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let of = async |login: &str| titles(&gateway.address_books(&user(&gateway, login).await).await.unwrap());
        let has = |books: &[(Book, usize)], book| books.iter().any(|(known, _)| *known == book);
        assert!(!has(&of("theo.lambert").await, Book::Colleagues) && has(&of("nadia.roussel").await, Book::Colleagues));
        let small = gateway_with(&test, |config| config.directory.book_cards_max = 1);
        let books = small.address_books(&user(&small, "helene.marchetti").await).await.unwrap();
        assert!(books.iter().filter(|book| book.book != Book::Others).all(|book| book.cards.len() <= 1));
        let none = gateway_with(&test, |config| config.directory.others_cards_max = 0);
        let books = titles(&none.address_books(&user(&none, "helene.marchetti").await).await.unwrap());
        assert!(!has(&books, Book::Others), "{books:?}");
    }
}

/// With no room to keep anything, everything is found all the same.
#[tokio::test]
async fn without_memory_everything_is_read_each_time() {
    let test = support::sqlite().await;
    let gateway = gateway_with(&test, |config| {
        config.directory.names_memory_bytes_max = 0;
        config.directory.books_memory_bytes_max = 0;
    });
    import_files(&gateway, &sample::school()).await;
    for _ in 0..3 {
        assert_eq!(names(&gateway, "nadia.roussel", "lambert theo").await[0], "LAMBERT Théo");
        assert!(in_books(&gateway, &user(&gateway, "nadia.roussel").await).await.len() > 20);
    }
}

/// The live ENT decides: candidates by name, and a bounded number of questions.
#[tokio::test]
async fn where_the_ent_is_asked_its_answer_counts() {
    let test = support::sqlite().await;
    let server = Server::start(&answer(YES)).await;
    let (gateway, clock) = live_ent::school(&test, &server, |config| {
        config.directory.ent_asks_max = 4;
        config.ent.failures_max = 1000;
    })
    .await;
    let minute = |clock: &Clock| clock.set(Timestamp(clock.now().0 + 120_000_000));
    // No rule here would allow it.
    assert_eq!(names(&gateway, "theo.lambert", "perrin catherine").await, ["PERRIN Catherine"]);
    let pupil = user(&gateway, "theo.lambert").await;
    assert!(gateway.card(&pupil, &address("catherine.perrin")).await.unwrap().is_some());
    minute(&clock);
    let before = server.count();
    assert!(names(&gateway, "theo.lambert", "m").await.len() <= 4);
    assert!(server.count() - before <= 4, "{}", server.count() - before);
    // Books that would take more questions are not offered.
    assert!(gateway.address_books(&pupil).await.unwrap().iter().all(|book| book.cards.len() <= 4));
    minute(&clock);
    server.says(&answer(NO));
    // A rule here would allow it.
    assert_eq!(names(&gateway, "theo.lambert", "roussel nadia").await, Vec::<String>::new());
    assert_eq!(gateway.card(&pupil, &address("nadia.roussel")).await.unwrap(), None);
    assert_eq!(names(&gateway, "theo.lambert", "lambert theo").await, ["LAMBERT Théo"], "oneself");
    minute(&clock);
    // Away: never an empty list.
    server.says("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    assert!(gateway.find(&pupil, "roussel nadia", 10).await.is_err());
    assert!(gateway.card(&pupil, &address("nadia.roussel")).await.is_err());
}

/// Two of everything, whatever the rules of the groups are.
mod by_chance {
    use passerelle::domain::import::{File, ImportFiles};
    use passerelle::model::UsersRule;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    const GROUPS: usize = 6;
    const PEOPLE: usize = 8;

    /// Rules of groups, the group each hangs below, members, rules between groups, links between people.
    type Graph = (Vec<(UsersRule, Option<usize>, bool)>, Vec<Vec<bool>>, Vec<(usize, usize)>, Vec<(usize, usize)>);

    fn graph() -> impl Strategy<Value = Graph> {
        let group = (prop::sample::select(UsersRule::ALL.to_vec()), prop::option::of(0..GROUPS), any::<bool>());
        (
            prop::collection::vec(group, GROUPS),
            prop::collection::vec(prop::collection::vec(any::<bool>(), PEOPLE), GROUPS),
            prop::collection::vec((0..GROUPS, 0..GROUPS), 0..8),
            prop::collection::vec((0..PEOPLE, 0..PEOPLE), 0..4),
        )
    }

    fn files((groups, members, rules, links): &Graph) -> ImportFiles {
        let mut files = ["id;uai;name\ns;0750001A;École\n".to_owned()].to_vec();
        let mut users = "external_id;login;first_name;last_name;profile;schools\n".to_owned();
        for number in 0..PEOPLE {
            let profile = Profile::ALL[number % Profile::ALL.len()].column();
            users.push_str(&format!("x{number};p{number};First{number};LAST{number};{profile};s\n"));
        }
        let mut text = "id;school;kind;name;users;parent\n".to_owned();
        for (number, (rule, parent, is_list)) in groups.iter().enumerate() {
            // Nothing hangs below itself, nor in a circle.
            let parent =
                parent.filter(|parent| *parent < number).map(|parent| format!("g{parent}")).unwrap_or_default();
            let kind = if *is_list { "Broadcast" } else { "Manual" };
            text.push_str(&format!("g{number};s;{kind};Group {number};{};{parent}\n", rule.column()));
        }
        let mut of_groups = "group;user\n".to_owned();
        for (group, list) in members.iter().enumerate() {
            for (person, _) in list.iter().enumerate().filter(|(_, is_member)| **is_member) {
                of_groups.push_str(&format!("g{group};p{person}\n"));
            }
        }
        let pairs = |head: &str, letter: &str, pairs: &[(usize, usize)]| {
            let distinct: BTreeSet<_> = pairs.iter().filter(|(from, to)| from != to).collect();
            let lines: String = distinct.iter().map(|(from, to)| format!("{letter}{from};{letter}{to}\n")).collect();
            format!("{head}\n{lines}")
        };
        ImportFiles::default()
            .with(File::Schools, files.remove(0))
            .with(File::Users, users)
            .with(File::Groups, text)
            .with(File::Members, of_groups)
            .with(File::Rules, pairs("from;to", "g", rules))
            .with(File::Links, pairs("from;to", "p", links))
    }

    #[test]
    fn any_graph_of_rules_is_judged_as_by_rcpt() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let tests = runtime.block_on(support::stores());
        let gateways: Vec<Gateway> =
            tests.iter().map(|test| gateway_with(test, |config| config.directory.others_cards_max = 10_000)).collect();
        let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        let ran = runner.run(&graph(), |graph| {
            for gateway in &gateways {
                runtime.block_on(async {
                    import_files(gateway, &files(&graph)).await;
                    agree(gateway, "by chance").await;
                });
            }
            Ok(())
        });
        ran.unwrap();
    }
}
