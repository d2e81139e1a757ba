//! A gateway over a fresh store, with people in it.

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::delivery::{Submission, Submitted};
use passerelle::domain::directory::Recipient;
use passerelle::domain::mailbox::Mailbox;
use passerelle::domain::messages::{AppendOptions, Appended, Fetched, Need};
use passerelle::domain::spool::Spooled;
use passerelle::model::{
    Flags, Group, GroupId, GroupKind, MailboxName, Profile, Timestamp, Uid, User, UserId, UsersRule,
};
use passerelle::store::{Durability, Store, Tx};
use tempfile::TempDir;

use crate::support::{self, TestStore};

/// One engine's world.
pub struct World {
    pub gateway: Arc<Gateway>,
    pub clock: Clock,
    pub engine: &'static str,
    pub folder: TempDir,
}

/// Where the clock stands.
pub const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

/// A world per engine, with `count` people `u1`, `u2`…, all of them in the group `g`.
pub async fn worlds(count: i64) -> Vec<World> {
    worlds_with(count, |_| {}).await
}

/// The same, with settings of its own.
pub async fn worlds_with(count: i64, adjust: fn(&mut Config)) -> Vec<World> {
    let mut worlds = Vec::new();
    for test in support::stores().await {
        let world = World::on(test, adjust);
        world.add_people(count).await;
        worlds.push(world);
    }
    worlds
}

const PEOPLE: [&str; 4] = [
    "with recursive n (i) as (select cast(1 as bigint) union all select i + 1 from n where i < $1)
    insert into ent_user (id, external_id, login, login_alias, display_name, first_name, last_name, profile, suspended,
        suspended_reason, password_hash, quota_bytes, created_at)
    select 'id-' || cast(i as text), cast(i as text), 'u' || cast(i as text), null, 'U', 'U', 'U', 'Teacher', false, null,
        null, null, 0 from n",
    "insert into address (local_part, user_id, group_id, is_primary, created_at)
    select login, id, null, true, 0 from ent_user where $1 > 0",
    "insert into ent_group (id, school_id, class_id, parent_id, kind, profile, name, users_rule, closed, created_at)
    select 'g', null, null, null, 'Manual', null, 'G', 'BOTH', false, 0 where $1 > 0",
    "insert into group_member (group_id, user_id) select 'g', id from ent_user where $1 > 0",
];

impl World {
    pub fn on(test: TestStore, adjust: fn(&mut Config)) -> Self {
        let data_dir = test.folder.path().join("data");
        let mut config: Config =
            toml::from_str(&format!("domain = 'ent.test'\ndata_dir = '{}'", data_dir.display())).unwrap();
        adjust(&mut config);
        let clock = Clock::fixed(NOW);
        let gateway = Gateway::new(Arc::new(config), test.store, clock.clone()).unwrap();
        Self { gateway: Arc::new(gateway), clock, engine: test.engine, folder: test.folder }
    }

    /// A second gateway on the same database, with the same folder of large bodies and the same clock.
    pub fn beside(&self, store: Store) -> Self {
        let gateway = Gateway::new(Arc::clone(&self.gateway.config), store, self.clock.clone()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { gateway: Arc::new(gateway), clock: self.clock.clone(), engine: self.engine, folder }
    }

    pub async fn add_people(&self, count: i64) {
        for statement in PEOPLE {
            self.execute(statement, count).await;
        }
        self.gateway.add_special_mailboxes(None).await.unwrap();
    }

    /// Runs one statement with one number.
    pub async fn execute(&self, statement: &'static str, number: i64) {
        let write = self.gateway.store().write(Durability::Synced, (statement, number), |tx, (statement, number)| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(c) => sqlx::query(*statement).bind(*number).execute(&mut **c).await.map(drop)?,
                    Tx::Postgres(c) => sqlx::query(*statement).bind(*number).execute(&mut **c).await.map(drop)?,
                }
                Ok(())
            })
        });
        write.await.unwrap();
    }

    /// One number out of the store.
    pub async fn count(&self, statement: &'static str) -> i64 {
        let read = self.gateway.store().read(statement, |tx, statement| {
            Box::pin(async move {
                Ok(match tx {
                    Tx::Sqlite(c) => sqlx::query_scalar(*statement).fetch_one(&mut **c).await?,
                    Tx::Postgres(c) => sqlx::query_scalar(*statement).fetch_one(&mut **c).await?,
                })
            })
        });
        read.await.unwrap()
    }

    pub async fn spooled(&self, message: &[u8]) -> Spooled {
        let mut spool = self.gateway.spool();
        for octets in message.chunks(8192) {
            spool.write(octets).await.unwrap();
        }
        spool.finish().await.unwrap()
    }

    /// The person's mailbox of that name.
    pub async fn mailbox(&self, user: &User, name: &str) -> Mailbox {
        let name = MailboxName::parse(name).unwrap();
        self.gateway.mailbox(user, &name).await.unwrap().unwrap_or_else(|| panic!("no {name:?}"))
    }

    pub async fn create(&self, user: &User, name: &str) -> Mailbox {
        self.gateway.create_mailbox(user, &MailboxName::parse(name).unwrap(), None).await.unwrap().unwrap()
    }

    /// Appends and gives the UID.
    pub async fn append(&self, user: &User, mailbox: &Mailbox, message: &[u8]) -> Uid {
        self.append_with(user, mailbox, message, Flags::default()).await
    }

    pub async fn append_with(&self, user: &User, mailbox: &Mailbox, message: &[u8], flags: Flags) -> Uid {
        let options = AppendOptions { flags, internal_date: None };
        match self.gateway.append(user, mailbox, self.spooled(message).await, options).await.unwrap() {
            Appended::At { uid, uid_validity } => {
                assert_eq!(uid_validity, mailbox.uid_validity);
                uid
            }
            other => panic!("{other:?}"),
        }
    }

    pub async fn submit(&self, sender: &User, recipients: &[Recipient], message: &[u8]) -> Submitted {
        let message = self.spooled(message).await;
        let submission = Submission { sender: sender.clone(), recipients: recipients.to_vec(), message };
        self.gateway.submit(submission).await.unwrap()
    }

    /// UIDs in a mailbox.
    pub async fn uids(&self, mailbox: &Mailbox) -> Vec<u32> {
        let snapshot = self.gateway.snapshot(mailbox.id).await.unwrap().unwrap();
        snapshot.entries.iter().map(|entry| entry.uid.0).collect()
    }

    /// Flags of a message as text: bits and keywords.
    pub async fn flags(&self, mailbox: &Mailbox, uid: u32) -> (u8, String) {
        let snapshot = self.gateway.snapshot(mailbox.id).await.unwrap().unwrap();
        let flags = &snapshot.entry(Uid(uid)).unwrap().flags;
        (flags.bits(), flags.keywords_text().to_owned())
    }

    pub async fn fetch(&self, mailbox: &Mailbox, uids: &[u32]) -> Vec<Fetched> {
        let need = Need { envelope: true, body_structure: true, parts: true, header: true, body: true, preview: true };
        let uids: Vec<Uid> = uids.iter().copied().map(Uid).collect();
        self.gateway.fetch(mailbox.id, &uids, need).await.unwrap()
    }

    /// All octets of each message in a mailbox.
    pub async fn contents(&self, mailbox: &Mailbox) -> Vec<String> {
        let uids = self.uids(mailbox).await;
        let mut contents = Vec::new();
        for fetched in self.fetch(mailbox, &uids).await {
            let octets = self.gateway.read_content(&fetched.content, 0..u64::MAX).await.unwrap();
            assert_eq!(octets.len() as u64, fetched.content.size);
            contents.push(String::from_utf8_lossy(&octets).into_owned());
        }
        contents
    }
}

/// Person `u{number}`.
pub fn user(number: u32) -> User {
    User {
        id: UserId::new(format!("id-{number}")),
        login: format!("u{number}"),
        login_alias: None,
        display_name: "U".to_owned(),
        profile: Profile::Teacher,
        suspended: false,
        quota_bytes: None,
    }
}

/// Person `u{number}` as a recipient.
pub fn to(number: u32) -> Recipient {
    Recipient::User(user(number))
}

/// Everybody.
pub fn everybody() -> Recipient {
    Recipient::Group(Group {
        id: GroupId::new("g"),
        school: None,
        parent: None,
        kind: GroupKind::Manual,
        profile: None,
        name: "G".to_owned(),
        users: UsersRule::Both,
        closed: false,
    })
}

/// A letter from `u{from}`.
pub fn letter(from: u32, id: &str, more: &str, body: &str) -> Vec<u8> {
    format!(
        "From: u{from}@ent.test\r\nTo: u2@ent.test\r\n{more}Subject: {id}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\
        Message-ID: <{id}@ent.test>\r\n\r\n{body}"
    )
    .into_bytes()
}
