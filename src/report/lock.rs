//! What was found before, to be compared with what is found now.
//!
//! A lock file keeps, for each spec, the digest of its text, the size of its space, and for each property
//! the verdict and the length of the counterexample. It is TOML, a line per fact, so that a change reads
//! well in review:
//!
//! ```toml
//! ["specs/order.toml"]
//! digest = "9f86d081884c7d65…"
//! states = 240
//! transitions = 563
//! depth = 10
//! "atomic" = { verdict = "violated", steps = 5 }
//! "settles" = { verdict = "violated", steps = 4, loop = 2 }
//! ```
//!
//! Two reports are told apart the same way: [`Lock::of_json`] reads what `--format json` wrote.

use std::fmt::Write;

use indexmap::IndexMap;
use serde_json::Value;

use super::check_report::CheckReport;
use super::extent::{Extent, grouped};

/// What was found of many specs, by the names of their files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// By file.
    pub specs: IndexMap<String, Entry>,
}

/// What was found of one spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The SHA-256 of its text.
    pub digest: Option<String>,
    /// The size of its space.
    pub size: Option<Size>,
    /// The size without reductions.
    pub unreduced: Option<Size>,
    /// The choices and faults, where they are known.
    pub world: IndexMap<String, String>,
    /// What was found of each property.
    pub properties: IndexMap<String, Locked>,
}

/// The size of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Distinct states.
    pub states: u64,
    /// Transitions.
    pub transitions: u64,
    /// The length of the longest shortest path.
    pub depth: u64,
}

/// What was found of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The verdict.
    pub verdict: String,
    /// The length of the counterexample.
    pub steps: Option<u64>,
    /// After how many steps its loop begins.
    pub repeats_from: Option<u64>,
}

/// What is different about one spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file of the spec.
    pub spec: String,
    /// What is different, a line each: `atomic: holds → violated, in 5 steps`.
    pub lines: Vec<String>,
}

/// Why a file cannot be compared with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It is no TOML.
    #[error("it is no lock of verdicts: {0}")]
    Toml(String),
    /// A line is no JSON.
    #[error("line {line} is no report: {why}")]
    Json {
        /// The line, from one.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

const HEADER: &str = "\
# What every spec says: the digest of its text, states, transitions and depth of the search, and of the
# search without reductions; for each property its verdict and, where it is violated, the steps of the
# counterexample and where its loop begins. A change here is a change of what is proven.
# Compared by `amends check --lock`, written by `amends check --lock … --update-lock`.
";

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Lock, LockError> {
        let wrong = |error: toml::de::Error| LockError::Toml(error.message().to_owned());
        let table: toml::Table = text.parse().map_err(wrong)?;
        let mut lock = Lock::default();
        for (name, value) in table {
            let Some(value) = value.as_table() else {
                return Err(LockError::Toml(format!("`{name}` is no table")));
            };
            let mut entry = Entry { size: size(value), ..Entry::default() };
            for (key, value) in value {
                match (key.as_str(), value) {
                    ("digest", toml::Value::String(digest)) => entry.digest = Some(digest.clone()),
                    ("unreduced", toml::Value::Table(table)) => entry.unreduced = size(table),
                    (_, toml::Value::Table(table)) => {
                        let verdict = table.get("verdict").and_then(toml::Value::as_str);
                        entry.properties.insert(
                            key.clone(),
                            Locked {
                                verdict: verdict.unwrap_or_default().to_owned(),
                                steps: number(table, "steps"),
                                repeats_from: number(table, "loop"),
                            },
                        );
                    }
                    _ => {}
                }
            }
            lock.specs.insert(name, entry);
        }
        Ok(lock)
    }

    /// Reads reports in JSON, one per line.
    ///
    /// # Errors
    /// When a line is none.
    pub fn of_json(text: &str) -> Result<Lock, LockError> {
        let mut lock = Lock::default();
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        for (at, line) in lines {
            let wrong = |why: &str| LockError::Json { line: at + 1, why: why.to_owned() };
            let report: Value =
                serde_json::from_str(line).map_err(|error| wrong(&error.to_string()))?;
            let name = report["file"].as_str().or_else(|| report["spec"].as_str());
            let name = name.ok_or_else(|| wrong("it names no spec"))?;
            let mut entry = Entry {
                digest: report["digest"].as_str().map(str::to_owned),
                size: json_size(&report),
                ..Entry::default()
            };
            for (key, value) in report["knobs"].as_object().into_iter().flatten() {
                entry.world.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
            }
            let faults = report["faults"].as_array().into_iter().flatten();
            let faults: Vec<&str> = faults.filter_map(Value::as_str).collect();
            if !faults.is_empty() {
                entry.world.insert("faults".to_owned(), faults.join(", "));
            }
            let properties = report["properties"].as_array();
            for property in properties.ok_or_else(|| wrong("it has no properties"))? {
                let run = &property["counterexample"];
                entry.properties.insert(
                    property["name"].as_str().unwrap_or_default().to_owned(),
                    Locked {
                        verdict: property["verdict"].as_str().unwrap_or_default().to_owned(),
                        steps: run["steps"].as_array().map(|steps| steps.len() as u64),
                        repeats_from: run["loop"].as_u64(),
                    },
                );
            }
            lock.specs.insert(name.to_owned(), entry);
        }
        Ok(lock)
    }

    /// Takes what was found of a spec; without reductions, only its size is taken.
    pub fn record(&mut self, name: &str, report: &CheckReport, unreduced: bool) {
        let found = Entry::of(report);
        let entry = self.specs.entry(name.to_owned()).or_default();
        if unreduced {
            entry.unreduced = found.size;
        } else {
            let unreduced = entry.unreduced;
            *entry = Entry { unreduced, ..found };
        }
    }

    /// The lock file.
    #[must_use]
    pub fn write(&self) -> String {
        let mut page = HEADER.to_owned();
        // Writing to a string cannot fail.
        for (name, entry) in &self.specs {
            let _ = writeln!(page, "\n[{}]", quoted(name));
            if let Some(digest) = &entry.digest {
                let _ = writeln!(page, "digest = {}", quoted(digest));
            }
            if let Some(Size { states, transitions, depth }) = entry.size {
                let _ = writeln!(page, "states = {states}");
                let _ = writeln!(page, "transitions = {transitions}");
                let _ = writeln!(page, "depth = {depth}");
            }
            if let Some(Size { states, transitions, depth }) = entry.unreduced {
                let size =
                    format!("states = {states}, transitions = {transitions}, depth = {depth}");
                let _ = writeln!(page, "unreduced = {{ {size} }}");
            }
            for (name, Locked { verdict, steps, repeats_from }) in &entry.properties {
                let steps = steps.map(|steps| format!(", steps = {steps}")).unwrap_or_default();
                let repeats = repeats_from.map(|at| format!(", loop = {at}")).unwrap_or_default();
                let _ = writeln!(
                    page,
                    "{} = {{ verdict = {}{steps}{repeats} }}",
                    quoted(name),
                    quoted(verdict)
                );
            }
        }
        page
    }

    /// What is different in `other`. A spec that only one of them has is different.
    #[must_use]
    pub fn differences(&self, other: &Lock) -> Vec<Difference> {
        let nothing = Entry::default();
        let mut found = Vec::new();
        for (name, entry) in &self.specs {
            let lines = match other.specs.get(name) {
                Some(now) => entry.differences(now),
                None => vec!["is gone".to_owned()],
            };
            found.push(Difference { spec: name.clone(), lines });
        }
        for (name, entry) in other.specs.iter().filter(|(name, _)| !self.specs.contains_key(*name))
        {
            let mut lines = vec!["is new".to_owned()];
            lines.extend(nothing.differences(entry));
            found.push(Difference { spec: name.clone(), lines });
        }
        found.retain(|difference| !difference.lines.is_empty());
        found
    }
}

impl Entry {
    /// What was found of a spec.
    #[must_use]
    pub fn of(report: &CheckReport) -> Entry {
        let size = match report.extent {
            Extent::Searched { states, transitions, depth, .. } => {
                Some(Size { states, transitions, depth: depth.into() })
            }
            Extent::Walked { .. } => None,
        };
        let properties = report.properties.iter().map(|finding| {
            let run = finding.counterexample.as_ref();
            let locked = Locked {
                verdict: finding.verdict.word().to_owned(),
                steps: run.map(|run| run.steps.len() as u64),
                repeats_from: run.and_then(|run| run.repeats_from).map(|at| at as u64),
            };
            (finding.property.clone(), locked)
        });
        Entry {
            digest: Some(report.digest.clone()),
            size,
            properties: properties.collect(),
            ..Entry::default()
        }
    }

    /// What is different in `now`, a line each.
    #[must_use]
    pub fn differences(&self, now: &Entry) -> Vec<String> {
        let mut lines = Vec::new();
        for (what, before, after) in
            [("", self.size, now.size), (" without reductions", self.unreduced, now.unreduced)]
        {
            let (Some(before), Some(after)) = (before, after) else { continue };
            for (noun, before, after) in [
                ("states", before.states, after.states),
                ("transitions", before.transitions, after.transitions),
                ("depth", before.depth, after.depth),
            ] {
                if before != after {
                    lines.push(format!("{noun}{what}: {} → {}", grouped(before), grouped(after)));
                }
            }
        }
        for (key, before) in &self.world {
            let after = now.world.get(key).map_or("not set", String::as_str);
            if before != after {
                lines.push(format!("{key}: {before} → {after}"));
            }
        }
        for (key, after) in now.world.iter().filter(|(key, _)| !self.world.contains_key(*key)) {
            if !self.properties.is_empty() {
                lines.push(format!("{key}: not set → {after}"));
            }
        }
        for (name, before) in &self.properties {
            match now.properties.get(name) {
                Some(after) if after == before => {}
                Some(after) => lines.push(format!("{name}: {} → {}", before.told(), after.told())),
                None => lines.push(format!("{name}: {} → not checked", before.told())),
            }
        }
        for (name, after) in &now.properties {
            if !self.properties.contains_key(name) {
                lines.push(format!("{name}: new, {}", after.told()));
            }
        }
        if let (Some(before), Some(after)) = (&self.digest, &now.digest)
            && before != after
        {
            let same = if lines.is_empty() { "; what was found is the same" } else { "" };
            lines.insert(0, format!("the text of the spec has changed{same}"));
        }
        lines
    }
}

impl Locked {
    fn told(&self) -> String {
        let verdict = &self.verdict;
        match (self.steps, self.repeats_from) {
            (Some(steps), Some(at)) => format!("{verdict} in {steps} steps, again from {at}"),
            (Some(steps), None) => format!("{verdict} in {steps} steps"),
            (None, _) => verdict.clone(),
        }
    }
}

fn size(table: &toml::Table) -> Option<Size> {
    let of = |key| number(table, key);
    Some(Size { states: of("states")?, transitions: of("transitions")?, depth: of("depth")? })
}

fn number(table: &toml::Table, key: &str) -> Option<u64> {
    table.get(key)?.as_integer()?.try_into().ok()
}

fn json_size(report: &Value) -> Option<Size> {
    let of = |key: &str| report[key].as_u64();
    Some(Size { states: of("states")?, transitions: of("transitions")?, depth: of("depth")? })
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Verdict, fixture};

    fn lock(report: &CheckReport) -> Lock {
        let mut lock = Lock::default();
        lock.record("specs/order.toml", report, false);
        lock
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut lock = lock(&fixture::violated());
        lock.record("specs/order.toml", &fixture::holding(), true);
        lock.record("specs/lasso.toml", &fixture::lasso(), false);
        assert_eq!(Lock::read(&lock.write()), Ok(lock.clone()));
        insta::assert_snapshot!(lock.write());
    }

    /// A changed count, verdict, length or text is a difference, and nothing else is.
    #[test]
    fn every_change_is_told() {
        let before = fixture::violated();
        let told = |change: fn(&mut CheckReport)| {
            let mut after = before.clone();
            change(&mut after);
            let differences = lock(&before).differences(&lock(&after));
            differences.into_iter().flat_map(|it| it.lines).collect::<Vec<_>>()
        };
        assert!(told(|report| report.elapsed = Default::default()).is_empty());
        let all = [
            told(|report| report.digest = "other".to_owned()),
            told(|report| report.extent = fixture::incomplete().extent),
            told(|report| report.properties[1].verdict = Verdict::Violated),
            told(|report| {
                if let Some(run) = &mut report.properties[0].counterexample {
                    run.steps.pop();
                }
            }),
            told(|report| report.properties.truncate(2)),
        ];
        insta::assert_snapshot!(all.map(|lines| lines.join("\n")).join("\n\n"));
    }

    #[test]
    fn reports_are_told_apart_by_their_json() {
        let (before, mut after) = (fixture::violated(), fixture::violated());
        after.properties[1].verdict = Verdict::Incomplete;
        let read = |report| Lock::of_json(&crate::report::json::render(report));
        let (one, other) = (read(&before).expect("JSON"), read(&after).expect("JSON"));
        assert!(one.differences(&one).is_empty());
        let found = one.differences(&other);
        assert_eq!(found[0].spec, "specs/order-saga.toml");
        assert_eq!(found[0].lines, ["atomic: holds → incomplete"]);
        assert!(Lock::of_json("{}").is_err() && Lock::of_json("no").is_err());
    }
}
