//! The next input of a process: a message, a timer, or what its clients want of it.

use amends_models::process::host::Hosted;
use amends_models::process::{Input, Process};
use amends_models::system::{Hostable, OutcomeOf};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::simulate::{FaultKind, Place};
use crate::store::Store;

use super::activity::Busy;
use super::network::{Mail, Mailbox};
use super::process_task::ProcessTask;

/// An injected cancellation comes before the process has handled so many inputs.
const CANCEL_WITHIN_INPUTS: u64 = 12;

/// The requests for what the process does.
pub(super) struct Requests<T: Hostable> {
    /// Asks until the process does not wait for it any more.
    pub(super) asks: bool,
    /// Who wants to be told how it ended.
    pub(super) waiting: Vec<UnboundedSender<OutcomeOf<T>>>,
    /// When a request that was in vain is repeated.
    pub(super) again: Option<Instant>,
    /// When the request is taken back.
    pub(super) deadline: Option<Instant>,
    /// After how many inputs an injected cancellation comes.
    pub(super) cancel_after_inputs: Option<u64>,
    pub(super) handled: u64,
}

impl<T: Hostable, S: Store> ProcessTask<'_, T, S> {
    /// Waits for the next input; `None` when there will be none.
    pub(super) async fn next_input(
        &mut self,
        core: &T::Process,
        hosted: &Hosted<'_, T::Process>,
        mailbox: &mut Mailbox<T>,
    ) -> Option<(Input<T::Process>, Busy)> {
        let begin = || self.context.activity.begin();
        loop {
            let asks = self.requests.asks && hosted.awaits_start() && !self.context.is_stopping();
            if self.requests.asks && !asks && self.requests.cancels_now() {
                self.telemetry.woke();
                return Some((Input::Cancel, begin()));
            }
            let again = self.requests.again.unwrap_or_else(Instant::now);
            let deadline = self.requests.deadline.filter(|_| !asks);
            tokio::select! {
                biased;
                () = at(deadline) => {
                    self.requests.deadline = None;
                    self.telemetry.woke();
                    return Some((Input::Cancel, begin()));
                }
                mail = mailbox.recv() => match mail? {
                    (Mail::Message { from, message, context }, busy) => {
                        self.telemetry.received(from, &message, context);
                        return Some((Input::Message { from, message }, busy));
                    }
                    // Nobody takes a request back that was not made yet.
                    (Mail::Cancel, _busy) => self.requests.deadline = Some(Instant::now()),
                    (Mail::Ask(waiting), _busy) => self.asked(waiting, hosted),
                },
                () = tokio::time::sleep_until(again), if asks => {
                    let pause = self.context.timing.pace.delay(0, self.random());
                    self.requests.again = Some(Instant::now() + pause);
                    self.telemetry.started(self.process().workflow());
                    return Some((Input::Start, begin()));
                }
                (timer, hasty) = self.timers.next() => {
                    let busy = begin();
                    let heard = core.watches(&timer).is_some_and(|peer| {
                        !hasty && !self.context.network.is_silent(peer, self.process())
                    });
                    if heard {
                        self.timers.restart(&timer, self.random());
                    } else {
                        self.telemetry.woke();
                        return Some((Input::TimerFired(timer), busy));
                    }
                }
            }
        }
    }

    fn asked(&mut self, waiting: UnboundedSender<OutcomeOf<T>>, hosted: &Hosted<'_, T::Process>) {
        if let Some(outcome) = self.outcome.as_ref().filter(|_| hosted.has_accepted()) {
            // Whoever stopped waiting does not want to know.
            let _ = waiting.send(outcome.clone());
            return;
        }
        let process = self.process();
        let requests = &mut self.requests;
        requests.waiting.push(waiting);
        if !requests.asks {
            requests.asks = true;
            requests.deadline = self.context.timing.deadline.map(|time| Instant::now() + time);
            let place = Place::Client(process);
            let injector = &self.context.injector;
            requests.cancel_after_inputs = injector
                .strikes(FaultKind::Cancel, self.concerns, place)
                .then(|| injector.length(self.concerns, place) % CANCEL_WITHIN_INPUTS);
        }
    }
}

impl<T: Hostable> Requests<T> {
    /// Nobody has asked yet; whoever `asks` all the time is going to.
    pub(super) fn new(asks: bool) -> Self {
        Requests {
            asks,
            waiting: Vec::new(),
            again: None,
            deadline: None,
            cancel_after_inputs: None,
            handled: 0,
        }
    }

    /// Counts an input, and says whether an injected cancellation comes with it.
    fn cancels_now(&mut self) -> bool {
        self.handled += 1;
        self.cancel_after_inputs.take_if(|after| *after <= self.handled).is_some()
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
