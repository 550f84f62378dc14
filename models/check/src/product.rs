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

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::AtomicBool;

use derive_where::derive_where;

use crate::reduction::note;

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
    /// states apart. The checker tries that on the states it visits. Where it is not true, the
    /// symmetry is [refused](crate::ReductionReport), and the whole space is explored instead.
    fn symmetry(&self) -> Vec<usize> {
        Vec::new()
    }

    /// Whether a slot that holds this part keeps to itself: its moves make no requests, and it refuses
    /// every request. Its steps then need not be interleaved with those of others. That is checked,
    /// with every request that anybody may make of the slot: where it is not true, the [reduction](crate::Reduction::PartialOrder) is refused.
    fn is_private(&self, _slot: usize, _part: &Self::Part) -> bool {
        false
    }

    /// Whether a request is *stale* for a slot that holds this part: the part always grants it, and that
    /// makes no difference to anybody, neither now nor ever after. A message is such a request when its
    /// receiver will never heed it again.
    ///
    /// What is stale is [taken away](Self::essence), and states that differ in nothing else are
    /// explored once. That it is stale is checked, on every part that the search meets: it must change
    /// [nothing](Self::heeds) there, and be stale for all that the part becomes. Where that is not
    /// true, the [reduction](crate::Reduction::StaleMessages) is refused.
    fn is_stale(&self, _slot: usize, _part: &Self::Part, _request: &Self::Request) -> bool {
        false
    }

    /// The part without what [stale](Self::is_stale) requests have left in it; `None` if there is
    /// nothing of the kind, or if the part could not take it in at once. It must be a part for which the
    /// same is stale.
    fn essence(&self, _slot: usize, _part: &Self::Part) -> Option<Self::Part> {
        None
    }

    /// Whether a slot that holds this part, and takes in what the request left in it, would change in
    /// any other way, or ask anything of others.
    fn heeds(&self, _slot: usize, _part: &Self::Part, _request: &Self::Request) -> bool {
        true
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
    looked_at: &'a [AtomicBool],
}

impl<'a, Part> Snapshot<'a, Part> {
    /// Looks at a row of parts.
    #[must_use]
    pub fn new(parts: &'a [&'a Part]) -> Self {
        Snapshot { parts, looked_at: &[] }
    }

    /// Looks at a row of parts, and notes for every slot whether anybody did.
    pub(crate) fn noting(parts: &'a [&'a Part], looked_at: &'a [AtomicBool]) -> Self {
        Snapshot { parts, looked_at }
    }

    /// Looks at the same parts in another type, and notes the same.
    pub(crate) fn of<Other>(parts: &'a [&'a Part], other: Snapshot<'a, Other>) -> Self {
        Snapshot { parts, looked_at: other.looked_at }
    }

    /// All parts, for those who do not look at them themselves.
    pub(crate) fn unnoted(&self) -> &'a [&'a Part] {
        self.parts
    }

    /// What `slot` holds.
    ///
    /// # Panics
    /// If the product has no such slot.
    #[must_use]
    pub fn part(&self, slot: usize) -> &'a Part {
        if let Some(flag) = self.looked_at.get(slot) {
            note(flag);
        }
        self.parts[slot]
    }

    /// All parts, in order of slots.
    #[must_use]
    pub fn parts(&self) -> &'a [&'a Part] {
        self.looked_at.iter().for_each(note);
        self.parts
    }
}
