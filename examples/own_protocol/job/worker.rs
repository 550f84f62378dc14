//! The worker: a service that does steps, each once, however often it is asked.

use amends::models::process::{Address, Effect, Effects, Input, Process, StepId, Verdict};

use super::knobs::Keys;
use super::message::{JobCall, JobMessage};
use super::scheduler::JobEnded;

/// A service's side of all jobs.
#[derive(Clone, Debug)]
pub struct Worker {
    keys: Keys,
}

/// The idempotency keys of a worker: the steps that it has done, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobKeys(Vec<JobCall>);

impl JobKeys {
    /// Whether the step was done.
    #[must_use]
    pub fn contain(&self, call: &JobCall) -> bool {
        self.0.binary_search(call).is_ok()
    }

    fn insert(&mut self, call: JobCall) {
        if let Err(place) = self.0.binary_search(&call) {
            self.0.insert(place, call);
        }
    }
}

impl Worker {
    /// A worker that makes that choice.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Worker { keys }
    }

    fn answer(call: JobCall, effects: &mut Effects<Self>) {
        let message = JobMessage::Done(call);
        effects.push(Effect::Send { to: Address::Coordinator(call.job), message });
    }
}

impl Process for Worker {
    type Volatile = ();
    type Durable = JobKeys;
    type Record = JobCall;
    type Change = JobCall;
    type Message = JobMessage;
    type Timer = StepId;
    type Outcome = JobEnded;

    fn fold(&self, keys: &mut JobKeys, call: &JobCall) {
        keys.insert(*call);
    }

    fn handle(&self, (): &mut (), keys: &JobKeys, input: Input<Self>, effects: &mut Effects<Self>) {
        match input {
            Input::Message { message: JobMessage::Do(call), .. } => match self.keys {
                Keys::Kept if keys.contain(&call) => Worker::answer(call, effects),
                Keys::Kept => {
                    effects.push(Effect::Transact { change: call, accepted: call, refused: None });
                }
                Keys::None => effects.push(Effect::Apply(call)),
            },
            Input::Applied { change, verdict: Verdict::Accepted } => {
                Worker::answer(change, effects);
            }
            // What failed is asked for again; nobody starts a worker, and it has no timers.
            Input::Applied { .. }
            | Input::Message { .. }
            | Input::Start
            | Input::Cancel
            | Input::Recover
            | Input::TimerFired(_) => {}
        }
    }

    fn awaits_start(&self, (): &(), _keys: &JobKeys) -> bool {
        false
    }

    fn awaits(&self, _step: &StepId) -> Option<Address> {
        None
    }

    fn splits_by_workflow(&self) -> bool {
        true
    }
}
