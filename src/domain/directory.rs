//! Addresses → people and groups; may this sender write there? Gathers the facts that `policy` judges.

use super::policy::{self, GroupFacts, Reach, Ruling, SenderFacts, UserFacts, Why};
use super::{Fault, Gateway};
use crate::model::{Address, Group, User, UserId};
use crate::sentences::Sentence;
use crate::store::people::directory as store;
use crate::store::{StoreError, Tx};

/// Somebody or some group that a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    User(User),
    Group(Group),
}

/// May the sender write to this address?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow(Recipient),
    Refuse(Sentence),
}

/// Whom the sender names, and what the rules say of it.
type Judged = Option<(Recipient, Ruling)>;

impl Gateway {
    /// Judges one recipient of a submission: known? in the ENT? allowed by the rules?
    ///
    /// A refusal names the recipient by the address that the sender wrote, never by a name that he may not see.
    pub async fn may_write(&self, sender: &User, recipient: &Address) -> Result<Verdict, Fault> {
        if !self.is_our_domain(recipient.domain()) {
            return Ok(Verdict::Refuse(Sentence::OutsideEnt { address: recipient.to_string() }));
        }
        let input = (sender.id.clone(), recipient.local().to_owned());
        let judged =
            self.store.read_snapshot(input, |tx, (sender, local_part)| Box::pin(judge(tx, sender, local_part))).await?;
        Ok(match judged {
            None => Verdict::Refuse(Sentence::UnknownRecipient { address: recipient.to_string() }),
            Some((known, Ruling::Allow)) => Verdict::Allow(known),
            Some((_, Ruling::Refuse(why))) => Verdict::Refuse(sentence(why, recipient)),
        })
    }

    /// Is this one of the person's own addresses (login, alias, id, at our domain)?
    pub async fn is_own_address(&self, user: &User, address: &Address) -> Result<bool, Fault> {
        if !self.is_our_domain(address.domain()) {
            return Ok(false);
        }
        let input = (user.id.clone(), address.local().to_owned());
        let own = self
            .store
            .read(input, |tx, (user, local_part)| Box::pin(store::is_address_of(tx, local_part, user)))
            .await?;
        Ok(own)
    }

    /// Is this the ENT's domain? Blind to case.
    pub(in crate::domain) fn is_our_domain(&self, domain: &str) -> bool {
        domain.to_lowercase() == self.config.domain.to_lowercase()
    }
}

async fn judge(tx: &mut Tx<'_>, sender: &UserId, local_part: &str) -> Result<Judged, StoreError> {
    if let Some(user) = store::user_by_local_part(tx, local_part).await? {
        let ruling = judge_user(tx, sender, &user).await?;
        return Ok(Some((Recipient::User(user), ruling)));
    }
    if let Some(group) = store::group_by_local_part(tx, local_part).await? {
        let ruling = judge_group(tx, sender, &group).await?;
        return Ok(Some((Recipient::Group(group), ruling)));
    }
    Ok(None)
}

// Whether the sender is suspended is asked anew each time: a session may be older than a suspension.

async fn judge_user(tx: &mut Tx<'_>, sender: &UserId, recipient: &User) -> Result<Ruling, StoreError> {
    let standing = store::standing(tx, sender, &recipient.id).await?;
    let facts = UserFacts {
        is_sender: *sender == recipient.id,
        suspended: recipient.suspended,
        linked: standing.linked,
        memberships: store::memberships(tx, &recipient.id).await?,
    };
    let sender = SenderFacts { suspended: standing.suspended, reach: reach(tx, sender).await? };
    Ok(policy::may_write_to_user(&sender, &facts))
}

async fn judge_group(tx: &mut Tx<'_>, sender: &UserId, group: &Group) -> Result<Ruling, StoreError> {
    let facts = GroupFacts {
        id: group.id.clone(),
        parent: group.parent.clone(),
        closed: group.closed,
        empty: store::group_is_empty(tx, &group.id).await?,
    };
    let sender = SenderFacts { suspended: store::suspended(tx, sender).await?, reach: reach(tx, sender).await? };
    Ok(policy::may_write_to_group(&sender, &facts))
}

async fn reach(tx: &mut Tx<'_>, sender: &UserId) -> Result<Reach, StoreError> {
    Ok(Reach::of(&store::reaching_memberships(tx, sender).await?))
}

fn sentence(why: Why, recipient: &Address) -> Sentence {
    let recipient = recipient.to_string();
    match why {
        Why::SenderSuspended => Sentence::AccountSuspended,
        Why::RecipientSuspended => Sentence::RecipientSuspended { recipient },
        Why::NotAllowed => Sentence::NotAllowed { recipient },
        Why::GroupClosed => Sentence::GroupClosed { group: recipient },
        Why::GroupEmpty => Sentence::GroupEmpty { group: recipient },
    }
}
