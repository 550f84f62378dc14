//! The requirements of a workflow whose steps use different protocols: every step says what each
//! protocol does that may carry it out, and none waits for what comes after the decision.

use crate::process::nodes::COORDINATOR;
use crate::process::{StepId, StepSet};
use crate::protocols::saga::Isolation;
use crate::system::{ProtocolDefinition, names};
use crate::workflow::builder::{
    Place, RuleDraft, StepDraft, StepField, WorkflowError, check_outside,
};
use crate::workflow::{
    Drafts, Exceptions, Requirements, Service, Step, StepKind, StepProtocol, Work,
};

use super::knobs::MixedChoices;
use super::properties::BUILT_IN;

impl Requirements for MixedChoices {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn nodes(&self) -> Vec<String> {
        vec![COORDINATOR.to_owned()]
    }

    fn reserved_names(&self) -> Vec<&'static str> {
        names(BUILT_IN)
    }

    fn works(&self) -> &'static [Work] {
        &Work::ALL
    }

    fn takes_rule(&self) -> bool {
        true
    }

    fn exceptions(&self) -> Exceptions<'_> {
        self.saga.exceptions().and(self.tcc.exceptions())
    }

    /// A step says what its own protocol does.
    fn check_step(&self, drafts: Drafts<'_>, position: usize) -> Result<(), WorkflowError> {
        check_outside(self, position, &drafts.steps[position])?;
        Parts::of(drafts).check_part(position)
    }

    fn usual_order(&self, drafts: Drafts<'_>, position: usize) -> StepSet {
        Parts::of(drafts).follows(position)
    }

    fn check_steps(
        &self,
        drafts: Drafts<'_>,
        steps: &[Step],
        _services: &[Service],
    ) -> Result<(), WorkflowError> {
        Parts::of(drafts).check_parts(steps)
    }

    fn check_knobs(&self, steps: &[Step]) -> Result<(), WorkflowError> {
        if self.saga.isolation != Isolation::default() {
            return Err(WorkflowError::new(
                Place::Knob("isolation"),
                "steps of a mixed workflow read nothing, so there is nothing to isolate",
            )
            .help("make the steps that must not interfere branches of the TCC"));
        }
        if self.saga.standby {
            return Err(WorkflowError::new(
                Place::Knob("standby"),
                "the coordinator of a mixed workflow has none that stands by",
            )
            .help("remove `standby`, or use `protocol = \"saga\"`"));
        }
        self.saga.check_knobs(steps)?;
        self.tcc.check_knobs(steps)
    }
}

/// The steps of a mixed workflow, and what picks their protocols.
#[derive(Clone, Copy)]
struct Parts<'a> {
    steps: &'a [StepDraft],
    rule: Option<&'a RuleDraft>,
}

impl<'a> Parts<'a> {
    fn of(drafts: Drafts<'a>) -> Self {
        Parts { steps: drafts.steps, rule: drafts.rule }
    }

    /// The protocols by which a step may be carried out, in different workflows.
    fn possible(self, draft: &StepDraft) -> Vec<StepProtocol> {
        match (draft.protocol, self.rule) {
            (Some(own), _) => vec![own],
            (None, Some(rule)) => vec![rule.then, rule.otherwise],
            (None, None) => Vec::new(),
        }
    }

    /// Without an order of its own, a saga step follows the one before it; branches of a TCC are tried
    /// all at once, and notices are sent all at once. A step that may be either follows.
    fn follows(self, position: usize) -> StepSet {
        let may_be_saga = |step: &StepDraft| self.possible(step).contains(&StepProtocol::Saga);
        if !may_be_saga(&self.steps[position]) {
            return StepSet::EMPTY;
        }
        let before = self.steps[..position].iter().rposition(may_be_saga);
        before.map(|before| StepId(before as u8)).into_iter().collect()
    }

    /// Checks what one step says of itself.
    fn check_part(self, position: usize) -> Result<(), WorkflowError> {
        let draft = &self.steps[position];
        let name = &draft.name;
        let wrong = |field, message: String, help: String| {
            Err(WorkflowError::new(Place::Step(position, field), message).help(help))
        };
        if !draft.read.is_empty() {
            return wrong(
                StepField::Read(0),
                format!("`{name}` reads, but a mixed workflow has no variables"),
                "remove `read`, or set protocol = \"saga\" for the workflow".to_owned(),
            );
        }
        let possible = self.possible(draft);
        if possible.is_empty() {
            return wrong(
                StepField::Name,
                format!("`{name}` does not say by which protocol it is carried out"),
                "add `protocol = …` to the step, or a [rule] that picks one".to_owned(),
            );
        }
        let known = |protocol: &StepProtocol| -> &[Work] {
            match protocol {
                StepProtocol::Saga => &[Work::Change, Work::Undo],
                StepProtocol::Tcc => &[Work::Reserve, Work::Confirm, Work::Cancel],
                StepProtocol::Outbox => &[Work::Change],
            }
        };
        let names: Vec<&str> = possible.iter().map(|protocol| protocol.name()).collect();
        for work in Work::ALL {
            let means_something = possible.iter().any(|it| known(it).contains(&work));
            if !means_something && !draft.business[work].is_empty() {
                return wrong(
                    StepField::Work(work, 0),
                    format!("`{name}` has a `{}`, which {} never asks for", work.name(), names[0]),
                    format!("remove it, or change the step's protocol from `{}`", names[0]),
                );
            }
        }
        // What the rule decides must be possible either way.
        for protocol in possible.iter().filter(|_| possible.len() > 1) {
            let needed = known(protocol).iter();
            if let Some(work) = needed.copied().find(|&work| draft.business[work].is_empty()) {
                let (work, protocol) = (work.name(), protocol.name());
                return wrong(
                    StepField::Name,
                    format!("the rule may pick `{protocol}` for `{name}`, which has no `{work}`"),
                    format!("add `{work} = …`, or give the step a protocol of its own"),
                );
            }
        }
        let is_saga = possible == [StepProtocol::Saga];
        if draft.kind != StepKind::Compensatable && !is_saga {
            return wrong(
                StepField::Kind,
                format!("`{name}` is to be {}, but only saga steps have a kind", draft.kind.name()),
                "remove `kind`, or set protocol = \"saga\" for the step".to_owned(),
            );
        }
        let has_tcc =
            self.steps.iter().any(|step| self.possible(step).contains(&StepProtocol::Tcc));
        if draft.kind == StepKind::Pivot && has_tcc {
            return wrong(
                StepField::Kind,
                format!("`{name}` is a second pivot: the TCC is the point of no return"),
                "make it retriable, which comes after the TCC, or compensatable".to_owned(),
            );
        }
        if possible == [StepProtocol::Outbox] && draft.when.is_some() {
            return wrong(
                StepField::When,
                format!("`{name}` is a notice, which nobody can refuse"),
                "remove `when`, or set protocol = \"saga\" for the step".to_owned(),
            );
        }
        Ok(())
    }

    /// Checks that no step waits for one that comes later, whatever the rule picks.
    fn check_parts(self, steps: &[Step]) -> Result<(), WorkflowError> {
        let phases = |at: usize| -> Vec<Phase> {
            let possible = self.possible(&self.steps[at]).into_iter();
            possible.map(|protocol| Phase::of(protocol, steps[at].kind)).collect()
        };
        for (position, draft) in self.steps.iter().enumerate() {
            let (Some(after), Some(earliest)) = (&draft.after, phases(position).into_iter().min())
            else {
                continue;
            };
            for (at, name) in after.iter().enumerate() {
                let Some(before) = self.steps.iter().position(|step| step.name == *name) else {
                    continue;
                };
                // Steps of the rule are in the same phase as each other, whatever it picks.
                let both_open = draft.protocol.is_none() && self.steps[before].protocol.is_none();
                let latest = phases(before).into_iter().max().filter(|_| !both_open);
                if let Some(latest) = latest.filter(|latest| *latest > earliest) {
                    return Err(WorkflowError::new(
                        Place::Step(position, StepField::After(at)),
                        format!(
                            "`{}`, {}, cannot wait for `{name}`, {}",
                            draft.name,
                            earliest.what(),
                            latest.what()
                        ),
                    )
                    .help(
                        "first come saga steps that can be undone, then the TCC, then what cannot \
                         be undone, then notices",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The phases of a mixed workflow, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Compensatable,
    Tcc,
    Final,
    Notice,
}

impl Phase {
    fn of(protocol: StepProtocol, kind: StepKind) -> Phase {
        match (protocol, kind) {
            (StepProtocol::Tcc, _) => Phase::Tcc,
            (StepProtocol::Outbox, _) => Phase::Notice,
            (StepProtocol::Saga, StepKind::Compensatable) => Phase::Compensatable,
            (StepProtocol::Saga, StepKind::Pivot | StepKind::Retriable) => Phase::Final,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Phase::Compensatable => "a saga step that can be undone",
            Phase::Tcc => "a branch of the TCC",
            Phase::Final => "a saga step that cannot be undone",
            Phase::Notice => "a notice",
        }
    }
}
