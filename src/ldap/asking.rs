//! The session's questions to the gateway: who is it, and whom may this person write to. Part of a conversation (`super`).

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::needle::Needle;
use super::session::{Looked, Question, Step};
use super::wire::message::Operation;
use super::{Conversation, card};
use crate::domain::Fault;
use crate::domain::finding::Card;
use crate::domain::login::{Login, LoginRefusal};
use crate::model::{Secret, Use, User};

impl<S> Conversation<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    pub(super) async fn ask(&mut self, question: Question) -> Step {
        match question {
            Question::LogIn { id, name, password } => match Box::pin(self.log_in(&name, &password)).await {
                Ok(login) => {
                    if login.is_err() {
                        self.wait_after_refusal().await;
                    }
                    self.session.login_answered(id, login)
                }
                Err(fault) => {
                    tracing::error!(%fault, "LDAP: the gateway failed");
                    self.session.fault(id, Operation::Bind)
                }
            },
            Question::Look(lookup) => {
                let looked = self.look(&lookup.person, &lookup.needles).await;
                self.session.looked(*lookup, looked)
            }
            Question::Compare { id, person, address, attribute, value } => {
                let looked = self.look(&person, &[Needle::Address(address)]).await;
                self.session.compare_answered(id, &attribute, &value, looked)
            }
        }
    }

    /// Takes a place for whoever may come in.
    async fn log_in(&mut self, name: &str, password: &Secret) -> Result<Result<Arc<User>, LoginRefusal>, Fault> {
        let welcome = match self.gateway.log_in_from(&self.caller, name, password).await? {
            Login::Welcome(welcome) => welcome,
            Login::Refused(why) => {
                tracing::info!(?why, "login refused");
                return Ok(Err(why));
            }
        };
        let places = self.gateway.config.ldap.connections_per_user_max;
        let admission = match self.gateway.admit(&welcome, &self.caller, places).await? {
            Ok(admission) => admission,
            Err(why) => {
                tracing::info!(user = %welcome.user.id, ?why, "login refused");
                return Ok(Err(why));
            }
        };
        if self.gateway.turned_off(&welcome.user, Use::Reading).await?.is_some() {
            return Ok(Err(LoginRefusal::TurnedOff));
        }
        // One for each letter that somebody types: not a line in the log.
        tracing::debug!(user = %welcome.user.id, "logged in");
        self.client.admitted(admission.cut.clone());
        self.admission = Some(admission);
        Ok(Ok(Arc::new(welcome.user)))
    }

    async fn look(&self, person: &User, needles: &[Needle]) -> Looked {
        self.try_to_look(person, needles).await.unwrap_or_else(|fault| {
            tracing::error!(%fault, "LDAP: the gateway failed");
            Looked::Fault
        })
    }

    /// Each needle counts as a search of the person's.
    async fn try_to_look(&self, person: &User, needles: &[Needle]) -> Result<Looked, Fault> {
        if let Some(sentence) = self.gateway.turned_off(person, Use::Reading).await? {
            return Ok(Looked::NotNow(sentence));
        }
        if !self.gateway.may_search(&person.id, needles.len()) {
            tracing::info!(user = %person.id, "too many searches of the directory");
            return Ok(Looked::TooOften);
        }
        let max = self.gateway.config.ldap.entries_max;
        let (mut found, mut whole) = (Vec::new(), true);
        for needle in needles {
            // Boxed: a session that waits for its client keeps no room for an answer.
            let cards = match needle {
                // One more than is told: so it is known that there are more.
                Needle::Words(words) => Box::pin(self.gateway.find(person, words, max.saturating_add(1))).await?,
                Needle::Address(address) => Box::pin(self.gateway.card(person, address)).await?.into_iter().collect(),
            };
            whole &= cards.len() <= max;
            for card in cards {
                add(&mut found, card, needle);
            }
        }
        let (tree, language) = (self.session.tree(), self.gateway.config.language);
        let entry = |(card, found_by): (Card, Vec<Needle>)| {
            let (branch, entry) = card::entry(tree, &card, language);
            (branch, entry, found_by)
        };
        Ok(Looked::Found { entries: found.into_iter().map(entry).collect(), whole })
    }
}

/// Whom several needles find is there once.
fn add(found: &mut Vec<(Card, Vec<Needle>)>, card: Card, needle: &Needle) {
    match found.iter_mut().find(|(known, _)| known.id == card.id) {
        Some((_, found_by)) => found_by.push(needle.clone()),
        None => found.push((card, vec![needle.clone()])),
    }
}
