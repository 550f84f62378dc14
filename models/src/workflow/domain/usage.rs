//! Checks over the whole domain: commands emit what is theirs, and every event can happen and matters
//! to someone.

use crate::workflow::builder::WorkflowError;

use super::builder::wrong;
use super::{Domain, EventKind};
use crate::workflow::domain_place::{CommandField, DomainPlace, EventField};

/// Commands emit events of their own aggregate, and of the present.
pub(super) fn check_emissions(domain: &Domain) -> Result<(), WorkflowError> {
    for (at, command) in domain.commands.iter().enumerate() {
        let emits = command.emits.iter().enumerate();
        let otherwise = command.otherwise.iter().enumerate();
        let fields = emits
            .map(|(nth, kind)| (CommandField::Emits(nth), *kind))
            .chain(otherwise.map(|(nth, kind)| (CommandField::Otherwise(nth), *kind)));
        for (field, kind) in fields {
            let event = domain.event(kind);
            let place = DomainPlace::Command(at, field);
            if event.aggregate != command.aggregate {
                return Err(wrong(
                    place,
                    format!(
                        "`{}` is an event of `{}`, but `{}` is a command for `{}`",
                        event.name,
                        domain.aggregate(event.aggregate).name,
                        command.name,
                        domain.aggregate(command.aggregate).name
                    ),
                )
                .help("a command changes one aggregate; let a policy tell the other"));
            }
            if event.upcast.is_some() {
                let message = format!("`{}` is of the past, and emitted no more", event.name);
                return Err(wrong(place, message).help("emit what it is read as today"));
            }
        }
    }
    Ok(())
}

/// Every event can happen, and matters to someone.
pub(super) fn check_events_are_used(domain: &Domain) -> Result<(), WorkflowError> {
    for (at, event) in domain.events.iter().enumerate() {
        let kind = EventKind(at as u8);
        let place = DomainPlace::Event(at, EventField::Name);
        let stored = domain.aggregates.iter().flat_map(|aggregate| &aggregate.history);
        let emitted = domain.commands.iter().flat_map(|c| c.emits.iter().chain(&c.otherwise));
        let read = stored.clone().flat_map(|past| domain.upcast(past));
        if !stored.clone().chain(emitted).chain(read).any(|&other| other == kind) {
            let message = format!("nobody emits `{}`", event.name);
            return Err(wrong(place, message).help(
                "name it in the `emits` of a command, or in the `history` of its aggregate",
            ));
        }
        let projected = domain.projections.iter().flat_map(|p| &p.on).any(|(on, _)| *on == kind);
        let answered = domain.policies.iter().any(|policy| policy.on == kind);
        if event.evolve.is_empty() && event.upcast.is_none() && !projected && !answered {
            let message = format!("nobody handles `{}`", event.name);
            return Err(wrong(place, message)
                .help("let it change its aggregate (`evolve`), a projection, or start a policy"));
        }
    }
    Ok(())
}
