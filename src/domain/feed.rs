//! What is new for a person: unread count, latest messages of the INBOX, what came since a cursor, and a watch that wakes
//! when any of it may have changed, whichever gateway changed it. For the ENT's home page, and the person's own.
//!
//! Nothing is missed between asking and watching: watch first, then ask; a notice that comes in between wakes the watch at
//! once. A cursor is a place among the UIDs of an INBOX, which rise in the order of commits: what comes later lies behind
//! it, on every gateway and after every restart, and nothing comes twice.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use futures_util::future::FutureExt as _;
use futures_util::stream::{BoxStream, SelectAll, unfold};

use super::{Fault, Gateway};
use crate::mime::{AddressList, decode_text, header_value};
use crate::model::{Timestamp, Uid, UidValidity, User, UserId};
use crate::store::feed::{self, FeedRow, Inbox};
use crate::store::json_list;

/// A message as a list of what is new shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedItem {
    /// The message's own: the same where it is moved and comes back.
    pub id: i64,
    pub uid: Uid,
    pub sender_name: Option<String>,
    pub sender_address: Option<String>,
    /// Decoded; empty where there is none.
    pub subject: String,
    /// When it reached the INBOX.
    pub at: Timestamp,
    pub unread: bool,
}

/// A place in somebody's INBOX: all that came before has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedCursor {
    uid_validity: UidValidity,
    /// The last one that was told.
    uid: u32,
}

/// A part of what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    /// Behind the cursor, in the order they came; without a cursor, the latest, the newest last.
    pub items: Vec<FeedItem>,
    /// Unread messages of the whole INBOX.
    pub unread: u64,
    /// Where to go on.
    pub cursor: FeedCursor,
    /// There are more: ask again at once.
    pub more: bool,
    /// The cursor was of an INBOX that is no more: these are the latest, as without one.
    pub reset: bool,
}

impl FeedCursor {
    /// As callers keep it; they need not understand it.
    pub fn text(self) -> String {
        URL_SAFE_NO_PAD.encode(format!("1.{}.{}", self.uid_validity, self.uid))
    }

    /// From such a text; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        let octets = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (uid_validity, uid) = std::str::from_utf8(&octets).ok()?.strip_prefix("1.")?.split_once('.')?;
        Some(Self { uid_validity: UidValidity(uid_validity.parse().ok()?), uid: uid.parse().ok()? })
    }

    /// The place right behind a message of the same page.
    #[must_use]
    pub const fn behind(self, item: &FeedItem) -> Self {
        Self { uid_validity: self.uid_validity, uid: item.uid.0 }
    }

    fn end_of(inbox: &Inbox) -> Self {
        Self { uid_validity: inbox.uid_validity, uid: inbox.uid_next.0.saturating_sub(1) }
    }
}

impl Gateway {
    /// How many messages in the person's INBOX are neither read nor marked for deletion.
    pub async fn unread(&self, user: &User) -> Result<u64, Fault> {
        Ok(self.inbox(&user.id).await?.map_or(0, |inbox| inbox.unread))
    }

    /// The same of many, in one statement. Who is not there, or has no INBOX yet, is left out.
    pub async fn unread_of(&self, users: &[UserId]) -> Result<HashMap<UserId, u64>, Fault> {
        let inboxes = self.inboxes(users).await?;
        Ok(inboxes.into_iter().map(|(user, inbox)| (user, inbox.unread)).collect())
    }

    /// The newest messages of the person's INBOX, the newest first.
    pub async fn latest(&self, user: &User, max: usize) -> Result<Vec<FeedItem>, Fault> {
        match self.inbox(&user.id).await? {
            Some(inbox) => self.latest_in(&inbox, max).await,
            None => Ok(Vec::new()),
        }
    }

    async fn latest_in(&self, inbox: &Inbox, max: usize) -> Result<Vec<FeedItem>, Fault> {
        let rows = self.store.read((inbox.mailbox, max), |tx, asked| Box::pin(feed::latest(tx, asked))).await?;
        Ok(rows.into_iter().map(FeedItem::from).collect())
    }

    /// What came since the cursor, `max` messages at most; `None` where the person has no INBOX.
    pub async fn feed_since(
        &self,
        user: &UserId,
        cursor: Option<FeedCursor>,
        max: usize,
    ) -> Result<Option<FeedPage>, Fault> {
        let Some(inbox) = self.inbox(user).await? else { return Ok(None) };
        let (cursor, reset) = match cursor {
            Some(cursor) if cursor.uid_validity == inbox.uid_validity => (Some(cursor), false),
            cursor => (None, cursor.is_some()),
        };
        let Some(cursor) = cursor else { return self.first_page(&inbox, max, reset).await.map(Some) };
        let asked = (inbox.mailbox, max.saturating_add(1), Uid(cursor.uid));
        let rows = self.store.read(asked, |tx, asked| Box::pin(feed::after(tx, asked))).await?;
        let more = rows.len() > max;
        let items: Vec<FeedItem> = rows.into_iter().take(max).map(FeedItem::from).collect();
        let uid = items.last().map_or(cursor.uid, |last| last.uid.0);
        let cursor = FeedCursor { uid, ..cursor };
        Ok(Some(FeedPage { items, unread: inbox.unread, cursor, more, reset }))
    }

    /// The latest messages. The cursor is behind the newest of them, or the INBOX's end before they were read: what comes
    /// meanwhile comes with the next page.
    async fn first_page(&self, inbox: &Inbox, max: usize, reset: bool) -> Result<FeedPage, Fault> {
        let mut items = self.latest_in(inbox, max).await?;
        items.reverse();
        let mut cursor = FeedCursor::end_of(inbox);
        cursor.uid = items.last().map_or(cursor.uid, |newest| newest.uid.0.max(cursor.uid));
        Ok(FeedPage { items, unread: inbox.unread, cursor, more: false, reset })
    }

    /// Wakes when what is new for the person may have changed. Watch first, then ask.
    pub async fn watch_feed(&self, user: &User) -> Result<FeedWatch, Fault> {
        self.watch_feeds(std::slice::from_ref(&user.id)).await
    }

    /// The same for many.
    pub async fn watch_feeds(&self, users: &[UserId]) -> Result<FeedWatch, Fault> {
        let inboxes = self.inboxes(users).await?;
        let watched = inboxes.into_iter().map(|(user, inbox)| {
            let notices = (user, self.watch(inbox.mailbox));
            let next = |(user, mut receiver): (UserId, tokio::sync::watch::Receiver<u64>)| async move {
                receiver.changed().await.ok()?;
                Some((user.clone(), (user, receiver)))
            };
            unfold(notices, next).boxed()
        });
        Ok(FeedWatch { notices: watched.collect(), users: users.to_vec(), poll: self.poll_after() })
    }

    async fn inbox(&self, user: &UserId) -> Result<Option<Inbox>, Fault> {
        Ok(self.inboxes(std::slice::from_ref(user)).await?.remove(user))
    }

    async fn inboxes(&self, users: &[UserId]) -> Result<HashMap<UserId, Inbox>, Fault> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        Ok(self.store.read(json_list(&ids), |tx, ids| Box::pin(feed::inboxes(tx, ids))).await?)
    }
}

/// Wakes when what is new for some people may have changed.
pub struct FeedWatch {
    notices: SelectAll<BoxStream<'static, UserId>>,
    users: Vec<UserId>,
    /// Where notices of other gateways may be lost: how often to look anyway.
    poll: Option<Duration>,
}

impl FeedWatch {
    /// Waits. For whom something may have changed: everybody, where it is time to look anyway. A hint: what is new may be
    /// as it was.
    pub async fn changed(&mut self) -> BTreeSet<UserId> {
        let poll = self.poll;
        let pause = async move {
            match poll {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        let mut woken = tokio::select! {
            Some(user) = self.notices.next() => BTreeSet::from([user]),
            () = pause => return self.users.iter().cloned().collect(),
        };
        // What else is known by now: a letter to thousands is one look.
        while let Some(Some(user)) = self.notices.next().now_or_never() {
            woken.insert(user);
        }
        woken
    }
}

impl From<FeedRow> for FeedItem {
    fn from(row: FeedRow) -> Self {
        let from = header_value(&row.header, "From").next().map(|value| AddressList::parse(&value));
        let sender = from.as_ref().and_then(|list| list.mailboxes().next());
        let name = sender.and_then(|sender| sender.name.as_deref()).map(decode_text).map(|name| shown(&name));
        let subject = header_value(&row.header, "Subject").next().map(|value| decode_text(&value));
        Self {
            id: row.message,
            uid: row.uid,
            sender_name: name.filter(|name| !name.is_empty()),
            sender_address: sender.and_then(crate::mime::Mailbox::address),
            subject: subject.map(|subject| shown(&subject)).unwrap_or_default(),
            at: row.at,
            unread: row.unread,
        }
    }
}

/// Characters of a subject or a name that are shown.
const SHOWN_CHARS_MAX: usize = 1024;

/// As it may stand on one line, whatever somebody wrote.
fn shown(text: &str) -> String {
    text.chars()
        .take(SHOWN_CHARS_MAX)
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_were_written_and_nothing_else_is() {
        let cursor = FeedCursor { uid_validity: UidValidity(u32::MAX), uid: 7 };
        assert_eq!(FeedCursor::read(&cursor.text()), Some(cursor));
        let written = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for bad in
            ["", "?", "1.1.1", &written("2.1.1"), &written("1.1"), &written("1.1.-1"), &written("1.1.4294967296")]
        {
            assert_eq!(FeedCursor::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn senders_and_subjects_are_decoded_and_stay_on_one_line() {
        let header =
            b"From: =?UTF-8?Q?LAMBERT_Th=C3=A9o?= <theo@ent.fr>, b@ent.fr\r\nSubject: =?UTF-8?B?w4kK4oCo?= a\r\n\r\n";
        let row = FeedRow { uid: Uid(1), message: 2, unread: true, at: Timestamp(3), header: header.to_vec() };
        let item = FeedItem::from(row);
        assert_eq!(item.sender_name.as_deref(), Some("LAMBERT Théo"));
        assert_eq!(item.sender_address.as_deref(), Some("theo@ent.fr"));
        assert!(item.subject.starts_with('É') && !item.subject.contains('\n'), "{:?}", item.subject);
        let nobody = FeedRow { uid: Uid(1), message: 2, unread: true, at: Timestamp(3), header: b"\r\n".to_vec() };
        assert_eq!(FeedItem::from(nobody).sender_address, None);
    }
}
