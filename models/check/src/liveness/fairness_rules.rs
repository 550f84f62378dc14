//! The rules of weak and strong fairness, and the other decisions on which the soundness of liveness
//! checking rests, one method each.
//!
//! They are a trait so that the tests can get each of them wrong, and see that the comparison with a
//! brute-force reference notices.

/// What a set of states that can be visited for ever says to a fairness constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// A path that visits all of the set again and again meets it.
    Yes,
    /// No path that stays in the set meets it.
    Never,
    /// Only paths that avoid all states where the action is possible can meet it.
    OnlyWhereDisabled,
}

/// The rules of liveness checking.
pub(crate) trait FairnessRules {
    /// Whether a path that ends with its obligation pending violates the property.
    fn counts_ends(&self) -> bool {
        true
    }

    /// Whether reaching the goal settles an obligation, so that paths need not be followed beyond.
    fn goal_settles(&self) -> bool {
        true
    }

    /// Whether a goal that must be reached again and again is owed again once it was reached.
    fn goal_is_owed_again(&self) -> bool {
        true
    }

    /// Whether a path can stay for ever in a strongly connected set.
    fn can_stay(&self, states: usize, loops_on_itself: bool) -> bool {
        states > 1 || loops_on_itself
    }

    /// An action must not be possible all the time and never taken.
    fn weak(&self, taken: bool, disabled_somewhere: bool) -> Met {
        if taken || disabled_somewhere { Met::Yes } else { Met::Never }
    }

    /// An action must not be possible again and again and never taken.
    fn strong(&self, taken: bool, enabled_somewhere: bool) -> Met {
        if taken || !enabled_somewhere { Met::Yes } else { Met::OnlyWhereDisabled }
    }

    /// Whether what is left of a set, after states were taken away, is searched again.
    fn searches_remains(&self) -> bool {
        true
    }
}

/// The rules as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sound;

impl FairnessRules for Sound {}

/// Loops of any kind, fair or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnyLoop;

impl FairnessRules for AnyLoop {
    fn weak(&self, _taken: bool, _disabled_somewhere: bool) -> Met {
        Met::Yes
    }

    fn strong(&self, _taken: bool, _enabled_somewhere: bool) -> Met {
        Met::Yes
    }
}
