//! Whether anything goes on: what is under way, and whether a run gets anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// What goes on in a runtime.
#[derive(Default)]
pub(crate) struct Activity {
    /// Messages on their way, and inputs being handled.
    under_way: AtomicU64,
    rests: Notify,
    /// Records that were written.
    written: AtomicU64,
}

/// Something that is under way, for as long as this lives.
pub(crate) struct Busy(Arc<Activity>);

impl Activity {
    /// Something is under way from now on. What follows from it must begin before it ends.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(self))
    }

    /// Waits for a moment at which nothing is under way: then nothing happens until a timer runs out
    /// or a client asks. Can be dropped and asked again.
    pub(crate) async fn rests(&self) {
        loop {
            let rests = self.rests.notified();
            if self.under_way.load(Ordering::SeqCst) == 0 {
                return;
            }
            rests.await;
        }
    }

    /// A log got longer.
    pub(crate) fn advance(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
    }

    /// How many records were written so far.
    pub(crate) fn so_far(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.rests.notify_waiters();
        }
    }
}

/// Notices when nothing moves any more.
pub(crate) struct Watch {
    activity: Arc<Activity>,
    patience: Duration,
    seen: u64,
    until: Instant,
}

impl Watch {
    pub(crate) fn new(activity: &Arc<Activity>, patience: Duration) -> Watch {
        let (activity, until) = (Arc::clone(activity), Instant::now() + patience);
        Watch { seen: activity.so_far(), activity, patience, until }
    }

    /// Waits until no log got longer for as long as the patience lasts. Can be dropped and asked
    /// again.
    pub(crate) async fn stalls(&mut self) {
        loop {
            tokio::time::sleep_until(self.until).await;
            let now = self.activity.so_far();
            if now == self.seen {
                return;
            }
            self.seen = now;
            self.until = Instant::now() + self.patience;
        }
    }
}
