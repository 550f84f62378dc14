//! One search, measured in a process of its own.

use std::error::Error;
use std::process::{Command, Stdio};
use std::{env, fs};

use serde::{Deserialize, Serialize};

use crate::subjects::Subject;

/// Tells this program to make one measurement and print it.
pub(crate) const MEASURE: &str = "--measure";

/// How often each search runs, by turns with the others, so that all of them meet the machine in the
/// same moods. The fastest run counts: whatever else the machine does only slows it.
const RUNS: usize = 7;

/// After so many seconds of search, it is not run again: long searches vary less.
const ENOUGH: f64 = 8.0;

/// Who is measured, with how many threads.
pub(crate) const CONTESTANTS: [(Checker, usize); 8] = [
    (Checker::Amends, 1),
    (Checker::Amends, 2),
    (Checker::AmendsVerify, 1),
    (Checker::AmendsVerify, 2),
    (Checker::StaterightBfs, 1),
    (Checker::StaterightBfs, 2),
    (Checker::StaterightDfs, 1),
    (Checker::StaterightDfs, 2),
];

/// A checker that runs in this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checker {
    /// Ours, on a product.
    Amends,
    /// Ours, on the model that Stateright searches, as it is.
    AmendsVerify,
    StaterightBfs,
    StaterightDfs,
}

impl Checker {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Checker::Amends => "amends",
            Checker::AmendsVerify => "amends-verify",
            Checker::StaterightBfs => "stateright-bfs",
            Checker::StaterightDfs => "stateright-dfs",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let mut all = CONTESTANTS.into_iter().map(|(checker, _)| checker);
        all.find(|checker| checker.name() == name).ok_or(format!("no checker is called {name}"))
    }
}

/// What a search took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measurement {
    /// What was searched.
    pub(crate) model: String,
    /// Who searched it.
    pub(crate) checker: String,
    /// With how many threads.
    pub(crate) threads: usize,
    /// Distinct states found.
    pub(crate) states: u64,
    /// Transitions generated.
    pub(crate) transitions: u64,
    /// Wall-clock time of the search.
    pub(crate) seconds: f64,
    /// Peak resident memory of the process, where the system tells.
    pub(crate) peak_bytes: Option<u64>,
}

/// Measures all contestants, and keeps the fastest run of each.
pub(crate) fn measure(subject: Subject) -> Result<Vec<Measurement>, Box<dyn Error>> {
    let mut best: Vec<Measurement> = Vec::new();
    let mut spent = [0.0; CONTESTANTS.len()];
    let takes_part = |(checker, _): &(Checker, usize)| subject.is_searched_by(*checker);
    for _ in 0..RUNS {
        for (at, (checker, threads)) in CONTESTANTS.into_iter().filter(takes_part).enumerate() {
            if spent[at] > ENOUGH {
                continue;
            }
            let measured = measure_apart(subject, checker, threads)?;
            spent[at] += measured.seconds;
            match best.get_mut(at) {
                None => best.push(measured),
                Some(best) if measured.seconds < best.seconds => *best = measured,
                Some(_) => {}
            }
        }
    }
    Ok(best)
}

/// Measures a search in a process of its own.
fn measure_apart(
    subject: Subject,
    checker: Checker,
    threads: usize,
) -> Result<Measurement, Box<dyn Error>> {
    let output = Command::new(env::current_exe()?)
        .args([MEASURE, subject.name(), checker.name(), &threads.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{} on {} failed", checker.name(), subject.name()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Measures a search in this process, and prints it.
pub(crate) fn measure_here(
    subject: Subject,
    checker: Checker,
    threads: usize,
) -> Result<(), Box<dyn Error>> {
    let search = subject.search(checker, threads)?;
    let measured = Measurement {
        model: subject.name().to_owned(),
        checker: checker.name().to_owned(),
        threads,
        states: search.states,
        transitions: search.transitions,
        seconds: search.elapsed.as_secs_f64(),
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
