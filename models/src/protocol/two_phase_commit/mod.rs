//! Two-phase commit: all participants commit, or none does.
//!
//! A coordinator asks every participant whether it can commit. A participant that says yes gives up
//! the right to decide alone: until it hears the decision it is *in doubt*. The coordinator commits
//! only when all said yes. The protocol is safe whatever is lost, and blocks when the coordinator is
//! gone for good while somebody is in doubt (Gray 1978; Lampson and Sturgis 1979; Skeen 1981 shows
//! that no protocol of two phases can avoid it).
//!
//! [`gray_lamport`] is the specification that the literature reasons about, and the yardstick of the
//! checker: other checkers have counted its states.

pub mod gray_lamport;
