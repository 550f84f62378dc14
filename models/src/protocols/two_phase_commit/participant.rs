//! The participant: promises, keeps its promises, and asks when it is left in doubt.
//!
//! Until it votes yes it may abort alone. From then on the decision is the coordinator's, and all it
//! may do on its own is ask for it, and report that the transaction hangs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{Address, Effect, Effects, Input, Process, ServiceId, Verdict, WorkflowId};

use super::knobs::{CommitLog, Heuristic, HeuristicReport, PrepareLog, Snapshot, Suspicion, Work};
use super::log::{BranchRecord, BranchState, Branches, TwoPhaseOutcome};
use super::message::{Decision, Saying, TwoPhaseMessage, Vote};
use super::plan::TwoPhasePlan;
use super::timer::TwoPhaseTimer;

/// A service's side of every transaction it takes part in: a resource manager.
#[derive(Clone, Debug)]
pub struct TwoPhaseParticipant {
    service: ServiceId,
    plan: Arc<TwoPhasePlan>,
}

/// What a participant forgets in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParticipantMemory {
    working: SmallVec<[WorkflowId; 2]>,
    hanging: SmallVec<[WorkflowId; 2]>,
    /// Who told the decision that is being carried out.
    told_by: Option<Address>,
}

renames!(struct ParticipantMemory { told_by; sorted working, hanging });

impl ParticipantMemory {
    /// Transactions whose work is done here, and that are not prepared: they hold locks, and nothing
    /// is promised.
    #[must_use]
    pub fn working(&self) -> &[WorkflowId] {
        &self.working
    }

    /// Transactions that were found to hang: in doubt, and nothing heard of the coordinator.
    #[must_use]
    pub fn hanging(&self) -> &[WorkflowId] {
        &self.hanging
    }
}

/// A change to the rows of a participant, on behalf of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BranchChange {
    /// Which transaction.
    pub workflow: WorkflowId,
    /// What is changed.
    pub kind: ChangeKind,
}

renames!(struct BranchChange { workflow, kind });

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Nothing; the business is asked whether it would accept the steps.
    Check,
    /// The rows become prepared: they are locked, and what they will be is kept beside them.
    Hold,
    /// The steps are made, and the rows are unlocked.
    Commit,
    /// The rows are unlocked as they were.
    Rollback,
}

renames!(nothing in ChangeKind);

impl TwoPhaseParticipant {
    /// The participant at `service`.
    #[must_use]
    pub fn new(service: ServiceId, plan: Arc<TwoPhasePlan>) -> Self {
        TwoPhaseParticipant { service, plan }
    }
}

impl Process for TwoPhaseParticipant {
    type Volatile = ParticipantMemory;
    type Durable = Branches;
    type Record = BranchRecord;
    type Change = BranchChange;
    type Message = TwoPhaseMessage;
    type Timer = TwoPhaseTimer;
    type Outcome = TwoPhaseOutcome;

    fn fold(&self, branches: &mut Branches, record: &BranchRecord) {
        branches.fold(record);
    }

    fn handle(
        &self,
        memory: &mut ParticipantMemory,
        branches: &Branches,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let mut turn = |workflow, handle: &dyn Fn(&mut Turn<'_>)| {
            handle(&mut Turn { core: self, memory, branches, workflow, effects });
        };
        match input {
            Input::Message { from, message: TwoPhaseMessage { workflow, saying } } => {
                match saying {
                    Saying::Work => turn(workflow, &|turn| turn.work()),
                    Saying::Prepare => turn(workflow, &|turn| turn.asked_to_prepare()),
                    Saying::Decide(decision) => {
                        turn(workflow, &|turn| turn.told(from, decision));
                    }
                    // The rest is said to coordinators and to the store.
                    _ => {}
                }
            }
            Input::TimerFired(TwoPhaseTimer::InDoubt(workflow, coordinator)) => {
                turn(workflow, &|turn| turn.inquire(coordinator));
            }
            Input::TimerFired(TwoPhaseTimer::Vigil(workflow)) => {
                turn(workflow, &|turn| turn.suspect());
            }
            Input::Applied { change: BranchChange { workflow, kind }, verdict } => {
                turn(workflow, &|turn| turn.applied(kind, verdict));
            }
            Input::Recover => {
                for workflow in branches.in_doubt() {
                    // Its rows may not have become prepared before the crash.
                    turn(workflow, &|turn| turn.apply(ChangeKind::Hold));
                }
            }
            Input::TimerFired(_) | Input::Start | Input::Cancel => {}
        }
    }

    fn awaits_start(&self, _memory: &ParticipantMemory, _branches: &Branches) -> bool {
        false
    }

    fn is_stale(&self, branches: &Branches, _from: Address, message: &TwoPhaseMessage) -> bool {
        use BranchState::{Aborted, Committed, Heuristic};
        let state = branches.state(message.workflow);
        match message.saying {
            // Whoever aborted says so again.
            Saying::Work | Saying::Prepare => matches!(state, Some(Committed | Heuristic(_))),
            Saying::Decide(decision) => {
                matches!(state, Some(Committed | Aborted)) && !self.plan.is_acknowledged(decision)
            }
            // The rest is said to coordinators and to the store.
            _ => true,
        }
    }

    fn awaits(&self, timer: &TwoPhaseTimer) -> Option<Address> {
        timer.awaits()
    }

    fn watches(&self, timer: &TwoPhaseTimer) -> Option<Address> {
        timer.watches()
    }
}

/// One input being handled, about one transaction.
struct Turn<'a> {
    core: &'a TwoPhaseParticipant,
    memory: &'a mut ParticipantMemory,
    branches: &'a Branches,
    workflow: WorkflowId,
    effects: &'a mut Effects<TwoPhaseParticipant>,
}

impl Turn<'_> {
    fn work(&mut self) {
        match self.state() {
            None if self.is_working() => self.reply(Saying::Worked),
            None => {
                // What others work on is locked in memory only.
                if self.core.plan.is_exclusive(self.core.service) && !self.memory.working.is_empty()
                {
                    self.refuse();
                } else {
                    self.apply(ChangeKind::Check);
                }
            }
            Some(BranchState::Aborted) => self.reply(Saying::Vote(Vote::No)),
            Some(_) => {}
        }
    }

    fn asked_to_prepare(&mut self) {
        match (self.state(), self.core.plan.knobs().work) {
            (None, Work::WithPrepare) => self.apply(ChangeKind::Check),
            (None, Work::OwnRound) if self.is_working() => self.prepare(),
            // The work was lost in a crash.
            (None, Work::OwnRound) => self.refuse(),
            (Some(BranchState::Prepared), _) => self.reply(Saying::Vote(Vote::Yes)),
            (Some(BranchState::Aborted), _) => self.reply(Saying::Vote(Vote::No)),
            (Some(BranchState::Committed | BranchState::Heuristic(_)), _) => {}
        }
    }

    fn applied(&mut self, kind: ChangeKind, verdict: Verdict) {
        match (kind, verdict) {
            (ChangeKind::Check, Verdict::Accepted) => match self.core.plan.knobs().work {
                Work::WithPrepare => self.prepare(),
                Work::OwnRound => {
                    self.memory.working.push(self.workflow);
                    self.memory.working.sort_unstable();
                    self.wait_for_decision();
                    self.reply(Saying::Worked);
                }
            },
            (ChangeKind::Check, Verdict::Refused | Verdict::Failed) => self.refuse(),
            (ChangeKind::Hold, Verdict::Accepted) => self.is_prepared(),
            (ChangeKind::Hold, Verdict::Refused | Verdict::Failed) => self.apply(ChangeKind::Hold),
            (ChangeKind::Commit | ChangeKind::Rollback, Verdict::Accepted) => self.ended(),
            // Only without locks: what was promised to two can be given to one.
            (ChangeKind::Commit, Verdict::Refused) => {
                self.end(ChangeKind::Rollback, BranchState::Aborted);
            }
            (ChangeKind::Commit | ChangeKind::Rollback, Verdict::Refused | Verdict::Failed) => {
                self.try_again(kind);
            }
        }
    }

    fn prepare(&mut self) {
        let knobs = self.core.plan.knobs();
        if knobs.prepare_log == PrepareLog::AfterVote {
            self.reply(Saying::Vote(Vote::Yes));
        }
        if knobs.snapshot == Snapshot::AfterLog {
            self.persist(BranchState::Prepared);
        }
        self.apply(ChangeKind::Hold);
    }

    /// The rows are prepared, now or again after a crash.
    fn is_prepared(&mut self) {
        let knobs = self.core.plan.knobs();
        if self.state().is_none() {
            self.persist(BranchState::Prepared);
        }
        self.memory.working.retain(|id| *id != self.workflow);
        if knobs.prepare_log == PrepareLog::BeforeVote {
            self.reply(Saying::Vote(Vote::Yes));
        }
        self.wait_for_decision();
    }

    /// Aborts alone, which it may as long as nothing is promised.
    fn refuse(&mut self) {
        self.forget_work();
        self.persist(BranchState::Aborted);
        self.reply(Saying::Vote(Vote::No));
    }

    fn told(&mut self, by: Address, decision: Decision) {
        self.memory.told_by = Some(by);
        match (self.state(), decision) {
            (Some(BranchState::Prepared), Decision::Commit) => {
                if self.core.plan.knobs().commit_log == CommitLog::AfterAck {
                    self.acknowledge(decision, false);
                }
                self.memory.told_by = Some(by);
                self.end(ChangeKind::Commit, BranchState::Committed);
                return;
            }
            (Some(BranchState::Prepared), Decision::Abort) => {
                self.end(ChangeKind::Rollback, BranchState::Aborted);
                return;
            }
            (None, Decision::Abort) => {
                self.forget_work();
                self.persist(BranchState::Aborted);
                self.acknowledge(decision, false);
            }
            (Some(BranchState::Heuristic(own)), _) => {
                let reports = self.core.plan.knobs().heuristic_report == HeuristicReport::WithAck;
                self.acknowledge(decision, reports && own != decision);
            }
            // Nothing is known of it, or it ended: it must have been carried out before.
            (None, Decision::Commit) | (Some(BranchState::Committed | BranchState::Aborted), _) => {
                self.acknowledge(decision, false);
            }
        }
        self.rest();
    }

    /// A change that ends the branch, and the record of it, are made.
    fn ended(&mut self) {
        let early = self.core.plan.knobs().commit_log == CommitLog::AfterAck;
        match self.state() {
            Some(BranchState::Committed) if !early => self.acknowledge(Decision::Commit, false),
            Some(BranchState::Aborted) => self.acknowledge(Decision::Abort, false),
            _ => {}
        }
        self.rest();
    }

    /// A change was rolled back for a passing reason. One that nobody waits for is left to the next
    /// suspicion.
    fn try_again(&mut self, kind: ChangeKind) {
        match (self.memory.told_by, kind) {
            (Some(_), ChangeKind::Commit) => self.end(kind, BranchState::Committed),
            (Some(_), _) => self.end(kind, BranchState::Aborted),
            (None, _) => self.keep_vigil(),
        }
    }

    /// The coordinator should have been heard of long ago.
    fn inquire(&mut self, coordinator: Address) {
        let suspicion = self.core.plan.knobs().suspicion;
        match self.state() {
            Some(BranchState::Prepared) => {}
            None if self.is_working() => {
                if matches!(suspicion, Suspicion::AbortWorking | Suspicion::AbortPrepared) {
                    return self.refuse();
                }
            }
            _ => return,
        }
        self.effects.push(Effect::Send {
            to: coordinator,
            message: TwoPhaseMessage { workflow: self.workflow, saying: Saying::Inquire },
        });
        let next = self.core.plan.peer(coordinator).unwrap_or(coordinator);
        self.effects.push(Effect::SetTimer(TwoPhaseTimer::InDoubt(self.workflow, next)));
    }

    /// Nothing was heard of the coordinator for too long.
    fn suspect(&mut self) {
        let knobs = self.core.plan.knobs();
        match (self.state(), knobs.suspicion, knobs.heuristic) {
            (None, Suspicion::AbortWorking | Suspicion::AbortPrepared, _) if self.is_working() => {
                self.refuse();
            }
            (Some(BranchState::Prepared), Suspicion::AbortPrepared, _) => {
                self.end(ChangeKind::Rollback, BranchState::Aborted);
            }
            (Some(BranchState::Prepared), _, Heuristic::Commit) => {
                self.end(ChangeKind::Commit, BranchState::Heuristic(Decision::Commit));
            }
            (Some(BranchState::Prepared), _, Heuristic::Rollback) => {
                self.end(ChangeKind::Rollback, BranchState::Heuristic(Decision::Abort));
            }
            (Some(BranchState::Prepared), _, Heuristic::None) => self.report_hanging(),
            (None, _, _) if self.is_working() => self.report_hanging(),
            _ => {}
        }
    }

    fn report_hanging(&mut self) {
        if let Err(at) = self.memory.hanging.binary_search(&self.workflow) {
            self.memory.hanging.insert(at, self.workflow);
        }
    }

    fn wait_for_decision(&mut self) {
        self.stop_waiting();
        let first = Address::Coordinator(self.workflow);
        self.effects.push(Effect::SetTimer(TwoPhaseTimer::InDoubt(self.workflow, first)));
        self.keep_vigil();
    }

    fn stop_waiting(&mut self) {
        for coordinator in self.core.plan.coordinators(self.workflow) {
            let timer = TwoPhaseTimer::InDoubt(self.workflow, coordinator);
            self.effects.push(Effect::CancelTimer(timer));
        }
        self.effects.push(Effect::CancelTimer(TwoPhaseTimer::Vigil(self.workflow)));
    }

    fn keep_vigil(&mut self) {
        if self.core.plan.knobs().suspicion != Suspicion::Ignore {
            self.effects.push(Effect::SetTimer(TwoPhaseTimer::Vigil(self.workflow)));
        }
    }

    /// There is nothing left to wait for.
    fn rest(&mut self) {
        self.memory.told_by = None;
        self.memory.hanging.retain(|id| *id != self.workflow);
        self.stop_waiting();
    }

    fn forget_work(&mut self) {
        self.memory.working.retain(|id| *id != self.workflow);
        self.memory.hanging.retain(|id| *id != self.workflow);
        self.stop_waiting();
    }

    /// Tells whoever told the decision that it is carried out, if that is of interest.
    fn acknowledge(&mut self, decision: Decision, damage: bool) {
        if let Some(to) = self.memory.told_by.take()
            && self.core.plan.is_acknowledged(decision)
        {
            let message =
                TwoPhaseMessage { workflow: self.workflow, saying: Saying::Ack { damage } };
            self.effects.push(Effect::Send { to, message });
        }
    }

    /// Ends the branch: the change and its record in one transaction.
    fn end(&mut self, kind: ChangeKind, state: BranchState) {
        self.effects.push(Effect::Transact {
            change: BranchChange { workflow: self.workflow, kind },
            accepted: BranchRecord { workflow: self.workflow, state },
            refused: None,
        });
    }

    fn apply(&mut self, kind: ChangeKind) {
        self.effects.push(Effect::Apply(BranchChange { workflow: self.workflow, kind }));
    }

    fn persist(&mut self, state: BranchState) {
        self.effects.push(Effect::Persist(BranchRecord { workflow: self.workflow, state }));
    }

    fn reply(&mut self, saying: Saying) {
        self.effects.push(Effect::Send {
            to: Address::Coordinator(self.workflow),
            message: TwoPhaseMessage { workflow: self.workflow, saying },
        });
    }

    fn state(&self) -> Option<BranchState> {
        self.branches.state(self.workflow)
    }

    fn is_working(&self) -> bool {
        self.memory.working.contains(&self.workflow)
    }
}
