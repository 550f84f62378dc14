//! Known failures: what implementers of a protocol got wrong before.
//!
//! Each is a choice turned wrong, the faults without which it can do no harm, and the property that it
//! breaks. An audit injects them one by one, to see which of them the properties of a spec would notice;
//! a check says of a wrong choice what would let it matter.

use crate::workflow::Fault;

/// A mistake that implementers of a protocol are known to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFailure {
    /// The field's name for what goes wrong: `duplicate effect`.
    pub anomaly: &'static str,
    /// The choices that make it, as they are set: `("saga.barrier", "none")`. The first is the mistake,
    /// the others let it show.
    pub choices: &'static [(&'static str, &'static str)],
    /// The fewest faults with which it shows; none, if it shows in a perfect world.
    pub faults: &'static [(Fault, u8)],
    /// The built-in property that it breaks.
    pub breaks: &'static str,
    /// What it takes of the workflow to show, in words; nothing special, if empty.
    pub needs: &'static str,
}

impl KnownFailure {
    /// The mistake itself: a choice, and its wrong value.
    #[must_use]
    pub fn mistake(&self) -> (&'static str, &'static str) {
        self.choices.first().copied().unwrap_or_default()
    }
}

/// Writes a table of known failures, a line for each.
macro_rules! known_failures {
    ($($anomaly:literal: $($key:literal = $value:literal),+; $($fault:ident $count:literal),* =>
        $breaks:literal $(, $needs:literal)?;)+) => {
        &[$($crate::system::KnownFailure {
            anomaly: $anomaly,
            choices: &[$(($key, $value)),+],
            faults: &[$(($crate::workflow::Fault::$fault, $count)),*],
            breaks: $breaks,
            needs: concat!($($needs)?),
        }),+]
    };
}
pub(crate) use known_failures;
