//! How long to wait before asking again.
//!
//! Who asks again at once, and again, keeps a struggling service down; callers that wait equally long
//! come back together. So the wait doubles with each attempt up to a cap, and half of it is left to
//! chance (Brooker, *Exponential Backoff And Jitter*, 2015: "equal jitter"). At least half of the wait
//! is kept because it also is the time an answer has to arrive.
//!
//! This is arithmetic only. Whoever hosts a process owns the clock and the dice.

use std::time::Duration;

/// An exponential, capped wait with jitter.
///
/// ```
/// use amends_models::process::retry::Backoff;
/// use std::time::Duration;
///
/// let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
/// assert_eq!(backoff.ceiling(0), Duration::from_millis(100));
/// assert_eq!(backoff.ceiling(2), Duration::from_millis(400));
/// assert_eq!(backoff.ceiling(9), Duration::from_secs(1));
/// // The random number decides about the upper half.
/// assert_eq!(backoff.delay(0, 0), Duration::from_millis(50));
/// assert_eq!(backoff.delay(0, 1 << 63), Duration::from_millis(75));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
}

impl Backoff {
    /// Waits at most `first` before the second attempt, twice that before the third, and so on, but
    /// never more than `cap`.
    #[must_use]
    pub fn new(first: Duration, cap: Duration) -> Backoff {
        Backoff { first, cap }
    }

    /// The longest wait after `attempts` attempts that went before.
    #[must_use]
    pub fn ceiling(&self, attempts: u32) -> Duration {
        2u32.checked_pow(attempts)
            .and_then(|factor| self.first.checked_mul(factor))
            .map_or(self.cap, |wait| wait.min(self.cap))
    }

    /// The wait after `attempts` attempts that went before: half of the ceiling, and a part of the
    /// other half that grows with `random`, a number drawn uniformly.
    #[must_use]
    pub fn delay(&self, attempts: u32, random: u64) -> Duration {
        let half = self.ceiling(attempts) / 2;
        let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
        let part = (u128::from(nanos) * u128::from(random)) >> u64::BITS;
        half.saturating_add(Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_between_half_of_its_ceiling_and_its_ceiling(
            first in 0u64..=u64::MAX, cap in 0u64..=u64::MAX, attempts: u32, random: u64,
        ) {
            let backoff = Backoff::new(Duration::from_nanos(first), Duration::from_nanos(cap));
            let ceiling = backoff.ceiling(attempts);
            let delay = backoff.delay(attempts, random);
            prop_assert!(ceiling / 2 <= delay && delay <= ceiling);
            prop_assert!(ceiling <= Duration::from_nanos(cap));
        }

        #[test]
        fn waits_never_get_shorter(first in 0u64..1 << 40, cap in 0u64..1 << 50, attempts in 0u32..99) {
            let backoff = Backoff::new(Duration::from_nanos(first), Duration::from_nanos(cap));
            prop_assert!(backoff.ceiling(attempts) <= backoff.ceiling(attempts + 1));
        }
    }
}
