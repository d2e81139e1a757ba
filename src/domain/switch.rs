//! The switch: sending, reading or both are turned off, for a profile, a school, one person or everybody, at once.
//!
//! What is off is kept in the store, so that it outlives a restart, and in memory, so that asking costs nothing.
//! Turned here, it holds here before the call ends; other gateways on the same store look at one number that rises
//! with every change ([`Gateway::see_to_switch`]) as soon as they are told, and several times a second. Who asks has taken
//! a place among the live sessions first: either the session is seen and cut, or it sees what is off.
//!
//! The same number rises where a password is changed or revoked: the sessions that came in with it end in the same way
//! (`login::standing`).

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use super::{Fault, Gateway};
use crate::model::{SchoolId, Scope, Suspension, TrailEvent, TrailLine, Use, User, UserId, Uses};
use crate::sentences::Sentence;
use crate::store::{Durability, StoreError, switch, trail};

/// What is off, as this process knows it.
#[derive(Default)]
pub struct Switch {
    /// `None` before the first look.
    known: ArcSwapOption<Known>,
    /// The number whose sessions have been cut. One look at a time: an older one never takes the place of a newer one.
    seen_to: Mutex<Option<i64>>,
}

impl Switch {
    /// The number, as this process knows it.
    pub(in crate::domain) fn version(&self) -> Option<i64> {
        self.known.load().as_ref().map(|known| known.version)
    }
}

struct Known {
    version: i64,
    suspensions: Vec<Suspension>,
}

impl Use {
    /// What people are told.
    fn sentence(self) -> Sentence {
        match self {
            Self::Sending => Sentence::SendingOff,
            Self::Reading => Sentence::ReadingOff,
        }
    }
}

impl Gateway {
    /// Is this turned off for the person? Then the sentence that says so.
    pub async fn turned_off(&self, user: &User, wanted: Use) -> Result<Option<Sentence>, Fault> {
        if self.switch.known.load().is_none() {
            self.see_to_switch().await?;
        }
        let known = self.switch.known.load_full();
        let suspensions = known.as_ref().map_or(&[][..], |known| &known.suspensions);
        let concerns: Vec<&Suspension> = suspensions
            .iter()
            .filter(|suspension| suspension.uses.has(wanted) && suspension.scope.may_mean(&user.id, user.profile))
            .collect();
        let schools = if concerns.iter().any(|suspension| suspension.scope.school.is_some()) {
            self.store.read(user.id.clone(), |tx, user| Box::pin(switch::schools_of(tx, user))).await?
        } else {
            Vec::new()
        };
        let off = concerns.iter().any(|suspension| suspension.scope.means(user, &schools));
        Ok(off.then(|| wanted.sentence()))
    }

    /// Turns off at once; live sessions are cut.
    pub async fn suspend(&self, suspension: Suspension) -> Result<(), Fault> {
        let line = self.switch_line("suspend", &suspension.scope, suspension.uses, &suspension.reason);
        let write = self.store.write(Durability::Synced, (suspension, line), |tx, (suspension, line)| {
            Box::pin(async move {
                switch::suspend(tx, suspension).await?;
                trail::add(tx, line).await
            })
        });
        write.await?;
        self.changed_switch();
        self.see_to_switch().await
    }

    /// Turns on again what was turned off for exactly this scope. `false` where nothing of the kind was.
    pub async fn resume(&self, scope: Scope, uses: Uses, reason: &str) -> Result<bool, Fault> {
        let line = self.switch_line("resume", &scope, uses, reason);
        let write = self.store.write(Durability::Synced, (scope, uses, line), |tx, (scope, uses, line)| {
            Box::pin(async move {
                let changed = switch::resume(tx, scope, *uses).await?;
                if changed {
                    trail::add(tx, line).await?;
                }
                Ok::<_, StoreError>(changed)
            })
        });
        let changed = write.await?;
        self.changed_switch();
        self.see_to_switch().await?;
        Ok(changed)
    }

    fn switch_line(&self, act: &'static str, scope: &Scope, uses: Uses, reason: &str) -> TrailLine {
        let Uses { sending, reading } = uses;
        let event = TrailEvent::Switch { act, sending, reading, scope: scope.key(), reason: reason.to_owned() };
        self.trail_line(scope.user.as_ref(), &event)
    }

    /// What is off now, oldest first.
    pub async fn suspensions(&self) -> Result<Vec<Suspension>, Fault> {
        Ok(self.store.read((), |tx, none| Box::pin(switch::all(tx, none))).await?)
    }

    /// The schools that are called so: by id, UAI or name.
    pub async fn schools_called(&self, name: &str) -> Result<Vec<SchoolId>, Fault> {
        Ok(self.store.read(name.to_owned(), |tx, name| Box::pin(switch::schools_called(tx, name))).await?)
    }

    /// Looks whether anything was turned, changed or revoked, here or by another gateway; takes note, then cuts the sessions
    /// concerned. What fails is done by the next look.
    pub async fn see_to_switch(&self) -> Result<(), Fault> {
        let mut seen_to = self.switch.seen_to.lock().await;
        let version = self.store.read((), |tx, none| Box::pin(switch::version(tx, none))).await?;
        if *seen_to == Some(version) {
            return Ok(());
        }
        let (version, suspensions) = self
            .store
            .read_snapshot((), |tx, none| {
                Box::pin(async move {
                    Ok::<_, StoreError>((switch::version(tx, none).await?, switch::all(tx, none).await?))
                })
            })
            .await?;
        self.switch.known.store(Some(Arc::new(Known { version, suspensions: suspensions.clone() })));
        for suspension in &suspensions {
            self.cut_concerned(suspension).await?;
        }
        self.cut_ended().await?;
        *seen_to = Some(version);
        Ok(())
    }

    async fn cut_concerned(&self, suspension: &Suspension) -> Result<(), Fault> {
        let live = self.logins.sessions.live();
        let mut concerned: Vec<UserId> = live
            .into_iter()
            .filter(|(user, profile)| suspension.scope.may_mean(user, *profile))
            .map(|(user, _)| user)
            .collect();
        if let Some(school) = &suspension.scope.school {
            let asked = (concerned, school.clone());
            concerned = self.store.read(asked, |tx, asked| Box::pin(switch::in_school(tx, asked))).await?;
        }
        for wanted in Use::ALL.into_iter().filter(|wanted| suspension.uses.has(*wanted)) {
            concerned.iter().for_each(|user| self.logins.sessions.cut_use(user, wanted, &wanted.sentence()));
        }
        Ok(())
    }
}
