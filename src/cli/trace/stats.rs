//! `amends trace stats`: many workflows in numbers, held against thresholds.

use std::ops::ControlFlow;
use std::str::FromStr;
use std::time::Duration;

use amends_trace::judge::Verdict;
use amends_trace::statistics::Statistics;
use clap::{Args, ValueEnum};

use super::judging::{Judges, JudgingArguments};
use super::workflows::{Read, TraceFiles};
use crate::cli::errors;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::report::statistics::{Thresholds, json, text};

/// What to count, and what is still good.
#[derive(Debug, Args)]
pub(super) struct StatsArguments {
    #[command(flatten)]
    files: TraceFiles,
    /// The part of the runs of a workflow that may fail to complete, or `any`.
    #[arg(long, value_name = "PERCENT", default_value = "5%")]
    max_failed: Limit<Percent>,
    /// The part of the runs of a workflow that may be compensated, or `any`.
    #[arg(long, value_name = "PERCENT", default_value = "10%")]
    max_compensated: Limit<Percent>,
    /// The part of the runs of a TCC in which a Try may fail, or `any`.
    #[arg(long, value_name = "PERCENT", default_value = "3%")]
    max_try_failed: Limit<Percent>,
    /// How long 99 of 100 runs of a workflow may take, or `any`.
    #[arg(long, value_name = "DURATION", default_value = "500ms")]
    max_p99: Limit<Time>,
    /// How long 99 of 100 events may wait from publishing to handling, or `any`.
    #[arg(long, value_name = "DURATION", default_value = "1s")]
    max_event_lag: Limit<Time>,
    /// Judge workflows, and count the faults that explain those that conform. A `--spec` does so, too.
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    judging: JudgingArguments,
    /// How many faults may have to be assumed to explain a thousand runs of a workflow, or `any`. It
    /// matters where workflows are judged.
    #[arg(long, value_name = "NUMBER", default_value = "50")]
    max_faults: Limit<PerThousand>,
    /// How to show the numbers.
    #[arg(long, value_enum, default_value_t)]
    format: StatsFormat,
}

/// The formats statistics can be shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum StatsFormat {
    /// For people: tables.
    #[default]
    Text,
    /// For programs: one JSON object.
    Json,
}

/// A limit, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limit<T>(Option<T>);

impl<T: FromStr<Err = String>> FromStr for Limit<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "any" { Ok(Limit(None)) } else { text.parse().map(|limit| Limit(Some(limit))) }
    }
}

/// A part, written as `5%`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Percent(f64);

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('%').unwrap_or(text).trim();
        match number.parse::<f64>() {
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Percent(percent / 100.0)),
            _ => Err("a percentage from 0% to 100%, such as 2.5%, or `any`".to_owned()),
        }
    }
}

/// How many of something there are in a thousand.
#[derive(Clone, Copy, Debug, PartialEq)]
struct PerThousand(f64);

impl FromStr for PerThousand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(PerThousand(number)),
            _ => Err("a number that is not negative, such as 20, or `any`".to_owned()),
        }
    }
}

/// A duration, written as `500ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Time(Duration);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .map(Time)
            .map_err(|_| "a duration, such as 500ms or 2s, or `any`".to_owned())
    }
}

/// Counts, and compares with the thresholds: 1 if one of them is exceeded.
pub(super) fn run(arguments: &StatsArguments) -> Exit {
    let mut statistics = Statistics::new();
    let read = match arguments.explain || arguments.judging.spec().is_some() {
        true => explain(arguments, &mut statistics),
        false => arguments.files.for_each(|workflow| {
            statistics.add(&workflow.spans);
            statistics.add_logs(&workflow.spans, &workflow.logs);
            ControlFlow::Continue(())
        }),
    };
    let read = match read {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    if read.assembly.late > 0 {
        errors::remark(format_args!(
            "{} spans and log records came after their workflow was over, and are not counted",
            read.assembly.late
        ));
    }
    let thresholds = Thresholds {
        failed: arguments.max_failed.0.map(|Percent(part)| part),
        compensated: arguments.max_compensated.0.map(|Percent(part)| part),
        try_failed: arguments.max_try_failed.0.map(|Percent(part)| part),
        p99: arguments.max_p99.0.map(|Time(limit)| limit),
        faults: arguments.max_faults.0.map(|PerThousand(number)| number),
        event_lag: arguments.max_event_lag.0.map(|Time(limit)| limit),
    };
    let exceeded = thresholds.exceeded(&statistics);
    let shown = match arguments.format {
        StatsFormat::Text => text::render(&statistics, &exceeded),
        StatsFormat::Json => json::render(&statistics, &exceeded),
    };
    match Output::new().write(&shown) {
        Err(error) => errors::output(&error),
        Ok(()) if exceeded.is_empty() => Exit::AsExpected,
        Ok(()) => Exit::NotAsExpected,
    }
}

/// Counts workflows, with the faults that explain those that conform.
fn explain(arguments: &StatsArguments, statistics: &mut Statistics) -> Result<Read, Exit> {
    let mut judges = Judges::new(&arguments.judging, &arguments.files)?;
    arguments.files.for_each_by(judges.mapping().clone(), |workflow| {
        let faults = match judges.judge(&workflow).verdict {
            Verdict::Conforms(explained) => Some(explained.count().into()),
            Verdict::Violates(_) | Verdict::Inconclusive { .. } => None,
        };
        statistics.add_explained(&workflow.spans, faults);
        statistics.add_logs(&workflow.spans, &workflow.logs);
        ControlFlow::Continue(())
    })
}
