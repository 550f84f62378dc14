//! Noticing that a run gets nowhere.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::surroundings::Progress;

/// Notices when nothing moves any more.
pub(super) struct Watch {
    progress: Arc<Progress>,
    patience: Duration,
    seen: u64,
    until: Instant,
}

impl Watch {
    pub(super) fn new(progress: &Arc<Progress>, patience: Duration) -> Watch {
        let (progress, until) = (Arc::clone(progress), Instant::now() + patience);
        Watch { seen: progress.so_far(), progress, patience, until }
    }

    /// Waits until nothing moved for as long as the patience lasts. Can be dropped and asked again.
    pub(super) async fn stalls(&mut self) {
        loop {
            tokio::time::sleep_until(self.until).await;
            let now = self.progress.so_far();
            if now == self.seen {
                return;
            }
            self.seen = now;
            self.until = Instant::now() + self.patience;
        }
    }
}
