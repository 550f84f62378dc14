//! What clients ask for: the inputs of each workflow.
//!
//! Workflows of one definition differ in what their clients put in: an amount, a quantity. An input
//! is a constant of its workflow. Steps may use it in their expressions, next to the resources of
//! their service.

use crate::process::WorkflowId;

/// The position of an input among the inputs of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputId(pub u16);

/// The requests of a workflow's clients. There may be none: then there are no inputs.
///
/// Requests are taken in turn: the first workflow is asked for by the first request, and when all
/// have had their turn, it is the first one's again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    pub(super) inputs: Vec<String>,
    /// A value for every input, by request.
    pub(super) values: Vec<Vec<i64>>,
}

impl Requests {
    /// The names of the inputs, by [`InputId`].
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The values of every request, in turn, each in the order of the inputs.
    #[must_use]
    pub fn values(&self) -> &[Vec<i64>] {
        &self.values
    }

    /// The first so many workflows, in groups that ask for the same.
    #[must_use]
    pub fn alike(&self, workflows: u32) -> Vec<Vec<WorkflowId>> {
        let mut groups: Vec<Vec<WorkflowId>> = Vec::new();
        for workflow in (0..workflows).map(WorkflowId) {
            match groups.iter_mut().find(|group| self.of(group[0]) == self.of(workflow)) {
                Some(group) => group.push(workflow),
                None => groups.push(vec![workflow]),
            }
        }
        groups
    }

    /// The inputs of a workflow, by [`InputId`].
    #[must_use]
    pub fn of(&self, workflow: WorkflowId) -> &[i64] {
        self.turn(workflow).map_or(&[], |turn| &self.values[turn])
    }

    /// The position of the request that asks for a workflow, if there are requests.
    #[must_use]
    pub fn turn(&self, workflow: WorkflowId) -> Option<usize> {
        (workflow.0 as usize).checked_rem(self.values.len())
    }
}
