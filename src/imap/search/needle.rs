//! PURE: a text to find, and what the index said of it.

use std::sync::Arc;

use crate::mime;
use crate::model::MessageId;

/// The shortest text that the index knows anything of, in folded characters.
const INDEXED_CHARS_MIN: usize = 3;

/// A text to find.
#[derive(Debug)]
pub(super) struct Needle {
    /// Folded.
    text: String,
    /// The only messages that can have it, rising; `None` where nobody knows.
    proposed: Option<Arc<[MessageId]>>,
}

impl Needle {
    /// Folds what the client sent.
    pub(super) fn new(text: &str) -> Self {
        Self { text: mime::fold(text), proposed: None }
    }

    /// The folded text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Is it long enough for the index?
    pub(super) fn is_indexed(&self) -> bool {
        self.text.chars().nth(INDEXED_CHARS_MIN - 1).is_some()
    }

    /// Takes in which messages, rising, are the only ones that can have it.
    pub(super) fn propose(&mut self, proposed: Arc<[MessageId]>) {
        self.proposed = Some(proposed);
    }

    /// Is it known that the message does not have it?
    pub(super) fn rules_out(&self, message: MessageId) -> bool {
        self.proposed.as_ref().is_some_and(|proposed| proposed.binary_search(&message).is_err())
    }

    /// Is it in a folded text?
    pub(super) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.text)
    }
}
