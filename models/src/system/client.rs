//! The client of a process, as far as it was promised something that its log does not keep.
//!
//! What the log keeps is told again after every crash, so nothing has to be remembered of it. A right
//! process promises nothing else, and its client adds nothing to the states of a system.

use crate::process::rename::{Exchange, Rename};

/// What the client of a process was told ahead of its log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Client<Outcome> {
    told: Option<Outcome>,
    forgotten: bool,
}

impl<Outcome> Default for Client<Outcome> {
    fn default() -> Self {
        Client { told: None, forgotten: false }
    }
}

impl<Outcome: Rename> Rename for Client<Outcome> {
    fn rename(&mut self, names: Exchange) {
        let Client { told, forgotten: _ } = self;
        told.rename(names);
    }
}

impl<Outcome: PartialEq> Client<Outcome> {
    /// How it ended, as the client was told when the log did not have it.
    #[must_use]
    pub fn told(&self) -> Option<&Outcome> {
        self.told.as_ref()
    }

    /// Whether its request was acknowledged, and then forgotten in a crash.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.forgotten
    }

    /// Hears an outcome. The first that was told ahead of the log counts until the log has it.
    pub(super) fn hear(&mut self, outcome: Outcome, is_logged: bool) {
        match &self.told {
            Some(told) if is_logged && *told == outcome => self.told = None,
            Some(_) => {}
            None if is_logged => {}
            None => self.told = Some(outcome),
        }
    }

    pub(super) fn forget(&mut self) {
        self.forgotten = true;
    }
}
