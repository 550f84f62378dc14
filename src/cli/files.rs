//! Finding specs: files as they are named, and all `*.toml` files under directories.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::errors;
use super::exit::Exit;

/// The spec files that `paths` stand for, in order; files of a directory in order of their names.
///
/// # Errors
/// Says on standard error which path is missing, cannot be read, or has no specs in it.
pub(super) fn specs(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            search(path, &mut found)?;
            if found.len() == before {
                return Err(errors::with_help(
                    format_args!("there are no specs in `{}`", path.display()),
                    "specs are files whose name ends with `.toml`",
                ));
            }
        } else {
            // Whether it can be read is for the reader to say.
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn search(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), Exit> {
    for entry in WalkDir::new(directory).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            errors::with_help(
                format_args!("`{}` cannot be searched: {error}", directory.display()),
                "name the specs themselves, or make the directory readable",
            )
        })?;
        let is_spec = entry.path().extension().is_some_and(|extension| extension == "toml");
        if is_spec && entry.file_type().is_file() {
            found.push(entry.into_path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_stands_for_all_specs_in_it() -> std::io::Result<()> {
        let home = tempfile::tempdir()?;
        std::fs::create_dir(home.path().join("zoo"))?;
        for name in ["b.toml", "a.toml", "zoo/c.toml", "notes.md"] {
            std::fs::write(home.path().join(name), "")?;
        }
        let found = specs(&[home.path().to_owned()]).expect("there are specs");
        let names: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(home.path()).expect("it is inside"))
            .collect();
        assert_eq!(names, [Path::new("a.toml"), Path::new("b.toml"), Path::new("zoo/c.toml")]);
        Ok(())
    }

    #[test]
    fn a_directory_without_specs_is_an_error() -> std::io::Result<()> {
        let home = tempfile::tempdir()?;
        assert_eq!(specs(&[home.path().to_owned()]), Err(Exit::BadInput));
        Ok(())
    }
}
