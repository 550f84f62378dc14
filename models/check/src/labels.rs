//! Fairness of models that do not state it themselves.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::product::Fairness;
use crate::tables::UNFAIR;

/// Which fairness constraint an action meets.
pub(crate) trait Labels<Action> {
    /// The number of the constraint, or [`UNFAIR`].
    fn label(&self, action: &Action) -> u32;
    /// All constraints met so far.
    fn constraints(&self) -> Vec<Fairness>;
}

/// Every distinct action is a constraint of its own, by a rule from outside.
pub(crate) struct ByRule<Action, Rule> {
    rule: Rule,
    known: Mutex<Known<Action>>,
}

struct Known<Action> {
    labels: HashMap<Action, u32>,
    constraints: Vec<Fairness>,
}

impl<Action, Rule> ByRule<Action, Rule> {
    pub(crate) fn new(rule: Rule) -> Self {
        let known = Known { labels: HashMap::new(), constraints: Vec::new() };
        ByRule { rule, known: Mutex::new(known) }
    }
}

impl<Action, Rule> Labels<Action> for ByRule<Action, Rule>
where
    Action: Clone + Eq + Hash,
    Rule: Fn(&Action) -> Fairness,
{
    fn label(&self, action: &Action) -> u32 {
        let fairness = (self.rule)(action);
        if fairness == Fairness::None {
            return UNFAIR;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&label) = known.labels.get(action) {
            return label;
        }
        let label = known.constraints.len() as u32;
        known.constraints.push(fairness);
        known.labels.insert(action.clone(), label);
        label
    }

    fn constraints(&self) -> Vec<Fairness> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).constraints.clone()
    }
}
