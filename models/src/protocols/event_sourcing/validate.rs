//! The requirements of event sourcing: no steps and no inputs. All there is comes from the domain, which
//! has its own builder.

use crate::system::{ProtocolDefinition, names};
use crate::workflow::builder::{Place, StepField, WorkflowError, check_belongs};
use crate::workflow::{Drafts, Requirements, Service, Step, Work};

use super::knobs::EventSourced;
use super::properties::BUILT_IN;

impl Requirements for EventSourced {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn nodes(&self) -> Vec<String> {
        let projections = self.domain.projections();
        let is_service = |node: &str| projections.iter().any(|it| it.name == node);
        self.domain.nodes().filter(|node| !is_service(node)).map(str::to_owned).collect()
    }

    fn reserved_names(&self) -> Vec<&'static str> {
        names(BUILT_IN)
    }

    fn works(&self) -> &'static [Work] {
        &Work::ALL
    }

    fn services(&self) -> Vec<Service> {
        self.domain.services()
    }

    fn takes_steps(&self) -> bool {
        false
    }

    fn check_requests(&self) -> Result<(), WorkflowError> {
        let message = "the commands of an event-sourced system have no inputs";
        Err(WorkflowError::new(Place::Request(0), message)
            .help("remove [[request]]; what differs between workflows is in their aggregates"))
    }

    fn check_step(&self, drafts: Drafts<'_>, position: usize) -> Result<(), WorkflowError> {
        let draft = &drafts.steps[position];
        check_belongs(self, position, draft)?;
        Err(WorkflowError::new(
            Place::Step(position, StepField::Name),
            format!("`{}` is a step, and an event-sourced system has none", draft.name),
        )
        .help("say with [[policy]] which command follows from which event"))
    }

    /// Its aggregates own resources, but all of them live in the event store.
    fn fault_nodes(&self, _services: &[Service]) -> Vec<String> {
        self.domain.nodes().map(str::to_owned).collect()
    }

    fn check_knobs(&self, _steps: &[Step]) -> Result<(), WorkflowError> {
        if self.knobs.snapshot_every == Some(0) {
            return Err(WorkflowError::new(
                Place::Knob("snapshot-every"),
                "`snapshot-every` must be at least 1",
            )
            .help("leave it out to take no snapshots"));
        }
        Ok(())
    }
}
