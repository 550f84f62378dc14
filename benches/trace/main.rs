//! How fast traces are read and judged, and how much memory that takes.
//!
//! `cargo bench --bench trace` writes a file of a million spans (a hundred thousand sagas of ten spans, of
//! which one in twenty meets a fault) as a Collector would, and one of four million. Passes over them
//! are measured by turns, each in a process of its own, so that its peak resident memory is its own
//! too: `serde_json` parses the lines into its `Value`, to compare with; then traces are read; then they
//! are read, put together, and judged by the design of the saga.
//!
//! The table shows ratios to `serde_json` on the same bytes; `target/bench/trace.json` has the figures.
//! Memory must not grow from one million to four. Read ratios, not times, when the machine has other
//! things to do.

mod file;
mod measurement;
mod pass;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use measurement::Measurement;
use pass::Pass;

/// Where files and figures go.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench");

/// How many workflows the files have, of ten spans each.
const WORKFLOWS: [u64; 2] = [100_000, 400_000];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, pass, path] = &arguments[..]
        && flag == measurement::MEASURE
    {
        return measurement::measure_here(Pass::named(pass)?, Path::new(path));
    }
    fs::create_dir_all(FOLDER)?;
    let mut figures: Vec<Measurement> = Vec::new();
    for workflows in WORKFLOWS {
        let path = Path::new(FOLDER).join(format!("trace-{workflows}.ndjson"));
        file::write(&path, workflows)?;
        let measured = measurement::measure(&path);
        fs::remove_file(&path)?;
        figures.extend(measured?);
        println!("{}", measurement::table(&figures[figures.len() - Pass::ALL.len()..]));
    }
    let path = Path::new(FOLDER).join("trace.json");
    fs::write(&path, serde_json::to_string_pretty(&figures)?)?;
    println!("figures are in {}", path.display());
    Ok(())
}
