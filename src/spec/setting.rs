//! Changing what a spec says, without editing it: `saga.barrier=none`, `services.inventory.stock=3`,
//! `step.charge.undo=balance += 9`.
//!
//! One spec, many worlds: the price of a wrong choice, of a wrong step or of another fault can be seen
//! from outside. A key names a place in the file. What stands there is changed before the file gets its
//! meaning, so that a change is checked like anything that was written.
//!
//! | key | what it changes |
//! |---|---|
//! | `instances` | how many workflows run at the same time |
//! | `protocol` | what carries the same steps out: `saga` or `choreography` |
//! | `saga.barrier` | a knob, in the table of its protocol |
//! | `saga.services.payment.barrier`, `saga.steps.charge.attempts` | the same, for one service or one step |
//! | `services.inventory.stock` | what a resource is worth at the start |
//! | `step.charge.when`, `.do`, `.undo`, `.try`, `.confirm`, `.cancel`, `.read`, `.keeps`, `.kind`, `.outside`, `.outside-at`, `.outside-key` | a key of a step; nothing after `=` removes it, `;` stands between assignments |
//! | `command.pay.when`, `event.paid.evolve` | the same of a command and of an event |
//! | `request.1.amount` | an input of a request, counted from one |
//! | `faults.crash`, `faults.crash.inventory` | how often a fault may happen, anywhere or at one node |

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use amends_models::protocols::{AnyProtocol, Design, Protocol};
use amends_models::system::{KnobSink, KnobSource, Knobs};
use amends_models::workflow::Work;
use amends_models::workflow::builder::MAX_INSTANCES;
use amends_models::workflow::domain::Domain;
use amends_models::workflow::suggestion::suggestion;
use indexmap::IndexMap;
use miette::Diagnostic;
use schemars::JsonSchema;
use toml::Spanned;

use super::diagnostic::SpecError;
use super::format::{Count, Lines, SpecFile};
use super::wording::reword;
use super::{Spec, conversion};

/// A place in a spec and what is to stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    key: String,
    value: String,
}

impl Setting {
    /// The key is to have that value.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Setting { key: key.into(), value: value.into() }
    }

    /// The place.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is to stand there.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("it is not of the form KEY=VALUE")?;
        Ok(Setting { key: key.trim().to_owned(), value: value.trim().to_owned() })
    }
}

/// Why a spec cannot be changed that way.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum SettingError {
    /// The key names no place.
    #[error("there is no `{key}` that could be set")]
    UnknownKey {
        /// The key.
        key: String,
        /// What may have been meant.
        #[help]
        help: String,
    },
    /// The value cannot stand there.
    #[error("`{value}` is no value for `{key}`: {reason}")]
    Value {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// Why not.
        reason: String,
    },
    /// The spec is not sound any more.
    #[error("with {settings} the spec is not sound")]
    Unsound {
        /// What was set.
        settings: String,
        /// What is wrong then.
        #[source]
        #[diagnostic_source]
        error: SpecError,
    },
}

impl Spec {
    /// The spec as it stands in its file, with something changed.
    ///
    /// ```
    /// # use amends::spec;
    /// let text = r#"
    ///     name = "shop"
    ///     protocol = "saga"
    ///     [services.till]
    ///     cash = 1
    ///     [[step]]
    ///     name = "pay"
    ///     service = "till"
    ///     do = "cash += 1"
    /// "#;
    /// let shop = spec::parse("shop.toml", text)?;
    /// let rich = shop.with(&["services.till.cash=100".parse()?, "saga.barrier=none".parse()?])?;
    /// assert_eq!(rich.design.workflow().services()[0].resources[0].initial, 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is nothing of a name that is to be changed, or it cannot be changed that way.
    pub fn with(&self, settings: &[Setting]) -> Result<Spec, SettingError> {
        let told = || settings.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        let unsound = |error| SettingError::Unsound { settings: told(), error };
        let parsed = conversion::parse(&self.source, &Protocol::all_tables());
        let (mut file, foreign) = parsed.map_err(unsound)?;
        let mut of_design = Vec::new();
        for setting in settings {
            if !setting.set(&mut file)? {
                of_design.push(setting);
            }
        }
        let mut spec = conversion::convert_file(&self.source, &file, &foreign).map_err(unsound)?;
        for setting in &of_design {
            spec.design = setting.apply(spec.design)?;
        }
        // Choices may make sense only together.
        if let Some(last) = of_design.last() {
            let workflow = spec.design.workflow();
            let checked = spec.design.protocol().requirements().check_choices(workflow);
            checked.map_err(|error| last.wrong(error.help.unwrap_or(error.message)))?;
        }
        Ok(spec)
    }
}

/// Changes of the file, before it gets its meaning.
impl Setting {
    /// Changes the file, if the key names a place in it and not one of its protocol's choices.
    fn set(&self, file: &mut SpecFile) -> Result<bool, SettingError> {
        let Some((table, rest)) = self.key.split_once('.') else { return Ok(false) };
        match table {
            "services" => self.set_resource(file, rest),
            "aggregates" => self.set_value_of_aggregate(file, rest),
            "step" => self.set_step(file, rest),
            "command" => self.set_command(file, rest),
            "event" => self.set_event(file, rest),
            "request" => self.set_input(file, rest),
            "faults" => self.set_fault(file, rest),
            _ => return Ok(false),
        }?;
        Ok(true)
    }

    fn set_resource(&self, file: &mut SpecFile, rest: &str) -> Result<(), SettingError> {
        let (service, resource) = self.two(rest, "services.SERVICE.RESOURCE")?;
        let number = self.number()?;
        let resources = self.found(&mut file.services, service)?;
        *self.found(resources, resource)? = number;
        Ok(())
    }

    fn set_value_of_aggregate(&self, file: &mut SpecFile, rest: &str) -> Result<(), SettingError> {
        let (aggregate, value) = self.two(rest, "aggregates.AGGREGATE.VALUE")?;
        let number = self.number()?;
        let table = self.found(&mut file.aggregates, aggregate)?;
        *self.found(&mut table.state, value)? = number;
        Ok(())
    }

    fn set_step(&self, file: &mut SpecFile, rest: &str) -> Result<(), SettingError> {
        let (name, key) = self.two(rest, "step.NAME.KEY")?;
        let known: Vec<&str> = file.step.iter().map(|step| step.name.get_ref().as_str()).collect();
        let unknown = self.unknown_name(name, &known);
        let step = file.step.iter_mut().find(|step| step.name.get_ref() == name).ok_or(unknown)?;
        let place = step.name.span();
        match key {
            "when" => step.when = self.text(place),
            "kind" => step.kind = self.text(place),
            "read" => step.read = self.lines(place),
            "keeps" => step.keeps = self.lines(place),
            "outside" => step.outside = self.lines(place),
            "outside-at" => step.outside_at = self.text(place),
            "outside-key" => {
                let key = self.value.parse();
                step.outside_key = key.map_err(|_| self.wrong("it must be true or false"))?;
            }
            _ => {
                let keys =
                    ["when", "kind", "read", "keeps", "outside", "outside-at", "outside-key"];
                let keys: Vec<&str> = keys.into_iter().chain(Work::ALL.map(Work::name)).collect();
                let work = Work::ALL.into_iter().find(|work| work.name() == key);
                let work = work.ok_or_else(|| self.unknown_name(key, &keys))?;
                *step.work_mut(work) = self.lines(place);
            }
        }
        Ok(())
    }

    fn set_command(&self, file: &mut SpecFile, rest: &str) -> Result<(), SettingError> {
        let (name, key) = self.two(rest, "command.NAME.KEY")?;
        let known: Vec<&str> = file.command.iter().map(|it| it.name.get_ref().as_str()).collect();
        let unknown = self.unknown_name(name, &known);
        let command =
            file.command.iter_mut().find(|it| it.name.get_ref() == name).ok_or(unknown)?;
        let place = command.name.span();
        match key {
            "when" => command.when = self.text(place),
            "otherwise" => command.otherwise = self.lines(place),
            _ => return Err(self.unknown_name(key, &["when", "otherwise"])),
        }
        Ok(())
    }

    fn set_event(&self, file: &mut SpecFile, rest: &str) -> Result<(), SettingError> {
        let (name, key) = self.two(rest, "event.NAME.KEY")?;
        let known: Vec<&str> = file.event.iter().map(|it| it.name.get_ref().as_str()).collect();
        let unknown = self.unknown_name(name, &known);
        let event = file.event.iter_mut().find(|it| it.name.get_ref() == name).ok_or(unknown)?;
        let place = event.name.span();
        match key {
            "evolve" => event.evolve = self.lines(place),
            "upcast" => event.upcast = self.lines(place),
            _ => return Err(self.unknown_name(key, &["evolve", "upcast"])),
        }
        Ok(())
    }

    fn set_input(&self, file: &mut SpecFile, rest: &str) -> Result<(), SettingError> {
        let (position, input) = self.two(rest, "request.NUMBER.INPUT")?;
        let number = self.number()?;
        let requests = file.request.len();
        let at = position.parse::<usize>().ok().filter(|at| (1..=requests).contains(at));
        let at = at.ok_or_else(|| self.unknown_key(format!("there are {requests} requests")))?;
        *self.found(file.request[at - 1].get_mut(), input)? = number;
        Ok(())
    }

    fn set_fault(&self, file: &mut SpecFile, rest: &str) -> Result<(), SettingError> {
        let number = self.number()?;
        let (fault, node) = match rest.split_once('.') {
            Some((fault, node)) => (fault, Some(node)),
            None => (rest, None),
        };
        let nowhere = || Spanned::new(0..0, Count::ByNode(IndexMap::new()));
        match node {
            None => {
                file.faults.insert(spanned(fault), Spanned::new(0..0, Count::Anywhere(number)));
            }
            Some(node) => {
                let count = file.faults.entry(spanned(fault)).or_insert_with(nowhere);
                if let Count::Anywhere(_) = count.get_ref() {
                    *count = nowhere();
                }
                if let Count::ByNode(nodes) = count.get_mut() {
                    nodes.insert(spanned(node), Spanned::new(0..0, number));
                }
            }
        }
        Ok(())
    }

    /// The name, and the key after its last point.
    fn two<'r>(&self, rest: &'r str, form: &str) -> Result<(&'r str, &'r str), SettingError> {
        rest.rsplit_once('.').ok_or_else(|| self.unknown_key(format!("write it as {form}=…")))
    }

    fn number(&self) -> Result<i64, SettingError> {
        let digits = self.value.replace('_', "");
        digits.parse().map_err(|_| self.wrong("it must be a whole number of 64 bits"))
    }

    /// The text; none, if it is empty.
    fn text(&self, place: Range<usize>) -> Option<Spanned<String>> {
        (!self.value.is_empty()).then(|| Spanned::new(place, self.value.clone()))
    }

    fn lines(&self, place: Range<usize>) -> Option<Spanned<Lines>> {
        let lines: Vec<Spanned<String>> = self
            .value
            .split(';')
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| Spanned::new(place.clone(), line.to_owned()))
            .collect();
        (!lines.is_empty()).then(|| Spanned::new(place, Lines::Many(lines)))
    }

    fn found<'m, V>(
        &self,
        named: &'m mut IndexMap<Spanned<String>, V>,
        name: &str,
    ) -> Result<&'m mut V, SettingError> {
        let known: Vec<&str> = named.keys().map(|key| key.get_ref().as_str()).collect();
        let unknown = self.unknown_name(name, &known);
        let found = named.iter_mut().find(|(key, _)| key.get_ref() == name);
        found.map(|(_, value)| value).ok_or(unknown)
    }

    fn unknown_name(&self, name: &str, known: &[&str]) -> SettingError {
        self.unknown_key(format!("there is no `{name}`; {}", suggestion(name, known)))
    }

    fn unknown_key(&self, help: String) -> SettingError {
        SettingError::UnknownKey { key: self.key.clone(), help }
    }
}

fn spanned(name: &str) -> Spanned<String> {
    Spanned::new(0..0, name.to_owned())
}

/// Changes of the choices that are made about a workflow.
impl Setting {
    fn apply(&self, design: Design) -> Result<Design, SettingError> {
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
        Ok(design.with_protocol(protocol))
    }

    /// Lets the same steps be carried out otherwise.
    fn apply_protocol(&self, design: Design) -> Result<Design, SettingError> {
        let only = || self.wrong("only `saga` and `choreography` take the same steps");
        if !Design::SAME_STEPS.contains(&self.value.as_str()) {
            return Err(only());
        }
        let source = Turned { setting: self, tables: Tables::default(), design: &design };
        let protocol = Protocol::read(&self.value, &source).ok_or_else(only)??;
        design.carried_out_by(protocol).map_err(|error| self.wrong(error.message))
    }

    /// Turns one knob, in the form in which knobs are written in specs.
    fn turn(&self, tables: &mut Tables) -> Result<(), SettingError> {
        let found = tables.0.iter_mut().find_map(|table| {
            let knob = self.key.strip_prefix(table.name)?.strip_prefix('.')?;
            let (first, exception) = match knob.split_once('.') {
                Some((first, rest)) => (first, Some(rest.rsplit_once('.')?)),
                None => (knob, None),
            };
            table.knobs.iter().any(|name| name == first).then_some((table, first, exception))
        });
        let Some((table, knob, exception)) = found else { return Err(self.unknown(tables)) };
        let value = match self.value.parse::<i64>() {
            Ok(number) => toml::Value::Integer(number),
            Err(_) => match self.value.parse::<bool>() {
                Ok(choice) => toml::Value::Boolean(choice),
                Err(_) => toml::Value::String(self.value.clone()),
            },
        };
        let written = table.written.as_mut().map_err(|error| self.wrong(error.to_string()))?;
        let Some((name, choice)) = exception else {
            written.insert(knob.to_owned(), value);
            return Ok(());
        };
        let mut tables = Some(written);
        for key in [knob, name] {
            let empty = || toml::Value::Table(toml::Table::new());
            tables = tables.and_then(|it| it.entry(key).or_insert_with(empty).as_table_mut());
        }
        let made = tables.ok_or_else(|| self.wrong(format!("`{knob}` has no names in it")))?;
        made.insert(choice.to_owned(), value);
        Ok(())
    }

    fn unknown(&self, tables: &Tables) -> SettingError {
        let knobs = tables
            .0
            .iter()
            .flat_map(|table| table.knobs.iter().map(|knob| format!("{}.{knob}", table.name)));
        let others =
            ["instances", "protocol", "services.…", "step.…", "faults.…"].map(str::to_owned);
        let known: Vec<String> = others.into_iter().chain(knobs).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        SettingError::UnknownKey { key: self.key.clone(), help: suggestion(&self.key, &known) }
    }

    fn wrong(&self, reason: impl Into<String>) -> SettingError {
        SettingError::Value {
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

/// The choices that a design makes, in the order of its tables: what `--set` would be given to make them.
#[must_use]
pub fn choices<P: AnyProtocol>(design: &Design<P>) -> Vec<Setting> {
    let mut tables = Tables::default();
    design.protocol().write(&mut tables);
    let mut chosen = Vec::new();
    for table in tables.0 {
        let Ok(written) = table.written else { continue };
        for knob in &table.knobs {
            if let Some(value) = written.get(knob) {
                add_choices(&mut chosen, format!("{}.{knob}", table.name), value);
            }
        }
    }
    chosen
}

/// Adds a choice; of a table of exceptions, each that it makes.
fn add_choices(chosen: &mut Vec<Setting>, key: String, value: &toml::Value) {
    match value {
        toml::Value::String(word) => chosen.push(Setting::new(key, word)),
        toml::Value::Table(table) => {
            table
                .iter()
                .for_each(|(name, value)| add_choices(chosen, format!("{key}.{name}"), value));
        }
        other => chosen.push(Setting::new(key, other.to_string())),
    }
}

/// The definition of a protocol, with a knob turned.
struct Turned<'a> {
    setting: &'a Setting,
    tables: Tables,
    design: &'a Design,
}

impl KnobSource for Turned<'_> {
    type Error = SettingError;

    fn knobs<K: Knobs + Default>(&self, table: &'static str) -> Result<K, SettingError> {
        let Some(table) = self.tables.0.iter().find(|it| it.name == table) else {
            return Ok(K::default());
        };
        let written = table.written.as_ref();
        let written = written.map_err(|error| self.setting.wrong(error.to_string()))?;
        written.clone().try_into().map_err(|error: toml::de::Error| {
            let wording = reword(error.message().lines().next().unwrap_or_default());
            let help = wording.help.map(|help| format!("; {help}")).unwrap_or_default();
            self.setting.wrong(format!("{}{help}", wording.message))
        })
    }

    fn domain(&self) -> Result<Arc<Domain>, SettingError> {
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
    use amends_models::protocols::saga::{Barrier, SagaExceptions, SagaKnobs};
    use amends_models::workflow::Fault;

    use super::*;

    const ORDER: &str = r#"
        name     = "order"
        protocol = "saga"
        [services.inventory]
        stock = 2
        [[step]]
        name    = "reserve-stock"
        service = "inventory"
        when    = "stock >= 1"
        do      = "stock -= 1"
        undo    = "stock += 1"
        [faults]
        crash = { coordinator = 1 }
    "#;

    fn set(text: &str) -> Result<Spec, SettingError> {
        let order = crate::spec::parse("order.toml", ORDER).expect("the spec is sound");
        order.with(&[text.parse().expect("it is a setting")])
    }

    fn design(text: &str) -> Design {
        set(text).expect("it can be set").design
    }

    fn knobs(design: &Design) -> &SagaKnobs {
        match design.protocol() {
            Protocol::Saga(knobs) => knobs,
            other => panic!("it became {}", other.name()),
        }
    }

    #[test]
    fn a_knob_is_turned() {
        let turned = design("saga.barrier=none");
        assert_eq!(knobs(&turned), &SagaKnobs { barrier: Barrier::None, ..SagaKnobs::default() });
        assert_eq!(knobs(&design("saga.compensation-attempts=1")).compensation_attempts, Some(1));
        let turned = design("saga.services.inventory.barrier=none");
        assert_eq!(knobs(&turned).of_step("inventory", "reserve-stock").barrier, Barrier::None);
        assert_eq!(knobs(&design("saga.steps.reserve-stock.attempts=2")).steps.len(), 1);
        assert_eq!(design("instances=3").workflow().instances(), 3);
    }

    #[test]
    fn every_knob_has_its_name() {
        let all = SagaKnobs {
            compensation_attempts: Some(1),
            retriable_attempts: Some(1),
            services: [("inventory".to_owned(), SagaExceptions::default())].into(),
            steps: [("reserve-stock".to_owned(), SagaExceptions::default())].into(),
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
    fn resources_steps_and_faults_can_be_set() {
        let stock = |design: &Design| design.workflow().services()[0].resources[0].initial;
        assert_eq!(stock(&design("services.inventory.stock=1_000")), 1000);
        let undo = |design: &Design| design.workflow().steps()[0].business[Work::Undo].len();
        assert_eq!(undo(&design("step.reserve-stock.undo=")), 0);
        assert_eq!(undo(&design("step.reserve-stock.undo=stock += 1; stock += 1")), 2);
        assert!(design("step.reserve-stock.when=").workflow().steps()[0].when.is_none());
        let crashes = |text: &str| design(text).workflow().faults().total(Fault::Crash);
        assert_eq!((crashes("faults.crash=3"), crashes("faults.crash.inventory=1")), (3, 2));
    }

    #[test]
    fn the_same_steps_are_orchestrated_or_choreographed() {
        let choreographed = design("protocol=choreography");
        assert_eq!(choreographed.protocol().name(), "choreography");
        assert_eq!(choreographed.workflow().faults().at(Fault::Crash, "initiator"), 1);
    }

    #[test]
    fn what_cannot_be_set_is_said() {
        let wrong = |text: &str| {
            let error = set(text).expect_err("it cannot be set");
            let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{error}{help}")
        };
        let wrong: Vec<String> = [
            "saga.barier=none",
            "tcc.barrier=none",
            "saga.barrier=half",
            "protocol=tcc",
            "saga.attempts=0",
            "saga.services.inventory.barier=none",
            "saga.services.inventory=none",
            "saga.services.warehouse.barrier=none",
            "saga.steps.reserve-stock.attempts=0",
            "saga.attempts=-1",
            "instances=99",
            "services.inventory.stok=1",
            "services.inventory.stock=many",
            "step.reserve.do=",
            "step.reserve-stock.undone=",
            "step.reserve-stock.do=stok -= 1",
            "faults.crahs=1",
        ]
        .iter()
        .map(|text| format!("{text}: {}", wrong(text)))
        .collect();
        insta::assert_snapshot!(wrong.join("\n"));
    }
}
