//! How much of a state space was looked at, and numbers in words.

use amends_models::check::Completeness;

/// How much of a state space was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// It was searched, nearest states first.
    Searched {
        /// Distinct states found.
        states: u64,
        /// Transitions generated, those into known states included.
        transitions: u64,
        /// The length of the longest shortest path from an initial state, in steps.
        depth: u32,
        /// Whether the whole space was explored.
        completeness: Completeness,
    },
    /// Random walks were taken through it.
    Walked {
        /// What all choices were drawn from.
        seed: u64,
        /// How many walks there were.
        walks: u64,
        /// Steps taken, in all walks together.
        steps: u64,
        /// After how many steps a walk was given up.
        depth: u32,
    },
}

impl Extent {
    /// How much it is, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        match *self {
            Extent::Searched { states, transitions, depth, .. } => format!(
                "{}, {}, {} deep",
                counted(states, "state"),
                counted(transitions, "transition"),
                grouped(depth.into()),
            ),
            Extent::Walked { seed, walks, steps, depth } => format!(
                "{} of at most {} from seed {seed}, {} in all",
                counted(walks, "random walk"),
                counted(depth.into(), "step"),
                counted(steps, "step"),
            ),
        }
    }
}

/// A number with its thousands set apart.
#[must_use]
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things, in the singular or plural.
#[must_use]
pub(super) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_745_408), "1,745,408");
        assert_eq!(counted(1, "state"), "1 state");
    }
}
