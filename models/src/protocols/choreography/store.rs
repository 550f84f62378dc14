//! What a service keeps in its own database: a ledger of its steps, an inbox, an outbox.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::barrier::{Entry, Ledger};
use crate::process::rename::renames;
use crate::process::{StepId, StepSet, WorkflowId};

use super::event::{Event, Line, Subscriber};
use super::outbox::Outbox;

/// The protocol's tables in a service's database. The rows of the business are beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceStore {
    /// How its steps stand.
    pub ledger: Ledger,
    /// What it still has to publish.
    pub outbox: Outbox,
    /// What its steps heard.
    inbox: SmallVec<[(WorkflowId, StepId, Heard); 2]>,
}

renames!(struct ServiceStore { ledger, outbox; sorted inbox });

/// The events that one step of one workflow heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Heard {
    /// The workflow was asked for. Only first steps hear that.
    pub requested: bool,
    /// Steps that are done.
    pub done: StepSet,
    /// Steps that were refused.
    pub refused: StepSet,
    /// Steps that are undone, or never run.
    pub undone: StepSet,
}

renames!(nothing in Heard);

/// An entry of a service's log: one local transaction of the protocol's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceRecord {
    /// An event was heard, and there is nothing to do yet.
    Heard(Line),
    /// An event was heard and called for a reaction.
    Reacted {
        /// The event.
        cause: Line,
        /// How the step stands now, if that is remembered.
        entry: Option<Entry>,
        /// What is to be told about it.
        event: Event,
    },
    /// A subscriber acknowledged a line of the outbox.
    Delivered(Line),
}

renames!(enum ServiceRecord { Heard(line), Reacted { cause, entry, event }, Delivered(line) });

impl ServiceStore {
    /// What a step heard so far.
    #[must_use]
    pub fn heard(&self, workflow: WorkflowId, step: StepId) -> Heard {
        match self.position(workflow, step) {
            Ok(at) => self.inbox[at].2,
            Err(_) => Heard::default(),
        }
    }

    /// Notes in the inbox that a line was heard.
    pub(super) fn hear(&mut self, line: Line) {
        let Subscriber::Step(step) = line.to else { return };
        let at = match self.position(line.workflow, step) {
            Ok(at) => at,
            Err(at) => {
                self.inbox.insert(at, (line.workflow, step, Heard::default()));
                at
            }
        };
        self.inbox[at].2.add(line.event);
    }

    fn position(&self, workflow: WorkflowId, step: StepId) -> Result<usize, usize> {
        self.inbox.binary_search_by_key(&(workflow, step), |&(w, s, _)| (w, s))
    }
}

impl Heard {
    /// Adds an event.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Requested => self.requested = true,
            // The step answers it at once, or it comes too late.
            Event::Cancelled => {}
            Event::Done(step) => self.done.insert(step),
            Event::Refused(step) => self.refused.insert(step),
            Event::Undone(step) => self.undone.insert(step),
        }
    }

    /// The same, with one event more.
    #[must_use]
    pub fn and(mut self, event: Event) -> Heard {
        self.add(event);
        self
    }
}
