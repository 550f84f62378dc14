//! Components: what is held together until it is handed out.

use super::names::{Name, Names, Root};
use crate::log::LogRecord;
use crate::span::{Span, Time};

/// Spans and log records that are connected by traces, workflow ids and links.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) names: Vec<Name>,
    pub(super) spans: Vec<Span>,
    pub(super) logs: Vec<LogRecord>,
    /// Bytes, about.
    pub(super) memory: usize,
    /// How many items had come when something was added last.
    pub(super) touched: u64,
    /// The time then, by what spans tell.
    pub(super) touched_at: Time,
    /// The time when it began, by what spans tell.
    pub(super) born_at: Time,
    /// Traces of which spans came, but no root that ended.
    open: usize,
}

impl Component {
    /// About as many bytes does an empty one take, with its places in all tables.
    pub(super) const EMPTY: usize = 2 * size_of::<Component>();
    /// About as many bytes does a name take, with its places in all tables.
    pub(super) const NAME: usize = 4 * size_of::<Name>();

    pub(super) fn new(now: Time, count: u64) -> Self {
        Component {
            names: Vec::new(),
            spans: Vec::new(),
            logs: Vec::new(),
            memory: Component::EMPTY,
            touched: count,
            touched_at: now,
            born_at: now,
            open: 0,
        }
    }

    /// Whether the root of each of its traces has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.open == 0
    }

    pub(super) fn add_span(&mut self, span: Span, names: &mut Names) {
        let is_ended_root = span.parent.is_none() && span.end.is_some();
        let root = if is_ended_root { Root::Ended } else { Root::Open };
        match (names.learn_root(span.trace, root), root) {
            (Root::NoSpans, Root::Open) => self.open += 1,
            (Root::Open, Root::Ended) => self.open -= 1,
            _ => {}
        }
        self.memory += span.memory();
        self.spans.push(span);
    }

    pub(super) fn add_log(&mut self, log: LogRecord) {
        self.memory += log.memory();
        self.logs.push(log);
    }

    pub(super) fn absorb(&mut self, other: Component) {
        self.names.extend(other.names);
        self.spans.extend(other.spans);
        self.logs.extend(other.logs);
        self.memory += other.memory;
        self.touched = self.touched.max(other.touched);
        self.touched_at = self.touched_at.max(other.touched_at);
        self.born_at = self.born_at.min(other.born_at);
        self.open += other.open;
    }
}
