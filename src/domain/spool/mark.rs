//! A message on its way in, among those that are counted. Dropped, it is in, or gone.

use std::sync::Arc;

use crate::metrics::Metrics;

/// Its place in the counts.
pub(super) struct SpoolMark {
    metrics: Arc<Metrics>,
    /// Octets in the spool's file.
    bytes: i64,
}

impl SpoolMark {
    pub(super) fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.spool_messages.add(1);
        Self { metrics: Arc::clone(metrics), bytes: 0 }
    }

    /// So many octets more were written.
    pub(super) fn spilled(&mut self, bytes: u64) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        self.metrics.spool_bytes.add(bytes);
    }
}

impl Drop for SpoolMark {
    fn drop(&mut self) {
        self.metrics.spool_messages.add(-1);
        self.metrics.spool_bytes.add(-self.bytes);
    }
}
