//! Logging in, senders, recipients.

use passerelle::connection::Start;
use passerelle::connection::{Ended, Security};

use crate::world::{PASSWORD, World, plain};

#[tokio::test]
async fn both_mechanisms_and_every_name() {
    let world = World::new().await;
    for name in ["anne.martin", "ANNE.MARTIN@ent.test", "anne", "anne@ENT.test"] {
        let mut client = world.client().await;
        client.is_told("EHLO x", "250-").await;
        client.is_told(&format!("AUTH PLAIN {}", plain(name, PASSWORD)), "235 2.7.0 ").await;
    }
    let mut client = world.client().await;
    client.is_told("HELO x", "250 ent.test\r\n").await;
    client.is_told("AUTH LOGIN", "334 VXNlcm5hbWU6\r\n").await;
    client.is_told("YW5uZS5tYXJ0aW4=", "334 UGFzc3dvcmQ6\r\n").await;
    client.is_told("dW4gbW90IGRlIHBhc3NlIGxvbmc=", "235 2.7.0 ").await;
    client.is_told("AUTH PLAIN", "503 5.5.1 ").await;
}

#[tokio::test]
async fn wrong_passwords_end_the_connection() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.is_told("EHLO x", "250-").await;
    let wrong = format!("AUTH PLAIN {}", plain("anne.martin", "faux"));
    let nobody = format!("AUTH PLAIN {}", plain("nobody", "faux"));
    client.is_told(&wrong, "535 5.7.8 Identifiant ou mot de passe incorrect\r\n").await;
    client.is_told(&nobody, "535 5.7.8 Identifiant ou mot de passe incorrect\r\n").await;
    client.is_told("MAIL FROM:<anne.martin@ent.test>", "530 5.7.0 ").await;
    client.is_told(&wrong, "421 4.7.0 Trop d'essais").await;
    let (rest, ended) = client.ends().await;
    assert!(rest.is_empty() && matches!(ended, Ended::Closed));
}

#[tokio::test]
async fn no_password_without_tls_unless_from_loopback() {
    let world = World::new().await;
    let mut client = world.connect(Security::Plain, Start::Greeting);
    client.reply().await;
    assert!(!client.says("EHLO x").await.contains("AUTH"));
    client.is_told("AUTH PLAIN", "538 5.7.11 Connexion chiffrée").await;
    let world = World::with(|config| config.login.without_tls_from_loopback = true).await;
    for (peer, may) in [("192.0.2.1:5000", false), ("127.0.0.1:5000", true), ("[::1]:5000", true)] {
        let mut client = world.connect_from(peer, Security::Plain, Start::Greeting);
        client.reply().await;
        assert_eq!(client.says("EHLO x").await.contains("AUTH PLAIN LOGIN"), may, "{peer}");
        let expected = if may { "235 2.7.0 " } else { "538 5.7.11 " };
        client.is_told(&format!("AUTH PLAIN {}", plain("anne", PASSWORD)), expected).await;
    }
}

#[tokio::test]
async fn starttls_drops_what_was_sent_behind_it() {
    let world = World::new().await;
    let mut client = world.connect(Security::Plain, Start::Greeting);
    client.reply().await;
    assert!(client.says("EHLO x").await.contains("250 STARTTLS\r\n"));
    client.is_told("STARTTLS x", "501 5.5.4 ").await;
    client.sends("STARTTLS\r\nEHLO injected\r\nAUTH PLAIN AGEAYg==\r\nNOOP\r\n").await;
    assert_eq!(client.reply().await, "220 2.0.0 Begin TLS\r\n");
    let (mut ours, theirs) = client.handed_back().await;
    drop(theirs);
    let mut rest = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut ours, &mut rest).await.unwrap();
    assert_eq!(String::from_utf8(rest).unwrap(), "", "nothing behind STARTTLS was answered");

    let mut client = world.connect(Security::Tls, Start::AfterStartTls);
    client.is_told("MAIL FROM:<anne@ent.test>", "503 5.5.1 EHLO first").await;
    let reply = client.says("EHLO x").await;
    assert!(reply.contains("AUTH PLAIN LOGIN SCRAM-SHA-256\r\n") && !reply.contains("STARTTLS"), "{reply}");
    client.is_told("STARTTLS", "503 5.5.1 ").await;
}

#[tokio::test]
async fn the_sender_is_the_person() {
    let world = World::new().await;
    let mut client = world.anne().await;
    client
        .is_told(
            "MAIL FROM:<paul.durand@ent.test>",
            "550 5.7.1 Envoi refusé : paul.durand@ent.test n'est pas votre adresse d'expéditeur\r\n",
        )
        .await;
    client.is_told("MAIL FROM:<anne.martin@gmail.test>", "550 5.7.1 ").await;
    client.is_told("MAIL FROM:<>", "550 5.7.1 ").await;
    client.is_told("RCPT TO:<paul.durand@ent.test>", "503 5.5.1 ").await;
    client.is_told("MAIL FROM: <Anne@ENT.test> SIZE=12 BODY=8BITMIME", "250 2.1.0 ").await;
    client.is_told("RSET", "250 ").await;
    client.is_told("mail from:<anne.martin@ent.test>", "250 2.1.0 ").await;
}

#[tokio::test]
async fn recipients_are_judged_one_by_one() {
    let world = World::new().await;
    let mut client = world.anne().await;
    client.is_told("MAIL FROM:<anne.martin@ent.test>", "250 ").await;
    for (recipient, expected) in [
        ("inconnu@ent.test", "550 5.1.1 Destinataire inconnu : personne n'a l'adresse inconnu@ent.test dans l'ENT\r\n"),
        ("paul@gmail.test", "550 5.7.1 Envoi refusé : paul@gmail.test n'est pas une adresse de l'ENT"),
        ("zoe.noir@ent.test", "550 5.7.1 Envoi refusé : les règles de communication"),
        ("luc.petit@ent.test", "550 5.2.1 Envoi refusé : le compte de luc.petit@ent.test est suspendu"),
        ("parents.2025@ent.test", "550 5.1.6 Envoi refusé : le groupe parents.2025@ent.test"),
        ("Postmaster", "550 5.1.1 Destinataire inconnu : personne n'a l'adresse postmaster@ent.test"),
        (r#""paul.durand"@ent.test"#, r#"553 5.1.3 Adresse incorrecte : "paul.durand"@ent.test"#),
        ("@relay.test:paul@gmail.test", "550 5.7.1 Envoi refusé : paul@gmail.test"),
        ("paul%gmail.test@ent.test", "550 5.1.1 "),
        ("PAUL.DURAND@ent.test", "250 2.1.5 "),
        ("conseil@ent.test", "250 2.1.5 "),
    ] {
        client.is_told(&format!("RCPT TO:<{recipient}>"), expected).await;
    }
}

#[tokio::test]
async fn connections_of_one_person_are_counted() {
    let world = World::with(|config| config.submission.connections_per_user_max = 2).await;
    let first = world.anne().await;
    let _second = world.anne().await;
    let mut third = world.client().await;
    let login = format!("AUTH PLAIN {}", plain("anne", PASSWORD));
    third.is_told("EHLO x", "250-").await;
    third.is_told(&login, "421 4.7.0 Trop de connexions").await;
    assert!(matches!(first.hangs_up().await, Ended::Closed));
    world.anne().await;
}

#[tokio::test]
async fn a_store_that_fails_is_no_refusal() {
    let world = World::new().await;
    let mut anne = world.anne_to_paul().await;
    let mut client = world.client().await;
    client.is_told("EHLO x", "250-").await;
    world.gateway.store().close().await;
    client.is_told(&format!("AUTH PLAIN {}", plain("anne", PASSWORD)), "454 4.7.0 Service momentanément").await;
    anne.is_told("RCPT TO:<paul.durand@ent.test>", "451 4.3.0 Service momentanément").await;
    let reply = anne.sends_data("From: anne@ent.test\r\n\r\nx\r\n.\r\n").await;
    assert!(reply.starts_with("451 4.3.0 "), "{reply}");
    anne.is_told("MAIL FROM:<anne@ent.test>", "451 4.3.0 ").await;
}
