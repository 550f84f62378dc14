//! Showing traces: what a workflow did in production, and how it is judged.
//!
//! A [`TraceReport`] is plain data about the spans of one workflow; a [`Judgement`] is added by whoever
//! held them against a model. Each format is a function from the two to text, in a file of its own.
//!
//! | format | for |
//! |---|---|
//! | [`text`] | people at a terminal, at three in the morning |
//! | [`html`] | a browser, offline: expected beside observed |
//! | [`mermaid`] | pull requests and incident notes |
//! | [`jaeger`] | Jaeger: the spans, with the verdict and the critical path as tags |
//!
//! Verdicts on many workflows are listed by [`verdicts`].

mod duration;
#[cfg(test)]
pub(crate) mod fixture;
pub mod html;
pub mod jaeger;
mod judgement;
pub mod mermaid;
mod story;
pub mod text;
pub mod verdicts;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use amends_trace::compensation::Compensations;
use amends_trace::conventions::{SpanOutcome, WorkflowOutcome};
use amends_trace::critical_path::CriticalPath;
use amends_trace::failure::{failure_reason, origins_of_failure};
use amends_trace::span::Span;
use amends_trace::timeline::Timeline;
use amends_trace::tree::{NodeId, SpanTree};
use amends_trace::workflow::WorkflowSummary;

pub use duration::duration;
pub use judgement::{Judgement, Verdict};
pub use story::observed;

/// What the spans of one workflow tell.
#[derive(Debug)]
pub struct TraceReport<'s> {
    /// The spans as a tree.
    pub tree: SpanTree<'s>,
    /// When they began and ended, as by one clock.
    pub timeline: Timeline,
    /// The workflow that they tell of.
    pub workflow: WorkflowSummary,
    /// Which span undoes which.
    pub compensations: Compensations,
    /// The critical path of the workflow's root.
    pub path: CriticalPath,
    /// By node: its time on the critical path, in nanoseconds.
    on_path: Vec<u64>,
    /// By node: what came of it.
    outcomes: Vec<SpanOutcome>,
    /// How it was judged, if it was.
    pub judgement: Option<Judgement>,
}

impl<'s> TraceReport<'s> {
    /// What these spans tell: those of one trace, or of several that belong to one workflow.
    #[must_use]
    pub fn new(spans: &'s [Span]) -> Self {
        let tree = SpanTree::new(spans);
        let timeline = Timeline::new(&tree);
        let workflow = WorkflowSummary::new(&tree);
        let compensations = Compensations::new(&tree);
        // What the workflow's root hangs on (a gateway, say) is not the workflow.
        let root = workflow.root.or_else(|| tree.roots().first().copied());
        let path = root.map(|root| CriticalPath::new(&tree, &timeline, root)).unwrap_or_default();
        let mut on_path = vec![0; tree.len()];
        for (node, time) in path.shares() {
            on_path[node.index()] = time;
        }
        let outcomes = spans.iter().map(SpanOutcome::of).collect();
        TraceReport {
            tree,
            timeline,
            workflow,
            compensations,
            path,
            on_path,
            outcomes,
            judgement: None,
        }
    }

    /// The same, judged.
    #[must_use]
    pub fn judged(self, judgement: Judgement) -> Self {
        TraceReport { judgement: Some(judgement), ..self }
    }

    /// A node's time on the critical path, in nanoseconds.
    #[must_use]
    pub fn on_path(&self, node: NodeId) -> u64 {
        self.on_path[node.index()]
    }

    /// What came of a node. Of a span that is missing, it is not known.
    #[must_use]
    pub fn outcome(&self, node: NodeId) -> SpanOutcome {
        self.outcomes.get(node.index()).copied().unwrap_or(SpanOutcome::Unknown)
    }

    /// When the workflow began; or the first span, if it is not known which one stands for it.
    fn begin(&self) -> i128 {
        let root = self.workflow.root.or_else(|| self.tree.roots().first().copied());
        root.map_or(0, |root| self.timeline.interval(root).start)
    }

    /// Where the time went, and what failed, in one line: `40 % of 200 ms: psp in payment; failed: psp
    /// (timeout)`.
    #[must_use]
    pub fn blame(&self) -> String {
        let total = self.path.total();
        // Attempts at one step, or the same call made again and again, are to blame together.
        let mut blamed: BTreeMap<(&str, &str), (u64, NodeId)> = BTreeMap::new();
        for (node, time) in self.path.shares() {
            let span = self.tree.span(node);
            let operation = span.map_or(("", ""), |span| (span.service(), span.name.as_str()));
            blamed.entry(operation).or_insert((0, node)).0 += time;
        }
        let mut line = match blamed.into_values().max_by_key(|(time, node)| (*time, Reverse(*node)))
        {
            Some((time, node)) if total > 0 => {
                let percent = (time as f64 / total as f64 * 100.0).round();
                format!("{percent} % of {}: {}", duration(total), self.name_in_service(node))
            }
            _ => "no time passed".to_owned(),
        };
        let origins = origins_of_failure(&self.tree);
        if !origins.is_empty() {
            const SHOWN: usize = 3;
            let names: Vec<String> =
                origins.iter().take(SHOWN).map(|at| self.failure(*at)).collect();
            line += &format!("; failed: {}", names.join(", "));
            if origins.len() > SHOWN {
                line += &format!(" and {} more", origins.len() - SHOWN);
            }
        }
        line
    }

    fn failure(&self, node: NodeId) -> String {
        let name = self.name(node);
        match self.tree.span(node).and_then(reason) {
            Some(reason) => format!("{name} ({reason})"),
            None => name,
        }
    }

    /// The name of a node.
    #[must_use]
    pub fn name(&self, node: NodeId) -> String {
        self.tree.span(node).map_or_else(|| "(missing)".to_owned(), |span| one_line(&span.name))
    }

    fn name_in_service(&self, node: NodeId) -> String {
        let name = self.name(node);
        match self.tree.span(node).map(Span::service) {
            Some(service) if !service.is_empty() => format!("{name} in {}", one_line(service)),
            _ => name,
        }
    }

    /// The workflow, and how it ended: `saga order s-17: compensated after 200 ms`.
    #[must_use]
    pub fn title(&self) -> String {
        let workflow = &self.workflow;
        let mut title = match workflow.protocol {
            // Root spans are named after the protocol by convention.
            Some(protocol) if !workflow.name.starts_with(protocol.name()) => {
                format!("{} {}", protocol.name(), one_line(&workflow.name))
            }
            _ => one_line(&workflow.name),
        };
        if title.is_empty() {
            title = "a trace without a root".to_owned();
        }
        if let Some(id) = &workflow.id {
            title += &format!(" {}", one_line(id));
        }
        format!("{title}: {}", self.ending())
    }

    fn ending(&self) -> String {
        let root = self.workflow.root.and_then(|root| self.tree.span(root));
        let took = duration(self.path.total());
        if root.is_some_and(|span| span.end.is_none()) {
            return format!("not ended after {took}");
        }
        match self.workflow.outcome {
            Some(WorkflowOutcome::InDoubt) => format!("in doubt after {took}"),
            Some(outcome) => format!("{} after {took}", outcome.word()),
            None if self.workflow.root_failed => format!("failed after {took}"),
            None => format!("ended after {took}, outcome not told"),
        }
    }

    /// How many spans, services and traces there are: `7 spans of 4 services`.
    fn extent(&self) -> String {
        let spans = self.tree.spans();
        let services: BTreeSet<&str> = spans.iter().map(Span::service).collect();
        let traces: BTreeSet<_> = spans.iter().map(|span| span.trace).collect();
        let counted = |count: usize, noun| super::extent::counted(count as u64, noun);
        let first = traces.first().map(ToString::to_string).unwrap_or_default();
        let traces = match traces.len() {
            0 | 1 => format!("trace {first}"),
            more => format!("trace {first} and {} linked to it", more - 1),
        };
        format!(
            "{traces}, {} of {}",
            counted(spans.len(), "span"),
            counted(services.len(), "service")
        )
    }

    /// What one should know before one trusts the picture.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let counted = |count: usize, noun| super::extent::counted(count as u64, noun);
        let odd = self.tree.oddities();
        let mut notes = Vec::new();
        if odd.orphans > 0 {
            notes.push(format!(
                "the parent of {} is not in these traces (not ended yet, sampled away, or lost)",
                counted(odd.orphans, "span")
            ));
        }
        if !odd.cycles.is_empty() {
            let first = self.name(odd.cycles[0]);
            notes.push(format!(
                "parents run in a circle, which was broken {}: at {first}",
                match odd.cycles.len() {
                    1 => "once".to_owned(),
                    times => format!("{times} times; first"),
                }
            ));
        }
        if !odd.repeated_ids.is_empty() {
            let count = counted(odd.repeated_ids.len(), "span");
            notes.push(format!("the id of an earlier span is used again by {count}"));
        }
        let shifts = self.timeline.shifts();
        for shift in shifts.iter().take(3) {
            let way = if shift.by < 0 { "ahead" } else { "behind" };
            let by = duration(u64::try_from(shift.by.unsigned_abs()).unwrap_or(u64::MAX));
            let service = self.tree.span(shift.child).map_or("?", Span::service);
            notes.push(format!(
                "the clock of {} seems to be {by} {way} of its caller's; its spans were shifted",
                one_line(service)
            ));
        }
        if shifts.len() > 3 {
            notes.push(format!("{} other calls were shifted like that", shifts.len() - 3));
        }
        match self.path.asynchronous() {
            0 => {}
            count => notes.push(format!(
                "{} that nobody waited for: not on the critical path",
                counted(count, "asynchronous span")
            )),
        }
        let dropped = self.tree.spans().iter().filter(|span| span.dropped.any()).count();
        if dropped > 0 {
            notes.push(format!(
                "attributes, events or links were dropped from {}",
                counted(dropped, "span")
            ));
        }
        notes
    }
}

/// Why a span failed, as it says, in a few words on one line.
fn reason(span: &Span) -> Option<String> {
    failure_reason(span).map(|text| shortened(&one_line(text), 60))
}

/// Foreign text on one line, without control characters that a terminal would obey.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn shortened(text: &str, fits: usize) -> String {
    if text.chars().count() <= fits {
        return text.to_owned();
    }
    text.chars().take(fits - 1).chain(['…']).collect()
}
