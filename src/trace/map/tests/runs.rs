//! From sightings to observed runs of a design.

use amends_models::conformance::{ActivityKind, Observation, ObservedRun, Told};
use amends_models::process::{Answer, StepId};
use amends_models::protocols::Design;
use amends_models::protocols::saga::SagaKnobs;
use amends_models::system::{Operation, Subject, Task};
use amends_models::workflow::{StepDraft, Workflow};

use crate::map::{Mapping, Resolved, Telling};
use crate::span::{Span, SpanKind};

use super::spans::{kind, told};

fn design() -> Design {
    let steps = ["reserve", "charge", "ship"];
    let draft = steps.iter().fold(Workflow::builder("order"), |draft, name| {
        let service = format!("{name}-service");
        draft
            .service(service.clone(), [("rows", 0)])
            .step(StepDraft::new(*name, service).change(["rows += 1"]).undo(["rows -= 1"]))
    });
    Design::new(draft, SagaKnobs::default()).expect("a saga")
}

fn resolved(mapping: &Mapping, spans: &[Span]) -> Resolved {
    let sightings = mapping.apply(spans, &[]);
    let mut telling = Telling::new();
    telling.learn(&sightings);
    mapping.resolve(&sightings, &*design().system(), &telling)
}

fn steps(names: &[&str]) -> Vec<Span> {
    let mut spans = vec![told(1, 0, ("order", "1"), "saga", (0, 1000), &[("saga.name", "order")])];
    for (at, name) in names.iter().enumerate() {
        let at = at as u64;
        let (ask, work) = (2 * at + 2, 2 * at + 3);
        let attributes = [("saga.step.name", *name)];
        spans.push(told(ask, 1, ("order", "1"), "call", (20 * at + 1, 20 * at + 15), &attributes));
        let served =
            told(work, ask, (&format!("{name}-service"), "1"), "serve", (5, 6), &attributes);
        spans.push(kind(SpanKind::Server, served));
    }
    spans
}

#[test]
fn names_become_steps() {
    let Resolved { run, sightings, unknown, heard_of } =
        resolved(&Mapping::default(), &steps(&["reserve", "charge"]));
    assert!(unknown.is_empty());
    let charge = Task::of_step(Operation::Do, StepId(1));
    let reserve = Task::of_step(Operation::Do, StepId(0));
    assert_eq!(heard_of, [reserve.subject, charge.subject]);
    assert_eq!(run.observations().len(), sightings.len());
    assert_eq!(run.observations()[0], Observation::Requested(reserve));
    let answered = Observation::Answered(reserve, Some(Answer::Done));
    assert!(run.observations().contains(&answered));
    assert!(run.is_over() && !run.is_complete());
}

#[test]
fn names_that_the_design_does_not_have_are_reported() {
    let resolved = resolved(&Mapping::default(), &steps(&["reserve", "wrap", "charge"]));
    let names: Vec<&str> = resolved.unknown.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["wrap"]);
    // What is certain by way of the unknown step stays certain.
    let last = resolved.run.observations().len() - 1;
    assert!(!resolved.run.before(last).is_empty());
}

#[test]
fn services_tell_of_what_they_are_seen_to_tell_of() {
    let Resolved { run, .. } = resolved(&Mapping::default(), &steps(&["reserve", "charge"]));
    let told =
        |kind, step: u8| Told { kind, operation: None, subject: Some(Subject::Step(StepId(step))) };
    let knows = |expected: Told| {
        let task = Task::of_step(
            Operation::Undo,
            match expected.subject {
                Some(Subject::Step(step)) => step,
                _ => StepId(0),
            },
        );
        run.would_tell(amends_models::system::Activity::Replied(task, Answer::Done))
    };
    assert!(knows(told(ActivityKind::Replied, 0)) && knows(told(ActivityKind::Replied, 1)));
    assert!(!knows(told(ActivityKind::Replied, 2)));
    let asked = Task::of_step(Operation::Undo, StepId(2));
    assert!(run.would_tell(amends_models::system::Activity::Requested(asked)));
}

#[test]
fn workflows_that_look_alike_give_equal_runs() {
    let spans = steps(&["reserve", "charge", "charge", "ship"]);
    let run = resolved(&Mapping::default(), &spans).run;
    let mut other: Vec<Span> = spans.into_iter().rev().collect();
    for span in &mut other {
        span.start.0 += 77_000_000_000;
        span.end = span.end.map(|end| crate::Time(end.0 + 77_000_000_000));
    }
    assert_eq!(resolved(&Mapping::default(), &other).run, run);
    let shorter = resolved(&Mapping::default(), &steps(&["reserve", "charge", "ship"])).run;
    assert_ne!(shorter, run);
}

#[test]
fn a_claim_that_all_arrives_counts_where_nothing_speaks_against_it() {
    let mapping = Mapping::default().with_all_arriving();
    let spans = steps(&["reserve"]);
    assert!(resolved(&mapping, &spans).run.is_complete());
    let orphan: Vec<Span> = spans.into_iter().filter(|span| span.name != "call").collect();
    assert!(!resolved(&mapping, &orphan).run.is_complete());
}

#[test]
fn a_mapping_can_say_what_is_told() {
    let text = "[[told]]\nkind = \"performed\"\nsubject = \"charge\"\noperation = \"do\"";
    let mapping = Mapping::parse("m.toml", text).expect("a mapping");
    let run = resolved(&mapping, &steps(&["reserve"])).run;
    let tells = |operation, step| {
        let task = Task::of_step(operation, StepId(step));
        run.would_tell(amends_models::system::Activity::Performed(task, Answer::Done))
    };
    assert!(tells(Operation::Do, 1) && !tells(Operation::Undo, 1) && !tells(Operation::Do, 0));
}

#[test]
fn in_doubt_always_means_even_if_refused() {
    let refused = |text: &str| {
        let mapping = Mapping::parse("m.toml", text).expect("a mapping");
        let step = told(
            1,
            0,
            ("order", "1"),
            "call",
            (0, 1),
            &[("saga.step.name", "charge"), ("x.outcome", "rejected")],
        );
        resolved(&mapping, &[step]).run.observations()[1].answer()
    };
    assert_eq!(refused(""), Some(Answer::Refused));
    assert_eq!(refused("in-doubt = \"always\""), Some(Answer::Failed));
}

#[test]
fn too_many_observations_are_no_panic() {
    let names: Vec<&str> = std::iter::repeat_n("charge", 300).collect();
    let run = resolved(&Mapping::default(), &steps(&names)).run;
    assert!(run.observations().len() > ObservedRun::CAPACITY);
}
