//! What a protocol brings to a system beside its processes: the business behind their changes, the
//! monitors that remember what properties need of history, and the words to tell it in.

use std::sync::Arc;

use derive_where::derive_where;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::process::{Address, Process, Value, Verdict};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Workflow};

use super::activity::{self, Activities, Operation, Subject};
use super::symmetry::Interchangeable;
use super::topology::System;
use super::{Ending, StateReader};

/// A protocol, as a [`System`](super::System) hosts it.
pub trait ProtocolModel: Send + Sync + 'static {
    /// The processes that carry it out; a sum of roles where there are several.
    type Process: Process;
    /// What a process owns and changes: its rows. Survives crashes.
    type Resources: Value;
    /// A small automaton fed with [`Event`]s. Part of the state, and nothing more.
    type Monitor: Value;

    /// The workflow it carries out.
    fn workflow(&self) -> &Arc<Workflow>;

    /// Completes a change with what it has to know of the resources of the process at `address`, in the
    /// transaction in which it is then tried. The process is answered with the change as it is then.
    ///
    /// # Errors
    /// When what is read is not well-defined there.
    fn read(
        &self,
        _address: Address,
        _resources: &Self::Resources,
        _change: &mut ChangeOf<Self>,
    ) -> Result<(), ArithmeticError> {
        Ok(())
    }

    /// Tries a change on the resources of the process at `address`. They change only if the verdict
    /// is [`Verdict::Accepted`].
    ///
    /// # Errors
    /// When the business is not well-defined there.
    fn attempt(
        &self,
        address: Address,
        resources: &mut Self::Resources,
        change: &ChangeOf<Self>,
    ) -> Result<Verdict, ArithmeticError>;

    /// Completes a change and tries it, as one transaction does.
    ///
    /// # Errors
    /// When the business is not well-defined there.
    fn carry_out(
        &self,
        address: Address,
        resources: &mut Self::Resources,
        change: &mut ChangeOf<Self>,
    ) -> Result<Verdict, ArithmeticError> {
        self.read(address, resources, change)?;
        self.attempt(address, resources, change)
    }

    /// Whether the business may refuse that change for a reason its resources do not show.
    fn refusable(&self, change: &ChangeOf<Self>) -> bool;

    /// Whether that change is a transaction, which may fail for a passing reason. What is done outside of
    /// any is not.
    fn is_transaction(&self, _change: &ChangeOf<Self>) -> bool {
        true
    }

    /// Where in the workflow's definition the business of a change is written down that is not
    /// well-defined on those resources, for the error to point at.
    fn place(
        &self,
        _address: Address,
        _resources: &Self::Resources,
        _change: &ChangeOf<Self>,
    ) -> Option<Place> {
        None
    }

    /// The monitors, in their first state.
    fn monitors(&self) -> Vec<Self::Monitor>;

    /// Which monitors an event is told to, by position.
    fn watchers(&self, event: &Event<Self>) -> Vec<usize>;

    /// Tells a monitor what happened.
    fn observe(&self, monitor: &mut Self::Monitor, event: &Event<Self>);

    /// The workflows that differ in nothing but their numbers, so that it does not matter which of
    /// them is which. `None` where that is not so, or nobody made it so.
    ///
    /// The checker makes sure of it, and does without where it is not true.
    fn interchangeable(&self) -> Option<Interchangeable<Self>>
    where
        Self: Sized,
    {
        None
    }

    /// What services tell of when a process does that; nothing, if nobody observes it.
    fn tells(&self, _event: &Event<Self>) -> Activities {
        Activities::new()
    }

    /// What services tell of when the message of `from` arrives at a process; nothing, if nobody observes
    /// it.
    fn hears(&self, _process: Address, _from: Address, _message: &MessageOf<Self>) -> Activities {
        Activities::new()
    }

    /// The subject of that name in tasks of that operation: a step or a service, unless the protocol is
    /// about something else.
    fn subject(&self, _operation: Operation, name: &str) -> Option<Subject> {
        activity::subject_named(self.workflow(), name)
    }

    /// The name of a subject.
    fn subject_name(&self, subject: Subject) -> String {
        activity::name_of(self.workflow(), subject)
    }

    /// The name of the service that carries out tasks about a subject; empty if there is no single one.
    fn service_of(&self, subject: Subject) -> String {
        activity::service_of(self.workflow(), subject)
    }

    /// How states of a system of this protocol are read.
    fn reader(system: &System<Self>) -> StateReader<Self>
    where
        Self: Sized;

    /// The words for what the protocol says and does.
    fn words(&self) -> &dyn Words<Self>;
}

/// A value that can be written down, and read again.
pub trait Stored: Serialize + DeserializeOwned {}
impl<V: Serialize + DeserializeOwned> Stored for V {}

/// A [`ProtocolModel`] that can leave the model: what its processes keep and do can be written down, so
/// that a host can give them durable logs. Nothing has to be implemented for that.
pub trait Hostable:
    ProtocolModel<
        Resources: Stored,
        Process: Process<Record: Stored, Change: Stored, Message: Stored, Outcome: Stored>,
    >
{
}

impl<T> Hostable for T where
    T: ProtocolModel<
            Resources: Stored,
            Process: Process<Record: Stored, Change: Stored, Message: Stored, Outcome: Stored>,
        >
{
}

/// How a protocol's values read in a story.
pub trait Words<T: ProtocolModel + ?Sized>: Send + Sync {
    /// A process: `inventory`, `coordinator #1`.
    fn process(&self, address: Address) -> String;
    /// A message: `reserve-stock for #1`.
    fn message(&self, message: &MessageOf<T>) -> String;
    /// A log record: `step charge of #1 started`.
    fn record(&self, address: Address, record: &RecordOf<T>) -> String;
    /// A change: `reserve-stock of #1`.
    fn change(&self, change: &ChangeOf<T>) -> String;
    /// A timer: `no answer to charge`.
    fn timer(&self, timer: &TimerOf<T>) -> String;
    /// An outcome: `compensated`.
    fn outcome(&self, outcome: &OutcomeOf<T>) -> String;
    /// What workflows that ended like that are called: `compensated`.
    fn ending(&self, ending: Ending) -> &'static str {
        match ending {
            Ending::Completed => "completed",
            Ending::Compensated => "compensated",
            Ending::Failed => "failed",
        }
    }
    /// The resources of a process, as facts: `stock = 1`.
    fn resources(&self, address: Address, resources: &T::Resources) -> Vec<String>;
    /// How a process stands, by its log, if that is worth telling at the end of a story: `executing`.
    fn standing(&self, _address: Address, _log: &DurableOf<T>) -> Option<String> {
        None
    }
    /// What the monitor of that position knows, as facts worth telling at the end of a story.
    fn monitor(&self, position: usize, monitor: &T::Monitor) -> Vec<String>;
    /// The workflow that the monitor of that position watches, where there are several: `#1`.
    fn watched(&self, _position: usize) -> Option<String> {
        None
    }
}

/// The messages of a protocol.
pub type MessageOf<T> = <<T as ProtocolModel>::Process as Process>::Message;
/// What the logs of a protocol fold to.
pub type DurableOf<T> = <<T as ProtocolModel>::Process as Process>::Durable;
/// The log records of a protocol.
pub type RecordOf<T> = <<T as ProtocolModel>::Process as Process>::Record;
/// The changes of a protocol.
pub type ChangeOf<T> = <<T as ProtocolModel>::Process as Process>::Change;
/// The timers of a protocol.
pub type TimerOf<T> = <<T as ProtocolModel>::Process as Process>::Timer;
/// The outcomes of a protocol.
pub type OutcomeOf<T> = <<T as ProtocolModel>::Process as Process>::Outcome;

/// An effect that was carried out.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event<T: ProtocolModel + ?Sized> {
    /// By whom.
    pub process: Address,
    /// What.
    pub what: PerformedEffect<T>,
}

/// What a process did.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", bound = "T: Hostable")]
pub enum PerformedEffect<T: ProtocolModel + ?Sized> {
    /// Made a record durable.
    Persisted(RecordOf<T>),
    /// Tried a change.
    Applied(ChangeOf<T>, Verdict),
    /// Sent a message.
    Sent(Address, MessageOf<T>),
    /// Told the client.
    Finished(OutcomeOf<T>),
}
