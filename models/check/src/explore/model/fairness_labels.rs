//! Fairness of models that do not state it themselves.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

use crate::product::Fairness;
use crate::product::memo::UNFAIR;

/// Which fairness constraint an action meets.
pub(crate) trait Labels<Action> {
    /// The number of the constraint, or [`UNFAIR`].
    fn label(&self, action: &Action) -> u32;
    /// All constraints met so far.
    fn constraints(&self) -> Vec<Fairness>;
}

/// Every distinct action is a constraint of its own, by a rule from outside.
pub(crate) struct ByAction<Action, Rule> {
    rule: Rule,
    known: Constraints<Action>,
}

impl<Action, Rule> ByAction<Action, Rule> {
    pub(crate) fn new(rule: Rule) -> Self {
        ByAction { rule, known: Constraints::default() }
    }
}

impl<Action, Rule> Labels<Action> for ByAction<Action, Rule>
where
    Action: Clone + Eq + Hash,
    Rule: Fn(&Action) -> Fairness,
{
    fn label(&self, action: &Action) -> u32 {
        match (self.rule)(action) {
            Fairness::None => UNFAIR,
            fairness => self.known.number(action, fairness),
        }
    }

    fn constraints(&self) -> Vec<Fairness> {
        self.known.all()
    }
}

/// Actions of the same fairness and the same group are one constraint, by a rule from outside.
pub(crate) struct ByGroup<Group, Rule> {
    rule: Rule,
    known: Constraints<(Fairness, Group)>,
}

impl<Group, Rule> ByGroup<Group, Rule> {
    pub(crate) fn new(rule: Rule) -> Self {
        ByGroup { rule, known: Constraints::default() }
    }
}

impl<Action, Group, Rule> Labels<Action> for ByGroup<Group, Rule>
where
    Group: Clone + Eq + Hash,
    Rule: Fn(&Action) -> (Fairness, Group),
{
    fn label(&self, action: &Action) -> u32 {
        let constraint = (self.rule)(action);
        match constraint.0 {
            Fairness::None => UNFAIR,
            fairness => self.known.number(&constraint, fairness),
        }
    }

    fn constraints(&self) -> Vec<Fairness> {
        self.known.all()
    }
}

/// Constraints by number, for several threads. Most are known when they are asked for.
struct Constraints<Key>(RwLock<Known<Key>>);

struct Known<Key> {
    numbers: HashMap<Key, u32>,
    fairness: Vec<Fairness>,
}

impl<Key> Default for Constraints<Key> {
    fn default() -> Self {
        Constraints(RwLock::new(Known { numbers: HashMap::new(), fairness: Vec::new() }))
    }
}

impl<Key> Constraints<Key> {
    fn all(&self) -> Vec<Fairness> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).fairness.clone()
    }
}

impl<Key: Clone + Eq + Hash> Constraints<Key> {
    /// The number of a constraint, new or old.
    fn number(&self, key: &Key, fairness: Fairness) -> u32 {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(&number) = known.numbers.get(key) {
            return number;
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Known { numbers, fairness: all } = &mut *known;
        *numbers.entry(key.clone()).or_insert_with(|| {
            all.push(fairness);
            all.len() as u32 - 1
        })
    }
}
