//! A mapping file proposed from a sample of traces, to be read by a person and then used.
//!
//! The preset that reads most of the sample is taken first. Spans that it leaves over are put into
//! groups that look alike, and each group is given a part by where it stands: what has no parent is
//! the workflow, what stands right below it is a step, what answers a step's call is a reply. Names say what
//! takes back what. Whatever has no place by that is not given one: it is listed, with the reason.
//!
//! The proposal is applied to the sample before it is handed out, so what it says of itself is true.

mod groups;
mod text;
mod words;

use std::borrow::Cow;

use compact_str::CompactString;
use indexmap::{IndexMap, IndexSet};

use crate::log::LogRecord;
use crate::span::{Span, SpanKind};

use super::{Mapping, Sightings, presets};
use groups::Groups;
use words::{is_about, taken_back, words};

/// So many workflows are looked at. What is not among them is rare.
pub const SAMPLE: usize = 1_000;

/// The most attributes that are considered as ids of workflows.
const MOST_IDS: usize = 100;

/// A mapping that is proposed.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The mapping file.
    pub text: String,
    /// How many workflows there are in the sample.
    pub workflows: usize,
    /// How many spans there are in the sample.
    pub spans: u64,
    /// How many of them tell of something by the proposal.
    pub placed: u64,
    /// How many do without any mapping file.
    pub placed_before: u64,
    /// The spans that have no place, and why.
    pub left_over: Vec<LeftOver>,
}

/// Spans that have no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOver {
    /// Their service.
    pub service: CompactString,
    /// Their name, with `*` for what differs.
    pub name: String,
    /// How many there are in the sample.
    pub spans: u64,
    /// Why they have no place.
    pub why: &'static str,
}

/// What a group of spans is to tell of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// The workflow as a whole.
    Workflow { outcome: Option<CompactString> },
    /// A step, or a phase of one.
    Task { role: &'static str, operation: &'static str, subject: String },
    /// A compensation, of a step of that name.
    Undo { role: &'static str, of: String },
    /// It has no place.
    None { why: &'static str },
}

/// The proposed rules, ready to be written.
struct Rules {
    /// The preset that reads most, unless what is read without configuration does.
    extends: Option<&'static str>,
    /// The attribute that tells workflows apart, if it has to be named.
    id: Option<CompactString>,
    /// Groups by their position, with their parts.
    parts: Vec<(usize, Part)>,
}

/// Proposes a mapping for workflows of which a sample is given: the spans and log records of each.
#[must_use]
pub fn propose(sample: &[(Vec<Span>, Vec<LogRecord>)]) -> Proposal {
    let sample = &sample[..sample.len().min(SAMPLE)];
    let spans = sample.iter().map(|(spans, _)| spans.len() as u64).sum();
    let without = Mapping::default();
    let placed_before = placed(&without, sample);
    let (extends, base) = best_preset(sample, without, placed_before);
    let mut groups = Groups::default();
    let mut has_ids = true;
    for (spans, logs) in sample {
        let sightings = base.apply(spans, logs);
        has_ids &= sightings.id.is_some();
        groups.add(spans, |at| sightings.unmatched.contains(&at));
    }
    let rules = Rules {
        extends,
        id: if has_ids { None } else { id_attribute(sample) },
        parts: parts(&groups),
    };
    let left_over = left_over(&groups, &rules);
    let text = text::mapping_file(&groups, &rules, &left_over);
    let proposed = Mapping::parse("the proposal", &text);
    let placed = proposed.map_or(placed_before, |mapping| placed(&mapping, sample));
    Proposal { text, workflows: sample.len(), spans, placed, placed_before, left_over }
}

/// How many spans tell of something.
fn placed(mapping: &Mapping, sample: &[(Vec<Span>, Vec<LogRecord>)]) -> u64 {
    let of = |(spans, logs): &(Vec<Span>, Vec<LogRecord>)| {
        let Sightings { unmatched, unplaced, .. } = mapping.apply(spans, logs);
        let lost = unplaced.iter().filter_map(|it| it.origin.span()).collect::<IndexSet<_>>();
        (spans.len() - unmatched.len()).saturating_sub(lost.len()) as u64
    };
    sample.iter().map(of).sum()
}

/// The preset that reads most spans; none, if none reads more than is read without.
fn best_preset(
    sample: &[(Vec<Span>, Vec<LogRecord>)],
    without: Mapping,
    placed_without: u64,
) -> (Option<&'static str>, Mapping) {
    let mut best = (None, without);
    let mut most = placed_without;
    for name in presets::NAMES {
        if let Some(mapping) = presets::mapping(name) {
            let count = placed(&mapping, sample);
            if count > most {
                (best, most) = ((Some(name), mapping), count);
            }
        }
    }
    best
}

/// The attribute that has one value in each workflow, and another in each: whichever most spans have.
fn id_attribute(sample: &[(Vec<Span>, Vec<LogRecord>)]) -> Option<CompactString> {
    let is_id = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["id", "key", "number"].iter().any(|end| name.ends_with(end))
    };
    let mut candidates: IndexMap<CompactString, (u64, IndexSet<String>)> = IndexMap::new();
    let mut refuted: IndexSet<CompactString> = IndexSet::new();
    for (spans, _) in sample {
        let mut here: IndexMap<&str, (u64, Cow<'_, str>)> = IndexMap::new();
        for (name, value) in spans.iter().flat_map(|span| span.attributes.iter()) {
            let Some(value) = value.to_text().filter(|_| is_id(name)) else { continue };
            let is_full = here.len() >= MOST_IDS;
            match here.get_mut(name) {
                Some((_, other)) if *other != value => drop(refuted.insert(name.into())),
                Some((count, _)) => *count += 1,
                None if is_full => {}
                None => drop(here.insert(name, (1, value))),
            }
        }
        for (name, (count, value)) in here {
            if candidates.len() >= MOST_IDS && !candidates.contains_key(name) {
                continue;
            }
            let (spans, values) = candidates.entry(name.into()).or_default();
            *spans += count;
            if !values.insert(value.into_owned()) {
                refuted.insert(name.into());
            }
        }
    }
    candidates.retain(|name, (_, values)| {
        !refuted.contains(name) && values.len() == sample.len() && sample.len() > 1
    });
    let most = candidates.into_iter().rev().max_by_key(|(_, (spans, _))| *spans);
    most.map(|(name, _)| name)
}

/// The parts of groups that no rule of the base is for.
fn parts(groups: &Groups) -> Vec<(usize, Part)> {
    let names: Vec<Vec<String>> = groups.all.keys().map(|likeness| words(&likeness.name)).collect();
    let left: Vec<usize> = (0..groups.all.len()).filter(|&at| groups.all[at].spans > 0).collect();
    let is_root = |at: usize| groups.all[at].is_root();
    let has_children = |at: usize| left.iter().any(|&other| groups.all[other].parent() == Some(at));
    let is_below_root = |at: usize| groups.all[at].parent().is_some_and(is_root);
    let steps: Vec<usize> = left
        .iter()
        .copied()
        .filter(|&at| !is_root(at) && is_below_root(at) && !groups.all[at].is_database)
        .collect();
    let forward: Vec<usize> =
        steps.iter().copied().filter(|&at| taken_back(&names[at]).is_none()).collect();
    let name = |at: usize| groups.all.get_index(at).map_or("", |(it, _)| it.name.as_str());
    let kind = |at: usize| groups.all.get_index(at).map_or(SpanKind::Internal, |(it, _)| it.kind);
    let role = |at: usize| match kind(at) {
        SpanKind::Internal | SpanKind::Unspecified => "step",
        SpanKind::Server | SpanKind::Client | SpanKind::Producer | SpanKind::Consumer => "by-kind",
    };
    let step = |at: usize| {
        let words = &names[at];
        let phase = |verb: &str| {
            let rest = &words[1..];
            steps.iter().any(|&it| {
                names[it].first().is_some_and(|it| it == verb) && names[it][1..] == *rest
            })
        };
        if words.len() > 1 && phase("try") && (phase("confirm") || phase("cancel")) {
            let operation = ["try", "confirm", "cancel"].into_iter().find(|it| words[0] == *it);
            if let Some(operation) = operation {
                return Part::Task { role: role(at), operation, subject: words[1..].join("-") };
            }
        }
        if let Some(rest) = taken_back(words) {
            let of: Vec<usize> =
                forward.iter().copied().filter(|&it| is_about(&names[it], rest)).collect();
            return match of[..] {
                [of] => Part::Undo { role: role(at), of: name(of).to_owned() },
                _ => Part::None {
                    why: "it seems to take something back, and its name does not say what",
                },
            };
        }
        Part::Task { role: role(at), operation: "do", subject: name(at).to_owned() }
    };
    let mut parts: Vec<(usize, Part)> = Vec::new();
    for &at in &left {
        let group = &groups.all[at];
        let part = if group.is_database {
            Part::None { why: "it is work on a database" }
        } else if is_root(at) {
            match has_children(at) {
                true => Part::Workflow { outcome: group.outcome.clone() },
                false => Part::None { why: "it stands alone: nothing is below it or above it" },
            }
        } else if steps.contains(&at) {
            step(at)
        } else {
            let answers = group.parent().filter(|up| {
                steps.contains(up)
                    && matches!(kind(*up), SpanKind::Client | SpanKind::Producer)
                    && matches!(kind(at), SpanKind::Server | SpanKind::Consumer)
            });
            match answers.map(step) {
                Some(Part::Task { operation, subject, .. }) => {
                    Part::Task { role: "reply", operation, subject }
                }
                Some(Part::Undo { of, .. }) => {
                    Part::Task { role: "reply", operation: "undo", subject: of }
                }
                _ => Part::None {
                    why: "it is a detail of a step, or of something else without a place",
                },
            }
        };
        parts.push((at, part));
    }
    parts
}

fn left_over(groups: &Groups, rules: &Rules) -> Vec<LeftOver> {
    let mut left_over = Vec::new();
    for (at, part) in &rules.parts {
        let (Part::None { why }, Some((likeness, group))) = (part, groups.all.get_index(*at))
        else {
            continue;
        };
        left_over.push(LeftOver {
            service: likeness.service.clone(),
            name: likeness.name.clone(),
            spans: group.spans,
            why,
        });
    }
    if groups.others > 0 {
        left_over.push(LeftOver {
            service: CompactString::default(),
            name: "*".to_owned(),
            spans: groups.others,
            why: "there are too many different names",
        });
    }
    left_over
}
