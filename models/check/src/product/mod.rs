//! Models made of parts: a synchronised product of small automata.
//!
//! A global state is a row of *slots*, each holding a *part*: a process, a link, the fault budget, a
//! monitor. Every transition starts as a [`Move`] of one slot, and may put [requests](Move::requests)
//! to other slots; each answers with its next part or refuses, and then the move is not possible.
//!
//! That shape is what makes exploration fast. Moves depend on one part only, and answers on one part
//! and one request, so each is computed once per distinct value, however many millions of global
//! states share it. A global state is a short row of small integers. The idea is SPIN's COLLAPSE
//! compression (Holzmann 1997) joined with LTSmin's caching of local transitions (Blom, van de Pol,
//! Weber 2010), and the composition is the handshake of process algebra.
//!
//! Any specification whose state is a tuple is a product, such as Gray and Lamport's
//! [`TwoPhase`](crate::gray_lamport::TwoPhase).

pub(crate) mod automata;
pub(crate) mod memo;
pub(crate) mod stale;

use std::fmt::Debug;
use std::hash::Hash;

use derive_where::derive_where;

/// A model whose state is a row of parts. See the [module documentation](self).
///
/// `moves` and `answer` must be deterministic functions of their arguments: they are called once per
/// distinct argument and remembered.
pub trait Product: Send + Sync {
    /// What a slot holds.
    type Part: Clone + Eq + Hash + Debug + Send + Sync + 'static;
    /// What one slot may ask of another.
    type Request: Clone + Eq + Hash + Debug + Send + Sync;
    /// The label of a transition. In one state, different moves have different labels.
    type Action: Clone + Eq + Hash + Debug + Send + Sync;

    /// The initial states. All have the same width: one part per slot.
    fn initial(&self) -> Vec<Vec<Self::Part>>;

    /// Appends the moves that may start in `slot` while it holds `part`.
    fn moves(&self, slot: usize, part: &Self::Part, moves: &mut Vec<Move<Self>>);

    /// What `slot` becomes when it grants `request` while holding `part`; `None` when it refuses.
    fn answer(&self, slot: usize, part: &Self::Part, request: &Self::Request)
    -> Option<Self::Part>;

    /// Whether the action must happen eventually when it stays (or keeps becoming) possible.
    fn fairness(&self, _action: &Self::Action) -> Fairness {
        Fairness::None
    }

    /// The group of actions that this one is treated fairly with, named by one of them; by default,
    /// every action is a group of its own.
    ///
    /// Actions of the same [fairness](Self::fairness) and the same group are one constraint: it is
    /// enabled where one of them is possible, and met when one of them is taken (what TLA+ writes
    /// `WF(A \/ B)`, and not `WF(A) /\ WF(B)`). Actions that carry data, of which it does not
    /// matter which one is taken, belong together.
    fn fairness_group(&self, action: &Self::Action) -> Self::Action {
        action.clone()
    }

    /// The sizes of the sets of interchangeable things: identical participants, identical instances.
    ///
    /// To be interchangeable means that [swapping](Self::swap) two things everywhere in a state turns
    /// its successors into the successors of the new state, and that no condition tells the two
    /// states apart. The checker proves that while it searches. Where it is not true, the
    /// symmetry is [refused](crate::ReductionReport), and the whole space is explored instead. Where there
    /// are more than 24 renamings, and conditions do more than [count](Snapshot::count) parts, only some of
    /// the things are taken to be interchangeable.
    fn symmetry(&self) -> Vec<usize> {
        Vec::new()
    }

    /// Whether a request is *stale* for a slot that holds this part: the part always grants it, and that
    /// makes no difference to anybody, neither now nor ever after. A message is such a request when its
    /// receiver will never heed it again.
    ///
    /// What is stale is [taken away](Self::normalized), and states that differ in nothing else are
    /// explored once. That is audited on every part that the search meets: with and without the
    /// request, it must have the same moves and answers, but for moves that do nothing else than take the
    /// request in, or waste it; and the request must be stale for all that the part becomes. Where that is
    /// not so, the [reduction](crate::Reduction::StaleMessages) is refused.
    fn is_stale(&self, _slot: usize, _part: &Self::Part, _request: &Self::Request) -> bool {
        false
    }

    /// The part without what [stale](Self::is_stale) requests have left in it; `None` if there is
    /// nothing of the kind, or if the part could not take it in at once.
    fn normalized(&self, _slot: usize, _part: &Self::Part) -> Option<Self::Part> {
        None
    }

    /// What a request asks for when two interchangeable things swap their names.
    fn swap_request(&self, _swap: Swap, request: &Self::Request) -> Self::Request {
        request.clone()
    }

    /// Where a slot goes, and what its part becomes, when two interchangeable things swap their
    /// names. Where it goes must not depend on the part.
    fn swap(&self, _swap: Swap, slot: usize, part: &Self::Part) -> (usize, Self::Part) {
        (slot, part.clone())
    }
}

/// Two interchangeable things that swap their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Swap {
    /// The set that they belong to, by its place in [`Product::symmetry`].
    pub set: usize,
    /// The smaller of the two.
    pub one: usize,
    /// The larger of the two.
    pub other: usize,
}

impl Swap {
    /// The new name of a thing of the set.
    #[must_use]
    pub fn rename(self, thing: usize) -> usize {
        if thing == self.one {
            self.other
        } else if thing == self.other {
            self.one
        } else {
            thing
        }
    }
}

/// A transition that one slot can start.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Move<P: Product + ?Sized> {
    /// Its label.
    pub action: P::Action,
    /// What the starting slot becomes. It is replaced first, so a request to the starting slot finds
    /// the new part.
    pub part: P::Part,
    /// What the other slots must grant, in order. If one refuses, the move is not possible.
    pub requests: Vec<(usize, P::Request)>,
}

/// The successors of a global state, each with the action that leads there, in the order of slots and
/// moves.
///
/// This is what a product means, written down in the plainest way. The exploration does the same with
/// tables of numbers; counterexamples are replayed with this function.
pub fn successors<P: Product + ?Sized>(
    product: &P,
    state: &[P::Part],
) -> Vec<(P::Action, Vec<P::Part>)> {
    let mut successors = Vec::new();
    let mut moves = Vec::new();
    for (slot, part) in state.iter().enumerate() {
        product.moves(slot, part, &mut moves);
        'moves: for Move { action, part, requests } in moves.drain(..) {
            let mut next = state.to_vec();
            next[slot] = part;
            for (slot, request) in &requests {
                match product.answer(*slot, &next[*slot], request) {
                    Some(part) => next[*slot] = part,
                    None => continue 'moves,
                }
            }
            successors.push((action, next));
        }
    }
    successors
}

/// How far an action can be put off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fairness {
    /// For ever: it may happen or not. Faults are of this kind.
    #[default]
    None,
    /// Not for ever while it is possible all the time.
    Weak,
    /// Not for ever while it is possible again and again.
    Strong,
}

/// A global state of a product, as properties see it.
#[derive_where(Clone, Copy)]
pub struct Snapshot<'a, Part> {
    parts: &'a [&'a Part],
    audit: Option<&'a dyn CountAudit<Part>>,
}

/// Proves that a condition says the same of all images of a state, by watching what it looks at.
pub(crate) trait CountAudit<Part>: Sync {
    /// The condition looks at more than counts.
    fn note_look(&self);

    /// The condition counts parts.
    fn audit_count(&self, is_counted: &dyn Fn(usize, &Part) -> bool);
}

impl<'a, Part> Snapshot<'a, Part> {
    /// Looks at a row of parts.
    #[must_use]
    pub fn new(parts: &'a [&'a Part]) -> Self {
        Snapshot { parts, audit: None }
    }

    /// Looks at a row of parts, while somebody watches.
    pub(crate) fn audited(parts: &'a [&'a Part], audit: &'a dyn CountAudit<Part>) -> Self {
        Snapshot { parts, audit: Some(audit) }
    }

    /// How many slots hold a part that is to be counted.
    ///
    /// A condition that does nothing but count is proven to say the same of states that differ in names
    /// only, however many there are, if what it counts does not depend on names. Then the whole group of a
    /// large [symmetry](Product::symmetry) is used.
    ///
    /// ```
    /// # use amends_check::gray_lamport::{ManagerState, TwoPhase, TwoPhasePart};
    /// # use amends_check::{Snapshot, product};
    /// let two_phase = TwoPhase { managers: 8 };
    /// let is_committed = |_, part: &TwoPhasePart| *part == TwoPhasePart::Manager(ManagerState::Committed);
    /// let report = product(&two_phase)
    ///     .sometimes("most have committed", move |state: Snapshot<'_, TwoPhasePart>| {
    ///         state.count(is_committed) == 7
    ///     })
    ///     .run();
    /// assert_eq!(report.states, 1_461);
    /// ```
    #[must_use]
    pub fn count(&self, is_counted: impl Fn(usize, &Part) -> bool) -> usize {
        if let Some(audit) = self.audit {
            audit.audit_count(&is_counted);
        }
        self.parts.iter().enumerate().filter(|(slot, part)| is_counted(*slot, part)).count()
    }

    /// All parts, for those who look at them in the name of others.
    pub(crate) fn unaudited(&self) -> &'a [&'a Part] {
        self.parts
    }

    /// Who watches what is looked at.
    pub(crate) fn audit(&self) -> Option<&'a dyn CountAudit<Part>> {
        self.audit
    }

    /// What `slot` holds.
    ///
    /// # Panics
    /// If the product has no such slot.
    #[must_use]
    pub fn part(&self, slot: usize) -> &'a Part {
        if let Some(audit) = self.audit {
            audit.note_look();
        }
        self.parts[slot]
    }

    /// All parts, in order of slots.
    #[must_use]
    pub fn parts(&self) -> &'a [&'a Part] {
        if let Some(audit) = self.audit {
            audit.note_look();
        }
        self.parts
    }
}
