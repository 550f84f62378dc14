//! Errors in mapping files: where, what, and how to mend it.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// Why a mapping file cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum MappingError {
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
    Invalid(Box<InvalidMapping>),
}

/// Something wrong in a mapping file, and where.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct InvalidMapping {
    /// What is wrong.
    pub message: String,
    /// The text of the file.
    #[source_code]
    pub source_text: NamedSource<Arc<str>>,
    /// The bytes that are to blame.
    #[label("here")]
    pub span: Option<SourceSpan>,
    /// How to mend it.
    #[help]
    pub help: Option<String>,
}

/// The text of a mapping file, for errors to point into.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) name: String,
    pub(super) text: Arc<str>,
}

impl Text {
    /// An error that points at these bytes.
    pub(super) fn error(
        &self,
        message: impl Into<String>,
        span: Option<Range<usize>>,
        help: impl Into<String>,
    ) -> MappingError {
        let help = help.into();
        MappingError::Invalid(Box::new(InvalidMapping {
            message: message.into(),
            source_text: NamedSource::new(&self.name, Arc::clone(&self.text)).with_language("TOML"),
            span: span.map(SourceSpan::from),
            help: (!help.is_empty()).then_some(help),
        }))
    }
}
