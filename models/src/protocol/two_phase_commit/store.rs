//! The store that the coordinators of a transaction share: who leads, and whether it commits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::protocol::address::{Address, WorkflowId};
use crate::protocol::lease::{Epoch, LeaseRecord, Register};
use crate::protocol::process::{Effect, Effects, Input, Process};
use crate::protocol::rename::renames;

use super::log::TwoPhaseOutcome;
use super::message::{Decision, Saying, TwoPhaseMessage};
use super::participant::BranchChange;
use super::plan::TwoPhasePlan;
use super::timer::TwoPhaseTimer;

/// A store of one [`Register`] per transaction.
#[derive(Clone, Debug)]
pub struct DecisionStore {
    plan: Arc<TwoPhasePlan>,
}

/// An entry of the store's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StoreRecord {
    /// Which transaction.
    pub workflow: WorkflowId,
    /// What became of its register.
    pub lease: LeaseRecord<Decision>,
}

renames!(struct StoreRecord { workflow, lease });

/// What the store's log folds to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Registers {
    registers: SmallVec<[(WorkflowId, Register<Decision>); 2]>,
}

renames!(struct Registers { ; sorted registers });

impl Registers {
    /// The register of a transaction.
    #[must_use]
    pub fn register(&self, workflow: WorkflowId) -> Register<Decision> {
        let found = self.registers.iter().find(|(id, _)| *id == workflow);
        found.map(|(_, register)| *register).unwrap_or_default()
    }

    fn put(&mut self, workflow: WorkflowId, register: Register<Decision>) {
        match self.registers.binary_search_by_key(&workflow, |(id, _)| *id) {
            Ok(at) => self.registers[at].1 = register,
            Err(at) => self.registers.insert(at, (workflow, register)),
        }
    }
}

impl DecisionStore {
    /// The store of transactions of that plan.
    #[must_use]
    pub fn new(plan: Arc<TwoPhasePlan>) -> Self {
        DecisionStore { plan }
    }
}

impl Process for DecisionStore {
    type Volatile = ();
    type Durable = Registers;
    type Record = StoreRecord;
    type Change = BranchChange;
    type Message = TwoPhaseMessage;
    type Timer = TwoPhaseTimer;
    type Outcome = TwoPhaseOutcome;

    fn fold(&self, registers: &mut Registers, record: &StoreRecord) {
        let mut register = registers.register(record.workflow);
        self.plan.knobs().lease().fold(&mut register, &record.lease);
        registers.put(record.workflow, register);
    }

    fn handle(
        &self,
        (): &mut (),
        registers: &Registers,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match input {
            Input::Message { from, message: TwoPhaseMessage { workflow, saying } } => {
                let Saying::Ask(request) = saying else { return };
                let register = registers.register(workflow);
                let (record, reply) = self.plan.knobs().lease().answer(&register, from, request);
                if let Some(lease) = record {
                    effects.push(Effect::Persist(StoreRecord { workflow, lease }));
                    if let LeaseRecord::Claimed(epoch, holder) = lease {
                        if let Some(former) = register.holder {
                            effects.push(Effect::CancelTimer(TwoPhaseTimer::Lease {
                                workflow,
                                epoch: register.epoch,
                                holder: former,
                            }));
                        }
                        effects.push(watch(workflow, epoch, holder));
                    }
                }
                let saying = Saying::Answer(reply);
                effects
                    .push(Effect::Send { to: from, message: TwoPhaseMessage { workflow, saying } });
            }
            Input::TimerFired(TwoPhaseTimer::Lease { workflow, epoch, .. }) => {
                let register = registers.register(workflow);
                if register.epoch == epoch && register.holder.is_some() {
                    let lease = LeaseRecord::Expired(epoch);
                    effects.push(Effect::Persist(StoreRecord { workflow, lease }));
                }
            }
            Input::Recover => {
                for &(workflow, register) in &registers.registers {
                    if let Some(holder) = register.holder {
                        effects.push(watch(workflow, register.epoch, holder));
                    }
                }
            }
            Input::Start | Input::Cancel | Input::TimerFired(_) | Input::Applied { .. } => {}
        }
    }

    fn awaits_start(&self, (): &(), _registers: &Registers) -> bool {
        false
    }

    fn awaits(&self, _timer: &TwoPhaseTimer) -> Option<Address> {
        None
    }

    fn watches(&self, timer: &TwoPhaseTimer) -> Option<Address> {
        timer.watches()
    }

    fn splits_by_workflow(&self) -> bool {
        true
    }
}

fn watch(workflow: WorkflowId, epoch: Epoch, holder: Address) -> Effect<DecisionStore> {
    Effect::SetTimer(TwoPhaseTimer::Lease { workflow, epoch, holder })
}
