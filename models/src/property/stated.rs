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
/// A condition whose arithmetic has no result counts as violated: the counterexample leads to the
/// state in question, and evaluating it there again gives the error.
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
    let condition = definition.condition.clone();
    let lookup = value.clone();
    let property = Property::new(kind, &definition.name, move |view| {
        condition.evaluate(&|variable| lookup(view, variable)).unwrap_or(false)
    });
    let only_settled = definition.claim == Claim::Settled;
    let given = definition.given.clone();
    if !only_settled && given.is_none() {
        return property;
    }
    property.given(move |view| {
        (!only_settled || settled(view))
            && given.as_ref().is_none_or(|given| {
                // Where the premise itself has no result, the property must not hide it.
                given.evaluate(&|variable| value(view, variable)).unwrap_or(true)
            })
    })
}
