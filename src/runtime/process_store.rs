//! Where a process lives in a store: its log, what it owns, and the history that tells what it did.
//!
//! The history is what audits go by. So whatever changes resources, and whatever a monitor of the
//! model would be told, is noted: a change in the transaction that makes it, a message before it is
//! sent. (If a crash falls between the note and the sending, the message counts as sent and lost.)

use std::sync::Arc;

use amends_models::process::host::{Attempt as Attempted, Performed, StoreEffect};
use amends_models::process::{Address, Input, Process, Verdict};
use amends_models::system::{
    ChangeOf, Event, Hostable, PerformedEffect, ProtocolModel, RecordOf, Stored, System,
};

use crate::store::{Entry, Lane, StoreError, Transaction};

use super::business::{Attempt, Business};

/// A process's place in a store.
pub(crate) struct ProcessStore<T: ProtocolModel, X: ?Sized> {
    pub(crate) system: Arc<System<T>>,
    pub(crate) business: Arc<dyn Business<T, X>>,
    pub(crate) process: Address,
    pub(crate) lane: Lane,
}

impl<T: ProtocolModel, X: ?Sized> Clone for ProcessStore<T, X> {
    fn clone(&self) -> Self {
        ProcessStore {
            system: Arc::clone(&self.system),
            business: Arc::clone(&self.business),
            ..*self
        }
    }
}

impl<T: Hostable, X: Transaction + ?Sized> ProcessStore<T, X> {
    /// Folds what the process persisted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn fold(
        &self,
        core: &T::Process,
        log: Vec<String>,
    ) -> Result<<T::Process as Process>::Durable, StoreError> {
        let mut durable = Default::default();
        for text in log {
            core.fold(&mut durable, &decode::<RecordOf<T>>("a record", text)?);
        }
        Ok(durable)
    }

    /// Carries out an effect on the store. A fault may impose a verdict on the change, if the effect
    /// tries one.
    ///
    /// # Errors
    /// When the store or the business fails.
    pub(crate) fn perform(
        &self,
        transaction: &mut X,
        effect: StoreEffect<T::Process>,
        forced: Option<Verdict>,
    ) -> Result<Performed<T::Process>, StoreError> {
        match effect {
            StoreEffect::Persist(record) => {
                let text = encode("a record", &record)?;
                transaction.append(self.entry(Some(text), None))?;
                Ok(Performed { record: Some(record), answer: None })
            }
            StoreEffect::Attempt(attempt) => self.apply(transaction, attempt, forced),
        }
    }

    /// One local transaction.
    fn apply(
        &self,
        transaction: &mut X,
        mut attempt: Attempted<T::Process>,
        forced: Option<Verdict>,
    ) -> Result<Performed<T::Process>, StoreError> {
        let verdict = crate::store::attempt(transaction, |transaction| {
            self.business_says(transaction, &mut attempt.change, forced)
        })?;
        let (change, record) = attempt.concluded(verdict);
        let event = Event {
            process: self.process,
            what: PerformedEffect::Applied(change.clone(), verdict),
        };
        let deed =
            self.is_worth_noting(&event).then(|| encode("a deed", &event.what)).transpose()?;
        let text = record.as_ref().map(|record| encode("a record", record)).transpose()?;
        if text.is_some() || deed.is_some() {
            transaction.append(self.entry(text, deed))?;
        }
        Ok(Performed { record, answer: Some(Input::Applied { change, verdict }) })
    }

    fn business_says(
        &self,
        transaction: &mut X,
        change: &mut ChangeOf<T>,
        forced: Option<Verdict>,
    ) -> Result<Verdict, StoreError> {
        let attempt = Attempt { system: &self.system, process: self.process, change: &mut *change };
        let natural = self.business.perform(attempt, transaction).map_err(|source| {
            let change = self.system.protocol().words().change(change);
            StoreError::Business { change, source }
        })?;
        Ok(match forced {
            Some(Verdict::Refused) if natural != Verdict::Accepted => natural,
            Some(verdict) => verdict,
            None => natural,
        })
    }

    /// What the history has to say of something that leaves no other trace in the store.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(crate) fn note(&self, what: PerformedEffect<T>) -> Result<Option<Entry>, StoreError> {
        let event = Event { process: self.process, what };
        if !self.is_worth_noting(&event) {
            return Ok(None);
        }
        Ok(Some(self.entry(None, Some(encode("a deed", &event.what)?))))
    }

    fn is_worth_noting(&self, event: &Event<T>) -> bool {
        matches!(event.what, PerformedEffect::Applied(_, Verdict::Accepted))
            || !self.system.protocol().watchers(event).is_empty()
    }

    fn entry(&self, record: Option<String>, deed: Option<String>) -> Entry {
        Entry { process: self.process, lane: self.lane, record, deed }
    }
}

pub(crate) fn encode(what: &'static str, value: &impl Stored) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Encode { what, source })
}

pub(crate) fn decode<V: Stored>(what: &'static str, text: String) -> Result<V, StoreError> {
    serde_json::from_str(&text).map_err(|source| StoreError::Decode { what, text, source })
}
