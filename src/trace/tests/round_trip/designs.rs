//! A small design of each protocol. What services own does not matter to traces.

use amends_models::protocols::Design;
use amends_models::protocols::choreography::ChoreographyKnobs;
use amends_models::protocols::event_sourcing::{EventSourced, EventSourcingKnobs};
use amends_models::protocols::mixed::MixedChoices;
use amends_models::protocols::outbox::OutboxKnobs;
use amends_models::protocols::saga::SagaKnobs;
use amends_models::protocols::tcc::TccKnobs;
use amends_models::protocols::two_phase_commit::TwoPhaseKnobs;
use amends_models::workflow::domain::{
    AggregateDraft, CommandDraft, Domain, EventDraft, PolicyDraft, ProjectionDraft,
};
use amends_models::workflow::{StepDraft, StepKind, StepProtocol, Workflow, WorkflowBuilder};

/// A design that is judged.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) design: Design,
    /// Whether its runs have no end of states, so that nothing can be ruled out: a lease can change hands
    /// any number of times.
    pub(crate) is_endless: bool,
}

/// One of each protocol.
pub(crate) fn all() -> Vec<Subject> {
    let subject = |(name, design)| Subject { name, design, is_endless: false };
    let mut all: Vec<Subject> = [
        ("saga", saga()),
        ("saga with a pivot", pivot()),
        ("choreography", choreography()),
        ("TCC", tcc()),
        ("two-phase commit", two_phase_commit()),
        ("outbox", outbox()),
        ("event sourcing", event_sourcing()),
        ("mixed", mixed()),
    ]
    .map(subject)
    .into();
    all.push(Subject { name: "saga with a standby", design: standby(), is_endless: true });
    all
}

fn order() -> WorkflowBuilder {
    order_of(&[("reserve-stock", "inventory"), ("charge", "payment"), ("ship", "shipping")])
}

fn order_of(steps: &[(&str, &str)]) -> WorkflowBuilder {
    steps.iter().fold(Workflow::builder("order"), |draft, &(step, service)| {
        draft
            .service(service, [("rows", 0)])
            .step(StepDraft::new(step, service).change(["rows += 1"]).undo(["rows -= 1"]))
    })
}

pub(crate) fn saga() -> Design {
    Design::new(order(), SagaKnobs::default()).expect("a saga")
}

fn standby() -> Design {
    let knobs = SagaKnobs { standby: true, ..SagaKnobs::default() };
    let draft = order_of(&[("reserve-stock", "inventory"), ("charge", "payment")]);
    Design::new(draft, knobs).expect("a saga with a standby")
}

fn pivot() -> Design {
    let draft = Workflow::builder("order")
        .service("inventory", [("count", 0)])
        .service("payment", [("count", 0)])
        .service("shipping", [("count", 0)])
        .step(StepDraft::new("reserve", "inventory"))
        .step(StepDraft::new("charge", "payment").kind(StepKind::Pivot))
        .step(StepDraft::new("ship", "shipping").kind(StepKind::Retriable));
    Design::new(draft, SagaKnobs::default()).expect("a saga with a pivot")
}

fn choreography() -> Design {
    Design::new(order(), ChoreographyKnobs::default()).expect("a choreography")
}

pub(crate) fn tcc() -> Design {
    let draft = [("reserve-stock", "inventory"), ("charge", "payment")].into_iter().fold(
        Workflow::builder("order"),
        |draft, (step, service)| {
            draft.service(service, [("free", 1), ("held", 0)]).step(
                StepDraft::new(step, service)
                    .when("free >= 1")
                    .reserve(["free -= 1", "held += 1"])
                    .confirm(["held -= 1"])
                    .cancel(["held -= 1", "free += 1"]),
            )
        },
    );
    Design::new(draft, TccKnobs::default()).expect("a TCC")
}

fn two_phase_commit() -> Design {
    let draft = Workflow::builder("transfer")
        .service("giro", [("balance", 10)])
        .service("savings", [("balance", 0)])
        .step(StepDraft::new("withdraw", "giro").when("balance >= 5").change(["balance -= 5"]))
        .step(StepDraft::new("deposit", "savings").change(["balance += 5"]));
    Design::new(draft, TwoPhaseKnobs::default()).expect("a two-phase commit")
}

fn outbox() -> Design {
    let draft = Workflow::builder("orders")
        .service("order", [("rows", 0)])
        .service("inventory", [("stock", 5)])
        .step(StepDraft::new("create", "order").change(["rows += 1"]))
        .step(StepDraft::new("reserve", "inventory").change(["stock -= 1"]));
    let knobs = OutboxKnobs { relays: 1, ..OutboxKnobs::default() };
    Design::new(draft, knobs).expect("an outbox")
}

fn event_sourcing() -> Design {
    let domain = Domain::builder()
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
            ProjectionDraft::new("sales", [("open", 0)])
                .on("placed", ["open += 1"])
                .on("reserved", ["open -= 1"])
                .on("refused", ["open -= 1"]),
        )
        .policy(PolicyDraft::new("placed", "reserve"))
        .request("place")
        .build()
        .expect("a domain");
    let protocol = EventSourced::new(domain, EventSourcingKnobs::default());
    Design::new(Workflow::builder("order"), protocol).expect("an event-sourced system")
}

fn mixed() -> Design {
    let draft = Workflow::builder("order")
        .service("order", [("open", 0)])
        .service("payment", [("free", 1), ("held", 0)])
        .service("logistics", [("announced", 0)])
        .step(
            StepDraft::new("create", "order")
                .protocol(StepProtocol::Saga)
                .change(["open += 1"])
                .undo(["open -= 1"]),
        )
        .step(
            StepDraft::new("charge", "payment")
                .protocol(StepProtocol::Tcc)
                .when("free >= 1")
                .reserve(["free -= 1", "held += 1"])
                .confirm(["held -= 1"])
                .cancel(["held -= 1", "free += 1"]),
        )
        .step(
            StepDraft::new("announce", "logistics")
                .protocol(StepProtocol::Outbox)
                .change(["announced += 1"]),
        );
    Design::new(draft, MixedChoices::default()).expect("a mixed workflow")
}
