//! A Stateright model, checked as it is: two clients add to a counter, and one addition gets lost.
//!
//! `cargo run --release --example lost_update -p amends-check` shows the shortest way to lose it, and
//! that the mended counter has none.

use amends_check::{Fairness, Verify};
use stateright::Model;

/// Clients that each read the counter, and write back what they read plus one.
struct Counter {
    clients: usize,
    /// Whether a write is refused when somebody has written since the read.
    compares: bool,
}

/// What one client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    HasRead(u8),
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    counter: u8,
    clients: Vec<Client>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Read(usize),
    Write(usize),
}

impl Model for Counter {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State { counter: 0, clients: vec![Client::Idle; self.clients] }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (number, client) in state.clients.iter().enumerate() {
            match client {
                Client::Idle => actions.push(Action::Read(number)),
                Client::HasRead(_) => actions.push(Action::Write(number)),
                Client::Done => {}
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Read(number) => next.clients[number] = Client::HasRead(state.counter),
            Action::Write(number) => {
                let Client::HasRead(read) = state.clients[number] else { return None };
                if self.compares && read != state.counter {
                    next.clients[number] = Client::Idle;
                } else {
                    next.counter = read + 1;
                    next.clients[number] = Client::Done;
                }
            }
        }
        Some(next)
    }
}

fn done(state: &State) -> usize {
    state.clients.iter().filter(|client| **client == Client::Done).count()
}

fn main() {
    for compares in [false, true] {
        let report = Counter { clients: 3, compares }
            .verify()
            .always("nothing is lost", |state| usize::from(state.counter) == done(state))
            .eventually("all are done", |state| done(state) == state.clients.len())
            .fairness(|_| Fairness::Weak)
            .run();
        println!("compares: {compares}, {} states", report.states);
        for property in &report.properties {
            println!("  {}: {}", property.name, property.verdict.word());
            let Some(path) = property.verdict.counterexample() else { continue };
            println!("    {:?}", path.start);
            for (action, state) in &path.steps {
                println!("    {action:?} -> {state:?}");
            }
            if let Some(from) = path.repeats_from {
                println!("    and again from the state after {from} steps");
            }
        }
    }
}
