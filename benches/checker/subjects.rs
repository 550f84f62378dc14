//! The models that are searched, by us and by Stateright.

use std::error::Error;
use std::hash::Hash;
use std::path::Path;
use std::time::{Duration, Instant};

use amends::models::check::gray_lamport::TwoPhase;
use amends::models::check::{self, Product, PropertyKind, Report, Verify as _};
use amends::models::system::{ProtocolModel, System, WithSystem};
use amends::models::workflow::{Fault, FaultBudget};
use amends::spec;
use stateright::{Checker as _, Model};

use crate::measurement::Checker;
use crate::stateright_two_phase::PlainTwoPhase;

/// A model to be searched.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    /// Gray and Lamport's TwoPhase with so many resource managers. Stateright searches the model that
    /// comes with it.
    TwoPhase(&'static str, u8),
    /// The system of a spec of this name, with a fault budget that lets Stateright end in a minute or
    /// two. Both search the same system.
    Spec(&'static str, &'static [(Fault, Option<&'static str>)]),
}

/// What a search found, and how long it took.
pub(crate) struct Search {
    pub(crate) states: u64,
    pub(crate) transitions: u64,
    pub(crate) elapsed: Duration,
}

/// Where the specs are.
const SPECS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/specs");

const ORDER_SAGA: &[(Fault, Option<&str>)] = &[
    (Fault::Crash, Some("coordinator")),
    (Fault::Crash, Some("inventory")),
    (Fault::Duplicate, None),
];
const TCC: &[(Fault, Option<&str>)] = &[
    (Fault::Crash, Some("inventory")),
    (Fault::Lose, Some("inventory")),
    (Fault::Duplicate, Some("inventory")),
];
const TRANSFER: &[(Fault, Option<&str>)] = &[
    (Fault::Crash, Some("coordinator")),
    (Fault::Lose, Some("receiving")),
    (Fault::Duplicate, Some("receiving")),
];
const CHOREOGRAPHY: &[(Fault, Option<&str>)] =
    &[(Fault::Crash, Some("inventory")), (Fault::Lose, None)];
const OUTBOX: &[(Fault, Option<&str>)] = &[(Fault::Crash, Some("relay-1")), (Fault::Lose, None)];
const EVENT_SOURCING: &[(Fault, Option<&str>)] = &[(Fault::Lose, None), (Fault::Duplicate, None)];

impl Subject {
    pub(crate) const ALL: [Subject; 8] = [
        Subject::TwoPhase("two-phase-7", 7),
        Subject::TwoPhase("two-phase-8", 8),
        Subject::Spec("order-saga", ORDER_SAGA),
        Subject::Spec("tcc-order", TCC),
        Subject::Spec("two-phase-transfer", TRANSFER),
        Subject::Spec("order-choreography", CHOREOGRAPHY),
        Subject::Spec("outbox-order", OUTBOX),
        Subject::Spec("event-sourced-order", EVENT_SOURCING),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::TwoPhase(name, _) | Subject::Spec(name, _) => name,
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        all.find(|subject| subject.name() == name).ok_or(format!("no model is called {name}"))
    }

    /// The number of resource managers, if it is Gray and Lamport's TwoPhase.
    pub(crate) fn managers(self) -> Option<u8> {
        match self {
            Subject::TwoPhase(_, managers) => Some(managers),
            Subject::Spec(..) => None,
        }
    }

    /// Whether a checker is measured on it. The states of a system take kilobytes each as a whole, so
    /// nobody should keep all of them.
    pub(crate) fn is_searched_by(self, checker: Checker) -> bool {
        checker != Checker::AmendsVerify || self.managers().is_some()
    }

    pub(crate) fn search(self, checker: Checker, threads: usize) -> Result<Search, Box<dyn Error>> {
        match self {
            Subject::TwoPhase(_, managers) => {
                let two_phase = TwoPhase { managers };
                let plain = PlainTwoPhase { managers: managers.into() };
                Ok(match checker {
                    Checker::Amends => ours(&two_phase, two_phase.properties(), threads),
                    Checker::AmendsVerify => result_of(&plain.verify().threads(threads).run()),
                    peer => theirs(plain, peer, threads),
                })
            }
            Subject::Spec(name, faults) => {
                let spec = spec::read(Path::new(SPECS).join(name).with_extension("toml"))?;
                let none = FaultBudget::none();
                let budget = faults.iter().fold(none, |budget, &(fault, node)| match node {
                    Some(node) => budget.allow_at(fault, node, 1),
                    None => budget.allow(fault, 1),
                });
                let design = spec.design.with_faults(budget);
                Ok(design.with_system(Searching { checker, threads }))
            }
        }
    }
}

/// A search, before the protocol of the system is known.
struct Searching {
    checker: Checker,
    threads: usize,
}

impl WithSystem for Searching {
    type Output = Search;

    fn with<T: ProtocolModel>(self, system: System<T>) -> Search {
        match self.checker {
            // Stateright is only asked what it can answer, so we are asked no more.
            Checker::Amends => {
                let properties = system.properties().iter().filter(|property| {
                    matches!(property.kind, PropertyKind::Always | PropertyKind::Sometimes)
                });
                ours(&system, properties.cloned().collect(), self.threads)
            }
            peer => theirs(system, peer, self.threads),
        }
    }
}

type Properties<P> = Vec<check::Property<check::Parts<<P as Product>::Part>>>;

fn ours<P: Product>(product: &P, properties: Properties<P>, threads: usize) -> Search {
    let report: Report<_, _> =
        check::product(product).properties(properties).symmetry(false).threads(threads).run();
    result_of(&report)
}

fn result_of<S, A>(report: &Report<S, A>) -> Search {
    assert!(report.is_complete() && !report.is_violated(), "these models keep their properties");
    Search { states: report.states, transitions: report.transitions, elapsed: report.elapsed }
}

fn theirs<M>(model: M, checker: Checker, threads: usize) -> Search
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + PartialEq + std::fmt::Debug + Hash + Send + Sync + 'static,
    M::Action: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static,
{
    let initial = model.init_states().len();
    let builder = model.checker().threads(threads);
    let start = Instant::now();
    let (states, generated) = match checker {
        Checker::StaterightDfs => {
            let search = builder.spawn_dfs().join();
            (search.unique_state_count(), search.state_count())
        }
        Checker::Amends | Checker::AmendsVerify | Checker::StaterightBfs => {
            let search = builder.spawn_bfs().join();
            (search.unique_state_count(), search.state_count())
        }
    };
    let elapsed = start.elapsed();
    Search { states: states as u64, transitions: (generated - initial) as u64, elapsed }
}
