//! What services are seen to tell of, over all workflows: whoever tells of something once tells of it
//! whenever it happens.

use amends_models::conformance::ActivityKind;
use compact_str::CompactString;
use rustc_hash::FxHashSet;

use super::sighting::Sightings;

/// The most names that are kept of each kind. A system has few services and steps.
const LARGEST: usize = 10_000;

/// What services are seen to tell of.
#[derive(Clone, Debug, Default)]
pub struct Telling {
    kinds: FxHashSet<ActivityKind>,
    services: FxHashSet<(ActivityKind, CompactString)>,
    subjects: FxHashSet<(ActivityKind, CompactString)>,
}

impl Telling {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new() -> Telling {
        Telling::default()
    }

    /// Takes note of who tells of what.
    pub fn learn(&mut self, sightings: &Sightings) {
        // An execution without an effect says that there was none.
        for (service, subject) in &sightings.carried_out {
            let kind = ActivityKind::Performed;
            if self.services.len() < LARGEST && !service.is_empty() {
                self.services.insert((kind, service.clone()));
            }
            if self.subjects.len() < LARGEST {
                self.subjects.insert((kind, subject.clone()));
            }
        }
        for sighting in &sightings.all {
            let kind = sighting.observation.kind();
            self.kinds.insert(kind);
            if self.services.len() < LARGEST && !sighting.service.is_empty() {
                self.services.insert((kind, sighting.service.clone()));
            }
            if let Some(task) = sighting.observation.task()
                && self.subjects.len() < LARGEST
            {
                self.subjects.insert((kind, task.subject.clone()));
            }
        }
    }

    /// Whether anybody tells of activities of that kind.
    pub(super) fn tells(&self, kind: ActivityKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether a service of that name tells of them.
    pub(super) fn tells_at(&self, kind: ActivityKind, service: &str) -> bool {
        self.services.contains(&(kind, service.into()))
    }

    /// The names of what is told of in any way.
    pub(super) fn all_subjects(&self) -> impl Iterator<Item = &str> {
        self.subjects.iter().map(|(_, name)| name.as_str())
    }

    /// The names of what is told of.
    pub(super) fn subjects(&self, kind: ActivityKind) -> impl Iterator<Item = &str> {
        self.subjects.iter().filter(move |(of, _)| *of == kind).map(|(_, name)| name.as_str())
    }
}
