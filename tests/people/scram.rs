//! SCRAM over a real store: whose password a proof is of, salts that tell nothing, tries.

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::login::{LoginRefusal, Proven};
use passerelle::domain::people::DeviceWords;
use passerelle::model::{Secret, Timestamp};
use passerelle::sasl::{self, Exchange, Mechanism, Offer, Turn};
use passerelle::store::Store;

use crate::support::scram::ScramClient;
use crate::support::{self};
use crate::{DOMAIN, START, count, log_in, reader, school, set_password, user};

/// A whole exchange: who comes in, and the words that are hidden from the device.
async fn exchange(gateway: &Gateway, name: &str, password: &str) -> Result<(String, Vec<String>), LoginRefusal> {
    let (client, offer) = (ScramClient::new("n,,", &[], name), Offer::default());
    let first = sasl::decode(client.first().as_bytes());
    let Turn::Salt(first) = Mechanism::ScramSha256.begin(first.as_ref(), &offer) else { panic!() };
    let salting = gateway.scram_salting(first.name()).await.unwrap();
    let (message, challenged) = first.challenged(&salting);
    let (last, expected) = client.last(&sasl::encode(&message), password);
    let challenged = Exchange::ScramFinal(Box::new(challenged));
    let Turn::Proof(proof) = challenged.answered(last.as_bytes(), &offer) else { panic!() };
    match gateway.log_in_by_proof(&reader(gateway), &proof).await.unwrap() {
        Proven::Right { welcome, signature } => {
            assert_eq!(sasl::encode(&signature), expected, "the server knows the password too");
            gateway.admit(&welcome, &reader(gateway), 5).await.unwrap().unwrap();
            let hidden = welcome.credential.device().map(|device| device.words.hidden.clone());
            Ok((welcome.user.login, hidden.unwrap_or_default()))
        }
        Proven::Wrong(refusal) => Err(refusal),
    }
}

async fn scram(gateway: &Gateway, name: &str, password: &str) -> Result<String, LoginRefusal> {
    exchange(gateway, name, password).await.map(|(login, _)| login)
}

fn nadia() -> Result<String, LoginRefusal> {
    Ok("nadia.roussel".to_owned())
}

const WRONG: Result<String, LoginRefusal> = Err(LoginRefusal::BadCredentials);

#[tokio::test]
async fn any_password_of_a_person_that_is_in_use() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        assert_eq!(scram(&gateway, "nadia.roussel", "").await, WRONG, "nobody has set a password");
        set_password(&gateway, "nadia.roussel", "the\u{301}ore\u{300}me de Thalès").await;
        for name in ["nadia.roussel", "NADIA.ROUSSEL", &format!("nadia.roussel@{DOMAIN}")] {
            assert_eq!(scram(&gateway, name, "théorème de Thalès").await, nadia(), "{name}");
        }
        assert_eq!(scram(&gateway, "theo.lambert", "théorème de Thalès").await, WRONG);
        assert_eq!(scram(&gateway, &format!("nadia.roussel@other.{DOMAIN}"), "théorème de Thalès").await, WRONG);

        let person = user(&gateway, "nadia.roussel").await.id;
        let mut devices = Vec::new();
        for device in ["Téléphone", "Ordinateur"] {
            let new = gateway.create_app_password(&person, device).await.unwrap().unwrap();
            devices.push((new.password.id, String::from_utf8(new.secret.expose().to_vec()).unwrap()));
        }
        let (phone, shown) = &devices[0];
        gateway.change_device_words(&person, phone, DeviceWords::Hide(vec!["IDLE".to_owned()])).await.unwrap().unwrap();
        gateway.clock.set(Timestamp::from_seconds(START + 5));
        for typed in [shown.clone(), shown.replace('-', "")] {
            let came_in = exchange(&gateway, "nadia.roussel", &typed).await.unwrap();
            assert_eq!(came_in.1, ["IDLE"], "it is known which device it is");
        }
        let listed = gateway.app_passwords(&person).await.unwrap();
        let used =
            |id: &str| listed.iter().find(|device| device.id == id).unwrap().last_use.as_ref().map(|last| last.at);
        assert_eq!(used(phone), Some(Timestamp::from_seconds(START + 5)));
        assert_eq!(used(&devices[1].0), None);
        assert_eq!(scram(&gateway, "theo.lambert", shown).await, WRONG, "not his");
        gateway.revoke_app_password(&person, phone).await.unwrap();
        assert_eq!(scram(&gateway, "nadia.roussel", shown).await, WRONG);
        assert_eq!(scram(&gateway, "nadia.roussel", &devices[1].1).await, nadia(), "the other device goes on");

        set_password(&gateway, "nadia.roussel", "un autre mot").await;
        assert_eq!(scram(&gateway, "nadia.roussel", "un autre mot").await, nadia());
        assert_eq!(scram(&gateway, "nadia.roussel", "théorème de Thalès").await, WRONG);
        gateway.suspend_user(&person, "partie").await.unwrap();
        assert_eq!(scram(&gateway, "nadia.roussel", "un autre mot").await, Err(LoginRefusal::Suspended));
        assert_eq!(scram(&gateway, "nadia.roussel", "faux").await, Err(LoginRefusal::TooManyTries));
        test.store.close().await;
    }
}

async fn salt(gateway: &Gateway, name: &str) -> ([u8; 16], u32) {
    let salting = gateway.scram_salting(name).await.unwrap();
    (salting.salt, salting.iterations.get())
}

fn with_iterations(store: &Store, folder: &std::path::Path, iterations: u32) -> Gateway {
    let text = format!("domain = '{DOMAIN}'\ndata_dir = '{}'\n", folder.display());
    let mut config: Config = toml::from_str(&text).unwrap();
    config.login.scram_iterations = iterations;
    Gateway::new(Arc::new(config), store.clone(), Clock::fixed(Timestamp::from_seconds(START))).unwrap()
}

#[tokio::test]
async fn salts_tell_nothing_of_anybody() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        set_password(&gateway, "nadia.roussel", "théorème de Thalès").await;
        // With a password, without one, unknown.
        let names = ["nadia.roussel", "theo.lambert", "nobody", "nobody.else", ""];
        let mut salts = Vec::new();
        for name in names {
            salts.push(salt(&gateway, name).await);
            for other in [name.to_uppercase(), format!(" {name} "), format!("{name}@{DOMAIN}")] {
                assert_eq!(Some(&salt(&gateway, &other).await), salts.last(), "{other}");
            }
        }
        assert!(salts.iter().all(|(_, iterations)| *iterations == 4096), "{salts:?}");
        let distinct: std::collections::BTreeSet<_> = salts.iter().map(|(salt, _)| salt).collect();
        assert_eq!(distinct.len(), names.len());
        // Another gateway on the same store, with another setting: the same salts and rounds, or its passwords would be lost.
        let other = with_iterations(&test.store, test.folder.path(), 10_000);
        for (name, expected) in names.iter().zip(&salts) {
            assert_eq!(salt(&other, name).await, *expected);
        }
        assert_eq!(scram(&other, "nadia.roussel", "théorème de Thalès").await, nadia());
        test.store.close().await;
    }
    let (one, two) = (support::sqlite().await, support::sqlite().await);
    let one = with_iterations(&one.store, one.folder.path(), 5000);
    let two = with_iterations(&two.store, two.folder.path(), 65_536);
    assert_ne!(salt(&one, "nobody").await.0, salt(&two, "nobody").await.0, "each store has a secret of its own");
    assert_eq!((salt(&one, "nobody").await.1, salt(&two, "nobody").await.1), (5000, 65_536));
}

#[tokio::test]
async fn wrong_proofs_slow_down_and_lock_no_device_out() {
    let test = support::sqlite().await;
    let gateway = school(&test).await;
    set_password(&gateway, "nadia.roussel", "théorème de Thalès").await;
    let person = user(&gateway, "nadia.roussel").await.id;
    let device = gateway.create_app_password(&person, "Téléphone").await.unwrap().unwrap().secret;
    let device = String::from_utf8(device.expose().to_vec()).unwrap();
    for name in ["nadia.roussel", "nobody"] {
        for _ in 0..3 {
            assert_eq!(scram(&gateway, name, "guess").await, WRONG);
        }
        assert_eq!(scram(&gateway, name, "guess").await, Err(LoginRefusal::TooManyTries));
    }
    // By SCRAM as by PLAIN: whoever guesses learns nothing more, and the tries are the same ones.
    let out = Err(LoginRefusal::TooManyTries);
    assert_eq!(scram(&gateway, "nadia.roussel", "théorème de Thalès").await, out);
    assert_eq!(log_in(&gateway, "nadia.roussel", "théorème de Thalès").await, out);
    assert_eq!(scram(&gateway, "nadia.roussel", &device).await, nadia());
    gateway.clock.set(Timestamp::from_seconds(START + 60));
    assert_eq!(scram(&gateway, "nadia.roussel", "théorème de Thalès").await, nadia());
    for _ in 0..3 {
        assert_eq!(scram(&gateway, "nadia.roussel", "guess").await, WRONG);
    }
    assert_eq!(scram(&gateway, "nadia.roussel", "guess").await, out);
    assert_eq!(scram(&gateway, "nadia.roussel", "théorème de Thalès").await, nadia(), "it was right before");
    test.store.close().await;
}

#[tokio::test]
async fn a_password_that_scram_does_not_know_is_learnt_at_the_next_login() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let person = user(&gateway, "nadia.roussel").await.id;
        let hash = gateway.hash_password(Secret::new("théorème de Thalès")).await.unwrap().unwrap();
        gateway.set_password_hash(std::slice::from_ref(&person), hash.clone()).await.unwrap();
        assert_eq!(scram(&gateway, "nadia.roussel", "théorème de Thalès").await, WRONG);
        assert_eq!(log_in(&gateway, "nadia.roussel", "faux").await, WRONG);
        assert_eq!(log_in(&gateway, "nadia.roussel", "théorème de Thalès").await, nadia());
        assert_eq!(scram(&gateway, "nadia.roussel", "théorème de Thalès").await, nadia());
        assert_eq!(log_in(&gateway, "nadia.roussel", "théorème de Thalès").await, nadia());
        assert_eq!(count(&test.store, "select count(*) from scram_verifier").await, 1);
        // What was worked out of an earlier password comes too late.
        set_password(&gateway, "nadia.roussel", "un autre mot").await;
        let people = std::slice::from_ref(&person);
        gateway.keep_verifiers(people, &hash, &Secret::new("théorème de Thalès")).await.unwrap();
        gateway.clock.set(Timestamp::from_seconds(START + 60));
        assert_eq!(scram(&gateway, "nadia.roussel", "théorème de Thalès").await, WRONG);
        assert_eq!(scram(&gateway, "nadia.roussel", "un autre mot").await, nadia());
        test.store.close().await;
    }
}

#[tokio::test]
async fn without_scram_nothing_is_kept_that_is_easier_to_guess_by() {
    let test = support::sqlite().await;
    drop(school(&test).await);
    let text = format!("domain = '{DOMAIN}'\ndata_dir = '{}'\n", test.folder.path().display());
    let mut config: Config = toml::from_str(&text).unwrap();
    config.login.mechanisms = vec![Mechanism::Plain];
    let gateway =
        Gateway::new(Arc::new(config), test.store.clone(), Clock::fixed(Timestamp::from_seconds(START))).unwrap();
    set_password(&gateway, "nadia.roussel", "théorème de Thalès").await;
    assert_eq!(log_in(&gateway, "nadia.roussel", "théorème de Thalès").await, nadia());
    assert_eq!(count(&test.store, "select count(*) from scram_verifier").await, 0);
}
