//! The mapping: from spans and log records, in whatever words, to observations of a workflow.
//!
//! A [`Mapping`] is a list of rules. A rule says which spans it is for (by name, kind, service,
//! attributes) and what they tell of: that a task was asked for when the span started, that it was carried
//! out in its course, that an answer was there when it ended. Applied to the spans and logs of one
//! workflow, it gives [`Sightings`]: observations with the names that the services use, the order between
//! them as far as it is certain, and the evidence that nothing is missing.
//!
//! Nothing is guessed. What only may be so is left open: an answer that did not come is no answer, an
//! execution that may have been a replay is only a reply, and clocks of different processes are never
//! compared.
//!
//! Our own attributes and the [conventional](crate::conventions) ones are read without configuration
//! ([`Mapping::default`]). For all others there are mapping files, in TOML; the presets are such files.
//!
//! | file | what is in it |
//! |---|---|
//! | `file.rs`, `compile.rs`, `diagnostic.rs` | what may stand in a mapping file, what it means, what is said when it is wrong |
//! | `pattern.rs`, `rule.rs` | rules, ready to be applied |
//! | `apply.rs` | from spans and logs to sightings |
//! | `process.rs`, `order.rs` | which clocks can be compared, and what is certain of the order |
//! | `evidence.rs` | whether anything is missing |
//! | `resolve.rs`, `canonical.rs`, `telling.rs` | from sightings to an observed run of a design |
//! | `presets/` | mapping files that come with the tool |
//! | `propose/` | a mapping file proposed from a sample |
//!
//! Start reading at [`Mapping`], then [`Sightings`].

mod apply;
mod cache;
mod canonical;
mod compile;
mod diagnostic;
mod evidence;
mod file;
mod order;
mod pattern;
pub mod presets;
mod process;
pub mod propose;
mod resolve;
mod rule;
mod sighting;
mod telling;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use amends_models::conformance::ActivityKind;
use amends_models::system::Operation;
use compact_str::CompactString;

use crate::attribute::{Attributes, Value};

use diagnostic::Text;
use rule::{PointRule, SpanRule};

pub use cache::ShapeCache;
pub use diagnostic::{InvalidMapping, MappingError};
pub use evidence::{Completeness, Evidence, Gap};
pub use file::InDoubtPolicy;
pub use order::Order;
pub use resolve::{Resolved, UnknownName};
pub use sighting::{
    Moment, NamedObservation, NamedTask, Origin, Sighting, Sightings, Unplaced, WhyUnplaced,
};
pub use telling::Telling;

/// The largest mapping file that is read, in bytes.
const LARGEST_FILE: u64 = 4 << 20;

/// Rules by which spans and log records are read as observations of a workflow.
///
/// ```
/// use amends_trace::map::Mapping;
///
/// let mapping = Mapping::parse(
///     "shop.toml",
///     r#"
///         [workflow]
///         id = ["order.id"]
///
///         [[span]]
///         name    = "charge card"
///         role    = "execution"
///         subject = "charge"
///     "#,
/// )?;
/// # Ok::<(), amends_trace::map::MappingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mapping {
    spans: Vec<SpanRule>,
    events: Vec<PointRule>,
    logs: Vec<PointRule>,
    keys: KeyAttributes,
    /// What subjects are called in the spec, by what they are called in the traces.
    subjects: Vec<(CompactString, CompactString)>,
    /// What steps undo, by what undoes them.
    undo: Vec<(CompactString, CompactString)>,
    tolerance: Option<Duration>,
    complete: bool,
    in_doubt: Option<InDoubtPolicy>,
    told: Option<Vec<ToldRule>>,
}

/// The attributes in which spans and log records say to which workflow they belong.
#[derive(Clone, Debug, Default)]
struct KeyAttributes {
    name: Vec<CompactString>,
    id: Vec<CompactString>,
    protocol: Vec<CompactString>,
    spans: Vec<CompactString>,
    event: Vec<CompactString>,
    cause: Vec<CompactString>,
}

/// Activities that are told of whenever they happen, by the names that the services use.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ToldRule {
    kind: ActivityKind,
    operation: Option<Operation>,
    subject: Option<CompactString>,
    service: Option<CompactString>,
}

impl Default for Mapping {
    /// Our own attributes, and the conventional ones where there are none.
    fn default() -> Self {
        let preset = |name| presets::mapping(name).expect("the presets are mapping files");
        let mut mapping = preset("amends");
        mapping.extend_by(preset("conventions"));
        mapping
    }
}

impl Mapping {
    /// Times of one process are precise to this, unless a mapping says otherwise: some SDKs round to it.
    pub const TOLERANCE: Duration = Duration::from_millis(1);

    /// Reads a mapping from its text; errors call it `name`.
    ///
    /// # Errors
    /// What is wrong, where, and how to mend it.
    pub fn parse(name: &str, text: &str) -> Result<Mapping, MappingError> {
        compile::compile(&Text { name: name.to_owned(), text: text.into() }, 0)
    }

    /// Reads the mapping in a file.
    ///
    /// # Errors
    /// What is wrong, where, and how to mend it.
    pub fn read(path: impl AsRef<Path>) -> Result<Mapping, MappingError> {
        let path = path.as_ref();
        let unreadable = |why: String, help: &str| MappingError::Unreadable {
            path: path.to_owned(),
            why,
            help: help.to_owned(),
        };
        let found = fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => unreadable(
                "there is no such file".to_owned(),
                "check the path, or name a preset: amends, conventions, seeds, go-spring-tcc, temporal",
            ),
            _ => unreadable(error.to_string(), "check the file's permissions"),
        })?;
        if !found.is_file() {
            return Err(unreadable("it is no file".to_owned(), "name a mapping file"));
        }
        if found.len() > LARGEST_FILE {
            return Err(unreadable("it is larger than 4 MiB".to_owned(), "name a mapping file"));
        }
        let bytes = fs::read(path)
            .map_err(|error| unreadable(error.to_string(), "check the file's permissions"))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| unreadable("it is not UTF-8 text".to_owned(), "save the file as UTF-8"))?;
        Mapping::parse(&path.display().to_string(), &text)
    }

    /// The JSON Schema of mapping files, for editors.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(file::MappingFile).to_value()
    }

    /// The same, with the claim that all that the services tell of a workflow arrives.
    #[must_use]
    pub fn with_all_arriving(mut self) -> Mapping {
        self.complete = true;
        self
    }

    /// The same, with another policy about steps that may or may not have been done.
    #[must_use]
    pub fn with_in_doubt(mut self, policy: InDoubtPolicy) -> Mapping {
        self.in_doubt = Some(policy);
        self
    }

    /// Whether a step must be undone that may or may not have been done.
    #[must_use]
    pub fn in_doubt(&self) -> InDoubtPolicy {
        self.in_doubt.unwrap_or_default()
    }

    /// The id of the workflow that a span or log record with these attributes belongs to.
    #[must_use]
    pub fn workflow_id<'a>(&self, attributes: &'a Attributes) -> Option<Cow<'a, str>> {
        first_text(attributes, &self.keys.id)
    }

    /// The name of the workflow that a span or log record with these attributes belongs to.
    #[must_use]
    pub fn workflow_name<'a>(&self, attributes: &'a Attributes) -> Option<Cow<'a, str>> {
        first_text(attributes, &self.keys.name)
    }

    /// By how much the times of one process must differ to prove an order, in nanoseconds.
    fn tolerance_nanos(&self) -> u64 {
        u64::try_from(self.tolerance.unwrap_or(Self::TOLERANCE).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The first of these attributes that is there, as text.
fn first_text<'a>(attributes: &'a Attributes, names: &[CompactString]) -> Option<Cow<'a, str>> {
    names.iter().find_map(|name| attributes.get(name)?.to_text().filter(|text| !text.is_empty()))
}

/// The first of these attributes that is a whole number.
fn first_number(attributes: &Attributes, names: &[CompactString]) -> Option<u64> {
    names
        .iter()
        .find_map(|name| attributes.get(name).and_then(Value::to_int))
        .and_then(|number| u64::try_from(number).ok())
}
