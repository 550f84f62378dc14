//! Durations, many of them, in little memory.

use hdrhistogram::Histogram;

/// Many durations, of which quantiles are known to one per cent. What is longer than a hundred days
/// counts as a hundred days.
#[derive(Clone, Debug, Default)]
pub struct Durations {
    /// In microseconds; made when there is something to count.
    histogram: Option<Histogram<u32>>,
    total: u128,
}

const LONGEST: u64 = 100 * 86_400 * 1_000_000;

impl Durations {
    /// Adds a duration, in nanoseconds.
    pub fn record(&mut self, nanoseconds: u64) {
        self.total += u128::from(nanoseconds);
        let histogram = self.histogram.get_or_insert_with(|| {
            let mut histogram =
                Histogram::new(2).expect("two digits are among those that it can have");
            histogram.auto(true);
            histogram
        });
        let microseconds = (nanoseconds / 1_000).min(LONGEST);
        // It grows as far as needed; if it could not, the longest that it has would count.
        if histogram.record(microseconds).is_err() {
            histogram.saturating_record(microseconds);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, Histogram::len)
    }

    /// A duration, in nanoseconds, that this part of them (from 0 to 1) does not exceed.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Option<u64> {
        let histogram = self.histogram.as_ref()?;
        Some(histogram.value_at_quantile(part).saturating_mul(1_000))
    }

    /// Their mean, in nanoseconds.
    #[must_use]
    pub fn mean(&self) -> Option<u64> {
        let mean = self.total.checked_div(u128::from(self.count()))?;
        Some(u64::try_from(mean).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_known_to_one_per_cent() {
        let mut durations = Durations::default();
        assert_eq!(durations.quantile(0.5), None);
        for milliseconds in 1..=1_000 {
            durations.record(milliseconds * 1_000_000);
        }
        for (part, milliseconds) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let found = durations.quantile(part).expect("there are some") as f64 / 1e6;
            assert!((found / milliseconds - 1.0).abs() <= 0.01, "{part}: {found}");
        }
        assert_eq!(durations.mean(), Some(500_500_000));
    }

    #[test]
    fn absurd_durations_are_counted() {
        let mut durations = Durations::default();
        durations.record(u64::MAX);
        durations.record(0);
        assert_eq!(durations.count(), 2);
        assert!(durations.quantile(1.0) > Some(99 * 86_400 * 1_000_000_000));
    }
}
