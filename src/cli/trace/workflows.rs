//! Reading trace files, and putting workflows together from them.

use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
#[cfg(feature = "receiver")]
use std::sync::atomic::Ordering;
#[cfg(feature = "receiver")]
use std::time::Duration;

use amends_trace::assemble::{
    Assembler, AssemblyReport, AssemblySettings, ByAttributes, WorkflowKeys, WorkflowTrace,
};
#[cfg(feature = "receiver")]
use amends_trace::read::Item;
use amends_trace::read::{ReadError, ReadReport, Reader};
#[cfg(feature = "receiver")]
use amends_trace::receive::{Receiver, ReceiverSettings};
use clap::Args;

use crate::cli::errors;
use crate::cli::exit::Exit;
#[cfg(feature = "receiver")]
use crate::cli::interrupt;

/// How often it is looked whether to stop.
#[cfg(feature = "receiver")]
const WATCH: Duration = Duration::from_millis(200);

/// Where traces come from.
#[derive(Debug, Args)]
pub(super) struct TraceFiles {
    /// Files of traces: OTLP as JSON (also an object per line) or protobuf, Jaeger or Tempo JSON, plain or
    /// compressed with gzip; `-` is standard input.
    #[arg(required_unless_present = "listen", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Instead of files, take traces as services send them to this address, over OTLP/gRPC or OTLP/HTTP,
    /// until Ctrl-C: 127.0.0.1:4317. Nobody proves who they are, so prefer a loopback address.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "files")]
    listen: Option<SocketAddr>,
}

/// What became of all that was read.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) report: ReadReport,
    pub(super) assembly: AssemblyReport,
    /// Whether reading was broken off before the end.
    pub(super) broken_off: bool,
}

impl TraceFiles {
    /// The first file, if there are files.
    pub(super) fn first(&self) -> Option<&Path> {
        self.files.first().map(PathBuf::as_path).filter(|file| file.as_os_str() != "-")
    }

    /// Whether what is read can be read once more.
    pub(super) fn can_be_read_again(&self) -> bool {
        self.listen.is_none() && self.files.iter().all(|file| file.as_os_str() != "-")
    }

    /// Reads all files, and hands out each workflow as it is complete, until `take` breaks off. What was
    /// wrong with the files is said on standard error.
    ///
    /// # Errors
    /// When a file cannot be read, or is none of traces; it is said on standard error.
    pub(super) fn for_each(
        &self,
        take: impl FnMut(WorkflowTrace) -> ControlFlow<()>,
    ) -> Result<Read, Exit> {
        self.for_each_by(ByAttributes::default(), take)
    }

    /// The same, with workflows told apart by these keys.
    ///
    /// # Errors
    /// When a file cannot be read, or is none of traces; it is said on standard error.
    pub(super) fn for_each_by(
        &self,
        keys: impl WorkflowKeys,
        mut take: impl FnMut(WorkflowTrace) -> ControlFlow<()>,
    ) -> Result<Read, Exit> {
        if let Some(address) = self.listen {
            return receive(address, keys, take);
        }
        let settings = match self.files.len() {
            1 => AssemblySettings::default(),
            _ => AssemblySettings::default().until_the_end(),
        };
        let mut assembler = Assembler::new(keys, settings);
        let mut flow = ControlFlow::Continue(());
        let mut hand_out = |workflow: WorkflowTrace, flow: &mut ControlFlow<()>| {
            if flow.is_continue() {
                *flow = take(workflow);
            }
        };
        let mut read = Read::default();
        for file in &self.files {
            let mut item = |item| {
                assembler.add(item, &mut |workflow| hand_out(workflow, &mut flow));
                flow
            };
            let result = match file.as_os_str() == "-" {
                true => Reader::new(io::stdin().lock()).try_for_each(&mut item),
                false => Reader::open(file).and_then(|reader| reader.try_for_each(&mut item)),
            };
            let report = result.map_err(|error| unreadable(file, &error))?;
            say_flaws(file, &report);
            read.report.merge(report);
            if flow.is_break() {
                break;
            }
        }
        if flow.is_continue() {
            read.assembly = assembler.finish(&mut |workflow| hand_out(workflow, &mut flow));
        }
        read.broken_off = flow.is_break();
        if read.report.spans == 0 && read.report.logs == 0 {
            let names: Vec<String> =
                self.files.iter().map(|file| format!("`{}`", file.display())).collect();
            return Err(errors::with_help(
                format_args!("there are no spans in {}", names.join(", ")),
                "traces are read as OTLP in JSON or protobuf, or as JSON of Jaeger or Tempo",
            ));
        }
        Ok(read)
    }
}

/// Takes what services send, until somebody presses Ctrl-C.
#[cfg(feature = "receiver")]
fn receive(
    address: SocketAddr,
    keys: impl WorkflowKeys,
    mut take: impl FnMut(WorkflowTrace) -> ControlFlow<()>,
) -> Result<Read, Exit> {
    let mut settings = ReceiverSettings::default();
    (settings.grpc, settings.http) = (Some(address), None);
    let receiver = Receiver::listen(settings).map_err(|error| {
        errors::with_help(&error, "name an address of this machine that nobody else listens on")
    })?;
    // Whoever reads that it listens may interrupt it.
    let stop = interrupt::flag();
    if let Some(address) = receiver.grpc() {
        errors::remark(format_args!("listening on {address} for OTLP over gRPC and HTTP"));
    }
    let mut assembler = Assembler::new(keys, AssemblySettings::default());
    let mut flow = ControlFlow::Continue(());
    let mut hand_out = |workflow: WorkflowTrace| {
        if flow.is_continue() {
            flow = take(workflow);
        }
    };
    let (mut spans, mut logs) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        for item in receiver.next(WATCH) {
            match item {
                Item::Span(_) => spans += 1,
                Item::Log(_) => logs += 1,
            }
            assembler.add(item, &mut hand_out);
        }
    }
    let assembly = assembler.finish(&mut hand_out);
    let report = ReadReport { spans, logs, ..ReadReport::default() };
    Ok(Read { report, assembly, broken_off: flow.is_break() })
}

#[cfg(not(feature = "receiver"))]
fn receive(
    _address: SocketAddr,
    _keys: impl WorkflowKeys,
    _take: impl FnMut(WorkflowTrace) -> ControlFlow<()>,
) -> Result<Read, Exit> {
    Err(errors::with_help(
        "this program was built without a receiver of traces",
        "build it with `--features receiver`, or name files that a Collector wrote",
    ))
}

fn unreadable(file: &Path, error: &ReadError) -> Exit {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        why = format!("{why}: {error}");
        source = error.source();
    }
    errors::with_help(
        match error {
            ReadError::Open { .. } => why,
            _ => format!("`{}` cannot be read: {why}", file.display()),
        },
        "name files of OTLP traces as the Collector writes them, or JSON of Jaeger or Tempo",
    )
}

fn say_flaws(file: &Path, report: &ReadReport) {
    for (flaw, tally) in &report.flaws {
        let mut places: Vec<String> = tally.examples.iter().map(ToString::to_string).collect();
        if tally.count > places.len() as u64 {
            places.push("…".to_owned());
        }
        errors::remark(format_args!(
            "{}: {} times: {flaw} ({})",
            file.display(),
            tally.count,
            places.join("; ")
        ));
    }
}
