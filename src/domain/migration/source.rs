//! A source of mail: read twice, from beginning to end, giving the same both times. The first time it is checked whole, the
//! second time its letters are written. Reads files: off the async threads.

use std::io;

use super::letter::{Letter, Problem, Target};

/// Who takes the letters of a source.
pub(super) trait Take {
    /// More octets of the letter under way.
    ///
    /// # Errors
    /// Nobody takes any more: the source stops.
    fn octets(&mut self, octets: &[u8]) -> io::Result<()>;

    /// The letter's end.
    ///
    /// # Errors
    /// As `octets`.
    fn end(&mut self, letter: Letter) -> io::Result<()>;

    /// The letter under way cannot be taken, or something beside it is wrong.
    ///
    /// # Errors
    /// As `octets`.
    fn broken(&mut self, problem: Problem) -> io::Result<()>;

    /// The letter under way is none.
    fn drop_letter(&mut self);
}

/// Where letters come from.
pub(super) trait Source: Send + Sync {
    /// Gives everything to `take`.
    ///
    /// # Errors
    /// A file cannot be read; or `take` stopped.
    fn read(&mut self, take: &mut dyn Take) -> io::Result<()>;

    /// Mailboxes that are there though no letter may lie in them.
    fn mailboxes(&self) -> &[Target];

    /// What an admin should know, found before the letters.
    fn remarks(&self) -> &[Problem];

    /// What it is, in a word, for the trail.
    fn kind(&self) -> &'static str;
}
