//! Presets: mapping files that come with the tool, for what many people emit.
//!
//! | preset | for |
//! |---|---|
//! | `amends` | our own attributes, which say exactly what a span tells of |
//! | `conventions` | the [conventional](crate::conventions) attributes, where there are none of our own |
//! | `seeds` | the sagas, TCC and events of the documents that amends grew from |
//! | `go-spring-tcc` | the spans of go-spring's transactions |
//! | `temporal` | the spans of the tracing interceptors of Temporal's SDKs |

use super::Mapping;
use super::compile::compile;
use super::diagnostic::{MappingError, Text};

/// The names of all presets.
pub const NAMES: [&str; 5] = ["amends", "conventions", "seeds", "go-spring-tcc", "temporal"];

/// The text of the preset of that name; `None` if there is none.
///
/// ```
/// use amends_trace::map::presets;
///
/// assert!(presets::text("temporal").is_some_and(|text| text.contains("RunActivity:*")));
/// ```
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    Some(match name {
        "amends" => include_str!("amends.toml"),
        "conventions" => include_str!("conventions.toml"),
        "seeds" => include_str!("seeds.toml"),
        "go-spring-tcc" => include_str!("go-spring-tcc.toml"),
        "temporal" => include_str!("temporal.toml"),
        _ => return None,
    })
}

/// The preset of that name; `None` if there is none.
#[must_use]
pub fn mapping(name: &str) -> Option<Mapping> {
    text(name)?;
    // That all of them are valid is tested.
    compiled(name, 0).ok()
}

pub(super) fn compiled(name: &str, depth: usize) -> Result<Mapping, MappingError> {
    let text = text(name).unwrap_or_default().into();
    compile(&Text { name: format!("preset {name}"), text }, depth)
}
