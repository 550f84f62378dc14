//! The outbox of one process: lines that are published until they are acknowledged.

use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{Effect, Effects, Process};

use super::event::{ChoreographyMessage, ChoreographyTimer, Line};
use super::plan::ChoreographyPlan;

/// Lines that are not acknowledged yet, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Outbox {
    lines: SmallVec<[Line; 2]>,
}

renames!(struct Outbox { ; sorted lines });

impl Outbox {
    /// Adds lines; what is there already is not added again.
    pub fn extend(&mut self, lines: impl IntoIterator<Item = Line>) {
        for line in lines {
            if let Err(at) = self.lines.binary_search(&line) {
                self.lines.insert(at, line);
            }
        }
    }

    /// Takes a line out. Whether it was there.
    pub fn remove(&mut self, line: Line) -> bool {
        match self.lines.binary_search(&line) {
            Ok(at) => {
                self.lines.remove(at);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether a line is still to be acknowledged.
    #[must_use]
    pub fn contains(&self, line: Line) -> bool {
        self.lines.binary_search(&line).is_ok()
    }

    /// The lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = Line> {
        self.lines.iter().copied()
    }
}

/// Sends a line to its subscriber, and waits for the acknowledgement.
pub(super) fn publish<P>(plan: &ChoreographyPlan, line: Line, effects: &mut Effects<P>)
where
    P: Process<Message = ChoreographyMessage, Timer = ChoreographyTimer>,
{
    effects.push(Effect::Send {
        to: plan.subscriber(line),
        message: ChoreographyMessage::Event(line),
    });
    effects.push(Effect::SetTimer(ChoreographyTimer::Publish(line)));
}

/// Tells the publisher of a line that it need not repeat it.
pub(super) fn acknowledge<P>(plan: &ChoreographyPlan, line: Line, effects: &mut Effects<P>)
where
    P: Process<Message = ChoreographyMessage>,
{
    effects.push(Effect::Send {
        to: plan.publisher(line),
        message: ChoreographyMessage::Acknowledged(line),
    });
}
