//! Where telemetry goes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use amends_trace::{LogRecord, Span, Time, write};
use tokio::time::Instant;

use super::{Recorded, RunId};

/// Takes what was recorded. It must not block for long: processes of the runtime wait for it.
pub trait Sink: Send + Sync + 'static {
    /// Takes spans that have ended, and log records.
    fn take(&self, recorded: Vec<Recorded>);

    /// Makes sure that what was taken arrived.
    ///
    /// # Errors
    /// When some of it did not, ever since the last time.
    fn flush(&self) -> io::Result<()>;
}

/// The telemetry of a run: what runs, and where its spans go.
#[derive(Clone)]
pub struct Telemetry {
    pub(crate) protocol: &'static str,
    pub(crate) run: RunId,
    sink: Arc<dyn Sink>,
    clock: Clock,
    lives: Arc<AtomicU64>,
}

/// The time of day, as it goes by in Tokio: where its clock is paused, so is this one.
#[derive(Clone, Copy, Debug)]
struct Clock {
    instant: Instant,
    time: Time,
}

impl Telemetry {
    /// Telemetry of workflows that the protocol of that name carries out. Workflows of one number have
    /// one trace in all runs that share a `run`. Must be called where Tokio's clock is, or before it is
    /// paused.
    #[must_use]
    pub fn new(protocol: &'static str, run: RunId, sink: impl Sink) -> Telemetry {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let nanos = since_1970.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        Telemetry {
            protocol,
            run,
            sink: Arc::new(sink),
            clock: Clock { instant: Instant::now(), time: Time(nanos) },
            lives: Arc::new(AtomicU64::new(nanos)),
        }
    }

    pub(crate) fn now(&self) -> Time {
        let elapsed = self.clock.instant.elapsed().as_nanos();
        Time(self.clock.time.0.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX)))
    }

    pub(crate) fn next_life(&self) -> u64 {
        self.lives.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn export(&self, recorded: Vec<Recorded>) {
        if !recorded.is_empty() {
            self.sink.take(recorded);
        }
    }

    /// Makes sure that everything arrived where it goes.
    ///
    /// # Errors
    /// When some of it did not.
    pub fn flush(&self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// A file of OTLP/JSON, an export request per line.
pub struct NdjsonFile {
    state: Mutex<FileState>,
}

struct FileState {
    out: BufWriter<File>,
    /// The first error since the last flush: what came after it may be missing too.
    error: Option<io::Error>,
}

impl NdjsonFile {
    /// Begins a file, or goes on with it if it is there.
    ///
    /// # Errors
    /// When the file cannot be opened for writing.
    pub fn open(path: &Path) -> io::Result<NdjsonFile> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(NdjsonFile { state: Mutex::new(FileState { out: BufWriter::new(file), error: None }) })
    }
}

impl Sink for NdjsonFile {
    fn take(&self, recorded: Vec<Recorded>) {
        let (spans, logs) = apart(recorded);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let written =
            write::spans(&spans, &mut state.out).and_then(|()| write::logs(&logs, &mut state.out));
        if let Err(error) = written {
            state.error.get_or_insert(error);
        }
    }

    fn flush(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = state.out.flush();
        state.error.take().map_or(flushed, Err)
    }
}

/// Spans and log records apart.
pub(super) fn apart(recorded: Vec<Recorded>) -> (Vec<Span>, Vec<LogRecord>) {
    let (mut spans, mut logs) = (Vec::new(), Vec::new());
    for one in recorded {
        match one {
            Recorded::Span(span) => spans.push(*span),
            Recorded::Log(log) => logs.push(*log),
        }
    }
    (spans, logs)
}
