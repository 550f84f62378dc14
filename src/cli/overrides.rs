//! Changing a spec from the command line: `--set saga.barrier=none`, `--faults crash=2`.

use amends_models::protocols::{AnyProtocol, Design};
use amends_models::workflow::suggestion::suggestion;
use clap::Args;
use miette::Diagnostic;

use super::faults::FaultsArgument;
use crate::spec::{Setting, SettingError, Spec};

/// What is to be different from what the spec says.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Overrides {
    /// Change the fault budget: crash=1,lose=2,crash@inventory=1. Faults that are not named stay as
    /// the spec has them; begin with `none` for a perfect world.
    #[arg(long, value_name = "FAULT=COUNT,…")]
    pub(super) faults: Option<FaultsArgument>,
    /// Change what the spec says: a knob (saga.barrier=none), instances=3, a resource
    /// (services.inventory.stock=3), a key of a step (step.charge.undo=), a fault (faults.crash=1); or
    /// let the same steps be carried out otherwise: protocol=choreography. Can be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) settings: Vec<Setting>,
}

/// Why a spec cannot be changed that way.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(super) enum OverrideError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Setting(#[from] SettingError),
    #[error("there is no service named `{node}` that faults could strike")]
    UnknownNode {
        node: String,
        #[help]
        help: String,
    },
}

impl Overrides {
    /// The spec as it is to be.
    ///
    /// # Errors
    /// When there is nothing of a name that is to be changed, or it cannot be changed that way.
    pub(super) fn apply(&self, mut spec: Spec) -> Result<Spec, OverrideError> {
        if !self.settings.is_empty() {
            spec = spec.with(&self.settings)?;
        }
        if let Some(faults) = &self.faults {
            spec.design = strike(spec.design, faults)?;
        }
        Ok(spec)
    }
}

/// The same design in another world.
fn strike(design: Design, faults: &FaultsArgument) -> Result<Design, OverrideError> {
    let workflow = design.workflow();
    let budget = faults.apply(workflow.faults());
    let mut known: Vec<&str> =
        workflow.services().iter().map(|service| service.name.as_str()).collect();
    let nodes = design.protocol().nodes();
    known.extend(nodes.iter().map(String::as_str));
    if let Some(node) = faults.nodes().find(|node| !known.contains(node)) {
        let (node, help) = (node.to_owned(), suggestion(node, &known));
        return Err(OverrideError::UnknownNode { node, help });
    }
    Ok(design.with_faults(budget))
}

#[cfg(test)]
mod tests {
    use amends_models::workflow::Fault;

    use super::*;

    #[test]
    fn faults_strike_only_nodes_that_exist() {
        let spec = crate::spec::parse(
            "order.toml",
            r#"
                name     = "order"
                protocol = "saga"
                [services.inventory]
                stock = 2
                [[step]]
                name    = "reserve-stock"
                service = "inventory"
            "#,
        )
        .expect("the spec is sound");
        let adjust = |text: &str| {
            let faults = Some(text.parse().expect("it is a budget"));
            Overrides { faults, settings: Vec::new() }.apply(spec.clone())
        };
        let spec = adjust("crash@inventory=1,crash@coordinator=1").expect("both exist");
        assert_eq!(spec.design.workflow().faults().total(Fault::Crash), 2);
        assert!(matches!(adjust("crash@inventry=1"), Err(OverrideError::UnknownNode { .. })));
    }
}
