//! Progress of long work: a line on standard error, if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that changes while work goes on, and goes away when it is done.
pub(super) struct Progress {
    bar: ProgressBar,
    subject: String,
}

impl Progress {
    /// Starts to tell about `subject`. Nothing is shown where there is no terminal.
    pub(super) fn start(subject: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        let subject = subject.into();
        bar.set_message(subject.clone());
        Progress { bar, subject }
    }

    /// Says how far the work has come.
    pub(super) fn say(&self, how_far: impl std::fmt::Display) {
        self.bar.set_message(format!("{}: {how_far}", self.subject));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
