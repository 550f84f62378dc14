//! The properties of event sourcing.
//!
//! The theorem of causal consistency is `causal`: *no consumer handles an event before an event that
//! caused it*, directly or through others, if it handles both. Causes are the causation ids that
//! events carry; the witness keeps the order in which events really were handled. No clock occurs in
//! it. (Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, 1978: a cause
//! has a smaller timestamp only if the clocks are made to say so.)

use amends_check::{Parts, Property};

use crate::system::{
    BuiltIn, CAUSAL, EFFECT_ONCE, NO_LOST_UPDATE, Part, SETTLES, StateReader, System, WELL_DEFINED,
};
use crate::workflow::domain::Values;

use super::command::{Phase, Run};
use super::event::{CommandId, StoredEvent};
use super::layout::{StateLayout, View};
use super::message::Answer;
use super::system::EventSourcing;

/// The built-in properties.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    WELL_DEFINED,
    SETTLES,
    REPLAY_EQUALS_STATE,
    NO_LOST_UPDATE,
    EFFECT_ONCE,
    CAUSAL,
    PROJECTION_EXACTLY_ONCE,
    NO_GAP_SKIPPED,
    SNAPSHOT_EQUIVALENT,
];

/// No phantom event: a state that someone was told of, and that no event says.
pub(crate) const REPLAY_EQUALS_STATE: BuiltIn = BuiltIn::always(
    "replay-equals-state",
    "what a client was told is what the log says, now and ever after",
);

/// No event is handled twice, or never.
pub(crate) const PROJECTION_EXACTLY_ONCE: BuiltIn =
    BuiltIn::always("projection-exactly-once", "every consumer handles every event once");

/// No checkpoint passes an event before it can be seen.
pub(crate) const NO_GAP_SKIPPED: BuiltIn =
    BuiltIn::always("no-gap-skipped", "no checkpoint passes an event that was never seen");

/// No snapshot says something else than the events it covers.
pub(crate) const SNAPSHOT_EQUIVALENT: BuiltIn = BuiltIn::always(
    "snapshot-equivalent",
    "a snapshot and the events since say what all events say",
);

/// The built-in properties of event sourcing that concern the system.
#[must_use]
pub(crate) fn event_sourcing_properties(
    system: &System<EventSourcing>,
) -> Vec<Property<Parts<Part<EventSourcing>>>> {
    let layout = StateLayout::new(system);
    let mut properties = vec![
        layout.property(WELL_DEFINED, StateLayout::is_well_defined),
        layout.property(SETTLES, StateLayout::is_settled),
        layout
            .property(REPLAY_EQUALS_STATE, StateLayout::tells_what_is_stored)
            .given(layout.look(|s, v| s.answers(v).next().is_some())),
        layout
            .property(NO_LOST_UPDATE, StateLayout::decides_on_what_is_there)
            .given(layout.look(|s, v| !s.log(v).events.is_empty())),
        layout
            .property(EFFECT_ONCE, StateLayout::carries_out_once)
            .given(layout.look(|s, v| !s.log(v).events.is_empty())),
    ];
    if !layout.consumers.is_empty() {
        properties.extend([
            layout
                .property(PROJECTION_EXACTLY_ONCE, StateLayout::handles_once)
                .given(layout.look(StateLayout::has_work)),
            layout
                .property(NO_GAP_SKIPPED, StateLayout::skips_nothing)
                .given(layout.look(StateLayout::has_work)),
        ]);
    }
    if !system.protocol().plan().domain().policies().is_empty() {
        properties.push(
            layout
                .property(CAUSAL, StateLayout::handles_causes_first)
                .given(layout.look(StateLayout::has_handled_an_effect)),
        );
    }
    if system.protocol().plan().knobs().snapshot_every.is_some() {
        properties.push(
            layout
                .property(SNAPSHOT_EQUIVALENT, StateLayout::trusts_snapshots)
                .given(layout.look(|s, v| s.runs(v).any(|run| copy(run).is_some_and(|c| c.2)))),
        );
    }
    properties
}

/// How states of an event-sourced system are read.
#[must_use]
pub(crate) fn event_sourcing_reader(system: &System<EventSourcing>) -> StateReader<EventSourcing> {
    StateLayout::new(system).reader()
}

/// What each property says of a state.
impl StateLayout {
    fn is_well_defined(&self, view: View<'_>) -> bool {
        let locals = self.handlers.iter().map(|&(_, slot)| slot);
        let mut locals = locals.chain(self.consumers.iter().map(|&(_, slot)| slot));
        locals.all(|slot| self.local(view, slot).defect.is_none())
            && self.answers(view).all(|answer| !matches!(answer, Answer::Undefined(_)))
            && self.witnesses(view).all(|(_, witness)| !witness.has_undefined())
    }

    /// Whatever a client was told is what the log says, now and for ever after. An append that is
    /// still on its way may yet make it so.
    fn tells_what_is_stored(&self, view: View<'_>) -> bool {
        let log = self.log(view);
        self.clients(view).all(|(address, slot, client)| {
            let open = &self.store_memory(view).open;
            let under_way = !self.local(view, slot).pending.is_empty()
                || !self.local(view, self.store).pending.is_empty()
                || self.has_append_from(view, |from| from == address)
                || open.iter().any(|transaction| transaction.from == address);
            under_way
                || client.answers().iter().all(|told| match &told.answer {
                    Answer::Accepted { version, state } => {
                        let stream = told.command.stream;
                        let last = version.saturating_sub(1) as usize;
                        let landed = self.plan.stream_events(log, stream).nth(last);
                        let same = match self.plan.state_at(log, stream, *version) {
                            Ok(Some(stored)) => state.as_ref().is_none_or(|state| *state == stored),
                            Ok(None) | Err(_) => false,
                        };
                        same && landed.is_some_and(|event| event.command == told.command.id)
                    }
                    Answer::Rejected | Answer::Undefined(_) => true,
                })
        })
    }

    /// Every append landed on the version that it was decided on.
    fn decides_on_what_is_there(&self, view: View<'_>) -> bool {
        let log = self.log(view);
        self.plan.streams().iter().all(|&stream| {
            let mut batch = None;
            self.plan.stream_events(log, stream).enumerate().all(|(version, event)| {
                let first = batch != Some(event.command);
                batch = Some(event.command);
                let history = event.position <= self.plan.history_end();
                history || !first || event.decided_on as usize == version
            })
        })
    }

    /// No command is in the log twice.
    fn carries_out_once(&self, view: View<'_>) -> bool {
        let log = self.log(view);
        log.events.iter().all(|event| {
            let same = log.events.iter().filter(|other| other.command == event.command);
            same.count() <= self.emitted(event)
        })
    }

    /// How many events the command of an event may have led to.
    fn emitted(&self, event: &StoredEvent) -> usize {
        let domain = self.plan.domain();
        let kind = match event.command {
            CommandId::Request(_, at) => domain.requests()[usize::from(at)],
            CommandId::Answer { policy, .. } => domain.policies()[usize::from(policy.0)].command,
            CommandId::History => return 1,
        };
        let command = domain.command(kind);
        if command.emits.contains(&event.kind) {
            command.emits.len()
        } else {
            command.otherwise.len()
        }
    }

    /// Some event concerns some consumer.
    fn has_work(&self, view: View<'_>) -> bool {
        let log = self.log(view);
        self.consumers
            .iter()
            .any(|&(id, _)| self.plan.events(log).any(|event| self.plan.concerns(id, event)))
    }

    /// No event is handled twice, and none is left out in the end.
    fn handles_once(&self, view: View<'_>) -> bool {
        let settled = self.is_settled(view);
        let log = self.log(view);
        self.witnesses(view).all(|(id, witness)| {
            witness.handled_once()
                && (!settled
                    || self
                        .plan
                        .events(log)
                        .filter(|event| self.plan.concerns(id, event))
                        .all(|event| witness.handled().contains(&event.position)))
        })
    }

    /// No committed event is behind a checkpoint without ever having been seen.
    fn skips_nothing(&self, view: View<'_>) -> bool {
        let log = self.log(view);
        let slots = self.consumers.iter().map(|&(_, slot)| slot);
        self.witnesses(view).zip(slots).all(|((id, witness), slot)| {
            let (marks, _) = self.consumer(view, slot);
            self.plan.events(log).filter(|event| self.plan.concerns(id, event)).all(|event| {
                marks.get(self.plan.source_of(event)) < self.plan.mark(event)
                    || witness.seen().contains(&event.position)
            })
        })
    }

    /// Every handled event comes after all handled events that caused it.
    fn handles_causes_first(&self, view: View<'_>) -> bool {
        let log = self.log(view);
        self.witnesses(view).all(|(id, witness)| {
            let handled = witness.handled();
            (0..handled.len()).all(|at| {
                self.causes(log, handled[at])
                    .filter(|cause| self.plan.concerns(id, cause))
                    .all(|cause| handled[..at].contains(&cause.position))
            })
        })
    }

    fn has_handled_an_effect(&self, view: View<'_>) -> bool {
        let log = self.log(view);
        self.witnesses(view).any(|(id, witness)| {
            witness.handled().iter().any(|&position| {
                self.causes(log, position).any(|cause| self.plan.concerns(id, cause))
            })
        })
    }

    /// What was read from a snapshot is what all events say.
    fn trusts_snapshots(&self, view: View<'_>) -> bool {
        let log = self.log(view);
        self.runs(view).all(|run| {
            let Some((version, state, true)) = copy(run) else { return true };
            let full = self.plan.state_at(log, run.command.stream, version);
            matches!(full, Ok(Some(full)) if full == *state)
        })
    }
}

/// The state that a command was decided on: version, state, and whether it is from a snapshot.
fn copy(run: &Run) -> Option<(u32, &Values, bool)> {
    match &run.phase {
        Phase::Loading => None,
        Phase::Appending { version, state, from_snapshot, .. } => {
            Some((*version, state, *from_snapshot))
        }
    }
}
