//! How states of a system are read: what the variables of stated properties stand for, and how each
//! workflow ended. A protocol says it once, for its properties and for whoever reports on a run.

use std::sync::Arc;

use amends_check::{Condition, Parts, Property, PropertyKind, Snapshot};
use derive_where::derive_where;

use crate::process::{ServiceId, WorkflowId};
use crate::workflow::{Claim, PropertyDefinition, ResourceId, Variable};

use super::ending::Ending;
use super::{Part, ProtocolModel};

/// A state, seen as a row of parts.
type View<'a, T> = Snapshot<'a, Part<T>>;

type Look<T, Place, Seen> = Arc<dyn for<'a> Fn(View<'a, T>, Place) -> Seen + Send + Sync>;

/// How the states of a system are read.
#[derive_where(Clone)]
pub struct StateReader<T: ProtocolModel> {
    workflows: u32,
    settled: Condition<Parts<Part<T>>>,
    resource: Look<T, (ServiceId, ResourceId), i64>,
    ending: Look<T, WorkflowId, Option<Ending>>,
}

impl<T: ProtocolModel> StateReader<T> {
    /// Reads states of a system of that many workflows: whether all of them are over, what a resource
    /// is worth, and how a workflow ended, if it did.
    pub fn new(
        workflows: u32,
        settled: impl for<'a> Fn(View<'a, T>) -> bool + Send + Sync + 'static,
        resource: impl for<'a> Fn(View<'a, T>, (ServiceId, ResourceId)) -> i64 + Send + Sync + 'static,
        ending: impl for<'a> Fn(View<'a, T>, WorkflowId) -> Option<Ending> + Send + Sync + 'static,
    ) -> Self {
        StateReader {
            workflows,
            settled: Arc::new(settled),
            resource: Arc::new(resource),
            ending: Arc::new(ending),
        }
    }

    /// The workflows of the system.
    pub fn workflows(&self) -> impl Iterator<Item = WorkflowId> + use<T> {
        (0..self.workflows).map(WorkflowId)
    }

    /// Whether every workflow is over.
    #[must_use]
    pub fn is_settled(&self, view: View<'_, T>) -> bool {
        (self.settled)(view)
    }

    /// How a workflow ended, if it did.
    #[must_use]
    pub fn ending(&self, view: View<'_, T>, workflow: WorkflowId) -> Option<Ending> {
        (self.ending)(view, workflow)
    }

    /// How many workflows ended that way.
    #[must_use]
    pub fn count(&self, view: View<'_, T>, ending: Ending) -> u32 {
        self.workflows().filter(|&id| self.ending(view, id) == Some(ending)).count() as u32
    }

    /// What a variable of a stated property stands for.
    #[must_use]
    pub fn value(&self, view: View<'_, T>, variable: Variable) -> i64 {
        match variable {
            Variable::Resource(service, resource) => (self.resource)(view, (service, resource)),
            Variable::Input(_) => unreachable!("a property names no input"),
            Variable::Local(_) => unreachable!("a property names no variable of a workflow"),
            Variable::Completed => self.count(view, Ending::Completed).into(),
            Variable::Compensated => self.count(view, Ending::Compensated).into(),
            Variable::Failed => self.count(view, Ending::Failed).into(),
        }
    }

    /// What the workflow's definition states, as something that a checker or an audit can judge.
    ///
    /// A condition whose arithmetic has no result counts as violated, and so does one whose premise
    /// has none: the counterexample leads to the state in question, and the property has the error to
    /// [remark](Property::remark) on there.
    #[must_use]
    pub fn stated(&self, definition: &PropertyDefinition) -> Property<Parts<Part<T>>> {
        let kind = match definition.claim {
            Claim::Always | Claim::Settled => PropertyKind::Always,
            Claim::Reachable => PropertyKind::Sometimes,
            Claim::Eventually => PropertyKind::Eventually,
            Claim::NeverStuck => PropertyKind::NeverStuck,
        };
        let (reader, stated) = (self.clone(), definition.clone());
        let property = Property::<Parts<Part<T>>>::new(kind, &definition.name, move |view| {
            let lookup = |variable| reader.value(view, variable);
            stated.concerns(&lookup).is_ok() && stated.condition.evaluate(&lookup).unwrap_or(false)
        });
        let (reader, stated) = (self.clone(), definition.clone());
        let property = property.remarking(move |view| {
            let lookup = |variable| reader.value(view, variable);
            let premise =
                stated.concerns(&lookup).err().map(|error| format!("the premise: {error}"));
            premise
                .or_else(|| stated.condition.evaluate(&lookup).err().map(|error| error.to_string()))
        });
        let only_settled = definition.claim == Claim::Settled;
        if !only_settled && definition.given.is_none() {
            return property;
        }
        let (reader, stated) = (self.clone(), definition.clone());
        property.given(move |view| {
            (!only_settled || reader.is_settled(view))
                && stated.concerns(&|variable| reader.value(view, variable)).unwrap_or(true)
        })
    }
}
