//! Passwords, app passwords, tries, sessions.

use std::sync::Arc;

use passerelle::domain::login::LoginRefusal;
use passerelle::domain::people::{DeviceWords, PasswordRefusal, WordsRefusal};
use passerelle::model::{Secret, Timestamp};

use crate::{START, gateway, log_in, reader, school, session, set_password, support, user, welcome};

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
    // All tries are used up: what was right before comes in, remembered or checked again; what never was does not.
    assert_eq!(log_in(&gateway, "nadia.roussel", "second mot").await, ok);
    gateway.clock.set(Timestamp::from_seconds(START + 600));
    for guess in ["3", "4", "5"] {
        assert_eq!(log_in(&gateway, "nadia.roussel", guess).await, Err(LoginRefusal::BadCredentials));
    }
    assert_eq!(log_in(&gateway, "nadia.roussel", "second mot").await, ok);
    assert_eq!(log_in(&gateway, "nadia.roussel", "premier mot").await, Err(LoginRefusal::TooManyTries));
    set_password(&gateway, "nadia.roussel", "troisième mot").await;
    assert_eq!(log_in(&gateway, "nadia.roussel", "troisième mot").await, Err(LoginRefusal::TooManyTries));
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

        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let hide = DeviceWords::Hide(words(&["QRESYNC", "idle"]));
        let hidden = gateway.change_device_words(&teacher.id, &new.password.id, hide).await.unwrap().unwrap();
        assert_eq!(hidden.words.hidden, ["IDLE", "QRESYNC"]);
        let come_in = welcome(&gateway, "nadia.roussel", &shown).await;
        assert_eq!(come_in.credential.device().unwrap().words, hidden.words);
        let others = gateway.change_device_words(&pupil.id, &new.password.id, DeviceWords::Show(Vec::new())).await;
        assert_eq!(others.unwrap(), Err(WordsRefusal::NoSuchDevice(new.password.id.clone())), "not his");
        let second = gateway.create_app_password(&teacher.id, "TÉLÉPHONE").await.unwrap().unwrap();
        let by_name = gateway.change_device_words(&teacher.id, "téléphone", DeviceWords::Show(Vec::new())).await;
        assert_eq!(by_name.unwrap(), Err(WordsRefusal::Ambiguous("téléphone".to_owned())));
        assert!(gateway.revoke_app_password(&teacher.id, &second.password.id).await.unwrap());
        let by_name = gateway.change_device_words(&teacher.id, "téléphone", DeviceWords::Show(words(&["IDLE"]))).await;
        assert_eq!(by_name.unwrap().unwrap().words.hidden, ["QRESYNC"]);

        let session = gateway.admit(&come_in, &reader(&gateway), 5).await.unwrap().unwrap();
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
        let come_in = welcome(&gateway, "theo.lambert", "soleil de mai").await;
        let session = gateway.admit(&come_in, &reader(&gateway), 1).await.unwrap().unwrap();
        let second = gateway.admit(&come_in, &reader(&gateway), 1).await.unwrap();
        assert_eq!(second.err(), Some(LoginRefusal::TooManyConnections));
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
        let (cut, kept) = (session(&here, &theo).await, session(&here, &zoe).await);
        there.suspend_user(&theo.id, "menaces").await.unwrap();
        assert!(!cut.cut.is_cancelled());
        here.see_to_switch().await.unwrap();
        assert!(cut.cut.is_cancelled());
        assert!(!kept.cut.is_cancelled());
        test.store.close().await;
    }
}
