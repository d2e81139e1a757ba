//! A naive client: believes what it hears, and checks that it may.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use passerelle::connection::Start;
use passerelle::connection::{Connection, Security};
use passerelle::domain::Gateway;
use passerelle::imap;
use passerelle::sasl::ChannelBindings;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::sync::CancellationToken;

use crate::world::{Mailbox, PASSWORD, World};

pub type Flags = BTreeSet<String>;

/// How a client listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Condstore,
    /// Enables QRESYNC and comes back with what it knows.
    Resync,
    /// Is told of changes between commands too, EXPUNGEs excepted; and of those in other mailboxes.
    Notify,
}

/// A message as the client knows it; what it has not heard, it asks.
#[derive(Clone, Debug, Default)]
struct Message {
    uid: Option<u32>,
    flags: Option<Flags>,
    /// Is it among the results that are kept up to date by number?
    found: bool,
}

/// What the results that are kept up to date must not have.
pub const NOT_FOUND: &str = "$Une";

pub struct Client {
    pub kind: Kind,
    gateway: Arc<Gateway>,
    stream: Option<DuplexStream>,
    unread: Vec<u8>,
    commands: u32,
    /// By sequence number.
    messages: Vec<Message>,
    /// What it came with, and keeps while it is away.
    pub cache: BTreeMap<u32, Flags>,
    /// It has been told of all changes up to here (RFC 7162 §6).
    pub highest: u64,
    mod_seqs_heard: u64,
    highest_heard: Option<u64>,
    /// Did its last command tell all there was?
    heard_all: bool,
    /// What SELECT (QRESYNC …) said had gone, and had changed.
    pub vanished: BTreeSet<u32>,
    pub fetched: BTreeSet<u32>,
    /// The tag of the search whose results are kept up to date.
    context: Option<String>,
    /// Its results, where they are UIDs.
    found: BTreeSet<u32>,
}

impl Client {
    pub fn new(kind: Kind, gateway: Arc<Gateway>) -> Self {
        Self {
            kind,
            gateway,
            stream: None,
            unread: Vec::new(),
            commands: 0,
            messages: Vec::new(),
            cache: BTreeMap::new(),
            highest: 0,
            mod_seqs_heard: 0,
            highest_heard: None,
            heard_all: false,
            vanished: BTreeSet::new(),
            fetched: BTreeSet::new(),
            context: None,
            found: BTreeSet::new(),
        }
    }

    pub fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    /// A step begins: what was heard may be old by its end.
    pub fn begins(&mut self) {
        self.heard_all = false;
    }

    pub fn has_heard_all(&self) -> bool {
        self.is_connected() && self.heard_all
    }

    /// UIDs and flags as the client knows them.
    pub fn view(&self) -> BTreeMap<u32, Flags> {
        let known = |message: &Message| (message.uid.expect("a UID"), message.flags.clone().expect("flags"));
        self.messages.iter().map(known).collect()
    }

    /// The results that are kept up to date, as UIDs; `None` where it keeps none.
    pub fn results(&self) -> Option<BTreeSet<u32>> {
        self.context.as_ref()?;
        let by_number = self.messages.iter().filter(|message| message.found);
        Some(by_number.map(|message| message.uid.expect("a UID")).chain(self.found.iter().copied()).collect())
    }

    /// A set of one or two of its messages; `None` where it has none.
    pub fn set(&self, by_uid: bool, from: u8, to: u8) -> Option<String> {
        let place = |number: u8| usize::from(number) % self.messages.len();
        if self.messages.is_empty() {
            return None;
        }
        let name =
            |place: usize| if by_uid { self.messages[place].uid.unwrap() } else { u32::try_from(place).unwrap() + 1 };
        Some(format!("{}:{}", name(place(from)), name(place(to))))
    }

    /// Connects, logs in and selects; with QRESYNC where it has been there before.
    pub async fn come_back(&mut self, world: &World, mailbox: &Mailbox) {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let gateway = Arc::clone(&self.gateway);
        tokio::spawn(async move {
            let peer = "192.0.2.1:5000".parse().unwrap();
            let connection = Connection {
                id: 1,
                peer,
                security: Security::Tls,
                bindings: ChannelBindings::default(),
                stop: CancellationToken::new(),
            };
            imap::run(gateway, &connection, Start::Greeting, theirs).await;
        });
        (self.stream, self.unread) = (Some(ours), Vec::new());
        assert!(self.response().await.starts_with("* OK"));
        self.command(&format!("LOGIN anne \"{PASSWORD}\"")).await;
        match self.kind {
            Kind::Plain => {}
            Kind::Notify => {
                let all = "MessageNew MessageExpunge FlagChange";
                let selected = "(selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange))";
                self.command(&format!("NOTIFY SET {selected} (personal ({all} MailboxName))")).await;
            }
            Kind::Condstore => self.command("ENABLE CONDSTORE").await,
            Kind::Resync => self.command("ENABLE QRESYNC").await,
        }
        if self.kind == Kind::Resync && self.highest > 0 {
            self.resynchronises(world, mailbox).await;
        } else {
            self.selects(mailbox).await;
        }
    }

    /// SELECT (QRESYNC …): no other command is needed to know all of the mailbox again.
    async fn resynchronises(&mut self, world: &World, mailbox: &Mailbox) {
        let since = self.highest;
        (self.vanished, self.fetched) = Default::default();
        self.messages.clear();
        self.command(&format!("SELECT {} (QRESYNC ({} {since}))", mailbox.name, mailbox.uid_validity)).await;
        let mut cache = std::mem::take(&mut self.cache);
        cache.retain(|uid, _| !self.vanished.contains(uid));
        for message in &self.messages {
            if let (Some(uid), Some(flags)) = (message.uid, &message.flags) {
                cache.insert(uid, flags.clone());
            }
        }
        assert_eq!(cache.len(), self.messages.len(), "QRESYNC since {since} left {cache:?}");
        for (message, (uid, flags)) in self.messages.iter_mut().zip(&cache) {
            assert!(message.uid.is_none_or(|told| told == *uid), "QRESYNC since {since}: {uid} is not in its place");
            *message = Message { uid: Some(*uid), flags: Some(flags.clone()), found: false };
        }
        world.check_difference(mailbox, self, since).await;
    }

    /// SELECT, then asks for everything.
    pub async fn selects(&mut self, mailbox: &Mailbox) {
        self.highest = 0;
        self.says(&format!("SELECT {}", mailbox.name)).await;
        match self.kind {
            Kind::Plain => self.keeps("SEARCH").await,
            Kind::Notify => self.keeps("UID SEARCH").await,
            Kind::Condstore | Kind::Resync => {}
        }
        self.heard_all = false;
    }

    /// Has the results of a search kept up to date: by UID, or by numbers that shift.
    async fn keeps(&mut self, verb: &str) {
        self.context = Some(format!("t{}", self.commands + 1));
        self.found.clear();
        self.messages.iter_mut().for_each(|message| message.found = false);
        self.says(&format!("{verb} RETURN (ALL UPDATE) UNKEYWORD {NOT_FOUND}")).await;
    }

    pub async fn closes(&mut self) {
        self.command("CLOSE").await;
        self.is_closed();
    }

    /// What was known of the mailbox means nothing any more.
    fn is_closed(&mut self) {
        self.messages.clear();
        self.found.clear();
        self.context = None;
    }

    pub fn leaves(&mut self) {
        self.cache = self.view();
        self.is_closed();
        self.stream = None;
    }

    /// A command; then asks what it does not know of new messages.
    pub async fn says(&mut self, command: &str) {
        self.command(command).await;
        let heard_all = self.heard_all;
        if command.contains(".SILENT") {
            // Not told of its own change, it asks.
            self.messages.iter_mut().for_each(|message| message.flags = None);
        }
        while let Some(first) =
            self.messages.iter().position(|message| message.uid.is_none() || message.flags.is_none())
        {
            self.command(&format!("FETCH {}:{} (UID FLAGS)", first + 1, self.messages.len())).await;
            // One that went meanwhile has nothing to show: NOOP takes it away.
            if self.messages.iter().any(|message| message.uid.is_none() || message.flags.is_none()) {
                self.command("NOOP").await;
            }
        }
        self.heard_all = heard_all;
        self.check_order();
    }

    pub async fn appends(&mut self, mailbox: &Mailbox) {
        let letter = "Subject: a\r\n\r\nx\r\n";
        self.says(&format!("APPEND {} {{{}+}}\r\n{letter}", mailbox.name, letter.len())).await;
    }

    pub async fn idles(&mut self) {
        self.commands += 1;
        let tag = format!("t{}", self.commands);
        self.send(&format!("{tag} IDLE\r\n")).await;
        loop {
            let response = self.response().await;
            if response == "+ idling" {
                break;
            }
            assert_eq!(self.kind, Kind::Notify, "{response}");
            self.hear_untagged(&response, "IDLE", false);
        }
        self.send("DONE\r\n").await;
        self.hear(&tag, "IDLE").await;
        self.says("NOOP").await;
    }

    async fn command(&mut self, command: &str) {
        self.commands += 1;
        let tag = format!("t{}", self.commands);
        self.send(&format!("{tag} {command}\r\n")).await;
        self.hear(&tag, command).await;
    }

    async fn send(&mut self, text: &str) {
        self.stream.as_mut().unwrap().write_all(text.as_bytes()).await.unwrap();
    }

    /// Hears all that comes up to the tagged answer.
    async fn hear(&mut self, tag: &str, command: &str) {
        // Other than the search that is kept up to date, UID SEARCH names numbers here.
        let names_numbers = !command.starts_with("UID SEARCH RETURN (ALL UPDATE)");
        let holds =
            ["FETCH", "STORE", "SEARCH", "UID SEARCH"].iter().any(|verb| command.starts_with(verb)) && names_numbers;
        (self.mod_seqs_heard, self.highest_heard) = (0, None);
        loop {
            let response = self.response().await;
            if let Some(answer) = response.strip_prefix(tag) {
                assert!(answer.starts_with(" OK"), "{command}: {answer}");
                self.hear_code(answer);
                break;
            }
            self.hear_untagged(&response, command, holds);
        }
        // RFC 7162 §6: the code counts, whatever was seen; else the highest that was seen.
        self.highest = self.highest_heard.unwrap_or_else(|| self.highest.max(self.mod_seqs_heard));
        self.heard_all =
            !holds && !command.starts_with("LOGIN") && !command.starts_with("APPEND") && !command.contains("COPY");
    }

    fn hear_code(&mut self, text: &str) {
        if let Some(mod_seq) = number_behind(text, "[HIGHESTMODSEQ ") {
            self.highest_heard = Some(mod_seq);
        }
    }

    fn hear_untagged(&mut self, response: &str, command: &str, holds: bool) {
        let words: Vec<&str> = response.split(' ').collect();
        match words.as_slice() {
            ["*", "VANISHED", "(EARLIER)", uids] => self.vanished.extend(numbers(uids)),
            ["*", "VANISHED", uids] => {
                assert!(!holds && self.kind == Kind::Resync, "{command}: {response}");
                for uid in numbers(uids) {
                    let place = self.place_of(uid);
                    self.messages.remove(place.unwrap_or_else(|| panic!("{command}: {response}: {uid} is not there")));
                }
            }
            ["*", number, "EXPUNGE"] => {
                assert!(!holds && self.kind != Kind::Resync, "{command}: {response}");
                let place = self.place(number, response);
                let message = self.messages.remove(place);
                let is_found = message.found || message.uid.is_some_and(|uid| self.found.contains(&uid));
                assert!(!is_found, "{command}: {response}: it is still among the results");
            }
            ["*", number, "EXISTS"] => {
                let count: usize = number.parse().unwrap();
                assert!(count >= self.messages.len(), "{command}: {response}: it knows {}", self.messages.len());
                self.messages.resize_with(count, Message::default);
            }
            ["*", number, "FETCH", ..] => {
                let place = self.place(number, response);
                self.hear_fetch(place, response);
            }
            ["*", "ESEARCH", ..] => self.hear_results(response),
            ["*", "OK", "[CLOSED]", ..] => self.is_closed(),
            ["*", "OK", ..] => self.hear_code(response),
            _ => {}
        }
    }

    /// The results of its search, or what has changed in them (RFC 5267 §4.3).
    fn hear_results(&mut self, response: &str) {
        let tag = self.context.as_ref().map(|tag| format!("(TAG \"{tag}\")"));
        let Some(rest) = tag.and_then(|tag| response.strip_prefix(&format!("* ESEARCH {tag}"))) else { return };
        let by_uid = rest.starts_with(" UID");
        for (name, found) in [(" ALL ", true), (" REMOVEFROM (0 ", false), (" ADDTO (0 ", true)] {
            let Some((_, set)) = rest.split_once(name) else { continue };
            let set = set.split([' ', ')']).next().unwrap();
            for number in numbers(set) {
                let was_found = match by_uid {
                    true if found => !self.found.insert(number),
                    true => self.found.remove(&number),
                    false => {
                        let place = self.place(&number.to_string(), response);
                        std::mem::replace(&mut self.messages[place].found, found)
                    }
                };
                assert_eq!(was_found, !found, "{response}: {number}");
            }
        }
    }

    /// Where a UID stands: known, or among those that it has not asked for yet, which lie in the order of their UIDs.
    fn place_of(&self, uid: u32) -> Option<usize> {
        let behind = self.messages.iter().rposition(|message| message.uid.is_some_and(|known| known <= uid));
        match behind {
            Some(place) if self.messages[place].uid == Some(uid) => Some(place),
            Some(place) => Some(place + 1),
            None => Some(0),
        }
        .filter(|place| self.messages.get(*place).is_some_and(|message| message.uid.is_none_or(|known| known == uid)))
    }

    fn place(&self, number: &str, response: &str) -> usize {
        let number: usize = number.parse().unwrap();
        assert!((1..=self.messages.len()).contains(&number), "{response}: it counts {}", self.messages.len());
        number - 1
    }

    fn hear_fetch(&mut self, place: usize, response: &str) {
        let message = &mut self.messages[place];
        if let Some(uid) = number_behind(response, "UID ") {
            let uid = u32::try_from(uid).unwrap();
            assert!(message.uid.is_none_or(|known| known == uid), "{response}: it knows {:?}", message.uid);
            message.uid = Some(uid);
            self.fetched.insert(uid);
        }
        if let Some((_, rest)) = response.split_once("FLAGS (") {
            let flags = rest.split_once(')').unwrap().0.split(' ').filter(|flag| !flag.is_empty());
            message.flags = Some(flags.map(str::to_owned).collect());
        }
        self.mod_seqs_heard = self.mod_seqs_heard.max(number_behind(response, "MODSEQ (").unwrap_or(0));
    }

    fn check_order(&self) {
        let uids: Vec<u32> = self.messages.iter().filter_map(|message| message.uid).collect();
        assert!(uids.windows(2).all(|pair| pair[0] < pair[1]), "UIDs do not rise: {uids:?}");
    }

    async fn response(&mut self) -> String {
        let mut length = 0;
        loop {
            let end = loop {
                if let Some(at) = self.unread[length..].windows(2).position(|two| two == b"\r\n") {
                    break length + at;
                }
                self.read_more().await;
            };
            let line = String::from_utf8_lossy(&self.unread[length..end]).into_owned();
            length = end + 2;
            let Some(size) = line.strip_suffix('}').and_then(|line| line.rsplit_once('{')) else { break };
            length += size.1.parse::<usize>().unwrap();
            while self.unread.len() < length {
                self.read_more().await;
            }
        }
        let response: Vec<u8> = self.unread.drain(..length).collect();
        String::from_utf8_lossy(&response[..length - 2]).into_owned()
    }

    async fn read_more(&mut self) {
        let read = self.stream.as_mut().unwrap().read_buf(&mut self.unread);
        let count = tokio::time::timeout(Duration::from_secs(60), read).await.expect("an answer in time").unwrap();
        assert!(count > 0, "the session has hung up");
    }
}

fn number_behind(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.split_once(name)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// `1:3,7` → 1, 2, 3, 7
fn numbers(set: &str) -> Vec<u32> {
    let ends = |range: &str| {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        from.parse().unwrap()..=to.parse().unwrap()
    };
    set.split(',').flat_map(ends).collect()
}
