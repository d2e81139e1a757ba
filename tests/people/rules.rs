//! Who may write to whom in the sample school.

use passerelle::domain::directory::{Recipient, Verdict};
use passerelle::model::Address;
use passerelle::sample;
use passerelle::sentences::{Language, Sentence};

use crate::{DOMAIN, address, not_allowed, school, support, user, writes};

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
