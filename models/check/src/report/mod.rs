//! What a check found: [verdicts](verdict) with their counterexamples, and [questions](summary) to a
//! report.

pub(crate) mod summary;
pub(crate) mod verdict;
