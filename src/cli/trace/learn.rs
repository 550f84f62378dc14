//! `amends trace learn`: a spec drafted from traces.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use amends_models::protocols::Design;
use amends_trace::draft::{self, Seen};
use amends_trace::judge::{Judge, Verdict};
use amends_trace::shape::Shape;
use clap::Args;

use super::reading::Reading;
use super::shapes;
use super::workflows::TraceFiles;
use crate::cli::errors;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::spec;

/// From which traces to learn.
#[derive(Debug, Args)]
pub(super) struct LearnArguments {
    #[command(flatten)]
    files: TraceFiles,
    #[command(flatten)]
    reading: Reading,
    /// Draft a spec of the workflow of this name, where there are several.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
}

/// What is learnt of the workflows of one name, if they are of that design.
struct Lesson {
    design: Design,
    judge: Judge,
    shape: Shape,
    seen: Seen,
}

/// Drafts a spec: what all traces show makes a design, by which they are judged; those that conform make
/// the draft.
pub(super) fn run(arguments: &LearnArguments) -> Exit {
    match learn(arguments) {
        Ok(()) => Exit::AsExpected,
        Err(exit) => exit,
    }
}

fn learn(arguments: &LearnArguments) -> Result<(), Exit> {
    let mapping = arguments.reading.mapping()?;
    if !arguments.files.can_be_read_again() {
        return Err(errors::with_help(
            "traces have to be read twice to learn from them",
            "name files: first all of them are read, and then those that conform",
        ));
    }
    let shapes = shapes::shown(&arguments.files, &mapping)?;
    let name = chosen(arguments, &shapes)?;
    let designs = shapes[&name].designs(mapping.in_doubt()).map_err(|error| {
        errors::with_help(
            error,
            "`amends trace map` proposes how spans are read, `amends new` writes a spec to start from",
        )
    })?;
    let lesson = |design: Design| Lesson {
        judge: Judge::new(design.clone(), mapping.clone()),
        shape: Shape::new(name.as_str()),
        seen: Seen::default(),
        design,
    };
    let mut lessons: Vec<Lesson> = designs.into_iter().map(lesson).collect();
    arguments.files.for_each_by(mapping.clone(), |workflow| {
        let sightings = mapping.apply(&workflow.spans, &workflow.logs);
        if sightings.name.as_deref().unwrap_or_default() != name {
            return ControlFlow::Continue(());
        }
        for lesson in &mut lessons {
            let judged = lesson.judge.judge_sightings(&workflow, sightings.clone());
            if matches!(judged.verdict, Verdict::Conforms(_)) {
                lesson.shape.learn(&sightings);
            }
            lesson.seen.note(&judged.verdict);
        }
        ControlFlow::Continue(())
    })?;
    // Of equals, the likelier.
    let best = lessons.into_iter().rev().max_by_key(|lesson| lesson.seen.conforming);
    let Some(Lesson { shape, seen, design, .. }) = best.filter(|it| it.seen.conforming > 0) else {
        return Err(errors::with_help(
            format_args!("no workflow of `{name}` conforms to what they have in common"),
            "`amends trace check` says what is wrong with each, or missing of it",
        ));
    };
    let text = draft::spec(&shape, &seen, &design);
    // What is handed out can be checked.
    spec::parse("the draft", &text).map_err(errors::about)?;
    Output::new().write(&text).map_err(|error| errors::output(&error))
}

/// The name of the workflow to learn of.
fn chosen(arguments: &LearnArguments, shapes: &BTreeMap<String, Shape>) -> Result<String, Exit> {
    let named = || shapes.keys().filter(|name| !name.is_empty()).cloned().collect::<Vec<String>>();
    match (&arguments.workflow, &named()[..]) {
        (Some(name), _) if shapes.contains_key(name) => Ok(name.clone()),
        (Some(name), []) => Err(errors::with_help(
            format_args!("there is no workflow named `{name}`: none has a name"),
            "`amends trace map` proposes how workflows are told apart",
        )),
        (Some(name), names) => Err(errors::with_help(
            format_args!("there is no workflow named `{name}`"),
            format_args!("there are {}", names.join(", ")),
        )),
        (None, [name]) => Ok(name.clone()),
        (None, []) => Err(errors::with_help(
            "no trace says which workflow it belongs to",
            "`amends trace map` proposes a mapping file; give it by --map",
        )),
        (None, names) => Err(errors::with_help(
            format_args!("there are several workflows: {}", names.join(", ")),
            "choose one with --workflow NAME",
        )),
    }
}
