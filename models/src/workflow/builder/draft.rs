//! What people write: steps and properties whose names and texts mean nothing yet.

use crate::workflow::business::{ByWork, Work};
use crate::workflow::definition::{Claim, StepKind};
use crate::workflow::outside::OutsideAt;
use crate::workflow::rule::StepProtocol;

/// A step as people write it.
#[derive(Clone, Debug)]
pub struct StepDraft {
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) kind: StepKind,
    pub(crate) protocol: Option<StepProtocol>,
    pub(crate) after: Option<Vec<String>>,
    pub(crate) read: Vec<String>,
    pub(crate) when: Option<String>,
    pub(crate) business: ByWork<Vec<String>>,
    pub(crate) keeps: Vec<String>,
    pub(crate) outside: Vec<String>,
    pub(crate) outside_at: Option<OutsideAt>,
    pub(crate) outside_key: bool,
}

/// A property as people write it.
#[derive(Clone, Debug)]
pub struct PropertyDraft {
    /// Its name.
    pub name: String,
    /// What is claimed.
    pub claim: Claim,
    /// The condition, as text.
    pub condition: String,
    /// When it has anything to say, as text.
    pub given: Option<String>,
}

/// A rule as people write it: what picks the protocol of the steps that leave it open.
#[derive(Clone, Debug)]
pub struct RuleDraft {
    /// What it goes by, as text: a condition on the inputs of the request.
    pub when: String,
    /// What is used when that is true.
    pub then: StepProtocol,
    /// What is used otherwise.
    pub otherwise: StepProtocol,
}

impl StepDraft {
    /// A compensatable step of that name, carried out by that service.
    #[must_use]
    pub fn new(name: impl Into<String>, service: impl Into<String>) -> Self {
        StepDraft {
            name: name.into(),
            service: service.into(),
            kind: StepKind::Compensatable,
            protocol: None,
            after: None,
            read: Vec::new(),
            when: None,
            business: ByWork::default(),
            keeps: Vec::new(),
            outside: Vec::new(),
            outside_at: None,
            outside_key: false,
        }
    }

    /// Says whether it can be undone.
    #[must_use]
    pub fn kind(mut self, kind: StepKind) -> Self {
        self.kind = kind;
        self
    }

    /// The protocol it uses, where steps have different ones. Without one, the workflow's rule picks.
    #[must_use]
    pub fn protocol(mut self, protocol: StepProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// The steps it waits for; none, for a step that starts at once.
    #[must_use]
    pub fn after<N: Into<String>>(mut self, steps: impl IntoIterator<Item = N>) -> Self {
        self.after = Some(steps.into_iter().map(Into::into).collect());
        self
    }

    /// What it reads of its service into variables of the workflow, before anything else:
    /// `seen = balance`. It and the steps after it may use them.
    #[must_use]
    pub fn read<T: Into<String>>(mut self, readings: impl IntoIterator<Item = T>) -> Self {
        self.read = readings.into_iter().map(Into::into).collect();
        self
    }

    /// When the service accepts it.
    #[must_use]
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.when = Some(condition.into());
        self
    }

    /// What it changes.
    #[must_use]
    pub fn change<T: Into<String>>(self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.work(Work::Change, assignments)
    }

    /// What its compensation changes.
    #[must_use]
    pub fn undo<T: Into<String>>(self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.work(Work::Undo, assignments)
    }

    /// The resources that its compensation leaves changed on purpose: a fee, a note. Of what it does to
    /// them, nothing has to be taken back.
    #[must_use]
    pub fn keeps<T: Into<String>>(mut self, resources: impl IntoIterator<Item = T>) -> Self {
        self.keeps = resources.into_iter().map(Into::into).collect();
        self
    }

    /// What it does outside of its transaction, where no rollback reaches: `mails += 1`.
    #[must_use]
    pub fn outside<T: Into<String>>(mut self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.outside = assignments.into_iter().map(Into::into).collect();
        self
    }

    /// When it does so.
    #[must_use]
    pub fn outside_at(mut self, at: OutsideAt) -> Self {
        self.outside_at = Some(at);
        self
    }

    /// Gives what it does outside an idempotency key of its own.
    #[must_use]
    pub fn outside_key(mut self) -> Self {
        self.outside_key = true;
        self
    }

    /// In a TCC, what its Try changes.
    #[must_use]
    pub fn reserve<T: Into<String>>(self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.work(Work::Reserve, assignments)
    }

    /// In a TCC, what its Confirm changes.
    #[must_use]
    pub fn confirm<T: Into<String>>(self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.work(Work::Confirm, assignments)
    }

    /// In a TCC, what its Cancel changes.
    #[must_use]
    pub fn cancel<T: Into<String>>(self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.work(Work::Cancel, assignments)
    }

    /// What that work on it changes.
    #[must_use]
    pub fn work<T: Into<String>>(
        mut self,
        work: Work,
        assignments: impl IntoIterator<Item = T>,
    ) -> Self {
        self.business[work] = assignments.into_iter().map(Into::into).collect();
        self
    }
}
