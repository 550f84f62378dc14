//! What a property says: a kind of claim, and the conditions it is made of.
//!
//! Most properties are about states. A [`StepProperty`] is about steps: what may not be seen in any
//! state may still be wrong as a change from one to the next ("a decision is never taken back").

pub(crate) mod internal;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use derive_where::derive_where;

use crate::product::Snapshot;

/// How a condition looks at a state.
pub trait Viewed: 'static {
    /// The borrowed view handed to conditions.
    type View<'a>: Copy;
}

/// States seen as rows of parts: models that are a [`Product`](crate::Product).
pub struct Parts<Part>(PhantomData<fn() -> Part>);

impl<Part: 'static> Viewed for Parts<Part> {
    type View<'a> = Snapshot<'a, Part>;
}

/// States seen whole: any other `stateright::Model`.
pub struct Whole<State>(PhantomData<fn() -> State>);

impl<State: 'static> Viewed for Whole<State> {
    type View<'a> = &'a State;
}

/// A predicate on states.
pub type Condition<V> = Arc<dyn for<'a> Fn(<V as Viewed>::View<'a>) -> bool + Send + Sync>;

/// What there is to say about a state.
pub type Remark<V> = Arc<dyn for<'a> Fn(<V as Viewed>::View<'a>) -> Option<String> + Send + Sync>;

/// What a property claims about its condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PropertyKind {
    /// The condition is true in every reachable state.
    Always,
    /// The condition is true in some reachable state.
    Sometimes,
    /// On every fair path from the start, the condition is true at some point.
    Eventually,
    /// Whenever the premise is true, the condition is true then or later, on every fair path.
    LeadsTo,
    /// On every fair path, the condition is true again and again (or at the end for ever, if the path
    /// ends).
    AlwaysEventually,
    /// From every reachable state, some path leads to a state where the condition is true
    /// (TLA+ users know it as possibility; CTL writes AG EF).
    NeverStuck,
    /// Where the model comes to its end (in a state without successors), the condition is true.
    DeadlockFree,
    /// The condition is true of every step: of every action taken in a reachable state, and the state
    /// that it leads to (TLA+ users know it as action property and write `[][A]_v`; but here a step
    /// that leads back to the same state must fulfil the condition too). State it by a
    /// [`StepProperty`]. The condition of a [`Property`] of this kind is about the state that a step
    /// leads to, its premise about the state that it starts from.
    AlwaysStep,
}

/// A named claim about a model.
#[derive_where(Clone)]
pub struct Property<V: Viewed> {
    /// What reports and expectations call it.
    pub name: String,
    /// What is claimed of the condition.
    pub kind: PropertyKind,
    /// The condition.
    pub condition: Condition<V>,
    /// The states at which the claim is made. Every kind makes a claim at certain states; a premise
    /// leaves it at those of them where the premise is true, and takes nothing else away:
    ///
    /// | kind | is a claim at | which says | with the premise *q* |
    /// |---|---|---|---|
    /// | `Always` | every reachable state | *p* | wherever *q*, *p* |
    /// | `Sometimes` | the reachable states together | one is *p* | one of those that are *q* is *p* |
    /// | `Eventually` | every initial state | each fair path from here comes to *p* | if it starts in *q*, a fair path comes to *p* |
    /// | `LeadsTo` | every reachable state | each fair path from here comes to *p* | after each *q*, *p* once |
    /// | `AlwaysEventually` | every reachable state | each fair path from here comes to *p* again and again | once *q* was seen, *p* again and again, whether *q* is seen again or not |
    /// | `NeverStuck` | every reachable state | some path from here comes to *p* | from each *q*, *p* is possible |
    /// | `DeadlockFree` | every reachable state | if paths end here, *p* | if paths end in *q*, *p* |
    /// | `AlwaysStep` | every step | *p* after it | *p* after every step that starts from *q* |
    ///
    /// "Comes to" includes the state where the claim is made. Where no claim is made, because the
    /// premise is true at none of those states (or there are none), the property is
    /// [vacuous](crate::Verdict::Vacuous).
    pub premise: Option<Condition<V>>,
    /// What there is to say about a state in which the condition is false, beyond that it is.
    pub remark: Option<Remark<V>>,
}

impl<V: Viewed> Property<V> {
    /// A property of the given kind.
    pub fn new(
        kind: PropertyKind,
        name: impl Into<String>,
        condition: impl for<'a> Fn(V::View<'a>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Property {
            name: name.into(),
            kind,
            condition: Arc::new(condition),
            premise: None,
            remark: None,
        }
    }

    /// Limits the property to states where `premise` is true, on top of the premise that it may have
    /// already; see [`Property::premise`].
    #[must_use]
    pub fn given(
        mut self,
        premise: impl for<'a> Fn(V::View<'a>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.premise = Some(match self.premise.take() {
            None => Arc::new(premise),
            Some(before) => Arc::new(move |state| before(state) && premise(state)),
        });
        self
    }

    /// Has more to say about a state in which the condition is false; see [`Property::remark`].
    #[must_use]
    pub fn remarking(
        mut self,
        remark: impl for<'a> Fn(V::View<'a>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.remark = Some(Arc::new(remark));
        self
    }
}

impl<V: Viewed> fmt::Debug for Property<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property").field("name", &self.name).field("kind", &self.kind).finish()
    }
}

/// A predicate on steps: the state before, the action, and the state after.
pub type StepCondition<V, A> = Arc<
    dyn for<'a> Fn(<V as Viewed>::View<'a>, &'a A, <V as Viewed>::View<'a>) -> bool + Send + Sync,
>;

/// A named claim about every step of a model: [`PropertyKind::AlwaysStep`].
#[derive_where(Clone)]
pub struct StepProperty<V: Viewed, A> {
    /// What reports call it.
    pub name: String,
    /// What must be true of every step.
    pub condition: StepCondition<V, A>,
    /// What is true of the steps that the claim is about, which are all steps if nothing is said here.
    /// If it is true of no step, the property is vacuous.
    pub premises: Vec<StepCondition<V, A>>,
}

impl<V: Viewed, A> StepProperty<V, A> {
    /// A claim about every step.
    pub fn new(
        name: impl Into<String>,
        condition: impl for<'a> Fn(V::View<'a>, &'a A, V::View<'a>) -> bool + Send + Sync + 'static,
    ) -> Self {
        StepProperty { name: name.into(), condition: Arc::new(condition), premises: Vec::new() }
    }

    /// Limits the claim to steps of which `premise` is true, on top of the premise that it may have
    /// already.
    #[must_use]
    pub fn given(
        mut self,
        premise: impl for<'a> Fn(V::View<'a>, &'a A, V::View<'a>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.premises.push(Arc::new(premise));
        self
    }
}

impl<V: Viewed, A> From<Property<V>> for StepProperty<V, A> {
    fn from(Property { name, condition, premise, .. }: Property<V>) -> Self {
        let property = StepProperty::new(name, move |_, _, after| condition(after));
        match premise {
            Some(premise) => property.given(move |before, _, _| premise(before)),
            None => property,
        }
    }
}

impl<V: Viewed, A> fmt::Debug for StepProperty<V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepProperty").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A claim about steps, as a search judges it.
pub(crate) struct StepTest<V: Viewed, A> {
    pub(crate) condition: StepCondition<V, A>,
    pub(crate) premises: Vec<StepCondition<V, A>>,
}

impl<V: Viewed, A> StepTest<V, A> {
    /// What a step says to the claim.
    pub(crate) fn judge<'a>(
        &self,
        before: V::View<'a>,
        action: &'a A,
        after: V::View<'a>,
    ) -> StepSays {
        let is_asked = self.premises.iter().all(|premise| premise(before, action, after));
        let is_broken = is_asked && !(self.condition)(before, action, after);
        StepSays { is_asked, is_broken }
    }
}

/// What the steps out of a state say to a claim about steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StepSays {
    /// Whether one meets the premise.
    pub(crate) is_asked: bool,
    /// Whether one meets it and not the condition.
    pub(crate) is_broken: bool,
}

impl StepSays {
    /// What two steps say together.
    pub(crate) fn or(self, other: Self) -> Self {
        StepSays {
            is_asked: self.is_asked || other.is_asked,
            is_broken: self.is_broken || other.is_broken,
        }
    }
}
