//! The task of a process, whichever it is: it recovers with what it persisted, takes one input after
//! the other and carries out what follows, crashes, and recovers again.
//!
//! Effects are carried out in order, with a crash possible before each of them: those on the store
//! through transactions, the others on the world outside. A process that serves a single workflow goes
//! to sleep when it has nothing to wait for; whatever is sent to it wakes it.

use std::sync::Arc;

use amends_models::process::host::{EffectKind, Hosted, OutsideEffect, Performed, StoreEffect};
use amends_models::process::{Address, Input, Process, Verdict, WorkflowId};
use amends_models::system::{Hostable, OutcomeOf, PerformedEffect, TimerOf};

use crate::simulate::{FaultKind, Place};
use crate::store::{Lane, Store, StoreError, Transaction};

use super::context::RuntimeContext;
use super::network::Mailbox;
use super::process_store::ProcessStore;
use super::process_telemetry::ProcessTelemetry;
use super::requests::Requests;
use super::timers::Timers;

/// Lives until there is nothing left to do, or the store fails.
pub(crate) async fn live<T, S>(
    context: Arc<RuntimeContext<T, S>>,
    process: Address,
    lane: Lane,
    mut mailbox: Mailbox<T>,
) -> Result<(), StoreError>
where
    T: Hostable,
    S: Store,
{
    let Some(core) = context.system.core(process) else {
        return Err(StoreError::Stranger { process });
    };
    let mut task = ProcessTask::new(&context, process, lane);
    let mut busy = context.activity.begin();
    loop {
        let mut hosted = task.recover(core).await?;
        task.telemetry.woke();
        hosted.give(Input::Recover);
        let ended = loop {
            match task.carry_out(core, &mut hosted).await? {
                Flow::Waiting => {}
                Flow::Crashed => break Flow::Crashed,
                Flow::Halted => break Flow::Halted,
            }
            task.telemetry.rested();
            task.rest(&hosted);
            drop(busy);
            if task.may_sleep(&hosted) && context.network.retire(process, lane, &mailbox) {
                return Ok(());
            }
            let Some((input, begun)) = task.next_input(core, &hosted, &mut mailbox).await else {
                return Ok(());
            };
            (busy, task.concerns) = (begun, task.workflow_of(&input));
            hosted.give(input);
        };
        task.forget(&ended);
        if ended == Flow::Halted {
            return Ok(());
        }
        tokio::time::sleep(context.timing.restart).await;
    }
}

/// What became of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// It waits for its next input.
    Waiting,
    /// It crashed. What it had in memory means nothing any more.
    Crashed,
    /// It crashed, and does not come back.
    Halted,
}

/// What goes with a process through all its crashes: its place, its clients.
pub(super) struct ProcessTask<'a, T: Hostable, S: Store> {
    pub(super) context: &'a RuntimeContext<T, S>,
    pub(super) process_store: ProcessStore<T, S::Transaction>,
    pub(super) timers: Timers<TimerOf<T>>,
    pub(super) requests: Requests<T>,
    /// The workflow that the present input is about.
    pub(super) concerns: Option<WorkflowId>,
    /// Whether the process was seen to have taken its workflow on.
    pub(super) has_accepted: bool,
    /// What it told last.
    pub(super) outcome: Option<OutcomeOf<T>>,
    pub(super) telemetry: ProcessTelemetry<T>,
}

impl<'a, T: Hostable, S: Store> ProcessTask<'a, T, S> {
    fn new(context: &'a RuntimeContext<T, S>, process: Address, lane: Lane) -> Self {
        // Who serves a single workflow is asked for it; the others have a client all the time.
        let asks = process.workflow().is_none() && context.system.has_client(process);
        ProcessTask {
            context,
            process_store: context.process_store(process, lane),
            timers: Timers::new(),
            requests: Requests::new(asks),
            concerns: process.workflow(),
            has_accepted: false,
            outcome: None,
            telemetry: ProcessTelemetry::new(context.telemetry.as_ref(), &context.system, process),
        }
    }

    pub(super) fn process(&self) -> Address {
        self.process_store.process
    }

    async fn recover<'c>(
        &mut self,
        core: &'c T::Process,
    ) -> Result<Hosted<'c, T::Process>, StoreError> {
        let process_store = self.process_store.clone();
        let log = self.context.store.transact(move |transaction| {
            transaction.log(process_store.process, process_store.lane)
        });
        let hosted = Hosted::new(core, self.process_store.fold(core, log.await?)?);
        self.context.network.set_down(self.process(), self.process_store.lane, false);
        self.note_acceptance(&hosted, false);
        Ok(hosted)
    }

    /// Carries out everything that follows from the input a process was given.
    async fn carry_out(
        &mut self,
        core: &T::Process,
        hosted: &mut Hosted<'_, T::Process>,
    ) -> Result<Flow, StoreError> {
        while let Some(effect) = hosted.next_effect() {
            if let Some(end) = self.injected_failure() {
                return Ok(end);
            }
            match EffectKind::from(effect) {
                EffectKind::InStore(effect) => self.carry_out_in_store(hosted, effect).await?,
                EffectKind::Outside(effect) => self.carry_outside(core, effect).await?,
            }
        }
        Ok(self.halted_node().unwrap_or(Flow::Waiting))
    }

    /// Carries out an effect in one transaction of the store.
    async fn carry_out_in_store(
        &mut self,
        hosted: &mut Hosted<'_, T::Process>,
        effect: StoreEffect<T::Process>,
    ) -> Result<(), StoreError> {
        let (process_store, forced) = (self.process_store.clone(), self.forced(&effect));
        let store = &self.context.store;
        let performed = store
            .transact(move |transaction| process_store.perform(transaction, effect, forced))
            .await?;
        self.tell(&performed);
        if performed.record.is_some() {
            self.context.activity.advance();
            self.requests.again = None;
        }
        hosted.absorb(performed);
        self.note_acceptance(hosted, true);
        Ok(())
    }

    /// Whether the process goes down here and now.
    fn injected_failure(&self) -> Option<Flow> {
        if self.strikes(FaultKind::Halt)
            && let Some(node) = self.context.system.node(self.process())
        {
            self.context.network.halt(node);
        }
        if self.context.network.is_whole()
            && self.strikes(FaultKind::Partition)
            && let Some(node) = self.context.system.node(self.process())
        {
            let place = Place::Process(self.process());
            self.context.network.cut_off(node, self.context.injector.length(self.concerns, place));
        }
        let crashes = self.strikes(FaultKind::Crash);
        self.halted_node().or(crashes.then_some(Flow::Crashed))
    }

    fn halted_node(&self) -> Option<Flow> {
        self.context.network.is_halted(self.process()).then_some(Flow::Halted)
    }

    /// The verdict that a fault imposes on a change.
    fn forced(&self, effect: &StoreEffect<T::Process>) -> Option<Verdict> {
        let StoreEffect::Attempt(attempt) = effect else { return None };
        if !self.context.system.protocol().is_transaction(&attempt.change) {
            return None;
        }
        if self.strikes(FaultKind::Fail) {
            return Some(Verdict::Failed);
        }
        let refusable = self.context.system.protocol().refusable(&attempt.change);
        (refusable && self.strikes(FaultKind::Refuse)).then_some(Verdict::Refused)
    }

    /// Carries out an effect of which the store only takes note, if at all.
    async fn carry_outside(
        &mut self,
        core: &T::Process,
        effect: OutsideEffect<T::Process>,
    ) -> Result<(), StoreError> {
        match effect {
            OutsideEffect::Send { to, message } => {
                let sent = PerformedEffect::Sent(to, message.clone());
                let context = self.telemetry.performed(&sent);
                self.note(sent).await?;
                let workflow = self.concerns.or(to.workflow());
                self.context.network.send(workflow, self.process(), to, message, context);
            }
            OutsideEffect::Finish(outcome) => {
                let finished = PerformedEffect::Finished(outcome.clone());
                self.telemetry.performed(&finished);
                self.note(finished).await?;
                self.outcome = Some(outcome);
            }
            OutsideEffect::SetTimer(timer) => {
                let hasty = core.awaits(&timer).or(core.watches(&timer)).is_some()
                    && self.strikes(FaultKind::Timeout);
                let timing = &self.context.timing;
                let backoff = if core.paces(&timer) { timing.pace } else { timing.call };
                self.timers.set(timer, backoff, self.random(), hasty);
            }
            OutsideEffect::CancelTimer(timer) => self.timers.cancel(&timer),
        }
        Ok(())
    }

    /// Tells what was done in the store.
    fn tell(&mut self, performed: &Performed<T::Process>) {
        if !self.telemetry.is_wanted() {
            return;
        }
        let what = match (&performed.record, &performed.answer) {
            (_, Some(Input::Applied { change, verdict })) => {
                PerformedEffect::Applied(change.clone(), *verdict)
            }
            (Some(record), _) => PerformedEffect::Persisted(record.clone()),
            (None, _) => return,
        };
        self.telemetry.performed(&what);
    }

    async fn note(&self, what: PerformedEffect<T>) -> Result<(), StoreError> {
        match self.process_store.note(what)? {
            Some(entry) => {
                self.context.store.transact(|transaction| transaction.append(entry)).await
            }
            None => Ok(()),
        }
    }

    /// Tells whoever has to know that the process is at rest, until its next input.
    fn rest(&mut self, hosted: &Hosted<'_, T::Process>) {
        if self.process().workflow().is_none() {
            self.context.remember(self.process(), hosted.volatile());
        }
        if let Some(outcome) = &self.outcome
            && hosted.has_accepted()
        {
            for waiting in self.requests.waiting.drain(..) {
                // Whoever stopped waiting does not want to know.
                let _ = waiting.send(outcome.clone());
            }
        }
    }

    /// Whether nothing happens to the process until something is sent to it.
    fn may_sleep(&self, hosted: &Hosted<'_, T::Process>) -> bool {
        self.process().workflow().is_some()
            && self.timers.is_empty()
            && self.requests.waiting.is_empty()
            && !(self.requests.asks && hosted.awaits_start())
    }

    /// A crash: of all this, nothing is left.
    fn forget(&mut self, flow: &Flow) {
        self.telemetry.crashed();
        self.timers.clear();
        self.outcome = None;
        self.concerns = self.process().workflow();
        if self.process().workflow().is_none() {
            self.context.remember(self.process(), &Default::default());
        }
        if *flow == Flow::Crashed {
            self.context.network.set_down(self.process(), self.process_store.lane, true);
        }
    }

    fn note_acceptance(&mut self, hosted: &Hosted<'_, T::Process>, is_news: bool) {
        if self.has_accepted {
            return;
        }
        let process = self.process();
        if let Some(workflow) = process.workflow()
            && self.context.system.has_client(process)
            && hosted.has_accepted()
        {
            self.has_accepted = true;
            self.context.accept(workflow, is_news);
        }
    }

    fn strikes(&self, fault: FaultKind) -> bool {
        self.context.injector.strikes(fault, self.concerns, Place::Process(self.process()))
    }

    pub(super) fn random(&self) -> u64 {
        self.context.injector.length(self.concerns, Place::Process(self.process()))
    }

    /// The workflow that an input is about, as far as the addresses tell.
    fn workflow_of(&self, input: &Input<T::Process>) -> Option<WorkflowId> {
        self.process().workflow().or(match input {
            Input::Message { from, .. } => from.workflow(),
            _ => None,
        })
    }
}
