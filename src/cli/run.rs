//! `amends run`: carry a spec's workflow out for real, in a bad world, and audit what happened.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use amends_models::process::WorkflowId;
use amends_models::protocols::AnyProtocol;
use amends_models::workflow::{Claim, Variable};
use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::output::Output;
use super::overrides::Overrides;
use super::progress::Progress;
use super::{check, errors, interrupt};
use crate::runtime::{Observer, RunError, RunOptions, RunReport, StoreChoice, Timing, run_until};
use crate::simulate::FaultPlan;
use crate::spec::{self, Setting, Spec};
use crate::store::StoreError;
#[cfg(feature = "exporter")]
use crate::telemetry::exporter::{Endpoint, Exporter};
use crate::telemetry::{NdjsonFile, RunId, Telemetry};

/// How often a run looks whether it is to stop.
const WATCH: Duration = Duration::from_millis(100);

/// What to run, how often, where to keep it, and what goes wrong.
#[derive(Debug, Args)]
#[command(after_help = FAULTS)]
pub struct RunArguments {
    /// The spec of the workflow.
    #[arg(value_name = "SPEC")]
    spec: PathBuf,
    /// Where workflows are kept: `memory`, or `sqlite:FILE`. What a file already holds is recovered
    /// and finished first.
    #[arg(long, value_name = "STORE", default_value_t)]
    store: StoreChoice,
    /// How many workflows there are to be, with those that the store already holds.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000,
        value_parser = check::at_least_one::<u32>)]
    workflows: u32,
    /// How much there is of each resource: enough for every workflow what the spec has for its
    /// instances (`each`), or what the spec has (`as-written`). By default `each` in memory, and
    /// `as-written` in a file, which may be opened again with another number of workflows.
    #[arg(long, value_name = "AMOUNT", value_enum)]
    resources: Option<Amount>,
    /// What goes wrong: lose=0.05,crash=0.01,refuse@payment=3. Nothing, if not given.
    #[arg(long, value_name = "FAULT=RATE,…", default_value_t)]
    faults: FaultPlan,
    /// Turn a knob: saga.barrier=none.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<Setting>,
    /// Where all chance comes from.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// How many workflows may go on at the same time.
    #[arg(long, value_name = "NUMBER", default_value = "128",
        value_parser = check::at_least_one::<NonZeroUsize>)]
    concurrency: NonZeroUsize,
    /// Cancel a workflow that takes longer: 500ms, 30s.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    deadline: Option<Duration>,
    /// Write spans and log records of what happens to this file, as OTLP/JSON (what it holds already is
    /// kept); or send them, with metrics, to a Collector: http://HOST:4318, grpc://HOST:4317.
    #[arg(long, value_name = "FILE|URL")]
    otlp: Option<String>,
    /// Say on standard error when each workflow is accepted, and how it ends.
    #[arg(long)]
    verbose: bool,
    /// How to show what came of it.
    #[arg(long, value_enum, default_value_t)]
    format: RunFormat,
}

const FAULTS: &str = "\
Faults, and what each has a chance to strike:
  crash      each effect of each process     lose       each message
  duplicate  each message                    delay      each message
  refuse     each attempt of a step          fail       each attempt of a change
  timeout    each timer for an answer        cancel     each workflow
  halt       each effect: its node is gone   partition  each effect: its node is cut off a while
A rate with a point is a probability: lose=0.05 loses one message in twenty. A whole number is how
often the fault strikes in the whole run: crash=3. With @NODE it strikes one node, such as a service
or the coordinator: crash@coordinator=0.01.";

/// How to show what came of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// How much there is of each resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Amount {
    /// As much for each workflow as the spec has for each of its instances.
    Each,
    /// What the spec has.
    AsWritten,
}

/// Runs the workflow, audits what happened, shows the report, and says how it went.
#[must_use]
pub fn run(arguments: &RunArguments) -> Exit {
    let spec = match spec::read(&arguments.spec) {
        Ok(spec) => spec,
        Err(error) => return errors::about(error),
    };
    let overrides = Overrides { settings: arguments.settings.clone(), faults: None };
    let design = match overrides.apply(spec) {
        Ok(spec) => supplied(&spec, arguments).design.with_instances(arguments.workflows),
        Err(error) => return errors::about(error),
    };
    let tokio = match tokio::runtime::Builder::new_multi_thread().enable_time().build() {
        Ok(tokio) => tokio,
        Err(error) => {
            return errors::with_help(
                format_args!("the runtime cannot start: {error}"),
                "the system may be out of threads",
            );
        }
    };
    // What sends telemetry lives on the runtime's threads.
    let entered = tokio.enter();
    let telemetry = match arguments.telemetry(design.protocol().name()) {
        Ok(telemetry) => telemetry,
        Err(exit) => return exit,
    };
    drop(entered);
    let observer = Arc::new(Teller::new(arguments));
    let options = RunOptions {
        faults: arguments.faults.clone(),
        seed: arguments.seed,
        concurrency: arguments.concurrency,
        timing: Timing { deadline: arguments.deadline, ..Timing::default() },
        observer: Arc::clone(&observer) as Arc<dyn Observer>,
        telemetry: telemetry.clone(),
    };
    let stop = interrupted(interrupt::flag());
    let result = tokio.block_on(run_until(&design, &arguments.store, options, stop));
    drop(observer);
    let exit = match result {
        Ok(report) => match show(&report, arguments.format) {
            Ok(()) => judge(&report),
            Err(error) => errors::output(&error),
        },
        Err(error) => errors::with_help(&error, advice(&error)),
    };
    if let Some(Err(error)) = telemetry.map(|telemetry| telemetry.flush()) {
        return errors::with_help(
            format_args!("telemetry was lost: {error}"),
            "what happened is in the store; make room for the file of `--otlp`, or start the Collector",
        );
    }
    exit
}

impl RunArguments {
    /// Where spans go, if they go anywhere.
    fn telemetry(&self, protocol: &'static str) -> Result<Option<Telemetry>, Exit> {
        let Some(target) = &self.otlp else { return Ok(None) };
        if target.contains("://") {
            return self.sent_to(target, protocol).map(Some);
        }
        let file = NdjsonFile::open(Path::new(target)).map_err(|error| {
            errors::with_help(
                format_args!("cannot write to {target}: {error}"),
                "`--otlp` takes a file that can be written, or the address of a Collector",
            )
        })?;
        Ok(Some(Telemetry::new(protocol, self.run_id(), file)))
    }

    #[cfg(feature = "exporter")]
    fn sent_to(&self, target: &str, protocol: &'static str) -> Result<Telemetry, Exit> {
        let endpoint = target.parse::<Endpoint>().map_err(|error| {
            errors::with_help(&error, "or name a file, which a Collector can read later")
        })?;
        let exporter = Exporter::new(endpoint).map_err(|error| {
            errors::with_help(
                format_args!("cannot send to {target}: {error}"),
                "`--otlp` takes the address of a Collector, such as http://127.0.0.1:4318",
            )
        })?;
        Ok(Telemetry::new(protocol, self.run_id(), exporter))
    }

    #[cfg(not(feature = "exporter"))]
    fn sent_to(&self, target: &str, _protocol: &'static str) -> Result<Telemetry, Exit> {
        Err(errors::with_help(
            format_args!("cannot send to {target}: this program was built without that"),
            "build it with `--features exporter`, or name a file, which a Collector can read later",
        ))
    }

    /// Workflows in a file have the same traces whenever the run goes on; those in memory do not last.
    fn run_id(&self) -> RunId {
        let mut hasher = DefaultHasher::new();
        self.seed.hash(&mut hasher);
        match &self.store {
            StoreChoice::Sqlite(path) => path.hash(&mut hasher),
            StoreChoice::Memory => SystemTime::now().hash(&mut hasher),
        }
        RunId(hasher.finish())
    }
}

/// The spec with as much of each resource as its workflows need, unless a property says otherwise.
fn supplied(spec: &Spec, arguments: &RunArguments) -> Spec {
    let amount = arguments.resources.unwrap_or(match arguments.store {
        StoreChoice::Memory => Amount::Each,
        StoreChoice::Sqlite(_) => Amount::AsWritten,
    });
    let workflow = spec.design.workflow();
    let factor = i64::from(arguments.workflows.div_ceil(workflow.instances()));
    if amount == Amount::AsWritten || factor == 1 || spec.design.protocol().domain().is_some() {
        return spec.clone();
    }
    let mut settings = arguments.settings.clone();
    for service in workflow.services() {
        for resource in service.resources.iter().filter(|resource| resource.initial > 0) {
            let key = format!("services.{}.{}", service.name, resource.name);
            let enough = resource.initial.saturating_mul(factor);
            settings.push(Setting::new(key, enough.to_string()));
        }
    }
    let Ok(enough) = spec.with(&settings) else { return spec.clone() };
    match broken_at_the_start(spec, &enough) {
        None => enough,
        Some(property) => {
            errors::remark(format_args!(
                "resources stay as they are written, since `{property}` depends on their numbers; \
                 write initial(service.resource) there to have enough for {} workflows",
                arguments.workflows
            ));
            spec.clone()
        }
    }
}

/// A stated property that is true before anything ran, and would not be with other resources.
fn broken_at_the_start<'a>(spec: &'a Spec, other: &Spec) -> Option<&'a str> {
    let holds = |spec: &Spec, at: usize| {
        let workflow = spec.design.workflow();
        let lookup = |variable| match variable {
            Variable::Resource(service, resource) => {
                workflow.service(service).resources[usize::from(resource.0)].initial
            }
            _ => 0,
        };
        let property = &workflow.properties()[at];
        property.condition.evaluate(&lookup).unwrap_or(false)
    };
    let properties = spec.design.workflow().properties();
    let stable = |claim| matches!(claim, Claim::Always | Claim::Settled);
    let found = properties
        .iter()
        .enumerate()
        .find(|(at, property)| stable(property.claim) && holds(spec, *at) && !holds(other, *at));
    found.map(|(_, property)| property.name.as_str())
}

async fn interrupted(flag: Arc<AtomicBool>) {
    while !flag.load(Ordering::Relaxed) {
        tokio::time::sleep(WATCH).await;
    }
}

fn show(report: &RunReport, format: RunFormat) -> std::io::Result<()> {
    let text = match format {
        RunFormat::Text => report.to_string(),
        RunFormat::Json => serde_json::to_string_pretty(report)?,
    };
    Output::new().write(&format!("{text}\n"))
}

fn judge(report: &RunReport) -> Exit {
    if !report.violations.is_empty() {
        Exit::NotAsExpected
    } else if report.unfinished > 0 {
        Exit::Incomplete
    } else {
        Exit::AsExpected
    }
}

fn advice(error: &RunError) -> &'static str {
    match error {
        RunError::Store(StoreError::Business { .. }) => {
            "mend the step; workflows that were accepted are safe in the store"
        }
        RunError::Store(_) => "name a file of this workflow, or one that does not exist yet",
        RunError::Faults(_) => "name one of the nodes that are known",
        RunError::NoEntrance { .. } | RunError::Closed | RunError::Panicked(_) => {
            "this is a defect of the program; accepted workflows are safe"
        }
    }
}

/// Tells people on standard error how far the run has come.
struct Teller {
    verbose: bool,
    ended: AtomicU64,
    workflows: u32,
    progress: Progress,
}

impl Teller {
    fn new(arguments: &RunArguments) -> Teller {
        Teller {
            verbose: arguments.verbose,
            ended: AtomicU64::new(0),
            workflows: arguments.workflows,
            progress: Progress::start(format!("running {}", arguments.spec.display())),
        }
    }
}

impl Observer for Teller {
    fn accepted(&self, workflow: WorkflowId) {
        if self.verbose {
            errors::remark(format_args!("accepted {workflow}"));
        }
    }

    fn ended(&self, workflow: WorkflowId, outcome: &str) {
        if self.verbose {
            errors::remark(format_args!("{outcome} {workflow}"));
        }
        let ended = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
        self.progress.say(format_args!("{ended} of {}", self.workflows));
    }
}
