//! A system as a `stateright::Model`, for Stateright's checkers and its Explorer.
//!
//! The transitions are those of the [`Product`]; nothing is modelled twice. Of the properties,
//! Stateright is told those it can judge soundly: `always` and `sometimes`. Its verdicts on
//! `eventually` are wrong where paths join or loop, so liveness is left to our own checker.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use amends_check::{Counterexample, Move, Product, PropertyKind, Snapshot};
use derive_where::derive_where;
use stateright::{Expectation, Model, Path, Property as ForeignProperty};

use super::action::Action;
use super::protocol_model::ProtocolModel;
use super::topology::{Part, System};

/// A global state, as Stateright keeps it. Parts are shared between states.
#[derive_where(Clone, PartialEq, Eq)]
pub struct SystemState<T: ProtocolModel> {
    parts: Vec<Arc<Part<T>>>,
}

impl<T: ProtocolModel> SystemState<T> {
    /// What each slot holds.
    pub fn parts(&self) -> impl Iterator<Item = &Part<T>> {
        self.parts.iter().map(Arc::as_ref)
    }

    /// Shows the state to a property.
    pub fn view<R>(&self, look: impl FnOnce(Snapshot<'_, Part<T>>) -> R) -> R {
        let parts: Vec<&Part<T>> = self.parts().collect();
        look(Snapshot::new(&parts))
    }
}

impl<T: ProtocolModel> Hash for SystemState<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts.hash(state);
    }
}

impl<T: ProtocolModel> fmt::Debug for SystemState<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

impl<T: ProtocolModel> System<T> {
    /// The moves that are possible, with the states they lead to.
    fn possible(&self, state: &SystemState<T>) -> Vec<(Action<T>, SystemState<T>)> {
        let mut possible = Vec::new();
        let mut moves = Vec::new();
        for (slot, part) in state.parts.iter().enumerate() {
            self.moves(slot, part, &mut moves);
            for step in moves.drain(..) {
                if let Some((action, next)) = self.make(state, slot, step) {
                    possible.push((action, next));
                }
            }
        }
        possible
    }

    fn make(
        &self,
        state: &SystemState<T>,
        slot: usize,
        step: Move<Self>,
    ) -> Option<(Action<T>, SystemState<T>)> {
        let mut next = state.clone();
        next.parts[slot] = Arc::new(step.part);
        for (other, request) in step.requests {
            let answer = self.answer(other, &next.parts[other], &request)?;
            next.parts[other] = Arc::new(answer);
        }
        Some((step.action, next))
    }

    /// Names of the properties Stateright is told, made to live as long as it wants them to. They are
    /// leaked once per system.
    fn foreign_names(&self) -> &[&'static str] {
        self.foreign_names.get_or_init(|| {
            self.properties.iter().map(|p| &*Box::leak(p.name.clone().into_boxed_str())).collect()
        })
    }
}

impl<T: ProtocolModel> Model for System<T> {
    type State = SystemState<T>;
    type Action = Action<T>;

    fn init_states(&self) -> Vec<SystemState<T>> {
        let state =
            |row: Vec<Part<T>>| SystemState { parts: row.into_iter().map(Arc::new).collect() };
        self.initial().into_iter().map(state).collect()
    }

    fn actions(&self, state: &SystemState<T>, actions: &mut Vec<Action<T>>) {
        actions.extend(self.possible(state).into_iter().map(|(action, _)| action));
    }

    fn next_state(&self, state: &SystemState<T>, action: Action<T>) -> Option<SystemState<T>> {
        let slot = self.slot_of(&action);
        let mut moves = Vec::new();
        self.moves(slot, &state.parts[slot], &mut moves);
        let step = moves.into_iter().find(|step| step.action == action)?;
        self.make(state, slot, step).map(|(_, next)| next)
    }

    fn format_action(&self, action: &Action<T>) -> String {
        self.describe(action)
    }

    fn as_svg(&self, path: Path<SystemState<T>, Action<T>>) -> Option<String> {
        self.draw(path.into_vec().into_iter())
    }

    fn properties(&self) -> Vec<ForeignProperty<Self>> {
        let told = self.judged().into_iter().filter_map(|(at, expectation, name)| {
            let condition = *Self::CONDITIONS.get(at)?;
            Some(ForeignProperty { expectation, name, condition })
        });
        told.collect()
    }
}

/// Stateright's conditions are bare function pointers that capture nothing, so there is one per
/// position in the list of properties.
type ForeignCondition<T> = fn(&System<T>, &SystemState<T>) -> bool;

/// A function for each position.
macro_rules! by_position {
    ($it:ident::$function:ident) => { by_position!($it $function:
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
    ) };
    ($it:ident $function:ident: $($at:literal)*) => { [$($it::$function::<$at>,)*] };
}
pub(super) use by_position;

impl<T: ProtocolModel> System<T> {
    const CONDITIONS: [ForeignCondition<T>; 32] = by_position!(Self::condition);

    fn condition<const AT: usize>(&self, state: &SystemState<T>) -> bool {
        self.judge(AT, state)
    }

    /// Whether the property of that position is true of a state.
    pub(super) fn judge(&self, at: usize, state: &SystemState<T>) -> bool {
        let property = &self.properties[at];
        state.view(|view| {
            let concerned = property.premise.as_ref().is_none_or(|premise| premise(view));
            match property.kind {
                PropertyKind::Sometimes => concerned && (property.condition)(view),
                _ => !concerned || (property.condition)(view),
            }
        })
    }

    /// The properties that Stateright judges soundly: their positions and names.
    pub(super) fn judged(&self) -> Vec<(usize, Expectation, &'static str)> {
        let names = self.foreign_names();
        let judged = self.properties.iter().enumerate().filter_map(|(at, property)| {
            let expectation = match property.kind {
                PropertyKind::Always => Expectation::Always,
                PropertyKind::Sometimes => Expectation::Sometimes,
                PropertyKind::Eventually
                | PropertyKind::LeadsTo
                | PropertyKind::AlwaysEventually
                | PropertyKind::NeverStuck
                | PropertyKind::DeadlockFree
                | PropertyKind::AlwaysStep => return None,
            };
            Some((at, expectation, names[at]))
        });
        judged.collect()
    }

    /// Draws a path: each of its states, with the action that leaves it.
    pub(super) fn draw(
        &self,
        mut path: impl Iterator<Item = (SystemState<T>, Option<Action<T>>)>,
    ) -> Option<String> {
        let (start, mut taken) = path.next()?;
        let mut run = Counterexample { start: row(&start), steps: Vec::new(), repeats_from: None };
        for (state, next) in path {
            if let Some(action) = std::mem::replace(&mut taken, next) {
                run.steps.push((action, row(&state)));
            }
        }
        Some(super::story::svg::draw(&self.story(&run)))
    }
}

fn row<T: ProtocolModel>(state: &SystemState<T>) -> Vec<Part<T>> {
    state.parts().cloned().collect()
}
