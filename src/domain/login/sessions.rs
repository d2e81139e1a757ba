//! Who is connected, how often, and how to cut it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::model::UserId;

/// A session's place among its person's connections. Dropped, the place is free again.
#[derive(Debug)]
pub struct Admission {
    /// Cancelled when the person is suspended, changes password or revokes an app password: the session ends at once.
    pub cut: CancellationToken,
    _place: Place,
}

/// Everybody's live sessions.
#[derive(Clone, Default)]
pub(in crate::domain) struct Sessions {
    live: Arc<Mutex<HashMap<UserId, Live>>>,
}

struct Live {
    count: usize,
    cut: CancellationToken,
}

struct Place {
    user: UserId,
    sessions: Sessions,
}

impl Sessions {
    pub(super) fn admit(&self, user: &UserId, connections_max: usize) -> Option<Admission> {
        let mut live = self.live.lock();
        let taken = live.get(user).map_or(0, |live| live.count);
        if taken >= connections_max {
            return None;
        }
        let entry = live.entry(user.clone()).or_insert_with(|| Live { count: 0, cut: CancellationToken::new() });
        entry.count += 1;
        Some(Admission { cut: entry.cut.clone(), _place: Place { user: user.clone(), sessions: self.clone() } })
    }

    /// Ends the sessions that this person has now. They keep their places until they have ended.
    pub(in crate::domain) fn cut(&self, user: &UserId) {
        if let Some(live) = self.live.lock().get_mut(user) {
            std::mem::take(&mut live.cut).cancel();
        }
    }

    /// How many sessions this person has.
    pub(in crate::domain) fn count(&self, user: &UserId) -> usize {
        self.live.lock().get(user).map_or(0, |live| live.count)
    }

    /// Who has sessions.
    pub(super) fn live(&self) -> Vec<UserId> {
        self.live.lock().keys().cloned().collect()
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

    #[test]
    fn a_place_is_free_again_when_its_session_ends() {
        let sessions = Sessions::default();
        let (marie, paul) = (UserId::new("marie"), UserId::new("paul"));
        let first = sessions.admit(&marie, 2).unwrap();
        let second = sessions.admit(&marie, 2).unwrap();
        assert!(sessions.admit(&marie, 2).is_none());
        let _other = sessions.admit(&paul, 2).unwrap();
        drop(first);
        assert_eq!(sessions.count(&marie), 1);
        let _third = sessions.admit(&marie, 2).unwrap();
        drop(second);
    }

    #[test]
    fn a_cut_ends_the_sessions_of_one_person_and_not_later_ones() {
        let sessions = Sessions::default();
        let (marie, paul) = (UserId::new("marie"), UserId::new("paul"));
        let before = sessions.admit(&marie, 5).unwrap();
        let other = sessions.admit(&paul, 5).unwrap();
        sessions.cut(&marie);
        assert!(before.cut.is_cancelled());
        assert!(!other.cut.is_cancelled());
        let after = sessions.admit(&marie, 5).unwrap();
        assert!(!after.cut.is_cancelled());
        assert_eq!(sessions.count(&marie), 2);
        drop((before, after));
        assert!(sessions.live.lock().keys().all(|user| *user == paul));
    }
}
