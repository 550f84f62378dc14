//! Limits: how much memory any one thing that is read may take.

/// How much memory any one thing that is read may take. What goes beyond is cut or left out, and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a line of JSON that is read at once. Longer ones are read piece by piece, which is slower.
    pub line: usize,
    /// Bytes of a protobuf message that has to be held in memory: a whole framed message, or a resource
    /// with all of its spans.
    pub message: usize,
    /// Bytes of a text: a name, or an attribute's value.
    pub text: usize,
    /// Attributes, of anything that has them, and elements of a list or map.
    pub attributes: usize,
    /// Events of a span, and links of a span.
    pub events: usize,
    /// Bytes of memory that one span, log record or resource takes.
    pub item: usize,
    /// Bytes of spans that are held back because their resource is told after them.
    pub held: usize,
}

impl Default for Limits {
    /// 8 MiB of line, 64 MiB of message, 64 KiB of text, 1,024 attributes, 10,000 events,
    /// 4 MiB for one span, 256 MiB held.
    fn default() -> Self {
        Limits {
            line: 8 << 20,
            message: 64 << 20,
            text: 64 << 10,
            attributes: 1024,
            events: 10_000,
            item: 4 << 20,
            held: 256 << 20,
        }
    }
}
