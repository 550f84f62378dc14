//! The properties of a job, judged by what really happened.

use amends::models::check::{Parts, Property};
use amends::models::process::WorkflowId;
use amends::models::protocols::steps::{Orchestrated, StateLayout, StepHistory};
use amends::models::system::{
    BuiltIn, EFFECT_ONCE, Ending, Local, Part, SETTLES, System, WELL_DEFINED,
};

use super::scheduler::JobLog;
use super::system::Job;

/// Nothing is left undone.
const ALL_DONE: BuiltIn =
    BuiltIn::always("all-done", "when a job has ended, every step of it took effect");

/// The built-in properties.
pub(super) const BUILT_IN: &[BuiltIn] = &[WELL_DEFINED, SETTLES, EFFECT_ONCE, ALL_DONE];

/// The built-in properties, with their conditions.
pub(super) fn properties(system: &System<Job>) -> Vec<Property<Parts<Part<Job>>>> {
    let layout = StateLayout::new(system);
    vec![
        layout.well_defined(),
        layout.settles(),
        layout.property(EFFECT_ONCE, |layout, state| {
            !layout.runs(state).any(|(_, steps)| steps.iter().any(StepHistory::is_repeated))
        }),
        layout.property(ALL_DONE, |layout, state| {
            let mut ended = layout.runs(state).filter(|(log, _)| log.ended);
            ended.all(|(_, steps)| steps.iter().all(|step| step.times_done() > 0))
        }),
    ]
}

/// Where a state of the system shows how its jobs stand.
impl Orchestrated for Job {
    type Log = JobLog;

    fn log(scheduler: &Local<Job>, _job: WorkflowId) -> &JobLog {
        &scheduler.durable.coordinator
    }

    fn values(service: &Local<Job>) -> &[i64] {
        &service.resources
    }

    fn ending(log: &JobLog) -> Option<Ending> {
        log.ended.then_some(Ending::Completed)
    }
}
