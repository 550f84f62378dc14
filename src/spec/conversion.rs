//! From what stands in the file to a valid workflow.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use amends_models::protocols::{AnyProtocol, Design};
use amends_models::system::{BuiltIn, KnobSource, Knobs};
use amends_models::workflow::builder::MAX_INSTANCES;
use amends_models::workflow::domain::Domain;
use amends_models::workflow::suggestion::suggestion;
use amends_models::workflow::{
    Claim, Fault, FaultBudget, OutsideAt, PropertyDraft, RuleDraft, StepDraft, StepKind,
    StepProtocol, Work, Workflow, WorkflowBuilder, WorkflowError,
};
use indexmap::IndexMap;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Source, SpecError};
use super::event_sourced::{domain, first_of_domain};
use super::format::{Count, Lines, PropertyTable, SpecFile, StepTable};
use super::places::Places;
use super::wording::{Wording, reword};
use super::{Expectation, Spec};

pub(super) fn convert<P: AnyProtocol>(source: Source) -> Result<Spec<P>, SpecError> {
    let (file, foreign) = parse(&source, &P::all_tables())?;
    convert_file(&source, &file, &foreign)
}

/// What stands in the file, with its meaning.
pub(super) fn convert_file<P: AnyProtocol>(
    source: &Source,
    file: &SpecFile,
    foreign: &ForeignTables<'_>,
) -> Result<Spec<P>, SpecError> {
    let places = Places::of(file);
    let reader = Reader { source, places: &places };
    let protocol: P = reader.protocol(file, foreign)?;
    let design = Design::of(reader.workflow(file)?, protocol);
    let design = design.map_err(|error| reader.located(error))?;
    let expect = reader.expectations(file, design.workflow(), &design.built_in())?;
    Ok(Spec { design, expect, places, source: source.clone() })
}

/// Tables of knobs that the format does not know, by name: those of a protocol of another catalogue.
pub(super) type ForeignTables<'a> = HashMap<&'static str, Spanned<DeValue<'a>>>;

/// Parses the file. The `tables` that the format does not know are kept apart from it.
pub(super) fn parse<'a>(
    source: &'a Source,
    tables: &[&'static str],
) -> Result<(SpecFile, ForeignTables<'a>), SpecError> {
    let mut document = DeTable::parse(source.text()).map_err(|error| refusal(source, &error))?;
    let mut foreign = ForeignTables::new();
    for &name in tables.iter().filter(|name| !SpecFile::has_knobs(name)) {
        if let Some(table) = document.get_mut().remove(name) {
            foreign.insert(name, table);
        }
    }
    let file = SpecFile::deserialize(toml::Deserializer::from(document));
    Ok((file.map_err(|error| refusal(source, &error))?, foreign))
}

/// The parser's complaint, in the words of the format.
fn refusal(source: &Source, error: &toml::de::Error) -> SpecError {
    let Wording { message, help } = reword(error.message());
    source.error(message, error.span(), help)
}

struct Reader<'a> {
    source: &'a Source,
    places: &'a Places,
}

impl Reader<'_> {
    fn workflow(&self, file: &SpecFile) -> Result<WorkflowBuilder, SpecError> {
        let mut builder = Workflow::builder(file.name.get_ref());
        if let Some(instances) = &file.instances {
            let count = u32::try_from(*instances.get_ref())
                .map_err(|_| self.out_of_range(instances.span(), 1, MAX_INSTANCES.into()))?;
            builder = builder.instances(count);
        } else if !file.request.is_empty() {
            builder = builder.instances(file.request.len() as u32);
        }
        for request in &file.request {
            let inputs = request.get_ref().iter();
            builder = builder.request(inputs.map(|(name, &value)| (name.get_ref(), value)));
        }
        if file.ordered {
            builder = builder.ordered_links();
        }
        for (service, resources) in &file.services {
            let resources = resources.iter().map(|(name, &value)| (name.get_ref(), value));
            builder = builder.service(service.get_ref(), resources);
        }
        for step in &file.step {
            builder = builder.step(self.step(step)?);
        }
        if let Some(rule) = &file.rule {
            builder = builder.rule(RuleDraft {
                when: rule.when.get_ref().clone(),
                then: self.step_protocol(&rule.then)?,
                otherwise: self.step_protocol(&rule.otherwise)?,
            });
        }
        builder = builder.faults(self.faults(file)?);
        for property in &file.property {
            builder = builder.property(self.property(property)?);
        }
        Ok(builder)
    }

    fn protocol<P: AnyProtocol>(
        &self,
        file: &SpecFile,
        foreign: &ForeignTables<'_>,
    ) -> Result<P, SpecError> {
        let name = file.protocol.get_ref();
        let protocol =
            P::read(name, &Tables { file, foreign, reader: self }).ok_or_else(|| {
                self.source.error(
                    format!("there is no protocol named `{name}`"),
                    Some(file.protocol.span()),
                    Some(suggestion(name, P::NAMES)),
                )
            })??;
        for (owner, span) in file.knob_tables() {
            if !protocol.tables().contains(&owner.as_str()) {
                let message =
                    format!("these are choices of `{owner}`, but the protocol is `{name}`");
                let help = format!("remove the table, or set protocol = \"{owner}\"");
                return Err(self.source.error(message, Some(span), Some(help)));
            }
        }
        self.check_parts(file, protocol.domain().is_some())?;
        Ok(protocol)
    }

    /// Services and steps belong to some protocols, aggregates and events to event sourcing.
    fn check_parts(&self, file: &SpecFile, has_domain: bool) -> Result<(), SpecError> {
        if !has_domain {
            let Some((key, span)) = first_of_domain(file) else { return Ok(()) };
            let message = format!("`{key}` says nothing to a {}", file.protocol.get_ref());
            let help = "set protocol = \"event-sourcing\", or say it with services and steps";
            return Err(self.source.error(message, Some(span), Some(help.to_owned())));
        }
        let Some(service) = file.services.keys().next() else { return Ok(()) };
        Err(self.source.error(
            "an event-sourced system has no services",
            Some(service.span()),
            Some("say what there is with [aggregates] and [projections]".to_owned()),
        ))
    }

    fn located(&self, error: WorkflowError) -> SpecError {
        let WorkflowError { place, message, help, range } = error;
        let span = self.places.span(self.source.text(), &place, range.as_ref());
        self.source.error(message, span, help)
    }

    fn step(&self, table: &StepTable) -> Result<StepDraft, SpecError> {
        let mut step = StepDraft::new(table.name.get_ref(), table.service.get_ref());
        if let Some(kind) = &table.kind {
            step = step.kind(self.kind(kind)?);
        }
        if let Some(protocol) = &table.protocol {
            step = step.protocol(self.step_protocol(protocol)?);
        }
        if let Some(after) = &table.after {
            step = step.after(after.iter().map(Spanned::get_ref));
        }
        step = step.read(lines(&table.read));
        if let Some(when) = &table.when {
            step = step.when(when.get_ref());
        }
        for work in Work::ALL {
            step = step.work(work, lines(table.work(work)));
        }
        step = step.keeps(lines(&table.keeps)).outside(lines(&table.outside));
        if let Some(at) = &table.outside_at {
            step = step.outside_at(self.outside_at(at)?);
        }
        if table.outside_key {
            step = step.outside_key();
        }
        Ok(step)
    }

    fn step_protocol(&self, name: &Spanned<String>) -> Result<StepProtocol, SpecError> {
        let known = StepProtocol::ALL;
        known.into_iter().find(|it| it.name() == name.get_ref()).ok_or_else(|| {
            self.source.error(
                format!("there is no protocol of steps named `{}`", name.get_ref()),
                Some(name.span()),
                Some(suggestion(name.get_ref(), &known.map(StepProtocol::name))),
            )
        })
    }

    fn outside_at(&self, name: &Spanned<String>) -> Result<OutsideAt, SpecError> {
        OutsideAt::ALL.into_iter().find(|at| at.name() == name.get_ref()).ok_or_else(|| {
            self.source.error(
                format!("nothing is done `{}`", name.get_ref()),
                Some(name.span()),
                Some(suggestion(name.get_ref(), &OutsideAt::ALL.map(OutsideAt::name))),
            )
        })
    }

    fn kind(&self, name: &Spanned<String>) -> Result<StepKind, SpecError> {
        let kinds = [StepKind::Compensatable, StepKind::Pivot, StepKind::Retriable];
        kinds.into_iter().find(|kind| kind.name() == name.get_ref()).ok_or_else(|| {
            self.source.error(
                format!("there is no kind of step named `{}`", name.get_ref()),
                Some(name.span()),
                Some(suggestion(name.get_ref(), &kinds.map(StepKind::name))),
            )
        })
    }

    fn faults(&self, file: &SpecFile) -> Result<FaultBudget, SpecError> {
        let mut budget = FaultBudget::none();
        for (name, count) in &file.faults {
            let fault = Fault::from_name(name.get_ref()).ok_or_else(|| {
                self.source.error(
                    format!("there is no fault named `{}`", name.get_ref()),
                    Some(name.span()),
                    Some(suggestion(name.get_ref(), &Fault::ALL.map(Fault::name))),
                )
            })?;
            match count.get_ref() {
                Count::Anywhere(number) => {
                    budget = budget.allow(fault, self.fault_count(*number, count.span())?);
                }
                Count::ByNode(nodes) => {
                    for (node, number) in nodes {
                        let number = self.fault_count(*number.get_ref(), number.span())?;
                        budget = budget.allow_at(fault, node.get_ref(), number);
                    }
                }
            }
        }
        Ok(budget)
    }

    fn fault_count(&self, number: i64, span: Range<usize>) -> Result<u8, SpecError> {
        u8::try_from(number).map_err(|_| self.out_of_range(span, 0, u8::MAX.into()))
    }

    fn property(&self, table: &PropertyTable) -> Result<PropertyDraft, SpecError> {
        let claims = [
            (Claim::Always, &table.always),
            (Claim::Settled, &table.settled),
            (Claim::Reachable, &table.reachable),
            (Claim::Eventually, &table.eventually),
            (Claim::NeverStuck, &table.never_stuck),
        ];
        let mut stated =
            claims.into_iter().filter_map(|(claim, text)| text.as_ref().map(|text| (claim, text)));
        let all = Claim::ALL.map(|claim| format!("`{}`", claim.name())).join(", ");
        let Some((claim, condition)) = stated.next() else {
            return Err(self.source.error(
                format!("the property `{}` claims nothing", table.name.get_ref()),
                Some(table.name.span()),
                Some(format!("add one of {all}")),
            ));
        };
        if let Some((second, text)) = stated.next() {
            return Err(self.source.error(
                format!(
                    "the property `{}` claims two things: `{}` and `{}`",
                    table.name.get_ref(),
                    claim.name(),
                    second.name()
                ),
                Some(text.span()),
                Some("make it two properties".to_owned()),
            ));
        }
        Ok(PropertyDraft {
            name: table.name.get_ref().clone(),
            claim,
            condition: condition.get_ref().clone(),
            given: table.given.as_ref().map(|given| given.get_ref().clone()),
        })
    }

    fn expectations(
        &self,
        file: &SpecFile,
        workflow: &Workflow,
        built_in: &[BuiltIn],
    ) -> Result<IndexMap<String, Expectation>, SpecError> {
        let mut known: Vec<&str> = built_in.iter().map(|property| property.name).collect();
        known.extend(workflow.properties().iter().map(|property| property.name.as_str()));
        let mut expect = IndexMap::new();
        for (name, verdict) in &file.expect {
            if !known.contains(&name.get_ref().as_str()) {
                return Err(self.source.error(
                    format!("there is no property named `{}`", name.get_ref()),
                    Some(name.span()),
                    Some(suggestion(name.get_ref(), &known)),
                ));
            }
            let word = verdict.get_ref();
            let expectation =
                Expectation::ALL.into_iter().find(|e| e.word() == word).ok_or_else(|| {
                    self.source.error(
                        format!("`{word}` is no verdict"),
                        Some(verdict.span()),
                        Some(suggestion(word, &Expectation::ALL.map(Expectation::word))),
                    )
                })?;
            expect.insert(name.get_ref().clone(), expectation);
        }
        Ok(expect)
    }

    fn out_of_range(&self, span: Range<usize>, least: u64, most: u64) -> SpecError {
        let message = format!("the number must be {least} to {most}");
        self.source.error(message, Some(span), None)
    }
}

pub(super) fn lines(lines: &Option<Spanned<Lines>>) -> Vec<String> {
    lines.as_ref().map(|lines| lines.get_ref().texts()).unwrap_or_default()
}

/// What a file says of its protocol.
struct Tables<'a> {
    file: &'a SpecFile,
    foreign: &'a ForeignTables<'a>,
    reader: &'a Reader<'a>,
}

impl KnobSource for Tables<'_> {
    type Error = SpecError;

    fn knobs<K: Knobs + Default>(&self, table: &'static str) -> Result<K, SpecError> {
        if SpecFile::has_knobs(table) {
            return Ok(self.file.knobs(table));
        }
        let Some(knobs) = self.foreign.get(table) else { return Ok(K::default()) };
        let knobs = K::deserialize(toml::de::ValueDeserializer::from(knobs.clone()));
        knobs.map_err(|error| refusal(self.reader.source, &error))
    }

    fn domain(&self) -> Result<Arc<Domain>, SpecError> {
        domain(self.file).map(Arc::new).map_err(|error| self.reader.located(error))
    }
}
