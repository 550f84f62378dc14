//! Carrying out effects, in order, up to the crash point.

use crate::process::host::{Attempt, EffectKind, OutsideEffect, StoreEffect};
use crate::process::{Address, Effect, Input, Verdict};

use super::local::{Local, Status};
use super::protocol_model::{PerformedEffect, ProtocolModel};

/// How the effects of one input are carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct InjectedFaults {
    /// The verdict that a fault imposes on the change, if the effects try one.
    pub forced: Option<Verdict>,
    /// A crash falls after this many effects.
    pub crash_after: Option<u8>,
}

/// A host's hands: one process being driven.
pub(super) struct Execution<'a, T: ProtocolModel> {
    pub(super) protocol: &'a T,
    pub(super) core: &'a T::Process,
    pub(super) address: Address,
    pub(super) local: Local<T>,
    /// What was done, in order.
    pub(super) performed: Vec<PerformedEffect<T>>,
    /// How many effects were carried out, timers left aside.
    pub(super) carried_out: u8,
}

impl<'a, T: ProtocolModel> Execution<'a, T> {
    pub(super) fn new(
        protocol: &'a T,
        core: &'a T::Process,
        address: Address,
        local: Local<T>,
    ) -> Self {
        Execution { protocol, core, address, local, performed: Vec::new(), carried_out: 0 }
    }

    /// Carries out everything that is pending, under these faults. `None` when they do not
    /// apply: there is no change to force a verdict on, or not that many effects to crash among.
    pub(super) fn run_all(mut self, injected: InjectedFaults) -> Option<Self> {
        let mut forced = injected.forced;
        while !self.local.pending.is_empty() && self.local.defect.is_none() {
            if injected.crash_after == Some(self.carried_out) {
                self.local.crash(self.core, Status::Down);
                return forced.is_none().then_some(self);
            }
            let tries_change = match self.local.pending.front() {
                Some(Effect::Apply(change) | Effect::Transact { change, .. }) => {
                    self.protocol.is_transaction(change)
                }
                _ => false,
            };
            let verdict = if tries_change { forced.take() } else { None };
            self.run_next(verdict)?;
            self.carried_out += 1;
        }
        (forced.is_none() && injected.crash_after.is_none()).then_some(self)
    }

    /// Carries out the next effect. `None` when there is none, or when the fault cannot strike it.
    pub(super) fn run_next(&mut self, forced: Option<Verdict>) -> Option<()> {
        match EffectKind::from(self.local.pending.pop_front()?) {
            EffectKind::InStore(StoreEffect::Attempt(attempt)) => self.apply(attempt, forced)?,
            _ if forced.is_some() => return None,
            EffectKind::InStore(StoreEffect::Persist(record)) => {
                self.local.fold(self.core, &record);
                self.performed.push(PerformedEffect::Persisted(record));
            }
            EffectKind::Outside(OutsideEffect::Send { to, message }) => {
                self.performed.push(PerformedEffect::Sent(to, message));
            }
            EffectKind::Outside(OutsideEffect::Finish(outcome)) => {
                self.local.tell(self.core, outcome.clone());
                self.performed.push(PerformedEffect::Finished(outcome));
            }
            EffectKind::Outside(OutsideEffect::SetTimer(timer)) => {
                self.local.pending.push_front(Effect::SetTimer(timer));
            }
            EffectKind::Outside(OutsideEffect::CancelTimer(timer)) => {
                self.local.pending.push_front(Effect::CancelTimer(timer));
            }
        }
        self.local.set_timers();
        Some(())
    }

    /// One local transaction, and the process's answer to what came of it.
    fn apply(&mut self, mut attempt: Attempt<T::Process>, forced: Option<Verdict>) -> Option<()> {
        let mut resources = self.local.resources.clone();
        let tried = self.protocol.carry_out(self.address, &mut resources, &mut attempt.change);
        let natural = match tried {
            Ok(verdict) => verdict,
            Err(error) => {
                self.local.defect = Some((attempt.change, error));
                return forced.is_none().then_some(());
            }
        };
        let verdict = match forced {
            Some(Verdict::Refused)
                if natural != Verdict::Accepted || !self.protocol.refusable(&attempt.change) =>
            {
                return None;
            }
            Some(verdict) => verdict,
            None => natural,
        };
        if verdict == Verdict::Accepted {
            self.local.resources = resources;
        }
        let (change, record) = attempt.concluded(verdict);
        if let Some(record) = record {
            self.local.fold(self.core, &record);
        }
        self.performed.push(PerformedEffect::Applied(change.clone(), verdict));
        self.local.take(self.core, Input::Applied { change, verdict });
        Some(())
    }
}
