//! A workflow and the protocol that carries it out: the two halves of a distributed transaction.

use crate::process::nodes::{COORDINATOR, INITIATOR};
use crate::system::{BuiltIn, WithSystem};
use crate::workflow::builder::Place;
use crate::workflow::{Fault, FaultBudget, Workflow, WorkflowBuilder, WorkflowError};

use super::any_system::AnySystem;
use super::catalogue::{AnyProtocol, Protocol};

/// A workflow, and the protocol that carries it out.
///
/// ```
/// use amends_models::protocols::{AnyProtocol, Design};
/// use amends_models::protocols::tcc::TccKnobs;
/// use amends_models::workflow::{StepDraft, Workflow};
///
/// let booking = Workflow::builder("booking")
///     .service("hotel", [("rooms", 1), ("held", 0)])
///     .step(
///         StepDraft::new("book-room", "hotel")
///             .when("rooms >= 1")
///             .reserve(["rooms -= 1", "held += 1"])
///             .confirm(["held -= 1"])
///             .cancel(["rooms += 1", "held -= 1"]),
///     );
/// let design = Design::new(booking, TccKnobs::default()).expect("a valid workflow of a TCC");
/// assert_eq!(design.protocol().name(), "tcc");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design<P = Protocol> {
    workflow: Workflow,
    protocol: P,
}

impl<P: AnyProtocol> Design<P> {
    /// The workflow that was drafted, to be carried out by a protocol of whatever catalogue.
    ///
    /// # Errors
    /// The first thing of the workflow that is wrong, or means nothing to the protocol.
    pub fn of(draft: WorkflowBuilder, protocol: P) -> Result<Self, WorkflowError> {
        let workflow = draft.build_for(protocol.requirements())?;
        Ok(Design { workflow, protocol })
    }

    /// What is carried out.
    #[must_use]
    pub fn workflow(&self) -> &Workflow {
        &self.workflow
    }

    /// By what, and with which choices.
    #[must_use]
    pub fn protocol(&self) -> &P {
        &self.protocol
    }

    /// The properties that are checked without being stated.
    #[must_use]
    pub fn built_in(&self) -> Vec<BuiltIn> {
        self.protocol.built_in(&self.workflow)
    }

    /// Makes the system that carries the workflow out, with all its properties, and does something with
    /// it.
    pub fn with_system<W: WithSystem>(&self, what: W) -> W::Output {
        self.protocol.with_system(&self.workflow, what)
    }

    /// Makes the system that carries the workflow out, with all its properties and its types hidden.
    #[must_use]
    pub fn system(&self) -> Box<dyn AnySystem> {
        self.protocol.system(&self.workflow)
    }

    /// The same in another world.
    #[must_use]
    pub fn with_faults(mut self, faults: FaultBudget) -> Self {
        self.workflow = self.workflow.with_faults(faults);
        self
    }

    /// The same with another number of concurrent runs.
    #[must_use]
    pub fn with_instances(mut self, instances: u32) -> Self {
        self.workflow = self.workflow.with_instances(instances);
        self
    }

    /// The design as observations of one workflow are [held against](crate::conformance) it: a single
    /// workflow, in a world where any fault may strike, and any step be refused, as often as it takes.
    #[must_use]
    pub fn as_observed(mut self) -> Self {
        let striking = [
            Fault::Crash,
            Fault::Lose,
            Fault::Duplicate,
            Fault::Refuse,
            Fault::Fail,
            Fault::Timeout,
            Fault::Cancel,
        ];
        let faults = striking
            .into_iter()
            .fold(FaultBudget::none(), |budget, fault| budget.allow(fault, u8::MAX));
        self.workflow = self.workflow.with_open_business();
        self.with_instances(1).with_faults(faults)
    }

    /// The same workflow with other choices, which are not checked against its steps.
    #[must_use]
    pub fn with_protocol(mut self, protocol: impl Into<P>) -> Self {
        self.protocol = protocol.into();
        self
    }
}

impl Design {
    /// The protocols whose steps are the same.
    pub const SAME_STEPS: [&'static str; 2] = ["saga", "choreography"];

    /// The workflow that was drafted, to be carried out by that protocol.
    ///
    /// # Errors
    /// The first thing of the workflow that is wrong, or means nothing to the protocol.
    pub fn new(
        draft: WorkflowBuilder,
        protocol: impl Into<Protocol>,
    ) -> Result<Design, WorkflowError> {
        Design::of(draft, protocol.into())
    }

    /// The same workflow, orchestrated or choreographed: a saga with a coordinator and one without take
    /// the same steps in the same order. Faults that strike the coordinator strike the initiators
    /// instead, and the reverse.
    ///
    /// # Errors
    /// When the steps mean nothing to that protocol.
    pub fn carried_out_by(self, protocol: Protocol) -> Result<Design, WorkflowError> {
        let (from, to) = match (&self.protocol, &protocol) {
            (Protocol::Saga(_), Protocol::Choreography(_)) if self.workflow.has_locals() => {
                let message = "steps that read need a coordinator, who keeps what was read";
                return Err(WorkflowError::new(Place::Workflow, message).help("remove `read`"));
            }
            (Protocol::Saga(_), Protocol::Choreography(_)) => (COORDINATOR, INITIATOR),
            (Protocol::Choreography(_), Protocol::Saga(_)) => (INITIATOR, COORDINATOR),
            (own, other) if own.name() == other.name() => return Ok(self.with_protocol(protocol)),
            (own, other) => {
                return Err(WorkflowError::new(
                    Place::Workflow,
                    format!("the steps of a {} are no steps of a {}", own.name(), other.name()),
                )
                .help("only `saga` and `choreography` take the same steps"));
            }
        };
        let faults = self.workflow.faults().clone().moved(from, to);
        Ok(self.with_protocol(protocol).with_faults(faults))
    }
}

impl WorkflowBuilder {
    /// The workflow as drafted, to be carried out by that protocol: see [`Design::new`].
    ///
    /// # Errors
    /// The first thing of the workflow that is wrong, or means nothing to the protocol.
    pub fn carried_out_by(self, protocol: impl Into<Protocol>) -> Result<Design, WorkflowError> {
        Design::new(self, protocol)
    }
}
