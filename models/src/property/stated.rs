//! Properties that the user states about resources and outcomes, as claims a checker can judge.

use crate::check::{Property, PropertyKind, Viewed};
use crate::protocol::saga::SagaOutcome;
use crate::protocol::tcc::TccOutcome;
use crate::protocol::two_phase_commit::TwoPhaseOutcome;
use crate::workflow::{Claim, PropertyDefinition, Variable};

/// How a workflow can end, whatever its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Every step is done.
    Completed,
    /// Every step is undone.
    Compensated,
    /// It needs a person.
    Failed,
}

impl From<SagaOutcome> for Ending {
    fn from(outcome: SagaOutcome) -> Self {
        match outcome {
            SagaOutcome::Completed => Ending::Completed,
            SagaOutcome::Compensated => Ending::Compensated,
            SagaOutcome::Failed => Ending::Failed,
        }
    }
}

impl From<TccOutcome> for Ending {
    fn from(outcome: TccOutcome) -> Self {
        match outcome {
            TccOutcome::Completed => Ending::Completed,
            TccOutcome::Cancelled => Ending::Compensated,
            TccOutcome::Failed => Ending::Failed,
        }
    }
}

impl From<TwoPhaseOutcome> for Ending {
    fn from(outcome: TwoPhaseOutcome) -> Self {
        match outcome {
            TwoPhaseOutcome::Committed => Ending::Completed,
            TwoPhaseOutcome::Aborted => Ending::Compensated,
            TwoPhaseOutcome::Mixed => Ending::Failed,
        }
    }
}

/// The claim of a definition, over states that `settled` and `value` know how to read.
///
/// A condition whose arithmetic has no result counts as violated, and so does one whose premise has
/// none: the counterexample leads to the state in question, and the property has the error to
/// [remark](Property::remark) on there.
pub fn stated_property<V: Viewed>(
    definition: &PropertyDefinition,
    settled: impl for<'a> Fn(V::View<'a>) -> bool + Send + Sync + 'static,
    value: impl for<'a> Fn(V::View<'a>, Variable) -> i64 + Clone + Send + Sync + 'static,
) -> Property<V> {
    let kind = match definition.claim {
        Claim::Always | Claim::Settled => PropertyKind::Always,
        Claim::Reachable => PropertyKind::Sometimes,
        Claim::Eventually => PropertyKind::Eventually,
        Claim::NeverStuck => PropertyKind::NeverStuck,
    };
    let (stated, lookup) = (definition.clone(), value.clone());
    let property = Property::new(kind, &definition.name, move |view| {
        let lookup = |variable| lookup(view, variable);
        stated.concerns(&lookup).is_ok() && stated.condition.evaluate(&lookup).unwrap_or(false)
    });
    let (stated, lookup) = (definition.clone(), value.clone());
    let property = property.remarking(move |view| {
        let lookup = |variable| lookup(view, variable);
        let premise = stated.concerns(&lookup).err().map(|error| format!("the premise: {error}"));
        premise.or_else(|| stated.condition.evaluate(&lookup).err().map(|error| error.to_string()))
    });
    let only_settled = definition.claim == Claim::Settled;
    if !only_settled && definition.given.is_none() {
        return property;
    }
    let stated = definition.clone();
    property.given(move |view| {
        (!only_settled || settled(view))
            && stated.concerns(&|variable| value(view, variable)).unwrap_or(true)
    })
}
