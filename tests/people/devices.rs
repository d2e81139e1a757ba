//! Devices: what is noted of their use, how they end, what their owners' tries do to them, and apps whose maker holds the
//! password.

use passerelle::config::{AppPolicy, Config};
use passerelle::domain::Gateway;
use passerelle::domain::login::{Caller, Login, LoginRefusal, Welcome};
use passerelle::domain::people::{AppPassword, DeviceWords};
use passerelle::model::{MailboxName, Profile, Protocol, Secret, Timestamp, User};

use crate::{count, gateway, gateway_with, log_in, reader, school, session, set_password, support, user, welcome};

fn advance(gateway: &Gateway, seconds: i64) {
    gateway.clock.set(Timestamp(gateway.clock.now().0 + seconds * 1_000_000));
}

fn says(gateway: &Gateway, caller: &mut Caller, fields: &[(&str, &str)]) {
    let fields: Vec<_> = fields.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect();
    gateway.announced(caller, &fields);
}

async fn device(gateway: &Gateway, user: &User, name: &str) -> (AppPassword, String) {
    let new = gateway.create_app_password(&user.id, name).await.unwrap().unwrap();
    (new.password, String::from_utf8(new.secret.expose().to_vec()).unwrap())
}

/// Seconds since the start, protocol, client, as kept.
async fn last_use(gateway: &Gateway, user: &User) -> Option<(i64, Protocol, Option<String>)> {
    let last = gateway.app_passwords(&user.id).await.unwrap().remove(0).last_use?;
    let client = last.client.map(|client| client.as_str().to_owned());
    Some((last.at.0 / 1_000_000 - crate::START, last.protocol, client))
}

#[tokio::test]
async fn the_last_use_is_noted_by_the_hour_and_what_is_new_at_once() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let nadia = user(&gateway, "nadia.roussel").await;
        let (_, secret) = device(&gateway, &nadia, "Téléphone").await;
        let come = async |caller: &Caller| {
            let welcome = welcome(&gateway, "nadia.roussel", &secret).await;
            gateway.admit(&welcome, caller, 5).await.unwrap().unwrap();
            last_use(&gateway, &nadia).await.unwrap()
        };
        assert_eq!(last_use(&gateway, &nadia).await, None);
        let mut imap = reader(&gateway);
        let smtp = gateway.caller(Protocol::Smtp, "192.0.2.1".parse().unwrap());
        assert_eq!(come(&imap).await, (0, Protocol::Imap, None));
        advance(&gateway, 59);
        assert_eq!(come(&imap).await, (0, Protocol::Imap, None), "by the hour");
        assert_eq!(come(&smtp).await, (0, Protocol::Imap, None), "something new, once a minute at most");
        advance(&gateway, 1);
        assert_eq!(come(&smtp).await, (60, Protocol::Smtp, None));
        advance(&gateway, 60);
        says(&gateway, &mut imap, &[("name", "Thunder\u{202e}bird\r\n"), ("version", "140")]);
        let named = Some("Thunderbird 140".to_owned());
        assert_eq!(come(&imap).await, (120, Protocol::Imap, named.clone()));
        for number in 0..50 {
            says(&gateway, &mut imap, &[("name", &format!("Client {number}"))]);
            assert_eq!(come(&imap).await, (120, Protocol::Imap, named.clone()), "names that change and change");
        }
        advance(&gateway, 3600);
        assert_eq!(come(&smtp).await, (3720, Protocol::Smtp, named), "SMTP names no client");
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_client_says_after_its_login_what_it_is() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let nadia = user(&gateway, "nadia.roussel").await;
        let (_, secret) = device(&gateway, &nadia, "Téléphone").await;
        let welcome = welcome(&gateway, "nadia.roussel", &secret).await;
        let mut caller = reader(&gateway);
        let _place = gateway.admit(&welcome, &caller, 5).await.unwrap().unwrap();
        advance(&gateway, 60);
        says(&gateway, &mut caller, &[("version", &"9".repeat(5000)), ("name", "Mac OS X Mail")]);
        assert_eq!(gateway.meet(&nadia, &welcome.credential, &caller).await.unwrap(), None);
        let (at, _, client) = last_use(&gateway, &nadia).await.unwrap();
        let client = client.unwrap();
        assert!(at == 60 && client.starts_with("Mac OS X Mail 999") && client.len() == 80, "{client}");
        test.store.close().await;
    }
}

#[tokio::test]
async fn who_logged_in_before_the_end_of_a_password_is_not_let_in_behind_it() {
    for test in support::stores().await {
        let (here, there) = (school(&test).await, gateway(&test));
        set_password(&here, "nadia.roussel", "premier mot").await;
        let nadia = user(&here, "nadia.roussel").await;
        let (phone, secret) = device(&here, &nadia, "Téléphone").await;
        let (_, kept) = device(&here, &nadia, "Tablette").await;
        let by_phone = welcome(&here, "nadia.roussel", &secret).await;
        let by_tablet = welcome(&here, "nadia.roussel", &kept).await;
        let by_password = welcome(&here, "nadia.roussel", "premier mot").await;
        let live = session(&here, &nadia).await;
        // Elsewhere, and seen here between the login and its place among the sessions.
        there.revoke_app_password(&nadia.id, &phone.id).await.unwrap();
        there.set_password(&nadia.id, Secret::new("second mot")).await.unwrap().unwrap();
        assert!(!live.cut.is_cancelled());
        here.see_to_switch().await.unwrap();
        assert!(live.cut.is_cancelled());
        let refused = async |welcome: &Welcome| here.admit(welcome, &reader(&here), 9).await.unwrap().err();
        assert_eq!(refused(&by_phone).await, Some(LoginRefusal::BadCredentials));
        assert_eq!(refused(&by_password).await, Some(LoginRefusal::BadCredentials));
        assert_eq!(refused(&by_tablet).await, None);
        here.suspend_user(&nadia.id, "x").await.unwrap();
        assert_eq!(refused(&by_tablet).await, Some(LoginRefusal::Suspended));
        test.store.close().await;
    }
}

#[tokio::test]
async fn somebody_who_guesses_keeps_no_device_out() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        set_password(&gateway, "nadia.roussel", "théorème de Thalès").await;
        let nadia = user(&gateway, "nadia.roussel").await;
        let (_, secret) = device(&gateway, &nadia, "Téléphone").await;
        let ok = Ok("nadia.roussel".to_owned());
        let mut refused = 0;
        for number in 0..20usize {
            // As long as an app password: no lookup of one leads around the tries.
            let guess = "abcdefghijkmnpqrstuvwxyz"[number..=number].repeat(28);
            refused += u32::from(log_in(&gateway, "nadia.roussel", &guess).await == Err(LoginRefusal::TooManyTries));
            assert_eq!(log_in(&gateway, "nadia.roussel", &secret).await, ok, "at once, all along");
        }
        assert_eq!(refused, 17, "three guesses, and no more");
        assert_eq!(log_in(&gateway, "nadia.roussel", "théorème de Thalès").await, Err(LoginRefusal::TooManyTries));
        // The owner, for the first time from this gateway, while it goes on.
        let home = gateway.caller(Protocol::Imap, "198.51.100.7".parse().unwrap());
        let own = gateway.log_in_from(&home, "nadia.roussel", &Secret::new("théorème de Thalès")).await.unwrap();
        assert!(matches!(own, Login::Welcome(_)), "{own:?}");
        test.store.close().await;
    }
}

#[tokio::test]
async fn a_word_that_is_hidden_from_all_is_shown_to_one_device() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let nadia = user(&gateway, "nadia.roussel").await;
        device(&gateway, &nadia, "iPhone").await;
        let words = async |change: fn(Vec<String>) -> DeviceWords, words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            let words = gateway.change_device_words(&nadia.id, "iphone", change(words)).await.unwrap().unwrap().words;
            (words.hidden.join(" "), words.shown.join(" "))
        };
        let told = |hidden: &str, shown: &str| (hidden.to_owned(), shown.to_owned());
        assert_eq!(words(DeviceWords::Show, &["uidonly", "IDLE"]).await, told("", "UIDONLY"));
        assert_eq!(words(DeviceWords::Hide, &["MOVE"]).await, told("MOVE", "UIDONLY"));
        assert_eq!(words(DeviceWords::Show, &[]).await, told("", "UIDONLY"));
        assert_eq!(words(DeviceWords::Hide, &["UIDONLY"]).await, told("UIDONLY", ""));
        test.store.close().await;
    }
}

fn refusing(config: &mut Config) {
    config.apps.relative = AppPolicy::Refuse;
    config.apps.student = AppPolicy::Off;
}

async fn trail_of_apps(gateway: &Gateway) -> Vec<String> {
    let lines = gateway.trail_lines(0, None, None).await.unwrap();
    let apps = lines.into_iter().filter(|shown| shown.line.kind == "app");
    apps.map(|shown| format!("{} {}", shown.login.unwrap(), shown.line.detail)).collect()
}

async fn letters(gateway: &Gateway, user: &User) -> u32 {
    let inbox = gateway.mailbox(user, &MailboxName::inbox()).await.unwrap().unwrap();
    let status = gateway.status(user, &[inbox.id]).await.unwrap().remove(0).1;
    status.messages
}

#[tokio::test]
async fn an_app_that_is_refused_loses_the_app_password_it_has() {
    for test in support::stores().await {
        school(&test).await;
        let gateway = gateway_with(&test, refusing);
        let parent = user(&gateway, "david.boucher").await;
        assert_eq!(parent.profile, Profile::Relative);
        set_password(&gateway, &parent.login, "soleil de mai").await;
        let (_, other) = device(&gateway, &parent, "Tablette").await;
        let (_, secret) = device(&gateway, &parent, "Téléphone").await;
        let outlook = gateway.caller(Protocol::Smtp, "52.125.138.7".parse().unwrap());
        let come = async |caller: &Caller, name: &str, password: &str| match gateway
            .log_in_from(caller, name, &Secret::new(password))
            .await
            .unwrap()
        {
            Login::Welcome(welcome) => gateway.admit(&welcome, caller, 9).await.unwrap().err(),
            Login::Refused(refusal) => Some(refusal),
        };
        let cloud = Some(LoginRefusal::CloudApp);
        for password in ["soleil de mai", "wrong", secret.as_str()] {
            assert_eq!(come(&outlook, &parent.login, password).await, cloud, "{password}");
        }
        assert_eq!(log_in(&gateway, &parent.login, &secret).await, Err(LoginRefusal::BadCredentials), "revoked");
        assert!(log_in(&gateway, &parent.login, &other).await.is_ok(), "not the others");
        assert!(log_in(&gateway, &parent.login, "soleil de mai").await.is_ok(), "no try was used up");
        // By ID, behind the login.
        let mut spark = reader(&gateway);
        let welcome = welcome(&gateway, &parent.login, &other).await;
        let place = gateway.admit(&welcome, &spark, 9).await.unwrap().unwrap();
        says(&gateway, &mut spark, &[("name", "Spark")]);
        assert_eq!(gateway.meet(&parent, &welcome.credential, &spark).await.unwrap(), cloud);
        assert!(place.cut.is_cancelled(), "the device's other sessions end too");
        assert_eq!(letters(&gateway, &parent).await, 0);
        // Who may use what he likes.
        set_password(&gateway, "theo.lambert", "soleil de juin").await;
        assert_eq!(come(&outlook, "theo.lambert", "soleil de juin").await, None);
        let told: Vec<String> = trail_of_apps(&gateway).await;
        let all = told.join("\n");
        assert_eq!(told.len(), 4, "{all}");
        assert_eq!(
            all.matches(r#""act":"refused","app":"Outlook","known_by":"network","protocol":"smtp","proven":false"#)
                .count(),
            1
        );
        assert_eq!(all.matches(r#""act":"revoked""#).count(), 2);
        assert_eq!(all.matches(r#""app":"Spark","known_by":"id","protocol":"imap","proven":true"#).count(), 2);
        assert!(told.iter().all(|line| line.starts_with(&parent.login)), "{all}");
        test.store.close().await;
    }
}

#[tokio::test]
async fn an_app_that_is_warned_of_is_told_once_in_half_a_year() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let nadia = user(&gateway, "nadia.roussel").await;
        set_password(&gateway, "nadia.roussel", "premier mot").await;
        let come = async |gateway: &Gateway| {
            let outlook = gateway.caller(Protocol::Imap, "2603:1026::25".parse().unwrap());
            let welcome = welcome(gateway, "nadia.roussel", "premier mot").await;
            gateway.admit(&welcome, &outlook, 50).await.unwrap().unwrap();
            (letters(gateway, &nadia).await, trail_of_apps(gateway).await.len())
        };
        for _ in 0..3 {
            assert_eq!(come(&gateway).await, (1, 1));
        }
        assert_eq!(come(&crate::gateway(&test)).await, (1, 1), "another gateway, or a restart");
        let later = crate::gateway(&test);
        advance(&later, 180 * 24 * 3600);
        assert_eq!(come(&later).await, (1, 1));
        let later = crate::gateway(&test);
        advance(&later, 180 * 24 * 3600 + 1);
        assert_eq!(come(&later).await, (2, 2));
        assert!(trail_of_apps(&gateway).await[0].contains(r#""act":"warned","app":"Outlook""#));
        assert_eq!(count(&test.store, "select count(*) from cloud_app").await, 1);
        test.store.close().await;
    }
}

#[tokio::test]
async fn who_asks_with_a_name_that_is_nobodys_hears_what_others_hear() {
    for test in support::stores().await {
        school(&test).await;
        let gateway = gateway_with(&test, |config| {
            for policy in [&mut config.apps.student, &mut config.apps.relative, &mut config.apps.teacher] {
                *policy = AppPolicy::Refuse;
            }
            config.apps.guest = AppPolicy::Refuse;
        });
        let outlook = gateway.caller(Protocol::Imap, "52.96.0.1".parse().unwrap());
        let mut heard = [0; 2];
        for number in 0..60 {
            let login = gateway.log_in_from(&outlook, &format!("nobody{number}"), &Secret::new("x")).await.unwrap();
            match login {
                Login::Refused(LoginRefusal::CloudApp) => heard[0] += 1,
                Login::Refused(LoginRefusal::BadCredentials) => heard[1] += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(heard.iter().all(|heard| *heard > 0), "both, as among people: {heard:?}");
        assert_eq!(trail_of_apps(&gateway).await, Vec::<String>::new());
        test.store.close().await;
    }
}
