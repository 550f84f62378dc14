//! The definition of jobs: for the catalogue, and for whoever reads a spec.

use amends::models::process::nodes::COORDINATOR;
use amends::models::system::{BuiltIn, KnobSink, KnobSource, ProtocolDefinition, WithSystem};
use amends::models::workflow::builder::{Place, StepField};
use amends::models::workflow::{
    Drafts, Requirements, Service, Step, Work, Workflow, WorkflowError,
};

use super::knobs::JobKnobs;
use super::properties::BUILT_IN;
use super::system::system;

impl ProtocolDefinition for JobKnobs {
    const NAME: &'static str = "job";
    const TABLES: &'static [&'static str] = &["job"];
    const BUILT_IN: &'static [BuiltIn] = BUILT_IN;

    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error> {
        source.knobs("job")
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        sink.knobs("job", self);
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        what.with(system(workflow, self))
    }
}

impl Requirements for JobKnobs {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn nodes(&self) -> Vec<String> {
        vec![COORDINATOR.to_owned()]
    }

    fn reserved_names(&self) -> Vec<&'static str> {
        BUILT_IN.iter().map(|property| property.name).collect()
    }

    fn works(&self) -> &'static [Work] {
        &[Work::Change]
    }

    /// A step that could be refused would leave the job with no way to go.
    fn check_steps(
        &self,
        _drafts: Drafts<'_>,
        steps: &[Step],
        _services: &[Service],
    ) -> Result<(), WorkflowError> {
        let Some(position) = steps.iter().position(|step| step.when.is_some()) else {
            return Ok(());
        };
        Err(WorkflowError::new(
            Place::Step(position, StepField::When),
            format!("`{}` may be refused, but a job has no way back", steps[position].name),
        )
        .help("remove `when`, or set protocol = \"saga\""))
    }
}
