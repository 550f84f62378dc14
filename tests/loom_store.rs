//! Every interleaving of processes on one store, by loom.
//!
//! The store in memory, the host and the participant's core are compiled here a second time, from the
//! same sources, with loom's primitives in the place of the standard ones (`crate::sync`). What is
//! proven is what runs, and no special flags are needed.
//!
//! What is proven: lanes of a service, which serve different workflows at the same time, share the
//! service's resources and the history, and neither loses an update nor mixes up the order. What that
//! rests on is shown by two mutants that loom must find, or the proof would prove nothing: one looks
//! at the resources in one transaction and changes them in another; one has two hosts serve the same
//! lane at the same time.

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
#[path = "../src/runtime/process_store.rs"]
mod process_store;

/// The paths by which the runtime knows the store.
mod store {
    pub(crate) use crate::error::StoreError;
    pub(crate) use crate::transaction::{Entry, Lane, Transaction, attempt};
}

use std::sync::Arc;

use amends::models::process::host::{EffectKind, Hosted};
use amends::models::process::{Address, Input, ServiceId, StepId, WorkflowId};
use amends::models::protocols::Design;
use amends::models::protocols::saga::{
    self, Direction, Rows, Saga, SagaKnobs, SagaMessage, StepCall,
};
use amends::models::system::{PerformedEffect, System};
use amends::models::workflow::{StepDraft, Workflow};

use business::Expressions;
use memory::{MemoryStore, MemoryTransaction};
use process_store::{ProcessStore, decode, encode};
use transaction::{Lane, Transaction};

const HALL: Address = Address::Service(ServiceId(0));
const SELL: StepId = StepId(0);

fn show() -> Design {
    Workflow::builder("show")
        .service("hall", [("seats", 2)])
        .step(
            StepDraft::new("sell", "hall")
                .when("seats >= 1")
                .change(["seats -= 1"])
                .undo(["seats += 1"]),
        )
        .instances(2)
        .carried_out_by(SagaKnobs::default())
        .unwrap()
}

fn call(workflow: u32, direction: Direction) -> StepCall {
    StepCall::new(WorkflowId(workflow), SELL, direction)
}

struct Hall {
    store: MemoryStore,
    system: Arc<System<Saga>>,
}

impl Hall {
    fn new(system: &Arc<System<Saga>>) -> sync::Arc<Hall> {
        sync::Arc::new(Hall { store: MemoryStore::new(), system: Arc::clone(system) })
    }

    fn process_store(&self, lane: Lane) -> ProcessStore<Saga, MemoryTransaction> {
        let (system, business) = (Arc::clone(&self.system), Arc::new(Expressions));
        ProcessStore { system, business, process: HALL, lane }
    }

    /// Comes up in a lane and answers requests, one after the other, as the life of a process does.
    fn answer(&self, lane: Lane, calls: &[StepCall]) {
        let process_store = self.process_store(lane);
        let core = self.system.core(HALL).unwrap();
        let log = self.store.transact_now(|tables| tables.log(HALL, lane)).unwrap();
        let mut hosted = Hosted::new(core, process_store.fold(core, log).unwrap());
        for &call in calls {
            let from = Address::Coordinator(call.workflow);
            hosted.give(Input::Message { from, message: SagaMessage::Request(call) });
            while let Some(effect) = hosted.next_effect() {
                if let EffectKind::InStore(effect) = effect.into() {
                    let performed = self
                        .store
                        .transact_now(|tables| process_store.perform(tables, effect, None));
                    hosted.absorb(performed.unwrap());
                }
            }
        }
    }

    fn seats(&self) -> i64 {
        let owned = self.store.transact_now(|tables| tables.owned(HALL)).unwrap();
        owned.map_or(2, |text| decode::<Rows>("resources", text).unwrap().values[0])
    }

    /// What was done, in order.
    fn history(&self) -> Vec<StepCall> {
        let history = self.store.transact_now(|tables| tables.history(0)).unwrap();
        let deeds = history.into_iter().filter_map(|entry| entry.deed);
        let done = deeds.filter_map(|text| {
            match decode::<PerformedEffect<Saga>>("a deed", text).unwrap() {
                PerformedEffect::Applied(change, _) => Some(*change.call()),
                _ => None,
            }
        });
        done.collect()
    }
}

/// Looks at a fresh hall under every schedule. The system is made once, outside of loom, whose threads have
/// little room.
fn under_every_schedule(look: impl Fn(&sync::Arc<Hall>) + Send + Sync + 'static) {
    let system = Arc::new(saga::system(show().workflow(), &SagaKnobs::default()));
    loom::model(move || look(&Hall::new(&system)));
}

/// A thread with room for code that is not optimised.
fn spawn(work: impl FnOnce() + Send + 'static) -> loom::thread::JoinHandle<()> {
    loom::thread::Builder::new().stack_size(1 << 18).spawn(work).unwrap()
}

/// Serves each lane its calls, all at the same time.
fn at_once<const N: usize>(hall: &sync::Arc<Hall>, lanes: [(Lane, Vec<StepCall>); N]) {
    let hosts: Vec<_> = lanes
        .into_iter()
        .map(|(lane, calls)| {
            let hall = sync::Arc::clone(hall);
            spawn(move || hall.answer(lane, &calls))
        })
        .collect();
    for host in hosts {
        host.join().unwrap();
    }
}

#[test]
fn two_workflows_at_once_do_not_lose_each_others_update() {
    under_every_schedule(|hall| {
        let sell = |workflow| vec![call(workflow, Direction::Forward)];
        at_once(hall, [(Lane(0), sell(0)), (Lane(1), sell(1))]);
        assert_eq!(hall.seats(), 0);
        assert_eq!(hall.history().len(), 2);
    });
}

#[test]
fn what_one_lane_repeats_and_undoes_does_not_disturb_the_other() {
    under_every_schedule(|hall| {
        let (sell, undo) = (call(0, Direction::Forward), call(0, Direction::Backward));
        let other = call(1, Direction::Forward);
        at_once(hall, [(Lane(0), vec![sell, sell, undo, sell]), (Lane(1), vec![other])]);
        assert_eq!(hall.seats(), 1);
        let mut own = hall.history();
        own.retain(|call| *call != other);
        assert_eq!(own, [sell, undo], "in this order, and once");
        // A lane that comes up again still finds the door closed.
        at_once(hall, [(Lane(0), vec![sell])]);
        assert_eq!(hall.seats(), 1);
    });
}

/// A mutant: looks in one transaction how many seats there are, and sells one in another.
fn look_then_sell(hall: &Hall) {
    let seats = hall.seats();
    let mut rows = hall.system.initial_resources(HALL).unwrap().clone();
    rows.values[0] = seats - 1;
    let fewer = encode("resources", &rows).unwrap();
    hall.store.transact_now(|tables| tables.own(HALL, fewer)).unwrap();
}

#[test]
#[should_panic(expected = "an update is lost")]
fn loom_sees_through_business_that_looks_first_and_acts_later() {
    under_every_schedule(|hall| {
        let sellers = [(); 2].map(|()| {
            let hall = sync::Arc::clone(hall);
            spawn(move || look_then_sell(&hall))
        });
        for seller in sellers {
            seller.join().unwrap();
        }
        assert_eq!(hall.seats(), 0, "an update is lost");
    });
}

#[test]
#[should_panic(expected = "applied twice")]
fn loom_sees_through_two_hosts_of_one_lane() {
    under_every_schedule(|hall| {
        let sell = || vec![call(0, Direction::Forward)];
        at_once(hall, [(Lane(0), sell()), (Lane(0), sell())]);
        assert_eq!(hall.seats(), 1, "applied twice");
    });
}
