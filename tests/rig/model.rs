//! What a person's mailboxes must hold, by what the server has acknowledged: compared with what they do hold.
//!
//! A command whose answer never came may have happened or not, and never by half: [`Op::done`] is the state after it, and
//! what is seen must be the state before or that. Whatever has been seen is as good as acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// What a message is known by: its subject, and its Message-ID before the `@`.
pub(crate) type Token = String;
/// Flags and keywords, as the server writes them.
pub(crate) type Marks = BTreeSet<String>;

/// Times in which acknowledged flags may have been lost: of a second before a power loss, to its end.
pub(crate) type Losses = Vec<(Instant, Instant)>;

/// A message in a mailbox.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) token: Token,
    marks: Option<Marks>,
    /// What they were, each until this time.
    before: Vec<(Instant, Marks)>,
}

/// A message that is in a mailbox under a UID not heard yet.
#[derive(Clone, Debug)]
struct Arrival {
    kept: Kept,
    /// `false`: it may be there.
    sure: bool,
}

/// A mailbox as it must be.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) validity: u32,
    /// UIDs below it were given out.
    next: u32,
    pub(crate) kept: BTreeMap<u32, Kept>,
    arriving: Vec<Arrival>,
    /// UIDs that were expunged or moved away.
    gone: BTreeSet<u32>,
}

/// A mailbox as it is.
#[derive(Clone, Debug)]
pub(crate) struct SeenFolder {
    pub(crate) validity: u32,
    pub(crate) next: u32,
    pub(crate) messages: BTreeMap<u32, (Token, Marks)>,
}

/// All mailboxes of a person as they are.
pub(crate) type Seen = BTreeMap<String, SeenFolder>;

/// All mailboxes of a person as they must be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) folders: BTreeMap<String, Folder>,
    /// Letters that have been seen in INBOX, wherever they are now.
    pub(crate) delivered: BTreeSet<Token>,
}

/// A change under way.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Append { folder: String, tokens: Vec<Token>, marks: Marks },
    Move { from: String, to: String, uids: Vec<u32> },
    Copy { from: String, to: String, uids: Vec<u32> },
    Mark { folder: String, uids: Vec<u32>, mark: &'static str, on: bool },
    Expunge { folder: String, uids: Vec<u32> },
    Create { folder: String },
    Rename { from: String, to: String },
    Delete { folder: String },
}

impl Kept {
    fn new(token: &str, marks: Option<Marks>) -> Self {
        Self { token: token.to_owned(), marks, before: Vec::new() }
    }

    /// Can these be its flags? Each may be as it was before a change that a loss of power took back.
    fn may_have(&self, seen: &Marks, losses: &Losses) -> bool {
        let Some(marks) = &self.marks else { return true };
        marks.symmetric_difference(seen).all(|mark| {
            self.before.iter().any(|(until, before)| {
                before.contains(mark) == seen.contains(mark)
                    && losses.iter().any(|(from, to)| (from..=to).contains(&until))
            })
        })
    }
}

impl Folder {
    fn new(validity: u32) -> Self {
        Self { validity, next: 1, kept: BTreeMap::new(), arriving: Vec::new(), gone: BTreeSet::new() }
    }

    fn take(&mut self, uid: u32) -> Kept {
        self.gone.insert(uid);
        self.kept.remove(&uid).expect("a message of the model")
    }

    fn has(&self, token: &str) -> bool {
        self.kept.values().chain(self.arriving.iter().map(|one| &one.kept)).any(|kept| kept.token == token)
    }

    /// The newest arrivals got these UIDs, the server says.
    fn settle(&mut self, validity: u32, uids: &[u32]) -> Result<(), String> {
        let first = self.arriving.len().checked_sub(uids.len()).ok_or("UIDs for messages that do not arrive")?;
        for (uid, arrival) in uids.iter().zip(self.arriving.split_off(first)) {
            self.place(validity, *uid, arrival.kept)?;
        }
        Ok(())
    }

    /// Which arrival is this? Of two of the same token, rather the one with these flags.
    fn arrival(&self, token: &str, marks: &Marks, losses: &Losses) -> Option<usize> {
        let is_it = |one: &Arrival| one.kept.token == token;
        let exactly = |one: &Arrival| is_it(one) && one.kept.may_have(marks, losses);
        self.arriving.iter().position(exactly).or_else(|| self.arriving.iter().position(is_it))
    }

    fn place(&mut self, validity: u32, uid: u32, kept: Kept) -> Result<(), String> {
        if validity != self.validity && self.validity != 0 {
            return Err(format!("UIDVALIDITY {validity} told, {} known", self.validity));
        }
        if uid < self.next || self.kept.contains_key(&uid) || self.gone.contains(&uid) {
            return Err(format!("UID {uid} of {} was given out before (UIDNEXT {})", kept.token, self.next));
        }
        self.kept.insert(uid, kept);
        Ok(())
    }
}

impl Account {
    pub(crate) fn folder(&mut self, name: &str) -> &mut Folder {
        self.folders.get_mut(name).expect(name)
    }

    /// A copy in Sent: sure, or perhaps. One that is there stays one.
    pub(crate) fn filed(&mut self, sent: &str, token: &str, sure: bool) {
        let folder = self.folder(sent);
        if let Some(arrival) = folder.arriving.iter_mut().find(|one| one.kept.token == token) {
            arrival.sure |= sure;
        } else if !folder.has(token) {
            folder.arriving.push(Arrival { kept: Kept::new(token, None), sure });
        }
    }

    /// The UID that a copy in Sent has, the server says: of the one that is there.
    pub(crate) fn joined(&mut self, sent: &str, (validity, uid): (u32, u32), token: &str) -> Result<(), String> {
        let folder = self.folder(sent);
        match folder.kept.get(&uid) {
            Some(kept) if kept.token == token => Ok(()),
            Some(kept) => Err(format!("a copy of {token} joined UID {uid}, which is {}", kept.token)),
            None => {
                let place = folder.arriving.iter().position(|one| one.kept.token == token);
                let arrival = folder.arriving.remove(place.ok_or("a UID for a message that does not arrive")?);
                folder.place(validity, uid, arrival.kept)
            }
        }
    }

    /// To Trash goes what the person has nowhere else.
    fn to_trash(&mut self, from: &str, kept: Kept) {
        if ["Trash", "Drafts"].contains(&from) {
            return;
        }
        let sure = !self.folders.values().any(|folder| folder.has(&kept.token));
        self.folder("Trash").arriving.push(Arrival { kept: Kept { marks: None, ..kept }, sure });
    }

    /// Is what is seen what must be? Gives what must be from then on: what has been seen.
    pub(crate) fn explain(
        &self,
        seen: &Seen,
        losses: &Losses,
        may_arrive: &dyn Fn(&str) -> bool,
    ) -> Result<Self, String> {
        let (must, are): (Vec<_>, Vec<_>) = (self.folders.keys().collect(), seen.keys().collect());
        if must != are {
            return Err(format!("mailboxes {are:?}, must be {must:?}"));
        }
        let mut new = self.clone();
        for (name, folder) in &mut new.folders {
            let mut deliver =
                |token: &str| name == "INBOX" && may_arrive(token) && new.delivered.insert(token.to_owned());
            explain(folder, &seen[name], losses, &mut deliver).map_err(|why| format!("{name}: {why}"))?;
        }
        Ok(new)
    }
}

fn explain(
    folder: &mut Folder,
    seen: &SeenFolder,
    losses: &Losses,
    deliver: &mut dyn FnMut(&str) -> bool,
) -> Result<(), String> {
    if folder.validity != 0 && folder.validity != seen.validity {
        return Err(format!("UIDVALIDITY was {}, is {}", folder.validity, seen.validity));
    }
    if seen.next < folder.next {
        return Err(format!("UIDNEXT was {}, is {}", folder.next, seen.next));
    }
    let lost: Vec<_> = folder.kept.iter().filter(|(uid, _)| !seen.messages.contains_key(uid)).collect();
    if !lost.is_empty() {
        return Err(format!("lost: {:?}", lost.iter().map(|(uid, kept)| (uid, &kept.token)).collect::<Vec<_>>()));
    }
    for (&uid, (token, marks)) in &seen.messages {
        if uid >= seen.next {
            return Err(format!("UID {uid} with UIDNEXT {}", seen.next));
        }
        let kept = match folder.kept.get(&uid) {
            Some(kept) => kept.clone(),
            None if folder.gone.contains(&uid) => return Err(format!("UID {uid} ({token}) is back, or used again")),
            None if uid < folder.next => return Err(format!("UID {uid} ({token}) is new, below {}", folder.next)),
            None => match folder.arrival(token, marks, losses) {
                Some(place) => folder.arriving.remove(place).kept,
                None if deliver(token) => Kept::new(token, None),
                None => return Err(format!("UID {uid}: {token} must not be there, or not twice")),
            },
        };
        if kept.token != *token {
            return Err(format!("UID {uid} was {}, is {token}", kept.token));
        }
        if !kept.may_have(marks, losses) {
            return Err(format!("UID {uid} ({token}): flags {marks:?}, must be {:?}", kept.marks));
        }
        folder.kept.insert(uid, Kept::new(token, Some(marks.clone())));
    }
    if let Some(lost) = folder.arriving.iter().find(|one| one.sure) {
        return Err(format!("lost: {}", lost.kept.token));
    }
    folder.arriving.clear();
    (folder.validity, folder.next) = (seen.validity, seen.next);
    Ok(())
}

impl Op {
    /// The mailboxes after it.
    pub(crate) fn done(&self, before: &Account) -> Account {
        let mut account = before.clone();
        match self {
            Self::Append { folder, tokens, marks } => {
                let arrivals = tokens.iter().map(|token| Kept::new(token, Some(marks.clone())));
                account.folder(folder).arriving.extend(arrivals.map(|kept| Arrival { kept, sure: true }));
            }
            Self::Move { from, to, uids } => {
                let taken: Vec<_> = uids.iter().map(|uid| account.folder(from).take(*uid)).collect();
                account.folder(to).arriving.extend(taken.into_iter().map(|kept| Arrival { kept, sure: true }));
            }
            Self::Copy { from, to, uids } => {
                let copied: Vec<_> = uids.iter().map(|uid| account.folder(from).kept[uid].clone()).collect();
                account.folder(to).arriving.extend(copied.into_iter().map(|kept| Arrival { kept, sure: true }));
            }
            Self::Mark { folder, uids, mark, on } => {
                for uid in uids {
                    let kept = account.folder(folder).kept.get_mut(uid).expect("a message of the model");
                    let Some(marks) = &mut kept.marks else { continue };
                    kept.before.push((Instant::now(), marks.clone()));
                    if *on {
                        marks.insert((*mark).to_owned())
                    } else {
                        marks.remove(*mark)
                    };
                }
            }
            Self::Expunge { folder, uids } => {
                for uid in uids {
                    let kept = account.folder(folder).take(*uid);
                    account.to_trash(folder, kept);
                }
            }
            Self::Create { folder } => drop(account.folders.insert(folder.clone(), Folder::new(0))),
            Self::Rename { from, to } => {
                let folder = account.folders.remove(from).expect(from);
                account.folders.insert(to.clone(), folder);
            }
            Self::Delete { folder } => {
                let deleted = account.folders.remove(folder).expect(folder);
                for kept in deleted.kept.into_values().chain(deleted.arriving.into_iter().map(|one| one.kept)) {
                    account.to_trash(folder, kept);
                }
            }
        }
        account
    }

    /// The mailboxes after it, with the UIDs that the server told: APPENDUID, COPYUID (RFC 4315), else none.
    pub(crate) fn acknowledged(&self, before: &Account, told: Option<&Told>) -> Result<Account, String> {
        let mut account = self.done(before);
        let Some(told) = told else { return Ok(account) };
        match (self, &told.from) {
            (Self::Append { folder, tokens, .. }, None) if tokens.len() == told.to.len() => {
                account.folder(folder).settle(told.validity, &told.to)?;
            }
            (Self::Move { to, uids, .. } | Self::Copy { to, uids, .. }, Some(sources))
                if sources == uids && uids.len() == told.to.len() =>
            {
                account.folder(to).settle(told.validity, &told.to)?;
            }
            _ => return Err(format!("{self:?}: {told:?}")),
        }
        Ok(account)
    }
}

/// APPENDUID (`from` is `None`) or COPYUID.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) validity: u32,
    pub(crate) from: Option<Vec<u32>>,
    pub(crate) to: Vec<u32>,
}
