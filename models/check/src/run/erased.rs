//! Products without their types, so that the checker is compiled once for all of them.
//!
//! [`product`](crate::product()) compiles the whole checker for the type of product that it is given.
//! Whoever has many types of products, as amends has one for each protocol, pays for that many times
//! over. [`erased`] hides the types instead: parts, requests and actions become [`Opaque`] values, and
//! one copy of the checker serves all products. What a product computes is asked for once per
//! distinct argument and remembered, so hiding its types there costs nothing that can be measured;
//! conditions are asked in every state, and find the parts in their own types by a look at each.
//!
//! States and actions of the report have their own types again. Who can do without those asks for an
//! [`opaque`](crate::opaque()) check, and is compiled once, too.

use std::any::Any;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;

use crate::explore::product::evaluate::Judge;
use crate::model_error::ModelError;
use crate::product::{CountAudit, Fairness, Move, Product, Snapshot, Swap};
use crate::property::{
    Condition, Parts, Property, PropertyKind, Remark, StepCondition, StepProperty,
};
use crate::report::verdict::Report;
use crate::run::checker::Verification;
use crate::run::{ProductSubject, ReducibleSubject, Stated, Subject, Task, TaskOf};
use crate::simulate::{Simulated, Simulation};

/// Starts a check of a product whose types are hidden from the checker.
///
/// It gives the same report as [`product`](crate::product()), from a checker that is compiled already.
pub fn erased<P>(product: &P) -> Verification<'_, ErasedSubject<'_, P>>
where
    P: Product,
    P::Request: 'static,
    P::Action: 'static,
{
    Verification::new(ErasedSubject { product })
}

/// A [`Product`] whose types are hidden from the checker; see [`erased`].
pub struct ErasedSubject<'m, P> {
    product: &'m P,
}

impl<P> Subject for ErasedSubject<'_, P>
where
    P: Product,
    P::Request: 'static,
    P::Action: 'static,
{
    type State = Vec<P::Part>;
    type Action = P::Action;
    type Views = Parts<P::Part>;

    fn search(
        self,
        task: TaskOf<'_, Self>,
    ) -> Result<Report<Self::State, Self::Action>, ModelError> {
        let judge = judge_all(task.properties.iter().filter_map(|stated| match stated {
            Stated::OfStates(property) => Some(property),
            Stated::OfSteps(_) => None,
        }));
        let report = search(ErasedProduct(self.product), hide_task(task), Some(&*judge))?;
        Ok(report.map(&|state: &Vec<Opaque>| reveal_state(state), &Opaque::reveal))
    }

    fn walk(
        self,
        task: TaskOf<'_, Self>,
        simulation: Simulation,
    ) -> Simulated<Self::State, P::Action> {
        walk(ErasedProduct(self.product), hide_task(task), simulation)
            .map(&|state: &Vec<Opaque>| reveal_state(state), &Opaque::reveal)
    }
}

impl<P> ReducibleSubject for ErasedSubject<'_, P>
where
    P: Product,
    P::Request: 'static,
    P::Action: 'static,
{
}

/// A task of a subject whose types are hidden.
type ErasedTask<'m> = Task<'m, Parts<Opaque>, Opaque>;

/// The one copy of the search.
pub(super) fn search(
    product: ErasedProduct<'_>,
    task: ErasedTask<'_>,
    judge: Option<&Judge<Opaque>>,
) -> Result<Report<Vec<Opaque>, Opaque>, ModelError> {
    ProductSubject { product: &product, judge }.search(task)
}

/// The one copy of the random walks.
pub(super) fn walk(
    product: ErasedProduct<'_>,
    task: ErasedTask<'_>,
    simulation: Simulation,
) -> Simulated<Vec<Opaque>, Opaque> {
    ProductSubject { product: &product, judge: None }.walk(task, simulation)
}

/// A part, request or action whose type is hidden.
#[derive(Clone)]
pub struct Opaque(Arc<dyn Value>);

/// What the checker needs of parts, requests and actions.
trait Value: Any + Debug + Send + Sync {
    fn equals(&self, other: &dyn Value) -> bool;
    fn hash_into(&self, hasher: &mut dyn Hasher);
}

impl<V: Any + Eq + Hash + Debug + Send + Sync> Value for V {
    fn equals(&self, other: &dyn Value) -> bool {
        (other as &dyn Any).downcast_ref::<V>().is_some_and(|other| self == other)
    }

    fn hash_into(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
}

impl Opaque {
    /// Hides the type of a value.
    pub fn hide<V: Any + Eq + Hash + Debug + Send + Sync>(value: V) -> Self {
        Opaque(Arc::new(value))
    }

    /// The value in its own type.
    ///
    /// # Panics
    /// If it is of another type. A product only ever meets values that it made.
    #[inline]
    #[must_use]
    pub fn seen<V: Any>(&self) -> &V {
        let value: &dyn Any = &*self.0;
        value.downcast_ref().expect("a product meets values that it made")
    }

    /// The value in its own type.
    ///
    /// # Panics
    /// If it is of another type.
    #[must_use]
    pub fn reveal<V: Any + Clone>(&self) -> V {
        self.seen::<V>().clone()
    }
}

impl PartialEq for Opaque {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl Eq for Opaque {}

impl Hash for Opaque {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash_into(hasher);
    }
}

impl Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn hide_state<Part: Eq + Hash + Debug + Send + Sync + 'static>(state: Vec<Part>) -> Vec<Opaque> {
    state.into_iter().map(Opaque::hide).collect()
}

fn reveal_state<Part: Clone + 'static>(state: &[Opaque]) -> Vec<Part> {
    state.iter().map(Opaque::reveal).collect()
}

/// A move without its types: the action, the part that it leads to, and what it asks of which slots.
type OpaqueMove = (Opaque, Opaque, Vec<(usize, Opaque)>);

/// A [`Product`], as far as it can be talked to without its types.
pub(super) trait ProductObject: Send + Sync {
    fn initial(&self) -> Vec<Vec<Opaque>>;
    fn moves(&self, slot: usize, part: &Opaque) -> Vec<OpaqueMove>;
    fn answer(&self, slot: usize, part: &Opaque, request: &Opaque) -> Option<Opaque>;
    fn fairness(&self, action: &Opaque) -> Fairness;
    fn fairness_group(&self, action: &Opaque) -> Opaque;
    fn symmetry(&self) -> Vec<usize>;
    fn is_stale(&self, slot: usize, part: &Opaque, request: &Opaque) -> bool;
    fn normalized(&self, slot: usize, part: &Opaque) -> Option<Opaque>;
    fn swap_request(&self, swap: Swap, request: &Opaque) -> Opaque;
    fn swap(&self, swap: Swap, slot: usize, part: &Opaque) -> (usize, Opaque);
}

impl<P> ProductObject for P
where
    P: Product,
    P::Request: 'static,
    P::Action: 'static,
{
    fn initial(&self) -> Vec<Vec<Opaque>> {
        Product::initial(self).into_iter().map(hide_state).collect()
    }

    fn moves(&self, slot: usize, part: &Opaque) -> Vec<OpaqueMove> {
        let mut moves = Vec::new();
        Product::moves(self, slot, part.seen(), &mut moves);
        let hidden = moves.into_iter().map(|Move { action, part, requests }| {
            let requests =
                requests.into_iter().map(|(slot, request)| (slot, Opaque::hide(request)));
            (Opaque::hide(action), Opaque::hide(part), requests.collect())
        });
        hidden.collect()
    }

    fn answer(&self, slot: usize, part: &Opaque, request: &Opaque) -> Option<Opaque> {
        Product::answer(self, slot, part.seen(), request.seen()).map(Opaque::hide)
    }

    fn fairness(&self, action: &Opaque) -> Fairness {
        Product::fairness(self, action.seen())
    }

    fn fairness_group(&self, action: &Opaque) -> Opaque {
        Opaque::hide(Product::fairness_group(self, action.seen()))
    }

    fn symmetry(&self) -> Vec<usize> {
        Product::symmetry(self)
    }

    fn is_stale(&self, slot: usize, part: &Opaque, request: &Opaque) -> bool {
        Product::is_stale(self, slot, part.seen(), request.seen())
    }

    fn normalized(&self, slot: usize, part: &Opaque) -> Option<Opaque> {
        Product::normalized(self, slot, part.seen()).map(Opaque::hide)
    }

    fn swap_request(&self, swap: Swap, request: &Opaque) -> Opaque {
        Opaque::hide(Product::swap_request(self, swap, request.seen()))
    }

    fn swap(&self, swap: Swap, slot: usize, part: &Opaque) -> (usize, Opaque) {
        let (slot, part) = Product::swap(self, swap, slot, part.seen());
        (slot, Opaque::hide(part))
    }
}

/// A product of hidden types.
pub(super) struct ErasedProduct<'p>(pub(super) &'p dyn ProductObject);

impl Product for ErasedProduct<'_> {
    type Part = Opaque;
    type Request = Opaque;
    type Action = Opaque;

    fn initial(&self) -> Vec<Vec<Opaque>> {
        self.0.initial()
    }

    fn moves(&self, slot: usize, part: &Opaque, moves: &mut Vec<Move<Self>>) {
        let found = self.0.moves(slot, part).into_iter();
        moves.extend(found.map(|(action, part, requests)| Move { action, part, requests }));
    }

    fn answer(&self, slot: usize, part: &Opaque, request: &Opaque) -> Option<Opaque> {
        self.0.answer(slot, part, request)
    }

    fn fairness(&self, action: &Opaque) -> Fairness {
        self.0.fairness(action)
    }

    fn fairness_group(&self, action: &Opaque) -> Opaque {
        self.0.fairness_group(action)
    }

    fn symmetry(&self) -> Vec<usize> {
        self.0.symmetry()
    }

    fn is_stale(&self, slot: usize, part: &Opaque, request: &Opaque) -> bool {
        self.0.is_stale(slot, part, request)
    }

    fn normalized(&self, slot: usize, part: &Opaque) -> Option<Opaque> {
        self.0.normalized(slot, part)
    }

    fn swap_request(&self, swap: Swap, request: &Opaque) -> Opaque {
        self.0.swap_request(swap, request)
    }

    fn swap(&self, swap: Swap, slot: usize, part: &Opaque) -> (usize, Opaque) {
        self.0.swap(swap, slot, part)
    }
}

fn hide_task<'m, Part, A>(task: Task<'m, Parts<Part>, A>) -> ErasedTask<'m>
where
    Part: 'static,
    A: 'static,
{
    let Task { properties, limits, threads, symmetry, stale_messages } = task;
    let properties = properties.into_iter().map(|property| match property {
        Stated::OfStates(property) => Stated::OfStates(hide_property(property)),
        Stated::OfSteps(property) => Stated::OfSteps(hide_step_property(property)),
    });
    let properties = properties.collect();
    Task { properties, limits, threads, symmetry, stale_messages }
}

pub(super) fn hide_property<Part: 'static>(
    property: Property<Parts<Part>>,
) -> Property<Parts<Opaque>> {
    let Property { name, kind, condition, premise, remark } = property;
    Property {
        name,
        kind,
        condition: hide_condition(condition),
        premise: premise.map(hide_condition),
        remark: remark.map(|remark| -> Remark<Parts<Opaque>> {
            Arc::new(move |state| see(state, |state| remark(state)))
        }),
    }
}

fn hide_condition<Part: 'static>(condition: Condition<Parts<Part>>) -> Condition<Parts<Opaque>> {
    Arc::new(move |state| see(state, |state| condition(state)))
}

fn hide_step_property<Part: 'static, A: 'static>(
    property: StepProperty<Parts<Part>, A>,
) -> StepProperty<Parts<Opaque>, Opaque> {
    let StepProperty { name, condition, premises } = property;
    StepProperty::<Parts<Opaque>, Opaque> {
        name,
        condition: hide_step(condition),
        premises: premises.into_iter().map(hide_step).collect(),
    }
}

fn hide_step<Part: 'static, A: 'static>(
    condition: StepCondition<Parts<Part>, A>,
) -> StepCondition<Parts<Opaque>, Opaque> {
    Arc::new(move |before, action, after| {
        see(before, |before| see(after, |after| condition(before, action.seen(), after)))
    })
}

/// All conditions of a check on states, in one go: the parts are looked up in their own types once for
/// all of them, and not for each.
pub(super) fn judge_all<'p, Part: 'static>(
    properties: impl Iterator<Item = &'p Property<Parts<Part>>>,
) -> Box<Judge<Opaque>> {
    let conditions: Vec<Condition<Parts<Part>>> = properties
        .filter(|property| property.kind != PropertyKind::AlwaysStep)
        .flat_map(|property| [Some(&property.condition), property.premise.as_ref()])
        .flatten()
        .cloned()
        .collect();
    Box::new(move |state, said| {
        see(state, |state| said.extend(conditions.iter().map(|condition| condition(state))));
    })
}

/// Looks at the parts of a state in their own type.
fn see<Part: 'static, R>(
    state: Snapshot<'_, Opaque>,
    look: impl FnOnce(Snapshot<'_, Part>) -> R,
) -> R {
    let parts: SmallVec<[&Part; 24]> =
        state.unaudited().iter().map(|part| part.seen::<Part>()).collect();
    match state.audit() {
        None => look(Snapshot::new(&parts)),
        Some(audit) => look(Snapshot::audited(&parts, &HiddenAudit(audit))),
    }
}

/// An audit of what conditions count, who see parts in their own type.
struct HiddenAudit<'a>(&'a dyn CountAudit<Opaque>);

impl<Part: 'static> CountAudit<Part> for HiddenAudit<'_> {
    fn note_look(&self) {
        self.0.note_look();
    }

    fn audit_count(&self, is_counted: &dyn Fn(usize, &Part) -> bool) {
        self.0.audit_count(&|slot, part| is_counted(slot, part.seen()));
    }
}
