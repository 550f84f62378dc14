//! Leadership by lease and fencing token: a register in a shared store that says who leads, keeps what
//! the leader wrote, and refuses whoever leads no more.
//!
//! Several coordinators may want to drive one workflow. They agree through a [`Register`] in a store
//! of its own (etcd, a database row): who [claims](LeaseRequest::Claim) it holds a *lease*, which runs
//! out when the holder is silent for too long, and a *fencing token*, the [`Epoch`], which grows with
//! every claim. A leader whose lease ran out may not know it: it was paused, or cut off. So holding a
//! lease proves nothing; what protects the register is that every write carries its epoch, and the
//! store refuses a token that is not the newest (Kleppmann, *How to do distributed locking*, 2016; the
//! lease is that of Gray and Cheriton 1989).
//!
//! This core is sans-IO and knows nothing of a protocol. [`LeaseKnobs::answer`] is what a store does
//! with a request, [`RegisterStore`] is the process that does it, and [`Candidate`] is the other side:
//! somebody who wants to lead. The protocol that uses them says what a value is, and when one
//! [takes the place](Kept) of another.

mod candidate;
mod store;
pub(crate) mod validate;
pub(crate) mod words;

use serde::{Deserialize, Serialize};

use crate::process::Address;
use crate::process::knob::knob;
use crate::process::rename::{Exchange, Rename, renames};

pub use candidate::{Candidate, Heard, Stance};
pub use store::{LeaseMessage, LeaseTimer, RegisterStore, Registers, StoreRecord};

/// A fencing token: how many times leadership was claimed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u32);

renames!(nothing in Epoch);

impl Epoch {
    /// The epoch of the very first leader.
    pub const FIRST: Epoch = Epoch(1);

    /// The token of whoever claims next.
    #[must_use]
    pub fn next(self) -> Epoch {
        Epoch(self.0 + 1)
    }
}

/// Who leads, and what leaders wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Register<V> {
    /// The newest token that was granted.
    pub epoch: Epoch,
    /// Who holds the lease; nobody, when it ran out.
    pub holder: Option<Address>,
    /// What was written.
    pub value: Option<V>,
}

impl<V: Rename> Rename for Register<V> {
    fn rename(&mut self, names: Exchange) {
        let Register { epoch: _, holder, value } = self;
        holder.rename(names);
        value.rename(names);
    }
}

impl<V> Default for Register<V> {
    fn default() -> Self {
        Register { epoch: Epoch::default(), holder: None, value: None }
    }
}

/// What leaders keep in a register.
pub trait Kept: Copy {
    /// Whether it takes the place of what was written `earlier`, in a store with that idea of fencing,
    /// when whoever writes it may write at all. What is written again never does.
    fn supersedes(&self, earlier: &Self, fencing: Fencing) -> bool;
}

/// What a coordinator asks of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseRequest<V> {
    /// Make me the leader, with this token. It must be newer than all that the claimant knows of, and
    /// one that it never claimed before, or it could take the answer to an old claim for that to a new
    /// one.
    Claim(Epoch),
    /// Write this value. I lead with that token.
    Write(Epoch, V),
}

/// What the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseReply<V> {
    /// You lead, with that token. This is what earlier leaders wrote.
    Granted(Epoch, Option<V>),
    /// You do not lead.
    Denied {
        /// The token that was claimed.
        claimed: Epoch,
        /// The newest token.
        epoch: Epoch,
        /// Whether you could lead if you claimed a newer one.
        free: bool,
    },
    /// This is written: what you wanted, or what was there before.
    Written(V),
    /// It is not written: somebody leads with that newer token.
    Fenced(Epoch),
}

/// An entry of the store's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseRecord<V> {
    /// Somebody leads.
    Claimed(Epoch, Address),
    /// The lease ran out.
    Expired(Epoch),
    /// A leader wrote.
    Written(V),
}

impl<V: Rename> Rename for LeaseRecord<V> {
    fn rename(&mut self, names: Exchange) {
        match self {
            LeaseRecord::Claimed(_, holder) => holder.rename(names),
            LeaseRecord::Expired(_) => {}
            LeaseRecord::Written(value) => value.rename(names),
        }
    }
}

/// The choices of a store and its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LeaseKnobs {
    /// How leadership is claimed.
    pub claim: Claiming,
    /// Whether writes are fenced.
    pub fencing: Fencing,
    /// How long what was written lives.
    pub life: Life,
}

knob! {
    /// How leadership is claimed.
    Claiming {
        /// Compare and swap: only if the token is newer than the register's, and the lease is free.
        #[default]
        CompareAndSwap,
        /// A plain put: whoever writes believes to lead. Two that read the same token lead with the
        /// same one.
        Put,
    }
}

knob! {
    /// Whether the store looks at the fencing token of a write.
    Fencing {
        /// It refuses a token that is not the newest.
        #[default]
        Checked,
        /// It trusts whoever writes.
        Unchecked,
    }
}

knob! {
    /// How long what was written lives.
    Life {
        /// For ever.
        #[default]
        Durable,
        /// As long as the lease of who wrote it.
        Lease,
    }
}

impl LeaseKnobs {
    /// Answers a request: what must be logged before the reply may leave, and the reply.
    #[must_use]
    pub fn answer<V: Kept>(
        &self,
        register: &Register<V>,
        from: Address,
        request: LeaseRequest<V>,
    ) -> (Option<LeaseRecord<V>>, LeaseReply<V>) {
        match request {
            LeaseRequest::Claim(epoch) => self.claim(register, from, epoch),
            LeaseRequest::Write(epoch, _)
                if self.fencing == Fencing::Checked && epoch != register.epoch =>
            {
                (None, LeaseReply::Fenced(register.epoch))
            }
            LeaseRequest::Write(_, value) => match register.value {
                Some(earlier) if !value.supersedes(&earlier, self.fencing) => {
                    (None, LeaseReply::Written(earlier))
                }
                _ => (Some(LeaseRecord::Written(value)), LeaseReply::Written(value)),
            },
        }
    }

    fn claim<V: Copy>(
        &self,
        register: &Register<V>,
        from: Address,
        epoch: Epoch,
    ) -> (Option<LeaseRecord<V>>, LeaseReply<V>) {
        let granted = LeaseReply::Granted(epoch, register.value);
        // The answer to the first request may have been lost.
        if register.holder == Some(from) && register.epoch == epoch {
            return (None, granted);
        }
        let free = register.holder.is_none_or(|holder| holder == from);
        let compares = epoch > register.epoch && free;
        match self.claim {
            Claiming::CompareAndSwap if !compares => {
                (None, LeaseReply::Denied { claimed: epoch, epoch: register.epoch, free })
            }
            Claiming::CompareAndSwap | Claiming::Put => {
                (Some(LeaseRecord::Claimed(epoch, from)), granted)
            }
        }
    }

    /// Adds a record to a register.
    pub fn fold<V: Copy>(&self, register: &mut Register<V>, record: &LeaseRecord<V>) {
        match *record {
            LeaseRecord::Claimed(epoch, holder) => {
                register.epoch = epoch;
                register.holder = Some(holder);
            }
            LeaseRecord::Expired(epoch) if epoch == register.epoch => {
                register.holder = None;
                if self.life == Life::Lease {
                    register.value = None;
                }
            }
            LeaseRecord::Expired(_) => {}
            LeaseRecord::Written(value) => register.value = Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::WorkflowId;

    const ONE: Address = Address::Coordinator(WorkflowId(0));
    const OTHER: Address = Address::Standby(WorkflowId(0));

    impl Kept for char {
        fn supersedes(&self, _earlier: &char, _fencing: Fencing) -> bool {
            false
        }
    }

    /// A store with these choices, driven by hand.
    struct Store(LeaseKnobs, Register<char>);

    impl Store {
        fn ask(&mut self, from: Address, request: LeaseRequest<char>) -> LeaseReply<char> {
            let (record, reply) = self.0.answer(&self.1, from, request);
            if let Some(record) = record {
                self.0.fold(&mut self.1, &record);
            }
            reply
        }

        fn expire(&mut self) {
            let epoch = self.1.epoch;
            self.0.fold(&mut self.1, &LeaseRecord::Expired(epoch));
        }
    }

    #[test]
    fn one_of_two_claimants_wins() {
        let mut store = Store(LeaseKnobs::default(), Register::default());
        let claim = LeaseRequest::Claim(Epoch::FIRST);
        assert_eq!(store.ask(ONE, claim), LeaseReply::Granted(Epoch(1), None));
        let denied = LeaseReply::Denied { claimed: Epoch(1), epoch: Epoch(1), free: false };
        assert_eq!(store.ask(OTHER, claim), denied);
        // Asking again, because the answer was lost, changes nothing.
        assert_eq!(store.ask(ONE, claim), LeaseReply::Granted(Epoch(1), None));
    }

    #[test]
    fn a_leader_whose_lease_ran_out_writes_until_somebody_else_leads() {
        let mut store = Store(LeaseKnobs::default(), Register::default());
        store.ask(ONE, LeaseRequest::Claim(Epoch(1)));
        store.expire();
        store.ask(OTHER, LeaseRequest::Claim(Epoch(2)));
        assert_eq!(
            store.ask(ONE, LeaseRequest::Write(Epoch(1), 'c')),
            LeaseReply::Fenced(Epoch(2))
        );
        assert_eq!(store.ask(OTHER, LeaseRequest::Write(Epoch(2), 'a')), LeaseReply::Written('a'));
        assert_eq!(store.1.value, Some('a'));
    }

    #[test]
    fn a_put_lets_both_lead_with_one_token() {
        let knobs = LeaseKnobs { claim: Claiming::Put, ..LeaseKnobs::default() };
        let mut store = Store(knobs, Register::default());
        let claim = LeaseRequest::Claim(Epoch::FIRST);
        assert_eq!(store.ask(ONE, claim), LeaseReply::Granted(Epoch(1), None));
        assert_eq!(store.ask(OTHER, claim), LeaseReply::Granted(Epoch(1), None));
    }

    #[test]
    fn a_value_bound_to_a_lease_dies_with_it() {
        let knobs = LeaseKnobs { life: Life::Lease, ..LeaseKnobs::default() };
        let mut store = Store(knobs, Register::default());
        store.ask(ONE, LeaseRequest::Claim(Epoch(1)));
        store.ask(ONE, LeaseRequest::Write(Epoch(1), 'c'));
        store.expire();
        let claim = store.ask(OTHER, LeaseRequest::Claim(Epoch(2)));
        assert_eq!(claim, LeaseReply::Granted(Epoch(2), None));
    }
}
