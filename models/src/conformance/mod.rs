//! Conformance: is what was observed a run of that system, and with which faults?
//!
//! Services tell of some of what they do, in an order that is only partly known: one call contains
//! another, one process did this before that; clocks of different machines prove nothing. An
//! [`ObservedRun`] is that evidence. It conforms to a [`System`](crate::system::System) if some run of the
//! system shows just that: some order that the evidence allows, completed by what nobody observes
//! (log records, losses, duplicates, crashes). The run with the fewest faults is the explanation.
//!
//! Whether the business accepts or refuses is taken as it was observed, since nobody knows what production
//! owned at the time: the system is that of [`Design::as_observed`](crate::protocols::Design::as_observed).
//!
//! Start reading at [`ObservedRun`], then [`judge`].

mod judge;
mod minimal;
mod observation;
mod rule;
mod search;

pub use judge::{Conformance, Explanation, FaultAt, Limits, Missing, Violation, judge};
pub use observation::{ActivityKind, Observation, ObservationSet, ObservedRun, Told};
pub use rule::Rule;
pub use search::{COPIES, Cost};
