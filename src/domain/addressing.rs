//! What a submission's header says of its recipients: who is named for all to see, what it answers, whether it takes
//! answers. Between RCPT, where `directory` judged each recipient, and `delivery`.

use std::collections::HashSet;

use super::delivery::Submission;
use super::directory::Recipient;
use super::{Fault, Gateway};
use crate::mime::mailbox;
use crate::mime::submission::Checked;
use crate::model::{GroupKind, UserId};
use crate::sentences::Sentence;
use crate::store::answers::{Answer, answerable, answers_no_reply};
use crate::store::delivery::{RecipientAddress, addresses};
use crate::store::json_list;

/// A recipient, and how the header names it.
pub(super) struct Addressed<'s> {
    pub(super) recipient: &'s Recipient,
    /// Every local part that means it, the one to show first.
    local_parts: Vec<String>,
    /// To or Cc names it.
    in_sight: bool,
    in_bcc: bool,
}

impl Gateway {
    /// How the header names each recipient, by whichever of its addresses.
    pub(super) async fn addressed<'s>(
        &self,
        submission: &'s Submission,
        checked: &Checked,
    ) -> Result<Vec<Addressed<'s>>, Fault> {
        let asked = ids_of(&submission.recipients);
        let known = self.store.read(asked, |tx, asked| Box::pin(addresses(tx, asked))).await?;
        let in_sight: HashSet<&str> = checked.in_sight.iter().map(String::as_str).collect();
        let in_bcc: HashSet<&str> = checked.in_bcc.iter().map(String::as_str).collect();
        let addressed = |recipient| {
            let local_parts = local_parts(recipient, &known);
            let among = |named: &HashSet<&str>| {
                local_parts.iter().any(|local_part| named.contains(self.address_of(local_part).to_lowercase().as_str()))
            };
            Addressed { recipient, in_sight: among(&in_sight), in_bcc: among(&in_bcc), local_parts }
        };
        Ok(submission.recipients.iter().map(addressed).collect())
    }

    /// Does the header let the message go to these recipients? The sentence, where not.
    pub(super) async fn refuses(
        &self,
        submission: &Submission,
        checked: &Checked,
        addressed: &[Addressed<'_>],
    ) -> Result<Option<Sentence>, Fault> {
        let profile = submission.sender.profile;
        if self.asks_for_no_reply(checked) && !self.config.policy.no_reply_profiles.contains(&profile) {
            return Ok(Some(Sentence::NoReplyNotAllowed));
        }
        if let Some(list) = addressed.iter().find(|one| one.in_sight && one.is_list()) {
            return Ok(Some(Sentence::ListInSight { group: self.shown(list) }));
        }
        let person = submission.sender.id.clone();
        let asked = (person.clone(), json_list(&checked.in_reply_to));
        if !checked.in_reply_to.is_empty()
            && self.store.read(asked, |tx, asked| Box::pin(answers_no_reply(tx, asked))).await?
        {
            return Ok(Some(Sentence::NoReply));
        }
        self.answers_nothing(person, checked, &submission.recipients).await
    }

    /// Whom an answer only may reach must be named by a message that this one answers.
    async fn answers_nothing(
        &self,
        holder: UserId,
        checked: &Checked,
        recipients: &[Recipient],
    ) -> Result<Option<Sentence>, Fault> {
        let people: Vec<_> = recipients.iter().filter_map(Recipient::answered).collect();
        if people.is_empty() {
            return Ok(None);
        }
        let ids: Vec<&str> = people.iter().map(|(id, _)| id.as_str()).collect();
        let messages: Vec<&String> = checked.in_reply_to.iter().chain(&checked.references).collect();
        let answer = Answer { holder, answered: json_list(&messages), people: json_list(&ids) };
        let may: HashSet<UserId> =
            self.store.read(answer, |tx, answer| Box::pin(answerable(tx, answer))).await?.into_iter().collect();
        let stranger = people.into_iter().find(|(id, _)| !may.contains(*id));
        Ok(stranger.map(|(_, address)| Sentence::NotAnAnswer { recipient: address.to_string() }))
    }

    /// Does Reply-To say that nobody may answer?
    fn asks_for_no_reply(&self, checked: &Checked) -> bool {
        checked.reply_to.contains(&self.no_reply_address())
    }

    /// May nobody answer: because the sender wants it so, or by the setting for a group that it goes to?
    pub(super) fn takes_no_reply(&self, checked: &Checked, addressed: &[Addressed<'_>]) -> bool {
        let groups = &self.config.policy.no_reply_groups;
        let is_quiet = |one: &Addressed<'_>| {
            matches!(one.recipient, Recipient::Group(_)) && one.local_parts.iter().any(|local| groups.contains(local))
        };
        self.asks_for_no_reply(checked) || addressed.iter().any(is_quiet)
    }

    /// The address that stands in Reply-To where nobody may answer.
    pub(super) fn no_reply_address(&self) -> String {
        self.address_of(&self.config.policy.no_reply_address).to_lowercase()
    }

    /// Recipients that no field names, by the name and the address they are known by.
    pub(super) fn hidden(&self, addressed: &[Addressed<'_>]) -> Vec<String> {
        let mut hidden: Vec<String> = Vec::new();
        for one in addressed.iter().filter(|one| !one.in_sight && !one.in_bcc) {
            let name = match one.recipient {
                Recipient::User(user) => user.display_name.as_str(),
                Recipient::Group(group) => group.name.as_str(),
                // By the rules the sender may not see him.
                Recipient::Answered { .. } => "",
            };
            let shown = mailbox(name, &self.shown(one));
            if !hidden.contains(&shown) {
                hidden.push(shown);
            }
        }
        hidden
    }

    fn shown(&self, one: &Addressed<'_>) -> String {
        self.address_of(one.local_parts.first().map_or("", String::as_str)).to_lowercase()
    }

    pub(super) fn address_of(&self, local_part: &str) -> String {
        format!("{local_part}@{}", self.config.domain)
    }
}

impl Addressed<'_> {
    fn is_list(&self) -> bool {
        matches!(self.recipient, Recipient::Group(group) if group.kind == GroupKind::Broadcast)
    }

    /// The person, where one is addressed by name and for all to see.
    fn person_in_sight(&self) -> Option<&UserId> {
        match self.recipient {
            Recipient::User(user) | Recipient::Answered { user, .. } => self.in_sight.then_some(&user.id),
            Recipient::Group(_) => None,
        }
    }
}

/// JSON list of the people whom those may answer to who get it: its sender, and the people it is addressed to by name,
/// for all to see. Whom only the header names is not among them: nobody has judged whether the sender may write there.
pub(super) fn answerable_people(sender: &UserId, addressed: &[Addressed<'_>]) -> String {
    let people: HashSet<&str> =
        addressed.iter().filter_map(Addressed::person_in_sight).chain([sender]).map(UserId::as_str).collect();
    json_list(&people.into_iter().collect::<Vec<_>>())
}

/// JSON lists of the people's and the groups' ids.
pub(super) fn ids_of(recipients: &[Recipient]) -> (String, String) {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for recipient in recipients {
        match recipient {
            Recipient::User(user) | Recipient::Answered { user, .. } => users.push(user.id.as_str()),
            Recipient::Group(group) => groups.push(group.id.as_str()),
        }
    }
    (json_list(&users), json_list(&groups))
}

/// Every local part that means this recipient, the one to show first.
fn local_parts(recipient: &Recipient, known: &[RecipientAddress]) -> Vec<String> {
    let (id, user) = match recipient {
        Recipient::User(user) | Recipient::Answered { user, .. } => (user.id.as_str(), Some(user)),
        Recipient::Group(group) => (group.id.as_str(), None),
    };
    let mut own: Vec<&RecipientAddress> = known.iter().filter(|address| address.owner == id).collect();
    own.sort_by_key(|address| !address.is_primary);
    let mut local_parts: Vec<String> = own.iter().map(|address| address.local_part.clone()).collect();
    if let Some(user) = user {
        local_parts.extend(user.login_alias.clone());
        local_parts.push(user.login.clone());
    }
    local_parts.push(id.to_owned());
    local_parts
}
