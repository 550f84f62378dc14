//! The event clock: what time it is, by what spans tell.
//!
//! It is the median of the last few dozen spans. Clocks that are wrong, and spans that are told late or
//! with absurd times, do not move it as long as they are fewer than half.

use crate::span::Time;

const WINDOW: usize = 64;

/// Tells the time by spans.
#[derive(Debug)]
pub(super) struct EventClock {
    recent: [Time; WINDOW],
    next: usize,
    is_full: bool,
    now: Time,
}

impl Default for EventClock {
    fn default() -> Self {
        EventClock { recent: [Time(0); WINDOW], next: 0, is_full: false, now: Time(0) }
    }
}

impl EventClock {
    /// A span told this time.
    pub(super) fn tick(&mut self, time: Time) {
        self.recent[self.next] = time;
        self.next += 1;
        if self.next == WINDOW {
            let mut recent = self.recent;
            self.now = *recent.select_nth_unstable(WINDOW / 2).1;
            self.next = 0;
            self.is_full = true;
        } else if !self.is_full {
            // Until there are enough, the few have to do.
            let mut few = self.recent;
            self.now = *few[..self.next].select_nth_unstable(self.next / 2).1;
        }
    }

    pub(super) fn now(&self) -> Time {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_times_do_not_move_the_clock() {
        let mut clock = EventClock::default();
        for at in 0..1_000u64 {
            let absurd = [u64::MAX, 1][at as usize / 3 % 2];
            clock.tick(Time(if at % 3 == 1 { absurd } else { 1_000_000 + at }));
        }
        assert!((1_000_900..1_001_000).contains(&clock.now().0), "{:?}", clock.now());
    }
}
