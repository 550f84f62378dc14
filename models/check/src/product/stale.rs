//! Stale messages: what a part was asked for, and will never heed.
//!
//! A message that arrives is a request that its receiver always grants, and then it waits there. Many
//! wait in vain: a late duplicate of a reply, the vote of a transaction that is over. Waiting,
//! delivered, duplicated or lost, such a *stale* message makes no difference to anybody, and still it
//! multiplies the states: with what it is worth to the others, each of them is met with and without
//! it. So it is taken away when it arrives, or as soon as its receiver has outgrown it, if the receiver
//! could take it in at once. What is left is the *normal form* of the state.
//!
//! # Why that is sound
//!
//! Let a request be stale for a part when granting it changes nothing but what waits there, when
//! taking it in changes nothing else and asks nothing of others, and when it is stale for everything
//! that the part ever becomes. A state then is bisimilar to its normal form, but for stuttering:
//!
//! - What the normal form can do, the state can do as well, at the latest after it has taken in what is
//!   stale: a timer may have to wait until nothing is on its way, and a message for those before it.
//! - What the state can do, the normal form can do as well, or it stays as it is: what is stale is taken
//!   in, copied, or lost. A copy or a loss costs something of the fault budget, which only ever takes
//!   possibilities away; so the normal form can do more, but nothing that the state could not have done
//!   if it had not wasted that fault.
//!
//! So the same conditions are met, on paths that are no longer, and paths end in the same normal forms.
//! What *stays possible* in a state (`never_stuck`) depends on the faults that are wasted, and what
//! *steps* look like on the steps that are left out, so the reduction is not used for such properties.
//!
//! Fair paths need more. A state in which something stale waits may lack an action that its normal form
//! has. If stale requests came again and again, always before the last was taken in, then a timer that
//! waits for them would never be due, and a path that leaves it unfired would be fair. Its image
//! among the normal forms would not. But whatever comes again and again comes on a loop. So when obligations
//! about fair paths are to be judged, no step on a loop may bring anything stale, or make anything so.
//! Then only finitely much is stale on any path; fairness sees to it that all of that is taken in; and
//! from there on, the path and its image are the same.
//!
//! # What is checked
//!
//! The product says which requests are [stale](crate::Product::is_stale), and the tables are filled with
//! [normalized](crate::Product::normalized) parts. It is not believed: for every part that is met, and every
//! request that anybody makes of its slot and that is said to be stale,
//!
//! - it must be stale for every part that this one becomes, by a move or by an answer;
//! - when the search is over, the part is [compared](crate::reduction::stale_messages) with what it becomes by granting the
//!   request: both must move and answer alike, but for moves that take in what is stale, or waste a fault on it;
//! - what a fault that is wasted so does to other slots must make nothing possible there.
//!
//! Each of these compares a part with and without one more stale request, also where it has some already.
//! Of parts with several there may be any number, and the search does not meet them. All are compared as long
//! as they are few; beyond some dozens for each slot, that what holds of these holds of the others is the one
//! thing that is not proven. Conditions must not look at
//! what is stale: each is asked about every state once more, when each part has granted a stale request, if
//! there is one for it; where there are several, they take turns. So the reduction is
//! used where it is asked for. And the loops are looked at after the search.

use rustc_hash::FxHashSet;

use crate::product::automata::number;
use crate::store::chunked::Bits;

/// What is known of stale requests so far.
#[derive(Debug)]
pub(crate) struct Stale {
    slots: Vec<Slot>,
    /// Steps, by their place in the automata, whose part had something stale.
    steps: FxHashSet<u32>,
    /// Why something that is said to be stale is not, if there is such a thing.
    breach: Option<String>,
}

#[derive(Debug)]
struct Slot {
    parts: usize,
    /// By request, for which parts it is stale.
    stale: Vec<Bits>,
    /// What becomes of parts, in one step or by one answer.
    becomes: FxHashSet<(u32, u32)>,
    /// The normal forms that were not the part that was met.
    normalized: FxHashSet<u32>,
    /// Requests and parts whose answers had something stale.
    answers: FxHashSet<(u32, u32)>,
}

impl Stale {
    /// Nothing is known of so many slots.
    pub(crate) fn new(slots: usize) -> Self {
        let slot = || Slot {
            parts: 0,
            stale: Vec::new(),
            becomes: FxHashSet::default(),
            normalized: FxHashSet::default(),
            answers: FxHashSet::default(),
        };
        Stale {
            slots: std::iter::repeat_with(slot).take(slots).collect(),
            steps: FxHashSet::default(),
            breach: None,
        }
    }

    /// Why something that is said to be stale is not, if there is such a thing.
    pub(crate) fn breach(&self) -> Option<&str> {
        self.breach.as_deref()
    }

    /// Notes why something that is said to be stale is not.
    pub(crate) fn object(&mut self, reason: impl FnOnce() -> String) {
        self.breach.get_or_insert_with(reason);
    }

    /// Whether anything was taken away.
    pub(crate) fn was_used(&self) -> bool {
        self.slots.iter().any(|slot| !slot.normalized.is_empty())
    }

    /// Something was taken away from a part, and this is left.
    pub(crate) fn note_normalized(&mut self, slot: usize, normalized: u32) {
        self.slots[slot].normalized.insert(normalized);
    }

    /// The next part of a slot, and which requests are stale for it, in their order.
    pub(crate) fn add_part(&mut self, slot: usize, stale: impl Iterator<Item = bool>) {
        let slot = &mut self.slots[slot];
        slot.parts += 1;
        slot.stale.iter_mut().zip(stale).for_each(|(parts, is_stale)| parts.push(is_stale));
    }

    /// The next request to a slot, and for which parts it is stale, in their order. Returns what
    /// becomes of a part for which it is, where it is not stale for what it becomes.
    pub(crate) fn add_request(
        &mut self,
        slot: usize,
        stale: impl Iterator<Item = bool>,
    ) -> Option<(u32, u32)> {
        let slot = &mut self.slots[slot];
        let mut parts = Bits::default();
        stale.take(slot.parts).for_each(|is_stale| parts.push(is_stale));
        let revives =
            |(from, to): &&(u32, u32)| parts.get(*from as usize) && !parts.get(*to as usize);
        let revived = slot.becomes.iter().filter(revives).min().copied();
        slot.stale.push(parts);
        revived
    }

    /// One part may become another. Returns a request that is stale for the one and not for the other.
    pub(crate) fn add_step(&mut self, slot: usize, from: u32, to: u32) -> Option<u32> {
        let slot = &mut self.slots[slot];
        if from == to || !slot.becomes.insert((from, to)) {
            return None;
        }
        let revives = |parts: &Bits| parts.get(from as usize) && !parts.get(to as usize);
        slot.stale.iter().position(revives).map(number)
    }

    /// A step leads to a part of which something stale was taken away.
    pub(crate) fn mark_step(&mut self, step: u32) {
        self.steps.insert(step);
    }

    /// An answer leads to a part of which something stale was taken away.
    pub(crate) fn mark_answer(&mut self, slot: usize, request: u32, part: u32) {
        self.slots[slot].answers.insert((request, part));
    }

    /// Whether something stale was taken away after a step.
    pub(crate) fn is_marked_step(&self, step: u32) -> bool {
        self.steps.contains(&step)
    }

    /// Whether something stale was taken away after an answer.
    pub(crate) fn is_marked_answer(&self, slot: usize, request: u32, part: u32) -> bool {
        self.slots[slot].answers.contains(&(request, part))
    }
}
