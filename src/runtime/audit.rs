//! The audit: what is true of what really happened, whatever the processes believe.
//!
//! The store keeps a history of everything durable that was done. Told in order to the processes and
//! monitors of the system, it gives the state that the model would be in: logs folded, resources
//! changed by the definition, witnesses that saw what they would have seen. That state is judged by
//! the very properties that the model is checked for, so a property means the same here and there.
//!
//! | kind of property | is judged |
//! |---|---|
//! | `always`, stated by the workflow | after every change that was made, and in the end |
//! | `always`, built in | in the end: witnesses forget nothing |
//! | `settled`, `eventually`, leads-to | in the end, if the run came to its end |
//! | what can be reached | not at all: a single run says nothing about that |

use std::collections::BTreeMap;
use std::sync::Arc;

use amends_models::check::{Parts, Product, Property, PropertyKind, Snapshot};
use amends_models::process::{Address, Process, Verdict, WorkflowId};
use amends_models::system::{
    ChangeOf, Ending, Event, Hostable, Local, Part, PerformedEffect, ProtocolModel, RecordOf,
    StateReader, Status, System,
};
use amends_models::workflow::{Claim, Variable};
use serde::Serialize;

use crate::store::{Entry, Store, StoreError, Transaction};

use super::context::VolatileOf;
use super::process_store::decode;

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Its name.
    pub property: String,
    /// What happened, in words.
    pub what: String,
}

/// An audit that goes on: it has read the history up to some point.
pub(super) struct Audit<T: Hostable> {
    system: Arc<System<T>>,
    reader: StateReader<T>,
    row: Vec<Part<T>>,
    /// How many entries were read.
    read: u64,
    /// How many changes were accepted.
    changes: u64,
    /// Whether changes do what the definition says.
    replays: bool,
    /// What must be true after every change, until it is not.
    always: Vec<Property<Parts<Part<T>>>>,
    violations: Vec<Violation>,
}

impl<T: Hostable> Audit<T> {
    /// An audit that has read nothing yet. With `replays`, changes are made again by the workflow's
    /// definition.
    pub(super) fn new(system: &Arc<System<T>>, replays: bool) -> Self {
        let reader = T::reader(system);
        let row = system.initial().into_iter().next().unwrap_or_default();
        let stated = system.protocol().workflow().properties().iter();
        let always = stated.filter(|property| property.claim == Claim::Always && replays);
        Audit {
            always: always.map(|property| reader.stated(property)).collect(),
            system: Arc::clone(system),
            reader,
            row,
            read: 0,
            changes: 0,
            replays,
            violations: Vec::new(),
        }
    }

    /// Reads on, to the present end of the history.
    ///
    /// # Errors
    /// When the store fails, or what it holds cannot be read.
    pub(super) async fn read_on<S: Store>(&mut self, store: &S) -> Result<(), StoreError> {
        let from = self.read;
        let entries = store.transact(move |transaction| transaction.history(from)).await?;
        for entry in entries {
            self.read += 1;
            self.take(entry)?;
        }
        Ok(())
    }

    fn take(&mut self, entry: Entry) -> Result<(), StoreError> {
        let Entry { process, record, deed, .. } = entry;
        let record = record.map(|text| decode::<RecordOf<T>>("a record", text)).transpose()?;
        let deed = deed.map(|text| decode::<PerformedEffect<T>>("a deed", text)).transpose()?;
        if let Some(record) = &record {
            let core = self.system.core(process).ok_or(StoreError::Stranger { process })?;
            if let Some(local) = local(&self.system, &mut self.row, process) {
                core.fold(&mut local.durable, record);
            }
        }
        let Some(what) = deed.or(record.map(PerformedEffect::Persisted)) else { return Ok(()) };
        let event = Event { process, what };
        for monitor in self.system.protocol().watchers(&event) {
            let slot = self.system.monitor_slot(monitor);
            if let Some(Part::Monitor(monitor)) = self.row.get_mut(slot) {
                self.system.protocol().observe(monitor, &event);
            }
        }
        if let PerformedEffect::Applied(change, Verdict::Accepted) = &event.what {
            self.changes += 1;
            if self.replays {
                self.repeat(process, change);
                let words = self.system.protocol().words().change(change);
                self.judge_change(&words);
            }
        }
        Ok(())
    }

    /// Makes a change again.
    fn repeat(&mut self, process: Address, change: &ChangeOf<T>) {
        let protocol = self.system.protocol();
        let Some(local) = local(&self.system, &mut self.row, process) else { return };
        let (property, why) = match protocol.attempt(process, &mut local.resources, change) {
            Ok(Verdict::Accepted) => return,
            Ok(_) => ("journal", "it is refused".to_owned()),
            Err(error) => ("well-defined", error.to_string()),
        };
        let change = protocol.words().change(change);
        self.violations.push(Violation {
            property: property.to_owned(),
            what: format!("{change}, change {} of all, cannot be repeated: {why}", self.changes),
        });
    }

    /// Judges what must be true after every change. Each property is reported once, at the first
    /// change that broke it.
    fn judge_change(&mut self, change: &str) {
        if self.always.is_empty() {
            return;
        }
        let parts: Vec<&Part<T>> = self.row.iter().collect();
        let view = Snapshot::new(&parts);
        let (changes, violations) = (self.changes, &mut self.violations);
        self.always.retain(|property| {
            let holds = !is_concerned(property, view) || (property.condition)(view);
            if !holds {
                violations.push(Violation {
                    property: property.name.clone(),
                    what: format!("it is false after {change}, change {changes} of all"),
                });
            }
            holds
        });
    }

    /// Is told what processes have in mind, which no history says.
    pub(super) fn set_volatile(&mut self, memories: BTreeMap<Address, VolatileOf<T>>) {
        for (process, memory) in memories {
            if let Some(local) = local(&self.system, &mut self.row, process) {
                local.volatile = memory;
            }
        }
    }

    /// Asks something of the state that the history leads to.
    pub(super) fn look<R>(&self, question: impl FnOnce(&StateReader<T>, View<'_, T>) -> R) -> R {
        let parts: Vec<&Part<T>> = self.row.iter().collect();
        question(&self.reader, Snapshot::new(&parts))
    }

    /// The workflows that have no outcome yet.
    pub(super) fn unfinished(&self) -> Vec<WorkflowId> {
        self.look(|reader, view| {
            reader.workflows().filter(|&id| reader.ending(view, id).is_none()).collect()
        })
    }

    /// Whether a process did something that outlasts a crash.
    pub(super) fn has_log(&self, process: Address) -> bool {
        let slot = self.system.process_slot(process);
        self.row[slot].process().durable != Default::default()
    }

    /// How many workflows ended that way.
    pub(super) fn count(&self, ending: Ending) -> u32 {
        self.look(|reader, view| reader.count(view, ending))
    }

    /// What a resource is worth.
    pub(super) fn value(&self, variable: Variable) -> i64 {
        self.look(|reader, view| reader.value(view, variable))
    }

    /// Whether everything has happened that must: then nothing is left to wait for.
    pub(super) fn has_come_to_its_end(&self) -> bool {
        self.look(|_, view| {
            let properties = self.system.properties().iter();
            let mut due = properties.filter(|property| must_happen(property.kind));
            due.all(|property| (property.condition)(view))
        })
    }
}

/// What is known beside the history when a run is over.
pub(super) struct FinalState<T: ProtocolModel> {
    /// What processes own, as it is stored.
    pub(super) owned: Vec<(Address, T::Resources)>,
    /// Who stopped for good.
    pub(super) halted: Vec<Address>,
    /// Whether the run came to its end: nothing is under way, and nothing will be.
    pub(super) is_at_its_end: bool,
}

impl<T: Hostable> Audit<T> {
    /// Everything that is wrong with what happened.
    pub(super) fn finish(&mut self, last: FinalState<T>) -> Vec<Violation> {
        for (process, owned) in last.owned {
            let Some(local) = local(&self.system, &mut self.row, process) else { continue };
            if self.replays && local.resources != owned {
                let words = self.system.protocol().words();
                let facts = |resources| words.resources(process, resources).join(", ");
                self.violations.push(Violation {
                    property: "journal".to_owned(),
                    what: format!(
                        "{} has {}, but what was done makes it {}",
                        words.process(process),
                        facts(&owned),
                        facts(&local.resources)
                    ),
                });
            }
            local.resources = owned;
        }
        for process in last.halted {
            if let Some(local) = local(&self.system, &mut self.row, process) {
                local.status = Status::Halted;
            }
        }
        let mut violations = std::mem::take(&mut self.violations);
        let system = Arc::clone(&self.system);
        for property in system.properties() {
            let known = violations.iter().any(|violation| violation.property == property.name);
            let is_judged = match property.kind {
                PropertyKind::Always => !known,
                kind => last.is_at_its_end && must_happen(kind),
            };
            if is_judged {
                violations.extend(self.judge(property));
            }
        }
        violations
    }

    /// What is wrong with a property in the end: a violation for each workflow that breaks it, or one
    /// if it takes several.
    fn judge(&self, property: &Property<Parts<Part<T>>>) -> Vec<Violation> {
        let is_broken = |row: &[Part<T>]| {
            let parts: Vec<&Part<T>> = row.iter().collect();
            let view = Snapshot::new(&parts);
            let is_concerned =
                property.kind != PropertyKind::Always || is_concerned(property, view);
            is_concerned && !(property.condition)(view)
        };
        if !is_broken(&self.row) {
            return Vec::new();
        }
        let violation = |what| Violation { property: property.name.clone(), what };
        let initial = self.system.initial().into_iter().next().unwrap_or_default();
        let settled = property.name == "settles";
        let alone = self.reader.workflows().filter(|&workflow| match settled {
            true => self.look(|reader, view| reader.ending(view, workflow)).is_none(),
            false => is_broken(&self.isolated(&initial, workflow)),
        });
        let violations: Vec<_> = alone.map(|workflow| violation(self.facts_of(workflow))).collect();
        if violations.is_empty() {
            return vec![violation("it is false in the end".to_owned())];
        }
        violations
    }

    /// The state as it would be if only this workflow had happened, as far as that can be told.
    fn isolated(&self, initial: &[Part<T>], workflow: WorkflowId) -> Vec<Part<T>> {
        let mut row = self.row.clone();
        let others = self
            .system
            .addresses()
            .filter(|address| address.workflow().is_some_and(|other| other != workflow));
        let monitors = self.reader.workflows().filter(|&other| other != workflow);
        let slots = others
            .map(|address| self.system.process_slot(address))
            .chain(monitors.map(|other| self.system.monitor_slot(other.0 as usize)));
        for slot in slots {
            if let (Some(part), Some(fresh)) = (row.get_mut(slot), initial.get(slot)) {
                part.clone_from(fresh);
            }
        }
        row
    }

    /// What happened to a workflow, in words.
    fn facts_of(&self, workflow: WorkflowId) -> String {
        let words = self.system.protocol().words();
        let mut facts = match self.row.get(self.system.monitor_slot(workflow.0 as usize)) {
            Some(Part::Monitor(monitor)) => words.monitor(workflow.0 as usize, monitor),
            _ => Vec::new(),
        };
        if facts.is_empty() {
            facts.push("nothing took effect".to_owned());
        }
        let ending = self.look(|reader, view| reader.ending(view, workflow));
        let ended = ending.map_or("has no outcome".to_owned(), |ending| {
            format!("ended {}", words.ending(ending))
        });
        format!("workflow {workflow} {ended}: {}", facts.join(", "))
    }
}

/// A state, as properties see it.
type View<'a, T> = Snapshot<'a, Part<T>>;

fn is_concerned<T: ProtocolModel>(property: &Property<Parts<Part<T>>>, view: View<'_, T>) -> bool {
    property.premise.as_ref().is_none_or(|premise| premise(view))
}

/// Whether a claim of that kind says that something happens sooner or later.
fn must_happen(kind: PropertyKind) -> bool {
    matches!(
        kind,
        PropertyKind::Eventually | PropertyKind::LeadsTo | PropertyKind::AlwaysEventually
    )
}

fn local<'r, T: ProtocolModel>(
    system: &System<T>,
    row: &'r mut [Part<T>],
    process: Address,
) -> Option<&'r mut Local<T>> {
    system.core(process)?;
    match row.get_mut(system.process_slot(process)) {
        Some(Part::Process(local)) => Some(local),
        _ => None,
    }
}
