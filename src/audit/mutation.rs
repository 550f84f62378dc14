//! Steps changed on purpose: a guard left away, a compensation forgotten, a number that is wrong by one.

use amends_models::protocols::AnyProtocol;
use amends_models::workflow::builder::{Place, StepField};
use amends_models::workflow::{Step, Variable, Work, Workflow};

use crate::spec::{Setting, Spec};

/// A change of a step, or of a command of an event-sourced system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// What it is called: `charge without `undo``.
    pub title: String,
    /// What is set.
    pub setting: Setting,
    /// What would notice it.
    pub advice: String,
    /// Why it may change nothing at all.
    pub no_place: String,
    /// A change that nobody could miss, by which it is told whether what was changed ever happens.
    pub glaring: Option<Setting>,
}

/// All changes of a spec.
#[must_use]
pub fn all(spec: &Spec) -> Vec<Mutation> {
    let workflow = spec.design.workflow();
    let mut found = Vec::new();
    for (at, step) in workflow.steps().iter().enumerate() {
        guard(workflow, step, &mut found);
        for work in Work::ALL {
            changes(spec, at, work, &mut found);
        }
    }
    if let Some(domain) = spec.design.protocol().domain() {
        for command in domain.commands().iter().filter(|command| command.when.is_some()) {
            found.push(Mutation {
                title: format!("{} without `when`", command.name),
                setting: Setting::new(format!("command.{}.when", command.name), ""),
                advice: "state with a property what the command's `when` protects".to_owned(),
                no_place: "it is never false here".to_owned(),
                glaring: None,
            });
        }
        for event in domain.events().iter().filter(|event| !event.evolve.is_empty()) {
            found.push(Mutation {
                title: format!("{} without `evolve`", event.name),
                setting: Setting::new(format!("event.{}.evolve", event.name), ""),
                advice: "state with a property what the event is to change".to_owned(),
                no_place: "nothing depends on it here".to_owned(),
                glaring: None,
            });
        }
    }
    found
}

fn guard(workflow: &Workflow, step: &Step, found: &mut Vec<Mutation>) {
    let Some(when) = &step.when else { return };
    let mut named = Vec::new();
    when.visit(&mut |variable| {
        if let Variable::Resource(service, resource) = variable {
            let service = workflow.service(service);
            let resource = &service.resources[usize::from(resource.0)].name;
            let name = format!("{}.{resource}", service.name).replace('-', "_");
            if !named.contains(&name) {
                named.push(name);
            }
        }
    });
    let example = named.first().map(|name| format!(", like `always = \"{name} >= 0\"`"));
    let advice = format!("state what the guard protects{}", example.unwrap_or_default());
    found.push(Mutation {
        title: format!("{} without `when`", step.name),
        setting: Setting::new(format!("step.{}.when", step.name), ""),
        advice,
        no_place: format!(
            "it is never false here; let there be less{}",
            named.first().map(|name| format!(" of {name}")).unwrap_or_default(),
        ),
        glaring: None,
    });
}

fn changes(spec: &Spec, at: usize, work: Work, found: &mut Vec<Mutation>) {
    let workflow = spec.design.workflow();
    let step = &workflow.steps()[at];
    let assignments = &step.business[work];
    if assignments.is_empty() {
        return;
    }
    let key = format!("step.{}.{}", step.name, work.name());
    let owner = workflow.service(step.service);
    let changed = assignments.iter().map(|assignment| {
        let resource = &owner.resources[usize::from(assignment.resource.0)].name;
        format!("{}.{resource}", owner.name).replace('-', "_")
    });
    let changed: Vec<String> = changed.collect();
    // A division by zero has no result, so it is found out wherever it happens.
    let first = owner.resources[usize::from(assignments[0].resource.0)].name.replace('-', "_");
    let glaring = Some(Setting::new(&key, format!("{first} = {first} / 0")));
    let advice = match work {
        Work::Undo | Work::Cancel => "let something be refused after it, so that it is undone: \
                                      --faults refuse=1"
            .to_owned(),
        _ if changed.is_empty() => String::new(),
        _ => format!(
            "state what is to be true of {} when all is settled, like `settled = \"{} == …\"`",
            changed.join(" and "),
            changed[0],
        ),
    };
    found.push(Mutation {
        title: format!("{} without `{}`", step.name, work.name()),
        setting: Setting::new(&key, ""),
        advice: advice.clone(),
        no_place: format!("`{}` never happens here", work.name()),
        glaring: glaring.clone(),
    });
    let mut lines: Vec<String> =
        (0..assignments.len()).filter_map(|line| written(spec, at, work, line)).collect();
    if let Some(last) = lines.last_mut()
        && let Some(wrong) = off_by_one(last)
    {
        *last = wrong;
        found.push(Mutation {
            title: format!("{} with a wrong number in `{}`", step.name, work.name()),
            setting: Setting::new(&key, lines.join("; ")),
            advice,
            no_place: format!("`{}` never happens here", work.name()),
            glaring,
        });
    }
}

/// An assignment as the spec writes it.
fn written(spec: &Spec, step: usize, work: Work, line: usize) -> Option<String> {
    let place = Place::Step(step, StepField::Work(work, line));
    let text = spec.source.text().get(spec.locate(&place, None)?)?;
    Some(text.trim_matches(['"', '\'']).trim().to_owned())
}

/// The same with one more in its last number; or one more, if it has none.
fn off_by_one(text: &str) -> Option<String> {
    let end = text.rfind(|c: char| c.is_ascii_digit()).map(|at| at + 1);
    let Some(end) = end else { return Some(format!("{text} + 1")) };
    let start = text[..end]
        .rfind(|c: char| !c.is_ascii_digit() && c != '_')
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let number: i64 = text[start..end].replace('_', "").parse().ok()?;
    Some(format!("{}{}{}", &text[..start], number.checked_add(1)?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_wrong_by_one() {
        assert_eq!(off_by_one("stock = stock - 1").as_deref(), Some("stock = stock - 2"));
        assert_eq!(off_by_one("paid = paid + 1_000").as_deref(), Some("paid = paid + 1001"));
        assert_eq!(off_by_one("paid = paid + amount").as_deref(), Some("paid = paid + amount + 1"));
    }
}
