//! INPROGRESS (RFC 9585 §4): a client that waits long for an answer hears every few seconds that its command goes on.
//!
//! Told between responses only: by [`Context::working`] while the store works, by [`Context::still_working`] between
//! two portions of a long task.

use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use super::answer::End;
use super::serve::Context;
use super::session::INPROGRESS;
use super::wire::write::{self, Code, Condition};

/// How far the command has come.
pub(super) struct Progress {
    /// Never, where it is zero.
    every: Duration,
    due: Instant,
    tag: String,
    /// Messages dealt with, where they are counted; never falls.
    done: Option<u32>,
    /// Of how many.
    goal: Option<u32>,
}

impl Progress {
    /// A command begins.
    pub(super) fn begin(tag: &str, every: Duration) -> Self {
        Self { every, due: Instant::now() + every, tag: tag.to_owned(), done: None, goal: None }
    }

    /// So many of so many are done; `goal`: `None` where nobody can know.
    pub(super) fn count(&mut self, done: usize, goal: Option<usize>) {
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        self.done = self.done.max(Some(number(done)));
        // What has been reached is no goal any more.
        self.goal = goal.map(number).filter(|goal| self.done < Some(*goal));
    }

    fn is_due(&self) -> bool {
        !self.every.is_zero() && Instant::now() >= self.due
    }

    async fn when_due(&self) {
        match self.every.is_zero() {
            true => std::future::pending().await,
            false => tokio::time::sleep_until(self.due).await,
        }
    }
}

impl Context<'_> {
    /// A command begins.
    pub(super) fn begin_progress(&mut self, tag: &str) {
        let every = match self.is_hidden(INPROGRESS) {
            true => 0,
            false => self.gateway.config.imap.progress_milliseconds,
        };
        self.progress = Progress::begin(tag, Duration::from_millis(every));
    }

    /// No command is under way: what is told now is told without that.
    pub(super) fn end_progress(&mut self) {
        self.progress = Progress::begin("", Duration::ZERO);
    }

    /// Waits for the store, and tells meanwhile. What was asked of the store is never given up half done.
    pub(super) async fn working<T>(&mut self, work: impl Future<Output = T>) -> Result<T, End> {
        let mut work = pin!(work);
        let mut unsent = false;
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                // A client that does not read holds up neither the store nor the others.
                sent = self.client.flush(), if unsent => match sent {
                    Ok(()) => unsent = false,
                    Err(end) => {
                        work.await;
                        return Err(end);
                    }
                },
                () = self.progress.when_due(), if !unsent => {
                    self.tell_progress();
                    unsent = true;
                }
            }
        }
    }

    /// Between two portions: tells where it is time to.
    pub(super) async fn still_working(&mut self) -> Result<(), End> {
        if self.progress.is_due() {
            self.tell_progress();
            self.client.flush().await?;
        }
        Ok(())
    }

    fn tell_progress(&mut self) {
        let Progress { tag, done, goal, every, .. } = &self.progress;
        let code = Code::InProgress { tag, done: *done, goal: *goal };
        write::untagged(&mut self.client.out, Condition::Ok, Some(code), "Still working");
        self.progress.due = Instant::now() + *every;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_due_again_and_again_and_what_is_done_never_falls() {
        let mut progress = Progress::begin("a", Duration::from_millis(50));
        progress.count(5, Some(9));
        progress.count(3, Some(9));
        assert_eq!((progress.done, progress.goal), (Some(5), Some(9)));
        let before = Instant::now();
        progress.when_due().await;
        assert!(before.elapsed() < Duration::from_secs(30) && progress.is_due());
        progress.count(9, Some(9));
        assert_eq!((progress.done, progress.goal), (Some(9), None), "nothing is told to be complete before it is");
    }
}
