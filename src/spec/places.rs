//! Where in the text of a spec each part of its workflow stands.

use std::ops::Range;

use amends_models::workflow::Work;
use amends_models::workflow::builder::{Place, RuleField, StepField};
use toml::Spanned;
use toml::de::DeTable;

use super::event_sourced;
use super::format::{Count, Lines, SpecFile};

/// Spans of everything an error may have to point at.
#[derive(Clone, Debug, Default)]
pub struct Places {
    protocol: String,
    spans: Vec<(Place, Text)>,
}

/// A value in the text.
#[derive(Clone, Debug)]
struct Text {
    span: Range<usize>,
    /// The string it stands for, if it is one.
    content: Option<String>,
}

impl Places {
    pub(super) fn of(file: &SpecFile) -> Places {
        let mut places = Places { protocol: file.protocol.get_ref().clone(), ..Places::default() };
        places.add(Place::Workflow, &file.name);
        if let Some(instances) = &file.instances {
            places.mark(Place::Instances, instances.span());
        }
        for (at, (service, resources)) in file.services.iter().enumerate() {
            places.mark(Place::Service(at), service.span());
            for (position, resource) in resources.keys().enumerate() {
                places.mark(Place::Resource(at, position), resource.span());
            }
        }
        for (at, step) in file.step.iter().enumerate() {
            let field = |field| Place::Step(at, field);
            places.add(field(StepField::Name), &step.name);
            places.add(field(StepField::Service), &step.service);
            if let Some(kind) = &step.kind {
                places.add(field(StepField::Kind), kind);
            }
            if let Some(protocol) = &step.protocol {
                places.add(field(StepField::Protocol), protocol);
            }
            for (position, before) in step.after.iter().flatten().enumerate() {
                places.add(field(StepField::After(position)), before);
            }
            places.add_lines(&step.read, |line| field(StepField::Read(line)));
            if let Some(when) = &step.when {
                places.add(field(StepField::When), when);
            }
            for work in Work::ALL {
                places.add_lines(step.work(work), |line| field(StepField::Work(work, line)));
            }
            places.add_lines(&step.keeps, |line| field(StepField::Keeps(line)));
            places.add_lines(&step.outside, |line| field(StepField::Outside(line)));
        }
        for (at, request) in file.request.iter().enumerate() {
            places.mark(Place::Request(at), request.span());
            for (position, input) in request.get_ref().keys().enumerate() {
                places.mark(Place::Input(at, position), input.span());
            }
        }
        if let Some(rule) = &file.rule {
            places.add(Place::Rule(RuleField::When), &rule.when);
            places.add(Place::Rule(RuleField::Use), &rule.then);
            places.add(Place::Rule(RuleField::Else), &rule.otherwise);
        }
        event_sourced::mark(&mut places, file);
        for (name, count) in &file.faults {
            if let (Some(fault), Count::ByNode(nodes)) =
                (amends_models::workflow::Fault::from_name(name.get_ref()), count.get_ref())
            {
                for node in nodes.keys() {
                    places.mark(Place::Fault(fault, node.get_ref().clone()), node.span());
                }
            }
        }
        for (at, property) in file.property.iter().enumerate() {
            places.add(Place::PropertyName(at), &property.name);
            let claims = [
                &property.always,
                &property.settled,
                &property.reachable,
                &property.eventually,
                &property.never_stuck,
            ];
            for claim in claims.into_iter().flatten() {
                places.add(Place::Property(at), claim);
            }
            if let Some(given) = &property.given {
                places.add(Place::PropertyGiven(at), given);
            }
        }
        places
    }

    pub(super) fn mark(&mut self, place: Place, span: Range<usize>) {
        self.spans.push((place, Text { span, content: None }));
    }

    pub(super) fn add(&mut self, place: Place, text: &Spanned<String>) {
        let content = Some(text.get_ref().clone());
        self.spans.push((place, Text { span: text.span(), content }));
    }

    pub(super) fn add_lines(
        &mut self,
        lines: &Option<Spanned<Lines>>,
        place: impl Fn(usize) -> Place,
    ) {
        if let Some(lines) = lines {
            self.add_all(lines, place);
        }
    }

    pub(super) fn add_all(&mut self, lines: &Spanned<Lines>, place: impl Fn(usize) -> Place) {
        match lines.get_ref() {
            Lines::One(text) => {
                let content = Some(text.clone());
                self.spans.push((place(0), Text { span: lines.span(), content }));
            }
            Lines::Many(texts) => {
                for (at, text) in texts.iter().enumerate() {
                    self.add(place(at), text);
                }
            }
        }
    }

    /// The bytes of `text` where `place` stands; for a `range` within an expression, those bytes.
    ///
    /// A string written with escapes has no bytes of its own for a part of it; then all of it is
    /// meant.
    #[must_use]
    pub fn span(
        &self,
        text: &str,
        place: &Place,
        range: Option<&Range<usize>>,
    ) -> Option<Range<usize>> {
        if let Place::Knob(name) = place {
            return knob(text, &self.protocol, name, None);
        }
        if let Place::Exception(table, name) = place {
            return knob(text, &self.protocol, table, Some(name));
        }
        let found = self.spans.iter().find(|(at, _)| at == place).or_else(|| {
            // A part that is not written down stands where the whole does.
            let whole = match place {
                Place::Step(at, _) => Place::Step(*at, StepField::Name),
                _ => Place::Workflow,
            };
            self.spans.iter().find(move |(at, _)| *at == whole)
        });
        let (_, value) = found?;
        let exact = range.zip(value.content.as_ref()).and_then(|(range, content)| {
            let start = text.get(value.span.clone())?.find(content.as_str())?;
            let start = value.span.start + start;
            let (start, mut end) = (start + range.start, start + range.end);
            // Something that is missing is shown at the character in its place.
            while start == end || !text.is_char_boundary(end) {
                end += 1;
            }
            Some(start..end)
        });
        Some(exact.unwrap_or_else(|| value.span.clone()))
    }
}

/// Where a key of a protocol's table is set. Knobs are read as plain values without places of their
/// own, so their place is looked up when it is needed; of a table among them, that of the key `within`.
fn knob(text: &str, protocol: &str, name: &str, within: Option<&str>) -> Option<Range<usize>> {
    let file = DeTable::parse(text).ok()?;
    let mut tables = file.get_ref().iter().filter(|(key, _)| match protocol {
        // Its parts have tables of their own.
        "mixed" => ["mixed", "saga", "tcc"].contains(&key.get_ref().as_ref()),
        _ => key.get_ref() == protocol,
    });
    tables.find_map(|(_, table)| {
        let mut knobs = table.get_ref().as_table()?.iter();
        let (key, value) = knobs.find(|(key, _)| key.get_ref() == name)?;
        let Some(inner) = within else { return Some(key.span().start..value.span().end) };
        let mut keys = value.get_ref().as_table()?.keys();
        keys.find(|key| key.get_ref() == inner).map(|key| key.span())
    })
}
