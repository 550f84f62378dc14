//! How workflows end, whatever their protocol.

/// How a workflow can end, whatever its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Every step is done.
    Completed,
    /// Every step is undone.
    Compensated,
    /// It needs a person.
    Failed,
}
