//! The rule that picks the protocol of steps, and what it picks for each request.

use crate::workflow::expression::Variable;
use crate::workflow::expression::parse::parse_condition;
use crate::workflow::request::Requests;
use crate::workflow::rule::{Rule, StepProtocol};

use super::WorkflowBuilder;
use super::names::InputNames;
use super::refusal::{Place, RuleField, WorkflowError};
use super::requirements::Requirements;

impl WorkflowBuilder {
    /// The rule, and what it picks for each request.
    pub(super) fn resolve_rule(
        &self,
        protocol: &dyn Requirements,
        requests: &Requests,
    ) -> Result<Option<Rule>, WorkflowError> {
        let Some(draft) = &self.rule else { return Ok(None) };
        let wrong = |field, message: &str, help: &str| {
            Err(WorkflowError::new(Place::Rule(field), message).help(help))
        };
        if !protocol.takes_rule() {
            let message = format!("a {} has no choice of protocols", protocol.name());
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
}
