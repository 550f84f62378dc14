//! Turning knobs from the command line: `--set saga.barrier=none`, `--faults crash=2`.
//!
//! One spec, many worlds: what a spec says can be changed for one run, so that the price of a wrong
//! choice can be seen without editing the file.

use std::str::FromStr;
use std::sync::Arc;

use amends_models::protocols::choreography::ChoreographyKnobs;
use amends_models::protocols::mixed::MixedChoices;
use amends_models::protocols::saga::SagaKnobs;
use amends_models::workflow::builder::{MAX_INSTANCES, check_knobs};
use amends_models::workflow::suggestion::suggestion;
use amends_models::workflow::{Protocol, Workflow};
use clap::Args;
use miette::Diagnostic;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::faults::FaultsArgument;

/// What is to be different from what the spec says.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Adjustments {
    /// Change the fault budget: crash=1,lose=2,crash@inventory=1. Faults that are not named stay as
    /// the spec has them; begin with `none` for a perfect world.
    #[arg(long, value_name = "FAULT=COUNT,…")]
    pub(super) faults: Option<FaultsArgument>,
    /// Turn a knob: saga.barrier=none, instances=3; or let the same steps be carried out otherwise:
    /// protocol=choreography.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) settings: Vec<Setting>,
}

/// A knob and its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    key: String,
    value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("it is not of the form KEY=VALUE")?;
        Ok(Setting { key: key.trim().to_owned(), value: value.trim().to_owned() })
    }
}

/// Why a spec cannot be adjusted that way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub(super) enum AdjustError {
    #[error("there is no knob `{key}`")]
    UnknownKey {
        key: String,
        #[help]
        help: String,
    },
    #[error("`{value}` is no value for `{key}`: {reason}")]
    Value { key: String, value: String, reason: String },
    #[error("there is no service named `{node}` that faults could strike")]
    UnknownNode {
        node: String,
        #[help]
        help: String,
    },
}

impl Adjustments {
    /// The workflow as it is to be.
    pub(super) fn apply(&self, mut workflow: Workflow) -> Result<Workflow, AdjustError> {
        for setting in &self.settings {
            workflow = setting.apply(workflow)?;
        }
        if let Some(faults) = &self.faults {
            let budget = faults.apply(workflow.faults());
            let mut known: Vec<&str> =
                workflow.services().iter().map(|service| service.name.as_str()).collect();
            let nodes = workflow.protocol().nodes();
            known.extend(nodes.iter().map(String::as_str));
            if let Some(node) = faults.nodes().find(|node| !known.contains(node)) {
                let (node, help) = (node.to_owned(), suggestion(node, &known));
                return Err(AdjustError::UnknownNode { node, help });
            }
            workflow = workflow.with_faults(budget);
        }
        Ok(workflow)
    }
}

impl Setting {
    fn apply(&self, workflow: Workflow) -> Result<Workflow, AdjustError> {
        if self.key == "instances" {
            let instances = self.value.parse().ok().filter(|n| (1..=MAX_INSTANCES).contains(n));
            return match instances {
                Some(instances) => Ok(workflow.with_instances(instances)),
                None => Err(self.wrong(format!("it must be 1 to {MAX_INSTANCES}"))),
            };
        }
        if self.key == "protocol" {
            let protocol = match self.value.as_str() {
                "saga" => Protocol::Saga(SagaKnobs::default()),
                "choreography" => Protocol::Choreography(ChoreographyKnobs::default()),
                _ => return Err(self.wrong("only `saga` and `choreography` take the same steps")),
            };
            let carried_out = workflow.carried_out_by(protocol);
            return carried_out.map_err(|error| self.wrong(error.message));
        }
        let protocol = match workflow.protocol() {
            Protocol::Saga(knobs) => Protocol::Saga(self.turn("saga", knobs)?),
            Protocol::Tcc(knobs) => Protocol::Tcc(self.turn("tcc", knobs)?),
            Protocol::Choreography(knobs) => {
                Protocol::Choreography(self.turn("choreography", knobs)?)
            }
            Protocol::Outbox(knobs) => Protocol::Outbox(self.turn("outbox", knobs)?),
            Protocol::EventSourcing(domain, knobs) => {
                Protocol::EventSourcing(Arc::clone(domain), self.turn("event-sourcing", knobs)?)
            }
            Protocol::Mixed(choices) => Protocol::Mixed(self.turn_mixed(choices)?),
            Protocol::TwoPhaseCommit(knobs) => {
                Protocol::TwoPhaseCommit(self.turn("two-phase-commit", knobs)?)
            }
        };
        check_knobs(&protocol, workflow.steps())
            .map_err(|error| self.wrong(error.help.unwrap_or(error.message)))?;
        Ok(workflow.with_protocol(protocol))
    }

    /// Turns a knob of one of the parts of a mixed workflow.
    fn turn_mixed(&self, choices: &MixedChoices) -> Result<MixedChoices, AdjustError> {
        let mut choices = choices.clone();
        match self.key.split_once('.').map(|(table, _)| table) {
            Some("saga") => choices.saga = self.turn("saga", &choices.saga)?,
            Some("tcc") => choices.tcc = self.turn("tcc", &choices.tcc)?,
            _ => choices.mixed = self.turn("mixed", &choices.mixed)?,
        }
        Ok(choices)
    }

    /// Turns one knob, by way of the form in which knobs are written in specs.
    fn turn<K>(&self, protocol: &str, knobs: &K) -> Result<K, AdjustError>
    where
        K: Serialize + DeserializeOwned + JsonSchema,
    {
        let names = knob_names::<K>();
        let knob = self.key.strip_prefix(protocol).and_then(|rest| rest.strip_prefix('.'));
        let Some(knob) = knob.filter(|knob| names.iter().any(|name| name == knob)) else {
            return Err(self.unknown(protocol, &names));
        };
        let mut table =
            toml::Table::try_from(knobs).map_err(|error| self.wrong(error.to_string()))?;
        let value = match self.value.parse::<i64>() {
            Ok(number) => toml::Value::Integer(number),
            Err(_) => match self.value.parse::<bool>() {
                Ok(choice) => toml::Value::Boolean(choice),
                Err(_) => toml::Value::String(self.value.clone()),
            },
        };
        table.insert(knob.to_owned(), value);
        table.try_into().map_err(|error: toml::de::Error| {
            self.wrong(error.message().lines().next().unwrap_or_default())
        })
    }

    fn unknown(&self, protocol: &str, names: &[String]) -> AdjustError {
        let mut known = vec!["instances".to_owned()];
        known.extend(names.iter().map(|name| format!("{protocol}.{name}")));
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        AdjustError::UnknownKey { key: self.key.clone(), help: suggestion(&self.key, &known) }
    }

    fn wrong(&self, reason: impl Into<String>) -> AdjustError {
        AdjustError::Value {
            key: self.key.clone(),
            value: self.value.clone(),
            reason: reason.into(),
        }
    }
}

/// The knobs of a protocol by their names in specs, which are those of their schema.
fn knob_names<K: JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(K);
    let properties = schema.get("properties").and_then(serde_json::Value::as_object);
    properties.map(|knobs| knobs.keys().cloned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use amends_models::protocols::saga::Barrier;
    use amends_models::workflow::{Fault, StepDraft};

    use super::*;

    fn workflow() -> Workflow {
        Workflow::builder("order")
            .service("inventory", [("stock", 2)])
            .step(StepDraft::new("reserve-stock", "inventory"))
            .build()
            .expect("the workflow is sound")
    }

    fn set(text: &str) -> Result<Workflow, AdjustError> {
        let settings = vec![text.parse().expect("it is a setting")];
        Adjustments { faults: None, settings }.apply(workflow())
    }

    fn knobs(workflow: &Workflow) -> &SagaKnobs {
        match workflow.protocol() {
            Protocol::Saga(knobs) => knobs,
            other => panic!("it became {}", other.name()),
        }
    }

    #[test]
    fn a_knob_is_turned() {
        let workflow = set("saga.barrier=none").expect("it can be set");
        assert_eq!(knobs(&workflow), &SagaKnobs { barrier: Barrier::None, ..SagaKnobs::default() });
        let workflow = set("saga.compensation-attempts=1").expect("it can be set");
        assert_eq!(knobs(&workflow).compensation_attempts, Some(1));
        assert_eq!(set("instances=3").expect("it can be set").instances(), 3);
    }

    #[test]
    fn every_knob_has_its_name() {
        let all = SagaKnobs {
            compensation_attempts: Some(1),
            retriable_attempts: Some(1),
            ..SagaKnobs::default()
        };
        let table = toml::Table::try_from(&all).expect("knobs can be written");
        let mut written: Vec<String> = table.keys().cloned().collect();
        let mut named = knob_names::<SagaKnobs>();
        written.sort_unstable();
        named.sort_unstable();
        assert_eq!(written, named);
    }

    #[test]
    fn the_same_steps_are_orchestrated_or_choreographed() {
        let faults = amends_models::workflow::FaultBudget::none();
        let orchestrated = workflow().with_faults(faults.allow_at(Fault::Crash, "coordinator", 1));
        let setting = |text: &str| text.parse::<Setting>().expect("it is a setting");
        let choreographed = setting("protocol=choreography").apply(orchestrated.clone());
        let choreographed = choreographed.expect("its steps have an undo");
        assert_eq!(choreographed.protocol().name(), "choreography");
        assert_eq!(choreographed.faults().at(Fault::Crash, "initiator"), 1);
        assert_eq!(setting("protocol=saga").apply(choreographed), Ok(orchestrated));
    }

    #[test]
    fn what_cannot_be_set_is_said() {
        let wrong = |text: &str| set(text).expect_err("it cannot be set").to_string();
        insta::assert_snapshot!(wrong("saga.barier=none"), @"there is no knob `saga.barier`");
        insta::assert_snapshot!(wrong("tcc.barrier=none"), @"there is no knob `tcc.barrier`");
        insta::assert_snapshot!(wrong("saga.barrier=half"), @"`half` is no value for `saga.barrier`: unknown variant `half`, expected one of `full`, `without-tombstone`, `none`");
        insta::assert_snapshot!(wrong("protocol=tcc"), @"`tcc` is no value for `protocol`: only `saga` and `choreography` take the same steps");
        insta::assert_snapshot!(wrong("saga.attempts=0"), @"`0` is no value for `saga.attempts`: a step that is never asked for cannot happen");
        insta::assert_snapshot!(wrong("instances=99"), @"`99` is no value for `instances`: it must be 1 to 16");
    }

    #[test]
    fn faults_strike_only_nodes_that_exist() {
        let adjust = |text: &str| {
            let faults = Some(text.parse().expect("it is a budget"));
            Adjustments { faults, settings: Vec::new() }.apply(workflow())
        };
        let workflow = adjust("crash@inventory=1,crash@coordinator=1").expect("both exist");
        assert_eq!(workflow.faults().total(Fault::Crash), 2);
        assert!(matches!(adjust("crash@inventry=1"), Err(AdjustError::UnknownNode { .. })));
    }
}
