//! What makes a model, or a property, one that nothing can be said about.
//!
//! A checker asks a model about each state once and builds on the answer. That is a proof only if the
//! model would answer the same again, and if equal values are the same for all that happens next. What
//! of that can be found out at little cost is looked for, and named for what it is:
//!
//! - *Every value is equal to itself.* Every part of a product, and of the states of other models the
//!   first few and then every 64th, is compared with itself. (The others of such a model would be
//!   entered again and again, so that soon one of those is among them.)
//! - *Equal values have equal hashes.* The first few are compared with each other, and so are those
//!   that are looked at later with the first few.
//! - *Model and conditions answer the same again.* When the search is over, and if it has time left,
//!   some states of it, spread evenly, are asked once more: what they lead to, and what every condition on states says of them.
//! - *What is shown is true.* Every counterexample and witness is taken again on the model, step by
//!   step, and the conditions are judged again on its states. What cannot be repeated is not shown.
//!
//! A model that answers differently so seldom that none of this notices is not found out.

/// Why a check has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Reports and expectations could not tell them apart.
    #[error("two properties are called `{name}`: give each a name of its own")]
    TwoOfOneName {
        /// The name.
        name: String,
    },
    /// Such a value is never known again, and the search would not end.
    #[error(
        "{what} is not equal to itself: its `Eq` has to be an equivalence (floating-point numbers \
         have none, because NaN differs from itself)"
    )]
    UnequalToItself {
        /// The kind of value: a state, a part, a request or an action.
        what: &'static str,
    },
    /// Equal values would be taken for different ones.
    #[error(
        "two values are equal, but have different hashes ({what}): `Hash` must look at nothing that \
         `Eq` leaves out"
    )]
    HashDisagrees {
        /// The kind of value.
        what: &'static str,
    },
    /// One of them was explored for both.
    #[error(
        "two states are equal, but do not lead to the same states: `Eq` leaves out what the model \
         looks at"
    )]
    EqualButDifferent,
    /// What was explored would not be explored again.
    #[error(
        "the model is not deterministic: asked again, {what} (its moves, answers or successors depend \
         on more than the state)"
    )]
    ModelChanges {
        /// What was different.
        what: String,
    },
    /// What was judged would not be judged so again.
    #[error(
        "the condition of `{property}` is not deterministic: asked again about the same state, it says \
         something else, so it depends on more than the state"
    )]
    ConditionChanges {
        /// The property.
        property: String,
    },
}

/// Which of many values are looked at more closely than others.
pub(crate) fn is_sampled(number: usize) -> bool {
    number < FIRST || number.is_multiple_of(EVERY)
}

/// How many of the first values are compared with each other.
pub(crate) const FIRST: usize = 32;
const EVERY: usize = 64;

/// What is wrong with the equality of a new value, given the first ones, each with its hash.
pub(crate) fn flaw_of<'v, T: PartialEq + 'v>(
    what: &'static str,
    value: &T,
    hash: u64,
    first: impl Iterator<Item = (u64, &'v T)>,
) -> Option<ModelError> {
    #[expect(clippy::eq_op, reason = "whether equality is reflexive is the question")]
    if value != value {
        return Some(ModelError::UnequalToItself { what });
    }
    let mut first = first.filter(|(other, _)| *other != hash);
    first.any(|(_, other)| other == value).then_some(ModelError::HashDisagrees { what })
}
