//! The judgement of traces: what was observed of a workflow is held against its design.
//!
//! A [`Judge`] has a design and a mapping. Of each workflow it says that it [conforms](Verdict::Conforms),
//! with the least explanation; that it [violates](Verdict::Violates) the design, with the smallest set of
//! spans that shows it; or that this [cannot be decided](Verdict::Inconclusive), and why. The search for
//! an explanation is [that of the models](amends_models::conformance); here, spans go in and spans come
//! out.
//!
//! Traces have few shapes: each is judged once.
//!
//! Spans may always be missing. That something was *not* observed proves nothing unless all that is told
//! is known to be there; what *was* observed can violate a design however much is missing.

mod doubt;
mod verdict;
mod words;

use std::borrow::Cow;
use std::sync::Arc;

use amends_models::conformance::{
    ActivityKind, Conformance, Explanation, Limits, Observation, ObservationSet, ObservedRun, Rule,
    Told,
};
use amends_models::protocols::{AnySystem, Design};
use amends_models::system::{Activity, Subject};
use compact_str::CompactString;

use crate::assemble::WorkflowTrace;
use crate::map::{Completeness, Mapping, Moment, Origin, Resolved, ShapeCache, Sightings, Telling};
use crate::{SpanId, TraceId};

use words::describe;

pub use doubt::Doubt;
pub use verdict::{Divergence, Explained, Verdict, Violated};

/// So many shapes are remembered.
const SHAPES: usize = 10_000;

/// Judges workflows by a design.
pub struct Judge {
    system: Box<dyn AnySystem>,
    mapping: Mapping,
    telling: Telling,
    limits: Limits,
    shapes: ShapeCache<ObservedRun, Arc<Conformance>>,
}

/// A workflow that was judged.
#[derive(Clone, Debug)]
pub struct JudgedWorkflow {
    /// Its name, if anything gives it.
    pub name: Option<CompactString>,
    /// Its id, if anything gives it.
    pub id: Option<CompactString>,
    /// Its trace, or the first of them.
    pub trace: Option<TraceId>,
    /// What came of it.
    pub verdict: Verdict,
}

impl Judge {
    /// A judge of workflows of that design, whose spans are read by that mapping.
    #[must_use]
    pub fn new(design: Design, mapping: Mapping) -> Judge {
        Judge {
            system: design.as_observed().system(),
            mapping,
            telling: Telling::new(),
            limits: Limits::default(),
            shapes: ShapeCache::new(SHAPES),
        }
    }

    /// The same, within other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Judge {
        self.limits = limits;
        self
    }

    /// How many shapes were judged.
    #[must_use]
    pub fn shapes(&self) -> u64 {
        self.shapes.misses()
    }

    /// The mapping by which spans are read.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Judges a workflow.
    pub fn judge(&mut self, trace: &WorkflowTrace) -> JudgedWorkflow {
        let sightings = self.mapping.apply(&trace.spans, &trace.logs);
        self.judge_sightings(trace, sightings)
    }

    /// Judges a workflow of which it is known already what the mapping makes of it.
    pub fn judge_sightings(
        &mut self,
        trace: &WorkflowTrace,
        sightings: Sightings,
    ) -> JudgedWorkflow {
        self.telling.learn(&sightings);
        // What the coordinator alone proves is asked for where it matters.
        let mut open = sightings.clone();
        if open.evidence.completeness == Completeness::Coordinator {
            open.evidence.completeness = Completeness::Nothing;
        }
        let resolved = self.mapping.resolve(&open, &*self.system, &self.telling);
        let verdict = self.verdict(trace, &sightings, &resolved);
        JudgedWorkflow {
            name: sightings.name,
            id: sightings.id.or_else(|| trace.key.clone()),
            trace: trace.spans.first().map(|span| span.trace),
            verdict,
        }
    }

    fn verdict(
        &mut self,
        trace: &WorkflowTrace,
        sightings: &Sightings,
        resolved: &Resolved,
    ) -> Verdict {
        if let Some(unknown) = resolved.unknown.first() {
            let what = format!("{} of `{}`", unknown.operation, unknown.name);
            let spans = self.spans(trace, sightings, [unknown.sighting]);
            return Verdict::Violates(Box::new(Violated::stranger(what, spans)));
        }
        let mut doubts = doubt::of_trace(trace, sightings);
        if resolved.run.observations().is_empty() {
            doubts.insert(0, Doubt::NothingObserved);
            return Verdict::Inconclusive { doubts, explained: None };
        }
        let (run, mut found) = self.conformance_if_over(&resolved.run, &mut doubts);
        if matches!(*found, Conformance::Incomplete(_))
            && sightings.evidence.completeness == Completeness::Coordinator
            && let Some(violates) = self.violates_by_coordinator(&resolved.run)
        {
            found = violates;
        }
        if let Conformance::Conforms(explanation) = &*found {
            let silent = self.silent(run.into_owned(), explanation, &resolved.heard_of);
            if !silent.is_empty() {
                let names = silent.into_iter().map(|it| describe(&*self.system, it.into()));
                doubts.insert(0, Doubt::Silent(names.collect()));
            }
        }
        match &*found {
            Conformance::Conforms(explanation) if doubts.is_empty() => {
                Verdict::Conforms(Explained::new(explanation))
            }
            Conformance::Conforms(explanation) => {
                Verdict::Inconclusive { doubts, explained: Some(Explained::new(explanation)) }
            }
            Conformance::Incomplete(missing) => {
                let names =
                    missing.activities.iter().map(|it| describe(&*self.system, (*it).into()));
                doubts.insert(0, Doubt::Missing(names.collect()));
                let explained = Some(Explained::new(&missing.explanation));
                Verdict::Inconclusive { doubts, explained }
            }
            Conformance::TooTangled => {
                doubts.insert(0, Doubt::TooTangled);
                Verdict::Inconclusive { doubts, explained: None }
            }
            Conformance::Violates(violation) => {
                let spans = |set: ObservationSet| {
                    let positions = set.iter().map(|at| resolved.sightings[at]);
                    self.spans(trace, sightings, positions.collect::<Vec<_>>())
                };
                let observed = |at: usize| describe(&*self.system, resolved.run.observations()[at]);
                let unexplained = first_unexplained(&resolved.run, violation.explained);
                let divergence = unexplained.map(|at| resolved.sightings[at]);
                let divergence = divergence.and_then(|at| self.divergence(trace, sightings, at));
                Verdict::Violates(Box::new(Violated {
                    rule: violation.rule,
                    evidence: violation.evidence.iter().map(observed).collect(),
                    spans: spans(violation.evidence),
                    missing: violation
                        .missing
                        .iter()
                        .map(|it| describe(&*self.system, (*it).into()))
                        .collect(),
                    expected: violation
                        .expected
                        .iter()
                        .map(|it| describe(&*self.system, (*it).into()))
                        .collect(),
                    unexplained: unexplained.map(observed),
                    divergence,
                    closest: Some(violation.closest.clone()),
                }))
            }
        }
    }

    /// What came of runs of that shape. Where nothing says whether a workflow is over, but all that was
    /// observed is a whole run, it is taken to be.
    fn conformance_if_over<'r>(
        &mut self,
        run: &'r ObservedRun,
        doubts: &mut Vec<Doubt>,
    ) -> (Cow<'r, ObservedRun>, Arc<Conformance>) {
        if !run.is_over() {
            let mut over = run.clone();
            over.set_over();
            let found = self.conformance(&over);
            if matches!(*found, Conformance::Conforms(_)) {
                doubts.retain(|doubt| *doubt != Doubt::InFlight);
                return (Cow::Owned(over), found);
            }
        }
        (Cow::Borrowed(run), self.conformance(run))
    }

    /// What must have been done for all of it to be a run, although nobody is seen to tell of it, in this
    /// workflow or any other: that it was done is a guess.
    fn silent(
        &mut self,
        mut run: ObservedRun,
        explanation: &Explanation,
        heard_of: &[Subject],
    ) -> Vec<Activity> {
        let subject =
            |activity: &Activity| Observation::from(*activity).task().map(|it| it.subject);
        let guessed = |explanation: &Explanation| {
            let silent = explanation.silent.iter().filter_map(subject);
            silent.filter(|subject| !heard_of.contains(subject)).collect::<Vec<Subject>>()
        };
        let mut subjects = guessed(explanation);
        // Another run may do without it, or do something else that nobody tells of.
        while !subjects.is_empty() {
            run = run.missing_some(subjects.into_iter().map(|subject| Told {
                kind: ActivityKind::Performed,
                operation: None,
                subject: Some(subject),
            }));
            match &*self.conformance(&run) {
                Conformance::Conforms(explanation) => subjects = guessed(explanation),
                Conformance::Incomplete(missing) => return missing.activities.clone(),
                Conformance::Violates(_) | Conformance::TooTangled => {
                    return explanation.silent.clone();
                }
            }
        }
        Vec::new()
    }

    /// Whether what the coordinator did *not* do violates the design: all that it tells is there, although
    /// what others tell may be missing.
    fn violates_by_coordinator(&mut self, run: &ObservedRun) -> Option<Arc<Conformance>> {
        let mut told = run.clone().keeping_told(|told| {
            matches!(
                told.kind,
                ActivityKind::Requested | ActivityKind::Decided | ActivityKind::Ended
            )
        });
        told.set_complete();
        let found = self.conformance(&told);
        matches!(*found, Conformance::Violates(_)).then_some(found)
    }

    /// What came of runs of that shape.
    fn conformance(&mut self, run: &ObservedRun) -> Arc<Conformance> {
        let (system, limits) = (&self.system, self.limits);
        let judged = |run: &ObservedRun| Arc::new(system.judge(run, limits));
        Arc::clone(self.shapes.get_or_insert_with(run.clone(), judged))
    }

    /// Where a sighting was made.
    fn divergence(
        &self,
        trace: &WorkflowTrace,
        sightings: &Sightings,
        position: usize,
    ) -> Option<Divergence> {
        let (of_trace, span) = self.spans(trace, sightings, [position]).first().copied()?;
        let is_at_start = sightings.all[position].moment == Moment::Start;
        Some(Divergence { trace: of_trace, span, is_at_start })
    }

    /// The spans in which those sightings were made.
    fn spans(
        &self,
        trace: &WorkflowTrace,
        sightings: &Sightings,
        positions: impl IntoIterator<Item = usize>,
    ) -> Vec<(TraceId, SpanId)> {
        let mut spans = Vec::new();
        for at in positions {
            let found = match sightings.all[at].origin {
                Origin::Log(log) => {
                    let log = &trace.logs[log];
                    log.trace.zip(log.span)
                }
                origin => origin.span().map(|at| (trace.spans[at].trace, trace.spans[at].id)),
            };
            if let Some(found) = found
                && !spans.contains(&found)
            {
                spans.push(found);
            }
        }
        spans
    }
}

/// The first observation that cannot be explained beside the others.
fn first_unexplained(run: &ObservedRun, explained: ObservationSet) -> Option<usize> {
    (0..run.observations().len())
        .find(|&at| !explained.contains(at) && run.before(at).is_subset(explained))
}

impl Violated {
    /// Something was done that the design does not have.
    fn stranger(what: String, spans: Vec<(TraceId, SpanId)>) -> Violated {
        Violated {
            rule: Rule::UnknownStep,
            evidence: vec![what.clone()],
            divergence: spans.first().map(|&(trace, span)| Divergence {
                trace,
                span,
                is_at_start: true,
            }),
            spans,
            missing: Vec::new(),
            expected: Vec::new(),
            unexplained: Some(what),
            closest: None,
        }
    }
}
