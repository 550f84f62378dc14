//! Messages in flight: which arrival, loss or duplication belongs to which sending.
//!
//! A story tells sendings and arrivals as separate events, because that is what they are. To draw a
//! message as one line from its sending to its arrival, the two must be paired: by sender, receiver
//! and text, the oldest first. Equal messages cannot be told apart, so any pairing of them is true.

use amends_models::system::story::{Happening, Story};

/// A message, from its sending to its end, by positions in [`Story::events`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Who sent it.
    pub from: usize,
    /// For whom.
    pub to: usize,
    /// When it left; `None` if the story does not tell.
    pub sent: Option<usize>,
    /// How it ended.
    pub end: End,
}

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It arrived at this event.
    Arrived(usize),
    /// It was lost at this event.
    Lost(usize),
    /// It is still on its way when the story ends.
    OnItsWay,
}

/// The messages of a story, in the order in which they left.
#[must_use]
pub fn flights(story: &Story) -> Vec<Flight> {
    let mut told: Vec<(Flight, &str)> = Vec::new();
    for (at, event) in story.events.iter().enumerate() {
        let Some(actor) = event.actor else { continue };
        let text = event.text.as_str();
        let (from, end) = match event.happening {
            Happening::Send { to } => {
                told.push((Flight { from: actor, to, sent: Some(at), end: End::OnItsWay }, text));
                continue;
            }
            // The copy leaves from wherever in the network the original is.
            Happening::Duplicate { from } => {
                told.push((Flight { from, to: actor, sent: Some(at), end: End::OnItsWay }, text));
                continue;
            }
            Happening::Deliver { from } => (from, End::Arrived(at)),
            Happening::Lose { from } => (from, End::Lost(at)),
            _ => continue,
        };
        let waiting = told.iter_mut().find(|(flight, sent)| {
            (flight.from, flight.to, flight.end, *sent) == (from, actor, End::OnItsWay, text)
        });
        match waiting {
            Some((flight, _)) => flight.end = end,
            None => told.push((Flight { from, to: actor, sent: None, end }, text)),
        }
    }
    told.into_iter().map(|(flight, _)| flight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{event, story};

    #[test]
    fn a_message_flies_from_its_sending_to_its_arrival() {
        let told = story(vec![
            event(0, Happening::Send { to: 1 }, "a"),
            event(0, Happening::Send { to: 1 }, "b"),
            event(1, Happening::Deliver { from: 0 }, "b"),
            event(1, Happening::Lose { from: 0 }, "a"),
        ]);
        assert_eq!(
            flights(&told),
            [
                Flight { from: 0, to: 1, sent: Some(0), end: End::Lost(3) },
                Flight { from: 0, to: 1, sent: Some(1), end: End::Arrived(2) },
            ]
        );
    }

    #[test]
    fn a_duplicate_is_a_second_flight() {
        let told = story(vec![
            event(0, Happening::Send { to: 1 }, "a"),
            event(1, Happening::Duplicate { from: 0 }, "a"),
            event(1, Happening::Deliver { from: 0 }, "a"),
        ]);
        let ends: Vec<End> = flights(&told).iter().map(|flight| flight.end).collect();
        assert_eq!(ends, [End::Arrived(2), End::OnItsWay]);
    }

    #[test]
    fn an_arrival_without_a_sending_is_still_told() {
        let told = story(vec![event(1, Happening::Deliver { from: 0 }, "a")]);
        assert_eq!(flights(&told), [Flight { from: 0, to: 1, sent: None, end: End::Arrived(0) }]);
    }
}
