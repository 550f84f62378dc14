//! One pass, measured in a process of its own.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs};

use serde::{Deserialize, Serialize};

use crate::pass::Pass;

/// Tells this program to make one measurement and print it.
pub(crate) const MEASURE: &str = "--measure";

/// How often each pass runs, by turns with the others. The fastest run counts: whatever else the
/// machine does only slows it.
const RUNS: usize = 3;

/// What a pass took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measurement {
    /// What was done.
    pub(crate) pass: String,
    /// Bytes of the file.
    pub(crate) bytes: u64,
    /// Spans that were read; of `serde_json`, those that the others read.
    pub(crate) spans: u64,
    /// Workflows that were put together.
    pub(crate) workflows: u64,
    /// Wall-clock time.
    pub(crate) seconds: f64,
    /// Spans in a second.
    pub(crate) spans_per_second: f64,
    /// Peak resident memory of the process, where the system tells.
    pub(crate) peak_bytes: Option<u64>,
}

/// Measures all passes over a file, and keeps the fastest run of each.
pub(crate) fn measure(path: &Path) -> Result<Vec<Measurement>, Box<dyn Error>> {
    let mut best: Vec<Measurement> = Vec::new();
    for _ in 0..RUNS {
        for (at, pass) in Pass::ALL.into_iter().enumerate() {
            let measured = measure_apart(pass, path)?;
            match best.get_mut(at) {
                None => best.push(measured),
                Some(best) if measured.seconds < best.seconds => *best = measured,
                Some(_) => {}
            }
        }
    }
    let spans = best.iter().map(|measured| measured.spans).max().unwrap_or(0);
    for measured in &mut best {
        measured.spans = spans;
        measured.spans_per_second = spans as f64 / measured.seconds;
    }
    Ok(best)
}

/// Measures a pass in a process of its own.
fn measure_apart(pass: Pass, path: &Path) -> Result<Measurement, Box<dyn Error>> {
    let output = Command::new(env::current_exe()?)
        .args([MEASURE, pass.name()])
        .arg(path)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{} over {} failed", pass.name(), path.display()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Measures a pass in this process, and prints it.
pub(crate) fn measure_here(pass: Pass, path: &Path) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let found = pass.over(path)?;
    let seconds = begin.elapsed().as_secs_f64();
    let measured = Measurement {
        pass: pass.name().to_owned(),
        bytes: fs::metadata(path)?.len(),
        spans: found.spans,
        workflows: found.workflows,
        seconds,
        spans_per_second: found.spans as f64 / seconds,
        peak_bytes: peak_resident_memory(),
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// The most memory that this process ever held, as Linux tells it.
fn peak_resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// All passes over a file, with their ratios to the first.
pub(crate) fn table(measured: &[Measurement]) -> String {
    let mut table = String::new();
    let Some(first) = measured.first() else { return table };
    // Writing to text does not fail.
    let _ = writeln!(table, "{} spans in {} MB", first.spans, first.bytes / 1_000_000);
    for of in measured {
        let _ = writeln!(
            table,
            "  {:<12}{:>8.2} s{:>8.2} ×{:>12.0} spans/s{:>8} MB/s{:>8} MiB peak{:>10} workflows",
            of.pass,
            of.seconds,
            of.seconds / first.seconds,
            of.spans_per_second,
            (of.bytes as f64 / of.seconds / 1e6).round(),
            of.peak_bytes.map_or_else(|| "?".to_owned(), |bytes| (bytes >> 20).to_string()),
            of.workflows,
        );
    }
    table
}
