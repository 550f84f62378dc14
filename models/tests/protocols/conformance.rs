//! Conformance: what was observed of a workflow is explained by the fewest faults, or by none at all.

use amends_models::conformance::{
    ActivityKind, Conformance, Limits, Observation, ObservedRun, Rule, Told,
};
use amends_models::process::{Answer, StepId};
use amends_models::protocols::saga::SagaKnobs;
use amends_models::protocols::{AnyProtocol, Design, Protocol};
use amends_models::system::{
    Action, Activity, Ending, Hostable, Operation, System, Task, WithSystem,
};
use amends_models::workflow::{Fault, StepDraft, Workflow};
use stateright::Model;

fn order_saga() -> Design {
    let steps = ["create-order", "reserve-stock", "charge", "ship"];
    let draft = steps.iter().fold(Workflow::builder("order"), |draft, name| {
        draft
            .service(*name, [("rows", 0)])
            .step(StepDraft::new(*name, *name).change(["rows += 1"]).undo(["rows -= 1"]))
    });
    Design::new(draft, SagaKnobs::default()).expect("a saga").as_observed()
}

fn judged(design: &Design, run: &ObservedRun) -> Conformance {
    design.system().judge(run, Limits::default())
}

fn step(operation: Operation, at: u8) -> Task {
    Task::of_step(operation, StepId(at))
}

/// Everything that a participant does, in order.
fn effects(run: &mut ObservedRun, effects: &[(Operation, u8, Answer)]) {
    for &(operation, at, answer) in effects {
        run.observe(Observation::Performed(step(operation, at), Some(answer)));
    }
    run.tells_of(Told::every(ActivityKind::Performed));
}

use Answer::{Done, Refused};
use Operation::{Do, Undo};

#[test]
fn a_completed_saga_needs_no_fault() {
    let mut run = ObservedRun::new();
    effects(&mut run, &[(Do, 0, Done), (Do, 1, Done), (Do, 2, Done), (Do, 3, Done)]);
    run.observe(Observation::Ended(Some(Ending::Completed)));
    run.set_over();
    let Conformance::Conforms(explanation) = judged(&order_saga(), &run) else {
        panic!("conforms")
    };
    assert_eq!(explanation.faults, []);
}

#[test]
fn a_double_effect_is_a_violation() {
    let mut run = ObservedRun::new();
    effects(&mut run, &[(Do, 0, Done), (Do, 1, Done), (Do, 1, Done), (Do, 2, Done), (Do, 3, Done)]);
    run.observe(Observation::Ended(Some(Ending::Completed)));
    let Conformance::Violates(violation) = judged(&order_saga(), &run) else { panic!("violates") };
    assert_eq!(violation.rule, Rule::DoubleEffect);
    assert_eq!(violation.evidence.iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_wrong_order_of_compensations_is_a_violation() {
    let mut run = ObservedRun::new();
    effects(
        &mut run,
        &[(Do, 0, Done), (Do, 1, Done), (Do, 2, Refused), (Undo, 0, Done), (Undo, 1, Done)],
    );
    run.order(3, 4);
    let Conformance::Violates(violation) = judged(&order_saga(), &run) else { panic!("violates") };
    assert_eq!(violation.rule, Rule::CompensationOrder);
}

#[test]
fn a_missing_compensation_is_a_violation_only_if_nothing_was_lost() {
    let mut run = ObservedRun::new();
    effects(&mut run, &[(Do, 0, Done), (Do, 1, Done), (Do, 2, Refused), (Undo, 1, Done)]);
    run.observe(Observation::Ended(Some(Ending::Compensated)));
    run.set_over();
    let Conformance::Incomplete(missing) = judged(&order_saga(), &run) else {
        panic!("incomplete")
    };
    assert_eq!(missing.activities.len(), 1);
    run.set_complete();
    let Conformance::Violates(violation) = judged(&order_saga(), &run) else { panic!("violates") };
    assert_eq!(violation.rule, Rule::MissingCompensation);
}

/// A random run of a system, with at most so many faults.
struct Walk {
    seed: u64,
    faults: usize,
}

/// What was to be seen of it.
struct Walked {
    run: ObservedRun,
    faults: usize,
    is_over: bool,
}

impl WithSystem for Walk {
    type Output = Walked;

    fn with<T: Hostable>(self, system: System<T>) -> Walked {
        let reader = T::reader(&system);
        let mut random = Random(self.seed);
        let mut run = ObservedRun::new();
        let (mut faults, mut is_over) = (0, false);
        let mut state = system.init_states().remove(0);
        for _ in 0..400 {
            is_over = state.view(|view| reader.is_settled(view));
            if is_over {
                break;
            }
            let mut actions = Vec::new();
            system.actions(&state, &mut actions);
            let is_fault = |action: &Action<T>| !action.faults().is_empty();
            let (struck, ordinary): (Vec<_>, Vec<_>) = actions.into_iter().partition(is_fault);
            let strikes = faults < self.faults && random.below(8) == 0;
            let from = if (strikes || ordinary.is_empty()) && !struck.is_empty() {
                struck
            } else {
                ordinary
            };
            if from.is_empty() {
                break;
            }
            let action = from[random.below(from.len())].clone();
            faults += action.faults().iter().filter(|fault| **fault != Fault::Refuse).count();
            let part = state.parts().nth(system.slot_of(&action)).expect("a slot");
            for activity in system.activities(&action, part) {
                // A client is told the outcome as often as the coordinator recovers.
                let again = Observation::from(activity);
                if matches!(activity, Activity::Ended(_)) && run.observations().contains(&again) {
                    continue;
                }
                let at = run.observe(again);
                (0..at).for_each(|before| run.order(before, at));
            }
            state = system.next_state(&state, action).expect("a possible action");
        }
        for kind in [ActivityKind::Requested, ActivityKind::Performed, ActivityKind::Ended] {
            run.tells_of(Told::every(kind));
        }
        Walked { run, faults, is_over }
    }
}

struct Random(u64);

impl Random {
    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

fn designs() -> Vec<Design> {
    vec![
        order_saga(),
        crate::workflows::with_pivot(Protocol::Saga(SagaKnobs::default())),
        crate::workflows::in_a_row(3, Protocol::Choreography(Default::default())),
        crate::tcc::sample(),
        crate::two_phase_commit::sample(),
        crate::outbox::sample(),
        crate::event_sourcing::sample(),
        crate::mixed::sample(),
    ]
}

#[test]
fn every_run_of_a_system_conforms_with_no_more_faults_than_struck() {
    for design in designs() {
        let design = design.as_observed();
        for seed in 0..40 {
            let walked = design.with_system(Walk { seed, faults: (seed % 4) as usize });
            let mut run = walked.run;
            run.set_complete();
            if walked.is_over {
                run.set_over();
            }
            let name = design.protocol().name();
            let Conformance::Conforms(explanation) = judged(&design, &run) else {
                panic!("run {seed} of {name} conforms: {:?}", run.observations());
            };
            let explained: u32 = explanation.faults.iter().map(|(_, count)| count).sum();
            assert!(explained as usize <= walked.faults, "run {seed} of {name}");
        }
    }
}
