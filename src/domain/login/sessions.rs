//! Who is connected, how often and for what, and how to cut it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::metrics::{ClientKind, SessionMark};
use crate::model::{Profile, Use, User, UserId};
use crate::sentences::Sentence;

/// A session's place among its person's connections. Dropped, the place is free again.
#[derive(Debug)]
pub struct Admission {
    /// The session ends at once when this is cut: the person is suspended, changes password or revokes an app password, or
    /// the switch is turned.
    pub cut: Cut,
    /// Its place in the counts.
    pub(super) mark: Option<SessionMark>,
    _place: Place,
}

impl Admission {
    /// The client says what it is.
    pub fn is_of(&self, client: ClientKind) {
        if let Some(mark) = &self.mark {
            mark.is(client);
        }
    }
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

/// What a session came in with, as its key among the sessions of its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Hold {
    /// The person's own password, in this version.
    Own(i64),
    /// The app password with this id.
    Device(Arc<str>),
}

impl Hold {
    /// The app password's id.
    pub(super) fn device(&self) -> Option<&str> {
        match self {
            Self::Own(_) => None,
            Self::Device(id) => Some(id),
        }
    }
}

/// Everybody's live sessions.
#[derive(Clone, Default)]
pub(in crate::domain) struct Sessions {
    live: Arc<Mutex<HashMap<UserId, Live>>>,
}

/// A person's. Devices are few: looked through one by one.
struct Live {
    profile: Profile,
    held: Vec<Held>,
}

/// The sessions that came in with the same.
struct Held {
    hold: Hold,
    count: usize,
    sending: Cut,
    reading: Cut,
}

impl Live {
    fn count(&self) -> usize {
        self.held.iter().map(|held| held.count).sum()
    }

    fn held(&mut self, hold: &Hold) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| held.hold == *hold)
    }
}

impl Held {
    fn new(hold: &Hold) -> Self {
        Self { hold: hold.clone(), count: 0, sending: Cut::default(), reading: Cut::default() }
    }

    fn cut(&mut self, of: Use) -> &mut Cut {
        match of {
            Use::Sending => &mut self.sending,
            Use::Reading => &mut self.reading,
        }
    }
}

struct Place {
    user: UserId,
    hold: Hold,
    sessions: Sessions,
}

impl Sessions {
    pub(super) fn admit(&self, user: &User, hold: &Hold, wanted: Use, connections_max: usize) -> Option<Admission> {
        let mut live = self.live.lock();
        if live.get(&user.id).map_or(0, Live::count) >= connections_max {
            return None;
        }
        let new = || Live { profile: user.profile, held: Vec::new() };
        let live = live.entry(user.id.clone()).or_insert_with(new);
        if live.held(hold).is_none() {
            live.held.push(Held::new(hold));
        }
        let held = live.held(hold)?;
        held.count += 1;
        let place = Place { user: user.id.clone(), hold: hold.clone(), sessions: self.clone() };
        Some(Admission { cut: held.cut(wanted).clone(), mark: None, _place: place })
    }

    /// Ends the sessions that this person has now. They keep their places until they have ended.
    pub(in crate::domain) fn cut(&self, user: &UserId, why: &Sentence) {
        Use::ALL.into_iter().for_each(|of| self.cut_use(user, of, why));
    }

    /// The same for those that send, or those that read.
    pub(in crate::domain) fn cut_use(&self, user: &UserId, of: Use, why: &Sentence) {
        self.cut_some(user, of, None, why);
    }

    /// The same for those that came in with this.
    pub(super) fn cut_hold(&self, user: &UserId, hold: &Hold, why: &Sentence) {
        Use::ALL.into_iter().for_each(|of| self.cut_some(user, of, Some(hold), why));
    }

    fn cut_some(&self, user: &UserId, of: Use, hold: Option<&Hold>, why: &Sentence) {
        let mut cuts = Vec::new();
        if let Some(live) = self.live.lock().get_mut(user) {
            let concerned = live.held.iter_mut().filter(|held| hold.is_none_or(|hold| held.hold == *hold));
            cuts.extend(concerned.map(|held| std::mem::take(held.cut(of))));
        }
        cuts.into_iter().for_each(|cut| cut.cut(why));
    }

    /// How many sessions this person has.
    pub(in crate::domain) fn count(&self, user: &UserId) -> usize {
        self.live.lock().get(user).map_or(0, Live::count)
    }

    /// Who has sessions.
    pub(in crate::domain) fn live(&self) -> Vec<(UserId, Profile)> {
        self.live.lock().iter().map(|(user, live)| (user.clone(), live.profile)).collect()
    }

    /// Who has sessions, and what they came in with.
    pub(super) fn holds(&self) -> Vec<(UserId, Vec<Hold>)> {
        let holds = |live: &Live| live.held.iter().map(|held| held.hold.clone()).collect();
        self.live.lock().iter().map(|(user, live)| (user.clone(), holds(live))).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut people = self.sessions.live.lock();
        let Some(live) = people.get_mut(&self.user) else { return };
        if let Some(held) = live.held(&self.hold) {
            held.count = held.count.saturating_sub(1);
        }
        live.held.retain(|held| held.count > 0);
        if live.held.is_empty() {
            people.remove(&self.user);
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

    const OWN: Hold = Hold::Own(1);

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
        let first = sessions.admit(&marie, &OWN, Use::Reading, 2).unwrap();
        let second = sessions.admit(&marie, &OWN, Use::Sending, 2).unwrap();
        assert!(sessions.admit(&marie, &OWN, Use::Reading, 2).is_none());
        let _other = sessions.admit(&paul, &OWN, Use::Reading, 2).unwrap();
        drop(first);
        assert_eq!(sessions.count(&marie.id), 1);
        let _third = sessions.admit(&marie, &OWN, Use::Reading, 2).unwrap();
        drop(second);
    }

    #[test]
    fn a_cut_ends_the_sessions_of_one_person_and_not_later_ones() {
        let sessions = Sessions::default();
        let (marie, paul) = (user("marie"), user("paul"));
        let before = sessions.admit(&marie, &OWN, Use::Reading, 5).unwrap();
        let sending = sessions.admit(&marie, &OWN, Use::Sending, 5).unwrap();
        let other = sessions.admit(&paul, &OWN, Use::Reading, 5).unwrap();
        sessions.cut(&marie.id, &Sentence::AccountSuspended);
        assert!(before.cut.is_cancelled() && sending.cut.is_cancelled());
        assert_eq!(before.cut.sentence(), Sentence::AccountSuspended);
        assert!(!other.cut.is_cancelled());
        let after = sessions.admit(&marie, &OWN, Use::Reading, 5).unwrap();
        assert!(!after.cut.is_cancelled());
        assert_eq!(sessions.count(&marie.id), 3);
        drop((before, sending, after));
        assert!(sessions.live.lock().keys().all(|user| *user == paul.id));
    }

    #[test]
    fn sending_is_cut_without_reading() {
        let sessions = Sessions::default();
        let marie = user("marie");
        let reading = sessions.admit(&marie, &OWN, Use::Reading, 5).unwrap();
        let sending = sessions.admit(&marie, &OWN, Use::Sending, 5).unwrap();
        sessions.cut_use(&marie.id, Use::Sending, &Sentence::SendingOff);
        assert!(sending.cut.is_cancelled() && !reading.cut.is_cancelled());
        assert_eq!(sending.cut.sentence(), Sentence::SendingOff);
    }

    #[test]
    fn one_device_is_cut_and_the_others_stay() {
        let sessions = Sessions::default();
        let marie = user("marie");
        let (phone, tablet) = (Hold::Device("phone".into()), Hold::Device("tablet".into()));
        let reading = sessions.admit(&marie, &phone, Use::Reading, 5).unwrap();
        let sending = sessions.admit(&marie, &phone, Use::Sending, 5).unwrap();
        let other = sessions.admit(&marie, &tablet, Use::Reading, 5).unwrap();
        let own = sessions.admit(&marie, &OWN, Use::Reading, 5).unwrap();
        assert!(sessions.admit(&marie, &tablet, Use::Reading, 4).is_none(), "places are the person's");
        sessions.cut_hold(&marie.id, &phone, &Sentence::DeviceRevoked);
        assert!(reading.cut.is_cancelled() && sending.cut.is_cancelled());
        assert_eq!(sending.cut.sentence(), Sentence::DeviceRevoked);
        assert!(!other.cut.is_cancelled() && !own.cut.is_cancelled());
        sessions.cut_hold(&marie.id, &OWN, &Sentence::PasswordChanged);
        assert!(own.cut.is_cancelled() && !other.cut.is_cancelled());
        drop((reading, sending, own));
        assert_eq!(sessions.holds(), [(marie.id, vec![tablet])]);
    }
}
