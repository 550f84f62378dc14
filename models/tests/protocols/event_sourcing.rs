//! Event sourcing: it holds with every knob at its default, and each knob turned wrong breaks the
//! property that names the anomaly.

use std::sync::Arc;

use amends_models::protocols::event_sourcing::{
    Checkpoint, CommandIdentity, Conflict, Delivery, EventSourced, EventSourcingKnobs,
    ExpectedVersion, GapStrategy, GapTimeout, ReadModelWrite, SnapshotUse, StateChange,
};
use amends_models::protocols::{AnyProtocol, Design};
use amends_models::workflow::domain::{
    AggregateDraft, CommandDraft, Domain, DomainBuilder, EventDraft, PolicyDraft, ProjectionDraft,
};
use amends_models::workflow::{Fault, FaultBudget, Workflow};

use crate::trial::{self, Case, assert_all_hold, faults, verdicts};

/// Orders that take from one shared stock.
fn stock() -> DomainBuilder {
    Domain::builder()
        .aggregate(AggregateDraft::new("inventory", [("stock", 2)]).shared(true))
        .command(CommandDraft::new("take", "inventory").when("stock >= 1").emits(["taken"]))
        .event(EventDraft::new("taken", "inventory").evolve(["stock -= 1"]))
        .request("take")
}

/// The same, with a read model of what was taken.
fn projected() -> DomainBuilder {
    stock().projection(ProjectionDraft::new("sales", [("count", 0)]).on("taken", ["count += 1"]))
}

/// An order, a process manager that reserves stock for it, and a read model of both.
fn order() -> DomainBuilder {
    Domain::builder()
        .aggregate(AggregateDraft::new("order", [("status", 0)]))
        .aggregate(AggregateDraft::new("inventory", [("stock", 1)]).shared(true))
        .command(CommandDraft::new("place", "order").when("status == 0").emits(["placed"]))
        .command(
            CommandDraft::new("reserve", "inventory")
                .when("stock >= 1")
                .emits(["reserved"])
                .otherwise(["refused"]),
        )
        .event(EventDraft::new("placed", "order").evolve(["status = 1"]))
        .event(EventDraft::new("reserved", "inventory").evolve(["stock -= 1"]))
        .event(EventDraft::new("refused", "inventory"))
        .projection(
            ProjectionDraft::new("sales", [("open", 0), ("reserved", 0)])
                .on("placed", ["open += 1"])
                .on("reserved", ["open -= 1", "reserved += 1"])
                .on("refused", ["open -= 1"]),
        )
        .policy(PolicyDraft::new("placed", "reserve"))
        .request("place")
}

fn design(
    domain: DomainBuilder,
    knobs: EventSourcingKnobs,
    instances: u32,
    spent: &[(Fault, u8)],
) -> Design {
    let domain = domain.build().expect("the domain is sound");
    Workflow::builder("order")
        .instances(instances)
        .faults(faults(spent))
        .carried_out_by(EventSourced::new(domain, knobs))
        .expect("the workflow is sound")
}

/// Orders of their own streams, and a read model that counts them.
fn placed() -> DomainBuilder {
    Domain::builder()
        .aggregate(AggregateDraft::new("order", [("status", 0)]))
        .command(CommandDraft::new("place", "order").when("status == 0").emits(["placed"]))
        .event(EventDraft::new("placed", "order").evolve(["status = 1"]))
        .projection(ProjectionDraft::new("sales", [("count", 0)]).on("placed", ["count += 1"]))
        .request("place")
}

/// A stock that older code counted in boxes of ten.
fn boxes() -> DomainBuilder {
    Domain::builder()
        .aggregate(
            AggregateDraft::new("inventory", [("pieces", 0)])
                .shared(true)
                .history(["box-received", "box-received"]),
        )
        .command(CommandDraft::new("take", "inventory").when("pieces >= 1").emits(["taken"]))
        .event(
            EventDraft::new("box-received", "inventory")
                .evolve(["pieces += 1"])
                .upcast(["received"]),
        )
        .event(EventDraft::new("received", "inventory").evolve(["pieces += 10"]))
        .event(EventDraft::new("taken", "inventory").evolve(["pieces -= 1"]))
        .request("take")
}

/// Each wrong choice, the least that exposes it, and the property that names the anomaly.
fn wrong_choices() -> Vec<(&'static str, Design, &'static str)> {
    let right = EventSourcingKnobs::default;
    let crash = &[(Fault::Crash, 1)];
    vec![
        (
            "an append names no version",
            design(
                stock(),
                EventSourcingKnobs { expected_version: ExpectedVersion::Ignored, ..right() },
                2,
                &[],
            ),
            "no-lost-update",
        ),
        (
            "after a conflict the same events are appended",
            design(
                stock(),
                EventSourcingKnobs { conflict: Conflict::AppendAgain, ..right() },
                2,
                &[],
            ),
            "no-lost-update",
        ),
        (
            "the state changes before the event is durable",
            design(
                stock(),
                EventSourcingKnobs { state_change: StateChange::BeforeAppend, ..right() },
                1,
                crash,
            ),
            "replay-equals-state",
        ),
        (
            "a repeated command is not recognised",
            design(
                stock(),
                EventSourcingKnobs { commands: CommandIdentity::None, ..right() },
                1,
                &[(Fault::Lose, 1)],
            ),
            "effect-once",
        ),
        (
            "a naive reader",
            design(placed(), EventSourcingKnobs { gaps: GapStrategy::Naive, ..right() }, 2, &[]),
            "no-gap-skipped",
        ),
        (
            "gaps are held, but not for long enough",
            design(
                placed(),
                EventSourcingKnobs {
                    gaps: GapStrategy::HoldGaps,
                    gap_timeout: GapTimeout::TooShort,
                    ..right()
                },
                2,
                &[],
            ),
            "no-gap-skipped",
        ),
        (
            "a horizon of transactions, but a checkpoint of positions",
            design(
                placed(),
                EventSourcingKnobs { gaps: GapStrategy::TransactionHorizonByPosition, ..right() },
                2,
                &[],
            ),
            "no-gap-skipped",
        ),
        (
            "the checkpoint comes before the change",
            design(
                projected(),
                EventSourcingKnobs { checkpoint: Checkpoint::BeforeChange, ..right() },
                1,
                crash,
            ),
            "projection-exactly-once",
        ),
        (
            "the checkpoint comes after the change",
            design(
                projected(),
                EventSourcingKnobs { checkpoint: Checkpoint::AfterChange, ..right() },
                1,
                crash,
            ),
            "projection-exactly-once",
        ),
        (
            "a snapshot is labelled with a version that it does not hold",
            design(
                stock(),
                EventSourcingKnobs {
                    snapshot_every: Some(1),
                    snapshot: SnapshotUse::Stale,
                    ..right()
                },
                3,
                &[],
            ),
            "snapshot-equivalent",
        ),
        (
            "a snapshot of older code is used as it is",
            design(
                boxes(),
                EventSourcingKnobs {
                    snapshot_every: Some(2),
                    snapshot: SnapshotUse::WithoutUpcast,
                    ..right()
                },
                1,
                &[],
            ),
            "snapshot-equivalent",
        ),
        (
            "events are ordered by clocks that differ",
            design(
                order(),
                EventSourcingKnobs { delivery: Delivery::ByTimestamp, clock_skew: 2, ..right() },
                1,
                &[],
            ),
            "causal",
        ),
        (
            "events are handled as they arrive",
            design(
                order(),
                EventSourcingKnobs { delivery: Delivery::ByArrival, ..right() },
                1,
                &[],
            ),
            "causal",
        ),
        (
            "the store never returns",
            Workflow::builder("order")
                .faults(FaultBudget::none().allow_at(Fault::Halt, "event-store", 1))
                .carried_out_by(EventSourced::new(
                    stock().build().expect("the domain is sound"),
                    right(),
                ))
                .expect("the workflow is sound"),
            "settles",
        ),
    ]
}

fn cases() -> Vec<Case> {
    let cases = wrong_choices().into_iter();
    cases.map(|(name, design, breaks)| Case { name, design, breaks }).collect()
}

#[test]
fn every_wrong_choice_breaks_the_property_that_names_it() {
    trial::assert_each_breaks(&cases());
}

#[test]
fn one_transition_per_effect_gives_the_same_verdicts() {
    trial::assert_granularity_makes_no_difference(&cases());
}

#[test]
fn the_same_faults_are_harmless_with_the_right_choices() {
    for case in cases().into_iter().filter(|case| !case.halts()) {
        let domain = case.design.protocol().domain().expect("the workflow is event-sourced");
        let right = EventSourced::new(Arc::clone(domain), EventSourcingKnobs::default());
        trial::assert_harmless(case.name, &case.design.clone().with_protocol(right));
    }
}

#[test]
fn two_clients_of_one_aggregate_survive_every_fault() {
    let spent = [
        (Fault::Crash, 1),
        (Fault::Lose, 1),
        (Fault::Duplicate, 1),
        (Fault::Fail, 1),
        (Fault::Timeout, 1),
    ];
    assert_all_hold(&design(stock(), EventSourcingKnobs::default(), 2, &spent));
}

#[test]
fn an_order_with_its_process_manager_and_read_model_survives_every_fault() {
    let spent = [(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Duplicate, 1)];
    assert_all_hold(&design(order(), EventSourcingKnobs::default(), 1, &spent));
    let spent = [(Fault::Fail, 1), (Fault::Timeout, 1), (Fault::Partition, 1)];
    assert_all_hold(&design(order(), EventSourcingKnobs::default(), 1, &spent));
}

#[test]
fn every_right_way_to_read_the_log_holds() {
    let right = EventSourcingKnobs::default;
    let spent = [(Fault::Crash, 1), (Fault::Fail, 1)];
    for knobs in [
        EventSourcingKnobs { gaps: GapStrategy::SerialiseAppends, ..right() },
        EventSourcingKnobs { gaps: GapStrategy::TransactionHorizon, ..right() },
        EventSourcingKnobs { gaps: GapStrategy::HoldGaps, ..right() },
    ] {
        assert_all_hold(&design(placed(), knobs.clone(), 2, &[(Fault::Fail, 1)]));
        assert_all_hold(&design(order(), knobs, 1, &spent));
    }
}

#[test]
fn a_read_model_that_knows_its_position_may_save_the_checkpoint_later() {
    let knobs = EventSourcingKnobs {
        checkpoint: Checkpoint::AfterChange,
        read_model: ReadModelWrite::ByPosition,
        ..EventSourcingKnobs::default()
    };
    assert_all_hold(&design(projected(), knobs, 2, &[(Fault::Crash, 1), (Fault::Fail, 1)]));
}

#[test]
fn a_snapshot_is_as_good_as_a_replay() {
    let every = |snapshot_every| EventSourcingKnobs { snapshot_every, ..Default::default() };
    assert_all_hold(&design(stock(), every(Some(1)), 3, &[(Fault::Lose, 1)]));
    // What older code left behind is not used, and a new snapshot takes its place.
    assert_all_hold(&design(boxes(), every(Some(3)), 2, &[(Fault::Crash, 1)]));
}

/// The theorem of causal consistency: if one event led to another, directly or through others, no
/// consumer handles the second before the first. Three aggregates, two consumers; one of them sees
/// the first event and the last, and not what lies between.
mod causal_consistency {
    use super::*;

    fn chain() -> DomainBuilder {
        order()
            .aggregate(AggregateDraft::new("parcel", [("sent", 0)]))
            .command(CommandDraft::new("ship", "parcel").emits(["shipped"]))
            .event(EventDraft::new("shipped", "parcel").evolve(["sent = 1"]))
            .policy(PolicyDraft::new("reserved", "ship"))
            .projection(
                ProjectionDraft::new("tracking", [("waiting", 0)])
                    .on("placed", ["waiting += 1"])
                    .on("shipped", ["waiting -= 1"]),
            )
    }

    fn verdict(delivery: Delivery, clock_skew: u8, spent: &[(Fault, u8)]) -> &'static str {
        let knobs = EventSourcingKnobs { delivery, clock_skew, ..EventSourcingKnobs::default() };
        verdicts(&design(chain(), knobs, 1, spent))["causal"]
    }

    #[test]
    fn holds_by_causation_whatever_the_clocks_say() {
        assert_eq!(verdict(Delivery::ByCausation, 3, &[]), "holds");
    }

    #[test]
    fn holds_by_position_in_one_log() {
        assert_eq!(verdict(Delivery::ByPosition, 3, &[(Fault::Lose, 1)]), "holds");
    }

    #[test]
    fn holds_by_timestamps_only_while_clocks_agree() {
        assert_eq!(verdict(Delivery::ByTimestamp, 0, &[]), "holds");
        assert_eq!(verdict(Delivery::ByTimestamp, 2, &[]), "violated");
    }

    #[test]
    fn fails_by_arrival() {
        assert_eq!(verdict(Delivery::ByArrival, 0, &[]), "violated");
    }
}

#[test]
fn arithmetic_without_a_result_is_found() {
    let domain = |evolve: &str, when: &str, project: &str| {
        Domain::builder()
            .aggregate(AggregateDraft::new("inventory", [("stock", 0)]))
            .command(CommandDraft::new("take", "inventory").when(when).emits(["taken"]))
            .event(EventDraft::new("taken", "inventory").evolve([evolve]))
            .projection(ProjectionDraft::new("sales", [("rate", 0)]).on("taken", [project]))
            .request("take")
    };
    for (evolve, when, project) in [
        ("stock += 1", "1 / stock > 0", "rate += 1"),
        ("stock = 1 / stock", "true", "rate += 1"),
        ("stock += 1", "true", "rate = 1 / rate"),
    ] {
        let domain = domain(evolve, when, project);
        let design = design(domain, EventSourcingKnobs::default(), 1, &[]);
        let verdicts = verdicts(&design);
        assert_eq!(verdicts["well-defined"], "violated", "{evolve}, {when}, {project}");
    }
}

#[test]
fn stateright_sees_the_same_states() {
    let crash = &[(Fault::Crash, 1)];
    trial::assert_stateright_agrees(&design(order(), EventSourcingKnobs::default(), 1, crash));
}

#[test]
fn every_counterexample_reads_as_a_story() {
    insta::assert_snapshot!(trial::stories(&cases()));
}

/// Each way to get a domain wrong, with what is said about it.
#[test]
fn domains_that_are_refused() {
    let event = |name: &str| EventDraft::new(name, "inventory");
    let command = |name: &str| CommandDraft::new(name, "inventory").emits(["taken"]);
    let order = || AggregateDraft::new("order", [("status", 0)]);
    let model = |name: &str| ProjectionDraft::new(name, [("count", 0)]);
    let wrong = [
        ("nobody asks", Domain::builder()),
        ("no such request", stock().request("tak")),
        ("a command for nobody", stock().command(CommandDraft::new("pay", "account"))),
        ("a command without events", stock().command(CommandDraft::new("pay", "inventory"))),
        ("a command that emits nothing known", stock().command(command("give").emits(["gone"]))),
        ("an event of nobody", stock().event(EventDraft::new("paid", "account"))),
        ("an event that nobody emits", stock().event(event("lost").evolve(["stock -= 1"]))),
        (
            "an event that nobody handles",
            stock().event(event("seen")).command(command("look").emits(["seen"])),
        ),
        (
            "an event of another aggregate",
            stock()
                .aggregate(order())
                .command(CommandDraft::new("place", "order").emits(["taken"])),
        ),
        (
            "an event of the past that is emitted",
            boxes().command(command("buy").emits(["box-received"])),
        ),
        ("an upcast to the past", boxes().event(event("crate-received").upcast(["box-received"]))),
        ("a policy on the past", boxes().policy(PolicyDraft::new("box-received", "take"))),
        ("a policy on nothing", stock().policy(PolicyDraft::new("sold", "take"))),
        ("a policy for nothing", stock().policy(PolicyDraft::new("taken", "pay"))),
        (
            "a condition on another aggregate",
            stock().command(command("give").when("order.status > 0")),
        ),
        ("a change of nothing", stock().event(event("lost").evolve(["stok -= 1"]))),
        ("otherwise without when", stock().command(command("give").otherwise(["taken"]))),
        (
            "two aggregates of one name",
            stock().aggregate(AggregateDraft::new("inventory", [("a", 0)])),
        ),
        ("a projection named like an aggregate", stock().projection(model("inventory"))),
        ("a projection named like the store", stock().projection(model("event-store"))),
        ("a history of something else", stock().aggregate(order().history(["taken"]))),
    ];
    let mut said = String::new();
    for (name, domain) in wrong {
        let error = domain.build().expect_err(name);
        let help = error.help.as_deref().unwrap_or("-");
        said.push_str(&format!(
            "{name}\n  at   {:?}\n  says {error}\n  help {help}\n",
            error.place
        ));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn interchangeable_workflows_are_explored_once() {
    insta::assert_snapshot!(trial::symmetry(&cases()));
}

/// A workflow of this protocol, for what must be true of all of them.
pub(crate) fn sample() -> Design {
    design(order(), EventSourcingKnobs::default(), 1, &[])
}
