//! What the builder refuses, and what it lets through.

use crate::process::nodes::COORDINATOR;
use crate::process::{StepId, StepSet, WorkflowId};
use crate::protocols::saga::SagaKnobs;
use crate::protocols::tcc::TccKnobs;
use crate::workflow::{Fault, StepKind, Work};

use super::*;

/// A shop with a till and a warehouse, for tests to spoil.
fn shop() -> WorkflowBuilder {
    Workflow::builder("shop")
        .service("warehouse", [("stock", 2), ("gift-cards", 0)])
        .service("till", [("cash", 10)])
}

fn step(name: &str) -> StepDraft {
    StepDraft::new(name, "till")
}

/// Three steps around a point of no return; the workflow of the literature.
fn trip() -> [StepDraft; 3] {
    [step("reserve"), step("pay").kind(StepKind::Pivot), step("notify").kind(StepKind::Retriable)]
}

fn with(steps: impl IntoIterator<Item = StepDraft>) -> WorkflowBuilder {
    steps.into_iter().fold(shop(), WorkflowBuilder::step)
}

fn property(name: &str, condition: &str) -> WorkflowBuilder {
    with([step("pay")]).always(name, condition)
}

fn knobs(spoil: impl FnOnce(&mut SagaKnobs)) -> Refused {
    let mut knobs = SagaKnobs::default();
    spoil(&mut knobs);
    Refused::of(with([step("pay")]), knobs)
}

/// A workflow that the builder is to refuse, and who it is for.
struct Refused {
    builder: WorkflowBuilder,
    protocol: Box<dyn Requirements>,
}

impl Refused {
    fn of(builder: WorkflowBuilder, protocol: impl Requirements + 'static) -> Refused {
        Refused { builder, protocol: Box::new(protocol) }
    }
}

impl From<WorkflowBuilder> for Refused {
    fn from(builder: WorkflowBuilder) -> Refused {
        Refused::of(builder, SagaKnobs::default())
    }
}

/// One refusal as a person would look at it.
fn refusal((case, refused): (&str, Refused)) -> String {
    match refused.builder.build_for(&*refused.protocol) {
        Ok(_) => panic!("{case}: nothing was found wrong"),
        Err(WorkflowError { place, message, help, range }) => {
            let part = range.map(|range| format!(" {range:?}")).unwrap_or_default();
            let help = help.map(|help| format!("\n  help: {help}")).unwrap_or_default();
            format!("{case}\n  {place:?}{part}\n  {message}{help}\n")
        }
    }
}

fn refusals<const N: usize>(cases: [(&str, impl Into<Refused>); N]) -> String {
    cases.map(|(case, refused)| refusal((case, refused.into()))).join("\n")
}

#[test]
fn sizes_that_are_refused() {
    let many = (0..=StepSet::CAPACITY).map(|at| step(&format!("step {at}")));
    insta::assert_snapshot!(refusals([
        ("no steps", shop()),
        ("one step too many", with(many)),
        (
            "too many services",
            (0..999).fold(with([step("pay")]), |shop, at| {
                shop.service(format!("s{at}"), [("r", 0)])
            })
        ),
        ("too many resources", {
            with([step("pay")]).service("bank", (0..=1000).map(|at| (format!("r{at}"), 0)))
        }),
        ("no instances", with([step("pay")]).instances(0)),
        ("too many instances", with([step("pay")]).instances(17)),
    ]));
    insta::assert_snapshot!(
        "knobs_that_are_refused",
        refusals([
            ("no attempts", knobs(|knobs| knobs.attempts = 0)),
            ("no attempts to compensate", knobs(|knobs| knobs.compensation_attempts = Some(0))),
            ("no attempts to go on", knobs(|knobs| knobs.retriable_attempts = Some(0))),
        ])
    );
}

#[test]
fn names_that_are_refused() {
    let none: [(&str, i64); 0] = [];
    let service = |name: &str| with([step("pay")]).service(name, none);
    let resource = |name: &str| with([step("pay")]).service("bank", [("cash", 1), (name, 1)]);
    insta::assert_snapshot!(refusals([
        ("an empty workflow name", Workflow::builder(" ").service("till", none).step(step("pay"))),
        ("an empty service name", service("")),
        ("a service name with a space", service("the bank")),
        ("a service name around a space", service(" bank")),
        ("a service name that starts with a digit", service("2nd")),
        ("a service name that is a keyword", service("type")),
        ("a service named like the coordinator", service(COORDINATOR)),
        ("two services of one name", service("till")),
        ("an empty resource name", resource("")),
        ("a resource name that is a function", resource("min")),
        ("two resources of one name", resource("cash")),
        (
            "two resources that are written alike",
            with([step("pay")]).service("bank", [("gift-cards", 1), ("gift_cards", 1)]),
        ),
        ("two services that are written alike", service("a-b").service("a_b", none)),
        ("an empty step name", with([step("")])),
        ("two steps of one name", with([step("pay"), step("pay")])),
        ("an empty property name", property(" ", "true")),
        ("two properties of one name", property("sound", "true").always("sound", "true")),
        ("a property named like a built-in one", property("no-late-effect", "true")),
    ]));
}

#[test]
fn names_that_lead_nowhere() {
    insta::assert_snapshot!(refusals([
        ("an unknown service", with([StepDraft::new("pay", "tills")])),
        ("an unknown step", with([step("pay"), step("ship").after(["pays"])])),
        ("an unknown node", {
            with([step("pay")]).faults(FaultBudget::none().allow_at(Fault::Crash, "coordinato", 1))
        }),
        ("an unknown resource in a guard", with([step("pay").when("true && cash_ > 1")])),
        (
            "an unknown resource in a change",
            with([step("pay").change(["cash += 1", "coins += 1"])])
        ),
        ("an unknown resource in an undo", with([step("pay").undo(["1"])])),
        ("another service's resource", with([step("pay").when("warehouse.stock > 1")])),
        ("an outcome in a guard", with([step("pay").when("completed > 1")])),
        ("a bare resource in a property", property("sound", "cash > 1")),
        ("an unknown service in a property", property("sound", "shop.cash > 1")),
        ("an unknown resource in a property", property("sound", "till.cash > 1 && till.coins > 1")),
        ("a wrong premise", {
            with([step("pay")]).property(PropertyDraft {
                name: "sound".to_owned(),
                claim: Claim::Always,
                condition: "true".to_owned(),
                given: Some("completed".to_owned()),
            })
        }),
    ]));
}

/// A payment of an amount that the client says.
fn payment() -> WorkflowBuilder {
    with([step("pay").when("cash >= amount").change(["cash -= amount"])])
}

#[test]
fn requests_that_are_refused() {
    let asked = |inputs: &[(&str, i64)]| payment().request(inputs.iter().copied());
    insta::assert_snapshot!(refusals([
        ("an input that nobody puts in", payment()),
        ("an input that cannot be named", asked(&[("amount", 1), ("as", 1)])),
        ("two inputs that are written alike", asked(&[("amount", 1), ("a-b", 1), ("a_b", 1)])),
        ("an input named like a resource", asked(&[("amount", 1), ("gift_cards", 1)])),
        ("a request without an input", asked(&[("amount", 1)]).instances(2).request([("sum", 1)])),
        (
            "a request with one input too few",
            asked(&[("amount", 1), ("fee", 1)]).instances(2).request([("amount", 1)]),
        ),
        ("a request too many", asked(&[("amount", 1)]).request([("amount", 2)])),
        ("an input that is assigned to", {
            with([step("pay").change(["amount -= 1"])]).request([("amount", 1)])
        }),
        ("an input at the start", {
            with([step("pay").when("initial(amount) > 1")]).request([("amount", 1)])
        }),
        ("an input in a property", asked(&[("amount", 1)]).always("sound", "amount > 0")),
    ]));
}

#[test]
fn workflows_take_requests_in_turn() {
    let workflow = payment().instances(3).request([("amount", 7)]).request([("amount", 4)]);
    let workflow = workflow.build_for(&SagaKnobs::default()).unwrap();
    let left = |id: u32| {
        let mut cash = vec![10];
        let (id, step) = (WorkflowId(id), StepId(0));
        workflow.attempt(id, step, Work::Change, &mut cash).unwrap();
        cash[0]
    };
    assert_eq!((left(0), left(1), left(2)), (3, 6, 3));
}

#[test]
fn orders_that_are_refused() {
    let [reserve, pay, notify] = trip();
    insta::assert_snapshot!(refusals([
        ("a step that waits for itself", with([step("pay").after(["pay"])])),
        ("a cycle", with([step("a"), step("b").after(["c"]), step("c").after(["b"])])),
        ("a second pivot", with([pay.clone(), step("ship").kind(StepKind::Pivot)])),
        (
            "a compensatable step after the pivot",
            with([reserve.clone(), pay.clone(), step("ship")]),
        ),
        (
            "a compensatable step beside the pivot",
            with([reserve.clone(), pay.clone(), step("ship").after(["reserve"])]),
        ),
        ("a retriable step before the pivot", with([reserve.clone(), notify.clone(), pay.clone()]),),
        (
            "a retriable step beside the pivot",
            with([reserve.clone(), pay.clone(), notify.clone().after(["reserve"])]),
        ),
        (
            "a retriable step beside a compensatable one",
            with([reserve.clone(), notify.clone().after(Vec::<String>::new())]),
        ),
        (
            "a compensatable step after a retriable one",
            with([reserve.clone(), notify.clone(), step("ship")]),
        ),
        ("a pivot that is undone", with([pay.undo(["cash += 1"])])),
        ("a retriable step that is undone", with([reserve, notify.undo(["cash += 1"])])),
    ]));
}

#[test]
fn a_workflow_around_a_point_of_no_return() {
    let workflow = with(trip()).build_for(&SagaKnobs::default()).unwrap();
    let kinds: Vec<StepKind> = workflow.steps().iter().map(|step| step.kind).collect();
    assert_eq!(kinds, [StepKind::Compensatable, StepKind::Pivot, StepKind::Retriable]);
    let names = |at: usize| {
        let before = workflow.steps()[at].after.iter();
        before.map(|id| workflow.step(id).name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((names(0), names(1), names(2)), (vec![], vec!["reserve"], vec!["pay"]));
}

#[test]
fn what_belongs_to_another_protocol_is_refused() {
    let tcc = |draft: StepDraft| Refused::of(with([draft]), TccKnobs::default());
    insta::assert_snapshot!(refusals([
        ("a pivot in a tcc", tcc(step("pay").kind(StepKind::Pivot))),
        ("a retriable step in a tcc", tcc(step("notify").kind(StepKind::Retriable))),
        ("an unknown resource in a Confirm", tcc(step("pay").confirm(["frozen -= 1"]))),
        ("a Confirm in a saga", with([step("pay").confirm(["cash -= 1"])]).into()),
    ]));
}

#[test]
fn the_steps_of_a_tcc_wait_for_none_unless_they_say_so() {
    let workflow = with([step("goods"), step("money"), step("slot").after(["goods", "money"])])
        .build_for(&TccKnobs::default())
        .unwrap();
    let waits: Vec<usize> = workflow.steps().iter().map(|step| step.after.len()).collect();
    assert_eq!(waits, [0, 0, 2]);
}

#[test]
fn steps_can_fork_and_join() {
    let [reserve, pay, notify] = trip();
    let nothing = Vec::<String>::new();
    with([
        reserve,
        step("book").after(nothing),
        pay.after(["reserve", "book"]),
        notify,
        step("archive").kind(StepKind::Retriable).after(["pay"]),
    ])
    .build_for(&SagaKnobs::default())
    .expect("every compensatable step comes before the pivot, every retriable one after it");
}

#[test]
fn a_hyphen_is_written_as_an_underscore() {
    let builder = shop()
        .step(StepDraft::new("give", "warehouse").change(["gift_cards += 1"]))
        .always("few", "warehouse.gift_cards <= 1");
    let workflow = builder.build_for(&SagaKnobs::default()).unwrap();
    let mut resources = vec![2, 0];
    let step = workflow.steps()[0].after.iter().next();
    assert_eq!(step, None, "the first step waits for nothing");
    workflow.carry_out(WorkflowId(0), StepId(0), Work::Change, &mut resources).unwrap();
    assert_eq!(resources, [2, 1]);
}
