//! Checks that have no type of product at all.
//!
//! An [`erased`](crate::erased()) check still names its product, and whatever asks for it is compiled for
//! each. Here the types are gone from the report as well: whoever deals with products of many types
//! is compiled once, and has states and actions [told](Opaque::reveal) by somebody who knows what they are.

use crate::explore::product::evaluate::Judge;
use crate::model_error::ModelError;
use crate::product::Product;
use crate::property::{Parts, Property};
use crate::report::verdict::{Counterexample, Report};
use crate::run::checker::Verification;
use crate::run::erased::{
    ErasedProduct, Opaque, ProductObject, hide_property, judge_all, search, walk,
};
use crate::run::{ReducibleSubject, Subject, TaskOf};
use crate::simulate::{Simulated, Simulation};

/// Starts a check of a product for somebody who does not know its types, with all the properties that
/// may look at its parts.
///
/// Properties that are stated afterwards see [`Opaque`] parts.
pub fn opaque<P>(
    product: &P,
    properties: impl IntoIterator<Item = Property<Parts<P::Part>>>,
) -> Verification<'_, OpaqueSubject<'_>>
where
    P: Product,
    P::Request: 'static,
    P::Action: 'static,
{
    let properties: Vec<Property<Parts<P::Part>>> = properties.into_iter().collect();
    let judge = judge_all(properties.iter());
    let judged = properties.len();
    let hidden = properties.into_iter().map(hide_property);
    Verification::new(OpaqueSubject { product, judge, judged }).properties(hidden)
}

/// The run of a product that violates a property, in values whose types are hidden.
pub type OpaqueRun = Counterexample<Vec<Opaque>, Opaque>;

/// A [`Product`] whose types are hidden from everybody; see [`opaque`].
pub struct OpaqueSubject<'m> {
    product: &'m dyn ProductObject,
    /// All conditions of its own properties in one go.
    judge: Box<Judge<Opaque>>,
    /// How many properties that are.
    judged: usize,
}

impl Subject for OpaqueSubject<'_> {
    type State = Vec<Opaque>;
    type Action = Opaque;
    type Views = Parts<Opaque>;

    fn search(self, task: TaskOf<'_, Self>) -> Result<Report<Vec<Opaque>, Opaque>, ModelError> {
        let all_judged = task.properties.len() == self.judged;
        search(ErasedProduct(self.product), task, all_judged.then_some(&*self.judge))
    }

    fn walk(
        self,
        task: TaskOf<'_, Self>,
        simulation: Simulation,
    ) -> Simulated<Vec<Opaque>, Opaque> {
        walk(ErasedProduct(self.product), task, simulation)
    }
}

impl ReducibleSubject for OpaqueSubject<'_> {}

impl OpaqueRun {
    /// The run in the types of its product.
    ///
    /// # Panics
    /// If it is a run of another product.
    #[must_use]
    pub fn reveal<Part: Clone + 'static, Action: Clone + 'static>(
        &self,
    ) -> Counterexample<Vec<Part>, Action> {
        self.map(&|state| state.iter().map(Opaque::reveal).collect(), &Opaque::reveal)
    }
}
