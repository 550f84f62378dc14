//! How to walk through products and through models.

use stateright::Model;

use crate::explore::model::fairness_labels::Labels;
use crate::explore::model::{StepTestOf, Test};
use crate::explore::product::evaluate::breaks;
use crate::product::memo::UNFAIR;
use crate::product::{Fairness, Product, Snapshot, successors};
use crate::property::{Condition, Parts, StepTest};
use crate::simulate::Walkable;

/// A product, step by step.
pub(crate) struct ProductWalk<'m, P> {
    pub(crate) product: &'m P,
}

impl<P: Product> Walkable for ProductWalk<'_, P> {
    type State = Vec<P::Part>;
    type Action = P::Action;
    type Test = Condition<Parts<P::Part>>;
    type StepTest = StepTest<Parts<P::Part>, P::Action>;

    fn starts(&self) -> Vec<Self::State> {
        self.product.initial()
    }

    fn steps(&self, state: &Self::State) -> Vec<(P::Action, Self::State)> {
        successors(self.product, state)
    }

    fn passes(&self, state: &Self::State, test: &Self::Test) -> bool {
        let parts: Vec<&P::Part> = state.iter().collect();
        test(Snapshot::new(&parts))
    }

    fn breaks(
        &self,
        before: &Self::State,
        action: &P::Action,
        after: &Self::State,
        test: &Self::StepTest,
    ) -> bool {
        breaks::<P>(test, before, action, after)
    }

    fn fairness(&self, action: &P::Action) -> Fairness {
        self.product.fairness(action)
    }
}

/// Any model, step by step.
pub(crate) struct ModelWalk<'m, M: Model> {
    pub(crate) model: &'m M,
    pub(crate) labels: Option<Box<dyn Labels<M::Action> + Send + Sync + 'm>>,
}

impl<M: Model> Walkable for ModelWalk<'_, M>
where
    M::State: PartialEq + 'static,
{
    type State = M::State;
    type Action = M::Action;
    type Test = Test<M>;
    type StepTest = StepTestOf<M>;

    fn starts(&self) -> Vec<M::State> {
        let mut starts = self.model.init_states();
        starts.retain(|state| self.model.within_boundary(state));
        starts
    }

    fn steps(&self, state: &M::State) -> Vec<(M::Action, M::State)> {
        let mut steps = self.model.next_steps(state);
        steps.retain(|(_, next)| self.model.within_boundary(next));
        steps
    }

    fn passes(&self, state: &M::State, test: &Test<M>) -> bool {
        test.passes(self.model, state)
    }

    fn breaks(
        &self,
        before: &M::State,
        action: &M::Action,
        after: &M::State,
        test: &Self::StepTest,
    ) -> bool {
        test.judge(before, action, after).is_broken
    }

    fn fairness(&self, action: &M::Action) -> Fairness {
        match &self.labels {
            Some(labels) if labels.label(action) != UNFAIR => Fairness::Weak,
            _ => Fairness::None,
        }
    }
}
