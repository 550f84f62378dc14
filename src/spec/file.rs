//! Reading the file itself.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::diagnostic::{Source, SpecError};

/// Reads standard input to its end.
fn read_input() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a spec's text; that of standard input, if the path is `-`.
pub(super) fn read_source(path: &Path) -> Result<Source, SpecError> {
    let is_input = path.as_os_str() == "-";
    if path.is_dir() {
        return Err(SpecError::unreadable(
            path,
            "it is a directory",
            "name a spec file in it, or check the whole directory with `amends check`",
        ));
    }
    let bytes = if is_input { read_input() } else { fs::read(path) };
    let bytes = bytes.map_err(|error| match error.kind() {
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
    let name = if is_input { "<stdin>".to_owned() } else { path.display().to_string() };
    let source = Source::new(name, text);
    if source.text().trim().is_empty() {
        return Err(SpecError::unreadable(
            path,
            "it is empty",
            "`amends new NAME` makes a spec to start from",
        ));
    }
    Ok(source)
}
