//! PURE: DATA (RFC 5321 §4.1.1.4) and BDAT (RFC 3030). Part of [`Session`].

use super::super::wire::reply::Reply;
use super::{Chunk, Question, Received, Session, Step, SubmissionState};
use crate::sentences::Sentence;

impl Session {
    pub(super) fn data(&mut self) -> Step {
        match &self.state {
            SubmissionState::Rcpt(_) => {
                Step::ReadData(Reply::bare(354, vec!["Send the message; end with CRLF.CRLF".into()]))
            }
            // All RCPT in a pipeline were refused (RFC 2920 §3.1).
            SubmissionState::Mail(transaction) if transaction.asked > 0 => self.refuse(&Sentence::NoRecipientLeft),
            SubmissionState::Mail(_) => self.out_of_order("RCPT first"),
            _ => self.no_transaction(),
        }
    }

    /// Refused or not, the chunk's octets are there and must be read (RFC 3030 §2).
    pub(super) fn bdat(&mut self, size: u64, last: bool) -> Step {
        let refusal = match self.count_chunk(size) {
            Ok(()) => None,
            Err(Step::Reply(reply)) => Some(reply),
            Err(other) => return other,
        };
        Step::ReadChunk(Chunk { size, last, refusal })
    }

    /// Counts the chunk; or says why it is refused.
    fn count_chunk(&mut self, size: u64) -> Result<(), Step> {
        let bytes_max = self.config.submission.message_bytes_max;
        let so_far = match &self.state {
            SubmissionState::Chunks(_, so_far) => *so_far,
            SubmissionState::Rcpt(_) => 0,
            _ => return Err(self.data()),
        };
        let Some(transaction) = self.end_transaction() else { return Err(self.fault()) };
        match so_far.checked_add(size).filter(|bytes| *bytes <= bytes_max) {
            Some(bytes) => {
                self.state = SubmissionState::Chunks(transaction, bytes);
                Ok(())
            }
            None => Err(self.refuse(&Sentence::MessageTooLarge { bytes_max })),
        }
    }

    /// The octets of a message or of a chunk were read.
    pub fn received(&mut self, received: Received) -> Step {
        if received == Received::Part {
            return Step::Reply(Reply::new(250, "2.0.0", "Chunk received"));
        }
        let Some(transaction) = self.end_transaction() else { return self.fault() };
        let bytes_max = self.config.submission.message_bytes_max;
        match received {
            Received::Part | Received::Whole => {
                self.messages += 1;
                Step::Ask(Question::Submit { sender: transaction.sender, recipients: transaction.recipients })
            }
            Received::TooLarge => self.refuse(&Sentence::MessageTooLarge { bytes_max }),
            Received::BareLineEnd => self.refuse(&Sentence::BareLineEnd),
            Received::Fault => self.refuse(&Sentence::TryLater),
        }
    }
}
