//! What the services of a choreography tell of: the steps they do and undo. Nobody asks them to; they react
//! to events.

use crate::system::{Activities, Activity, Event, PerformedEffect};

use super::system::Choreography;

/// The activities in an effect.
pub(super) fn tells(event: &Event<Choreography>) -> Activities {
    match &event.what {
        PerformedEffect::Applied(reaction, verdict) => {
            let performed = Activity::Performed(reaction.call.into(), (*verdict).into());
            Activities::from_iter([(reaction.call.workflow, performed)])
        }
        PerformedEffect::Finished(outcome) => {
            let ended = event.process.workflow().map(|id| (id, Activity::Ended((*outcome).into())));
            ended.into_iter().collect()
        }
        PerformedEffect::Persisted(_) | PerformedEffect::Sent(..) => Activities::new(),
    }
}
