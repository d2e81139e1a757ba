//! How busy this process is: how many commands of mail clients it is working on at this moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Gateway;

/// Commands that are being worked on.
#[derive(Clone, Debug, Default)]
pub struct Load(Arc<AtomicUsize>);

/// One of them. Dropped, it is done.
#[derive(Debug)]
pub struct Running(Load);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gateway {
    /// A command begins.
    pub fn begin_command(&self) -> Running {
        self.load.0.fetch_add(1, Ordering::Relaxed);
        Running(self.load.clone())
    }

    /// How many are being worked on, of all sessions of this process.
    pub fn commands_running(&self) -> usize {
        self.load.0.load(Ordering::Relaxed)
    }
}
