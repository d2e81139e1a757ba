//! A store in which every kind of row is there.

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::import::progress::Progress;
use passerelle::domain::messages::{FlagChange, StoreFlags};
use passerelle::domain::verify::Verified;
use passerelle::model::{Flags, MailboxName, Scope, Secret, Suspension, SystemFlag, Uid, Uses};

use crate::world::{NOW, World, everybody, letter, to, user, worlds_with};

pub fn settings(config: &mut Config) {
    config.store.blob_threshold_bytes = 1000;
    config.keeping.undelete_days = 14;
}

/// A world on each engine, filled.
pub async fn full_worlds() -> Vec<World> {
    let worlds = worlds_with(6, settings).await;
    for world in &worlds {
        world.fill().await;
    }
    worlds
}

/// A letter whose body goes to the blob store.
pub fn large(from: u32, id: &str) -> Vec<u8> {
    letter(from, id, "", &format!("{id} {}", "large ".repeat(300)))
}

impl World {
    pub async fn fill(&self) {
        for number in 0..4 {
            let id = format!("small-{number}");
            self.submit(&user(1), &[everybody()], &letter(1, &id, "To: u2@ent.test\r\n", "Bonjour, déjà vu.\r\n"))
                .await;
        }
        self.submit(&user(1), &[to(2), to(3)], &large(1, "large-one")).await;
        self.submit(&user(2), &[to(1)], &large(2, "large-two")).await;
        self.put_others().await;
        self.expunge_some().await;
        self.add_rows().await;
        self.gateway.write_refusals(true).await.unwrap();
        self.gateway.chain_trail().await.unwrap();
        self.gateway
            .trail(None, &passerelle::model::TrailEvent::Admin { act: "x", detail: String::new() })
            .await
            .unwrap();
    }

    /// Octets that are no UTF-8, keywords, a mailbox that was deleted.
    async fn put_others(&self) {
        let person = user(2);
        let own = self.create(&person, "Projets/Été").await;
        let mut flags = Flags::default();
        flags.set(SystemFlag::Flagged);
        flags.set_keyword("$Forwarded");
        let mut odd = letter(2, "odd", "Message-ID: <second@ent.test>\r\n", "");
        odd.extend_from_slice(b"\xff\x00\xfe\r\n\x80");
        self.append_with(&person, &own, &odd, flags).await;
        let gone = self.create(&person, "Passing").await;
        self.append(&person, &gone, &letter(2, "passing", "", "x")).await;
        self.gateway.delete_mailbox(&person, &MailboxName::parse("Passing").unwrap()).await.unwrap().unwrap();
        self.gateway.set_password(&person.id, Secret::new("un mot de passe long")).await.unwrap().unwrap();
        self.gateway.create_app_password(&person.id, "Téléphone").await.unwrap().unwrap();
    }

    async fn expunge_some(&self) {
        let person = user(3);
        let drafts = self.mailbox(&person, "Drafts").await;
        let mut deleted = Flags::default();
        deleted.set(SystemFlag::Deleted);
        self.append_with(&person, &drafts, &letter(3, "draft", "", "brouillon"), deleted.clone()).await;
        self.gateway.expunge(drafts.id, None).await.unwrap();
        let inbox = self.mailbox(&person, "INBOX").await;
        let change = StoreFlags { change: FlagChange::Add, flags: deleted, unchanged_since: None };
        self.gateway.store_flags(inbox.id, &[Uid(2)], change).await.unwrap();
        self.gateway.expunge(inbox.id, None).await.unwrap();
    }

    /// What takes a day of school to come about otherwise.
    async fn add_rows(&self) {
        let waiting = self.mailbox(&user(4), "Drafts").await;
        self.append(&user(4), &waiting, &letter(4, "waiting", "", "attendre")).await;
        for statement in [
            "insert into school (id, uai, name) select 's1', '0750001A', 'Lycée' where $1 = 0",
            "insert into school_class (id, school_id, name) select 'c1', 's1', '3e B' where $1 = 0",
            "insert into user_school (user_id, school_id) select 'id-1', 's1' where $1 = 0",
            "insert into ent_group (id, school_id, class_id, parent_id, kind, profile, name, users_rule, closed, created_at)
                select 'g2', 's1', 'c1', 'g', 'Manual', null, 'G2', 'BOTH', false, 0 where $1 = 0",
            "insert into communication_rule (from_group_id, to_group_id, by_table) select 'g', 'g2', true where $1 = 0",
            "insert into direct_link (from_user_id, to_user_id) select 'id-1', 'id-2' where $1 = 0",
            "insert into address (local_part, user_id, group_id, is_primary, created_at)
                select 'g', null, 'g', true, 0 where $1 = 0",
            "insert into school_year (year, opened_at, closed_at) select 2026, 5, null where $1 = 0",
            "insert into annotation (user_id, mailbox_id, entry_key, entry, value)
                select 'id-2', id, '/private/comment', '/private/Comment', hash from mailbox, body
                where user_id = 'id-2' and special_use = 'inbox' and $1 = 0 limit 1",
            "insert into subscription (user_id, name) select 'id-2', 'Nowhere' where $1 = 0",
            // Waits for the end of quiet hours; a draft of the same octets goes, so that nobody has it yet.
            "insert into submission (id, user_id, replay_key, message_id, message_id_key, no_reply, sent_uid, submitted_at)
                select 9, 'id-4', l.hash, l.id, l.message_id_key, false, null, 7 from message l
                where l.message_id_key = 'waiting@ent.test' and $1 = 0",
            "insert into delivery (submission_id, user_id, batch, waits_until) select 9, 'id-5', 0, 99 where $1 = 0",
            "insert into tombstone (mailbox_id, uid, mod_seq, expunged_at)
                select p.mailbox_id, p.uid, p.mod_seq, 1 from placement p join message l on l.id = p.message_id
                where l.message_id_key = 'waiting@ent.test' and $1 = 0",
            "delete from placement where $1 = 0
                and message_id in (select id from message where message_id_key = 'waiting@ent.test')",
            "insert into doomed_message (message_id, marked_at) select 5, 6 where $1 = 0",
            "insert into doomed_body (hash, marked_at) select hash, 6 from body where $1 = 0 order by hash limit 1",
            "insert into answerable (user_id, submission_id)
                select 'id-6', id from submission where id = 9 and $1 = 0",
        ] {
            self.execute(statement, 0).await;
        }
        let scope = Scope { profile: None, school: None, user: Some(user(6).id) };
        let uses = Uses { sending: true, reading: false };
        let off = Suspension { scope, uses, reason: "compte volé".to_owned(), since: NOW };
        self.gateway.suspend(off).await.unwrap();
    }

    pub async fn verify(&self, deep: bool) -> Verified {
        self.gateway.verify(deep, &Arc::new(Progress::default())).await.unwrap()
    }

    /// The names of the checks that find something.
    pub async fn found(&self, deep: bool) -> Vec<&'static str> {
        self.verify(deep).await.findings.iter().map(|finding| finding.check).collect()
    }
}
