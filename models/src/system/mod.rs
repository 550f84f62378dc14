//! Systems.

pub mod story;
