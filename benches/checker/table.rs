//! Figures as a table of ratios.

use std::fmt::Write as _;

use crate::measurement::Measurement;

/// The table of one model.
pub(crate) fn of(figures: &[Measurement], model: &str) -> String {
    let rows: Vec<&Measurement> = figures.iter().filter(|row| row.model == model).collect();
    let time = |wanted: &dyn Fn(&Measurement) -> bool| {
        let fitting = rows.iter().filter(|row| wanted(row)).map(|row| row.seconds);
        fitting.reduce(f64::min)
    };
    let bfs = time(&|row| row.checker == "stateright-bfs" && row.threads == 1);
    let best = time(&|row| row.checker.starts_with("stateright"));
    let per_state = |row: &Measurement| Some(row.peak_bytes? as f64 / row.states.max(1) as f64);
    let bfs_memory = rows.iter().find(|row| row.checker == "stateright-bfs" && row.threads == 1);
    let bfs_memory = bfs_memory.and_then(|row| per_state(row));
    let mut table = format!(
        "\n{model}\n{:<16}{:>8}{:>12}{:>13}{:>10}{:>12}{:>9}{:>10}{:>14}{:>15}{:>12}\n",
        "checker",
        "threads",
        "states",
        "transitions",
        "seconds",
        "trans./s",
        "B/state",
        "of bfs 1",
        "vs bfs 1",
        "vs best of SR",
        "vs itself"
    );
    for row in &rows {
        let per_second = row.transitions as f64 / row.seconds;
        let bytes = per_state(row);
        let memory = bytes.zip(bfs_memory).map(|(bytes, bfs)| 100.0 * bytes / bfs);
        let ratio = |to: Option<f64>| {
            to.map_or(String::from("-"), |to| format!("{:.2}×", to / row.seconds))
        };
        let itself = ratio(time(&|other| other.checker == row.checker && other.threads == 1));
        let _ = writeln!(
            table,
            "{:<16}{:>8}{:>12}{:>13}{:>10.3}{:>12.3e}{:>9}{:>10}{:>14}{:>15}{:>12}",
            row.checker,
            row.threads,
            row.states,
            row.transitions,
            row.seconds,
            per_second,
            bytes.map_or(String::from("-"), |bytes| format!("{bytes:.0}")),
            memory.map_or(String::from("-"), |percent| format!("{percent:.0} %")),
            ratio(bfs),
            ratio(best),
            itself
        );
    }
    table
}
