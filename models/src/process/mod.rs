//! A process of a protocol: what goes in, what comes out, and what its host owes it.
//!
//! A [`Process`] is a pure function from a state and an [`Input`] to a new state and an ordered list
//! of [`Effect`]s. Its state has two parts. The *durable* part is what the process's log folds to: it
//! changes only through [`Process::fold`], once per persisted record, and it is all that is left
//! after a crash. The *volatile* part is lost in a crash.
//!
//! # The duties of a host
//!
//! A host is whatever runs a process: the model, a Tokio task, a simulator. It must:
//!
//! 1. **Give one input at a time**, and carry out all effects of an input before giving the next.
//! 2. **Carry effects out in order.** An effect may rely on every effect before it: a `Send` that
//!    follows a `Persist` must not leave before the record is durable.
//! 3. **Fold what it persisted.** After [`Effect::Persist`] (and [`Effect::Transact`]) the host calls
//!    [`Process::fold`] on the durable state with that same record.
//! 4. **Answer attempts.** After [`Effect::Apply`] and [`Effect::Transact`] the host gives
//!    [`Input::Applied`] with what the resources said, before any other input. A change may also read:
//!    it is then completed with what it finds, in the transaction in which it is tried, and the process
//!    is given the completed change.
//! 5. **Do nothing after a crash but recover.** Effects not yet carried out are lost, the volatile
//!    state is `Default::default()`, and the first input is [`Input::Recover`].
//!
//! A crash may fall between any two effects, and between an effect and its answer. The model tries
//! all of those places; that is what the order of effects is proven against.
//!
//! The same core is hosted by the model ([`crate::system`]), by Stateright's actors and by a real
//! runtime.
//!
//! The shape follows etcd's raft library (`Ready` lists what must be durable before what may be sent)
//! and Rust's sans-IO protocol crates.

mod answer;
pub mod barrier;
pub mod host;
mod ids;
pub(crate) mod knob;
mod locals;
pub mod nodes;
pub mod promise;
pub mod rename;
pub mod retry;
mod translation;

use std::fmt::Debug;
use std::hash::Hash;

use derive_where::derive_where;

use serde::{Deserialize, Serialize};

use rename::{Exchange, Rename, renames};

pub use answer::Answer;
pub use ids::{Address, ServiceId, StepId, StepSet, WorkflowId};
pub use locals::{LocalId, LocalSet, Locals};
pub use translation::Translation;

/// What a state, record, message or timer of a process must be: a plain value that can be compared,
/// hashed, ordered and shown.
pub trait Value: Clone + Eq + Ord + Hash + Debug + Send + Sync + 'static {}
impl<T: Clone + Eq + Ord + Hash + Debug + Send + Sync + 'static> Value for T {}

/// A deterministic state machine that takes part in a protocol.
///
/// See the [module documentation](self) for what a host owes it.
pub trait Process: Send + Sync + 'static {
    /// What a crash destroys. Its default is the state after a crash, and before the start.
    type Volatile: Value + Default;
    /// What the durable log folds to. Its default is the empty log.
    type Durable: Value + Default;
    /// An entry of the durable log.
    type Record: Value;
    /// A change to the resources the process owns: rows of its own database. What it means is the
    /// business of the workflow, not of the protocol.
    type Change: Value;
    /// What processes of this protocol say to each other.
    type Message: Value;
    /// The name of a timer. Setting a timer that is set restarts it.
    type Timer: Value;
    /// What is told to the client at the end.
    type Outcome: Value;

    /// Adds one record of the log to the durable state.
    fn fold(&self, durable: &mut Self::Durable, record: &Self::Record);

    /// Takes one input. Effects are appended to `effects` in the order they must be carried out.
    fn handle(
        &self,
        volatile: &mut Self::Volatile,
        durable: &Self::Durable,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    );

    /// Whether the process still waits for the client's [`Input::Start`]. A client repeats its
    /// request until this turns false, which must only happen once the request is durable.
    fn awaits_start(&self, volatile: &Self::Volatile, durable: &Self::Durable) -> bool;

    /// Whether the client was told that its request is taken on, and will not ask again. Only what is
    /// durable can be promised; a process that promises sooner is to say so here, and is found out.
    fn acknowledges(&self, _volatile: &Self::Volatile, durable: &Self::Durable) -> bool {
        !self.awaits_start(&Self::Volatile::default(), durable)
    }

    /// How it ended, by what is durable. A log that says so never says anything else later.
    fn outcome(&self, _durable: &Self::Durable) -> Option<Self::Outcome> {
        None
    }

    /// Whether the process is bound to that outcome by what is durable: it will tell it again after a
    /// crash, and no other. An outcome that is told sooner may be taken back by a crash.
    fn is_bound_to(
        &self,
        _volatile: &Self::Volatile,
        _durable: &Self::Durable,
        _outcome: &Self::Outcome,
    ) -> bool {
        true
    }

    /// The peer whose answer `timer` stands in for.
    ///
    /// A timer that awaits a peer is due once the answer can no longer be on its way; before that,
    /// its firing is a *spurious timeout*, a fault. A timer that awaits nobody (a deadline, a
    /// heartbeat) may fire at any time.
    fn awaits(&self, timer: &Self::Timer) -> Option<Address>;

    /// Whether `peer`, which set `timer`, will hear from this process without asking again: it put
    /// something off (an open transaction, a request that waits for its answer), or owes everybody a
    /// decision. Until that is done, the timer is not due. A process that is down owes what its log
    /// alone will make it tell when it recovers.
    fn still_owes(
        &self,
        _volatile: &Self::Volatile,
        _durable: &Self::Durable,
        _peer: Address,
        _timer: &Self::Timer,
    ) -> bool {
        false
    }

    /// Whether the message is *stale*: the process will never heed it, whatever happens from now on. It
    /// neither changes anything nor is it answered when it comes now, and so it is in every later state
    /// of the process's life. A crash may come at any time, so only the log can tell. A late duplicate
    /// of a reply is stale once the log has what came of it; whatever comes when all is over is, if
    /// the process has nothing more to say.
    ///
    /// The model takes such messages away, and so has fewer states. The checker makes sure, on every
    /// state it meets, that they are stale; hosts deliver them like any other.
    fn is_stale(&self, _log: &Self::Durable, _from: Address, _message: &Self::Message) -> bool {
        false
    }

    /// Whether `timer` only paces the process's own work (when to look again, when to go on), instead
    /// of standing in for somebody's answer. Hosts keep such waits short.
    fn paces(&self, _timer: &Self::Timer) -> bool {
        false
    }

    /// Whether the process could as well be many, one for each workflow: what it keeps of one has no
    /// bearing on any other, it hears of each only from that workflow's own processes, and it keeps
    /// nothing in memory between inputs. A host may then serve workflows side by side, each in order.
    fn splits_by_workflow(&self) -> bool {
        false
    }

    /// The peer whose heartbeats `timer` listens for.
    ///
    /// A timer that watches a peer is a failure detector (Chandra and Toueg 1996): it runs out when
    /// the peer was silent for too long. Heartbeats are the host's business, not messages of the
    /// protocol. In the model such a timer is due while the peer is down, halted or cut off; before
    /// that, its firing is a *spurious timeout*, which suspects the living.
    fn watches(&self, _timer: &Self::Timer) -> Option<Address> {
        None
    }
}

/// What happens to a process.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input<P: Process + ?Sized> {
    /// The client asks for the workflow. May be repeated until it is accepted.
    Start,
    /// The client takes its request back, or its deadline passed.
    Cancel,
    /// The process comes back after a crash, with its durable state and nothing else.
    Recover,
    /// A message arrived.
    Message {
        /// Who sent it.
        from: Address,
        /// What it says.
        message: P::Message,
    },
    /// A timer that was set has run out.
    TimerFired(P::Timer),
    /// The resources answered an [`Effect::Apply`] or [`Effect::Transact`].
    Applied {
        /// The change that was tried, completed with what it read.
        change: P::Change,
        /// What the resources said.
        verdict: Verdict,
    },
}

/// What a process wants done. See the [module documentation](self) for the order and the duties.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect<P: Process + ?Sized> {
    /// Append the record to the durable log.
    Persist(P::Record),
    /// Try the change on the process's own resources, in a transaction of its own.
    /// Answered with [`Input::Applied`].
    Apply(P::Change),
    /// Try the change and append a record, in *one* local transaction. Only for stores that really
    /// give one transaction over both. Answered with [`Input::Applied`].
    Transact {
        /// The change to try.
        change: P::Change,
        /// Appended if the change is accepted.
        accepted: P::Record,
        /// Appended if the change is refused, if anything.
        refused: Option<P::Record>,
    },
    /// Send a message. It may be lost, duplicated, delayed and reordered.
    Send {
        /// Who is to get it.
        to: Address,
        /// What it says.
        message: P::Message,
    },
    /// Start a timer, or restart it.
    SetTimer(P::Timer),
    /// Stop a timer. Stopping one that is not set does nothing.
    CancelTimer(P::Timer),
    /// Tell the client how it ended. May be repeated after a crash, with the same outcome.
    Finish(P::Outcome),
}

/// Effects in the order in which they must be carried out.
pub type Effects<P> = Vec<Effect<P>>;

/// What a process's resources said to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The change is made.
    Accepted,
    /// The business says no (out of stock, no money). Nothing changed, and asking again would not help.
    Refused,
    /// The transaction was rolled back for a passing reason (deadlock, full disk). Nothing changed.
    Failed,
}

impl<P> Rename for Effect<P>
where
    P: Process,
    P::Record: Rename,
    P::Change: Rename,
    P::Message: Rename,
    P::Timer: Rename,
    P::Outcome: Rename,
{
    fn rename(&mut self, names: Exchange) {
        match self {
            Effect::Persist(record) => record.rename(names),
            Effect::Apply(change) => change.rename(names),
            Effect::Transact { change, accepted, refused } => {
                change.rename(names);
                accepted.rename(names);
                refused.rename(names);
            }
            Effect::Send { to, message } => {
                to.rename(names);
                message.rename(names);
            }
            Effect::SetTimer(timer) | Effect::CancelTimer(timer) => timer.rename(names),
            Effect::Finish(outcome) => outcome.rename(names),
        }
    }
}

renames!(nothing in Verdict);
