//! Definition.
