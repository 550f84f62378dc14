//! What a workflow must be like whose steps use different protocols: every step says what each
//! protocol does that may carry it out, and none waits for what comes after the decision.

use crate::process::{StepId, StepSet};
use crate::workflow::business::Work;
use crate::workflow::definition::{Protocol, Step, StepKind};
use crate::workflow::expression::Variable;
use crate::workflow::expression::parse::parse_condition;
use crate::workflow::request::Requests;
use crate::workflow::rule::{Rule, StepProtocol};

use super::WorkflowBuilder;
use super::draft::StepDraft;
use super::names::InputNames;
use super::refusal::{Place, RuleField, StepField, WorkflowError};

impl WorkflowBuilder {
    /// The rule, and what it picks for each request.
    pub(super) fn resolve_rule(&self, requests: &Requests) -> Result<Option<Rule>, WorkflowError> {
        let Some(draft) = &self.rule else { return Ok(None) };
        let wrong = |field, message: &str, help: &str| {
            Err(WorkflowError::new(Place::Rule(field), message).help(help))
        };
        if !matches!(self.protocol, Protocol::Mixed(_)) {
            let message = format!("a {} has no choice of protocols", self.protocol.name());
            return wrong(RuleField::When, &message, "set protocol = \"mixed\"");
        }
        for (field, picked) in [(RuleField::Use, draft.then), (RuleField::Else, draft.otherwise)] {
            if picked == StepProtocol::Outbox {
                return wrong(
                    field,
                    "a rule picks a protocol that decides something, and an outbox only tells",
                    "use `saga` or `tcc`",
                );
            }
        }
        if draft.then == draft.otherwise {
            let message = "the rule picks the same protocol either way";
            return wrong(RuleField::Else, message, "let one be `saga` and the other `tcc`");
        }
        if self.steps.iter().all(|step| step.protocol.is_some()) {
            return wrong(
                RuleField::When,
                "there is nothing to pick: every step has a protocol of its own",
                "remove `protocol` from the steps that the rule is for",
            );
        }
        if requests.values().is_empty() {
            return wrong(
                RuleField::When,
                "the rule has nothing to go by: there are no requests",
                "add a [[request]] for each workflow, with its inputs: `amount = 300`",
            );
        }
        let place = || Place::Rule(RuleField::When);
        let when = parse_condition(&draft.when, &InputNames(requests.inputs()))
            .map_err(|error| WorkflowError::expression(place(), error))?;
        let pick = |inputs: &Vec<i64>| {
            let lookup = |variable| match variable {
                Variable::Input(input) => inputs[usize::from(input.0)],
                foreign => unreachable!("a validated rule names {foreign:?}"),
            };
            let picked = when.evaluate(&lookup).map_err(|error| {
                WorkflowError::new(place(), error.to_string()).help("keep the numbers smaller")
            })?;
            Ok(if picked { draft.then } else { draft.otherwise })
        };
        let picks = requests.values().iter().map(pick).collect::<Result<_, WorkflowError>>()?;
        Ok(Some(Rule { when, then: draft.then, otherwise: draft.otherwise, picks }))
    }

    /// The protocols by which a step may be carried out, in different workflows.
    fn possible(&self, draft: &StepDraft) -> Vec<StepProtocol> {
        match (draft.protocol, &self.rule) {
            (Some(own), _) => vec![own],
            (None, Some(rule)) => vec![rule.then, rule.otherwise],
            (None, None) => Vec::new(),
        }
    }

    /// Without an order of its own, a saga step follows the one before it; branches of a TCC are tried
    /// all at once, and notices are sent all at once. A step that may be either follows.
    pub(super) fn follows(&self, position: usize) -> StepSet {
        let may_be_saga = |step: &StepDraft| self.possible(step).contains(&StepProtocol::Saga);
        if !may_be_saga(&self.steps[position]) {
            return StepSet::EMPTY;
        }
        let before = self.steps[..position].iter().rposition(may_be_saga);
        before.map(|before| StepId(before as u8)).into_iter().collect()
    }

    /// Checks what one step says of itself.
    pub(super) fn check_part(
        &self,
        position: usize,
        draft: &StepDraft,
    ) -> Result<(), WorkflowError> {
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
    pub(super) fn check_parts(&self, steps: &[Step]) -> Result<(), WorkflowError> {
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
