//! Spans told as a [`Story`]: services as actors, calls and answers and messages between them, and what
//! came of each operation.
//!
//! A call is told as a message there and one back. Nobody observed those, so they are told at the
//! beginning and end of the span that was called for.

use std::collections::HashMap;

use amends_models::system::story::{Actor, Happening, Story, StoryEvent};
use amends_trace::conventions::SpanOutcome;
use amends_trace::span::Span;
use amends_trace::tree::{NodeId, Relation};

use super::{TraceReport, Verdict, duration, one_line, reason};
use crate::report::extent::counted;

/// Nobody follows a diagram of more spans.
const SPANS: usize = 300;

/// What the spans tell, as a story.
#[must_use]
pub fn observed(report: &TraceReport<'_>) -> Story {
    told(report).0
}

/// What the spans tell, and at which event it first differs from what can be explained: after all of them,
/// if only something is missing; nowhere, if nothing is wrong.
pub(super) fn observed_with_divergence(report: &TraceReport<'_>) -> (Story, Option<usize>) {
    let (story, nodes) = told(report);
    let judgement = report.judgement.as_ref().filter(|it| it.verdict == Verdict::Violates);
    let divergence = judgement.map(|judgement| {
        let diverges = |node: &NodeId| {
            let span = report.tree.span(*node);
            judgement.divergence.zip(span).is_some_and(|(it, span)| it.is_of(span))
        };
        let is_at_start = judgement.divergence.is_some_and(|divergence| divergence.is_at_start);
        let found = match is_at_start {
            true => nodes.iter().position(diverges),
            false => nodes.iter().rposition(diverges),
        };
        found.unwrap_or(nodes.len())
    });
    (story, divergence)
}

/// The story, and for each event the span that tells of it.
fn told(report: &TraceReport<'_>) -> (Story, Vec<NodeId>) {
    let mut teller =
        Teller { report, actors: Vec::new(), numbers: HashMap::new(), told: Vec::new() };
    teller.tell();
    let mut told = teller.told;
    // What happened at one instant is told in the order of the tree.
    told.sort_by_key(|(time, ..)| *time);
    let (nodes, events) = told.into_iter().map(|(_, node, event)| (node, event)).unzip();
    let ending = ending(report);
    (Story { actors: teller.actors, events, repeats_from: None, ending }, nodes)
}

struct Teller<'r, 's> {
    report: &'r TraceReport<'s>,
    actors: Vec<Actor>,
    numbers: HashMap<&'s str, usize>,
    told: Vec<(i128, NodeId, StoryEvent)>,
}

impl<'s> Teller<'_, 's> {
    fn tell(&mut self) {
        // Spans that have begun, and not ended in the story.
        let mut open: Vec<NodeId> = Vec::new();
        let tree = &self.report.tree;
        for (node, depth) in tree.walk().take(SPANS) {
            while open.len() > depth {
                self.end(open.pop());
            }
            open.push(node);
            self.begin(node);
        }
        while let Some(node) = open.pop() {
            self.end(Some(node));
        }
    }

    fn begin(&mut self, node: NodeId) {
        let tree = &self.report.tree;
        let Some(span) = tree.span(node) else { return };
        let own = self.actor(span);
        let name = self.report.name(node);
        let at = self.report.timeline.interval(node).start;
        let Some((parent, caller)) = tree.parent(node).and_then(|at| Some((at, tree.span(at)?)))
        else {
            self.push(node, at, own, Happening::Start, format!("{name} begins"));
            return;
        };
        let from = self.actor(caller);
        if from == own && !tree.handles_message(node) {
            return;
        }
        let sent = match tree.handles_message(node) {
            true => self.report.timeline.interval(parent).start.min(at),
            false => at,
        };
        self.push(node, sent, from, Happening::Send { to: own }, name.clone());
        self.push(node, at, own, Happening::Deliver { from }, name);
    }

    fn end(&mut self, node: Option<NodeId>) {
        let Some(node) = node else { return };
        let tree = &self.report.tree;
        let Some(span) = tree.span(node) else { return };
        let own = self.actor(span);
        let name = self.report.name(node);
        let at = self.report.timeline.interval(node).end;
        if span.end.is_none() {
            return;
        }
        let outcome = self.report.outcome(node);
        let is_workflow = self.report.workflow.root == Some(node);
        let why = reason(span).map(|why| format!(": {why}")).unwrap_or_default();
        let (happening, answer) = match outcome {
            _ if is_workflow => (Happening::Finish, self.report.ending()),
            SpanOutcome::Succeeded => (Happening::Accepted, "done".to_owned()),
            SpanOutcome::Refused => (Happening::Refused, format!("refused{why}")),
            SpanOutcome::Failed => (Happening::Error, format!("failed{why}")),
            SpanOutcome::Unknown => (Happening::Error, format!("no answer{why}")),
        };
        let told = match self.report.compensations.undoes(node) {
            Some(Some(step)) => format!("{name}, undoes {}", self.report.name(step)),
            _ if is_workflow => answer.clone(),
            _ if outcome.is_failure() => format!("{name}{why}"),
            _ => name.clone(),
        };
        self.push(node, at, own, happening, told);
        let called = tree.relation(node) == Relation::Child && !tree.handles_message(node);
        if let Some(caller) = tree.parent(node).and_then(|at| tree.span(at)).filter(|_| called) {
            let to = self.actor(caller);
            if to != own {
                let text = format!("{name}: {answer}");
                self.push(node, at, own, Happening::Send { to }, text.clone());
                self.push(node, at, to, Happening::Deliver { from: own }, text);
            }
        }
    }

    fn push(&mut self, node: NodeId, time: i128, actor: usize, happening: Happening, text: String) {
        self.told.push((time, node, StoryEvent::new(Some(actor), happening, text)));
    }

    fn actor(&mut self, span: &'s Span) -> usize {
        let service = span.service();
        *self.numbers.entry(service).or_insert_with(|| {
            let name = match service {
                "" => "(no service)".to_owned(),
                name => one_line(name),
            };
            self.actors.push(Actor { name: name.clone(), node: name });
            self.actors.len() - 1
        })
    }
}

fn ending(report: &TraceReport<'_>) -> Vec<String> {
    let mut ending = vec![report.title()];
    for (node, _) in report.tree.walk().take(SPANS) {
        for undoing in report.compensations.undone_by(node) {
            let name = report.name(node);
            let after = report.timeline.interval(*undoing).end - report.begin();
            let when = duration(u64::try_from(after).unwrap_or(0));
            ending.push(match report.outcome(*undoing).is_failure() {
                false => format!("{name} was undone by +{when}"),
                true => format!("{name} was not undone: its compensation failed at +{when}"),
            });
        }
    }
    if report.tree.len() > SPANS {
        let rest = counted((report.tree.len() - SPANS) as u64, "span");
        ending.push(format!("{rest} not told here"));
    }
    ending
}
