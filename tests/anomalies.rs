//! One readable counterexample per anomaly.
//!
//! Each spec in `specs/anomalies` turns one knob the wrong way. The property that names what breaks is
//! the first one it expects to be violated; the shortest run that breaks it is kept as a snapshot, so
//! that every anomaly can be read as a story, and a change of the models that tells it differently is
//! seen.

use std::path::{Path, PathBuf};

use amends::check::{CheckOptions, check_spec};
use amends::report::{Comparison, Verdict, text};
use amends::spec::{self, Expectation};

/// The story of the anomaly that a spec is about; nothing, if it shows how one is mended.
fn story(path: &Path) -> Option<String> {
    let spec = spec::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let anomaly = spec.expect.iter().find(|(_, expected)| **expected == Expectation::Violated);
    let Some((anomaly, _)) = anomaly else {
        assert!(!spec.expect.is_empty(), "{} says nothing", path.display());
        return None;
    };
    let options = CheckOptions { properties: vec![anomaly.clone()], ..CheckOptions::default() };
    let report = check_spec(&spec, &options, |_| {})
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(report.comparison(), Comparison::AsExpected, "{}", path.display());
    let (finding, run) = report.counterexamples().next().expect("a violation comes with a run");
    assert_eq!(finding.verdict, Verdict::Violated);
    let steps = match run.steps.len() {
        1 => "1 step".to_owned(),
        many => format!("{many} steps"),
    };
    let story = anstream::adapter::strip_str(&text::render_story(&run.story)).to_string();
    Some(format!("{anomaly}, broken in {steps}\n\n{story}"))
}

fn specs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/anomalies");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> =
        files.map(|file| file.expect("the folder can be read").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_anomaly_is_told_as_a_story() {
    let mut told = 0;
    for path in specs() {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        if let Some(story) = story(&path) {
            insta::with_settings!({ snapshot_path => "anomalies", prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(name, story);
            });
            told += 1;
        }
    }
    assert!(told > 0, "no spec shows an anomaly");
}
