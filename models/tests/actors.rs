//! The very same cores as Stateright actors: where `ActorModel` can express the system, it agrees.
//!
//! Its duplicating network keeps every message for ever, its timers run out at any time and its
//! crashes fall between inputs, so it is harsher than a fault budget in some ways and blind in others.

use std::sync::Arc;

use amends_models::process::barrier::Entry;
use amends_models::protocols::saga::{self, Barrier, InDoubt, Saga, SagaKnobs, SagaOutcome};
use amends_models::system::actor::{ActorState, ProcessActor, actors};
use amends_models::workflow::{StepDraft, Workflow};
use stateright::actor::{ActorModel, ActorModelState, LossyNetwork, Network};
use stateright::{Checker, Expectation, Model};

type State = ActorModelState<ProcessActor<Saga>>;

fn actor_model(knobs: &SagaKnobs) -> ActorModel<ProcessActor<Saga>> {
    let workflow = Workflow::builder("order")
        .service("inventory", [("stock", 1)])
        .service("payment", [("balance", 10)])
        .step(
            StepDraft::new("reserve", "inventory")
                .when("stock >= 1")
                .change(["stock -= 1"])
                .undo(["stock += 1"]),
        )
        .step(
            StepDraft::new("charge", "payment")
                .when("balance >= 10")
                .change(["balance -= 10"])
                .undo(["balance += 10"]),
        )
        .build_for(&SagaKnobs::default())
        .expect("the workflow is sound");
    let system = Arc::new(saga::system(&workflow, knobs));
    ActorModel::new((), ())
        .actors(actors(&system))
        .init_network(Network::new_unordered_duplicating([]))
        .lossy_network(LossyNetwork::Yes)
        .max_crashes(1)
        .property(Expectation::Always, "atomic", |_, state| is_atomic(state))
        .property(Expectation::Always, "resources agree", |_, state| resources_agree(state))
        .property(Expectation::Sometimes, "completes", |_, state| {
            outcome(state) == Some(SagaOutcome::Completed)
        })
        .property(Expectation::Sometimes, "compensates", |_, state| {
            outcome(state) == Some(SagaOutcome::Compensated)
        })
}

fn states(state: &State) -> impl Iterator<Item = &ActorState<Saga>> {
    state.actor_states.iter().map(Arc::as_ref)
}

fn outcome(state: &State) -> Option<SagaOutcome> {
    states(state).next().and_then(|coordinator| coordinator.durable.log.coordinator.outcome())
}

/// Whether the participants' ledgers say what the coordinator says.
fn is_atomic(state: &State) -> bool {
    let done = states(state)
        .flat_map(|process| process.durable.log.participant.iter())
        .filter(|&(_, _, entry)| entry == Entry::Done)
        .count();
    match outcome(state) {
        Some(SagaOutcome::Completed) => done == 2,
        Some(SagaOutcome::Compensated) => done == 0,
        Some(SagaOutcome::Failed) => false,
        None => true,
    }
}

/// Whether the resources say what the coordinator says.
fn resources_agree(state: &State) -> bool {
    let resources: Vec<i64> = states(state)
        .flat_map(|process| process.durable.resources.values.iter().copied())
        .collect();
    match outcome(state) {
        Some(SagaOutcome::Completed) => resources == [0, 0],
        Some(_) => resources == [1, 10],
        None => true,
    }
}

#[test]
fn stateright_finds_the_default_saga_sound() {
    let checker = actor_model(&SagaKnobs::default()).checker().spawn_bfs().join();
    assert!(checker.is_done());
    checker.assert_properties();
}

#[test]
fn stateright_finds_a_missing_barrier() {
    let knobs = SagaKnobs { barrier: Barrier::None, ..SagaKnobs::default() };
    let checker = actor_model(&knobs).checker().target_max_depth(12).spawn_bfs().join();
    assert!(checker.discovery("resources agree").is_some());
}

#[test]
fn stateright_finds_steps_in_doubt_that_are_not_compensated() {
    let knobs = SagaKnobs { in_doubt: InDoubt::Ignore, ..SagaKnobs::default() };
    let checker = actor_model(&knobs).checker().spawn_bfs().join();
    assert!(checker.discovery("atomic").is_some());
}
