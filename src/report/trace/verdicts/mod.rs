//! Verdicts on workflows, one after the other and all together, for people and for programs.
//!
//! As JSON each workflow is an object on a line of its own:
//!
//! | field | meaning |
//! |---|---|
//! | `workflow`, `id`, `trace` | its name and id, and its trace; `null` where nothing gives them |
//! | `verdict` | `conforms`, `violates` or `inconclusive` |
//! | `explanation` | the least faults that explain it, each with `fault`, `at`, `count`; absent if nothing does |
//! | `rule`, `meaning` | of a violation: the rule that broke |
//! | `evidence`, `spans` | of a violation: the smallest set of observations that cannot be explained, in words, and their spans |
//! | `missing` | what should have been observed |
//! | `unexplained`, `expected` | of a violation: the first observation that does not fit, and what would have |
//! | `doubts` | of an inconclusive workflow: the reasons, each with what would decide it (`needed`) |
//!
//! The last line is an object with the field `summary`: how many workflows there are of each verdict, how
//! many shapes they have, and how often each fault explains one.
//!
//! For CI servers there are documents of all verdicts together: [`junit`] and [`sarif`].

pub mod junit;
pub mod sarif;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use amends_trace::judge::{Explained, JudgedWorkflow, Verdict, Violated};
use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};

use super::judgement::{Judgement, Verdict as Word};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default();

/// What became of all workflows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many conform, without any fault.
    pub plain: u64,
    /// How many conform, by some fault.
    pub explained: u64,
    /// How many violate the design.
    pub violating: u64,
    /// How many cannot be decided.
    pub inconclusive: u64,
    /// How many shapes they have.
    pub shapes: u64,
    /// How often each fault explains a workflow, by its name.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often each rule is broken, by its name.
    pub rules: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// Counts a workflow.
    pub fn count(&mut self, judged: &JudgedWorkflow) {
        match &judged.verdict {
            Verdict::Conforms(explained) => {
                if explained.faults.is_empty() {
                    self.plain += 1;
                } else {
                    self.explained += 1;
                }
                for (at, count) in &explained.faults {
                    *self.faults.entry(at.fault.name()).or_default() += u64::from(*count);
                }
            }
            Verdict::Violates(violated) => {
                self.violating += 1;
                *self.rules.entry(violated.rule.name()).or_default() += 1;
            }
            Verdict::Inconclusive { .. } => self.inconclusive += 1,
        }
    }

    /// How many workflows there are.
    #[must_use]
    pub fn workflows(&self) -> u64 {
        self.plain + self.explained + self.violating + self.inconclusive
    }

    /// In one or two lines.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: {} conform, {} violate, {} inconclusive; {}\n",
            count(self.workflows(), "workflow", "workflows"),
            self.plain + self.explained,
            self.violating,
            self.inconclusive,
            count(self.shapes, "shape", "shapes"),
        );
        if self.explained > 0 {
            let faults: Vec<String> =
                self.faults.iter().map(|(name, times)| format!("{name} {times}")).collect();
            let _ = writeln!(
                text,
                "{} conform by faults that must have struck: {}",
                self.explained,
                faults.join(", ")
            );
        }
        text
    }

    /// As an object.
    #[must_use]
    pub fn json(&self) -> String {
        let summary = json!({
            "workflows": self.workflows(),
            "conforms": self.plain + self.explained,
            "explained_by_faults": self.explained,
            "violates": self.violating,
            "inconclusive": self.inconclusive,
            "shapes": self.shapes,
            "faults": self.faults,
            "rules": self.rules,
        });
        format!("{}\n", json!({ "summary": summary }))
    }
}

/// A verdict in lines for people. Text carries ANSI styles.
#[must_use]
pub fn text(judged: &JudgedWorkflow) -> String {
    let mut text = String::new();
    let name = title(judged);
    match &judged.verdict {
        Verdict::Conforms(explained) => {
            let _ = writeln!(
                text,
                "{GOOD}✓{GOOD:#} {name} conforms; explained {}",
                explained.in_words()
            );
        }
        Verdict::Violates(violated) => {
            let _ = writeln!(
                text,
                "{BAD}✗ {name} violates {}{BAD:#}: {}",
                violated.rule,
                violated.rule.meaning()
            );
            violation(&mut text, violated);
        }
        Verdict::Inconclusive { doubts, explained } => {
            let _ = writeln!(text, "{OPEN}?{OPEN:#} {name} is inconclusive");
            for doubt in doubts {
                let _ = writeln!(text, "    {doubt}\n      needed: {}", doubt.remedy());
            }
            if let Some(explained) = explained {
                let _ = writeln!(text, "    what was seen is explained {}", explained.in_words());
            }
        }
    }
    text
}

fn violation(text: &mut String, violated: &Violated) {
    if !violated.evidence.is_empty() {
        let _ = writeln!(text, "  no run of the design, whatever faults strike, shows together");
        for line in &violated.evidence {
            let _ = writeln!(text, "    {line}");
        }
    }
    for line in &violated.missing {
        let _ = writeln!(text, "  and not: {line}");
    }
    if let Some(unexplained) = &violated.unexplained {
        let _ = writeln!(text, "  the first that does not fit: {unexplained}");
    }
    if !violated.expected.is_empty() && violated.missing.is_empty() {
        let _ = writeln!(text, "  possible there: {}", violated.expected.join("; "));
    }
    if !violated.spans.is_empty() {
        let spans: Vec<String> = violated.spans.iter().map(|(_, span)| span.to_string()).collect();
        let _ = writeln!(text, "  spans: {}", spans.join(", "));
    }
}

fn title(judged: &JudgedWorkflow) -> String {
    match (&judged.name, &judged.id, judged.trace) {
        (_, Some(id), _) => id.to_string(),
        (Some(name), None, Some(trace)) => format!("{name} (trace {trace})"),
        (None, None, Some(trace)) => format!("trace {trace}"),
        (Some(name), None, None) => name.to_string(),
        (None, None, None) => "a workflow without a name".to_owned(),
    }
}

/// A verdict as an object on a line.
#[must_use]
pub fn json(judged: &JudgedWorkflow) -> String {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    put("workflow", json!(judged.name.as_deref()));
    put("id", json!(judged.id.as_deref()));
    put("trace", json!(judged.trace.map(|trace| trace.to_string())));
    match &judged.verdict {
        Verdict::Conforms(explained) => {
            put("verdict", json!("conforms"));
            put("explanation", explanation(explained));
        }
        Verdict::Violates(violated) => {
            put("verdict", json!("violates"));
            put("rule", json!(violated.rule));
            put("meaning", json!(violated.rule.meaning()));
            put("evidence", json!(violated.evidence));
            let spans: Vec<String> =
                violated.spans.iter().map(|(_, span)| span.to_string()).collect();
            put("spans", json!(spans));
            put("missing", json!(violated.missing));
            put("unexplained", json!(violated.unexplained));
            put("expected", json!(violated.expected));
        }
        Verdict::Inconclusive { doubts, explained } => {
            put("verdict", json!("inconclusive"));
            let doubts: Vec<Value> = doubts
                .iter()
                .map(|doubt| json!({ "reason": doubt.to_string(), "needed": doubt.remedy() }))
                .collect();
            put("doubts", json!(doubts));
            if let Some(explained) = explained {
                put("explanation", explanation(explained));
            }
        }
    }
    format!("{}\n", Value::Object(object))
}

fn explanation(explained: &Explained) -> Value {
    let faults = explained.faults.iter();
    let faults = faults
        .map(|(at, count)| json!({ "fault": at.fault.name(), "at": at.what, "count": count }));
    faults.collect()
}

/// The verdict as it stands beside the spans of its workflow.
#[must_use]
pub fn judgement(judged: &JudgedWorkflow) -> Judgement {
    let (verdict, reason, expected, evidence) = match &judged.verdict {
        Verdict::Conforms(explained) => (
            Word::Conforms,
            format!("explained {}", explained.in_words()),
            Some(explained.story.clone()),
            Vec::new(),
        ),
        Verdict::Violates(violated) => (
            Word::Violates,
            format!("{}: {}", violated.rule, violated.rule.meaning()),
            violated.closest.clone(),
            violated.spans.clone(),
        ),
        Verdict::Inconclusive { doubts, explained } => {
            let reasons: Vec<String> = doubts.iter().map(ToString::to_string).collect();
            let story = explained.as_ref().map(|explained| explained.story.clone());
            (Word::Inconclusive, reasons.join("; "), story, Vec::new())
        }
    };
    let divergence = match &judged.verdict {
        Verdict::Violates(violated) => violated.divergence,
        Verdict::Conforms(_) | Verdict::Inconclusive { .. } => None,
    };
    Judgement { verdict, reason, expected, divergence, evidence }
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
