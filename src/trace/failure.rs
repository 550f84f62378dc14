//! Failures: where in a tree they began, and why.

use crate::conventions::{ERROR_TYPE, SpanOutcome};
use crate::span::{Span, Status};
use crate::tree::{NodeId, SpanTree};

/// The failed spans in which failures began: no failed span is below them. In the order of the tree.
#[must_use]
pub fn origins_of_failure(tree: &SpanTree<'_>) -> Vec<NodeId> {
    let mut failed_below = vec![false; tree.len()];
    let order: Vec<NodeId> = tree.walk().map(|(node, _)| node).collect();
    let mut origins = Vec::new();
    for node in order.iter().rev() {
        let failed = tree.span(*node).is_some_and(|span| SpanOutcome::of(span).is_failure());
        if failed && !failed_below[node.index()] {
            origins.push(*node);
        }
        if let Some(parent) = tree.parent(*node) {
            failed_below[parent.index()] |= failed || failed_below[node.index()];
        }
    }
    origins.reverse();
    origins
}

/// Why a span failed, by its own word: its `error.type`, or else the description of its status, or else
/// what it calls its outcome.
#[must_use]
pub fn failure_reason(span: &Span) -> Option<&str> {
    let some = |text: &&str| !text.is_empty();
    let kind = span.attributes.text(ERROR_TYPE).filter(some);
    let said = || match &span.status {
        Status::Error(text) => Some(text.as_str()).filter(some),
        _ => None,
    };
    let outcome = || {
        let outcomes = span.attributes.iter().filter(|(name, _)| name.ends_with("outcome"));
        outcomes.filter_map(|(_, value)| value.as_text()).find(some)
    };
    kind.or_else(said).or_else(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{span, with};

    #[test]
    fn a_failure_begins_in_the_lowest_failed_span() {
        let spans = [
            with(ERROR_TYPE, "gave up", span(1, None, "saga", 0, 9)),
            span(2, Some(1), "step", 1, 8),
            with(ERROR_TYPE, "timeout", span(3, Some(2), "call", 2, 7)),
            with("payment.outcome", "rejected", span(4, Some(1), "other", 8, 9)),
        ];
        let tree = SpanTree::new(&spans);
        let origins: Vec<_> = origins_of_failure(&tree)
            .into_iter()
            .filter_map(|node| failure_reason(tree.span(node)?))
            .collect();
        assert_eq!(origins, ["timeout", "rejected"]);
    }
}
