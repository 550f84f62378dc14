//! Decides, at each opportunity, whether a fault strikes.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use amends_models::process::{Address, WorkflowId};
use amends_models::system::{NodeId, ProtocolModel, System};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::plan::{FaultKind, FaultPlan, FaultPlanError, Rate};

/// How likely each opportunity is taken in a workflow on which a counted fault was laid.
const COUNTED: f64 = 0.5;

/// Where an opportunity for a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The client of the process at that address.
    Client(Address),
    /// The process at that address.
    Process(Address),
    /// The link from one process to another.
    Link {
        /// Who sends.
        from: Address,
        /// Who receives.
        to: Address,
    },
}

/// A line of the fault plan.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    fault: FaultKind,
    /// The node it is bound to.
    node: Option<NodeId>,
    rate: Rate,
}

/// What a sequence of draws is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    /// Whether a fault strikes.
    Fault(FaultKind, Option<NodeId>),
    /// Lengths of waits.
    Length,
    /// Which workflow a counted fault is laid on.
    Victim(FaultKind, Option<NodeId>),
}

/// What is decided by a sequence of draws of its own, so that no other decision disturbs it.
type Die = (Purpose, Option<WorkflowId>, Place);

/// The dice of a run, and the count of what was injected.
#[derive(Debug)]
pub struct Injector {
    entries: Vec<Entry>,
    /// Who is on which node.
    nodes: HashMap<Address, NodeId>,
    seed: u64,
    /// How often each die was cast.
    draws: Mutex<HashMap<Die, u32>>,
    /// How many counted faults are still to strike, by line of the plan and workflow.
    laid: Mutex<HashMap<(usize, WorkflowId), u32>>,
    injected: [AtomicU64; FaultKind::ALL.len()],
}

impl Injector {
    /// The dice of a run of that system.
    ///
    /// # Errors
    /// When the plan names a node that the system does not have.
    pub fn new<T: ProtocolModel>(
        plan: &FaultPlan,
        system: &System<T>,
        seed: u64,
    ) -> Result<Injector, FaultPlanError> {
        let entries = plan
            .iter()
            .map(|(fault, node, rate)| {
                let node = node.map(|node| find(system.nodes(), fault, node)).transpose()?;
                Ok(Entry { fault, node, rate })
            })
            .collect::<Result<Vec<Entry>, _>>()?;
        let nodes = system.addresses().filter_map(|at| Some((at, system.node(at)?))).collect();
        let workflows = u64::from(system.protocol().workflow().instances().max(1));
        let mut laid = HashMap::new();
        for (line, entry) in entries.iter().enumerate() {
            let Rate::Count(faults) = entry.rate else { continue };
            let purpose = Purpose::Victim(entry.fault, entry.node);
            for position in 0..faults {
                let victim = draw(seed, purpose, None, NOWHERE, position) % workflows;
                *laid.entry((line, WorkflowId(victim as u32))).or_insert(0) += 1;
            }
        }
        let (draws, injected) = (Mutex::default(), Default::default());
        Ok(Injector { entries, nodes, seed, draws, laid: Mutex::new(laid), injected })
    }

    /// Whether a fault strikes here and now, in what is done for that workflow (or for none in
    /// particular). If so, it is counted as injected.
    #[must_use]
    pub fn strikes(&self, fault: FaultKind, workflow: Option<WorkflowId>, place: Place) -> bool {
        let at = self.nodes.get(&place.end()).copied();
        let mut strikes = false;
        for (line, entry) in self.entries.iter().enumerate() {
            if entry.fault == fault && entry.node.is_none_or(|node| Some(node) == at) {
                // Every line that applies draws, so that lines do not disturb each other.
                strikes |= self.line_strikes(line, entry, workflow, place);
            }
        }
        if strikes {
            self.injected[fault as usize].fetch_add(1, Ordering::Relaxed);
        }
        strikes
    }

    fn line_strikes(
        &self,
        line: usize,
        entry: &Entry,
        workflow: Option<WorkflowId>,
        place: Place,
    ) -> bool {
        let purpose = Purpose::Fault(entry.fault, entry.node);
        let happens = |chance: f64| {
            // The upper 53 bits, as a number from 0 (inclusive) to 1 (exclusive).
            let random = self.next(purpose, workflow, place) >> 11;
            (random as f64) < chance * (1u64 << 53) as f64
        };
        match entry.rate {
            Rate::Chance(chance) => happens(chance),
            Rate::Count(_) => {
                // A workflow has one client, who has one opportunity to take the request back.
                let chance = if entry.fault == FaultKind::Cancel { 1.0 } else { COUNTED };
                self.is_laid_on(line, workflow) && happens(chance) && self.take(line, workflow)
            }
        }
    }

    /// A number drawn uniformly, for the length of a wait.
    #[must_use]
    pub fn length(&self, workflow: Option<WorkflowId>, place: Place) -> u64 {
        self.next(Purpose::Length, workflow, place)
    }

    /// How often each fault of the plan struck so far.
    #[must_use]
    pub fn injected(&self) -> Vec<(FaultKind, u64)> {
        let count = |fault: FaultKind| self.injected[fault as usize].load(Ordering::Relaxed);
        self.entries.iter().map(|entry| (entry.fault, count(entry.fault))).collect()
    }

    fn next(&self, purpose: Purpose, workflow: Option<WorkflowId>, place: Place) -> u64 {
        let position = {
            let mut draws = lock(&self.draws);
            let drawn = draws.entry((purpose, workflow, place)).or_insert(0);
            *drawn = drawn.wrapping_add(1);
            *drawn
        };
        draw(self.seed, purpose, workflow, place, position)
    }

    /// Whether a line still has faults for that workflow. What is done for none in particular may get
    /// those of any.
    fn is_laid_on(&self, line: usize, workflow: Option<WorkflowId>) -> bool {
        let laid = lock(&self.laid);
        match workflow {
            Some(workflow) => laid.get(&(line, workflow)).is_some_and(|&left| left > 0),
            None => laid.iter().any(|(&(of, _), &left)| of == line && left > 0),
        }
    }

    fn take(&self, line: usize, workflow: Option<WorkflowId>) -> bool {
        let mut laid = lock(&self.laid);
        let left = match workflow {
            Some(workflow) => laid.get_mut(&(line, workflow)),
            None => {
                let of_line = laid.iter_mut().filter(|((of, _), left)| *of == line && **left > 0);
                of_line.min_by_key(|((_, workflow), _)| *workflow).map(|(_, left)| left)
            }
        };
        match left {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

impl Place {
    /// The address that a fault at this place strikes: messages are at who is to receive them.
    fn end(self) -> Address {
        match self {
            Place::Client(at) | Place::Process(at) | Place::Link { to: at, .. } => at,
        }
    }
}

fn find(nodes: &[String], fault: FaultKind, name: &str) -> Result<NodeId, FaultPlanError> {
    let position = nodes.iter().position(|node| node == name);
    position.map(|at| NodeId(at as u8)).ok_or_else(|| FaultPlanError::Node {
        fault,
        node: name.to_owned(),
        known: nodes.to_vec(),
    })
}

/// Counters are whole after every statement, so a panic elsewhere does not spoil them.
fn lock<T>(counters: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    counters.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A place for draws that are made before anything runs.
const NOWHERE: Place = Place::Process(Address::Broker);

/// The number at a position of a sequence: the sequence's name is the key of the generator.
fn draw(
    seed: u64,
    purpose: Purpose,
    workflow: Option<WorkflowId>,
    place: Place,
    position: u32,
) -> u64 {
    let (purpose, bound) = match purpose {
        Purpose::Fault(fault, node) => ([0, fault as u8], node),
        Purpose::Length => ([1, 0], None),
        Purpose::Victim(fault, node) => ([2, fault as u8], node),
    };
    let (kind, from, to) = match place {
        Place::Client(at) => (0, at, at),
        Place::Process(at) => (1, at, at),
        Place::Link { from, to } => (2, from, to),
    };
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&workflow.map_or(u32::MAX, |id| id.0).to_le_bytes());
    key[12..16].copy_from_slice(&position.to_le_bytes());
    key[16..18].copy_from_slice(&purpose);
    key[18] = bound.map_or(u8::MAX, |node| node.0);
    key[19] = kind;
    key[20..25].copy_from_slice(&from.to_bytes());
    key[25..30].copy_from_slice(&to.to_bytes());
    StdRng::from_seed(key).next_u64()
}

#[cfg(test)]
mod tests {
    use amends_models::process::ServiceId;
    use amends_models::protocols::saga;
    use amends_models::protocols::saga::SagaKnobs;
    use amends_models::workflow::{StepDraft, Workflow};

    use super::*;

    fn injector(plan: &str, seed: u64) -> Result<Injector, FaultPlanError> {
        let workflow = Workflow::builder("trip")
            .service("hotel", [("booked", 0)])
            .service("car", [("booked", 0)])
            .step(StepDraft::new("book-hotel", "hotel"))
            .instances(3)
            .build_for(&SagaKnobs::default())
            .unwrap();
        let system = saga::system(&workflow, &SagaKnobs::default());
        Injector::new(&plan.parse()?, &system, seed)
    }

    fn strikes(injector: &Injector, fault: FaultKind, workflow: u32, place: Place) -> Vec<bool> {
        (0..64).map(|_| injector.strikes(fault, Some(WorkflowId(workflow)), place)).collect()
    }

    const HOTEL: Place = Place::Process(Address::Service(ServiceId(0)));
    const CAR: Place = Place::Process(Address::Service(ServiceId(1)));
    const CLIENT: Place = Place::Client(Address::Coordinator(WorkflowId(2)));

    #[test]
    fn the_same_seed_strikes_at_the_same_places() {
        let run = |seed| strikes(&injector("lose=0.3", seed).unwrap(), FaultKind::Lose, 2, CLIENT);
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn one_line_of_a_plan_does_not_change_when_another_strikes() {
        let alone = injector("crash@hotel=0.3", 7).unwrap();
        let all = injector("lose=0.3,crash@hotel=0.3,crash@car=0.5", 7).unwrap();
        let _ = strikes(&all, FaultKind::Lose, 2, HOTEL);
        let _ = strikes(&all, FaultKind::Crash, 2, CAR);
        assert_eq!(
            strikes(&alone, FaultKind::Crash, 2, HOTEL),
            strikes(&all, FaultKind::Crash, 2, HOTEL)
        );
    }

    #[test]
    fn a_counted_fault_strikes_so_often_in_all() {
        let injector = injector("crash=5", 7).unwrap();
        let struck: usize = (0..3)
            .map(|workflow| strikes(&injector, FaultKind::Crash, workflow, HOTEL))
            .map(|strikes| strikes.into_iter().filter(|&struck| struck).count())
            .sum();
        assert_eq!(struck, 5);
        assert_eq!(injector.injected(), [(FaultKind::Crash, 5)]);
    }

    #[test]
    fn probabilities_of_zero_and_one_are_exact() {
        let injector = injector("lose=1.0,crash=0.0", 7).unwrap();
        assert!(strikes(&injector, FaultKind::Lose, 0, HOTEL).into_iter().all(|struck| struck));
        assert!(!strikes(&injector, FaultKind::Crash, 0, HOTEL).into_iter().any(|struck| struck));
    }

    #[test]
    fn a_fault_bound_to_a_node_strikes_only_there() {
        let injector = injector("crash@hotel=1.0,lose@coordinator=1.0", 7).unwrap();
        let crashes = |place| injector.strikes(FaultKind::Crash, Some(WorkflowId(0)), place);
        assert!(crashes(HOTEL) && !crashes(CAR));
        let lost = |from, to| {
            injector.strikes(FaultKind::Lose, Some(WorkflowId(0)), Place::Link { from, to })
        };
        let (hotel, coordinator) =
            (Address::Service(ServiceId(0)), Address::Coordinator(WorkflowId(0)));
        assert!(lost(hotel, coordinator), "what the hotel says to the coordinator");
        assert!(!lost(coordinator, hotel), "what the coordinator says to the hotel");
    }

    #[test]
    fn a_node_that_is_not_there_is_named() {
        let error = injector("crash@hostel=1", 7).unwrap_err();
        insta::assert_snapshot!(error, @"there is no node `hostel` that could crash; known: coordinator, hotel, car");
    }
}
