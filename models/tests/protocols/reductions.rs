//! What a wrong claim about a system costs: nothing but the reduction.
//!
//! A system says which of its workflows are interchangeable, and how to rename them. Here it says so
//! wrongly, in one way after the other, and the checker does not believe it.

use amends_models::check::{
    Fairness, Move, Product, Property, PropertyKind, Reduction, Report, Snapshot, Swap, erased,
    product, successors,
};
use amends_models::process::{Address, WorkflowId};
use amends_models::protocols::saga::{Saga, SagaKnobs, system};
use amends_models::system::{Action, Local, Part, Request, Status, System};
use amends_models::workflow::{Fault, FaultBudget, StepDraft, Workflow};

/// A system that makes wrong claims about itself.
struct Mistaken {
    system: System<Saga>,
    /// Puts back what was there before a process was renamed.
    forgets: fn(&mut Local<Saga>, &Local<Saga>),
    /// Monitors stay where they are when workflows are renamed.
    forgets_monitors: bool,
    /// Which messages are said to be stale.
    stale: fn(&System<Saga>, usize, &Part<Saga>, &Request<Saga>) -> bool,
}

impl Mistaken {
    fn about(workflow: &Workflow) -> Self {
        Mistaken {
            system: system(workflow, &SagaKnobs::default()),
            forgets: |_, _| {},
            forgets_monitors: false,
            stale: System::is_stale,
        }
    }

    /// Checks what is always true, so that every reduction is worth trying.
    fn check(&self) -> Report<Vec<Part<Saga>>, Action<Saga>> {
        let properties = self.system.properties().iter();
        let safety = properties.filter(|property| property.kind == PropertyKind::Always);
        product(self).properties(safety.cloned()).stale_messages(true).run()
    }

    /// Asserts that the claim is not believed, and that everything is explored instead.
    #[track_caller]
    fn assert_refused(&self, reduction: Reduction, because: &str) {
        let report = self.check();
        let found = report.reductions.iter().find(|report| report.reduction == reduction);
        let reason = found.and_then(|report| report.refused.as_deref());
        assert!(reason.is_some_and(|reason| reason.contains(because)), "{found:?}");
        report.assert_holds();
        let properties = self.system.properties().iter();
        let safety = properties.filter(|property| property.kind == PropertyKind::Always);
        let full = erased(&self.system)
            .properties(safety.cloned())
            .symmetry(reduction != Reduction::Symmetry)
            .stale_messages(reduction != Reduction::StaleMessages);
        assert_eq!(report.states, full.run().states);
    }
}

impl Product for Mistaken {
    type Part = Part<Saga>;
    type Request = Request<Saga>;
    type Action = Action<Saga>;

    fn initial(&self) -> Vec<Vec<Part<Saga>>> {
        self.system.initial()
    }

    fn moves(&self, slot: usize, part: &Part<Saga>, moves: &mut Vec<Move<Self>>) {
        let mut own = Vec::new();
        self.system.moves(slot, part, &mut own);
        for Move { action, part, requests } in own {
            moves.push(Move { action, part, requests });
        }
    }

    fn answer(
        &self,
        slot: usize,
        part: &Part<Saga>,
        request: &Request<Saga>,
    ) -> Option<Part<Saga>> {
        self.system.answer(slot, part, request)
    }

    fn fairness(&self, action: &Action<Saga>) -> Fairness {
        self.system.fairness(action)
    }

    fn symmetry(&self) -> Vec<usize> {
        self.system.symmetry()
    }

    fn swap(&self, swap: Swap, slot: usize, part: &Part<Saga>) -> (usize, Part<Saga>) {
        match (self.system.swap(swap, slot, part), part) {
            ((to, Part::Process(mut renamed)), Part::Process(before)) => {
                (self.forgets)(&mut renamed, before);
                (to, Part::Process(renamed))
            }
            (_, Part::Monitor(_)) if self.forgets_monitors => (slot, part.clone()),
            (swapped, _) => swapped,
        }
    }

    fn swap_request(&self, swap: Swap, request: &Request<Saga>) -> Request<Saga> {
        self.system.swap_request(swap, request)
    }

    fn is_stale(&self, slot: usize, part: &Part<Saga>, request: &Request<Saga>) -> bool {
        (self.stale)(&self.system, slot, part, request)
    }

    fn normalized(&self, slot: usize, part: &Part<Saga>) -> Option<Part<Saga>> {
        self.system.normalized(slot, part)
    }
}

/// Two orders of two steps each, with a crash, a loss and a refusal.
fn orders() -> Workflow {
    let budget = [Fault::Crash, Fault::Lose, Fault::Refuse]
        .into_iter()
        .fold(FaultBudget::none(), |budget, fault| budget.allow(fault, 1));
    let reserve = StepDraft::new("reserve", "inventory").when("stock >= 1");
    let charge = StepDraft::new("charge", "bank").when("balance >= 1");
    Workflow::builder("orders")
        .service("inventory", [("stock", 1)])
        .service("bank", [("balance", 1)])
        .step(reserve.change(["stock -= 1"]).undo(["stock += 1"]))
        .step(charge.change(["balance -= 1"]).undo(["balance += 1"]))
        .build_for(&SagaKnobs::default())
        .expect("the workflow is sound")
        .with_instances(2)
        .with_faults(budget)
}

#[test]
fn interchangeable_workflows_are_explored_once() {
    let report = Mistaken::about(&orders()).check();
    report.assert_holds();
    assert_eq!(report.reductions[0].refused, None);
}

#[test]
fn a_ledger_that_is_not_renamed_is_noticed() {
    let mut mistaken = Mistaken::about(&orders());
    mistaken.forgets = |renamed, before| renamed.durable = before.durable.clone();
    mistaken.assert_refused(Reduction::Symmetry, "");
}

#[test]
fn messages_that_are_not_renamed_are_noticed() {
    let mut mistaken = Mistaken::about(&orders());
    mistaken.forgets = |renamed, before| renamed.inbox = before.inbox.clone();
    mistaken.assert_refused(Reduction::Symmetry, "");
}

#[test]
fn monitors_that_do_not_follow_their_workflows_are_noticed() {
    let mut mistaken = Mistaken::about(&orders());
    mistaken.forgets_monitors = true;
    mistaken.assert_refused(Reduction::Symmetry, "has no counterpart");
}

#[test]
fn messages_that_are_heeded_are_not_stale() {
    let mut mistaken = Mistaken::about(&orders());
    mistaken.stale = |_, _, _, request| matches!(request, Request::Put(..));
    mistaken.assert_refused(Reduction::StaleMessages, "is said to be stale, and");
}

/// A reply to a compensation is of no use to a coordinator that goes forward, but it may yet go back.
#[test]
fn messages_that_are_heeded_later_are_not_stale() {
    let mut mistaken = Mistaken::about(&orders());
    mistaken.stale = |system, slot, part, request| {
        let Some(with) = system.answer(slot, part, request) else { return false };
        let mut moves = Vec::new();
        system.moves(slot, &with, &mut moves);
        let changes_nothing =
            |step: &Move<System<Saga>>| step.requests.is_empty() && step.part == *part;
        matches!(request, Request::Put(..)) && moves.iter().any(changes_nothing)
    };
    mistaken.assert_refused(Reduction::StaleMessages, "may be heeded later");
}

/// It bars timers of its sender until the process is up again, which nothing else can bring about.
#[test]
fn what_is_stale_waits_for_a_process_that_is_down() {
    let system = system(&orders().with_instances(1), &SagaKnobs::default());
    let mut found = system.initial();
    let has_stale = |state: &Vec<Part<Saga>>| {
        (0..state.len()).find(|&slot| system.normalized(slot, &state[slot]).is_some())
    };
    let mut at = 0;
    let (slot, part) = loop {
        let next: Vec<_> =
            successors(&system, &found[at]).into_iter().map(|(_, next)| next).collect();
        if let Some((state, slot)) = next.iter().find_map(|next| Some((next, has_stale(next)?))) {
            break (slot, state[slot].clone());
        }
        found.extend(next);
        at += 1;
    };
    let Part::Process(mut process) = part else { panic!("only processes have inboxes") };
    process.status = Status::Down;
    assert_eq!(system.normalized(slot, &Part::Process(process)), None);
}

#[test]
fn a_property_that_looks_at_the_network_is_noticed() {
    let mut system = system(&orders(), &SagaKnobs::default());
    let first = system.process_slot(Address::Coordinator(WorkflowId(0)));
    let second = system.process_slot(Address::Coordinator(WorkflowId(1)));
    let waits = move |state: Snapshot<'_, Part<Saga>>| {
        [first, second].into_iter().any(|slot| {
            let process = state.part(slot).process();
            let is_over = process.durable.coordinator.outcome().is_some();
            is_over && process.inbox.messages().next().is_some()
        })
    };
    system.add_property(Property::new(PropertyKind::Sometimes, "too late", waits));
    let report = system.verify().stale_messages(true).run();
    let stale = report.reductions.iter().find(|it| it.reduction == Reduction::StaleMessages);
    let refused = stale.and_then(|report| report.refused.as_deref());
    assert_eq!(refused, Some("`too late` looks at messages that nobody heeds"));
    assert!(report.property("too late").is_some_and(|found| found.verdict.word() == "holds"));
}

#[test]
fn a_property_of_one_workflow_alone_is_noticed() {
    let mut system = system(&orders(), &SagaKnobs::default());
    let first = system.process_slot(Address::Coordinator(WorkflowId(0)));
    let ended = move |state: Snapshot<'_, Part<Saga>>| {
        state.part(first).process().durable.coordinator.outcome().is_some()
    };
    system.add_property(Property::new(PropertyKind::Sometimes, "the first ends", ended));
    let report = system.verify().run();
    let refused = report.reductions[0].refused.as_deref();
    assert_eq!(refused, Some("`the first ends` tells things apart"));
    assert!(report.property("the first ends").is_some_and(|found| found.verdict.word() == "holds"));
}

#[test]
fn workflows_that_ask_for_different_things_are_told_apart() {
    let ids = |ids: &[u32]| ids.iter().copied().map(WorkflowId).collect::<Vec<_>>();
    assert_eq!(orders().interchangeable(), [ids(&[0, 1])]);
    let differ = Workflow::builder("orders")
        .service("bank", [("balance", 5)])
        .instances(3)
        .request([("amount", 1)])
        .request([("amount", 2)])
        .step(StepDraft::new("charge", "bank").change(["balance -= amount"]))
        .build_for(&SagaKnobs::default())
        .expect("the workflow is sound");
    assert_eq!(differ.interchangeable(), [ids(&[0, 2]), ids(&[1])]);
    let report = system(&differ, &SagaKnobs::default()).verify().run();
    assert_eq!(report.reductions[0].refused, None);
    let full = system(&differ, &SagaKnobs::default()).verify().symmetry(false).run();
    assert!(report.states < full.states);
}
