//! One mailbox with all letters in it, and two clients: one whose gateway asks the index, and one whose gateway does not.

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::connection::{Connection, Security, Start};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::mailbox::Mailbox;
use passerelle::domain::messages::{AppendOptions, AppendedAll, Sought, ToAppend};
use passerelle::imap;
use passerelle::model::{MailboxName, MessageId, Profile, Secret, User, UserId};
use passerelle::sasl::ChannelBindings;
use passerelle::store::{Durability, Tx};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio_util::sync::CancellationToken;

use crate::letters::Letter;
use crate::questions::Question;
use crate::support::TestStore;

const PASSWORD: &str = "un mot de passe long";
/// Letters in one transaction.
const AT_ONCE: usize = 250;
const PERSON: [&str; 2] = [
    "insert into ent_user (id, external_id, login, login_alias, display_name, first_name, last_name, profile, suspended,
        suspended_reason, password_hash, quota_bytes, created_at)
    values ('anne', 'anne', 'anne', null, 'A', 'A', 'A', 'Teacher', false, null, null, null, 0)",
    "insert into address (local_part, user_id, group_id, is_primary, created_at) values ('anne', 'anne', null, true, 0)",
];

pub struct World {
    pub engine: &'static str,
    indexed: Arc<Gateway>,
    scanning: Arc<Gateway>,
    _store: TestStore,
}

impl World {
    pub async fn new(test: TestStore) -> Self {
        let gateway = |by_index: bool| {
            let text = format!(
                "domain = 'ent.test'\ndata_dir = '{}'\nlogin.scram_iterations = 4096",
                test.folder.path().display()
            );
            let mut config: Config = toml::from_str(&text).unwrap();
            config.imap.search_by_index = by_index;
            Arc::new(Gateway::new(Arc::new(config), test.store.clone(), Clock::system()).unwrap())
        };
        let (indexed, scanning) = (gateway(true), gateway(false));
        let add = test.store.write(Durability::Synced, (), |tx, ()| {
            Box::pin(async move {
                for statement in PERSON {
                    match tx {
                        Tx::Sqlite(c) => sqlx::query(statement).execute(&mut **c).await.map(drop)?,
                        Tx::Postgres(c) => sqlx::query(statement).execute(&mut **c).await.map(drop)?,
                    }
                }
                Ok(())
            })
        });
        add.await.unwrap();
        indexed.add_special_mailboxes(None).await.unwrap();
        indexed.set_password(&UserId::new("anne"), Secret::new(PASSWORD)).await.unwrap().unwrap();
        Self { engine: test.engine, indexed, scanning, _store: test }
    }

    /// The ids of the letters, in order.
    pub async fn messages(&self) -> Vec<MessageId> {
        let snapshot = self.indexed.snapshot(self.inbox().await.id).await.unwrap().unwrap();
        snapshot.entries.iter().map(|entry| entry.message).collect()
    }

    /// What the index proposes, where it helps.
    pub async fn propose(&self, sought: Sought) -> Option<Vec<MessageId>> {
        let all = (MessageId(0), MessageId(i64::MAX));
        self.indexed.propose(sought, all, usize::MAX / 2).await.unwrap()
    }

    async fn inbox(&self) -> Mailbox {
        self.indexed.mailbox(&anne(), &MailboxName::inbox()).await.unwrap().unwrap()
    }

    /// Puts all letters into INBOX, in order.
    pub async fn fill(&self, letters: &[Letter]) {
        let (user, inbox) = (anne(), self.inbox().await);
        for letters in letters.chunks(AT_ONCE) {
            let mut messages = Vec::new();
            for letter in letters {
                let mut spool = self.indexed.spool();
                spool.write(&letter.octets).await.unwrap();
                messages.push(ToAppend { message: spool.finish().await.unwrap(), options: AppendOptions::default() });
            }
            let appended = self.indexed.append_all(&user, &inbox, messages, None).await.unwrap();
            assert!(matches!(appended, AppendedAll::At { .. }), "{appended:?}");
        }
    }

    /// A client with INBOX open.
    pub async fn client(&self, by_index: bool) -> Client {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let gateway = Arc::clone(if by_index { &self.indexed } else { &self.scanning });
        let peer = "192.0.2.1:5000".parse().unwrap();
        let connection = Connection {
            id: 1,
            peer,
            security: Security::Tls,
            bindings: ChannelBindings::default(),
            stop: CancellationToken::new(),
        };
        tokio::spawn(async move { imap::run(gateway, &connection, Start::Greeting, theirs).await });
        let mut client = Client { stream: BufReader::with_capacity(1 << 20, ours) };
        client.line().await;
        client.says(&format!("LOGIN anne \"{PASSWORD}\"")).await;
        client.says("SELECT INBOX").await;
        client
    }
}

fn anne() -> User {
    User {
        id: UserId::new("anne"),
        login: "anne".to_owned(),
        login_alias: None,
        display_name: "A".to_owned(),
        profile: Profile::Teacher,
        suspended: false,
        quota_bytes: None,
    }
}

pub struct Client {
    stream: BufReader<DuplexStream>,
}

impl Client {
    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        assert!(!line.is_empty(), "the session ended");
        line
    }

    /// The untagged lines; the tagged one must be OK.
    async fn says(&mut self, command: &str) -> Vec<String> {
        self.stream.get_mut().write_all(format!("a {command}\r\n").as_bytes()).await.unwrap();
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            match line.strip_prefix("a ") {
                Some(tagged) => {
                    assert!(tagged.starts_with("OK"), "{command}: {tagged}");
                    return lines;
                }
                None => lines.push(line),
            }
        }
    }

    /// The letters found, from 0.
    pub async fn search(&mut self, question: &Question) -> Vec<usize> {
        let mut command = "UID SEARCH RETURN (ALL) ".to_owned();
        question.push(&mut command);
        let lines = self.says(&command).await;
        // Others may say that the search still goes on (RFC 9585).
        let answer = lines.iter().find(|line| line.starts_with("* ESEARCH ")).expect("an answer");
        let Some((_, set)) = answer.trim_end().split_once(" ALL ") else { return Vec::new() };
        let number = |text: &str| text.parse::<usize>().unwrap() - 1;
        let ranges = set.split(',').map(|range| range.split_once(':').unwrap_or((range, range)));
        ranges.flat_map(|(first, last)| number(first)..=number(last)).collect()
    }
}
