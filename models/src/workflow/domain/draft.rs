//! The parts of a domain as people write them: names and texts.

/// An aggregate as people write it.
#[derive(Clone, Debug)]
pub struct AggregateDraft {
    pub(super) name: String,
    pub(super) shared: bool,
    pub(super) values: Vec<(String, i64)>,
    pub(super) history: Vec<String>,
}

/// A command as people write it.
#[derive(Clone, Debug)]
pub struct CommandDraft {
    pub(super) name: String,
    pub(super) aggregate: String,
    pub(super) when: Option<String>,
    pub(super) emits: Vec<String>,
    pub(super) otherwise: Vec<String>,
}

/// A type of event as people write it.
#[derive(Clone, Debug)]
pub struct EventDraft {
    pub(super) name: String,
    pub(super) aggregate: String,
    pub(super) evolve: Vec<String>,
    pub(super) upcast: Option<Vec<String>>,
}

/// A projection as people write it.
#[derive(Clone, Debug)]
pub struct ProjectionDraft {
    pub(super) name: String,
    pub(super) values: Vec<(String, i64)>,
    pub(super) on: Vec<(String, Vec<String>)>,
}

/// A policy as people write it.
#[derive(Clone, Debug)]
pub struct PolicyDraft {
    pub(super) on: String,
    pub(super) command: String,
    pub(super) manager: String,
}

/// The process manager of policies that name none.
pub const PROCESS_MANAGER: &str = "process-manager";
impl AggregateDraft {
    /// An aggregate of that name, one for each workflow, with these values at the start.
    #[must_use]
    pub fn new<N: Into<String>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = (N, i64)>,
    ) -> Self {
        AggregateDraft {
            name: name.into(),
            shared: false,
            values: values.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            history: Vec::new(),
        }
    }

    /// Makes it one for all workflows.
    #[must_use]
    pub fn shared(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// The events that are in its stream before anything runs.
    #[must_use]
    pub fn history<T: Into<String>>(mut self, events: impl IntoIterator<Item = T>) -> Self {
        self.history = events.into_iter().map(Into::into).collect();
        self
    }
}

impl CommandDraft {
    /// A command of that name for that aggregate.
    #[must_use]
    pub fn new(name: impl Into<String>, aggregate: impl Into<String>) -> Self {
        CommandDraft {
            name: name.into(),
            aggregate: aggregate.into(),
            when: None,
            emits: Vec::new(),
            otherwise: Vec::new(),
        }
    }

    /// When it is accepted.
    #[must_use]
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.when = Some(condition.into());
        self
    }

    /// The events that it leads to.
    #[must_use]
    pub fn emits<T: Into<String>>(mut self, events: impl IntoIterator<Item = T>) -> Self {
        self.emits = events.into_iter().map(Into::into).collect();
        self
    }

    /// The events that it leads to when its condition is false.
    #[must_use]
    pub fn otherwise<T: Into<String>>(mut self, events: impl IntoIterator<Item = T>) -> Self {
        self.otherwise = events.into_iter().map(Into::into).collect();
        self
    }
}

impl EventDraft {
    /// A type of event of that name, in the streams of that aggregate.
    #[must_use]
    pub fn new(name: impl Into<String>, aggregate: impl Into<String>) -> Self {
        EventDraft {
            name: name.into(),
            aggregate: aggregate.into(),
            evolve: Vec::new(),
            upcast: None,
        }
    }

    /// What it changes.
    #[must_use]
    pub fn evolve<T: Into<String>>(mut self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.evolve = assignments.into_iter().map(Into::into).collect();
        self
    }

    /// Makes it an event of the past, which is read as these.
    #[must_use]
    pub fn upcast<T: Into<String>>(mut self, events: impl IntoIterator<Item = T>) -> Self {
        self.upcast = Some(events.into_iter().map(Into::into).collect());
        self
    }
}

impl ProjectionDraft {
    /// A read model of that name, with these values at the start.
    #[must_use]
    pub fn new<N: Into<String>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = (N, i64)>,
    ) -> Self {
        ProjectionDraft {
            name: name.into(),
            values: values.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            on: Vec::new(),
        }
    }

    /// What it changes at an event.
    #[must_use]
    pub fn on<T: Into<String>>(
        mut self,
        event: impl Into<String>,
        assignments: impl IntoIterator<Item = T>,
    ) -> Self {
        self.on.push((event.into(), assignments.into_iter().map(Into::into).collect()));
        self
    }
}

impl PolicyDraft {
    /// Answers every such event with that command.
    #[must_use]
    pub fn new(on: impl Into<String>, command: impl Into<String>) -> Self {
        let manager = PROCESS_MANAGER.to_owned();
        PolicyDraft { on: on.into(), command: command.into(), manager }
    }

    /// The process manager that it belongs to.
    #[must_use]
    pub fn manager(mut self, manager: impl Into<String>) -> Self {
        self.manager = manager.into();
        self
    }
}
