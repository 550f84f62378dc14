//! The workflow that a span tree tells of: which, and how it ended.

use crate::conventions::{COMPENSATION_EVENTS, Facts, Protocol, SpanOutcome, WorkflowOutcome};
use crate::tree::{NodeId, SpanTree};

/// The workflow that a tree tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowSummary {
    /// The span that stands for all of it, or else the root that took longest.
    pub root: Option<NodeId>,
    /// Its kind.
    pub protocol: Option<Protocol>,
    /// Its name, or that of its root.
    pub name: String,
    /// The id of this run of it.
    pub id: Option<String>,
    /// How it ended, by its own word.
    pub outcome: Option<WorkflowOutcome>,
    /// Whether its root failed, by its own word.
    pub root_failed: bool,
    /// Whether anything was compensated.
    pub compensated: bool,
    /// Whether it tried reservations, and whether any of them failed.
    pub tried: Option<Try>,
}

/// What came of the first phase of a TCC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// No reservation failed.
    Succeeded,
    /// Some reservation failed.
    Failed,
}

impl WorkflowSummary {
    /// The workflow of a tree.
    #[must_use]
    pub fn new(tree: &SpanTree<'_>) -> Self {
        let mut summary = WorkflowSummary::default();
        let mut stands_for_all = None;
        for (node, depth) in tree.walk() {
            let Some(span) = tree.span(node) else { continue };
            let facts = Facts::of(span);
            summary.protocol = summary.protocol.or(facts.protocol);
            if summary.id.is_none() {
                summary.id = facts.id.as_deref().map(str::to_owned);
            }
            if summary.name.is_empty()
                && let Some(name) = &facts.workflow
            {
                summary.name = name.to_string();
            }
            if facts.is_workflow() && stands_for_all.is_none_or(|(_, least)| depth < least) {
                stands_for_all = Some((node, depth));
                summary.outcome = facts.outcome;
            }
            summary.compensated |= facts.is_compensation()
                || span.events.iter().any(|event| event.name.starts_with(COMPENSATION_EVENTS));
            if facts.phase == Some(crate::conventions::Phase::Try) {
                let failed = SpanOutcome::of(span).is_failure();
                summary.tried = Some(match summary.tried {
                    Some(Try::Failed) => Try::Failed,
                    _ if failed => Try::Failed,
                    _ => Try::Succeeded,
                });
            }
        }
        let longest = || {
            let duration = |node: &NodeId| tree.span(*node).and_then(|span| span.duration());
            // Of equals, the first.
            tree.roots().iter().rev().max_by_key(|root| duration(root)).copied()
        };
        summary.root = stands_for_all.map(|(node, _)| node).or_else(longest);
        if let Some(span) = summary.root.and_then(|root| tree.span(root)) {
            summary.root_failed = SpanOutcome::of(span).is_failure();
            if summary.name.is_empty() {
                summary.name = span.name.to_string();
            }
        }
        summary
    }

    /// Whether the workflow did not complete: by its own word; or else because it failed, or was undone.
    #[must_use]
    pub fn failed(&self) -> bool {
        match self.outcome {
            Some(outcome) => outcome != WorkflowOutcome::Completed,
            None => self.root_failed || self.compensated,
        }
    }
}
