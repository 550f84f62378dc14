//! What can be checked.

use std::hash::Hash;

use rayon::ThreadPoolBuilder;
use stateright::{Expectation, Model};

use super::claim::{Claim, check};
use super::condition::{Condition, Parts, Property, PropertyKind, Viewed, Whole};
use super::explore::Objection;
use super::labels::Labels;
use super::limits::Limits;
use super::model_space::{ModelSpace, Test};
use super::product::Product;
use super::product_space::{ProductSpace, SymmetryUse};
use super::verdict::Report;

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
}

/// What a subject is asked to do.
#[doc(hidden)]
pub struct Task<'m, V: Viewed> {
    pub(super) properties: Vec<Property<V>>,
    pub(super) limits: Limits<'m>,
    pub(super) threads: usize,
    pub(super) symmetry: bool,
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
        let claims = task.properties.into_iter().map(|property| Claim {
            name: property.name,
            kind: property.kind,
            condition: property.condition,
            premise: property.premise,
        });
        let claims: Vec<_> = claims.collect();
        let mut limits = task.limits;
        if task.threads > 1
            && let Ok(pool) = ThreadPoolBuilder::new().num_threads(task.threads).build()
        {
            return pool.install(|| self.check(task.threads, task.symmetry, &claims, &mut limits));
        }
        // Where no more threads are to be had, one does it all, with the same result.
        self.check(1, task.symmetry, &claims, &mut limits)
    }
}

impl<P: Product> ProductSubject<'_, P> {
    fn check(
        &self,
        threads: usize,
        symmetry: bool,
        claims: &[Claim<Condition<Parts<P::Part>>>],
        limits: &mut Limits<'_>,
    ) -> Report<Vec<P::Part>, P::Action> {
        let declared = self.product.symmetry().into_iter().any(|size| size > 1);
        let mut reduction = SymmetryUse::Ignore;
        if symmetry && declared {
            reduction = SymmetryUse::Use;
            if let Some(claim) = claims.iter().find(|claim| claim.kind.needs_fairness()) {
                // Fairness is to every single action. In a quotient, one action can stand for another.
                reduction = SymmetryUse::Refuse(format!("`{}` is about fair paths", claim.name));
            }
        }
        loop {
            let space = ProductSpace::new(self.product, threads, reduction);
            match check(space, claims, limits) {
                Ok(report) => return report,
                Err(Objection(reason)) => reduction = SymmetryUse::Refuse(reason),
            }
        }
    }
}

/// Any `stateright::Model`, explored state by state.
pub struct ModelSubject<'m, M: Model> {
    pub(super) model: &'m M,
    pub(super) labels: Option<Box<dyn Labels<M::Action> + 'm>>,
}

impl<M: Model> Subject for ModelSubject<'_, M>
where
    M::State: PartialEq + Hash + 'static,
{
    type State = M::State;
    type Action = M::Action;
    type Views = Whole<M::State>;

    fn search(self, task: Task<'_, Self::Views>) -> Report<M::State, M::Action> {
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
        let stated = task.properties.into_iter().map(|property| Claim {
            name: property.name,
            kind: property.kind,
            condition: Test::Condition(property.condition),
            premise: property.premise.map(Test::Condition),
        });
        let claims: Vec<_> = builtin.chain(stated).collect();
        let mut limits = task.limits;
        match check(ModelSpace::new(self.model, self.labels), &claims, &mut limits) {
            Ok(report) => report,
            Err(Objection(reason)) => unreachable!("no reduction is used, yet {reason}"),
        }
    }
}
