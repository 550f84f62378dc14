//! The protocols, one row for each.
//!
//! A row names the protocol's folder, its definition and its choices; everything else is read from the
//! definition ([`ProtocolDefinition`]). Specs, `--set`, stores, reports and the runtime come here with a
//! [`Protocol`], which is *some* row, and never ask which.
//!
//! A new protocol is a folder, a `mod` line beside it, and a row.

use std::sync::Arc;

use crate::system::{BuiltIn, KnobSink, KnobSource, KnownFailure, ProtocolDefinition, WithSystem};
use crate::workflow::domain::Domain;
use crate::workflow::{Requirements, Workflow};

use super::any_system::{AnySystem, HideTypes};
use super::choreography::ChoreographyKnobs;
use super::event_sourcing::EventSourced;
use super::mixed::MixedChoices;
use super::outbox::OutboxKnobs;
use super::saga::SagaKnobs;
use super::tcc::TccKnobs;
use super::two_phase_commit::TwoPhaseKnobs;

/// Hands the tables in which specs turn knobs to a macro: what each is about, its name, and its type.
#[macro_export]
macro_rules! for_each_knob_table {
    ($receiver:ident) => {
        $receiver! {
            /// The choices of the saga; the default of each is right.
            saga: $crate::protocols::saga::SagaKnobs,
            /// The choices of the TCC; the default of each is right.
            tcc: $crate::protocols::tcc::TccKnobs,
            /// The choices of putting protocols together; the default of each is right.
            mixed: $crate::protocols::mixed::MixedKnobs,
            /// The choices of the choreography; the default of each is right.
            choreography: $crate::protocols::choreography::ChoreographyKnobs,
            /// The choices of the outbox; the default of each is right.
            outbox: $crate::protocols::outbox::OutboxKnobs,
            /// The choices of event sourcing; the default of each is right.
            event_sourcing: $crate::protocols::event_sourcing::EventSourcingKnobs,
            /// The choices of the two-phase commit; the default of each is right.
            two_phase_commit: $crate::protocols::two_phase_commit::TwoPhaseKnobs,
        }
    };
}

/// One of several protocols, with its choices: *some* row of a catalogue.
///
/// [`Protocol`] is a row of the catalogue of this crate. The definition of a protocol of your own is the
/// only row of a catalogue that has no other: see the [guide](crate::guide).
pub trait AnyProtocol: Clone {
    /// The names of all protocols of the catalogue, as specs have them.
    const NAMES: &'static [&'static str];

    /// Reads the definition of the protocol of that name; `None` if there is no such protocol.
    fn read<S: KnobSource>(name: &str, source: &S) -> Option<Result<Self, S::Error>>;

    /// The tables in which specs turn the knobs of any protocol of the catalogue.
    fn all_tables() -> Vec<&'static str>;

    /// The tables in which specs turn its knobs.
    fn tables(&self) -> &'static [&'static str];

    /// Its requirements of a workflow.
    fn requirements(&self) -> &dyn Requirements;

    /// Writes its choices down, table by table.
    fn write<S: KnobSink>(&self, sink: &mut S);

    /// The properties that it has in that workflow.
    fn built_in(&self, workflow: &Workflow) -> Vec<BuiltIn>;

    /// What implementers of it, and of the protocols it is made of, got wrong before.
    fn known_failures(&self) -> Vec<KnownFailure>;

    /// Its domain, if it is about events and not about steps.
    fn domain(&self) -> Option<&Arc<Domain>>;

    /// Whether stored records mean something else with another number of workflows.
    fn counts_workflows(&self) -> bool;

    /// Makes the system that carries the workflow out, with all its properties, and does something with
    /// it.
    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output;

    /// Makes that system, with its types hidden.
    fn system(&self, workflow: &Workflow) -> Box<dyn AnySystem> {
        self.with_system(workflow, HideTypes)
    }

    /// Its name in specs.
    fn name(&self) -> &'static str {
        self.requirements().name()
    }

    /// The nodes it runs on beside those of the services, as fault budgets name them.
    fn nodes(&self) -> Vec<String> {
        self.requirements().nodes()
    }
}

/// Every protocol is a catalogue of one row.
impl<D: ProtocolDefinition + Clone> AnyProtocol for D {
    const NAMES: &'static [&'static str] = &[D::NAME];

    fn read<S: KnobSource>(name: &str, source: &S) -> Option<Result<Self, S::Error>> {
        (name == D::NAME).then(|| <D as ProtocolDefinition>::read(source))
    }

    fn all_tables() -> Vec<&'static str> {
        D::TABLES.to_vec()
    }

    fn tables(&self) -> &'static [&'static str] {
        D::TABLES
    }

    fn requirements(&self) -> &dyn Requirements {
        self
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        ProtocolDefinition::write(self, sink);
    }

    fn built_in(&self, workflow: &Workflow) -> Vec<BuiltIn> {
        ProtocolDefinition::built_in(self, workflow)
    }

    fn known_failures(&self) -> Vec<KnownFailure> {
        D::KNOWN_FAILURES.to_vec()
    }

    fn domain(&self) -> Option<&Arc<Domain>> {
        ProtocolDefinition::domain(self)
    }

    fn counts_workflows(&self) -> bool {
        ProtocolDefinition::counts_workflows(self)
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        ProtocolDefinition::with_system(self, workflow, what)
    }
}

/// Makes the catalogue of its rows.
macro_rules! catalogue {
    ($($(#[$meaning:meta])* $row:ident($definition:ty),)+) => {
        /// The protocol that carries a workflow out, with its choices.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Protocol {
            $($(#[$meaning])* $row($definition),)+
        }

        /// Does the same with the definition of any row.
        macro_rules! with_definition {
            ($protocol:expr, $it:ident => $what:expr) => {
                match $protocol { $(Protocol::$row($it) => $what,)+ }
            };
        }

        impl Protocol {
            /// The properties of the protocol of that name, in every workflow or where there is
            /// something to say; none if there is no such protocol.
            #[must_use]
            pub fn properties_of(name: &str) -> &'static [BuiltIn] {
                $(if name == <$definition>::NAME {
                    return <$definition>::BUILT_IN;
                })+
                &[]
            }

            /// What implementers of the protocol of that name got wrong before; nothing, if there is no such
            /// protocol.
            #[must_use]
            pub fn known_failures_of(name: &str) -> &'static [KnownFailure] {
                $(if name == <$definition>::NAME {
                    return <$definition>::KNOWN_FAILURES;
                })+
                &[]
            }
        }

        impl AnyProtocol for Protocol {
            const NAMES: &'static [&'static str] = &[$(<$definition>::NAME),+];

            fn read<S: KnobSource>(name: &str, source: &S) -> Option<Result<Self, S::Error>> {
                $(if let Some(read) = <$definition as AnyProtocol>::read(name, source) {
                    return Some(read.map(Protocol::$row));
                })+
                None
            }

            fn all_tables() -> Vec<&'static str> {
                let mut all: Vec<&str> = [$(<$definition>::TABLES),+].concat();
                all.sort_unstable();
                all.dedup();
                all
            }

            fn tables(&self) -> &'static [&'static str] {
                with_definition!(self, it => it.tables())
            }

            fn requirements(&self) -> &dyn Requirements {
                with_definition!(self, it => it)
            }

            fn write<S: KnobSink>(&self, sink: &mut S) {
                with_definition!(self, it => ProtocolDefinition::write(it, sink));
            }

            fn built_in(&self, workflow: &Workflow) -> Vec<BuiltIn> {
                with_definition!(self, it => ProtocolDefinition::built_in(it, workflow))
            }

            fn known_failures(&self) -> Vec<KnownFailure> {
                let own = Self::known_failures_of(self.name());
                let parts = self.tables().iter().filter(|part| **part != self.name());
                let parts = parts.flat_map(|part| Self::known_failures_of(part));
                own.iter().chain(parts).copied().collect()
            }

            fn domain(&self) -> Option<&Arc<Domain>> {
                with_definition!(self, it => ProtocolDefinition::domain(it))
            }

            fn counts_workflows(&self) -> bool {
                with_definition!(self, it => ProtocolDefinition::counts_workflows(it))
            }

            fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
                with_definition!(self, it => ProtocolDefinition::with_system(it, workflow, what))
            }

            // Compiled with the catalogue, and for nobody else.
            fn system(&self, workflow: &Workflow) -> Box<dyn AnySystem> {
                with_definition!(self, it => ProtocolDefinition::with_system(it, workflow, HideTypes))
            }
        }

        $(impl From<$definition> for Protocol {
            fn from(definition: $definition) -> Protocol {
                Protocol::$row(definition)
            }
        })+
    };
}

catalogue! {
    /// An orchestrated saga.
    Saga(SagaKnobs),
    /// Try-Confirm-Cancel.
    Tcc(TccKnobs),
    /// A saga without a coordinator: services that react to events.
    Choreography(ChoreographyKnobs),
    /// Transactions of one service whose events reach others through an outbox.
    Outbox(OutboxKnobs),
    /// An event-sourced system, over its domain.
    EventSourcing(EventSourced),
    /// A two-phase commit.
    TwoPhaseCommit(TwoPhaseKnobs),
    /// Each step by the protocol it names, or that the workflow's rule picks.
    Mixed(MixedChoices),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source of the right choices, without a domain.
    struct Right;

    impl KnobSource for Right {
        type Error = ();

        fn knobs<K: Default>(&self, _table: &'static str) -> Result<K, ()> {
            Ok(K::default())
        }

        fn domain(&self) -> Result<Arc<Domain>, ()> {
            Err(())
        }
    }

    #[test]
    fn rows_go_by_the_names_of_their_protocols() {
        for name in Protocol::NAMES {
            match Protocol::read(name, &Right).expect("every name has a row") {
                Ok(protocol) => assert_eq!(protocol.name(), *name),
                Err(()) => assert_eq!(*name, "event-sourcing", "all others are about steps"),
            }
        }
        assert!(Protocol::read("two-phase", &Right).is_none());
    }

    /// The names of tables to which knobs were written.
    #[derive(Default)]
    struct Written(Vec<&'static str>);

    impl KnobSink for Written {
        fn knobs<K>(&mut self, table: &'static str, _knobs: &K) {
            self.0.push(table);
        }
    }

    macro_rules! names_of_tables {
        ($($(#[$meaning:meta])* $table:ident: $Knobs:ty,)+) => {
            [$(stringify!($table).replace('_', "-")),+]
        };
    }

    #[test]
    fn protocols_write_their_knobs_to_tables_of_the_catalogue() {
        let known = for_each_knob_table!(names_of_tables);
        for protocol in Protocol::NAMES.iter().filter_map(|name| Protocol::read(name, &Right)?.ok())
        {
            let mut written = Written::default();
            protocol.write(&mut written);
            assert_eq!(written.0, protocol.tables());
            assert!(written.0.iter().all(|table| known.iter().any(|it| it == table)));
        }
    }

    #[test]
    fn a_property_of_one_name_says_the_same_everywhere() {
        let all = Protocol::NAMES.iter().flat_map(|name| Protocol::properties_of(name));
        let all: Vec<&BuiltIn> = all.collect();
        for one in &all {
            let same = all.iter().filter(|other| other.name == one.name);
            assert!(same.clone().all(|other| other == one), "{:?}", same.collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_names_of_properties_are_reserved() {
        for protocol in Protocol::NAMES.iter().filter_map(|name| Protocol::read(name, &Right)?.ok())
        {
            let reserved = protocol.requirements().reserved_names();
            let properties = Protocol::properties_of(protocol.name());
            assert!(properties.iter().all(|property| reserved.contains(&property.name)));
        }
    }
}
