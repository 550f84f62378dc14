//! Compensations: which span undoes which.
//!
//! A compensation says so by a link to the span that it undoes, or by the name of the step. A cancellation
//! undoes what the same participant tried, and an abort what it prepared. Where a step
//! was attempted several times, a name means the last attempt that had begun by then, by the order of the
//! tree.

use rustc_hash::FxHashMap;

use crate::conventions::{Facts, Phase};
use crate::tree::{NodeId, SpanTree};

/// Which spans of a tree undo which.
#[derive(Clone, Debug, Default)]
pub struct Compensations {
    undoes: FxHashMap<NodeId, Option<NodeId>>,
    undone_by: FxHashMap<NodeId, Vec<NodeId>>,
}

impl Compensations {
    /// The compensations of a tree.
    #[must_use]
    pub fn new(tree: &SpanTree<'_>) -> Self {
        let mut compensations = Vec::new();
        let mut steps: FxHashMap<&str, Vec<NodeId>> = FxHashMap::default();
        let mut names = Vec::new();
        for (node, _) in tree.walk() {
            let Some(span) = tree.span(node) else { continue };
            let facts = Facts::of(span);
            if facts.is_compensation() || matches!(facts.phase, Some(Phase::Cancel | Phase::Abort))
            {
                compensations.push((node, span, facts));
            } else {
                // Confirmations and commits are not what is undone.
                let reserves = matches!(facts.phase, Some(Phase::Try | Phase::Prepare));
                let subject = facts.step.or(facts.participant.filter(|_| reserves));
                names.push((node, subject, span.name.as_str()));
            }
        }
        if compensations.is_empty() {
            return Compensations::default();
        }
        for (node, step, name) in &names {
            steps.entry(step.as_deref().unwrap_or(name)).or_default().push(*node);
        }
        let begin = |node: NodeId| tree.span(node).map(|span| span.start);
        let mut found = Compensations::default();
        for (node, span, facts) in compensations {
            let linked = span.links.iter().find_map(|link| tree.find(link.trace, link.span));
            let named = || {
                let attempts =
                    steps.get(facts.undoes.as_deref().or(facts.participant.as_deref())?)?;
                let before = attempts.iter().rfind(|step| begin(**step) <= Some(span.start));
                before.or(attempts.last()).copied()
            };
            let step = linked.filter(|step| *step != node).or_else(named);
            found.undoes.insert(node, step);
            // What the caller and the callee tell of one compensation is one compensation.
            let by_caller = tree.parent(node).and_then(|caller| found.undoes(caller)).is_some();
            if let Some(step) = step.filter(|_| !by_caller) {
                found.undone_by.entry(step).or_default().push(node);
            }
        }
        found
    }

    /// Whether a node undoes another; and which, if that is known.
    #[must_use]
    pub fn undoes(&self, node: NodeId) -> Option<Option<NodeId>> {
        self.undoes.get(&node).copied()
    }

    /// The attempts at undoing a node.
    #[must_use]
    pub fn undone_by(&self, node: NodeId) -> &[NodeId] {
        self.undone_by.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.undoes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::{
        COMPENSATION_FOR, COMPENSATION_TYPE, SAGA_STEP_NAME, TCC_PARTICIPANT, TCC_PHASE,
    };
    use crate::fixture::{linked_to, span, with};

    #[test]
    fn a_cancellation_undoes_what_its_participant_tried() {
        let phase = |id, phase: &str, participant: &str| {
            with(
                TCC_PARTICIPANT,
                participant,
                with(TCC_PHASE, phase, span(id, None, phase, id, id)),
            )
        };
        let spans =
            [phase(1, "try", "hotel"), phase(2, "try", "flight"), phase(3, "cancel", "hotel")];
        let tree = SpanTree::new(&spans);
        let found = Compensations::new(&tree);
        let cancel = tree.roots()[2];
        assert_eq!(found.undoes(cancel), Some(Some(tree.roots()[0])));
    }

    #[test]
    fn a_compensation_undoes_what_it_links_to_or_names() {
        let reserve = with(SAGA_STEP_NAME, "reserve", span(2, Some(1), "step", 0, 10));
        let again = with(SAGA_STEP_NAME, "reserve", span(3, Some(1), "step", 10, 20));
        let by_link = with(COMPENSATION_TYPE, "release", span(4, Some(1), "undo", 30, 40));
        let by_link = linked_to(by_link, &reserve);
        let by_name = with(COMPENSATION_FOR, "reserve", span(5, Some(1), "undo", 40, 50));
        let of_nobody = with(COMPENSATION_TYPE, "refund", span(6, Some(1), "undo", 50, 60));
        let spans = [span(1, None, "saga", 0, 90), reserve, again, by_link, by_name, of_nobody];
        let tree = SpanTree::new(&spans);
        let found = Compensations::new(&tree);
        let undone: Vec<_> = tree
            .walk()
            .map(|(node, _)| found.undoes(node).map(|step| step.map(NodeId::index)))
            .collect();
        assert_eq!(undone, [None, None, None, Some(Some(1)), Some(Some(2)), Some(None)]);
        let first = tree.walk().nth(1).expect("a step").0;
        assert_eq!(found.undone_by(first).len(), 1);
    }
}
