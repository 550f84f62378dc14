//! A system of *some* protocol, with its types hidden.
//!
//! Each protocol makes a type of system of its own, and code that is generic over those is compiled once
//! for each of them. Most of it does not have to be: who checks a system, tells its counterexamples or
//! holds observations against it never looks at a message. [`AnySystem`] is what all systems can be asked
//! for; whoever needs the types (a host that stores records) says so with a
//! [`WithSystem`].

use amends_check::{Opaque, OpaqueRun, OpaqueSubject, Snapshot, Verification};

use crate::conformance::{self, Conformance, ObservedRun};
use crate::system::story::Story;
use crate::system::{
    Action, Ending, ErasedModel, Granularity, Hostable, Operation, Part, ProtocolModel, Subject,
    System, WithSystem,
};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Fault, Workflow};

/// A [`System`] of some protocol.
pub trait AnySystem: Send + Sync {
    /// The same system, with another idea of what makes one transition.
    fn with_granularity(self: Box<Self>, granularity: Granularity) -> Box<dyn AnySystem>;

    /// The workflow that it carries out.
    fn workflow(&self) -> &Workflow;

    /// The names of the nodes that its processes run on.
    fn nodes(&self) -> &[String];

    /// The names of the properties that must be true of it.
    fn property_names(&self) -> Vec<&str>;

    /// Starts a check of those of its properties that are wanted, by name.
    fn verify_some(&self, wanted: &dyn Fn(&str) -> bool) -> Verification<'_, OpaqueSubject<'_>>;

    /// Starts a check of everything that must be true of it.
    fn verify(&self) -> Verification<'_, OpaqueSubject<'_>> {
        self.verify_some(&|_| true)
    }

    /// Tells a run, event by event.
    fn story(&self, run: &OpaqueRun) -> Story;

    /// An action in one line, for lists of actions.
    fn describe(&self, action: &Opaque) -> String;

    /// The faults that strike in an action.
    fn faults(&self, action: &Opaque) -> Vec<Fault>;

    /// The change at the end of a run whose arithmetic has no result, if there is one.
    fn defect(&self, run: &OpaqueRun) -> Option<Defect>;

    /// What a property has to say of the last state of a run.
    fn remark(&self, property: &str, run: &OpaqueRun) -> Option<String>;

    /// Whether it has a run that shows just what was observed.
    fn judge(&self, run: &ObservedRun, limits: conformance::Limits) -> Conformance;

    /// The subject of that name in tasks of that operation.
    fn subject(&self, operation: Operation, name: &str) -> Option<Subject>;

    /// The name of a subject.
    fn subject_name(&self, subject: Subject) -> String;

    /// The name of the service that carries out tasks about a subject; empty if there is no single one.
    fn service_of(&self, subject: Subject) -> String;

    /// What workflows that ended like that are called.
    fn ending_word(&self, ending: Ending) -> &'static str;

    /// The system as a model of Stateright's.
    fn into_model(self: Box<Self>) -> ErasedModel;
}

/// Business whose arithmetic has no result.
#[derive(Clone, Debug)]
pub struct Defect {
    /// What is wrong with it.
    pub error: ArithmeticError,
    /// Where it is written down.
    pub place: Place,
    /// The change that was tried, in words.
    pub change: String,
}

/// Hides the types of a system.
pub(super) struct HideTypes;

impl WithSystem for HideTypes {
    type Output = Box<dyn AnySystem>;

    fn with<T: Hostable>(self, system: System<T>) -> Box<dyn AnySystem> {
        Box::new(system)
    }
}

impl<T: ProtocolModel> AnySystem for System<T> {
    fn with_granularity(self: Box<Self>, granularity: Granularity) -> Box<dyn AnySystem> {
        Box::new(self.granularity(granularity))
    }

    fn workflow(&self) -> &Workflow {
        self.protocol().workflow()
    }

    fn nodes(&self) -> &[String] {
        System::nodes(self)
    }

    fn property_names(&self) -> Vec<&str> {
        self.properties().iter().map(|property| property.name.as_str()).collect()
    }

    fn verify_some(&self, wanted: &dyn Fn(&str) -> bool) -> Verification<'_, OpaqueSubject<'_>> {
        let properties = self.properties().iter().filter(|property| wanted(&property.name));
        amends_check::opaque(self, properties.cloned())
    }

    fn story(&self, run: &OpaqueRun) -> Story {
        System::story(self, &run.reveal())
    }

    fn describe(&self, action: &Opaque) -> String {
        System::describe(self, action.seen())
    }

    fn faults(&self, action: &Opaque) -> Vec<Fault> {
        action.seen::<Action<T>>().faults()
    }

    fn defect(&self, run: &OpaqueRun) -> Option<Defect> {
        self.addresses().zip(run.end()).find_map(|(address, part)| {
            let Part::Process(local) = part.seen::<Part<T>>() else { return None };
            let (change, error) = local.defect.as_ref()?;
            Some(Defect {
                error: *error,
                place: self.protocol().place(address, &local.resources, change)?,
                change: self.protocol().words().change(change),
            })
        })
    }

    fn remark(&self, property: &str, run: &OpaqueRun) -> Option<String> {
        let property = self.properties().iter().find(|it| it.name == property)?;
        let last: Vec<&Part<T>> = run.end().iter().map(Opaque::seen).collect();
        property.remark.as_ref()?(Snapshot::new(&last))
    }

    fn judge(&self, run: &ObservedRun, limits: conformance::Limits) -> Conformance {
        conformance::judge(self, run, limits)
    }

    fn subject(&self, operation: Operation, name: &str) -> Option<Subject> {
        self.protocol().subject(operation, name)
    }

    fn subject_name(&self, subject: Subject) -> String {
        self.protocol().subject_name(subject)
    }

    fn service_of(&self, subject: Subject) -> String {
        self.protocol().service_of(subject)
    }

    fn ending_word(&self, ending: Ending) -> &'static str {
        self.protocol().words().ending(ending)
    }

    fn into_model(self: Box<Self>) -> ErasedModel {
        ErasedModel::new(*self)
    }
}
