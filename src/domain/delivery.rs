//! A submission → each recipient's INBOX and the sender's Sent, in one transaction. No queue.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::addressing::{Addressed, answerable_people, ids_of};
use super::arrival::written;
use super::directory::Recipient;
use super::spool::Spooled;
use super::{Fault, Gateway};
use crate::metrics::SubmissionOutcome;
use crate::mime::submission::{Additions, Checked, HeaderFault, check, recipients_header, sender_header};
use crate::mime::{date_time, split_header};
use crate::model::{Address, Profile, User};
use crate::sentences::Sentence;
use crate::store::delivery::{Delivered, NewDelivery, deliver};
use crate::store::{Durability, StoreError};

/// What SMTP hands over.
pub struct Submission {
    pub sender: User,
    /// Judged at RCPT, in the order they came.
    pub recipients: Vec<Recipient>,
    pub message: Spooled,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Durably in every mailbox; `people` reached now (none where it was a repetition).
    Delivered {
        people: u64,
    },
    /// Durably kept: in Sent and in every mailbox that may be reached now; the others get it when quiet hours end.
    Waiting {
        people: u64,
        waiting: u64,
        /// When the first of those who wait are reached, on the school's clock.
        opens: jiff::civil::DateTime,
    },
    Refused(Sentence),
}

impl Gateway {
    /// A message of so many octets, received whole at `started`, has come to this.
    pub fn count_submission(&self, started: Instant, bytes: u64, submitted: Result<&Submitted, &Fault>) {
        let (outcome, people) = match submitted {
            Ok(Submitted::Delivered { people }) => (SubmissionOutcome::Delivered, *people),
            Ok(Submitted::Waiting { people, waiting, .. }) => {
                (SubmissionOutcome::Waiting, people.saturating_add(*waiting))
            }
            Ok(Submitted::Refused(_)) => (SubmissionOutcome::Refused, 0),
            Err(_) => (SubmissionOutcome::Failed, 0),
        };
        self.metrics.submissions.at(outcome).inc();
        if matches!(outcome, SubmissionOutcome::Delivered | SubmissionOutcome::Waiting) {
            self.metrics.delivery.took(started.elapsed());
            self.metrics.submission_bytes.add(bytes);
            self.metrics.recipients.add(people);
        }
    }

    /// Delivers: checks header From and what the header says of the recipients, expands groups, adds Date and Message-ID where missing, keeps Bcc in the sender's
    /// copy only, places in Sent and in each INBOX, wakes sessions. All or none.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, Fault> {
        let checked = match self.check_header(&submission).await? {
            Ok(checked) => checked,
            Err(sentence) => return Ok(Submitted::Refused(sentence)),
        };
        let addressed = self.addressed(&submission, &checked).await?;
        if let Some(sentence) = self.refuses(&submission, &checked, &addressed).await? {
            return Ok(Submitted::Refused(sentence));
        }
        if !self.has_room(&submission.sender, 1, submission.message.size()).await? {
            return Ok(Submitted::Refused(Sentence::QuotaExceeded));
        }
        let profile = submission.sender.profile;
        let new = self.new_delivery(&submission, &checked, &addressed).await?;
        drop(addressed);
        drop(submission);
        self.deliver(new, profile).await
    }

    /// Is the header readable in one way only, and is it the sender's own?
    async fn check_header(&self, submission: &Submission) -> Result<Result<Checked, Sentence>, Fault> {
        let message = &submission.message;
        if !message.header_is_whole {
            let bytes_max = self.config.store.header_bytes_max;
            return Ok(Err(Sentence::HeaderTooLarge { bytes_max }));
        }
        if split_header(&message.header) != message.header.len() {
            return Ok(Err(Sentence::HeaderUnreadable));
        }
        let checked = match check(&message.header) {
            Ok(checked) => checked,
            Err(HeaderFault::NoFrom) => return Ok(Err(Sentence::FromMissing)),
            Err(_) => return Ok(Err(Sentence::HeaderUnreadable)),
        };
        let from = match checked.from.as_slice() {
            [from] if checked.from_fields == 1 => from,
            _ => return Ok(Err(Sentence::FromSeveral)),
        };
        if !self.is_own(&submission.sender, from).await? {
            return Ok(Err(Sentence::FromNotYours { address: from.clone() }));
        }
        if let Some(sender) = &checked.sender
            && !self.is_own(&submission.sender, sender).await?
        {
            return Ok(Err(Sentence::SenderNotYours { address: sender.clone() }));
        }
        Ok(Ok(checked))
    }

    async fn is_own(&self, user: &User, address: &str) -> Result<bool, Fault> {
        match Address::parse(address) {
            Some(address) => self.is_own_address(user, &address).await,
            None => Ok(false),
        }
    }

    /// Everything the transaction needs: the letter, the sender's copy, its body made durable.
    async fn new_delivery(
        &self,
        submission: &Submission,
        checked: &Checked,
        addressed: &[Addressed<'_>],
    ) -> Result<NewDelivery, Fault> {
        let (message, sender) = (&submission.message, &submission.sender);
        let now = self.clock.now();
        let date = (!checked.has_date).then(|| date_time(now));
        let message_id = match &checked.message_id {
            Some(_) => None,
            None => Some(format!("{}@{}", random_hex()?, self.config.domain)),
        };
        let no_reply = self.takes_no_reply(checked, addressed).then(|| self.no_reply_address());
        let additions =
            Additions { date: date.as_deref(), message_id: message_id.as_deref(), reply_to: no_reply.as_deref() };
        let (users, groups) = ids_of(&submission.recipients);
        let quiet = self.quiet_for(sender, &message.header).await?;
        let letter = Bytes::from(recipients_header(&message.header, additions));
        let sent_copy = Bytes::from(sender_header(&message.header, additions, &self.hidden(addressed)));
        let sent_copy = (sent_copy != letter).then_some(sent_copy);
        let replayed = checked.message_id.as_deref().or(additions.message_id).unwrap_or_default();
        Ok(NewDelivery {
            sender: sender.id.clone(),
            submission: self.clock.new_id(),
            batch: self.clock.new_id(),
            replay_key: replay_key(sender, replayed, message),
            users,
            groups,
            answerable: answerable_people(&sender.id, addressed),
            no_reply: no_reply.is_some(),
            letter: self.read_in(letter, message).await?,
            sent_copy: match sent_copy {
                Some(header) => Some(self.read_in(header, message).await?),
                None => None,
            },
            body: self.keep_body(message).await?,
            people_max: self.config.submission.people_max,
            counting: self.counting(sender),
            quiet: quiet.now,
            urgent: quiet.urgent,
            outbox: self.new_outbox(1),
            now,
        })
    }

    async fn deliver(&self, new: NewDelivery, profile: Profile) -> Result<Submitted, Fault> {
        let sender = new.sender.clone();
        let new = Arc::new(new);
        for _ in 0..2 {
            let write = self.store.write(Durability::Synced, Arc::clone(&new), |tx, new| Box::pin(deliver(tx, new)));
            match write.await? {
                Delivered::Done { people, waiting, opens, mailboxes } => {
                    self.settle_bodies(written(&new.body)).await;
                    self.changed(&mailboxes);
                    self.wake_webhooks();
                    return Ok(match opens.map(|opens| self.on_the_wall(opens)) {
                        Some(opens) => Submitted::Waiting { people, waiting, opens },
                        None => Submitted::Delivered { people },
                    });
                }
                Delivered::TooManyPeople => {
                    self.settle_bodies(written(&new.body)).await;
                    let max = self.config.submission.people_max;
                    return Ok(Submitted::Refused(Sentence::TooManyPeople { max }));
                }
                Delivered::LimitReached(limit) => {
                    return Ok(Submitted::Refused(self.limit_sentence(profile, limit)));
                }
                Delivered::Recalled => {
                    self.settle_bodies(written(&new.body)).await;
                    return Ok(Submitted::Refused(Sentence::SentRecalled));
                }
                Delivered::MailboxMissing => self.add_special_mailboxes(None).await?,
            }
        }
        let row = sender.to_string();
        Err(StoreError::Inconsistent { table: "mailbox", column: "special_use", row }.into())
    }
}

/// The same sender, Message-ID and octets give the same key.
fn replay_key(sender: &User, message_id: &str, message: &Spooled) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let parts: [&[u8]; 4] = [sender.id.as_str().as_bytes(), message_id.as_bytes(), &message.header, &message.body_hash];
    for part in parts {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

pub(super) fn random_hex() -> Result<String, Fault> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).map_err(|error| Fault::Worker(format!("no randomness: {error}")))?;
    Ok(octets.iter().map(|octet| format!("{octet:02x}")).collect())
}
