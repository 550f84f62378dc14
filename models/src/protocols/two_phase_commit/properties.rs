//! The properties of two-phase commit.
//!
//! Agreement, validity and stability are those of the atomic commit problem (Bernstein, Hadzilacos and
//! Goodman 1987, chapter 7; Skeen 1981 for non-blocking), each stated of what participants really did.

use amends_check::{Parts, Property, Snapshot};
use smallvec::SmallVec;

use crate::process::{Address, WorkflowId};
use crate::system::{
    BuiltIn, Client, Ending, Local, NO_FORGOTTEN_REQUEST, OUTCOME_FINAL, Part, ProtocolModel,
    SETTLES, StateReader, Status, System, WELL_DEFINED,
};
use crate::workflow::Fault;

use super::knobs::{Heuristic, Suspicion, Work};
use super::log::{BranchState, Branches, TwoPhaseOutcome};
use super::message::Decision;
use super::system::TwoPhaseCommit;
use super::witness::{BranchHistory, TwoPhaseWitness};

/// The built-in properties of two-phase commit.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    WELL_DEFINED,
    AGREEMENT,
    VALIDITY,
    STABILITY,
    SETTLES,
    OUTCOME_FINAL,
    NO_FORGOTTEN_REQUEST,
    NON_BLOCKING,
    NO_SPLIT_SNAPSHOT,
    NO_ABANDONED_LOCKS,
    HANGING_REPORTED,
    NO_HEURISTIC_DAMAGE,
    HEURISTICS_REPORTED,
];

/// Atomic commitment: nobody commits what another aborts.
pub(crate) const AGREEMENT: BuiltIn = BuiltIn::always(
    "agreement",
    "all participants of a transaction commit or all abort, and the client is told which",
);

/// Nothing is committed that was not promised.
pub(crate) const VALIDITY: BuiltIn =
    BuiltIn::always("validity", "a transaction commits only if every participant promised to");

/// Promises and decisions last.
pub(crate) const STABILITY: BuiltIn = BuiltIn::always(
    "stability",
    "a participant goes back neither on its promise nor on a decision",
);

/// Nobody stays in doubt for ever.
pub(crate) const NON_BLOCKING: BuiltIn = BuiltIn::leads_to(
    "non-blocking",
    "a participant in doubt learns the decision, once faults stop",
);

/// Rows and log agree on what is prepared.
pub(crate) const NO_SPLIT_SNAPSHOT: BuiltIn = BuiltIn::always(
    "no-split-snapshot",
    "rows are prepared only for transactions that the log knows of",
);

/// Locks are given up where that is safe.
pub(crate) const NO_ABANDONED_LOCKS: BuiltIn = BuiltIn::leads_to(
    "no-abandoned-locks",
    "no lock is held for ever for a transaction that nobody promised to commit",
);

/// Locks are reported where giving them up is not safe.
pub(crate) const HANGING_REPORTED: BuiltIn =
    BuiltIn::leads_to("hanging-reported", "a participant that stays in doubt for ever says so");

/// No participant decides alone, and wrongly.
pub(crate) const NO_HEURISTIC_DAMAGE: BuiltIn = BuiltIn::always(
    "no-heuristic-damage",
    "a participant that decides alone decides as the others do",
);

/// Nobody hides that it did.
pub(crate) const HEURISTICS_REPORTED: BuiltIn = BuiltIn::always(
    "heuristics-reported",
    "where a participant decided alone and otherwise, the client is told",
);

/// The built-in properties of two-phase commit.
#[must_use]
pub(crate) fn two_phase_properties(
    system: &System<TwoPhaseCommit>,
) -> Vec<Property<TwoPhaseParts>> {
    let layout = StateLayout::new(system);
    let mut properties = safety(&layout);
    properties.extend(promises(&layout));
    properties.extend(liveness(&layout));
    properties.extend(hanging(&layout, system));
    properties.extend(heuristics(&layout, system));
    properties
}

/// How states of a two-phase commit are read.
#[must_use]
pub(crate) fn two_phase_reader(system: &System<TwoPhaseCommit>) -> StateReader<TwoPhaseCommit> {
    StateLayout::new(system).reader()
}

fn safety(layout: &StateLayout) -> Vec<Property<TwoPhaseParts>> {
    vec![
        layout.property(WELL_DEFINED, |s, v| s.locals(v).all(|local| local.defect.is_none())),
        layout
            .property(AGREEMENT, |s, v| {
                s.runs(v).all(|run| {
                    !(run.witness.any_committed() && run.witness.any_aborted())
                        && run.outcomes(v).all(|outcome| run.witness.agrees_with(outcome))
                })
            })
            .given(layout.look(|s, v| {
                s.runs(v).any(|run| run.witness.any_committed() || run.witness.any_aborted())
            })),
        layout
            .property(VALIDITY, |s, v| {
                s.runs(v).all(|run| {
                    !run.witness.any_committed()
                        || run.witness.branches.iter().all(|branch| branch.promised)
                })
            })
            .given(layout.look(|s, v| s.runs(v).any(|run| run.witness.any_committed()))),
        layout
            .property(STABILITY, |s, v| {
                s.branches(v).all(|(id, branch, log)| {
                    let both_ways = branch.committed && branch.aborted;
                    let forgotten =
                        branch.is_bound() && log.state(id) != Some(BranchState::Prepared);
                    !(both_ways || branch.repeated || forgotten)
                })
            })
            .given(layout.look(|s, v| s.branches(v).any(|(_, branch, _)| branch.promised))),
        layout
            .property(NO_SPLIT_SNAPSHOT, |s, v| {
                s.participants(v).all(|local| {
                    let log = TwoPhaseCommit::branches(local);
                    let mut rows = local.resources.prepared.iter();
                    rows.all(|id| log.state(*id) == Some(BranchState::Prepared))
                })
            })
            .given(
                layout.look(|s, v| {
                    s.participants(v).any(|local| !local.resources.prepared.is_empty())
                }),
            ),
    ]
}

/// What clients were told is final, and a request that was acknowledged is not forgotten.
fn promises(layout: &StateLayout) -> [Property<TwoPhaseParts>; 2] {
    let has_ended = |s: &StateLayout, v: View<'_>| s.runs(v).any(|run| run.outcomes(v).count() > 0);
    [
        layout
            .property(OUTCOME_FINAL, |s, v| {
                s.runs(v).all(|run| {
                    let mut told = run.clients(v).filter_map(|client| client.told().copied());
                    told.all(|told| run.outcomes(v).all(|outcome| outcome == told))
                })
            })
            .given(layout.look(move |s, v| {
                has_ended(s, v) || s.runs(v).any(|run| run.clients(v).any(|it| it.told().is_some()))
            })),
        layout
            .property(NO_FORGOTTEN_REQUEST, |s, v| {
                s.runs(v).all(|run| run.clients(v).all(|client| !client.is_forgotten()))
            })
            .given(layout.look(move |s, v| {
                has_ended(s, v) || s.runs(v).any(|run| run.clients(v).any(Client::is_forgotten))
            })),
    ]
}

fn liveness(layout: &StateLayout) -> Vec<Property<TwoPhaseParts>> {
    vec![
        layout.property(SETTLES, |s, v| s.is_settled(v)),
        layout
            .property(NON_BLOCKING, |s, v| !s.is_in_doubt(v))
            .given(layout.look(|s, v| s.is_in_doubt(v))),
    ]
}

/// What hangs and may be given up is given up; what hangs and may not is reported.
fn hanging(layout: &StateLayout, system: &System<TwoPhaseCommit>) -> Vec<Property<TwoPhaseParts>> {
    let knobs = system.protocol().plan().knobs();
    let mut properties = Vec::new();
    if knobs.work == Work::OwnRound {
        let works = |s: &StateLayout, v: View<'_>| {
            s.participants(v).any(|local| !local.volatile.participant.working().is_empty())
        };
        properties.push(
            layout.property(NO_ABANDONED_LOCKS, move |s, v| !works(s, v)).given(layout.look(works)),
        );
    }
    let halts = system.protocol().workflow().faults().total(Fault::Halt) > 0;
    if halts
        && !knobs.standby
        && knobs.heuristic == Heuristic::None
        && knobs.suspicion != Suspicion::AbortPrepared
    {
        let unreported = |s: &StateLayout, v: View<'_>| {
            s.runs(v).any(|run| {
                let mut coordinators = run.coordinators.iter();
                coordinators.all(|&slot| v.part(slot).process().status == Status::Halted)
                    && s.participants(v).any(|local| {
                        local.status != Status::Halted
                            && TwoPhaseCommit::branches(local).in_doubt().any(|id| id == run.id)
                            && !local.volatile.participant.hanging().contains(&run.id)
                    })
            })
        };
        properties.push(
            layout
                .property(HANGING_REPORTED, move |s, v| !unreported(s, v))
                .given(layout.look(unreported)),
        );
    }
    properties
}

fn heuristics(
    layout: &StateLayout,
    system: &System<TwoPhaseCommit>,
) -> Vec<Property<TwoPhaseParts>> {
    if system.protocol().plan().knobs().heuristic == Heuristic::None {
        return Vec::new();
    }
    vec![
        layout
            .property(NO_HEURISTIC_DAMAGE, |s, v| s.runs(v).all(|run| !s.is_damaged(v, &run)))
            .given(layout.look(|s, v| {
                s.branches(v)
                    .any(|(id, _, log)| matches!(log.state(id), Some(BranchState::Heuristic(_))))
            })),
        layout
            .property(HEURISTICS_REPORTED, |s, v| {
                s.runs(v).all(|run| {
                    !s.is_damaged(v, &run)
                        || run.outcomes(v).all(|outcome| outcome == TwoPhaseOutcome::Mixed)
                })
            })
            .given(layout.look(|s, v| s.runs(v).any(|run| s.is_damaged(v, &run)))),
    ]
}

/// The states of a two-phase commit, as its properties see them.
pub type TwoPhaseParts = Parts<Part<TwoPhaseCommit>>;

type View<'a> = Snapshot<'a, Part<TwoPhaseCommit>>;

/// Where to look for what in a state of the system.
#[derive(Clone)]
struct StateLayout {
    /// Who coordinates each transaction, and its witness.
    transactions: Vec<(SmallVec<[usize; 2]>, usize)>,
    /// By service.
    services: Vec<usize>,
    /// In the order of the plan.
    participants: Vec<usize>,
}

/// One transaction in a state.
struct Run<'a> {
    id: WorkflowId,
    coordinators: &'a [usize],
    witness: &'a TwoPhaseWitness,
}

impl Run<'_> {
    fn clients<'a>(
        &'a self,
        view: View<'a>,
    ) -> impl Iterator<Item = &'a Client<TwoPhaseOutcome>> + 'a {
        self.coordinators.iter().map(move |&slot| &view.part(slot).process().client)
    }

    fn outcomes<'a>(&'a self, view: View<'a>) -> impl Iterator<Item = TwoPhaseOutcome> + 'a {
        let logs = self.coordinators.iter().map(move |&slot| view.part(slot).process());
        logs.filter_map(|local| TwoPhaseCommit::coordinator_log(local).outcome())
    }
}

impl StateLayout {
    fn new(system: &System<TwoPhaseCommit>) -> Self {
        let protocol = system.protocol();
        let transactions = (0..protocol.workflow().instances()).map(WorkflowId).map(|id| {
            let coordinators = protocol.plan().coordinators(id);
            let slots = coordinators.map(|address| system.process_slot(address)).collect();
            (slots, system.monitor_slot(id.0 as usize))
        });
        let services = system.addresses().filter(|address| matches!(address, Address::Service(_)));
        let participants = protocol.plan().participants().iter();
        StateLayout {
            transactions: transactions.collect(),
            services: services.map(|address| system.process_slot(address)).collect(),
            participants: participants
                .map(|&service| system.process_slot(Address::Service(service)))
                .collect(),
        }
    }

    fn look(
        &self,
        condition: impl Fn(&StateLayout, View<'_>) -> bool + Send + Sync + 'static,
    ) -> impl for<'a> Fn(View<'a>) -> bool + Send + Sync + 'static {
        let layout = self.clone();
        move |view: View<'_>| condition(&layout, view)
    }

    fn property(
        &self,
        property: BuiltIn,
        condition: impl Fn(&StateLayout, View<'_>) -> bool + Send + Sync + 'static,
    ) -> Property<TwoPhaseParts> {
        property.property(self.look(condition))
    }

    fn locals<'a>(&self, view: View<'a>) -> impl Iterator<Item = &'a Local<TwoPhaseCommit>> {
        self.services.iter().map(move |&slot| view.part(slot).process())
    }

    fn participants<'a>(&self, view: View<'a>) -> impl Iterator<Item = &'a Local<TwoPhaseCommit>> {
        self.participants.iter().map(move |&slot| view.part(slot).process())
    }

    fn runs<'a>(&'a self, view: View<'a>) -> impl Iterator<Item = Run<'a>> {
        (0..self.transactions.len()).map(move |at| self.run(view, WorkflowId(at as u32)))
    }

    fn run<'a>(&'a self, view: View<'a>, id: WorkflowId) -> Run<'a> {
        let (coordinators, witness) = &self.transactions[id.0 as usize];
        Run { id, coordinators, witness: view.part(*witness).monitor() }
    }

    /// Every branch of every transaction, with the log of its participant.
    fn branches<'a>(
        &'a self,
        view: View<'a>,
    ) -> impl Iterator<Item = (WorkflowId, &'a BranchHistory, &'a Branches)> {
        self.runs(view).flat_map(move |run| {
            let logs = self.participants(view).map(TwoPhaseCommit::branches);
            run.witness.branches.iter().zip(logs).map(move |(branch, log)| (run.id, branch, log))
        })
    }

    fn is_in_doubt(&self, view: View<'_>) -> bool {
        self.participants(view).any(|local| TwoPhaseCommit::branches(local).in_doubt().count() > 0)
    }

    /// Every transaction ended at one of its coordinators, and nobody is in doubt of any.
    fn is_settled(&self, view: View<'_>) -> bool {
        self.runs(view).all(|run| run.outcomes(view).count() > 0) && !self.is_in_doubt(view)
    }

    /// Whether somebody decided alone, and otherwise than the others or the coordinator did.
    fn is_damaged(&self, view: View<'_>, run: &Run<'_>) -> bool {
        let logs = self.participants(view).map(TwoPhaseCommit::branches);
        let mut alone = logs.filter_map(|log| match log.state(run.id) {
            Some(BranchState::Heuristic(decision)) => Some(decision),
            _ => None,
        });
        let told = |wrong| run.outcomes(view).any(|outcome| outcome == wrong);
        alone.any(|decision| match decision {
            Decision::Commit => run.witness.any_aborted() || told(TwoPhaseOutcome::Aborted),
            Decision::Abort => run.witness.any_committed() || told(TwoPhaseOutcome::Committed),
        })
    }

    fn reader(&self) -> StateReader<TwoPhaseCommit> {
        let (settled, services, endings) = (self.clone(), self.services.clone(), self.clone());
        StateReader::new(
            self.transactions.len() as u32,
            move |view: View<'_>| settled.is_settled(view),
            move |view: View<'_>, (service, resource)| {
                let local = view.part(services[usize::from(service.0)]).process();
                local.resources.values[usize::from(resource.0)]
            },
            move |view: View<'_>, workflow| endings.ending(view, workflow),
        )
    }

    /// How a transaction ended, as the first of its coordinators that knows says.
    fn ending(&self, view: View<'_>, workflow: WorkflowId) -> Option<Ending> {
        let outcome = self.run(view, workflow).outcomes(view).next();
        outcome.map(Ending::from)
    }
}

impl From<TwoPhaseOutcome> for Ending {
    fn from(outcome: TwoPhaseOutcome) -> Self {
        match outcome {
            TwoPhaseOutcome::Committed => Ending::Completed,
            TwoPhaseOutcome::Aborted => Ending::Compensated,
            TwoPhaseOutcome::Mixed => Ending::Failed,
        }
    }
}
