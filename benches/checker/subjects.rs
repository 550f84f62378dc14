//! The models that are searched, by us and by Stateright.

use std::error::Error;
use std::hash::Hash;
use std::time::{Duration, Instant};

use amends::models::check::{self, Product, PropertyKind, Report};
use amends::models::protocol::two_phase_commit::gray_lamport::TwoPhase;
use amends::models::system::System;
use amends::models::system::saga::{self, Saga};
use amends::models::workflow::{Fault, FaultBudget, StepDraft, Workflow};
use stateright::{Checker as _, Model};

use crate::measurement::Checker;
use crate::stateright_two_phase::PlainTwoPhase;

/// A model to be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    TwoPhase7,
    TwoPhase8,
    Saga,
}

/// What a search found, and how long it took.
pub(crate) struct Search {
    pub(crate) states: u64,
    pub(crate) transitions: u64,
    pub(crate) elapsed: Duration,
}

impl Subject {
    pub(crate) const ALL: [Subject; 3] = [Subject::TwoPhase7, Subject::TwoPhase8, Subject::Saga];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::TwoPhase7 => "two-phase-7",
            Subject::TwoPhase8 => "two-phase-8",
            Subject::Saga => "saga",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        all.find(|subject| subject.name() == name).ok_or(format!("no model is called {name}"))
    }

    /// The number of resource managers, if it is two-phase commit.
    pub(crate) fn managers(self) -> Option<u8> {
        match self {
            Subject::TwoPhase7 => Some(7),
            Subject::TwoPhase8 => Some(8),
            Subject::Saga => None,
        }
    }

    pub(crate) fn search(self, checker: Checker, threads: usize) -> Result<Search, Box<dyn Error>> {
        if let Some(managers) = self.managers() {
            let two_phase = TwoPhase { managers };
            return Ok(match checker {
                Checker::Amends => ours(&two_phase, two_phase.properties(), threads),
                peer => theirs(PlainTwoPhase { managers: managers.into() }, peer, threads),
            });
        }
        let system = saga()?;
        Ok(match checker {
            // Stateright is only asked what it can answer, so we are asked no more.
            Checker::Amends => {
                let properties = system.properties().iter().filter(|property| {
                    matches!(property.kind, PropertyKind::Always | PropertyKind::Sometimes)
                });
                ours(&system, properties.cloned().collect(), threads)
            }
            peer => theirs(system, peer, threads),
        })
    }
}

/// Three steps, two instances at the same time, and some faults.
fn saga() -> Result<System<Saga>, Box<dyn Error>> {
    let mut builder = Workflow::builder("order").instances(2);
    for step in 0..3 {
        let service = format!("service-{step}");
        builder = builder
            .service(&service, [("count", 0)])
            .step(StepDraft::new(format!("step-{step}"), &service));
    }
    let faults =
        FaultBudget::none().allow(Fault::Crash, 1).allow(Fault::Lose, 1).allow(Fault::Refuse, 1);
    let workflow = builder.faults(faults).build()?;
    Ok(saga::system(&workflow, &Default::default()))
}

type Properties<P> = Vec<check::Property<check::Parts<<P as Product>::Part>>>;

fn ours<P: Product>(product: &P, properties: Properties<P>, threads: usize) -> Search {
    let report: Report<_, _> =
        check::product(product).properties(properties).symmetry(false).threads(threads).run();
    assert!(report.holds(), "the models of this benchmark keep their properties");
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
        Checker::Amends | Checker::StaterightBfs => {
            let search = builder.spawn_bfs().join();
            (search.unique_state_count(), search.state_count())
        }
    };
    let elapsed = start.elapsed();
    Search { states: states as u64, transitions: (generated - initial) as u64, elapsed }
}
