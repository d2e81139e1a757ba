//! A naive client: believes what it hears, and checks that it may.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::line::{Heard, HungUp, Line};
use crate::world::{Mailbox, PASSWORD, World, count};

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

/// How long it waits for what another gateway makes: a poll takes a second.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub struct Client {
    pub kind: Kind,
    /// The gateway that it comes to, and the life that this was in when it came.
    pub home: usize,
    pub life: u64,
    line: Option<Line>,
    commands: u32,
    /// By sequence number.
    messages: Vec<Message>,
    /// What it keeps while it is away: UIDs with flags, and the ModSeq up to which that is all.
    kept: (BTreeMap<u32, Flags>, u64),
    is_selected: bool,
    /// It has been told of all changes up to here (RFC 7162 §6).
    pub highest: u64,
    mod_seqs_heard: u64,
    highest_heard: Option<u64>,
    /// Did its last command tell all there was?
    heard_all: bool,
    /// What SELECT (QRESYNC …) said had gone, and had changed.
    pub vanished: BTreeSet<u32>,
    pub fetched: BTreeSet<u32>,
    /// UIDs that the server gave to what it put into the mailbox.
    added: Vec<u32>,
    /// The tag of the search whose results are kept up to date.
    context: Option<String>,
    /// Its results, where they are UIDs.
    found: BTreeSet<u32>,
}

impl Client {
    pub fn new(kind: Kind, home: usize) -> Self {
        Self {
            kind,
            home,
            life: 0,
            line: None,
            commands: 0,
            messages: Vec::new(),
            kept: Default::default(),
            is_selected: false,
            highest: 0,
            mod_seqs_heard: 0,
            highest_heard: None,
            heard_all: false,
            vanished: BTreeSet::new(),
            fetched: BTreeSet::new(),
            added: Vec::new(),
            context: None,
            found: BTreeSet::new(),
        }
    }

    pub fn is_connected(&self) -> bool {
        self.line.is_some()
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
    pub async fn come_back(&mut self, world: &World, mailbox: &Mailbox) -> Heard {
        let (line, life) = world.connect(self.home).await;
        (self.line, self.life) = (Some(line), life);
        assert!(self.response().await?.starts_with("* OK"));
        self.command(&format!("LOGIN anne \"{PASSWORD}\"")).await?;
        match self.kind {
            Kind::Plain => {}
            Kind::Notify => {
                let all = "MessageNew MessageExpunge FlagChange";
                let selected = "(selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange))";
                self.command(&format!("NOTIFY SET {selected} (personal ({all} MailboxName))")).await?;
            }
            Kind::Condstore => self.command("ENABLE CONDSTORE").await?,
            Kind::Resync => self.command("ENABLE QRESYNC").await?,
        }
        if self.kind == Kind::Resync && self.kept.1 > 0 {
            self.resynchronises(world, mailbox).await
        } else {
            self.selects(mailbox).await
        }
    }

    /// SELECT (QRESYNC …): no other command is needed to know all of the mailbox again.
    async fn resynchronises(&mut self, world: &World, mailbox: &Mailbox) -> Heard {
        let (mut cache, since) = self.kept.clone();
        (self.vanished, self.fetched) = Default::default();
        self.command(&format!("SELECT {} (QRESYNC ({} {since}))", mailbox.name, mailbox.uid_validity)).await?;
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
        self.is_whole();
        world.check_difference(mailbox, self, since).await;
        Ok(())
    }

    /// SELECT, then asks for everything.
    pub async fn selects(&mut self, mailbox: &Mailbox) -> Heard {
        self.highest = 0;
        self.says(&format!("SELECT {}", mailbox.name)).await?;
        match self.kind {
            Kind::Plain => self.keeps("SEARCH").await?,
            Kind::Notify => self.keeps("UID SEARCH").await?,
            Kind::Condstore | Kind::Resync => {}
        }
        self.heard_all = false;
        Ok(())
    }

    /// Has the results of a search kept up to date: by UID, or by numbers that shift.
    async fn keeps(&mut self, verb: &str) -> Heard {
        self.context = Some(format!("t{}", self.commands + 1));
        self.found.clear();
        self.messages.iter_mut().for_each(|message| message.found = false);
        self.says(&format!("{verb} RETURN (ALL UPDATE) UNKEYWORD {NOT_FOUND}")).await
    }

    pub async fn closes(&mut self) -> Heard {
        self.command("CLOSE").await?;
        self.is_closed();
        Ok(())
    }

    /// What was known of the mailbox means nothing any more.
    fn is_closed(&mut self) {
        self.messages.clear();
        self.found.clear();
        self.context = None;
        self.is_selected = false;
    }

    /// It knows all that it has been told of.
    fn is_whole(&mut self) {
        self.is_selected = true;
        self.kept = (self.view(), self.highest);
    }

    /// Hangs up.
    pub fn leaves(&mut self) {
        self.line = None;
        self.is_closed();
    }

    /// Was hung up on: what it has heard since it last knew everything counts as well, where nothing of that is half.
    /// Whoever balances connections sends it to the other gateway.
    pub fn is_cut_off(&mut self) {
        if self.is_selected && self.unknown().is_none() {
            self.kept = (self.view(), self.highest);
        }
        self.leaves();
        self.home = 1 - self.home;
    }

    /// The first message that it does not know all about.
    fn unknown(&self) -> Option<usize> {
        self.messages.iter().position(|message| message.uid.is_none() || message.flags.is_none())
    }

    /// A command; then asks what it does not know of new messages.
    pub async fn says(&mut self, command: &str) -> Heard {
        self.command(command).await?;
        let heard_all = self.heard_all;
        if command.contains(".SILENT") {
            // Not told of its own change, it asks.
            self.messages.iter_mut().for_each(|message| message.flags = None);
        }
        while let Some(first) = self.unknown() {
            self.command(&format!("FETCH {}:{} (UID FLAGS)", first + 1, self.messages.len())).await?;
            // One that went meanwhile has nothing to show: NOOP takes it away.
            if self.unknown().is_some() {
                self.command("NOOP").await?;
            }
        }
        self.heard_all = heard_all;
        self.check_order();
        self.is_whole();
        Ok(())
    }

    pub async fn appends(&mut self, world: &World, mailbox: &Mailbox) -> Heard {
        let letter = "Subject: a\r\n\r\nx\r\n";
        self.adds(world, mailbox, &format!("APPEND {} {{{}+}}\r\n{letter}", mailbox.name, letter.len())).await
    }

    /// Copies messages into the same mailbox.
    pub async fn copies(&mut self, world: &World, mailbox: &Mailbox, set: &str) -> Heard {
        self.adds(world, mailbox, &format!("UID COPY {set} {}", mailbox.name)).await
    }

    /// A command that puts messages into the mailbox.
    async fn adds(&mut self, world: &World, mailbox: &Mailbox, command: &str) -> Heard {
        let before = mailbox.journal.before();
        let said = self.says(command).await;
        let added = std::mem::take(&mut self.added);
        if !added.is_empty() {
            let truth = world.truth(mailbox).await;
            added.into_iter().for_each(|uid| mailbox.journal.arrives(before, uid, &truth));
        }
        said
    }

    pub async fn idles(&mut self) -> Heard {
        let tag = self.begins_idle().await?;
        self.ends_idle(&tag).await
    }

    /// In IDLE, hears of a letter that comes through the other gateway.
    pub async fn waits(&mut self, world: &World, mailbox: &Mailbox) -> Heard {
        let tag = self.begins_idle().await?;
        if let Some(uid) = world.deliver_by(1 - self.home, mailbox).await {
            let begun = Instant::now();
            loop {
                match tokio::time::timeout(LOOK_EVERY, self.response()).await {
                    Ok(response) => {
                        let response = response?;
                        self.hear_untagged(&response, "IDLE", false);
                        if response.ends_with(" EXISTS") {
                            count(&world.tally.waits);
                            let milliseconds = usize::try_from(begun.elapsed().as_millis()).unwrap();
                            world.tally.told_after_milliseconds_max.fetch_max(milliseconds, Ordering::Relaxed);
                            break;
                        }
                    }
                    // Somebody may have taken it away before this one could be told.
                    Err(_) if !world.truth(mailbox).await.there.contains_key(&uid) => break,
                    Err(_) => assert!(begun.elapsed() < PATIENCE, "{:?} was not told of {uid}", self.kind),
                }
            }
        }
        self.ends_idle(&tag).await
    }

    async fn begins_idle(&mut self) -> Heard<String> {
        self.commands += 1;
        let tag = format!("t{}", self.commands);
        self.send(&format!("{tag} IDLE\r\n")).await?;
        loop {
            let response = self.response().await?;
            if response == "+ idling" {
                return Ok(tag);
            }
            assert_eq!(self.kind, Kind::Notify, "{response}");
            self.hear_untagged(&response, "IDLE", false);
        }
    }

    async fn ends_idle(&mut self, tag: &str) -> Heard {
        self.send("DONE\r\n").await?;
        self.hear(tag, "IDLE").await?;
        self.says("NOOP").await
    }

    async fn command(&mut self, command: &str) -> Heard {
        self.commands += 1;
        let tag = format!("t{}", self.commands);
        self.send(&format!("{tag} {command}\r\n")).await?;
        self.hear(&tag, command).await
    }

    async fn send(&mut self, text: &str) -> Heard {
        self.line.as_mut().expect("a connection").send(text).await
    }

    async fn response(&mut self) -> Heard<String> {
        self.line.as_mut().expect("a connection").response().await
    }

    /// Hears all that comes up to the tagged answer.
    async fn hear(&mut self, tag: &str, command: &str) -> Heard {
        // Other than the search that is kept up to date, UID SEARCH names numbers here.
        let names_numbers = !command.starts_with("UID SEARCH RETURN (ALL UPDATE)");
        let holds =
            ["FETCH", "STORE", "SEARCH", "UID SEARCH"].iter().any(|verb| command.starts_with(verb)) && names_numbers;
        (self.mod_seqs_heard, self.highest_heard) = (0, None);
        loop {
            let response = self.response().await?;
            if let Some(answer) = response.strip_prefix(tag) {
                if answer.starts_with(" NO [UNAVAILABLE]") {
                    // The last words of a session whose gateway is being killed.
                    return Err(HungUp(format!("{command}:{answer}")));
                }
                assert!(answer.starts_with(" OK"), "{command}: {answer}");
                self.hear_code(answer);
                self.hear_added(answer);
                break;
            }
            self.hear_untagged(&response, command, holds);
        }
        // RFC 7162 §6: the code counts, whatever was seen; else the highest that was seen.
        self.highest = self.highest_heard.unwrap_or_else(|| self.highest.max(self.mod_seqs_heard));
        self.heard_all =
            !holds && !command.starts_with("LOGIN") && !command.starts_with("APPEND") && !command.contains("COPY");
        Ok(())
    }

    fn hear_code(&mut self, text: &str) {
        if let Some(mod_seq) = number_behind(text, "[HIGHESTMODSEQ ") {
            self.highest_heard = Some(mod_seq);
        }
    }

    /// APPENDUID, COPYUID (RFC 9051 §7.1): the last word of either.
    fn hear_added(&mut self, text: &str) {
        for name in ["[APPENDUID ", "[COPYUID "] {
            let code = text.split_once(name).and_then(|(_, rest)| rest.split(']').next());
            self.added.extend(code.and_then(|code| code.rsplit(' ').next()).map(numbers).unwrap_or_default());
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
