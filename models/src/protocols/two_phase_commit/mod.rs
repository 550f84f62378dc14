//! Two-phase commit: all participants commit, or none does.
//!
//! A coordinator asks every participant whether it can commit. A participant that says yes gives up
//! the right to decide alone: until it hears the decision it is *in doubt*. The coordinator commits
//! only when all said yes. The protocol is safe whatever is lost, and blocks when the coordinator is
//! gone for good while somebody is in doubt (Gray 1978; Lampson and Sturgis 1979; Skeen 1981 shows
//! that no protocol of two phases can avoid it).
//!
//! One [`TwoPhaseCoordinator`] runs one transaction, one [`TwoPhaseParticipant`] serves one service.
//! Everything that real systems got wrong about this is a [knob](TwoPhaseKnobs).
//!
//! | participant | meaning | its log |
//! |---|---|---|
//! | unknown, working | nothing is promised: it may abort alone | empty |
//! | prepared | in doubt: it can commit and can abort, and may do neither alone | `Prepared` |
//! | committed, aborted | ended; what arrives late changes nothing | `Committed`, `Aborted` |
//! | heuristic | it decided alone although it was in doubt, and must report it | `Heuristic` |
//!
//! *Presumed abort*: the coordinator logs that it commits before it tells anybody, and logs nothing of
//! an abort. A transaction its log does not decide is aborted, and an inquiry about one that it has
//! forgotten is answered with abort: it forgets a commit only when everybody acknowledged it.
//!
//! *Blocking* is met in two ways that do not give up agreement: participants inquire, and report that
//! a transaction hangs when the coordinator's heartbeats stop; and a coordinator may have a
//! [standby](TwoPhaseKnobs::standby). The two then share a [`DecisionStore`], in which they
//! [claim the lead](crate::protocols::lease) and write the decision.
//!
//! [`gray_lamport`](amends_check::gray_lamport) is the specification that the literature reasons about, and the yardstick of the
//! checker: other checkers have counted its states.

mod activity;
mod coordinator;
mod definition;
pub(super) mod failures;
mod knobs;
mod log;
mod message;
mod participant;
mod plan;
pub(super) mod properties;
mod store;
mod system;
mod timer;
mod validate;
mod witness;
mod words;

pub use coordinator::{CoordinatorMemory, Stage, TwoPhaseCoordinator};
pub use knobs::{
    CommitLog, DecisionLog, Heuristic, HeuristicReport, Locks, PrepareLog, Presumption, Silence,
    Snapshot, Suspicion, TwoPhaseExceptions, TwoPhaseKnobs, Work,
};
pub use log::{
    BranchRecord, BranchState, Branches, CoordinatorLog, CoordinatorRecord, TwoPhaseOutcome,
    TwoPhasePhase,
};
pub use message::{Decision, Saying, TwoPhaseMessage, Vote};
pub use participant::{BranchChange, ChangeKind, ParticipantMemory, TwoPhaseParticipant};
pub use plan::{ServiceSet, TwoPhasePlan};
pub use properties::TwoPhaseParts;
pub use store::{DecisionStore, StoreRecord};
pub use system::{Rows, TwoPhaseCommit, TwoPhaseProcess, system};
pub use timer::TwoPhaseTimer;
pub use witness::{BranchHistory, TwoPhaseWitness};
