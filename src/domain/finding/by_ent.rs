//! Where the live ENT says who may write to whom: candidates by name, those whom the stored rules show first and then the
//! people of the asker's schools; and each is asked for, `directory.ent_asks_max` at most.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::cards::Sees;
use super::members::{Source, Unread};
use super::visible::Visible;
use super::words::{Fit, Query};
use super::{Card, CardId, Found, Whom, ent_away};
use crate::domain::policy::{Path, Ruling, Why};
use crate::domain::{Fault, Gateway};
use crate::model::{User, UserId};

/// Questions at the same time, of one search.
const ASKS_AT_ONCE: usize = 8;

impl Gateway {
    /// [`Gateway::find`], by what the ENT says.
    pub(super) async fn find_by_ent(&self, asker: &User, query: &Query, max: usize) -> Result<Vec<Card>, Unread> {
        let facts = self.asker(asker).await?;
        let (schools, groups) = (facts.schools.clone(), facts.groups_of_schools.clone());
        let visible = self.visible(facts).await?;
        let shown: HashSet<UserId> = visible.people().map(|person| person.id.clone()).collect();
        let mut others = Vec::with_capacity(schools.len());
        for school in schools {
            others.push(self.names_of(Source::School(school), visible.version).await?);
        }
        let candidates = visible.widened(others, groups);
        let mut found = super::fitting(&candidates, query);
        found.sort_by_key(|found| (found.what.user().is_some_and(|id| !shown.contains(id)), found.order()));
        let asks_max = self.config.directory.ent_asks_max;
        found.truncate(asks_max);
        let mut allowed = self.allowed(asker, &candidates, found).await?;
        let left = asks_max.saturating_sub(allowed.len());
        let by_pupil = self.by_allowed_pupils(&candidates, &allowed, left).await?;
        allowed.extend(self.allowed(asker, &candidates, by_pupil).await?);
        let sees: HashSet<UserId> = allowed.iter().filter_map(|found| found.what.user().cloned()).collect();
        let whom: Vec<Whom> = super::best(allowed, max).into_iter().map(|found| found.what).collect();
        self.cards(&candidates, &whom, Sees::These(&sees)).await
    }

    /// The relatives of those whom the asker may write to, who are not among them.
    async fn by_allowed_pupils(
        &self,
        candidates: &Visible,
        allowed: &[Found],
        max: usize,
    ) -> Result<Vec<Found>, Fault> {
        let known: HashSet<&UserId> = allowed.iter().filter_map(|found| found.what.user()).collect();
        let pupils = candidates.pupils(&known);
        let relatives = self.relatives(pupils).await?;
        let new = relatives.into_iter().filter(|relative| !known.contains(relative)).take(max);
        Ok(new.filter_map(|relative| candidates.found(&relative, Fit::ByPupil)).collect())
    }

    /// Those of them to whom the ENT lets the asker write.
    async fn allowed(&self, asker: &User, candidates: &Visible, found: Vec<Found>) -> Result<Vec<Found>, Unread> {
        let whom: Vec<Whom> = found.iter().map(|found| found.what.clone()).collect();
        let cards = self.cards(candidates, &whom, Sees::Nobody).await?;
        let allowed: HashSet<CardId> = self.allowed_cards(asker, &cards).await?;
        Ok(found
            .into_iter()
            .filter(|found| candidates.card_id(&found.what).is_some_and(|id| allowed.contains(&id)))
            .collect())
    }

    /// Those of these cards to whom the ENT lets the asker write.
    pub(super) async fn allowed_cards(&self, asker: &User, cards: &[Card]) -> Result<HashSet<CardId>, Fault> {
        let asking: Vec<BoxFuture<'_, _>> = cards.iter().map(|card| self.ent_says(asker, card)).collect();
        let said: Vec<(CardId, bool)> = stream::iter(asking).buffer_unordered(ASKS_AT_ONCE).try_collect().await?;
        Ok(said.into_iter().filter(|(_, allowed)| *allowed).map(|(id, _)| id).collect())
    }

    /// Boxed: who waits for many of them must be free to go to another thread.
    fn ent_says<'a>(&'a self, asker: &'a User, card: &'a Card) -> BoxFuture<'a, Result<(CardId, bool), Fault>> {
        Box::pin(async move { Ok((card.id, self.ent_allows(asker, card).await?)) })
    }

    async fn ent_allows(&self, asker: &User, card: &Card) -> Result<bool, Fault> {
        let Some(case) = self.case(asker, card.address.local()).await? else { return Ok(false) };
        match self.judge(asker, case).await?.1 {
            Ruling::Refuse(Why::EntAway) => Err(ent_away()),
            Ruling::Refuse(_) | Ruling::Allow(Path::Answer) => Ok(false),
            Ruling::Allow(_) => Ok(true),
        }
    }
}
