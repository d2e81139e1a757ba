//! Who is connected, how often and for what, and how to cut it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::model::{Profile, Use, User, UserId};
use crate::sentences::Sentence;

/// A session's place among its person's connections. Dropped, the place is free again.
#[derive(Debug)]
pub struct Admission {
    /// The session ends at once when this is cut: the person is suspended, changes password or revokes an app password, or
    /// the switch is turned.
    pub cut: Cut,
    _place: Place,
}

/// Ends sessions, and says why.
#[derive(Clone, Debug, Default)]
pub struct Cut {
    token: CancellationToken,
    why: Arc<OnceLock<Sentence>>,
}

impl Cut {
    /// Is it cut?
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until it is cut.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }

    /// What to tell the person.
    pub fn sentence(&self) -> Sentence {
        self.why.get().cloned().unwrap_or(Sentence::SessionEnded)
    }

    fn cut(self, why: &Sentence) {
        // The first reason is the one that is told.
        let _ = self.why.set(why.clone());
        self.token.cancel();
    }
}

/// Everybody's live sessions.
#[derive(Clone, Default)]
pub(in crate::domain) struct Sessions {
    live: Arc<Mutex<HashMap<UserId, Live>>>,
}

struct Live {
    profile: Profile,
    count: usize,
    sending: Cut,
    reading: Cut,
}

impl Live {
    fn cut(&mut self, of: Use) -> &mut Cut {
        match of {
            Use::Sending => &mut self.sending,
            Use::Reading => &mut self.reading,
        }
    }
}

struct Place {
    user: UserId,
    sessions: Sessions,
}

impl Sessions {
    pub(super) fn admit(&self, user: &User, wanted: Use, connections_max: usize) -> Option<Admission> {
        let mut live = self.live.lock();
        let taken = live.get(&user.id).map_or(0, |live| live.count);
        if taken >= connections_max {
            return None;
        }
        let (sending, reading) = (Cut::default(), Cut::default());
        let new = Live { profile: user.profile, count: 0, sending, reading };
        let entry = live.entry(user.id.clone()).or_insert(new);
        entry.count += 1;
        let place = Place { user: user.id.clone(), sessions: self.clone() };
        Some(Admission { cut: entry.cut(wanted).clone(), _place: place })
    }

    /// Ends the sessions that this person has now. They keep their places until they have ended.
    pub(in crate::domain) fn cut(&self, user: &UserId, why: &Sentence) {
        Use::ALL.into_iter().for_each(|of| self.cut_use(user, of, why));
    }

    /// The same for those that send, or those that read.
    pub(in crate::domain) fn cut_use(&self, user: &UserId, of: Use, why: &Sentence) {
        let cut = self.live.lock().get_mut(user).map(|live| std::mem::take(live.cut(of)));
        if let Some(cut) = cut {
            cut.cut(why);
        }
    }

    /// How many sessions this person has.
    pub(in crate::domain) fn count(&self, user: &UserId) -> usize {
        self.live.lock().get(user).map_or(0, |live| live.count)
    }

    /// Who has sessions.
    pub(in crate::domain) fn live(&self) -> Vec<(UserId, Profile)> {
        self.live.lock().iter().map(|(user, live)| (user.clone(), live.profile)).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut live = self.sessions.live.lock();
        if let Some(entry) = live.get_mut(&self.user) {
            entry.count = entry.count.saturating_sub(1);
            if entry.count == 0 {
                live.remove(&self.user);
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> User {
        User {
            id: UserId::new(name),
            login: name.to_owned(),
            login_alias: None,
            display_name: name.to_owned(),
            profile: Profile::Student,
            suspended: false,
            quota_bytes: None,
        }
    }

    #[test]
    fn a_place_is_free_again_when_its_session_ends() {
        let sessions = Sessions::default();
        let (marie, paul) = (user("marie"), user("paul"));
        let first = sessions.admit(&marie, Use::Reading, 2).unwrap();
        let second = sessions.admit(&marie, Use::Sending, 2).unwrap();
        assert!(sessions.admit(&marie, Use::Reading, 2).is_none());
        let _other = sessions.admit(&paul, Use::Reading, 2).unwrap();
        drop(first);
        assert_eq!(sessions.count(&marie.id), 1);
        let _third = sessions.admit(&marie, Use::Reading, 2).unwrap();
        drop(second);
    }

    #[test]
    fn a_cut_ends_the_sessions_of_one_person_and_not_later_ones() {
        let sessions = Sessions::default();
        let (marie, paul) = (user("marie"), user("paul"));
        let before = sessions.admit(&marie, Use::Reading, 5).unwrap();
        let sending = sessions.admit(&marie, Use::Sending, 5).unwrap();
        let other = sessions.admit(&paul, Use::Reading, 5).unwrap();
        sessions.cut(&marie.id, &Sentence::AccountSuspended);
        assert!(before.cut.is_cancelled() && sending.cut.is_cancelled());
        assert_eq!(before.cut.sentence(), Sentence::AccountSuspended);
        assert!(!other.cut.is_cancelled());
        let after = sessions.admit(&marie, Use::Reading, 5).unwrap();
        assert!(!after.cut.is_cancelled());
        assert_eq!(sessions.count(&marie.id), 3);
        drop((before, sending, after));
        assert!(sessions.live.lock().keys().all(|user| *user == paul.id));
    }

    #[test]
    fn sending_is_cut_without_reading() {
        let sessions = Sessions::default();
        let marie = user("marie");
        let reading = sessions.admit(&marie, Use::Reading, 5).unwrap();
        let sending = sessions.admit(&marie, Use::Sending, 5).unwrap();
        sessions.cut_use(&marie.id, Use::Sending, &Sentence::SendingOff);
        assert!(sending.cut.is_cancelled() && !reading.cut.is_cancelled());
        assert_eq!(sending.cut.sentence(), Sentence::SendingOff);
    }
}
