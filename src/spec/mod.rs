//! Spec files: a distributed transaction in TOML, for people who write no Rust.
//!
//! A spec names services and their resources, the steps of a workflow, the faults to survive and the
//! properties that must hold. Reading one gives a valid
//! [`Design`], made by the same builder that Rust code uses, or
//! an error that points into the file.
//!
//! ```
//! let spec = amends::spec::parse(
//!     "order.toml",
//!     r#"
//!         name     = "order"
//!         protocol = "saga"
//!
//!         [services.inventory]
//!         stock = 2
//!
//!         [[step]]
//!         name    = "reserve-stock"
//!         service = "inventory"
//!         when    = "stock >= 1"
//!         do      = "stock -= 1"
//!         undo    = "stock += 1"
//!     "#,
//! )?;
//! assert_eq!(spec.design.workflow().steps().len(), 1);
//! # Ok::<(), amends::spec::SpecError>(())
//! ```
//!
//! `format.rs` is what may stand in a file, `conversion.rs` what it means, `diagnostic.rs` what is
//! said when it is wrong, `places.rs` where, and
//! `setting.rs` how it is changed from outside.

mod conversion;
mod diagnostic;
mod event_sourced;
mod file;
mod format;
mod places;
mod setting;
mod wording;

use std::ops::Range;
use std::path::Path;

use amends_models::protocols::{AnyProtocol, Design, Protocol};
use amends_models::workflow::builder::Place;
use indexmap::IndexMap;

pub use diagnostic::{InvalidSpec, Source, SpecError};
pub use places::Places;
pub use setting::{Setting, SettingError, choices};

/// A spec that was read.
#[derive(Clone, Debug)]
pub struct Spec<P = Protocol> {
    /// What it describes.
    pub design: Design<P>,
    /// What a check is expected to find, by property, in the order of the file.
    pub expect: IndexMap<String, Expectation>,
    /// Its text.
    pub source: Source,
    /// Where in the text each part of the workflow stands.
    pub places: Places,
}

impl<P> Spec<P> {
    /// The bytes of the source where a part of the workflow stands; for a `range` within an
    /// expression, the bytes of that part of it.
    ///
    /// ```
    /// # use amends::spec;
    /// use amends::models::workflow::Work;
    /// use amends::models::workflow::builder::{Place, StepField};
    ///
    /// let text = r#"
    ///     name = "shop"
    ///     protocol = "saga"
    ///     [services.till]
    ///     cash = 1
    ///     [[step]]
    ///     name = "pay"
    ///     service = "till"
    ///     do = "cash += 1"
    /// "#;
    /// let spec = spec::parse("shop.toml", text)?;
    /// let change = spec.locate(&Place::Step(0, StepField::Work(Work::Change, 0)), Some(&(8..9)));
    /// assert_eq!(change.map(|bytes| &text[bytes]), Some("1"));
    /// # Ok::<(), spec::SpecError>(())
    /// ```
    #[must_use]
    pub fn locate(&self, place: &Place, range: Option<&Range<usize>>) -> Option<Range<usize>> {
        self.places.span(self.source.text(), place, range)
    }
}

/// A verdict that a spec expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expectation {
    /// It holds.
    Holds,
    /// It is violated.
    Violated,
    /// The space is too large to say.
    Incomplete,
    /// It has nothing to say.
    Vacuous,
}

impl Expectation {
    /// All verdicts.
    pub const ALL: [Expectation; 4] =
        [Expectation::Holds, Expectation::Violated, Expectation::Incomplete, Expectation::Vacuous];

    /// The word for it in specs and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Expectation::Holds => "holds",
            Expectation::Violated => "violated",
            Expectation::Incomplete => "incomplete",
            Expectation::Vacuous => "vacuous",
        }
    }
}

/// Reads the spec in a file, or on standard input, if the path is `-`.
///
/// # Errors
/// What is wrong, where, and how to mend it.
pub fn read(path: impl AsRef<Path>) -> Result<Spec, SpecError> {
    conversion::convert(file::read_source(path.as_ref())?)
}

/// Reads a spec from its text; errors call it `name`.
///
/// # Errors
/// What is wrong, where, and how to mend it.
pub fn parse(name: &str, text: &str) -> Result<Spec, SpecError> {
    parse_as(name, text)
}

/// Reads a spec whose protocol is one of another catalogue, such as a protocol of your own: see the
/// [guide](amends_models::guide).
///
/// # Errors
/// What is wrong, where, and how to mend it.
pub fn parse_as<P: AnyProtocol>(name: &str, text: &str) -> Result<Spec<P>, SpecError> {
    conversion::convert(Source::new(name, text))
}

/// The JSON Schema of the format, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(format::SpecFile).to_value()
}
