//! A system of some protocol as a `stateright::Model`.
//!
//! Stateright's checkers and its Explorer are compiled for the type of model that they are given. Here they
//! are given one type for all protocols: states and actions are hidden, and looked at by the
//! [`System`] that they are of.

use amends_check::Opaque;
use stateright::{Expectation, Model, Path, Property as ForeignProperty};

use super::model::{SystemState, by_position};
use super::protocol_model::ProtocolModel;
use super::topology::System;

/// A system of some protocol, for Stateright.
pub struct ErasedModel(Box<dyn ModelObject>);

/// A path, as Stateright has it: each state with the action that leaves it.
type Steps = Vec<(Opaque, Option<Opaque>)>;

/// A `stateright::Model`, as far as it can be talked to without its types.
trait ModelObject: Send + Sync {
    /// The states it begins in.
    fn initial_states(&self) -> Vec<Opaque>;

    /// The actions that are possible in a state.
    fn possible_actions(&self, state: &Opaque) -> Vec<Opaque>;

    /// The state after an action.
    fn state_after(&self, state: &Opaque, action: &Opaque) -> Option<Opaque>;

    /// An action in one line.
    fn line(&self, action: &Opaque) -> String;

    /// A path as a picture.
    fn picture(&self, path: Steps) -> Option<String>;

    /// The properties that Stateright can judge soundly: their positions, and names that live as long as
    /// it wants them to.
    fn judged_properties(&self) -> Vec<(usize, Expectation, &'static str)>;

    /// Whether the property of that position is true of a state.
    fn is_true(&self, position: usize, state: &Opaque) -> bool;
}

impl<T: ProtocolModel> ModelObject for System<T> {
    fn initial_states(&self) -> Vec<Opaque> {
        self.init_states().into_iter().map(Opaque::hide).collect()
    }

    fn possible_actions(&self, state: &Opaque) -> Vec<Opaque> {
        let mut actions = Vec::new();
        Model::actions(self, state.seen(), &mut actions);
        actions.into_iter().map(Opaque::hide).collect()
    }

    fn state_after(&self, state: &Opaque, action: &Opaque) -> Option<Opaque> {
        Model::next_state(self, state.seen(), action.reveal()).map(Opaque::hide)
    }

    fn line(&self, action: &Opaque) -> String {
        self.describe(action.seen())
    }

    fn picture(&self, path: Steps) -> Option<String> {
        let steps = path.into_iter();
        self.draw(steps.map(|(state, action)| (state.reveal(), action.map(|it| it.reveal()))))
    }

    fn judged_properties(&self) -> Vec<(usize, Expectation, &'static str)> {
        self.judged()
    }

    fn is_true(&self, position: usize, state: &Opaque) -> bool {
        self.judge(position, state.seen::<SystemState<T>>())
    }
}

impl ErasedModel {
    /// The system as a model of Stateright's.
    #[must_use]
    pub fn new<T: ProtocolModel>(system: System<T>) -> Self {
        ErasedModel(Box::new(system))
    }

    fn condition<const AT: usize>(&self, state: &Opaque) -> bool {
        self.0.is_true(AT, state)
    }

    const CONDITIONS: [fn(&ErasedModel, &Opaque) -> bool; 32] = by_position!(Self::condition);
}

impl Model for ErasedModel {
    type State = Opaque;
    type Action = Opaque;

    fn init_states(&self) -> Vec<Opaque> {
        self.0.initial_states()
    }

    fn actions(&self, state: &Opaque, actions: &mut Vec<Opaque>) {
        actions.extend(self.0.possible_actions(state));
    }

    fn next_state(&self, state: &Opaque, action: Opaque) -> Option<Opaque> {
        self.0.state_after(state, &action)
    }

    fn format_action(&self, action: &Opaque) -> String {
        self.0.line(action)
    }

    fn as_svg(&self, path: Path<Opaque, Opaque>) -> Option<String> {
        self.0.picture(path.into_vec())
    }

    fn properties(&self) -> Vec<ForeignProperty<Self>> {
        let judged = self.0.judged_properties().into_iter();
        let told = judged.filter_map(|(at, expectation, name)| {
            let condition = *Self::CONDITIONS.get(at)?;
            Some(ForeignProperty { expectation, name, condition })
        });
        told.collect()
    }
}
