//! How a run is carried out.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use amends_models::process::retry::Backoff;

use crate::simulate::FaultPlan;
use crate::telemetry::Telemetry;

use super::context::{Observer, Silent};

/// In which world workflows are run, and how fast.
#[derive(Clone)]
pub struct RunOptions {
    /// The faults to inject.
    pub faults: FaultPlan,
    /// Where all chance comes from.
    pub seed: u64,
    /// How many workflows may go on at the same time.
    pub concurrency: NonZeroUsize,
    /// How long things take.
    pub timing: Timing,
    /// Who is told about accepted and ended workflows.
    pub observer: Arc<dyn Observer>,
    /// Where spans and log records go; nowhere, if `None`.
    pub telemetry: Option<Telemetry>,
}

impl Default for RunOptions {
    /// A perfect world.
    fn default() -> Self {
        RunOptions {
            faults: FaultPlan::none(),
            seed: 0,
            concurrency: NonZeroUsize::MIN.saturating_add(127),
            timing: Timing::default(),
            observer: Arc::new(Silent),
            telemetry: None,
        }
    }
}

/// How long things take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a call may go unanswered before it is asked again, or given up as in doubt.
    pub call: Backoff,
    /// How long a process rests before it goes on with its own work: polls an outbox, looks behind a
    /// gap.
    pub pace: Backoff,
    /// How long a workflow may take before it is cancelled; for ever, if `None`. Counted from when
    /// this process takes the workflow on, so a process that recovers it grants it anew.
    pub deadline: Option<Duration>,
    /// How long a process stays down after an injected crash.
    pub restart: Duration,
    /// How late a delayed or repeated message may be, and how long a node may be cut off, at most.
    pub longest_delay: Duration,
    /// A run is given up when no log got longer for so long.
    pub patience: Duration,
    /// How long workflows that are going on may still take after the run was asked to stop.
    pub grace: Duration,
}

impl Default for Timing {
    /// Made for one machine: half a second for a call, five at most, thirty without any progress.
    fn default() -> Self {
        Timing {
            call: Backoff::new(Duration::from_millis(500), Duration::from_secs(5)),
            pace: Backoff::new(Duration::from_millis(2), Duration::from_millis(200)),
            deadline: None,
            restart: Duration::from_millis(20),
            longest_delay: Duration::from_secs(1),
            patience: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }
}

/// Where workflows are kept.
///
/// ```
/// use amends::runtime::StoreChoice;
///
/// assert_eq!("memory".parse(), Ok(StoreChoice::Memory));
/// assert_eq!("sqlite:orders.db".parse(), Ok(StoreChoice::Sqlite("orders.db".into())));
/// assert!("postgres://".parse::<StoreChoice>().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreChoice {
    /// In memory: gone with the process.
    #[default]
    Memory,
    /// In a SQLite file.
    Sqlite(PathBuf),
}

/// What was given is no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no store: write `memory` or `sqlite:FILE`")]
pub struct UnknownStore(String);

impl FromStr for StoreChoice {
    type Err = UnknownStore;

    fn from_str(text: &str) -> Result<StoreChoice, UnknownStore> {
        match text.split_once(':') {
            None if text == "memory" => Ok(StoreChoice::Memory),
            Some(("sqlite", file)) if !file.is_empty() => Ok(StoreChoice::Sqlite(file.into())),
            _ => Err(UnknownStore(text.to_owned())),
        }
    }
}

impl std::fmt::Display for StoreChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoreChoice::Memory => f.write_str("memory"),
            StoreChoice::Sqlite(file) => write!(f, "sqlite:{}", file.display()),
        }
    }
}
