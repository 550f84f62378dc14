//! A spec drafted from traces: what they show of a workflow, to be edited and then checked.
//!
//! A [`Shape`] is what workflows have in common; [`Seen`] is how often they kept to it, and by which
//! faults. Together they make the text of a spec. What traces do not show (what services own, what guards a
//! step) is drafted in the plainest way there is, and said to be: services own rows, and steps add one.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use amends_models::protocols::saga::{InDoubt, Recovery};
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::Fault;
use amends_models::workflow::expression::name::is_name;

use crate::judge::Verdict;
use crate::shape::{LearntStep, Shape};

/// The most faults of a kind that a draft asks to survive: each multiplies the states of a check.
const MOST: u32 = 2;

/// What was seen of many runs of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many conform to the shape.
    pub conforming: u64,
    /// How many violate it.
    pub violating: u64,
    /// How many are inconclusive.
    pub inconclusive: u64,
    /// The faults by which those that conform are explained.
    faults: BTreeMap<(Fault, String), FaultSeen>,
}

/// How often a fault struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FaultSeen {
    /// In all workflows together.
    times: u64,
    /// In one workflow, at most.
    most: u32,
}

impl Seen {
    /// Takes note of what came of one workflow.
    pub fn note(&mut self, verdict: &Verdict) {
        let explained = match verdict {
            Verdict::Conforms(explained) => explained,
            Verdict::Violates(_) => return self.violating += 1,
            Verdict::Inconclusive { .. } => return self.inconclusive += 1,
        };
        self.conforming += 1;
        let mut here: BTreeMap<(Fault, String), u32> = BTreeMap::new();
        for (at, count) in &explained.faults {
            // A message is no place: the fault strikes anywhere.
            let place = match at.fault {
                Fault::Crash | Fault::Halt => at.what.clone(),
                _ => String::new(),
            };
            *here.entry((at.fault, place)).or_default() += count;
        }
        for (fault, count) in here {
            let seen = self.faults.entry(fault).or_default();
            seen.times += u64::from(count);
            seen.most = seen.most.max(count);
        }
    }
}

/// The text of a spec of that shape for what was seen of workflows of that design.
#[must_use]
pub fn spec(shape: &Shape, seen: &Seen, design: &Design) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = Draft { shape, seen, design }.write(&mut text);
    text
}

struct Draft<'s> {
    shape: &'s Shape,
    seen: &'s Seen,
    design: &'s Design,
}

impl Draft<'_> {
    fn write(&self, text: &mut String) -> fmt::Result {
        let protocol = self.shape.protocol();
        let Seen { conforming, violating, inconclusive, .. } = *self.seen;
        writeln!(
            text,
            "# Drafted from traces: {conforming} workflows that conform to each other."
        )?;
        if violating + inconclusive > 0 {
            writeln!(
                text,
                "# Left aside: {violating} that violate what the others have in common, and \
                 {inconclusive} that are\n# inconclusive."
            )?;
        }
        writeln!(text, "#")?;
        writeln!(
            text,
            "# Traces do not show what services own, nor why a step would be refused. Say so by their"
        )?;
        writeln!(text, "# resources, and by `when` in the steps; then `amends check` this file.")?;
        writeln!(text)?;
        writeln!(text, "name      = {}", quoted(self.shape.name()))?;
        writeln!(text, "protocol  = {}", quoted(protocol))?;
        writeln!(text, "instances = 1")?;
        let steps = self.shape.learnt();
        self.write_services(text, &steps)?;
        for (position, step) in steps.iter().enumerate() {
            let before = position.checked_sub(1).map(|at| steps[at].name);
            self.write_step(text, step, before)?;
        }
        self.write_choices(text)?;
        self.write_faults(text)
    }

    fn write_services(&self, text: &mut String, steps: &[LearntStep<'_>]) -> fmt::Result {
        let mut written: Vec<&str> = Vec::new();
        for step in steps {
            if written.contains(&&*step.service) {
                continue;
            }
            written.push(&step.service);
            let name = plain(&step.service);
            writeln!(text)?;
            if name != *step.service {
                writeln!(text, "# In the traces: {}", comment(&step.service))?;
            }
            writeln!(text, "[services.{name}]\nrows = 0")?;
        }
        Ok(())
    }

    fn write_step(
        &self,
        text: &mut String,
        step: &LearntStep<'_>,
        before: Option<&str>,
    ) -> fmt::Result {
        let protocol = self.shape.protocol();
        writeln!(text, "\n[[step]]")?;
        writeln!(text, "name    = {}", quoted(step.name))?;
        writeln!(text, "service = {}", quoted(&plain(&step.service)))?;
        let is_next = match before {
            Some(before) => step.after == [before],
            None => step.after.is_empty(),
        };
        let is_sequence = matches!(protocol, "saga" | "choreography");
        if protocol != "two-phase-commit" && !(is_sequence && is_next) {
            let after: Vec<String> = step.after.iter().map(|name| quoted(name)).collect();
            writeln!(text, "after   = [{}]", after.join(", "))?;
        }
        let undone = |undoing: &str| match step.undone {
            0 => format!("  # never seen: is it {undoing}?"),
            1 => "  # seen once".to_owned(),
            times => format!("  # seen {times} times"),
        };
        match protocol {
            "tcc" => {
                writeln!(text, "try     = \"rows += 1\"")?;
                writeln!(text, "confirm = \"rows += 0\"")?;
                writeln!(text, "cancel  = \"rows -= 1\"{}", undone("cancelled so"))
            }
            "two-phase-commit" => writeln!(text, "do      = \"rows += 1\""),
            _ => {
                writeln!(text, "do      = \"rows += 1\"")?;
                writeln!(text, "undo    = \"rows -= 1\"{}", undone("undone so"))
            }
        }
    }

    fn write_choices(&self, text: &mut String) -> fmt::Result {
        let Protocol::Saga(knobs) = self.design.protocol() else { return Ok(()) };
        let in_doubt = match knobs.in_doubt {
            InDoubt::Compensate => "compensate",
            InDoubt::Ignore => "ignore",
        };
        writeln!(text, "\n[saga]")?;
        writeln!(
            text,
            "attempts = {}  # the most that a step was tried in one workflow",
            knobs.attempts
        )?;
        writeln!(text, "in-doubt = {}", quoted(in_doubt))?;
        match knobs.recovery {
            Recovery::Forward | Recovery::Never => Ok(()),
            Recovery::Backward => {
                writeln!(text, "recovery = \"backward\"  # it explains more of them than `forward`")
            }
        }
    }

    fn write_faults(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "\n[faults]")?;
        if self.seen.faults.is_empty() {
            return writeln!(
                text,
                "# None was seen. What should it survive?\n# crash = {{ coordinator = 1 }}\n# lose  = 1"
            );
        }
        let rate = |times: u64| {
            let per_thousand = times as f64 * 1000.0 / self.seen.conforming.max(1) as f64;
            format!("{} in 1000 workflows", (per_thousand * 10.0).round() / 10.0)
        };
        let mut kinds: Vec<Fault> = self.seen.faults.keys().map(|(fault, _)| *fault).collect();
        kinds.dedup();
        for fault in kinds {
            let of_kind = self.seen.faults.iter().filter(|((it, _), _)| *it == fault);
            let of_kind: Vec<(&str, FaultSeen)> =
                of_kind.map(|((_, place), seen)| (place.as_str(), *seen)).collect();
            for (place, seen) in &of_kind {
                let at = if place.is_empty() { String::new() } else { format!(" of {place}") };
                writeln!(text, "# {}{at}: {}", fault.name(), rate(seen.times))?;
            }
            match &of_kind[..] {
                [("", seen)] => writeln!(text, "{} = {}", fault.name(), seen.most.min(MOST))?,
                places => {
                    let counts: Vec<String> = places
                        .iter()
                        .map(|(place, seen)| format!("{} = {}", key(place), seen.most.min(MOST)))
                        .collect();
                    writeln!(text, "{} = {{ {} }}", fault.name(), counts.join(", "))?;
                }
            }
        }
        Ok(())
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A key as TOML writes it.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A name on one line, for a comment.
fn comment(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The name of a service, as expressions can write it.
fn plain(name: &str) -> String {
    if is_name(name) && name.is_ascii() {
        return name.to_owned();
    }
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let plain: String = name.chars().map(fits).collect();
    if is_name(&plain) { plain } else { format!("service-{plain}") }
}
