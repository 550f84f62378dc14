//! How fast the checker is, and how much memory it takes, next to its peers on the same models.
//!
//! `cargo bench --bench checker` measures amends and Stateright (breadth-first and depth-first) with
//! one thread and two, and SPIN if it is installed. Every measurement is a process of its own, so
//! that its peak resident memory is its own too. The table shows ratios to the fastest search of
//! Stateright, and to its breadth-first search with one thread (in memory, the share that is needed of
//! what that takes for a state); `target/bench/checker.json` has the figures.
//!
//! The models are Gray and Lamport's TwoPhase, which everybody writes in their own way, and one spec
//! for each protocol, of which both search the same [`System`](amends::models::system::System). What
//! amends does with Stateright's own model of TwoPhase, as it is, stands there as `amends-verify`.
//!
//! Arguments choose models by a part of their name: `cargo bench --bench checker -- two-phase-7`.
//! Read ratios, not times, when the machine has other things to do.

mod measurement;
mod spin;
mod stateright_two_phase;
mod subjects;
mod table;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use measurement::{Checker, Measurement};
use subjects::Subject;

/// Where the figures go.
const FIGURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench/checker.json");

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, subject, checker, threads] = &arguments[..]
        && flag == measurement::MEASURE
    {
        let subject = Subject::named(subject)?;
        let checker = Checker::named(checker)?;
        return measurement::measure_here(subject, checker, threads.parse()?);
    }
    let chosen = |name: &str| {
        arguments.is_empty() || arguments.iter().any(|argument| name.contains(argument.as_str()))
    };
    let mut figures: Vec<Measurement> = Vec::new();
    for subject in Subject::ALL.into_iter().filter(|subject| chosen(subject.name())) {
        figures.extend(measurement::measure(subject)?);
        if let Some(managers) = subject.managers() {
            figures.extend(spin::measure(subject.name(), managers)?);
        }
        println!("{}", table::of(&figures, subject.name()));
    }
    let path = Path::new(FIGURES);
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, serde_json::to_string_pretty(&figures)?)?;
    println!("figures are in {FIGURES}");
    Ok(())
}
