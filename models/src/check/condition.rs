//! What a property says: a kind of claim, and the conditions it is made of.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use derive_where::derive_where;

use super::product::Snapshot;

/// How a condition looks at a state.
pub trait Viewed: 'static {
    /// The borrowed view handed to conditions.
    type View<'a>: Copy;
}

/// States seen as rows of parts: models that are a [`Product`](super::Product).
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
    /// The states at which the claim is made; everywhere if there is no premise. `Always` and
    /// `Sometimes` are then about states where the premise is true; `Eventually` starts in those of
    /// the initial states where it is true; `LeadsTo`, `AlwaysEventually` and `NeverStuck` start in
    /// every state where it is true; `DeadlockFree` is about ends where it is true. A premise that is
    /// true in no reachable state makes the property vacuous.
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

    /// Limits the property to states where `premise` is true; see [`Property::premise`].
    #[must_use]
    pub fn given(
        mut self,
        premise: impl for<'a> Fn(V::View<'a>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.premise = Some(Arc::new(premise));
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
