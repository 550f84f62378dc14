//! What spans mean: the mapping by which they are read, as arguments say.

use amends_trace::map::{InDoubtPolicy, Mapping, presets};
use clap::{Args, ValueEnum};

use crate::cli::errors;
use crate::cli::exit::Exit;

/// How spans are read.
#[derive(Debug, Args)]
pub(super) struct Reading {
    /// How spans tell of steps: a mapping file, or one of the presets `amends`, `conventions`, `seeds`,
    /// `go-spring-tcc`, `temporal` [default: `amends`, then `conventions`].
    #[arg(long, value_name = "MAP")]
    map: Option<String>,
    /// Whether a step of a saga must be undone that may or may not have been done [default: what the spec or
    /// the mapping says; `when-in-doubt`, if neither does].
    #[arg(long, value_name = "POLICY")]
    in_doubt: Option<UndoPolicy>,
}

/// Whether a step must be undone that may or may not have been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum UndoPolicy {
    /// No: it is taken not to have been done.
    Never,
    /// Yes, and a step that was refused as well.
    Always,
    /// Yes, but a step that was refused need not be.
    WhenInDoubt,
}

impl From<UndoPolicy> for InDoubtPolicy {
    fn from(policy: UndoPolicy) -> InDoubtPolicy {
        match policy {
            UndoPolicy::Never => InDoubtPolicy::Never,
            UndoPolicy::Always => InDoubtPolicy::Always,
            UndoPolicy::WhenInDoubt => InDoubtPolicy::WhenInDoubt,
        }
    }
}

impl Reading {
    /// The mapping.
    ///
    /// # Errors
    /// When there is no such mapping, or it is wrong; it is said on standard error.
    pub(super) fn mapping(&self) -> Result<Mapping, Exit> {
        let mapping = match &self.map {
            None => Mapping::default(),
            Some(name) => match presets::mapping(name) {
                Some(preset) => preset,
                None => Mapping::read(name).map_err(errors::about)?,
            },
        };
        Ok(match self.in_doubt {
            Some(policy) => mapping.with_in_doubt(policy.into()),
            None => mapping,
        })
    }

    /// The policy that was asked for, whatever the mapping says.
    pub(super) fn in_doubt(&self) -> Option<UndoPolicy> {
        self.in_doubt
    }
}
