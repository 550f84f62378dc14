//! Turning knobs from the command line: `--set saga.barrier=none`, `--faults crash=2`.
//!
//! One spec, many worlds: what a spec says can be changed for one run, so that the price of a wrong
//! choice can be seen without editing the file.

use std::str::FromStr;
use std::sync::Arc;

use amends_models::protocols::{AnyProtocol, Design, Protocol};
use amends_models::system::{KnobSink, KnobSource, Knobs};
use amends_models::workflow::builder::MAX_INSTANCES;
use amends_models::workflow::domain::Domain;
use amends_models::workflow::suggestion::suggestion;
use clap::Args;
use miette::Diagnostic;
use schemars::JsonSchema;

use super::faults::FaultsArgument;

/// What is to be different from what the spec says.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Overrides {
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
pub(super) enum OverrideError {
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

impl Overrides {
    /// The design as it is to be.
    ///
    /// # Errors
    /// When there is nothing of a name that is to be changed, or it cannot be changed that way.
    pub(super) fn apply(&self, mut design: Design) -> Result<Design, OverrideError> {
        for setting in &self.settings {
            design = setting.apply(design)?;
        }
        if let Some(faults) = &self.faults {
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
            design = design.with_faults(budget);
        }
        Ok(design)
    }
}

impl Setting {
    fn apply(&self, design: Design) -> Result<Design, OverrideError> {
        if self.key == "instances" {
            let instances = self.value.parse().ok().filter(|n| (1..=MAX_INSTANCES).contains(n));
            return match instances {
                Some(instances) => Ok(design.with_instances(instances)),
                None => Err(self.wrong(format!("it must be 1 to {MAX_INSTANCES}"))),
            };
        }
        if self.key == "protocol" {
            return self.apply_protocol(design);
        }
        let mut tables = Tables::default();
        design.protocol().write(&mut tables);
        self.turn(&mut tables)?;
        let source = Turned { setting: self, tables, design: &design };
        let protocol = Protocol::read(design.protocol().name(), &source)
            .expect("the name of a protocol is a name of a protocol")?;
        let checked = protocol.requirements().check_knobs(design.workflow().steps());
        checked.map_err(|error| self.wrong(error.help.unwrap_or(error.message)))?;
        Ok(design.with_protocol(protocol))
    }

    /// Lets the same steps be carried out otherwise.
    fn apply_protocol(&self, design: Design) -> Result<Design, OverrideError> {
        let only = || self.wrong("only `saga` and `choreography` take the same steps");
        if !Design::SAME_STEPS.contains(&self.value.as_str()) {
            return Err(only());
        }
        let source = Turned { setting: self, tables: Tables::default(), design: &design };
        let protocol = Protocol::read(&self.value, &source).ok_or_else(only)??;
        design.carried_out_by(protocol).map_err(|error| self.wrong(error.message))
    }

    /// Turns one knob, in the form in which knobs are written in specs.
    fn turn(&self, tables: &mut Tables) -> Result<(), OverrideError> {
        let found = tables.0.iter_mut().find_map(|table| {
            let knob = self.key.strip_prefix(table.name)?.strip_prefix('.')?;
            table.knobs.iter().any(|name| name == knob).then_some((table, knob))
        });
        let Some((table, knob)) = found else { return Err(self.unknown(tables)) };
        let value = match self.value.parse::<i64>() {
            Ok(number) => toml::Value::Integer(number),
            Err(_) => match self.value.parse::<bool>() {
                Ok(choice) => toml::Value::Boolean(choice),
                Err(_) => toml::Value::String(self.value.clone()),
            },
        };
        let written = table.written.as_mut().map_err(|error| self.wrong(error.to_string()))?;
        written.insert(knob.to_owned(), value);
        Ok(())
    }

    fn unknown(&self, tables: &Tables) -> OverrideError {
        let knobs = tables
            .0
            .iter()
            .flat_map(|table| table.knobs.iter().map(|knob| format!("{}.{knob}", table.name)));
        let known: Vec<String> = ["instances".to_owned()].into_iter().chain(knobs).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        OverrideError::UnknownKey { key: self.key.clone(), help: suggestion(&self.key, &known) }
    }

    fn wrong(&self, reason: impl Into<String>) -> OverrideError {
        OverrideError::Value {
            key: self.key.clone(),
            value: self.value.clone(),
            reason: reason.into(),
        }
    }
}

/// The knobs of a protocol, as specs write them.
#[derive(Default)]
struct Tables(Vec<Table>);

/// A table of knobs.
struct Table {
    name: &'static str,
    /// All knobs that there are.
    knobs: Vec<String>,
    /// Those that are written down, with their values.
    written: Result<toml::Table, toml::ser::Error>,
}

impl KnobSink for Tables {
    fn knobs<K: Knobs>(&mut self, table: &'static str, knobs: &K) {
        let (names, written) = (knob_names::<K>(), toml::Table::try_from(knobs));
        self.0.push(Table { name: table, knobs: names, written });
    }
}

/// The definition of a protocol, with a knob turned.
struct Turned<'a> {
    setting: &'a Setting,
    tables: Tables,
    design: &'a Design,
}

impl KnobSource for Turned<'_> {
    type Error = OverrideError;

    fn knobs<K: Knobs + Default>(&self, table: &'static str) -> Result<K, OverrideError> {
        let Some(table) = self.tables.0.iter().find(|it| it.name == table) else {
            return Ok(K::default());
        };
        let written = table.written.as_ref();
        let written = written.map_err(|error| self.setting.wrong(error.to_string()))?;
        written.clone().try_into().map_err(|error: toml::de::Error| {
            self.setting.wrong(error.message().lines().next().unwrap_or_default())
        })
    }

    fn domain(&self) -> Result<Arc<Domain>, OverrideError> {
        let domain = self.design.protocol().domain().cloned();
        domain.ok_or_else(|| self.setting.wrong("the spec has no aggregates"))
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
    use amends_models::protocols::saga::{Barrier, SagaKnobs};
    use amends_models::workflow::{Fault, StepDraft, Workflow};

    use super::*;

    fn design() -> Design {
        Workflow::builder("order")
            .service("inventory", [("stock", 2)])
            .step(StepDraft::new("reserve-stock", "inventory"))
            .carried_out_by(SagaKnobs::default())
            .expect("the workflow is sound")
    }

    fn set(text: &str) -> Result<Design, OverrideError> {
        let settings = vec![text.parse().expect("it is a setting")];
        Overrides { faults: None, settings }.apply(design())
    }

    fn knobs(design: &Design) -> &SagaKnobs {
        match design.protocol() {
            Protocol::Saga(knobs) => knobs,
            other => panic!("it became {}", other.name()),
        }
    }

    #[test]
    fn a_knob_is_turned() {
        let design = set("saga.barrier=none").expect("it can be set");
        assert_eq!(knobs(&design), &SagaKnobs { barrier: Barrier::None, ..SagaKnobs::default() });
        let design = set("saga.compensation-attempts=1").expect("it can be set");
        assert_eq!(knobs(&design).compensation_attempts, Some(1));
        assert_eq!(set("instances=3").expect("it can be set").workflow().instances(), 3);
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
        let orchestrated = design().with_faults(faults.allow_at(Fault::Crash, "coordinator", 1));
        let setting = |text: &str| text.parse::<Setting>().expect("it is a setting");
        let choreographed = setting("protocol=choreography").apply(orchestrated.clone());
        let choreographed = choreographed.expect("its steps have an undo");
        assert_eq!(choreographed.protocol().name(), "choreography");
        assert_eq!(choreographed.workflow().faults().at(Fault::Crash, "initiator"), 1);
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
            Overrides { faults, settings: Vec::new() }.apply(design())
        };
        let design = adjust("crash@inventory=1,crash@coordinator=1").expect("both exist");
        assert_eq!(design.workflow().faults().total(Fault::Crash), 2);
        assert!(matches!(adjust("crash@inventry=1"), Err(OverrideError::UnknownNode { .. })));
    }
}
