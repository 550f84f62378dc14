//! Showing reports as they come, and saving them.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use super::errors;
use super::exit::Exit;
use super::output::Output;
use crate::report::{CheckReport, Comparison, Format, text};

/// How much people are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// What is not as expected, and the total.
    Quiet,
    /// Every spec; the stories of what is not as expected.
    Brief,
    /// Every spec, and every story.
    Full,
}

/// The reports of one run of the command. Formats that can show reports one by one do so at once.
pub(super) struct Results {
    format: Format,
    detail: Detail,
    shown: bool,
    output: Output,
    written: io::Result<()>,
    reports: Vec<CheckReport>,
}

impl Results {
    pub(super) fn new(format: Format, detail: Detail) -> Self {
        let (output, written) = (Output::new(), Ok(()));
        Results { format, detail, shown: false, output, written, reports: Vec::new() }
    }

    /// Takes a report, and shows it if the format allows.
    pub(super) fn add(&mut self, report: CheckReport) {
        let is_silent = self.detail == Detail::Quiet
            && self.format == Format::Text
            && report.comparison() == Comparison::AsExpected;
        if self.format.streams() && !is_silent {
            let gap = if self.shown { self.format.gap() } else { "" };
            let text = match (self.format, self.detail) {
                (Format::Text, Detail::Quiet | Detail::Brief) => text::brief(&report),
                _ => self.format.render(std::slice::from_ref(&report)),
            };
            self.write(&format!("{gap}{text}"));
            self.shown = true;
        }
        self.reports.push(report);
    }

    /// Shows what is still to be shown, and saves everything if there is a directory for it.
    pub(super) fn finish(mut self, directory: Option<&Path>) -> Exit {
        if self.format == Format::Text && self.reports.len() > 1 {
            let gap = if self.shown { "\n" } else { "" };
            self.write(&format!("{gap}{}", text::total(&self.reports)));
        }
        if !self.format.streams() {
            let document = self.format.render(&self.reports);
            self.write(&document);
        }
        if let Err(error) = self.written {
            return errors::output(&error);
        }
        let Some(directory) = directory else { return Exit::AsExpected };
        match save(directory, &self.reports) {
            Ok(()) => Exit::AsExpected,
            Err(error) => errors::with_help(
                format_args!("reports cannot be saved in `{}`: {error}", directory.display()),
                "name a directory that can be written to; it is made if it is missing",
            ),
        }
    }

    fn write(&mut self, text: &str) {
        if self.written.is_ok() {
            self.written = self.output.write(text);
        }
    }
}

/// Writes each report in each format that stands for one spec, and all of them in those that stand
/// for a whole run.
fn save(directory: &Path, reports: &[CheckReport]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut taken = BTreeSet::new();
    for report in reports {
        let name = free_name(report, &mut taken);
        for format in [Format::Text, Format::Json, Format::Mermaid, Format::Html] {
            let text = plain(format, std::slice::from_ref(report));
            fs::write(directory.join(format!("{name}.{}", format.extension())), text)?;
        }
    }
    for format in [Format::Junit, Format::Sarif] {
        fs::write(
            directory.join(format!("amends.{}", format.extension())),
            plain(format, reports),
        )?;
    }
    Ok(())
}

fn plain(format: Format, reports: &[CheckReport]) -> String {
    let text = format.render(reports);
    match format {
        Format::Text => anstream::adapter::strip_str(&text).to_string(),
        _ => text,
    }
}

/// The name of the spec's file without its ending, with a number if two specs share it.
fn free_name(report: &CheckReport, taken: &mut BTreeSet<String>) -> String {
    let stem = report.file.as_deref().and_then(Path::file_stem);
    let stem = stem.map_or_else(|| "spec".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let mut name = stem.clone();
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{stem}-{number}");
    }
    name
}
