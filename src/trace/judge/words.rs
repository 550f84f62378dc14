//! Activities and observations in the words of a design.

use amends_models::conformance::Observation;
use amends_models::process::Answer;
use amends_models::protocols::AnySystem;
use amends_models::system::{Ending, Task};

/// An observation in words. An [activity](amends_models::system::Activity) is one that was seen.
pub(super) fn describe(system: &dyn AnySystem, observation: Observation) -> String {
    let task = |task: Task| {
        let subject = system.subject_name(task.subject);
        let service = system.service_of(task.subject);
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
    let ended = |ending: Ending| system.ending_word(ending);
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
