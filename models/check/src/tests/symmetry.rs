//! Symmetry: exact orbits, verdicts as without it, and no symmetry where there is none.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::{
    Counterexample, Fairness, Move, Parts, Product, Property, PropertyKind, Snapshot, Swap,
    Verdict, erased as product, successors,
};

/// How many things there are.
const THINGS: usize = 3;

/// Some things, each with a state of its own and a note about another thing, and a slot that holds a
/// set of things. Every rule is the same for all things, so they are interchangeable.
#[derive(Clone, Debug)]
struct Things {
    /// For each state of a thing, where it can go.
    rules: [Vec<Rule>; 3],
    /// Breaks the symmetry: this thing cannot leave its first state.
    stuck: Option<usize>,
}

/// The next state, in which state another thing must be that is noted, and what is asked of the set.
type Rule = (u8, Option<u8>, Option<Ask>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ask {
    Join(usize),
    Leave(usize),
    Alone(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    Thing { state: u8, note: Option<usize> },
    Set(u8),
}

impl Product for Things {
    type Part = Part;
    type Request = Request;
    type Action = (usize, usize, Option<usize>);

    fn initial(&self) -> Vec<Vec<Part>> {
        let mut parts = vec![Part::Thing { state: 0, note: None }; THINGS];
        parts.push(Part::Set(0));
        vec![parts]
    }

    fn moves(&self, slot: usize, part: &Part, moves: &mut Vec<Move<Self>>) {
        let Part::Thing { state, note } = *part else { return };
        if self.stuck == Some(slot) {
            return;
        }
        for (rule, &(next, seen, ask)) in self.rules[state as usize].iter().enumerate() {
            let asks = ask.map(|ask| (THINGS, Request::Ask(ask.of(slot))));
            let Some(wanted) = seen else {
                let part = Part::Thing { state: next, note };
                let requests = asks.into_iter().collect();
                moves.push(Move { action: (slot, rule, None), part, requests });
                continue;
            };
            for other in (0..THINGS).filter(|&other| other != slot) {
                let part = Part::Thing { state: next, note: Some(other) };
                let requests = [(other, Request::Is(wanted))].into_iter().chain(asks).collect();
                moves.push(Move { action: (slot, rule, Some(other)), part, requests });
            }
        }
    }

    fn answer(&self, _slot: usize, part: &Part, request: &Request) -> Option<Part> {
        match (*part, *request) {
            (Part::Thing { state, .. }, Request::Is(wanted)) => (state == wanted).then_some(*part),
            (Part::Set(set), Request::Ask(Ask::Join(thing))) => Some(Part::Set(set | 1 << thing)),
            (Part::Set(set), Request::Ask(Ask::Leave(thing))) => {
                Some(Part::Set(set & !(1 << thing)))
            }
            (Part::Set(set), Request::Ask(Ask::Alone(thing))) => {
                (set == 1 << thing).then_some(*part)
            }
            _ => None,
        }
    }

    fn fairness(&self, &(_, rule, _): &Self::Action) -> Fairness {
        [Fairness::Weak, Fairness::Strong, Fairness::None][rule]
    }

    fn symmetry(&self) -> Vec<usize> {
        vec![THINGS]
    }

    fn swap_request(&self, swap: Swap, request: &Request) -> Request {
        match *request {
            Request::Ask(Ask::Join(thing)) => Request::Ask(Ask::Join(swap.rename(thing))),
            Request::Ask(Ask::Leave(thing)) => Request::Ask(Ask::Leave(swap.rename(thing))),
            Request::Ask(Ask::Alone(thing)) => Request::Ask(Ask::Alone(swap.rename(thing))),
            is @ Request::Is(_) => is,
        }
    }

    fn swap(&self, swap: Swap, slot: usize, part: &Part) -> (usize, Part) {
        match *part {
            Part::Thing { state, note } => {
                let note = note.map(|other| swap.rename(other));
                (swap.rename(slot), Part::Thing { state, note })
            }
            Part::Set(set) => {
                let members = (0..THINGS).filter(|thing| set >> thing & 1 == 1);
                let renamed = members.fold(0, |set, thing| set | 1 << swap.rename(thing));
                (slot, Part::Set(renamed))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Request {
    Is(u8),
    Ask(Ask),
}

impl Ask {
    fn of(self, thing: usize) -> Self {
        match self {
            Ask::Join(_) => Ask::Join(thing),
            Ask::Leave(_) => Ask::Leave(thing),
            Ask::Alone(_) => Ask::Alone(thing),
        }
    }
}

fn things() -> impl Strategy<Value = Things> {
    let ask = proptest::sample::select(&[Ask::Join(0), Ask::Leave(0), Ask::Alone(0)]);
    let rule = (0..3u8, proptest::option::of(0..3u8), proptest::option::of(ask));
    let rules = proptest::collection::vec(rule, 0..3);
    proptest::array::uniform3(rules).prop_map(|rules| Things { rules, stuck: None })
}

/// The orbits of all reachable states, by applying every permutation to every state.
fn orbits(things: &Things) -> usize {
    let mut states = BTreeSet::from_iter(things.initial());
    let mut queue: Vec<_> = states.iter().cloned().collect();
    while let Some(state) = queue.pop() {
        for (_, next) in successors(things, &state) {
            if states.insert(next.clone()) {
                queue.push(next);
            }
        }
    }
    let swap = |(one, other), state: &Vec<Part>| {
        let mut image = state.clone();
        for (slot, part) in state.iter().enumerate() {
            let (slot, part) = things.swap(Swap { set: 0, one, other }, slot, part);
            image[slot] = part;
        }
        image
    };
    let least = |state: &Vec<Part>| {
        let turned = swap((0, 1), &swap((1, 2), state));
        let images = [state.clone(), turned.clone(), swap((0, 1), &swap((1, 2), &turned))];
        images.iter().flat_map(|image| [image.clone(), swap((0, 1), image)]).min()
    };
    states.iter().map(least).collect::<BTreeSet<_>>().len()
}

/// The path is one of the product, from its start to where it ends or begins again.
fn assert_is_path(
    things: &Things,
    path: &Counterexample<Vec<Part>, (usize, usize, Option<usize>)>,
) {
    assert!(things.initial().contains(&path.start));
    let mut states = vec![path.start.clone()];
    for (action, next) in &path.steps {
        let step = (*action, next.clone());
        assert!(successors(things, &states[states.len() - 1]).contains(&step));
        states.push(next.clone());
    }
    if let Some(from) = path.repeats_from {
        assert_eq!(states[from], states[path.steps.len()]);
    }
}

fn properties() -> Vec<Property<Parts<Part>>> {
    let count = |wanted: u8| {
        move |state: &[&Part]| {
            let has = |part: &&&Part| matches!(part, Part::Thing { state, .. } if *state == wanted);
            state.iter().filter(has).count()
        }
    };
    let (ones, twos) = (count(1), count(2));
    vec![
        Property::new(PropertyKind::Always, "two ones at most", move |s: Snapshot<'_, Part>| {
            ones(s.parts()) < 3
        }),
        Property::new(PropertyKind::Sometimes, "a pair of twos", move |s: Snapshot<'_, Part>| {
            twos(s.parts()) == 2
        }),
        Property::new(PropertyKind::NeverStuck, "a full set", move |s: Snapshot<'_, Part>| {
            *s.part(THINGS) == Part::Set(7)
        }),
        Property::new(PropertyKind::DeadlockFree, "ends in ones", move |s: Snapshot<'_, Part>| {
            ones(s.parts()) > 0
        }),
    ]
}

/// Promises: what every fair path must do.
fn obligations() -> Vec<Property<Parts<Part>>> {
    let things = |state: Snapshot<'_, Part>, wanted: u8| {
        let has = |part: &&&Part| matches!(part, Part::Thing { state, .. } if *state == wanted);
        state.parts().iter().filter(has).count()
    };
    vec![
        Property::new(PropertyKind::Eventually, "settles", move |s: Snapshot<'_, Part>| {
            things(s, 2) == THINGS
        }),
        Property::new(PropertyKind::AlwaysEventually, "alone", move |s: Snapshot<'_, Part>| {
            things(s, 1) == 1
        }),
        Property::new(PropertyKind::LeadsTo, "joined", move |s: Snapshot<'_, Part>| {
            *s.part(THINGS) != Part::Set(0)
        })
        .given(move |s: Snapshot<'_, Part>| things(s, 2) > 0),
    ]
}

fn assert_alike(things: &Things, properties: fn() -> Vec<Property<Parts<Part>>>, most: u64) {
    let check = || product(things).properties(properties());
    let full = check().symmetry(false).max_states(most).run();
    if !full.is_complete() {
        return;
    }
    assert!(full.reductions.is_empty());
    let reduced = check().run();
    assert_eq!(reduced.reductions[0].refused, None);
    assert_eq!(reduced.states, orbits(things) as u64);
    for (one, other) in reduced.properties.iter().zip(&full.properties) {
        let path = |verdict: &Verdict<_, _>| verdict.counterexample().map(|path| path.steps.len());
        assert_eq!(one.verdict.word(), other.verdict.word(), "{}", one.name);
        assert_eq!(path(&one.verdict), path(&other.verdict), "{}", one.name);
        if let Some(path) = one.verdict.counterexample() {
            assert_is_path(things, path);
        }
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(600) })]

    #[test]
    fn there_is_one_state_for_each_orbit_and_the_verdicts_stay(things in things()) {
        assert_alike(&things, properties, u64::MAX);
    }

    #[test]
    fn what_is_no_symmetry_does_no_harm(things in things(), stuck in 0..THINGS) {
        let things = Things { stuck: Some(stuck), ..things };
        let check = || product(&things).properties(properties());
        let (asked, full) = (check().run(), check().symmetry(false).run());
        for (one, other) in asked.properties.iter().zip(&full.properties) {
            assert_eq!(one.verdict.word(), other.verdict.word(), "{}", one.name);
        }
    }

    #[test]
    fn obligations_are_met_or_violated_as_without_symmetry(things in things()) {
        assert_alike(&things, obligations, 300);
    }
}

fn busy(stuck: Option<usize>) -> Things {
    let rules = [vec![(1, None, Some(Ask::Join(0)))], vec![(2, Some(1), None)], vec![]];
    Things { rules, stuck }
}

fn refusal(things: &Things, property: Property<Parts<Part>>) -> String {
    let check = || product(things).property(property.clone());
    let (asked, full) = (check().run(), check().symmetry(false).run());
    assert_eq!(asked.states, full.states);
    asked.reductions[0].refused.clone().unwrap()
}

#[test]
fn a_model_that_tells_things_apart_is_not_reduced() {
    for (stuck, other) in [(0, 1), (1, 0), (2, 1)] {
        let harmless = Property::new(PropertyKind::Always, "anything", |_| true);
        let reason = refusal(&busy(Some(stuck)), harmless);
        let wanted = format!("({other}, 0, None) has no counterpart");
        assert!(reason.contains(&wanted), "{reason}");
    }
}

#[test]
fn a_property_that_tells_things_apart_is_not_reduced() {
    let first =
        Property::new(PropertyKind::Sometimes, "the first leads", |state: Snapshot<'_, Part>| {
            matches!(state.part(0), Part::Thing { state: 1, .. })
        });
    let reason = refusal(&busy(None), first);
    assert_eq!(reason, "`the first leads` tells things apart");
}

/// Everybody goes round for ever, and joins on the way. It is fair to all only if it is fair to each:
/// one that goes round alone keeps the others from joining.
#[test]
fn fairness_is_to_each_by_name() {
    let rules = [vec![(1, None, Some(Ask::Join(0)))], vec![(0, None, None)], vec![]];
    let things = Things { rules, stuck: None };
    let check = |everybody: u8| {
        let report = product(&things)
            .eventually("joined", move |state: Snapshot<'_, Part>| {
                *state.part(THINGS) == Part::Set(everybody)
            })
            .run();
        assert_eq!(report.reductions[0].refused, None);
        report.properties[0].verdict.word()
    };
    assert_eq!(check(0b111), "holds");
    // Nothing obliges anybody to leave.
    assert_eq!(check(0b1000), "violated");
}

/// Slots whose first part can start when another slot is at the start as well; only the first of them can
/// finish.
struct OneFinishes {
    slots: usize,
}

impl Product for OneFinishes {
    type Part = u8;
    type Request = ();
    type Action = (usize, usize);

    fn initial(&self) -> Vec<Vec<u8>> {
        vec![vec![0; self.slots]]
    }

    fn moves(&self, slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        match part {
            0 => moves.extend((0..self.slots).filter(|&other| other != slot).map(|other| Move {
                action: (slot, other),
                part: 1,
                requests: vec![(other, ())],
            })),
            1 if slot == 0 => {
                moves.push(Move { action: (0, 0), part: 2, requests: Vec::new() });
            }
            _ => {}
        }
    }

    fn answer(&self, _slot: usize, part: &u8, (): &()) -> Option<u8> {
        (*part == 0).then_some(0)
    }

    fn symmetry(&self) -> Vec<usize> {
        vec![self.slots]
    }

    fn swap(&self, swap: Swap, slot: usize, part: &u8) -> (usize, u8) {
        (swap.rename(slot), *part)
    }
}

/// The move that has no counterpart is one of an image of the state that is kept, and not of that state.
#[test]
fn moves_that_only_an_image_has_are_noticed() {
    for slots in [2, 5] {
        let product = OneFinishes { slots };
        let report = crate::erased(&product)
            .always("none finishes", |state: Snapshot<'_, u8>| {
                state.parts().iter().all(|part| **part != 2)
            })
            .run();
        assert!(report.properties[0].is_violated(), "{slots} slots");
        assert!(report.reductions[0].refused.is_some());
        let counted = crate::erased(&product)
            .always("none finishes", |state: Snapshot<'_, u8>| {
                state.count(|_, part| *part == 2) == 0
            })
            .run();
        assert!(counted.properties[0].is_violated(), "{slots} slots");
    }
}

/// Things that all go through the same states. Swaps of things that are no neighbours are declared to
/// move nothing.
struct HalfDeclared;

impl Product for HalfDeclared {
    type Part = u8;
    type Request = ();
    type Action = usize;

    fn initial(&self) -> Vec<Vec<u8>> {
        vec![vec![0; 3]]
    }

    fn moves(&self, slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        let highest = if slot == 2 { 2 } else { 1 };
        if *part < highest {
            moves.push(Move { action: slot, part: part + 1, requests: Vec::new() });
        }
    }

    fn answer(&self, _slot: usize, _part: &u8, (): &()) -> Option<u8> {
        None
    }

    fn symmetry(&self) -> Vec<usize> {
        vec![3]
    }

    fn swap(&self, swap: Swap, slot: usize, part: &u8) -> (usize, u8) {
        let is_far = swap.other - swap.one > 1;
        (if is_far { swap.rename(slot) } else { slot }, *part)
    }
}

/// Swapping neighbours changes nothing, and nothing else is asked.
#[test]
fn what_far_swaps_do_follows_from_near_ones() {
    let report = product(&HalfDeclared)
        .always("small", |state: Snapshot<'_, u8>| state.parts().iter().all(|part| **part < 2))
        .run();
    assert!(report.properties[0].is_violated());
    assert_eq!(report.states, 12);
}

#[test]
fn conditions_that_only_count_allow_for_many_renamings() {
    let things = OneFinishes { slots: 5 };
    let counted = |state: Snapshot<'_, u8>| state.count(|slot, _| slot == 0) == 1;
    let report = product(&things).always("the first is one", counted).run();
    assert!(report.properties[0].holds());
    // What is counted tells slots apart, so it is asked about all images under a smaller group.
    assert!(report.reductions[0].refused.is_some());
}
