//! How a command went.

use std::process::ExitCode;

use crate::report::Comparison;

/// How a command went, by exit code. When several things went differently, the worst counts:
/// [`Exit::worst`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything is as expected.
    AsExpected,
    /// 1: something is violated, or not as expected.
    NotAsExpected,
    /// 2: the input or the usage is bad.
    BadInput,
    /// 3: the search or the run ended before it knew.
    Incomplete,
}

impl Exit {
    /// The code for it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::AsExpected => 0,
            Exit::NotAsExpected => 1,
            Exit::BadInput => 2,
            Exit::Incomplete => 3,
        }
    }

    /// The one that counts of two: bad input, which hides everything, before what is known to be
    /// wrong, before what is not known.
    #[must_use]
    pub fn worst(self, other: Exit) -> Exit {
        let weight = |exit: Exit| match exit {
            Exit::AsExpected => 0,
            Exit::Incomplete => 1,
            Exit::NotAsExpected => 2,
            Exit::BadInput => 3,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

impl From<Comparison> for Exit {
    fn from(comparison: Comparison) -> Exit {
        match comparison {
            Comparison::AsExpected => Exit::AsExpected,
            Comparison::NotAsExpected => Exit::NotAsExpected,
            Comparison::Undecided => Exit::Incomplete,
        }
    }
}

/// Shows what is wrong with the usage; or the help, which is no error.
pub(super) fn usage(error: &clap::Error) -> Exit {
    // If nobody can be told, the exit code still tells.
    let _ = error.print();
    if error.use_stderr() { Exit::BadInput } else { Exit::AsExpected }
}

#[cfg(test)]
mod tests {
    use super::Exit::{self, AsExpected, BadInput, Incomplete, NotAsExpected};

    #[test]
    fn the_worst_counts() {
        assert_eq!(AsExpected.worst(Incomplete), Incomplete);
        assert_eq!(Incomplete.worst(NotAsExpected), NotAsExpected);
        assert_eq!(NotAsExpected.worst(Incomplete), NotAsExpected);
        assert_eq!(NotAsExpected.worst(BadInput), BadInput);
        assert_eq!(BadInput.worst(AsExpected), BadInput);
    }

    #[test]
    fn codes_are_stable() {
        let codes = [AsExpected, NotAsExpected, BadInput, Incomplete].map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3]);
    }
}
