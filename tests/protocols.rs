//! Every protocol on the real runtime, from its spec, in worlds drawn at random: whatever goes wrong,
//! the state in the end satisfies the properties of the spec. And where a choice is wrong, the audit
//! says which property breaks.
//!
//! Time is paused: what waits costs nothing, and a run on the memory store repeats exactly.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;

use amends::models::process::barrier::Barrier;
use amends::models::protocols::choreography::{ChoreographyKnobs, Inbox, Publish};
use amends::models::protocols::event_sourcing::{
    Checkpoint, CommandIdentity, EventSourced, EventSourcingKnobs,
};
use amends::models::protocols::outbox::{InboxWrite, Mark, OutboxKnobs, Write};
use amends::models::protocols::saga::SagaKnobs;
use amends::models::protocols::tcc::{self, TccKnobs};
use amends::models::protocols::two_phase_commit::{self, Silence, TwoPhaseKnobs};
use amends::models::protocols::{AnyProtocol, Design, Protocol};
use amends::runtime::{RunOptions, RunReport, StoreChoice, run};
use amends::simulate::{FaultKind, FaultPlan, Rate};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The design of a spec.
fn design(spec: &str) -> Design {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(spec);
    amends::spec::read(&path).unwrap().design
}

/// Runs a workflow in memory, with time paused.
fn really(design: &Design, faults: FaultPlan, seed: u64) -> RunReport {
    let options = RunOptions { faults, seed, ..RunOptions::default() };
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(run(design, &StoreChoice::Memory, options))
        .unwrap()
}

/// A fault plan over these nodes: some faults that strike anywhere, some that are bound to a node.
fn fault_plans(kinds: Vec<FaultKind>, nodes: Vec<String>) -> impl Strategy<Value = FaultPlan> {
    let line = (select(kinds), proptest::option::of(any::<Index>()), 1u32..=4, 0u32..=15);
    proptest::collection::vec(line, 0..=5).prop_map(move |lines| {
        lines.into_iter().fold(FaultPlan::none(), |plan, (kind, node, count, percent)| {
            // Who is cut off again and again gets nowhere, and nothing is wrong with that.
            let rate = match percent {
                1.. if kind != FaultKind::Partition => Rate::Chance(f64::from(percent) / 100.0),
                _ => Rate::Count(count),
            };
            match node {
                None => plan.with(kind, rate),
                Some(node) => plan.with_at(kind, node.get(&nodes), rate),
            }
        })
    })
}

/// What a spec does not promise to survive.
fn too_bad_for(spec: &str) -> &'static [FaultKind] {
    match spec {
        // What a consumer refuses is put away, and a person must look at it.
        "outbox-order.toml" | "outbox-two-relays.toml" => &[FaultKind::Halt, FaultKind::Refuse],
        // Who never comes back never answers.
        _ => &[FaultKind::Halt],
    }
}

/// So many workflows, in such a world, with such chance.
fn worlds(spec: &'static str) -> impl Strategy<Value = (Design, FaultPlan, u64)> {
    let design = design(spec);
    let nodes = design.system().nodes().to_vec();
    let kinds = FaultKind::ALL.into_iter().filter(|kind| !too_bad_for(spec).contains(kind));
    let faults = fault_plans(kinds.collect(), nodes);
    let instances = (1u32..=12).prop_map(move |count| design.clone().with_instances(count));
    (instances, faults, any::<u64>())
}

macro_rules! survives {
    ($($test:ident: $spec:literal;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig {
                cases: 48,
                failure_persistence: None,
                ..ProptestConfig::default()
            })]
            $(
                #[test]
                fn $test((design, faults, seed) in worlds($spec)) {
                    let report = really(&design, faults, seed);
                    prop_assert!(report.is_clean(), "{}", report);
                }
            )*
        }
    };
}

survives! {
    a_saga_survives: "order-saga.toml";
    a_saga_that_reads_survives: "saga-isolation.toml";
    a_saga_of_parallel_branches_survives: "trip-saga.toml";
    a_tcc_survives: "tcc-order.toml";
    a_tcc_whose_reservations_expire_survives: "tcc-expiry.toml";
    a_tcc_whose_coordinator_crashes_survives: "tcc-coordinator-crash.toml";
    a_choreography_survives: "order-choreography.toml";
    an_outbox_survives: "outbox-order.toml";
    an_outbox_with_two_relays_survives: "outbox-two-relays.toml";
    event_sourcing_survives: "event-sourced-order.toml";
    event_sourcing_that_holds_at_gaps_survives: "event-sourcing-hold-gaps.toml";
    event_sourcing_behind_a_horizon_survives: "event-sourcing-transaction-horizon.toml";
    a_two_phase_commit_survives: "two-phase-transfer.toml";
}

/// A choice made wrong in a spec, the world that shows what it costs, and the property that breaks.
struct Mistake {
    spec: &'static str,
    wrong: Protocol,
    faults: &'static str,
    property: &'static str,
}

/// The protocol of a spec, with other knobs.
macro_rules! turned {
    ($protocol:ident($knobs:ident { $($knob:ident: $choice:expr),* })) => {
        Protocol::$protocol($knobs { $($knob: $choice,)* ..$knobs::default() })
    };
}

fn mistakes() -> Vec<Mistake> {
    let mistake = |spec, wrong, faults, property| Mistake { spec, wrong, faults, property };
    let events = |knobs| {
        let design = design("event-sourced-order.toml");
        let domain = design.protocol().domain().expect("it is event-sourced");
        Protocol::EventSourcing(EventSourced::new(Arc::clone(domain), knobs))
    };
    vec![
        mistake(
            "order-saga.toml",
            turned!(Saga(SagaKnobs { barrier: Barrier::None })),
            "duplicate=0.3",
            "effect-once",
        ),
        mistake(
            "tcc-order.toml",
            turned!(Tcc(TccKnobs { barrier: Barrier::None })),
            "duplicate=0.3",
            "effect-once",
        ),
        mistake(
            "tcc-order.toml",
            turned!(Tcc(TccKnobs { decision: tcc::DecisionLog::Never })),
            "crash=0.1",
            "atomic",
        ),
        mistake(
            "order-choreography.toml",
            turned!(Choreography(ChoreographyKnobs { inbox: Inbox::None })),
            "duplicate=0.3",
            "effect-once",
        ),
        mistake(
            "order-choreography.toml",
            turned!(Choreography(ChoreographyKnobs { publish: Publish::WriteThenPublish })),
            "crash=0.1",
            "atomic",
        ),
        mistake(
            "outbox-order.toml",
            turned!(Outbox(OutboxKnobs { relays: 1, inbox: InboxWrite::None })),
            "duplicate=0.3",
            "effect-once",
        ),
        mistake(
            "outbox-order.toml",
            turned!(Outbox(OutboxKnobs { relays: 1, write: Write::SaveThenPublish })),
            "crash@order=0.2",
            "published-iff-committed",
        ),
        mistake(
            "outbox-order.toml",
            turned!(Outbox(OutboxKnobs { relays: 1, mark: Mark::OnClaim })),
            "crash@relay-1=0.1",
            "published-iff-committed",
        ),
        mistake(
            "event-sourced-order.toml",
            events(EventSourcingKnobs {
                commands: CommandIdentity::None,
                ..EventSourcingKnobs::default()
            }),
            "lose=0.2",
            "effect-once",
        ),
        mistake(
            "event-sourced-order.toml",
            events(EventSourcingKnobs {
                checkpoint: Checkpoint::BeforeChange,
                ..EventSourcingKnobs::default()
            }),
            "crash=0.1",
            "projection-exactly-once",
        ),
        mistake(
            "two-phase-transfer.toml",
            turned!(TwoPhaseCommit(TwoPhaseKnobs {
                decision_log: two_phase_commit::DecisionLog::AfterSend
            })),
            "crash=0.1",
            "agreement",
        ),
        mistake(
            "two-phase-transfer.toml",
            turned!(TwoPhaseCommit(TwoPhaseKnobs { silence: Silence::Yes })),
            "lose=0.3",
            "validity",
        ),
    ]
}

#[test]
fn every_wrong_choice_breaks_something_that_the_audit_sees() {
    for Mistake { spec, wrong, faults, property } in mistakes() {
        let right = design(spec).with_instances(4);
        let wrong = right.clone().with_protocol(wrong);
        let mut is_seen = false;
        for seed in 0..60 {
            let after = |design: &Design| really(design, faults.parse().unwrap(), seed);
            let (good, bad) = (after(&right), after(&wrong));
            assert!(good.is_clean(), "{spec} under {faults}, seed {seed}: {good}");
            is_seen |= bad.violations.iter().any(|violation| violation.property == property);
        }
        let wrong = wrong.protocol();
        assert!(is_seen, "{wrong:?} under {faults} should break {property}");
    }
}

/// A coordinator that never comes back leaves everything to the one that stands by.
#[test]
fn a_standby_finishes_what_a_coordinator_leaves_behind() {
    let standby = turned!(TwoPhaseCommit(TwoPhaseKnobs { standby: true }));
    let design = design("two-phase-transfer.toml").with_instances(8).with_protocol(standby);
    let alone = really(&design, FaultPlan::none(), 0);
    assert!(alone.is_clean(), "{alone}");
    for seed in 0..40 {
        let faults = "halt@coordinator=1,crash=0.02,lose=0.05,timeout=0.05";
        let report = really(&design, faults.parse().unwrap(), seed);
        assert!(report.is_clean(), "seed {seed}: {report}");
    }
}

/// So does that of a saga, with the log that both share.
#[test]
fn a_standby_goes_on_with_a_saga_that_a_coordinator_leaves_behind() {
    let design = design("saga-standby.toml").with_instances(8);
    let alone = really(&design, FaultPlan::none(), 0);
    assert!(alone.is_clean(), "{alone}");
    for seed in 0..40 {
        let faults = "halt@coordinator=1,crash=0.02,lose=0.05,timeout=0.05";
        let report = really(&design, faults.parse().unwrap(), seed);
        assert!(report.is_clean(), "seed {seed}: {report}");
    }
}

/// What each protocol's report looks like, in its own words.
#[test]
fn reports_speak_the_language_of_their_protocol() {
    let specs = [
        "order-saga.toml",
        "tcc-order.toml",
        "order-choreography.toml",
        "outbox-order.toml",
        "event-sourced-order.toml",
        "two-phase-transfer.toml",
    ];
    let reports = specs.map(|spec| {
        let design = design(spec).with_instances(5);
        let report = really(&design, "crash=2,duplicate=2".parse().unwrap(), 7);
        RunReport { seconds: 0.5, per_second: 10.0, ..report }.to_string()
    });
    insta::assert_snapshot!(reports.join("\n\n"));
}
