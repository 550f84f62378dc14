//! Reductions: exploring less than the whole space, with the same verdicts.
//!
//! What a product declares is never believed: each reduction is audited while it is used. When the
//! audit finds it [unsound](UnsoundReduction), or cannot prove it, everything found so far is thrown
//! away, and the search begins again without it, or with less of it.

pub(crate) mod flaw;
pub(crate) mod stale_messages;
pub(crate) mod symmetry;

use crate::model_error::ModelError;

/// What to do with a reduction that a product allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Use it.
    Use,
    /// Leave it, without a word.
    Ignore,
    /// Leave it, and say why.
    Refuse(String),
}

/// Which reductions to use.
#[derive(Clone, Debug)]
pub(crate) struct Reductions {
    pub(crate) symmetry: Choice,
    /// Whether the whole group of renamings is used, and not a subgroup of few.
    pub(crate) whole_group: bool,
    pub(crate) stale: Choice,
}

/// A reduction turned out not to be sound for the model, or could not be proven to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnsoundReduction {
    /// The declared symmetry is none, and why.
    Asymmetric(String),
    /// With the whole group of renamings, it takes too long to prove it, or it cannot be done.
    LargeGroup,
    /// This test tells states apart that differ only in the names of interchangeable things.
    AsymmetricPredicate(usize),
    /// What is said to be stale is not, or must not be taken away, and why.
    Stale(String),
    /// This test looks at what is stale.
    LooksAtStale(usize),
}

/// Why a check has no result.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A reduction has to be given up.
    Reduction(UnsoundReduction),
    /// Nothing can be said about the model.
    Model(ModelError),
}

impl From<UnsoundReduction> for Refusal {
    fn from(objection: UnsoundReduction) -> Self {
        Refusal::Reduction(objection)
    }
}

impl From<ModelError> for Refusal {
    fn from(error: ModelError) -> Self {
        Refusal::Model(error)
    }
}
