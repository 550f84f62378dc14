//! Sound compensation: in every protocol that takes steps back, nothing is left of a workflow that was
//! compensated, and a compensation that is forgotten or wrong is found out.

use amends_models::check::Verdict;
use amends_models::protocols::choreography::ChoreographyKnobs;
use amends_models::protocols::mixed::MixedChoices;
use amends_models::protocols::saga::SagaKnobs;
use amends_models::protocols::tcc::TccKnobs;
use amends_models::protocols::{AnyProtocol, Design, Protocol};
use amends_models::workflow::{Fault, FaultBudget, StepDraft, StepProtocol, Work, Workflow};

/// Two orders, a step that is taken back by `undo`, and one that may be refused.
fn design(protocol: &Protocol, change: &str, undo: &[&str]) -> Design {
    let works = match protocol {
        Protocol::Tcc(_) => (Work::Reserve, Work::Cancel),
        _ => (Work::Change, Work::Undo),
    };
    let step = |name: &str, service: &str| {
        let step = StepDraft::new(name, service);
        match protocol {
            Protocol::Mixed(_) => step.protocol(StepProtocol::Saga),
            _ => step,
        }
    };
    let reserve = step("reserve", "inventory").work(works.0, [change]).work(works.1, undo.to_vec());
    Workflow::builder("order")
        .service("inventory", [("stock", 5)])
        .service("payment", [("balance", 0)])
        .step(reserve)
        .step(step("charge", "payment").when("balance >= 1"))
        .instances(2)
        .faults(FaultBudget::none().allow_at(Fault::Crash, "inventory", 1))
        .carried_out_by(protocol.clone())
        .expect("the workflow is sound")
}

/// The verdict on sound compensation, and how the run ends that violates it.
fn judged(design: &Design) -> (Verdict<(), ()>, Vec<String>) {
    let system = design.system();
    let report = system.verify().run();
    let found = report.property("sound-compensation").expect("the property is checked");
    let story = found.verdict.counterexample().map(|run| system.story(run).ending);
    let verdict = match found.verdict {
        Verdict::Holds => Verdict::Holds,
        Verdict::Vacuous => Verdict::Vacuous,
        _ => Verdict::Incomplete,
    };
    (verdict, story.unwrap_or_default())
}

fn protocols() -> [Protocol; 5] {
    [
        Protocol::Saga(SagaKnobs::default()),
        Protocol::Saga(SagaKnobs { standby: true, ..SagaKnobs::default() }),
        Protocol::Choreography(ChoreographyKnobs::default()),
        Protocol::Tcc(TccKnobs::default()),
        Protocol::Mixed(MixedChoices::default()),
    ]
}

/// What is left, in the words of the story; nothing, if it holds.
#[track_caller]
fn left(protocol: &Protocol, change: &str, undo: &[&str]) -> Option<String> {
    let (verdict, ending) = judged(&design(protocol, change, undo));
    if ending.is_empty() {
        assert!(matches!(verdict, Verdict::Holds), "{}: it says nothing", protocol.name());
        return None;
    }
    let told = ending.into_iter().find(|fact| fact.contains("than if it had never run"));
    Some(told.expect("the story says what is left"))
}

#[test]
fn what_takes_its_own_change_back_leaves_nothing() {
    for protocol in protocols() {
        assert_eq!(left(&protocol, "stock -= 1", &["stock += 1"]), None);
        assert_eq!(left(&protocol, "stock = stock - 2 + 1", &["stock += 3", "stock -= 2"]), None);
    }
}

#[test]
fn a_compensation_that_is_forgotten_leaves_all() {
    for protocol in protocols() {
        let told = left(&protocol, "stock -= 1", &[]).expect("it is violated");
        assert!(told.ends_with("stock of inventory is 1 less than if it had never run"), "{told}");
    }
}

#[test]
fn a_compensation_with_a_wrong_number_leaves_the_difference() {
    for protocol in protocols() {
        let told = left(&protocol, "stock -= 1", &["stock += 3"]).expect("it is violated");
        assert!(told.ends_with("stock of inventory is 2 more than if it had never run"), "{told}");
    }
}

/// It is right as long as nobody else comes in between.
#[test]
fn a_compensation_that_restores_a_former_value_undoes_the_work_of_others() {
    for protocol in protocols() {
        let told = left(&protocol, "stock -= 1", &["stock = 5"]).expect("it is violated");
        assert!(told.contains("more than if it had never run"), "{told}");
        let alone = design(&protocol, "stock -= 1", &["stock = 5"]).with_instances(1);
        let (verdict, _) = judged(&alone);
        assert!(matches!(verdict, Verdict::Holds), "{}", protocol.name());
    }
}

#[test]
fn what_is_kept_on_purpose_is_not_asked_back() {
    let order = |keeps: &[&str]| {
        Workflow::builder("order")
            .service("shop", [("stock", 5), ("fees", 0)])
            .step(
                StepDraft::new("reserve", "shop")
                    .change(["stock -= 1", "fees += 2"])
                    .undo(["stock += 1", "fees -= 1"])
                    .keeps(keeps.to_vec()),
            )
            .step(StepDraft::new("charge", "shop").when("stock >= 9"))
            .carried_out_by(SagaKnobs::default())
    };
    let (_, ending) = judged(&order(&[]).expect("the workflow is sound"));
    assert!(ending.iter().any(|fact| fact == "fees of shop is 1 more than if it had never run"));
    let (verdict, _) = judged(&order(&["fees"]).expect("the workflow is sound"));
    assert!(matches!(verdict, Verdict::Holds));
    let error = order(&["fee"]).expect_err("there is no such resource");
    assert_eq!(error.help.as_deref(), Some("did you mean `fees`?"));
}
