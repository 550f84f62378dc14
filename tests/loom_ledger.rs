//! Every interleaving of concurrent requests on the ledger, by loom.
//!
//! The store in memory, the host and the participant's core are compiled here a second time, from the
//! same sources, with loom's primitives in the place of the standard ones (`crate::sync`). What is
//! proven is what runs, and no special flags are needed.
//!
//! At the end stands a mutant that looks at the ledger in one transaction and acts in another. Loom
//! must find that it applies a change twice, or the proof above it would prove nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(dead_code, unreachable_pub, reason = "the sources are made for a library")]

mod sync {
    pub(crate) use loom::sync::{Arc, Mutex};
}

#[path = "../src/store/error.rs"]
mod error;
#[path = "../src/store/memory.rs"]
mod memory;
#[path = "../src/store/transaction.rs"]
mod transaction;

#[path = "../src/runtime/business.rs"]
mod business;
#[path = "../src/runtime/home.rs"]
mod home;
#[path = "../src/runtime/host.rs"]
mod host;

/// The paths by which the runtime knows the store.
mod store {
    pub(crate) use crate::error::StoreError;
    pub(crate) use crate::transaction::Transaction;
}

use std::sync::Arc;

use amends::models::protocol::saga::{
    Direction, SagaChange, SagaKnobs, SagaMessage, SagaParticipant, SagaPlan, StepCall,
};
use amends::models::protocol::{Address, Effect, Input, ServiceId, StepId, Verdict, WorkflowId};
use amends::models::workflow::{ResourceId, StepDraft, Workflow};

use business::{Business, BusinessError};
use error::StoreError;
use home::ServiceHome;
use host::{Hosted, is_durable, perform};
use memory::MemoryStore;
use transaction::Transaction;

const HALL: ServiceId = ServiceId(0);
const SEATS: ResourceId = ResourceId(0);
const SELL: StepId = StepId(0);

fn show() -> Workflow {
    Workflow::builder("show")
        .service("hall", [("seats", 2)])
        .step(StepDraft::new("sell", "hall"))
        .build()
        .unwrap()
}

fn call(workflow: u32, direction: Direction) -> StepCall {
    StepCall::new(WorkflowId(workflow), SELL, direction)
}

/// A seat less, or a seat more.
struct Seats;

impl<T: Transaction> Business<T> for Seats {
    fn perform(&self, transaction: &mut T, call: StepCall) -> Result<Verdict, BusinessError> {
        let seats = transaction.resources(HALL)?[0];
        let seats = match call.direction {
            Direction::Forward if seats == 0 => return Ok(Verdict::Refused),
            Direction::Forward => seats - 1,
            Direction::Backward => seats + 1,
        };
        transaction.set_resource(HALL, SEATS, seats)?;
        Ok(Verdict::Accepted)
    }
}

struct Hall {
    store: MemoryStore,
    core: Arc<SagaParticipant>,
}

impl Hall {
    fn new() -> sync::Arc<Hall> {
        let plan = Arc::new(SagaPlan::new(show().steps(), SagaKnobs::default()));
        let core = Arc::new(SagaParticipant::new(plan));
        sync::Arc::new(Hall { store: MemoryStore::new(&show()), core })
    }

    /// Answers a request as a worker of the service does, without the lock per workflow that workers
    /// add: the ledger alone must be barrier enough.
    fn answer(&self, call: StepCall) -> SagaMessage {
        let home =
            ServiceHome { service: HALL, workflow: call.workflow, business: Arc::new(Seats) };
        let from = Address::Coordinator(call.workflow);
        let input = Input::Message { from, message: SagaMessage::Request(call) };
        let mut hosted = self
            .store
            .transact_now(|tables| Hosted::open(Arc::clone(&self.core), &home, tables, input))
            .unwrap();
        loop {
            match hosted.next_effect() {
                Some(effect) if is_durable(&effect) => {
                    let performed =
                        self.store.transact_now(|tables| perform(&home, tables, effect));
                    hosted.absorb(performed.unwrap());
                }
                Some(Effect::Send { message, .. }) => return message,
                effect => panic!("a participant answers, but this one does {effect:?}"),
            }
        }
    }

    fn seats(&self) -> i64 {
        self.store.transact_now(|tables| Ok(tables.resources(HALL)?[0])).unwrap()
    }

    fn journal(&self) -> Vec<StepCall> {
        self.store.transact_now(|tables| tables.journal()).unwrap()
    }
}

/// Answers all calls at the same time.
fn at_once(hall: &sync::Arc<Hall>, calls: impl IntoIterator<Item = StepCall>) {
    let workers: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let hall = sync::Arc::clone(hall);
            loom::thread::spawn(move || {
                hall.answer(call);
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
}

#[test]
fn two_duplicates_at_once_apply_once() {
    loom::model(|| {
        let hall = Hall::new();
        at_once(&hall, [call(0, Direction::Forward), call(0, Direction::Forward)]);
        assert_eq!(hall.seats(), 1);
        assert_eq!(hall.journal(), [call(0, Direction::Forward)]);
    });
}

#[test]
fn a_step_and_its_compensation_at_once_leave_nothing_behind() {
    loom::model(|| {
        let hall = Hall::new();
        at_once(&hall, [call(0, Direction::Forward), call(0, Direction::Backward)]);
        assert_eq!(hall.seats(), 2);
        // Either it was done and undone, or the compensation came first and the step never ran.
        let both = [call(0, Direction::Forward), call(0, Direction::Backward)];
        assert!(hall.journal().is_empty() || hall.journal() == both);
        // A step that comes later still finds the door closed.
        hall.answer(call(0, Direction::Forward));
        assert_eq!(hall.seats(), 2);
    });
}

#[test]
fn a_step_and_two_compensations_at_once_leave_nothing_behind() {
    let mut bounded = loom::model::Builder::new();
    // Three threads: all interleavings with at most three preemptions.
    bounded.preemption_bound = Some(3);
    bounded.check(|| {
        let hall = Hall::new();
        let undo = call(0, Direction::Backward);
        at_once(&hall, [call(0, Direction::Forward), undo, undo]);
        assert_eq!(hall.seats(), 2);
    });
}

#[test]
fn two_workflows_at_once_do_not_lose_each_others_update() {
    loom::model(|| {
        let hall = Hall::new();
        at_once(&hall, [call(0, Direction::Forward), call(1, Direction::Forward)]);
        assert_eq!(hall.seats(), 0);
        assert_eq!(hall.journal().len(), 2);
    });
}

/// The mutant: looks in one transaction whether the request was answered before, and answers it in
/// another. Each of them is as atomic as above; only what lies between them is new.
fn look_then_act(hall: &Hall, call: StepCall) -> Result<(), StoreError> {
    let ledger = hall.store.transact_now(|tables| tables.ledger(HALL, call.workflow))?;
    if ledger.is_empty() {
        let home =
            ServiceHome { service: HALL, workflow: call.workflow, business: Arc::new(Seats) };
        let effect = Effect::<SagaParticipant>::Apply(SagaChange::Step(call));
        hall.store.transact_now(|tables| perform(&home, tables, effect))?;
    }
    Ok(())
}

#[test]
#[should_panic(expected = "applied twice")]
fn loom_sees_through_a_barrier_that_looks_first_and_acts_later() {
    loom::model(|| {
        let hall = Hall::new();
        let other = sync::Arc::clone(&hall);
        let worker = loom::thread::spawn(move || {
            look_then_act(&other, call(0, Direction::Forward)).unwrap();
        });
        look_then_act(&hall, call(0, Direction::Forward)).unwrap();
        worker.join().unwrap();
        assert_eq!(hall.seats(), 1, "applied twice");
    });
}
