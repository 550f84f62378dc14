//! What can be checked.

pub(crate) mod checker;
pub(crate) mod early_stop;
pub(crate) mod erased;
pub(crate) mod evaluate;
pub(crate) mod opaque;

use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Expectation, Model};

use crate::explore::model::coverage::Tally;
use crate::explore::model::fairness_labels::Labels;
use crate::explore::model::{ModelSpace, StepTestOf, Test};
use crate::explore::product::ProductSpace;
use crate::explore::product::evaluate::Judge;
use crate::explore::workers::Workers;
use crate::limits::Limits;
use crate::limits::stopwatch::Stopwatch;
use crate::model_error::ModelError;
use crate::product::{CountAudit, Product, Snapshot};
use crate::property::internal::InternalProperty;
use crate::property::internal::Predicate;
use crate::property::{
    Condition, Parts, Property, PropertyKind, StepProperty, StepTest, Viewed, Whole,
};
use crate::reduction::Refusal;
use crate::reduction::{Choice, Reductions, UnsoundReduction};
use crate::report::verdict::Report;
use crate::run::evaluate::check;
use crate::simulate::steppers::{ModelWalk, ProductWalk};
use crate::simulate::{Simulated, Simulation, simulate};

/// Something that a [`Verification`](crate::Verification) can explore: a [`ProductSubject`] or a
/// [`ModelSubject`].
pub trait Subject: Sized {
    /// A state, as reports show it.
    type State;
    /// An action, as reports show it.
    type Action;
    /// A state, as conditions see it.
    type Views: Viewed;

    /// Explores it and decides the properties.
    #[doc(hidden)]
    fn search(
        self,
        task: TaskOf<'_, Self>,
    ) -> Result<Report<Self::State, Self::Action>, ModelError>;

    /// Walks through it at random and judges the properties by that.
    #[doc(hidden)]
    fn walk(
        self,
        task: TaskOf<'_, Self>,
        simulation: Simulation,
    ) -> Simulated<Self::State, Self::Action>;
}

/// A subject whose states can be reduced, since it is a [`Product`] and says what its parts mean.
pub trait ReducibleSubject: Subject {}

impl<P: Product> ReducibleSubject for ProductSubject<'_, P> {}

/// What a subject is asked to do.
#[doc(hidden)]
pub struct Task<'m, V: Viewed, A> {
    pub(crate) properties: Vec<Stated<V, A>>,
    pub(crate) limits: Limits<'m>,
    pub(crate) threads: usize,
    pub(crate) symmetry: bool,
    pub(crate) stale_messages: bool,
}

/// What a subject of this type is asked to do.
pub(crate) type TaskOf<'m, S> = Task<'m, <S as Subject>::Views, <S as Subject>::Action>;

/// A property, of states or of steps.
pub(crate) enum Stated<V: Viewed, A> {
    /// Of states.
    OfStates(Property<V>),
    /// Of steps.
    OfSteps(StepProperty<V, A>),
}

impl<V: Viewed, A> Stated<V, A> {
    /// The property as a claim. `test` makes a predicate of a condition.
    fn into_claim<Test>(
        self,
        test: impl Fn(Condition<V>) -> Test,
    ) -> InternalProperty<Test, StepTest<V, A>> {
        match self {
            Stated::OfStates(property) if property.kind == PropertyKind::AlwaysStep => {
                Stated::OfSteps(StepProperty::from(property)).into_claim(test)
            }
            Stated::OfStates(Property { name, kind, condition, premise, .. }) => {
                let (condition, premise) = (test(condition), premise.map(&test));
                InternalProperty { name, kind, says: Predicate::OfStates { condition, premise } }
            }
            Stated::OfSteps(StepProperty { name, condition, premises }) => {
                let says = Predicate::OfSteps(StepTest { condition, premises });
                InternalProperty { name, kind: PropertyKind::AlwaysStep, says }
            }
        }
    }
}

/// Whether a condition looked at more than counts.
#[derive(Default)]
struct Looks(AtomicBool);

impl<Part> CountAudit<Part> for Looks {
    fn note_look(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn audit_count(&self, _is_counted: &dyn Fn(usize, &Part) -> bool) {}
}

/// A [`Product`], explored by its parts.
pub struct ProductSubject<'m, P: Product> {
    pub(crate) product: &'m P,
    /// All conditions in one go, if that is cheaper than one by one.
    pub(crate) judge: Option<&'m Judge<P::Part>>,
}

impl<P: Product> Subject for ProductSubject<'_, P> {
    type State = Vec<P::Part>;
    type Action = P::Action;
    type Views = Parts<P::Part>;

    fn search(self, task: TaskOf<'_, Self>) -> Result<Report<Self::State, P::Action>, ModelError> {
        let claims = claims::<P>(task.properties);
        let mut limits = task.limits;
        let reductions = self.reductions(task.symmetry, task.stale_messages, &claims);
        let workers = Workers::new(task.threads);
        self.check(&workers, reductions, &claims, &mut limits)
    }

    fn walk(
        self,
        task: TaskOf<'_, Self>,
        simulation: Simulation,
    ) -> Simulated<Self::State, P::Action> {
        let model = ProductWalk { product: self.product };
        simulate(&model, &claims::<P>(task.properties), simulation, &task.limits)
    }
}

/// A property of a product as a claim.
type ClaimOf<P> = InternalProperty<
    Condition<Parts<<P as Product>::Part>>,
    StepTest<Parts<<P as Product>::Part>, <P as Product>::Action>,
>;

/// The properties of a product as claims.
fn claims<P: Product>(properties: Vec<Stated<Parts<P::Part>, P::Action>>) -> Vec<ClaimOf<P>> {
    properties.into_iter().map(|property| property.into_claim(|condition| condition)).collect()
}

/// The property that a test belongs to. Each has a condition, and some have a premise after it.
fn property_of<Test, StepTest>(claims: &[InternalProperty<Test, StepTest>], test: usize) -> &str {
    let mut tests = claims.iter().flat_map(|claim| {
        let tests = match &claim.says {
            Predicate::OfStates { premise, .. } => 1 + usize::from(premise.is_some()),
            Predicate::OfSteps(_) => 0,
        };
        std::iter::repeat_n(claim, tests)
    });
    tests.nth(test).map_or("a property", |claim| &claim.name)
}

impl<P: Product> ProductSubject<'_, P> {
    /// The reductions that the properties allow.
    fn reductions(&self, symmetry: bool, stale: bool, claims: &[ClaimOf<P>]) -> Reductions {
        let choose = |is_asked: bool, obstacle: Option<String>| match obstacle {
            _ if !is_asked => Choice::Ignore,
            Some(obstacle) => Choice::Refuse(obstacle),
            None => Choice::Use,
        };
        let is_symmetric = self.product.symmetry().into_iter().any(|size| size > 1);
        // What a step is called differs between the steps that one of them would stand for, and a
        // step that is left out would not be looked at.
        let step = claims.iter().find(|claim| claim.kind == PropertyKind::AlwaysStep);
        let step = step.map(|claim| format!("`{}` is about steps", claim.name));
        let symmetry = choose(symmetry && is_symmetric, step.clone());
        let stuck = claims.iter().find(|claim| claim.kind == PropertyKind::NeverStuck);
        let stuck = stuck.map(|claim| format!("`{}` is about what stays possible", claim.name));
        let stale = choose(stale, step.or(stuck));
        Reductions { symmetry, whole_group: true, stale }
    }

    /// Whether all conditions do nothing but count, as far as the initial states tell. If not, it is not worth
    /// while to find out what many renamings do.
    fn only_counts(&self, claims: &[ClaimOf<P>]) -> bool {
        let looks = Looks::default();
        for state in self.product.initial() {
            let parts: Vec<&P::Part> = state.iter().collect();
            for claim in claims {
                if let Predicate::OfStates { condition, premise } = &claim.says {
                    for test in [condition].into_iter().chain(premise) {
                        test(Snapshot::audited(&parts, &looks));
                    }
                }
            }
        }
        !looks.0.load(Ordering::Relaxed)
    }

    fn check(
        &self,
        workers: &Workers,
        mut reductions: Reductions,
        claims: &[ClaimOf<P>],
        limits: &mut Limits<'_>,
    ) -> Result<Report<Vec<P::Part>, P::Action>, ModelError> {
        // What was found before a reduction is given up is lost; the time that it took is not given back.
        let clock = Stopwatch::start();
        reductions.whole_group = self.only_counts(claims);
        loop {
            let space = ProductSpace::new(self.product, self.judge, workers, reductions.clone());
            let objection = match check(space, claims, limits, clock) {
                Ok(report) => return Ok(report),
                Err(Refusal::Model(error)) => return Err(error),
                Err(Refusal::Reduction(objection)) => objection,
            };
            match objection {
                UnsoundReduction::Asymmetric(reason) => {
                    reductions.symmetry = Choice::Refuse(reason)
                }
                UnsoundReduction::LargeGroup => reductions.whole_group = false,
                UnsoundReduction::AsymmetricPredicate(test) => {
                    let reason = format!("`{}` tells things apart", property_of(claims, test));
                    reductions.symmetry = Choice::Refuse(reason);
                }
                UnsoundReduction::Stale(reason) => reductions.stale = Choice::Refuse(reason),
                UnsoundReduction::LooksAtStale(test) => {
                    let name = property_of(claims, test);
                    let reason = format!("`{name}` looks at messages that nobody heeds");
                    reductions.stale = Choice::Refuse(reason);
                }
            }
        }
    }
}

/// Any `stateright::Model`, explored state by state.
pub struct ModelSubject<'m, M: Model> {
    pub(crate) model: &'m M,
    pub(crate) labels: Option<Box<dyn Labels<M::Action> + Send + Sync + 'm>>,
    pub(crate) tally: Option<Box<dyn Tally<M::Action> + Send + Sync + 'm>>,
    pub(crate) is_exact: bool,
}

impl<M: Model + Sync> Subject for ModelSubject<'_, M>
where
    M::State: PartialEq + Hash + Send + Sync + 'static,
{
    type State = M::State;
    type Action = M::Action;
    type Views = Whole<M::State>;

    fn search(self, task: TaskOf<'_, Self>) -> Result<Report<M::State, M::Action>, ModelError> {
        let claims = self.claims(task.properties);
        let mut limits = task.limits;
        let workers = Workers::new(task.threads);
        let space = ModelSpace::new(self.model, self.labels, self.tally, &workers, self.is_exact);
        match check(space, &claims, &mut limits, Stopwatch::start()) {
            Ok(report) => Ok(report),
            Err(Refusal::Model(error)) => Err(error),
            Err(Refusal::Reduction(objection)) => {
                unreachable!("no reduction is used, yet {objection:?}")
            }
        }
    }

    fn walk(
        self,
        task: TaskOf<'_, Self>,
        simulation: Simulation,
    ) -> Simulated<M::State, M::Action> {
        let claims = self.claims(task.properties);
        let model = ModelWalk { model: self.model, labels: self.labels };
        simulate(&model, &claims, simulation, &task.limits)
    }
}

impl<M: Model> ModelSubject<'_, M>
where
    M::State: PartialEq + Hash + 'static,
{
    /// The model's own properties, and those stated here.
    fn claims(
        &self,
        properties: Vec<Stated<Whole<M::State>, M::Action>>,
    ) -> Vec<InternalProperty<Test<M>, StepTestOf<M>>> {
        let builtin = self.model.properties().into_iter().map(|property| InternalProperty {
            name: property.name.to_owned(),
            kind: match property.expectation {
                Expectation::Always => PropertyKind::Always,
                Expectation::Sometimes => PropertyKind::Sometimes,
                Expectation::Eventually => PropertyKind::Eventually,
            },
            says: Predicate::OfStates {
                condition: Test::Builtin(property.condition),
                premise: None,
            },
        });
        let stated = properties.into_iter().map(|property| property.into_claim(Test::Condition));
        builtin.chain(stated).collect()
    }
}
