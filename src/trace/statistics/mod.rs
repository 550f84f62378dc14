//! Statistics of many workflows: how often they fail, how long they take, and what is to blame.
//!
//! [`Statistics`] takes one workflow after the other and keeps counts and histograms only, so its memory
//! does not grow with the number of workflows. Names are bounded too: what comes with more different names
//! than [`NAMES`] is counted under [`OTHERS`].
//!
//! Rates are those of workflows, not of spans: a workflow with three compensations was compensated once.
//! Quantiles come from HDR histograms and are off by one per cent at most.

mod durations;
mod log_lag;
mod named;

pub use durations::Durations;
pub use named::{NAMES, Named, OTHERS};

use crate::conventions::{
    Facts, Protocol, RETRY_EVENT, SpanOutcome, TIMEOUT_EVENT, WorkflowOutcome,
};
use crate::critical_path::CriticalPath;
use crate::failure::{failure_reason, origins_of_failure};
use crate::log::LogRecord;
use crate::span::Span;
use crate::timeline::Timeline;
use crate::tree::{NodeId, SpanTree};
use crate::workflow::{Try, WorkflowSummary};

/// What is deeper than this is counted at this depth.
pub const DEEPEST: usize = 32;

/// What many workflows have in common.
#[derive(Debug, Default)]
pub struct Statistics {
    /// How many spans there were.
    pub spans: u64,
    /// By the name of workflows.
    pub workflows: Named<WorkflowStatistics>,
    /// By service and name of spans.
    pub operations: Named<OperationStatistics>,
    /// By depth in the tree; roots first.
    pub depths: Vec<OperationStatistics>,
    /// By what failures say of themselves: how many began so.
    pub errors: Named<u64>,
    /// From the end of publishing a message, or from the record of an event in a log, to the beginning of its
    /// handling.
    pub event_lag: Durations,
}

/// What many runs of one workflow have in common.
#[derive(Debug, Default)]
pub struct WorkflowStatistics {
    /// Its kind.
    pub protocol: Option<Protocol>,
    /// How many runs there were.
    pub runs: u64,
    /// How many did not complete.
    pub failed: u64,
    /// How many undid something.
    pub compensated: u64,
    /// How many do not know how they ended.
    pub in_doubt: u64,
    /// How many tried reservations, and of how many some reservation failed.
    pub tried: u64,
    /// Of how many a reservation failed.
    pub try_failed: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Answers that did not come in time.
    pub timeouts: u64,
    /// How many were judged and conform.
    pub explained: u64,
    /// The faults that explain those.
    pub faults: u64,
    /// How long they took, of those that ended.
    pub durations: Durations,
}

/// What many runs of one operation have in common.
#[derive(Debug, Default)]
pub struct OperationStatistics {
    /// How many runs there were.
    pub runs: u64,
    /// How many failed.
    pub failed: u64,
    /// Their time on critical paths, in nanoseconds.
    pub on_path: u128,
    /// How long they took, of those that ended.
    pub durations: Durations,
}

impl Statistics {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Statistics::default()
    }

    /// Adds the spans of one workflow.
    pub fn add(&mut self, spans: &[Span]) {
        self.add_explained(spans, None);
    }

    /// Adds the log records of a workflow whose spans are added: what they tell of events that waited.
    pub fn add_logs(&mut self, spans: &[Span], logs: &[LogRecord]) {
        log_lag::of(spans, logs).for_each(|lag| self.event_lag.record(lag));
    }

    /// Adds the spans of one workflow, and how many faults explain it, if it was judged and conforms.
    pub fn add_explained(&mut self, spans: &[Span], faults: Option<u64>) {
        if spans.is_empty() {
            return;
        }
        let tree = SpanTree::new(spans);
        let timeline = Timeline::new(&tree);
        let summary = WorkflowSummary::new(&tree);
        let root = summary.root.or_else(|| tree.roots().first().copied());
        let path = root.map(|root| CriticalPath::new(&tree, &timeline, root)).unwrap_or_default();
        self.spans += spans.len() as u64;
        self.add_operations(&tree, &path);
        self.add_lags(&tree, &timeline);
        let origins = origins_of_failure(&tree);
        for origin in &origins {
            let reason = tree.span(*origin).and_then(failure_reason).unwrap_or("(not told)");
            *self.errors.of(reason) += 1;
        }
        self.add_workflow(&tree, &summary, &origins);
        if let Some(faults) = faults {
            let workflow = self.workflows.of(&summary.name);
            workflow.explained += 1;
            workflow.faults += faults;
        }
    }

    fn add_operations(&mut self, tree: &SpanTree<'_>, path: &CriticalPath) {
        let mut on_path = vec![0u64; tree.len()];
        for (node, time) in path.shares() {
            on_path[node.index()] = time;
        }
        for (node, depth) in tree.walk() {
            let Some(span) = tree.span(node) else { continue };
            let time = on_path[node.index()];
            self.operations.of(&operation(span)).add(span, time);
            let depth = depth.min(DEEPEST);
            if self.depths.len() <= depth {
                self.depths.resize_with(depth + 1, OperationStatistics::default);
            }
            self.depths[depth].add(span, time);
        }
    }

    fn add_lags(&mut self, tree: &SpanTree<'_>, timeline: &Timeline) {
        for (node, _) in tree.walk() {
            if tree.handles_message(node)
                && let Some(producer) = tree.parent(node)
            {
                let lag = timeline.interval(node).start - timeline.interval(producer).end;
                self.event_lag.record(u64::try_from(lag.max(0)).unwrap_or(u64::MAX));
            }
        }
    }

    fn add_workflow(&mut self, tree: &SpanTree<'_>, summary: &WorkflowSummary, origins: &[NodeId]) {
        let workflow = self.workflows.of(&summary.name);
        workflow.protocol = workflow.protocol.or(summary.protocol);
        workflow.runs += 1;
        workflow.failed += u64::from(summary.failed());
        workflow.compensated += u64::from(summary.compensated);
        workflow.in_doubt += u64::from(summary.outcome == Some(WorkflowOutcome::InDoubt));
        workflow.tried += u64::from(summary.tried.is_some());
        workflow.try_failed += u64::from(summary.tried == Some(Try::Failed));
        let told = |prefix: &str| {
            let events = tree.spans().iter().flat_map(|span| &span.events);
            events.filter(|event| event.name.starts_with(prefix)).count() as u64
        };
        // Some services tell of a retry by an event, some by the attempt, and some by both.
        let attempts = tree.spans().iter().filter(|span| Facts::of(span).attempt > Some(1)).count();
        workflow.retries += told(RETRY_EVENT).max(attempts as u64);
        let unanswered = origins.iter().filter(|origin| {
            let reason = tree.span(**origin).and_then(failure_reason).unwrap_or_default();
            reason.to_ascii_lowercase().contains("timeout")
        });
        workflow.timeouts += told(TIMEOUT_EVENT).max(unanswered.count() as u64);
        let root = summary.root.and_then(|root| tree.span(root));
        if let Some(duration) = root.and_then(Span::duration) {
            workflow.durations.record(nanoseconds(duration));
        }
    }

    /// How many workflows there were.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.workflows.iter().map(|(_, workflow)| workflow.runs).sum()
    }

    /// The time on all critical paths, in nanoseconds.
    #[must_use]
    pub fn on_path(&self) -> u128 {
        self.operations.iter().map(|(_, operation)| operation.on_path).sum()
    }
}

impl OperationStatistics {
    fn add(&mut self, span: &Span, on_path: u64) {
        self.runs += 1;
        self.failed += u64::from(SpanOutcome::of(span).is_failure());
        self.on_path += u128::from(on_path);
        if let Some(duration) = span.duration() {
            self.durations.record(nanoseconds(duration));
        }
    }
}

fn operation(span: &Span) -> String {
    match span.service() {
        "" => span.name.to_string(),
        service => format!("{} in {service}", span.name),
    }
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::{
        COMPENSATION_FOR, ERROR_TYPE, SAGA_NAME, SAGA_OUTCOME, TCC_NAME, TCC_PHASE,
    };
    use crate::fixture::{MS, at, linked_to, span, with};
    use crate::span::Time;

    fn order(length: u64, outcome: &str) -> Vec<Span> {
        let root = span(1, None, "saga order", 0, length);
        let root = with(SAGA_OUTCOME, outcome, with(SAGA_NAME, "order", root));
        vec![root, at("payment", span(2, Some(1), "pay", 0, length - 10))]
    }

    #[test]
    fn rates_are_of_workflows() {
        let mut statistics = Statistics::new();
        statistics.add(&order(100, "completed"));
        let mut undone = order(200, "compensated");
        for id in [3, 4] {
            undone.push(with(COMPENSATION_FOR, "pay", span(id, Some(1), "undo", 190, 195)));
        }
        undone[1] = with(ERROR_TYPE, "timeout", undone[1].clone());
        statistics.add(&undone);
        let workflow = statistics.workflows.get("order").expect("there is one");
        assert_eq!([workflow.runs, workflow.failed, workflow.compensated], [2, 1, 1]);
        assert_eq!((workflow.timeouts, workflow.retries), (1, 0));
        assert_eq!(statistics.errors.get("timeout"), Some(&1));
    }

    #[test]
    fn reservations_that_fail_are_counted_by_workflow() {
        let mut statistics = Statistics::new();
        let root = with(TCC_NAME, "trip", span(1, None, "tcc trip", 0, 50));
        let tried = |id| with(TCC_PHASE, "try", span(id, Some(1), "tcc.try hotel", 0, 9));
        statistics.add(&[root.clone(), tried(2), tried(3)]);
        let refused = |id| with(ERROR_TYPE, "refused", tried(id));
        statistics.add(&[root, refused(2), refused(3)]);
        let workflow = statistics.workflows.get("trip").expect("there is one");
        assert_eq!([workflow.tried, workflow.try_failed], [2, 1]);
    }

    #[test]
    fn the_time_on_critical_paths_is_the_time_of_workflows() {
        let mut statistics = Statistics::new();
        statistics.add(&order(100, "completed"));
        statistics.add(&order(250, "completed"));
        assert_eq!(statistics.on_path(), u128::from(350 * MS));
        let pay = statistics.operations.get("pay in payment").expect("there is one");
        assert_eq!(pay.on_path, u128::from(330 * MS));
        assert_eq!(statistics.depths.len(), 2);
    }

    #[test]
    fn the_lag_of_events_is_from_publishing_to_handling() {
        let publish = span(1, None, "publish", 0, 10);
        let handle = linked_to(at("mail", span(2, None, "handle", 1_510, 1_600)), &publish);
        let mut statistics = Statistics::new();
        statistics.add(&[publish, handle]);
        let lag = statistics.event_lag.quantile(0.99).expect("there is one");
        assert!(lag.abs_diff(1_500 * MS) < 15 * MS);
    }

    #[test]
    fn memory_does_not_grow_with_names_or_absurd_times() {
        let mut statistics = Statistics::new();
        for at in 0..2 * NAMES as u64 {
            let mut odd = span(1, None, &format!("call {at}"), 0, 0);
            odd.end = Some(Time(u64::MAX));
            statistics.add(&[odd]);
        }
        assert_eq!(statistics.operations.iter().count(), NAMES + 1);
        assert_eq!(statistics.operations.get(OTHERS).map(|others| others.runs), Some(NAMES as u64));
        assert_eq!(statistics.runs(), 2 * NAMES as u64);
    }
}
