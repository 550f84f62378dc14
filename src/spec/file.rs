//! Reading the file itself.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::diagnostic::{Source, SpecError};

/// Reads a spec's text.
pub(super) fn read_source(path: &Path) -> Result<Source, SpecError> {
    if path.is_dir() {
        return Err(SpecError::unreadable(
            path,
            "it is a directory",
            "name a spec file in it, or check the whole directory with `amends check`",
        ));
    }
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => SpecError::unreadable(
            path,
            "there is no such file",
            "check the path; `amends new NAME` makes a spec to start from",
        ),
        _ => SpecError::unreadable(path, error.to_string(), "check the file's permissions"),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        SpecError::unreadable(
            path,
            format!("it is not UTF-8 text: byte {} is wrong", at + 1),
            "save the file as UTF-8",
        )
    })?;
    let source = Source::new(path.display().to_string(), text);
    if source.text().trim().is_empty() {
        return Err(SpecError::unreadable(
            path,
            "it is empty",
            "`amends new NAME` makes a spec to start from",
        ));
    }
    Ok(source)
}
