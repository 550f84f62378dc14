//! The parts of a domain that an error can point at.

/// Where in a domain something is wrong. Positions count from zero, in order of definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainPlace {
    /// An aggregate.
    Aggregate(usize),
    /// A value of an aggregate: their positions.
    AggregateValue(usize, usize),
    /// An event in the history of an aggregate.
    History(usize, usize),
    /// A key of a command.
    Command(usize, CommandField),
    /// A key of a type of event.
    Event(usize, EventField),
    /// A projection.
    Projection(usize),
    /// A value of a projection.
    ProjectionValue(usize, usize),
    /// An event that a projection takes in.
    ProjectionEvent(usize, usize),
    /// A change at an event: projection, event, change.
    ProjectionChange(usize, usize, usize),
    /// A key of a policy.
    Policy(usize, PolicyField),
    /// A command that clients give.
    Request(usize),
}

/// The keys of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandField {
    /// Its name.
    Name,
    /// Its aggregate.
    Aggregate,
    /// Its guard.
    When,
    /// An event that it emits.
    Emits(usize),
    /// An event that it emits when its guard is false.
    Otherwise(usize),
}

/// The keys of a type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventField {
    /// Its name.
    Name,
    /// Its aggregate.
    Aggregate,
    /// One of its changes.
    Evolve(usize),
    /// An event that it is read as.
    Upcast(usize),
}

/// The keys of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyField {
    /// Its event.
    On,
    /// Its command.
    Command,
    /// Its process manager.
    Manager,
}
