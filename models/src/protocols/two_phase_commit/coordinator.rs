//! The coordinator: asks everybody, decides once, and tells everybody.
//!
//! Alone, it keeps the decision in its own log. With a standby, both keep it in a store they share,
//! and lead by turns: whoever [leads](crate::protocols::lease) first runs the transaction, whoever leads
//! later only finishes it. What no leader wrote down to commit is aborted, and since a new leader
//! fences the old one off, nobody can write it any more.

use std::sync::Arc;

use crate::process::promise::{Acceptance, Telling};
use crate::process::rename::renames;
use crate::process::{Address, Effect, Effects, Input, Process, ServiceId, WorkflowId};
use crate::protocols::lease::{Epoch, LeaseReply, LeaseRequest};

use super::knobs::{DecisionLog, Presumption, Silence, Work};
use super::log::{CoordinatorLog, CoordinatorRecord, TwoPhaseOutcome, TwoPhasePhase};
use super::message::{Decision, Saying, TwoPhaseMessage, Vote};
use super::participant::BranchChange;
use super::plan::{ServiceSet, TwoPhasePlan};
use super::timer::TwoPhaseTimer;

/// A coordinator of one transaction: the first, or the one that stands by.
#[derive(Clone, Debug)]
pub struct TwoPhaseCoordinator {
    address: Address,
    workflow: WorkflowId,
    plan: Arc<TwoPhasePlan>,
}

/// What a coordinator forgets in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CoordinatorMemory {
    /// What it is about.
    pub stage: Stage,
    /// Participants that answered what they were asked last.
    answered: ServiceSet,
    /// The newest token it knows somebody else to lead with.
    other: Epoch,
    /// The client was told that its request is taken on, before the log had it.
    acknowledged: bool,
}

renames!(nothing in Stage);
renames!(struct CoordinatorMemory { stage, answered, other, acknowledged });

/// What a coordinator is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing.
    #[default]
    Idle,
    /// Asking the store for the lead: to run the transaction, or only to finish it.
    Claiming {
        /// Whether nobody can have led before.
        fresh: bool,
    },
    /// Having the work done.
    Working,
    /// Collecting votes.
    Voting,
    /// Writing to the store that the transaction commits.
    Recording,
    /// Telling the decision.
    Completing(Decision),
    /// Following: somebody else leads.
    Following,
}

impl TwoPhaseCoordinator {
    /// The coordinator that a client starts.
    #[must_use]
    pub fn first(workflow: WorkflowId, plan: Arc<TwoPhasePlan>) -> Self {
        TwoPhaseCoordinator { address: Address::Coordinator(workflow), workflow, plan }
    }

    /// The coordinator that stands by.
    #[must_use]
    pub fn standby(workflow: WorkflowId, plan: Arc<TwoPhasePlan>) -> Self {
        TwoPhaseCoordinator { address: Address::Standby(workflow), workflow, plan }
    }
}

impl Process for TwoPhaseCoordinator {
    type Volatile = CoordinatorMemory;
    type Durable = CoordinatorLog;
    type Record = CoordinatorRecord;
    type Change = BranchChange;
    type Message = TwoPhaseMessage;
    type Timer = TwoPhaseTimer;
    type Outcome = TwoPhaseOutcome;

    fn fold(&self, log: &mut CoordinatorLog, record: &CoordinatorRecord) {
        log.fold(record);
    }

    fn handle(
        &self,
        memory: &mut CoordinatorMemory,
        log: &CoordinatorLog,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let mut turn = Turn { core: self, memory, log: *log, effects };
        match input {
            Input::Start => turn.start(),
            Input::Cancel => turn.cancel(),
            Input::Recover => turn.recover(),
            Input::Message { from: Address::Service(service), message } => {
                turn.hear(service, message.saying);
            }
            Input::Message { message, .. } => {
                if let Saying::Answer(reply) = message.saying {
                    turn.store_answered(reply);
                }
            }
            Input::TimerFired(timer) => turn.timed_out(timer),
            // A coordinator owns no resources.
            Input::Applied { .. } => {}
        }
    }

    fn awaits_start(&self, _memory: &CoordinatorMemory, log: &CoordinatorLog) -> bool {
        log.phase == TwoPhasePhase::Pending
    }

    fn acknowledges(&self, memory: &CoordinatorMemory, log: &CoordinatorLog) -> bool {
        memory.acknowledged || log.phase != TwoPhasePhase::Pending
    }

    fn is_bound_to(
        &self,
        _memory: &CoordinatorMemory,
        log: &CoordinatorLog,
        outcome: &TwoPhaseOutcome,
    ) -> bool {
        log.outcome() == Some(*outcome)
    }

    fn is_stale(&self, log: &CoordinatorLog, _from: Address, message: &TwoPhaseMessage) -> bool {
        match (message.saying, log.phase) {
            (Saying::Inquire, _) => false,
            (Saying::Work | Saying::Prepare | Saying::Decide(_) | Saying::Ask(_), _) => true,
            (_, TwoPhasePhase::Ended(_)) => true,
            (Saying::Worked | Saying::Vote(_), phase) => phase == TwoPhasePhase::Committing,
            (Saying::Ack { .. } | Saying::Answer(_), _) => false,
        }
    }

    fn awaits(&self, timer: &TwoPhaseTimer) -> Option<Address> {
        timer.awaits()
    }

    fn still_owes(
        &self,
        memory: &CoordinatorMemory,
        log: &CoordinatorLog,
        peer: Address,
        _timer: &TwoPhaseTimer,
    ) -> bool {
        let participant = matches!(peer, Address::Service(_));
        participant
            && match memory.stage {
                Stage::Idle => self.tells_when_it_recovers(log),
                Stage::Following => false,
                _ => true,
            }
    }

    fn watches(&self, timer: &TwoPhaseTimer) -> Option<Address> {
        timer.watches()
    }
}

impl TwoPhaseCoordinator {
    /// Whether it will tell the decision on account of its log alone.
    fn tells_when_it_recovers(&self, log: &CoordinatorLog) -> bool {
        let knobs = self.plan.knobs();
        match log.phase {
            TwoPhasePhase::Pending | TwoPhasePhase::Ended(_) => false,
            // Somebody else may lead meanwhile.
            TwoPhasePhase::Accepted => !knobs.standby && knobs.presumption == Presumption::Abort,
            TwoPhasePhase::Committing => true,
        }
    }
}

/// One input being handled: the log as it will be once the effects so far are carried out.
struct Turn<'a> {
    core: &'a TwoPhaseCoordinator,
    memory: &'a mut CoordinatorMemory,
    log: CoordinatorLog,
    effects: &'a mut Effects<TwoPhaseCoordinator>,
}

impl Turn<'_> {
    fn start(&mut self) {
        if self.log.phase != TwoPhasePhase::Pending {
            return;
        }
        self.memory.acknowledged = self.core.plan.knobs().accept == Acceptance::BeforeLog;
        self.persist(CoordinatorRecord::Accepted);
        match self.core.address {
            Address::Standby(_) => self.follow(Epoch::default()),
            _ if self.core.plan.knobs().standby => self.claim(true),
            _ => self.begin(),
        }
    }

    /// The client takes its request back, which it can until the votes are in.
    fn cancel(&mut self) {
        if matches!(self.memory.stage, Stage::Working | Stage::Voting) {
            self.decide(Decision::Abort);
        }
    }

    fn recover(&mut self) {
        let knobs = self.core.plan.knobs();
        match self.log.phase {
            TwoPhasePhase::Pending => {}
            TwoPhasePhase::Accepted if knobs.standby => self.claim(false),
            TwoPhasePhase::Accepted => match knobs.presumption {
                Presumption::Abort => self.complete(Decision::Abort),
                Presumption::None => {}
            },
            TwoPhasePhase::Committing => self.complete(Decision::Commit),
            TwoPhasePhase::Ended(outcome) => self.effects.push(Effect::Finish(outcome)),
        }
    }

    fn hear(&mut self, service: ServiceId, saying: Saying) {
        match (self.memory.stage, saying) {
            (Stage::Working, Saying::Worked) | (Stage::Voting, Saying::Vote(Vote::Yes)) => {
                self.agreed(service);
            }
            (Stage::Working | Stage::Voting, Saying::Vote(Vote::No)) => {
                self.decide(Decision::Abort);
            }
            (Stage::Completing(_), Saying::Ack { damage }) => self.acknowledged(service, damage),
            (_, Saying::Inquire) => {
                if let Some(decision) = self.known() {
                    self.send(service, Saying::Decide(decision));
                }
            }
            // Late answers change nothing.
            _ => {}
        }
    }

    /// What can be said of the decision to who asks.
    fn known(&self) -> Option<Decision> {
        match (self.memory.stage, self.log.phase) {
            (Stage::Completing(decision), _) => Some(decision),
            (_, TwoPhasePhase::Ended(outcome)) => match self.core.plan.knobs().presumption {
                // It is forgotten, and what is forgotten was aborted, or is known to all.
                Presumption::Abort => Some(Decision::Abort),
                Presumption::None if outcome == TwoPhaseOutcome::Committed => {
                    Some(Decision::Commit)
                }
                Presumption::None => Some(Decision::Abort),
            },
            _ => None,
        }
    }

    /// A participant has done its work, or voted yes.
    fn agreed(&mut self, service: ServiceId) {
        self.answered(service);
        if self.memory.answered.len() < self.core.plan.participants().len() {
            return;
        }
        match self.memory.stage {
            Stage::Working => self.ask(Stage::Voting, Saying::Prepare),
            _ => self.decide(Decision::Commit),
        }
    }

    fn acknowledged(&mut self, service: ServiceId, damage: bool) {
        if damage && !self.log.damaged {
            self.persist(CoordinatorRecord::Damaged(service));
        }
        self.answered(service);
        self.end_if_all_know();
    }

    fn answered(&mut self, service: ServiceId) {
        if let Err(at) = self.memory.answered.binary_search(&service) {
            self.memory.answered.insert(at, service);
        }
        self.effects.push(Effect::CancelTimer(TwoPhaseTimer::Answer(service)));
    }

    fn timed_out(&mut self, timer: TwoPhaseTimer) {
        match (self.memory.stage, timer) {
            (Stage::Working | Stage::Voting, TwoPhaseTimer::Answer(service)) => {
                match self.core.plan.knobs().silence {
                    Silence::No => self.decide(Decision::Abort),
                    Silence::Yes => self.agreed(service),
                }
            }
            (Stage::Completing(decision), TwoPhaseTimer::Answer(service)) => {
                self.send(service, Saying::Decide(decision));
                self.effects.push(Effect::SetTimer(timer));
            }
            (Stage::Claiming { .. }, TwoPhaseTimer::Store) => self.ask_for_the_lead(),
            (Stage::Recording, TwoPhaseTimer::Store) => self.record(),
            // A claim that was denied because the lease was taken is as good as new.
            (Stage::Following, TwoPhaseTimer::Leader(_))
                if self.log.claimed > self.memory.other =>
            {
                self.memory.stage = Stage::Claiming { fresh: false };
                self.ask_for_the_lead();
            }
            (Stage::Following, TwoPhaseTimer::Leader(_)) => self.claim(false),
            _ => {}
        }
    }

    fn store_answered(&mut self, reply: LeaseReply<Decision>) {
        match (self.memory.stage, reply) {
            // A grant may come after a denial of the same claim that was asked for twice.
            (
                stage @ (Stage::Claiming { .. } | Stage::Following),
                LeaseReply::Granted(epoch, value),
            ) if epoch == self.log.claimed && epoch > self.memory.other => {
                self.settle_claim();
                match value {
                    Some(decision) => self.complete(decision),
                    None if stage == (Stage::Claiming { fresh: true }) => self.begin(),
                    None => self.complete(Decision::Abort),
                }
            }
            (Stage::Claiming { .. }, LeaseReply::Denied { claimed, epoch, free })
                if claimed == self.log.claimed =>
            {
                self.settle_claim();
                self.memory.other = epoch;
                if free {
                    self.claim(false);
                } else {
                    self.follow(epoch);
                }
            }
            (Stage::Recording, LeaseReply::Written(decision)) => {
                self.effects.push(Effect::CancelTimer(TwoPhaseTimer::Store));
                self.complete(decision);
            }
            (Stage::Recording, LeaseReply::Fenced(epoch)) => {
                self.effects.push(Effect::CancelTimer(TwoPhaseTimer::Store));
                self.follow(epoch);
            }
            _ => {}
        }
    }

    fn begin(&mut self) {
        match self.core.plan.knobs().work {
            Work::WithPrepare => self.ask(Stage::Voting, Saying::Prepare),
            Work::OwnRound => self.ask(Stage::Working, Saying::Work),
        }
    }

    /// Asks every participant, and waits for all their answers.
    fn ask(&mut self, stage: Stage, saying: Saying) {
        self.memory.stage = stage;
        self.memory.answered.clear();
        for service in self.participants() {
            self.send(service, saying);
            self.effects.push(Effect::SetTimer(TwoPhaseTimer::Answer(service)));
        }
    }

    fn decide(&mut self, decision: Decision) {
        if self.core.plan.knobs().tell == Telling::BeforeLog {
            self.effects.push(Effect::Finish(match decision {
                Decision::Commit => TwoPhaseOutcome::Committed,
                Decision::Abort => TwoPhaseOutcome::Aborted,
            }));
        }
        if decision == Decision::Abort {
            return self.complete(decision);
        }
        let knobs = self.core.plan.knobs();
        match (knobs.standby, knobs.decision_log) {
            (false, DecisionLog::BeforeSend) => {
                self.persist(CoordinatorRecord::Committing);
                self.complete(decision);
            }
            (false, DecisionLog::AfterSend) => {
                self.complete(decision);
                self.persist(CoordinatorRecord::Committing);
            }
            (true, DecisionLog::BeforeSend) => self.record(),
            (true, DecisionLog::AfterSend) => {
                self.complete(decision);
                self.write();
            }
        }
    }

    fn record(&mut self) {
        self.memory.stage = Stage::Recording;
        self.write();
        self.effects.push(Effect::SetTimer(TwoPhaseTimer::Store));
    }

    fn write(&mut self) {
        self.ask_store(LeaseRequest::Write(self.log.claimed, Decision::Commit));
    }

    /// Claims the lead with a token that is new even to itself.
    fn claim(&mut self, fresh: bool) {
        let epoch = self.log.claimed.max(self.memory.other).next();
        self.memory.stage = Stage::Claiming { fresh };
        self.persist(CoordinatorRecord::Claiming(epoch));
        self.ask_for_the_lead();
    }

    fn ask_for_the_lead(&mut self) {
        self.ask_store(LeaseRequest::Claim(self.log.claimed));
        self.effects.push(Effect::SetTimer(TwoPhaseTimer::Store));
    }

    fn settle_claim(&mut self) {
        self.effects.push(Effect::CancelTimer(TwoPhaseTimer::Store));
        if let Some(peer) = self.core.plan.peer(self.core.address) {
            self.effects.push(Effect::CancelTimer(TwoPhaseTimer::Leader(peer)));
        }
    }

    fn follow(&mut self, epoch: Epoch) {
        self.memory.stage = Stage::Following;
        self.memory.answered.clear();
        self.memory.other = epoch;
        if let Some(peer) = self.core.plan.peer(self.core.address) {
            self.effects.push(Effect::SetTimer(TwoPhaseTimer::Leader(peer)));
        }
    }

    /// Tells everybody the decision, again and again until those who must know it do.
    fn complete(&mut self, decision: Decision) {
        self.memory.stage = Stage::Completing(decision);
        self.memory.answered.clear();
        let acknowledged = self.core.plan.is_acknowledged(decision);
        for service in self.participants() {
            self.send(service, Saying::Decide(decision));
            let timer = TwoPhaseTimer::Answer(service);
            self.effects.push(if acknowledged {
                Effect::SetTimer(timer)
            } else {
                Effect::CancelTimer(timer)
            });
        }
        if !acknowledged {
            self.end(decision);
        }
    }

    fn end_if_all_know(&mut self) {
        if let Stage::Completing(decision) = self.memory.stage
            && self.memory.answered.len() == self.core.plan.participants().len()
        {
            self.end(decision);
        }
    }

    fn end(&mut self, decision: Decision) {
        let outcome = match decision {
            _ if self.log.damaged => TwoPhaseOutcome::Mixed,
            Decision::Commit => TwoPhaseOutcome::Committed,
            Decision::Abort => TwoPhaseOutcome::Aborted,
        };
        *self.memory = CoordinatorMemory::default();
        self.persist(CoordinatorRecord::Ended(outcome));
        self.effects.push(Effect::Finish(outcome));
    }

    fn participants(&self) -> ServiceSet {
        self.core.plan.participants().into()
    }

    fn send(&mut self, service: ServiceId, saying: Saying) {
        self.effects.push(Effect::Send {
            to: Address::Service(service),
            message: TwoPhaseMessage { workflow: self.core.workflow, saying },
        });
    }

    fn ask_store(&mut self, request: LeaseRequest<Decision>) {
        self.effects.push(Effect::Send {
            to: Address::Store,
            message: TwoPhaseMessage { workflow: self.core.workflow, saying: Saying::Ask(request) },
        });
    }

    fn persist(&mut self, record: CoordinatorRecord) {
        self.log.fold(&record);
        self.effects.push(Effect::Persist(record));
    }
}
