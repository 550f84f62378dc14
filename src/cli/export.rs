//! `amends export`: what other tools read.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::errors;
use super::exit::Exit;
use super::output::Output;
use crate::export::{alerts, chaos, dashboard};
use crate::report::statistics::Thresholds;
use crate::spec;

/// What to export.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The JSON Schema of spec files, for editors that complete and check them.
    Schema,
    /// The JSON Schema of `amends check --format json`, for programs that read it.
    ReportSchema,
    /// Alert rules for Prometheus, about the workflow of a spec.
    Alerts {
        /// The spec.
        spec: PathBuf,
    },
    /// A dashboard for Grafana, about the workflow of a spec.
    Dashboard {
        /// The spec.
        spec: PathBuf,
    },
    /// Manifests for Chaos Mesh: the faults of a spec's budget, or of a counterexample.
    Chaos(ChaosArguments),
}

/// Which faults, and where.
#[derive(Debug, Args)]
struct ChaosArguments {
    /// A spec; or a report of `amends check --format json`, for the faults of its counterexamples.
    #[arg(value_name = "SPEC|COUNTEREXAMPLE")]
    file: PathBuf,
    /// The namespace of the pods.
    #[arg(long, default_value = "default")]
    namespace: String,
    /// The label of pods whose value is the name of their service.
    #[arg(long, default_value = "app")]
    label: String,
    /// How long faults of the network last.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    duration: String,
    /// How long messages are delayed: longer than callers wait.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    latency: String,
}

/// Writes it to standard output.
#[must_use]
pub fn run(arguments: &ExportArguments) -> Exit {
    let text = match &arguments.what {
        What::Schema => Ok(format!("{:#}\n", spec::schema())),
        What::ReportSchema => Ok(format!("{:#}\n", crate::report::json::schema())),
        What::Alerts { spec } => {
            read(spec).map(|spec| alerts::render(&spec.design, &Thresholds::default()))
        }
        What::Dashboard { spec } => {
            read(spec).map(|spec| dashboard::render(&spec.design, &Thresholds::default()))
        }
        What::Chaos(arguments) => manifests(arguments),
    };
    match text.map(|text| Output::new().write(&text)) {
        Ok(Ok(())) => Exit::AsExpected,
        Ok(Err(error)) => errors::output(&error),
        Err(exit) => exit,
    }
}

fn read(file: &Path) -> Result<spec::Spec, Exit> {
    spec::read(file).map_err(errors::about)
}

fn manifests(arguments: &ChaosArguments) -> Result<String, Exit> {
    let cluster = chaos::Cluster {
        namespace: arguments.namespace.clone(),
        label: arguments.label.clone(),
        duration: arguments.duration.clone(),
        latency: arguments.latency.clone(),
    };
    let file = &arguments.file;
    if file.extension().is_none_or(|extension| extension != "json") {
        return Ok(chaos::of_budget(&read(file)?.design, &cluster));
    }
    let unreadable = |error: &dyn std::fmt::Display| {
        errors::with_help(
            format_args!("`{}` cannot be read as a counterexample: {error}", file.display()),
            "write one with: amends check SPEC --format json > counterexample.json",
        )
    };
    let report = std::fs::read_to_string(file).map_err(|error| unreadable(&error))?;
    chaos::of_counterexamples(&report, &cluster).map_err(|error| unreadable(&error))
}

/// A duration as Kubernetes writes it, which is how it is given.
fn duration(text: &str) -> Result<String, &'static str> {
    let no_duration = "it is no duration; write for instance 500ms, 30s or 5m";
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let known = ["ms", "s", "m", "h"].contains(&unit) && unit.len() < text.len();
    if known { Ok(text.to_owned()) } else { Err(no_duration) }
}
