//! From the spans and log records of one workflow to sightings.

use std::borrow::Cow;
use std::sync::Arc;

use amends_models::process::Answer;
use amends_models::system::Operation;
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::assemble::WorkflowKeys;
use crate::attribute::Attributes;
use crate::id::{SpanId, TraceId};
use crate::log::LogRecord;
use crate::span::{Source, Span, SpanKind};

use super::evidence::{Completeness, Evidence, Gap, is_sampled};
use super::file::{Kind, RoleName};
use super::order::{Instant, LARGEST, Order, Points};
use super::process::Processes;
use super::rule::{Finder, PointRule, Said, Scene, SpanRule};
use super::sighting::{
    Moment, NamedObservation, NamedTask, Origin, Sighting, Sightings, Unplaced, WhyUnplaced,
};
use super::{Mapping, first_number, first_text};

impl WorkflowKeys for Mapping {
    fn of_span(&self, span: &Span) -> Option<CompactString> {
        self.workflow_id(&span.attributes).map(CompactString::from)
    }

    fn of_log(&self, log: &LogRecord) -> Option<CompactString> {
        self.workflow_id(&log.attributes).map(CompactString::from)
    }
}

impl Mapping {
    /// What the spans and log records of one workflow tell of it. A span that comes twice counts once.
    ///
    /// ```
    /// use amends_trace::map::Mapping;
    ///
    /// let sightings = Mapping::default().apply(&[], &[]);
    /// assert!(sightings.all.is_empty() && !sightings.is_over);
    /// ```
    #[must_use]
    pub fn apply<'s>(
        &self,
        spans: impl IntoIterator<Item = &'s Span>,
        logs: impl IntoIterator<Item = &'s LogRecord>,
    ) -> Sightings {
        let spans: Vec<&Span> = spans.into_iter().collect();
        let logs: Vec<&LogRecord> = logs.into_iter().collect();
        Reading::new(self, &spans, &logs).sightings()
    }
}

/// A span that a rule is for.
struct Placed<'m> {
    rule: &'m SpanRule,
    subject: Option<CompactString>,
}

struct Reading<'m, 's> {
    mapping: &'m Mapping,
    spans: &'s [&'s Span],
    logs: &'s [&'s LogRecord],
    /// By id, the first span that has it.
    by_id: FxHashMap<(TraceId, SpanId), usize>,
    /// Whether the span came before, just so.
    is_copy: Vec<bool>,
    placed: Vec<Option<Placed<'m>>>,
    found: Sightings,
}

impl<'m, 's> Reading<'m, 's> {
    fn new(mapping: &'m Mapping, spans: &'s [&'s Span], logs: &'s [&'s LogRecord]) -> Self {
        let mut by_id = FxHashMap::default();
        let mut is_copy = vec![false; spans.len()];
        for (at, span) in spans.iter().enumerate() {
            let first = *by_id.entry((span.trace, span.id)).or_insert(at);
            is_copy[at] = first != at && are_copies(spans[first], span);
        }
        let found = Sightings::default();
        Reading { mapping, spans, logs, by_id, is_copy, placed: Vec::new(), found }
    }

    fn sightings(mut self) -> Sightings {
        self.place_spans();
        self.name_workflow();
        let root = self.root();
        for at in 0..self.spans.len() {
            if !self.is_copy[at] {
                self.see_span(at);
                self.see_events(at);
            }
        }
        for at in 0..self.logs.len() {
            self.see_log(at);
        }
        self.found.order = self.order();
        self.found.evidence = self.evidence(root);
        self.found
    }

    /// Finds the rule for each span, and what the span is about.
    fn place_spans(&mut self) {
        let rule_of = |span: &Span| {
            self.mapping.spans.iter().find(|rule| {
                let (kind, source) = (Some(span.kind), &*span.source);
                rule.when.captures(&span.name, kind, &span.attributes, source).is_some()
            })
        };
        self.placed = self
            .spans
            .iter()
            .map(|span| {
                let rule = rule_of(span)?;
                let scene = scene_of(span, rule, None);
                let subject = rule.subject.as_ref().filter(|finder| !finder.link);
                Some(Placed { rule, subject: subject.and_then(|finder| finder.find(&scene)) })
            })
            .collect();
        for at in 0..self.spans.len() {
            let Some(Placed { rule, .. }) = &self.placed[at] else { continue };
            let Some(finder) = rule.subject.as_ref().filter(|finder| finder.link) else { continue };
            let span = self.spans[at];
            let linked = span.links.iter().find_map(|link| {
                let other = *self.by_id.get(&(link.trace, link.span))?;
                self.placed[other].as_ref()?.subject.clone()
            });
            let subject = finder.find(&scene_of(span, rule, linked.as_deref()));
            if let Some(placed) = &mut self.placed[at] {
                placed.subject = subject;
            }
        }
    }

    fn name_workflow(&mut self) {
        let keys = &self.mapping.keys;
        let own = |text: Cow<'_, str>| CompactString::from(text);
        let attributes = self.spans.iter().map(|span| &span.attributes);
        let attributes = attributes.chain(self.logs.iter().map(|log| &log.attributes));
        for attributes in attributes {
            let found = &mut self.found;
            found.name = found.name.take().or_else(|| first_text(attributes, &keys.name).map(own));
            found.id = found.id.take().or_else(|| first_text(attributes, &keys.id).map(own));
            let protocol = || first_text(attributes, &keys.protocol).map(own);
            found.protocol = found.protocol.take().or_else(protocol);
        }
        for (span, placed) in self.spans.iter().zip(&self.placed) {
            let Some(Placed { rule, .. }) = placed else { continue };
            if self.found.name.is_none()
                && let Some(finder) = &rule.workflow
            {
                self.found.name = finder.find(&scene_of(span, rule, None));
            }
            if self.found.protocol.is_none() {
                self.found.protocol = rule.protocol.clone();
            }
        }
    }

    /// The span of the workflow as a whole; of several, one that says how many spans there are.
    fn root(&self) -> Option<usize> {
        let is_root = |at: &usize| {
            self.placed[*at].as_ref().is_some_and(|placed| placed.rule.role == RoleName::Workflow)
        };
        let roots: SmallVec<[usize; 2]> = (0..self.spans.len()).filter(is_root).collect();
        let counts = |at: &&usize| {
            first_number(&self.spans[**at].attributes, &self.mapping.keys.spans).is_some()
        };
        roots.iter().find(counts).or(roots.first()).copied()
    }

    fn see_span(&mut self, at: usize) {
        let span = self.spans[at];
        let Some(Placed { rule, subject }) = &self.placed[at] else {
            self.found.unmatched.push(at);
            return;
        };
        let rule = *rule;
        let origin = Origin::Span(at);
        let role = match (rule.role, span.kind) {
            (RoleName::ByKind, SpanKind::Server | SpanKind::Consumer) => RoleName::Reply,
            (RoleName::ByKind, _) => RoleName::Request,
            (role, _) => role,
        };
        let scene = scene_of(span, rule, None);
        if role == RoleName::Ignore {
            return;
        }
        if role == RoleName::Workflow {
            let ending = rule.ending.as_ref().and_then(|finder| finder.find(&scene));
            if rule.ending.as_ref().is_some_and(|finder| finder.is_unreadable(&scene)) {
                self.found.unplaced.push(Unplaced { origin, why: WhyUnplaced::NoEnding });
            }
            let ended = match ending.unwrap_or(Said::Nothing) {
                Said::Known(ending) => Some(Some(ending)),
                Said::Unknown => Some(None),
                Said::Nothing => None,
            };
            let ended = ended.filter(|_| span.end.is_some());
            if let Some(ending) = ended {
                self.see(NamedObservation::Ended(ending), origin, Moment::End, &span.source);
            }
            self.found.is_over |= match &rule.over {
                Some(name) => {
                    ended.is_some()
                        || span.attributes.get(name).and_then(|it| it.to_text()).as_deref()
                            == Some("true")
                }
                None => span.end.is_some(),
            };
            return;
        }
        let Some(task) = self.task(rule.operation.as_ref(), subject.clone(), &scene, origin) else {
            return;
        };
        let outcome = Finder::in_outcome();
        let answer = rule.answer.as_ref().unwrap_or(&outcome).find(&scene);
        let finders = [rule.answer.as_ref(), rule.effect.as_ref()];
        if finders.into_iter().flatten().any(|finder| finder.is_unreadable(&scene)) {
            self.found.unplaced.push(Unplaced { origin, why: WhyUnplaced::NoAnswer });
        }
        // Only a span that has ended can have an outcome.
        let answer = known(answer).filter(|_| span.end.is_some());
        let effect = match (role, &rule.effect) {
            (_, Some(finder)) => known(finder.find(&scene)),
            (RoleName::Execution, None) => answer,
            (RoleName::Step, None) => answer,
            _ => None,
        };
        let source = &span.source;
        if matches!(role, RoleName::Request | RoleName::Step) {
            self.see(NamedObservation::Requested(task.clone()), origin, Moment::Start, source);
        }
        if role == RoleName::Execution {
            let pair = (source.service.clone(), task.subject.clone());
            if !self.found.carried_out.contains(&pair) {
                self.found.carried_out.push(pair);
            }
        }
        if matches!(role, RoleName::Execution | RoleName::Step) && effect.is_some() {
            let performed = NamedObservation::Performed(task.clone(), effect);
            self.see(performed, origin, Moment::Within, source);
        }
        if answer.is_some() {
            let said = match role {
                RoleName::Request | RoleName::Step => NamedObservation::Answered(task, answer),
                _ => NamedObservation::Replied(task, answer),
            };
            self.see(said, origin, Moment::End, source);
        }
    }

    fn see_events(&mut self, at: usize) {
        if self.mapping.events.is_empty() {
            return;
        }
        let span = self.spans[at];
        for (event, told) in span.events.iter().enumerate() {
            let origin = Origin::Event { span: at, event };
            let around = self.placed[at].as_ref().and_then(|placed| placed.subject.clone());
            let source = &*span.source;
            let found = self.mapping.events.iter().find_map(|rule| {
                let captures = rule.when.captures(&told.name, None, &told.attributes, source)?;
                Some((rule, captures))
            });
            let Some((rule, captures)) = found else { continue };
            let scene = Scene {
                name: &told.name,
                attributes: &told.attributes,
                captures,
                body: None,
                span: None,
                around: around.as_deref(),
                linked: None,
            };
            self.see_point(rule, &scene, origin, &span.source);
        }
    }

    fn see_log(&mut self, at: usize) {
        let log = self.logs[at];
        let placed = self.around(at).and_then(|span| self.placed[span].as_ref());
        let around = placed.and_then(|placed| placed.subject.clone());
        let found = self.mapping.logs.iter().find_map(|rule| {
            let captures =
                rule.when.captures(&log.event_name, None, &log.attributes, &log.source)?;
            Some((rule, captures))
        });
        let Some((rule, captures)) = found else { return };
        let scene = Scene {
            name: &log.event_name,
            attributes: &log.attributes,
            captures,
            body: Some(&log.body),
            span: None,
            around: around.as_deref(),
            linked: None,
        };
        self.see_point(rule, &scene, Origin::Log(at), &log.source);
    }

    fn see_point(
        &mut self,
        rule: &PointRule,
        scene: &Scene<'_>,
        origin: Origin,
        source: &Arc<Source>,
    ) {
        let Some(observes) = rule.observes else { return };
        let ending = || rule.ending.as_ref().and_then(|finder| finder.find(scene));
        let observation = match observes {
            Kind::Decided => match ending() {
                Some(Said::Known(ending)) => NamedObservation::Decided(ending),
                _ => {
                    self.found.unplaced.push(Unplaced { origin, why: WhyUnplaced::NoEnding });
                    return;
                }
            },
            Kind::Ended => {
                self.found.is_over = true;
                NamedObservation::Ended(known(ending()))
            }
            _ => {
                let subject = rule.subject.as_ref().and_then(|finder| finder.find(scene));
                let Some(task) = self.task(rule.operation.as_ref(), subject, scene, origin) else {
                    return;
                };
                let answer = match rule.answer.as_ref().map(|finder| finder.find(scene)) {
                    None => Some(Answer::Done),
                    Some(said) => known(said),
                };
                match observes {
                    Kind::Requested => NamedObservation::Requested(task),
                    Kind::Performed => NamedObservation::Performed(task, answer),
                    Kind::Replied => NamedObservation::Replied(task, answer),
                    _ => NamedObservation::Answered(task, answer),
                }
            }
        };
        self.see(observation, origin, Moment::Instant, source);
    }

    fn see(
        &mut self,
        observation: NamedObservation,
        origin: Origin,
        moment: Moment,
        source: &Source,
    ) {
        let service = source.service.clone();
        self.found.all.push(Sighting { observation, origin, moment, service });
    }

    /// The task that it is about, in the words of the spec.
    fn task(
        &mut self,
        operation: Option<&Finder<Operation>>,
        subject: Option<CompactString>,
        scene: &Scene<'_>,
        origin: Origin,
    ) -> Option<NamedTask> {
        let Some(subject) = subject else {
            self.found.unplaced.push(Unplaced { origin, why: WhyUnplaced::NoSubject });
            return None;
        };
        let operation = match operation {
            None => Operation::Do,
            Some(finder) => {
                let Some(operation) = finder.find(scene) else {
                    self.found.unplaced.push(Unplaced { origin, why: WhyUnplaced::NoOperation });
                    return None;
                };
                operation
            }
        };
        let named = |table: &[(CompactString, CompactString)], name: &str| {
            table.iter().find(|(from, _)| from == name).map(|(_, to)| to.clone())
        };
        let (operation, subject) = match named(&self.mapping.undo, &subject) {
            Some(undone) if operation == Operation::Do => (Operation::Undo, undone),
            _ => (operation, subject),
        };
        let subject = named(&self.mapping.subjects, &subject).unwrap_or(subject);
        Some(NamedTask { operation, subject })
    }

    fn parent(&self, at: usize) -> Option<usize> {
        let span = self.spans[at];
        self.by_id.get(&(span.trace, span.parent?)).copied()
    }

    /// The span in whose course a log record was told.
    fn around(&self, at: usize) -> Option<usize> {
        let log = self.logs[at];
        self.by_id.get(&(log.trace?, log.span?)).copied()
    }

    fn order(&self) -> Order {
        let sightings = &self.found.all;
        if sightings.len() > LARGEST {
            return Order::too_large();
        }
        let parents: Vec<Option<usize>> = (0..self.spans.len()).map(|at| self.parent(at)).collect();
        let is_remote =
            |at: usize| self.placed[at].as_ref().is_some_and(|placed| placed.rule.remote);
        let processes = Processes::of(
            self.spans,
            self.logs,
            |at| parents[at],
            |log| self.around(log),
            is_remote,
        );

        // The starts of spans matter where something was seen, or where the order passes on.
        let mut matters = vec![false; self.spans.len()];
        for sighting in sightings {
            let span = sighting.origin.span().or_else(|| match sighting.origin {
                Origin::Log(at) => self.around(at),
                _ => None,
            });
            if let Some(span) = span {
                matters[span] = true;
            }
        }
        let mut links = Vec::new();
        for (at, span) in self.spans.iter().enumerate() {
            if let Some(up) = parents[at]
                && processes.of_spans[up] != processes.of_spans[at]
            {
                matters[up] = true;
            }
            for link in &span.links {
                if let Some(&other) = self.by_id.get(&(link.trace, link.span)) {
                    links.push((other, at));
                    matters[other] = true;
                    matters[at] = true;
                }
            }
        }

        let mut points = Points::new();
        for sighting in sightings {
            points.add(self.instant(sighting, &processes));
        }
        let mut starts: Vec<Option<usize>> = vec![None; self.spans.len()];
        for (at, sighting) in sightings.iter().enumerate() {
            if let (Origin::Span(span), Moment::Start) = (sighting.origin, sighting.moment) {
                starts[span] = Some(at);
            }
        }
        for at in 0..self.spans.len() {
            if !matters[at] || starts[at].is_some() {
                continue;
            }
            let start = self.spans[at].start.0;
            let process = processes.of_spans[at];
            starts[at] = Some(points.add(Instant { process, earliest: start, latest: start }));
        }
        for (at, above) in nearest_above(&parents, &matters).into_iter().enumerate() {
            if let (Some(up), Some(start)) = (above.and_then(|up| starts[up]), starts[at]) {
                points.order(up, start);
            }
        }
        for (first, then) in links {
            let is_within = ancestors(&parents, first).any(|it| it == then);
            // A span may link to what it set off itself.
            if let (Some(first), Some(then), false) = (starts[first], starts[then], is_within) {
                points.order(first, then);
            }
        }
        self.order_within_spans(&starts, &mut points);
        self.order_by_cause(&starts, &mut points);
        points.order_of_first(sightings.len(), self.mapping.tolerance_nanos())
    }

    /// When a sighting was made, by the clock of its process.
    fn instant(&self, sighting: &Sighting, processes: &Processes) -> Instant {
        let exactly = |process, time| Instant { process, earliest: time, latest: time };
        match sighting.origin {
            Origin::Log(at) => exactly(processes.of_logs[at], self.logs[at].time.0),
            Origin::Event { span, event } => {
                exactly(processes.of_spans[span], self.spans[span].events[event].time.0)
            }
            Origin::Span(at) => {
                let (span, process) = (self.spans[at], processes.of_spans[at]);
                let end = span.end.map_or(u64::MAX, |end| end.0);
                match sighting.moment {
                    Moment::Start => exactly(process, span.start.0),
                    Moment::End => exactly(process, end),
                    Moment::Within | Moment::Instant => {
                        Instant { process, earliest: span.start.0, latest: end }
                    }
                }
            }
        }
    }

    /// A span starts before all that is seen in it, and ends after what is seen in its course.
    fn order_within_spans(&self, starts: &[Option<usize>], points: &mut Points) {
        let sightings = &self.found.all;
        for (at, sighting) in sightings.iter().enumerate() {
            let span = match sighting.origin {
                Origin::Log(log) => self.around(log),
                origin => origin.span(),
            };
            if let Some(start) = span.and_then(|span| starts[span]) {
                if sighting.moment == Moment::Start {
                    // The same instant: whatever comes after the one comes after the other.
                    points.order(at, start);
                } else {
                    points.order(start, at);
                }
            }
        }
        // Sightings of one span follow each other.
        for (at, pair) in sightings.windows(2).enumerate() {
            if pair[0].origin == pair[1].origin {
                points.order(at, at + 1);
            }
        }
    }

    /// What names its cause comes after it.
    fn order_by_cause(&self, starts: &[Option<usize>], points: &mut Points) {
        let keys = &self.mapping.keys;
        if keys.cause.is_empty() || keys.event.is_empty() {
            return;
        }
        let mut by_event: FxHashMap<Cow<'_, str>, SmallVec<[usize; 2]>> = FxHashMap::default();
        let point = |at: usize| match self.found.all[at].origin {
            Origin::Span(span) => starts[span],
            _ => Some(at),
        };
        for (at, sighting) in self.found.all.iter().enumerate() {
            if let Some(id) = first_text(self.attributes(sighting.origin), &keys.event) {
                by_event.entry(id).or_default().extend(point(at));
            }
        }
        if by_event.is_empty() {
            return;
        }
        for (at, sighting) in self.found.all.iter().enumerate() {
            let Some(id) = first_text(self.attributes(sighting.origin), &keys.cause) else {
                continue;
            };
            for &cause in by_event.get(&id).into_iter().flatten() {
                if let Some(effect) = point(at) {
                    points.order(cause, effect);
                }
            }
        }
    }

    fn attributes(&self, origin: Origin) -> &'s Attributes {
        match origin {
            Origin::Span(at) => &self.spans[at].attributes,
            Origin::Event { span, event } => &self.spans[span].events[event].attributes,
            Origin::Log(at) => &self.logs[at].attributes,
        }
    }

    fn evidence(&self, root: Option<usize>) -> Evidence {
        let keys = &self.mapping.keys;
        let mut gaps = Vec::new();
        let own = |at: &usize| !self.is_copy[*at];
        let has_root = root.is_some() || self.spans.iter().any(|span| span.parent.is_none());
        if !has_root {
            gaps.push(Gap::NoRoot);
        }
        if root.is_some_and(|root| self.spans[root].end.is_none()) {
            gaps.push(Gap::RootNotEnded);
        }
        let is_orphan = |&at: &usize| {
            Some(at) != root && self.spans[at].parent.is_some() && self.parent(at).is_none()
        };
        let orphans = (0..self.spans.len()).filter(own).filter(is_orphan).count();
        if orphans > 0 {
            gaps.push(Gap::Orphans(orphans));
        }
        let left_out = |span: &Span| {
            let dropped = span.dropped;
            u64::from(dropped.attributes) + u64::from(dropped.events) + u64::from(dropped.links)
        };
        let dropped: u64 = self.spans.iter().map(|span| left_out(span)).sum::<u64>()
            + self.logs.iter().map(|log| u64::from(log.dropped_attributes)).sum::<u64>();
        if dropped > 0 {
            gaps.push(Gap::Dropped(dropped));
        }
        if self.spans.iter().any(|span| is_sampled(span)) {
            gaps.push(Gap::Sampled);
        }
        if !self.found.unplaced.is_empty() {
            gaps.push(Gap::Unreadable(self.found.unplaced.len()));
        }
        if self.found.order.contradictions() > 0 {
            gaps.push(Gap::Contradictions(self.found.order.contradictions()));
        }
        if self.found.order.is_too_large() {
            gaps.push(Gap::TooMany);
        }
        let is_all_there = self.mapping.complete && gaps.is_empty();

        let emitted = root.and_then(|at| first_number(&self.spans[at].attributes, &keys.spans));
        let mut completeness = Completeness::Nothing;
        if let (Some(emitted), Some(root)) = (emitted, root) {
            let root = self.spans[root];
            let id = first_text(&root.attributes, &keys.id);
            // Those that name this workflow: the process may have emitted others as well.
            let by_coordinator: Vec<usize> = (0..self.spans.len())
                .filter(own)
                .filter(|&at| {
                    let span = self.spans[at];
                    span.service() == root.service()
                        && id.is_some()
                        && first_text(&span.attributes, &keys.id) == id
                })
                .collect();
            let same = |&at: &usize| self.spans[at].source.instance == root.source.instance;
            // What it did after it had told the outcome is not in its count.
            let is_counted =
                |at: &usize| same(at) && root.end.is_none_or(|end| self.spans[*at].start <= end);
            let coordinates = |&at: &usize| {
                self.placed[at].as_ref().is_some_and(|it| {
                    matches!(it.rule.role, RoleName::Workflow | RoleName::Request)
                })
            };
            let came = by_coordinator.iter().copied().filter(is_counted).count() as u64;
            if came < emitted {
                gaps.push(Gap::FewerSpans { emitted, came });
            }
            let is_first = by_coordinator.iter().filter(|at| coordinates(at)).all(same);
            if !is_first {
                gaps.push(Gap::EarlierCoordinator);
            }
            let is_whole = by_coordinator.iter().all(|&at| !self.spans[at].dropped.any());
            let is_readable = self.found.unplaced.is_empty();
            if came >= emitted && is_first && is_whole && is_readable && root.end.is_some() {
                completeness = Completeness::Coordinator;
            }
        }
        if is_all_there && !gaps.iter().any(|gap| matches!(gap, Gap::FewerSpans { .. })) {
            completeness = Completeness::Everything;
        }
        Evidence { completeness, gaps }
    }
}

/// What is looked at when a rule is applied to a span.
fn scene_of<'s>(span: &'s Span, rule: &SpanRule, linked: Option<&'s str>) -> Scene<'s> {
    let captures = rule.when.name.as_ref().and_then(|name| name.captures(&span.name));
    Scene {
        name: &span.name,
        attributes: &span.attributes,
        captures: captures.unwrap_or_default(),
        body: None,
        span: Some(span),
        around: None,
        linked,
    }
}

/// What is known of it.
fn known<T>(said: Option<Said<T>>) -> Option<T> {
    match said {
        Some(Said::Known(value)) => Some(value),
        Some(Said::Unknown | Said::Nothing) | None => None,
    }
}

/// Whether the second is the first, exported twice.
fn are_copies(first: &Span, second: &Span) -> bool {
    first.name == second.name && first.start == second.start
}

/// For each span, the nearest span above it that matters.
fn nearest_above(parents: &[Option<usize>], matters: &[bool]) -> Vec<Option<usize>> {
    /// Not known yet.
    const OPEN: usize = usize::MAX;
    /// There is none.
    const NONE: usize = usize::MAX - 1;
    let mut nearest = vec![OPEN; parents.len()];
    let mut path = Vec::new();
    let mut is_on_path = vec![false; parents.len()];
    for start in 0..parents.len() {
        let mut at = start;
        let found = loop {
            if nearest[at] != OPEN {
                break nearest[at];
            }
            // A span that is part of itself, by way of its parents, is part of nothing.
            if is_on_path[at] {
                break NONE;
            }
            is_on_path[at] = true;
            path.push(at);
            match parents[at] {
                None => break NONE,
                Some(up) if matters[up] => break up,
                Some(up) => at = up,
            }
        };
        for at in path.drain(..) {
            is_on_path[at] = false;
            nearest[at] = found;
        }
    }
    nearest.into_iter().map(|at| (at < NONE).then_some(at)).collect()
}

/// The spans above one, as far as they do not repeat.
fn ancestors(parents: &[Option<usize>], start: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(parents[start], |&at| parents[at]).take(LARGEST)
}
