//! Belonging: which spans of a component are of which workflow.
//!
//! Most components are one workflow. Where several share a trace, as when a batch starts a hundred sagas,
//! or a consumer handles messages of many, spans that name no workflow are assigned by what surrounds
//! them. What belongs to all of them, such as the batch itself, is handed out apart.

use compact_str::CompactString;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::AssemblyReport;
use super::keys::WorkflowKeys;
use super::workflow_trace::{Completeness, WorkflowTrace};
use crate::id::{SpanId, TraceId};
use crate::log::LogRecord;
use crate::span::Span;

/// Which workflow, if it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belongs {
    Unknown,
    To(u32),
    /// To several.
    Shared,
}

impl Belongs {
    fn and(self, other: Belongs) -> Belongs {
        match (self, other) {
            (Belongs::Unknown, known) | (known, Belongs::Unknown) => known,
            (one, other) if one == other => one,
            _ => Belongs::Shared,
        }
    }
}

/// What is wrong with the parent of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    None,
    Missing,
    At(usize),
}

type Places = HashMap<(TraceId, SpanId), usize>;

/// Hands out the workflows of a component.
pub(super) fn split(
    spans: Vec<Span>,
    logs: Vec<LogRecord>,
    keys: &impl WorkflowKeys,
    completeness: Completeness,
    report: &mut AssemblyReport,
    out: &mut dyn FnMut(WorkflowTrace),
) {
    let (spans, places, conflicting) = without_duplicates(spans, report);
    let parents: Vec<Parent> = spans
        .iter()
        .map(|span| match span.parent {
            None => Parent::None,
            Some(id) => places.get(&(span.trace, id)).map_or(Parent::Missing, |at| Parent::At(*at)),
        })
        .collect();
    let mut workflows = Workflows::default();
    let mut belongs: Vec<Belongs> =
        spans.iter().map(|span| workflows.of(keys.of_span(span))).collect();
    let of_logs: Vec<Belongs> = logs.iter().map(|log| workflows.of(keys.of_log(log))).collect();
    if workflows.names.len() > 1 {
        surround(&spans, &parents, &places, &mut belongs);
    } else {
        // There is one workflow at most, so all of it is that one's.
        let only = if workflows.names.is_empty() { Belongs::Shared } else { Belongs::To(0) };
        belongs.fill(only);
    }

    let nothing = |key| WorkflowTrace {
        key,
        spans: Vec::new(),
        logs: Vec::new(),
        completeness,
        roots: 0,
        orphans: 0,
        in_cycles: 0,
        conflicts: 0,
        dropped: 0,
    };
    let shared = workflows.names.len();
    let several = shared > 1;
    let mut traces: Vec<WorkflowTrace> =
        workflows.names.into_iter().map(|name| nothing(Some(name))).collect();
    traces.push(nothing(None));
    let group = |belongs: Belongs| match belongs {
        Belongs::To(at) => at as usize,
        Belongs::Unknown | Belongs::Shared => shared,
    };

    for at in conflicting {
        traces[group(belongs[at])].conflicts += 1;
    }
    for at in in_cycles(&parents) {
        traces[group(belongs[at])].in_cycles += 1;
    }
    for (log, named) in logs.into_iter().zip(of_logs) {
        let around = || {
            let span = places.get(&(log.trace?, log.span?))?;
            Some(belongs[*span])
        };
        let known = match named {
            Belongs::Unknown if several => around().unwrap_or(Belongs::Shared),
            Belongs::Unknown if shared == 1 => Belongs::To(0),
            named => named,
        };
        let into = &mut traces[group(known)];
        into.dropped += u64::from(log.dropped_attributes);
        into.logs.push(log);
    }
    for (at, span) in spans.into_iter().enumerate() {
        let into = &mut traces[group(belongs[at])];
        match parents[at] {
            Parent::None => into.roots += 1,
            Parent::Missing => into.orphans += 1,
            Parent::At(parent) if group(belongs[parent]) != group(belongs[at]) => into.roots += 1,
            Parent::At(_) => {}
        }
        let dropped = [span.dropped.attributes, span.dropped.events, span.dropped.links];
        into.dropped += dropped.into_iter().map(u64::from).sum::<u64>();
        into.spans.push(span);
    }
    for trace in traces {
        if !trace.spans.is_empty() || !trace.logs.is_empty() {
            *report.workflows.entry(completeness).or_default() += 1;
            out(trace);
        }
    }
}

/// The spans without those that came twice, where each is, and which came with different content.
fn without_duplicates(
    spans: Vec<Span>,
    report: &mut AssemblyReport,
) -> (Vec<Span>, Places, Vec<usize>) {
    let mut places: Places = HashMap::with_capacity(spans.len());
    let mut conflicting = Vec::new();
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match places.entry((span.trace, span.id)) {
            Entry::Vacant(entry) => {
                entry.insert(kept.len());
                kept.push(span);
            }
            Entry::Occupied(entry) => {
                let first = &mut kept[*entry.get()];
                if *first == span {
                    report.duplicates += 1;
                    continue;
                }
                report.conflicts += 1;
                conflicting.push(*entry.get());
                if first.end.is_none() && span.end.is_some() {
                    *first = span;
                }
            }
        }
    }
    (kept, places, conflicting)
}

/// The workflows that are named.
#[derive(Default)]
struct Workflows {
    names: Vec<CompactString>,
    by_name: HashMap<CompactString, u32>,
}

impl Workflows {
    fn of(&mut self, name: Option<CompactString>) -> Belongs {
        let Some(name) = name else { return Belongs::Unknown };
        // Most components have one.
        if self.names.first() == Some(&name) {
            return Belongs::To(0);
        }
        Belongs::To(*self.by_name.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            (self.names.len() - 1) as u32
        }))
    }
}

/// Assigns spans that name no workflow by what surrounds them: what they are part of, then what is part
/// of them, then the rest of their trace, then what they link to.
fn surround(spans: &[Span], parents: &[Parent], places: &Places, belongs: &mut [Belongs]) {
    inherit(parents, belongs);
    gather(parents, belongs);
    inherit(parents, belongs);

    let mut of_trace: HashMap<TraceId, Belongs> = HashMap::new();
    for (span, belongs) in spans.iter().zip(&*belongs) {
        let known = of_trace.entry(span.trace).or_insert(Belongs::Unknown);
        *known = known.and(*belongs);
    }
    for (span, belongs) in spans.iter().zip(&mut *belongs) {
        if *belongs == Belongs::Unknown
            && let known @ Belongs::To(_) = of_trace[&span.trace]
        {
            *belongs = known;
        }
    }
    for (at, span) in spans.iter().enumerate() {
        if belongs[at] == Belongs::Unknown {
            let linked = |link: &crate::span::Link| {
                places.get(&(link.trace, link.span)).map_or(Belongs::Unknown, |at| belongs[*at])
            };
            belongs[at] = span.links.iter().map(linked).fold(Belongs::Unknown, Belongs::and);
        }
    }
    inherit(parents, belongs);
}

/// Spans belong where what they are part of belongs.
fn inherit(parents: &[Parent], belongs: &mut [Belongs]) {
    let mut chain = Vec::new();
    let mut seen = vec![false; parents.len()];
    for begin in 0..parents.len() {
        let mut at = begin;
        let found = loop {
            if belongs[at] != Belongs::Unknown {
                break belongs[at];
            }
            if std::mem::replace(&mut seen[at], true) {
                // Nothing was found above it before, or it is above itself.
                break Belongs::Unknown;
            }
            chain.push(at);
            match parents[at] {
                Parent::At(parent) => at = parent,
                Parent::None | Parent::Missing => break Belongs::Unknown,
            }
        };
        // What is part of something shared is not shared for that.
        let found = if found == Belongs::Shared { Belongs::Unknown } else { found };
        for at in chain.drain(..) {
            belongs[at] = found;
        }
    }
}

/// Spans belong where all that is part of them belongs.
fn gather(parents: &[Parent], belongs: &mut [Belongs]) {
    let mut below = vec![Belongs::Unknown; parents.len()];
    for begin in 0..parents.len() {
        if !matches!(belongs[begin], Belongs::To(_)) {
            continue;
        }
        let mut at = begin;
        while let Parent::At(parent) = parents[at] {
            let known = below[parent].and(belongs[begin]);
            // Above what knew it already, everything does.
            if belongs[parent] != Belongs::Unknown || below[parent] == known {
                break;
            }
            below[parent] = known;
            at = parent;
        }
    }
    for (belongs, below) in belongs.iter_mut().zip(below) {
        if *belongs == Belongs::Unknown {
            *belongs = below;
        }
    }
}

/// Spans that are part of themselves.
fn in_cycles(parents: &[Parent]) -> Vec<usize> {
    let mut found = Vec::new();
    // In which walk a span was met first; walks are counted from 1.
    let mut met = vec![0; parents.len()];
    for begin in 0..parents.len() {
        let walk = begin + 1;
        let mut at = begin;
        while met[at] == 0 {
            met[at] = walk;
            match parents[at] {
                Parent::At(parent) => at = parent,
                Parent::None | Parent::Missing => break,
            }
        }
        // A walk that met itself, other than where it just ended.
        if met[at] == walk && matches!(parents[at], Parent::At(_)) {
            let first = at;
            loop {
                found.push(at);
                match parents[at] {
                    Parent::At(parent) if parent != first => at = parent,
                    _ => break,
                }
            }
        }
    }
    found
}
