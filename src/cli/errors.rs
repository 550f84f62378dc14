//! Telling people on standard error what is wrong.

use std::fmt::Display;
use std::io::{self, Write};

use miette::{Diagnostic, MietteDiagnostic, MietteHandlerOpts, Report};

use super::exit::Exit;

/// Chooses how diagnostics look. Lines are not broken: names with hyphens must stay whole.
pub(super) fn prepare() {
    // Somebody who embeds the command line may have chosen before; then this changes nothing.
    let _ = miette::set_hook(Box::new(|_| {
        Box::new(MietteHandlerOpts::new().wrap_lines(false).build())
    }));
}

/// Shows a diagnostic. The input is to blame.
pub(super) fn about(diagnostic: impl Diagnostic + Send + Sync + 'static) -> Exit {
    show(&Report::new(diagnostic))
}

/// Shows a plain error with a hint how to mend it. The input is to blame.
pub(super) fn with_help(message: impl Display, help: impl Display) -> Exit {
    let diagnostic = MietteDiagnostic::new(message.to_string()).with_help(help.to_string());
    show(&Report::new(diagnostic))
}

/// Says that results could not be written.
pub(super) fn output(error: &io::Error) -> Exit {
    show(&Report::new(MietteDiagnostic::new(format!("the result cannot be written: {error}"))))
}

/// A remark about the work, not an error.
pub(super) fn remark(text: impl Display) {
    // If nobody listens, nothing is lost.
    let _ = writeln!(io::stderr(), "{text}");
}

fn show(report: &Report) -> Exit {
    remark(format!("{report:?}").trim_end());
    Exit::BadInput
}
