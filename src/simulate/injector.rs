//! Decides, at each opportunity, whether a fault strikes.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use amends_models::protocol::{Address, ServiceId, WorkflowId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::plan::{FaultKind, FaultPlan, Rate};

/// How likely each opportunity is taken in a workflow on which a counted fault was laid.
const COUNTED: f64 = 0.25;

/// Where an opportunity for a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The client of the workflow.
    Client,
    /// The workflow's coordinator, or a service.
    Node(Address),
    /// The link that leads to that address from the workflow's other end.
    Link {
        /// The service at one end.
        service: ServiceId,
        /// Whether it is the receiving end.
        receives: bool,
    },
}

/// What a sequence of draws is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    Fault(FaultKind),
    /// Lengths of waits.
    Length,
    /// Which workflow a counted fault is laid on.
    Victim(FaultKind),
}

/// The dice of a run, and the count of what was injected.
#[derive(Debug)]
pub struct Injector {
    plan: FaultPlan,
    seed: u64,
    draws: Mutex<HashMap<(Purpose, WorkflowId, Place), u32>>,
    laid: Mutex<HashMap<(FaultKind, WorkflowId), u32>>,
    injected: [AtomicU64; FaultKind::ALL.len()],
}

impl Injector {
    /// The dice of a run of workflows zero to `workflows` (exclusive).
    #[must_use]
    pub fn new(plan: FaultPlan, seed: u64, workflows: u32) -> Injector {
        let mut laid = HashMap::new();
        for (fault, rate) in plan.iter() {
            let Rate::Count(count) = rate else { continue };
            for position in 0..count {
                let random =
                    draw(seed, Purpose::Victim(fault), WorkflowId(0), Place::Client, position);
                let victim = WorkflowId((random % u64::from(workflows.max(1))) as u32);
                *laid.entry((fault, victim)).or_insert(0) += 1;
            }
        }
        Injector {
            plan,
            seed,
            draws: Mutex::default(),
            laid: Mutex::new(laid),
            injected: Default::default(),
        }
    }

    /// Whether a fault strikes here and now. If so, it is counted as injected.
    #[must_use]
    pub fn strikes(&self, fault: FaultKind, workflow: WorkflowId, place: Place) -> bool {
        let strikes = match self.plan.rate(fault) {
            None => false,
            Some(Rate::Chance(chance)) => self.happens(chance, fault, workflow, place),
            Some(Rate::Count(_)) => {
                self.is_laid_on(fault, workflow)
                    && self.happens(COUNTED, fault, workflow, place)
                    && self.take(fault, workflow)
            }
        };
        if strikes {
            self.injected[fault as usize].fetch_add(1, Ordering::Relaxed);
        }
        strikes
    }

    /// A number drawn uniformly, for the length of a wait.
    #[must_use]
    pub fn length(&self, workflow: WorkflowId, place: Place) -> u64 {
        self.next(Purpose::Length, workflow, place)
    }

    /// How often each fault of the plan struck so far.
    #[must_use]
    pub fn injected(&self) -> Vec<(FaultKind, u64)> {
        self.plan
            .iter()
            .map(|(fault, _)| (fault, self.injected[fault as usize].load(Ordering::Relaxed)))
            .collect()
    }

    fn happens(&self, chance: f64, fault: FaultKind, workflow: WorkflowId, place: Place) -> bool {
        let random = self.next(Purpose::Fault(fault), workflow, place);
        // The upper 53 bits, as a number from 0 (inclusive) to 1 (exclusive).
        ((random >> 11) as f64) < chance * (1u64 << 53) as f64
    }

    fn next(&self, purpose: Purpose, workflow: WorkflowId, place: Place) -> u64 {
        let position = {
            let mut draws = lock(&self.draws);
            let drawn = draws.entry((purpose, workflow, place)).or_insert(0);
            *drawn = drawn.wrapping_add(1);
            *drawn
        };
        draw(self.seed, purpose, workflow, place, position)
    }

    fn is_laid_on(&self, fault: FaultKind, workflow: WorkflowId) -> bool {
        lock(&self.laid).get(&(fault, workflow)).is_some_and(|&left| left > 0)
    }

    fn take(&self, fault: FaultKind, workflow: WorkflowId) -> bool {
        match lock(&self.laid).get_mut(&(fault, workflow)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Counters are whole after every statement, so a panic elsewhere does not spoil them.
fn lock<T>(counters: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    counters.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The number at a position of a sequence: the sequence's name is the key of the generator.
fn draw(seed: u64, purpose: Purpose, workflow: WorkflowId, place: Place, position: u32) -> u64 {
    let purpose = match purpose {
        Purpose::Fault(fault) => [0, fault as u8],
        Purpose::Length => [1, 0],
        Purpose::Victim(fault) => [2, fault as u8],
    };
    let (kind, service) = match place {
        Place::Client => (0, 0),
        Place::Node(Address::Coordinator(_)) => (1, 0),
        Place::Node(Address::Service(service)) => (2, service.0),
        Place::Link { service, receives: true } => (3, service.0),
        Place::Link { service, receives: false } => (4, service.0),
    };
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&workflow.0.to_le_bytes());
    key[12..16].copy_from_slice(&position.to_le_bytes());
    key[16..18].copy_from_slice(&purpose);
    key[18] = kind;
    key[19..21].copy_from_slice(&service.to_le_bytes());
    StdRng::from_seed(key).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(injector: &Injector, fault: FaultKind, workflow: u32) -> Vec<bool> {
        (0..64).map(|_| injector.strikes(fault, WorkflowId(workflow), Place::Client)).collect()
    }

    #[test]
    fn the_same_seed_strikes_at_the_same_places() {
        let plan: FaultPlan = "lose=0.3".parse().unwrap();
        let run = |seed| strikes(&Injector::new(plan.clone(), seed, 9), FaultKind::Lose, 3);
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn one_kind_of_fault_does_not_change_when_another_strikes() {
        let alone = Injector::new("lose=0.3".parse().unwrap(), 7, 9);
        let both = Injector::new("lose=0.3,crash=0.5".parse().unwrap(), 7, 9);
        let _ = strikes(&both, FaultKind::Crash, 3);
        assert_eq!(strikes(&alone, FaultKind::Lose, 3), strikes(&both, FaultKind::Lose, 3));
    }

    #[test]
    fn a_counted_fault_strikes_at_most_so_often_in_all() {
        let injector = Injector::new("crash=5".parse().unwrap(), 7, 3);
        let struck: usize = (0..3)
            .map(|workflow| strikes(&injector, FaultKind::Crash, workflow))
            .map(|strikes| strikes.into_iter().filter(|&struck| struck).count())
            .sum();
        assert_eq!(struck, 5);
        assert_eq!(injector.injected(), [(FaultKind::Crash, 5)]);
    }

    #[test]
    fn probabilities_of_zero_and_one_are_exact() {
        let injector = Injector::new("lose=1.0,crash=0.0".parse().unwrap(), 7, 1);
        assert!(strikes(&injector, FaultKind::Lose, 0).into_iter().all(|struck| struck));
        assert!(!strikes(&injector, FaultKind::Crash, 0).into_iter().any(|struck| struck));
    }
}
