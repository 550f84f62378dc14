//! The other side of a lease: somebody who wants to lead, leads, or waits for the leader to fall.

use crate::process::rename::renames;

use super::{Epoch, LeaseReply};

/// What a candidate knows of the lead. All of it is lost in a crash; what must not be is the newest
/// token that it ever claimed, which it is told by whoever keeps its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Candidate {
    /// How it stands to the lead.
    pub stance: Stance,
    /// The newest token that somebody else is known to have.
    pub other: Epoch,
}

/// How a candidate stands to the lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stance {
    /// It was not asked to lead.
    #[default]
    Idle,
    /// It waits for the answer to its claim.
    Claiming,
    /// Somebody else leads.
    Following,
    /// It leads, as far as it knows.
    Leading,
}

renames!(nothing in Stance);
renames!(struct Candidate { stance, other });

/// What an answer of the store means to a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<V> {
    /// It leads, and this is what earlier leaders wrote.
    Leads(Option<V>),
    /// This is written.
    Written(V),
    /// Nobody leads: it should claim again, with a newer token.
    Free,
    /// Somebody else leads.
    Follows,
    /// Nothing: it answers what nobody asks any more.
    Nothing,
}

impl Candidate {
    /// Claims the lead, with a token that is new even to itself: one newer than all it `claimed`. It
    /// must be durable before the store is asked.
    #[must_use]
    pub fn claim(&mut self, claimed: Epoch) -> Epoch {
        self.stance = Stance::Claiming;
        claimed.max(self.other).next()
    }

    /// The leader is silent. Claims the lead; a claim that was denied because the lease was taken is
    /// as good as new.
    #[must_use]
    pub fn suspect(&mut self, claimed: Epoch) -> Epoch {
        if claimed > self.other {
            self.stance = Stance::Claiming;
            return claimed;
        }
        self.claim(claimed)
    }

    /// Leaves the lead to whoever has it.
    pub fn follow(&mut self, epoch: Epoch) {
        *self = Candidate { stance: Stance::Following, other: epoch };
    }

    /// Takes an answer of the store, having `claimed` that token last.
    pub fn hear<V>(&mut self, claimed: Epoch, reply: LeaseReply<V>) -> Heard<V> {
        match (self.stance, reply) {
            // A grant may come after a denial of the same claim that was asked for twice.
            (Stance::Claiming | Stance::Following, LeaseReply::Granted(epoch, value))
                if epoch == claimed && epoch > self.other =>
            {
                self.stance = Stance::Leading;
                Heard::Leads(value)
            }
            (Stance::Claiming, LeaseReply::Denied { claimed: denied, epoch, free })
                if denied == claimed =>
            {
                self.follow(epoch);
                if free { Heard::Free } else { Heard::Follows }
            }
            (Stance::Leading, LeaseReply::Written(value)) => Heard::Written(value),
            (Stance::Leading, LeaseReply::Fenced(epoch)) if epoch > claimed => {
                self.follow(epoch);
                Heard::Follows
            }
            _ => Heard::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claiming() -> Candidate {
        Candidate { stance: Stance::Claiming, ..Candidate::default() }
    }

    #[test]
    fn a_token_is_newer_than_all_that_the_candidate_knows_of() {
        let mut candidate = Candidate { stance: Stance::Following, other: Epoch(4) };
        assert_eq!(candidate.claim(Epoch(2)), Epoch(5));
        assert_eq!(candidate.claim(Epoch(7)), Epoch(8));
    }

    #[test]
    fn a_claim_that_came_too_early_is_repeated_with_its_token() {
        let mut candidate = claiming();
        let denied = LeaseReply::Denied::<char> { claimed: Epoch(2), epoch: Epoch(1), free: false };
        assert_eq!(candidate.hear(Epoch(2), denied), Heard::Follows);
        assert_eq!(candidate.suspect(Epoch(2)), Epoch(2));
    }

    #[test]
    fn a_grant_after_a_denial_of_the_same_claim_counts() {
        let mut candidate = claiming();
        let denied = LeaseReply::Denied::<char> { claimed: Epoch(2), epoch: Epoch(1), free: false };
        let _ = candidate.hear(Epoch(2), denied);
        let granted = LeaseReply::Granted(Epoch(2), Some('c'));
        assert_eq!(candidate.hear(Epoch(2), granted), Heard::Leads(Some('c')));
    }

    #[test]
    fn a_leader_that_is_fenced_off_follows_and_ignores_its_old_grant() {
        let mut candidate = Candidate { stance: Stance::Leading, ..Candidate::default() };
        let fenced = LeaseReply::Fenced::<char>(Epoch(3));
        assert_eq!(candidate.hear(Epoch(2), fenced), Heard::Follows);
        let old = LeaseReply::Granted(Epoch(2), Some('c'));
        assert_eq!(candidate.hear(Epoch(2), old), Heard::Nothing);
        // An old refusal says nothing of a newer lead.
        let mut candidate = Candidate { stance: Stance::Leading, ..Candidate::default() };
        assert_eq!(candidate.hear(Epoch(4), fenced), Heard::Nothing);
    }
}
