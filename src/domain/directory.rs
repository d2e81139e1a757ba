//! Addresses → people and groups; may this sender write there? Gathers the facts that `policy` judges.
//!
//! RCPT, `policy explain` and `policy matrix` ask the same functions: there is one way to be allowed.

use super::policy::{self, GroupFacts, Path, Reach, Ruling, SenderFacts, UserFacts, Why};
use super::{Fault, Gateway};
use crate::config::WhenAway;
use crate::ent::{Away, Ent};
use crate::model::{Address, Group, GroupKind, Profile, User, UserId};
use crate::sentences::Sentence;
use crate::store::answers::may_answer;
use crate::store::people::directory as store;
use crate::store::{StoreError, Tx};

/// Somebody or some group that a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    User(User),
    /// A person whom no rule lets the sender write to, but a message does that he got: the header must say that this one
    /// answers it. `address` is as the sender wrote it.
    Answered {
        user: User,
        address: Address,
    },
    Group(Group),
}

impl Recipient {
    /// The person whom an answer only may reach, and the address that the sender wrote.
    pub(in crate::domain) fn answered(&self) -> Option<(&UserId, &Address)> {
        match self {
            Self::Answered { user, address } => Some((&user.id, address)),
            Self::User(_) | Self::Group(_) => None,
        }
    }
}

/// May the sender write to this address?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow(Recipient),
    Refuse(Sentence),
}

/// One recipient, and all that the rules ask of sender and recipient.
#[derive(Clone, Debug)]
pub(in crate::domain) enum Case {
    ToUser { sender: SenderFacts, user: User, facts: UserFacts },
    ToGroup { sender: SenderFacts, group: Group, facts: GroupFacts },
}

impl Case {
    /// What leads from the sender to the recipient by the stored rules.
    pub(in crate::domain) fn path(&self) -> Option<Path> {
        match self {
            Self::ToUser { sender, facts, .. } => policy::path_to_user(sender, facts),
            Self::ToGroup { sender, facts, .. } => policy::path_to_group(sender, facts),
        }
    }

    /// May the sender write there, where `path` leads there?
    pub(in crate::domain) fn ruling(&self, path: Option<Path>) -> Ruling {
        match self {
            Self::ToUser { sender, facts, .. } => policy::may_write_to_user(sender, facts, path),
            Self::ToGroup { sender, facts, .. } => policy::may_write_to_group(sender, facts, path),
        }
    }

    /// Does it hang on rules at all? Not where the sender is suspended, the group closed, or one writes to oneself.
    fn is_open(&self) -> bool {
        match self {
            Self::ToUser { sender, facts, .. } => !sender.suspended && !facts.is_sender,
            Self::ToGroup { sender, facts, .. } => !sender.suspended && !facts.closed,
        }
    }

    /// What the sender's groups reach.
    pub(in crate::domain) fn reach(&self) -> &Reach {
        let (Self::ToUser { sender, .. } | Self::ToGroup { sender, .. }) = self;
        &sender.reach
    }
}

impl Gateway {
    /// Judges one recipient of a submission: known? in the ENT? allowed by the rules?
    ///
    /// A refusal names the recipient by the address that the sender wrote, never by a name that he may not see.
    pub async fn may_write(&self, sender: &User, recipient: &Address) -> Result<Verdict, Fault> {
        if !self.is_our_domain(recipient.domain()) {
            return Ok(Verdict::Refuse(Sentence::OutsideEnt { address: recipient.to_string() }));
        }
        if recipient.local() == self.config.policy.no_reply_address {
            return Ok(Verdict::Refuse(Sentence::NoReply));
        }
        let Some(case) = self.case(sender, recipient.local()).await? else {
            return Ok(Verdict::Refuse(Sentence::UnknownRecipient { address: recipient.to_string() }));
        };
        let (case, ruling) = self.judge(sender, case).await?;
        Ok(match (ruling, case) {
            (Ruling::Refuse(why), _) => Verdict::Refuse(sentence(why, recipient)),
            (Ruling::Allow(Path::Answer), Case::ToUser { user, .. }) => {
                Verdict::Allow(Recipient::Answered { user, address: recipient.clone() })
            }
            (Ruling::Allow(_), Case::ToUser { user, .. }) => Verdict::Allow(Recipient::User(user)),
            (Ruling::Allow(_), Case::ToGroup { group, .. }) => Verdict::Allow(Recipient::Group(group)),
        })
    }

    /// Gathers the facts about a recipient (`local_part` in lower case); `None` where the address is nobody's.
    pub(in crate::domain) async fn case(&self, sender: &User, local_part: &str) -> Result<Option<Case>, Fault> {
        let asked = Asked {
            sender: sender.id.clone(),
            writes_to_lists: self.writes_to_lists(sender.profile),
            local_part: local_part.to_owned(),
        };
        Ok(self.store.read_snapshot(asked, |tx, asked| Box::pin(gather(tx, asked))).await?)
    }

    /// Judges a case by the rules, or by what the live ENT says; a person whom they refuse, by what the sender may answer.
    pub(in crate::domain) async fn judge(&self, sender: &User, mut case: Case) -> Result<(Case, Ruling), Fault> {
        let path = match &self.ent {
            Some(ent) if case.is_open() => match self.ask_ent(ent, sender, &case).await {
                Ok(path) => path,
                Err(_) if self.config.ent.when_away == WhenAway::Rules => case.path(),
                Err(_) => return Ok((case, Ruling::Refuse(Why::EntAway))),
            },
            _ => case.path(),
        };
        let mut ruling = case.ruling(path.clone());
        if let (Ruling::Refuse(Why::NotAllowed), Case::ToUser { user, facts, .. }) = (&ruling, &mut case) {
            let pair = (sender.id.clone(), user.id.clone());
            facts.answerable = self.store.read(pair, |tx, pair| Box::pin(may_answer(tx, pair))).await?;
            ruling = case.ruling(path);
        }
        Ok((case, ruling))
    }

    /// What the live ENT says of a case: people are named by `login@domain`, groups by `id@domain`.
    async fn ask_ent(&self, ent: &Ent, sender: &User, case: &Case) -> Result<Option<Path>, Away> {
        let to = match case {
            Case::ToUser { user, .. } => &user.login,
            Case::ToGroup { group, .. } => group.id.as_str(),
        };
        let address = |local_part: &str| format!("{local_part}@{}", self.config.domain);
        let said = ent.can_communicate(&address(&sender.login), &address(to), self.clock.now()).await;
        if let Err(away) = &said {
            tracing::warn!(%away, "the ENT does not say who may write to whom");
        }
        said.map(|may| may.then_some(Path::Ent))
    }

    /// May people of this profile write to broadcast lists?
    pub fn writes_to_lists(&self, profile: Profile) -> bool {
        self.config.policy.broadcast_profiles.contains(&profile)
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

/// Whose right to write where is asked.
struct Asked {
    sender: UserId,
    writes_to_lists: bool,
    local_part: String,
}

async fn gather(tx: &mut Tx<'_>, asked: &Asked) -> Result<Option<Case>, StoreError> {
    if let Some(user) = store::user_by_local_part(tx, &asked.local_part).await? {
        return to_user(tx, asked, user).await.map(Some);
    }
    match store::group_by_local_part(tx, &asked.local_part).await? {
        Some(group) => to_group(tx, asked, group).await.map(Some),
        None => Ok(None),
    }
}

// Whether the sender is suspended is asked anew each time: a session may be older than a suspension.

async fn to_user(tx: &mut Tx<'_>, asked: &Asked, user: User) -> Result<Case, StoreError> {
    let standing = store::standing(tx, &asked.sender, &user.id).await?;
    let facts = UserFacts {
        is_sender: asked.sender == user.id,
        suspended: user.suspended,
        linked: standing.linked,
        answerable: false,
        memberships: store::memberships(tx, &user.id).await?,
    };
    let sender = sender_facts(tx, asked, standing.suspended).await?;
    Ok(Case::ToUser { sender, user, facts })
}

async fn to_group(tx: &mut Tx<'_>, asked: &Asked, group: Group) -> Result<Case, StoreError> {
    let facts = GroupFacts {
        id: group.id.clone(),
        parent: group.parent.clone(),
        closed: group.closed,
        is_list: group.kind == GroupKind::Broadcast,
        empty: store::group_is_empty(tx, &group.id).await?,
    };
    let suspended = store::suspended(tx, &asked.sender).await?;
    let sender = sender_facts(tx, asked, suspended).await?;
    Ok(Case::ToGroup { sender, group, facts })
}

async fn sender_facts(tx: &mut Tx<'_>, asked: &Asked, suspended: bool) -> Result<SenderFacts, StoreError> {
    let reach = Reach::of(&store::reaching_memberships(tx, &asked.sender).await?);
    Ok(SenderFacts { suspended, writes_to_lists: asked.writes_to_lists, reach })
}

fn sentence(why: Why, recipient: &Address) -> Sentence {
    let recipient = recipient.to_string();
    match why {
        Why::SenderSuspended => Sentence::AccountSuspended,
        Why::RecipientSuspended => Sentence::RecipientSuspended { recipient },
        Why::NotAllowed => Sentence::NotAllowed { recipient },
        Why::ListNotAllowed => Sentence::ListNotAllowed { group: recipient },
        Why::EntAway => Sentence::RulesAway,
        Why::GroupClosed => Sentence::GroupClosed { group: recipient },
        Why::GroupEmpty => Sentence::GroupEmpty { group: recipient },
    }
}
