//! `amends trace map`: a mapping file proposed from a sample of traces.

use std::ops::ControlFlow;

use amends_trace::map::propose::{Proposal, SAMPLE, propose};
use clap::Args;

use super::workflows::TraceFiles;
use crate::cli::errors;
use crate::cli::exit::Exit;
use crate::cli::output::Output;

/// The sample.
#[derive(Debug, Args)]
pub(super) struct MapArguments {
    #[command(flatten)]
    files: TraceFiles,
}

/// Proposes a mapping file: the file on standard output, what it is worth on standard error.
pub(super) fn run(arguments: &MapArguments) -> Exit {
    let mut sample = Vec::new();
    let read = arguments.files.for_each(|workflow| {
        sample.push((workflow.spans, workflow.logs));
        if sample.len() < SAMPLE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if let Err(exit) = read {
        return exit;
    }
    let proposal = propose(&sample);
    if let Err(error) = Output::new().write(&proposal.text) {
        return errors::output(&error);
    }
    let Proposal { workflows, spans, placed, placed_before, left_over, .. } = &proposal;
    errors::remark(format_args!(
        "{placed} of {spans} spans in {workflows} workflows tell of something by this mapping, \
         {placed_before} without it"
    ));
    for group in left_over {
        errors::remark(format_args!(
            "not placed: {} of `{}` in {}: {}",
            group.spans,
            crate::report::trace::one_line(&group.name),
            crate::report::trace::one_line(&group.service),
            group.why
        ));
    }
    Exit::AsExpected
}
