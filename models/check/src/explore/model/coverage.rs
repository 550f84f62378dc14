//! How often the actions of a foreign model are taken.
//!
//! A product knows all its moves by number, so they are counted as they come. The actions of a
//! foreign model are values, each made anew for every state, so counting them costs a look-up each
//! time; it is done for those who ask for it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Counts actions.
pub(crate) trait Tally<Action> {
    /// An action is offered, in this place among all actions of this state. Returns its number.
    fn offer(&self, action: &Action, state: u32, place: usize) -> usize;

    /// The action of a number is taken.
    fn take(&self, number: usize);

    /// All actions offered, and how often each was taken, in the order in which a search with one
    /// thread is offered them.
    fn counts(&self) -> Vec<(Action, u64)>;
}

/// Counts equal actions together.
pub(crate) struct ByValue<Action>(Mutex<Counts<Action>>);

struct Counts<Action> {
    numbers: HashMap<Action, usize>,
    /// For each action where it was offered first, and how often it was taken.
    entries: Vec<((u32, usize), u64)>,
}

impl<Action> ByValue<Action> {
    pub(crate) fn new() -> Self {
        ByValue(Mutex::new(Counts { numbers: HashMap::new(), entries: Vec::new() }))
    }
}

impl<Action: Clone + Eq + Hash> Tally<Action> for ByValue<Action> {
    fn offer(&self, action: &Action, state: u32, place: usize) -> usize {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&number) = counts.numbers.get(action) {
            let first = &mut counts.entries[number].0;
            *first = (*first).min((state, place));
            return number;
        }
        let number = counts.entries.len();
        counts.entries.push(((state, place), 0));
        counts.numbers.insert(action.clone(), number);
        number
    }

    fn take(&self, number: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entries[number].1 += 1;
    }

    fn counts(&self) -> Vec<(Action, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(&Action, usize)> =
            counts.numbers.iter().map(|(action, &number)| (action, number)).collect();
        all.sort_unstable_by_key(|&(_, number)| counts.entries[number].0);
        all.into_iter().map(|(action, number)| (action.clone(), counts.entries[number].1)).collect()
    }
}
