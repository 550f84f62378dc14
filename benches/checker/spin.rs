//! SPIN on the same specification, if it is installed: exact search, optimised, without properties.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::measurement::Measurement;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/checker/two_phase.pml");
const WORKSHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench/spin");

/// Measures SPIN; `None` if it is not installed.
pub(crate) fn measure(model: &str, managers: u8) -> Result<Option<Measurement>, Box<dyn Error>> {
    if Command::new("spin").arg("-V").output().is_err() {
        println!("spin is not installed, so it is not measured");
        return Ok(None);
    }
    fs::create_dir_all(WORKSHOP)?;
    let parameter = format!("-DN={managers}");
    run("spin", &[&parameter, "-a", MODEL])?;
    run("cc", &["-O2", "-DSAFETY", "-DMEMLIM=8192", "-o", "pan", "pan.c"])?;
    // The hash table is as large as the number of states asks for, the depth as the model needs.
    let pan = Path::new(WORKSHOP).join("pan");
    let output = run(&pan.display().to_string(), &["-m100000", "-w22"])?;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = |marker: &str| {
        let line = text.lines().find(|line| line.contains(marker))?;
        let words = line.split_whitespace();
        words.filter_map(|word| word.trim_end_matches(',').parse::<f64>().ok()).next()
    };
    let figure =
        |marker: &str| number(marker).ok_or(format!("spin does not say `{marker}`:\n{text}"));
    Ok(Some(Measurement {
        model: model.to_owned(),
        checker: String::from("spin"),
        threads: 1,
        states: figure("states, stored")? as u64,
        transitions: figure("transitions (=")? as u64,
        seconds: figure("elapsed time")?.max(0.01),
        peak_bytes: Some((figure("total actual memory usage")? * 1e6) as u64),
    }))
}

fn run(program: &str, arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).current_dir(WORKSHOP).output()?;
    if output.status.success() {
        Ok(output)
    } else {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("{program} failed: {said}").into())
    }
}
