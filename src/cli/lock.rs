//! Comparing what is found with what was found before: `--lock`, `--update-lock`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::{diff, errors};
use crate::report::CheckReport;
use crate::report::lock::Lock;

/// Where verdicts are locked.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LockArguments {
    /// Compare what is found with this file: a verdict, count, length of a counterexample or text of a
    /// spec that is different exits 1. With --no-reductions, the sizes without reductions are compared.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["simulate", "properties"])]
    lock: Option<PathBuf>,
    /// Write what is found to the lock file, instead of comparing.
    #[arg(long, requires = "lock")]
    update_lock: bool,
}

/// A lock, and what is found meanwhile.
pub(super) struct Locking<'a> {
    arguments: &'a LockArguments,
    paths: &'a [PathBuf],
    unreduced: bool,
    before: Lock,
    now: Lock,
}

impl<'a> Locking<'a> {
    /// Reads the lock, if there is to be one.
    ///
    /// # Errors
    /// Says on standard error what is wrong with it.
    pub(super) fn new(
        arguments: &'a LockArguments,
        paths: &'a [PathBuf],
        unreduced: bool,
    ) -> Result<Option<Self>, Exit> {
        let Some(path) = &arguments.lock else { return Ok(None) };
        let before = match fs::read_to_string(path) {
            Ok(text) => Lock::read(&text).map_err(|error| {
                errors::with_help(
                    format_args!("`{}`: {error}", path.display()),
                    "name a file that --update-lock wrote",
                )
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound && arguments.update_lock => {
                Lock::default()
            }
            Err(error) => {
                return Err(errors::with_help(
                    format_args!("`{}` cannot be read: {error}", path.display()),
                    "write it first, with --update-lock",
                ));
            }
        };
        let now = Lock::default();
        Ok(Some(Locking { arguments, paths, unreduced, before, now }))
    }

    /// Takes what was found of a spec.
    pub(super) fn add(&mut self, file: &Path, report: &CheckReport) {
        self.now.record(&name(file), report, self.unreduced);
    }

    /// Compares, or writes.
    pub(super) fn finish(mut self) -> Exit {
        let Some(path) = &self.arguments.lock else { return Exit::AsExpected };
        // Specs that were not asked for are as they were.
        let asked = |spec: &str| {
            let mut paths = self.paths.iter().map(|path| name(path));
            paths.any(|path| path == "." || Path::new(spec).starts_with(path))
        };
        if self.arguments.update_lock {
            let mut lock = self.before.clone();
            lock.specs.retain(|spec, _| !asked(spec) || self.now.specs.contains_key(spec));
            for (spec, found) in &self.now.specs {
                let entry = lock.specs.entry(spec.clone()).or_default();
                if self.unreduced {
                    entry.unreduced = found.unreduced;
                } else {
                    let unreduced = entry.unreduced;
                    entry.clone_from(found);
                    entry.unreduced = unreduced;
                }
            }
            lock.specs.sort_unstable_keys();
            return match fs::write(path, lock.write()) {
                Ok(()) => Exit::AsExpected,
                Err(error) => errors::with_help(
                    format_args!("`{}` cannot be written: {error}", path.display()),
                    "name a file that can be written to",
                ),
            };
        }
        self.before.specs.retain(|spec, _| asked(spec));
        if self.unreduced {
            for entry in self.before.specs.values_mut() {
                *entry =
                    crate::report::lock::Entry { unreduced: entry.unreduced, ..Default::default() };
            }
        }
        let differences = self.before.differences(&self.now);
        if differences.is_empty() {
            return Exit::AsExpected;
        }
        errors::remark(format_args!(
            "\nnot as locked in {}:\n{}\n--update-lock takes it over",
            path.display(),
            diff::told(&differences),
        ));
        Exit::NotAsExpected
    }
}

/// The name of a spec in the lock: its path as it was given, in slashes.
fn name(file: &Path) -> String {
    let path = file.display().to_string().replace('\\', "/");
    path.trim_start_matches("./").trim_end_matches('/').to_owned()
}
