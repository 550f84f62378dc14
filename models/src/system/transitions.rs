//! What can happen in a system: the moves each part can start, how parts answer each other, and the
//! crash points between any two effects of a process.
//!
//! # Where crashes fall
//!
//! By default a process takes an input and carries out all effects in one transition, and for every
//! proper prefix of those effects there is another transition in which a crash falls right after
//! it. Nothing is lost by that: between two effects of one process, other processes can do nothing
//! that they could not do as well before the first or after the last, since all they ever see of it
//! are messages, and messages may be delayed anyway. With
//! [`Granularity::PerEffect`](super::Granularity) every effect is a transition of its own, with many
//! more states and the same verdicts; tests hold the two against each other.
//!
//! # Why steps are not reordered
//!
//! Partial-order reduction would let a process go first that keeps to itself. None does. A message may
//! be put in any inbox at any time, and overtake what waits there, so whatever a process does next
//! depends on what others do before it. Faults strike a process between any two of its steps, and
//! monitors take note of most of them. What takes the place of that reduction is that an input and all
//! its effects are one transition.

use std::sync::Arc;

use amends_check::{Fairness, Move, Product, Swap};

use crate::process::{Address, Input, Process, Verdict};
use crate::workflow::Fault;

use super::action::{Action, Request, Trigger, imposed};
use super::budget::{Budget, NodeId};
use super::execution::{Execution, InjectedFaults};
use super::local::{Local, Status};
use super::protocol_model::{Event, PerformedEffect, ProtocolModel, TimerOf};
use super::symmetry::Interchangeable;
use super::topology::{Granularity, Part, Placed, System};

impl<T: ProtocolModel> Product for System<T> {
    type Part = Part<T>;
    type Request = Request<T>;
    type Action = Action<T>;

    fn initial(&self) -> Vec<Vec<Part<T>>> {
        vec![self.row()]
    }

    fn moves(&self, slot: usize, part: &Part<T>, moves: &mut Vec<Move<Self>>) {
        match part {
            Part::Process(local) => self.process_moves(&self.processes[slot], local, moves),
            Part::Faults(budget) => self.fault_moves(budget, moves),
            Part::Monitor(_) => {}
        }
    }

    fn answer(&self, slot: usize, part: &Part<T>, request: &Request<T>) -> Option<Part<T>> {
        match (part, request) {
            (Part::Process(local), request) => {
                self.process_answer(slot, local, request).map(Part::Process)
            }
            (Part::Faults(budget), Request::ConsumeFault(fault, node)) => {
                budget.spend(*fault, *node).map(Part::faults)
            }
            (Part::Monitor(monitor), Request::Observe(event)) => {
                let mut next = monitor.clone();
                self.protocol.observe(&mut next, event);
                Some(Part::Monitor(next))
            }
            // What nobody asks of such a part.
            (Part::Faults(_) | Part::Monitor(_), _) => None,
        }
    }

    fn symmetry(&self) -> Vec<usize> {
        self.interchangeable.as_ref().map_or(Vec::new(), Interchangeable::sizes)
    }

    fn swap(&self, swap: Swap, slot: usize, part: &Part<T>) -> (usize, Part<T>) {
        self.swapped(swap, slot, part)
    }

    fn swap_request(&self, swap: Swap, request: &Request<T>) -> Request<T> {
        self.swapped_request(swap, request)
    }

    fn is_stale(&self, slot: usize, part: &Part<T>, request: &Request<T>) -> bool {
        self.is_stale_put(slot, part, request)
    }

    fn normalized(&self, slot: usize, part: &Part<T>) -> Option<Part<T>> {
        self.without_stale_messages(slot, part)
    }

    fn fairness(&self, action: &Action<T>) -> Fairness {
        if !action.faults().is_empty() {
            return Fairness::None;
        }
        match action {
            // Possible only while the receiver is up, or the peer is not busy with something else.
            Action::Take { trigger: Trigger::Deliver { .. } | Trigger::Fire { .. }, .. } => {
                Fairness::Strong
            }
            _ => Fairness::Weak,
        }
    }
}

impl<T: ProtocolModel> System<T> {
    fn process_moves(&self, placed: &Placed<T>, local: &Local<T>, moves: &mut Vec<Move<Self>>) {
        self.network_moves(placed, local, moves);
        if local.status == Status::Down {
            self.take_moves(placed, local, Trigger::Recover, Vec::new(), moves);
        }
        if local.status == Status::Up && !local.pending.is_empty() {
            self.effect_moves(placed, local, moves);
        }
        if !local.is_ready() {
            return;
        }
        for at in local.inbox.deliverable(self.ordered) {
            let (from, message) = local.inbox.envelope(at).as_ref().clone();
            let trigger = Trigger::Deliver { from, message };
            self.take_moves(placed, local, trigger, Vec::new(), moves);
        }
        for timer in &local.timers {
            self.timer_moves(placed, local, timer, moves);
        }
        if placed.has_client {
            self.client_moves(placed, local, moves);
        }
    }

    /// What the network does to messages on their way.
    fn network_moves(&self, placed: &Placed<T>, local: &Local<T>, moves: &mut Vec<Move<Self>>) {
        let to = placed.address;
        for at in local.inbox.distinct() {
            let (from, message) = local.inbox.envelope(at).as_ref().clone();
            let mut lost = local.clone();
            lost.inbox.remove(from, &message);
            moves.push(Move {
                action: Action::Lose { from, to, message: message.clone() },
                part: Part::Process(lost),
                requests: vec![self.spend(Fault::Lose, placed.node)],
            });
            let mut doubled = local.clone();
            doubled.inbox.copy(at);
            moves.push(Move {
                action: Action::Duplicate { from, to, message },
                part: Part::Process(doubled),
                requests: vec![self.spend(Fault::Duplicate, placed.node)],
            });
        }
    }

    fn client_moves(&self, placed: &Placed<T>, local: &Local<T>, moves: &mut Vec<Move<Self>>) {
        let (volatile, durable) = (&local.volatile, &local.durable);
        if placed.core.awaits_start(volatile, durable) {
            // Who was told that its request is taken on does not ask again.
            if local.client.is_forgotten() || placed.core.acknowledges(volatile, durable) {
                return;
            }
            self.take_moves(placed, local, Trigger::Start, Vec::new(), moves);
            return;
        }
        let mut cancelled = local.clone();
        cancelled.take(&placed.core, Input::Cancel);
        // A cancellation that changes nothing would only waste budget.
        if cancelled != *local {
            let paid = vec![self.spend(Fault::Cancel, placed.node)];
            self.take_moves(placed, local, Trigger::Cancel, paid, moves);
        }
    }

    fn timer_moves(
        &self,
        placed: &Placed<T>,
        local: &Local<T>,
        timer: &TimerOf<T>,
        moves: &mut Vec<Move<Self>>,
    ) {
        let fire = |spurious| Trigger::Fire { timer: timer.clone(), spurious };
        if let Some(peer) = placed.core.watches(timer) {
            let early = vec![self.spend(Fault::Timeout, placed.node)];
            self.take_moves(placed, local, fire(true), early, moves);
            let due = vec![(self.process_slot(peer), Request::RequireDown(placed.address))];
            return self.take_moves(placed, local, fire(false), due, moves);
        }
        let Some(peer) = placed.core.awaits(timer) else {
            return self.take_moves(placed, local, fire(false), Vec::new(), moves);
        };
        let early = vec![self.spend(Fault::Timeout, placed.node)];
        self.take_moves(placed, local, fire(true), early, moves);
        if !local.inbox.has_from(peer) {
            let settled = Request::RequireQuiescent(placed.address, timer.clone());
            let due = vec![(self.process_slot(peer), settled)];
            self.take_moves(placed, local, fire(false), due, moves);
        }
    }

    /// The transitions in which a process takes an input: undisturbed, with each fault that can
    /// strike the change it tries, and with a crash after each proper prefix of its effects.
    fn take_moves(
        &self,
        placed: &Placed<T>,
        local: &Local<T>,
        trigger: Trigger<T>,
        requests: Vec<(usize, Request<T>)>,
        moves: &mut Vec<Move<Self>>,
    ) {
        let local = self.taken(placed, local, &trigger);
        let action =
            |injected| Action::Take { process: placed.address, trigger: trigger.clone(), injected };
        if self.granularity == Granularity::PerEffect {
            let action = action(InjectedFaults::default());
            moves.push(Move { action, part: Part::Process(local), requests });
            return;
        }
        for forced in [None, Some(Verdict::Refused), Some(Verdict::Failed)] {
            let execute = |crash_after| {
                let injected = InjectedFaults { forced, crash_after };
                let run = self.execution(placed, local.clone()).run_all(injected)?;
                Some((injected, run))
            };
            let Some(undisturbed) = execute(None) else { continue };
            let effects = undisturbed.1.carried_out;
            let crashes = if self.budget.left(Fault::Crash, placed.node) > 0 { effects } else { 0 };
            let crashed = (0..crashes).filter_map(|after| execute(Some(after)));
            for (injected, run) in [undisturbed].into_iter().chain(crashed) {
                let mut requests = requests.clone();
                if let Some(verdict) = forced {
                    requests.push(self.spend(imposed(verdict), placed.node));
                }
                if injected.crash_after.is_some() {
                    requests.push(self.spend(Fault::Crash, placed.node));
                    let others = self
                        .processes_on(placed.node)
                        .filter(|&slot| self.processes[slot].address != placed.address);
                    requests.extend(others.map(|slot| (slot, Request::Crash)));
                }
                self.follow(placed, run.performed, &mut requests);
                moves.push(Move {
                    action: action(injected),
                    part: Part::Process(run.local),
                    requests,
                });
            }
        }
    }

    /// The process after it took an input, with all that it wants done still pending.
    pub(super) fn taken(
        &self,
        placed: &Placed<T>,
        local: &Local<T>,
        trigger: &Trigger<T>,
    ) -> Local<T> {
        let mut next = local.clone();
        let input = match trigger.clone() {
            Trigger::Start => Input::Start,
            Trigger::Cancel => Input::Cancel,
            Trigger::Recover => {
                next.status = Status::Up;
                Input::Recover
            }
            Trigger::Deliver { from, message } => {
                next.inbox.remove(from, &message);
                Input::Message { from, message }
            }
            Trigger::Fire { timer, .. } => {
                next.timers.retain(|set| *set != timer);
                Input::TimerFired(timer)
            }
        };
        next.take(&placed.core, input);
        next
    }

    /// The transitions in which a process carries out one effect.
    fn effect_moves(&self, placed: &Placed<T>, local: &Local<T>, moves: &mut Vec<Move<Self>>) {
        for forced in [None, Some(Verdict::Refused), Some(Verdict::Failed)] {
            let mut run = self.execution(placed, local.clone());
            if run.run_next(forced).is_none() {
                continue;
            }
            let mut requests: Vec<_> = forced
                .map(|verdict| self.spend(imposed(verdict), placed.node))
                .into_iter()
                .collect();
            self.follow(placed, run.performed, &mut requests);
            moves.push(Move {
                action: Action::Run { process: placed.address, forced },
                part: Part::Process(run.local),
                requests,
            });
        }
    }

    /// Adds what the effects of a process ask of the rest of the system.
    fn follow(
        &self,
        placed: &Placed<T>,
        performed: Vec<PerformedEffect<T>>,
        requests: &mut Vec<(usize, Request<T>)>,
    ) {
        for what in performed {
            if let PerformedEffect::Sent(to, message) = &what {
                let put = Request::Put(Arc::new((placed.address, message.clone())));
                requests.push((self.process_slot(*to), put));
            }
            let event = Event { process: placed.address, what };
            for monitor in self.protocol.watchers(&event) {
                let observe = Request::Observe(Box::new(event.clone()));
                requests.push((self.monitor_slot(monitor), observe));
            }
        }
    }

    fn fault_moves(&self, budget: &Budget, moves: &mut Vec<Move<Self>>) {
        let everyone = |request: Request<T>| {
            (0..self.processes.len()).map(|slot| (slot, request.clone())).collect::<Vec<_>>()
        };
        for node in (0..self.nodes.len()).map(|at| NodeId(at as u8)) {
            for (fault, action, request) in [
                (Fault::Crash, Action::Crash(node), Request::Crash),
                (Fault::Halt, Action::Halt(node), Request::Halt),
            ] {
                if let Some(spent) = budget.spend(fault, node) {
                    let requests =
                        self.processes_on(node).map(|slot| (slot, request.clone())).collect();
                    moves.push(Move { action, part: Part::faults(spent), requests });
                }
            }
            if budget.cut_off().is_none()
                && let Some(spent) = budget.spend(Fault::Partition, node)
            {
                moves.push(Move {
                    action: Action::Partition(node),
                    part: Part::faults(spent.with_cut_off(Some(node))),
                    requests: everyone(Request::Cut(node)),
                });
            }
        }
        if budget.cut_off().is_some() {
            moves.push(Move {
                action: Action::Heal,
                part: Part::faults(budget.clone().with_cut_off(None)),
                requests: everyone(Request::Heal),
            });
        }
    }

    fn process_answer(
        &self,
        slot: usize,
        local: &Local<T>,
        request: &Request<T>,
    ) -> Option<Local<T>> {
        let mut next = local.clone();
        match request {
            Request::Put(envelope) => {
                let lost = self.is_cut(local.cut_off, envelope.0, slot);
                // What is sent to the dead, or across a cut, is lost.
                if local.status != Status::Halted && !lost {
                    next.inbox.put(Arc::clone(envelope), self.ordered);
                }
            }
            Request::RequireQuiescent(sender, timer) => {
                let (volatile, durable) = (&local.volatile, &local.durable);
                let core = &self.processes[slot].core;
                let busy = local.status == Status::Up && !local.pending.is_empty()
                    || local.status != Status::Halted
                        && core.still_owes(volatile, durable, *sender, timer);
                if busy || local.inbox.has_from(*sender) {
                    return None;
                }
            }
            Request::RequireDown(watcher) => {
                if local.status == Status::Up && !self.is_cut(local.cut_off, *watcher, slot) {
                    return None;
                }
            }
            // A crash that destroys nothing only delays, and anything may be delayed anyway. One that
            // strikes several processes may find some of them with nothing to lose.
            Request::Crash if local.has_something_to_lose() => {
                next.crash(&self.processes[slot].core, Status::Down);
            }
            Request::Crash if self.processes_on(self.processes[slot].node).count() == 1 => {
                return None;
            }
            Request::Crash => {}
            Request::Halt if local.status == Status::Halted => return None,
            Request::Halt => {
                next.crash(&self.processes[slot].core, Status::Halted);
                next.inbox.drop_if(|_| true);
            }
            Request::Cut(node) => {
                next.cut_off = Some(*node);
                next.inbox.drop_if(|from| self.is_cut(Some(*node), from, slot));
            }
            Request::Heal => next.cut_off = None,
            // What nobody asks of a process.
            Request::ConsumeFault(..) | Request::Observe(_) => return None,
        }
        Some(next)
    }

    fn is_cut(&self, cut_off: Option<NodeId>, from: Address, to: usize) -> bool {
        let sender = self.processes[self.process_slot(from)].node;
        cut_off.is_some_and(|node| (sender == node) != (self.processes[to].node == node))
    }

    pub(super) fn execution<'a>(
        &'a self,
        placed: &'a Placed<T>,
        local: Local<T>,
    ) -> Execution<'a, T> {
        Execution::new(&self.protocol, &placed.core, placed.address, local)
    }

    fn spend(&self, fault: Fault, node: NodeId) -> (usize, Request<T>) {
        (self.faults_slot(), Request::ConsumeFault(fault, node))
    }

    fn processes_on(&self, node: NodeId) -> impl Iterator<Item = usize> {
        (0..self.processes.len()).filter(move |&slot| self.processes[slot].node == node)
    }
}
