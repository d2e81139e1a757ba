//! A client: one person, who sends, files, moves, marks and expunges, one command after the other, and knows what must be.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Debug;
use std::io::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::client::{Lines, smtp, submit};
use crate::journal::{Journal, count};
use crate::model::{Account, Marks, Op, Token};
use crate::wire::{Done, Imap};

/// Where clients connect: the ports of gateways, IMAP and submission.
pub(crate) type Ports = Vec<(u16, u16)>;

const PAUSE: Duration = Duration::from_millis(20);
const MARKS: [&str; 4] = ["\\Seen", "\\Flagged", "\\Answered", "rig"];
const OWN: [&str; 2] = ["Un", "Deux"];

/// What all people share.
pub(crate) struct Town {
    pub(crate) ports: Ports,
    pub(crate) people: usize,
    pub(crate) journal: Journal,
    pub(crate) stop: AtomicBool,
    pub(crate) began: Instant,
    /// How long a change that broke off may still be under way in the store.
    pub(crate) settled_after: Duration,
    /// People who have not stopped: nobody looks for the last time before.
    pub(crate) working: AtomicUsize,
    /// Acknowledged things, by person.
    pub(crate) progress: Vec<AtomicU64>,
}

/// Somebody at work; it ends with the work, however that ends.
struct Working<'t>(&'t AtomicUsize);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) fn login(number: usize) -> String {
    format!("u{number:04}")
}

fn address(number: usize) -> String {
    format!("{}@school.test", login(number))
}

pub(crate) struct Person<'t> {
    town: &'t Town,
    number: usize,
    chance: Chance,
    pub(crate) account: Account,
    /// Sent, and not answered yet.
    pending: Option<Op>,
    /// Something broke off: look before going on.
    unsure: bool,
    imap: Option<Imap>,
    smtp: Option<Lines>,
    made: usize,
    /// What was done last, for whoever looks why a promise was broken.
    past: VecDeque<String>,
}

const PAST_MAX: usize = 40;

impl Drop for Person<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let past: Vec<_> = self.past.drain(..).collect();
            println!("{}, before that:\n  {}", login(self.number), past.join("\n  "));
        }
    }
}

impl<'t> Person<'t> {
    /// Looks at the mailboxes as they are, and makes two more.
    pub(crate) fn new(town: &'t Town, number: usize, seed: u64) -> Self {
        let mut imap = Imap::log_in(town.ports[0].0, &login(number)).unwrap();
        for folder in OWN {
            imap.ask(&format!("CREATE {folder}")).unwrap();
        }
        let seen = imap.look().unwrap();
        let mut account = Account::default();
        for name in seen.keys() {
            account = Op::Create { folder: name.clone() }.done(&account);
        }
        let account = account.explain(&seen, &Vec::new(), &|_| true).unwrap();
        let chance = Chance::new(seed.wrapping_mul(1000).wrapping_add(u64::try_from(number).unwrap()));
        Self {
            town,
            number,
            chance,
            account,
            pending: None,
            unsure: false,
            imap: Some(imap),
            smtp: None,
            made: 0,
            past: VecDeque::new(),
        }
    }

    /// Works until told to stop, whatever breaks meanwhile; then looks once more.
    pub(crate) fn work(mut self) -> Account {
        let working = Working(&self.town.working);
        while !self.town.stop.load(Ordering::Relaxed) {
            if self.step().is_err() {
                self.broken();
            }
        }
        drop(working);
        while self.town.working.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(PAUSE);
        }
        self.unsure = true;
        let started = Instant::now();
        while let Err(error) = self.imap() {
            assert!(
                started.elapsed() < Duration::from_secs(180),
                "{}: no look at the end: {error}",
                login(self.number)
            );
            self.broken();
        }
        std::mem::take(&mut self.account)
    }

    fn note(&mut self, what: &dyn Debug, came_to: &str) {
        if self.past.len() == PAST_MAX {
            self.past.pop_front();
        }
        self.past.push_back(format!("{:?} {what:?}: {came_to}", self.town.began.elapsed()));
    }

    fn broken(&mut self) {
        (self.imap, self.smtp, self.unsure) = (None, None, true);
        std::thread::sleep(PAUSE);
    }

    fn step(&mut self) -> Result<()> {
        self.imap()?;
        match self.chance.below(20) {
            0..5 => self.send(),
            5..8 => self.append(),
            8..11 => self.transfer(true),
            11..13 => self.transfer(false),
            13..16 => self.mark(),
            16..18 => self.expunge(),
            18 => self.rename(),
            _ => self.make_and_delete(),
        }
    }

    /// The IMAP session; a new one begins with a look at everything, where something broke off.
    fn imap(&mut self) -> Result<&mut Imap> {
        if self.imap.is_none() || self.unsure {
            let port = self.chance.of(&self.town.ports).0;
            let mut imap = Imap::log_in(port, &login(self.number))?;
            if self.unsure {
                std::thread::sleep(self.town.settled_after);
                self.look(&mut imap)?;
            }
            self.imap = Some(imap);
        }
        Ok(self.imap.as_mut().unwrap())
    }

    /// What broke off has been done, or has not; all else is as it must be.
    fn look(&mut self, imap: &mut Imap) -> Result<()> {
        let seen = imap.look()?;
        let (journal, number) = (&self.town.journal, self.number);
        let (losses, may_arrive) = (journal.losses(), |token: &str| journal.is_for(token, number));
        let not_done = self.account.explain(&seen, &losses, &may_arrive);
        let sizes: Vec<_> = seen.iter().map(|(name, folder)| (name, folder.next)).collect();
        let note = format!("{:?} looks: UIDNEXT {sizes:?}: {:?}", self.town.began.elapsed(), not_done.as_ref().err());
        self.past.push_back(note);
        self.account = match (not_done, &self.pending) {
            (Ok(account), _) => account,
            (Err(why), None) => panic!("{}: {why}", login(number)),
            (Err(not_done), Some(op)) => op
                .done(&self.account)
                .explain(&seen, &losses, &may_arrive)
                .unwrap_or_else(|done| panic!("{}: {op:?} is neither done nor not: {done}; {not_done}", login(number))),
        };
        (self.pending, self.unsure) = (None, false);
        Ok(())
    }

    /// Does a change: what must be follows when it is acknowledged.
    fn change(&mut self, op: Op, act: impl FnOnce(&mut Imap) -> Result<Done>) -> Result<()> {
        let imap = self.imap.as_mut().expect("a session");
        self.pending = Some(op);
        let done = match act(imap) {
            Ok(done) => done,
            Err(error) => {
                count(&self.town.journal.counts.unknown);
                let op = self.pending.clone();
                self.note(&op, &error.to_string());
                return Err(error);
            }
        };
        let op = self.pending.take().expect("the change");
        self.note(&op, &format!("{:?}", done.told));
        self.account = op
            .acknowledged(&self.account, done.told.as_ref())
            .unwrap_or_else(|why| panic!("{}: {op:?}: {why}", login(self.number)));
        count(&self.town.journal.counts.commands);
        count(&self.town.progress[self.number - 1]);
        Ok(())
    }

    fn token(&mut self) -> Token {
        self.made += 1;
        format!("rig-{}-{}", self.number, self.made)
    }

    /// A letter; large ones share few bodies, so that these come and go, and are in use again.
    fn letter(&mut self, token: &str, to: &str) -> Vec<u8> {
        let from = address(self.number);
        let body = match self.chance.below(5) {
            0 => format!("{}\r\n", self.chance.below(4)).repeat(3000),
            1 => format!("{token} ").repeat(400),
            _ => format!("Bonjour, {token}."),
        };
        format!(
            "From: <{from}>\r\nTo: <{to}>\r\nSubject: {token}\r\nMessage-ID: <{token}@school.test>\r\n\r\n{body}\r\n"
        )
        .into_bytes()
    }

    /// Submits; what gets no answer is sent again, the same, as clients do. Mostly: some give up.
    fn send(&mut self) -> Result<()> {
        let token = self.token();
        let everybody = self.chance.one_in(6);
        let people: BTreeSet<usize> = match everybody {
            true => (1..=self.town.people).collect(),
            false => (0..=self.chance.below(3)).map(|_| self.chance.below(self.town.people) + 1).collect(),
        };
        let to: Vec<String> = match everybody {
            true => vec!["bench@school.test".to_owned()],
            false => people.iter().map(|number| address(*number)).collect(),
        };
        let to: Vec<&str> = to.iter().map(String::as_str).collect();
        let letter = self.letter(&token, &to.join(">, <"));
        let journal = &self.town.journal;
        journal.intend(&token, self.number, &people);
        let gives_up = self.chance.one_in(4);
        self.account.filed("Sent", &token, false);
        while let Err(error) = self.submit(&to, &letter) {
            count(&journal.counts.unknown);
            self.note(&token, &error.to_string());
            (self.smtp, self.unsure) = (None, true);
            if gives_up || self.town.stop.load(Ordering::Relaxed) {
                return Err(error);
            }
            // Some look before they send again: then what they have seen must stay.
            if self.chance.one_in(2) && self.imap().is_err() {
                self.imap = None;
            }
            count(&journal.counts.repeated);
            self.account.filed("Sent", &token, false);
            std::thread::sleep(PAUSE);
        }
        journal.acknowledge(&token);
        self.note(&token, "sent");
        count(&journal.counts.submissions);
        count(&self.town.progress[self.number - 1]);
        self.account.filed("Sent", &token, true);
        if self.chance.one_in(3) { self.file(&token, &letter) } else { Ok(()) }
    }

    fn submit(&mut self, to: &[&str], letter: &[u8]) -> Result<()> {
        let from = address(self.number);
        if self.smtp.is_none() {
            let port = self.chance.of(&self.town.ports).1;
            self.smtp = Some(smtp(port, &from, "secret")?);
        }
        let reply = submit(self.smtp.as_mut().expect("a session"), &from, to, letter)?;
        match reply.as_bytes()[0] {
            b'2' => Ok(()),
            b'4' => Err(Error::other(reply)),
            _ => panic!("{from}: {reply}"),
        }
    }

    /// Files the copy that was sent, as most clients do: it joins the one that is there.
    fn file(&mut self, token: &str, letter: &[u8]) -> Result<()> {
        let imap = self.imap()?;
        let done = imap.append("Sent", "\\Seen", &[letter.to_vec()])?;
        let told = done.told.expect("APPENDUID");
        let joined = self.account.joined("Sent", (told.validity, told.to[0]), token);
        joined.unwrap_or_else(|why| panic!("{}: Sent: {why}", login(self.number)));
        Ok(())
    }

    fn append(&mut self) -> Result<()> {
        let folder = (*self.chance.of(&["Un", "Deux", "Drafts"])).to_owned();
        let tokens: Vec<Token> = (0..=self.chance.below(3)).map(|_| self.token()).collect();
        let messages: Vec<_> = tokens.iter().map(|token| self.letter(token, "nobody@school.test")).collect();
        let mark = *self.chance.of(&MARKS);
        let op = Op::Append { folder: folder.clone(), tokens, marks: Marks::from([mark.to_owned()]) };
        self.change(op, |imap| imap.append(&folder, mark, &messages))
    }

    /// A few messages of one of these mailboxes; none where it is empty.
    fn some(&mut self, folders: &[&str]) -> (String, Vec<u32>) {
        let folder = (*self.chance.of(folders)).to_owned();
        let all: Vec<u32> = self.account.folders[&folder].kept.keys().copied().collect();
        if all.is_empty() {
            return (folder, all);
        }
        let chosen: BTreeSet<u32> = (0..=self.chance.below(4)).map(|_| *self.chance.of(&all)).collect();
        (folder, chosen.into_iter().collect())
    }

    fn transfer(&mut self, moving: bool) -> Result<()> {
        let (from, uids) = self.some(&["INBOX", "Un", "Deux"]);
        let targets = if moving { &["Un", "Deux", "Trash"][..] } else { &OWN[..] };
        let to = (*self.chance.of(targets)).to_owned();
        if uids.is_empty() || from == to {
            return self.look_at_inbox();
        }
        let set = set_of(&uids);
        let command = format!("UID {} {set} {to}", if moving { "MOVE" } else { "COPY" });
        let folder = from.clone();
        let op = if moving { Op::Move { from, to, uids } } else { Op::Copy { from, to, uids } };
        self.change(op, |imap| imap.ask_in(&folder, &command))
    }

    /// What has come meanwhile becomes known, and can be moved.
    fn look_at_inbox(&mut self) -> Result<()> {
        let mut imap = self.imap.take().expect("a session");
        self.look(&mut imap)?;
        self.imap = Some(imap);
        Ok(())
    }

    fn mark(&mut self) -> Result<()> {
        let (folder, uids) = self.some(&["INBOX", "Un", "Deux", "Drafts"]);
        if uids.is_empty() {
            return self.look_at_inbox();
        }
        let (mark, on) = (*self.chance.of(&MARKS), !self.chance.one_in(3));
        self.set_mark(&folder, &uids, mark, on)
    }

    fn set_mark(&mut self, folder: &str, uids: &[u32], mark: &'static str, on: bool) -> Result<()> {
        let command = format!("UID STORE {} {}FLAGS ({mark})", set_of(uids), if on { '+' } else { '-' });
        let op = Op::Mark { folder: folder.to_owned(), uids: uids.to_vec(), mark, on };
        self.change(op, |imap| imap.ask_in(folder, &command))
    }

    fn expunge(&mut self) -> Result<()> {
        let (folder, uids) = self.some(&["Un", "Deux", "Drafts", "Trash", "INBOX"]);
        if uids.is_empty() {
            return self.look_at_inbox();
        }
        self.set_mark(&folder, &uids, "\\Deleted", true)?;
        let command = format!("UID EXPUNGE {}", set_of(&uids));
        self.change(Op::Expunge { folder: folder.clone(), uids }, |imap| imap.ask_in(&folder, &command))
    }

    fn rename(&mut self) -> Result<()> {
        let (from, to) = match self.account.folders.contains_key("Ailleurs") {
            true => ("Ailleurs", "Ici"),
            false if self.account.folders.contains_key("Ici") => ("Ici", "Ailleurs"),
            false => return self.change(Op::Create { folder: "Ici".to_owned() }, |imap| imap.ask("CREATE Ici")),
        };
        let op = Op::Rename { from: from.to_owned(), to: to.to_owned() };
        self.change(op, |imap| imap.ask(&format!("RENAME {from} {to}")))
    }

    /// A mailbox is made, gets a message and goes: the message is in Trash.
    fn make_and_delete(&mut self) -> Result<()> {
        let folder = format!("Passage-{}", self.made);
        let token = self.token();
        let letter = self.letter(&token, "nobody@school.test");
        self.change(Op::Create { folder: folder.clone() }, |imap| imap.ask(&format!("CREATE {folder}")))?;
        let op = Op::Append { folder: folder.clone(), tokens: vec![token], marks: Marks::new() };
        self.change(op, |imap| imap.append(&folder, "", &[letter]))?;
        self.change(Op::Delete { folder: folder.clone() }, |imap| imap.ask(&format!("DELETE {folder}")))
    }
}

fn set_of(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
