//! The least workflows that any protocol of steps can be tried with, without business: what matters is
//! whether steps are done and undone.

use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{StepDraft, StepKind, Workflow};

/// Compensatable steps, one after the other, in services of their own.
pub(crate) fn in_a_row(steps: usize, protocol: Protocol) -> Design {
    let mut builder = Workflow::builder("order");
    for at in 0..steps {
        let service = format!("service-{at}");
        builder = builder
            .service(&service, [("count", 0)])
            .step(StepDraft::new(format!("step-{at}"), &service));
    }
    builder.carried_out_by(protocol).expect("the workflow is sound")
}

/// One compensatable step, the pivot, one retriable step.
pub(crate) fn with_pivot(protocol: Protocol) -> Design {
    Workflow::builder("order")
        .service("inventory", [("count", 0)])
        .service("payment", [("count", 0)])
        .service("shipping", [("count", 0)])
        .step(StepDraft::new("reserve", "inventory"))
        .step(StepDraft::new("charge", "payment").kind(StepKind::Pivot))
        .step(StepDraft::new("ship", "shipping").kind(StepKind::Retriable))
        .carried_out_by(protocol)
        .expect("the workflow is sound")
}
