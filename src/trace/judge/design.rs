//! A design as the judge has it: a system whose protocol is not named any more.

use amends_models::conformance::{Conformance, Limits, Observation, ObservedRun, judge};
use amends_models::process::Answer;
use amends_models::protocols::Design;
use amends_models::system::{Activity, Ending, Hostable, ProtocolModel, System, Task, WithSystem};

use crate::map::{Mapping, Resolved, Sightings, Telling};

/// A system that observations can be held against.
pub(super) trait JudgedSystem: Send + Sync {
    /// What was observed, in its terms.
    fn resolve(&self, mapping: &Mapping, sightings: &Sightings, telling: &Telling) -> Resolved;

    /// Whether it has such a run.
    fn judge(&self, run: &ObservedRun, limits: Limits) -> Conformance;

    /// An activity in words.
    fn describe(&self, activity: Activity) -> String;

    /// An observation in words.
    fn describe_observation(&self, run: &ObservedRun, at: usize) -> String;
}

/// The system of a design.
pub(super) fn judged_system(design: &Design) -> Box<dyn JudgedSystem> {
    design.with_system(Boxed)
}

struct Boxed;

impl WithSystem for Boxed {
    type Output = Box<dyn JudgedSystem>;

    fn with<T: Hostable>(self, system: System<T>) -> Box<dyn JudgedSystem> {
        Box::new(system)
    }
}

impl<T: ProtocolModel> JudgedSystem for System<T> {
    fn resolve(&self, mapping: &Mapping, sightings: &Sightings, telling: &Telling) -> Resolved {
        mapping.resolve(sightings, self.protocol(), telling)
    }

    fn judge(&self, run: &ObservedRun, limits: Limits) -> Conformance {
        judge(self, run, limits)
    }

    fn describe(&self, activity: Activity) -> String {
        describe(self.protocol(), Observation::from(activity))
    }

    fn describe_observation(&self, run: &ObservedRun, at: usize) -> String {
        describe(self.protocol(), run.observations()[at])
    }
}

fn describe<T: ProtocolModel>(protocol: &T, observation: Observation) -> String {
    let task = |task: Task| {
        let subject = protocol.subject_name(task.subject);
        let service = protocol.service_of(task.subject);
        let at = if service.is_empty() || service == subject {
            String::new()
        } else {
            format!(" at {service}")
        };
        format!("{} of {subject}{at}", task.operation)
    };
    let came = |answer: Option<Answer>| match answer {
        Some(Answer::Done) => "done",
        Some(Answer::Refused) => "refused",
        Some(Answer::Failed) => "failed",
        None => "with an outcome that is not known",
    };
    let ended = |ending: Ending| protocol.words().ending(ending);
    match observation {
        Observation::Requested(it) => format!("{} is asked for", task(it)),
        Observation::Performed(it, answer) => format!("{} is {}", task(it), came(answer)),
        Observation::Replied(it, answer) => format!("{} is answered: {}", task(it), came(answer)),
        Observation::Answered(it, answer) => {
            format!("the answer to {} arrives: {}", task(it), came(answer))
        }
        Observation::Decided(ending) => format!("it is decided that it ends {}", ended(ending)),
        Observation::Ended(Some(ending)) => format!("the workflow ends {}", ended(ending)),
        Observation::Ended(None) => "the workflow ends".to_owned(),
    }
}
