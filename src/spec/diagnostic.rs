//! Errors in specs: where, what, and how to mend it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// Why a spec cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum SpecError {
    /// The file cannot be read at all.
    #[error("cannot read {}: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
        /// How to mend it.
        #[help]
        help: String,
    },
    /// Something in the file is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Invalid(Box<InvalidSpec>),
}

/// Something wrong in a spec, and where.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct InvalidSpec {
    /// What is wrong.
    pub message: String,
    /// The text of the spec.
    #[source_code]
    pub source_text: NamedSource<Arc<str>>,
    /// The bytes that are to blame.
    #[label("here")]
    pub span: Option<SourceSpan>,
    /// How to mend it.
    #[help]
    pub help: Option<String>,
}

/// The text of a spec, for errors to point into.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: Arc<str>,
}

impl Source {
    /// A text under the name that errors show.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Source { name: name.into(), text: text.into() }
    }

    /// The name that errors show: usually the path of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte, both from one; columns count characters.
    #[must_use]
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(byte)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// An error that points at these bytes.
    #[must_use]
    pub fn error(
        &self,
        message: impl Into<String>,
        span: Option<Range<usize>>,
        help: Option<String>,
    ) -> SpecError {
        SpecError::Invalid(Box::new(InvalidSpec {
            message: message.into(),
            source_text: NamedSource::new(&self.name, Arc::clone(&self.text)).with_language("TOML"),
            span: span.map(SourceSpan::from),
            help,
        }))
    }
}

impl SpecError {
    pub(super) fn unreadable(path: &Path, why: impl Into<String>, help: impl Into<String>) -> Self {
        SpecError::Unreadable { path: path.to_owned(), why: why.into(), help: help.into() }
    }
}
