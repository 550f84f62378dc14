//! Durations as people read them: three digits that count, and a unit.

/// A duration in nanoseconds: `350 µs`, `98 ms`, `1.25 s`, `2 min 5 s`, `3 h 20 min`.
#[must_use]
pub fn duration(nanoseconds: u64) -> String {
    const MINUTE: u64 = 60_000_000_000;
    match nanoseconds {
        0 => "0 ms".to_owned(),
        1..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{} µs", three_digits(nanoseconds, 1_000)),
        1_000_000..1_000_000_000 => format!("{} ms", three_digits(nanoseconds, 1_000_000)),
        1_000_000_000..MINUTE => format!("{} s", three_digits(nanoseconds, 1_000_000_000)),
        _ => {
            let seconds = nanoseconds / 1_000_000_000;
            let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
            match (days, hours) {
                (0, 0) => format!("{minutes} min {} s", seconds % 60),
                (0, _) => format!("{hours} h {} min", minutes % 60),
                _ => format!("{days} d {} h", hours % 24),
            }
        }
    }
}

fn three_digits(value: u64, unit: u64) -> String {
    let whole = value / unit;
    let digits = match whole {
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    let text = format!("{:.digits$}", value as f64 / unit as f64);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn three_digits_count() {
        let said = [
            0,
            350,
            350_000,
            98_000_000,
            1_234_567,
            12_340_000,
            123_456_789,
            1_250_000_000,
            125_000_000_000,
            12_000_000_000_000,
            u64::MAX,
        ]
        .map(duration);
        assert_eq!(
            said,
            [
                "0 ms",
                "350 ns",
                "350 µs",
                "98 ms",
                "1.23 ms",
                "12.3 ms",
                "123 ms",
                "1.25 s",
                "2 min 5 s",
                "3 h 20 min",
                "213503 d 23 h"
            ]
        );
    }
}
