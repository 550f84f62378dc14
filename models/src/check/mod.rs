//! The checker.

pub mod condition;
pub mod product;
pub mod verdict;

pub use condition::{Condition, Parts, Property, PropertyKind, Viewed, Whole};
pub use product::{Fairness, Move, Product, Snapshot};
pub use verdict::{Completeness, Counterexample, Limit, PropertyReport, Report, Verdict};
