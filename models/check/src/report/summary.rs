//! Questions to a report.

use std::fmt::{self, Debug, Write as _};

use crate::report::verdict::{
    Completeness, Counterexample, NoState, PropertyReport, ReductionReport, Report, Verdict,
};

impl<State, Action> Report<State, Action> {
    /// What was found about the property of this name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&PropertyReport<State, Action>> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// Whether every reachable state was visited.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.completeness == Completeness::Complete
    }

    /// The actions that were offered and never possible; see [`coverage`](Self::coverage). In a
    /// complete space, something in the model is dead.
    pub fn never_taken(&self) -> impl Iterator<Item = &Action> {
        self.coverage.iter().filter(|(_, taken)| *taken == 0).map(|(action, _)| action)
    }

    /// Whether there are properties and all of them hold, over the complete state space.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.is_complete()
            && !self.properties.is_empty()
            && self.properties.iter().all(PropertyReport::holds)
    }

    /// Whether some property was found to be violated.
    #[must_use]
    pub fn is_violated(&self) -> bool {
        self.properties.iter().any(PropertyReport::is_violated)
    }

    /// Asserts that there are properties, and that all of them hold over the complete state space.
    ///
    /// # Panics
    /// If not, with every reason and every counterexample. A vacuous property does not hold: it says
    /// nothing.
    #[track_caller]
    pub fn assert_holds(&self)
    where
        State: Debug,
        Action: Debug,
    {
        assert!(self.holds(), "{}", self.complaint());
    }

    fn complaint(&self) -> String
    where
        State: Debug,
        Action: Debug,
    {
        let mut text = String::from("not everything holds");
        if self.properties.is_empty() {
            text.push_str("\n\nno property was stated, so nothing was checked");
        }
        if let Some(reason) = self.no_state {
            let _ = write!(text, "\n\n{reason}, so nothing was checked");
        }
        if let Completeness::Incomplete { limit, depth_complete, queue } = &self.completeness {
            let _ = write!(
                text,
                "\n\nthe search stopped at a limit ({limit:?}) after {} states; paths of up to \
                 {depth_complete} steps were explored, {queue} states were left",
                self.states
            );
        }
        for property in self.properties.iter().filter(|property| !property.holds()) {
            let _ = write!(
                text,
                "\n\n`{}` ({:?}): {}",
                property.name,
                property.kind,
                property.verdict.word()
            );
            if let Some(counterexample) = property.verdict.counterexample() {
                let _ = write!(text, "\n{counterexample}");
            }
        }
        text
    }
}

/// What was found, in a few lines: the size of the search, what it left out and how sure it is, actions
/// that never happened, and the verdicts.
impl<State, Action: Debug> fmt::Display for Report<State, Action> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { states, transitions, depth, .. } = self;
        if let Some(reason) = self.no_state {
            write!(f, "{reason}: ")?;
        }
        write!(f, "{states} states, {transitions} transitions, {depth} deep: ")?;
        match &self.completeness {
            Completeness::Complete => write!(f, "the complete space")?,
            Completeness::Incomplete { limit, depth_complete, queue } => write!(
                f,
                "incomplete ({limit:?}), paths of up to {depth_complete} steps were explored, {queue} \
                 states were left"
            )?,
        }
        for ReductionReport { reduction, refused } in &self.reductions {
            match refused {
                None => write!(f, "\nreduced by {reduction:?}")?,
                Some(reason) => write!(f, "\nnot reduced by {reduction:?}: {reason}")?,
            }
        }
        if self.collision_probability > 0.0 {
            let chance = self.collision_probability;
            write!(f, "\nchance that two states were taken for one: {chance:.1e}")?;
        }
        let never: Vec<&Action> = self.never_taken().collect();
        if !never.is_empty() {
            write!(f, "\nnever taken: {never:?}")?;
        }
        for property in &self.properties {
            write!(f, "\n`{}` ({:?}): {}", property.name, property.kind, property.verdict.word())?;
            if !property.is_shortest {
                write!(f, ", by a short loop (there may be a shorter one)")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for NoState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoState::NoInitialState => {
                "there is no reachable state: the model has no initial state"
            }
            NoState::AllOutsideBoundary => {
                "there is no reachable state: all initial states are outside of the boundary"
            }
        })
    }
}

impl<State, Action> PropertyReport<State, Action> {
    /// Whether the property was found to hold.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self.verdict, Verdict::Holds)
    }

    /// Whether the property was found to be violated.
    #[must_use]
    pub fn is_violated(&self) -> bool {
        matches!(self.verdict, Verdict::Violated(_))
    }
}

impl<State: Debug, Action: Debug> fmt::Display for Counterexample<State, Action> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  start {:?}", self.start)?;
        for (at, (action, state)) in self.steps.iter().enumerate() {
            if self.repeats_from == Some(at) {
                write!(f, "\n  from here it goes round for ever:")?;
            }
            write!(f, "\n  {:>4}. {action:?}\n        {state:?}", at + 1)?;
        }
        match self.repeats_from {
            Some(_) => write!(f, "\n        and so on"),
            None => Ok(()),
        }
    }
}
