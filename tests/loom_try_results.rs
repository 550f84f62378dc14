//! Results of Trys that come in at the same time, by loom.
//!
//! A widely copied coordinator tries all participants on threads of their own, and lets each append
//! its result to one list. Two things go wrong, and both are shown here. The append is not safe among
//! threads: one result can overwrite another, and a reservation that nobody knows of is neither
//! confirmed nor cancelled. And the list is in order of arrival, but is read as if it were in order of
//! the participants: a Confirm is linked to the Try of another.
//!
//! That is no matter of messages, so no spec can say it; and where the race is a data race, Rust does
//! not compile it. The tests make the same steps one by one, each under a lock. The [`TccCoordinator`]
//! at the end takes the same replies in every order that threads can bring them in: a reply says what
//! it replies to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use amends::models::process::{
    Address, Answer, Effect, Effects, Input, Process, ServiceId, StepId, WorkflowId,
};
use amends::models::protocols::tcc::{
    Operation, TccCall, TccCoordinator, TccKnobs, TccLog, TccMemory, TccMessage, TccOutcome,
    TccPlan,
};
use amends::models::workflow::{StepDraft, Workflow};
use loom::sync::{Arc, Mutex};

/// The Trys that are under way at the same time.
const TRYS: [StepId; 2] = [StepId(0), StepId(1)];

/// Does `work` for each Try, each on a thread of its own.
fn at_once(work: impl Fn(StepId) + Send + Sync + Clone + 'static) {
    let threads = TRYS.map(|step| {
        let work = work.clone();
        loom::thread::spawn(move || work(step))
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
#[should_panic(expected = "a reservation that nobody knows of")]
fn loom_sees_a_result_that_overwrites_another() {
    loom::model(|| {
        let results = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&results);
        at_once(move |step| {
            // What an unsynchronised append does: it reads the length, writes behind the last
            // element, and sets the length.
            let mut seen = list.lock().unwrap().clone();
            seen.push(step);
            *list.lock().unwrap() = seen;
        });
        assert_eq!(results.lock().unwrap().len(), TRYS.len(), "a reservation that nobody knows of");
    });
}

#[test]
#[should_panic(expected = "linked to the try of another")]
fn loom_sees_a_confirm_that_is_linked_to_the_try_of_another() {
    loom::model(|| {
        let results = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&results);
        at_once(move |step| list.lock().unwrap().push(step));
        let linked = results.lock().unwrap();
        assert_eq!(*linked, TRYS, "linked to the try of another");
    });
}

#[test]
fn results_that_say_whose_they_are_may_come_in_any_order() {
    loom::model(|| {
        let coordinator = Arc::new(Mutex::new(Coordinator::trying()));
        let shared = Arc::clone(&coordinator);
        at_once(move |step| shared.lock().unwrap().hear(step, Operation::Try, Answer::Done));
        assert_eq!(coordinator.lock().unwrap().asked, TRYS.map(|step| (step, Operation::Confirm)));
    });
}

#[test]
fn a_refusal_among_them_cancels_the_other_and_none_is_forgotten() {
    loom::model(|| {
        let coordinator = Arc::new(Mutex::new(Coordinator::trying()));
        let shared = Arc::clone(&coordinator);
        at_once(move |step| {
            let answer = if step == TRYS[0] { Answer::Done } else { Answer::Refused };
            shared.lock().unwrap().hear(step, Operation::Try, answer);
        });
        let mut coordinator = coordinator.lock().unwrap();
        let reserved = (TRYS[0], Operation::Cancel);
        assert!(coordinator.asked.contains(&reserved), "a reservation is left behind");
        assert!(coordinator.asked.iter().all(|&(_, what)| what == Operation::Cancel));
        for (step, operation) in coordinator.asked.clone() {
            coordinator.hear(step, operation, Answer::Done);
        }
        assert_eq!(coordinator.outcome, Some(TccOutcome::Cancelled));
    });
}

/// The coordinator's core with a host in memory.
struct Coordinator {
    core: TccCoordinator,
    memory: TccMemory,
    log: TccLog,
    /// What it asked of whom since the Trys.
    asked: Vec<(StepId, Operation)>,
    outcome: Option<TccOutcome>,
}

impl Coordinator {
    /// One that has sent its Trys.
    fn trying() -> Coordinator {
        let booking = Workflow::builder("booking")
            .service("hotel", [("rooms", 1)])
            .service("flight", [("seats", 1)])
            .step(StepDraft::new("room", "hotel"))
            .step(StepDraft::new("seat", "flight").after::<String>([]))
            .build_for(&TccKnobs::default())
            .unwrap();
        let plan = TccPlan::new(booking.steps(), TccKnobs::default());
        let mut coordinator = Coordinator {
            core: TccCoordinator::new(WorkflowId(0), std::sync::Arc::new(plan)),
            memory: TccMemory::default(),
            log: TccLog::default(),
            asked: Vec::new(),
            outcome: None,
        };
        coordinator.take(Input::Start);
        assert_eq!(coordinator.asked, TRYS.map(|step| (step, Operation::Try)));
        coordinator.asked.clear();
        coordinator
    }

    fn hear(&mut self, step: StepId, operation: Operation, answer: Answer) {
        let call = TccCall::new(WorkflowId(0), step, operation);
        let from = Address::Service(ServiceId(u16::from(step.0)));
        self.take(Input::Message { from, message: TccMessage::Reply(call, answer) });
    }

    fn take(&mut self, input: Input<TccCoordinator>) {
        let mut effects = Effects::<TccCoordinator>::new();
        self.core.handle(&mut self.memory, &self.log, input, &mut effects);
        for effect in effects {
            match effect {
                Effect::Persist(record) => self.log.fold(&record),
                Effect::Send { message: TccMessage::Request(call), .. } => {
                    self.asked.push((call.step, call.operation));
                }
                Effect::Finish(outcome) => self.outcome = Some(outcome),
                Effect::SetTimer(_) | Effect::CancelTimer(_) => {}
                other => panic!("a coordinator does not do {other:?}"),
            }
        }
    }
}
