//! Passwords cannot be guessed through LDAP: tries count together with those of IMAP, by account.

use passerelle::connection::Security;
use passerelle::domain::login::{Login, LoginRefusal};
use passerelle::model::{Protocol, Secret};

use crate::world::{PASSWORD, SUCCESS, World};

const WRONG: i64 = 49;
const BUSY: i64 = 51;

#[tokio::test]
async fn tries_are_those_of_the_account_whatever_is_spoken() {
    for world in World::both().await {
        let max = world.gateway.config.login.tries_max;
        let imap = world.gateway.caller(Protocol::Imap, "192.0.2.1".parse().unwrap());
        for number in 0..max {
            let guess = format!("guess {number}");
            if number % 2 == 0 {
                let mut client = world.connect(Security::Tls);
                assert_eq!(client.binds("theo.lambert", &guess).await, WRONG);
            } else {
                let login = world.gateway.log_in_from(&imap, "theo.lambert", &Secret::new(guess)).await.unwrap();
                assert!(matches!(login, Login::Refused(LoginRefusal::BadCredentials)), "{login:?}");
            }
        }
        let mut client = world.connect(Security::Tls);
        assert_eq!(client.binds("theo.lambert", "one more").await, BUSY);
        let login = world.gateway.log_in_from(&imap, "theo.lambert", &Secret::new("one more")).await.unwrap();
        assert!(matches!(login, Login::Refused(LoginRefusal::TooManyTries)), "{login:?}");
    }
}

#[tokio::test]
async fn a_connection_ends_after_some_wrong_passwords() {
    let world = World::with(|config| config.login.tries_per_connection_max = 3).await;
    let mut client = world.connect(Security::Tls);
    for number in 0..3 {
        assert_eq!(client.binds("nadia.roussel", &format!("guess {number}")).await, WRONG);
    }
    assert!(client.hears().await.is_none());
    assert_eq!(world.connect(Security::Tls).binds("nadia.roussel", PASSWORD).await, SUCCESS);
}

#[tokio::test]
async fn a_refusal_takes_its_time() {
    let world = World::with(|config| config.login.refusal_delay_milliseconds = 300).await;
    let mut client = world.connect(Security::Tls);
    let began = std::time::Instant::now();
    assert_eq!(client.binds("nadia.roussel", "wrong").await, WRONG);
    assert!(began.elapsed().as_millis() >= 300);
}
