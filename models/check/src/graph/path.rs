//! Paths through numbered states: the way by which a state was found, and counterexamples before they
//! are replayed.

/// The parent of an initial state.
pub(crate) const NO_PARENT: u32 = u32::MAX;

/// A path through the numbered states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The states, an initial one first.
    pub(crate) states: Vec<u32>,
    /// Between each two states, the label of the transition, if it matters which one is taken.
    pub(crate) labels: Vec<Option<u32>>,
    /// Where the path's last state was before, if it goes on for ever.
    pub(crate) repeats_from: Option<usize>,
}

impl Path {
    /// The way by which the search first came to a state.
    pub(crate) fn to(state: u32, parent: impl Fn(u32) -> u32) -> Self {
        let mut states = vec![state];
        let mut at = parent(state);
        while at != NO_PARENT {
            states.push(at);
            at = parent(at);
        }
        states.reverse();
        Path { labels: vec![None; states.len() - 1], states, repeats_from: None }
    }

    /// Takes one more step.
    pub(crate) fn step(&mut self, label: Option<u32>, target: u32) {
        self.labels.push(label);
        self.states.push(target);
    }
}
