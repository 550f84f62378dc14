//! The intake: where all formats hand in what they read, to be counted and handed out.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use compact_str::CompactString;

use super::Item;
use super::limits::Limits;
use super::report::{Example, Flaw, Place, ReadReport};
use crate::sources::Sources;
use crate::span::Source;

/// Takes in what is read, keeps count of it, and knows where the reading is.
pub(super) struct Intake<'t> {
    take: &'t mut dyn FnMut(Item) -> ControlFlow<()>,
    pub(super) limits: Limits,
    report: ReadReport,
    /// Whether nothing more is wanted.
    pub(super) stopped: bool,
    /// Interned, since a Collector repeats the resource on every line.
    pub(super) sources: Sources,
    /// The number of the line, or of the message.
    pub(super) number: Rc<Cell<u64>>,
    pub(super) counts_lines: bool,
    path: Vec<(&'static str, usize)>,
    nobody: Arc<Source>,
    /// Bytes that the present span, log record or resource may still take.
    room: usize,
}

/// Texts up to this length take no memory of their own.
const INLINE: usize = size_of::<CompactString>();

impl<'t> Intake<'t> {
    pub(super) fn new(
        take: &'t mut dyn FnMut(Item) -> ControlFlow<()>,
        limits: Limits,
    ) -> Intake<'t> {
        Intake {
            take,
            limits,
            report: ReadReport::default(),
            stopped: false,
            sources: Sources::default(),
            number: Rc::new(Cell::new(0)),
            counts_lines: true,
            path: Vec::new(),
            nobody: Arc::default(),
            room: limits.item,
        }
    }

    pub(super) fn into_report(self) -> ReadReport {
        self.report
    }

    /// How many items were handed out.
    pub(super) fn handed_out(&self) -> u64 {
        self.report.spans + self.report.logs
    }

    /// Whether there was nothing that is known here.
    pub(super) fn has_nothing(&self) -> bool {
        self.handed_out() == 0
            && self.report.metrics == 0
            && self.report.flaws.keys().all(|flaw| *flaw == Flaw::Syntax)
    }

    pub(super) fn hand_out(&mut self, item: Item) {
        if self.stopped {
            return;
        }
        match &item {
            Item::Span(_) => self.report.spans += 1,
            Item::Log(_) => self.report.logs += 1,
        }
        self.stopped = (self.take)(item).is_break();
    }

    pub(super) fn count_metrics(&mut self) {
        self.report.metrics += 1;
    }

    pub(super) fn metrics(&self) -> u64 {
        self.report.metrics
    }

    /// Takes back some of the count of metrics.
    pub(super) fn limit_metrics(&mut self, most: u64) {
        self.report.metrics = self.report.metrics.min(most);
    }

    /// Counts a flaw of what is read here.
    pub(super) fn note(&mut self, flaw: Flaw, detail: impl Into<CompactString>) {
        self.note_with(flaw, || detail.into());
    }

    /// Counts a flaw; its detail is only made where an example is wanted.
    pub(super) fn note_with(&mut self, flaw: Flaw, detail: impl FnOnce() -> CompactString) {
        let Intake { report, number, counts_lines, path, .. } = self;
        report.note(flaw, || {
            let step = |(name, at): &(&str, usize)| format!("{name}[{at}]");
            let path: Vec<_> = path.iter().map(step).collect();
            // What is told of a place must stay small, whatever was found there.
            let mut detail = detail();
            detail.truncate(detail.floor_char_boundary(200));
            let place =
                Place { number: number.get(), is_line: *counts_lines, path: path.join(".") };
            Example { place, detail }
        });
    }

    /// Enters a list; its elements are told by [`step`](Intake::step).
    pub(super) fn enter(&mut self, list: &'static str) {
        self.path.push((list, 0));
    }

    /// Goes on to the next element of the list.
    pub(super) fn step(&mut self) {
        if let Some((_, at)) = self.path.last_mut() {
            *at += 1;
        }
    }

    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    /// Leaves all lists, when a line or document is over, however it ended.
    pub(super) fn leave_all(&mut self) {
        self.path.clear();
    }

    pub(super) fn source(&mut self, source: Source) -> Arc<Source> {
        self.sources.intern(source)
    }

    /// A source for items whose own is not known yet.
    pub(super) fn nobody(&self) -> Arc<Source> {
        Arc::clone(&self.nobody)
    }

    /// Gives room to a new span, log record or resource.
    pub(super) fn begin_item(&mut self) {
        self.room = self.limits.item;
    }

    /// Whether there is room for so many bytes more, which are taken.
    pub(super) fn charge(&mut self, bytes: usize) -> bool {
        let enough = bytes <= self.room;
        self.room = self.room.saturating_sub(bytes);
        enough
    }

    /// The text, or as much of it as is within the limits.
    pub(super) fn text(&mut self, text: &str) -> CompactString {
        let room = self.limits.text.min(self.room);
        if text.len() <= room {
            // Shorter ones are stored in place.
            if text.len() > INLINE {
                self.room -= text.len();
            }
            return text.into();
        }
        self.note_with(Flaw::TextCut, || {
            let (bytes, start) = (text.len(), &text[..text.floor_char_boundary(40)]);
            format!("{bytes} bytes, beginning with {start:?}").into()
        });
        self.room -= room;
        text[..text.floor_char_boundary(room)].into()
    }
}
