//! The command, run in a directory of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A small order that survives its fault budget.
pub(crate) const ORDER: &str = include_str!("order.toml");

/// A directory to run the command in.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn empty() -> Home {
        Home(tempfile::tempdir().expect("there is room for a directory"))
    }

    /// A directory with one spec, `order.toml`.
    pub(crate) fn with_order() -> Home {
        Home::empty().with("order.toml", ORDER)
    }

    pub(crate) fn with(self, name: &str, text: impl AsRef<[u8]>) -> Home {
        let path = self.path().join(name);
        let parent = path.parent().expect("it is inside the home");
        fs::create_dir_all(parent).expect("the directory can be made");
        fs::write(path, text).expect("the file can be written");
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("the file can be read")
    }

    /// The command, with blank-separated arguments.
    pub(crate) fn amends(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amends"));
        command.args(arguments.split_whitespace()).current_dir(self.path()).env("NO_COLOR", "1");
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Output {
        self.amends(arguments).output().expect("the command runs")
    }
}

/// Runs what compares snapshots, with what differs from run to run replaced.
pub(crate) fn steadily(compare: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"in \d+\.\d{3} s", "in [time] s");
    settings.add_filter(r#"time="\d+\.\d{3}""#, r#"time="[time]""#);
    settings.add_filter(r#""seconds":[\d.e-]+"#, r#""seconds":"[time]""#);
    settings.add_filter(r"took +\d+\.\d+ s, \d+ workflows/s", "took         [time] s");
    settings.add_filter(r"/tmp/\.tmp\w+", "[home]");
    settings.bind(compare);
}
