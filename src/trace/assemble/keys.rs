//! Workflow keys: by what a span or log record names the workflow that it belongs to.

use crate::record::names::WORKFLOW_ID;
use compact_str::{CompactString, format_compact};

use crate::attribute::Attributes;
use crate::conventions::{CORRELATION_ID, SAGA_ID, TCC_ID, TWO_PHASE_ID};
use crate::log::LogRecord;
use crate::span::Span;

/// Tells which workflow spans and log records name as theirs.
pub trait WorkflowKeys {
    /// The workflow that a span names; `None` if it names none.
    fn of_span(&self, span: &Span) -> Option<CompactString>;

    /// The workflow that a log record names; `None` if it names none.
    fn of_log(&self, log: &LogRecord) -> Option<CompactString>;
}

/// Workflows are named by attributes: the first of these that is there, with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByAttributes {
    of_spans: Vec<CompactString>,
    of_logs: Vec<CompactString>,
}

impl ByAttributes {
    /// Workflows named by these attributes, of spans and log records alike.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item: Into<CompactString>>) -> Self {
        let names: Vec<CompactString> = names.into_iter().map(Into::into).collect();
        ByAttributes { of_spans: names.clone(), of_logs: names }
    }
}

impl Default for ByAttributes {
    /// `amends.workflow.id`, `saga.id`, `tcc.id` and `two_phase_commit.id`; of log records, also their
    /// `correlation_id`.
    fn default() -> Self {
        let mut keys = ByAttributes::new([WORKFLOW_ID, SAGA_ID, TCC_ID, TWO_PHASE_ID]);
        keys.of_logs.push(CORRELATION_ID.into());
        keys
    }
}

fn first_of(names: &[CompactString], attributes: &Attributes) -> Option<CompactString> {
    names.iter().find_map(|name| {
        let value = attributes.get(name)?.to_text()?;
        // A name without a value names nothing.
        (!value.is_empty()).then(|| format_compact!("{name}={value}"))
    })
}

impl WorkflowKeys for ByAttributes {
    fn of_span(&self, span: &Span) -> Option<CompactString> {
        first_of(&self.of_spans, &span.attributes)
    }

    fn of_log(&self, log: &LogRecord) -> Option<CompactString> {
        first_of(&self.of_logs, &log.attributes)
    }
}
