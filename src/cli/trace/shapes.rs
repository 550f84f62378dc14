//! What workflows have in common, as their traces show it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use amends_trace::map::Mapping;
use amends_trace::shape::Shape;

use super::workflows::TraceFiles;
use crate::cli::exit::Exit;

/// The shape of the workflows of each name; those without a name have the empty one.
///
/// # Errors
/// When a file cannot be read, or is none of traces; it is said on standard error.
pub(super) fn shown(
    files: &TraceFiles,
    mapping: &Mapping,
) -> Result<BTreeMap<String, Shape>, Exit> {
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    files.for_each_by(mapping.clone(), |workflow| {
        let sightings = mapping.apply(&workflow.spans, &workflow.logs);
        let name = sightings.name.as_deref().unwrap_or_default();
        let shape = shapes.entry(name.to_owned()).or_insert_with(|| Shape::new(name));
        shape.learn(&sightings);
        ControlFlow::Continue(())
    })?;
    Ok(shapes)
}
