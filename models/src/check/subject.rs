//! What can be checked.

use std::collections::BTreeSet;
use std::hash::Hash;

use stateright::{Expectation, Model};

use super::claim::{Claim, check};
use super::condition::{Condition, Parts, Property, PropertyKind, Viewed, Whole};
use super::labels::Labels;
use super::limits::Limits;
use super::model_space::{ModelSpace, Test};
use super::parallel::Workers;
use super::product::Product;
use super::product_space::ProductSpace;
use super::reduction::{Choice, Objection, Reductions};
use super::simulate::{Simulated, Simulation, simulate};
use super::verdict::Report;
use super::walks::{ModelWalk, ProductWalk};

/// Something that a [`Verification`](super::Verification) can explore: a [`ProductSubject`] or a
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
    fn search(self, task: Task<'_, Self::Views>) -> Report<Self::State, Self::Action>;

    /// Walks through it at random and judges the properties by that.
    #[doc(hidden)]
    fn walk(
        self,
        task: Task<'_, Self::Views>,
        simulation: Simulation,
    ) -> Simulated<Self::State, Self::Action>;
}

/// What a subject is asked to do.
#[doc(hidden)]
pub struct Task<'m, V: Viewed> {
    pub(super) properties: Vec<Property<V>>,
    pub(super) limits: Limits<'m>,
    pub(super) threads: usize,
    pub(super) symmetry: bool,
    pub(super) partial_order: bool,
}

/// A [`Product`], explored by its parts.
pub struct ProductSubject<'m, P> {
    pub(super) product: &'m P,
}

impl<P: Product> Subject for ProductSubject<'_, P> {
    type State = Vec<P::Part>;
    type Action = P::Action;
    type Views = Parts<P::Part>;

    fn search(self, task: Task<'_, Self::Views>) -> Report<Self::State, P::Action> {
        let claims = claims::<P>(task.properties);
        let mut limits = task.limits;
        let reductions = self.reductions(task.symmetry, task.partial_order, &claims);
        let workers = Workers::new(task.threads);
        self.check(&workers, reductions, &claims, &mut limits)
    }

    fn walk(
        self,
        task: Task<'_, Self::Views>,
        simulation: Simulation,
    ) -> Simulated<Self::State, P::Action> {
        let model = ProductWalk { product: self.product };
        simulate(&model, &claims::<P>(task.properties), simulation, &task.limits)
    }
}

/// The properties of a product as claims.
fn claims<P: Product>(
    properties: Vec<Property<Parts<P::Part>>>,
) -> Vec<Claim<Condition<Parts<P::Part>>>> {
    let claim = |property: Property<Parts<P::Part>>| Claim {
        name: property.name,
        kind: property.kind,
        condition: property.condition,
        premise: property.premise,
    };
    properties.into_iter().map(claim).collect()
}

/// The property that a test belongs to. Each has a condition, and some have a premise after it.
fn property_of<Test>(claims: &[Claim<Test>], test: usize) -> &str {
    let mut tests = claims
        .iter()
        .flat_map(|claim| std::iter::once(claim).chain(claim.premise.as_ref().map(|_| claim)));
    tests.nth(test).map_or("a property", |claim| &claim.name)
}

impl<P: Product> ProductSubject<'_, P> {
    /// The reductions that the properties allow.
    fn reductions(
        &self,
        symmetry: bool,
        partial_order: bool,
        claims: &[Claim<Condition<Parts<P::Part>>>],
    ) -> Reductions {
        let choose = |is_asked: bool, obstacle: Option<String>| match obstacle {
            _ if !is_asked => Choice::Ignore,
            Some(obstacle) => Choice::Refuse(obstacle),
            None => Choice::Use,
        };
        let is_symmetric = self.product.symmetry().into_iter().any(|size| size > 1);
        let symmetry = choose(symmetry && is_symmetric, None);
        let path = claims.iter().find(|claim| claim.kind.needs_edges());
        let path = path.map(|claim| format!("`{}` is about paths", claim.name));
        let symmetric = (symmetry == Choice::Use).then(|| String::from("the symmetry is used"));
        let partial_order = choose(partial_order, path.or(symmetric));
        Reductions { symmetry, partial_order, excluded: BTreeSet::new() }
    }

    fn check(
        &self,
        workers: &Workers,
        mut reductions: Reductions,
        claims: &[Claim<Condition<Parts<P::Part>>>],
        limits: &mut Limits<'_>,
    ) -> Report<Vec<P::Part>, P::Action> {
        loop {
            let space = ProductSpace::new(self.product, workers, reductions.clone());
            match check(space, claims, limits) {
                Ok(report) if report.skips_states() && report.is_violated() => {
                    let reason = "a violation is shown by a shortest path";
                    reductions.partial_order = Choice::Refuse(reason.into());
                }
                Ok(report) => return report,
                Err(Objection::Asymmetric(reason)) => reductions.symmetry = Choice::Refuse(reason),
                Err(Objection::ToldApart(test)) => {
                    let reason = format!("`{}` tells things apart", property_of(claims, test));
                    reductions.symmetry = Choice::Refuse(reason);
                }
                Err(Objection::NotPrivate(reason)) => {
                    reductions.partial_order = Choice::Refuse(reason);
                }
                Err(Objection::Visible(slot)) => {
                    reductions.excluded.insert(slot);
                }
            }
        }
    }
}

/// Any `stateright::Model`, explored state by state.
pub struct ModelSubject<'m, M: Model> {
    pub(super) model: &'m M,
    pub(super) labels: Option<Box<dyn Labels<M::Action> + Sync + 'm>>,
    pub(super) is_exact: bool,
}

impl<M: Model + Sync> Subject for ModelSubject<'_, M>
where
    M::State: PartialEq + Hash + Send + Sync + 'static,
{
    type State = M::State;
    type Action = M::Action;
    type Views = Whole<M::State>;

    fn search(self, task: Task<'_, Self::Views>) -> Report<M::State, M::Action> {
        let claims = self.claims(task.properties);
        let mut limits = task.limits;
        let workers = Workers::new(task.threads);
        let space = ModelSpace::new(self.model, self.labels, &workers, self.is_exact);
        match check(space, &claims, &mut limits) {
            Ok(report) => report,
            Err(objection) => unreachable!("no reduction is used, yet {objection:?}"),
        }
    }

    fn walk(
        self,
        task: Task<'_, Self::Views>,
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
    fn claims(&self, properties: Vec<Property<Whole<M::State>>>) -> Vec<Claim<Test<M>>> {
        let builtin = self.model.properties().into_iter().map(|property| Claim {
            name: property.name.to_owned(),
            kind: match property.expectation {
                Expectation::Always => PropertyKind::Always,
                Expectation::Sometimes => PropertyKind::Sometimes,
                Expectation::Eventually => PropertyKind::Eventually,
            },
            condition: Test::Builtin(property.condition),
            premise: None,
        });
        let stated = properties.into_iter().map(|property| Claim {
            name: property.name,
            kind: property.kind,
            condition: Test::Condition(property.condition),
            premise: property.premise.map(Test::Condition),
        });
        builtin.chain(stated).collect()
    }
}
