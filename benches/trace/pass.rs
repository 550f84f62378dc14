//! Passes over a file.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;

use amends::models::protocols::Design;
use amends::models::protocols::saga::SagaKnobs;
use amends::models::workflow::{StepDraft, Workflow, WorkflowError};
use amends_trace::assemble::{Assembler, AssemblySettings, ByAttributes, WorkflowTrace};
use amends_trace::judge::{Judge, Verdict};
use amends_trace::map::Mapping;
use amends_trace::read::Reader;

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Lines are parsed into `serde_json`'s tree, to compare with.
    Value,
    /// Spans are read.
    Read,
    /// Spans are read, put together to workflows, and judged.
    Judge,
}

/// What a pass found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) spans: u64,
    pub(crate) workflows: u64,
}

impl Pass {
    pub(crate) const ALL: [Pass; 3] = [Pass::Value, Pass::Read, Pass::Judge];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Pass::Value => "serde_json",
            Pass::Read => "read",
            Pass::Judge => "judge",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let found = Pass::ALL.into_iter().find(|pass| pass.name() == name);
        found.ok_or(format!("no pass is called {name}"))
    }

    /// Passes over a file once.
    pub(crate) fn over(self, path: &Path) -> Result<Found, Box<dyn std::error::Error>> {
        match self {
            Pass::Value => parse(path),
            Pass::Read => {
                let report = Reader::open(path)?.for_each(|item| drop(black_box(item)))?;
                Ok(Found { spans: report.spans, workflows: 0 })
            }
            Pass::Judge => {
                let settings = AssemblySettings::default();
                let mut assembler = Assembler::new(ByAttributes::default(), settings);
                let mut judge = Judge::new(order()?, Mapping::default());
                let mut take = |workflow: WorkflowTrace| {
                    let is_whole = !workflow.completeness.is_cut_short() && workflow.orphans == 0;
                    assert!(is_whole, "{workflow:?}");
                    let judged = judge.judge(&workflow);
                    assert!(!matches!(judged.verdict, Verdict::Violates(_)), "{judged:?}");
                };
                let report = Reader::open(path)?.for_each(|item| assembler.add(item, &mut take))?;
                let workflows = assembler.finish(&mut take).total();
                Ok(Found { spans: report.spans, workflows })
            }
        }
    }
}

/// The design by which workflows are judged.
fn order() -> Result<Design, WorkflowError> {
    let steps = [
        ("create-order", "order"),
        ("reserve-stock", "inventory"),
        ("charge", "payment"),
        ("ship", "shipping"),
    ];
    let draft = steps.into_iter().fold(Workflow::builder("order"), |draft, (step, service)| {
        draft
            .service(service, [("rows", 0)])
            .step(StepDraft::new(step, service).change(["rows += 1"]).undo(["rows -= 1"]))
    });
    Design::new(draft, SagaKnobs::default())
}

fn parse(path: &Path) -> Result<Found, Box<dyn std::error::Error>> {
    let mut lines = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let value: serde_json::Value = serde_json::from_slice(&line)?;
        drop(black_box(value));
        line.clear();
    }
    Ok(Found::default())
}
