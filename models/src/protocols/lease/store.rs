//! The store as a process: one [`Register`] per workflow, and a timer for each lease that is held.

use std::convert::Infallible;
use std::marker::PhantomData;

use derive_where::derive_where;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::rename::{Exchange, Rename, renames};
use crate::process::{Address, Effect, Effects, Input, Process, Value, WorkflowId};

use super::{Epoch, Kept, LeaseKnobs, LeaseRecord, LeaseReply, LeaseRequest, Register};

/// A store of one register per workflow. A protocol hosts it with its own vocabulary.
#[derive_where(Clone, Copy, Debug)]
pub struct RegisterStore<V> {
    knobs: LeaseKnobs,
    keeps: PhantomData<fn() -> V>,
}

impl<V> RegisterStore<V> {
    /// A store with those choices.
    #[must_use]
    pub fn new(knobs: LeaseKnobs) -> Self {
        RegisterStore { knobs, keeps: PhantomData }
    }
}

/// What a store and its clients say to each other. Claims and leases mention tokens, not whom they are
/// granted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseMessage<V> {
    /// To the store, about that workflow.
    Request(WorkflowId, LeaseRequest<V>),
    /// From the store.
    Reply(WorkflowId, LeaseReply<V>),
}

/// Listens for the heartbeats of who holds a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeaseTimer {
    /// Of which workflow.
    pub workflow: WorkflowId,
    /// With which token.
    pub epoch: Epoch,
    /// Who.
    pub holder: Address,
}

renames!(struct LeaseTimer { workflow, epoch, holder });

/// An entry of the store's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StoreRecord<V> {
    /// Which workflow.
    pub workflow: WorkflowId,
    /// What became of its register.
    pub lease: LeaseRecord<V>,
}

impl<V: Rename> Rename for StoreRecord<V> {
    fn rename(&mut self, names: Exchange) {
        let StoreRecord { workflow, lease } = self;
        workflow.rename(names);
        lease.rename(names);
    }
}

/// What the store's log folds to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[derive_where(Default)]
pub struct Registers<V> {
    registers: SmallVec<[(WorkflowId, Register<V>); 2]>,
}

impl<V: Rename> Rename for Registers<V> {
    fn rename(&mut self, names: Exchange) {
        let Registers { registers } = self;
        registers.rename(names);
        registers.sort_unstable_by_key(|(workflow, _)| *workflow);
    }
}

impl<V> Registers<V> {
    /// The register of a workflow, once somebody asked for it.
    #[must_use]
    pub fn get(&self, workflow: WorkflowId) -> Option<&Register<V>> {
        self.position(workflow).ok().map(|at| &self.registers[at].1)
    }

    /// All registers that somebody asked for, by workflow.
    pub fn iter(&self) -> impl Iterator<Item = (WorkflowId, &Register<V>)> {
        self.registers.iter().map(|(workflow, register)| (*workflow, register))
    }

    fn entry(&mut self, workflow: WorkflowId) -> &mut Register<V> {
        let at = self.position(workflow).unwrap_or_else(|at| {
            self.registers.insert(at, (workflow, Register::default()));
            at
        });
        &mut self.registers[at].1
    }

    fn position(&self, workflow: WorkflowId) -> Result<usize, usize> {
        self.registers.binary_search_by_key(&workflow, |(id, _)| *id)
    }
}

impl<V: Value + Kept> Process for RegisterStore<V> {
    type Volatile = ();
    type Durable = Registers<V>;
    type Record = StoreRecord<V>;
    type Change = Infallible;
    type Message = LeaseMessage<V>;
    type Timer = LeaseTimer;
    type Outcome = Infallible;

    fn fold(&self, registers: &mut Registers<V>, record: &StoreRecord<V>) {
        self.knobs.fold(registers.entry(record.workflow), &record.lease);
    }

    fn handle(
        &self,
        (): &mut (),
        registers: &Registers<V>,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match input {
            Input::Message { from, message: LeaseMessage::Request(workflow, request) } => {
                let register = registers.get(workflow).copied().unwrap_or_default();
                let (record, reply) = self.knobs.answer(&register, from, request);
                if let Some(lease) = record {
                    effects.push(Effect::Persist(StoreRecord { workflow, lease }));
                    if let LeaseRecord::Claimed(epoch, holder) = lease {
                        if let Some(former) = register.holder {
                            let former =
                                LeaseTimer { workflow, epoch: register.epoch, holder: former };
                            effects.push(Effect::CancelTimer(former));
                        }
                        effects.push(Effect::SetTimer(LeaseTimer { workflow, epoch, holder }));
                    }
                }
                let message = LeaseMessage::Reply(workflow, reply);
                effects.push(Effect::Send { to: from, message });
            }
            Input::TimerFired(LeaseTimer { workflow, epoch, .. }) => {
                let held =
                    |register: &&Register<V>| register.epoch == epoch && register.holder.is_some();
                if registers.get(workflow).filter(held).is_some() {
                    let lease = LeaseRecord::Expired(epoch);
                    effects.push(Effect::Persist(StoreRecord { workflow, lease }));
                }
            }
            Input::Recover => {
                for (workflow, register) in registers.iter() {
                    if let Some(holder) = register.holder {
                        let timer = LeaseTimer { workflow, epoch: register.epoch, holder };
                        effects.push(Effect::SetTimer(timer));
                    }
                }
            }
            Input::Message { message: LeaseMessage::Reply(..), .. }
            | Input::Start
            | Input::Cancel => {}
            Input::Applied { change, .. } => match change {},
        }
    }

    fn awaits_start(&self, (): &(), _registers: &Registers<V>) -> bool {
        false
    }

    fn awaits(&self, _timer: &LeaseTimer) -> Option<Address> {
        None
    }

    fn watches(&self, timer: &LeaseTimer) -> Option<Address> {
        Some(timer.holder)
    }

    fn splits_by_workflow(&self) -> bool {
        true
    }
}
