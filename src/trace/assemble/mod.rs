//! Assembling: from single spans to whole workflows, with bounded memory.
//!
//! Spans of one workflow come from several services, at different times, and mixed with others. An
//! [`Assembler`] holds them until their workflow seems complete, and hands it out as a
//! [`WorkflowTrace`].
//!
//! **What belongs together.** Spans with the same workflow id (see [`WorkflowKeys`]) or of the same
//! trace, and traces of which one links to the other, are held together: they are one *component*. When
//! a component is handed out, each workflow id in it is a workflow of its own. Spans without one belong
//! to the workflow of what they are part of, or else of what is part of them.
//!
//! **When it is complete.** Nobody says which span is the last one. A component is taken to be complete
//! when the root of each of its traces has ended, and then nothing was added to it for a while, both by
//! the count of spans read since and by the time that these tell of. What never completes is handed out
//! when it is too old, when memory is short, or at the end; [`Completeness`] says which. A span that
//! comes later than that is counted, and left out.
//!
//! Time is what the spans tell, not when they are read, so a file is assembled the same way at any
//! speed. Clocks that are wrong do no harm as long as most are right: see `event_clock`.

mod belonging;
mod component;
mod event_clock;
mod keys;
mod names;
mod workflow_trace;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use compact_str::CompactString;

pub use keys::{ByAttributes, WorkflowKeys};
pub use workflow_trace::{Completeness, WorkflowTrace};

use crate::id::TraceId;
use crate::read::Item;
use component::Component;
use event_clock::EventClock;
use names::{Name, Names};

/// When workflows are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssemblySettings {
    /// So many spans must be read after the last one of a workflow before it counts as complete.
    pub quiet_spans: u64,
    /// So much time must have passed after the last span of a workflow before it counts as complete, by
    /// what other spans tell.
    pub quiet_time: Duration,
    /// A workflow that is not complete after this time is handed out as it is.
    pub max_age: Duration,
    /// Bytes of spans that are held, about. The oldest workflow is handed out as it is when they are
    /// not enough, or the one that alone takes half of them.
    pub max_memory: usize,
}

impl Default for AssemblySettings {
    /// 10,000 spans and 30 seconds of quiet, an hour, 512 MiB.
    fn default() -> Self {
        AssemblySettings {
            quiet_spans: 10_000,
            quiet_time: Duration::from_secs(30),
            max_age: Duration::from_secs(3600),
            max_memory: 512 << 20,
        }
    }
}

impl AssemblySettings {
    /// Holds everything until the end, as far as memory allows: for several files of which each has a
    /// part of every workflow.
    #[must_use]
    pub fn until_the_end(mut self) -> Self {
        self.quiet_spans = u64::MAX;
        self
    }
}

/// What became of the spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssemblyReport {
    /// Workflows handed out, by how complete they are.
    pub workflows: BTreeMap<Completeness, u64>,
    /// Spans that came twice, with the same content; once is kept.
    pub duplicates: u64,
    /// Spans that came twice, with different content; the one that has ended is kept, or else the first.
    pub conflicts: u64,
    /// Spans and log records of workflows that were handed out before they came.
    pub late: u64,
    /// Log records that belong to no trace and no workflow.
    pub unattached: u64,
}

impl AssemblyReport {
    /// How many workflows were handed out.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.workflows.values().sum()
    }
}

/// Puts workflows together while spans come in.
///
/// ```
/// use amends_trace::assemble::{AssemblySettings, Assembler, ByAttributes};
/// use amends_trace::read::Reader;
///
/// let file = br#"{"resourceSpans": [{"scopeSpans": [{"spans": [{
///     "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7", "name": "saga order",
///     "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000200000000",
///     "attributes": [{"key": "saga.id", "value": {"stringValue": "o-17"}}]
/// }]}]}]}"#;
/// let mut assembler = Assembler::new(ByAttributes::default(), AssemblySettings::default());
/// let mut found = Vec::new();
/// Reader::new(&file[..]).for_each(|item| assembler.add(item, &mut |workflow| found.push(workflow)))?;
/// let report = assembler.finish(&mut |workflow| found.push(workflow));
/// assert_eq!(found[0].key.as_deref(), Some("saga.id=o-17"));
/// assert_eq!(report.total(), 1);
/// # Ok::<(), amends_trace::read::ReadError>(())
/// ```
#[derive(Debug)]
pub struct Assembler<K> {
    keys: K,
    settings: AssemblySettings,
    /// By number, which is their order of appearance.
    components: BTreeMap<u64, Component>,
    names: Names,
    next: u64,
    /// Components to look at again once so many spans are read since, with the count when they were
    /// looked at last.
    queue: VecDeque<(u64, u64)>,
    /// Items that came so far.
    count: u64,
    clock: EventClock,
    memory: usize,
    report: AssemblyReport,
}

impl<K: WorkflowKeys> Assembler<K> {
    /// An assembler that knows workflows by `keys`.
    pub fn new(keys: K, settings: AssemblySettings) -> Self {
        Assembler {
            keys,
            settings,
            components: BTreeMap::new(),
            names: Names::default(),
            next: 0,
            queue: VecDeque::new(),
            count: 0,
            clock: EventClock::default(),
            memory: 0,
            report: AssemblyReport::default(),
        }
    }

    /// Bytes of spans that are held now, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Takes in a span or log record, and hands out what is complete now.
    pub fn add(&mut self, item: Item, out: &mut dyn FnMut(WorkflowTrace)) {
        self.count += 1;
        if let Item::Span(span) = &item {
            self.clock.tick(span.end.unwrap_or(span.start));
        }
        let Some(at) = self.component_of(&item) else { return self.drop_item(&item) };
        self.put(at, item);
        self.look_at_quiet_ones(out);
        // One that takes most of the memory goes before others have to.
        let takes = self.components.get(&at).map_or(0, |component| component.memory);
        if takes > self.settings.max_memory / 2 {
            self.hand_out(at, Completeness::MemoryShort, out);
        }
        while self.memory > self.settings.max_memory
            && let Some((&oldest, _)) = self.components.first_key_value()
        {
            self.hand_out(oldest, Completeness::MemoryShort, out);
        }
    }

    /// Hands out all that is left.
    pub fn finish(mut self, out: &mut dyn FnMut(WorkflowTrace)) -> AssemblyReport {
        while let Some((&at, _)) = self.components.first_key_value() {
            self.hand_out(at, Completeness::EndOfInput, out);
        }
        self.report
    }

    /// The component that an item belongs to, after joining those that it joins. None if it is late, or
    /// belongs nowhere.
    fn component_of(&mut self, item: &Item) -> Option<u64> {
        let (trace, key, links): (Option<TraceId>, Option<CompactString>, &[_]) = match item {
            Item::Span(span) => (Some(span.trace), self.keys.of_span(span), &span.links),
            Item::Log(log) => (log.trace, self.keys.of_log(log), &[]),
        };
        let names = [trace.map(Name::Trace), key.map(Name::Workflow)];
        if names.iter().flatten().any(|name| self.names.was_handed_out(name)) {
            return None;
        }
        let mut found = None;
        for name in names.into_iter().flatten() {
            found = Some(self.join(found, name));
        }
        for link in links {
            let linked = Name::Trace(link.trace);
            // It may have been handed out already, which does not make this one late.
            if Some(link.trace) != trace && !self.names.was_handed_out(&linked) {
                found = Some(self.join(found, linked));
            }
        }
        found
    }

    /// The component of that name, joined with the one that was found before.
    fn join(&mut self, found: Option<u64>, name: Name) -> u64 {
        match (self.names.component(&name), found) {
            (Some(at), None) => at,
            (Some(at), Some(found)) if at == found => at,
            (Some(at), Some(found)) => self.merge(at, found),
            (None, found) => {
                let at = found.unwrap_or_else(|| self.begin());
                self.names.set(name.clone(), at);
                if let Some(component) = self.components.get_mut(&at) {
                    component.names.push(name);
                    component.memory += Component::NAME;
                    self.memory += Component::NAME;
                }
                at
            }
        }
    }

    fn begin(&mut self) -> u64 {
        let at = self.next;
        self.next += 1;
        self.components.insert(at, Component::new(self.clock.now(), self.count));
        self.queue.push_back((at, self.count));
        self.memory += Component::EMPTY;
        at
    }

    /// Makes two components one.
    fn merge(&mut self, one: u64, other: u64) -> u64 {
        let names = |at: &u64| self.components.get(at).map_or(0, |component| component.names.len());
        // Names are changed one by one, so those of the smaller one are.
        let (into, from) = if names(&one) >= names(&other) { (one, other) } else { (other, one) };
        if let Some(from) = self.components.remove(&from)
            && let Some(component) = self.components.get_mut(&into)
        {
            for name in &from.names {
                self.names.set(name.clone(), into);
            }
            component.absorb(from);
        }
        into
    }

    fn put(&mut self, at: u64, item: Item) {
        let Some(component) = self.components.get_mut(&at) else { return };
        let before = component.memory;
        component.touched = self.count;
        component.touched_at = self.clock.now();
        match item {
            Item::Span(span) => component.add_span(span, &mut self.names),
            Item::Log(log) => component.add_log(log),
        }
        self.memory += component.memory - before;
    }

    fn drop_item(&mut self, item: &Item) {
        match item {
            Item::Log(log) if log.trace.is_none() && self.keys.of_log(log).is_none() => {
                self.report.unattached += 1;
            }
            Item::Span(_) | Item::Log(_) => self.report.late += 1,
        }
    }

    /// Hands out components that seem complete, or are too old.
    fn look_at_quiet_ones(&mut self, out: &mut dyn FnMut(WorkflowTrace)) {
        while let Some(&(at, looked_at)) = self.queue.front()
            && self.count - looked_at >= self.settings.quiet_spans
        {
            self.queue.pop_front();
            let Some(component) = self.components.get(&at) else { continue };
            let now = self.clock.now();
            let is_quiet = self.count - component.touched >= self.settings.quiet_spans
                && now.since(component.touched_at) >= self.settings.quiet_time;
            if is_quiet && component.has_ended() {
                self.hand_out(at, Completeness::Settled, out);
            } else if now.since(component.born_at) >= self.settings.max_age {
                self.hand_out(at, Completeness::TooOld, out);
            } else {
                self.queue.push_back((at, self.count));
            }
        }
    }

    fn hand_out(
        &mut self,
        at: u64,
        completeness: Completeness,
        out: &mut dyn FnMut(WorkflowTrace),
    ) {
        let Some(component) = self.components.remove(&at) else { return };
        self.memory -= component.memory;
        for name in &component.names {
            self.names.hand_out(name);
        }
        let Component { spans, logs, .. } = component;
        belonging::split(
            spans,
            logs,
            &self.keys,
            completeness,
            &mut self.report,
            &mut |workflow| {
                out(workflow);
            },
        );
    }
}
