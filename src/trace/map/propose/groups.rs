//! Spans that look alike: of one kind and service, with names that differ in numbers only.

use compact_str::CompactString;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;

use crate::span::{Span, SpanKind};

use super::words;

/// The most groups that are told apart. Names that are more are no names of steps.
const MOST: usize = 500;

/// What spans of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Likeness {
    pub(super) service: CompactString,
    /// Their name, with `*` where it differs.
    pub(super) name: String,
    pub(super) kind: SpanKind,
}

/// A group of spans.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// How many of its spans no rule is for.
    pub(super) spans: u64,
    all: u64,
    /// How many of all have no parent in their trace.
    roots: u64,
    /// By group of their parents: how many.
    pub(super) parents: FxHashMap<usize, u64>,
    pub(super) is_database: bool,
    /// An attribute of theirs that says how it came out.
    pub(super) outcome: Option<CompactString>,
}

/// Spans by what they have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    pub(super) all: IndexMap<Likeness, Group>,
    /// Spans that are in no group, since there are too many.
    pub(super) others: u64,
}

impl Groups {
    /// Adds the spans of one workflow, of which some are known already to tell of nothing by another rule.
    pub(super) fn add(&mut self, spans: &[Span], is_unmatched: impl Fn(usize) -> bool) {
        let by_id: FxHashMap<_, usize> =
            spans.iter().enumerate().map(|(at, span)| ((span.trace, span.id), at)).collect();
        let groups: Vec<Option<usize>> = spans.iter().map(|span| self.group_of(span)).collect();
        for (at, span) in spans.iter().enumerate() {
            let Some(group) = groups[at] else {
                self.others += 1;
                continue;
            };
            let parent = span.parent.and_then(|parent| by_id.get(&(span.trace, parent)).copied());
            let group = &mut self.all[group];
            group.all += 1;
            group.roots += u64::from(parent.is_none());
            if !is_unmatched(at) {
                continue;
            }
            group.spans += 1;
            if let Some(parent) = parent.and_then(|parent| groups[parent]) {
                *group.parents.entry(parent).or_default() += 1;
            }
            for (name, _) in span.attributes.iter() {
                group.is_database |= name.starts_with("db.");
                if name.ends_with("outcome") && group.outcome.is_none() {
                    group.outcome = Some(name.into());
                }
            }
        }
    }

    fn group_of(&mut self, span: &Span) -> Option<usize> {
        let likeness = Likeness {
            service: span.source.service.clone(),
            name: words::pattern(&span.name),
            kind: span.kind,
        };
        if let Some(at) = self.all.get_index_of(&likeness) {
            return Some(at);
        }
        (self.all.len() < MOST).then(|| self.all.insert_full(likeness, Group::default()).0)
    }
}

impl Group {
    /// The group of most of its parents, if most have one.
    pub(super) fn parent(&self) -> Option<usize> {
        let (parent, count) =
            self.parents.iter().max_by_key(|(at, count)| (**count, usize::MAX - **at))?;
        (*count * 2 > self.spans).then_some(*parent)
    }

    /// Whether most of its spans have no parent.
    pub(super) fn is_root(&self) -> bool {
        self.roots * 2 > self.all
    }
}
