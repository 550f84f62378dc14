//! The witness of the events of an aggregate: what really happened, whatever the processes believe.

use smallvec::SmallVec;

use crate::process::{StepId, StepSet, Verdict};
use crate::workflow::Workflow;

use super::message::{Line, OutboxChange};
use super::plan::OutboxPlan;

/// What really happened to the events of one aggregate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutboxWitness {
    /// Transactions whose rows are committed.
    pub(super) committed: StepSet,
    /// Transactions whose event the broker has, or had.
    pub(super) published: StepSet,
    /// Handlers that were tried, whatever came of it.
    pub(super) tried: StepSet,
    /// How often each handler took effect. Counts stop at [`OutboxWitness::MANY`].
    pub(super) handled: SmallVec<[(StepId, u8); 2]>,
    /// A handler took effect before one of an earlier event was tried at the same service.
    pub(super) disorder: bool,
}

impl OutboxWitness {
    const MANY: u8 = 3;

    /// The broker took an event in.
    pub fn published(&mut self, line: Line) {
        self.published.insert(line.step);
    }

    /// A service tried a change.
    pub fn applied(&mut self, change: OutboxChange, verdict: Verdict, plan: &OutboxPlan) {
        match (change, verdict) {
            (OutboxChange::Commit(line), Verdict::Accepted) => self.committed.insert(line.step),
            (OutboxChange::Handle(delivery), Verdict::Accepted | Verdict::Refused) => {
                self.tried.insert(delivery.handler);
                if verdict == Verdict::Accepted {
                    self.disorder |= !plan.handled_before(delivery.handler).is_subset(self.tried);
                    self.count(delivery.handler);
                }
            }
            _ => {}
        }
    }

    pub(super) fn count(&mut self, handler: StepId) {
        match self.handled.binary_search_by_key(&handler, |&(step, _)| step) {
            Ok(at) => self.handled[at].1 = (self.handled[at].1 + 1).min(Self::MANY),
            Err(at) => self.handled.insert(at, (handler, 1)),
        }
    }

    pub(super) fn has_handled(&self, handler: StepId) -> bool {
        self.handled.iter().any(|&(step, _)| step == handler)
    }

    /// What is worth telling.
    #[must_use]
    pub fn facts(&self, workflow: &Workflow) -> Vec<String> {
        let name = |step: StepId| &workflow.step(step).name;
        let unpublished = self.committed.difference(self.published).iter();
        let phantoms = self.published.difference(self.committed).iter();
        let handled = self.handled.iter().map(|&(step, times)| {
            let times = ["never", "once", "twice"].get(usize::from(times));
            let times = times.unwrap_or(&"three times or more");
            format!("{} took effect {times}", name(step))
        });
        unpublished
            .map(|step| format!("{} is committed, and its event was never published", name(step)))
            .chain(phantoms.map(|step| {
                format!("the event of {} was published, but it never happened", name(step))
            }))
            .chain(handled)
            .collect()
    }
}
