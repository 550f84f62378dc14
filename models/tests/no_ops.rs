//! What is delivered is gone, also when nobody cares: the hanging reservation of a TCC that Stateright
//! cannot see.
//!
//! A participant that knows no empty rollback ignores a Cancel that comes before its Try. The Try comes
//! later, reserves, and nobody will ever cancel it. In Stateright's `ActorModel` a handler that changes
//! nothing makes the delivery not happen: the Cancel stays in the network until it does something,
//! which is after the Try. So the one run that goes wrong does not exist there.

use std::borrow::Cow;

use amends_models::check::{Move, Product, product};
use stateright::actor::{Actor, ActorModel, Id, Network, Out};
use stateright::{Checker, Expectation, Model};

/// What the coordinator has sent, both at once: it gave up waiting for the answer to its Try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Message {
    Try,
    Cancel,
}

/// What the participant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reservation {
    None,
    Reserved,
    Released,
}

/// The participant, in one place for both checkers: `None` when it ignores the message.
fn handle(reservation: Reservation, message: Message) -> Option<Reservation> {
    match (reservation, message) {
        (Reservation::None, Message::Try) => Some(Reservation::Reserved),
        (Reservation::Reserved, Message::Cancel) => Some(Reservation::Released),
        _ => None,
    }
}

#[derive(Clone)]
enum Process {
    Coordinator,
    Participant,
}

impl Actor for Process {
    type Msg = Message;
    type Timer = ();
    type State = Reservation;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _id: Id, _storage: &Option<()>, out: &mut Out<Self>) -> Reservation {
        if let Process::Coordinator = self {
            out.send(Id::from(1), Message::Try);
            out.send(Id::from(1), Message::Cancel);
        }
        Reservation::None
    }

    fn on_msg(
        &self,
        _id: Id,
        reservation: &mut Cow<'_, Reservation>,
        _from: Id,
        message: Message,
        _out: &mut Out<Self>,
    ) {
        if let Some(next) = handle(**reservation, message) {
            *reservation.to_mut() = next;
        }
    }
}

#[test]
fn stateright_finds_nothing() {
    let checker = ActorModel::new((), ())
        .actors([Process::Coordinator, Process::Participant])
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(Expectation::Always, "nothing hangs", |_, state| {
            state.network.len() > 0 || *state.actor_states[1] != Reservation::Reserved
        })
        .checker()
        .spawn_bfs()
        .join();
    assert!(checker.is_done());
    checker.assert_properties();
    assert_eq!(checker.unique_state_count(), 3, "at the start, reserved, and released");
}

/// The same participant, and two messages on their way to it.
struct Tcc;

/// A slot: the participant, or a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Participant(Reservation),
    InFlight(Message),
    Delivered,
}

impl Product for Tcc {
    type Part = Part;
    type Request = Message;
    type Action = Message;

    fn initial(&self) -> Vec<Vec<Part>> {
        vec![vec![
            Part::Participant(Reservation::None),
            Part::InFlight(Message::Try),
            Part::InFlight(Message::Cancel),
        ]]
    }

    fn moves(&self, _slot: usize, part: &Part, moves: &mut Vec<Move<Self>>) {
        if let Part::InFlight(message) = *part {
            moves.push(Move {
                action: message,
                part: Part::Delivered,
                requests: vec![(0, message)],
            });
        }
    }

    fn answer(&self, _slot: usize, part: &Part, message: &Message) -> Option<Part> {
        match *part {
            Part::Participant(reservation) => {
                let next = handle(reservation, *message).unwrap_or(reservation);
                Some(Part::Participant(next))
            }
            Part::InFlight(_) | Part::Delivered => None,
        }
    }
}

#[test]
fn we_find_the_reservation_that_hangs() {
    let report = product(&Tcc)
        .deadlock_free("nothing hangs", |state| {
            *state.part(0) != Part::Participant(Reservation::Reserved)
        })
        .eventually("released", |state| *state.part(0) == Part::Participant(Reservation::Released))
        .run();
    assert_eq!(report.states, 5);
    for property in &report.properties {
        let run = property.verdict.counterexample().expect("the reservation hangs");
        let deliveries: Vec<Message> = run.steps.iter().map(|(message, _)| *message).collect();
        assert_eq!(deliveries, [Message::Cancel, Message::Try]);
    }
}
