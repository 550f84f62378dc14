//! A canonical order of observations: workflows that look alike give equal runs, so that each shape has to
//! be judged only once.
//!
//! Observations are told apart by what they are, by how much comes before them, and then by what comes
//! before and after them (colour refinement, Weisfeiler and Leman 1968). Where that leaves some alike, one
//! of them is made the first. If they are not really alike, equal shapes may then give different runs:
//! that costs a judgement, and changes none.

use std::hash::{Hash, Hasher};

use amends_models::conformance::Observation;
use rustc_hash::FxHasher;

/// The positions in canonical order. What comes before something else stays before it.
pub(super) fn canonical(
    observations: &[Observation],
    is_before: impl Fn(usize, usize) -> bool,
) -> Vec<usize> {
    let count = observations.len();
    let before: Vec<Vec<usize>> =
        (0..count).map(|then| (0..count).filter(|&it| is_before(it, then)).collect()).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (then, earlier) in before.iter().enumerate() {
        earlier.iter().for_each(|&first| after[first].push(then));
    }
    let mut order: Vec<usize> = (0..count).collect();
    let plain = |at: &usize| (before[*at].len(), observations[*at]);
    order.sort_by_key(plain);
    if order.windows(2).all(|pair| plain(&pair[0]) != plain(&pair[1])) {
        return order;
    }
    let mut colours: Vec<u64> = (0..count).map(|at| hash(&plain(&at))).collect();
    loop {
        refine(&mut colours, &before, &after);
        let key = |at: &usize| (before[*at].len(), observations[*at], colours[*at]);
        order.sort_by_key(key);
        let Some(pair) = order.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) else {
            return order;
        };
        colours[pair[0]] = hash(&(colours[pair[0]], "the first"));
    }
}

/// Tells positions apart by what comes before and after them, for as long as that makes a difference.
fn refine(colours: &mut Vec<u64>, before: &[Vec<usize>], after: &[Vec<usize>]) {
    let mut classes = distinct(colours);
    loop {
        let gathered = |others: &[usize]| {
            others.iter().fold(0u64, |sum, &at| sum.wrapping_add(hash(&colours[at])))
        };
        let next: Vec<u64> = (0..colours.len())
            .map(|at| hash(&(colours[at], gathered(&before[at]), gathered(&after[at]))))
            .collect();
        *colours = next;
        let now = distinct(colours);
        if now <= classes {
            return;
        }
        classes = now;
    }
}

fn distinct(colours: &[u64]) -> usize {
    let mut sorted = colours.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}
