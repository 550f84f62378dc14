//! What is certain of the order of observations.
//!
//! A span starts before its children start, and before whatever they do, wherever they run. It starts after
//! the spans it links to. An event comes after its cause. Within one process, what ended comes before what
//! began later, if there is more between them than the precision of the clock. Nothing else is certain;
//! above all not that a child ends before its parent, and nothing by the clocks of two processes.
//!
//! Evidence that contradicts itself (a circle) proves nothing: neither of the two is then before the other.

use super::process::ProcessId;

/// The most points in time that are put in order. Workflows with more are too tangled to judge.
pub(super) const LARGEST: usize = 1024;

/// A strict partial order of observations, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    words: usize,
    /// For each position, the positions that it comes before.
    after: Vec<u64>,
    contradictions: usize,
    is_too_large: bool,
}

impl Order {
    /// Whether the observation at the first position is certain to come before the other.
    #[must_use]
    pub fn is_before(&self, first: usize, then: usize) -> bool {
        self.after
            .get(first * self.words + then / 64)
            .is_some_and(|word| word >> (then % 64) & 1 == 1)
    }

    /// How many observations took part in evidence that contradicts itself.
    #[must_use]
    pub fn contradictions(&self) -> usize {
        self.contradictions
    }

    /// Whether there is too much to put in order: then nothing is certain.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// An order that was not worked out.
    pub(super) fn too_large() -> Order {
        Order { is_too_large: true, ..Order::default() }
    }

    fn of(count: usize) -> Order {
        let words = count.div_ceil(64);
        Order { words, after: vec![0; words * count], contradictions: 0, is_too_large: false }
    }

    fn set(&mut self, first: usize, then: usize) {
        self.after[first * self.words + then / 64] |= 1 << (then % 64);
    }

    fn clear(&mut self, first: usize, then: usize) {
        self.after[first * self.words + then / 64] &= !(1 << (then % 64));
    }
}

/// A time by the clock of a process, as exact as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instant {
    pub(super) process: ProcessId,
    pub(super) earliest: u64,
    pub(super) latest: u64,
}

/// Instants, and what is known of their order.
pub(super) struct Points {
    instants: Vec<Instant>,
    edges: Vec<(usize, usize)>,
}

impl Points {
    pub(super) fn new() -> Points {
        Points { instants: Vec::new(), edges: Vec::new() }
    }

    pub(super) fn add(&mut self, instant: Instant) -> usize {
        self.instants.push(instant);
        self.instants.len() - 1
    }

    /// The first comes before the other.
    pub(super) fn order(&mut self, first: usize, then: usize) {
        self.edges.push((first, then));
    }

    /// The order of the first points, as far as all points prove it.
    pub(super) fn order_of_first(&self, count: usize, tolerance: u64) -> Order {
        let all = self.instants.len();
        if all > LARGEST {
            return Order::too_large();
        }
        let mut order = Order::of(all);
        for &(first, then) in self.edges.iter().filter(|(first, then)| first != then) {
            order.set(first, then);
        }
        for (first, one) in self.instants.iter().enumerate() {
            let Some(from) = one.latest.checked_add(tolerance) else { continue };
            for (then, other) in self.instants.iter().enumerate() {
                if one.process == other.process && from <= other.earliest && first != then {
                    order.set(first, then);
                }
            }
        }
        order.close();
        order.forget_contradictions();
        order.first(count)
    }
}

impl Order {
    /// What follows from it follows (Warshall 1962).
    fn close(&mut self) {
        let count = self.after.len() / self.words.max(1);
        for middle in 0..count {
            let row: Vec<u64> = self.row(middle).to_vec();
            for first in 0..count {
                if self.is_before(first, middle) {
                    let own = &mut self.after[first * self.words..(first + 1) * self.words];
                    own.iter_mut().zip(&row).for_each(|(own, more)| *own |= more);
                }
            }
        }
    }

    fn row(&self, at: usize) -> &[u64] {
        &self.after[at * self.words..(at + 1) * self.words]
    }

    fn forget_contradictions(&mut self) {
        let count = self.after.len() / self.words.max(1);
        let circular: Vec<usize> = (0..count).filter(|&at| self.is_before(at, at)).collect();
        self.contradictions = circular.len();
        for (position, &one) in circular.iter().enumerate() {
            self.clear(one, one);
            for &other in &circular[position + 1..] {
                if self.is_before(one, other) && self.is_before(other, one) {
                    self.clear(one, other);
                    self.clear(other, one);
                }
            }
        }
    }

    /// The same of the first positions only.
    fn first(&self, count: usize) -> Order {
        let mut order = Order { contradictions: self.contradictions, ..Order::of(count) };
        for first in 0..count {
            for then in 0..count {
                if self.is_before(first, then) {
                    order.set(first, then);
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(process: ProcessId, earliest: u64, latest: u64) -> Instant {
        Instant { process, earliest, latest }
    }

    #[test]
    fn times_of_one_process_prove_an_order_beyond_the_precision_of_its_clock() {
        let mut points = Points::new();
        let first = points.add(instant(1, 0, 10));
        let close = points.add(instant(1, 11, 20));
        let far = points.add(instant(1, 12, 20));
        let elsewhere = points.add(instant(2, 500, 500));
        let order = points.order_of_first(4, 2);
        assert!(!order.is_before(first, close));
        assert!(order.is_before(first, far));
        assert!(!order.is_before(first, elsewhere));
    }

    #[test]
    fn evidence_that_contradicts_itself_proves_nothing() {
        let mut points = Points::new();
        let child = points.add(instant(1, 0, 0));
        let parent = points.add(instant(1, 50, 50));
        let later = points.add(instant(1, 90, 90));
        points.order(parent, child);
        let order = points.order_of_first(3, 1);
        assert!(!order.is_before(parent, child) && !order.is_before(child, parent));
        assert!(order.is_before(child, later) && order.is_before(parent, later));
        assert_eq!(order.contradictions(), 2);
    }
}
